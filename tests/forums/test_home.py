"""The Advisor's first page: the coming forum, reach, what waits, and who did what."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from app.catalogue.models import OfferKind
from app.forums.topics import TopicFacts, add_topic
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_offer,
    make_partnership,
    make_person,
)
from tests.support.forums import make_forum, make_half_terms, make_lead, make_school
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in


@pytest.fixture
def advisor(client: PageClient, app: Flask, now: datetime) -> PageClient:
    make_partnership()
    db.session.commit()
    sign_in(client, make_person(Role.ADVISOR, name="Jo Park"))
    return client


def test_the_page_says_what_the_coming_forum_needs_and_who_is_missing(
    advisor: PageClient, now: datetime
) -> None:
    before, running, *_ = make_half_terms()
    offer = make_offer(kind=OfferKind.DSL_FORUM, title="DSL Forum")
    last = make_forum(before, offer=offer)
    coming = make_forum(running, offer=offer, joining_url="")  # on the day after
    there, _absent = make_school("Ash Primary"), make_school("Elm Primary")
    booking = make_booking(last, make_lead(there), organisation_id=there.id)
    make_attendance(booking)
    make_booking(last, make_lead(make_school("Oak Primary")))
    dee = make_person(Role.DELIVERY, name="Dee Marsh")
    add_topic(coming.id, TopicFacts("Lockdown"), actor=dee, now=now - timedelta(hours=1))
    db.session.commit()
    page = advisor.get("/forums")
    assert "DSL Forum, Autumn 2 2026/27 tomorrow: Wednesday 11 November 2026" in page.words
    assert "Done Topics : 1 topic" in page.words
    assert "Late Opinion round : Not prepared for Autumn 2 2026/27" in page.words
    assert "Late Joining link : Not set: nobody could join by 4 November 2026" in page.words
    assert "Late Register : 1 person not marked" in page.words
    assert "Attended 1 of 3 schools" in page.words
    assert "2 schools to contact, not represented in Autumn 1 2026/27" in page.words
    assert "Registered to come 0 of 3" in page.words
    assert "Dee Marsh added a topic: DSL Forum, Autumn 2 2026/27" in page.words
    assert page.page.link("Joining link") == f"/manage/events/{coming.reference}/change"


def test_without_a_forum_the_page_says_where_to_plan_one(advisor: PageClient) -> None:
    page = advisor.get("/forums")
    assert "No forum is planned" in page.words
    assert page.page.link("Plan the forums of the year") == "/forums/year"


def test_forums_stand_in_the_navigation_of_those_who_run_them(
    client: PageClient, now: datetime
) -> None:
    make_partnership()
    people = {role: make_person(role) for role in (Role.ADVISOR, Role.DELIVERY, Role.TRAINER)}
    db.session.commit()
    found = {}
    for role, person in people.items():
        sign_in(client, person)
        found[role] = 'href="/forums"' in client.get("/manage").text
    assert found == {Role.ADVISOR: True, Role.DELIVERY: True, Role.TRAINER: False}
