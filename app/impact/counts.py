"""Raw counts, as read from rows: they stay inside this feature, where small groups are withheld."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from app.impact.disclosure import ShownGroup
from app.surveys.models import MeasureScale, OutcomeLevel, QuestionKind

KNOWLEDGE, KNOWLEDGE_RECALLED = "knowledge", "knowledge_before"  # measures, scored 0 to 10


class Imported(NamedTuple):
    """The door by which the answers of an imported form came."""

    form_id: int


DoorId = int | Imported | None  # a wave, an imported form, or the open link
BatchKey = tuple[date, bool]  # the month of an asking, or the year where the event was forgotten


@dataclass(frozen=True, slots=True)
class ImportFacts:
    """Where imported answers come from: when they were given, and each file with its day."""

    first_answered_on: date | None
    last_answered_on: date | None
    files: tuple[tuple[int, date], ...]  # answers, and the day on which they were brought in


@dataclass(frozen=True, slots=True)
class OptionFacts:
    """One answer that can be chosen."""

    value: str
    label: str
    counts: bool
    is_outside_base: bool


@dataclass(frozen=True, slots=True)
class MeasureFacts:
    """What a question measures."""

    key: str
    title: str
    level: OutcomeLevel
    scale: MeasureScale
    position: int


@dataclass(frozen=True, slots=True)
class QuestionFacts:
    """One question of one version, with its options by value, in their order."""

    id: int
    key: str
    position: int
    words: str
    kind: QuestionKind
    measure: MeasureFacts | None
    shown_if_key: str | None
    shown_if_values: tuple[str, ...]
    options: Mapping[str, OptionFacts]
    imported_form_id: int | None = None


@dataclass(slots=True)
class QuestionCounts:
    """How the answers to one question fall, by the sector of who answered."""

    answered: Counter[str] = field(default_factory=Counter)  # people, whatever they chose
    options: dict[str, Counter[str]] = field(default_factory=dict)
    broken_down: Counter[str] = field(default_factory=Counter)  # of `answered`, those in the lines
    options_broken_down: dict[str, Counter[str]] = field(default_factory=dict)
    scores: Counter[int] = field(default_factory=Counter)

    def add(self, sector: str, count: int, *, in_lines: bool) -> None:
        """Add people of a sector who answered; whether they are in the lines by sector."""
        self.answered[sector] += count
        if in_lines:
            self.broken_down[sector] += count

    def add_option(self, value: str, sector: str, count: int, *, in_lines: bool) -> None:
        """Add people of a sector who chose this."""
        self.options.setdefault(value, Counter())[sector] += count
        if in_lines:
            self.options_broken_down.setdefault(value, Counter())[sector] += count

    @property
    def total(self) -> int:
        """How many people answered, whatever they chose."""
        return sum(self.answered.values())

    def of_option(self, value: str) -> int:
        """How many chose this."""
        return sum(self.options[value].values()) if value in self.options else 0


@dataclass(slots=True)
class DoorCounts:
    """What is known of one wave, of an imported form, or of the open link."""

    months_later: int | None = None
    imported: ImportFacts | None = None
    planned: int = 0
    sent: int = 0
    delivered: int = 0
    answered_invitations: int = 0
    next_due_at: datetime | None = None
    is_open: bool = False  # somebody can still answer
    open_until: datetime | None = None  # until when; None for an open link without an end
    responses: Counter[str] = field(default_factory=Counter)  # by sector, all of them
    released: Counter[str] = field(default_factory=Counter)  # by sector, those in the figures
    broken_down: Counter[str] = field(default_factory=Counter)  # those in the lines by sector
    lines: Sequence[ShownGroup] = ()  # into which everyone who responded is broken down
    # Each breakdown that was ever shown: of how many steps, and into which lines.
    breakdowns: Sequence[tuple[int, Sequence[ShownGroup]]] = ()
    steps: tuple[frozenset[BatchKey], ...] = ()  # as they came in, for whatever is broken down
    smaller_steps: tuple[frozenset[BatchKey], ...] = ()  # as the running team saw them come
    questions: dict[str, QuestionFacts] = field(default_factory=dict)
    counts: dict[str, QuestionCounts] = field(default_factory=dict)
    recalled_pairs: Counter[tuple[int, int]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class EvaluationFacts:
    """An evaluation's own row."""

    id: int
    slug: str
    title: str
    subject_words: str
    series_id: int | None
    has_open_link: bool
    open_from: datetime | None
    open_until: datetime | None
    has_made_links: bool = False  # for sessions or organisations; others may be made any day


@dataclass(frozen=True, slots=True)
class Reach:
    """Who came: never withheld from staff."""

    events: int = 0
    people: int = 0
    attendances: int = 0
    without_booking: int = 0
    first_on: date | None = None
    last_on: date | None = None
    people_by_sector: Mapping[str, int] = field(default_factory=dict)
    attendances_by_sector: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the grouped statements about one evaluation said, and when."""

    asked: Sequence[Sequence[Any]]
    responses: Sequence[Sequence[Any]]
    reach: Reach
    counted_at: datetime


@dataclass(slots=True)
class EvaluationCounts:
    """Everything counted of one evaluation; doors by wave or form, None being the open link."""

    facts: EvaluationFacts
    doors: dict[DoorId, DoorCounts] = field(default_factory=dict)
    # (earlier wave, later wave) -> (score then, score later) -> people
    asked_twice: dict[tuple[int, int], Counter[tuple[int, int]]] = field(default_factory=dict)
    kept: Counted | None = None  # counted a few minutes ago, by the worker


def sorted_doors(counts: EvaluationCounts) -> list[DoorId]:
    """Waves in their order, each before the forms of the same time; the open link at the end."""

    def place(item: tuple[DoorId, DoorCounts]) -> tuple[bool, int, int]:
        door_id, door = item
        form_id = door_id.form_id if isinstance(door_id, Imported) else 0
        return door.months_later is None, door.months_later or 0, form_id

    return [door_id for door_id, _ in sorted(counts.doors.items(), key=place)]
