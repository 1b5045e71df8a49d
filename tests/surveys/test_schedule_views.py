"""The schedule of the whole programme: what stands where, found, moved, skipped and put back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.accounts.models import Person
from app.bookings.models import Booking
from app.catalogue.models import Event
from app.kernel.access import Role
from app.kernel.db import db
from app.surveys import operations, schedule_queries, schedule_rules
from app.surveys.models import Evaluation, InvitationState, SurveyInvitation
from app.surveys.schedule_queries import Asked
from app.surveys.schedule_rules import LineState
from tests.support.factories import make_booking, make_offer, make_person
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in
from tests.support.surveys import (
    a_course_attended,
    attended,
    invitations,
    past_event,
    round_of_work,
)

ENDED = datetime(2026, 11, 9, 12, 30, tzinfo=UTC)
UNDO = "Undo the change"
SCHEDULE = "/manage/surveys?period=coming"


@pytest.fixture
def event(app: Flask, client: PageClient, now: datetime) -> Event:
    """A course that three people attended yesterday; delivery staff are signed in."""
    found = a_course_attended(ENDED, people=3)
    round_of_work(now)
    sign_in(client, make_person(Role.DELIVERY))
    return found


def bookings_of(event: Event) -> list[Booking]:
    return list(db.session.scalars(select(Booking).where(Booking.event_id == event.id)))


def rows(page: PageResponse) -> list[str]:
    """The lines of the schedule, as words."""
    return [row.words for body in page.select("tbody") for row in body.select("tr")]


def test_the_schedule_says_what_is_open_and_what_is_coming(
    client: PageClient, event: Event
) -> None:
    near = client.get("/manage/surveys")
    assert [("Open" in row, "Coming" in row) for row in rows(near)] == [
        (True, False),
        (False, True),
    ]
    assert "0 of 3 answered (0%)" in rows(near)[0]
    assert "3 to ask" in rows(near)[1]
    coming = client.get(f"{SCHEDULE}&state=coming")
    assert [row.startswith(("9 February 2027", "9 November 2027")) for row in rows(coming)] == [
        True,
        True,
    ]
    assert "Coming 2" in coming.words
    everything = client.get(SCHEDULE)
    assert "0 of 3 answered (0%)" in rows(everything)[0], "what was just due is not left out"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("about=neglect", 2),
        ("about=MULTI neglect", 2),
        ("about=sleep", 0),
        ("state=open", 1),
        ("state=reported", 0),
        ("state=nonsense&period=nonsense&page=nonsense", 2),
        ("period=2027-1", 1),
        ("period=2026-2027", 2),
        ("period=2027-2028", 1),
        ("about=%25", 0),
    ],
)
def test_the_schedule_is_looked_through(
    client: PageClient, event: Event, query: str, found: int
) -> None:
    assert len(rows(client.get(f"/manage/surveys?{query}"))) == found


def test_a_line_is_moved_and_put_back(client: PageClient, event: Event) -> None:
    address = f"/manage/evaluations/{event.offer.slug}/plan/3/of/{event.reference}"
    assert client.get(f"{SCHEDULE}&state=coming").select("a", href=address)
    page = client.get(address)
    assert "Nobody has been asked yet" in page.words
    page = client.click(page, "Ask on another day")
    page = client.submit(page, {"moved_to": "1 March 2027", "reason": "Half term"})
    assert "Moved to Monday 1 March 2027" in page.words
    assert "Half term" in page.words
    assert {one.due_at.date() for one in invitations(3)} == {date(2027, 3, 1)}
    assert "Moved to 1 March 2027: Half term" in client.get(SCHEDULE).words
    page = client.submit(client.click(page, "Put it back to its own day"), {}, button=UNDO)
    assert "Moved" not in page.page.one("main").words
    assert {one.due_at.date() for one in invitations(3)} == {date(2027, 2, 9)}


def test_a_line_is_skipped_and_says_so(client: PageClient, event: Event) -> None:
    address = f"/manage/evaluations/{event.offer.slug}/plan/3/of/{event.reference}"
    page = client.submit(client.get(f"{address}/skip"), {"reason": "Replaced by a new course"})
    assert "Skipped on" in page.words
    assert "3 skipped" in page.words
    assert "Skip it" not in page.words
    line = rows(client.get(f"{SCHEDULE}&state=skipped"))
    assert len(line) == 1
    assert "Replaced by a new course" in line[0]
    assert {one.state for one in invitations(3)} == {InvitationState.MISSED}
    page = client.submit(client.click(page, "Ask after all"), {}, button=UNDO)
    assert {one.state for one in invitations(3)} == {InvitationState.PLANNED}


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"moved_to": "", "reason": "x"}, "Enter the day on which to ask"),
        ({"moved_to": "1 March 2027", "reason": " "}, "Enter the reason"),
        ({"moved_to": "31 February", "reason": "x"}, "Ask on"),
        ({"moved_to": "1 March 2020", "reason": "x"}, "today or a later day"),
        ({"moved_to": "1 March 2029", "reason": "x"}, "at most a year after"),
        ({"moved_to": "1 March 2027", "reason": "x" * 201}, "200 characters or fewer"),
    ],
)
def test_a_move_that_cannot_be_is_refused_and_changes_nothing(
    client: PageClient, event: Event, values: dict[str, str], error: str
) -> None:
    address = f"/manage/evaluations/{event.offer.slug}/plan/3/of/{event.reference}/move"
    page = client.post_form(client.get(address), values)
    assert error in page.errors[0]
    assert {one.due_at.date() for one in invitations(3)} == {date(2027, 2, 9)}


@pytest.mark.parametrize("what", ["move", "skip", "undo"])
def test_what_was_asked_cannot_be_changed(client: PageClient, event: Event, what: str) -> None:
    address = f"/manage/evaluations/{event.offer.slug}/plan/0/of/{event.reference}"
    assert "Change it" not in client.get(address).words
    values = {"moved_to": "1 December 2026", "reason": "x"}
    page = client.get(f"{address}/{what}")
    button = {"move": "Ask on that day", "skip": "Skip it", "undo": UNDO}[what]
    typed = {name: text for name, text in values.items() if f'name="{name}"' in page.text}
    page = client.post_form(page, typed, button=button)
    assert page.errors == ["3 people have been asked already, so this can no longer be changed"]


@pytest.mark.parametrize("line", ["{event}", "list", "nosuchthing"])
@pytest.mark.parametrize("months", [-1, 3, 9])
def test_lines_that_are_not_there_are_not_found(
    client: PageClient, event: Event, line: str, months: int
) -> None:
    name = line.format(event=event.reference)
    address = f"/manage/evaluations/{event.offer.slug}/plan/{months}/of/{name}"
    expected = 200 if (months, line) == (3, "{event}") else 404
    assert client.get(address).status_code == expected


def test_a_closed_survey_is_reported_once_a_report_came_after_it(
    client: PageClient, event: Event, now: datetime
) -> None:
    later = now + timedelta(days=30)
    round_of_work(later)
    closed_on = invitations(0)[0].closes_at.date()
    for reported_on, state in (
        (None, LineState.CLOSED),
        (closed_on - timedelta(days=1), LineState.CLOSED),
        (closed_on, LineState.REPORTED),
    ):
        db.session.execute(update(Evaluation).values(reported_on=reported_on))
        db.session.commit()
        asked = Asked(schedule_rules.periods(later.date())[0])
        counted = schedule_queries.counts_by_state(asked, now=later)
        assert counted == {state: 1, LineState.COMING: 1}


def test_the_schedule_says_who_waits_because_they_were_asked_something_else(
    client: PageClient, app: Flask
) -> None:
    """Two of three were asked about another course less than four weeks before."""
    event = a_course_attended(ENDED, people=3)
    people = [db.session.get_one(Person, one.person_id) for one in bookings_of(event)]
    other = past_event(make_offer(title="Safer Sleep"), ended_at=ENDED + timedelta(days=20))
    operations.ensure_default_evaluations(now=ENDED)
    for person in people[:2]:
        attended(other, person)
    db.session.commit()
    round_of_work(ENDED + timedelta(days=21))
    due = datetime(2027, 2, 9, 9, 0, tzinfo=UTC)
    round_of_work(due)  # three months after the first; the other is due on 1 March
    day = datetime(2027, 3, 2, 9, 0, tzinfo=UTC)
    asked = Asked(schedule_rules.periods(day.date())[0], words="Safer Sleep")
    [line] = schedule_queries.lines(asked, now=day, first=0, last=9)
    assert line.state is LineState.WAITING
    until = "Tuesday 9 March 2027"
    assert line.waits == f"2 people wait until {until}: they were asked something else"
    round_of_work(datetime(2027, 3, 9, 9, 0, tzinfo=UTC))
    [line] = schedule_queries.lines(asked, now=day, first=0, last=9)
    assert (line.state, line.waits) == (LineState.OPEN, "")


def test_sessions_whose_surveys_wait_for_the_register_are_named(
    client: PageClient, event: Event, now: datetime
) -> None:
    without_register = past_event(make_offer(title="Just over"), ended_at=now - timedelta(days=2))
    long_ago = past_event(make_offer(title="Long ago"), ended_at=now - timedelta(days=40))
    to_come = past_event(make_offer(title="To come"), ended_at=now + timedelta(days=9))
    nobody = past_event(make_offer(title="Nobody booked"), ended_at=now + timedelta(days=9))
    for one in (without_register, long_ago, to_come):
        make_booking(one)
        one.places_taken = 1
    assert nobody.places_taken == 0
    operations.ensure_default_evaluations(now=now)
    db.session.commit()
    page = client.get("/manage/surveys")
    assert "To come, session of 19 November 2026, 1 booked" in page.words
    assert page.select("a", href=f"/manage/events/{without_register.reference}/register")
    assert "Long ago" not in page.words
    assert "Nobody booked" not in page.words
    assert "To come" not in client.get("/manage/surveys?about=just+over").words
    assert "Not planned yet" not in client.get("/manage/surveys?state=open").words


def test_a_page_of_the_schedule_reads_the_same_whatever_its_length(
    client: PageClient, event: Event, now: datetime
) -> None:
    for number in range(30):
        other = past_event(make_offer(title=f"Course {number:02}"), ended_at=ENDED)
        attended(other)
    db.session.commit()
    operations.ensure_default_evaluations(now=now)
    operations.plan_invitations(now=now)
    db.session.commit()
    page = client.get("/manage/surveys?state=coming&period=2027-1")
    assert len(rows(page)) == 25
    assert "Coming 31" in page.words
    assert "page 2 of 2" in client.click(page, "Next page →").page.title
    assert db.session.query(SurveyInvitation).count() == 31 * 3 + 6
