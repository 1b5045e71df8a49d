"""What may be shown of evaluations and offers, from stored rows; a report is 20 statements."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import String, case, cast, distinct, func, literal, null, or_, select, union_all

from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingOrigin, BookingState
from app.catalogue.models import Event, Offer
from app.impact import figures, knowledge
from app.impact.chain import HEADLINE, chain_of, first_of
from app.impact.counting import read_counts
from app.impact.counts import EvaluationCounts, EvaluationFacts, Reach
from app.impact.disclosure import ELSEWHERE_THRESHOLD, Audience, threshold_for
from app.impact.groups import FACTS
from app.impact.summaries import EvaluationLine, EvaluationSummary
from app.improvement.queries import evidence_of
from app.kernel.db import db
from app.kernel.london import london_date, short_date_words
from app.partnership.models import Sector
from app.surveys.models import Evaluation, evaluation_offer
from app.surveys.response_models import Response

CAME = (AttendanceOutcome.ATTENDED, AttendanceOutcome.ATTENDED_IN_PART)


def evaluation_summary(slug: str, *, audience: Audience, now: datetime) -> EvaluationSummary | None:
    """All that this reader may see of an evaluation; None if there is no such evaluation."""
    row = db.session.execute(select(*FACTS).where(Evaluation.slug == slug)).one_or_none()
    if row is None:
        return None
    facts = EvaluationFacts(*row)
    threshold = threshold_for(audience)
    counts = read_counts([facts], threshold=threshold, now=now)[facts.id]
    offers = offers_of(facts)
    offer_ids = [offer_id for offer_id, _, _ in offers]
    reach = counts.kept.reach if counts.kept else reach_of_evaluation(offer_ids, counts)
    doors = figures.doors_of(counts, threshold=threshold)
    personal = [pair for pair in doors if not pair[0].is_open_link]
    by_link = [pair for pair in doors if pair[0].is_open_link]
    open_doors = [door for door, _ in by_link if not door.imported_words]
    measures, open_measures = figures.measures_of(personal), figures.measures_of(by_link)
    changes = knowledge.knowledge_of(counts, doors)
    evidence = evidence_of(offer_ids) if offer_ids else ()
    return EvaluationSummary(
        evaluation_id=facts.id,
        slug=facts.slug,
        title=facts.title,
        subject_words=facts.subject_words,
        made_on=london_date(now),
        threshold=threshold,
        breakdown_threshold=ELSEWHERE_THRESHOLD,
        offers=tuple((slug, title) for _, slug, title in offers),
        reach=reach,
        doors=tuple(door for door, _ in personal),
        open_door=open_doors[0] if open_doors else None,
        open_imports=tuple(door for door, _ in by_link if door.imported_words),
        measures=measures,
        open_measures=open_measures,
        knowledge=changes,
        knowledge_means=knowledge.knowledge_means_of(measures, changes, personal),
        comments=figures.comments_of(doors),
        chain=chain_of(reach, measures, open_measures, changes, evidence),
        counted_at=counts.kept.counted_at if counts.kept else None,
        evidence=evidence,
    )


def reach_of_evaluation(offer_ids: Collection[int], counts: EvaluationCounts) -> Reach:
    """Who came to what an evaluation asks about."""
    return reach_of(offer_ids, until=_reach_ends_at(counts))


def number_of_evaluations() -> int:
    """How many evaluations there are."""
    return db.session.scalar(select(func.count(Evaluation.id))) or 0


def listed_evaluations(
    first: int, last: int, *, audience: Audience, now: datetime
) -> tuple[EvaluationLine, ...]:
    """Evaluations from first to last, those with most answers first."""
    answers = (
        select(Response.evaluation_id, func.count().label("answered"))
        .group_by(Response.evaluation_id)
        .subquery()
    )
    rows = db.session.execute(
        select(*FACTS)
        .outerjoin(answers, answers.c.evaluation_id == Evaluation.id)
        .order_by(func.coalesce(answers.c.answered, 0).desc(), Evaluation.title, Evaluation.id)
        .offset(first)
        .limit(last - first)
    ).all()
    return evaluation_lines([EvaluationFacts(*row) for row in rows], audience=audience, now=now)


def evaluation_lines(
    facts: Sequence[EvaluationFacts], *, audience: Audience, now: datetime
) -> tuple[EvaluationLine, ...]:
    """These evaluations with their headline figure and what happens next."""
    threshold = threshold_for(audience)
    found = read_counts(facts, threshold=threshold, now=now, only_measures=HEADLINE)
    return tuple(evaluation_line(found[one.id], threshold=threshold) for one in facts)


def evaluation_line(counts: EvaluationCounts, *, threshold: int) -> EvaluationLine:
    """One evaluation with its headline figure and what happens next."""
    doors = figures.doors_of(counts, threshold=threshold)
    measures = figures.measures_of([pair for pair in doors if not pair[0].is_open_link])
    by_link = figures.measures_of([pair for pair in doors if pair[0].is_open_link])
    headline = first_of("Headline", HEADLINE, measures, by_link)
    return EvaluationLine(
        slug=counts.facts.slug,
        title=counts.facts.title,
        answered=sum(door.answered for door, _ in doors),
        headline=headline if headline.number != "–" else None,
        next_words=_next_words(counts),
    )


def _next_words(counts: EvaluationCounts) -> str:
    """The next thing due: asking that closes, or asking that begins."""
    closing = [
        door.open_until for door in counts.doors.values() if door.is_open and door.open_until
    ]
    asking = [door.next_due_at for door in counts.doors.values() if door.next_due_at]
    coming = sorted(
        [(moment, "Asking closes on") for moment in closing]
        + [(moment, "The next are asked on") for moment in asking]
    )
    if not coming:
        open_now = None in counts.doors and counts.doors[None].is_open
        return "Open to everyone" if open_now else "Nothing due"
    moment, words = coming[0]
    return f"{words} {short_date_words(moment)}"


def _reach_ends_at(counts: EvaluationCounts) -> datetime | None:
    """Whoever came after the open link had closed is not whom it asked about."""
    own = {door_id for door_id, door in counts.doors.items() if door.imported is None}
    return counts.facts.open_until if own == {None} else None


def reach_of(
    offer_ids: Collection[int] | None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    event_id: int | None = None,
    sector_id: int | None = None,
) -> Reach:
    """Who came to these offers' events; a person counts once, a booking once per event."""
    came = select(Attendance.id).where(
        Attendance.booking_id == Booking.id, Attendance.outcome.in_(CAME)
    )
    who_came = [
        *([Event.offer_id.in_(offer_ids)] if offer_ids is not None else []),
        *([Event.id == event_id] if event_id else []),
        *([Booking.sector_id == sector_id] if sector_id else []),
        Booking.state != BookingState.CANCELLED,
        came.exists(),
        *([Event.starts_at >= since] if since else []),
        *([Event.starts_at < until] if until else []),
    ]
    counted = (
        func.count(distinct(Booking.event_id)),
        func.count(distinct(Booking.person_id)),
        func.count(Booking.id),
        func.sum(case((Booking.origin == BookingOrigin.REGISTER, 1), else_=0)),
        func.min(Event.starts_at),
        func.max(Event.starts_at),
    )
    # One statement for the total and the sectors: nobody counts twice in the total.
    total = select(cast(null(), String), literal(-1).label("position"), *counted)
    of_sectors = select(Sector.name, Sector.position, *counted)
    rows = db.session.execute(
        union_all(
            total.select_from(Booking).join(Event).where(*who_came),
            of_sectors.select_from(Booking)
            .join(Event)
            .join(Sector)
            .where(*who_came)
            .group_by(Sector.name, Sector.position),
        ).order_by("position")
    ).all()
    (_, _, events, people, attendances, without_booking, first_at, last_at), *by_sector = rows
    if not events:
        return Reach()
    return Reach(
        events,
        people,
        attendances,
        without_booking,
        first_on=london_date(first_at),
        last_on=london_date(last_at),
        people_by_sector={row[0]: row[3] for row in by_sector},
        attendances_by_sector={row[0]: row[4] for row in by_sector},
    )


def offers_of(facts: EvaluationFacts) -> list[tuple[int, str, str]]:
    """The offers an evaluation asks about: id, slug and title."""
    named = select(evaluation_offer.c.offer_id).where(evaluation_offer.c.evaluation_id == facts.id)
    rows = db.session.execute(
        select(Offer.id, Offer.slug, Offer.title)
        .where(
            or_(
                Offer.id.in_(named),
                Offer.series_id.is_not(None) & (Offer.series_id == facts.series_id),
            )
        )
        .order_by(Offer.title)
    )
    return [(offer_id, slug, title) for offer_id, slug, title in rows]
