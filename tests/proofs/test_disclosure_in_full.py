"""The attack on everything that pages show, over a year, against the real figures."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy
import pytest
from flask import Flask

from app.checks import disclosure_attack, invented_doors, naive_rules
from app.checks.disclosure_attack import PUBLIC, SAFE, attack
from app.checks.invented_answers import invent, prepare
from app.checks.small_groups import small_group
from app.impact import question_growth
from app.impact.disclosure import RUNNING_TEAM_THRESHOLD, Audience
from app.impact.growth_rules import Growth, growth_within
from app.impact.reports import publishing_rules
from app.impact.reports.documents import Bases
from app.kernel.db import db

ATTACKED = range(20)
TEN = 10


@pytest.fixture
def partnership(app: Flask) -> None:
    prepare()
    db.session.commit()


def found_by_readers(seed: int) -> tuple[dict[str, int], int]:
    invented = invent(seed)
    try:
        return attack(invented, invented_doors.play(invented))
    finally:
        db.session.rollback()


@pytest.mark.slow
@pytest.mark.usefixtures("partnership")
def test_nobody_finds_a_small_group_on_twenty_data_sets() -> None:
    figures_seen = 0
    for seed in ATTACKED:
        found, shown = found_by_readers(seed)
        assert found == SAFE, seed
        figures_seen += shown
    assert figures_seen > 8_000, "there must be something to attack"


@pytest.mark.usefixtures("partnership")
def test_withholding_only_the_groups_themselves_is_found_out() -> None:
    with naive_rules.only_the_groups_withheld():
        found, _ = found_by_readers(1)
    assert found[Audience.ELSEWHERE.value] < TEN
    assert found[Audience.RUNNING_TEAM.value] < RUNNING_TEAM_THRESHOLD


@pytest.mark.usefixtures("partnership")
def test_versions_of_reports_that_differ_by_a_few_are_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_rule(_before: Sequence[Mapping[str, Bases]], _now: Mapping[str, Bases]) -> list[str]:
        return []

    monkeypatch.setattr(publishing_rules, "unsafe_keys", no_rule)
    with naive_rules.only_the_groups_withheld():
        found, _ = found_by_readers(1)
    assert found[PUBLIC] < TEN


@pytest.mark.usefixtures("partnership")
def test_steps_that_are_counted_in_forms_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they were: of a step of ten forms a few may have answered a routed question."""

    def as_forms_come(outer: Growth, bases: Mapping[int, int]) -> Growth:
        return outer if sum(bases.values()) >= TEN else growth_within(outer, bases)

    for module in (question_growth, disclosure_attack):
        monkeypatch.setattr(module, "growth_within", as_forms_come)
    found, _ = found_by_readers(4)
    assert found != SAFE


def brute_force(groups: list[frozenset[int]], threshold: int) -> int | None:
    """Try every group of fewer people: whether it adds anything to what is known."""
    people = sorted(frozenset().union(*groups))
    rows = numpy.array([[int(person in group) for person in people] for group in groups])
    known = numpy.linalg.matrix_rank(rows)
    for size in range(1, threshold):
        for few in combinations(range(len(people)), size):
            wanted = numpy.isin(numpy.arange(len(people)), few).astype(int)
            if numpy.linalg.matrix_rank(numpy.vstack([rows, wanted])) == known:
                return size
    return None


def test_the_solver_finds_what_trying_everything_finds() -> None:
    dice = random.Random(5)
    found = 0
    for _ in range(60):
        people = range(dice.randint(4, 9))
        groups = [
            frozenset(person for person in people if dice.random() < 0.5)
            for _ in range(dice.randint(2, 4))
        ]
        groups = [group for group in groups if group]
        if not groups:
            continue
        threshold = dice.randint(2, 4)
        assert small_group(groups, threshold) == brute_force(groups, threshold), groups
        found += brute_force(groups, threshold) is not None
    assert 10 < found < 58


def test_the_solver_finds_what_no_single_subtraction_does() -> None:
    """Two shares of three lines each: only adding some and subtracting others tells of one."""
    blocks = [frozenset(range(n * 20, n * 20 + 20)) for n in range(3)]
    lone = frozenset({999})
    shown = [blocks[0] | blocks[1], blocks[1] | blocks[2], blocks[0] | blocks[2] | lone]
    assert small_group(shown, TEN) is None
    assert small_group([*shown, blocks[0] | blocks[1] | blocks[2]], TEN) == 1
    for few in combinations(shown, 2):
        assert small_group(few, TEN) is None
