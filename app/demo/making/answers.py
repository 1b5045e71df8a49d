"""What invented people answer, question by question, following the questionnaire's own routing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.demo.making.rows import Chance, read
from app.surveys.answer_rules import HIGHEST_SCORE, Answers, AskedQuestion

FEWEST_TO_LEARN, MOST_TO_LEARN = 0, 4
CHANGE_OF_KNOWLEDGE = {0: 14, 1: 26, 2: 32, 3: 20, 4: 6, -1: 2}
LATER = {-2: 6, -1: 27, 0: 50, 1: 17}
NAMING_NOTHING = 0.6


@dataclass
class Knowledge:
    """How much one person knows of a subject, 0 to 10: before, straight after, months later."""

    before: int
    after: int
    later: int


@dataclass
class Fixed:
    """Answers that the annual report prints: for each question, one after the other."""

    values: dict[str, Iterator[str | None]] = field(default_factory=dict)

    @classmethod
    def from_counts(
        cls, facts: dict[str, Any], chance: Chance, *, responses: int, routed: bool
    ) -> Fixed:
        """Each value as often as is said; who is routed past a question is not asked it."""
        made = cls()
        for key, counts in facts.get("options", {}).items():
            answers: list[str | None] = list(chance.spread(counts))
            if not routed:
                answers += [None] * (responses - len(answers))
                chance.shuffle(answers)
            made.values[key] = iter(answers)
        for key, counts in facts.get("scores", {}).items():
            # Lowest first: who knew least before knows least afterwards, and nobody knows less.
            made.values[key] = iter([score for score, n in counts.items() for _ in range(n)])
        return made


class Respondents:
    """Fills in questionnaires as the data file's shares say."""

    def __init__(self, chance: Chance) -> None:
        """Read the shares."""
        self.chance = chance
        self.facts = read("answers")

    def knowledge(self) -> Knowledge:
        """Somebody's knowledge and what became of it."""
        before = _score(round(self.chance.gauss(5.1, 1.7)))
        after = _score(before + self._one_of(CHANGE_OF_KNOWLEDGE))
        return Knowledge(before, after, _score(after + self._one_of(LATER)))

    def fill_in(
        self,
        kind: str,
        questions: Sequence[AskedQuestion],
        knowledge: Knowledge,
        fixed: Fixed | None = None,
    ) -> Answers:
        """One person's answers to a before, after or impact questionnaire."""
        answers: Answers = {}
        for question in questions:
            if not _is_asked(question, answers):
                continue
            if fixed and question.key in fixed.values:
                value = next(fixed.values[question.key], None)
                given = [] if value is None else [value]
            else:
                given = self._answer(kind, question, knowledge, answers)
            if given:
                answers[question.key] = given
        return answers

    def _answer(
        self, kind: str, question: AskedQuestion, knowledge: Knowledge, answers: Answers
    ) -> list[str]:
        if self.chance.random() * 100 < self.facts["skipped"].get(question.key, 0):
            return []
        if question.kind == "long_text":
            return self._own_words(question.key)
        if question.kind == "multiple":
            return self._several(question)
        if question.kind == "score":
            return [str(_asked_score(kind, question.key, knowledge))]
        if question.kind == "quote_consent" and "example" not in answers:
            return []
        return [self._one_of(self.facts[kind][question.key])]

    def _own_words(self, key: str) -> list[str]:
        words = self.facts["own_words"]
        if key not in words or self.chance.random() * 100 >= words["share"]:
            return []
        return [self.chance.choice(words[key])]

    def _several(self, question: AskedQuestion) -> list[str]:
        shares = self.facts["impact_several"][question.key]
        named = [value for value, share in shares.items() if self.chance.random() * 100 < share]
        nothing = [option.value for option in question.options if option.value not in shares]
        nothing = [value for value in nothing if value.startswith("nothing")]
        if named or not nothing or self.chance.random() > NAMING_NOTHING:
            return named
        return nothing

    def _one_of(self, shares: dict[Any, int]) -> Any:
        return self.chance.choices(list(shares), weights=list(shares.values()))[0]


def _is_asked(question: AskedQuestion, answers: Answers) -> bool:
    return all(set(answers.get(key, ())) & set(values) for key, values in question.conditions)


def _asked_score(kind: str, key: str, knowledge: Knowledge) -> int:
    if key == "knowledge_before" or kind == "before":
        return knowledge.before
    return knowledge.after if kind == "after" else knowledge.later


def _score(number: int) -> int:
    return max(1, min(HIGHEST_SCORE, number))
