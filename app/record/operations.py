"""The verbs of a record: add, change and remove learning elsewhere; remind, and stop reminding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from app.accounts.models import Person
from app.audit import operations as audit
from app.kernel.db import db
from app.kernel.london import london_date
from app.kernel.tokens import new_reference
from app.record import emails, queries, rules
from app.record.models import LearningElsewhere, RefresherNudge, RefresherStop
from app.record.rules import RefresherDue


@dataclass(frozen=True)
class ElsewhereDetails:
    """What somebody says about learning elsewhere."""

    title: str
    provider: str
    learned_on: date
    minutes: int | None = None
    refresher_id: int | None = None


def add_elsewhere(details: ElsewhereDetails, *, actor: Person, now: datetime) -> LearningElsewhere:
    """Add learning elsewhere to one's own record; Refused for a day to come."""
    count = db.session.scalar(
        select(func.count())
        .select_from(LearningElsewhere)
        .where(LearningElsewhere.person_id == actor.id)
    )
    rules.check_entry(details.learned_on, today=london_date(now), others_count=count or 0)
    entry = LearningElsewhere(
        reference=new_reference(), person_id=actor.id, added_at=now, changed_at=now
    )
    _write(entry, details)
    db.session.add(entry)
    _note(entry, "added", actor=actor, now=now)
    return entry


def change_elsewhere(
    entry: LearningElsewhere, details: ElsewhereDetails, *, actor: Person, now: datetime
) -> None:
    """Change what one added; Refused for a day to come."""
    rules.check_entry(details.learned_on, today=london_date(now))
    _write(entry, details)
    entry.changed_at = now
    _note(entry, "changed", actor=actor, now=now)


def remove_elsewhere(entry: LearningElsewhere, *, actor: Person, now: datetime) -> None:
    """Take out what one added."""
    _note(entry, "removed", actor=actor, now=now)
    db.session.delete(entry)


def _write(entry: LearningElsewhere, details: ElsewhereDetails) -> None:
    entry.title, entry.provider = details.title, details.provider
    entry.learned_on, entry.minutes = details.learned_on, details.minutes
    entry.refresher_id = details.refresher_id


def _note(entry: LearningElsewhere, verb: str, *, actor: Person, now: datetime) -> None:
    audit.record(actor.reference, verb, "learning_elsewhere", entry.reference, now=now)


def nudge(person_id: int, *, now: datetime) -> int:
    """Queue the reminders that are timely for one person now; how many.

    Each goes once. Nobody is reminded who has booked what would renew it, who wants no reminders,
    or who has left.
    """
    person = db.session.get_one(Person, person_id)
    if not person.email or person.deactivated_at or queries.has_stopped(person_id):
        return 0
    timely = [due for due in queries.refreshers_of(person_id, now=now) if _notice(due, now)]
    sent = _sent_to(person_id)
    wanted = [due for due in timely if (due.rule.id, due.due_on, _notice(due, now)) not in sent]
    ways = queries.ways_on([due.rule.id for due in wanted], person, now=now)
    to_send = [due for due in wanted if ways[due.rule.id].booked is None]
    for due in to_send:
        months = _notice(due, now) or 0
        db.session.add(
            RefresherNudge(
                person_id=person_id,
                refresher_id=due.rule.id,
                due_on=due.due_on,
                months_before=months,
                sent_at=now,
            )
        )
        emails.queue_nudge(person, due, ways[due.rule.id].next, months_before=months, now=now)
    return len(to_send)


def _notice(due: RefresherDue, now: datetime) -> int | None:
    return rules.notice_on(due.due_on, today=london_date(now))


def _sent_to(person_id: int) -> set[tuple[int, date, int | None]]:
    found = db.session.scalars(select(RefresherNudge).where(RefresherNudge.person_id == person_id))
    return {(row.refresher_id, row.due_on, row.months_before) for row in found}


def stop_reminders(person_id: int, *, now: datetime) -> None:
    """Send this person no more reminders of what must be renewed."""
    if not queries.has_stopped(person_id):
        db.session.add(RefresherStop(person_id=person_id, stopped_at=now))
        db.session.flush()


def resume_reminders(person_id: int) -> None:
    """Send this person reminders again."""
    stop = db.session.get(RefresherStop, person_id)
    if stop is not None:
        db.session.delete(stop)
