"""Why answers are not in a sum, each reason in words, and what would bring them in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from app.impact.disclosure import ELSEWHERE_THRESHOLD
from app.impact.summaries import Door
from app.impact.wording import state_words
from app.kernel.london import short_date_words

# Why answers of part of an evaluation may stay out of its own page, however many there are.
APART = {
    "events": (
        "{who} were asked together with people of other sessions, and shown by themselves "
        "they would tell, beside the totals of all, what fewer than 10 people said."
    ),
    "periods": (
        "{who} are about sessions that stand in one line with sessions outside this time, "
        "because fewer than 10 answered about one of them, or of one of its sectors."
    ),
    "sectors": (
        "{who} stand in one line with another small sector, because fewer than 10 of this "
        "sector answered there."
    ),
}


def waiting_words(door: Door, kind: str = "") -> str:
    """How many answers of one time stand in a sum, why others do not, and what brings them in."""
    if not door.waiting:
        return "" if door.answered else state_words(door)
    why = " ".join(_why_not(door, kind))
    if not door.in_figures:
        return f"None of them is in the figures below. {why}"
    return f"{door.in_figures:,} of them are in the figures below. {why}"


def of_a(kind: str) -> Callable[[Door], str]:
    """The words for a page of this kind of grouping."""
    return partial(waiting_words, kind=kind)


def _why_not(door: Door, kind: str) -> Iterable[str]:
    """Each reason for which answers of this kind of grouping may wait, the certain ones first."""
    below = ELSEWHERE_THRESHOLD
    if door.is_open:
        until = f" until {short_date_words(door.next_on)}" if door.next_on else ""
        yield f"Asking is still open{until}; answers count once it has closed."
    if door.is_open_link:
        yield (
            "Answers through a link open to everyone count month by month, once the month is over "
            f"and {below} or more have come in."
        )
    elif kind == "events" and door.answered < below:
        more = below - door.answered
        people = "1 more answer is" if more == 1 else f"{more} more answers are"
        yield f"A session stands by itself from {below} answers on: {people} needed."
    elif kind in APART:
        who = "The others" if door.in_figures else "They"
        yield APART[kind].format(who=who)
        yield (
            "All count on the page of the whole evaluation, which shows every answer that may be "
            "shown."
        )
    elif not door.is_open or door.in_figures:
        yield (
            f"The other evaluations have fewer than {below} answers, or new answers that wait "
            f"until there are {below} of them."
        )
