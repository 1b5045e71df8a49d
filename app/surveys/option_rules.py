"""How a question is written: its key, and its answers from what staff typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.surveys.models import QuestionKind

KEY_LENGTH = 40
NOT_MY_ROLE = "does_not_apply"
NOT_MY_ROLE_LABEL = "It does not apply to my role"
NONE_OF_THEM = "none_of_these"


@dataclass(frozen=True)
class QuestionDetails:
    """What staff say of a question; what its kind has no use for stays empty."""

    words: str
    section: str
    hint: str = ""
    is_required: bool = False
    measure_key: str | None = None
    labels: tuple[str, ...] = ()
    counted: int = 0  # of a list the first so many, of a scale the last
    none_label: str = ""  # an answer that excludes the others
    highest: int = 5
    lowest_words: str = ""
    highest_words: str = ""
    may_not_apply: bool = False


@dataclass(frozen=True)
class OptionDetails:
    """One answer that can be chosen."""

    value: str
    label: str
    counts: bool = False
    is_outside_base: bool = False


def options_of(kind: QuestionKind, details: QuestionDetails) -> list[OptionDetails]:
    """The answers of a question, in their order."""
    options: list[OptionDetails] = []
    if kind is QuestionKind.YES_NO:
        options = [OptionDetails("yes", "Yes", counts=True), OptionDetails("no", "No")]
    elif kind is QuestionKind.SCALE:
        options = _steps(details)
    elif kind is QuestionKind.SINGLE:
        values = values_for(details.labels)
        options = [
            OptionDetails(value, label, counts=place <= details.counted)
            for place, (value, label) in enumerate(zip(values, details.labels, strict=True), 1)
        ]
    elif kind is QuestionKind.MULTIPLE:
        values = values_for(details.labels)
        options = [
            OptionDetails(value, label, counts=True)
            for value, label in zip(values, details.labels, strict=True)
        ]
        if details.none_label:
            options.append(OptionDetails(NONE_OF_THEM, details.none_label))
    if details.may_not_apply:
        options.append(OptionDetails(NOT_MY_ROLE, NOT_MY_ROLE_LABEL, is_outside_base=True))
    return options


def values_for(labels: Sequence[str]) -> list[str]:
    """A value for each answer: the same words give the same value, whatever their order."""
    values: list[str] = []
    for label in labels:
        values.append(_free(_plain(label) or "answer", {*values, NOT_MY_ROLE, NONE_OF_THEM}))
    return values


def key_for(words: str, taken: Collection[str]) -> str:
    """A name for a question's field that no other question has, here or in earlier versions."""
    return _free(f"q_{_plain(words)}"[:KEY_LENGTH].strip("_"), taken)


def _steps(details: QuestionDetails) -> list[OptionDetails]:
    words = {1: details.lowest_words, details.highest: details.highest_words}
    return [
        OptionDetails(
            str(step),
            f"{step}: {words[step]}" if words.get(step) else str(step),
            counts=step > details.highest - details.counted,
        )
        for step in range(1, details.highest + 1)
    ]


def _plain(words: str) -> str:
    letters = unicodedata.normalize("NFKD", words.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")[:KEY_LENGTH].strip("_")


def _free(wanted: str, taken: Collection[str]) -> str:
    found, number = wanted, 2
    while found in taken:
        found, number = f"{wanted}_{number}", number + 1
    return found
