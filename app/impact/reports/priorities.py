"""What came of one priority of the delivery plan in a quarter or a year (R55, R57)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, case, distinct, func, select

from app.bookings.models import Attendance, Booking, BookingState
from app.catalogue.models import Event, EventState, Offer, OfferState
from app.catalogue.rules import KIND_WORDS
from app.impact import group_tables, wording
from app.impact.disclosure import ELSEWHERE_THRESHOLD, Audience
from app.impact.group_queries import group_summary
from app.impact.groups import GroupKind
from app.impact.periods import Period
from app.impact.reach_queries import CAME
from app.impact.reports import queries
from app.impact.reports.documents import Piece, PlainTable
from app.impact.reports.models import EvaluationReport
from app.impact.reports.pieces import measure_piece, plain_table, plain_tables, reach_piece
from app.impact.reports.queries import ReportLine
from app.impact.summaries import GroupSummary
from app.impact.tables import evidence_table
from app.impact.words.models import QuoteConsent, QuoteRow, QuoteState
from app.impact.words.queries import Quote, quote_of, select_quotes
from app.kernel.db import db
from app.kernel.london import short_date_words
from app.partnership.models import Priority
from app.surveys.models import Evaluation

SUBJECT = "the learning"
FEW = f"fewer than {ELSEWHERE_THRESHOLD}"
STATES = {
    OfferState.IN_DEVELOPMENT: "being developed",
    OfferState.PUBLISHED: "on offer",
    OfferState.ARCHIVED: "no longer offered",
}


@dataclass(frozen=True, slots=True)
class PriorityReport:
    """Everything the report of a priority shows."""

    slug: str
    title: str
    period: Period
    made_on: date
    offers: PlainTable
    reach: Piece | None
    straight_after: tuple[Piece, ...]
    months_later: tuple[Piece, ...]
    evaluations: PlainTable
    evidence: PlainTable
    quotes: tuple[Quote, ...]
    reports: tuple[ReportLine, ...]
    times: tuple[tuple[str, str], ...]  # slug and words of those in which there was a session

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The figures in their order."""
        return (
            *((self.reach,) if self.reach else ()),
            *self.straight_after,
            *self.months_later,
        )

    @property
    def tables(self) -> list[PlainTable]:
        """Every table the page shows, and its quotations and reports as tables."""
        found = [self.offers, *(table for piece in self.pieces for table in piece["tables"])]
        quotes = [[quote.words, quote.evaluation_title, quote.door_label] for quote in self.quotes]
        reports = [
            [line.title, short_date_words(line.published_at)]
            for line in self.reports
            if line.published_at
        ]
        for title, columns, rows in (
            ("In their words", ["Quotation", "Evaluation", "When asked"], quotes),
            ("Reports published", ["Report", "Published"], reports),
        ):
            if rows:
                found.append(PlainTable(title=title, columns=columns, rows=rows, note=""))
        return [*found, *([self.evidence] if self.evidence["rows"] else []), self.evaluations]


def priority_report(slug: str, period: Period, *, now: datetime) -> PriorityReport | None:
    """The report of a priority for this time; None if there is no such priority."""
    summary = group_summary(
        GroupKind.PRIORITY, slug, period=period.slug, audience=Audience.ELSEWHERE, now=now
    )
    if summary is None:
        return None
    after, later = _figures(summary)
    named = [line.slug for line in summary.evaluations]
    ids = select(Evaluation.id).where(Evaluation.slug.in_(named))
    return PriorityReport(
        slug=slug,
        title=summary.title,
        period=period,
        made_on=summary.made_on,
        offers=_offers(slug, period, now=now),
        reach=reach_piece(summary.reach),
        straight_after=after,
        months_later=later,
        evaluations=_evaluations(summary),
        evidence=plain_table(evidence_table(summary.evidence or ())),
        quotes=_quotes(ids, period) if named else (),
        reports=_reports(ids, period) if named else (),
        times=_times(summary, period),
    )


def choices() -> list[tuple[str, str, str]]:
    """Each priority of every plan: its slug, its plan and its words; the newest plan first."""
    rows = db.session.execute(
        select(Priority.plan, Priority.number, Priority.title).order_by(
            Priority.plan.desc(), Priority.number
        )
    )
    return [(f"{plan}-{number}", plan, f"{number}. {title}") for plan, number, title in rows]


def _times(summary: GroupSummary, chosen: Period) -> tuple[tuple[str, str], ...]:
    """Financial years and quarters with a session of these offers, and the one that is shown."""
    found = tuple(one for one in summary.periods if not one[0].startswith("school"))
    shown = (chosen.slug, chosen.title)
    return found if shown in found else (shown, *found)


def _figures(summary: GroupSummary) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """What people thought straight after, and what they say months later, each its own list."""
    tables = group_tables.tables_of_group(summary)
    after: list[Piece] = []
    later: list[Piece] = []
    for place, measures in (("personal", summary.measures), ("open", summary.open_measures)):
        for measure in measures:
            key = f"{place}-{measure.key}"
            piece = measure_piece(key, measure, plain_tables(tables.get(key, ())), SUBJECT)
            if piece is None:
                continue
            is_after = all((figure.door.months_later or 0) <= 0 for figure in measure.figures)
            (after if is_after and place == "personal" else later).append(piece)
    return tuple(after), tuple(later)


def _offers(slug: str, period: Period, *, now: datetime) -> PlainTable:
    """Each offer of the priority, its sessions in this time, and who came to them."""
    columns = ["Offer", "Kind", "State", "Sessions held", "To come", "People who came"]
    rows = [
        [title, KIND_WORDS[kind].one, STATES[state], f"{held:,}", f"{coming:,}", _people(people)]
        for title, kind, state, held, coming, people in _offer_rows(slug, period, now=now)
    ]
    return PlainTable(title="Offers and their sessions", columns=columns, rows=rows, note="")


def _offer_rows(slug: str, period: Period, *, now: datetime) -> Sequence[Any]:
    in_time = and_(
        Event.offer_id == Offer.id,
        Event.starts_at >= period.since,
        Event.starts_at < period.until,
        Event.state == EventState.PUBLISHED,
    )
    attended = Attendance.outcome.in_(CAME)
    came = and_(
        Booking.event_id == Event.id,
        Booking.state != BookingState.CANCELLED,
        select(Attendance.id).where(Attendance.booking_id == Booking.id, attended).exists(),
    )
    plan, _, number = slug.rpartition("-")
    return db.session.execute(
        select(
            Offer.title,
            Offer.kind,
            Offer.state,
            func.count(distinct(case((Event.starts_at <= now, Event.id)))),
            func.count(distinct(case((Event.starts_at > now, Event.id)))),
            func.count(distinct(Booking.person_id)),
        )
        .join(Priority, Priority.id == Offer.priority_id)
        .outerjoin(Event, in_time)
        .outerjoin(Booking, came)
        .where(Priority.plan == plan, Priority.number == int(number))
        .group_by(Offer.id, Offer.title, Offer.kind, Offer.state)
        .order_by(Offer.title)
    ).all()


def _people(count: int) -> str:
    return FEW if 0 < count < ELSEWHERE_THRESHOLD else f"{count:,}"


def _evaluations(summary: GroupSummary) -> PlainTable:
    rows = [
        [
            line.title,
            f"{line.headline.number} {line.headline.words}" if line.headline else "no figures yet",
            line.next_words,
        ]
        for line in summary.evaluations
    ]
    return PlainTable(
        title="Evaluations, of all their sessions",
        columns=["Evaluation", "Headline", "Next"],
        rows=rows,
        note=f"The figures above add up {wording.pooled_words(summary)}.",
    )


def _quotes(ids: Select[Any], period: Period) -> tuple[Quote, ...]:
    found = select_quotes().where(
        QuoteRow.evaluation_id.in_(ids),
        QuoteRow.state == QuoteState.RELEASED,
        QuoteRow.consent == QuoteConsent.PUBLIC,
        QuoteRow.released_on >= period.first_on,
        QuoteRow.released_on < period.ends_before,
    )
    rows: Sequence[Any] = db.session.execute(found.order_by(QuoteRow.reference)).all()
    return tuple(quote_of(row, ()) for row in rows)


def _reports(ids: Select[Any], period: Period) -> tuple[ReportLine, ...]:
    at = EvaluationReport.published_at
    return tuple(queries.reports_of(ids, at >= period.since, at < period.until))
