"""A need, an action and a measure, for tests that need one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.accounts.models import Person
from app.catalogue.models import Offer, SourceOfNeed
from app.improvement import actions, needs
from app.improvement.actions import ActionDetails
from app.improvement.need_models import Action, JudgedBy, KeyImpactMeasure, Need
from app.improvement.needs import NeedDetails
from app.kernel.db import db
from app.kernel.london import london_date


def some_need(actor: Person, *, now: datetime, **changes: Any) -> Need:
    """That neglect must be seen behind missed appointments, committed."""
    facts: dict[str, Any] = {
        "title": "See neglect behind missed appointments",
        "source": SourceOfNeed.MULTI_AGENCY_AUDIT,
        "found_in": "Audit of neglect, June 2026",
        "raised_for": "Neglect sub-group",
    }
    made = needs.raise_need(NeedDetails(**(facts | changes)), actor=actor, now=now)
    db.session.commit()
    return made


def some_action(actor: Person, *, now: datetime, **changes: Any) -> Action:
    """Somebody writes a briefing within a month, committed."""
    facts: dict[str, Any] = {
        "what": "Write a briefing",
        "owner": "Training Co-ordinator",
        "due_on": london_date(now) + timedelta(days=30),
    }
    made = actions.add_action(ActionDetails(**(facts | changes)), actor=actor, now=now)
    db.session.commit()
    return made


def some_measure(
    offer: Offer, actor: Person, *, now: datetime, words: str = "Visits of the page, each quarter"
) -> KeyImpactMeasure:
    """An offer is judged by visits of its page, committed."""
    made = actions.agree_measure(
        offer.slug,
        JudgedBy.ANALYTICS,
        words,
        agreed_on=london_date(now),
        agreed_by="Delivery group",
        actor=actor,
        now=now,
    )
    db.session.commit()
    return made
