"""Why the offers of the example exist: needs, what was decided, and what is being done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.accounts.models import Person
from app.catalogue.models import SourceOfNeed
from app.demo.making.rows import read
from app.improvement import actions, needs
from app.improvement.actions import ActionDetails
from app.improvement.need_models import JudgedBy, Need, NeedState
from app.improvement.needs import NeedDetails
from app.kernel.db import db
from app.kernel.london import london_date
from app.partnership.models import Priority

AGREED_DAYS_AGO = 400


def raise_needs(*, raised_by: str, decided_by: str, now: datetime) -> None:
    """Raise and decide the needs of the data file; both are references of persons."""
    people = {one: _person(one) for one in (raised_by, decided_by)}
    facts = read("needs")
    for one in facts["needs"]:
        raised_at = now - timedelta(days=one["raised_days_ago"])
        need = needs.raise_need(_details(one), actor=people[raised_by], now=raised_at)
        _answer(need, one, people[decided_by], now=now)
    for one in facts["measures"]:
        at = now - timedelta(days=AGREED_DAYS_AGO)
        actions.agree_measure(
            one["offer"],
            JudgedBy(one["judged_by"]),
            one["words"],
            agreed_on=london_date(at),
            agreed_by="Learning and Development delivery group",
            actor=people[decided_by],
            now=at,
        )


def _person(reference: str) -> Person:
    return db.session.scalars(select(Person).where(Person.reference == reference)).one()


def _details(one: dict[str, Any]) -> NeedDetails:
    plan, number = one.get("priority", (None, None))
    which = select(Priority.id).where(Priority.plan == plan, Priority.number == number)
    return NeedDetails(
        title=one["title"],
        source=SourceOfNeed(one["source"]),
        found_in=one["found_in"],
        details=one["details"],
        raised_for=one["raised_for"],
        priority_id=db.session.scalar(which) if plan else None,
    )


def _answer(need: Need, one: dict[str, Any], actor: Person, *, now: datetime) -> None:
    if one["state"] == NeedState.RAISED:
        return
    at = now - timedelta(days=one["decided_days_ago"])
    # It was decided without a letter: nobody of the example reads what is long over.
    need.state, need.answer, need.decided_at = NeedState.AGREED, one["answer"], at
    needs.link_offers(need.reference, one["offers"], actor=actor, now=at)
    for line in one["actions"]:
        due_on = london_date(now) + timedelta(days=line["due_days"])
        details = ActionDetails(line["what"], line["owner"], due_on, need.reference)
        action = actions.add_action(details, actor=actor, now=at)
        if "outcome" in line:
            actions.close_action(
                action.reference, is_done=True, outcome=line["outcome"], actor=actor, now=at
            )
    need.state = NeedState(one["state"])
