"""Writing, publishing, correcting and withdrawing a report; what is published never changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case, delete, func, select, update

from app.accounts.models import Person
from app.audit import operations as audit
from app.impact.reports import publishing_rules, queries
from app.impact.reports.documents import Document, bases_in, pieces_in
from app.impact.reports.models import EvaluationReport, ReportSection, ReportVersion
from app.impact.reports.queries import WorkingReport
from app.kernel.db import db, insert_together
from app.kernel.london import london_date, short_date_words
from app.kernel.refusals import Refused
from app.surveys.evaluations import slug_of
from app.surveys.models import Evaluation

RESERVED = {"new"}
MOST_SECTIONS = 20
NO_DRAFT = "This report has no draft any more: open it again to see how it stands"
SECTION_GONE = "This section is not in the draft any more: nothing was changed"
TOO_CLOSE = (
    "The figures of “{title}” differ by fewer than 10 people from a version that was published "
    "before, so that those few could be worked out. Keep the figures that were published, leave "
    "this one out, or wait until at least 10 more people have answered"
)
IN_BULK = {"synchronize_session": False}


class SectionDetails(NamedTuple):
    """What somebody wrote in a section, and the keys of what stands below it."""

    heading: str
    words: str = ""
    chosen: Sequence[str] = ()


def begin_report(
    evaluation_id: int,
    title: str,
    summary: str,
    sections: Iterable[SectionDetails],
    *,
    actor: Person,
    now: datetime,
) -> str:
    """Begin a report of an evaluation; its address, which stays for good."""
    report = EvaluationReport(
        slug=_free_slug(slug_of(title)), evaluation_id=evaluation_id, created_at=now
    )
    db.session.add(report)
    db.session.flush()
    version = ReportVersion(report_id=report.id, number=1, title=title, summary=summary)
    db.session.add(version)
    db.session.flush()
    _add_sections(version.id, sections)
    audit.record(actor.reference, "began", "report", report.slug, now=now)
    return report.slug


def change_words(
    slug: str, title: str, summary: str, correction: str, *, actor: Person, now: datetime
) -> None:
    """Change the title and the summary of a draft, and what a correction says it changes."""
    draft = _draft(slug)
    db.session.execute(
        update(ReportVersion)
        .where(ReportVersion.id == draft.version_id)
        .values(title=title, summary=summary, correction=correction if draft.number > 1 else "")
    )
    _note(draft, "changed", actor=actor, now=now)


def add_section(slug: str, details: SectionDetails, *, actor: Person, now: datetime) -> None:
    """Add a section behind the others."""
    draft = _draft(slug)
    if len(draft.sections) >= MOST_SECTIONS:
        raise Refused(f"A report has at most {MOST_SECTIONS} sections: put two of them together")
    _add_sections(draft.version_id, [details], behind=len(draft.sections))
    _note(draft, "added to", actor=actor, now=now, section=details.heading)


def change_section(
    slug: str, section_id: int, details: SectionDetails, *, actor: Person, now: datetime
) -> None:
    """Write a section anew."""
    draft = _draft(slug)
    _must_have(draft, section_id)
    db.session.execute(
        update(ReportSection)
        .where(ReportSection.id == section_id)
        .values(heading=details.heading, words=details.words, pieces=" ".join(details.chosen))
    )
    _note(draft, "changed", actor=actor, now=now, section=details.heading)


def remove_section(slug: str, section_id: int, *, actor: Person, now: datetime) -> None:
    """Take a section out of a draft."""
    draft = _draft(slug)
    _must_have(draft, section_id)
    db.session.execute(delete(ReportSection).where(ReportSection.id == section_id))
    _put_in_order([one.id for one in draft.sections if one.id != section_id])
    _note(draft, "removed from", actor=actor, now=now)


def move_section(slug: str, section_id: int, by: int, *, actor: Person, now: datetime) -> None:
    """Move a section a step up (-1) or down (1)."""
    draft = _draft(slug)
    _must_have(draft, section_id)
    order = [one.id for one in draft.sections]
    place = order.index(section_id)
    order.insert(max(0, place + by), order.pop(place))
    _put_in_order(order)
    _note(draft, "moved in", actor=actor, now=now)


def publish(slug: str, document: Document, *, actor: Person, now: datetime) -> None:
    """Freeze the draft as this document and let everybody read it; Refused with the reason."""
    draft = _draft(slug)
    _check(draft, document)
    db.session.execute(
        update(ReportVersion)
        .where(ReportVersion.id == draft.version_id)
        .values(published_at=now, document=json.dumps(document))
    )
    db.session.execute(
        update(EvaluationReport)
        .where(EvaluationReport.id == draft.id)
        .values(
            published_number=draft.number,
            published_at=func.coalesce(EvaluationReport.published_at, now),
            withdrawn_at=None,
            withdrawn_reason="",
            revision=EvaluationReport.revision + 1,
        )
    )
    _keep_reported_on(draft.evaluation_id)
    verb = "corrected" if draft.number > 1 else "published"
    _note(draft, verb, actor=actor, now=now, version=draft.number)


def begin_correction(slug: str, *, keeps_figures: bool, actor: Person, now: datetime) -> None:
    """A draft of the next version, with the words of the one that is published."""
    report = _locked(slug)
    if report.is_draft:
        raise Refused("There is a draft already: go on with that one")
    version = ReportVersion(
        report_id=report.id,
        number=report.number + 1,
        title=report.title,
        summary=report.summary,
        keeps_figures=keeps_figures,
    )
    db.session.add(version)
    db.session.flush()
    _add_sections(
        version.id,
        [SectionDetails(one.heading, one.words, one.chosen) for one in report.sections],
    )
    _note(report, "began to correct", actor=actor, now=now, keeps_figures=keeps_figures)


def discard_draft(slug: str, *, actor: Person, now: datetime) -> None:
    """Throw a draft away, and the report if nothing of it was ever published."""
    draft = _draft(slug)
    of_version = ReportSection.version_id == draft.version_id
    db.session.execute(delete(ReportSection).where(of_version), execution_options=IN_BULK)
    db.session.execute(
        delete(ReportVersion).where(ReportVersion.id == draft.version_id), execution_options=IN_BULK
    )
    if draft.published_number is None:
        gone = delete(EvaluationReport).where(EvaluationReport.id == draft.id)
        db.session.execute(gone, execution_options=IN_BULK)
    _note(draft, "discarded the draft of", actor=actor, now=now)
    db.session.expire_all()


def withdraw(slug: str, reason: str, *, actor: Person, now: datetime) -> None:
    """Take a report back: its page stays, without its figures, and says why."""
    report = _locked(slug)
    if report.published_number is None or report.withdrawn_at:
        raise Refused("This report is not public: there is nothing to withdraw")
    db.session.execute(
        update(EvaluationReport)
        .where(EvaluationReport.id == report.id)
        .values(withdrawn_at=now, withdrawn_reason=reason, revision=EvaluationReport.revision + 1)
    )
    _keep_reported_on(report.evaluation_id)
    _note(report, "withdrew", actor=actor, now=now)


def _check(draft: WorkingReport, document: Document) -> None:
    if not document["sections"]:
        raise Refused("Write at least one section before you publish")
    if draft.number > 1 and not draft.correction:
        raise Refused("Say first what this correction changes: readers see it at the top")
    # Two reports of one evaluation must not be checked at once, neither seeing the other.
    of_it = select(Evaluation.id).where(Evaluation.id == draft.evaluation_id)
    db.session.execute(of_it.with_for_update())
    now = bases_in(document)
    before = [bases_in(earlier) for earlier in queries.documents_of(draft.evaluation_id)]
    wrong = [*publishing_rules.too_small(now), *publishing_rules.unsafe_keys(before, now)]
    if wrong:
        titles = (piece["title"] for piece in pieces_in(document) if wrong[0] in piece["bases"])
        raise Refused(TOO_CLOSE.format(title=next(titles)))


def _keep_reported_on(evaluation_id: int) -> None:
    """The last day on which a report that still stands was published; `verify` counts it again."""
    last = db.session.scalar(
        select(func.max(ReportVersion.published_at))
        .join(EvaluationReport, EvaluationReport.id == ReportVersion.report_id)
        .where(
            EvaluationReport.evaluation_id == evaluation_id,
            EvaluationReport.withdrawn_at.is_(None),
        )
    )
    db.session.execute(
        update(Evaluation)
        .where(Evaluation.id == evaluation_id)
        .values(reported_on=london_date(last) if last else None)
    )


def _locked(slug: str) -> WorkingReport:
    report = queries.working_report(slug, lock=True)
    if report is None:
        raise Refused(NO_DRAFT)
    return report


def _draft(slug: str) -> WorkingReport:
    report = _locked(slug)
    if not report.is_draft:
        raise Refused(NO_DRAFT)
    return report


def _must_have(draft: WorkingReport, section_id: int) -> None:
    if section_id not in {one.id for one in draft.sections}:
        raise Refused(SECTION_GONE)


def _add_sections(version_id: int, sections: Iterable[SectionDetails], *, behind: int = 0) -> None:
    insert_together(
        [
            ReportSection(
                version_id=version_id,
                position=behind + place,
                heading=details.heading,
                words=details.words,
                pieces=" ".join(details.chosen),
            )
            for place, details in enumerate(sections, start=1)
        ]
    )


def _put_in_order(section_ids: Sequence[int]) -> None:
    if not section_ids:
        return
    positions = {section_id: -place for place, section_id in enumerate(section_ids, start=1)}
    of_them = update(ReportSection).where(ReportSection.id.in_(section_ids))
    # Two steps, since no two sections may have one position in between.
    for change in (
        of_them.values(position=case(positions, value=ReportSection.id)),
        of_them.values(position=-ReportSection.position),
    ):
        db.session.execute(change, execution_options=IN_BULK)


def _free_slug(wanted: str) -> str:
    taken = set(
        db.session.scalars(
            select(EvaluationReport.slug).where(EvaluationReport.slug.startswith(wanted))
        )
    )
    slug, number = wanted, 2
    while slug in taken | RESERVED:
        slug, number = f"{wanted}-{number}", number + 1
    return slug


def _note(
    report: WorkingReport, verb: str, *, actor: Person, now: datetime, **facts: str | int | bool
) -> None:
    audit.record(actor.reference, verb, "report", report.slug, now=now, **facts)


def corrected_words(published_at: datetime, correction: str) -> str:
    """The visible note of a correction."""
    return f"Corrected on {short_date_words(published_at)}: {correction}"
