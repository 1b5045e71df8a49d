"""What is said of two times, and of who answered: only what the numbers carry."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.impact import rules, waiting_words, wording
from app.impact.counts import Reach
from app.impact.summaries import Door, DoorState, Figure, MeasureLines
from app.impact.who_answered import WhoAnswered, who_answered
from app.surveys.models import MeasureScale, OutcomeLevel
from app.surveys.rules import wave_words


def door(months: int | None, *, imported: bool = False, **by_sector: int) -> Door:
    answered = sum(by_sector.values())
    return Door(
        key=f"wave-{months}",
        label="Open link" if months is None else wave_words(months),
        is_open_link=months is None,
        state=DoorState.SHOWN,
        threshold=10,
        planned=0,
        asked=answered,
        delivered=answered,
        answered=answered,
        in_figures=answered,
        rate=None,
        is_open=False,
        next_on=date(2026, 1, 1),
        answered_by_sector=by_sector,
        imported_words="from a file" if imported else "",
        months_later=months,
    )


def measure(*figures: Figure) -> MeasureLines:
    return MeasureLines("use", "use it", OutcomeLevel.BEHAVIOUR, MeasureScale.SHARE, figures)


def share_of(months: int | None, count: int, base: int, **changes: bool) -> Figure:
    return Figure(door(months, **changes), 10, share=rules.share(count, base))


@pytest.mark.parametrize(
    ("earlier", "later", "words", "arrow"),
    [
        (
            (30, 100),
            (70, 100),
            "Higher 12 months later than 3 months later: the likely ranges do not overlap.",
            "↑",
        ),
        (
            (70, 100),
            (30, 100),
            "Lower 12 months later than 3 months later: the likely ranges do not overlap.",
            "↓",
        ),
        (
            (50, 100),
            (60, 100),
            "No clear difference between 3 months later and 12 months later: "
            "the likely ranges overlap.",
            "",
        ),
    ],
)
def test_an_arrow_stands_only_where_the_likely_ranges_do_not_overlap(
    earlier: tuple[int, int], later: tuple[int, int], words: str, arrow: str
) -> None:
    found = measure(share_of(3, *earlier), share_of(12, *later))
    assert wording.trend_words(found) == words
    assert wording.trend_arrow(found) == arrow


def test_other_people_and_few_people_make_no_trend() -> None:
    first = share_of(3, 10, 100)
    assert wording.trend_words(measure(first)) == ""
    assert wording.trend_words(measure(first, share_of(None, 90, 100))) == ""
    assert wording.trend_words(measure(first, share_of(12, 90, 100, imported=True))) == ""
    assert wording.trend_words(measure(first, share_of(12, 9, 9))) == ""


def test_a_question_asked_of_some_is_no_trend_of_one_asked_of_all() -> None:
    routed = Figure(
        door(12), 10, share=rules.share(90, 100), routed=100, routed_words="who have used it"
    )
    assert wording.trend_words(measure(share_of(3, 10, 100), routed)) == ""


def test_sums_of_other_evaluations_make_no_trend() -> None:
    first, later = (
        replace(share_of(months, count, 100), parts=frozenset(parts))
        for months, count, parts in ((3, 30, "ab"), (12, 70, "a"))
    )
    assert wording.trend_words(measure(first, later)) == ""
    same = replace(later, parts=first.parts)
    assert wording.trend_words(measure(first, same)) != ""


def test_means_have_a_trend_too() -> None:
    low, high = (
        Figure(door(months), 10, mean=rules.mean_interval({score: 20, score + 1: 20}))
        for months, score in ((0, 3), (3, 7))
    )
    assert wording.trend_arrow(measure(low, high)) == "↑"


def test_the_cut_off_of_knowledge_before_and_after() -> None:
    # The shape of R36: 51.4% scored 6 or less before, 97.4% 7 or more after.
    words = wording.cut_offs_words({6: 19, 7: 18}, {6: 1, 9: 37})
    assert words == ("51% (19 of 37) gave 6 or less before; 97% (37 of 38) gave 7 or more after.")
    assert wording.cut_offs_words({}, {}) == ""


def compared(came: dict[str, int], answered: dict[str, Any]) -> WhoAnswered:
    [found] = who_answered(Reach(people_by_sector=came), [door(3, **answered)])
    return found


def test_who_answered_stands_beside_who_came() -> None:
    found = compared({"Schools": 52, "Health": 48}, {"Schools": 40, "Health": 21})
    assert wording.who_words(found) == (
        "Schools: 40 of 61 who answered (66%) and 52% of those who came, so the figures speak "
        "more for them than for others."
    )
    assert [line.label for line in found.lines] == ["Schools", "Health"]


def test_small_groups_stand_together_and_the_silent_ones_are_said() -> None:
    came = {"Schools": 50, "Health": 30, "Police": 10, "Housing": 10}
    found = compared(came, {"Schools": 30, "Health": 9, "Police": 4})
    assert [(line.label, line.came.count, line.answered.count) for line in found.lines] == [
        ("Schools", 50, 30),
        ("Health and Police together", 40, 13),
        ("Sectors from which nobody answered", 10, 0),
    ]


def test_alike_and_few_are_said_in_words() -> None:
    alike = compared({"Schools": 50, "Health": 50}, {"Schools": 22, "Health": 20})
    assert wording.who_words(alike).startswith("Those who answered are spread over the sectors")
    few = compared({"Schools": 50, "Health": 50}, {"Schools": 5, "Health": 4})
    assert few.lines == ()
    assert wording.who_words(few) == (
        "Too few answered to compare their sectors with those who came."
    )


def test_only_those_invited_are_compared_with_those_who_came() -> None:
    reach = Reach(people_by_sector={"Schools": 50})
    doors = [door(None, Schools=40), door(3, imported=True, Schools=40), door(12)]
    assert who_answered(reach, doors) == ()
    assert who_answered(Reach(), [door(3, Schools=40)]) == ()


def test_what_the_open_link_says_stands_beside_and_is_never_added() -> None:
    invited, by_link = measure(share_of(3, 30, 41)), measure(share_of(None, 63, 104))
    assert wording.open_beside_words(invited, [by_link]) == (
        "Beside them, through a link open to everyone: 61%, 63 of 104, likely between 51% and 69%."
    )
    withheld = measure(Figure(door(None), 10))
    assert wording.open_beside_words(invited, [withheld]) == ""
    assert wording.open_beside_words(invited, []) == ""


def test_a_sum_says_what_is_added_and_what_waits() -> None:
    figure = replace(share_of(3, 30, 41), evaluations=3, left_out=1)
    assert wording.added_words(figure) == (
        "3 evaluations added up; 1 more evaluation has too few answers to be added"
    )


SOME = replace(door(3, Schools=40), in_figures=25)
NONE_YET = replace(SOME, in_figures=0)
FEW = replace(door(3, Schools=7), in_figures=0)
OPEN = replace(NONE_YET, is_open=True, next_on=date(2026, 12, 8))


@pytest.mark.parametrize(
    ("kind", "one", "says"),
    [
        ("periods", SOME, "25 of them are in the figures below. The others are about sessions"),
        ("events", NONE_YET, "None of them is in the figures below. They were asked together"),
        (
            "events",
            FEW,
            "by itself from 10 answers on: 3 more answers are needed.",
        ),
        ("sectors", SOME, "stand in one line with another small sector"),
        ("offers", OPEN, "Asking is still open until 8 December 2026; answers count once"),
        ("offers", SOME, "The other evaluations have fewer than 10 answers"),
        ("topics", replace(door(None), answered=4, in_figures=0), "month by month"),
    ],
)
def test_what_waits_says_why_and_what_would_bring_it_in(kind: str, one: Door, says: str) -> None:
    assert says in waiting_words.waiting_words(one, kind)


def test_where_nothing_waits_nothing_is_said() -> None:
    assert waiting_words.waiting_words(door(3, Schools=40), "periods") == ""
