"""What a cell of an imported file is worth as an answer, and what speaks against a plan for it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from app.surveys.import_rules import (
    MOST_OPTIONS,
    NOT_AN_ANSWER,
    OF_OPTIONS,
    SEPARATOR,
    ImportKind,
    ImportOption,
    KnownMeasure,
    QuestionPlan,
    counted,
    is_yes,
    may_measure,
    parts_of,
    score_of,
)
from app.surveys.models import QuestionKind
from app.surveys.readers.forms_file import plain

STORED_AS = {
    ImportKind.SINGLE: QuestionKind.SINGLE,
    ImportKind.SCALE: QuestionKind.SINGLE,
    ImportKind.MULTIPLE: QuestionKind.MULTIPLE,
    ImportKind.YES_NO: QuestionKind.YES_NO,
    ImportKind.SCORE: QuestionKind.SCORE,
    ImportKind.TEXT: QuestionKind.LONG_TEXT,
}
YES_AND_NO = ("yes", "no")

Value = str | int
Answers = list[tuple[str, Value]]  # the question's key and one value


@dataclass(frozen=True, slots=True)
class StoredOption:
    """An answer as a question of ours has it."""

    value: str
    label: str
    counts: bool
    is_outside_base: bool


def words_key(words: str) -> str:
    """What a question is known by in any form."""
    return hashlib.sha256(plain(words).encode()).hexdigest()


def question_key(plan: QuestionPlan) -> str:
    """The key of our question: answers that were read in different ways never add up."""
    about = f"{plain(plan.words)}\n{STORED_AS[plan.kind]}\n{plan.measure_key}"
    return f"imported-{hashlib.sha256(about.encode()).hexdigest()[:16]}"


def option_value(label: str) -> str:
    """An answer's value, the same for the same words in every file."""
    slug = re.sub(r"[^a-z0-9]+", "_", plain(label)).strip("_")[:40]
    return f"{slug}_{hashlib.sha256(plain(label).encode()).hexdigest()[:6]}"


def stored_options(plan: QuestionPlan) -> tuple[StoredOption, ...]:
    """The answers of our question, in the order of the plan."""
    if plan.kind not in OF_OPTIONS:
        return ()
    if plan.kind is ImportKind.YES_NO:
        counting = {is_yes(option.label) for option in plan.options if option.counts}
        return tuple(
            StoredOption(value, value.title(), (value == "yes") in counting, False)
            for value in YES_AND_NO
        )
    return tuple(
        StoredOption(
            option_value(option.label), option.label, option.counts, option.is_outside_base
        )
        for option in plan.options
    )


def values_of(plan: QuestionPlan, cell: str) -> list[Value]:
    """What one person's cell says; nothing where they did not answer."""
    if not cell or plan.kind in NOT_AN_ANSWER:
        return []
    if plan.kind is ImportKind.TEXT:
        return [cell]
    if plan.kind is ImportKind.SCORE:
        score = score_of(cell)
        return [] if score is None else [score]
    if plan.kind is ImportKind.YES_NO:
        return ["yes" if is_yes(cell) else "no"]
    labels = [option.label for option in plan.options if SEPARATOR in option.label]
    return [option_value(part) for part in parts_of(plan.kind, cell, labels)]


def answers_reader(plans: Sequence[QuestionPlan]) -> Callable[[Sequence[str]], Answers]:
    """What makes one person's cells into their answers to what is imported."""
    taken_in = [
        (place, question_key(plan), plan)
        for place, plan in enumerate(plans)
        if plan.kind not in NOT_AN_ANSWER
    ]

    def answers_of(cells: Sequence[str]) -> Answers:
        return [
            (key, value) for place, key, plan in taken_in for value in values_of(plan, cells[place])
        ]

    return answers_of


def content_hash(answers: Answers, sector: str = "") -> str:
    """Tells whether somebody's answers, and their sector, are the same as last time."""
    facts = [*answers, ("sector", sector)] if sector else answers
    return hashlib.sha256(json.dumps(sorted(facts, key=str)).encode()).hexdigest()


def row_key(fingerprint: str, row_id: str, completed: str) -> str:
    """Which answer of which form this is (formats 1.4)."""
    return hashlib.sha256(f"{fingerprint}\n{row_id}\n{completed}".encode()).hexdigest()


def objection(
    plan: QuestionPlan, cells: Sequence[str], measures: Iterable[KnownMeasure]
) -> str | None:
    """What is wrong with a plan for these answers; None if it can be carried out."""
    measure = next((known for known in measures if known.key == plan.measure_key), None)
    if measure and not may_measure(plan.kind, measure.scale):
        return f"cannot be answered like this and measure “{measure.title}”"
    given = [cell for cell in cells if cell]
    if plan.kind is ImportKind.SECTOR:
        return _objection_to_sector(plan, given)
    if plan.kind is ImportKind.SCORE:
        return _first_unfit(given, fit=lambda cell: score_of(cell) is not None, what="a score")
    if plan.kind is ImportKind.YES_NO:
        return _first_unfit(given, fit=lambda cell: is_yes(cell) is not None, what="yes or no")
    if plan.kind in OF_OPTIONS:
        return _objection_to_options(plan, given, measure)
    return None


def _first_unfit(cells: Iterable[str], *, fit: Callable[[str], bool], what: str) -> str | None:
    unfit = next((cell for cell in cells if not fit(cell)), None)
    return f"has the answer “{unfit[:60]}”, which is not {what}" if unfit else None


def _objection_to_sector(plan: QuestionPlan, given: Sequence[str]) -> str | None:
    number = len(counted(plan.kind, given))
    if number > MOST_OPTIONS:
        return f"has {number} different answers, too many to say the sector of each"
    if not any(option.sector for option in plan.options):
        return "needs an answer that says a sector"
    return None


def _objection_to_options(
    plan: QuestionPlan, given: Sequence[str], measure: KnownMeasure | None
) -> str | None:
    labels = [option.label for option in plan.options]
    number = len(set(labels) | set(counted(plan.kind, given, labels)))
    if number > MOST_OPTIONS:
        return f"has {number} different answers: import it as words, or do not import it"
    if measure and not any(option.counts for option in plan.options):
        return f"needs an answer that counts towards “{measure.title}”"
    if any(option.counts and option.is_outside_base for option in plan.options):
        return "has an answer that counts and is left out"
    return None


def with_every_answer(plan: QuestionPlan, cells: Sequence[str]) -> tuple[ImportOption, ...]:
    """The options of a plan and those that only the file has."""
    labels = [option.label for option in plan.options]
    known = {plain(label) for label in labels}
    found = counted(plan.kind, cells, labels)
    return (*plan.options, *(ImportOption(label) for label in found if plain(label) not in known))
