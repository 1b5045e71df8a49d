"""What staff fill in about a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wtforms import SelectMultipleField

from app.impact.reports.documents import Piece
from app.impact.reports.operations import SectionDetails
from app.impact.reports.queries import QUOTE
from app.impact.words.queries import Quote
from app.kernel.forms import (
    FromList,
    LineField,
    PageForm,
    Required,
    TextField,
    choices_of,
    radios,
)

WORDS_LENGTH = 20_000
QUOTE_SHOWN = 90
FROM_LIST = "Choose figures from the list"


class ReportForm(PageForm):
    """What a report is called, and a sentence or two of what it says."""

    title = LineField("Title", [Required("Enter a title")], most=120)
    summary = TextField(
        "Summary", [Required("Enter a sentence or two for the list of reports")], most=600
    )


class CorrectedReportForm(ReportForm):
    """The same of a correction."""

    correction = TextField("What this correction changes", most=600)


class SectionForm(PageForm):
    """A heading, words, and the figures and quotations that stand below them."""

    heading = LineField("Heading", [Required("Enter a heading")], most=120)
    words = TextField("Words (optional)", most=WORDS_LENGTH)
    pieces = SelectMultipleField("Figures", validators=[FromList(FROM_LIST)], validate_choice=False)
    quotes = SelectMultipleField(
        "Quotations",
        validators=[FromList("Choose quotations from the list")],
        validate_choice=False,
    )

    def offer(self, pieces: Mapping[str, Piece], quotes: Iterable[Quote]) -> None:
        """What can be chosen now."""
        self.pieces.choices = choices_of(
            (key, f"{piece['title']} ({piece['group'].lower()})") for key, piece in pieces.items()
        )
        self.quotes.choices = choices_of((q.reference, _short(q.words)) for q in quotes)

    @property
    def details(self) -> SectionDetails:
        """What was filled in; only when valid."""
        quotes = [f"{QUOTE}{reference}" for reference in self.quotes.data or []]
        return SectionDetails(
            self.heading.text, self.words.text, [*(self.pieces.data or []), *quotes]
        )


class CorrectForm(PageForm):
    """Which figures a correction stands on."""

    figures = radios(
        "Which figures?",
        (
            ("kept", "Keep the figures that were published, and correct the words"),
            ("new", "Take today's figures"),
        ),
        "Choose which figures the correction shows",
    )


class WithdrawForm(PageForm):
    """Why a report is taken back."""

    reason = TextField(
        "Why is it withdrawn?", [Required("Enter the reason: readers see it")], most=600
    )


def _short(words: str) -> str:
    return words if len(words) <= QUOTE_SHOWN else f"{words[: QUOTE_SHOWN - 1]}…"
