"""The page of a need: what is done about it, who was reached, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, render_template
from sqlalchemy import distinct, func, or_, select

from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingState
from app.catalogue.models import Event, Offer, OfferState
from app.catalogue.rules import SOURCE_WORDS, STATE_WORDS
from app.impact import queries
from app.impact.counts import EvaluationFacts
from app.impact.groups import FACTS
from app.impact.manage_views import READERS, audience
from app.impact.summaries import EvaluationLine
from app.improvement import need_queries, need_rules
from app.improvement.need_models import Need
from app.improvement.queries import evidence_of
from app.kernel import clock
from app.kernel.access import for_roles
from app.kernel.db import db
from app.kernel.london import london_date
from app.surveys.models import Evaluation, evaluation_offer

bp = Blueprint("impact_needs", __name__)


@dataclass(frozen=True, slots=True)
class OfferReach:
    """An offer that answers a need, and who came to it."""

    slug: str
    title: str
    state: OfferState
    state_words: str
    sessions: int
    people: int


@bp.get("/manage/needs/<reference>")
@for_roles(*READERS)
def show_need(reference: str) -> str:
    """A need with its answer, its actions, its offers, their reach and their impact."""
    need, raised_by = need_queries.need_and_raiser(reference) or abort(404)
    today = london_date(clock.now())
    return render_template(
        "impact/show_need.html",
        need=need,
        source=SOURCE_WORDS[need.source],
        raised_by=raised_by,
        state_words=need_rules.NEED_WORDS[need.state],
        lines=[need_queries.action_line(one, today=today) for one in need.actions],
        offers=reach_of_each(need),
        evaluations=evaluations_of(need),
        evidence=evidence_of([offer.id for offer in need.offers]) if need.offers else (),
    )


def reach_of_each(need: Need) -> list[OfferReach]:
    """The offers of a need with their sessions held and the people who came, by title."""
    if not need.offers:
        return []
    came = Attendance.outcome.in_((AttendanceOutcome.ATTENDED, AttendanceOutcome.ATTENDED_IN_PART))
    rows = db.session.execute(
        select(
            Event.offer_id, func.count(distinct(Event.id)), func.count(distinct(Booking.person_id))
        )
        .join(Booking, Booking.event_id == Event.id)
        .join(Attendance, Attendance.booking_id == Booking.id)
        .where(
            Event.offer_id.in_([offer.id for offer in need.offers]),
            Booking.state != BookingState.CANCELLED,
            came,
        )
        .group_by(Event.offer_id)
    )
    found = {offer_id: (sessions, people) for offer_id, sessions, people in rows}
    return [
        OfferReach(
            offer.slug,
            offer.title,
            offer.state,
            STATE_WORDS[offer.state],
            *found.get(offer.id, (0, 0)),
        )
        for offer in need.offers
    ]


def evaluations_of(need: Need) -> tuple[EvaluationLine, ...]:
    """What people were asked about these offers, each with its headline as this reader sees it."""
    if not need.offers:
        return ()
    ids = [offer.id for offer in need.offers]
    series = select(Offer.series_id).where(Offer.id.in_(ids), Offer.series_id.is_not(None))
    asked = select(evaluation_offer.c.evaluation_id).where(evaluation_offer.c.offer_id.in_(ids))
    rows = db.session.execute(
        select(*FACTS)
        .where(or_(Evaluation.id.in_(asked), Evaluation.series_id.in_(series)))
        .order_by(Evaluation.title, Evaluation.id)
    ).all()
    facts = [EvaluationFacts(*row) for row in rows]
    return queries.evaluation_lines(facts, audience=audience(), now=clock.now()) if facts else ()
