"""What staff fill in about the school year: its half terms, and the forums planned in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from wtforms import Field, SelectMultipleField
from wtforms.validators import ValidationError

from app.catalogue.run_forms import read_number
from app.forums.year_rules import LAST_WEEK, WEEKDAYS, WEEKS
from app.kernel.forms import (
    NOT_CHOSEN,
    DayField,
    FromList,
    LineField,
    PageForm,
    Required,
    TextField,
    TimeOfDayField,
    WebAddress,
    choices_of,
    radios,
    select_one,
)
from app.partnership.half_term_rules import NUMBERS, half_term, wrong_with
from app.partnership.rules import HALF_TERM_NAMES, HalfTermFacts

MOST_URL = 1000
SHORTEST, LONGEST = 15, 480  # minutes
MINUTES_OF_A_DAY = 24 * 60
WEEK_WORDS = (
    *((number, f"In its {words} week") for number, words in enumerate(WEEKS, start=1)),
    (LAST_WEEK, "In its last week"),
)


class HalfTermForm(PageForm):
    """In which half term an event is counted."""

    half_term = select_one("Half term")
    _words: dict[str, str]

    def offer(self, half_terms: Sequence[tuple[int, str]]) -> None:
        """Fill the list."""
        self._words = {str(id_): words for id_, words in half_terms}
        self.half_term.choices = [NOT_CHOSEN, *choices_of(half_terms)]

    def validate_half_term(self, field: Field) -> None:
        """One of them."""
        if not field.data:
            raise ValidationError("Choose the half term that the session is counted in")

    @property
    def half_term_id(self) -> int:
        """Which was chosen; only after the form was found valid."""
        return int(self.half_term.data)

    @property
    def chosen_words(self) -> str:
        """Its name."""
        return self._words[self.half_term.data]


class YearForm(PageForm):
    """First and last day of each half term of a school year."""

    school_year: str
    neighbours: Sequence[HalfTermFacts] = ()

    def show(self, parts: Sequence[HalfTermFacts]) -> None:
        """Show these days."""
        for part in parts:
            starts, ends = self.row(part.number)
            starts.process_data(part.starts_on)
            ends.process_data(part.ends_on)

    def row(self, number: int) -> tuple[DayField, DayField]:
        """The two fields of a half term."""
        return self[f"starts_{number}"], self[f"ends_{number}"]

    @property
    def rows(self) -> list[tuple[str, DayField, DayField]]:
        """Each half term with its fields."""
        return [(HALF_TERM_NAMES[number - 1], *self.row(number)) for number in NUMBERS]

    @property
    def days(self) -> list[tuple[date, date]]:
        """What was filled in; only after it was found valid."""
        found = [(starts.day, ends.day) for _, starts, ends in self.rows]
        return [(starts, ends) for starts, ends in found if starts and ends]

    @property
    def parts(self) -> list[HalfTermFacts]:
        """The half terms as they were filled in; only after they were found valid."""
        return [half_term(self.school_year, n, *span) for n, span in enumerate(self.days, 1)]

    def validate(self, extra_validators: Any = None) -> bool:
        """Days that can be read, in order, and clear of each other."""
        if not super().validate(extra_validators):
            return False
        wrong = wrong_with(self.parts, self.neighbours)
        for number, words in wrong:
            starts, _ = self.row(number)
            starts.errors = [*starts.errors, words]
        return not wrong


for _number, _name in enumerate(HALF_TERM_NAMES, start=1):
    for _what, _words in (("starts", "First"), ("ends", "Last")):
        _label = f"{_words} day of {_name}"
        _field = DayField(_label, [Required(f"Enter the {_label[0].lower()}{_label[1:]}")])
        setattr(YearForm, f"{_what}_{_number}", _field)


class PlanForm(PageForm):
    """When the forums of a year are, and how they are joined."""

    offer = select_one("Which offer")
    half_terms = SelectMultipleField(
        "Half terms to plan",
        validators=[FromList("Choose half terms from the list: it holds those that lack one")],
        validate_choice=False,
    )
    weekday = radios("Weekday", enumerate(WEEKDAYS), "Choose the weekday")
    week = select_one("Week of the half term", WEEK_WORDS)
    starts = TimeOfDayField("Start", [Required("Enter the time at which they start")])
    length = LineField("Length in minutes", [Required("Enter how many minutes they last")], most=10)
    joining_url = LineField("Joining link (optional)", [WebAddress()], most=MOST_URL)
    venue = LineField("Venue", most=120)
    venue_address = LineField("Address of the venue (optional)", most=200)
    capacity = LineField("Number of places (optional)", most=10)
    joining_notes = TextField("Anything people should know before they come (optional)", most=2000)
    is_face_to_face = False
    offers: list[tuple[int, str]]

    def offer_lists(
        self, offers: Sequence[tuple[int, str]], half_terms: Sequence[tuple[int, str]]
    ) -> None:
        """Fill the lists: of offers, and of half terms that lack what is planned."""
        self.offers = list(offers)
        self.offer.choices = [NOT_CHOSEN, *choices_of(offers)]
        self.half_terms.choices = choices_of(half_terms)

    def suggest(self, half_term_ids: Sequence[int]) -> None:
        """The defaults of a new plan: these half terms, on a Wednesday after school."""
        self.half_terms.data = [str(one) for one in half_term_ids]
        self.weekday.data, self.week.data = "2", "2"
        self.starts.data, self.length.data = "3:30pm", "90"
        if len(self.offers) == 1:
            self.offer.data = str(self.offers[0][0])

    @property
    def span(self) -> tuple[time, time]:
        """From when to when; only after the form was found valid."""
        starts = self.starts.clock or time()
        ends = datetime.combine(date.min, starts) + timedelta(minutes=int(self.length.text))
        return starts, ends.time()

    def validate_offer(self, field: Field) -> None:
        """One of them."""
        if not field.data:
            raise ValidationError("Choose the offer")

    def validate_half_terms(self, field: Field) -> None:
        """At least one."""
        if not field.data:
            raise ValidationError("Tick at least one half term")

    def validate_week(self, field: Field) -> None:
        """One of them."""
        if not field.data:
            raise ValidationError("Choose the week of the half term")

    def validate_length(self, field: Field) -> None:
        """Minutes that a meeting can last."""
        minutes = read_number(field, "Length in minutes", least=SHORTEST, most=LONGEST)
        starts = self.starts.clock
        if starts and starts.hour * 60 + starts.minute + minutes >= MINUTES_OF_A_DAY:
            raise ValidationError("They must end on the day on which they start")

    def validate_joining_url(self, field: Field) -> None:
        """Only addresses that nobody on the way can read or change."""
        if field.data and not field.data.lower().startswith("https://"):
            raise ValidationError("Joining link must begin with https://")

    def validate_venue(self, field: Field) -> None:
        """A venue, where people come to one."""
        if self.is_face_to_face and not field.data:
            raise ValidationError("Enter the venue")

    def validate_capacity(self, field: Field) -> None:
        """A number, if places are limited."""
        if field.data:
            read_number(field, "Number of places", least=1, most=5000)
