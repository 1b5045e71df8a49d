"""Counting at which hours people answer, and reminding others at those."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, cast, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.kernel.db import db
from app.surveys import answering_hour_rules as rules
from app.surveys.answering_hour_models import AnsweringHour


def count_answer(*, now: datetime) -> None:
    """Count one answer under its hour; in a transaction of its own, apart from the answer."""
    hour = rules.hour_counted(now)
    if hour is None:
        return
    counted = db.session.scalar(
        update(AnsweringHour)
        .where(AnsweringHour.hour == hour)
        .values(answers_count=AnsweringHour.answers_count + 1)
        .returning(AnsweringHour.answers_count)
    )
    if counted is None:
        _begin(hour)
    elif counted >= rules.MOST_OF_AN_HOUR:
        halved = AnsweringHour.answers_count / 2
        db.session.execute(update(AnsweringHour).values(answers_count=cast(halved, Integer)))


def _begin(hour: int) -> None:
    try:
        with db.session.begin_nested():
            db.session.execute(insert(AnsweringHour).values(hour=hour, answers_count=1))
    except IntegrityError:  # somebody else answered first in this hour: one answer is not counted
        return


def is_time_to_remind(*, now: datetime) -> bool:
    """Whether the hour has come at which reminders leave."""
    found = select(AnsweringHour.hour, AnsweringHour.answers_count)
    counts = {row.hour: row.answers_count for row in db.session.execute(found)}
    return rules.is_time_to_remind(counts, now)
