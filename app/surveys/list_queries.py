"""Reads for lists of people to be asked: who is on it, never who was asked or answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select

from app.accounts.models import Person
from app.kernel.db import db
from app.partnership.models import Sector
from app.surveys import rules
from app.surveys.models import Evaluation, Wave
from app.surveys.plan_changes import placed
from app.surveys.plan_models import SurveyAddressee, WaveChange


@dataclass(frozen=True)
class OnList:
    """Somebody on a list."""

    reference: str
    name: str
    email: str | None
    sector: str
    added_at: datetime


@dataclass(frozen=True)
class Asking:
    """When people added now are asked, or that it is too late for them."""

    words: str
    due_at: datetime
    is_too_late: bool
    is_skipped: bool


def people_count(evaluation_id: int) -> int:
    """How many people are on the list of an evaluation."""
    on_list = SurveyAddressee.evaluation_id == evaluation_id
    return db.session.scalar(select(func.count(SurveyAddressee.id)).where(on_list)) or 0


def people(evaluation_id: int, first: int, last: int) -> list[OnList]:
    """A page of the list, by name."""
    query = _people(evaluation_id).order_by(func.lower(Person.name), Person.email, Person.id)
    return [OnList(*row) for row in db.session.execute(query.offset(first).limit(last - first))]


def find_person(evaluation_id: int, reference: str) -> tuple[int, OnList] | None:
    """Somebody on the list by reference; None if they are not."""
    query = _people(evaluation_id).where(Person.reference == reference)
    row = db.session.execute(query.add_columns(Person.id)).one_or_none()
    return (row[-1], OnList(*row[:-1])) if row else None


def askings(evaluation: Evaluation, *, now: datetime) -> Sequence[Asking]:
    """When people added now are asked, wave by wave."""
    query = (
        select(Wave, WaveChange)
        .outerjoin(WaveChange, (WaveChange.wave_id == Wave.id) & WaveChange.event_id.is_(None))
        .where(Wave.evaluation_id == evaluation.id)
        .order_by(Wave.months_later)
    )
    found = []
    for wave, change in db.session.execute(query):
        window = placed(wave, evaluation, None).window(change.moved_to if change else None)
        found.append(
            Asking(
                words=rules.wave_words(wave.months_later, of_list=True),
                due_at=window.due_at,
                is_too_late=now > window.send_by,
                is_skipped=bool(change and change.moved_to is None),
            )
        )
    return found


def _people(evaluation_id: int) -> Select[str, str, str | None, str, datetime]:
    return (
        select(Person.reference, Person.name, Person.email, Sector.name, SurveyAddressee.added_at)
        .join(SurveyAddressee, SurveyAddressee.person_id == Person.id)
        .join(Sector, Sector.id == SurveyAddressee.sector_id)
        .where(SurveyAddressee.evaluation_id == evaluation_id)
    )
