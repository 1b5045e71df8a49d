"""The preview of a change or a cancellation names exactly those who are then written to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.bookings.change_preview import CHANGED, CHANGED_WAITING, MOVES_UP
from app.bookings.models import BookingOrigin, BookingState
from app.catalogue.models import Event
from app.kernel.access import Role
from app.kernel.db import db
from app.outbox.models import OutboxMessage
from tests.support.factories import make_booking, make_event, make_partnership, make_person
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in


@pytest.fixture
def event(client: PageClient, now: datetime) -> Event:
    """Two places, both taken: one by a colleague without an address; two people wait."""
    make_partnership()
    made = make_event(starts_at=now + timedelta(days=14), capacity=2)
    booker = make_person(name="Bea Head", email="bea@example.org")
    make_booking(made, make_person(name="Ana Bell", email="ana@example.org"))
    colleague = make_person(name="Col Dray", email=None)
    make_booking(made, colleague, booked_by=booker, origin=BookingOrigin.COLLEAGUE)
    for minutes, name in enumerate(("Wyn Ash", "Xia Oak")):
        make_booking(
            made,
            make_person(name=name, email=f"{name[:3].lower()}@example.org"),
            state=BookingState.WAITING,
            joined_waiting_at=now + timedelta(minutes=minutes),
        )
    made.places_taken, made.waiting_count = 2, 2
    db.session.commit()
    sign_in(client, make_person(Role.DELIVERY))
    return made


def told(page: PageResponse) -> dict[str, str]:
    """What the preview says each person is told."""
    table = [t for t in page.select("table") if "Is told" in t.words][0]
    rows = [row for row in table.select("tr") if row.select("td")]
    return {row.one("th").words: row.select("td")[-1].words for row in rows}


def written_to() -> set[str]:
    return set(db.session.scalars(select(OutboxMessage.to_email)))


def test_a_moved_date_tells_everybody_what_the_preview_says(
    client: PageClient, event: Event
) -> None:
    page = client.get(f"/manage/events/{event.reference}/change")

    page = client.post_form(page, {"starts_1": "11:00", "ends_1": "14:00"}, button="Continue")

    assert told(page) == {
        "Ana Bell": CHANGED,
        "Col Dray through Bea Head": CHANGED,
        "Wyn Ash": CHANGED_WAITING,
        "Xia Oak": CHANGED_WAITING,
    }
    client.submit(page, button="Save and tell them")
    assert written_to() == {
        "ana@example.org",
        "bea@example.org",
        "wyn@example.org",
        "xia@example.org",
    }


def test_one_more_place_tells_only_who_moves_up(client: PageClient, event: Event) -> None:
    page = client.get(f"/manage/events/{event.reference}/change")

    page = client.post_form(page, {"capacity": "3"}, button="Continue")

    assert told(page) == {"Wyn Ash": MOVES_UP}
    client.submit(page, button="Save and tell them")
    assert written_to() == {"wyn@example.org"}


def test_a_cancellation_names_everybody_too(client: PageClient, event: Event) -> None:
    page = client.get(f"/manage/events/{event.reference}/cancel")

    assert len(told(page)) == 4
    client.submit(page, {"reason": "The trainer is ill"}, button="Cancel this session")

    assert len(written_to()) == 4


def test_a_new_meeting_link_tells_nobody(client: PageClient, event: Event) -> None:
    page = client.get(f"/manage/events/{event.reference}/change")

    page = client.post_form(
        page, {"joining_url": "https://meet.example.org/new"}, button="Continue"
    )

    assert "Is told" not in page.words
    client.submit(page, button="Save")
    assert written_to() == set()
