"""What the Executive may be shown, and what counts as its answer: values in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from app.forums.opinion_models import AnswerState
from app.impact.disclosure import ELSEWHERE_THRESHOLD, merge_small_groups
from app.kernel.refusals import Refused

# On bases, as everywhere (design.md §5): inside a group that is large enough all counts are shown.
THRESHOLD = ELSEWHERE_THRESHOLD
# The Executive meets six times a year (R55): by its next meeting a theme should be answered.
LATE_AFTER_DAYS = 61
MOST_THEMES, MOST_GONE, MOST_QUOTES, MOST_ANSWERS = 12, 3, 6, 6
# Four A4 pages are to be read at one meeting: what is longer stands on the pages of the service.
MOST_SHOWN, MOST_SHOWN_BRIEFLY, MOST_TITLE = 220, 120, 90
MOST_ANSWER, MOST_POST, MOST_PUBLIC, MOST_QUESTION = 2_000, 120, 600, 180
MOST_LINK_DAYS = 366
# So many words one after another are a school's own, not those of whoever sums them up.
BORROWED_WORDS = 6

STATE_WORDS = {
    AnswerState.OPEN: "Waiting for an answer",
    AnswerState.ANSWERED: "Answered, still to be done",
    AnswerState.DONE: "Done",
}
# Words that half the names of schools hold: by these alone no school is known.
_KIND = re.compile(
    "a|academy|aided|all|alternative|and|c|catholic|ce|centre|child|childcare|church|cofe|college|"
    "community|controlled|day|early|education|england|first|for|form|free|grammar|high|in|infants?|"
    "j|juniors?|kindergarten|limited|ltd|middle|mixed|nursery|nurseries|of|on|play|playgroup|pre|"
    "prep|preparatory|preschool|primary|provision|pru|rc|referral|roman|schools?|secondary|setting|"
    "sixth|special|the|trust|unit|upper|va|vc|voluntary|with|years"
)
# People say Oakwood Primary or Oakwood School of Oakwood Church of England Primary School.
_CALLED = (
    *("academy", "catholic", "ce", "childcare", "cofe", "college", "grammar", "high", "infant"),
    *("infants", "junior", "juniors", "kindergarten", "middle", "nursery", "playgroup", "pre"),
    *("prep", "preparatory", "preschool", "primary", "pru", "rc", "school", "secondary", "sixth"),
)
# Words that stand before "school" in any sentence: such a name is known by the whole of it alone.
_EVERYDAY = re.compile(
    "about|after|all|and|another|any|are|as|at|before|best|better|big|boarding|both|boys?|"
    "children|childrens|city|day|different|each|east|every|excellent|faith|few|focus|from|girls?|"
    "good|great|happy|has|have|help|home|hope|independent|international|is|its|kids|large|little|"
    "local|many|more|most|my|new|next|no|north|number|of|old|one|open|or|other|our|outstanding|"
    "own|parents?|private|progress|public|pupils?|same|several|small|some|south|start|state|"
    "summer|support|that|their|these|this|those|to|town|two|under|village|we|west|what|which|"
    "whole|working|young|your"
)
LEAST_LETTERS = 3
MOST_WORDS_OF_NAME = 14
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Group:
    """Establishments of one phase or several: how many, and the counts of some of them."""

    name: str
    base: int
    counts: tuple[int, ...]


def shown_groups(groups: Sequence[Group], *, total: int) -> list[Group]:
    """The groups with small ones put together, none below the threshold; empty if none may be."""
    lines = merge_small_groups(
        {group.name: group.base for group in groups}, threshold=THRESHOLD, total=total
    )
    counts = {group.name: group.counts for group in groups}
    if len(lines) < 2 or any(name not in counts for line in lines for name in line.members):
        return []
    return [
        Group(
            line.label,
            line.base,
            tuple(map(sum, zip(*(counts[name] for name in line.members), strict=True))),
        )
        for line in lines
    ]


def cut(lines: Sequence[Kind], most: int) -> tuple[list[Kind], int]:
    """The first lines, and how many more there are."""
    return list(lines[:most]), max(0, len(lines) - most)


def shortened(text: str, most: int) -> str:
    """A text as one line of at most so many characters, cut after a word."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    whole_words = line[:most].rpartition(" ")[0] or line[: most - 1]
    return f"{whole_words}…"


def more_words(count: int, one: str, several: str) -> str:
    """How a list that was cut goes on, as "and 3 more themes"."""
    return (
        "" if not count else f"and 1 more {one}" if count == 1 else f"and {count:,} more {several}"
    )


@dataclass(frozen=True)
class SchoolNames:
    """The names of schools, as they may stand inside a sentence."""

    written: dict[str, str]  # how it is looked for, and how it is written

    @classmethod
    def of(cls, names: Iterable[str]) -> SchoolNames:
        """Whole names, and what people leave of one of words like primary and academy."""
        named = [(name, _plain(name).split()) for name in names]
        written = {" ".join(words): name for name, words in named if _known_by(words) and words[1:]}
        for name, words in named:
            for looked_for in _short_for(words):
                written.setdefault(looked_for, name)  # a whole name is that school's own
        return cls(written)

    def in_text(self, *texts: str) -> str | None:
        """The name of a school that one of these texts says; None if none does."""
        for text in texts:
            words = _plain(text).split()
            for first in range(len(words)):
                for last in range(first + 2, min(len(words), first + MOST_WORDS_OF_NAME) + 1):
                    found = self.written.get(" ".join(words[first:last]))
                    if found:
                        return found
        return None


def _known_by(words: Sequence[str]) -> list[str]:
    return [word for word in words if not _KIND.fullmatch(word)]


def _short_for(words: Sequence[str]) -> list[str]:
    """What people say for a name; one word alone may be a place, or any word at all."""
    known_by = _known_by(words)
    if len(known_by) > 1:
        last = max(place for place, word in enumerate(words) if word in known_by)
        first = next(place for place, word in enumerate(words) if word in known_by)
        return [" ".join(known_by), " ".join(words[first : last + 1])]
    return [
        f"{word} {kind}"
        for word in known_by
        if len(word) >= LEAST_LETTERS and not _EVERYDAY.fullmatch(word)
        for kind in _CALLED
    ]


def _plain(text: str) -> str:
    without_marks = text.casefold().replace("'", "").replace("’", "")
    return " ".join(re.findall(r"[^\W_]+", without_marks))


def borrowed(text: str, opinions: Iterable[str]) -> str | None:
    """Words of an opinion that a text repeats one after another; None if it stands for itself."""
    words = _plain(text).split()
    runs = {
        " ".join(words[first : first + BORROWED_WORDS])
        for first in range(len(words) - BORROWED_WORDS + 1)
    }
    for opinion in opinions:
        said = _plain(opinion).split()
        for first in range(len(said) - BORROWED_WORDS + 1):
            run = " ".join(said[first : first + BORROWED_WORDS])
            if run in runs:
                return run
    return None


@dataclass(frozen=True)
class Answer:
    """What the Executive answered to one theme."""

    words: str
    owner: str
    due_on: date | None
    is_done: bool
    answered_on: date
    revision: int  # what was there when somebody began to write


def check_answer(
    answer: Answer, *, revision: int, was_due_on: date | None, given_on: date, today: date
) -> None:
    """Refused for an answer without words or a post, with a day that cannot be, or overtaken."""
    if answer.revision != revision:
        raise Refused(
            "Somebody else has answered this meanwhile: read what they wrote, "
            "then save yours if it should take its place"
        )
    if not answer.words:
        raise Refused("Enter what the Executive answered")
    if not answer.owner:
        raise Refused("Enter the post that sees to it, for example Head of Education")
    has_gone = answer.due_on is not None and answer.due_on < today
    if has_gone and answer.due_on != was_due_on and not answer.is_done:
        raise Refused("The day by which it is done must be today or later")
    if answer.answered_on > today:
        raise Refused("The day of the answer must not be in the future")
    if answer.answered_on < given_on:
        raise Refused("The day of the answer must not be before the report was given")


def check_end(ends_on: date, *, today: date) -> None:
    """Refused for a link that would never open, or open for more than a year."""
    if ends_on < today:
        raise Refused("The last day of the link must be today or later")
    if (ends_on - today).days > MOST_LINK_DAYS:
        raise Refused("The last day of the link must be within a year")


def waited_words(since: date, *, today: date) -> str:
    """How long the Executive has had a theme."""
    days = (today - since).days
    return "since today" if days < 1 else "for 1 day" if days == 1 else f"for {days:,} days"


def is_late(state: AnswerState, given_on: date, due_on: date | None, *, today: date) -> bool:
    """Whether an answer, or what it promised, should have come by now (London date)."""
    if state is AnswerState.DONE:
        return False
    if due_on is not None:
        return due_on < today
    return state is AnswerState.OPEN and (today - given_on).days > LATE_AFTER_DAYS


def is_open_link(ends_on: date, withdrawn: bool, *, today: date) -> bool:
    """Whether a respondent's link still opens."""
    return not withdrawn and ends_on >= today
