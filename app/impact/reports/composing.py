"""A report's document, from what was written and from figures: live in a preview, then frozen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

from app.impact import wording
from app.impact.disclosure import ELSEWHERE_THRESHOLD
from app.impact.reports.documents import (
    Document,
    DocumentSection,
    Piece,
    PlainTable,
    pieces_in,
    quotes_in,
)
from app.impact.reports.pieces import pieces_of
from app.impact.reports.queries import DraftSection, WorkingReport
from app.impact.summaries import DoorState, EvaluationSummary
from app.kernel.london import london_date
from app.kernel.words import all_of
from app.partnership.queries import PartnershipFacts

LIMITS = (
    "People rate themselves. The figures say what they report of their own practice, not what "
    "brought it about.",
    "Not everybody who was asked answered. Those who did may differ from those who did not.",
    "The likely range (95%) says how far the answers of so few people can be trusted to speak for "
    "many. It does not make up for people who chose not to answer.",
    "Rounded percentages may not add up to 100.",
)

NO_TABLE = PlainTable(title="", columns=[], rows=[], note="")


class Source(NamedTuple):
    """What figures a document can be made of, and what is said of them."""

    pieces: Mapping[str, Piece]
    figures_of: str
    subject: str
    offers: list[list[str]]
    method: list[list[str]]
    limits: list[str]
    codebook: PlainTable


def live_source(summary: EvaluationSummary, codebook: PlainTable = NO_TABLE) -> Source:
    """The figures of today."""
    return Source(
        pieces=pieces_of(summary),
        figures_of=_counted_on(summary).isoformat(),
        subject=summary.subject_words,
        offers=[list(offer) for offer in summary.offers],
        method=_method(summary),
        limits=_limits(summary),
        codebook=codebook,
    )


def _counted_on(summary: EvaluationSummary) -> date:
    """A large evaluation is counted ahead: its figures are of that day."""
    return london_date(summary.counted_at) if summary.counted_at else summary.made_on


def kept_source(document: Document) -> Source:
    """The figures of a version that was published: for a correction of words."""
    return Source(
        pieces={piece["key"]: piece for piece in pieces_in(document)},
        figures_of=document["figures_of"],
        subject=document["subject"],
        offers=document["offers"],
        method=document["method"],
        limits=document["limits"],
        codebook=document["codebook"],
    )


def compose(
    report: WorkingReport,
    source: Source,
    *,
    quotes: Collection[str],
    partnership: PartnershipFacts,
    example: str,
) -> Document:
    """The report as it would be read now; figures and quotations that may not be shown are out."""
    sections = [_section(one, source.pieces, quotes) for one in report.sections]
    return Document(
        title=report.title,
        summary=report.summary,
        evaluation=report.evaluation_title,
        subject=source.subject,
        offers=source.offers,
        partnership=partnership.name,
        contact=partnership.email,
        figures_of=source.figures_of,
        example=example,
        sections=[one for one in sections if one["words"] or one["pieces"] or one["quotes"]],
        method=source.method,
        limits=source.limits,
        codebook=source.codebook,
    )


def _section(
    written: DraftSection, pieces: Mapping[str, Piece], quotes: Collection[str]
) -> DocumentSection:
    return DocumentSection(
        heading=written.heading,
        words=written.words,
        pieces=[pieces[key] for key in written.pieces if key in pieces],
        quotes=[reference for reference in written.quotes if reference in quotes],
    )


def left_out(report: WorkingReport, document: Document) -> int:
    """How many of the figures and quotations that were chosen may not be shown now."""
    chosen = {key for section in report.sections for key in section.chosen}
    shown = {piece["key"] for piece in pieces_in(document)}
    return len(chosen) - len(shown) - len(quotes_in(document))


def day_of(document: Document) -> date:
    """The day on which its figures were taken."""
    return date.fromisoformat(document["figures_of"])


def _method(summary: EvaluationSummary) -> list[list[str]]:
    doors = [door for door in summary.doors if not door.imported_words]
    asked = [wording.as_sentence(door.label) for door in doors if door.state is DoorState.SHOWN]
    lines = [
        ["What was asked about", f"In the figures, “it” is {summary.subject_words}."],
        ["How answers are kept", "Apart from names. What one person answered is shown to nobody."],
    ]
    if asked:
        lines.append(
            [
                "Who was asked",
                "People who attended, by a personal link: "
                f"{all_of(label[:1].lower() + label[1:] for label in asked)}. "
                "Whoever had not answered was reminded.",
            ]
        )
    if summary.open_door:
        lines.append(
            [
                "Open link",
                "Anybody with the link could answer, whether or not they came. These answers "
                "stand by themselves, and there is no response rate.",
            ]
        )
    for door in summary.imported_doors:
        lines.append([door.label, f"{wording.as_sentence(door.imported_words)}."])
    bases = (
        "Each question has its own number who answered; “It does not apply to my role” is left "
        "out of it. A percentage always stands with its count and its number."
    )
    small = (
        f"Figures of fewer than {ELSEWHERE_THRESHOLD} answers are withheld, and so is every "
        "breakdown from which one could be worked out."
    )
    return [*lines, ["Bases", bases], ["Small groups", small]]


def _limits(summary: EvaluationSummary) -> list[str]:
    limits = list(LIMITS)
    if any(change.is_recalled for change in summary.knowledge):
        limits.append(
            "Knowledge before was asked afterwards, looking back: people may remember it as lower "
            "than they would have said at the time."
        )
    if summary.imported_doors:
        limits.append(
            "Of answers imported from Microsoft Forms it is not on record how many were asked."
        )
    return limits
