"""In which steps the base of a question grows."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.impact.disclosure import lines_over_time, parts_are_safe_beside
from app.impact.growth_rules import Growth, first_growth, growth_within, lines_of_outer

TEN, FIVE = 10, 5


def forms(*parts: int) -> Growth:
    """Of each part its forms: a large step ends as soon as it holds ten."""
    steps: list[tuple[tuple[int, ...], ...]] = []
    current: list[tuple[int, ...]] = []
    held = 0
    for number, size in enumerate(parts):
        current.append((number,))
        held += size
        if held >= TEN:
            steps.append(tuple(current))
            current, held = [], 0
    return Growth(tuple(steps), tuple(current))


CASES = {
    "everybody answered": ([20, 12], [20, 12], 32, 32),
    "four more wait": ([20, 12], [14, 4], 14, 14),
    "five more are for the running team": ([20, 12], [14, 5], 14, 19),
    "they come in with the next": ([20, 12, 11], [14, 5, 6], 25, 25),
    "a few hold back the next as well, so that all come together": (
        [20, 12, 11],
        [14, 4, 5],
        14,
        23,
    ),
    "nobody more": ([20, 12], [14, 0], 14, 14),
    "a step ends only where one of the forms does": ([6, 6, 6], [6, 6, 6], 12, 18),
    "nothing yet": ([20], [4], 0, 0),
}


@pytest.mark.parametrize(("outer", "bases", "for_all", "for_team"), CASES.values(), ids=CASES)
def test_what_is_shown_of_a_question(
    outer: list[int], bases: list[int], for_all: int, for_team: int
) -> None:
    growth = growth_within(forms(*outer), dict(enumerate(bases)))
    assert sum(bases[part] for part in growth.parts(threshold=TEN)) == for_all
    assert sum(bases[part] for part in growth.parts(threshold=FIVE)) == for_team


parts = st.lists(st.tuples(st.integers(5, 25), st.floats(0, 1), st.floats(0, 1)), max_size=10)


@given(parts)
def test_no_base_ever_grows_by_a_few(parts: list[tuple[int, float, float]]) -> None:
    """Whoever opens the page after every part; so of a question that the first one leads to."""
    sizes = [size for size, _, _ in parts]
    first = [int(size * share) for size, share, _ in parts]
    second = [int(base * share) for base, (_, _, share) in zip(first, parts, strict=True)]
    ends: dict[str, list[set[int]]] = {"first": [], "second": []}
    for bases, name in ((first, "first"), (second, "second")):
        seen = {TEN: {0}, FIVE: {0}}
        for count in range(len(parts) + 1):
            growth = growth_within(forms(*sizes[:count]), dict(enumerate(first)))
            ends["first"].append(set(growth.ends()))
            if name == "second":
                growth = growth_within(growth, dict(enumerate(second)))
                assert set(growth.ends()) <= ends["first"][-1], "a count of the first one's answers"
            for threshold, totals in seen.items():
                totals.add(sum(bases[part] for part in growth.parts(threshold=threshold)))
        assert all(b - a >= TEN for a, b in pairwise(sorted(seen[TEN])))
        assert all(b - a >= FIVE for a, b in pairwise(sorted(seen[TEN] | seen[FIVE])))


def test_a_year_without_months_stands_apart() -> None:
    small = [frozenset({"May"}), frozenset({"June"}), frozenset({"2025"})]
    growth = first_growth([frozenset({"May", "June"}), small[2]], small, apart=[small[2]])
    assert growth.steps == (((0,), (1,)),)
    assert (growth.apart, growth.apart_for_all) == ((2,), (2,))
    of_few = growth_within(growth, {0: 10, 1: 10, 2: 7})
    assert (of_few.apart, of_few.apart_for_all) == ((2,), ())
    assert first_growth([small[2]], [small[2]], apart=[small[2]]).steps == (((0,),),)


def test_lines_of_a_routed_question_are_sums_of_those_of_the_question_before() -> None:
    outer = forms(40, 40)
    before = [[{"Health": 15, "Police": 13, "Housing": 12}], [{"Health": 20, "Police": 20}]]
    breakdowns = lines_over_time(before, threshold=TEN)
    growth = growth_within(outer, {0: 30, 1: 20})
    steps = [[{"Health": 11, "Police": 13, "Housing": 6}], [{"Health": 10, "Police": 10}]]
    within = lines_of_outer(outer, breakdowns, growth)
    found = lines_over_time(steps, threshold=TEN, within=within)
    assert [count for count, _ in found] == [1, 2]
    lines = {line.members: line.base for line in found[-1][1]}
    assert lines == {("Police",): 23, ("Health", "Housing"): 27}
    assert lines_over_time(steps, threshold=TEN, within={2: breakdowns[-1][1]})[0][0] == 2


def test_lines_wait_with_those_of_the_question_before() -> None:
    assert lines_over_time([[{"Health": 20, "Police": 20}]], threshold=TEN, within={}) == []


@pytest.mark.parametrize(
    ("cells", "safe"),
    [
        pytest.param({("pairs", "May"): 20}, True, id="ten of May are left"),
        pytest.param({("pairs", "May"): 24}, False, id="six of May are left"),
        pytest.param({("pairs", "May"): 30}, True, id="nobody is left"),
        pytest.param({("pairs", "May"): 24, ("pairs", "June"): 13}, True, id="eleven of both"),
        pytest.param({("first", "May"): 24, ("then", "June"): 14}, False, id="step by step"),
        pytest.param(
            {("pairs", "June"): 4, ("pairs", "May"): 30}, False, id="pairs less all of May"
        ),
    ],
)
def test_pairs_leave_nothing_small_of_those_who_answered_once(
    cells: dict[tuple[str, str], int], safe: bool
) -> None:
    assert parts_are_safe_beside({"May": 30, "June": 18}, cells, threshold=TEN) is safe


def test_the_steps_of_a_reader_are_numbered() -> None:
    growth = forms(6, 6, 7)
    assert growth.step_of(threshold=TEN) == {0: "0", 1: "0"}
    assert growth.step_of(threshold=FIVE) == {0: "0", 1: "1", 2: "2"}
