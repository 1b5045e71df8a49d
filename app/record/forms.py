"""What people type into their own record, and the code of a certificate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import cast

from wtforms import Field
from wtforms.validators import ValidationError

from app.kernel.forms import (
    NOT_CHOSEN,
    DayField,
    LineField,
    PageForm,
    Required,
    choices_of,
    select_one,
)
from app.record.models import LearningElsewhere
from app.record.operations import ElsewhereDetails
from app.record.rules import MINUTES_AN_HOUR, Rule, number_words

MOST_HOURS = 200
HOURS = re.compile(r"[0-9]{1,3}([.][0-9]{1,2})?")


class ElsewhereForm(PageForm):
    """Learning elsewhere."""

    title = LineField("What you learned", [Required("Enter what you learned")], most=150)
    provider = LineField("Who provided it", [Required("Enter who provided it")], most=120)
    learned_on = DayField("Day", [Required("Enter the day, or the last day if there were several")])
    hours = LineField("Hours (optional)", most=20)
    refresher = select_one("What it renews (optional)")

    def offer_refreshers(self, rules: Sequence[Rule]) -> None:
        """Fill the list of what must be renewed."""
        self.refresher.choices = [
            NOT_CHOSEN,
            *choices_of((rule.id, rule.name) for rule in rules),
        ]

    def show(self, entry: LearningElsewhere) -> None:
        """Show an entry as it is, to be changed."""
        self.title.data, self.provider.data = entry.title, entry.provider
        self.learned_on.process_data(entry.learned_on)
        self.hours.data = "" if entry.minutes is None else number_words(entry.minutes)
        self.refresher.data = str(entry.refresher_id or "")

    def validate_hours(self, field: Field) -> None:
        """A number of hours, if anything."""
        if field.data and not (HOURS.fullmatch(field.data) and self._minutes):
            raise ValidationError("Hours must be a number, such as 3 or 1.5")
        if field.data and (self._minutes or 0) > MOST_HOURS * MINUTES_AN_HOUR:
            raise ValidationError(f"Hours must be {MOST_HOURS} or fewer")

    @property
    def details(self) -> ElsewhereDetails:
        """The entry as it was filled in; only after it was found valid."""
        return ElsewhereDetails(
            title=self.title.text,
            provider=self.provider.text,
            learned_on=cast(date, self.learned_on.day),
            minutes=self._minutes,
            refresher_id=int(self.refresher.data) if self.refresher.data else None,
        )

    @property
    def _minutes(self) -> int | None:
        return round(Decimal(self.hours.data) * MINUTES_AN_HOUR) if self.hours.data else None


class CodeForm(PageForm):
    """The code of a certificate."""

    code = LineField("Code", [Required("Enter the code that is printed on the certificate")])
