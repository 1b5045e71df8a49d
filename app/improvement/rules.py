"""What may be recorded as evidence, and how its figure and its time are printed."""

from __future__ import annotations

from datetime import date

from app.improvement.models import Counted, EvidenceKind
from app.kernel.london import short_date_words
from app.kernel.refusals import Refused

FEWEST_PEOPLE = 10
MOST_COUNT = 1_000_000_000  # within what the column holds
MOST_TITLE, MOST_SOURCE, MOST_REASON = 300, 500, 300

KIND_WORDS = {
    EvidenceKind.ANALYTICS: "Figure of use",
    EvidenceKind.AUDIT_FINDING: "Audit finding",
    EvidenceKind.PRACTICE_REVIEW: "Practice review",
    EvidenceKind.PUBLISHED_FIGURE: "Published figure",
    EvidenceKind.OTHER: "Other",
}


def check_period(from_on: date | None, until_on: date, *, today: date) -> None:
    """Refused for a time that has not come, or that ends before it begins."""
    if from_on and from_on > until_on:
        raise Refused("The last day must not be before the first day")
    if until_on > today:
        raise Refused("The last day must not be in the future: evidence is of what has happened")


def check_figure(
    counted: Counted | None, count: int | None, base: int | None, *, is_lower_bound: bool
) -> None:
    """Refused for a figure that cannot be, or that is of a few people."""
    if counted is None:
        if count is not None or base is not None:
            raise Refused("Say what the figure counts, or leave the figure out")
        return
    if count is None:
        raise Refused("Enter the figure, or say that there is none")
    if base is not None and base < max(count, 1):
        raise Refused("The whole must not be smaller than the figure that is part of it")
    if base is not None and is_lower_bound:
        raise Refused("A part of a whole is exact: leave out the whole, or “at least”")
    if counted is Counted.PEOPLE and (count if base is None else base) < FEWEST_PEOPLE:
        raise Refused(
            f"A figure of fewer than {FEWEST_PEOPLE} people could tell who they are: "
            "say what was found in words, without the figure"
        )


def check_about(how_many: int) -> None:
    """Refused if it stands beside nothing."""
    if not how_many:
        raise Refused("Choose at least one offer or topic that it is about")


def figure_words(count: int | None, base: int | None, *, is_lower_bound: bool) -> str:
    """The figure as printed: a percentage only with its base; empty if there is none."""
    if count is None:
        return ""
    if base is None:
        return f"at least {count:,}" if is_lower_bound else f"{count:,}"
    return f"{(200 * count + base) // (2 * base)}% ({count:,} of {base:,})"


def when_words(from_on: date | None, until_on: date) -> str:
    """The time it is of."""
    last = short_date_words(until_on)
    return f"{short_date_words(from_on)} to {last}" if from_on else last
