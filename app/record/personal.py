"""What a record holds about a person: taken out whole, and erased when they ask."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from app.kernel.db import db, rows_changed
from app.partnership.models import Refresher
from app.record import queries
from app.record.certificates import code_of
from app.record.models import LearningElsewhere, RefresherNudge, RefresherStop
from app.record.rules import Learned


def export(person_id: int, *, now: datetime) -> dict[str, Any]:
    """What somebody learned, the codes of their certificates, and the reminders they were sent."""
    found = queries.record_of(person_id, now=now)
    nudges = db.session.execute(
        select(Refresher.name, RefresherNudge.due_on, RefresherNudge.sent_at)
        .join(Refresher, Refresher.id == RefresherNudge.refresher_id)
        .where(RefresherNudge.person_id == person_id)
        .order_by(RefresherNudge.id)
    )
    stop = db.session.get(RefresherStop, person_id)
    return {
        "learning_elsewhere": [
            {
                "title": entry.title,
                "provider": entry.provider,
                "learned_on": entry.learned_on,
                "minutes": entry.minutes,
                "renews": entry.refresher.name if entry.refresher else None,
                "added_at": entry.added_at,
                "changed_at": entry.changed_at,
            }
            for entry in db.session.scalars(
                select(LearningElsewhere)
                .where(LearningElsewhere.person_id == person_id)
                .order_by(LearningElsewhere.learned_on, LearningElsewhere.id)
            )
        ],
        "certificates": _certificates(found.lines),
        "to_be_renewed": [
            {"name": due.rule.name, "done_on": due.done_on, "due_on": due.due_on}
            for due in found.refreshers
        ],
        "reminders_to_renew": [row._asdict() for row in nudges],
        "wants_no_reminders_since": stop.stopped_at if stop else None,
    }


def erase(person_id: int) -> int:
    """Erase what somebody added and what they were reminded of; how many rows.

    Certificates are never stored: their codes stop being borne out when accounts erase the name.
    """
    gone = [
        db.session.execute(delete(table).where(table.person_id == person_id))
        for table in (LearningElsewhere, RefresherNudge, RefresherStop)
    ]
    return sum(rows_changed(result) for result in gone)


def merge(from_id: int, into_id: int) -> None:
    """What one person added and was reminded of is the other's; whoever wanted peace has it."""
    for table, key in (
        (LearningElsewhere, ("title", "provider", "learned_on", "minutes")),
        (RefresherNudge, ("refresher_id", "due_on", "months_before")),
    ):
        known = {_key(row, key) for row in _rows_of(table, into_id)}
        for row in _rows_of(table, from_id):
            if _key(row, key) in known:
                db.session.delete(row)
            else:
                row.person_id = into_id
    stop = db.session.get(RefresherStop, from_id)
    if stop is not None:
        if db.session.get(RefresherStop, into_id) is None:
            db.session.add(RefresherStop(person_id=into_id, stopped_at=stop.stopped_at))
        db.session.delete(stop)
    db.session.flush()


def _rows_of(table: Any, person_id: int) -> Iterable[Any]:
    return db.session.scalars(select(table).where(table.person_id == person_id)).all()


def _key(row: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


def _certificates(lines: Iterable[Learned]) -> list[dict[str, Any]]:
    return [
        {
            "code": code_of(line.booking_reference),
            "title": line.title,
            "provider": line.provider,
            "learned_on": line.learned_on,
            "minutes": line.minutes,
            "how": line.how,
        }
        for line in lines
        if line.booking_reference
    ]
