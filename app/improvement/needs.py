"""The verbs of needs: raise, put right, decide, link offers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.catalogue.models import Offer, SourceOfNeed
from app.improvement import need_rules
from app.improvement.emails import queue_need_decided
from app.improvement.need_models import ActionState, Need, NeedState
from app.kernel.db import db
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference
from app.partnership.models import Priority


@dataclass(frozen=True)
class NeedDetails:
    """A need as somebody describes it."""

    title: str
    source: SourceOfNeed
    found_in: str
    details: str = ""
    found_on: date | None = None
    raised_for: str = ""
    priority_id: int | None = None


def raise_need(details: NeedDetails, *, actor: Person, now: datetime) -> Need:
    """Tell the delivery group of a need; it waits to be looked at."""
    actor = read_again(actor)
    need = Need(
        reference=new_reference(),
        state=NeedState.RAISED,
        answer="",
        raised_by=actor.reference,
        raised_at=now,
    )
    _fill(need, details, now=now)
    db.session.add(need)
    db.session.flush()
    audit.record(actor.reference, "raised", "need", need.reference, now=now)
    return need


def change_need(reference: str, details: NeedDetails, *, actor: Person, now: datetime) -> Need:
    """Put the words of a need right."""
    actor = read_again(actor)
    need = locked(reference)
    _fill(need, details, now=now)
    audit.record(actor.reference, "changed", "need", reference, now=now)
    return need


def link_offers(reference: str, slugs: Iterable[str], *, actor: Person, now: datetime) -> None:
    """Say which offers answer a need: exactly these."""
    actor = read_again(actor)
    need = locked(reference)
    offers = db.session.scalars(select(Offer).where(Offer.slug.in_(list(slugs)))).all()
    if need.state is NeedState.MET and not offers:
        raise Refused("This need is met: say that it is being worked on again, then take it off")
    need.offers = list(offers)
    audit.record(
        actor.reference, "linked_offers", "need", reference, now=now, offers=len(need.offers)
    )


def decide(
    reference: str, becomes: NeedState, answer: str, *, actor: Person, now: datetime
) -> Need:
    """Say what becomes of a need, and tell whoever raised it."""
    actor = read_again(actor)
    need = locked(reference)
    open_actions = sum(1 for action in need.actions if action.state is ActionState.OPEN)
    need_rules.check_decision(
        need.state, becomes, answer, offers=len(need.offers), open_actions=open_actions
    )
    need.state, need.answer, need.decided_at = becomes, answer, now
    audit.record(actor.reference, "decided", "need", reference, now=now, state=becomes.value)
    if need.raised_by != actor.reference:
        queue_need_decided(need)
    return need


def locked(reference: str) -> Need:
    """The need with this reference, for this transaction alone."""
    return db.session.scalars(
        select(Need)
        .where(Need.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _fill(need: Need, details: NeedDetails, *, now: datetime) -> None:
    need_rules.check_found_on(details.found_on, today=london_date(now))
    if details.priority_id and db.session.get(Priority, details.priority_id) is None:
        raise Refused("Choose a priority from the list")
    need.title, need.details = details.title, details.details
    need.source, need.found_in, need.found_on = details.source, details.found_in, details.found_on
    need.raised_for, need.priority_id = details.raised_for, details.priority_id
