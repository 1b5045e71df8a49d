"""What was answered: grouped statements, their counts kept while the same answers are in them."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from threading import Lock
from typing import Any
from typing import cast as typed

from sqlalchemy import ColumnElement, String, case, cast, distinct, func, select
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
from app.impact.question_growth import Answers, Shown, shown_of
from app.kernel.db import db
from app.surveys.models import QuestionKind
from app.surveys.response_models import Answer, Response
from app.surveys.rules import AFTER

MOST_KEPT = 64
MOST_READ = 4


# Evaluation; wave; file of an imported form; month or year, and whether it is a year.
PartKey = tuple[int, int | None, int | None, str, int]

# When a response came in, so far as it says. By the open link it keeps the day.
BATCH = (
    Response.import_run_id,
    func.substr(cast(Response.answered_on, String), 1, 7).label("month"),
    case((Response.wave_id.is_not(None) & Response.event_id.is_(None), 1), else_=0).label(
        "is_year"
    ),
)


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
            of[typed(int, group[0])].append(group)
        return {evaluation_id: fingerprint_of(groups) for evaluation_id, groups in of.items()}


@dataclass(frozen=True, slots=True)
class LetIn:
    """Which responses are in the figures, as groups and as conditions; sectors' names by id."""

    figures: InFigures
    condition: ColumnElement[bool]
    part_of: Mapping[PartKey, int]  # in which of the door's parts a response came in
    threshold: int  # of who reads; the running team sees all of these
    names: dict[int | None, str]


_kept: OrderedDict[Hashable, Shown] = OrderedDict()
# Every kind of reader sees some of the same answers: the last that were read are kept whole.
_last_read: OrderedDict[Hashable, Answers] = OrderedDict()
_lock = Lock()


def part_key(evaluation_id: int, wave_id: int | None, day: date, is_year: bool) -> PartKey:
    """Under which the responses of a month, or of a year alone, are counted."""
    return evaluation_id, wave_id, None, f"{day:%Y-%m}", int(is_year)


def add_answers(
    found: dict[int, EvaluationCounts],
    wanted: LetIn,
    only_measures: Collection[str] | None,
) -> None:
    """Add to these evaluations the counts of the answers that are in the figures."""
    names = tuple(wanted.names.items())
    # Pairs of answers wait for months of which nobody has answered yet.
    waits = tuple(
        (key, door_id, door.waits_from)
        for key, counts in found.items()
        for door_id, door in counts.doors.items()
    )
    key = (wanted.figures, wanted.threshold, names, tuple(only_measures or ()), waits)
    shown = _find(key)
    if shown is None:
        answers = _read_once(found, wanted, only_measures, key=(wanted.figures, *key[2:4]))
        doors = {(id_, door_id): found[id_].doors[door_id] for id_, door_id in answers.doors}
        shown = shown_of(doors, answers, threshold=wanted.threshold)
        _keep(key, shown)
    for evaluation_id, counts in found.items():
        counts.asked_twice = shown.asked_twice.get(evaluation_id, {})
    for (evaluation_id, wave_id), seen in shown.doors.items():
        door = found[evaluation_id].doors[wave_id]
        door.questions = seen.questions
        door.counts = seen.counts
        door.recalled_pairs = seen.recalled_pairs


def forget_all() -> None:
    """Drop what this process keeps in memory."""
    with _lock:
        _kept.clear()
        _last_read.clear()


def _find(key: Hashable) -> Shown | None:
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def _keep(key: Hashable, shown: Shown) -> None:
    with _lock:
        _kept[key] = shown
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)


def _read_once(
    found: dict[int, EvaluationCounts],
    wanted: LetIn,
    only_measures: Collection[str] | None,
    *,
    key: Hashable,
) -> Answers:
    with _lock:
        answers = _last_read.get(key)
    if answers is None:
        answers = _read(found, wanted, only_measures)
        with _lock:
            _last_read[key] = answers
            while len(_last_read) > MOST_READ:
                _last_read.popitem(last=False)
    return answers


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
        _add_rows(answers, rows, forms, wanted)
        _add_pairs(answers, rows, forms, wanted, months)
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


def _add_rows(found: Answers, rows: AnswerRows, forms: Forms, wanted: LetIn) -> None:
    """Add what was counted; kept rows also tell of questions that are not wanted here."""
    for *batch, question_id, option_id, score, sector_id, count in rows.answers:
        if question := forms.questions.get(question_id):
            counts = _counts_of(found, batch, question, wanted)
            name = wanted.names[sector_id]
            if option_id is not None:
                value = forms.values[option_id]
                counts.options.setdefault(value, Counter())[name] += count
            elif score is not None:
                counts.scores[score] += count
            if question.kind is not QuestionKind.MULTIPLE:
                counts.answered[name] += count
    for *batch, question_id, sector_id, count in rows.choosers:
        if question := forms.questions.get(question_id):
            counts = _counts_of(found, batch, question, wanted)
            counts.answered[wanted.names[sector_id]] += count


def _add_pairs(
    found: Answers, rows: AnswerRows, forms: Forms, wanted: LetIn, months: Mapping[int, int]
) -> None:
    for *batch, question_id, before, after, count in rows.recalled:
        if question := forms.questions.get(question_id):
            part = wanted.part_of[_part(batch)]
            door = found.doors[batch[0], _door_of(batch[1], question)]
            door.recalled_pairs[part][before, after] += count
    if not forms.ids_measuring(KNOWLEDGE):
        return
    for evaluation_id, first, *then, second, month, is_year, before, after, count in rows.twice:
        if months[second] > months[first]:
            parts = (
                wanted.part_of[evaluation_id, first, None, *then],
                wanted.part_of[evaluation_id, second, None, month, is_year],
            )
            found.asked_twice[evaluation_id][first, second][parts][before, after] += count


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
    """One grouped statement over the answers of all doors, by when they came and by sector."""
    grouped = (
        Answer.evaluation_id,
        Answer.wave_id,
        *BATCH,
        Answer.question_id,
        Answer.option_id,
        Answer.score,
        Response.sector_id,
    )
    return db.session.execute(
        select(*grouped, func.count())
        .join(Response, Response.id == Answer.response_id)
        .where(Answer.evaluation_id.in_(found), wanted.condition, forms.are_asked())
        .group_by(*grouped)
    ).all()


def _part(batch: Sequence[Any]) -> PartKey:
    """What tells the part from others: imported answers come in by the file, whatever the month."""
    evaluation_id, wave_id, run_id, month, is_year = batch
    if run_id is not None:
        return evaluation_id, None, run_id, "", 0
    return evaluation_id, wave_id, None, month, is_year


def _counts_of(
    found: Answers, batch: Sequence[Any], question: QuestionFacts, wanted: LetIn
) -> QuestionCounts:
    """Where answers of this batch to this question are counted: looked up once, for many rows."""
    key = (*batch, question.id)
    if key not in found.known:
        found.known[key] = _place_of(found, batch, question, wanted)
    return found.known[key]


def _place_of(
    found: Answers, batch: Sequence[Any], question: QuestionFacts, wanted: LetIn
) -> QuestionCounts:
    door = found.doors[batch[0], _door_of(batch[1], question)]
    known = door.questions.get(question.key)
    if known is not question:
        # Versions add up by the values of their options; the newest says the words.
        older, newer = sorted((known or question, question), key=lambda version: version.id)
        options = {**older.options, **newer.options}
        door.questions[question.key] = replace(newer, options=options)
    return door.counts[question.key][wanted.part_of[_part(batch)]]


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
        *BATCH,
        Answer.question_id,
        Response.sector_id,
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
    of_door = then.evaluation_id, then.wave_id
    grouped = (*of_door, *BATCH, then.question_id, then.score, later.score)
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
        select(Response.evaluation_id, Response.wave_id, *BATCH, Response.pairing_key, Answer.score)
        .join(Answer, Answer.response_id == Response.id)
        .where(Answer.evaluation_id.in_(found), Answer.question_id.in_(asked))
        .where(Response.pairing_key.is_not(None), in_figures)
        .cte("scores")
    )
    then, later = scores.alias("then"), scores.alias("later")
    grouped = (
        then.c.evaluation_id,
        *(column for c in (then.c, later.c) for column in (c.wave_id, c.month, c.is_year)),
        then.c.score,
        later.c.score,
    )
    return db.session.execute(
        select(*grouped, func.count())
        .join(later, later.c.pairing_key == then.c.pairing_key)
        .where(then.c.wave_id.in_(first_waves), later.c.wave_id != then.c.wave_id)
        .where(later.c.evaluation_id == then.c.evaluation_id)
        .group_by(*grouped)
    ).all()
