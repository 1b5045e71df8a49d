"""Walking through a survey: which screen comes now, which next, what is still to be answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.surveys.answer_rules import (
    Answers,
    AskedQuestion,
    Section,
    left_over,
    sections_shown,
    sections_to_come,
)


@dataclass(frozen=True)
class Walk:
    """A survey, as far as somebody has come."""

    questions: Sequence[AskedQuestion]
    answers: Answers

    @property
    def sections(self) -> list[Section]:
        """The screens somebody with these answers goes through."""
        return sections_shown(self.questions, self.answers)

    @property
    def steps_count(self) -> int:
        """How many screens there are, counting those that an open question may still add."""
        return sections_to_come(self.questions, self.answers)

    def step(self, wanted: str | None) -> int:
        """The screen to show, from 1: the wanted one, but none beyond what must come first."""
        sections = self.sections
        furthest = next(
            (n for n, section in enumerate(sections, 1) if self._lacks(section)), len(sections)
        )
        if wanted and wanted.isascii() and wanted.isdecimal() and len(wanted) < 4:
            return max(1, min(int(wanted), furthest))
        return min(self._first_untouched(), furthest)

    def with_answers(self, section: Section, given: Answers) -> Walk:
        """The survey after this screen was answered; what is no longer asked is dropped."""
        keys = {question.key for question in section.questions}
        kept = {key: values for key, values in self.answers.items() if key not in keys}
        return Walk(self.questions, left_over(self.questions, {**kept, **given}))

    def _lacks(self, section: Section) -> bool:
        return any(q.is_required and not self.answers.get(q.key) for q in section.questions)

    def _first_untouched(self) -> int:
        sections = self.sections
        for number, section in enumerate(sections, 1):
            if not any(self.answers.get(question.key) for question in section.questions):
                return number
        return len(sections)
