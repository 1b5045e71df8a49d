from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import update

from app.catalogue.models import Event
from app.kernel.db import db, transaction
from app.kernel.page_cache import kept_pages
from tests.support.factories import make_event, make_offer, make_partnership, make_person
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in, sign_out

PAGES = ("/", "/learning", "/learning/neglect")


@pytest.fixture
def event(client: PageClient, now: datetime) -> Event:
    make_partnership()
    made = make_event(make_offer(slug="neglect", title="Neglect"), reference="one")
    db.session.commit()
    return made


@pytest.mark.usefixtures("event")
@pytest.mark.parametrize("path", PAGES)
def test_a_kept_page_costs_one_statement(client: PageClient, path: str) -> None:
    first = client.get(path)

    again = client.get(path)

    assert again.text == first.text
    assert len(client.watch.statements) == 1


@pytest.mark.usefixtures("event")
@pytest.mark.parametrize("path", PAGES)
def test_a_visitor_who_has_the_page_is_told_that_it_is_the_same(
    client: PageClient, path: str
) -> None:
    first = client.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert "Cookie" in first.headers["Vary"]

    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert not again.data
    assert again.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PAGES)
def test_a_taken_place_is_seen_at_once(client: PageClient, event: Event, path: str) -> None:
    old = client.get(path)
    assert "20 places left" in old.words
    with transaction() as session:
        session.execute(update(Event).values(places_taken=20, revision=Event.revision + 1))

    new = client.get(path, headers={"If-None-Match": old.headers["ETag"]})

    assert new.status_code == 200
    assert "Full" in new.words


@pytest.mark.usefixtures("event")
def test_a_new_event_is_seen_at_once(client: PageClient) -> None:
    client.get("/learning")
    with transaction():
        make_event(make_offer(title="Something new"))

    assert "Something new" in client.get("/learning").words


def test_the_moment_at_which_booking_closes_is_seen_to_the_second(
    client: PageClient, event: Event
) -> None:
    closes_at = event.booking_closes_at
    db.session.rollback()
    with time_machine.travel(closes_at - timedelta(seconds=2), tick=False):
        assert "20 places left" in client.get("/learning").words
    with time_machine.travel(closes_at, tick=False):
        assert "Booking closed" in client.get("/learning").words


@pytest.mark.usefixtures("event")
@pytest.mark.parametrize("path", PAGES)
def test_one_persons_page_is_never_another_visitors(client: PageClient, path: str) -> None:
    anna = make_person(name="Anna Appleyard")
    visitor = client.application.test_client()
    assert isinstance(visitor, PageClient)

    sign_in(client, anna)
    own = client.get(path)
    assert "Sign out" in own.words
    assert own.headers["Cache-Control"] == "no-store"
    assert "ETag" not in own.headers
    assert len(kept_pages()) == 0

    public = visitor.get(path)
    assert "Sign in" in public.words
    assert "Sign out" not in public.words

    assert "Sign out" in client.get(path, headers={"If-None-Match": public.headers["ETag"]}).words
    sign_out(client)
    assert client.get(path).text == public.text


@pytest.mark.usefixtures("event")
def test_a_message_for_one_visitor_is_shown_once_and_not_kept(client: PageClient) -> None:
    plain = client.get("/learning").text
    with client.session_transaction() as session:
        session["_flashes"] = [("message", "Your place is cancelled.")]

    assert "Your place is cancelled." in client.get("/learning").words
    assert client.get("/learning").text == plain


@pytest.mark.usefixtures("event")
def test_made_up_addresses_are_not_kept(client: PageClient) -> None:
    for number in range(5):
        assert client.get(f"/learning?q={'x' * 300}{number}").status_code == 200
        assert client.get(f"/learning/no-such-{number}").status_code == 404

    assert len(kept_pages()) == 0


@pytest.mark.usefixtures("event")
@pytest.mark.parametrize(
    "path", ["/calendar.ics", "/learning.atom", "/learning.json", "/sitemap.xml", "/robots.txt"]
)
def test_feeds_are_the_same_for_everybody_and_kept(client: PageClient, path: str) -> None:
    public = client.get(path)
    sign_in(client, make_person())

    own = client.get(path)
    assert own.data == public.data
    assert own.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert client.get(path, headers={"If-None-Match": own.headers["ETag"]}).status_code == 304


def test_the_day_begins_in_london(client: PageClient, event: Event) -> None:
    db.session.rollback()
    with time_machine.travel(datetime(2026, 7, 1, 22, 59, 50, tzinfo=UTC), tick=False):
        client.get("/learning")
        kept_before = len(kept_pages())
    with time_machine.travel(datetime(2026, 7, 1, 23, 0, tzinfo=UTC), tick=False):
        client.get("/learning")
        assert len(client.watch.statements) > 1
    assert kept_before == 1
