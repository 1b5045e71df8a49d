"""What is shown, held back and merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checks.small_groups import small_group
from app.impact.disclosure import (
    ELSEWHERE_THRESHOLD,
    NOT_STATED,
    RUNNING_TEAM_THRESHOLD,
    Audience,
    QuestionBases,
    ShownGroup,
    break_down_questions,
    crossed_breakdowns_are_safe,
    differences_are_safe,
    lines_over_time,
    matched_means_are_safe,
    may_show_total,
    merge_small_groups,
)

TEN = ELSEWHERE_THRESHOLD
SECTORS = [
    "Education",
    "Children and Young People's Services",
    "Early Years",
    "Health",
    "Other",
    "Public Health",
    "Adult Services",
    "Probation",
    "Police",
    "Voluntary and community",
    "Youth Justice",
    "Housing",
    "Fire Service",
]
SUBSCRIBERS = [493, 266, 153, 103, 249, 14, 11, 9, 15, 28, 3, 4, 1]  # F13, 1,349 in all

groupings = st.dictionaries(st.sampled_from(SECTORS), st.integers(0, 45), max_size=13)


def labelled(lines: Iterable[ShownGroup]) -> dict[str, int]:
    return {line.label: line.base for line in lines}


@pytest.mark.parametrize(
    ("base", "running_team", "elsewhere"),
    [
        pytest.param(0, False, False, id="nobody answered"),
        pytest.param(4, False, False, id="four"),
        pytest.param(5, True, False, id="five are enough for those who ran it"),
        pytest.param(9, True, False, id="nine"),
        pytest.param(10, True, True, id="ten are enough for everyone"),
    ],
)
def test_totals_are_shown_from_a_number_of_answers_on(
    base: int, running_team: bool, elsewhere: bool
) -> None:
    assert (RUNNING_TEAM_THRESHOLD, ELSEWHERE_THRESHOLD) == (5, 10)
    assert may_show_total(base, Audience.RUNNING_TEAM) is running_team
    assert may_show_total(base, Audience.ELSEWHERE) is elsewhere


@pytest.mark.parametrize(
    ("groups", "shown"),
    [
        pytest.param({}, {}, id="nobody"),
        pytest.param({"Health": 20, "Police": 12}, {"Health": 20, "Police": 12}, id="all large"),
        pytest.param({"Health": 20, "Police": 0}, {"Health": 20}, id="nobody from one"),
        pytest.param({"Health": 9}, {}, id="the total itself is too small"),
        pytest.param({"Health": 6, "Police": 7}, {}, id="nothing but small ones"),
        pytest.param(
            {"Housing": 4, "Health": 30, "Probation": 5, "Fire Service": 2},
            {"Health": 30, "Housing, Probation and Fire Service together": 11},
            id="small ones together are enough",
        ),
        pytest.param(
            {"Health": 30, "Education": 40, "Fire Service": 1},
            {"Education": 40, "Health and Fire Service together": 31},
            id="the smallest other joins the only small one",
        ),
        pytest.param(
            {"Health": 30, "Housing": 4, "Fire Service": 5},
            {},
            id="together they still are the difference to the total",
        ),
        pytest.param({"Health": 10, "Police": 9}, {}, id="the rest of two cannot be hidden"),
        pytest.param(
            dict(zip(SECTORS, SUBSCRIBERS, strict=True)),
            {
                **dict(zip(SECTORS[:7], SUBSCRIBERS[:7], strict=True)),
                "Police": 15,
                "Voluntary and community": 28,
                "Probation, Youth Justice, Housing and Fire Service together": 17,
            },
            id="F13 subscribers of the bulletin",
        ),
    ],
)
def test_small_groups_stand_together_or_not_at_all(
    groups: dict[str, int], shown: dict[str, int]
) -> None:
    found = merge_small_groups(groups, threshold=TEN, total=sum(groups.values()))
    assert labelled(found) == shown


def test_people_in_no_group_are_a_group_too() -> None:
    groups = {"Health": 30, "Education": 20}
    assert labelled(merge_small_groups(groups, threshold=TEN, total=53)) == {
        "Health": 30,
        f"Education and {NOT_STATED} together": 23,
    }
    assert labelled(merge_small_groups(groups, threshold=TEN, total=60)) == {
        "Health": 30,
        "Education": 20,
        NOT_STATED: 10,
    }


@pytest.mark.parametrize(
    "groups",
    [
        pytest.param({"Health": 21}, id="more than everyone"),
        pytest.param({"Health": 21, "Police": -1}, id="fewer than nobody"),
    ],
)
def test_parts_that_are_no_parts_are_an_error(groups: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="no parts of 20"):
        merge_small_groups(groups, threshold=TEN, total=20)


@given(groupings, st.integers(0, 20), st.integers(2, 15))
def test_a_breakdown_is_the_whole_total_in_large_parts(
    groups: dict[str, int], unknown: int, threshold: int
) -> None:
    total = sum(groups.values()) + unknown
    found = merge_small_groups(groups, threshold=threshold, total=total)
    if not found:
        return
    assert sum(line.base for line in found) == total
    assert all(line.base >= threshold for line in found)
    names = [name for line in found for name in line.members]
    expected = {name for name, base in groups.items() if base} | (
        {NOT_STATED} if unknown else set()
    )
    assert len(names) == len(set(names))
    assert set(names) == expected


@given(groupings, st.integers(2, 15))
def test_a_breakdown_of_two_large_groups_beside_enough_small_ones_is_not_withheld(
    groups: dict[str, int], threshold: int
) -> None:
    large = [base for base in groups.values() if base >= threshold]
    found = merge_small_groups(groups, threshold=threshold, total=sum(groups.values()))
    assert bool(found) or len(large) < 2


@pytest.mark.parametrize(
    ("bases", "safe"),
    [
        pytest.param([], True, id="nothing shown"),
        pytest.param([97], True, id="one group"),
        pytest.param([97, 97], True, id="the same people"),
        pytest.param([97, 88], False, id="nine are the difference"),
        pytest.param([88, 97], False, id="in either order"),
        pytest.param([97, 87], True, id="ten are the difference"),
        pytest.param([40, 20, 31], False, id="the two larger of three"),
        pytest.param([40, 20, 30, 40], True, id="every step is large"),
        pytest.param([12, 0], True, id="nobody beside twelve"),
    ],
)
def test_nested_groups_differ_by_nobody_or_by_many(bases: list[int], safe: bool) -> None:
    assert differences_are_safe(bases, threshold=TEN) is safe


@given(st.lists(st.integers(0, 100)), st.integers(1, 15))
def test_every_two_of_a_safe_chain_are_safe(bases: list[int], threshold: int) -> None:
    every = all(a == b or abs(a - b) >= threshold for a in bases for b in bases)
    assert differences_are_safe(bases, threshold=threshold) is every


@pytest.mark.parametrize(
    ("pairs", "before", "after", "safe"),
    [
        pytest.param(38, 90, 40, False, id="two answered later only"),
        pytest.param(38, 40, 90, False, id="two answered before only"),
        pytest.param(30, 90, 40, True, id="ten answered later only"),
        pytest.param(38, 38, 38, True, id="everyone answered both"),
    ],
)
def test_matched_means_do_not_give_away_those_without_a_pair(
    pairs: int, before: int, after: int, safe: bool
) -> None:
    assert matched_means_are_safe(pairs, before, after, threshold=TEN) is safe


def test_there_are_no_more_pairs_than_answers() -> None:
    with pytest.raises(ValueError, match="cannot come from"):
        matched_means_are_safe(21, 20, 30, threshold=TEN)


@pytest.mark.parametrize(
    ("bases", "shown"),
    [
        pytest.param(
            {"Health": 30, "Police": 14, "Housing": 12},
            {"Health": 30, "Police": 14, "Housing": 12},
            id="everyone answered",
        ),
        pytest.param(
            {"Health": 29, "Police": 14, "Housing": 9},
            {"Health": 29, "Police and Housing together": 23},
            id="three of one did not answer",
        ),
        pytest.param(
            {"Health": 29, "Police": 14},
            {"Health": 29, "Police": 14, "Housing": 0},
            id="none of a large group answered",
        ),
        pytest.param({"Health": 12, "Police": 3, "Housing": 2}, {}, id="few answered"),
        pytest.param({"Police": 8, "Housing": 9}, {}, id="one line and nobody is the total again"),
        pytest.param({"Health": 9}, {}, id="too few for a total"),
        pytest.param({}, {}, id="nobody answered"),
    ],
)
def test_lines_hold_for_the_base_of_each_question(
    bases: dict[str, int], shown: dict[str, int]
) -> None:
    responses = {"Health": 30, "Police": 14, "Housing": 12}
    found = break_down_questions(responses, [QuestionBases("useful", bases)], threshold=TEN)
    assert labelled(found["useful"]) == shown


def test_a_routed_question_keeps_the_names_of_the_question_before() -> None:
    """Dropping "Fire Service" would say that both of them had not opened the toolkit."""
    responses = {"Health": 30, "Police": 13, "Fire Service": 2}
    aware = QuestionBases("opened", responses)
    use = QuestionBases("how_often", {"Health": 20, "Police": 12}, asked_after="opened")
    found = break_down_questions(responses, [aware, use], threshold=TEN)
    assert labelled(found["opened"]) == {"Health": 30, "Police and Fire Service together": 15}
    assert labelled(found["how_often"]) == {"Health": 20, "Police and Fire Service together": 12}


def test_a_routed_question_is_withheld_with_the_question_before() -> None:
    """A base of 0 for Police would say what the 9 who answered had answered."""
    responses = {"Health": 30, "Police": 12}
    aware = QuestionBases("opened", {"Health": 30, "Police": 9})
    use = QuestionBases("how_often", {"Health": 20}, asked_after="opened")
    found = break_down_questions(responses, [aware, use], threshold=TEN)
    assert found == {"opened": [], "how_often": []}


def test_more_answers_than_people_are_an_error() -> None:
    with pytest.raises(ValueError, match="cannot have answered useful"):
        break_down_questions(
            {"Health": 30}, [QuestionBases("useful", {"Health": 31})], threshold=TEN
        )
    with pytest.raises(ValueError, match="cannot have answered useful"):
        break_down_questions(
            {"Health": 30}, [QuestionBases("useful", {"Police": 1})], threshold=TEN
        )


@pytest.mark.parametrize(
    ("cells", "safe"),
    [
        pytest.param({}, True, id="nobody"),
        pytest.param(
            {("Health", "May"): 20, ("Health", "June"): 11, ("Police", "June"): 15},
            True,
            id="eleven of June are from Health",
        ),
        pytest.param(
            {("Health", "May"): 20, ("Health", "June"): 3, ("Police", "June"): 15},
            False,
            id="Health without May is three people",
        ),
        pytest.param(
            {
                ("Health", "May"): 20,
                ("Health", "June"): 3,
                ("Police", "May"): 2,
                ("Police", "June"): 15,
            },
            True,
            id="no group holds another",
        ),
        pytest.param(
            {
                ("Health", "May"): 20,
                ("Police", "May"): 12,
                ("Police", "June"): 13,
                ("Health", "June"): 4,
                ("Housing", "June"): 30,
                ("Housing", "July"): 3,
                ("Education", "July"): 20,
            },
            False,
            id="three sectors together hold two events and three people",
        ),
    ],
)
def test_two_breakdowns_are_checked_against_each_other(
    cells: dict[tuple[str, str], int], safe: bool
) -> None:
    assert crossed_breakdowns_are_safe(cells, threshold=TEN) is safe
    turned = {(column, row): base for (row, column), base in cells.items()}
    assert crossed_breakdowns_are_safe(turned, threshold=TEN) is safe


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        pytest.param([[{"Health": 12, "Police": 11}]], [1], id="a step in large lines"),
        pytest.param(
            [[{"Health": 9, "Housing": 4}], [{"Health": 2, "Housing": 6, "Police": 12}]],
            [],
            id="thirteen were shown, and are all but eight of two lines",
        ),
        pytest.param(
            [[{"Health": 9, "Housing": 4}], [{"Health": 4, "Housing": 6, "Police": 12}]],
            [2],
            id="thirteen were shown, and are all but ten of two lines",
        ),
        pytest.param(
            [[{"Health": 7}, {"Health": 3, "Police": 10}]],
            [],
            id="the running team saw seven, and they are all but three of Health",
        ),
        pytest.param(
            [[{"Health": 7}, {"Health": 3, "Police": 10}], [{"Health": 2, "Police": 20}]],
            [2],
            id="with the next step they are all but five",
        ),
        pytest.param(
            [[{"Health": 4, "Police": 3}, {"Health": 8, "Police": 10}]],
            [1],
            id="the running team saw seven of both, which leave nothing apart",
        ),
    ],
)
def test_lines_wait_where_a_total_seen_before_would_leave_a_few(
    steps: list[list[dict[str, int]]], shown: list[int]
) -> None:
    assert [number for number, _ in lines_over_time(steps, threshold=TEN)] == shown


Steps = Sequence[Sequence[Mapping[str, int]]]
few_sectors = st.dictionaries(st.sampled_from("ABCD"), st.integers(1, 12), min_size=1)
parts = few_sectors.filter(lambda part: sum(part.values()) >= RUNNING_TEAM_THRESHOLD)
in_steps = st.lists(
    st.lists(parts, min_size=1, max_size=2).filter(
        lambda step: sum(sum(part.values()) for part in step) >= TEN
    ),
    max_size=4,
)


@given(in_steps)
def test_no_lines_beside_totals_leave_a_few(steps: Steps) -> None:
    people = [
        (number, place, name, n)
        for number, step in enumerate(steps)
        for place, part in enumerate(step)
        for name, base in part.items()
        for n in range(base)
    ]
    public = {frozenset(who for who in people if who[0] <= step) for step in range(len(steps))}
    for count, lines in lines_over_time(steps, threshold=TEN):
        for line in lines:
            in_line = (who for who in people if who[0] < count and who[2] in line.members)
            public.add(frozenset(in_line))
    totals = {frozenset(one for one in people if one[:2] <= who[:2]) for who in people}
    assert small_group(public, TEN) is None
    assert small_group(public | totals, RUNNING_TEAM_THRESHOLD) is None
