"""One screen of a survey as a form: what was typed, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from app.kernel.forms import tidy
from app.surveys.answer_rules import Answers, AskedQuestion, Section, check

MOST_VALUES = 50


@dataclass
class SectionForm:
    """The questions of one screen with answers to show; templates read it as any other form."""

    section: Section
    values: Mapping[str, Sequence[str]]
    errors: dict[str, str] = field(default_factory=dict)
    form_errors: list[str] = field(default_factory=list)

    @property
    def one(self) -> AskedQuestion | None:
        """The question, where the screen has only one."""
        return self.section.questions[0] if len(self.section.questions) == 1 else None

    def all_errors(self) -> Iterator[tuple[str, str]]:
        """Each error with the id of the control to mend, in the order of the questions."""
        for text in self.form_errors:
            yield "", text
        for question in self.section.questions:
            if question.key in self.errors:
                yield first_control_id(question), self.errors[question.key]


def first_control_id(question: AskedQuestion) -> str:
    """The id of a question's first control."""
    if question.is_text:
        return question.key
    return f"{question.key}-{question.choices[0]}"


def read(section: Section, sent: MultiDict[str, str]) -> tuple[SectionForm, Answers]:
    """The screen as it was sent, with the answers that hold."""
    values = {question.key: sent_values(sent, question.key) for question in section.questions}
    checked = check(section.questions, values)
    return SectionForm(section, values, errors=checked.errors), checked.answers


def sent_values(sent: MultiDict[str, str], key: str) -> list[str]:
    """What was sent for one question, tidied."""
    return [tidy(value) for value in sent.getlist(key)[:MOST_VALUES]]
