"""Figures against published ones, against SciPy, and against what must hold for any answers."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.impact.rules import (
    HIGHEST_SCORE,
    Interval,
    matched_change,
    mean_interval,
    response_rate,
    share,
    share_at_least,
    share_at_most,
    sign_test,
    t_quantile,
    wilson_interval,
)

histograms = st.dictionaries(st.integers(0, HIGHEST_SCORE), st.integers(0, 40))
pair_histograms = st.dictionaries(
    st.tuples(st.integers(0, HIGHEST_SCORE), st.integers(0, HIGHEST_SCORE)), st.integers(0, 12)
)


@st.composite
def counts_and_bases(draw: st.DrawFn) -> tuple[int, int]:
    base = draw(st.integers(1, 20_000))
    return draw(st.integers(0, base)), base


@pytest.mark.parametrize(
    ("count", "base", "low", "high"),
    [
        pytest.param(94, 104, 83.20, 94.69, id="aware of the neglect toolkit"),
        pytest.param(63, 90, 59.87, 78.49, id="have accessed the hub"),
        pytest.param(5, 10, 23.66, 76.34, id="half of ten"),
        pytest.param(0, 10, 0, 27.75, id="none of ten"),
        pytest.param(10, 10, 72.25, 100, id="all of ten"),
        pytest.param(14, 16, 63.98, 96.50, id="14 of 16"),
        pytest.param(1, 1, 20.65, 100, id="the only one"),
        pytest.param(18, 18, 82.4, 100, id="everyone at the workshop"),
    ],
)
def test_wilson_intervals_are_the_published_ones(
    count: int, base: int, low: float, high: float
) -> None:
    found = wilson_interval(count, base)
    assert found.low * 100 == pytest.approx(low, abs=0.05 if base == 18 else 0.005)
    assert found.high * 100 == pytest.approx(high, abs=0.005)


@pytest.mark.parametrize("base", [1, 2, 3, 7, 10, 16, 63, 90, 104, 199, 200, 1000, 10_000])
def test_wilson_intervals_agree_with_scipy(base: int) -> None:
    for count in sorted({0, 1, base // 3, base // 2, base - 1, base}):
        expected = stats.binomtest(count, base).proportion_ci(method="wilson")
        found = wilson_interval(count, base)
        assert found.low == pytest.approx(expected.low, abs=1e-12)
        assert found.high == pytest.approx(expected.high, abs=1e-12)


@pytest.mark.parametrize(
    ("count", "base"),
    [
        pytest.param(0, 0, id="nobody answered"),
        pytest.param(-1, 10, id="fewer than none"),
        pytest.param(11, 10, id="more than answered"),
        pytest.param(0, -3, id="negative base"),
        pytest.param(math.nan, 10, id="not a number"),
    ],
)
def test_a_share_of_nonsense_is_an_error(count: int, base: int) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        wilson_interval(count, base)
    with pytest.raises(ValueError, match="is not a share"):
        share(count, base)


@pytest.mark.parametrize(
    ("count", "base", "printed", "low", "high"),
    [
        pytest.param(94, 104, "90", "83", "95", id="F3 aware of the toolkit"),
        pytest.param(97, 104, "93", "87", "97", id="F3 aware of or attended the training"),
        pytest.param(63, 104, "61", "51", "69", id="F3 over 60% use it"),
        pytest.param(100, 104, "96", "91", "98", id="F3 more informed and confident"),
        pytest.param(63, 90, "70", "60", "78", id="F6 have accessed the hub"),
        pytest.param(33, 63, "52", "40", "64", id="F7 very frequently or frequently"),
        pytest.param(28, 63, "44", "33", "57", id="F7 occasionally"),
        pytest.param(59, 63, "94", "85", "98", id="F7 more confident"),
        pytest.param(25, 63, "40", "29", "52", id="F7 knowledge increased"),
        pytest.param(53, 63, "84", "73", "91", id="F7 very likely to recommend"),
        pytest.param(10, 63, "16", "9", "27", id="F7 likely to recommend"),
        pytest.param(12, 14, "86", "60", "96", id="F14 good or very good"),
        pytest.param(1, 8, "13", "2", "47", id="an exact half is rounded up"),
        pytest.param(5, 8, "63", "31", "86", id="an exact half after an even digit too"),
        pytest.param(198, 199, "99", "97", "100", id="nearly all of 199 is not all"),
        pytest.param(1, 200, "0.5", "0.1", "2.8", id="one decimal from 200 answers on"),
        pytest.param(180, 200, "90.0", "85.1", "93.4", id="a nought is printed too"),
        pytest.param(0, 250, "0.0", "0.0", "1.5", id="none of many"),
        pytest.param(250, 250, "100.0", "98.5", "100.0", id="all of many"),
        pytest.param(201, 400, "50.3", "45.4", "55.1", id="an exact half of a tenth is rounded up"),
    ],
)
def test_shares_are_rounded_half_up_and_carry_their_base(
    count: int, base: int, printed: str, low: str, high: str
) -> None:
    found = share(count, base)
    assert (found.count, found.base) == (count, base)
    assert [str(found.percent), str(found.low_percent), str(found.high_percent)] == [
        printed,
        low,
        high,
    ]


@pytest.mark.parametrize(("percent", "base"), [(82, 63), (91, 63), (86, 16)])
def test_percentages_their_printed_base_cannot_produce_come_from_no_count(
    percent: int, base: int
) -> None:
    """F4 and F14 of the requirements: why every question has its own base."""
    assert percent not in {share(count, base).percent for count in range(base + 1)}


@given(counts_and_bases())
def test_the_printed_share_lies_in_its_printed_range(case: tuple[int, int]) -> None:
    found = share(*case)
    assert 0 <= found.low_percent <= found.percent <= found.high_percent <= 100
    step = Decimal("0.1") if found.base >= 200 else Decimal(1)
    exact = Decimal(found.count) * 100 / Decimal(found.base)
    assert abs(found.percent - exact) <= step / 2


@given(counts_and_bases())
def test_the_range_of_those_who_did_not_is_the_mirror_image(case: tuple[int, int]) -> None:
    count, base = case
    did, did_not = wilson_interval(count, base), wilson_interval(base - count, base)
    assert did.low == pytest.approx(1 - did_not.high, abs=1e-12)
    assert did.high == pytest.approx(1 - did_not.low, abs=1e-12)


def test_the_response_rate_is_completed_of_delivered() -> None:
    assert response_rate(40, 97) == share(40, 97)
    assert response_rate(0, 5) == share(0, 5)
    assert response_rate(0, 0) is None, "an open link has no rate"
    with pytest.raises(ValueError, match="is not a share"):
        response_rate(6, 5)


def test_cut_offs_count_their_own_question() -> None:
    before = {3: 10, 6: 8, 7: 12, 9: 5}  # 35 answered, 18 at 6 or less
    after = {6: 1, 7: 20, 9: 15, 10: 2}  # 38 answered, 37 at 7 or more
    assert share_at_most(before, 6) == share(18, 35)
    assert share_at_least(after, 7) == share(37, 38)
    assert share_at_least({7: 57, 9: 55, 6: 3}, 7) == share(112, 115), "F9, all who answered after"


def test_cut_offs_of_no_answers_are_not_nought_percent() -> None:
    assert share_at_most({}, 6) is None
    assert share_at_least({4: 0}, 7) is None


@given(histograms, st.integers(0, HIGHEST_SCORE - 1))
def test_a_cut_off_and_its_complement_are_everyone(histogram: dict[int, int], score: int) -> None:
    low, high = share_at_most(histogram, score), share_at_least(histogram, score + 1)
    if low is None or high is None:
        assert sum(histogram.values()) == 0
    else:
        assert low.base == high.base == sum(histogram.values())
        assert low.count + high.count == low.base


@pytest.mark.parametrize(
    "histogram",
    [
        pytest.param({11: 1}, id="above the scale"),
        pytest.param({-1: 1}, id="below the scale"),
        pytest.param({5: -1}, id="fewer than no answers"),
    ],
)
def test_scores_outside_the_scale_are_an_error(histogram: dict[int, int]) -> None:
    for figure in (mean_interval, lambda given: share_at_most(given, 6)):
        with pytest.raises(ValueError, match="scores go|negative"):
            figure(histogram)


@pytest.mark.parametrize("degrees", [*range(1, 200), 500, 1000, 9_999, 1_000_000])
def test_t_quantiles_are_within_a_thousandth_of_scipy(degrees: int) -> None:
    assert t_quantile(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), abs=0.001)


def test_t_has_no_quantile_without_freedom() -> None:
    with pytest.raises(ValueError, match="degrees of freedom"):
        t_quantile(0)


@given(histograms)
def test_means_and_their_ranges_agree_with_scipy(histogram: dict[int, int]) -> None:
    scores = sorted(Counter(histogram).elements())
    found = mean_interval(histogram)
    if len(scores) < 10:
        assert found is None
        return
    assert found is not None
    assert found.base == len(scores)
    assert found.mean == pytest.approx(sum(scores) / len(scores))
    if len(set(scores)) == 1:
        assert found.interval is None
        return
    assert found.interval is not None
    low, high = stats.t.interval(0.95, len(scores) - 1, found.mean, stats.sem(scores))
    assert found.interval.low == pytest.approx(max(0, low), abs=1e-4)
    assert found.interval.high == pytest.approx(min(10, high), abs=1e-4)


def test_ten_scores_have_a_mean_and_nine_have_none() -> None:
    assert mean_interval({4: 5, 8: 4}) is None
    found = mean_interval({4: 5, 8: 5})
    assert found is not None
    assert found.mean == 6
    assert found.interval is not None
    assert found.interval.low == pytest.approx(4.492, abs=0.001)
    assert found.interval.high == pytest.approx(7.508, abs=0.001)


def test_a_range_of_means_does_not_leave_the_scale() -> None:
    high, low = mean_interval({10: 11, 0: 1}), mean_interval({0: 11, 10: 1})
    assert high is not None
    assert high.interval is not None
    assert high.interval.high == 10
    assert low is not None
    assert low.interval is not None
    assert low.interval.low == 0


@given(st.integers(1, 20_000))
def test_the_range_of_none_begins_at_nought_and_that_of_all_ends_at_one(base: int) -> None:
    assert wilson_interval(0, base).low == 0
    assert wilson_interval(base, base).high == 1


def test_equal_scores_do_not_claim_a_range_without_width() -> None:
    found = mean_interval({8: 12})
    assert found is not None
    assert (found.base, found.mean, found.interval) == (12, 8, None)


def test_two_against_twelve_is_the_published_p() -> None:
    change = matched_change({(7, 5): 2, (4, 8): 12})
    assert change is not None
    assert (change.better, change.same, change.worse, change.pairs) == (12, 0, 2, 14)
    assert change.sign_test_p == pytest.approx(0.01294, abs=0.000005)


def test_a_matched_change_says_who_moved_and_by_how_much() -> None:
    change = matched_change({(3, 7): 4, (5, 5): 3, (6, 8): 3, (9, 8): 2})
    assert change is not None
    assert (change.better, change.same, change.worse, change.pairs) == (7, 3, 2, 12)
    assert change.mean_before == pytest.approx(63 / 12)
    assert change.mean_after == pytest.approx(83 / 12)
    assert change.median_change == 2
    assert change.sign_test_p == pytest.approx(stats.binomtest(2, 9).pvalue)


def test_the_median_of_an_even_number_lies_between() -> None:
    change = matched_change({(5, 5): 1, (5, 6): 1})
    assert change is not None
    assert change.median_change == 0.5


def test_nine_pairs_are_described_and_not_tested() -> None:
    nine, ten = matched_change({(2, 8): 9}), matched_change({(2, 8): 10})
    assert nine is not None
    assert ten is not None
    assert nine.sign_test_p is None
    assert ten.sign_test_p == pytest.approx(2 / 1024)


def test_nobody_moved_is_no_test() -> None:
    change = matched_change({(5, 5): 20})
    assert change is not None
    assert (change.same, change.sign_test_p) == (20, None)


def test_no_pairs_are_no_change() -> None:
    assert matched_change({}) is None
    assert matched_change({(3, 4): 0}) is None
    with pytest.raises(ValueError, match="negative"):
        matched_change({(3, 4): -1})


@given(st.integers(0, 400), st.integers(0, 400))
def test_sign_tests_agree_with_scipy(better: int, worse: int) -> None:
    found = sign_test(better, worse)
    if better + worse == 0:
        assert found is None
    else:
        expected = stats.binomtest(better, better + worse).pvalue
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-300)


@given(pair_histograms)
def test_asking_in_the_other_order_turns_every_change_round(
    histogram: dict[tuple[int, int], int],
) -> None:
    forward = matched_change(histogram)
    back = matched_change({(after, before): n for (before, after), n in histogram.items()})
    if forward is None or back is None:
        assert forward is back is None
        return
    assert (forward.better, forward.worse) == (back.worse, back.better)
    assert forward.pairs == back.pairs == sum(histogram.values())
    assert forward.median_change == -back.median_change
    assert forward.sign_test_p == back.sign_test_p
    assert (forward.mean_before, forward.mean_after) == (back.mean_after, back.mean_before)


def test_figures_of_very_many_answers_stay_finite() -> None:
    assert wilson_interval(0, 10**9).low == 0
    assert isinstance(wilson_interval(5 * 10**8, 10**9), Interval)
    assert sign_test(5_100, 4_900) == pytest.approx(0.0466, abs=0.0001)
