"""What staff fill in about evaluations and their plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import Field, SelectMultipleField
from wtforms.validators import ValidationError

from app.kernel.forms import (
    DayField,
    FromList,
    LineField,
    PageForm,
    Required,
    choices_of,
    radios,
    select_one,
)
from app.surveys import rules
from app.surveys.evaluations import EvaluationDetails

MONTHS = (rules.BEFORE, rules.AFTER, 1, 2, 3, 6, 9, 12, 18, 24)
MONTH_CHOICES = [(months, rules.wave_words(months)) for months in MONTHS]


class AddWaveForm(PageForm):
    """One more point in time for a plan."""

    months = select_one("Ask people", MONTH_CHOICES)
    questionnaire = select_one("Which questionnaire")

    def validate_months(self, field: Field) -> None:
        """Ask for a choice."""
        if not field.data:
            raise ValidationError("Choose when to ask people")

    def offer_questionnaires(self, own: Sequence[tuple[str, str]]) -> None:
        """Offer those that staff have made beside the standard one."""
        self.questionnaire.choices = [("", "The standard one for that time"), *choices_of(own)]

    def offer_months(self, planned: Sequence[int]) -> None:
        """Offer what is not in the plan yet."""
        left = [(months, words) for months, words in MONTH_CHOICES if months not in planned]
        self.months.choices = [("", "Choose when"), *choices_of(left)]


class OneButton(PageForm):
    """A page that asks only whether to go on."""


class EvaluationForm(PageForm):
    """An evaluation of several things together, or with an open link."""

    title = LineField("Title", [Required("Enter a title")], most=120)
    subject_words = LineField(
        "What questions call it", [Required("Enter what questions call it")], most=120
    )
    offers = SelectMultipleField(
        "Offers and resources",
        validators=[FromList("Choose offers from the list")],
        validate_choice=False,
    )
    series = select_one("Or a whole series (optional)")
    months = SelectMultipleField(
        "Ask those who attended (optional)",
        choices=choices_of(MONTH_CHOICES),
        validators=[FromList("Choose from the list when to ask")],
        validate_choice=False,
    )
    open_link = radios(
        "Open link for the whole workforce",
        (("yes", "Yes, anybody with the link can answer, anonymously"), ("no", "No")),
        "Choose whether there is an open link",
    )
    questionnaire = select_one("What the open link asks")
    open_from = DayField("First day of the open link (optional)")
    open_until = DayField("Last day of the open link")

    def validate_offers(self, field: Field) -> None:
        """An evaluation is about something."""
        if not field.data and not self.series.data:
            raise ValidationError("Choose at least one offer or a series")

    def validate_open_until(self, field: Any) -> None:
        """A link without an end would collect answers for ever."""
        if self.open_link.data != "yes":
            return
        if not field.data:
            raise ValidationError("Enter the last day of the open link")
        first, last = self.open_from.day, field.day
        if first and last and last < first:
            raise ValidationError("The last day must not be before the first day")

    @property
    def details(self) -> EvaluationDetails:
        """What was filled in; only when valid."""
        is_open = self.open_link.data == "yes"
        return EvaluationDetails(
            title=self.title.text,
            subject_words=self.subject_words.text,
            offer_slugs=tuple(self.offers.data or ()),
            series_slug=self.series.data or None,
            months=tuple(sorted({int(months) for months in self.months.data or () if months})),
            open_from_on=self.open_from.day if is_open else None,
            open_until_on=self.open_until.day if is_open else None,
            open_questionnaire_slug=(self.questionnaire.data or None) if is_open else None,
        )
