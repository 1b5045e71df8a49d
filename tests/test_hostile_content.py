"""What hostile people leave behind, or put into addresses and headers, harms nobody who reads."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from app.bookings import operations
from app.bookings.models import BookingOrigin
from app.catalogue.models import EventMode
from app.kernel.db import db, transaction
from app.outbox.models import OutboxMessage
from app.surveys.models import SurveyInvitation
from tests.support.factories import make_event
from tests.support.hostile import MARKUP
from tests.support.page import Page
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_out
from tests.support.world import World, contents, make_world, sign_in_as

TEMPLATE = "{{7*7}}{% raw %}"
STORED = dict.fromkeys(
    ("title", "description", "organisation", "person", "adjustments"), MARKUP + TEMPLATE
)
# Where they are shown, by whoever may look; every other page is looked at as well.
SHOWN_TO = ("nobody", "ana", "delivery", "evaluator", "administrator")
HEADERS = {
    "Content-Security-Policy": "script-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "",
    "Permissions-Policy": "camera=()",
    "Cache-Control": "",
}
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "/\t/evil.example/",
    "/\x00/evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "https:evil.example",
    "/ok\r\nSet-Cookie: a=b",
    "@evil.example",
    ".evil.example",
)


def read_addresses(app: Flask, world: World) -> list[str]:
    """The address of everything that can be read."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())]
    return [world.address(rule, app) for rule in rules]


def be(client: PageClient, world: World, who: str) -> None:
    """Be that person on this client."""
    sign_out(client)
    if who != "nobody":
        sign_in_as(client, world, who)


def is_harmless(page: Page) -> bool:
    """Whether no element came out of what was typed; handlers and scripts the client judges."""
    return not page.select("img", src="x") and not page.select("script", src=False, type=False)


@pytest.mark.one_database  # how a page shows a text; test_safe_methods.py reads them all on both
@pytest.mark.parametrize("who", SHOWN_TO)
def test_what_was_typed_is_shown_as_it_was_typed(
    app: Flask, client: PageClient, now: datetime, who: str
) -> None:
    world = make_world(now, **STORED)
    be(client, world, who)
    shown = 0
    for address in read_addresses(app, world):
        with client.get(address) as answer:
            if answer.mimetype != "text/html":
                continue
            assert is_harmless(answer.page), address
            assert TEMPLATE in answer.words or "7*7" not in answer.words, address
            assert "<script>alert" not in answer.text, address
            shown += "<script>" in answer.words
    assert shown > 2


def test_letters_show_what_was_typed_and_carry_no_second_header(app: Flask, now: datetime) -> None:
    world = make_world(now, **{**STORED, "title": MARKUP + "\r\nBcc: all@example.org"})
    offer, ana = db.session.merge(world.offer), db.session.merge(world.people["ana"])
    event = make_event(offer, starts_at=now + timedelta(days=9), subtitle="A\r\nBcc: b@example.org")
    db.session.commit()
    with transaction():
        booking = operations.book(
            event.id,
            ana,
            booked_by=ana,
            origin=BookingOrigin.SELF,
            mode=EventMode.ONLINE,
            form_key="a" * 20,
            adjustments=MARKUP,
            now=now,
        )
        operations.cancel_booking(booking.id, actor=ana, now=now)
    letters = list(db.session.scalars(select(OutboxMessage)))
    assert len(letters) >= 3
    for letter in letters:
        assert is_harmless(Page(letter.html_body or "")), letter.kind
        assert "<script>alert" not in (letter.html_body or "")
        assert "\n" not in letter.subject
        assert "\r" not in letter.subject


def test_calendars_hold_one_event_each_whatever_its_title(
    app: Flask, client: PageClient, now: datetime
) -> None:
    injected = "A;B,C\\n\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nATTENDEE:mailto:evil@example.org"
    world = make_world(now, title=injected, description=injected)
    be(client, world, "ana")
    rules = ("/events/<reference>.ics", "/bookings/<reference>/calendar.ics", "/calendar.ics")
    for rule in rules:
        calendar = Calendar.from_ical(client.get(world.address(rule, app)).data)
        for event in calendar.walk("VEVENT"):
            assert "ATTENDEE" not in event
            assert "BEGIN:VEVENT" in " ".join(str(event["SUMMARY"]).split())


@pytest.mark.one_database  # how a page shows a text; test_safe_methods.py reads them all on both
def test_a_spreadsheet_holds_no_formula(app: Flask, client: PageClient, now: datetime) -> None:
    for start in "=+-@\t\r":
        title = f"{start}HYPERLINK('x')"
        world = make_world(now, title=title, organisation=title)
        be(client, world, "evaluator")
        for rule in (
            "/impact/<kind>/<slug>.csv",
            "/impact/evaluations/<slug>.csv",
            "/impact/evaluations/<slug>/figures.csv",
        ):
            text = client.get(world.address(rule, app)).get_data(as_text=True).lstrip("\ufeff")
            assert "HYPERLINK" in text
            for cell in (cell for row in csv.reader(io.StringIO(text)) for cell in row):
                assert "HYPERLINK" not in cell or cell[0] not in "=+-@\t\r", cell
        break_down(app)


def break_down(app: Flask) -> None:
    """Empty the database for the next world."""
    with transaction():
        for table in reversed(db.metadata.sorted_tables):
            db.session.execute(table.delete())


@pytest.mark.one_database  # decided before the database is asked
@pytest.mark.parametrize("who", SHOWN_TO)
def test_every_answer_carries_the_headers_that_protect(
    app: Flask, client: PageClient, now: datetime, who: str
) -> None:
    world = make_world(now)
    be(client, world, who)
    for address in [*read_addresses(app, world), "/nothing/here", "/\ud7ff%00", "/" + "x" * 3000]:
        for method in ("GET", "POST", "DELETE"):
            with client.open(address, method=method, judge=False) as answer:
                assert_protected(answer, f"{method} {address}")


def assert_protected(answer: PageResponse, where: str) -> None:
    """Whether the headers are there, and nobody but the owner may keep what is somebody's."""
    for name, part in HEADERS.items():
        assert part in answer.headers.get(name, "missing"), f"{where}: {name}"
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    if "Set-Cookie" in answer.headers:
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie, where
        assert "SameSite=Lax" in cookie, where
        assert "public" not in answer.headers["Cache-Control"], where


@pytest.mark.one_database  # decided before the database is asked
def test_next_never_leads_to_another_place(app: Flask, client: PageClient, now: datetime) -> None:
    world = make_world(now)
    pages = ("/sign-in", "/sign-in/second-step", "/sign-in/set-up", "/welcome", "/welcome/sector")
    for who in ("nobody", "ana", "new", "delivery"):
        be(client, world, who)
        for address, path in ((page, path) for page in pages for path in ELSEWHERE):
            answer = client.get(address, query_string={"next": path})
            assert leads_here(answer.headers.get("Location", "")), f"{path} as {who}"
            for link in answer.select("a", href=True):
                assert leads_here(link["href"]), f"{address} as {who}"
            for form in answer.select("form"):
                assert leads_here(form.get("action")), f"{address} as {who}"


def leads_here(address: str) -> bool:
    """Whether an address leads to this service, or to one the partnership names itself."""
    path = address.partition("?")[0]
    return "evil" not in path and "Set-Cookie" not in path and "\n" not in address


def test_a_form_goes_on_to_no_other_place(app: Flask, client: PageClient, now: datetime) -> None:
    world = make_world(now)
    be(client, world, "ana")
    for path in ELSEWHERE:
        page = client.get("/welcome/sector", query_string={"next": path})
        chosen = page.select("input", name="sector")[0]["value"]
        assert client.post_form(page, {"sector": chosen}).location == "/bookings"


@pytest.mark.one_database  # decided before the database is asked
def test_a_host_that_is_not_ours_gets_no_page_and_no_failure(
    app: Flask, client: PageClient, now: datetime
) -> None:
    world = make_world(now)
    for forged in ("evil.example", "localhost.evil.example", "localhost:80@evil.example", "a b"):
        for address in ("/", "/nothing", world.address("/learning/<slug>", app), "/bookings"):
            for method in ("GET", "POST"):
                answer = client.open(address, method=method, headers={"Host": forged})
                assert answer.status_code == 400, f"{address} from {forged}"
                assert_protected(answer, address)
                assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.one_database  # decided before the database is asked
def test_the_host_that_a_proxy_is_said_to_name_appears_nowhere(
    app: Flask, client: PageClient, now: datetime
) -> None:
    world = make_world(now)
    forged = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    for who in ("nobody", "ana", "delivery"):
        be(client, world, who)
        for address in read_addresses(app, world):
            with client.get(address, headers=forged) as answer:
                assert "evil.example" not in str(answer.headers), address
                is_text = (answer.mimetype or "").startswith("text/")
                assert not is_text or "evil.example" not in answer.text, address


def test_a_link_to_a_survey_that_was_cut_changed_or_made_up_leads_nowhere(
    app: Flask, client: PageClient, now: datetime
) -> None:
    world = make_world(now)
    hashes = db.session.scalars(select(SurveyInvitation.token_hash)).all()
    token = world.token
    wrong = [token[:-1], token + "0", token[:63] + "g", "0" * 64, token[::-1], f"{token}%00"]
    before = contents()
    for odd in (*wrong, token.upper(), f" {token}", *hashes, "x" * 5000, "..%2f..%2fetc"):
        for page in ("", "/stop", "/stopped"):
            answer = client.get(f"/surveys/{odd}{page}")
            assert answer.status_code == 404, odd
            assert answer.select("a", href=True)
    assert contents() == before


def test_one_persons_link_shows_no_address_and_no_other_person(
    app: Flask, client: PageClient, now: datetime
) -> None:
    world = make_world(now)
    sign_in_as(client, world, "ben")
    answer = client.get(f"/surveys/{world.token}")
    assert answer.status_code == 200
    assert "person" not in answer.headers.get("Location", "")
    for name in ("ana", "delivery"):
        assert str(world.people[name].email) not in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
