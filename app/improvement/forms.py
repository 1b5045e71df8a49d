"""What staff fill in about evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import SelectMultipleField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from app.improvement.models import Counted, Evidence, EvidenceKind
from app.improvement.operations import EvidenceDetails
from app.improvement.rules import KIND_WORDS, MOST_COUNT, MOST_REASON, MOST_SOURCE, MOST_TITLE
from app.kernel.forms import (
    DayField,
    FromList,
    LineField,
    PageForm,
    Required,
    WebAddress,
    choices_of,
    radios,
)

NO_FIGURE, AT_LEAST, EXACTLY = "none", "at_least", "exactly"
MOST_DIGITS = 12


class WholeNumberField(LineField):
    """A number as people type it; `data` keeps what was typed, `number` is it or None."""

    number: int | None = None

    def pre_validate(self, form: BaseForm) -> None:
        """Read the number; commas between thousands are as good as none."""
        typed = self.text.replace(",", "")
        if not typed:
            return
        is_number = typed.isascii() and typed.isdecimal() and len(typed) <= MOST_DIGITS
        if not is_number or int(typed) > MOST_COUNT:
            raise ValidationError(f"{self.label.text} must be a whole number, such as 380")
        self.number = int(typed)


class EvidenceForm(PageForm):
    """A finding, who counted it, when, its figure if it has one, and what it is about."""

    title = LineField("What was found", [Required("Enter what was found")], most=MOST_TITLE)
    kind = radios("Kind", KIND_WORDS.items(), "Choose the kind of evidence")
    source = LineField(
        "Source", [Required("Enter who counted it, or where it is published")], most=MOST_SOURCE
    )
    web_address = LineField("Web address (optional)", [WebAddress()], most=1000)
    from_on = DayField("First day (optional)")
    until_on = DayField("Last day", [Required("Enter the day it is of, or its last day")])
    counted = radios(
        "What its figure counts",
        (
            (NO_FIGURE, "There is no figure"),
            (Counted.THINGS, "Visits, downloads or other things"),
            (Counted.PEOPLE, "People, or files about people"),
        ),
        "Choose what the figure counts, or that there is none",
    )
    count = WholeNumberField("Figure (optional)", most=20)
    base = WholeNumberField("Out of (optional)", most=20)
    exactness = radios(
        "How exact it is",
        ((EXACTLY, "As counted"), (AT_LEAST, "At least that: the source says “over”")),
        "Choose how exact the figure is",
    )
    offers = SelectMultipleField(
        "Offers it is about",
        validators=[FromList("Choose offers from the list")],
        validate_choice=False,
    )
    topics = SelectMultipleField(
        "Topics it is about",
        validators=[FromList("Choose topics from the list")],
        validate_choice=False,
    )

    def offer_lists(
        self, offers: Sequence[tuple[str, str]], topics: Sequence[tuple[str, str]]
    ) -> None:
        """What it can be about; where there is nothing to choose, nothing is chosen."""
        self.offers.choices, self.topics.choices = choices_of(offers), choices_of(topics)
        self.offers.data = self.offers.data if offers else []
        self.topics.data = self.topics.data if topics else []

    def show(self, evidence: Evidence) -> None:
        """Show a finding as it is, to be changed."""
        self.title.data, self.source.data = evidence.title, evidence.source
        self.web_address.data = evidence.web_address or ""
        self.kind.data = evidence.kind.value
        self.from_on.process_data(evidence.from_on)
        self.until_on.process_data(evidence.until_on)
        self.counted.data = evidence.counted.value if evidence.counted else NO_FIGURE
        self.count.data = _typed(evidence.figure_count)
        self.base.data = _typed(evidence.figure_base)
        self.exactness.data = AT_LEAST if evidence.is_lower_bound else EXACTLY
        self.offers.data = [offer.slug for offer in evidence.offers]
        self.topics.data = [topic.slug for topic in evidence.topics]

    @property
    def details(self) -> EvidenceDetails:
        """The finding as it was filled in; only after it was found valid."""
        until_on: Any = self.until_on.day
        has_figure = self.counted.data != NO_FIGURE
        return EvidenceDetails(
            title=self.title.text,
            kind=EvidenceKind(self.kind.data),
            source=self.source.text,
            web_address=self.web_address.text or None,
            from_on=self.from_on.day,
            until_on=until_on,
            counted=Counted(self.counted.data) if has_figure else None,
            count=self.count.number,
            base=self.base.number,
            is_lower_bound=has_figure and self.exactness.data == AT_LEAST,
            offer_slugs=tuple(self.offers.data or ()),
            topic_slugs=tuple(self.topics.data or ()),
        )


class WithdrawForm(PageForm):
    """Why a finding is shown no more."""

    reason = LineField("Why", [Required("Enter why it is withdrawn")], most=MOST_REASON)


def _typed(number: int | None) -> str:
    return "" if number is None else f"{number:,}"
