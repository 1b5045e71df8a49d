"""Raw counts, as read from rows: they stay inside this feature, where small groups are withheld."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from app.impact.disclosure import ShownGroup
from app.impact.growth_rules import Growth
from app.surveys.models import MeasureScale, OutcomeLevel, QuestionKind

KNOWLEDGE, KNOWLEDGE_RECALLED = "knowledge", "knowledge_before"  # measures, scored 0 to 10


class Imported(NamedTuple):
    """The door by which the answers of an imported form came."""

    form_id: int


DoorId = int | Imported | None  # a wave, an imported form, or the open link
BatchKey = tuple[date, bool]  # the month of an asking, or the year where the event was forgotten
BatchOrder = tuple[int, bool, date]


def order_of(batch: BatchKey) -> BatchOrder:
    """Where it stands in the order of time: a year alone after all its months."""
    day, is_year = batch
    return day.year, is_year, day


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
    also_if_key: str | None = None  # a second question: asked only of those who answered both so
    also_if_values: tuple[str, ...] = ()

    @property
    def conditions(self) -> list[tuple[str, tuple[str, ...]]]:
        """The questions it depends on, each with the answers that lead here."""
        pairs = (
            (self.shown_if_key, self.shown_if_values),
            (self.also_if_key, self.also_if_values),
        )
        return [(key, values) for key, values in pairs if key is not None]


@dataclass(slots=True)
class QuestionCounts:
    """How the answers to one question fall, by the sector of who answered."""

    answered: Counter[str] = field(default_factory=Counter)  # people, whatever they chose
    options: dict[str, Counter[str]] = field(default_factory=dict)
    scores: Counter[int] = field(default_factory=Counter)
    routed: int | None = None  # how many the question before led here; None: count its answers
    # Into which lines by sector it was ever broken down, each time of so many steps; what was
    # chosen in those of the last.
    breakdowns: Sequence[tuple[int, Sequence[ShownGroup]]] = ()
    options_in_lines: Mapping[str, Counter[str]] = field(default_factory=dict)
    growth: Growth = Growth()  # in which steps of the door's parts its base has grown

    def add(self, other: QuestionCounts) -> None:
        """Add the answers of others."""
        self.answered.update(other.answered)
        self.scores.update(other.scores)
        for value, by_sector in other.options.items():
            self.options.setdefault(value, Counter()).update(by_sector)

    @property
    def lines(self) -> Sequence[ShownGroup]:
        """The lines by sector as they stand; none if they are withheld."""
        return self.breakdowns[-1][1] if self.breakdowns else ()

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
    # Each breakdown of the forms there ever was: of how many steps, and into which lines.
    breakdowns: Sequence[tuple[int, Sequence[ShownGroup]]] = ()
    steps: tuple[frozenset[BatchKey], ...] = ()  # as they came in, for whatever is broken down
    smaller_steps: tuple[frozenset[BatchKey], ...] = ()  # the parts: as the running team saw them
    growth: Growth = Growth()  # the steps of the forms, by the numbers of these parts
    waits_from: BatchOrder | None = None  # the first month or year that is in none of them
    questions: dict[str, QuestionFacts] = field(default_factory=dict)
    counts: dict[str, QuestionCounts] = field(default_factory=dict)
    recalled_pairs: Counter[tuple[int, int]] = field(default_factory=Counter)

    def last_of_part(self, number: int) -> BatchOrder:
        """The latest month or year of a part."""
        return max(map(order_of, self.smaller_steps[number]))


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


class Twice(NamedTuple):
    """The scores of people at two times; whether they may stand beside those of everybody then."""

    scores: Counter[tuple[int, int]]
    may_stand_beside: bool


@dataclass(slots=True)
class EvaluationCounts:
    """Everything counted of one evaluation; doors by wave or form, None being the open link."""

    facts: EvaluationFacts
    doors: dict[DoorId, DoorCounts] = field(default_factory=dict)
    # (earlier wave, later wave) -> (score then, score later) -> people
    asked_twice: dict[tuple[int, int], Twice] = field(default_factory=dict)
    kept: Counted | None = None  # counted a few minutes ago, by the worker


def bases_of(question: QuestionFacts, counts: QuestionCounts) -> Counter[str]:
    """How many of each sector are in the base of this question."""
    bases = Counter(counts.answered)
    for option in question.options.values():
        if option.is_outside_base:
            bases.subtract(counts.options.get(option.value, {}))
    return bases


def sorted_doors(counts: EvaluationCounts) -> list[DoorId]:
    """Waves in their order, each before the forms of the same time; the open link at the end."""

    def place(item: tuple[DoorId, DoorCounts]) -> tuple[bool, int, int]:
        door_id, door = item
        form_id = door_id.form_id if isinstance(door_id, Imported) else 0
        return door.months_later is None, door.months_later or 0, form_id

    return [door_id for door_id, _ in sorted(counts.doors.items(), key=place)]
