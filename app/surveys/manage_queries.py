"""Reads for staff: the plan of an evaluation and the schedule, as counts and never as names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, case, func, select

from app.accounts.models import Person
from app.bookings.models import Booking
from app.catalogue.models import Event, Offer, OfferState, Series
from app.kernel.db import db
from app.surveys import rules
from app.surveys.models import (
    Evaluation,
    InvitationState,
    MissedBecause,
    Questionnaire,
    QuestionnaireVersion,
    SurveyInvitation,
    Wave,
)
from app.surveys.open_link_rules import last_day
from app.surveys.plan_conditions import asked_about, asks_anybody, came
from app.surveys.response_models import Response, ResponseSource


@dataclass(frozen=True)
class Counts:
    """How many were planned, asked, and so on; whoever answered is among the asked."""

    planned: int = 0
    sent: int = 0
    undelivered: int = 0
    answered: int = 0
    missed: int = 0
    skipped: int = 0  # of the missed
    stopped: int = 0

    @property
    def rate_words(self) -> str:
        """Answered of delivered, in words (formats 5.5)."""
        delivered = self.sent - self.undelivered
        if not delivered:
            return "Nobody asked yet"
        percent = round(100 * self.answered / delivered)
        return f"{self.answered} of {delivered} answered ({percent}%)"


@dataclass(frozen=True)
class PlannedWave:
    """One line of an evaluation's plan."""

    months_later: int
    questionnaire: str
    version_number: int
    open_days: int
    reminders: tuple[int | None, int | None]
    of_list: bool
    counts: Counts

    @property
    def words(self) -> str:
        """When people are asked."""
        return rules.wave_words(self.months_later, of_list=self.of_list)

    @property
    def how_words(self) -> str:
        """How long it stays open and when it reminds, in words."""
        days = [f"{days}" for days in self.reminders if days]
        reminds = f"reminds after {' and '.join(days)} days" if days else "reminds nobody"
        if self.months_later == rules.BEFORE:
            return f"Open until the session begins, {reminds}"
        return f"Open {self.open_days} days, {reminds}"

    @property
    def can_be_removed(self) -> bool:
        """Whether nobody has been asked or missed yet."""
        missed = self.counts.missed - self.counts.skipped
        return not (self.counts.sent or missed or self.counts.stopped)


def plan_of(evaluation_id: int) -> list[PlannedWave]:
    """The points in time of an evaluation with how many were asked; one statement."""
    found = db.session.execute(
        select(
            Wave.months_later,
            Questionnaire.title.label("questionnaire"),
            QuestionnaireVersion.number,
            Wave.open_days,
            Wave.first_reminder_days,
            Wave.second_reminder_days,
            Evaluation.counted_from_on.is_not(None),
            *counts_of_states().values(),
        )
        .join(Evaluation, Evaluation.id == Wave.evaluation_id)
        .join(QuestionnaireVersion, QuestionnaireVersion.id == Wave.version_id)
        .join(Questionnaire, Questionnaire.id == QuestionnaireVersion.questionnaire_id)
        .outerjoin(SurveyInvitation, SurveyInvitation.wave_id == Wave.id)
        .where(Wave.evaluation_id == evaluation_id)
        .group_by(Wave.id, Questionnaire.title, QuestionnaireVersion.number, Evaluation.id)
        .order_by(Wave.months_later)
    )
    return [
        PlannedWave(months, title, number, days, (first, second), bool(of_list), Counts(*counts))
        for months, title, number, days, first, second, of_list, *counts in found
    ]


def not_reachable_count(evaluation_id: int) -> int:
    """How many people attended who have no e-mail address of their own: counted, not asked."""
    found = (
        select(func.count(func.distinct(Booking.person_id)))
        .select_from(Evaluation)
        .join(Wave, Wave.evaluation_id == Evaluation.id)
        .join(Offer, asked_about())
        .join(Event, Event.offer_id == Offer.id)
        .join(Booking, Booking.event_id == Event.id)
        .join(Person, Person.id == Booking.person_id)
        .where(Evaluation.id == evaluation_id, Person.email.is_(None))
        .where(asks_anybody(), came())
    )
    return db.session.scalar(found) or 0


def open_answers_count(evaluation_id: int) -> int:
    """How many answered by the open link."""
    found = select(func.count(Response.id)).where(
        Response.evaluation_id == evaluation_id, Response.source == ResponseSource.OPEN
    )
    return db.session.scalar(found) or 0


def counts_of_states() -> dict[str, ColumnElement[int]]:
    """The columns of Counts, by name in its order."""
    state = SurveyInvitation.state
    conditions: dict[str, ColumnElement[bool]] = {
        "planned": state == InvitationState.PLANNED,
        "sent": state.in_((InvitationState.SENT, InvitationState.ANSWERED, InvitationState.CLOSED)),
        "undelivered": SurveyInvitation.bounced_at.is_not(None),
        "answered": state == InvitationState.ANSWERED,
        "missed": state == InvitationState.MISSED,
        "skipped": SurveyInvitation.missed_because == MissedBecause.SKIPPED,
        "stopped": state == InvitationState.STOPPED,
    }
    return {
        name: func.coalesce(func.sum(case((met, 1), else_=0)), 0)
        for name, met in conditions.items()
    }


def find_evaluation(slug: str) -> Evaluation | None:
    """The evaluation with this address."""
    return db.session.scalar(select(Evaluation).where(Evaluation.slug == slug))


def evaluation_of_offer(offer_id: int) -> Evaluation | None:
    """The evaluation that an offer got by itself; None until the worker has looked."""
    return db.session.scalar(select(Evaluation).where(Evaluation.is_default_for_id == offer_id))


def find_offer(slug: str) -> Offer | None:
    """The offer with this address, in any state."""
    return db.session.scalar(select(Offer).where(Offer.slug == slug))


def evaluations_of_series(series_id: int | None) -> list[tuple[str, str]]:
    """Address and title of what is asked about a whole series."""
    if series_id is None:
        return []
    found = select(Evaluation.slug, Evaluation.title).where(Evaluation.series_id == series_id)
    return [(slug, title) for slug, title in db.session.execute(found.order_by(Evaluation.title))]


def custom_evaluations_count() -> int:
    """How many evaluations are about more than one offer by default."""
    found = select(func.count(Evaluation.id)).where(Evaluation.is_default_for_id.is_(None))
    return db.session.scalar(found) or 0


def custom_evaluations(first: int, last: int) -> list[tuple[str, str, date | None]]:
    """Address, title and last day of the open link of each evaluation that is no offer's own."""
    found = (
        select(Evaluation.slug, Evaluation.title, Evaluation.open_until)
        .where(Evaluation.is_default_for_id.is_(None))
        .order_by(Evaluation.created_at.desc(), Evaluation.id.desc())
        .offset(first)
        .limit(last - first)
    )
    return [
        (slug, title, last_day(until) if until else None)
        for slug, title, until in db.session.execute(found)
    ]


def offers_to_choose() -> list[tuple[str, str]]:
    """Address and title of every offer that is not archived."""
    found = select(Offer.slug, Offer.title).where(Offer.state != OfferState.ARCHIVED)
    return [(slug, title) for slug, title in db.session.execute(found.order_by(Offer.title))]


def series_to_choose() -> list[tuple[str, str]]:
    """Address and title of every series."""
    found = db.session.execute(select(Series.slug, Series.title).order_by(Series.title))
    return [(slug, title) for slug, title in found]
