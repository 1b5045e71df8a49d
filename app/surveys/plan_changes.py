"""Changing the schedule: a line asked on another day, or skipped, for a reason; and undoing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update

from app.accounts.models import Person
from app.audit import operations as audit
from app.catalogue.models import Event
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.surveys import rules, schedule_rules
from app.surveys.models import (
    Evaluation,
    InvitationState,
    MissedBecause,
    SurveyInvitation,
    SurveyStop,
    Wave,
)
from app.surveys.plan_conditions import of_line
from app.surveys.plan_models import ChangeKind, WaveChange
from app.surveys.schedule_rules import Placed

ITS_TIME_HAS_PASSED = "Its own day has passed: choose another day for it, or leave it as it is"


@dataclass
class _Line:
    """One wave of one event, or of a list, held against other changes."""

    wave: Wave
    evaluation: Evaluation
    event: Event | None
    change: WaveChange | None

    @property
    def placed(self) -> Placed:
        """What its days are counted from."""
        return placed(self.wave, self.evaluation, self.event)

    @property
    def is_mine(self) -> ColumnElement[bool]:
        """Whether an invitation is of this line."""
        return of_line(self.wave.id, self.event.id if self.event else None)


def placed(wave: Wave, evaluation: Evaluation, event: Event | None) -> Placed:
    """What the days of a wave are counted from."""
    if event is None:
        return Placed(wave.months_later, counted_from=evaluation.counted_from_on)
    return Placed(wave.months_later, event.starts_at, event.ends_at)


def move_line(
    wave_id: int,
    event_id: int | None,
    *,
    to: date,
    reason: str,
    actor: Person,
    now: datetime,
) -> None:
    """Ask on another day; Refused once anybody was asked. Who was missed for being late is asked.

    Whoever is planned later, from a register filled in late, is asked on that day too.
    """
    line = _unasked_line(wave_id, event_id)
    schedule_rules.check_move(line.placed, to, now=now)
    change = _change_of(line)
    change.kind, change.moved_to = ChangeKind.SHIFT, to
    change.reason, change.changed_at = reason, now
    db.session.flush()
    _plan_again(line, (MissedBecause.LATE, MissedBecause.SKIPPED), to)
    _record(line, "moved a survey of", actor, now=now, to=to.isoformat(), reason=reason)


def skip_line(
    wave_id: int, event_id: int | None, *, reason: str, actor: Person, now: datetime
) -> None:
    """Ask nobody; Refused once anybody was asked. Those planned are missed, and say why."""
    line = _unasked_line(wave_id, event_id)
    change = _change_of(line)
    change.kind, change.moved_to = ChangeKind.SKIP, None
    change.reason, change.changed_at = reason, now
    db.session.flush()
    _update(
        line,
        SurveyInvitation.state == InvitationState.PLANNED,
        state=InvitationState.MISSED,
        missed_because=MissedBecause.SKIPPED,
    )
    _record(line, "skipped a survey of", actor, now=now, reason=reason)


def undo_change(wave_id: int, event_id: int | None, *, actor: Person, now: datetime) -> None:
    """Ask when the plan says after all; Refused once anybody was asked, or if that has passed."""
    line = _unasked_line(wave_id, event_id)
    if line.change is None:
        raise Refused("Nothing is changed here any more: people are asked when the plan says")
    if now > line.placed.window().send_by:
        raise Refused(ITS_TIME_HAS_PASSED)
    db.session.delete(line.change)
    db.session.flush()
    _plan_again(line, (MissedBecause.SKIPPED,), None)
    _record(line, "put back a survey of", actor, now=now)


def _unasked_line(wave_id: int, event_id: int | None) -> _Line:
    """The line, locked; Refused if it is not there or if somebody was asked."""
    wave = db.session.get(Wave, wave_id)
    if wave is None:
        raise Refused("This is not in the plan any more")
    evaluation = db.session.get_one(Evaluation, wave.evaluation_id, with_for_update=True)
    event = db.session.get(Event, event_id) if event_id is not None else None
    asked = select(SurveyInvitation.sent_at).where(of_line(wave_id, event_id)).with_for_update()
    already = [sent_at for sent_at in db.session.scalars(asked) if sent_at is not None]
    if already:
        who = "1 person has" if len(already) == 1 else f"{len(already)} people have"
        raise Refused(f"{who} been asked already, so this can no longer be changed")
    change = db.session.scalar(
        select(WaveChange).where(WaveChange.wave_id == wave_id, WaveChange.event_id == event_id)
    )
    return _Line(wave, evaluation, event, change)


def _change_of(line: _Line) -> WaveChange:
    if line.change is None:
        event_id = line.event.id if line.event else None
        line.change = WaveChange(wave_id=line.wave.id, event_id=event_id)
        db.session.add(line.change)
    return line.change


def _plan_again(line: _Line, reasons: Sequence[MissedBecause], to: date | None) -> None:
    """Plan on its day whoever is planned, and whoever was missed for one of these reasons."""
    window = line.placed.window(to)
    again = (InvitationState.MISSED, InvitationState.PLANNED)
    _update(
        line,
        SurveyInvitation.state.in_(again),
        SurveyInvitation.person_id.not_in(select(SurveyStop.person_id)),
        SurveyInvitation.missed_because.is_(None) | SurveyInvitation.missed_because.in_(reasons),
        state=InvitationState.PLANNED,
        missed_because=None,
        due_at=window.due_at,
        closes_at=window.send_by,
    )


def _update(line: _Line, *conditions: ColumnElement[bool], **values: Any) -> None:
    db.session.execute(
        update(SurveyInvitation).where(line.is_mine, *conditions).values(**values),
        execution_options={"synchronize_session": "fetch"},
    )


def _record(line: _Line, verb: str, actor: Person, *, now: datetime, **facts: str) -> None:
    audit.record(
        actor.reference,
        verb,
        "evaluation",
        line.evaluation.slug,
        now=now,
        months=line.wave.months_later,
        asked=rules.wave_words(line.wave.months_later, of_list=line.event is None),
        event=line.event.reference if line.event else None,
        **facts,
    )
