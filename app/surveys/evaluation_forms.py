"""What staff fill in about evaluations and their plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import Field, SelectMultipleField
from wtforms.form import BaseForm
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
from app.surveys.wave_settings import WaveSettings

MONTHS = (rules.BEFORE, rules.AFTER, 1, 2, 3, 6, 9, 12, 18, 24)
MONTH_CHOICES = [(months, rules.wave_words(months)) for months in MONTHS]
ALL_MONTHS = range(rules.BEFORE, 24 + 1)
MOST_DIGITS = 3


class AddWaveForm(PageForm):
    """One more point in time for a plan."""

    months = select_one("Ask people")
    questionnaire = select_one("Which questionnaire")

    def validate_months(self, field: Field) -> None:
        """Ask for a choice."""
        if not field.data:
            raise ValidationError("Choose when to ask people")

    def offer_questionnaires(self, own: Sequence[tuple[str, str]]) -> None:
        """Offer those that staff have made beside the standard one."""
        self.questionnaire.choices = [("", "The standard one for that time"), *choices_of(own)]

    def offer_months(self, planned: Sequence[int], *, of_list: bool) -> None:
        """Offer what is not in the plan yet; a list has no session to ask before."""
        left = [
            (months, rules.wave_words(months, of_list=of_list))
            for months in ALL_MONTHS
            if months not in planned and not (of_list and months == rules.BEFORE)
        ]
        self.months.choices = [("", "Choose when"), *choices_of(left)]


class DaysField(LineField):
    """A number of days as typed; `data` keeps what was typed, `number` is it or None."""

    number: int | None = None

    def pre_validate(self, form: BaseForm) -> None:
        """Read the number."""
        if not self.data:
            return
        if not (self.data.isascii() and self.data.isdecimal() and len(self.data) <= MOST_DIGITS):
            raise ValidationError(f"{self.label.text} must be a number of days, such as 14")
        self.number = int(self.data)


class WaveSettingsForm(PageForm):
    """Which questionnaire a wave asks, when it reminds, how long it stays open."""

    questionnaire = select_one("Which questionnaire")
    open_days = DaysField(
        "How many days it stays open", [Required("Enter how many days it stays open")]
    )
    first_reminder = DaysField("First reminder (optional)")
    second_reminder = DaysField("Second reminder (optional)")

    def validate_second_reminder(self, field: Field) -> None:
        """There is no second one without a first one."""
        if field.data and not self.first_reminder.data:
            raise ValidationError("Enter the first reminder, or leave both empty")

    @property
    def settings(self) -> WaveSettings:
        """What was filled in; only when valid."""
        reminders = (self.first_reminder.number, self.second_reminder.number)
        open_days = self.open_days.number if self.open_days else None
        return WaveSettings(
            questionnaire_slug=(self.questionnaire.data or None) if self.questionnaire else None,
            open_days=rules.OPEN_DAYS if open_days is None else open_days,
            reminder_days=tuple(days for days in reminders if days is not None),
        )


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
