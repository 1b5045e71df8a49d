"""Figures of several evaluations added up: only what is shown of each by itself.

A sum of shown figures tells nothing that its reader could not have added up alone. So an evaluation
with too few answers is left out of the sum, and said to be, rather than hidden in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from app.impact import rules
from app.impact.disclosure import ELSEWHERE_THRESHOLD
from app.impact.rules import MatchedChange
from app.impact.summaries import BeforeAfter, Door, DoorState, Figure, MeasureLines, OptionLine
from app.surveys.rules import wave_words

Time = tuple[bool, bool, int]  # by a link open to everyone, imported, months later


@dataclass(frozen=True, slots=True)
class Source:
    """What is shown of one evaluation, or of some of its sessions."""

    slug: str
    doors: Sequence[Door]
    measures: Sequence[MeasureLines]
    changes: Sequence[BeforeAfter] = ()


def time_of(door: Door) -> Time:
    """What tells doors apart that are never added up: whom they ask, by which way, and when."""
    return door.is_open_link, bool(door.imported_words), door.months_later or 0


def pooled_doors(sources: Iterable[Source]) -> tuple[Door, ...]:
    """How many were asked and answered at each time, in all of them together."""
    found: dict[Time, list[Door]] = defaultdict(list)
    for source in sources:
        for door in source.doors:
            found[time_of(door)].append(door)
    return tuple(_pooled_door(time, found[time]) for time in sorted(found))


def _pooled_door(time: Time, doors: list[Door]) -> Door:
    is_open_link, is_imported, months = time
    answered, delivered = (
        sum(getattr(one, of) for one in doors) for of in ("answered", "delivered")
    )
    by_sector: Counter[str] = Counter()
    for door in doors:
        by_sector.update(door.answered_by_sector)
    label = "Open links" if is_open_link else wave_words(months)
    kind = "import" if is_imported else "wave"
    coming = [door.next_on for door in doors if door.next_on]
    in_figures = sum(door.in_figures for door in doors)
    return Door(
        key=f"{kind}-open" if is_open_link else f"{kind}-{months}",
        label=f"{label}, Microsoft Forms" if is_imported else label,
        is_open_link=is_open_link,
        state=_state(doors, in_figures=in_figures, answered=answered),
        threshold=ELSEWHERE_THRESHOLD,
        planned=sum(door.planned for door in doors),
        asked=sum(door.asked for door in doors),
        delivered=delivered,
        answered=answered,
        in_figures=in_figures,
        rate=None if is_imported or not delivered else _rate(doors),
        is_open=any(door.is_open for door in doors),
        next_on=min(coming, default=None),
        answered_by_sector=by_sector,
        imported_words=_imported_words(doors) if is_imported else "",
        months_later=None if is_open_link else months,
    )


def _rate(doors: list[Door]) -> rules.Share | None:
    rates = [door.rate for door in doors if door.rate]
    return rules.response_rate(sum(r.count for r in rates), sum(r.base for r in rates))


def _state(doors: list[Door], *, in_figures: int, answered: int) -> DoorState:
    if in_figures:
        return DoorState.SHOWN
    if any(door.is_open for door in doors):
        return DoorState.STILL_OPEN
    if answered:
        return DoorState.TOO_FEW
    return DoorState.NOBODY if any(door.asked for door in doors) else DoorState.NOT_ASKED


def _imported_words(doors: list[Door]) -> str:
    count = sum(door.answered for door in doors)
    forms = "one Microsoft Forms file" if len(doors) == 1 else f"{len(doors)} Microsoft Forms files"
    return f"{count:,} answers imported from {forms}"


def pooled_measures(sources: Iterable[Source], doors: Iterable[Door]) -> tuple[MeasureLines, ...]:
    """Each measure at each time, added up by its key; routed questions by whom they were asked."""
    door_at = {time_of(door): door for door in doors}
    measures: dict[str, MeasureLines] = {}
    found: dict[str, dict[tuple[Time, str], list[Figure]]] = defaultdict(lambda: defaultdict(list))
    for source in sources:
        for measure in source.measures:
            measures.setdefault(measure.key, measure)
            for figure in measure.figures:
                own = replace(figure, parts=frozenset({source.slug}))
                found[measure.key][time_of(figure.door), figure.routed_words].append(own)
    return tuple(
        replace(
            measure,
            figures=tuple(
                pooled(parts, door_at[time]) for (time, _), parts in sorted(found[key].items())
            ),
        )
        for key, measure in sorted(measures.items(), key=lambda item: item[1].position)
    )


def with_figures(measures: Iterable[MeasureLines]) -> tuple[MeasureLines, ...]:
    """Measures of which something is shown; of the others, how many answered says enough."""
    return tuple(
        measure for measure in measures if not all(one.is_withheld for one in measure.figures)
    )


def pooled(figures: Sequence[Figure], door: Door) -> Figure:
    """These figures added up, those of too few answers left out."""
    parts = [figure for figure in figures if figure.base >= ELSEWHERE_THRESHOLD]
    left_out = len(figures) - len(parts)
    if not parts:
        return Figure(door, ELSEWHERE_THRESHOLD, evaluations=0, left_out=left_out)
    histogram: Counter[int] = Counter()
    for figure in parts:
        histogram.update(figure.histogram)
    shares = [figure.share for figure in parts if figure.share]
    return Figure(
        door,
        ELSEWHERE_THRESHOLD,
        share=rules.share(sum(s.count for s in shares), sum(s.base for s in shares))
        if shares
        else None,
        mean=rules.mean_interval(histogram),
        histogram=histogram,
        routed=sum(figure.routed for figure in parts),
        routed_words=parts[0].routed_words,
        options=_options(parts),
        evaluations=sum(figure.evaluations for figure in parts),
        left_out=left_out,
        parts=frozenset[str]().union(*(figure.parts for figure in parts)),
    )


def _options(parts: list[Figure]) -> tuple[OptionLine, ...]:
    """The answers added up where all could choose from the same ones."""
    if len({tuple(_name(option) for option in figure.options) for figure in parts}) != 1:
        return ()
    base = sum(figure.base for figure in parts)
    lines = []
    for same in zip(*(figure.options for figure in parts), strict=True):
        count = sum(option.count for option in same)
        share = None if same[0].share is None else rules.share(count, base)
        lines.append(replace(same[0], count=count, share=share))
    return tuple(lines)


def _name(option: OptionLine) -> tuple[str, bool, bool]:
    return option.label, option.is_counted, option.share is None


def pooled_changes(sources: Iterable[Source], doors: Iterable[Door]) -> tuple[BeforeAfter, ...]:
    """Matched change added up over evaluations, each design and each pair of times by itself."""
    door_at = {time_of(door): door for door in doors}
    found: dict[tuple[bool, Time, str], list[BeforeAfter]] = defaultdict(list)
    for source in sources:
        for change in source.changes:
            place = (not change.is_recalled, time_of(change.door), change.since_key)
            found[place].append(change)
    return tuple(_pooled_change(parts, door_at[place[1]]) for place, parts in sorted(found.items()))


def _pooled_change(found: list[BeforeAfter], door: Door) -> BeforeAfter:
    parts = [part for part in found if part.change and part.change.pairs >= ELSEWHERE_THRESHOLD]
    together = replace(
        found[0],
        door=door,
        before_label=found[0].before_label,
        after_label=door.label,
        change=None,
        before=None,
        after=None,
        changes={},
        evaluations=len(parts),
        left_out=len(found) - len(parts),
    )
    if not parts:
        return together
    changes, before, after = Counter[int](), Counter[int](), Counter[int]()
    for part in parts:
        changes.update(part.changes)
        before.update(part.before or {})
        after.update(part.after or {})
    shown = all(part.before is not None for part in parts)
    return replace(
        together,
        change=_matched(changes, before, after),
        before=before if shown else None,
        after=after if shown else None,
        changes=changes,
    )


def _matched(changes: Counter[int], before: Counter[int], after: Counter[int]) -> MatchedChange:
    better = sum(count for points, count in changes.items() if points > 0)
    worse = sum(count for points, count in changes.items() if points < 0)
    return MatchedChange(
        better=better,
        same=changes[0],
        worse=worse,
        mean_before=_mean(before),
        mean_after=_mean(after),
        median_change=float(median(changes.elements())),
        sign_test_p=rules.sign_test(better, worse),
    )


def _mean(histogram: Counter[int]) -> float:
    """Of no use where the scores are withheld, and not printed there."""
    return sum(score * count for score, count in histogram.items()) / (histogram.total() or 1)
