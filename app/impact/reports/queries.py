"""Reports as they are written, listed and read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, ScalarSelect, Select, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.catalogue.models import Offer, Topic, offer_topic
from app.impact import periods
from app.impact.reports.documents import Document
from app.impact.reports.models import EvaluationReport, ReportSection, ReportVersion
from app.kernel.db import db
from app.surveys.models import Evaluation, evaluation_offer

QUOTE = "quote:"


@dataclass(frozen=True, slots=True)
class DraftSection:
    """A section as it is being written."""

    id: int
    position: int
    heading: str
    words: str
    chosen: tuple[str, ...]

    @property
    def pieces(self) -> tuple[str, ...]:
        """The keys of the figures in it."""
        return tuple(key for key in self.chosen if not key.startswith(QUOTE))

    @property
    def quotes(self) -> tuple[str, ...]:
        """The references of the quotations in it."""
        return tuple(key.removeprefix(QUOTE) for key in self.chosen if key.startswith(QUOTE))


@dataclass(frozen=True, slots=True)
class WorkingReport:
    """A report as staff see it, with its draft if there is one."""

    id: int
    slug: str
    evaluation_id: int
    evaluation_slug: str
    evaluation_title: str
    published_number: int | None
    published_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_reason: str
    version_id: int
    number: int
    title: str
    summary: str
    correction: str
    keeps_figures: bool
    is_draft: bool
    sections: tuple[DraftSection, ...] = field(default=())


def working_report(slug: str, *, lock: bool = False) -> WorkingReport | None:
    """A report with its newest version and the sections of that; None if there is none."""
    if lock:
        of_slug = select(EvaluationReport.id).where(EvaluationReport.slug == slug)
        db.session.execute(of_slug.with_for_update())
    rows = db.session.execute(
        select(
            EvaluationReport.id,
            EvaluationReport.slug,
            EvaluationReport.evaluation_id,
            Evaluation.slug,
            Evaluation.title,
            EvaluationReport.published_number,
            EvaluationReport.published_at,
            EvaluationReport.withdrawn_at,
            EvaluationReport.withdrawn_reason,
            ReportVersion.id,
            ReportVersion.number,
            ReportVersion.title,
            ReportVersion.summary,
            ReportVersion.correction,
            ReportVersion.keeps_figures,
            ReportVersion.published_at.is_(None),
            ReportSection.id,
            ReportSection.position,
            ReportSection.heading,
            ReportSection.words,
            ReportSection.pieces,
        )
        .join(Evaluation, Evaluation.id == EvaluationReport.evaluation_id)
        .join(ReportVersion, ReportVersion.report_id == EvaluationReport.id)
        .outerjoin(ReportSection, ReportSection.version_id == ReportVersion.id)
        .where(EvaluationReport.slug == slug, ReportVersion.number == _newest_number())
        .order_by(ReportSection.position)
    ).all()
    if not rows:
        return None
    sections = tuple(
        DraftSection(row[16], row[17], row[18], row[19], tuple(row[20].split()))
        for row in rows
        if row[16] is not None
    )
    values: Any = (*tuple(rows[0])[:16], sections)
    return WorkingReport(*values)


def evaluation_id_of(slug: str) -> int:
    """The id of an evaluation that exists."""
    return db.session.scalars(select(Evaluation.id).where(Evaluation.slug == slug)).one()


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A report in a list."""

    slug: str
    title: str
    summary: str
    published_at: datetime | None
    published_number: int | None
    corrected_at: datetime | None
    withdrawn_at: datetime | None
    evaluation_slug: str
    evaluation_title: str
    has_draft: bool


def staff_list(first: int, last: int) -> list[ReportLine]:
    """Every report, the one begun last first, with the words of its newest version."""
    found = _lines().where(ReportVersion.number == _newest_number())
    found = found.order_by(EvaluationReport.created_at.desc(), EvaluationReport.id.desc())
    return _as_lines(found.offset(first).limit(last - first))


def reports_count() -> int:
    """How many reports there are, drafts too."""
    return db.session.scalar(select(func.count(EvaluationReport.id))) or 0


def public_list(
    conditions: Sequence[ColumnElement[bool]], first: int, last: int
) -> list[ReportLine]:
    """Published reports that fit, the newest first; one that was withdrawn stays and says so."""
    found = _published().where(*conditions)
    found = found.order_by(EvaluationReport.published_at.desc(), EvaluationReport.id.desc())
    return _as_lines(found.offset(first).limit(last - first))


def public_count(conditions: Sequence[ColumnElement[bool]]) -> int:
    """How many published reports fit."""
    found = _published().where(*conditions).with_only_columns(func.count())
    return db.session.scalar(found) or 0


def reports_of(evaluation_ids: Select[Any] | Sequence[int], *most: Any) -> list[ReportLine]:
    """Published reports of these evaluations that were not withdrawn."""
    found = _published().where(
        EvaluationReport.evaluation_id.in_(evaluation_ids),
        EvaluationReport.withdrawn_at.is_(None),
        *most,
    )
    return _as_lines(found.order_by(EvaluationReport.published_at.desc()))


def narrowed(*, words: str, topic: str, year: str) -> list[ColumnElement[bool]]:
    """The conditions of a search by offer or words, topic and financial year."""
    conditions: list[ColumnElement[bool]] = []
    for word in words.lower().split()[:6]:
        like = f"%{word.replace('%', '').replace('_', '')}%"
        named = _offers_of().where(func.lower(Offer.title).like(like))
        conditions.append(
            or_(
                func.lower(ReportVersion.title).like(like),
                func.lower(ReportVersion.summary).like(like),
                func.lower(Evaluation.title).like(like),
                exists(named),
            )
        )
    if topic:
        about = (
            _offers_of()
            .join(offer_topic, offer_topic.c.offer_id == Offer.id)
            .join(Topic, Topic.id == offer_topic.c.topic_id)
            .where(Topic.slug == topic)
        )
        conditions.append(exists(about))
    period = periods.find(year)
    if period:
        conditions.append(EvaluationReport.published_at >= period.since)
        conditions.append(EvaluationReport.published_at < period.until)
    return conditions


def topics_reported() -> list[tuple[str, str]]:
    """The topics of offers that published reports are about."""
    asked = (
        select(evaluation_offer.c.offer_id)
        .join(EvaluationReport, EvaluationReport.evaluation_id == evaluation_offer.c.evaluation_id)
        .where(EvaluationReport.published_number.is_not(None))
    )
    rows = db.session.execute(
        select(Topic.slug, Topic.name)
        .join(offer_topic, offer_topic.c.topic_id == Topic.id)
        .where(offer_topic.c.offer_id.in_(asked))
        .distinct()
        .order_by(Topic.name)
    )
    return [(slug, name) for slug, name in rows]


def first_and_last_published() -> tuple[datetime | None, datetime | None]:
    """When the first and the latest report was published."""
    at = EvaluationReport.published_at
    first, last = db.session.execute(select(func.min(at), func.max(at))).one()
    return first, last


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """One version as the public reads it."""

    report_id: int
    slug: str
    evaluation_id: int
    evaluation_slug: str
    number: int
    current_number: int
    published_at: datetime
    first_published_at: datetime
    correction: str
    withdrawn_at: datetime | None
    withdrawn_reason: str
    document: Document
    history: tuple[tuple[int, datetime, str], ...]  # number, when, what was changed

    @property
    def is_current(self) -> bool:
        """Whether this is the version at the report's own address."""
        return self.number == self.current_number

    @property
    def corrections(self) -> tuple[tuple[int, datetime, str], ...]:
        """What was corrected up to this version, the latest first."""
        return tuple(one for one in reversed(self.history) if 1 < one[0] <= self.number)


def published_version(slug: str, number: int | None = None) -> PublishedVersion | None:
    """A version of a report, the current one without a number; None if it is not public."""
    rows = db.session.execute(
        select(
            EvaluationReport.id,
            EvaluationReport.evaluation_id,
            Evaluation.slug,
            EvaluationReport.published_number,
            EvaluationReport.published_at.label("first_at"),
            EvaluationReport.withdrawn_at,
            EvaluationReport.withdrawn_reason,
            ReportVersion.number,
            ReportVersion.published_at,
            ReportVersion.correction,
            ReportVersion.document,
        )
        .join(Evaluation, Evaluation.id == EvaluationReport.evaluation_id)
        .join(ReportVersion, ReportVersion.report_id == EvaluationReport.id)
        .where(EvaluationReport.slug == slug, ReportVersion.published_at.is_not(None))
        .order_by(ReportVersion.number)
    ).all()
    current = rows[0].published_number if rows else None
    asked_for = current if number is None else number
    wanted = next((row for row in rows if row.number == asked_for), None)
    if wanted is None:
        return None
    return PublishedVersion(
        report_id=wanted.id,
        slug=slug,
        evaluation_id=wanted.evaluation_id,
        evaluation_slug=wanted.slug,
        number=wanted.number,
        current_number=wanted.published_number,
        published_at=wanted.published_at,
        first_published_at=wanted.first_at,
        correction=wanted.correction,
        withdrawn_at=wanted.withdrawn_at,
        withdrawn_reason=wanted.withdrawn_reason,
        document=cast(Document, json.loads(wanted.document)),
        history=tuple((row.number, row.published_at, row.correction) for row in rows),
    )


def documents_of(evaluation_id: int) -> list[Document]:
    """Every version of every report of an evaluation that was ever public, withdrawn ones too."""
    found = (
        select(ReportVersion.document)
        .join(EvaluationReport, EvaluationReport.id == ReportVersion.report_id)
        .where(
            EvaluationReport.evaluation_id == evaluation_id,
            ReportVersion.published_at.is_not(None),
        )
        .order_by(ReportVersion.published_at)
    )
    return [cast(Document, json.loads(text or "{}")) for text in db.session.scalars(found)]


def last_document(report_id: int) -> Document | None:
    """What the newest published version of a report shows."""
    text = db.session.scalar(
        select(ReportVersion.document)
        .where(ReportVersion.report_id == report_id, ReportVersion.published_at.is_not(None))
        .order_by(ReportVersion.number.desc())
        .limit(1)
    )
    return cast(Document, json.loads(text)) if text else None


def _offers_of() -> Select[Any]:
    """Offers that the evaluation of the report at hand is about, its series' too."""
    asked = select(evaluation_offer.c.offer_id).where(
        evaluation_offer.c.evaluation_id == EvaluationReport.evaluation_id
    )
    of_series = Offer.series_id.is_not(None) & (Offer.series_id == Evaluation.series_id)
    return (
        select(Offer.id)
        .where(or_(Offer.id.in_(asked.correlate(EvaluationReport)), of_series))
        .correlate(EvaluationReport, Evaluation)
    )


def _newest_number() -> ScalarSelect[int]:
    """The number of the newest version of the report at hand, a draft too."""
    version = aliased(ReportVersion)
    found = select(func.max(version.number)).where(version.report_id == EvaluationReport.id)
    return found.correlate(EvaluationReport).scalar_subquery()


def _lines() -> Select[Any]:
    version = aliased(ReportVersion)
    draft = (
        select(version.id)
        .where(version.report_id == EvaluationReport.id, version.published_at.is_(None))
        .correlate(EvaluationReport)
    )
    found = (
        select(
            EvaluationReport.slug,
            ReportVersion.title,
            ReportVersion.summary,
            EvaluationReport.published_at,
            EvaluationReport.published_number,
            ReportVersion.published_at.label("version_at"),
            ReportVersion.number,
            EvaluationReport.withdrawn_at,
            Evaluation.slug.label("evaluation_slug"),
            Evaluation.title.label("evaluation_title"),
            exists(draft).label("has_draft"),
        )
        .join(ReportVersion, ReportVersion.report_id == EvaluationReport.id)
        .join(Evaluation, Evaluation.id == EvaluationReport.evaluation_id)
    )
    return cast(Select[Any], found)


def _published() -> Select[Any]:
    return _lines().where(ReportVersion.number == EvaluationReport.published_number)


def _as_lines(found: Select[Any]) -> list[ReportLine]:
    return [
        ReportLine(
            slug=row.slug,
            title=row.title,
            summary=row.summary,
            published_at=row.published_at,
            published_number=row.published_number,
            corrected_at=row.version_at if row.number > 1 else None,
            withdrawn_at=row.withdrawn_at,
            evaluation_slug=row.evaluation_slug,
            evaluation_title=row.evaluation_title,
            has_draft=row.has_draft,
        )
        for row in db.session.execute(found)
    ]
