from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.catalogue import rules
from app.catalogue.models import EventMode, EventState, OfferKind
from app.catalogue.rules import PlacesState, places_fact

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "state": EventState.PUBLISHED,
    "capacity": 20,
    "places_taken": 13,
    "waiting_count": 0,
    "booking_opens_at": NOW - timedelta(days=30),
    "booking_closes_at": NOW + timedelta(days=14),
    "now": NOW,
}


@pytest.mark.parametrize(
    ("changes", "state", "words", "bar"),
    [
        pytest.param({}, PlacesState.FREE, "7 places left", 78, id="some places"),
        pytest.param({"places_taken": 19}, PlacesState.FREE, "1 place left", 114, id="one place"),
        pytest.param({"places_taken": 0}, PlacesState.FREE, "20 places left", 0, id="all places"),
        pytest.param({"places_taken": 20}, PlacesState.FULL, "Full", 120, id="full"),
        pytest.param(
            {"places_taken": 20, "waiting_count": 9},
            PlacesState.FULL,
            "Full · 9 waiting",
            120,
            id="full with a waiting list",
        ),
        pytest.param(
            {"places_taken": 25}, PlacesState.FULL, "Full", 120, id="more came than there is room"
        ),
        pytest.param(
            {"capacity": None}, PlacesState.OPEN_TO_ALL, "Open to all", None, id="open to all"
        ),
        pytest.param(
            {"booking_opens_at": datetime(2026, 12, 3, 0, 0, tzinfo=UTC)},
            PlacesState.NOT_OPEN,
            "Booking opens 3 December",
            None,
            id="opens at midnight",
        ),
        pytest.param(
            {"booking_opens_at": datetime(2027, 6, 3, 8, 30, tzinfo=UTC)},
            PlacesState.NOT_OPEN,
            "Booking opens 3 June, 9:30am",
            None,
            id="opens at a time, in summer",
        ),
        pytest.param(
            {"booking_opens_at": NOW}, PlacesState.FREE, "7 places left", 78, id="opens now"
        ),
        pytest.param(
            {"booking_closes_at": NOW}, PlacesState.CLOSED, "Booking closed", None, id="closes now"
        ),
        pytest.param(
            {"state": EventState.CANCELLED, "places_taken": 20},
            PlacesState.CANCELLED,
            "Cancelled",
            None,
            id="cancelled, whatever else",
        ),
    ],
)
def test_places_are_said_in_words_and_drawn_as_a_bar(
    changes: dict[str, Any], state: PlacesState, words: str, bar: int | None
) -> None:
    facts = {**FACTS, **changes}
    if facts["booking_opens_at"] > facts["booking_closes_at"]:
        facts["booking_closes_at"] = facts["booking_opens_at"] + timedelta(days=1)

    assert places_fact(**facts) == (state, words, bar)


@pytest.mark.parametrize(
    ("mode", "venue", "words"),
    [
        (EventMode.ONLINE, "ignored", "online"),
        (EventMode.FACE_TO_FACE, "Castleford Family Hub", "Castleford Family Hub"),
        (EventMode.FACE_TO_FACE, "", "place to be announced"),
        (EventMode.HYBRID, "Town Hall", "Town Hall or online"),
    ],
)
def test_where_an_event_is(mode: EventMode, venue: str, words: str) -> None:
    assert rules.place_words(mode, venue) == words


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (("Everyone", "Half a day"), "Everyone. Half a day."),
        (("Everyone who works with families.", ""), "Everyone who works with families."),
        (("", " "), ""),
        (("Who? ", "Half a day."), "Who? Half a day."),
    ],
)
def test_facts_become_sentences(parts: tuple[str, ...], words: str) -> None:
    assert rules.sentence(*parts) == words


def test_lines_stand_under_their_months_with_the_counts_of_the_whole_list() -> None:
    days = ["2026-11-30", "2026-12-01", "2026-12-02"]

    grouped = rules.by_month(days, month=lambda day: day[:7], counts={"2026-11": 1, "2026-12": 26})

    assert grouped == [
        ("November 2026", "1 session", ["2026-11-30"]),
        ("December 2026", "26 sessions", ["2026-12-01", "2026-12-02"]),
    ]


def test_the_month_of_an_instant_is_that_of_london() -> None:
    assert rules.month_of(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == "2026-07"


@pytest.mark.parametrize(
    ("count", "words"), [(0, "No sessions"), (1, "1 session"), (1234, "1,234 sessions")]
)
def test_counts_come_with_their_noun(count: int, words: str) -> None:
    assert rules.count_words(count) == words


def test_every_kind_of_offer_has_words() -> None:
    assert set(rules.KIND_WORDS) == set(OfferKind)
