"""Reads about open links for staff: what they are for and how many answered, never what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from app.accounts.models import Organisation, OrganisationKind, Person
from app.catalogue.models import Event
from app.kernel.db import db
from app.kernel.london import short_date_words
from app.surveys import open_link_rules, rules
from app.surveys.models import (
    Evaluation,
    Questionnaire,
    QuestionnaireVersion,
)
from app.surveys.open_link_models import OpenLink, PassingOn, PassingOnState
from app.surveys.response_models import Response

MOST_TO_CHOOSE = 400


@dataclass(frozen=True)
class LinkFacts:
    """An open link as staff see it; the one for the whole workforce has no id."""

    id: int | None
    slug: str
    evaluation_slug: str
    title: str
    subject_words: str
    questionnaire: str
    months_later: int | None
    open_from: datetime | None
    open_until: datetime | None
    event_reference: str | None = None
    event_ends_at: datetime | None = None
    organisation: str | None = None
    answers_count: int = 0

    @property
    def for_words(self) -> str:
        """Who the link is for."""
        parts = [self.organisation] if self.organisation else []
        if self.event_ends_at:
            parts.append(f"the session of {short_date_words(self.event_ends_at)}")
        return ", ".join(parts) or "The whole workforce"

    @property
    def when_words(self) -> str:
        """What time it asks about."""
        if self.months_later is None:
            return "At any time"
        return "On the day" if self.months_later == 0 else rules.wave_words(self.months_later)

    @property
    def last_day(self) -> date | None:
        """The last day on which it can be answered by."""
        return open_link_rules.last_day(self.open_until) if self.open_until else None

    def state_words(self, now: datetime) -> str:
        """Whether it can be answered by."""
        if self.open_from and now < self.open_from:
            return "Opens later"
        return "Closed" if self.open_until and self.open_until <= now else "Open"


def find_link(slug: str) -> LinkFacts | None:
    """The link with this address: one for a session or organisation, or an evaluation's own."""
    made = db.session.execute(_links().where(OpenLink.slug == slug)).one_or_none()
    if made is not None:
        return LinkFacts(*made)
    found = db.session.execute(
        select(
            Evaluation.slug,
            Evaluation.slug,
            Evaluation.title,
            Evaluation.subject_words,
            Questionnaire.title,
            Evaluation.open_from,
            Evaluation.open_until,
        )
        .join(QuestionnaireVersion, QuestionnaireVersion.id == Evaluation.open_version_id)
        .join(Questionnaire, Questionnaire.id == QuestionnaireVersion.questionnaire_id)
        .where(Evaluation.slug == slug)
    ).one_or_none()
    if found is None:
        return None
    own, of, title, subject_words, questionnaire, open_from, open_until = found
    return LinkFacts(
        None, own, of, title, subject_words, questionnaire, None, open_from, open_until
    )


def links_of_event(event_id: int) -> list[LinkFacts]:
    """The links of a session, the newest first."""
    found = _links().where(OpenLink.event_id == event_id).order_by(OpenLink.id.desc())
    return [LinkFacts(*row) for row in db.session.execute(found)]


def links_count(evaluation_id: int) -> int:
    """How many links of sessions and organisations an evaluation has."""
    found = select(func.count(OpenLink.id)).where(OpenLink.evaluation_id == evaluation_id)
    return db.session.scalar(found) or 0


def links_of_evaluation(
    evaluation_id: int, first: int = 0, last: int | None = None
) -> list[LinkFacts]:
    """The links of an evaluation, by organisation and session."""
    found = _links().where(OpenLink.evaluation_id == evaluation_id)
    found = found.order_by(Organisation.name, Event.ends_at.desc(), OpenLink.id).offset(first)
    if last is not None:
        found = found.limit(last - first)
    return [LinkFacts(*row) for row in db.session.execute(found)]


def _links() -> Any:
    answers = (
        select(func.count(Response.id))
        .where(Response.open_link_id == OpenLink.id)
        .correlate(OpenLink)
        .scalar_subquery()
    )
    return (
        select(
            OpenLink.id,
            OpenLink.slug,
            Evaluation.slug,
            Evaluation.title,
            Evaluation.subject_words,
            Questionnaire.title,
            OpenLink.months_later,
            OpenLink.open_from,
            OpenLink.open_until,
            Event.reference,
            Event.ends_at,
            Organisation.name,
            answers,
        )
        .join(Evaluation, Evaluation.id == OpenLink.evaluation_id)
        .join(QuestionnaireVersion, QuestionnaireVersion.id == OpenLink.version_id)
        .join(Questionnaire, Questionnaire.id == QuestionnaireVersion.questionnaire_id)
        .outerjoin(Event, Event.id == OpenLink.event_id)
        .outerjoin(Organisation, Organisation.id == OpenLink.organisation_id)
    )


@dataclass(frozen=True)
class ToPassOn:
    """What a session's contact is to be sent, or was."""

    months_later: int
    name: str
    email: str
    state: PassingOnState
    due_at: datetime
    sent_at: datetime | None

    @property
    def words(self) -> str:
        """When it is sent, after the session."""
        return rules.wave_words(self.months_later)


def to_pass_on(event_id: int) -> list[ToPassOn]:
    """What the contact of a session is sent, by time."""
    found = db.session.execute(
        select(
            PassingOn.months_later,
            Person.name,
            Person.email,
            PassingOn.state,
            PassingOn.due_at,
            PassingOn.sent_at,
        )
        .join(Person, Person.id == PassingOn.person_id)
        .where(PassingOn.event_id == event_id)
        .order_by(PassingOn.months_later)
    )
    return [
        ToPassOn(months, name, email or "no address", state, due_at, sent_at)
        for months, name, email, state, due_at, sent_at in found
    ]


def has_evaluation(offer_id: int) -> bool:
    """Whether the worker has set up what an offer is asked about."""
    found = select(Evaluation.id).where(Evaluation.is_default_for_id == offer_id)
    return db.session.scalar(found) is not None


def phases() -> list[str]:
    """The phases of schools there are."""
    found = select(Organisation.phase).where(Organisation.phase.is_not(None)).distinct()
    return [phase for phase in db.session.scalars(found.order_by(Organisation.phase)) if phase]


def organisations_to_choose(
    kind: OrganisationKind, phase: str, words: Sequence[str]
) -> list[tuple[str, str]]:
    """Reference and name of the organisations of a kind, narrowed by phase and by their names."""
    found = select(Organisation.reference, Organisation.name).where(
        Organisation.kind == kind,
        Organisation.closed_on.is_(None),
        Organisation.proposed_at.is_(None),
        *(Organisation.name.icontains(word, autoescape=True) for word in words),
    )
    if phase:
        found = found.where(Organisation.phase == phase)
    found = found.order_by(Organisation.name, Organisation.id).limit(MOST_TO_CHOOSE)
    return [(reference, name) for reference, name in db.session.execute(found)]
