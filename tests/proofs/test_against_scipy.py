"""Intervals, sign tests and paired differences of 1,000 random data sets each, against SciPy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import numpy
import pytest
from scipy import stats

from app.impact.rules import (
    MOST_IN_WHOLE_NUMBERS,
    Interval,
    MatchedChange,
    matched_change,
    mean_interval,
    share,
    sign_test,
    wilson_interval,
)

SETS = 1_000
LARGEST_BASE = 100_000
# Our 97.5% point of the t distribution may be as much off, in standard errors.
T_IS_OFF_BY = 0.001

Formula = Callable[[int, int], Interval]


def shares() -> list[tuple[int, int]]:
    """Counts of bases: the ends of every small base, then anything up to 100,000."""
    dice = numpy.random.default_rng(1)
    found = [(0, 1), (1, 1), (0, LARGEST_BASE), (LARGEST_BASE, LARGEST_BASE), (1, LARGEST_BASE)]
    found += [(count, base) for base in range(1, 41) for count in {0, 1, base - 1, base}]
    bases = numpy.exp(dice.uniform(0, math.log(LARGEST_BASE), SETS - len(found))).astype(int)
    return found + [(int(dice.integers(0, base + 1)), int(base)) for base in bases]


def wald(count: int, base: int) -> Interval:
    """The range of many textbooks: wrong for small bases, and for all or none of them."""
    part = count / base
    reach = 1.959964 * math.sqrt(part * (1 - part) / base)
    return Interval(part - reach, part + reach)


def disagreements(formula: Formula) -> int:
    """Of how many data sets SciPy has another range, by more than a thousandth of a percent."""
    found = 0
    for count, base in shares():
        expected = stats.binomtest(count, base).proportion_ci(method="wilson")
        ours = formula(count, base)
        found += max(abs(ours.low - expected.low), abs(ours.high - expected.high)) > 1e-9
    return found


def test_the_ranges_of_shares_are_those_of_scipy() -> None:
    assert len(shares()) == SETS
    assert disagreements(wilson_interval) == 0


def test_a_wrong_formula_is_found_out() -> None:
    assert disagreements(wald) > SETS * 0.9


def test_printed_shares_are_rounded_half_up_as_decimals_are() -> None:
    for count, base in shares():
        found = share(count, base)
        step = Decimal("0.1") if base >= 200 else Decimal(1)
        exact = Decimal(100) * count / base
        assert found.percent == exact.quantize(step, ROUND_HALF_UP), (count, base)
        assert found.low_percent <= found.percent <= found.high_percent


def splits() -> list[tuple[int, int]]:
    """How many answered better and worse: nobody, everybody, and both sides of whole numbers."""
    dice = numpy.random.default_rng(2)
    edge = MOST_IN_WHOLE_NUMBERS
    found = [(1, 0), (0, 1), (10, 0), (0, 10), (7, 7), (12, 2), (2, 12), (edge, 0), (0, edge + 1)]
    found += [(edge // 2, edge // 2), (edge // 2, edge // 2 + 1), (edge // 2 + 1, edge // 2 + 1)]
    found += [(45_000, 5_000), (25_100, 24_900), (50_000, 50_000)]
    totals = numpy.exp(dice.uniform(0, math.log(50_000), SETS - len(found))).astype(int)
    return found + [
        (better := int(dice.binomial(total, dice.uniform(0.3, 0.7))), int(total) - better)
        for total in totals
    ]


def test_sign_tests_are_those_of_scipy() -> None:
    cases = splits()
    assert len(cases) == SETS
    better, worse = numpy.array(cases).T
    moved = better + worse
    fewer = numpy.minimum(better, worse)
    # Both tails are alike where both ways are as likely; scipy.stats.binomtest says so below.
    expected = numpy.minimum(1.0, 2 * stats.binom.cdf(fewer, moved, 0.5))
    for (up, down), p in zip(cases, expected, strict=True):
        assert sign_test(up, down) == pytest.approx(float(p), rel=1e-7, abs=1e-300), (up, down)
    for up, down in cases[:100]:
        p = stats.binomtest(up, up + down).pvalue
        assert sign_test(up, down) == pytest.approx(p, rel=1e-7, abs=1e-300), (up, down)


def test_a_one_sided_test_is_found_out() -> None:
    wrong = [sign_test(up, down) for up, down in splits()]
    halves = [stats.binom.cdf(min(pair), sum(pair), 0.5) for pair in splits()]
    agreeing = sum(
        math.isclose(ours or 0, p, rel_tol=1e-7) for ours, p in zip(wrong, halves, strict=True)
    )
    assert agreeing < SETS * 0.1


def pairs_of(number: int) -> tuple[list[int], list[int]]:
    """Scores of the same people twice: few, many, all alike, all at one end."""
    dice = numpy.random.default_rng(number)
    size = int(dice.integers(1, 400)) if number >= 40 else number + 1
    if number % 50 == 7:
        return [10] * size, [10] * size
    if number % 50 == 8:
        return [0] * size, [10] * size
    before = dice.integers(0, 11, size)
    after = numpy.clip(before + dice.integers(-3, 6, size), 0, 10)
    return before.tolist(), after.tolist()


def test_paired_differences_are_those_of_scipy_and_numpy() -> None:
    for number in range(SETS):
        before, after = pairs_of(number)
        change = matched_change(Counter(zip(before, after, strict=True)))
        assert change is not None
        _agrees(change, numpy.array(before), numpy.array(after))


def _agrees(change: MatchedChange, before: numpy.ndarray, after: numpy.ndarray) -> None:
    difference = after - before
    better, worse = int((difference > 0).sum()), int((difference < 0).sum())
    assert (change.better, change.worse, change.pairs) == (better, worse, len(difference))
    assert change.median_change == numpy.median(difference)
    assert change.mean_before == pytest.approx(before.mean())
    assert change.mean_after == pytest.approx(after.mean())
    if len(difference) < 10 or better + worse == 0:
        assert change.sign_test_p is None
    else:
        p = min(1.0, 2 * stats.binom.cdf(min(better, worse), better + worse, 0.5))
        assert change.sign_test_p == pytest.approx(p, rel=1e-9)


def test_means_and_their_ranges_are_those_of_scipy() -> None:
    quantiles = stats.t.ppf(0.975, numpy.arange(1, 500))
    for number in range(SETS):
        scores, _after = pairs_of(number)
        found = mean_interval(Counter(scores))
        if len(scores) < 10:
            assert found is None
            continue
        assert found is not None
        assert (found.base, found.mean) == (len(scores), pytest.approx(numpy.mean(scores)))
        if len(set(scores)) == 1:
            assert found.interval is None
            continue
        assert found.interval is not None
        error = stats.sem(scores)
        reach = quantiles[len(scores) - 2] * error
        low, high = found.mean - reach, found.mean + reach
        assert found.interval.low == pytest.approx(max(0.0, low), abs=T_IS_OFF_BY * error)
        assert found.interval.high == pytest.approx(min(10.0, high), abs=T_IS_OFF_BY * error)


@pytest.mark.parametrize(
    ("count", "base", "low", "high"),
    [
        pytest.param(94, 104, 83.20, 94.69, id="94 of 104"),
        pytest.param(63, 90, 59.87, 78.49, id="63 of 90"),
        pytest.param(5, 10, 23.66, 76.34, id="5 of 10"),
        pytest.param(0, 10, 0, 27.75, id="none of 10"),
        pytest.param(10, 10, 72.25, 100, id="all of 10"),
        pytest.param(14, 16, 63.98, 96.50, id="14 of 16"),
        pytest.param(1, 1, 20.65, 100, id="the only one"),
    ],
)
def test_the_vectors_of_the_method_hold(count: int, base: int, low: float, high: float) -> None:
    found = wilson_interval(count, base)
    assert (round(found.low * 100, 2), round(found.high * 100, 2)) == (low, high)


def test_two_against_twelve_is_the_p_of_the_method() -> None:
    assert round(sign_test(12, 2) or 0, 5) == 0.01294
