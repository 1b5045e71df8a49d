"""What the closing checklist reads, a feature at a time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, func, select

from app.attendance import closing
from app.catalogue.models import Event, EventMode
from app.home.closing.rules import ClosingFacts, WaveFacts
from app.kernel.db import db
from app.surveys.manage_queries import evaluation_of_offer
from app.surveys.models import InvitationState, SurveyInvitation, Wave
from app.surveys.rules import wave_words

ASKED = (InvitationState.SENT, InvitationState.ANSWERED, InvitationState.CLOSED)
NEVER = (InvitationState.MISSED, InvitationState.STOPPED)


def closing_facts(event: Event) -> ClosingFacts:
    """Registers, recording and surveys of an event."""
    dates = closing.facts_of_dates(event.id)
    waves = _waves(event.id)
    return ClosingFacts(
        dates=dates,
        expected=closing.expected_count(event.id),
        counts_heads=any(date.head_count is not None for date in dates),
        is_online=event.mode is not EventMode.FACE_TO_FACE,
        recording_url=event.recording_url,
        waves=waves,
        asks_nobody=not waves and (event.is_history or not _has_plan(event.offer_id)),
    )


def _has_plan(offer_id: int) -> bool:
    evaluation = evaluation_of_offer(offer_id)
    if evaluation is None:
        return False
    return db.session.scalar(select(Wave.id).where(Wave.evaluation_id == evaluation.id)) is not None


def _waves(event_id: int) -> list[WaveFacts]:
    """The surveys of those who were booked: when, and how many; one statement."""

    def counted(*states: InvitationState) -> Any:
        return func.sum(case((SurveyInvitation.state.in_(states), 1), else_=0))

    rows = db.session.execute(
        select(
            Wave.months_later,
            func.min(SurveyInvitation.due_at),
            counted(InvitationState.PLANNED),
            counted(*ASKED),
            counted(*NEVER),
        )
        .join(SurveyInvitation.wave)
        .where(SurveyInvitation.event_id == event_id)
        .group_by(Wave.months_later)
        .order_by(Wave.months_later)
    )
    return [
        WaveFacts(wave_words(months), due_at, planned, asked, never)
        for months, due_at, planned, asked, never in rows
    ]
