"""All of one person: what every feature holds about them, how two become one, and erasing.

Features are asked in turn, from the top of the house down; each knows its own tables.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import Column, Table, and_, delete, or_, select, update
from sqlalchemy.sql.schema import UniqueConstraint

from app import jobs
from app.accounts import corrections
from app.accounts import merging as accounts_merging
from app.accounts import personal as accounts
from app.accounts.corrections import is_empty
from app.accounts.models import Person
from app.accounts.people import id_of
from app.attendance import personal as attendance
from app.audit import operations as audit_operations
from app.audit import personal as audit
from app.bookings import merging as bookings_merging
from app.bookings import personal as bookings
from app.bookings import readdressing
from app.catalogue import personal as catalogue
from app.forums import executive_links
from app.forums import personal as forums
from app.kernel import clock
from app.kernel.db import db, transaction
from app.kernel.spreadsheet import BYTE_ORDER_MARK, csv_text
from app.notices import personal as notices
from app.outbox import personal as outbox
from app.outbox.models import OutboxMessage
from app.outbox.operations import send_again
from app.outbox.queries import failed_to
from app.record import personal as record
from app.schema import TABLES
from app.surveys import personal as surveys

ACTOR = "command line"


@dataclass(frozen=True)
class Erasure:
    """What came of erasing somebody; unless it is whole, their name and address are still here."""

    reference: str
    is_whole: bool
    ended_count: int = 0
    messages_count: int = 0
    unsent_count: int = 0


@dataclass(frozen=True)
class Merged:
    """What came of two people becoming one."""

    bookings_count: int  # that moved
    ended_count: int  # both were booked on the same event
    entries_count: int  # sent anew to the calendar of the address that stays


def find(address_or_reference: str) -> Person | None:
    """The person with this address, or whom this reference stands for."""
    wanted = address_or_reference.strip()
    is_theirs = or_(Person.email == wanted.lower(), Person.reference == wanted)
    return db.session.scalars(select(Person).where(is_theirs)).one_or_none()


def is_erased(person: Person) -> bool:
    """Whether nothing is left of them but a reference."""
    return is_empty(person)


def export(person: Person, *, now: datetime) -> dict[str, Any]:
    """Everything that is held about somebody, under the names of its kinds."""
    return {
        **accounts.export(person),
        **bookings.export(person.id),
        **attendance.export(person.id),
        **catalogue.export(person.id),
        **record.export(person.id, now=now),
        **notices.export(person.id),
        **surveys.export(person.id),
        **forums.export(person.id),
        **outbox.export(traces_of(person)),
        **audit.export(*_references_of(person)),
    }


def _references_of(person: Person) -> list[str]:
    """Their own reference, and those of whoever turned out to be the same person."""
    merged = select(Person.reference).where(Person.merged_into_id == person.id)
    return [person.reference, *db.session.scalars(merged)]


def merge(duplicate: Person, into: Person, *, actor: Person, now: datetime) -> Merged:
    """Two people are one: all that is kept of the duplicate is the other's; or Refused, for good.

    Events are locked before people, as everybody does it. Nobody is told that a place is lost.
    """
    from_id, into_id = id_of(duplicate), id_of(into)
    locked = bookings_merging.lock(from_id, into_id)
    duplicate, into = accounts_merging.lock_both(duplicate, into)
    accounts_merging.check_may_merge(duplicate, into, actor=actor)
    with_address = into_id if into.email else from_id  # whose address stays
    known_there = readdressing.reached_at(with_address, now=now)
    by = actor.reference
    found = bookings_merging.merge(from_id, into_id, locked=locked, actor=by, now=now)
    attendance.merge(from_id, into_id)
    surveys.merge(from_id, into_id, now=now)
    record.merge(from_id, into_id)
    _follow(from_id, into_id)
    outbox.merge(duplicate.reference, into.reference)
    real_now = clock.real_now()
    old_email = accounts_merging.merge(duplicate, into, actor=by, now=now, now_real=real_now)
    executive_links.follow_address(old_email, into.email)
    db.session.flush()
    new_there = readdressing.reached_at(into_id, now=now) - known_there
    sent = readdressing.send_entries(new_there, now=now)
    accounts_merging.tell(into, old_email, now=now)
    return Merged(found.moved_count, len(found.ended), sent)


@dataclass(frozen=True)
class Readdressed:
    """What came of writing to somebody at another address."""

    entries_count: int  # sent to the calendar there
    again_count: int  # that had failed, and are tried again


def correct_address(
    person: Person, email: str, *, with_failed: bool, actor: Person, now: datetime
) -> Readdressed:
    """Write to somebody at another address from now on, and tell both; or Refused.

    Sessions to come go into the calendar there; `with_failed` sends again what did not arrive.
    """
    before = readdressing.reached_at(id_of(person), now=now)
    readdressing.lock(before)
    reference = person.reference
    failed = to_send_again(person, now=now) if with_failed else []
    real_now = clock.real_now()
    old = corrections.correct_address(person, email, actor=actor, now=now, now_real=real_now)
    executive_links.follow_address(old, email)
    for message in failed:
        send_again(message, email)
    sent = readdressing.send_entries(readdressing.reached_at(person.id, now=now), now=now)
    if failed:
        count, by = len(failed), actor.reference
        audit_operations.record(by, "sent_again", "person", reference, now=now, count=count)
    return Readdressed(sent, len(failed))


def to_send_again(person: Person, *, now: datetime) -> list[OutboxMessage]:
    """What failed and is still of use: letters about sessions to come; entries are sent anew."""
    to_come = set(readdressing.to_come(person.id, now=now))
    return [
        message
        for message in failed_to(person.reference, person.email)
        if message.calendar_method is None
        and message.body_erased_at is None
        and message.about_kind == "booking"
        and message.about_reference in to_come
    ]


# What features move by their own rules; every other column that names a person just follows.
MOVED_BY_FEATURES = {
    *("booking.person_id", "booking.booked_by_id", "new_dates_wish.person_id"),
    *("learning_elsewhere.person_id", "refresher_nudge.person_id", "refresher_stop.person_id"),
    *("survey_invitation.person_id", "survey_addressee.person_id", "survey_stop.person_id"),
    *("passing_on.person_id", "post.person_id", "role_grant.person_id"),
    *("sign_in_session.person_id", "authenticator.person_id", "recovery_code.person_id"),
}


def _follow(from_id: int, into_id: int) -> None:
    """Who recorded, decided or brought in something was the one person that they are."""
    for table in TABLES:
        for column in table.columns:
            if f"{table.name}.{column.name}" in MOVED_BY_FEATURES:
                continue
            if any(key.column.table.name == "person" for key in column.foreign_keys):
                _leave_out_twins(table, column, from_id, into_id)
                moved = update(table).where(column == from_id).values({column: into_id})
                db.session.execute(moved)


def _leave_out_twins(table: Table, column: Column[Any], from_id: int, into_id: int) -> None:
    """A row that the other person has just so goes; a key names each person once."""
    keys = [
        list(one.columns)
        for one in (table.primary_key, *table.constraints)
        if isinstance(one, UniqueConstraint) or one is table.primary_key
    ]
    for key in keys:
        if column in key:
            theirs = table.alias()
            others = [theirs.c[part.name] == part for part in key if part is not column]
            same = select(theirs.c[column.name]).where(theirs.c[column.name] == into_id, *others)
            db.session.execute(delete(table).where(and_(column == from_id, same.exists())))


def write_zip(content: Mapping[str, Any], file: Any) -> None:
    """The whole as JSON, and each list as a spreadsheet that people can read."""
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        whole = json.dumps(content, default=_plain, ensure_ascii=False, indent=2)
        archive.writestr("person.json", whole)
        for name, rows in content.items():
            if isinstance(rows, list) and rows:
                archive.writestr(f"{name}.csv", BYTE_ORDER_MARK + csv_text(_table(rows)))


def _table(rows: list[dict[str, Any]]) -> Iterator[list[str]]:
    yield list(rows[0])
    for row in rows:
        yield [_cell(value) for value in row.values()]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    plain = value if isinstance(value, str | int | dict) else _plain(value)
    return json.dumps(plain) if isinstance(plain, dict) else str(plain)


def _plain(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written down")


def traces_of(person: Person) -> outbox.Traces:
    """By what messages to somebody, or about them, are known."""
    return outbox.Traces(
        person_reference=person.reference,
        email=person.email or "",
        name=person.name,
        booking_references=bookings.references_of(person.id),
    )


def erase(person_id: int, *, now: datetime, even_unsent: bool = False) -> Erasure:
    """Close the account and end what is to come; tell calendars; then erase name and address.

    Cancellations must leave while the address is known. If they cannot, for want of a mail server,
    the rest waits: erase again, or `even_unsent`. Nothing else is sent to them any more.
    """
    with transaction():
        person = db.session.get_one(Person, person_id)
        reference = person.reference
        accounts.close(person, actor=ACTOR, now=now, now_real=clock.real_now())
        outbox.withhold(traces_of(person))
        ended = bookings.erase(person_id, now=now)
        attendance.erase(person_id)
        surveys.erase(person_id, now=now)
        record.erase(person_id)
        catalogue.erase(person_id)
        forums.erase(person_id)
    unsent = _let_messages_leave(person_id, now)
    if unsent and not even_unsent:
        return Erasure(reference, is_whole=False, ended_count=ended, unsent_count=unsent)
    with transaction():
        person = db.session.get_one(Person, person_id)
        messages = outbox.erase(traces_of(person), now_real=clock.real_now())
        accounts.erase(person, actor=ACTOR, now=now)
    return Erasure(reference, True, ended, messages, unsent)


def _let_messages_leave(person_id: int, now: datetime) -> int:
    """Send until nothing to them is left to send, or nothing more can be; how many are left."""
    left = _unsent_count(person_id)
    sending = jobs.deliver_mail(now)
    while left and next(sending, None) is not None:
        left = _unsent_count(person_id)
    return left


def _unsent_count(person_id: int) -> int:
    count = outbox.unsent_count(traces_of(db.session.get_one(Person, person_id)))
    db.session.rollback()
    return count
