"""Two people who are one: nothing is lost, nobody hears that a place is gone, order is kept."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import persons
from app.accounts.models import Person, Post, PostKind, RoleGrant
from app.bookings import links
from app.bookings import operations as bookings
from app.bookings.links import Purpose
from app.bookings.models import (
    Approval,
    Attendance,
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
    CancelReason,
    NewDatesWish,
    Promotion,
)
from app.catalogue.models import Event
from app.checks.verify import verify
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.outbox.models import CalendarMethod, OutboxMessage
from app.record.certificates import code_of
from app.record.models import LearningElsewhere, RefresherStop
from app.record.queries import record_of
from app.schema import TABLES
from app.worker import run_once
from tests.support.factories import (
    NOW,
    make_attendance,
    make_booking,
    make_event,
    make_learning_elsewhere,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
    make_request,
    make_terms,
)
from tests.support.page_client import PageClient

DAY = timedelta(days=1)
CAME, MISSED = AttendanceOutcome.ATTENDED, AttendanceOutcome.DID_NOT_ATTEND
IN_PART = AttendanceOutcome.ATTENDED_IN_PART


@pytest.fixture
def staff(app: Flask) -> Person:
    make_partnership()
    return make_person(Role.DELIVERY, name="Del Ivery")


@pytest.fixture
def twice(staff: Person) -> tuple[Person, Person]:
    """The duplicate, and the one to keep."""
    body = make_organisation(name="Castleford Library")
    kept = make_person(name="Sam Reed", email="sam.reed@example.org", organisation=body)
    kept.sector = body.sector
    return make_person(name="Sam Read", email="sam@home.example.org"), kept


def merge(pair: Sequence[Person], staff: Person, now: datetime = NOW) -> persons.Merged:
    duplicate, into = pair
    db.session.commit()
    with transaction():
        return persons.merge(duplicate, into, actor=staff, now=now)


def book(event: Event, person: Person, now: datetime = NOW, by: Person | None = None) -> Booking:
    origin = BookingOrigin.COLLEAGUE if by else BookingOrigin.SELF
    booking = bookings.book(
        event.id,
        person,
        booked_by=by or person,
        origin=origin,
        mode=event.mode,
        form_key=None,
        now=now,
    )
    db.session.flush()
    return booking


def broken(now: datetime) -> dict[str, int]:
    found = {one.name: one.violations for one in verify(now=now) if one.violations}
    db.session.rollback()
    return found


def pointing_at(person_id: int) -> list[str]:
    """Columns that still name somebody; but for the one that says who they turned out to be."""
    return [
        f"{table.name}.{column.name}"
        for table in TABLES
        for column in table.columns
        if any(key.column.table.name == "person" for key in column.foreign_keys)
        and db.session.scalar(select(func.count()).where(column == person_id))
    ]


def test_everything_moves_and_nothing_is_lost(twice: tuple[Person, Person], staff: Person) -> None:
    duplicate, kept = twice
    past = make_booking(make_event(starts_at=NOW - 30 * DAY), duplicate)
    make_attendance(past)
    coming = book(make_event(), duplicate)
    child = make_person(name="Kim Without", email=None)
    for_child = book(make_event(), child, by=duplicate)
    make_learning_elsewhere(duplicate)
    offer = make_offer()
    for person in twice:
        db.session.add(NewDatesWish(offer_id=offer.id, person_id=person.id, asked_at=NOW))
        db.session.add(
            Post(
                person_id=person.id,
                organisation_id=kept.organisation_id,
                kind=PostKind.DSL,
                from_on=(NOW - person.id * DAY).date(),
            )
        )
    db.session.add(RefresherStop(person_id=duplicate.id, stopped_at=NOW))
    done = merge(twice, staff)
    assert (done.bookings_count, done.ended_count, done.entries_count) == (2, 0, 2)
    assert pointing_at(duplicate.id) == []
    assert {past.person_id, coming.person_id, for_child.booked_by_id} == {kept.id}
    lines = record_of(kept.id, now=NOW).lines
    assert {line.booking_reference for line in lines} == {"", past.reference}
    for table in (LearningElsewhere, NewDatesWish, Post, RefresherStop):
        assert db.session.scalars(select(table.person_id)).all() == [kept.id], table
    assert db.session.scalars(select(Post.from_on)).one() == (NOW - duplicate.id * DAY).date()
    assert (duplicate.name, duplicate.email, duplicate.merged_into_id) == ("", None, kept.id)
    assert (kept.name, kept.email) == ("Sam Reed", "sam.reed@example.org")
    assert broken(NOW) == {}


def test_the_calendar_at_the_address_kept_gets_what_is_to_come(
    twice: tuple[Person, Person], staff: Person
) -> None:
    duplicate, kept = twice
    booking = book(make_event(days=2), duplicate)
    [uid, _] = [entry.uid for entry in booking.calendar_entries]
    before = {message.id for message in db.session.scalars(select(OutboxMessage))}
    merge(twice, staff)
    new = db.session.scalars(select(OutboxMessage).where(OutboxMessage.id.not_in(before))).all()
    assert sorted((one.kind, one.to_email) for one in new) == [
        ("address_given_up", "sam@home.example.org"),
        ("address_in_use", "sam.reed@example.org"),
        ("booking_date", "sam.reed@example.org"),
        ("booking_date", "sam.reed@example.org"),
    ]
    [first] = [one for one in new if one.calendar_text and uid in one.calendar_text]
    assert first.calendar_method is CalendarMethod.REQUEST
    assert "SEQUENCE:1" in str(first.calendar_text)
    assert "mailto:sam.reed@example.org" in str(first.calendar_text)
    assert "sam.reed@" not in next(one.text_body for one in new if one.kind == "address_given_up")
    assert {one.person_reference for one in new} == {kept.reference}


def test_the_address_of_the_duplicate_stays_if_the_other_has_none(
    staff: Person,
) -> None:
    office = make_person(name="Jo Office")
    kept, duplicate = make_person(name="Sam Reed", email=None), make_person(name="Sam Reed")
    address = duplicate.email
    book(make_event(), kept, by=office)
    book(make_event(), duplicate)
    done = merge((duplicate, kept), staff)
    assert kept.email == address
    assert done.entries_count == 1  # of the place that only the office had in its calendar
    kinds = set(db.session.scalars(select(OutboxMessage.kind)))
    assert "address_given_up" not in kinds
    assert broken(NOW) == {}


def test_who_came_under_one_name_and_had_booked_under_the_other_came(
    twice: tuple[Person, Person], staff: Person
) -> None:
    duplicate, kept = twice
    event = make_event(starts_at=NOW - 30 * DAY, days=2)
    booked = make_booking(event, kept, adjustments="Step-free")
    walked_in = make_booking(
        event, duplicate, origin=BookingOrigin.REGISTER, adjustments="Large print"
    )
    make_attendance(booked, MISSED)
    first, second = make_attendance(walked_in, CAME)
    second.outcome = IN_PART
    merge(twice, staff)
    assert [one.state for one in (booked, walked_in)] == [
        BookingState.CONFIRMED,
        BookingState.CANCELLED,
    ]
    assert walked_in.cancelled_because is CancelReason.MERGED
    assert [one.outcome for one in booked.attendances] == [CAME, IN_PART]
    assert db.session.scalar(select(func.count(Attendance.id))) == 2
    assert booked.adjustments == "Step-free\nLarge print"
    assert event.places_taken == 1


def test_two_places_become_one_and_whoever_waits_gets_the_other(
    twice: tuple[Person, Person], staff: Person
) -> None:
    duplicate, kept = twice
    event = make_event(capacity=2)
    for person in twice:
        book(event, person)
    next_one = book(event, make_person())
    assert next_one.state is BookingState.WAITING
    done = merge(twice, staff)
    assert done.ended_count == 1
    assert next_one.state is BookingState.CONFIRMED
    assert (event.places_taken, event.waiting_count) == (2, 0)
    to_them = db.session.scalars(
        select(OutboxMessage.calendar_method).where(
            OutboxMessage.person_reference == kept.reference
        )
    )
    assert CalendarMethod.CANCEL not in set(to_them)
    assert broken(NOW) == {}


def test_a_held_place_stays_rather_than_one_on_the_list(
    twice: tuple[Person, Person], staff: Person
) -> None:
    duplicate, kept = twice
    offer = make_offer()
    make_terms(offer, promotion=Promotion.HELD)
    event = make_event(offer, capacity=1)
    first = book(event, make_person())
    held, waiting = (book(event, person) for person in twice)
    db.session.commit()
    with transaction():
        bookings.cancel_booking(first.id, actor=first.person, now=NOW)
    assert held.state is BookingState.HELD
    merge(twice, staff)
    assert (held.state, held.person_id) == (BookingState.HELD, kept.id)
    assert waiting.state is BookingState.CANCELLED
    assert (event.places_taken, event.waiting_count) == (1, 0)
    assert broken(NOW) == {}


def test_a_place_that_one_gave_to_the_other_never_changed_hands(
    twice: tuple[Person, Person], staff: Person
) -> None:
    duplicate, kept = twice
    event = make_event()
    old = make_booking(
        event,
        duplicate,
        state=BookingState.CANCELLED,
        cancelled_because=CancelReason.HANDED_OVER,
        cancelled_at=NOW,
        confirmed_at=NOW,
    )
    new = make_booking(event, kept, replaces_id=old.id)
    merge(twice, staff)
    assert (old.cancelled_because, new.replaces_id) == (CancelReason.MERGED, None)


def test_links_and_certificates_of_the_booking_that_ended_stay_true(
    twice: tuple[Person, Person], staff: Person, client: PageClient, now: datetime
) -> None:
    duplicate, kept = twice
    past, coming = make_event(starts_at=now - 30 * DAY), make_event(starts_at=now + 30 * DAY)
    for person in (kept, duplicate):
        make_attendance(make_booking(past, person))
    place, other = (make_booking(coming, person) for person in (kept, duplicate))
    printed = db.session.scalars(
        select(Booking.reference).where(
            Booking.event_id == past.id, Booking.person_id == duplicate.id
        )
    ).one()
    merge(twice, staff, now)
    assert other.cancelled_because is CancelReason.MERGED
    certificate = client.get(f"/certificates/{code_of(printed)}")
    assert certificate.status_code == 200
    assert "Sam Reed" in certificate.words
    link = links.link(other, Purpose.CANT_COME).partition("//")[2].partition("/")[2]
    client.submit(client.get(f"/{link}"), button="Cancel this booking")
    assert db.session.get_one(Booking, place.id).cancelled_because is CancelReason.PERSON


def test_who_is_named_twice_as_a_trainer_is_named_once(
    twice: tuple[Person, Person], staff: Person
) -> None:
    duplicate, kept = twice
    both, one = make_event(), make_event()
    both.trainers, one.trainers = [duplicate, kept], [duplicate]
    merge(twice, staff)
    db.session.expire_all()
    assert both.trainers == one.trainers == [kept]


def test_answers_to_requests_follow_too(twice: tuple[Person, Person], staff: Person) -> None:
    duplicate, kept = twice
    request = make_request(make_event(), duplicate)
    decided = make_request(make_event(), make_person())
    decided.decided_by_id = duplicate.id
    merge(twice, staff)
    assert request.booking.person_id == kept.id
    assert set(db.session.scalars(select(Approval.decided_by_id))) == {None, kept.id}


def test_a_merged_person_is_erased_and_taken_out_with_the_other(
    twice: tuple[Person, Person], staff: Person, app: Flask, tmp_path: Path
) -> None:
    app.config["MAIL_URL"] = f"file:{tmp_path / 'mail'}"
    duplicate, kept = twice
    book(make_event(), duplicate)
    merge(twice, staff)
    told = persons.export(kept, now=NOW)
    assert "sam@home.example.org" in {one["to_email"] for one in told["messages"]}
    assert "merged" in {one["verb"] for one in told["audit_trail"]}
    run_once(NOW)
    persons.erase(kept.id, now=NOW)
    for table in ("sam@home.example.org", "Sam Read", "Sam Reed"):
        found = db.session.scalars(
            select(OutboxMessage.id).where(
                OutboxMessage.text_body.contains(table) | OutboxMessage.to_email.contains(table)
            )
        )
        assert found.all() == [], table


def test_who_may_not_be_merged(twice: tuple[Person, Person], staff: Person) -> None:
    duplicate, kept = twice
    admin = make_person(Role.ADMINISTRATOR)
    trainer = make_person(Role.TRAINER)
    closed = make_person(deactivated_at=NOW)
    erased = make_person(name="", email=None, deactivated_at=NOW)
    cases = [
        ((kept, kept), staff, "two different"),
        ((staff, kept), staff, "staff role|yourself"),
        ((duplicate, staff), staff, "staff role|yourself"),
        ((trainer, kept), staff, "Only an administrator"),
        ((duplicate, trainer), staff, "Only an administrator"),
        ((erased, kept), staff, "duplicate was merged or erased"),
        ((duplicate, erased), staff, "person to keep was merged or erased"),
        ((duplicate, closed), staff, "deactivated"),
        ((admin, kept), admin, "yourself"),
    ]
    for pair, actor, words in cases:
        with pytest.raises(Refused, match=words):
            merge(pair, actor)
    merge((trainer, kept), admin)
    assert db.session.scalars(
        select(RoleGrant.role).where(RoleGrant.person_id == kept.id)
    ).all() == [Role.TRAINER]
    with pytest.raises(Refused, match="already"):
        merge((trainer, kept), admin)


STATES = (None, "confirmed", "waiting", "came", "missed", "walked in", "cancelled")


@pytest.mark.parametrize("seed", range(4))
def test_whatever_both_had_everything_stays_in_order(staff: Person, seed: int) -> None:
    """What is true of all bookings is true after; who came to what is the union of both."""
    any_of = Random(seed)
    for _ in range(3):
        plan = [
            (any_of.choice(STATES), any_of.choice(STATES), any_of.randint(1, 2)) for _ in range(4)
        ]
        _merge_by_plan(staff, plan)


def _merge_by_plan(staff: Person, plan: list[tuple[str | None, str | None, int]]) -> None:
    pair = [make_person(), make_person()]
    came: set[int] = set()
    live: set[int] = set()
    for *both, capacity in plan:
        is_past = any(one in {"came", "missed", "walked in"} for one in both)
        event = make_event(starts_at=NOW + (-30 if is_past else 30) * DAY, capacity=capacity)
        for person, what in zip(pair, both, strict=True):
            booking = _booking(event, person, what) if what else None
            if booking and booking.state is not BookingState.CANCELLED:
                live.add(event.id)
            if what in {"came", "walked in"}:
                came.add(event.id)
    merge(pair, staff)
    kept = pair[1].id
    assert pointing_at(pair[0].id) == []
    is_live = (Booking.person_id == kept, Booking.state != BookingState.CANCELLED)
    assert sorted(db.session.scalars(select(Booking.event_id).where(*is_live))) == sorted(live)
    outcomes = select(Booking.event_id).join(Booking.attendances).where(*is_live)
    assert set(db.session.scalars(outcomes.where(Attendance.outcome == CAME))) == came
    assert broken(NOW) == {}


def _booking(event: Event, person: Person, what: str) -> Booking:
    if what in {"came", "missed", "walked in"}:
        origin = BookingOrigin.REGISTER if what == "walked in" else BookingOrigin.SELF
        booking = make_booking(event, person, origin=origin)
        make_attendance(booking, MISSED if what == "missed" else CAME)
        return booking
    if event.starts_at < NOW:
        state = BookingState.CONFIRMED
        return make_booking(event, person, state=state)
    booking = book(event, person)
    if what == "cancelled":
        bookings.cancel_booking(booking.id, actor=person, now=NOW)
    return booking


def test_of_many_merges_at_once_one_is_done(file_app: Flask) -> None:
    with file_app.app_context(), transaction():
        make_partnership()
        staff = make_person(Role.DELIVERY)
        pair = [make_person(), make_person()]
        for person in pair:
            make_booking(make_event(), person)
        make_booking(make_event(), pair[0])
        ids, staff_id = [person.id for person in pair], staff.id

    def attempt(number: int) -> str:
        with file_app.app_context():
            try:
                with transaction():
                    there, here = (db.session.get_one(Person, one) for one in _turned(ids, number))
                    persons.merge(there, here, actor=db.session.get_one(Person, staff_id), now=NOW)
            except Refused as refusal:
                return str(refusal)
            return "done"

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(attempt, range(4)))
    assert said.count("done") == 1
    assert all("already" in words for words in said if words != "done")
    with file_app.app_context():
        assert db.session.scalar(select(func.count(Booking.person_id.distinct()))) == 1
        assert db.session.scalar(select(func.count(Person.merged_into_id))) == 1


def _turned(ids: list[int], number: int) -> list[int]:
    """Half of them would have it the other way round."""
    return ids if number % 2 else ids[::-1]
