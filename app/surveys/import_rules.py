"""What a question of an imported file probably is: how it was answered, and what it measures.

Only suggestions: staff see them beside the answers and correct them before anything is kept.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.surveys.import_words import (
    BY_WORDS,
    E_MAIL,
    LEADING_NUMBER,
    NO,
    OUTSIDE_BASE,
    PERSONAL,
    POSITIVE_STEPS,
    SCALES,
    YES,
)
from app.surveys.models import MeasureScale
from app.surveys.readers.forms_file import plain

MOST_OPTIONS = 25
MOST_SCORE = 10
SEPARATOR = ";"
NO_MEASURE = ""


class ImportKind(enum.StrEnum):
    """How an imported question was answered."""

    SINGLE = "single"
    SCALE = "scale"  # one of several that have an order
    MULTIPLE = "multiple"
    YES_NO = "yes_no"
    SCORE = "score"
    TEXT = "text"
    SECTOR = "sector"  # asked for by the form itself: whose answer it is, not an answer
    SKIP = "skip"  # not imported


OF_OPTIONS = (ImportKind.SINGLE, ImportKind.SCALE, ImportKind.MULTIPLE, ImportKind.YES_NO)
WITH_ANSWERS = (*OF_OPTIONS, ImportKind.SECTOR)
NOT_AN_ANSWER = (ImportKind.SKIP, ImportKind.SECTOR)
KINDS_OF_SCALE = {
    MeasureScale.SHARE: (ImportKind.SINGLE, ImportKind.SCALE, ImportKind.YES_NO),
    MeasureScale.SCORE: (ImportKind.SCORE,),
    MeasureScale.CHOICES: (ImportKind.MULTIPLE, ImportKind.SINGLE, ImportKind.SCALE),
}


@dataclass(frozen=True, slots=True)
class ImportOption:
    """One answer that was chosen, and whether it belongs to the share that is reported."""

    label: str
    counts: bool = False
    is_outside_base: bool = False
    sector: str = ""  # of a question for the sector: the slug of the one it means


@dataclass(frozen=True, slots=True)
class QuestionPlan:
    """What becomes of one question: suggested, corrected or remembered."""

    words: str
    kind: ImportKind
    measure_key: str = NO_MEASURE
    options: tuple[ImportOption, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownMeasure:
    """A standard measure, with the answers of our own questions to it by their plain words."""

    key: str
    title: str
    scale: MeasureScale
    options: Mapping[str, ImportOption]


def suggest(
    words: str,
    cells: Sequence[str],
    *,
    measures: Sequence[KnownMeasure],
    remembered: QuestionPlan | None = None,
) -> QuestionPlan:
    """What a question probably is, from last time, or else from its answers and its words."""
    if remembered is not None:
        return _with_new_options(replace(remembered, words=words), cells)
    kind = suggest_kind(words, cells)
    if kind in (ImportKind.SKIP, ImportKind.TEXT):
        return QuestionPlan(words, kind)
    measure = suggest_measure(words, kind, measures)
    return planned_as(words, cells, kind=kind, measure=measure)


def planned_as(
    words: str,
    cells: Sequence[str],
    *,
    kind: ImportKind,
    measure: KnownMeasure | None,
) -> QuestionPlan:
    """A question that staff say was answered in this way, and measures this."""
    key = measure.key if measure else NO_MEASURE
    if kind not in OF_OPTIONS:
        return QuestionPlan(words, kind, key)
    return QuestionPlan(words, kind, key, _judged(list(counted(kind, cells)), kind, measure))


def suggest_kind(words: str, cells: Sequence[str]) -> ImportKind:
    """How a question was probably answered."""
    given = [cell for cell in cells if cell]
    if not given or _is_personal(words, given):
        return ImportKind.SKIP
    distinct = {plain(cell) for cell in given}
    numbers = [int(cell) for cell in distinct if re.fullmatch(r"\d{1,2}", cell)]
    if len(numbers) == len(distinct):
        return _kind_of_numbers(numbers)
    if _is_multiple(given):
        return ImportKind.SKIP if is_ranking(given) else ImportKind.MULTIPLE
    inside = {label for label in distinct if not OUTSIDE_BASE.fullmatch(label)}
    if inside and all(re.fullmatch(f"{YES}|{NO}", label) for label in distinct):
        return ImportKind.YES_NO
    if len(inside) > 1 and _scale_of(inside):
        return ImportKind.SCALE
    few = max(2, min(MOST_OPTIONS, 3 * len(given) // 4))
    longest = max(map(len, distinct))
    if len(distinct) <= few and longest <= 120 and (len(distinct) < len(given) or longest < 25):
        return ImportKind.SINGLE
    return ImportKind.TEXT


def suggest_measure(
    words: str, kind: ImportKind, measures: Iterable[KnownMeasure]
) -> KnownMeasure | None:
    """The standard measure that a question's words speak of, if its answers can say it."""
    fitting = {measure.key: measure for measure in measures if may_measure(kind, measure.scale)}
    text = plain(words)
    for key, pattern in BY_WORDS:
        if key in fitting and re.search(pattern, text):
            return fitting[key]
    return None


def may_measure(kind: ImportKind, scale: MeasureScale) -> bool:
    """Whether answers of this kind can say something of this sort."""
    return kind in KINDS_OF_SCALE[scale]


def counted(kind: ImportKind, cells: Iterable[str], known: Iterable[str] = ()) -> Counter[str]:
    """Each answer with the number of people who gave it, as they first wrote it."""
    labels = list(known)
    found: Counter[str] = Counter()
    written: dict[str, str] = {}
    for cell in cells:
        for label in parts_of(kind, cell, labels):
            found[written.setdefault(plain(label), label)] += 1
    return found


def parts_of(kind: ImportKind, cell: str, known: Sequence[str] = ()) -> tuple[str, ...]:
    """What was chosen: all of a cell, or its parts between semicolons, each once.

    An answer may hold a semicolon itself, so the longest answer that is known comes first.
    """
    if kind is not ImportKind.MULTIPLE:
        return (cell,) if cell else ()
    longest_first = sorted({plain(label) for label in known}, key=len, reverse=True)
    left, parts = cell.split(SEPARATOR), dict[str, str]()
    while left:
        most = _length_of_known(left, longest_first)
        part = SEPARATOR.join(left[:most]).strip()
        left = left[most:]
        if part:
            parts.setdefault(plain(part), part)
    return tuple(parts.values())


def score_of(cell: str) -> int | None:
    """A score from 0 to 10; None for anything else."""
    text = plain(cell)
    if not re.fullmatch(r"\d{1,2}", text) or int(text) > MOST_SCORE:
        return None
    return int(text)


def is_yes(label: str) -> bool | None:
    """Whether an answer says yes or no; None where it says neither."""
    text = plain(label)
    if re.fullmatch(YES, text):
        return True
    return False if re.fullmatch(NO, text) else None


def ordered(labels: Iterable[str]) -> list[str]:
    """Answers from the best to the worst where they are steps of a scale; those outside it last."""
    labels = list(labels)
    inside = [label for label in labels if not OUTSIDE_BASE.fullmatch(plain(label))]
    steps = _steps(inside)
    if steps:
        inside.sort(key=lambda label: steps[plain(label)])
    return [*inside, *(label for label in labels if label not in inside)]


def _length_of_known(left: Sequence[str], longest_first: Sequence[str]) -> int:
    for label in longest_first:
        length = label.count(SEPARATOR) + 1
        if length > 1 and plain(SEPARATOR.join(left[:length])) == label:
            return length
    return 1


def _with_new_options(plan: QuestionPlan, cells: Sequence[str]) -> QuestionPlan:
    """The plan of last time; answers not seen then are added, and count for nothing yet."""
    if plan.kind not in WITH_ANSWERS or plan.kind is ImportKind.YES_NO:
        return plan
    labels = [option.label for option in plan.options]
    known = {plain(label) for label in labels}
    new = [label for label in counted(plan.kind, cells, labels) if plain(label) not in known]
    return replace(plan, options=(*plan.options, *map(ImportOption, new)))


def _kind_of_numbers(numbers: Sequence[int]) -> ImportKind:
    """From 0 or 6 on it is a score of 10; up to 5 it is stars; beyond, a number like any other."""
    if max(numbers) > MOST_SCORE:
        return ImportKind.TEXT
    return ImportKind.SCORE if max(numbers) > 5 or min(numbers) == 0 else ImportKind.SCALE


def _is_multiple(given: Sequence[str]) -> bool:
    """Choices end in a semicolon; a text with one at its end is alone in that."""
    ending = sum(cell.endswith(SEPARATOR) for cell in given)
    return ending >= max(1, 0.8 * len(given))


def is_ranking(cells: Iterable[str]) -> bool:
    """Whether everybody named the same answers, three or more, in orders that differ."""
    orders = {parts_of(ImportKind.MULTIPLE, plain(cell)) for cell in cells if cell}
    sets = {frozenset(order) for order in orders}
    return len(orders) > 1 and len(sets) == 1 and len(next(iter(sets))) >= 3


def _is_personal(words: str, given: Sequence[str]) -> bool:
    addresses = sum(bool(E_MAIL.fullmatch(cell)) for cell in given)
    return bool(PERSONAL.fullmatch(plain(words).rstrip("?:. "))) or addresses * 2 > len(given)


def _bare(label: str) -> str:
    """An answer without the number that may stand before it, as in 5 - Very good."""
    return LEADING_NUMBER.sub("", label, count=1) if LEADING_NUMBER.match(label) else label


def _scale_of(labels: Iterable[str]) -> str | None:
    """The scale whose steps all these answers are; None if there is none."""
    bare = [_bare(label) for label in labels]
    for name, steps in SCALES.items():
        if all(any(re.fullmatch(step, label) for step in steps) for label in bare):
            return name
    return None


def _steps(labels: Iterable[str]) -> dict[str, int]:
    """Each answer's step, 0 being the best; empty where the answers are no scale."""
    texts = [plain(label) for label in labels]
    if texts and all(re.fullmatch(r"\d{1,2}", text) for text in texts):
        return {text: -int(text) for text in texts}
    name = _scale_of(texts)
    if name is None:
        return {}
    return {
        text: next(
            place for place, step in enumerate(SCALES[name]) if re.fullmatch(step, _bare(text))
        )
        for text in texts
    }


def _judged(
    labels: Sequence[str], kind: ImportKind, measure: KnownMeasure | None
) -> tuple[ImportOption, ...]:
    """The answers in their order, each with whether it probably counts."""
    in_order = ordered(labels) if kind is ImportKind.SCALE else _without_scale(labels, kind)
    inside = [label for label in in_order if not OUTSIDE_BASE.fullmatch(plain(label))]
    positive = _positive(inside, kind, measure)
    known = measure.options if measure else {}
    return tuple(
        replace(known[plain(label)], label=label)
        if plain(label) in known
        else ImportOption(label, label in positive, label not in inside)
        for label in in_order
    )


def _without_scale(labels: Sequence[str], kind: ImportKind) -> list[str]:
    if kind is ImportKind.YES_NO:
        return sorted(labels, key=lambda label: not is_yes(label))
    return ordered(labels)


def _positive(inside: Sequence[str], kind: ImportKind, measure: KnownMeasure | None) -> set[str]:
    if measure is None:
        return set()
    if kind is ImportKind.MULTIPLE:
        nothing = re.compile("(no|none|nothing|not)( .*)?")
        return {label for label in inside if not nothing.fullmatch(plain(label))}
    if kind is ImportKind.YES_NO:
        return {label for label in inside if is_yes(label)}
    steps = _steps(inside)
    if not steps:
        return {label for label in inside if plain(label).split(",")[0].split(" ")[0] == "yes"}
    name = _scale_of([plain(label) for label in inside])
    if name is None:  # stars, of which Forms gives five unless told otherwise
        return {label for label in inside if int(plain(label)) >= 4}
    return {label for label in inside if steps[plain(label)] < POSITIVE_STEPS[name]}
