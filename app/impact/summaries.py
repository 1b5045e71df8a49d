"""What may be shown of an evaluation or an offer: page, spreadsheet and charts read the same."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from app.impact.counts import Reach
from app.impact.rules import MatchedChange, MeanScore, Share
from app.improvement.queries import EvidenceLine
from app.kernel.london import clock_words
from app.surveys.models import MeasureScale, OutcomeLevel


class DoorState(enum.StrEnum):
    """What stands in the way of figures, if anything."""

    NOT_ASKED = "not_asked"
    STILL_OPEN = "still_open"
    NOBODY = "nobody"
    TOO_FEW = "too_few"
    SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class Door:
    """One wave, or the open link: how many were asked, how many answered, what may be shown."""

    key: str
    label: str
    is_open_link: bool
    state: DoorState
    threshold: int
    planned: int
    asked: int
    delivered: int
    answered: int
    in_figures: int
    rate: Share | None
    is_open: bool
    next_on: date | None  # when the first are due to be asked, or when asking closes
    answered_by_sector: Mapping[str, int]
    imported_words: str = ""  # where imported answers come from
    months_later: int | None = None  # None through a link open to everyone

    @property
    def waiting(self) -> int:
        """Answers that are there and not yet in the figures."""
        return self.answered - self.in_figures


@dataclass(frozen=True, slots=True)
class OptionLine:
    """How many chose one answer, of those in the base; share is None outside the base."""

    label: str
    count: int
    is_counted: bool
    share: Share | None


@dataclass(frozen=True, slots=True)
class SectorLine:
    """One line of a breakdown: one sector, or several small ones together."""

    label: str
    members: int
    share: Share | None  # None where nobody of the line was asked


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure at one time; share and mean are both None where it is withheld."""

    door: Door
    withheld_below: int
    share: Share | None = None
    mean: MeanScore | None = None
    histogram: Mapping[int, int] = field(default_factory=dict)
    routed: int = 0  # how many an earlier answer led to this question
    routed_words: str = ""  # who they are, as "who have used it"; empty if everyone was asked
    options: tuple[OptionLine, ...] = ()
    sectors: tuple[SectorLine, ...] = ()
    evaluations: int = 1  # whose answers are added up here
    left_out: int = 0  # evaluations that asked it and have too few answers to be added
    parts: frozenset[str] = frozenset()  # which evaluations are added up

    @property
    def is_withheld(self) -> bool:
        """Whether there are too few answers to show any."""
        return self.share is None and self.mean is None and not self.options

    @property
    def asked_of(self) -> str:
        """Whom a routed question went to, with their number."""
        if not self.routed_words:
            return ""
        return (
            f"the {self.routed:,} {self.routed_words}"
            if self.routed
            else f"those {self.routed_words}"
        )

    @property
    def base(self) -> int:
        """How many answers it stands on; 0 if it is withheld."""
        if self.mean:
            return self.mean.base
        shares = [self.share, *(option.share for option in self.options)]
        return next((share.base for share in shares if share), 0)


@dataclass(frozen=True, slots=True)
class MeasureLines:
    """One measure, wave by wave."""

    key: str
    title: str
    level: OutcomeLevel
    scale: MeasureScale
    figures: tuple[Figure, ...]
    position: int = 0


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """How the same people answered before and after; designs are never pooled (formats 5.3)."""

    door: Door
    design: str
    is_recalled: bool
    before_label: str
    after_label: str
    change: MatchedChange | None = None  # None is withheld
    before: Mapping[int, int] | None = None  # None where the pairs' own means may not be shown
    after: Mapping[int, int] | None = None
    changes: Mapping[int, int] = field(default_factory=dict)  # points up or down: people
    since_key: str = ""  # the door of the earlier time, where people were asked twice
    evaluations: int = 1  # whose pairs are added up here
    left_out: int = 0  # evaluations with too few pairs to be added

    @property
    def heading(self) -> str:
        """Which two times stand side by side."""
        if self.is_recalled and self.door.imported_words:
            return f"Looking back: {self.door.label[:1].lower()}{self.door.label[1:]}"
        if self.is_recalled and self.door.is_open_link:
            return "Looking back, through the open link"
        if self.is_recalled:
            return "Looking back, straight after" if self.door.key == "wave-0" else "Looking back"
        return f"{self.before_label} and {self.after_label[:1].lower()}{self.after_label[1:]}"

    @property
    def key(self) -> str:
        """What tells it from the others of its evaluation."""
        if self.is_recalled:
            return f"change-{self.door.key}-recalled"
        return f"change-{self.since_key}-{self.door.key}"


@dataclass(frozen=True, slots=True)
class MeanPoint:
    """Everyone who answered at one time: a point of the line over time."""

    label: str
    mean: MeanScore

    @property
    def short_label(self) -> str:
        """The label where room is short, as under a chart."""
        short = self.label.split(",")[0].removesuffix(" later")
        return "After" if short == "Straight after" else short


@dataclass(frozen=True, slots=True)
class Comments:
    """How many wrote something; what they wrote is shown only once a person has released it."""

    door: Door
    words: str
    count: int | None  # None is withheld


@dataclass(frozen=True, slots=True)
class Step:
    """One box of the chain from reach to evidence."""

    name: str
    number: str
    words: str
    anchor: str


@dataclass(frozen=True, slots=True)
class EvaluationSummary:
    """All that may be shown of one evaluation to one kind of reader."""

    slug: str
    title: str
    subject_words: str
    made_on: date
    threshold: int
    breakdown_threshold: int
    offers: tuple[tuple[str, str], ...]  # slug and title
    reach: Reach
    doors: tuple[Door, ...]
    open_door: Door | None
    open_imports: tuple[Door, ...]  # forms that went to the whole workforce
    measures: tuple[MeasureLines, ...]
    open_measures: tuple[MeasureLines, ...]
    knowledge: tuple[BeforeAfter, ...]
    knowledge_means: tuple[MeanPoint, ...]
    comments: tuple[Comments, ...]
    chain: tuple[Step, ...]
    counted_at: datetime | None = None  # where the worker counted ahead, being large
    evaluation_id: int = 0
    evidence: tuple[EvidenceLine, ...] = ()  # the newest first; none of it is an answer

    @property
    def counted_words(self) -> str:
        """When the worker counted, if it did so ahead."""
        return f"Counted at {clock_words(self.counted_at)}." if self.counted_at else ""

    @property
    def imported_doors(self) -> tuple[Door, ...]:
        """Those whose answers come from a file."""
        return tuple(door for door in (*self.doors, *self.open_imports) if door.imported_words)

    def of_level(self, level: OutcomeLevel) -> tuple[MeasureLines, ...]:
        """The measures of personal waves at one level."""
        return tuple(measure for measure in self.measures if measure.level is level)

    def open_of_level(self, level: OutcomeLevel) -> tuple[MeasureLines, ...]:
        """The measures of the open link at one level."""
        return tuple(measure for measure in self.open_measures if measure.level is level)


@dataclass(frozen=True, slots=True)
class EvaluationLine:
    """One evaluation in a list."""

    slug: str
    title: str
    answered: int
    headline: Step | None
    next_words: str


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """What may be shown of a grouping: sums of figures that are shown one by one."""

    kind: str
    slug: str
    title: str
    made_on: date
    threshold: int
    breakdown_threshold: int
    period: str | None  # the slug of the quarter or year it is narrowed to
    period_words: str
    periods: tuple[tuple[str, str], ...]  # slug and words of those that can be chosen
    reach: Reach
    doors: tuple[Door, ...]
    measures: tuple[MeasureLines, ...]  # of those invited; imported answers apart from the others
    open_doors: tuple[Door, ...]
    open_measures: tuple[MeasureLines, ...]
    knowledge: tuple[BeforeAfter, ...]
    chain: tuple[Step, ...]
    evaluations: tuple[EvaluationLine, ...]
    in_part: tuple[str, ...]  # titles of evaluations of which it holds some sessions only
    counted_at: datetime | None = None  # where the worker counted ahead, the earliest time
    sessions: tuple[tuple[str, datetime], ...] = ()  # reference and start, the latest first
    evidence: tuple[EvidenceLine, ...] | None = None  # None where it stands with offers alone

    @property
    def counted_words(self) -> str:
        """When the worker counted, if it did so ahead."""
        return f"Counted at {clock_words(self.counted_at)}." if self.counted_at else ""

    @property
    def imported_doors(self) -> tuple[Door, ...]:
        """Those whose answers come from a file."""
        return tuple(door for door in (*self.doors, *self.open_doors) if door.imported_words)

    def of_level(self, level: OutcomeLevel) -> tuple[MeasureLines, ...]:
        """The measures of personal waves at one level."""
        return tuple(measure for measure in self.measures if measure.level is level)

    def open_of_level(self, level: OutcomeLevel) -> tuple[MeasureLines, ...]:
        """The measures of links open to everyone at one level."""
        return tuple(measure for measure in self.open_measures if measure.level is level)
