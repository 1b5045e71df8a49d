from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from icalendar import Calendar
from icalendar import Event as Entry
from sqlalchemy import update

from app.catalogue.models import (
    Audience,
    Event,
    EventMode,
    EventState,
    OfferKind,
    OfferState,
    Series,
    Topic,
)
from app.kernel.db import db
from tests.support.factories import make_event, make_offer, make_partnership
from tests.support.page_client import PageClient, PageResponse

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
HOSTILE = 'Cats & "dogs" <b>; a, b\\n'


@pytest.fixture
def programme(client: PageClient, now: datetime) -> None:
    make_partnership()
    course = make_offer(
        slug="neglect",
        title=HOSTILE,
        series=Series(slug="early-help", title="Early help", summary="A summary"),
        topics=[Topic(slug="neglect", name="Neglect")],
        audiences=[Audience(slug="schools", name="Schools", position=1)],
    )
    make_event(course, starts_at=datetime(2026, 12, 1, 9, 30, tzinfo=UTC), days=2, reference="two")
    make_event(
        make_offer(slug="sleep", title="Safer Sleep", kind=OfferKind.SAFER_SLEEP),
        starts_at=datetime(2027, 6, 1, 9, 0, tzinfo=UTC),
        reference="summer",
        mode=EventMode.FACE_TO_FACE,
        venue="Family Hub",
        venue_address="High Street, Castleford",
    )
    make_event(
        course,
        starts_at=now + timedelta(days=3),
        reference="off",
        state=EventState.CANCELLED,
        cancelled_at=now,
    )
    make_event(course, starts_at=now - timedelta(weeks=2), reference="recent")
    make_event(course, starts_at=now - timedelta(weeks=9), reference="old")
    make_event(course, state=EventState.DRAFT, published_at=None, reference="draft")
    make_event(
        make_offer(slug="coming", state=OfferState.IN_DEVELOPMENT, published_at=None),
        reference="hidden",
    )
    db.session.commit()


def entries(response: PageResponse) -> list[Entry]:
    calendar = Calendar.from_ical(response.data)
    return [entry for entry in calendar.walk("VEVENT") if isinstance(entry, Entry)]


@pytest.mark.usefixtures("programme")
def test_the_calendar_has_an_entry_for_every_date_that_was_announced(client: PageClient) -> None:
    response = client.get("/calendar.ics")

    assert response.content_type == "text/calendar; charset=utf-8"
    found = entries(response)
    pages = [str(entry["URL"]).removeprefix("http://localhost/events/") for entry in found]
    assert pages == ["recent", "off", "two", "two", "summer"]
    assert len({str(entry["UID"]) for entry in found}) == 5
    two = found[2]
    assert str(two["SUMMARY"]) == HOSTILE
    assert two.start == datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
    assert str(found[4]["LOCATION"]) == "Family Hub, High Street, Castleford"
    summer: datetime = found[4]["DTSTART"].dt  # type: ignore[union-attr,assignment]
    assert summer.astimezone(UTC) == datetime(2027, 6, 1, 9, 0, tzinfo=UTC)
    assert [str(entry["STATUS"]) for entry in found].count("CANCELLED") == 1


FOLLOWED = {
    "kind=safer_sleep": {"summer"},
    "topic=neglect": {"recent", "off", "two"},
    "for=schools": {"recent", "off", "two"},
    "series=early-help": {"recent", "off", "two"},
    "offer=sleep": {"summer"},
    "where=in_person": {"summer"},
    "month=2026-12": {"two"},
    "q=sleep": {"summer"},
    "q=castleford+hub": set(),
    "places=left": {"off", "two", "summer"},  # what is called off stays, to be seen as called off
    "offer=no-such": set(),  # and not suddenly everything
    "month=2020-01": set(),
}


@pytest.mark.usefixtures("programme")
@pytest.mark.parametrize(("query", "pages"), FOLLOWED.items(), ids=FOLLOWED)
def test_the_calendar_takes_the_filters_of_the_catalogue(
    client: PageClient, query: str, pages: set[str]
) -> None:
    found = entries(client.get(f"/calendar.ics?{query}"))

    assert {str(entry["URL"]).rpartition("/")[2] for entry in found} == pages


@pytest.mark.usefixtures("programme")
@pytest.mark.parametrize(
    ("query", "offers"),
    {
        "topic=neglect": {HOSTILE},
        "for=schools": {HOSTILE},
        "series=early-help": {HOSTILE},
        "offer=sleep": {"Safer Sleep"},
        "kind=safer_sleep&topic=neglect": set(),
        "q=dogs": {HOSTILE},
        "offer=no-such": set(),
    }.items(),
)
def test_atom_and_data_take_them_too(client: PageClient, query: str, offers: set[str]) -> None:
    feed = ElementTree.fromstring(client.get(f"/learning.atom?{query}").data)
    data = json.loads(client.get(f"/learning.json?{query}").data)

    assert {entry.findtext(f"{ATOM}title") for entry in feed.findall(f"{ATOM}entry")} == offers
    assert {offer["title"] for offer in data["offers"]} == offers


@pytest.mark.usefixtures("programme")
def test_filters_of_dates_leave_the_data_with_what_takes_place_then(client: PageClient) -> None:
    data = json.loads(client.get("/learning.json?month=2027-06&where=in_person").data)

    assert [offer["title"] for offer in data["offers"]] == ["Safer Sleep"]
    assert len(data["offers"][0]["events"]) == 1


@pytest.mark.usefixtures("programme")
def test_a_narrowed_calendar_says_what_it_is_and_where_and_how_often_to_look(
    client: PageClient,
) -> None:
    calendar = Calendar.from_ical(client.get("/calendar.ics?topic=neglect").data)

    assert str(calendar["X-WR-CALNAME"]) == "WSCP learning and events: Neglect"
    assert str(calendar["SOURCE"]) == "http://localhost/calendar.ics?topic=neglect"
    assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert str(calendar["X-PUBLISHED-TTL"]) == "PT12H"


@pytest.mark.usefixtures("programme")
@pytest.mark.parametrize(
    "path",
    [
        "/calendar.ics",
        "/calendar.ics?topic=neglect",
        "/learning.atom?offer=sleep",
        "/learning.json?for=schools",
        pytest.param("/calendar.ics?unknown=" + "x" * 400, id="an address too long to keep"),
    ],
)
def test_a_feed_that_has_not_changed_is_not_sent_again(client: PageClient, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")


@pytest.mark.usefixtures("programme")
def test_pages_offer_the_calendar_of_what_they_show(client: PageClient) -> None:
    narrowed = client.get("/learning?topic=neglect").page
    offer = client.get("/learning/neglect").page

    follow = "Follow these sessions in my calendar"
    assert narrowed.link(follow) == "webcal://localhost/calendar.ics?topic=neglect"
    assert offer.link(follow) == "webcal://localhost/calendar.ics?offer=neglect"
    assert "http://localhost/calendar.ics?offer=neglect" in offer.words


@pytest.mark.usefixtures("programme")
def test_entries_stay_the_same_when_somebody_books(client: PageClient) -> None:
    before = client.get("/calendar.ics")
    db.session.execute(update(Event).values(places_taken=3, revision=Event.revision + 1))
    db.session.commit()

    again = client.get("/calendar.ics", headers={"If-None-Match": before.headers["ETag"]})

    assert again.status_code == 304


@pytest.mark.usefixtures("programme")
@pytest.mark.parametrize(
    "path", ["/calendar.ics", "/learning.atom", "/learning.json", "/sitemap.xml", "/learning"]
)
def test_nothing_public_has_a_joining_link_or_a_draft(client: PageClient, path: str) -> None:
    text = client.get(path).text

    assert "secret-room" not in text
    assert "ATTENDEE" not in text
    for hidden in ("draft", "hidden", "coming"):
        assert f"/{hidden}" not in text


@pytest.mark.usefixtures("programme")
def test_the_atom_feed_tells_of_new_and_changed_offers(client: PageClient) -> None:
    feed = ElementTree.fromstring(client.get("/learning.atom").data)

    titles = [entry.findtext(f"{ATOM}title") for entry in feed.findall(f"{ATOM}entry")]
    assert titles == ["Safer Sleep", HOSTILE]
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]
    assert ids == ["http://localhost/learning/sleep", "http://localhost/learning/neglect"]
    assert feed.findtext(f"{ATOM}updated") == "2026-11-02T10:00:00Z"


@pytest.mark.usefixtures("programme")
def test_the_data_holds_offers_with_their_events_to_come(client: PageClient) -> None:
    data = json.loads(client.get("/learning.json").data)

    by_title = {offer["title"]: offer for offer in data["offers"]}
    assert set(by_title) == {"Safer Sleep", HOSTILE}
    event = by_title["Safer Sleep"]["events"][0]
    assert event["starts_at"] == "2027-06-01T10:00:00+01:00"
    assert event["places"] == "20 places left"
    assert [event["state"] for event in by_title[HOSTILE]["events"]] == ["cancelled", "published"]


@pytest.mark.usefixtures("programme")
def test_the_map_of_the_site_lists_the_public_pages_and_they_are_there(client: PageClient) -> None:
    site = ElementTree.fromstring(client.get("/sitemap.xml").data)

    places = [place.text or "" for place in site.iter(f"{MAP}loc")]
    assert len(places) == 2 + 2 + 3
    for place in places:
        assert client.get(place.removeprefix("http://localhost")).status_code == 200


@pytest.mark.usefixtures("programme")
def test_robots_are_shown_the_map_and_kept_from_staff_pages(client: PageClient) -> None:
    text = client.get("/robots.txt").text

    assert "Sitemap: http://localhost/sitemap.xml" in text
    assert "Disallow: /manage" in text
