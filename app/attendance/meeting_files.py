"""Files of online meetings: added to a date, read again, put aside, erased after 30 days."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, null, or_, select, update

from app.accounts.models import Person
from app.attendance.meeting_queries import files_of
from app.attendance.models import DayOrder, MeetingFile, MeetingRegister
from app.attendance.operations import date_of
from app.attendance.presence_rules import OrderUnclear, check_day, day_order
from app.attendance.readers.meeting_file import read_meeting_file
from app.attendance.readers.visits import MeetingReport
from app.audit import operations as audit
from app.bookings.places import lock_event
from app.catalogue.models import Event, EventDate
from app.kernel.db import db, rows_changed
from app.kernel.errors import Refused
from app.kernel.london import london_date
from app.kernel.tokens import new_reference

FILES_KEPT = timedelta(days=30)
UNDO_WITHIN = timedelta(days=1)
MOST_FILES = 10
KNOWN_ALREADY = "This file was added already: nothing has changed"


@dataclass(frozen=True)
class Chosen:
    """A file as somebody chose it."""

    name: str
    content: bytes


def days_of(event: Event) -> list[date]:
    """The London days on which an event takes place."""
    return [london_date(day.starts_at) for day in event.dates]


def read_chosen(chosen: Chosen, event: Event, event_date: EventDate) -> MeetingReport:
    """What a chosen file says; Refused, naming it, if it cannot be of this date."""
    try:
        report = read_meeting_file(chosen.content)
        try:
            order = day_order(report, days_of(event), None)
        except OrderUnclear:
            return report
        check_day(report, order, london_date(event_date.starts_at))
    except Refused as refusal:
        raise Refused(f"{chosen.name}: {refusal}") from refusal
    return report


def add_files(
    event_id: int,
    event_date_id: int,
    read: Sequence[tuple[Chosen, MeetingReport]],
    *,
    actor: Person,
    now: datetime,
) -> int:
    """Keep the files for a date; how many of them are new: those known already change nothing."""
    event = lock_event(event_id)
    event_date = date_of(event, event_date_id, now)
    files = files_of(event_date.id)
    known = {file.sha256 for file in files} | {file.says_sha256 for file in files}
    added = 0
    for chosen, report in read:
        digest = hashlib.sha256(chosen.content).hexdigest()
        if known & {digest, report.says_sha256}:
            continue
        added += 1
        known |= {digest, report.says_sha256}
        db.session.add(
            MeetingFile(
                reference=new_reference(),
                event_date_id=event_date.id,
                file_name=chosen.name,
                sha256=digest,
                says_sha256=report.says_sha256,
                layout=report.layout,
                content=zlib.compress(chosen.content),
                added_at=now,
                added_by_id=actor.id,
            )
        )
    if len(files) + added > MOST_FILES:
        raise Refused(f"One date can have at most {MOST_FILES} files: remove some first")
    return added


def say_order(reference: str, order: DayOrder) -> None:
    """Note which way round a file writes its dates, where nothing but a person could say."""
    db.session.execute(
        update(MeetingFile).where(MeetingFile.reference == reference).values(day_order=order)
    )


def reports_of(
    files: Sequence[MeetingFile], event: Event, event_date: EventDate
) -> list[tuple[MeetingReport, DayOrder | None]]:
    """What the files that are not erased say; OrderUnclear if a person must say how."""
    found = []
    for file in files:
        if file.content is None:
            continue
        report = read_meeting_file(_unpacked(file))
        order = day_order(report, days_of(event), file.day_order)
        check_day(report, order, london_date(event_date.starts_at))
        found.append((report, order))
    return found


def first_unclear(
    files: Sequence[MeetingFile], event: Event
) -> tuple[MeetingFile, Mapping[DayOrder, date]] | None:
    """The first file whose dates a person must read, and the days they can mean."""
    for file in files:
        if file.content is None:
            continue
        try:
            day_order(read_meeting_file(_unpacked(file)), days_of(event), file.day_order)
        except OrderUnclear as unclear:
            return file, unclear.readings
    return None


def _unpacked(file: MeetingFile) -> bytes:
    return zlib.decompress(file.content or b"")


def put_aside(event_id: int, event_date_id: int, *, actor: Person, now: datetime) -> int:
    """Remove the files of a date from which no register was saved; how many."""
    event = lock_event(event_id)
    gone = rows_changed(
        db.session.execute(
            delete(MeetingFile).where(
                MeetingFile.event_date_id == event_date_id, MeetingFile.register_id.is_(None)
            )
        )
    )
    if gone:
        db.session.add(
            audit.line(
                actor.reference,
                "removed meeting files",
                "event",
                event.reference,
                now=now,
                files=gone,
            )
        )
    return gone


def erase_old_files(*, now: datetime) -> int:
    """Erase files after 30 days, and what it takes to undo a register after one; how many."""
    old = rows_changed(
        db.session.execute(
            update(MeetingFile)
            .where(MeetingFile.added_at < now - FILES_KEPT, MeetingFile.content.is_not(None))
            .values(content=None)
        )
    )
    old += rows_changed(
        db.session.execute(
            delete(MeetingFile).where(
                MeetingFile.content.is_(None), MeetingFile.register_id.is_(None)
            )
        )
    )
    return old + rows_changed(
        db.session.execute(
            update(MeetingRegister)
            .where(
                MeetingRegister.undo.is_not(None),
                or_(
                    MeetingRegister.saved_at < now - UNDO_WITHIN,
                    MeetingRegister.undone_at.is_not(None),
                ),
            )
            .values(undo=null())
        )
    )


def unsaved_count(event_date_id: int) -> int:
    """How many files of a date wait for somebody to look at what they say."""
    wanted = select(MeetingFile.id).where(
        MeetingFile.event_date_id == event_date_id, MeetingFile.register_id.is_(None)
    )
    return len(db.session.scalars(wanted).all())
