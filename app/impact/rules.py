"""How answers become figures: shares, means and matched changes, each with its base (R46, R52)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

CONFIDENCE_Z = 1.959963984540054  # both tails of the normal curve together hold 5% beyond it
HIGHEST_SCORE = 10
MOST_IN_WHOLE_NUMBERS = 1_000  # above it, exact sums take longer than a page may
FEWEST_FOR_A_MEAN = 10
FEWEST_PAIRS_FOR_A_TEST = 10
BASE_FOR_ONE_DECIMAL = 200  # below it one answer is worth half a point or more

# The expansion used above this table is 0.0003 off at 5 degrees of freedom, but 1.4 off at 1.
_T_FOR_FEW = {1: 12.7062, 2: 4.3027, 3: 3.1824, 4: 2.7764}


@dataclass(frozen=True, slots=True)
class Interval:
    """The likely range (95%), both ends included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Share:
    """This many of that many; the percentages are rounded as they are printed."""

    count: int
    base: int
    percent: Decimal
    low_percent: Decimal
    high_percent: Decimal


@dataclass(frozen=True, slots=True)
class MeanScore:
    """Mean of 0-10 scores; no interval if all gave the same score, for nothing shows the spread."""

    base: int
    mean: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class MatchedChange:
    """How the same people answered twice; never pooled over different designs (design §5)."""

    better: int
    same: int
    worse: int
    mean_before: float
    mean_after: float
    median_change: float
    sign_test_p: float | None

    @property
    def pairs(self) -> int:
        """The base: people with both answers."""
        return self.better + self.same + self.worse


def wilson_interval(count: int, base: int) -> Interval:
    """95% Wilson score interval of a share, 0 to 1; ValueError unless 0 <= count <= base > 0."""
    if not (base > 0 and 0 <= count <= base):
        raise ValueError(f"{count} of {base} is not a share")
    z_squared = CONFIDENCE_Z * CONFIDENCE_Z
    middle = (count + z_squared / 2) / (base + z_squared)
    spread = math.sqrt(count * (base - count) / base + z_squared / 4)
    reach = CONFIDENCE_Z * spread / (base + z_squared)
    # Exact at the ends: rounding errors would print "none of 10" as a range from below nought.
    return Interval(
        low=0.0 if count == 0 else middle - reach,
        high=1.0 if count == base else middle + reach,
    )


def share(count: int, base: int) -> Share:
    """Percentage with its likely range: whole numbers, from 200 answers on with one decimal."""
    interval = wilson_interval(count, base)
    decimals = 1 if base >= BASE_FOR_ONE_DECIMAL else 0
    # In whole numbers, since a half must be an exact half to be rounded up.
    rounded = (2 * 100 * 10**decimals * count + base) // (2 * base)
    return Share(
        count=count,
        base=base,
        percent=Decimal(rounded).scaleb(-decimals),
        low_percent=_as_percent(interval.low, decimals),
        high_percent=_as_percent(interval.high, decimals),
    )


def response_rate(completed: int, delivered: int) -> Share | None:
    """Completed of delivered, None if nothing was; those who answered count as reached (R52)."""
    return share(completed, delivered) if delivered or completed else None


def share_at_most(histogram: Mapping[int, int], score: int) -> Share | None:
    """Share of 0-10 answers at this score or below, None without answers (R36)."""
    base = _answers_in(histogram)
    below = sum(count for given, count in histogram.items() if given <= score)
    return share(below, base) if base else None


def share_at_least(histogram: Mapping[int, int], score: int) -> Share | None:
    """Share of 0-10 answers at this score or above, None without answers (R36)."""
    base = _answers_in(histogram)
    above = sum(count for given, count in histogram.items() if given >= score)
    return share(above, base) if base else None


def mean_interval(histogram: Mapping[int, int]) -> MeanScore | None:
    """Mean of 0-10 scores with its t-based 95% interval, None below 10 answers."""
    base = _answers_in(histogram)
    if base < FEWEST_FOR_A_MEAN:
        return None
    total = sum(score * count for score, count in histogram.items())
    squares = sum(score * score * count for score, count in histogram.items())
    mean = total / base
    scatter = base * squares - total * total  # whole number: 0 exactly if all scores are equal
    if scatter == 0:
        return MeanScore(base, mean, None)
    standard_error = math.sqrt(scatter / (base - 1)) / base
    reach = t_quantile(base - 1) * standard_error
    interval = Interval(max(0.0, mean - reach), min(float(HIGHEST_SCORE), mean + reach))
    return MeanScore(base, mean, interval)


def t_quantile(degrees: int) -> float:
    """97.5% point of Student's t, within 0.001 of the true one; ValueError below 1 degree."""
    if degrees < 1:
        raise ValueError(f"no t distribution has {degrees} degrees of freedom")
    if degrees in _T_FOR_FEW:
        return _T_FOR_FEW[degrees]
    # Powers of 1/degrees added to the normal quantile: Abramowitz and Stegun, 26.7.5.
    z = CONFIDENCE_Z
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return sum(term / degrees**power for power, term in enumerate(terms))


def matched_change(pairs_histogram: Mapping[tuple[int, int], int]) -> MatchedChange | None:
    """Change of people who answered (before, after), higher being better; None without pairs."""
    if any(count < 0 for count in pairs_histogram.values()):
        raise ValueError("a number of people cannot be negative")
    pairs = sum(pairs_histogram.values())
    if pairs == 0:
        return None
    changes: Counter[int] = Counter()
    for (before, after), count in pairs_histogram.items():
        changes[after - before] += count
    better = sum(count for change, count in changes.items() if change > 0)
    worse = sum(count for change, count in changes.items() if change < 0)
    return MatchedChange(
        better=better,
        same=changes[0],
        worse=worse,
        mean_before=sum(b * count for (b, _), count in pairs_histogram.items()) / pairs,
        mean_after=sum(a * count for (_, a), count in pairs_histogram.items()) / pairs,
        median_change=float(median(changes.elements())),
        sign_test_p=sign_test(better, worse) if pairs >= FEWEST_PAIRS_FOR_A_TEST else None,
    )


def sign_test(better: int, worse: int) -> float | None:
    """Exact two-sided p of so uneven a split if both ways were as likely; None if none moved."""
    moved, fewer = better + worse, min(better, worse)
    if moved == 0:
        return None
    if moved > MOST_IN_WHOLE_NUMBERS:
        return _sign_test_of_many(moved, fewer)
    ways = term = 1
    for picked in range(fewer):
        term = term * (moved - picked) // (picked + 1)
        ways += term
    return min(1.0, 2 * ways / 2**moved)


def _sign_test_of_many(moved: int, fewer: int) -> float:
    """The same in floating point: the most likely outcome first, each less likely one after it."""
    log_of_most = math.lgamma(moved + 1) - math.lgamma(fewer + 1) - math.lgamma(moved - fewer + 1)
    term = math.exp(log_of_most - moved * math.log(2))
    parts = [term]
    while fewer and term > parts[0] * 1e-17:
        term *= fewer / (moved - fewer + 1)
        fewer -= 1
        parts.append(term)
    return min(1.0, 2 * math.fsum(parts))


def _answers_in(histogram: Mapping[int, int]) -> int:
    if any(not 0 <= score <= HIGHEST_SCORE for score in histogram):
        raise ValueError(f"scores go from 0 to {HIGHEST_SCORE}")
    if any(count < 0 for count in histogram.values()):
        raise ValueError("a number of answers cannot be negative")
    return sum(histogram.values())


def _as_percent(part: float, decimals: int) -> Decimal:
    return Decimal(part * 100).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
