"""Choosing the period of a report: one from the list, or any two days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from app.home.report import period_rules
from app.impact.periods import Period
from app.kernel.forms import DayField, PageForm, choices_of, select_one


class PeriodForm(PageForm):
    """Sent by GET, so that a report has an address; what was typed is kept."""

    period = select_one("Quarter or year")
    first_on = DayField("From")
    last_on = DayField("To")

    def __init__(self, *arguments: Any, choices: Sequence[Period], **more: Any) -> None:
        super().__init__(*arguments, **more)
        known = [(one.slug, one.title) for one in choices]
        asked = period_rules.find(self.period.data or "")
        if asked and asked.slug not in dict(known):
            known.insert(0, (asked.slug, asked.title))
        self.period.choices = choices_of(known)

    def chosen(self, today: date) -> Period | None:
        """The period that was asked for, the last quarter if none was; None if something is wrong.

        Two days that were typed come before a choice from the list.
        """
        if not self.validate():
            return None
        if self.first_on.data or self.last_on.data:
            return self._typed()
        period = period_rules.find(self.period.data or "") or period_rules.last_quarter(today)
        self.period.data = period.slug
        return period

    def _typed(self) -> Period | None:
        for field in (self.first_on, self.last_on):
            if field.day is None:
                field.errors = [f"Enter the {'first' if field is self.first_on else 'last'} day"]
        first_on, last_on = self.first_on.day, self.last_on.day
        if first_on is None or last_on is None:
            return None
        fault = period_rules.fault(first_on, last_on)
        if fault:
            self.last_on.errors = [fault]
            return None
        self.period.data = ""
        return period_rules.of_days(first_on, last_on)
