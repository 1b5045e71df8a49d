"""Copies of offers, what belongs with them, their trainers, themed weeks, archiving."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.catalogue.models import EventState, Offer, OfferKind, OfferState, Series
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.factories import make_event, make_offer, make_partnership, make_person
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in


@pytest.fixture
def planner(client: PageClient, now: datetime) -> PageClient:
    make_partnership()
    sign_in(client, make_person(Role.DELIVERY))
    return client


def an_offer(**changes: Any) -> Offer:
    offer = make_offer(**changes)
    db.session.commit()
    return offer


def offer_called(slug: str) -> Offer:
    return db.session.scalars(select(Offer).where(Offer.slug == slug)).one()


def test_linked_offers_stand_on_the_public_page(planner: PageClient) -> None:
    an_offer(slug="neglect", title="Neglect")
    an_offer(slug="toolkit", title="Neglect toolkit", kind=OfferKind.RESOURCE)
    an_offer(slug="hidden", title="Not yet", state=OfferState.IN_DEVELOPMENT, published_at=None)
    page = planner.get("/manage/offers/neglect/edit")

    planner.submit(page, {"linked": ["toolkit", "hidden"]}, button="Save the offer")

    public = planner.get("/learning/neglect")
    assert public.page.link("Neglect toolkit") == "/learning/toolkit"
    assert "What goes with it" in public.words
    assert "Not yet" not in public.words
    assert "What goes with it" not in planner.get("/learning/toolkit").words


def test_a_copy_says_the_same_and_is_in_development(planner: PageClient) -> None:
    an_offer(slug="toolkit", kind=OfferKind.RESOURCE)
    an_offer(slug="neglect", title="Neglect", why="An audit found it", attended_percent=60)
    trainer = make_person(Role.TRAINER, name="Tia Reed")
    id_ = str(trainer.id)
    make_event(offer_called("neglect"))
    db.session.commit()
    page = planner.get("/manage/offers/neglect/edit")
    changes = {"linked": ["toolkit"], "new_topics": "Neglect"}
    planner.submit(page, changes, button="Save the offer")
    page = planner.get("/manage/offers/neglect/trainers")
    page = planner.submit(page, {"trainers": [id_]}, button="Save")

    page = planner.submit(page, button="Copy the offer")

    assert page.h1 == "Change the offer"
    copy = offer_called("copy-of-neglect")
    assert (copy.title, copy.why, copy.attended_percent) == (
        "Copy of Neglect",
        "An audit found it",
        60,
    )
    assert copy.state is OfferState.IN_DEVELOPMENT
    assert [one.name for one in copy.topics] == ["Neglect"]
    assert [one.slug for one in copy.linked] == ["toolkit"]
    assert [one.name for one in copy.trainers] == ["Tia Reed"]
    assert copy.events == []


def test_a_copy_of_the_longest_title_can_be_saved(planner: PageClient) -> None:
    an_offer(slug="long", title="x" * 120)

    page = planner.submit(planner.get("/manage/offers/long"), button="Copy the offer")

    assert planner.submit(page, button="Save the offer").h1.startswith("Copy of x")


def test_an_offers_trainers_are_filled_in_for_a_new_session(planner: PageClient) -> None:
    an_offer(slug="neglect")
    trainer = make_person(Role.TRAINER, name="Tia Reed")
    id_ = str(trainer.id)
    db.session.commit()
    page = planner.get("/manage/offers/neglect/trainers")
    planner.submit(page, {"trainers": [id_]}, button="Save")

    form = planner.get("/manage/offers/neglect/events/new").page.form(button="Save the draft")

    assert form.values["trainers"] == [id_]


@pytest.mark.parametrize("typed", ["0", "101", "most", "-5"])
def test_a_share_that_is_none_is_refused(planner: PageClient, typed: str) -> None:
    an_offer(slug="neglect")
    page = planner.get("/manage/offers/neglect/edit")

    page = planner.post_form(page, {"attended_percent": typed}, button="Save the offer")

    assert page.errors == ["Percent of an online meeting must be between 1 and 100"]
    assert offer_called("neglect").attended_percent == 75


def test_what_archiving_waits_for_is_said_beforehand(planner: PageClient, now: datetime) -> None:
    an_offer(slug="neglect")
    draft: dict[str, Any] = {"state": EventState.DRAFT, "published_at": None}
    make_event(offer_called("neglect"), starts_at=now + timedelta(days=3))
    make_event(offer_called("neglect"), starts_at=now + timedelta(days=9), **draft)
    an_offer(slug="sleep")
    make_event(offer_called("sleep"), starts_at=now + timedelta(days=9), **draft)
    db.session.commit()

    assert "its session to come must be held" in planner.get("/manage/offers/neglect").words
    page = planner.get("/manage/offers/sleep")

    assert "its draft of a session stays a draft" in page.words
    planner.submit(page, button="Archive the offer")
    assert offer_called("sleep").state is OfferState.ARCHIVED


def test_a_themed_week_has_its_days(planner: PageClient) -> None:
    page = planner.get("/manage/series/new")
    week = {
        "title": "Safeguarding Week",
        "summary": "A week of masterclasses.",
        "first_day": "16 11 2026",
        "last_day": "20 11 2026",
    }

    page = planner.submit(page, week, button="Save the series")

    assert "16 November 2026 to 20 November 2026" in page.words
    made = db.session.scalars(select(Series)).one()
    assert (made.starts_on, made.ends_on) == (date(2026, 11, 16), date(2026, 11, 20))
    an_offer(slug="class", series=db.session.merge(made))
    assert "16 November 2026 to 20 November 2026" in planner.get("/learning/class").words
    page = planner.get("/manage/series/safeguarding-week/edit")
    planner.submit(page, {"first_day": "", "last_day": ""}, button="Save the series")
    assert db.session.scalars(select(Series.starts_on)).one() is None


@pytest.mark.parametrize(
    ("days", "error"),
    [
        (("16 11 2026", ""), "Enter both the first and the last day, or neither"),
        (("", "16 11 2026"), "Enter both the first and the last day, or neither"),
        (("20 11 2026", "16 11 2026"), "The last day must not be before the first"),
    ],
)
def test_a_themed_week_needs_both_days_in_order(
    planner: PageClient, days: tuple[str, str], error: str
) -> None:
    page = planner.get("/manage/series/new")
    typed = {"title": "A week", "summary": "…", "first_day": days[0], "last_day": days[1]}

    page = planner.post_form(page, typed, button="Save the series")

    assert page.errors == [error]
    assert db.session.scalars(select(Series)).all() == []


def test_a_trainer_meets_only_tabs_that_open(client: PageClient) -> None:
    make_partnership()
    an_offer(slug="neglect")
    sign_in(client, make_person(Role.TRAINER))
    page = client.get("/manage/offers/neglect")

    tabs = page.page.one("ul", class_="tabs").select("a")

    assert [tab.words for tab in tabs] == ["Offer", "Sessions", "Wishes for dates"]
    assert all(client.get(tab["href"]).status_code == 200 for tab in tabs)
