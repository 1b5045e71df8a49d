from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from app.kernel.calendar_links import calendar_links
from app.kernel.ical import CalendarItem
from app.kernel.london import from_london

HOSTILE = 'Cats & "dogs" <b>+50% #1?; a, b\\n=é 👩🏽‍🏫\u2028\ud800\r\nBcc: x'


def item_at(starts_at: datetime, summary: str = "Neglect", description: str = "") -> CalendarItem:
    return CalendarItem(
        uid="one@example.org",
        sequence=0,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
        summary=summary,
        description=description,
        location="Town Hall, Wakefield",
        url="",
        organiser_name="Learning",
        organiser_email="learning@example.org",
        attendee_name=None,
        attendee_email=None,
        stamped_at=starts_at,
    )


def query(address: str) -> dict[str, str]:
    found = parse_qs(urlsplit(address).query, keep_blank_values=True, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


@pytest.mark.parametrize(
    ("day", "utc_hour"),
    [
        (date(2027, 3, 27), 9),
        (date(2027, 3, 29), 8),
        (date(2027, 10, 30), 8),
        (date(2027, 11, 1), 9),
    ],
)
def test_the_times_are_right_on_both_sides_of_both_clock_changes(day: date, utc_hour: int) -> None:
    google, outlook = calendar_links(item_at(from_london(day, time(9, 30))))
    starts_at = datetime(day.year, day.month, day.day, utc_hour, 30, tzinfo=UTC)
    ends_at = starts_at + timedelta(hours=3)

    assert query(google)["dates"] == f"{starts_at:%Y%m%dT%H%M%SZ}/{ends_at:%Y%m%dT%H%M%SZ}"
    assert query(outlook)["startdt"] == f"{starts_at:%Y-%m-%dT%H:%M:%SZ}"
    assert query(outlook)["enddt"] == f"{ends_at:%Y-%m-%dT%H:%M:%SZ}"


def test_a_text_stays_in_its_place_whatever_is_in_it() -> None:
    links = calendar_links(item_at(datetime(2027, 1, 5, 9, 0, tzinfo=UTC), HOSTILE, HOSTILE))

    for link in links:
        assert set(link) <= set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/?&=%.-_~"
        )
    shown = HOSTILE.replace("\ud800", "?")
    assert query(links.google)["text"] == query(links.outlook)["subject"] == shown
    assert set(query(links.google)) == {"action", "text", "dates", "details", "location"}
    assert "<b>" not in query(links.outlook)["body"]
    assert "&lt;b&gt;" in query(links.outlook)["body"]


def test_an_address_does_not_grow_without_end() -> None:
    links = calendar_links(item_at(datetime(2027, 1, 5, 9, 0, tzinfo=UTC), "x", "x" * 100_000))

    assert max(map(len, links)) < 1500
