"""Evaluations and their plans: the one every offer gets by itself, and those that staff make."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from app.accounts.models import Person
from app.audit import operations as audit
from app.catalogue.models import Audience, Offer, OfferKind, Series, offer_audience
from app.kernel.db import db
from app.kernel.london import from_london, london_date
from app.kernel.refusals import Refused
from app.surveys import questionnaires, rules
from app.surveys.models import (
    Evaluation,
    InvitationState,
    MissedBecause,
    QuestionnaireKind,
    QuestionnaireVersion,
    SurveyInvitation,
    Wave,
)
from app.surveys.plan_models import WaveChange
from app.surveys.response_models import Response

RESERVED = {"new"}  # the page that makes an evaluation
KIND_WORDS = {
    OfferKind.COURSE: "the course",
    OfferKind.LEARNING_EXCHANGE: "the learning exchange",
    OfferKind.DSL_FORUM: "the forum",
    OfferKind.SAFER_SLEEP: "the session",
    OfferKind.MASTERCLASS: "the masterclass",
    OfferKind.CONFERENCE: "the conference",
    OfferKind.BRIEFING: "the briefing",
    OfferKind.WORKSHOP: "the workshop",
    OfferKind.PEER_SUPPORT: "the peer support meetings",
    OfferKind.RESOURCE: "the resource",
}


def ensure_default_evaluations(*, now: datetime) -> int:
    """Give every offer, and every series of exchanges, the evaluation it lacks; how many it did."""
    questionnaires.load_standard_questionnaires(now=now)
    offers = db.session.scalars(
        select(Offer)
        .outerjoin(Evaluation, Evaluation.is_default_for_id == Offer.id)
        .where(Evaluation.id.is_(None))
        .options(selectinload(Offer.series))
        .order_by(Offer.id)
    ).all()
    audiences = _audiences_of([offer.id for offer in offers])
    for offer in offers:
        _add_for_offer(offer, audiences.get(offer.id, []), now=now)
    return len(offers) + _add_for_series(now=now)


def kind_of_wave(months_later: int, *, of_list: bool = False) -> QuestionnaireKind:
    """Which questionnaire a wave asks; people on a list are asked what came of something."""
    if of_list:
        return QuestionnaireKind.IMPACT
    if months_later == rules.BEFORE:
        return QuestionnaireKind.BEFORE
    return QuestionnaireKind.AFTER if months_later == rules.AFTER else QuestionnaireKind.IMPACT


def add_wave(
    evaluation: Evaluation,
    months_later: int,
    *,
    once_per_person: bool = False,
    version: QuestionnaireVersion | None = None,
) -> Wave:
    """Ask at this point too, with the newest version of the standard questionnaire or another."""
    kind = kind_of_wave(months_later, of_list=evaluation.counted_from_on is not None)
    wave = Wave(
        months_later=months_later,
        version=version or questionnaires.current_version(kind),
        once_per_person=once_per_person,
    )
    evaluation.waves.append(wave)
    return wave


@dataclass(frozen=True)
class EvaluationDetails:
    """What staff say of an evaluation they make: days are London days, the last one included."""

    title: str
    subject_words: str
    offer_slugs: tuple[str, ...]
    series_slug: str | None
    months: tuple[int, ...]
    open_from_on: date | None
    open_until_on: date | None
    open_questionnaire_slug: str | None = None  # the standard one for months later without


def create_evaluation(details: EvaluationDetails, *, actor: Person, now: datetime) -> Evaluation:
    """Ask about several things together (R43), or by an open link (R44)."""
    offers = db.session.scalars(select(Offer).where(Offer.slug.in_(details.offer_slugs))).all()
    series = db.session.scalar(select(Series).where(Series.slug == details.series_slug))
    evaluation = Evaluation(
        slug=free_slug(slug_of(details.title)),
        title=details.title,
        subject_words=details.subject_words,
        series_id=series.id if series else None,
        created_at=now,
        offers=list(offers),
    )
    if details.open_until_on:
        slug = details.open_questionnaire_slug or QuestionnaireKind.IMPACT.value
        evaluation.open_version = version_of(slug, QuestionnaireKind.IMPACT)
        opens_on = details.open_from_on or london_date(now)
        evaluation.open_from = from_london(opens_on, time(0, 0))
        evaluation.open_until = from_london(details.open_until_on + timedelta(days=1), time(0, 0))
    db.session.add(evaluation)
    _add_waves(evaluation, details.months, once_per_person=series is not None)
    audit.record(actor.reference, "made", "evaluation", evaluation.slug, now=now)
    return evaluation


def plan_wave(
    evaluation_id: int,
    months_later: int,
    *,
    questionnaire_slug: str | None = None,
    actor: Person,
    now: datetime,
) -> Wave:
    """Add a point in time to an evaluation's plan; Refused if it is there already.

    It asks the questionnaire named, which must be one for that time, or the standard one.
    """
    evaluation = db.session.get_one(Evaluation, evaluation_id, with_for_update=True)
    of_series = evaluation.series_id is not None
    of_list = evaluation.counted_from_on is not None
    if any(wave.months_later == months_later for wave in evaluation.waves):
        words = rules.wave_words(months_later, of_list=of_list).lower()
        raise Refused(f"People are asked already: {words}")
    if of_list and months_later == rules.BEFORE:
        raise Refused("There is no session to ask before: choose another time")
    kind = kind_of_wave(months_later, of_list=of_list)
    wave = add_wave(
        evaluation,
        months_later,
        once_per_person=of_series and months_later > 0,
        version=version_of(questionnaire_slug, kind) if questionnaire_slug else None,
    )
    audit.record(
        actor.reference, "planned", "evaluation", evaluation.slug, now=now, months=months_later
    )
    db.session.flush()
    return wave


def remove_wave(evaluation_id: int, months_later: int, *, actor: Person, now: datetime) -> None:
    """Take a point in time out of a plan; Refused once anybody has been asked or was missed."""
    evaluation = db.session.get_one(Evaluation, evaluation_id, with_for_update=True)
    wave = next((w for w in evaluation.waves if w.months_later == months_later), None)
    if wave is None:
        raise Refused("This is not in the plan any more")
    asked = select(SurveyInvitation.id).where(
        SurveyInvitation.wave_id == wave.id,
        SurveyInvitation.state != InvitationState.PLANNED,
        SurveyInvitation.missed_because.is_distinct_from(MissedBecause.SKIPPED),
    )
    answered = select(Response.id).where(Response.wave_id == wave.id)
    if db.session.scalar(asked.limit(1)) or db.session.scalar(answered.limit(1)):
        raise Refused("People have been asked already, so it stays in the plan")
    for kind in (SurveyInvitation, WaveChange):
        db.session.execute(delete(kind).where(kind.wave_id == wave.id))
    db.session.delete(wave)
    audit.record(
        actor.reference, "unplanned", "evaluation", evaluation.slug, now=now, months=months_later
    )
    db.session.flush()


def slug_of(title: str) -> str:
    """A title as part of an address: small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "evaluation"


def free_slug(wanted: str) -> str:
    """The slug, or the next free one like it."""
    taken = set(
        db.session.scalars(select(Evaluation.slug).where(Evaluation.slug.startswith(wanted)))
    )
    taken |= RESERVED
    slug, number = wanted, 2
    while slug in taken:
        slug, number = f"{wanted}-{number}", number + 1
    return slug


def subject_of(offer: Offer) -> str:
    """What questions call an offer: the course “Multi-Agency Neglect”."""
    return f"{KIND_WORDS[offer.kind]} “{offer.title}”"


def version_of(slug: str, kind: QuestionnaireKind) -> QuestionnaireVersion:
    """The newest published version of a questionnaire; Refused if it is for another time."""
    version = questionnaires.newest_version(slug, kind)
    if version is None:
        raise Refused("This questionnaire is for another time: choose another one or another time")
    return version


def _audiences_of(offer_ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    pairs = select(offer_audience.c.offer_id, Audience.slug).join(
        Audience, Audience.id == offer_audience.c.audience_id
    )
    for offer_id, slug in db.session.execute(pairs.where(offer_audience.c.offer_id.in_(offer_ids))):
        found.setdefault(offer_id, []).append(slug)
    return found


def _add_for_offer(offer: Offer, audience_slugs: list[str], *, now: datetime) -> None:
    plan = rules.default_plan(
        offer.kind,
        for_schools=rules.is_for_schools(audience_slugs),
        in_series=offer.series_id is not None,
    )
    evaluation = Evaluation(
        slug=free_slug(offer.slug),
        title=offer.title,
        subject_words=subject_of(offer),
        is_default_for_id=offer.id,
        created_at=now,
        offers=[offer],
    )
    db.session.add(evaluation)
    _add_waves(evaluation, plan.of_event)


def _add_waves(
    evaluation: Evaluation, months: tuple[int, ...], *, once_per_person: bool = False
) -> None:
    for months_later in months:
        add_wave(evaluation, months_later, once_per_person=once_per_person)
    db.session.flush()


def _add_for_series(*, now: datetime) -> int:
    """A series of exchanges is asked about once, not once per exchange (R43)."""
    asked = select(Evaluation.id).where(
        Evaluation.series_id == Series.id, Evaluation.open_version_id.is_(None)
    )
    exchanges = select(Offer.id).where(
        Offer.series_id == Series.id, Offer.kind == OfferKind.LEARNING_EXCHANGE
    )
    lacking = db.session.scalars(
        select(Series).where(exchanges.exists(), ~asked.exists()).order_by(Series.id)
    ).all()
    plan = rules.default_plan(OfferKind.LEARNING_EXCHANGE, for_schools=False, in_series=True)
    for series in lacking:
        evaluation = Evaluation(
            slug=free_slug(f"{series.slug}-series"),
            title=series.title,
            subject_words=f"the series “{series.title}”",
            series_id=series.id,
            created_at=now,
        )
        db.session.add(evaluation)
        _add_waves(evaluation, plan.of_series, once_per_person=True)
    return len(lacking)
