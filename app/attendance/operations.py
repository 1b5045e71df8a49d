"""Taking a register: who came, in part, or not, and who came without booking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.people import NamedPerson, find_or_add_people, read_again
from app.attendance.queries import ON_REGISTER
from app.attendance.rules import register_opens_at
from app.audit import operations as audit
from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingState
from app.bookings.operations import admit
from app.bookings.places import lock_event
from app.catalogue.models import Event, EventDate, EventState
from app.kernel.db import Base, db, insert_and_return, insert_together
from app.kernel.errors import Refused
from app.kernel.london import clock_words, date_words


def record_attendance(
    booking: Booking,
    event_date: EventDate,
    outcome: AttendanceOutcome,
    *,
    actor: Person,
    now: datetime,
) -> Attendance:
    """Note one person's outcome for one date; said again, the later word counts."""
    known = db.session.scalar(
        select(Attendance).where(
            Attendance.booking_id == booking.id, Attendance.event_date_id == event_date.id
        )
    )
    if known is None:
        known = new_attendance(booking.id, event_date.id, outcome, actor, now)
        db.session.add(known)
    else:
        correct(known, outcome, actor, now)
    return known


def save_register(
    event_id: int,
    event_date_id: int,
    outcomes: Mapping[str, AttendanceOutcome],
    unbooked: Sequence[NamedPerson],
    *,
    actor: Person,
    now: datetime,
) -> dict[AttendanceOutcome, int]:
    """Save what the register of one date says, by booking reference; how many there are of each.

    Somebody who is not named keeps what was said before. People who came without booking are added.
    """
    event, actor = lock_event(event_id), read_again(actor)
    date = date_of(event, event_date_id, now)
    bookings, register = live_bookings(event, date)
    said = {b.id: outcomes[b.reference] for b in bookings if _is_on_register(b, outcomes)}
    rows: list[Base] = []
    admitted = admit_all(event, bookings, unbooked, actor=actor, now=now, into=rows)
    for booking_id in admitted.values():
        said.setdefault(booking_id, AttendanceOutcome.ATTENDED)
    for booking_id, outcome in said.items():
        known = register.get(booking_id)
        if known is None:
            rows.append(new_attendance(booking_id, date.id, outcome, actor, now))
        else:
            correct(known, outcome, actor, now)
    counts = {outcome: list(said.values()).count(outcome) for outcome in AttendanceOutcome}
    facts = {outcome.value: count for outcome, count in counts.items()}
    facts["date_number"] = event.dates.index(date) + 1
    rows.append(
        audit.line(actor.reference, "took register", "event", event.reference, now=now, **facts)
    )
    insert_together(rows)
    return counts


def date_of(event: Event, event_date_id: int, now: datetime) -> EventDate:
    """The date whose register is to be saved; Refused if there is none to save."""
    if event.state is not EventState.PUBLISHED:
        raise Refused("There is no register for a session that does not take place")
    date = next((date for date in event.dates if date.id == event_date_id), None)
    if date is None:
        raise Refused("This date was removed meanwhile: look at the session again")
    opens_at = register_opens_at(date.starts_at)
    if now < opens_at:
        raise Refused(
            f"The register can be saved from {date_words(opens_at)}, {clock_words(opens_at)}"
        )
    return date


def live_bookings(event: Event, date: EventDate) -> tuple[list[Booking], dict[int, Attendance]]:
    """All live bookings, waiting ones too, and what the register says already, by booking."""
    found = db.session.execute(
        select(Booking, Attendance)
        .outerjoin(
            Attendance,
            (Attendance.booking_id == Booking.id) & (Attendance.event_date_id == date.id),
        )
        .where(Booking.event_id == event.id, Booking.state != BookingState.CANCELLED)
        .order_by(Booking.id)
    ).all()
    return [b for b, _ in found], {b.id: known for b, known in found if known}


def _is_on_register(booking: Booking, outcomes: Mapping[str, AttendanceOutcome]) -> bool:
    return booking.reference in outcomes and booking.state in ON_REGISTER


def admit_all(
    event: Event,
    bookings: Sequence[Booking],
    unbooked: Sequence[NamedPerson],
    *,
    actor: Person,
    now: datetime,
    into: list[Base],
) -> dict[str, int]:
    """Give everybody who came without booking one; the ids of their bookings, by address."""
    if not unbooked:
        return {}
    live = {booking.person_id: booking for booking in bookings}
    admitted: dict[str, int] = {}
    new: dict[str, Booking] = {}
    for person, named in zip(find_or_add_people(unbooked, now=now), unbooked, strict=True):
        known, name = live.get(person.id), named.organisation_name
        booking = admit(
            event, person, known, organisation_name=name, actor=actor, now=now, into=into
        )
        if known:
            admitted[named.email] = known.id
        else:
            new[named.email] = booking
    made = list(new.values())
    into[:] = [row for row in into if row not in made]
    ids = {booking.reference: booking.id for booking in insert_and_return(made)}
    return admitted | {email: ids[booking.reference] for email, booking in new.items()}


def new_attendance(
    booking_id: int,
    event_date_id: int,
    outcome: AttendanceOutcome,
    actor: Person,
    now: datetime,
    *,
    minutes: int | None = None,
) -> Attendance:
    """A line of the register that was not there before."""
    return Attendance(
        booking_id=booking_id,
        event_date_id=event_date_id,
        outcome=outcome,
        minutes=minutes,
        recorded_at=now,
        recorded_by_id=actor.id,
    )


def correct(known: Attendance, outcome: AttendanceOutcome, actor: Person, now: datetime) -> None:
    """Say another outcome, if it is another."""
    if known.outcome is not outcome:
        known.outcome, known.recorded_at, known.recorded_by_id = outcome, now, actor.id
