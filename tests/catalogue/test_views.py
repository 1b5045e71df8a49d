from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.catalogue.models import (
    Audience,
    EventMode,
    EventState,
    OfferKind,
    OfferState,
    Series,
    SourceOfNeed,
    Topic,
)
from app.kernel.db import db, transaction
from app.partnership.models import Priority
from tests.support.factories import make_event, make_offer, make_partnership
from tests.support.page_client import PageClient, PageResponse

SOON = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def programme(client: PageClient, now: datetime) -> None:
    """A course, an exchange in a series, a forum and a resource."""
    make_partnership()
    neglect, exploitation = (
        Topic(slug="neglect", name="Neglect"),
        Topic(slug="ce", name="Exploited"),
    )
    schools = Audience(slug="schools", name="Schools and colleges", position=1)
    course = make_offer(slug="neglect", title="Multi-Agency Neglect", topics=[neglect])
    make_event(course, starts_at=SOON, reference="first")
    make_event(
        course,
        starts_at=SOON + timedelta(days=40),
        reference="face",
        mode=EventMode.FACE_TO_FACE,
        venue="Castleford Family Hub",
    )
    exchange = make_offer(
        slug="extortion",
        title="Sexual Extortion",
        kind=OfferKind.LEARNING_EXCHANGE,
        topics=[exploitation],
        series=Series(slug="ce", title="Child exploitation", summary="Bite-sized sessions."),
    )
    make_event(
        exchange, starts_at=SOON, reference="full", capacity=2, places_taken=2, waiting_count=9
    )
    forum = make_offer(
        slug="forum", title="DSL Forum", kind=OfferKind.DSL_FORUM, audiences=[schools]
    )
    make_event(forum, starts_at=SOON, reference="forum", capacity=None, subtitle="Autumn 2")
    make_offer(slug="toolkit", title="Neglect Toolkit", kind=OfferKind.RESOURCE, topics=[neglect])
    db.session.commit()


def shown(page: PageResponse) -> list[str]:
    """Where the sessions on the page lead to, in order."""
    rows = page.select("li", class_="event-row")
    return [row.one("h3").one("a")["href"].removeprefix("/events/") for row in rows]


@pytest.mark.usefixtures("programme")
@pytest.mark.parametrize(
    ("query", "references"),
    [
        ("", ["first", "full", "forum", "face"]),
        ("kind=course", ["first", "face"]),
        ("topic=neglect", ["first", "face"]),
        ("for=schools", ["forum"]),
        ("month=2027-01", ["face"]),
        ("where=in_person", ["face"]),
        ("where=online", ["first", "full", "forum"]),
        ("places=left", ["first", "forum", "face"]),
        ("q=NEGLECT", ["first", "face"]),
        ("q=neglect+castleford", ["face"]),
        ("q=exploitation", ["full"]),
        ("q=exploited", ["full"]),
        ("q=autumn", ["forum"]),
        ("q=100%25", []),
        ("q=_", []),
        ("kind=course&month=2026-12&where=online&places=left&q=agency", ["first"]),
    ],
)
def test_filters_find_what_fits(client: PageClient, query: str, references: list[str]) -> None:
    page = client.get(f"/learning?{query}")

    assert shown(page) == references


@pytest.mark.usefixtures("programme")
@pytest.mark.parametrize(
    "query",
    [
        "kind=%27%3B+DROP+TABLE+offer&topic=%00&for=%F0%9F%92%A9&month=0000-00&where=%FF%FE",
        "page=99999999999999999999&q=" + "a+" * 4000,
        "q=%00%01%02&q=second&kind=course&kind=briefing",
        "q=%25%25%25&page=-1",
        "q=%5C&month=2026-1",
        "&".join(f"kind={n}" for n in range(900)),
        "month[]=2026-12&topic[$ne]=1",
        "dates=none&page=7&q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    ],
)
def test_no_filter_value_makes_the_catalogue_fail(client: PageClient, query: str) -> None:
    for path in ("/learning", "/calendar.ics"):
        assert client.get(f"{path}?{query}").status_code == 200


@pytest.mark.usefixtures("programme")
def test_a_filter_that_is_not_understood_is_said_and_kept_out(client: PageClient) -> None:
    page = client.get("/learning?topic=astrology&kind=course")

    assert shown(page) == ["first", "face"]
    assert "We do not know that topic" in page.words
    assert page.page.one("link", rel="canonical")["href"].endswith("/learning?kind=course")


@pytest.mark.usefixtures("programme")
def test_filters_in_use_are_shown_and_each_can_be_taken_off(client: PageClient) -> None:
    page = client.get("/learning?kind=course&month=2026-12")
    assert shown(page) == ["first"]
    assert page.page.one("h2", class_="result-count").words == "1 session"

    page = client.click(page, "Take off the filter December 2026 ×")

    assert shown(page) == ["first", "face"]


@pytest.mark.usefixtures("programme")
def test_sessions_stand_under_their_months_with_their_places(client: PageClient) -> None:
    page = client.get("/learning")

    assert [month.words for month in page.select("p", class_="month")] == [
        "December 2026 · 3 sessions",
        "January 2027 · 1 session",
    ]
    facts = [places.one("b").words for places in page.select("div", class_="places")]
    assert facts == ["20 places left", "Full · 9 waiting", "Open to all", "20 places left"]
    assert len(page.select("svg", class_="places__bar")) == 3


@pytest.mark.usefixtures("programme")
def test_what_has_no_date_is_listed_apart(client: PageClient) -> None:
    make_offer(title="A new workshop", kind=OfferKind.WORKSHOP)
    db.session.commit()

    rows = [row.words for row in client.get("/learning").select("li", class_="undated-row")]

    assert rows[0].startswith("Resource Neglect Toolkit")
    assert rows[0].endswith("Use it at any time")
    assert rows[1].endswith("Dates to come")
    assert client.get("/learning?month=2026-12").select("li", class_="undated-row") == []


@pytest.mark.usefixtures("programme")
def test_an_empty_result_says_what_to_do_next(client: PageClient) -> None:
    page = client.get("/learning?q=astronomy&kind=course")

    assert "No session fits all of that." in page.words
    assert page.page.link("see the whole programme") == "/learning"


def test_an_empty_catalogue_says_so(client: PageClient, now: datetime) -> None:
    make_partnership()
    db.session.commit()

    assert "There are no sessions to book at the moment." in client.get("/learning").words


def test_the_catalogue_works_before_anything_is_set_up(client: PageClient, now: datetime) -> None:
    for path in ("/", "/learning", "/calendar.ics", "/learning.atom", "/learning.json"):
        assert client.get(path).status_code == 200


def test_drafts_and_what_is_over_or_hidden_are_not_shown(client: PageClient, now: datetime) -> None:
    make_partnership()
    make_event(reference="shown")
    make_event(state=EventState.DRAFT, published_at=None)
    make_event(starts_at=now - timedelta(days=3))
    make_event(make_offer(state=OfferState.ARCHIVED))
    make_event(make_offer(state=OfferState.IN_DEVELOPMENT, published_at=None))
    make_event(state=EventState.CANCELLED, cancelled_at=now, published_at=None)
    make_event(
        reference="cancelled",
        state=EventState.CANCELLED,
        cancelled_at=now,
        starts_at=now + timedelta(days=30),
    )
    db.session.commit()

    page = client.get("/learning")

    assert shown(page) == ["shown", "cancelled"]
    assert "Cancelled" in page.words


def test_statements_do_not_grow_with_the_programme(client: PageClient, now: datetime) -> None:
    make_partnership()
    offer = make_offer(slug="many", series=Series(slug="s", title="Series", summary="…"))
    db.session.commit()
    counts: dict[str, list[int]] = {}
    for more in (5, 195):
        with transaction():
            for number in range(more):
                make_event(offer, starts_at=SOON + timedelta(hours=number), days=2)
                make_offer(topics=[], kind=OfferKind.RESOURCE)
        for path in ("/learning", "/", "/learning/many", "/learning.json"):
            assert client.get(path).status_code == 200
            counts.setdefault(path, []).append(len(client.watch.statements))

    for path, (few, many) in counts.items():
        assert few == many <= 12, path
        assert few > 0, path


def test_a_long_catalogue_has_pages(client: PageClient, now: datetime) -> None:
    make_partnership()
    offer = make_offer()
    for number in range(60):
        make_event(offer, starts_at=SOON + timedelta(hours=number), reference=f"e{number}")
    db.session.commit()

    page = client.get("/learning?page=3&kind=course")

    assert page.page.title.startswith("Find learning (page 3 of 3)")
    assert shown(page) == [f"e{number}" for number in range(50, 60)]
    assert [link["href"] for link in page.select("a", rel="prev")] == [
        "/learning?kind=course&page=2"
    ]
    assert "December 2026 · 60 sessions" in page.words
    assert shown(client.get("/learning?page=4"))[0] == "e0"


@pytest.mark.usefixtures("programme")
def test_an_offer_says_what_it_is_and_why_it_exists(client: PageClient) -> None:
    with transaction():
        make_offer(
            slug="send",
            title="Children with SEND",
            description="# What you learn\n\n- one\n\n<script>alert(1)</script> **bold**",
            why="Reviews saw it missed.",
            source_of_need=SourceOfNeed.PRACTICE_REVIEW,
            priority=Priority(plan="2022-25", number=11, title="Learning", is_adopted=True),
            provider="Research Trust",
            length_words="One day",
            resource_url="https://example.org/pack",
        )

    page = client.get("/learning/send")

    assert page.h1 == "Children with SEND"
    assert page.page.one("div", class_="prose").one("h2").words == "What you learn"
    for words in (
        "Child Safeguarding Practice Review",
        "Priority 11: Learning",
        "Research Trust",
        "One day",
        "No dates yet.",
        "<script>alert(1)</script>",
    ):
        assert words in page.words


@pytest.mark.usefixtures("programme")
def test_an_offer_shows_every_date_to_come_and_how_many_are_over(client: PageClient) -> None:
    with transaction():
        offer = make_offer(slug="long")
        make_event(offer, starts_at=SOON, days=3)
        for weeks in (30, 40):
            make_event(offer, starts_at=SOON - timedelta(weeks=weeks))

    page = client.get("/learning/long")

    assert [item.words for item in page.page.one("ul", class_="date-list").select("li")] == [
        "Tuesday 1 December 2026, 9:30am to 12:30pm",
        "Tuesday 8 December 2026, 9:30am to 12:30pm",
        "Tuesday 15 December 2026, 9:30am to 12:30pm",
    ]
    assert "It has taken place twice before." in page.words


@pytest.mark.usefixtures("programme")
def test_an_offer_of_a_series_leads_to_its_sisters(client: PageClient) -> None:
    page = client.get("/learning/extortion")
    assert "Child exploitation" in page.words

    with transaction():
        series = db.session.scalars(select(Series)).one()
        make_offer(slug="sister", title="The National Referral Mechanism", series=series)

    page = client.get("/learning/extortion")
    assert page.page.link("The National Referral Mechanism") == "/learning/sister"


@pytest.mark.usefixtures("programme")
def test_offers_that_are_over_say_so_and_those_in_development_are_not_there(
    client: PageClient,
) -> None:
    with transaction():
        make_offer(slug="old", state=OfferState.ARCHIVED)
        make_offer(slug="coming", state=OfferState.IN_DEVELOPMENT, published_at=None)

    assert "This is no longer offered." in client.get("/learning/old").words
    assert client.get("/learning/coming").status_code == 404


@pytest.mark.usefixtures("programme")
@pytest.mark.parametrize(
    "slug", ["neglekt-toolkit", "%00", "x" * 3000, "%F0%9F%92%A9", "..%2f..%2fetc", "%25%25"]
)
def test_an_unknown_offer_leads_on(client: PageClient, slug: str) -> None:
    page = client.get(f"/learning/{slug}")

    assert page.status_code == 404
    assert "/learning" in [link["href"] for link in page.select("a", href=True)]


@pytest.mark.usefixtures("programme")
def test_a_mistyped_address_suggests_what_it_might_be(client: PageClient) -> None:
    assert client.get("/learning/neglect-tooolkit").page.link("Neglect Toolkit")


@pytest.mark.usefixtures("programme")
def test_search_engines_read_the_course_and_never_the_joining_link(client: PageClient) -> None:
    with transaction():
        offer = make_offer(slug="evil", title="</script><script>alert(1)</script>")
        make_event(offer, starts_at=SOON, mode=EventMode.HYBRID, venue="Town Hall", reference="h")
        make_event(
            offer,
            starts_at=datetime(2027, 6, 1, 9, tzinfo=UTC),
            state=EventState.CANCELLED,
            cancelled_at=SOON,
        )

    page = client.get("/learning/evil")
    script = page.page.one("script", type="application/ld+json")
    text = script.children[0]
    assert isinstance(text, str)
    course = json.loads(text)

    assert course["@type"] == "Course"
    assert course["name"] == "</script><script>alert(1)</script>"
    assert course["provider"]["name"] == "Wakefield Safeguarding Children Partnership"
    first, second = course["hasCourseInstance"]
    assert first["courseMode"] == "blended"
    assert first["courseWorkload"] == "PT180M"
    assert first["startDate"] == "2026-12-01T09:30:00+00:00"
    assert first["@id"] == "http://localhost/events/h"
    assert second["startDate"] == "2027-06-01T10:00:00+01:00"
    assert second["eventStatus"] == "https://schema.org/EventCancelled"
    assert "<" not in text
    assert "secret-room" not in page.text
