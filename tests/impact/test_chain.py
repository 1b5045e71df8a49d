"""Which figure stands in large letters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.impact import rules, wording
from app.impact.chain import first_of
from app.impact.summaries import Door, DoorState, Figure, MeasureLines
from app.surveys.models import MeasureScale, OutcomeLevel

CLOSED = Door(
    key="wave-3",
    label="3 months later",
    is_open_link=False,
    state=DoorState.SHOWN,
    threshold=10,
    planned=0,
    asked=100,
    delivered=100,
    answered=66,
    in_figures=60,
    rate=None,
    is_open=False,
    next_on=None,
    answered_by_sector={},
)


def a_measure(key: str, count: int, base: int) -> MeasureLines:
    figure = Figure(CLOSED, 10, share=rules.share(count, base))
    return MeasureLines(key, key, OutcomeLevel.BEHAVIOUR, MeasureScale.SHARE, (figure,))


@pytest.mark.parametrize(
    ("use", "quality", "stands"),
    [((9, 10), (12, 20), "90%"), ((6, 6), (12, 20), "60%"), ((6, 6), (4, 8), "100%")],
)
def test_six_of_six_stands_in_large_letters_only_where_nothing_is_of_more(
    use: tuple[int, int], quality: tuple[int, int], stands: str
) -> None:
    measures = [a_measure("use", *use), a_measure("quality", *quality)]
    assert first_of("Headline", ("use", "quality"), measures, ()).number == stands


@pytest.mark.parametrize(
    ("three", "twelve", "stands"),
    [
        ((50, 100), (20, 49), "50 of 100, 3 months later"),
        ((50, 100), (20, 50), "20 of 50, 12 months later"),
        ((5, 10), (30, 60), "30 of 60, 12 months later"),
    ],
)
def test_the_latest_time_stands_in_large_letters_unless_far_fewer_answered_then(
    three: tuple[int, int], twelve: tuple[int, int], stands: str
) -> None:
    later = replace(CLOSED, key="wave-12", label="12 months later")
    figures = [
        Figure(door, 10, share=rules.share(*of)) for door, of in ((CLOSED, three), (later, twelve))
    ]
    measure = replace(a_measure("use", 1, 10), figures=tuple(figures))
    assert stands in first_of("Headline", ("use",), [measure], ()).words


def test_what_waits_when_asking_is_over_waits_for_others() -> None:
    assert "The other 6 follow with those of other sessions" in wording.state_words(CLOSED)
    still_asking = replace(CLOSED, is_open=True)
    assert "The other 6 follow when asking has closed" in wording.state_words(still_asking)
