"""Which questions somebody is asked, and whether what they sent is an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

TEXT_LENGTH = 2000
HIGHEST_SCORE = 10
TEXT_KINDS = frozenset({"long_text"})
ONE_OF_KINDS = frozenset({"single", "yes_no", "quote_consent"})

Answers = dict[str, list[str]]


@dataclass(frozen=True)
class AskedOption:
    """One answer that can be chosen."""

    id: int
    value: str
    label: str
    counts: bool = False


@dataclass(frozen=True)
class AskedQuestion:
    """One question, as a page and the rules need it."""

    id: int
    key: str
    section: str
    words: str
    kind: str
    hint: str = ""
    is_required: bool = False
    shown_if_key: str | None = None
    shown_if_values: tuple[str, ...] = ()
    options: tuple[AskedOption, ...] = ()

    @property
    def choices(self) -> list[str]:
        """Every value that counts as an answer to a closed question."""
        if self.kind == "score":
            return [str(score) for score in range(HIGHEST_SCORE + 1)]
        return [option.value for option in self.options]


@dataclass(frozen=True)
class Section:
    """The questions that share a screen."""

    title: str
    questions: tuple[AskedQuestion, ...]


@dataclass
class Checked:
    """What was sent: the answers that hold, and what is wrong with the others."""

    answers: Answers = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def questions_shown(
    questions: Iterable[AskedQuestion], answers: Mapping[str, Sequence[str]]
) -> list[AskedQuestion]:
    """The questions somebody with these answers is asked; a hidden one's answer routes nobody."""
    shown: list[AskedQuestion] = []
    keys: set[str] = set()
    for question in questions:
        router = question.shown_if_key
        if router is not None:
            given = set(answers.get(router, ()))
            if router not in keys or not given & set(question.shown_if_values):
                continue
        shown.append(question)
        keys.add(question.key)
    return shown


def sections_to_come(
    questions: Sequence[AskedQuestion], answers: Mapping[str, Sequence[str]]
) -> int:
    """How many screens there will be at most, while questions that route are not answered yet."""
    open_routers = {q.shown_if_key for q in questions} - answers.keys() - {None}
    hoped_for = {
        key: [value for q in questions if q.shown_if_key == key for value in q.shown_if_values]
        for key in open_routers
        if key is not None
    }
    return len(sections_shown(questions, {**answers, **hoped_for}))


def sections_shown(
    questions: Iterable[AskedQuestion], answers: Mapping[str, Sequence[str]]
) -> list[Section]:
    """The screens somebody with these answers goes through, empty ones left out."""
    by_title: dict[str, list[AskedQuestion]] = {}
    for question in questions_shown(questions, answers):
        by_title.setdefault(question.section, []).append(question)
    return [Section(title, tuple(asked)) for title, asked in by_title.items()]


def check(questions: Iterable[AskedQuestion], sent: Mapping[str, Sequence[str]]) -> Checked:
    """Read the tidied values sent for these questions; each error says what to do."""
    checked = Checked()
    for question in questions:
        values = [value for value in sent.get(question.key, ()) if value.strip()]
        if not values:
            if question.is_required:
                checked.errors[question.key] = f"Choose an answer: {question.words}"
            continue
        problem = _problem(question, values)
        if problem:
            checked.errors[question.key] = problem
        else:
            checked.answers[question.key] = _tidied(question, values)
    return checked


def left_over(questions: Sequence[AskedQuestion], answers: Mapping[str, Sequence[str]]) -> Answers:
    """The answers to questions that are still asked; changing one's mind drops the others."""
    return {
        question.key: list(answers[question.key])
        for question in questions_shown(questions, answers)
        if answers.get(question.key)
    }


def _problem(question: AskedQuestion, values: list[str]) -> str | None:
    if question.kind in TEXT_KINDS:
        return _text_problem(question, values)
    choices = set(question.choices)
    if any(value not in choices for value in values):
        return f"Choose one of the answers: {question.words}"
    if question.kind != "multiple":
        return f"Choose one answer only: {question.words}" if len(values) > 1 else None
    excluding = {option.value for option in question.options if not option.counts}
    if len(set(values)) > 1 and excluding & set(values):
        label = next(o.label for o in question.options if o.value in excluding & set(values))
        return f"Choose “{label}” or the others, not both: {question.words}"
    return None


def _text_problem(question: AskedQuestion, values: list[str]) -> str | None:
    if len(values) > 1:
        return f"Write one answer only: {question.words}"
    if len(values[0]) > TEXT_LENGTH:
        return f"Use {TEXT_LENGTH:,} characters or fewer: {question.words}"
    return None


def _tidied(question: AskedQuestion, values: list[str]) -> list[str]:
    if question.kind in TEXT_KINDS:
        return values
    return [choice for choice in question.choices if choice in set(values)]
