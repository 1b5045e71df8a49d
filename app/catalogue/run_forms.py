"""What staff fill in to plan several events at once, and the lines they look through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from wtforms import Field, HiddenField, SelectMultipleField
from wtforms.validators import ValidationError

from app.catalogue.event_facts_form import EventFactsForm
from app.catalogue.run_rules import MoveBy, Pattern
from app.kernel import london
from app.kernel.forms import (
    DayField,
    FromList,
    LineField,
    PageForm,
    TextField,
    TimeOfDayField,
    choices_of,
    one_line,
    radios,
    read_instant,
)
from app.kernel.typed_times import read_day

MOST_EVENTS = 40
MOST_LINES = 120  # dates of those events, with those left out
MOST_DAYS_BEFORE = 90
TAKEN_FROM_ADDRESS = ("count", "capacity")

AVOIDED = (("holidays", "School holidays"), ("bank_holidays", "Bank holidays"))
PATTERN_WORDS = (
    (Pattern.WEEKLY.value, "Every week"),
    (Pattern.FORTNIGHTLY.value, "Every two weeks"),
    (Pattern.MONTHLY.value, "Every month, on the same weekday of the month as the first day"),
    (Pattern.PICKED.value, "On days I choose"),
)
MOVE_WORDS = (
    (MoveBy.WEEKS.value, "52 weeks later, so that a Tuesday stays a Tuesday"),
    (MoveBy.TERM.value, "To the same weekday in the same week of the half term"),
)


def avoid_field() -> SelectMultipleField:
    """What the days of a run keep clear of."""
    return SelectMultipleField(
        "Leave out",
        choices=choices_of(AVOIDED),
        validators=[FromList("Choose what to leave out from the list")],
        validate_choice=False,
    )


class _RunDays(PageForm):
    """On which days a run takes place, and from when to when."""

    pattern = radios("How often", PATTERN_WORDS, "Choose how often")
    first_day = DayField("First day")
    count = LineField("How many sessions", most=10)
    picked = TextField("Days, one to a line", most=2000)
    starts = TimeOfDayField("Start")
    ends = TimeOfDayField("End")
    avoid = avoid_field()
    closes_before = LineField("Days before each session on which booking closes", most=10)


class RunForm(_RunDays, EventFactsForm):
    """A run of events of one offer, alike but for their days."""

    picked_days: tuple[date, ...] = ()

    def suggest(self) -> None:
        """The defaults of a new run."""
        self.suggest_facts()
        self.pattern.data, self.count.data = Pattern.WEEKLY.value, "6"
        self.avoid.data, self.closes_before.data = [value for value, _ in AVOIDED], "0"

    def take_from(self, said: Mapping[str, str]) -> None:
        """Show what the address of the page already says of the run, tidied; nothing is checked."""
        for name in TAKEN_FROM_ADDRESS:
            if said.get(name):
                self[name].data = one_line(said[name])[:10]

    def validate_first_day(self, field: Field) -> None:
        """A day, where a pattern begins on one."""
        if self.is_pattern and not field.data:
            raise ValidationError("Enter the first day")

    def validate_count(self, field: Field) -> None:
        """How many, where a pattern must end."""
        if self.is_pattern:
            read_number(field, "Number of sessions", least=1, most=MOST_EVENTS)

    def validate_picked(self, field: Field) -> None:
        """Days, where there is no pattern; the message names the line that cannot be read."""
        if self.pattern.data != Pattern.PICKED:
            return
        lines = [line.strip() for line in (field.data or "").splitlines() if line.strip()]
        if not lines:
            raise ValidationError("Enter the days, one to a line")
        if len(lines) > MOST_EVENTS:
            raise ValidationError(f"Enter up to {MOST_EVENTS} days")
        self.picked_days = tuple(sorted(set(_read_lines(lines))))

    def validate_starts(self, field: Field) -> None:
        """A start, before the end."""
        if not field.data:
            raise ValidationError("Enter the time at which the sessions start")

    def validate_ends(self, field: Field) -> None:
        """An end, after the start."""
        if not field.data:
            raise ValidationError("Enter the time at which the sessions end")
        if self.starts.clock and self.ends.clock and self.ends.clock <= self.starts.clock:
            raise ValidationError("End must be after the start")

    def validate_closes_before(self, field: Field) -> None:
        """A few days; nothing means when the session starts."""
        if field.data:
            read_number(field, "Days before", least=0, most=MOST_DAYS_BEFORE)

    @property
    def span(self) -> tuple[time, time]:
        """From when to when; only after the form was found valid."""
        return self.starts.clock or time(), self.ends.clock or time()

    @property
    def is_pattern(self) -> bool:
        """Whether the days follow from the first one."""
        return bool(self.pattern.data) and self.pattern.data != Pattern.PICKED

    def closing_of(self, starts_at: datetime) -> datetime:
        """When booking of an event with this start closes; by London's clock, whatever it does."""
        days = int(self.closes_before.text or 0)
        local = london.to_london(starts_at)
        return london.from_london(local.date() - timedelta(days=days), local.time())


def read_number(field: Field, what: str, *, least: int, most: int) -> int:
    """A whole number within limits; ValidationError says which."""
    typed = field.data or ""
    if not (typed.isascii() and typed.isdecimal() and least <= int(typed) <= most):
        raise ValidationError(f"{what} must be between {least} and {most}")
    return int(typed)


def _read_lines(lines: Sequence[str]) -> Iterator[date]:
    for number, line in enumerate(lines, 1):
        try:
            yield read_day(line)
        except ValueError as error:
            raise ValidationError(f"Day {number} {error}") from None


class Line(NamedTuple):
    """One date of a planned event as it was filled in; `of` names the event it belongs to."""

    of: str
    starts_at: datetime
    ends_at: datetime
    subtitle: str


class LinesForm(PageForm):
    """The dates of a run, one to a line, to look through and mend before they are saved."""

    size: int
    kept: tuple[Line, ...] = ()
    not_before: datetime

    @property
    def is_good(self) -> bool:
        """Whether nothing that was read so far must be mended."""
        return not self.form_errors and not any(field.errors for field in self)

    def process_days(self) -> None:
        """Read the days that were filled in by the service itself."""
        for number in range(1, self.size + 1):
            self[f"day_{number}"].pre_validate(self)

    def row(self, number: int) -> dict[str, Any]:
        """The fields of one line, by what they are."""
        return {name: self[f"{name}_{number}"] for name in _ROW}

    def validate(self, extra_validators: Any = None) -> bool:
        """Read every line that is ticked; each error stands at the field that must be mended."""
        good = super().validate(extra_validators)
        numbers = [n for n in range(1, self.size + 1) if self[f"keep_{n}"].data]
        self.kept = tuple(line for n in numbers if (line := self._read(n)))
        if not numbers:
            self.refuse("Tick at least one date to save")
        seen: set[tuple[str, datetime]] = set()
        for line in self.kept:
            if (line.of, line.starts_at) in seen:
                words = london.period_words(line.starts_at, line.ends_at)
                self.refuse(f"{words} is there twice: untick one of them")
            seen.add((line.of, line.starts_at))
        return good and self.is_good

    def _read(self, number: int) -> Line | None:
        row = self.row(number)
        day, starts, ends = row["day"], row["starts"], row["ends"]
        for field, what in ((day, "day"), (starts, "start time"), (ends, "end time")):
            if not field.data and not field.errors:
                field.errors = [f"Enter the {what} of line {number}"]
        starts_at, ends_at = read_instant(day, starts), read_instant(day, ends)
        if starts_at is None or ends_at is None:
            return None
        if ends_at <= starts_at:
            ends.errors = [*ends.errors, f"End of line {number} must be after its start"]
        if starts_at < self.not_before:
            day.errors = [*day.errors, f"Line {number} must be in the future"]
        return Line(row["of"].data or str(number), starts_at, ends_at, row["subtitle"].text)


_ROW = ("keep", "of", "seen", "day", "starts", "ends", "subtitle")


@lru_cache(maxsize=MOST_LINES)
def lines_form(size: int) -> type[LinesForm]:
    """A form with so many lines."""
    fields: dict[str, Any] = {"size": size}
    for n in range(1, size + 1):
        fields |= {
            f"keep_{n}": SelectMultipleField(
                f"Line {n}",
                choices=choices_of((("yes", "Save"),)),
                validators=[FromList("Tick the line or leave it")],
                validate_choice=False,
            ),
            f"of_{n}": HiddenField(),
            f"seen_{n}": HiddenField(),
            f"day_{n}": DayField(f"Day of line {n}"),
            f"starts_{n}": TimeOfDayField(f"Start of line {n}"),
            f"ends_{n}": TimeOfDayField(f"End of line {n}"),
            f"subtitle_{n}": LineField(f"What tells line {n} apart", most=80),
        }
    return type("LinesForm", (LinesForm,), fields)


class CopyForm(PageForm):
    """Which of last year's events to plan again, and how their days move."""

    move = radios("How the days move", MOVE_WORDS, "Choose how the days move")
    avoid = avoid_field()
    events = SelectMultipleField(
        "Sessions to plan again",
        validators=[FromList("Choose sessions from the list")],
        validate_choice=False,
    )

    def suggest(self) -> None:
        """The defaults: everything that is there, moved by weeks."""
        self.move.data = MoveBy.WEEKS.value
        self.avoid.data = [value for value, _ in AVOIDED]
        self.events.data = self.references

    @property
    def references(self) -> list[str]:
        """The references of all events to choose from."""
        offered: list[Any] = list(self.events.choices or ())
        return [choice.value for choice in offered]

    def validate_events(self, field: Field) -> None:
        """At least one."""
        if not field.data:
            raise ValidationError("Tick at least one session")
