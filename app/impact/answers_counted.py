"""What was answered: grouped statements, their counts kept while the same answers are in them."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import cast

from sqlalchemy import ColumnElement, case, distinct, func, select
from sqlalchemy.orm import aliased

from app.impact.counts import (
    KNOWLEDGE,
    KNOWLEDGE_RECALLED,
    DoorId,
    EvaluationCounts,
    Imported,
    QuestionCounts,
    QuestionFacts,
)
from app.impact.forms_asked import Forms, read_forms
from app.impact.kept import AnswerRows, Row, find_answers, fingerprint_of
from app.kernel.db import db
from app.surveys.models import QuestionKind
from app.surveys.response_models import Answer, Response
from app.surveys.rules import AFTER

MOST_KEPT = 64

DoorKey = tuple[int, DoorId]  # evaluation, and the door of it


@dataclass(frozen=True, slots=True)
class InFigures:
    """Which responses are in the figures: their groups, each with the largest of its random ids.

    A response never changes, so the same groups hold the same answers; those of an imported form
    carry its revision.
    """

    groups: frozenset[tuple[Hashable, ...]]
    versions: frozenset[int]

    def __bool__(self) -> bool:
        return bool(self.groups)

    def fingerprints(self) -> dict[int, str]:
        """What tells these responses from any others, for each evaluation by its id."""
        of: dict[int, list[object]] = defaultdict(list)
        for group in self.groups:
            of[cast(int, group[0])].append(group)
        return {evaluation_id: fingerprint_of(groups) for evaluation_id, groups in of.items()}


@dataclass(frozen=True, slots=True)
class LetIn:
    """Which responses are in the figures, as groups and as conditions; sectors' names by id."""

    figures: InFigures
    condition: ColumnElement[bool]
    in_lines: ColumnElement[bool]  # those of them that breakdowns by sector count
    names: dict[int | None, str]


@dataclass(slots=True)
class DoorAnswers:
    """The answers that came by one door."""

    questions: dict[str, QuestionFacts] = field(default_factory=dict)
    counts: dict[str, QuestionCounts] = field(default_factory=dict)
    recalled_pairs: Counter[tuple[int, int]] = field(default_factory=Counter)


@dataclass(slots=True)
class Answers:
    """Every answer in the figures of some evaluations, counted."""

    doors: dict[DoorKey, DoorAnswers] = field(default_factory=lambda: defaultdict(DoorAnswers))
    asked_twice: dict[int, dict[tuple[int, int], Counter[tuple[int, int]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Counter))
    )


_kept: OrderedDict[Hashable, Answers] = OrderedDict()
_lock = Lock()


def add_answers(
    found: dict[int, EvaluationCounts],
    wanted: LetIn,
    only_measures: Collection[str] | None,
) -> None:
    """Add to these evaluations the counts of the answers that are in the figures."""
    key = (wanted.figures, tuple(wanted.names.items()), tuple(only_measures or ()))
    answers = _find(key)
    if answers is None:
        answers = _read(found, wanted, only_measures)
        _keep(key, answers)
    for evaluation_id, counts in found.items():
        counts.asked_twice = answers.asked_twice.get(evaluation_id, {})
    for (evaluation_id, wave_id), door_answers in answers.doors.items():
        door = found[evaluation_id].doors[wave_id]
        door.questions = door_answers.questions
        door.counts = door_answers.counts
        door.recalled_pairs = door_answers.recalled_pairs


def forget_all() -> None:
    """Drop what this process keeps in memory."""
    with _lock:
        _kept.clear()


def _find(key: Hashable) -> Answers | None:
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def _keep(key: Hashable, answers: Answers) -> None:
    with _lock:
        _kept[key] = answers
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)


def _read(
    found: dict[int, EvaluationCounts],
    wanted: LetIn,
    only_measures: Collection[str] | None,
) -> Answers:
    answers = Answers()
    forms = read_forms(wanted.figures.versions, only_measures)
    kept: dict[int, AnswerRows] = {}
    if any(counts.kept for counts in found.values()):
        kept = find_answers(list(wanted.figures.fingerprints().values()))
    live = {key: counts for key, counts in found.items() if key not in kept}
    months = _months_of_waves(found)
    for rows in [*kept.values(), *([read_answers(live, forms, wanted)] if live else [])]:
        _add_rows(answers, rows, forms, wanted.names)
        _add_pairs(answers, rows, forms, months)
    return answers


def read_answers(found: dict[int, EvaluationCounts], forms: Forms, wanted: LetIn) -> AnswerRows:
    """Count the answers to these evaluations that are in the figures."""
    months = _months_of_waves(found)
    first_waves = [
        wave
        for counts in found.values()
        for wave in _first_waves([wave for wave in counts.doors if isinstance(wave, int)], months)
    ]
    return AnswerRows(
        _read_answers(found, forms, wanted),
        _read_choosers(found, forms, wanted),
        _read_recalled_pairs(found, forms, wanted.condition),
        _read_asked_twice(found, forms, wanted.condition, first_waves),
    )


def _add_rows(found: Answers, rows: AnswerRows, forms: Forms, names: dict[int | None, str]) -> None:
    """Add what was counted; kept rows also tell of questions that are not wanted here."""
    for evaluation_id, wave_id, question_id, option_id, score, sector_id, *rest in rows.answers:
        if question := forms.questions.get(question_id):
            counts = _counts_of(found, (evaluation_id, _door_of(wave_id, question)), question)
            in_lines, count = rest
            name = names[sector_id]
            if option_id is not None:
                counts.add_option(forms.values[option_id], name, count, in_lines=in_lines)
            elif score is not None:
                counts.scores[score] += count
            if question.kind is not QuestionKind.MULTIPLE:
                counts.add(name, count, in_lines=in_lines)
    for evaluation_id, wave_id, question_id, sector_id, in_lines, count in rows.choosers:
        if question := forms.questions.get(question_id):
            counts = _counts_of(found, (evaluation_id, _door_of(wave_id, question)), question)
            counts.add(names[sector_id], count, in_lines=in_lines)


def _add_pairs(found: Answers, rows: AnswerRows, forms: Forms, months: Mapping[int, int]) -> None:
    for evaluation_id, wave_id, question_id, before, after, count in rows.recalled:
        if question := forms.questions.get(question_id):
            pairs = found.doors[evaluation_id, _door_of(wave_id, question)].recalled_pairs
            pairs[before, after] += count
    if not forms.ids_measuring(KNOWLEDGE):
        return
    for evaluation_id, first, second, before, after, count in rows.twice:
        if months[second] > months[first]:
            found.asked_twice[evaluation_id][first, second][before, after] += count


def _months_of_waves(found: Mapping[int, EvaluationCounts]) -> dict[int, int]:
    return {
        wave: door.months_later or 0
        for counts in found.values()
        for wave, door in counts.doors.items()
        if isinstance(wave, int)
    }


def _first_waves(waves: Sequence[int], months: Mapping[int, int]) -> set[int]:
    """Times from which change is counted: the earliest, and straight after."""
    in_order = sorted(waves, key=months.__getitem__)
    return {wave for wave in in_order[:-1] if wave == in_order[0] or months[wave] == AFTER}


def _read_answers(found: Collection[int], forms: Forms, wanted: LetIn) -> Sequence[Row]:
    """One grouped statement over the answers of all doors, by sector."""
    grouped = (
        Answer.evaluation_id,
        Answer.wave_id,
        Answer.question_id,
        Answer.option_id,
        Answer.score,
        Response.sector_id,
        case((wanted.in_lines, 1), else_=0),
    )
    return db.session.execute(
        select(*grouped, func.count())
        .join(Response, Response.id == Answer.response_id)
        .where(Answer.evaluation_id.in_(found), wanted.condition, forms.are_asked())
        .group_by(*grouped)
    ).all()


def _counts_of(found: Answers, door_key: DoorKey, question: QuestionFacts) -> QuestionCounts:
    door = found.doors[door_key]
    known = door.questions.get(question.key)
    if known is not question:
        # Versions add up by the values of their options; the newest says the words.
        older, newer = sorted((known or question, question), key=lambda version: version.id)
        options = {**older.options, **newer.options}
        door.questions[question.key] = replace(newer, options=options)
    return door.counts.setdefault(question.key, QuestionCounts())


def _door_of(wave_id: int | None, question: QuestionFacts) -> DoorId:
    """Each imported form has questions of its own, so they tell by which door an answer came."""
    form_id = question.imported_form_id
    return wave_id if form_id is None else Imported(form_id)


def _read_choosers(found: Collection[int], forms: Forms, wanted: LetIn) -> Sequence[Row]:
    """How many people answered the questions that take several answers: their base."""
    several = forms.ids_of_kind(QuestionKind.MULTIPLE)
    if not several:
        return ()
    grouped = (
        Answer.evaluation_id,
        Answer.wave_id,
        Answer.question_id,
        Response.sector_id,
        case((wanted.in_lines, 1), else_=0),
    )
    return db.session.execute(
        select(*grouped, func.count(distinct(Answer.response_id)))
        .join(Response, Response.id == Answer.response_id)
        .where(Answer.evaluation_id.in_(found), Answer.question_id.in_(several), wanted.condition)
        .group_by(*grouped)
    ).all()


def _read_recalled_pairs(
    found: Collection[int], forms: Forms, in_figures: ColumnElement[bool]
) -> Sequence[Row]:
    """People who said on one form what they knew before and what they know now."""
    recalled, now_known = forms.ids_measuring(KNOWLEDGE_RECALLED), forms.ids_measuring(KNOWLEDGE)
    if not recalled:
        return ()
    then, later = aliased(Answer), aliased(Answer)
    grouped = (then.evaluation_id, then.wave_id, then.question_id, then.score, later.score)
    counted = (
        select(*grouped, func.count())
        .join(later, later.response_id == then.response_id)
        .join(Response, Response.id == then.response_id)
        .where(then.evaluation_id.in_(found), then.question_id.in_(recalled))
        .where(later.question_id.in_(now_known), in_figures)
        .where(then.score.is_not(None), later.score.is_not(None))
        .group_by(*grouped)
    )
    return db.session.execute(counted).all()


def _read_asked_twice(
    found: Collection[int],
    forms: Forms,
    in_figures: ColumnElement[bool],
    first_waves: Collection[int],
) -> Sequence[Row]:
    """People who were asked at two times, by their random key, which outlives the pairing."""
    asked = forms.ids_measuring(KNOWLEDGE)
    if not asked or not first_waves:
        return ()
    scores = (
        select(Response.evaluation_id, Response.wave_id, Response.pairing_key, Answer.score)
        .join(Answer, Answer.response_id == Response.id)
        .where(Answer.evaluation_id.in_(found), Answer.question_id.in_(asked))
        .where(Response.pairing_key.is_not(None), in_figures)
        .cte("scores")
    )
    then, later = scores.alias("then"), scores.alias("later")
    grouped = (then.c.evaluation_id, then.c.wave_id, later.c.wave_id, then.c.score, later.c.score)
    return db.session.execute(
        select(*grouped, func.count())
        .join(later, later.c.pairing_key == then.c.pairing_key)
        .where(then.c.wave_id.in_(first_waves), later.c.wave_id != then.c.wave_id)
        .where(later.c.evaluation_id == then.c.evaluation_id)
        .group_by(*grouped)
    ).all()
