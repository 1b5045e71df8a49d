"""What staff fill in about an event: here, and where bookings change a published one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from wtforms import Field
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # new, not in stubs

from app.catalogue.event_facts_form import MOST_DATES, DateRows, EventFactsForm
from app.catalogue.models import Event
from app.catalogue.operations import EventDetails
from app.kernel import london
from app.kernel.forms import (
    DayField,
    TimeOfDayField,
    choices_of,
    radios,
    read_instant,
    select_one,
)


class TypedDate(NamedTuple):
    """One date of an event as it was filled in; the id is that of a date that is there already."""

    id: int | None
    starts_at: datetime
    ends_at: datetime


class EventForm(DateRows, EventFactsForm):
    """An event: when, where, for how many, and when booking is open."""

    opens = radios(
        "Booking opens",
        (("now", "As soon as the session is published"), ("later", "On a day I choose")),
        "Choose when booking opens",
    )
    opens_day = DayField("Day on which booking opens")
    opens_time = TimeOfDayField("Time at which booking opens")
    closes = radios(
        "Booking closes",
        (("start", "When the session starts"), ("earlier", "On a day I choose")),
        "Choose when booking closes",
    )
    closes_day = DayField("Day on which booking closes")
    closes_time = TimeOfDayField("Time at which booking closes")
    half_term = select_one("Half term (optional)")

    typed_dates: tuple[TypedDate, ...] = ()
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    not_before: datetime | None = None  # an instant before which no new date may start

    def rows(self, *, extra: int = 0) -> list[tuple[int, Field, Field, Field, Field]]:
        """The rows to show: those with something in them, and some empty ones."""
        filled = [n for n in range(1, MOST_DATES + 1) if self._is_filled(n)]
        count = min(MOST_DATES, max(1, max(filled, default=0) + extra))
        return [(n, *self._row(n)) for n in range(1, count + 1)]

    def suggest(self) -> None:
        """The defaults of a new event."""
        self.suggest_facts()
        self.opens.data, self.closes.data = "now", "start"

    def offer_half_terms(self, half_terms: Sequence[tuple[int, str]]) -> None:
        """Fill the list of half terms; the first entry lets the date decide."""
        by_date = SelectChoice("", "The one the first date falls in")
        self.half_term.choices = [by_date, *choices_of(half_terms)]

    def show(self, event: Event) -> None:
        """Show an event as it is, to be changed."""
        for n, date in enumerate(event.dates[:MOST_DATES], 1):
            id_field, day, starts, ends = self._row(n)
            id_field.data = str(date.id)
            day.process_data(london.london_date(date.starts_at))
            starts.process_data(london.to_london(date.starts_at).time())
            ends.process_data(london.to_london(date.ends_at).time())
        self.show_facts(event)
        self.half_term.data = str(event.half_term_id or "")
        self.opens.data = "later"
        self._show_instant("opens", event.booking_opens_at)
        at_start = event.booking_closes_at == event.starts_at
        self.closes.data = "start" if at_start else "earlier"
        if not at_start:
            self._show_instant("closes", event.booking_closes_at)

    def validate(self, extra_validators: Any = None) -> bool:
        """Read every part; each error stands at the field that must be mended."""
        fields_are_good = super().validate(extra_validators)
        self.typed_dates = tuple(self._read_dates())
        self._check_dates_differ()
        if self.opens.data == "later":
            self.opens_at = self._read_moment("opens")
        if self.closes.data == "earlier":
            self.closes_at = self._read_moment("closes")
        self._check_window()
        return fields_are_good and not any(field.errors for field in self)

    @property
    def details(self) -> EventDetails:
        """The event as it was filled in; only after it was found valid."""
        return EventDetails(
            dates=tuple((typed.starts_at, typed.ends_at) for typed in self.typed_dates),
            booking_opens_at=self.opens_at,
            booking_closes_at=self.closes_at,
            half_term_id=int(self.half_term.data) if self.half_term.data else None,
            **self.facts,
        )

    def _row(self, number: int) -> tuple[Field, DayField, TimeOfDayField, TimeOfDayField]:
        return (
            self[f"id_{number}"],
            self[f"day_{number}"],
            self[f"starts_{number}"],
            self[f"ends_{number}"],
        )

    def _is_filled(self, number: int) -> bool:
        return any(field.data for field in self._row(number)[1:])

    def _read_dates(self) -> Iterable[TypedDate]:
        filled = [n for n in range(1, MOST_DATES + 1) if self._is_filled(n)]
        for number in filled or [1]:
            typed = self._read_row(number)
            if typed:
                yield typed

    def _read_row(self, number: int) -> TypedDate | None:
        id_field, day, starts, ends = self._row(number)
        _ask_for(day, f"Enter the day of date {number}")
        _ask_for(starts, f"Enter the start time of date {number}")
        _ask_for(ends, f"Enter the end time of date {number}")
        starts_at, ends_at = read_instant(day, starts), read_instant(day, ends)
        if starts_at is None or ends_at is None:
            return None
        if ends_at <= starts_at:
            _refuse(ends, f"End of date {number} must be after its start")
            return None
        typed_id = id_field.data or ""
        known = typed_id.isascii() and typed_id.isdecimal() and len(typed_id) < 10
        if self.not_before and not known and starts_at < self.not_before:
            _refuse(day, f"Date {number} must be in the future")
            return None
        return TypedDate(int(typed_id) if known else None, starts_at, ends_at)

    def _check_dates_differ(self) -> None:
        seen: set[datetime] = set()
        for number in range(1, MOST_DATES + 1):
            _, day, starts, _ = self._row(number)
            starts_at = read_instant(day, starts) if not starts.errors else None
            if starts_at is None:
                continue
            if starts_at in seen:
                _refuse(day, f"Date {number} is there twice")
            seen.add(starts_at)

    def _read_moment(self, name: str) -> datetime | None:
        day, clock = self[f"{name}_day"], self[f"{name}_time"]
        _ask_for(day, f"Enter the day on which booking {name}")
        _ask_for(clock, f"Enter the time at which booking {name}")
        return read_instant(day, clock)

    def _check_window(self) -> None:
        if not self.typed_dates:
            return
        starts_at = min(typed.starts_at for typed in self.typed_dates)
        ends_at = max(typed.ends_at for typed in self.typed_dates)
        closes_at = self.closes_at or starts_at
        if self.opens_at and self.opens_at >= closes_at:
            _refuse(self.opens_day, "Booking must open before it closes")
        if self.closes_at and self.closes_at > ends_at:
            _refuse(self.closes_day, "Booking must close before the session is over")

    def _show_instant(self, name: str, at: datetime) -> None:
        self[f"{name}_day"].process_data(london.london_date(at))
        self[f"{name}_time"].process_data(london.to_london(at).time())


def _refuse(field: Field, words: str) -> None:
    field.errors = [*field.errors, words]


def _ask_for(field: Field, words: str) -> None:
    if not field.data and not field.errors:
        _refuse(field, words)
