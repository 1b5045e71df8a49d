"""Whether a questionnaire can be published, and in what order its questions stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from app.surveys.answer_rules import AskedQuestion, Condition
from app.surveys.models import MeasureScale, QuestionKind

MOST_QUESTIONS = 50
FEWEST_ANSWERS = 2
WORDS_QUOTED = 70
MOST_CONDITIONS = 2
TOO_MANY_CONDITIONS = "Choose answers to two questions at most"
SCALE_OF_KIND = {
    QuestionKind.SINGLE: MeasureScale.SHARE,
    QuestionKind.YES_NO: MeasureScale.SHARE,
    QuestionKind.SCALE: MeasureScale.SHARE,
    QuestionKind.SCORE: MeasureScale.SCORE,
    QuestionKind.MULTIPLE: MeasureScale.CHOICES,
}

Place = tuple[str, str]  # a question's key and its section


@dataclass(frozen=True)
class WrittenQuestion:
    """A question as it stands in a version, with what it measures."""

    asked: AskedQuestion
    measure_key: str = ""
    measure_title: str = ""
    measure_scale: str = ""

    @property
    def name(self) -> str:
        """The question as a sentence about it quotes it."""
        words = self.asked.words
        short = words if len(words) <= WORDS_QUOTED else f"{words[: WORDS_QUOTED - 1].rstrip()}…"
        return f"“{short}”"


@dataclass(frozen=True)
class Fault:
    """Why a draft cannot be published, and what to do; the key of the question it is about."""

    key: str
    sentence: str


def faults(questions: Sequence[WrittenQuestion]) -> list[Fault]:
    """Everything that must be mended before these questions can be published."""
    if not questions:
        return [Fault("", "Add a question: a questionnaire without one cannot be answered")]
    found = []
    if len(questions) > MOST_QUESTIONS:
        found.append(
            Fault("", f"Take questions out until {MOST_QUESTIONS} are left: nobody finishes more")
        )
    earlier: dict[str, WrittenQuestion] = {}
    all_keys = {question.asked.key for question in questions}
    never_asked: set[str] = set()
    for question in questions:
        routing = list(_routing_faults(question, earlier, all_keys, never_asked))
        if routing:
            never_asked.add(question.asked.key)
        sentences = [
            *_answer_faults(question),
            *routing,
            *_measure_faults(question, earlier),
            *_place_faults(question, earlier),
        ]
        found += [Fault(question.asked.key, sentence) for sentence in sentences]
        earlier[question.asked.key] = question
    return found


def can_route(question: AskedQuestion) -> bool:
    """Whether later questions can depend on the answer to this one."""
    return not question.is_text and question.kind != QuestionKind.QUOTE_CONSENT


def moved(places: Sequence[Place], key: str, by: int) -> list[Place]:
    """The order after one question went a step up (-1) or down (1).

    At the edge of its section it goes over into the next one, and no section is torn apart.
    """
    order = list(places)
    here = next(n for n, (one, _) in enumerate(order) if one == key)
    there = here + by
    if not 0 <= there < len(order):
        return order
    if order[there][1] != order[here][1]:
        order[here] = (key, order[there][1])
    else:
        order[here], order[there] = order[there], order[here]
    return order


def section_moved(places: Sequence[Place], section: str, by: int) -> list[Place]:
    """The order after a whole section went a step up (-1) or down (1)."""
    blocks = [list(block) for _, block in groupby(places, lambda place: place[1])]
    here = next((n for n, block in enumerate(blocks) if block[0][1] == section), None)
    if here is not None and 0 <= here + by < len(blocks):
        blocks[here], blocks[here + by] = blocks[here + by], blocks[here]
    return [place for block in blocks for place in block]


def place_for(places: Sequence[Place], section: str) -> int:
    """Where a new question of this section goes: behind its others, else to the end."""
    last = [n for n, (_, other) in enumerate(places) if other == section]
    return last[-1] + 1 if last else len(places)


def _answer_faults(question: WrittenQuestion) -> Iterator[str]:
    asked = question.asked
    if not asked.words:
        yield "A question has no words: write them or remove it"
    if asked.is_text or asked.kind == QuestionKind.SCORE:
        return
    if len(asked.options) < FEWEST_ANSWERS:
        yield f"Give {question.name} at least {FEWEST_ANSWERS} answers: it cannot be answered now"
    labels = Counter(option.label.casefold() for option in asked.options)
    for option in asked.options:
        if labels.pop(option.label.casefold(), 1) > 1:
            twice = f"“{option.label}” is there twice"
            yield f"Word the answers of {question.name} differently: {twice}"


def _routing_faults(
    question: WrittenQuestion,
    earlier: dict[str, WrittenQuestion],
    all_keys: set[str],
    never_asked: set[str],
) -> Iterator[str]:
    found = [
        sentence
        for condition in question.asked.conditions
        for sentence in _condition_faults(question, condition, earlier, all_keys, never_asked)
    ]
    yield from found
    if not found and _contradict(_all_conditions(question, earlier), earlier):
        yield (
            f"Choose again when to ask {question.name}: "
            "nobody can have given both of the answers that it depends on"
        )


def _condition_faults(
    question: WrittenQuestion,
    condition: Condition,
    earlier: dict[str, WrittenQuestion],
    all_keys: set[str],
    never_asked: set[str],
) -> Iterator[str]:
    asked, (router_key, values) = question.asked, condition
    router = earlier.get(router_key)
    if router is None:
        if router_key in all_keys - {asked.key}:
            yield f"Move {question.name} behind the question that it depends on"
        else:
            yield f"Choose again when to ask {question.name}: it depends on a question not here"
        return
    if not can_route(router.asked):
        yield f"Choose again when to ask {question.name}: {router.name} has no answers to choose"
        return
    if not values or any(value not in router.asked.choices for value in values):
        yield (
            f"Choose again when to ask {question.name}: "
            f"{router.name} does not have the answer that it depends on"
        )
    elif router.asked.key in never_asked:
        yield f"Nobody would be asked {question.name}, since nobody is asked {router.name}"


def _all_conditions(
    question: WrittenQuestion, earlier: dict[str, WrittenQuestion]
) -> list[Condition]:
    """What whoever is asked has answered: to its routers, to theirs, and so on."""
    found: list[Condition] = []
    for condition in question.asked.conditions:
        router = earlier.get(condition[0])
        found += [condition, *(_all_conditions(router, earlier) if router else [])]
    return found


def _contradict(conditions: Sequence[Condition], earlier: dict[str, WrittenQuestion]) -> bool:
    """Whether nobody can have answered so: one answer is no other, and “none” stands alone."""
    wanted: dict[str, list[set[str]]] = {}
    for key, values in conditions:
        wanted.setdefault(key, []).append(set(values))
    for key, alternatives in wanted.items():
        asked = earlier[key].asked
        together = set[str]()
        if asked.kind == QuestionKind.MULTIPLE:
            together = {option.value for option in asked.options if option.counts}
        if not set.intersection(*alternatives) and not all(
            values & together for values in alternatives
        ):
            return True
    return False


def _measure_faults(
    question: WrittenQuestion, earlier: dict[str, WrittenQuestion]
) -> Iterator[str]:
    if not question.measure_key:
        return
    twin = next((q for q in earlier.values() if q.measure_key == question.measure_key), None)
    if twin:
        yield (
            f"{question.name} measures the same as {twin.name}, and people would be counted "
            "twice: remove one of them, or its measure"
        )
    asked = question.asked
    if SCALE_OF_KIND.get(QuestionKind(asked.kind)) != question.measure_scale:
        yield f"Choose another measure for {question.name}: this one is answered in another way"
    elif asked.kind != QuestionKind.SCORE:
        inside = [option.counts for option in asked.options if not option.is_outside_base]
        if inside and (not any(inside) or (all(inside) and asked.kind != QuestionKind.MULTIPLE)):
            yield f"Say which answers of {question.name} count: now all would, or none"


def _place_faults(question: WrittenQuestion, earlier: dict[str, WrittenQuestion]) -> Iterator[str]:
    asked, before = question.asked, list(earlier.values())
    together = [one for one in before if one.asked.section == asked.section]
    if not asked.section:
        yield f"Give {question.name} a heading to stand under"
    elif together and together[-1] is not before[-1]:
        yield f"Move {question.name} to the others under “{asked.section}”"
    has_words = any(one.asked.is_text for one in before)
    if asked.kind == QuestionKind.QUOTE_CONSENT and not has_words:
        yield f"Put a question answered in own words before {question.name}"
