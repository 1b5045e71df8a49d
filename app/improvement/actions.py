"""The verbs of the action log, and of what an offer will be judged by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.catalogue.models import Offer
from app.improvement import need_rules
from app.improvement.need_models import (
    Action,
    ActionState,
    JudgedBy,
    KeyImpactMeasure,
    Need,
    NeedState,
)
from app.kernel.db import db
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference


@dataclass(frozen=True)
class ActionDetails:
    """An action as somebody describes it."""

    what: str
    owner: str
    due_on: date
    need_reference: str | None = None
    offer_slugs: tuple[str, ...] = ()


def add_action(details: ActionDetails, *, actor: Person, now: datetime) -> Action:
    """Put a line into the action log."""
    actor = read_again(actor)
    action = Action(
        reference=new_reference(),
        state=ActionState.OPEN,
        outcome="",
        added_at=now,
        added_by=actor.reference,
    )
    _fill(action, details)
    db.session.add(action)
    db.session.flush()
    audit.record(actor.reference, "added", "action", action.reference, now=now)
    return action


def change_action(
    reference: str, details: ActionDetails, *, actor: Person, now: datetime
) -> Action:
    """Give an open action other words, another owner or another day; Refused once it is closed."""
    actor = read_again(actor)
    action = _locked(reference)
    if action.state is not ActionState.OPEN:
        raise Refused("This action is closed: add a new one if there is more to do")
    was_due = action.due_on
    _fill(action, details)
    moved = {"was_due": was_due.isoformat()} if was_due != action.due_on else {}
    audit.record(actor.reference, "changed", "action", reference, now=now, **moved)
    return action


def close_action(
    reference: str, *, is_done: bool, outcome: str, actor: Person, now: datetime
) -> Action:
    """Say that an action is done or dropped, and what came of it."""
    actor = read_again(actor)
    action = _locked(reference)
    need_rules.check_closing(action.state, outcome)
    action.state = ActionState.DONE if is_done else ActionState.DROPPED
    action.outcome, action.closed_on = outcome, london_date(now)
    audit.record(actor.reference, action.state.value, "action", reference, now=now)
    return action


def agree_measure(
    offer_slug: str,
    judged_by: JudgedBy,
    words: str,
    *,
    agreed_on: date,
    agreed_by: str,
    actor: Person,
    now: datetime,
) -> KeyImpactMeasure:
    """Note what an offer will be judged by (R48); Refused if the same stands already."""
    actor = read_again(actor)
    if agreed_on > london_date(now):
        raise Refused("The day it was agreed must not be in the future")
    offer = db.session.scalars(select(Offer).where(Offer.slug == offer_slug)).one()
    known = select(KeyImpactMeasure).where(
        KeyImpactMeasure.offer_id == offer.id,
        KeyImpactMeasure.judged_by == judged_by,
        KeyImpactMeasure.words == words,
    )
    if db.session.scalars(known).first():
        raise Refused("This measure stands already, or was given up: use other words")
    measure = KeyImpactMeasure(
        reference=new_reference(),
        offer_id=offer.id,
        judged_by=judged_by,
        words=words,
        agreed_on=agreed_on,
        agreed_by=agreed_by,
        retired_reason="",
    )
    db.session.add(measure)
    db.session.flush()
    audit.record(
        actor.reference,
        "agreed",
        "key_impact_measure",
        measure.reference,
        now=now,
        offer=offer.slug,
    )
    return measure


def retire_measure(reference: str, reason: str, *, actor: Person, now: datetime) -> None:
    """Judge an offer by this no longer, saying why."""
    actor = read_again(actor)
    measure = db.session.scalars(
        select(KeyImpactMeasure)
        .where(KeyImpactMeasure.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if measure.retired_on:
        raise Refused("This measure was given up already")
    if not reason:
        raise Refused("Enter why the offer is judged by this no longer")
    measure.retired_on, measure.retired_reason = london_date(now), reason
    audit.record(actor.reference, "retired", "key_impact_measure", reference, now=now)


def _locked(reference: str) -> Action:
    return db.session.scalars(
        select(Action)
        .where(Action.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _fill(action: Action, details: ActionDetails) -> None:
    need = None
    if details.need_reference:
        found = select(Need).where(Need.reference == details.need_reference)
        need = db.session.scalars(found.with_for_update()).one_or_none()
        if need is None:
            raise Refused("Choose a need from the list")
        if need.state in {NeedState.MET, NeedState.DECLINED} and action.need is not need:
            raise Refused("This need is closed: say first that it is being worked on again")
    offers = db.session.scalars(select(Offer).where(Offer.slug.in_(details.offer_slugs))).all()
    action.what, action.owner, action.due_on = details.what, details.owner, details.due_on
    action.need, action.offers = need, list(offers)
