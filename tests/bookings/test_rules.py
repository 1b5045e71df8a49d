"""The decisions about bookings, as tables of named cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.bookings.rules import (
    CalendarFacts,
    EventFacts,
    Opening,
    Outcome,
    check_may_book,
    decide,
    is_late_cancellation,
    joining_time,
    last_day_of_notice,
    may_promote,
    needs_calendar_update,
    opening,
    places_free,
    way_given,
)
from app.bookings.terms_rules import WaitingPerson, walk
from app.catalogue.models import EventMode
from app.kernel.refusals import Refused

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
HOUR, MOMENT = timedelta(hours=1), timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("wanted", "online", "in_the_room", "given"),
    [
        (EventMode.ONLINE, 0, 0, EventMode.ONLINE),
        (EventMode.ONLINE, 3, 0, EventMode.FACE_TO_FACE),
        (EventMode.FACE_TO_FACE, 0, 2, EventMode.ONLINE),
        (EventMode.FACE_TO_FACE, 3, 1, EventMode.FACE_TO_FACE),
        (EventMode.FACE_TO_FACE, 3, 2, EventMode.FACE_TO_FACE),  # full: what was wanted stands
        (EventMode.ONLINE, 5, 1, EventMode.FACE_TO_FACE),  # more online than there are places
    ],
)
def test_a_hybrid_events_next_place_is_where_there_is_room(
    wanted: EventMode, online: int, in_the_room: int, given: EventMode
) -> None:
    taken = {EventMode.ONLINE: online, EventMode.FACE_TO_FACE: in_the_room}

    assert way_given(wanted, taken, capacity=5, online_capacity=3) is given


FACTS = EventFacts(
    is_published=True,
    is_cancelled=False,
    capacity=10,
    places_taken=9,
    waiting_count=0,
    opens_at=NOW - HOUR,
    closes_at=NOW + HOUR,
    starts_at=NOW + 2 * HOUR,
    ends_at=NOW + 5 * HOUR,
)
DRAFT = replace(FACTS, is_published=False)
CANCELLED = replace(FACTS, is_published=False, is_cancelled=True)
FULL = replace(FACTS, places_taken=10)
OPEN_TO_ALL = replace(FACTS, capacity=None, places_taken=900)
PEOPLE_WAIT = replace(FACTS, waiting_count=1)
LOWERED = replace(FACTS, capacity=3)
NOT_YET = replace(FACTS, opens_at=NOW + MOMENT)
OPENS_NOW = replace(FACTS, opens_at=NOW)
CLOSES_NOW = replace(FACTS, closes_at=NOW)
CLOSES_NEXT = replace(FACTS, closes_at=NOW + MOMENT)
STARTS_NOW = replace(FACTS, starts_at=NOW, closes_at=NOW + HOUR)
ENDS_NOW = replace(FACTS, starts_at=NOW - HOUR, ends_at=NOW)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(FACTS, Opening.OPEN, id="a place is left"),
        pytest.param(FULL, Opening.FULL, id="none is left"),
        pytest.param(PEOPLE_WAIT, Opening.OPEN, id="limits bar those who wait beside a place"),
        pytest.param(LOWERED, Opening.FULL, id="capacity lowered below the places taken"),
        pytest.param(OPEN_TO_ALL, Opening.OPEN_TO_ALL, id="open to all is never full"),
        pytest.param(DRAFT, Opening.DRAFT, id="draft"),
        pytest.param(CANCELLED, Opening.CANCELLED, id="cancelled"),
        pytest.param(NOT_YET, Opening.NOT_YET_OPEN, id="a moment before opening"),
        pytest.param(OPENS_NOW, Opening.OPEN, id="at the moment of opening"),
        pytest.param(CLOSES_NEXT, Opening.OPEN, id="a moment before closing"),
        pytest.param(CLOSES_NOW, Opening.CLOSED, id="at the moment of closing"),
        pytest.param(STARTS_NOW, Opening.STARTED, id="started, though the window is open"),
        pytest.param(ENDS_NOW, Opening.PAST, id="over"),
    ],
)
def test_what_can_be_said_about_booking(facts: EventFacts, expected: Opening) -> None:
    assert opening(facts, NOW) is expected


@pytest.mark.parametrize(
    ("facts", "by_staff", "expected"),
    [
        pytest.param(FACTS, False, Outcome.CONFIRMED, id="the last place"),
        pytest.param(FULL, False, Outcome.WAITING, id="full"),
        pytest.param(LOWERED, False, Outcome.WAITING, id="over a lowered capacity"),
        pytest.param(PEOPLE_WAIT, False, Outcome.WAITING, id="nobody overtakes"),
        pytest.param(OPEN_TO_ALL, False, Outcome.CONFIRMED, id="open to all"),
        pytest.param(NOT_YET, True, Outcome.CONFIRMED, id="staff before opening"),
        pytest.param(CLOSES_NOW, True, Outcome.CONFIRMED, id="staff after closing"),
        pytest.param(FULL, True, Outcome.WAITING, id="staff make no place where there is none"),
    ],
)
def test_what_a_booking_becomes(facts: EventFacts, by_staff: bool, expected: Outcome) -> None:
    check_may_book(facts, already_booked=False, by_staff=by_staff, now=NOW)
    assert decide(facts, needs_yes=False) is expected


@pytest.mark.parametrize(
    ("facts", "by_staff", "words"),
    [
        pytest.param(DRAFT, False, "not been announced", id="draft"),
        pytest.param(CANCELLED, False, "cancelled", id="cancelled"),
        pytest.param(NOT_YET, False, "not opened yet", id="before opening"),
        pytest.param(CLOSES_NOW, False, "closed", id="after closing"),
        pytest.param(STARTS_NOW, False, "started", id="started"),
        pytest.param(ENDS_NOW, False, "over", id="over"),
        pytest.param(DRAFT, True, "not been announced", id="draft, by staff"),
        pytest.param(STARTS_NOW, True, "started", id="started, by staff"),
        pytest.param(CANCELLED, True, "cancelled", id="cancelled, by staff"),
    ],
)
def test_what_is_refused(facts: EventFacts, by_staff: bool, words: str) -> None:
    with pytest.raises(Refused, match=words):
        check_may_book(facts, already_booked=False, by_staff=by_staff, now=NOW)


@pytest.mark.parametrize(
    ("facts", "barred", "is_over_limit", "needs_yes", "expected"),
    [
        pytest.param(
            PEOPLE_WAIT, 1, False, False, Outcome.CONFIRMED, id="the barred hold up nobody"
        ),
        pytest.param(PEOPLE_WAIT, 0, False, False, Outcome.WAITING, id="others do"),
        pytest.param(FULL, 0, False, True, Outcome.REQUESTED, id="a yes is needed first"),
        pytest.param(FACTS, 0, True, False, Outcome.WAITING, id="over a limit"),
        pytest.param(OPEN_TO_ALL, 0, True, False, Outcome.WAITING, id="over a limit, open to all"),
    ],
)
def test_what_limits_and_approval_do(
    facts: EventFacts, barred: int, is_over_limit: bool, needs_yes: bool, expected: Outcome
) -> None:
    outcome = decide(facts, waiting_barred=barred, is_over_limit=is_over_limit, needs_yes=needs_yes)
    assert outcome is expected


@pytest.mark.parametrize("by_staff", [False, True])
def test_nobody_books_twice(by_staff: bool) -> None:
    with pytest.raises(Refused, match="already"):
        check_may_book(FACTS, already_booked=True, by_staff=by_staff, now=NOW)


@pytest.mark.parametrize(
    ("capacity", "taken", "free"), [(None, 5, None), (5, 0, 5), (5, 5, 0), (3, 5, 0)]
)
def test_free_places_are_never_below_none(
    capacity: int | None, taken: int, free: int | None
) -> None:
    assert places_free(capacity, taken) == free


FIRST = WaitingPerson(9, NOW)
SECOND = WaitingPerson(3, NOW + MOMENT)
TIED_WITH_SECOND = WaitingPerson(4, NOW + MOMENT)


@pytest.mark.parametrize(
    ("waiting", "free", "expected"),
    [
        pytest.param([], 5, [], id="nobody waits"),
        pytest.param([SECOND, FIRST], 0, [], id="nothing is free"),
        pytest.param([SECOND, FIRST], 1, [9], id="by joining, not by number"),
        pytest.param([TIED_WITH_SECOND, SECOND, FIRST], 2, [9, 3], id="a tie goes by number"),
        pytest.param([SECOND, FIRST], 7, [9, 3], id="more places than people"),
        pytest.param([SECOND, FIRST], None, [9, 3], id="open to all now"),
    ],
)
def test_who_is_next(waiting: list[WaitingPerson], free: int | None, expected: list[int]) -> None:
    assert walk(waiting, free).chosen == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        pytest.param(None, NOW, id="the first"),
        pytest.param(NOW - HOUR, NOW, id="later than the last"),
        pytest.param(NOW, NOW + MOMENT, id="in the same moment"),
        pytest.param(NOW + HOUR, NOW + HOUR + MOMENT, id="by a clock that was put back"),
    ],
)
def test_joining_is_always_after_the_one_before(last: datetime | None, expected: datetime) -> None:
    assert joining_time(NOW, last) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(FULL, True, id="before the start"),
        pytest.param(CLOSES_NOW, True, id="booking closed, places still move on"),
        pytest.param(STARTS_NOW, False, id="at the start"),
        pytest.param(CANCELLED, False, id="cancelled"),
        pytest.param(DRAFT, False, id="draft"),
    ],
)
def test_until_when_people_are_promoted(facts: EventFacts, expected: bool) -> None:
    assert may_promote(facts, NOW) is expected


@pytest.mark.parametrize(
    ("event_on", "days", "last"),
    [
        pytest.param(date(2026, 11, 12), 2, date(2026, 11, 10), id="Thursday"),
        pytest.param(date(2026, 11, 16), 2, date(2026, 11, 12), id="Monday, over a weekend"),
        pytest.param(date(2026, 11, 14), 2, date(2026, 11, 12), id="Saturday"),
        pytest.param(date(2026, 11, 12), 0, date(2026, 11, 12), id="no notice asked for"),
        pytest.param(date(2027, 1, 4), 5, date(2026, 12, 28), id="a week, over a new year"),
    ],
)
def test_the_last_day_of_notice(event_on: date, days: int, last: date) -> None:
    assert last_day_of_notice(event_on, days) == last
    assert not is_late_cancellation(last, event_on, days)
    assert is_late_cancellation(last + timedelta(days=1), event_on, days)


TOLD = CalendarFacts(NOW, NOW + HOUR, "Neglect", "Town hall")


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param(TOLD, False, id="the same"),
        pytest.param(replace(TOLD, starts_at=NOW - HOUR), True, id="start"),
        pytest.param(replace(TOLD, ends_at=NOW + 2 * HOUR), True, id="end"),
        pytest.param(replace(TOLD, summary="Neglect, spring"), True, id="title"),
        pytest.param(replace(TOLD, location="Library"), True, id="place"),
    ],
)
def test_when_calendars_are_told(new: CalendarFacts, expected: bool) -> None:
    assert needs_calendar_update(TOLD, new) is expected
