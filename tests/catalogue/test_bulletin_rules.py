from __future__ import annotations

import pytest

from app.catalogue.bulletin_rules import MOST_SOCIAL, Announcement, social_text

FACTS = {
    "title": "Multi-Agency Neglect",
    "summary": "What it is.",
    "who_for": "Everyone.",
    "dates_words": ("Tuesday 1 December 2026, 9:30am to 12:30pm",),
    "place_words": "Town Hall, Wakefield",
    "address": "https://learning.example.org/events/abcdef123",
}


def announced(**changes: object) -> Announcement:
    return Announcement(**{**FACTS, **changes})  # type: ignore[arg-type]


def test_a_post_says_what_when_where_and_how_to_book() -> None:
    assert social_text(announced()) == (
        "Multi-Agency Neglect\n"
        "Tuesday 1 December 2026, 9:30am to 12:30pm, Town Hall, Wakefield.\n"
        "Free. Book: https://learning.example.org/events/abcdef123"
    )


def test_several_dates_are_counted_and_an_example_says_so() -> None:
    dates = (*FACTS["dates_words"], "Tuesday 8 December 2026", "Tuesday 15 December 2026")
    text = social_text(announced(dates_words=dates), note="Example data")
    assert "12:30pm, and 2 more dates, Town Hall" in text
    assert text.endswith("\nExample data")


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "A very long title of a course " * 12},
        {"title": "x" * 400},
        {"title": "👩🏽‍🏫" * 80},
        {"place_words": "A venue with a long name " * 20},
        {"place_words": "y" * 500, "title": "Neglect and what to do about it " * 20},
        {"address": "https://a-partnership-with-a-long-name.example.org/events/" + "z" * 60},
    ],
)
def test_whatever_is_long_the_post_is_not_and_keeps_date_and_link(
    changes: dict[str, str],
) -> None:
    event = announced(**changes)
    text = social_text(event, note="Example data")
    assert len(text.encode("utf-16-le")) // 2 <= MOST_SOCIAL
    assert "Tuesday 1 December 2026" in text
    assert f"Book: {event.address}\nExample data" in text
    assert not text.startswith("…")
