"""A register written from meeting files, in one transaction; and undone within a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from app.accounts.models import Person
from app.accounts.people import NamedPerson, read_again
from app.attendance.meeting_files import UNDO_WITHIN
from app.attendance.models import MeetingFile, MeetingName, MeetingRegister
from app.attendance.operations import (
    admit_all,
    correct,
    date_of,
    live_bookings,
    new_attendance,
)
from app.audit import operations as audit
from app.bookings.ending import end
from app.bookings.models import (
    Attendance,
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
    CancelReason,
)
from app.bookings.operations import admit
from app.bookings.places import lock_event
from app.catalogue.models import Event, EventDate
from app.kernel.db import Base, db, insert_together, rows_changed
from app.kernel.errors import Refused
from app.kernel.tokens import new_reference

STARTED_AS = (BookingState.WAITING, BookingState.REQUESTED)
SAVED_ALREADY = "The register was saved from these files already: nothing has changed"
CHANGED = "The list of people changed meanwhile: look through it again, then save it"
BEST_FIRST = (
    AttendanceOutcome.ATTENDED,
    AttendanceOutcome.ATTENDED_IN_PART,
    AttendanceOutcome.DID_NOT_ATTEND,
)


@dataclass(frozen=True)
class Said:
    """What somebody decided about one line: whose it is, and what the register is to say."""

    outcome: AttendanceOutcome
    reference: str | None = None  # of a live booking
    person: NamedPerson | None = None  # without a booking
    minutes: int | None = None
    remember: tuple[str, ...] = ()  # names and addresses that are theirs from now on


def save_meeting_register(
    event_id: int,
    event_date_id: int,
    file_references: Sequence[str],
    said: Sequence[Said],
    *,
    actor: Person,
    now: datetime,
) -> dict[AttendanceOutcome, int]:
    """Write what was decided about every line into the register of a date; how many of each."""
    event, actor = lock_event(event_id), read_again(actor)
    date = date_of(event, event_date_id, now)
    bookings, register = live_bookings(event, date)
    before = {b.id: (b.state, b.origin, b.passed_over_reason) for b in bookings}
    rows: list[Base] = []
    by_booking = _by_booking(event, bookings, said, actor=actor, now=now, into=rows)
    undo = [
        _write(booking_id, one, register.get(booking_id), date, actor=actor, now=now, into=rows)
        | _as_before(before.get(booking_id))
        for booking_id, one in by_booking.items()
    ]
    outcomes = [one.outcome for one in by_booking.values()]
    counts = {outcome: outcomes.count(outcome) for outcome in AttendanceOutcome}
    saved = MeetingRegister(
        reference=new_reference(),
        event_date_id=date.id,
        saved_at=now,
        saved_by_id=actor.id,
        counts={outcome.value: count for outcome, count in counts.items()},
        undo=undo,
    )
    _take_files(date, file_references, saved)
    _remember(by_booking, bookings, actor=actor, now=now)
    facts = {
        **saved.counts,
        "files": len(file_references),
        "date_number": event.dates.index(date) + 1,
    }
    verb = "took register from meeting files"
    rows.append(audit.line(actor.reference, verb, "event", event.reference, now=now, **facts))
    insert_together(rows)
    return counts


def _take_files(date: EventDate, references: Sequence[str], saved: MeetingRegister) -> None:
    """Note that a register was saved from these files; Refused if one was already."""
    db.session.add(saved)
    db.session.flush()
    taken = db.session.execute(
        update(MeetingFile)
        .where(
            MeetingFile.event_date_id == date.id,
            MeetingFile.reference.in_(references),
            MeetingFile.register_id.is_(None),
        )
        .values(register_id=saved.id)
        .execution_options(synchronize_session=False)
    )
    if not references or rows_changed(taken) != len(references):
        raise Refused(SAVED_ALREADY)


def _by_booking(
    event: Event,
    bookings: Sequence[Booking],
    said: Sequence[Said],
    *,
    actor: Person,
    now: datetime,
    into: list[Base],
) -> dict[int, Said]:
    """What was decided, by booking; whoever had none has one now, who waited has a place."""
    live = {booking.reference: booking for booking in bookings}
    if any(one.reference and one.reference not in live for one in said):
        raise Refused(CHANGED)
    found: dict[int, Said] = {}
    for one in said:
        if one.reference:
            booking = live[one.reference]
            if one.outcome is not AttendanceOutcome.DID_NOT_ATTEND:
                # Who waited and came has a place now; the person is asked of new bookings only.
                admit(event, actor, booking, actor=actor, now=now, into=into)
            _add(found, booking.id, one)
    named = {one.person.email: one.person for one in said if one.person}
    ids = admit_all(event, bookings, list(named.values()), actor=actor, now=now, into=into)
    for one in said:
        if one.person:
            _add(found, ids[one.person.email], one)
    return found


def _add(found: dict[int, Said], booking_id: int, one: Said) -> None:
    """Two lines of one person are one: the better outcome, and the longer time."""
    known = found.get(booking_id)
    if known is None:
        found[booking_id] = one
        return
    minutes = [said.minutes for said in (known, one) if said.minutes is not None]
    found[booking_id] = Said(
        min(known.outcome, one.outcome, key=BEST_FIRST.index),
        minutes=max(minutes, default=None),
        remember=known.remember + one.remember,
    )


def _write(
    booking_id: int,
    one: Said,
    known: Attendance | None,
    date: EventDate,
    *,
    actor: Person,
    now: datetime,
    into: list[Base],
) -> dict[str, Any]:
    """Write one line; what it said before and says now, for whoever undoes it."""
    line = {
        "booking": booking_id,
        "was": known.outcome.value if known else None,
        "was_minutes": known.minutes if known else None,
        "is": one.outcome.value,
        "minutes": one.minutes,
    }
    if known is None:
        into.append(
            new_attendance(booking_id, date.id, one.outcome, actor, now, minutes=one.minutes)
        )
    else:
        correct(known, one.outcome, actor, now)
        if one.minutes is not None:
            known.minutes = one.minutes
        line["minutes"] = known.minutes
    return line


def _as_before(booking: tuple[BookingState, BookingOrigin, str] | None) -> dict[str, Any]:
    """How the booking itself stood, if saving changes that."""
    if booking is None:
        return {"booking_was": None}
    state, origin, reason = booking
    return {"booking_was": [state.value, origin.value, reason]} if state in STARTED_AS else {}


def _remember(
    by_booking: Mapping[int, Said], bookings: Sequence[Booking], *, actor: Person, now: datetime
) -> None:
    """Keep the names and addresses that staff have confirmed to be somebody's."""
    people = {booking.id: booking.person_id for booking in bookings}
    wanted = {
        (people[booking_id], word)
        for booking_id, one in by_booking.items()
        for word in one.remember
        if booking_id in people
    }
    if not wanted:
        return
    found = db.session.execute(
        select(MeetingName.person_id, MeetingName.said).where(
            MeetingName.person_id.in_({person_id for person_id, _ in wanted})
        )
    )
    known = {(row.person_id, row.said) for row in found}
    for person_id, word in sorted(wanted - known):
        db.session.add(
            MeetingName(person_id=person_id, said=word, confirmed_at=now, confirmed_by_id=actor.id)
        )


def undo_meeting_register(
    event_id: int, event_date_id: int, *, actor: Person, now: datetime
) -> tuple[int, int]:
    """Take back the register last written from files; how many lines, and how many stay.

    A line that somebody has corrected since stays as they said.
    """
    event, actor = lock_event(event_id), read_again(actor)
    saved = db.session.scalars(
        select(MeetingRegister)
        .where(MeetingRegister.event_date_id == event_date_id, MeetingRegister.undone_at.is_(None))
        .order_by(MeetingRegister.id.desc())
        .limit(1)
    ).first()
    if saved is None or saved.event_date_id not in {date.id for date in event.dates}:
        raise Refused("There is nothing to undo: it was undone meanwhile")
    if saved.undo is None or now > saved.saved_at + UNDO_WITHIN:
        raise Refused("This was saved more than a day ago: correct the register instead")
    lines = {line["booking"]: line for line in saved.undo}
    register = _attendance_of(event_date_id, lines)
    undone = [_take_back(line, register.get(booking)) for booking, line in lines.items()]
    taken = [line["booking"] for line, is_done in zip(saved.undo, undone, strict=True) if is_done]
    rows: list[Base] = _bookings_back(event, [lines[booking] for booking in taken], actor, now)
    db.session.execute(
        delete(MeetingName).where(
            MeetingName.confirmed_at == saved.saved_at,
            MeetingName.confirmed_by_id == saved.saved_by_id,
        )
    )
    db.session.execute(
        update(MeetingFile).where(MeetingFile.register_id == saved.id).values(register_id=None)
    )
    saved.undone_at = now
    facts = {"lines": len(taken), "kept": len(lines) - len(taken)}
    verb = "undid register from meeting files"
    rows.append(audit.line(actor.reference, verb, "event", event.reference, now=now, **facts))
    insert_together(rows)
    return len(taken), len(lines) - len(taken)


def _attendance_of(event_date_id: int, lines: Mapping[int, Any]) -> dict[int, Attendance]:
    found = db.session.scalars(
        select(Attendance).where(
            Attendance.event_date_id == event_date_id, Attendance.booking_id.in_(lines)
        )
    )
    return {attendance.booking_id: attendance for attendance in found}


def _take_back(line: Mapping[str, Any], known: Attendance | None) -> bool:
    """Whether the line still said what was saved, so that it says what it did before."""
    if known is None or (known.outcome.value, known.minutes) != (line["is"], line["minutes"]):
        return False
    if line["was"] is None:
        db.session.delete(known)
    else:
        known.outcome, known.minutes = AttendanceOutcome(line["was"]), line["was_minutes"]
    return True


def _bookings_back(
    event: Event, lines: Sequence[Mapping[str, Any]], actor: Person, now: datetime
) -> list[Base]:
    """End the bookings made for those who came without one; put back who was waiting."""
    changed = {line["booking"]: line["booking_was"] for line in lines if "booking_was" in line}
    if not changed:
        return []
    found = db.session.scalars(select(Booking).where(Booking.id.in_(changed))).all()
    rows: list[Base] = []
    for booking in found:
        was = changed[booking.id]
        if booking.state is BookingState.CANCELLED:
            continue
        if was is None:
            end(event, booking, CancelReason.STAFF, now=now)
        else:
            _wait_again(event, booking, was)
        verb = "undid coming of"
        rows.append(audit.line(actor.reference, verb, "booking", booking.reference, now=now))
    return rows


def _wait_again(event: Event, booking: Booking, was: Sequence[str]) -> None:
    state, origin, reason = was
    booking.state, booking.origin = BookingState(state), BookingOrigin(origin)
    booking.confirmed_at, booking.passed_over_reason = None, reason
    if booking.state is BookingState.WAITING:
        event.waiting_count += 1
