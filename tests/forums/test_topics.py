"""The topics of a forum: added, changed, put in order, removed, and shown to everybody."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from app.catalogue.models import Event
from app.forums.topics import TopicFacts, add_topic, topics_of
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from tests.support.factories import NOW, make_event, make_partnership, make_person
from tests.support.forums import make_forum, make_half_terms
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in, sign_out


@pytest.fixture
def forum(app: Flask) -> Event:
    make_partnership()
    event = make_forum(make_half_terms()[2])
    db.session.commit()
    return event


@pytest.fixture
def advisor(client: PageClient, forum: Event, now: datetime) -> PageClient:
    sign_in(client, make_person(Role.ADVISOR, name="Jo Park"))
    return client


def titles(event: Event) -> list[str]:
    return [topic.title for topic in topics_of([event.id]).get(event.id, [])]


def test_topics_are_added_put_in_order_changed_and_removed(
    advisor: PageClient, forum: Event
) -> None:
    here = f"/forums/events/{forum.reference}"
    for title in ("Lockdown", "Online safety", "Martyn’s Law"):
        form = advisor.click(advisor.get(here), "Add a topic")
        page = advisor.submit(form, {"title": title, "speaker": "Ros Hale"})
    assert titles(forum) == ["Lockdown", "Online safety", "Martyn’s Law"]
    page = advisor.submit(page, button="Move up Martyn’s Law")
    assert titles(forum) == ["Lockdown", "Martyn’s Law", "Online safety"]
    page = advisor.submit(page, button="Move down Lockdown")
    assert titles(forum) == ["Martyn’s Law", "Lockdown", "Online safety"]
    page = advisor.submit(page, button="Remove Lockdown")
    form = advisor.click(page, "Change Online safety")
    form = advisor.post_form(form, {"slides_url": "http://slides.example.org/1"})
    assert form.errors == ["Address of the slides must begin with https://"]
    advisor.submit(form, {"slides_url": "https://slides.example.org/1"})
    [first, second] = topics_of([forum.id])[forum.id]
    assert (first.title, second.slides_url) == ("Martyn’s Law", "https://slides.example.org/1")


def test_the_public_page_shows_topics_as_soon_as_they_change(
    advisor: PageClient, forum: Event, now: datetime
) -> None:
    other = make_event()
    db.session.commit()
    sign_out(advisor)
    public = f"/events/{forum.reference}"
    assert "Topics" not in advisor.get(public).words
    facts = TopicFacts("Lockdown", "Ros Hale", "UK Centre", "https://slides.example.org/1")
    add_topic(forum.id, facts, actor=make_person(Role.ADVISOR), now=now)
    db.session.commit()
    page = advisor.get(public)
    assert "Topics Lockdown Ros Hale, UK Centre" in page.words
    assert page.page.link("Slides of Lockdown") == "https://slides.example.org/1"
    assert "Topics" not in advisor.get(f"/events/{other.reference}").words


def test_an_address_that_others_can_read_is_refused(app: Flask, forum: Event) -> None:
    with pytest.raises(Refused, match="must begin with https"):
        add_topic(
            forum.id,
            TopicFacts("Lockdown", link_url="javascript:alert(1)"),
            actor=make_person(Role.ADVISOR),
            now=NOW,
        )


def test_only_forums_and_peer_support_have_this_page(advisor: PageClient) -> None:
    other = make_event()
    db.session.commit()
    assert advisor.get(f"/forums/events/{other.reference}").status_code == 404
