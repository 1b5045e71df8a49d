"""Reads for the answering pages: what a link leads to, and what is asked there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import aliased

from app.accounts.models import Organisation
from app.catalogue.models import Event
from app.kernel.db import db
from app.kernel.tokens import token_hash
from app.partnership.models import Sector
from app.surveys.answer_rules import AskedOption, AskedQuestion
from app.surveys.confidential_rules import linkable_until
from app.surveys.models import (
    Evaluation,
    InvitationState,
    Question,
    QuestionOption,
    SurveyInvitation,
    Wave,
)
from app.surveys.open_link_models import OpenLink
from app.surveys.open_link_rules import last_day

SECTOR_KEY = "sector"
RATHER_NOT_SAY = "rather_not_say"
NO_MEASURE_ID = 0  # the sector is kept with the response, not as an answer


@dataclass(frozen=True)
class Link:
    """What a personal link leads to."""

    invitation_id: int
    person_id: int
    state: InvitationState
    closes_at: datetime
    months_later: int
    version_id: int
    title: str
    subject_words: str
    event_ends_at: datetime | None
    due_at: datetime
    last_months: int

    @property
    def linkable_until(self) -> str:
        """The month by whose end nothing links answers to the person any more."""
        return linkable_until(
            self.due_at, months_later=self.months_later, last_months=self.last_months
        )


@dataclass(frozen=True)
class OpenSurvey:
    """What an open link leads to.

    One made for a session or an organisation has an id, and a link of an organisation need not
    ask for the sector.
    """

    evaluation_id: int
    version_id: int
    title: str
    subject_words: str
    open_from: datetime | None
    open_until: datetime | None
    link_id: int | None = None
    event_id: int | None = None
    event_ends_at: datetime | None = None
    organisation: str | None = None
    sector_id: int | None = None

    @property
    def last_day(self) -> date | None:
        """The last day on which it can be answered."""
        return last_day(self.open_until) if self.open_until else None

    def is_open(self, now: datetime) -> bool:
        """Whether it can be answered now."""
        begun = self.open_from is None or self.open_from <= now
        return begun and (self.open_until is None or now < self.open_until)


def find_link(token: str) -> Link | None:
    """What the link leads to; None for a token that was never sent to anybody."""
    row = db.session.execute(
        select(
            SurveyInvitation.id,
            SurveyInvitation.person_id,
            SurveyInvitation.state,
            SurveyInvitation.closes_at,
            Wave.months_later,
            Wave.version_id,
            Evaluation.title,
            Evaluation.subject_words,
            Event.ends_at,
            SurveyInvitation.due_at,
            _last_months(),
        )
        .join(Wave, Wave.id == SurveyInvitation.wave_id)
        .join(Evaluation, Evaluation.id == SurveyInvitation.evaluation_id)
        .outerjoin(Event, Event.id == SurveyInvitation.event_id)
        .where(
            SurveyInvitation.token_hash == token_hash(token),
            SurveyInvitation.sent_at.is_not(None),
        )
    ).one_or_none()
    return Link(*row) if row else None


def _last_months() -> ScalarSelect[int]:
    other = aliased(Wave)
    return (
        select(func.max(other.months_later))
        .where(other.evaluation_id == SurveyInvitation.evaluation_id)
        .scalar_subquery()
    )


def _options_by_question(version_id: int) -> dict[int, list[AskedOption]]:
    """The options of each question of a version, in order."""
    options: dict[int, list[AskedOption]] = {}
    for found in db.session.execute(
        select(
            QuestionOption.question_id,
            QuestionOption.id,
            QuestionOption.value,
            QuestionOption.label,
            QuestionOption.counts,
            QuestionOption.is_outside_base,
        )
        .join(Question, Question.id == QuestionOption.question_id)
        .where(Question.version_id == version_id)
        .order_by(QuestionOption.question_id, QuestionOption.position)
    ):
        question_id, option_id, value, label, counts, is_outside_base = found
        options.setdefault(question_id, []).append(
            AskedOption(option_id, value, label, counts, is_outside_base)
        )
    return options


def asked_questions(version_id: int, subject_words: str) -> list[AskedQuestion]:
    """The questions of a version in order, naming what they are about; two statements."""
    options = _options_by_question(version_id)
    columns = select(
        Question.id,
        Question.key,
        Question.section,
        Question.words,
        Question.kind,
        Question.hint,
        Question.lowest_words,
        Question.highest_words,
        Question.is_required,
        Question.shown_if_key,
        Question.shown_if_values,
        Question.also_if_key,
        Question.also_if_values,
    )
    asked = columns.where(Question.version_id == version_id).order_by(Question.position)
    return [
        AskedQuestion(
            id=row.id,
            key=row.key,
            section=row.section,
            words=row.words.replace("{subject}", subject_words),
            kind=row.kind.value,
            hint=row.hint,
            lowest_words=row.lowest_words,
            highest_words=row.highest_words,
            is_required=row.is_required,
            shown_if_key=row.shown_if_key,
            shown_if_values=tuple((row.shown_if_values or "").split()),
            also_if_key=row.also_if_key,
            also_if_values=tuple((row.also_if_values or "").split()),
            options=tuple(options.get(row.id, ())),
        )
        for row in db.session.execute(asked)
    ]


def sector_question() -> AskedQuestion:
    """What an open link asks last; a personal link knows it from the booking."""
    sectors = db.session.execute(
        select(Sector.id, Sector.slug, Sector.name).order_by(Sector.position)
    )
    options = [AskedOption(id_, slug, name) for id_, slug, name in sectors]
    return AskedQuestion(
        id=NO_MEASURE_ID,
        key=SECTOR_KEY,
        section="About you",
        words="Which sector do you work or volunteer in?",
        kind="single",
        is_required=True,
        options=(*options, AskedOption(0, RATHER_NOT_SAY, "I would rather not say")),
    )


def find_open_survey(slug: str) -> OpenSurvey | None:
    """What an open link leads to: one made for a session or organisation, or an evaluation's."""
    return _find_made_link(slug) or _find_own_link(slug)


def _find_made_link(slug: str) -> OpenSurvey | None:
    row = db.session.execute(
        select(
            OpenLink.evaluation_id,
            OpenLink.version_id,
            Evaluation.title,
            Evaluation.subject_words,
            OpenLink.open_from,
            OpenLink.open_until,
            OpenLink.id,
            OpenLink.event_id,
            Event.ends_at,
            Organisation.name,
            Organisation.sector_id,
        )
        .join(Evaluation, Evaluation.id == OpenLink.evaluation_id)
        .outerjoin(Event, Event.id == OpenLink.event_id)
        .outerjoin(Organisation, Organisation.id == OpenLink.organisation_id)
        .where(OpenLink.slug == slug)
    ).one_or_none()
    return OpenSurvey(*row) if row else None


def _find_own_link(slug: str) -> OpenSurvey | None:
    row = db.session.execute(
        select(
            Evaluation.id,
            Evaluation.open_version_id,
            Evaluation.title,
            Evaluation.subject_words,
            Evaluation.open_from,
            Evaluation.open_until,
        ).where(Evaluation.slug == slug, Evaluation.open_version_id.is_not(None))
    ).one_or_none()
    if row is None or row.open_version_id is None:
        return None
    return OpenSurvey(
        evaluation_id=row.id,
        version_id=row.open_version_id,
        title=row.title,
        subject_words=row.subject_words,
        open_from=row.open_from,
        open_until=row.open_until,
    )
