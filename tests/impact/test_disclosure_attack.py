"""An attack: invented evaluations, everything a reader could see of them, and all subtractions."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from app.impact.disclosure import (
    ELSEWHERE_THRESHOLD,
    Audience,
    QuestionBases,
    break_down_questions,
    crossed_breakdowns_are_safe,
    may_show_total,
    merge_small_groups,
)

TEN = ELSEWHERE_THRESHOLD
SECTORS = [f"Sector {number}" for number in range(1, 14)]

People = frozenset[int]
Views = dict[str, set[People]]  # of each question: groups whose answers can be counted


@dataclass(frozen=True)
class Answers:
    """Who is of which sector, and who answered which question."""

    sectors: Mapping[int, str]
    answered: Mapping[str, People]

    def of(self, names: Iterable[str], question: str) -> People:
        wanted = set(names)
        return frozenset(p for p in self.answered[question] if self.sectors[p] in wanted)

    def bases(self, question: str) -> dict[str, int]:
        return {name: len(self.of([name], question)) for name in SECTORS}


def invented(seed: int) -> Answers:
    """20 to 160 people; everyone responds, some skip "opened", those who opened say how often."""
    dice = random.Random(seed)
    size = dice.randint(20, 160)
    weights = [dice.random() ** 3 for _ in SECTORS]
    sectors = dict(enumerate(dice.choices(SECTORS, weights, k=size)))
    opened = frozenset(person for person in sectors if dice.random() < 0.93)
    likely = {name: dice.choice([0.0, 0.5, 0.8, 1.0]) for name in SECTORS}
    use = frozenset(person for person in opened if dice.random() < likely[sectors[person]])
    return Answers(sectors, {"useful": frozenset(sectors), "opened": opened, "how_often": use})


Lines = dict[str, list[tuple[str, ...]]]


def as_shown(answers: Answers) -> Lines:
    questions = [
        QuestionBases("useful", answers.bases("useful")),
        QuestionBases("opened", answers.bases("opened")),
        QuestionBases("how_often", answers.bases("how_often"), asked_after="opened"),
    ]
    found = break_down_questions(answers.bases("useful"), questions, threshold=TEN)
    return {key: [line.members for line in lines] for key, lines in found.items()}


def with_only_small_cells_hidden(answers: Answers) -> Lines:
    return {
        key: [(name,) for name, base in answers.bases(key).items() if base >= TEN]
        for key in answers.answered
    }


def with_each_question_on_its_own(answers: Answers) -> Lines:
    return {
        key: [
            line.members
            for line in merge_small_groups(
                answers.bases(key), threshold=TEN, total=len(answers.answered[key])
            )
        ]
        for key in answers.answered
    }


def everything_visible(answers: Answers, lines: Lines) -> Views:
    views: Views = {}
    for key, everyone in answers.answered.items():
        views[key] = {answers.of(names, key) for names in lines[key]}
        if may_show_total(len(everyone), Audience.ELSEWHERE):
            views[key].add(everyone)
    # How many could say how often is how many of that line had opened it. A name that is on no
    # line there has a base of nought, which says the same.
    named = {name for names in lines["how_often"] for name in names}
    unnamed = [(name,) for name in SECTORS if name not in named] if named else []
    for names in (*lines["how_often"], *unnamed):
        if names in unnamed and answers.of(names, "how_often"):
            continue  # hidden, not nought
        views["opened"].add(answers.of(names, "opened"))
    return views


def smallest_found(shown: set[People]) -> int:
    """Fewest people whose answers can be counted by subtracting shown groups from one another."""
    known, fresh = set(shown), set(shown)
    while fresh:
        rests = {whole - part for whole in fresh for part in shown if part < whole}
        fresh = rests - known
        known |= fresh
    return min((len(people) for people in known if people), default=TEN)


def breaches(policy: Callable[[Answers], Lines], seeds: Iterable[int]) -> list[int]:
    """Seeds whose evaluation gives away the answers of fewer people than the threshold."""
    found = []
    for seed in seeds:
        answers = invented(seed)
        views = everything_visible(answers, policy(answers))
        if any(smallest_found(shown) < TEN for shown in views.values()):
            found.append(seed)
    return found


ATTACKED = range(200)


def test_nothing_shown_gives_away_fewer_people_than_the_threshold() -> None:
    assert breaches(as_shown, ATTACKED) == []
    with_lines = [seed for seed in ATTACKED if as_shown(invented(seed))["how_often"]]
    assert len(with_lines) >= 100, "the attack must have something to attack"


def test_hiding_only_small_cells_is_broken_by_the_same_attack() -> None:
    assert len(breaches(with_only_small_cells_hidden, ATTACKED)) >= 100


def test_grouping_each_question_on_its_own_is_broken_by_the_same_attack() -> None:
    assert len(breaches(with_each_question_on_its_own, ATTACKED)) >= 50


@given(st.integers(20, 10_000))
def test_no_invented_evaluation_is_broken(seed: int) -> None:
    assert breaches(as_shown, [seed]) == []


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("ABCD"), st.sampled_from("vwxyz")),
        st.integers(1, 25),
        min_size=1,
        max_size=10,
    )
)
def test_crossed_breakdowns_are_safe_exactly_when_no_subtraction_is_small(
    cells: dict[tuple[str, str], int],
) -> None:
    people = [cell for cell, base in cells.items() for _ in range(base)]
    shown: set[People] = {frozenset(range(len(people)))}
    for side in (0, 1):
        lines = {cell[side] for cell in cells}
        shown |= {
            frozenset(i for i, cell in enumerate(people) if cell[side] == line) for line in lines
        }
    if any(len(group) < TEN for group in shown):
        return  # each breakdown must be safe alone
    assert crossed_breakdowns_are_safe(cells, threshold=TEN) is (smallest_found(shown) >= TEN)
