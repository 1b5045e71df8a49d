from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from app.catalogue import bulletin
from app.catalogue.models import EventMode, EventState, OfferKind
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.factories import make_event, make_offer, make_partnership, make_person
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

HOSTILE = "Cats & <b>dogs</b>"


@pytest.fixture(autouse=True)
def _programme(client: PageClient, now: datetime) -> None:
    make_partnership()
    course = make_offer(slug="neglect", title=HOSTILE)
    make_event(course, starts_at=now + timedelta(days=9), days=2, reference="two")
    make_event(
        make_offer(title="Safer Sleep", kind=OfferKind.SAFER_SLEEP),
        starts_at=now + timedelta(days=5),
        reference="sleep",
        mode=EventMode.FACE_TO_FACE,
        venue="Family Hub",
    )
    make_event(course, starts_at=now + timedelta(days=3), reference="draft", state=EventState.DRAFT)
    make_event(
        course,
        starts_at=now + timedelta(days=3),
        reference="off",
        state=EventState.CANCELLED,
        cancelled_at=now,
    )
    make_event(course, starts_at=now - timedelta(days=3), reference="over")
    sign_in(client, make_person(Role.DELIVERY))


def test_what_can_still_be_booked_is_offered_and_can_be_narrowed(client: PageClient) -> None:
    page = client.get("/manage/bulletin")
    ticks = [tick["value"] for tick in page.select("input", type="checkbox")]
    assert ticks == ["sleep", "two"]
    narrowed = client.get("/manage/bulletin?kind=safer_sleep")
    assert [tick["value"] for tick in narrowed.select("input", type="checkbox")] == ["sleep"]
    [kept] = narrowed.select("input", type="hidden", name="kind")
    assert kept["value"] == "safer_sleep"


def test_the_text_of_what_was_ticked_can_be_copied_in_every_form(client: PageClient) -> None:
    page = client.get("/manage/bulletin?event=two&event=sleep&make=text")
    assert page.page.link(HOSTILE) == "http://localhost/events/two"
    plain, source, *posts = [area.words for area in page.select("textarea")]
    assert plain.index("Safer Sleep: http://localhost/events/sleep") < plain.index("Cats")
    assert "Family Hub" in plain
    assert plain.count("9am to midday") == 3
    assert "Cats &amp; &lt;b&gt;dogs&lt;/b&gt;</a></h3>" in source
    assert len(posts) == 2
    assert "secret-room" not in page.text
    checked = [tick["value"] for tick in page.select("input", type="checkbox", checked=True)]
    assert checked == ["sleep", "two"]


def test_a_full_session_is_announced_as_one(client: PageClient, now: datetime) -> None:
    make_event(starts_at=now + timedelta(days=9), reference="full", capacity=2, places_taken=2)
    db.session.commit()
    page = client.get("/manage/bulletin?event=full&make=text")
    plain, source, post = [area.words for area in page.select("textarea")]
    for text in (plain, source):
        assert "Full. " in text
        assert "Read more and join the waiting list" in text
    assert "Full. Join the waiting list: http" in post


@pytest.mark.parametrize("query", ["make=text", "make=text&event=draft", "make=text&event=%00"])
def test_choosing_nothing_that_can_be_announced_is_said(client: PageClient, query: str) -> None:
    page = client.get(f"/manage/bulletin?{query}")
    assert page.errors == ["Choose at least one session"]
    assert not page.select("textarea")


@pytest.mark.parametrize("gone", ["off", "over", "draft", "no-such", "'; DROP TABLE event; --"])
def test_what_is_gone_meanwhile_is_left_out_and_said(client: PageClient, gone: str) -> None:
    page = client.get("/manage/bulletin", query_string={"make": "text", "event": [gone, "two"]})
    assert "can no longer be booked, so it is left out" in page.words
    assert len(page.select("textarea")) == 3


def test_the_example_says_so_in_every_text(app: Flask, client: PageClient) -> None:
    app.config["EXAMPLE"] = True
    page = client.get("/manage/bulletin?event=two&make=text")
    assert all("Example data" in area.words for area in page.select("textarea"))


def test_there_is_an_end_to_what_is_shown_and_chosen(
    client: PageClient, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulletin, "MOST_SHOWN", 3)
    for _ in range(4):
        make_event(starts_at=now + timedelta(days=20))
    db.session.commit()
    page = client.get("/manage/bulletin")
    assert len(page.select("input", type="checkbox")) == 3
    assert "Only the first 3 sessions are shown" in page.words
