"""Which questions somebody is asked, and whether what they sent is an answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

TEXT_LENGTHS = {"short_text": 200, "long_text": 2000}
TEXT_KINDS = frozenset(TEXT_LENGTHS)
HIGHEST_SCORE = 10
# A form longer than this is asked one idea at a time: nobody scrolls through it on a phone.
MOST_TOGETHER = 6
MOST_ON_A_SCREEN = 5
SCORES = [str(score) for score in range(HIGHEST_SCORE + 1)]

Answers = dict[str, list[str]]
Condition = tuple[str, tuple[str, ...]]  # the key of a question, and one of these answers to it


@dataclass(frozen=True)
class AskedOption:
    """One answer that can be chosen."""

    id: int
    value: str
    label: str
    counts: bool = False
    is_outside_base: bool = False

    @property
    def end_words(self) -> str:
        """What a number of a scale stands for: its ends say so after the number."""
        return self.label.partition(": ")[2]


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
    lowest_words: str = ""
    highest_words: str = ""
    also_if_key: str | None = None
    also_if_values: tuple[str, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The earlier questions it depends on: all of them must have been answered so."""
        pairs = (
            (self.shown_if_key, self.shown_if_values),
            (self.also_if_key, self.also_if_values),
        )
        return tuple((key, values) for key, values in pairs if key is not None)

    @property
    def choices(self) -> list[str]:
        """Every value that counts as an answer to a closed question."""
        listed = [option.value for option in self.options]
        return SCORES + listed if self.kind == "score" else listed

    @property
    def is_text(self) -> bool:
        """Whether it is answered in words of one's own."""
        return self.kind in TEXT_KINDS

    @property
    def most_characters(self) -> int:
        """How long an answer in words may be; 0 of any other."""
        return TEXT_LENGTHS.get(self.kind, 0)

    @property
    def can_be_answered(self) -> bool:
        """Whether there is anything to choose or a place to write."""
        return self.is_text or bool(self.choices)

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The numbers of a scale or a score, each with what it stands for."""
        if self.kind == "score":
            ends = {SCORES[0]: self.lowest_words, SCORES[-1]: self.highest_words}
            return [(score, ends.get(score, "")) for score in SCORES]
        return [(one.value, one.end_words) for one in self.options if one.value.isdecimal()]

    @property
    def beside_steps(self) -> list[AskedOption]:
        """What can be chosen in place of a number."""
        return [option for option in self.options if not option.value.isdecimal()]


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
        if all(
            router in keys and set(answers.get(router, ())) & set(values)
            for router, values in question.conditions
        ):
            shown.append(question)
            keys.add(question.key)
    return shown


def sections_to_come(
    questions: Sequence[AskedQuestion], answers: Mapping[str, Sequence[str]]
) -> list[Section]:
    """The screens there will be at most, while questions that route are not answered yet."""
    hoped_for: Answers = {}
    for question in questions:
        for router, values in question.conditions:
            if router not in answers:
                hoped_for.setdefault(router, []).extend(values)
    return sections_shown(questions, {**answers, **hoped_for})


def sections_shown(
    questions: Iterable[AskedQuestion], answers: Mapping[str, Sequence[str]]
) -> list[Section]:
    """The screens somebody with these answers goes through, empty ones left out."""
    questions = list(questions)
    asked = {question.key for question in questions_shown(questions, answers)}
    shown = (
        Section(screen.title, tuple(q for q in screen.questions if q.key in asked))
        for screen in screens(questions)
    )
    return [screen for screen in shown if screen.questions]


def screens(questions: Iterable[AskedQuestion]) -> list[Section]:
    """Every screen there is: of a long form one idea each, of a short one a section.

    A section comes in parts where it is long or where an answer routes on. Cut before anything
    is answered, so that no answer moves a question to another screen.
    """
    by_title: dict[str, list[AskedQuestion]] = {}
    for question in questions:
        by_title.setdefault(question.section, []).append(question)
    is_long = sum(len(asked) for asked in by_title.values()) > MOST_TOGETHER
    return [
        Section(title, part)
        for title, asked in by_title.items()
        for part in _parts(asked, one_by_one=is_long)
    ]


def _parts(
    section: Iterable[AskedQuestion], *, one_by_one: bool
) -> Iterator[tuple[AskedQuestion, ...]]:
    part: list[AskedQuestion] = []
    for question in section:
        routers = {router for router, _ in question.conditions}
        is_routed_here = any(one.key in routers for one in part)
        is_new_idea = one_by_one and part and not _is_one_idea(part, question)
        if is_routed_here or is_new_idea or len(part) == MOST_ON_A_SCREEN:
            yield tuple(part)
            part = []
        part.append(question)
    yield tuple(part)


def _is_one_idea(part: Sequence[AskedQuestion], question: AskedQuestion) -> bool:
    """Two marks out of ten are compared: then and now; a quote's consent goes with its words."""
    before = part[-1]
    two_marks = len(part) == 1 and before.kind == question.kind == "score"
    return two_marks or (question.kind == "quote_consent" and before.is_text)


def check(questions: Iterable[AskedQuestion], sent: Mapping[str, Sequence[str]]) -> Checked:
    """Read the tidied values sent for these questions; each error says what to do."""
    checked = Checked()
    for question in questions:
        values = [value for value in sent.get(question.key, ()) if value.strip()]
        if not values:
            if question.is_required:
                verb = "Write" if question.is_text else "Choose"
                checked.errors[question.key] = f"{verb} an answer: {question.words}"
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
    if question.is_text:
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
    most = TEXT_LENGTHS[question.kind]
    if len(values[0]) > most:
        shorter = f"shorten it by {len(values[0]) - most:,}"
        return f"Use {most:,} characters or fewer, {shorter}: {question.words}"
    return None


def _tidied(question: AskedQuestion, values: list[str]) -> list[str]:
    if question.kind == "short_text":
        return [" ".join(values[0].split())]
    if question.is_text:
        return values
    return [choice for choice in question.choices if choice in set(values)]
