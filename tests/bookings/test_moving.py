"""Moving to another date and handing a place over: rows, letters and refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from app.accounts.models import Person
from app.accounts.people import NamedPerson
from app.audit.models import AuditLine
from app.bookings import moving, operations
from app.bookings.models import (
    ApprovedBy,
    Booking,
    BookingOrigin,
    BookingState,
    BookingTerms,
    CancelReason,
)
from app.bookings.places import lock_events_where
from app.catalogue.models import Event, EventMode, Offer
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    NOW,
    make_event,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
)

pytestmark = pytest.mark.usefixtures("app")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


@pytest.fixture
def offer(app: Flask) -> Offer:
    return make_offer(title="Multi-Agency Neglect")


def make_two(offer: Offer, **changes: Any) -> tuple[Event, Event]:
    """Two events of the offer, two and four weeks away."""
    later = make_event(offer, starts_at=NOW + 28 * DAY, **changes)
    return make_event(offer, **changes), later


def booked(event: Event, person: Person | None = None, **changes: Any) -> Booking:
    """One booking by the person for themselves."""
    person = person or make_person()
    facts: dict[str, Any] = {
        "booked_by": person,
        "origin": BookingOrigin.SELF,
        "mode": EventMode.ONLINE,
        "form_key": None,
        "now": NOW,
    }
    return operations.book(event.id, person, **facts | changes)


def move(booking: Booking, to_event: Event, actor: Person | None = None, **changes: Any) -> Booking:
    facts: dict[str, Any] = {"mode": to_event.mode, "now": NOW} | changes
    return moving.move_booking(booking.id, to_event.id, actor=actor or booking.person, **facts)


def hand_over(
    booking: Booking,
    email: str = "kim.lee@example.org",
    *,
    name: str = "Kim Lee",
    actor: Person | None = None,
    now: datetime = NOW,
) -> Booking:
    actor = actor or booking.person
    organisation = actor.organisation.name if actor.organisation else ""
    named = NamedPerson(name, email, organisation)
    return moving.hand_over(booking.id, named, actor=actor, now=now)


def messages(booking: Booking) -> list[tuple[str, str | None, str]]:
    """Kind, calendar method and address of what is queued about this booking, oldest first."""
    db.session.flush()
    found = db.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.about_reference == booking.reference)
        .order_by(OutboxMessage.id)
    )
    return [(m.kind.removeprefix("booking_"), m.calendar_method, m.to_email) for m in found]


def counts(event: Event) -> tuple[int, int]:
    return event.places_taken, event.waiting_count


def bookings_count() -> int:
    return db.session.scalar(select(func.count()).select_from(Booking)) or 0


# Moving


def test_a_move_gives_one_place_for_the_other_in_one_go(offer: Offer) -> None:
    here, there = make_two(offer)
    old = booked(here, adjustments="A hearing loop")
    new = move(old, there)
    assert (old.state, old.cancelled_because) == (BookingState.CANCELLED, CancelReason.MOVED)
    assert (new.state, new.replaces_id) == (BookingState.CONFIRMED, old.id)
    assert (new.adjustments, new.person_id) == ("A hearing loop", old.person_id)
    assert (counts(here), counts(there)) == ((0, 0), (1, 0))
    assert db.session.scalars(select(AuditLine.verb).order_by(AuditLine.id)).all() == [
        "booked",
        "moved",
    ]


def test_a_move_takes_each_old_date_out_of_the_calendar_and_puts_each_new_one_in(
    offer: Offer,
) -> None:
    here, there = make_two(offer, days=2)
    old = booked(here)
    to = old.person.email
    new = move(old, there)
    db.session.flush()
    db.session.expire_all()
    assert messages(old)[2:] == [("moved_from", "CANCEL", to), ("moved_from", "CANCEL", to)]
    assert messages(new) == [("moved", "REQUEST", to), ("date", "REQUEST", to)]
    assert all(entry.cancelled_at and entry.sequence == 1 for entry in old.calendar_entries)
    uids = {entry.uid for one in (old, new) for entry in one.calendar_entries}
    assert len(uids) == 4


def test_whoever_waits_first_gets_the_place_that_a_move_frees(offer: Offer) -> None:
    here, there = make_two(offer, capacity=1)
    old = booked(here)
    first, second = booked(here), booked(here)
    move(old, there)
    assert (first.state, second.state) == (BookingState.CONFIRMED, BookingState.WAITING)
    assert counts(here) == (1, 1)


def test_a_waiting_booking_can_be_moved_and_leaves_the_list(offer: Offer) -> None:
    here, there = make_two(offer, capacity=1)
    booked(here)
    waiting = booked(here)
    new = move(waiting, there)
    assert (new.state, waiting.cancelled_because) == (BookingState.CONFIRMED, CancelReason.MOVED)
    assert not waiting.cancelled_late
    assert counts(here) == (1, 0)
    assert messages(waiting)[1:] == []  # it was in no calendar
    assert messages(new) == [("moved", "REQUEST", new.person.email)]


@pytest.mark.parametrize(
    ("days_before", "by_staff", "is_late"),
    [(7, False, False), (1, False, True), (1, True, False)],
    ids=["in good time", "the day before", "the day before, by staff"],
)
def test_a_move_with_little_notice_is_noted_as_late_unless_staff_move(
    offer: Offer, days_before: int, by_staff: bool, is_late: bool
) -> None:
    here, there = make_two(offer)
    old = booked(here)
    actor = make_person(Role.DELIVERY) if by_staff else old.person
    move(old, there, actor, now=here.starts_at - days_before * DAY)
    assert old.cancelled_late is is_late


def test_nobody_passes_those_who_wait_for_the_place_and_the_old_one_is_kept(offer: Offer) -> None:
    here, there = make_two(offer, capacity=1)
    old = booked(here)
    booked(there)
    with pytest.raises(Refused, match="has filled up meanwhile: your place here is kept"):
        move(old, there)
    assert old.state is BookingState.CONFIRMED
    assert (counts(here), counts(there)) == ((1, 0), (1, 0))


def test_a_move_to_another_offer_or_to_the_same_event_is_refused(offer: Offer) -> None:
    here, _ = make_two(offer)
    old = booked(here)
    for elsewhere in (make_event(), here):
        with pytest.raises(Refused, match="another session of the same learning"):
            move(old, elsewhere)


def test_nobody_moves_to_where_they_are_booked_already(offer: Offer) -> None:
    here, there = make_two(offer)
    old = booked(here)
    booked(there, old.person)
    with pytest.raises(Refused, match="You have a booking for that session already"):
        move(old, there)


def test_whoever_booked_for_a_stranger_does_not_learn_of_their_other_bookings(offer: Offer) -> None:
    here, there = make_two(offer)
    office = make_person()
    of_office: dict[str, Any] = {"booked_by": office, "origin": BookingOrigin.COLLEAGUE}
    old = booked(here, **of_office)
    booked(there, old.person)
    with pytest.raises(Refused, match="They can move their place themselves"):
        move(old, there, office)
    old.person.organisation = office.organisation
    db.session.flush()
    with pytest.raises(Refused, match="This person has a booking for that session already"):
        move(old, there, office)


@pytest.mark.parametrize(
    ("there_is", "words"),
    [
        ({"booking_opens_at": NOW + DAY}, "has not opened yet"),
        ({"booking_closes_at": NOW}, "has closed"),
    ],
    ids=["not open yet", "closed"],
)
def test_booking_must_be_open_there_except_for_staff(
    offer: Offer, there_is: dict[str, Any], words: str
) -> None:
    here = make_event(offer)
    there = make_event(offer, starts_at=NOW + 28 * DAY, **there_is)
    old = booked(here)
    with pytest.raises(Refused, match=words):
        move(old, there)
    assert move(old, there, make_person(Role.DELIVERY)).state is BookingState.CONFIRMED


def test_after_the_start_nothing_is_moved_or_handed_over(offer: Offer) -> None:
    here, there = make_two(offer)
    old = booked(here)
    with pytest.raises(Refused, match="can no longer be moved"):
        move(old, there, now=here.starts_at)
    with pytest.raises(Refused, match="can no longer be handed over"):
        hand_over(old, now=here.starts_at)


def test_who_came_without_booking_has_no_place_to_move_or_hand_over(offer: Offer) -> None:
    here, there = make_two(offer)
    staff, now = make_person(Role.DELIVERY), here.starts_at - timedelta(minutes=30)
    came = operations.attend_without_booking(here.id, make_person(), actor=staff, now=now)
    for actor in (came.person, staff):
        with pytest.raises(Refused, match="came without booking"):
            move(came, there, actor, now=now)
        with pytest.raises(Refused, match="came without booking"):
            hand_over(came, actor=actor, now=now)
    assert counts(here) == counts(there) == (0, 0)


def test_the_same_move_sent_twice_moves_once(offer: Offer) -> None:
    here, there = make_two(offer)
    old = booked(here)
    assert move(old, there) is move(old, there)
    assert bookings_count() == 2
    with pytest.raises(Refused, match="cancelled already"):
        move(old, make_event(offer))


def test_a_limit_of_the_offer_holds_where_one_moves_to_but_not_for_staff(offer: Offer) -> None:
    here, there = make_two(offer)
    db.session.add(BookingTerms(offer=offer, most_per_organisation=1, updated_at=NOW))
    organisation = make_organisation()
    colleague, person = (
        make_person(organisation=organisation, sector=organisation.sector) for _ in range(2)
    )
    booked(there, colleague)
    old = booked(here, person)
    with pytest.raises(Refused, match="may have 1 place, and on that session they are taken"):
        move(old, there)
    officer = make_person(Role.DELIVERY)
    assert move(old, there, officer, past_the_rules=True).state is BookingState.CONFIRMED


def test_what_was_approved_stays_approved_on_the_other_date(offer: Offer) -> None:
    here, there = make_two(offer)
    old = booked(here)
    db.session.add(BookingTerms(offer=offer, approved_by=ApprovedBy.DELIVERY, updated_at=NOW))
    assert move(old, there).state is BookingState.CONFIRMED


def test_a_request_is_not_moved(offer: Offer) -> None:
    here, there = make_two(offer)
    db.session.add(BookingTerms(offer=offer, approved_by=ApprovedBy.DELIVERY, updated_at=NOW))
    asked = booked(here)
    assert asked.state is BookingState.REQUESTED
    with pytest.raises(Refused, match="only asked for"):
        move(asked, there)
    with pytest.raises(Refused, match="only asked for"):
        hand_over(asked)


def test_the_letter_tells_the_truth_about_who_moved_it(offer: Offer) -> None:
    here, there = make_two(offer)
    booker, officer = make_person(name="Jo Office"), make_person(Role.DELIVERY)
    for actor, words in (
        (None, "as you asked"),
        (booker, "Jo Office has moved your booking"),
        (officer, "We have moved your booking"),
    ):
        old = booked(here, booked_by=booker, origin=BookingOrigin.COLLEAGUE)
        new = move(old, there, actor)
        assert (new.booked_by_id, new.origin) == (booker.id, BookingOrigin.COLLEAGUE)
        letter = select(OutboxMessage.text_body).where(
            OutboxMessage.about_reference == new.reference
        )
        assert words in " ".join((db.session.scalar(letter) or "").split())


def test_a_hybrid_event_is_joined_the_way_that_was_chosen(offer: Offer) -> None:
    here = make_event(offer)
    there = make_event(offer, starts_at=NOW + 28 * DAY, mode=EventMode.HYBRID, venue="Town Hall")
    old = booked(here)
    with pytest.raises(Refused, match="in person or join online"):
        move(old, there)
    assert move(old, there, mode=EventMode.FACE_TO_FACE).mode is EventMode.FACE_TO_FACE


# Handing over


def test_a_place_goes_straight_to_a_colleague_past_whoever_waits() -> None:
    event = make_event(capacity=1)
    old = booked(event, adjustments="A hearing loop")
    waiting = booked(event)
    new = hand_over(old)
    assert (old.state, old.cancelled_because) == (BookingState.CANCELLED, CancelReason.HANDED_OVER)
    assert (new.state, new.replaces_id, new.event_id) == (
        BookingState.CONFIRMED,
        old.id,
        event.id,
    )
    assert (new.origin, new.booked_by_id) == (BookingOrigin.COLLEAGUE, old.person_id)
    assert (new.name_given, new.person.email) == ("Kim Lee", "kim.lee@example.org")
    assert new.adjustments == ""  # what somebody needs is their own
    assert waiting.state is BookingState.WAITING
    assert counts(event) == (1, 1)
    verbs = db.session.scalars(select(AuditLine.verb).order_by(AuditLine.id)).all()
    assert verbs == ["booked", "booked", "handed over"]


def test_handing_over_cancels_one_entry_and_invites_the_other_for_each_date() -> None:
    event = make_event(days=2)
    old = booked(event)
    to = old.person.email
    new = hand_over(old)
    kim = "kim.lee@example.org"
    assert messages(old)[2:] == [("handed_over", "CANCEL", to), ("handed_over", "CANCEL", to)]
    assert messages(new) == [("handed_over_to_you", "REQUEST", kim), ("date", "REQUEST", kim)]


def test_handing_over_is_never_late_and_goes_on_after_booking_has_closed() -> None:
    event = make_event(booking_closes_at=NOW + DAY)
    old = booked(event)
    new = hand_over(old, now=event.starts_at - timedelta(minutes=1))
    assert new.state is BookingState.CONFIRMED
    assert not old.cancelled_late


def test_a_booker_hands_over_a_place_they_booked_and_all_are_told_who_did_it() -> None:
    event, booker = make_event(), make_person(name="Jo Office")
    old = booked(event, booked_by=booker, origin=BookingOrigin.COLLEAGUE)
    new = hand_over(old, actor=booker)
    assert new.booked_by_id == booker.id
    subjects = db.session.scalars(
        select(OutboxMessage.subject).where(OutboxMessage.about_reference == new.reference)
    ).all()
    assert subjects[0].startswith("Jo Office has given you a place")
    bodies = db.session.scalars(
        select(OutboxMessage.text_body).where(OutboxMessage.kind == "booking_handed_over")
    ).all()
    assert "Jo Office has given your place" in bodies[0]
    assert "Kim Lee" in bodies[0]


def test_a_booker_may_take_the_place_over() -> None:
    event, booker = make_event(), make_person()
    old = booked(event, booked_by=booker, origin=BookingOrigin.COLLEAGUE)
    new = hand_over(old, booker.email or "", actor=booker)
    assert (new.person_id, new.origin) == (booker.id, BookingOrigin.SELF)


def test_the_same_hand_over_sent_twice_is_one() -> None:
    old = booked(make_event())
    assert hand_over(old) is hand_over(old)
    assert bookings_count() == 2
    with pytest.raises(Refused, match="cancelled already"):
        hand_over(old, "somebody.else@example.org")


def test_a_place_that_was_moved_is_not_handed_over_to_its_own_person(offer: Offer) -> None:
    here, there = make_two(offer)
    old = booked(here)
    move(old, there)
    with pytest.raises(Refused, match="cancelled already"):
        hand_over(old, old.person.email or "")


def test_the_person_themselves_is_no_colleague() -> None:
    old = booked(make_event())
    with pytest.raises(Refused, match="has the place already"):
        hand_over(old, old.person.email or "")


def test_only_a_place_is_handed_over_not_one_on_the_waiting_list() -> None:
    event = make_event(capacity=1)
    booked(event)
    waiting = booked(event)
    with pytest.raises(Refused, match="not one on the waiting list"):
        hand_over(waiting)


def test_a_place_that_was_approved_for_one_person_is_not_handed_over(offer: Offer) -> None:
    event = make_event(offer)
    old = booked(event)
    db.session.add(BookingTerms(offer=offer, approved_by=ApprovedBy.MANAGER, updated_at=NOW))
    with pytest.raises(Refused, match="approved for one person"):
        hand_over(old)


def test_a_colleague_who_has_a_booking_is_named_to_those_they_work_with_alone() -> None:
    event = make_event(capacity=2)
    organisation = make_organisation()
    giver, same = (
        make_person(organisation=organisation, sector=organisation.sector) for _ in range(2)
    )
    other = make_person()
    old = booked(event, giver)
    booked(event, same)
    booked(event, other)  # waits
    waiting = booked(event, make_person(organisation=organisation, sector=organisation.sector))
    for person, words in (
        (same, "Kim Lee has a booking for this session already"),
        (waiting.person, "Kim Lee is on the waiting list"),
        (other, "We could not give the place to this person. Ask them to book for themselves."),
    ):
        with pytest.raises(Refused, match=words):
            hand_over(old, person.email or "")
    assert counts(event) == (2, 2)


def test_who_may_book_holds_for_the_colleague_and_is_not_told_about_strangers(
    offer: Offer,
) -> None:
    event = make_event(offer)
    giver = make_person()
    assert giver.sector
    slug = giver.sector.slug
    db.session.add(BookingTerms(offer=offer, sectors=[slug], updated_at=NOW))
    stranger = make_person()
    assert giver.organisation
    mate = make_person(organisation=giver.organisation, sector=stranger.sector)
    old = booked(event, giver)
    with pytest.raises(Refused, match="This session is for people who work"):
        hand_over(old, mate.email or "")
    with pytest.raises(Refused, match="Ask them to book for themselves"):
        hand_over(old, stranger.email or "")
    assert hand_over(old).state is BookingState.CONFIRMED  # somebody new, of the same organisation


def test_a_limit_does_not_count_the_place_that_is_handed_over(offer: Offer) -> None:
    event = make_event(offer)
    db.session.add(BookingTerms(offer=offer, most_per_organisation=1, updated_at=NOW))
    old = booked(event)
    assert hand_over(old).organisation_id == old.organisation_id


def test_a_limit_holds_for_a_colleague_of_another_organisation(offer: Offer) -> None:
    event = make_event(offer)
    db.session.add(BookingTerms(offer=offer, most_per_organisation=1, updated_at=NOW))
    theirs = make_organisation()
    booked(event, make_person(organisation=theirs, sector=theirs.sector))
    old = booked(event)
    stranger = make_person(organisation=theirs, sector=theirs.sector)
    with pytest.raises(Refused, match="Ask them to book for themselves"):
        hand_over(old, stranger.email or "")


def test_a_hand_over_to_elsewhere_may_free_the_limit_for_somebody_who_waits(offer: Offer) -> None:
    event = make_event(offer, capacity=3)
    db.session.add(BookingTerms(offer=offer, most_per_organisation=1, updated_at=NOW))
    ours, theirs = make_organisation(), make_organisation()
    old = booked(event, make_person(organisation=ours, sector=ours.sector))
    barred = booked(event, make_person(organisation=ours, sector=ours.sector))
    assert (barred.state, counts(event)) == (BookingState.WAITING, (1, 1))
    stranger = make_person(organisation=theirs, sector=theirs.sector)
    hand_over(old, stranger.email or "")
    assert (barred.state, counts(event)) == (BookingState.CONFIRMED, (2, 0))


def test_whoever_was_handed_a_place_may_decline_it_and_the_next_one_gets_it() -> None:
    event = make_event(capacity=1)
    old, waiting = booked(event), None
    waiting = booked(event)
    new = hand_over(old)
    operations.cancel_booking(new.id, actor=new.person, now=NOW)
    assert new.cancelled_because is CancelReason.DECLINED
    assert waiting.state is BookingState.CONFIRMED


def test_a_place_can_be_moved_and_handed_over_again_and_again(offer: Offer) -> None:
    here, there = make_two(offer)
    first = booked(here)
    second = hand_over(first)
    third = move(second, there)
    fourth = move(third, here)
    chain = [first, second, third, fourth]
    assert [b.replaces_id for b in chain] == [None, first.id, second.id, third.id]
    assert (counts(here), counts(there)) == ((1, 0), (0, 0))


# At the same moment

ROUNDS = 5


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[Exception | None]:
    """Do these things at once, each in a thread with a transaction of its own; what they raised."""
    starting = Barrier(len(acts))

    def do(act: Callable[[], Any]) -> Exception | None:
        with app.app_context():
            starting.wait(timeout=10)
            try:
                with transaction():
                    act()
            except (Refused, OperationalError) as error:
                return error
            return None

    with ThreadPoolExecutor(len(acts)) as threads:
        return [future.result(timeout=30) for future in [threads.submit(do, a) for a in acts]]


def do_move(booking_id: int, to_event_id: int) -> None:
    actor = db.session.get_one(Booking, booking_id).person
    mode = EventMode.ONLINE
    moving.move_booking(booking_id, to_event_id, actor=actor, mode=mode, now=NOW)


def do_hand_over(booking_id: int) -> None:
    hand_over(db.session.get_one(Booking, booking_id))


def do_cancel(booking_id: int) -> None:
    actor = db.session.get_one(Booking, booking_id).person
    operations.cancel_booking(booking_id, actor=actor, now=NOW)


def counts_of(*event_ids: int) -> list[tuple[int, int]]:
    found = [counts(db.session.get_one(Event, event_id)) for event_id in event_ids]
    db.session.rollback()
    return found


@pytest.fixture
def shared(file_app: Flask) -> Iterator[Flask]:
    """An application whose database threads can share, in its context, with a partnership."""
    with file_app.app_context():
        with transaction():
            make_partnership()
        yield file_app
        db.session.rollback()


def swap_at_once(shared: Flask) -> tuple[list[Exception | None], list[tuple[int, int]]]:
    """Two people swap two events at one moment: what they raised, and the events' counts."""
    with transaction():
        here, there = make_two(make_offer())
        here_id, there_id = here.id, there.id
        one, other = booked(here).id, booked(there).id
    raised = at_once(shared, partial(do_move, one, there_id), partial(do_move, other, here_id))
    return raised, counts_of(here_id, there_id)


def test_two_people_who_swap_dates_at_once_do_not_wait_for_each_other(shared: Flask) -> None:
    for _ in range(ROUNDS):
        assert swap_at_once(shared) == ([None, None], [(1, 0), (1, 0)])


@pytest.mark.postgres
def test_they_would_wait_for_each_other_if_each_locked_their_own_event_first(
    shared: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_have_one = Barrier(2)

    def own_first(condition: Any) -> Any:
        to_event, from_event = condition.clauses
        found = lock_events_where(from_event)
        both_have_one.wait(timeout=10)
        return found | lock_events_where(to_event)

    monkeypatch.setattr(moving, "lock_events_where", own_first)
    raised, _ = swap_at_once(shared)
    assert "deadlock" in str(raised)


def test_the_last_place_goes_to_one_mover_and_the_other_keeps_theirs(shared: Flask) -> None:
    for _ in range(ROUNDS):
        with transaction():
            offer = make_offer()
            here = make_event(offer)
            there = make_event(offer, starts_at=NOW + 28 * DAY, capacity=1)
            here_id, there_id = here.id, there.id
            one, other = booked(here).id, booked(here).id
        raised = at_once(shared, partial(do_move, one, there_id), partial(do_move, other, there_id))
        assert sorted(str(error) for error in raised) == [
            "None",
            "That session has filled up meanwhile: your place here is kept",
        ]
        assert counts_of(here_id, there_id) == [(1, 0), (1, 0)]


def test_a_place_handed_over_while_it_is_cancelled_is_one_or_the_other(shared: Flask) -> None:
    for _ in range(ROUNDS):
        with transaction():
            event = make_event(capacity=1)
            event_id, old_id, waiting_id = event.id, booked(event).id, booked(event).id
        given, cancelled = at_once(
            shared, partial(do_hand_over, old_id), partial(do_cancel, old_id)
        )
        assert cancelled is None  # what has ended already stays as it ended
        has_moved_up = db.session.get_one(Booking, waiting_id).state is BookingState.CONFIRMED
        assert has_moved_up == (given is not None)
        assert counts_of(event_id) == [(1, 0 if has_moved_up else 1)]
