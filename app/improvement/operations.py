"""The verbs of evidence: add, change, withdraw with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.catalogue.models import Offer, Topic
from app.improvement import rules
from app.improvement.models import Counted, Evidence, EvidenceKind
from app.kernel.db import db
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference


@dataclass(frozen=True)
class EvidenceDetails:
    """A finding as staff describe it."""

    title: str
    kind: EvidenceKind
    source: str
    until_on: date
    from_on: date | None = None
    web_address: str | None = None
    counted: Counted | None = None
    count: int | None = None
    base: int | None = None
    is_lower_bound: bool = False
    offer_slugs: tuple[str, ...] = ()
    topic_slugs: tuple[str, ...] = ()


def add_evidence(details: EvidenceDetails, *, actor: Person, now: datetime) -> Evidence:
    """Put a finding beside what people say; Refused without a source or of a few people."""
    actor = read_again(actor)
    evidence = Evidence(
        reference=new_reference(),
        recorded_at=now,
        recorded_by=actor.reference,
        withdrawn_reason="",
    )
    _fill(evidence, details, now=now)
    db.session.add(evidence)
    db.session.flush()
    _note("added", evidence, actor, now=now)
    return evidence


def change_evidence(
    reference: str, details: EvidenceDetails, *, actor: Person, now: datetime
) -> Evidence:
    """Put a finding right; Refused once it is withdrawn."""
    actor = read_again(actor)
    evidence = _locked(reference)
    _fill(evidence, details, now=now)
    db.session.flush()
    _note("changed", evidence, actor, now=now)
    return evidence


def withdraw_evidence(reference: str, reason: str, *, actor: Person, now: datetime) -> None:
    """Show it no more, and say why to staff; Refused if it is withdrawn already."""
    actor = read_again(actor)
    if not reason:
        raise Refused("Enter why it is withdrawn")
    evidence = _locked(reference)
    evidence.withdrawn_at, evidence.withdrawn_reason = now, reason
    _note("withdrew", evidence, actor, now=now)


def _locked(reference: str) -> Evidence:
    evidence = db.session.scalars(
        select(Evidence)
        .where(Evidence.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if evidence.withdrawn_at:
        raise Refused("This is withdrawn already: record it anew if it should stand again")
    return evidence


def _fill(evidence: Evidence, details: EvidenceDetails, *, now: datetime) -> None:
    if not details.source:
        raise Refused("Enter the source: who counted it, or where it is published")
    rules.check_period(details.from_on, details.until_on, today=london_date(now))
    rules.check_figure(
        details.counted, details.count, details.base, is_lower_bound=details.is_lower_bound
    )
    offers = db.session.scalars(select(Offer).where(Offer.slug.in_(details.offer_slugs))).all()
    topics = db.session.scalars(select(Topic).where(Topic.slug.in_(details.topic_slugs))).all()
    rules.check_about(len(offers) + len(topics))
    evidence.title, evidence.kind = details.title, details.kind
    evidence.source, evidence.web_address = details.source, details.web_address
    evidence.from_on, evidence.until_on = details.from_on, details.until_on
    evidence.counted = details.counted
    evidence.figure_count, evidence.figure_base = details.count, details.base
    evidence.is_lower_bound = details.is_lower_bound
    evidence.offers, evidence.topics = list(offers), list(topics)


def _note(verb: str, evidence: Evidence, actor: Person, *, now: datetime) -> None:
    audit.record(
        actor.reference,
        verb,
        "evidence",
        evidence.reference,
        now=now,
        kind=evidence.kind.value,
        reason=evidence.withdrawn_reason or None,
    )
