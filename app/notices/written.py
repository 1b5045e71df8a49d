"""Writing to the people of an event: one message each, nobody sees whom else it went to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.bookings.calendar_invites import reached
from app.bookings.emails import letter_facts, wording_values
from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingState
from app.catalogue.models import Event
from app.kernel.db import db, insert_together
from app.kernel.tokens import new_reference
from app.notices import written_rules
from app.notices.written_models import WhomTo, WrittenLetter
from app.outbox import letters
from app.outbox.letters import Letter
from app.outbox.operations import NOTICE_PRIORITY, compose
from app.outbox.wording_rules import Words, fill_line, fill_paragraphs

KIND = "written_letter"
CAME = (AttendanceOutcome.ATTENDED, AttendanceOutcome.ATTENDED_IN_PART)


@dataclass(frozen=True)
class Recipients:
    """Whom a letter would go to, and who has no address to send it to."""

    reached: tuple[Booking, ...]
    without_address: tuple[Booking, ...]


def recipients(event: Event, whom_to: WhomTo) -> Recipients:
    """The people of an event whom a letter is for, by name."""
    rows = db.session.scalars(
        select(Booking)
        .join(Booking.person)
        .where(Booking.event_id == event.id, Person.deactivated_at.is_(None), _is_among(whom_to))
        .order_by(Person.name, Booking.id)
        .options(joinedload(Booking.person), joinedload(Booking.booked_by))
    ).all()
    has_address = {booking.id: bool(reached(booking).email) for booking in rows}
    return Recipients(
        tuple(booking for booking in rows if has_address[booking.id]),
        tuple(booking for booking in rows if not has_address[booking.id]),
    )


def _is_among(whom_to: WhomTo) -> ColumnElement[bool]:
    if whom_to is WhomTo.BOOKED:
        return Booking.state.in_((BookingState.CONFIRMED, BookingState.HELD))
    if whom_to is WhomTo.WAITING:
        return Booking.state == BookingState.WAITING
    came = select(Attendance.id).where(
        Attendance.booking_id == Booking.id, Attendance.outcome.in_(CAME)
    )
    if whom_to is WhomTo.ATTENDED:
        return (Booking.state != BookingState.CANCELLED) & came.exists()
    on_register = select(Attendance.id).where(Attendance.booking_id == Booking.id)
    return (Booking.state == BookingState.CONFIRMED) & on_register.exists() & ~came.exists()


def write(words: Words, booking: Booking, event: Event) -> Letter:
    """The letter as one person gets it."""
    values = wording_values(booking, event, event.dates)
    return letters.write(
        KIND,
        subject=fill_line(words.subject, values),
        **letter_facts(booking, event),
        dates=event.dates,
        opening=fill_paragraphs(words.body, values),
    )


def send(
    event: Event,
    whom_to: WhomTo,
    words: Words,
    *,
    form_key: str,
    actor: Person,
    now: datetime,
) -> WrittenLetter:
    """Queue one message for each of them; the same page sent twice sends nothing more."""
    actor = read_again(actor)
    by_key = select(WrittenLetter).where(WrittenLetter.form_key == form_key)
    sent = db.session.scalars(by_key).one_or_none()
    if sent is not None:
        return sent
    written_rules.check_words(words)
    found = recipients(event, whom_to)
    written_rules.check_recipients(
        whom_to, with_address=len(found.reached), without=len(found.without_address)
    )
    written = WrittenLetter(
        reference=new_reference(),
        form_key=form_key,
        event_id=event.id,
        whom_to=whom_to,
        subject=words.subject,
        body=words.body,
        written_by=actor.reference,
        sent_at=now,
        sent_count=len(found.reached),
        no_address_count=len(found.without_address),
    )
    db.session.add(written)
    db.session.flush()
    _queue_all(written, words, event, found.reached)
    facts = {"whom": whom_to.value, "sent": written.sent_count}
    audit.record(actor.reference, "wrote_to_people", "event", event.reference, now=now, **facts)
    return written


def _queue_all(
    written: WrittenLetter, words: Words, event: Event, bookings: Sequence[Booking]
) -> None:
    messages = []
    for booking in bookings:
        to = reached(booking)
        messages.append(
            compose(
                write(words, booking, event),
                dedupe_key=f"{KIND}:{written.reference}:{booking.reference}",
                kind=KIND,
                about=("booking", booking.reference),
                to_name=to.name,
                to_email=to.email or "",
                person_reference=to.reference,
                priority=NOTICE_PRIORITY,
            )
        )
    insert_together(messages)


def earlier_letters(event: Event, *, most: int = 8) -> list[WrittenLetter]:
    """Letters whose words can be used again: those of this event first, then the newest."""
    return list(
        db.session.scalars(
            select(WrittenLetter)
            .options(joinedload(WrittenLetter.event).joinedload(Event.offer))
            .order_by((WrittenLetter.event_id == event.id).desc(), WrittenLetter.id.desc())
            .limit(most)
        )
    )


def find_letter(reference: str) -> WrittenLetter | None:
    """The letter with this reference."""
    return db.session.scalars(
        select(WrittenLetter).where(WrittenLetter.reference == reference)
    ).one_or_none()
