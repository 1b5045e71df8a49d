"""Walking through a survey: which screen comes now, which next, what is still to be answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.surveys.answer_rules import (
    Answers,
    AskedQuestion,
    Section,
    check,
    left_over,
    sections_shown,
    sections_to_come,
)


@dataclass(frozen=True)
class Progress:
    """The questions on a screen, by number, of how many."""

    first: int
    last: int
    total: int

    @property
    def words(self) -> str:
        """Question 3 of 8; nothing where all are on one screen."""
        if (self.first, self.last) == (1, self.total):
            return ""
        if self.first == self.last:
            return f"Question {self.first} of {self.total}"
        joint = "and" if self.last == self.first + 1 else "to"
        return f"Questions {self.first} {joint} {self.last} of {self.total}"


@dataclass(frozen=True)
class Walk:
    """A survey, as far as somebody has come."""

    questions: Sequence[AskedQuestion]
    answers: Answers

    @classmethod
    def taken_up(cls, questions: Sequence[AskedQuestion], kept: Answers) -> Walk:
        """The survey from what was answered so far, as far as that is still an answer.

        The questions may have changed meanwhile; one with nothing to choose is not asked, or
        nobody could finish.
        """
        asked = [question for question in questions if question.can_be_answered]
        return cls(asked, left_over(asked, check(asked, kept).answers))

    @property
    def sections(self) -> list[Section]:
        """The screens somebody with these answers goes through."""
        return sections_shown(self.questions, self.answers)

    @property
    def steps_count(self) -> int:
        """How many screens there are, counting those that an open question may still add."""
        return len(sections_to_come(self.questions, self.answers))

    def progress(self, step: int) -> Progress:
        """How far somebody is, in questions: those that an open question may add are counted."""
        to_come = sections_to_come(self.questions, self.answers)
        before = sum(len(section.questions) for section in self.sections[: step - 1])
        here = len(self.sections[step - 1].questions)
        total = sum(len(section.questions) for section in to_come)
        return Progress(before + 1, before + here, max(total, before + here))

    def step(self, wanted: str | None) -> int:
        """The screen to show, from 1: the wanted one, but none beyond what must come first."""
        sections = self.sections
        furthest = next(
            (n for n, section in enumerate(sections, 1) if self._lacks(section)), len(sections)
        )
        if wanted and wanted.isascii() and wanted.isdecimal() and len(wanted) < 4:
            return max(1, min(int(wanted), furthest))
        return min(self._where_they_left(), furthest)

    def with_answers(self, section: Section, given: Answers) -> Walk:
        """The survey after this screen was answered; what is no longer asked is dropped."""
        keys = {question.key for question in section.questions}
        kept = {key: values for key, values in self.answers.items() if key not in keys}
        return Walk(self.questions, left_over(self.questions, {**kept, **given}))

    def with_what_fits(self, sent: Mapping[str, Sequence[str]]) -> Walk:
        """The survey with what holds of answers to questions that have changed meanwhile."""
        given = check(self.questions, sent).answers
        return Walk(self.questions, left_over(self.questions, {**self.answers, **given}))

    def _lacks(self, section: Section) -> bool:
        return any(q.is_required and not self.answers.get(q.key) for q in section.questions)

    def _where_they_left(self) -> int:
        """The screen after the last one with an answer: what was left out stays left out."""
        sections = self.sections
        touched = [
            number
            for number, section in enumerate(sections, 1)
            if any(self.answers.get(question.key) for question in section.questions)
        ]
        return min(touched[-1] + 1, len(sections)) if touched else 1
