"""What staff fill in about lists of people: the evaluation, and the pasted list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask import request
from wtforms import Field, SelectMultipleField
from wtforms.validators import ValidationError

from app.bookings.readers.pasted_people import read_pasted
from app.kernel.forms import (
    DayField,
    FromList,
    LineField,
    PageForm,
    Required,
    TextField,
    choices_of,
    one_line,
    radios,
    select_one,
)
from app.kernel.refusals import Refused
from app.surveys import list_rules, rules
from app.surveys.list_rules import ListKind, ListLine
from app.surveys.lists import ListDetails

MONTHS = (rules.AFTER, 1, 2, 3, 6, 9, 12, 18, 24)
MONTH_CHOICES = [(months, rules.wave_words(months, of_list=True)) for months in MONTHS]
MOST_PASTED = 100_000
MOST_FAULTS_SHOWN = 20
SECTOR_OF = "sector_of:"  # and the address: a sector chosen for one person


class ListEvaluationForm(PageForm):
    """An evaluation of a list of people."""

    kind = radios(
        "Why are people asked?",
        (
            (ListKind.REVIEW.value, "A recommendation of a practice review has been completed"),
            (ListKind.ONE_OFF.value, "A survey of its own, once"),
        ),
        "Choose why people are asked",
    )
    title = LineField("Title", [Required("Enter a title")], most=120)
    subject_words = LineField(
        "What questions call it", [Required("Enter what questions call it")], most=120
    )
    recommendation = LineField("The recommendation", most=300)
    counted_from = DayField("Day to count from", [Required("Enter the day to count from")])
    months = SelectMultipleField(
        "When to ask",
        choices=choices_of(MONTH_CHOICES),
        validators=[Required("Choose when to ask"), FromList("Choose from the list when to ask")],
        validate_choice=False,
    )
    questionnaire = select_one("Which questionnaire")

    def validate_recommendation(self, field: Field) -> None:
        """People are told what was completed."""
        if self.kind.data == ListKind.REVIEW and not field.data:
            raise ValidationError("Enter the recommendation that was completed")

    def offer_questionnaires(self, own: Sequence[tuple[str, str]]) -> None:
        """Offer those that staff have made beside the standard one."""
        standard = ("", "The standard questions of months later")
        self.questionnaire.choices = [standard, *choices_of(own)]

    @property
    def details(self) -> ListDetails:
        """What was filled in; only when valid."""
        assert_day: Any = self.counted_from.day
        kind = ListKind(self.kind.data)
        return ListDetails(
            kind=kind,
            title=self.title.text,
            subject_words=self.subject_words.text,
            recommendation=self.recommendation.text if kind is ListKind.REVIEW else "",
            counted_from_on=assert_day,
            months=tuple(sorted({int(months) for months in self.months.data or () if months})),
            questionnaire_slug=self.questionnaire.data or None,
        )


class PeopleForm(PageForm):
    """A pasted list; whoever has no sector yet gets the one chosen for all, or one of their own."""

    pasted = TextField(
        "Names and email addresses", [Required("Paste at least one address")], most=MOST_PASTED
    )
    sector = select_one("Sector of people we do not know yet")
    leaves_out = False  # the lines with faults
    left_out: Collection[str] = ()  # the keys of lines that staff left out by themselves
    lines: Sequence[ListLine] = ()

    def offer_sectors(self, sectors: Sequence[tuple[int, str]]) -> None:
        """Offer every sector, or choosing for each person on the next page."""
        each = ("", "Choose for each person on the next page")
        self.sector.choices = [each, *choices_of(sectors)]

    def validate_pasted(self, field: Any) -> None:
        """Read the list; each fault is an error of its own."""
        try:
            pasted = read_pasted(field.text)
        except Refused:
            raise ValidationError("Paste 500 people at a time at most, then add the rest") from None
        pairs = [(one_line(one.name), one_line(one.email)) for one in pasted]
        self.lines = list_rules.judged(pairs)
        if not self.lines:
            raise ValidationError("Paste at least one address")
        faults = [f"{line.words}: {line.fault}" for line in self.faulty]
        if not self.has_somebody:
            faults = faults or ["Paste at least one address: all others are left out"]
            self.left_out = ()
        if faults and not (self.leaves_out and self.has_somebody):
            field.errors = [*field.errors, *faults[:MOST_FAULTS_SHOWN]]
            if len(faults) > MOST_FAULTS_SHOWN:
                field.errors += [f"{len(faults) - MOST_FAULTS_SHOWN} more lines like these"]

    @property
    def has_somebody(self) -> bool:
        """Whether some line has no fault."""
        return any(not line.fault for line in self.kept)

    @property
    def kept(self) -> list[ListLine]:
        """The lines that were not left out one by one."""
        return [line for line in self.lines if line.key not in self.left_out]

    @property
    def faulty(self) -> list[ListLine]:
        """The lines that must be corrected or left out."""
        return [line for line in self.kept if line.fault]

    @property
    def faulty_shown(self) -> list[ListLine]:
        """Those of them that are named on the page."""
        return self.faulty[:MOST_FAULTS_SHOWN]

    @property
    def can_leave_out(self) -> bool:
        """Whether somebody would be left without the lines that have faults."""
        return self.has_somebody and bool(self.faulty)

    @property
    def sector_id(self) -> int | None:
        """The sector chosen for all."""
        return int(self.sector.data) if self.sector.data else None

    @property
    def sectors_chosen(self) -> Mapping[str, int]:
        """The sectors chosen for single people, by address; only those that are offered."""
        field: Any = self.sector
        offered = {str(choice.value) for choice in field.iter_choices()} - {""}
        return {
            name.removeprefix(SECTOR_OF): int(value)
            for name, value in request.form.items()
            if name.startswith(SECTOR_OF) and value in offered
        }
