"""How long comments wait, and what may be said of where they came from."""

from __future__ import annotations

from datetime import date

import pytest

from app.impact.words import rules
from app.impact.words.rules import Cell, Origin

DOORS = [
    (3, False, None, "3 months later"),
    (None, False, None, "Open link"),
    (None, True, 6, "6 months later, Microsoft Forms"),
    (None, True, None, "Open link, Microsoft Forms"),
]


@pytest.mark.parametrize(("wave", "is_imported", "imported", "words"), DOORS)
def test_a_door_is_named(
    wave: int | None, is_imported: bool, imported: int | None, words: str
) -> None:
    named = rules.door_words(wave_months=wave, is_imported=is_imported, imported_months=imported)
    assert named == words


THURSDAY, FRIDAY, SATURDAY = date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


@pytest.mark.parametrize(
    ("since", "last_day_in_time", "first_late_day"),
    [
        (THURSDAY, FRIDAY, SATURDAY),
        (FRIDAY, MONDAY, TUESDAY),
        (SATURDAY, MONDAY, TUESDAY),
        (MONDAY, TUESDAY, date(2026, 11, 25)),
    ],
)
def test_a_working_day_to_read(since: date, last_day_in_time: date, first_late_day: date) -> None:
    assert rules.read_by(since) == last_day_in_time
    assert not rules.is_late(since, today=last_day_in_time)
    assert rules.is_late(since, today=first_late_day)
    assert rules.last_late_day(today=first_late_day) >= since
    assert rules.last_late_day(today=last_day_in_time) < since


def test_how_long_a_batch_has_waited() -> None:
    said = [rules.waited_words(since, today=SATURDAY) for since in (SATURDAY, FRIDAY, THURSDAY)]
    assert said == ["since today", "since yesterday", "for 2 days"]


A, B = 1, 2
ORIGINS: dict[str, tuple[dict[Cell, int], dict[Cell, Origin]]] = {
    "too few of all": ({(A, "Health"): 9}, {(A, "Health"): Origin()}),
    "ten of one session and sector": ({(A, "Health"): 10}, {(A, "Health"): Origin(A, "Health")}),
    "a small session hides with the next": (
        {(A, "Health"): 12, (B, "Health"): 3},
        {(A, "Health"): Origin(None, "Health"), (B, "Health"): Origin(None, "Health")},
    ),
    "two large sessions": (
        {(A, "Health"): 12, (B, "Health"): 10},
        {(A, "Health"): Origin(A, "Health"), (B, "Health"): Origin(B, "Health")},
    ),
    "two in the Police are not found by what is left": (
        {(A, "Health"): 12, (A, "Police"): 2},
        {(A, "Health"): Origin(A), (A, "Police"): Origin(A)},
    ),
    "small sectors stand together": (
        {(A, "Health"): 12, (A, "Police"): 6, (A, "Housing"): 5},
        {
            (A, "Health"): Origin(A, "Health"),
            (A, "Police"): Origin(A, "Housing or Police"),
            (A, "Housing"): Origin(A, "Housing or Police"),
        },
    ),
    "a forgotten session is never named": (
        {(A, "Health"): 12, (None, "Police"): 10},
        {(A, "Health"): Origin(A, "Health"), (None, "Police"): Origin(None, "Police")},
    ),
    "nor a sector that was not given": (
        {(None, "Health"): 12, (None, None): 10},
        {(None, "Health"): Origin(None, "Health"), (None, None): Origin()},
    ),
}


@pytest.mark.parametrize("case", ORIGINS)
def test_where_a_comment_came_from_is_said_of_ten_or_more(case: str) -> None:
    cells, expected = ORIGINS[case]
    assert rules.origins(cells) == expected
