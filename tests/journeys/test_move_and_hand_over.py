"""Changing one's mind on a phone without JavaScript: another date, then a colleague instead.

Letters and calendar parts are read as they arrive.
"""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage

import pytest
from icalendar import Calendar
from playwright.sync_api import Page

from tests.support.browser import PHONE, OpenPage, assert_accessible
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COURSE = "Multi-Agency Neglect"
COLLEAGUE = "kim.lee@example.org"


@pytest.mark.parametrize(
    "javascript",
    [pytest.param(True, id="phone"), pytest.param(False, id="phone without JavaScript")],
)
def test_to_another_date_and_then_a_colleague_instead(
    live_server: LiveServer, open_page: OpenPage, javascript: bool
) -> None:
    story = Story(live_server, open_page(size=PHONE, javascript=javascript))
    story.become("Practitioner")
    booked = story.book(COURSE)
    moved = story.move_to_another_date()
    story.check_the_move(booked, moved)
    story.hand_over()
    story.check_the_hand_over(moved)


class Story:
    """One browser, one server, all letters; every page met is checked for accessibility."""

    def __init__(self, server: LiveServer, page: Page) -> None:
        self.server = server
        self.page = page

    def become(self, role: str) -> None:
        self.page.goto("/dev")
        heading = self.page.get_by_role("heading", name=re.compile(f"^{role}"))
        entry = self.page.get_by_role("listitem").filter(has=heading)
        with self.page.expect_navigation():
            entry.get_by_role("button").click()

    def book(self, title: str) -> str:
        """Book the soonest date; the booking's reference."""
        self.page.goto("/learning?q=" + title.replace(" ", "+"))
        self.follow(title)
        self.follow("Book a place")
        self.look("Check your answers before you book")
        self.press("Book this place")
        self.look("Your place is booked")
        return self.reference()

    def move_to_another_date(self) -> str:
        """Move to the first other date; the new booking's reference."""
        self.follow("Move to another date")
        self.look("Move to another date")
        self.follow(re.compile("^Move to this date"))
        self.look("Move to this date?")
        self.press("Move to this date")
        self.look("Your place is booked")
        return self.reference()

    def check_the_move(self, old: str, new: str) -> None:
        [moved] = self.letters("Moved: ")
        [gone] = self.letters("No longer booked: ")
        [first] = self.letters(f"Booked: {COURSE}")
        assert new in words_of(moved)
        assert calendar_of(moved)["METHOD"] == "REQUEST"
        assert calendar_of(gone)["METHOD"] == "CANCEL"
        assert uid_of(gone) == uid_of(first) != uid_of(moved)
        assert {letter["To"] for letter in (moved, gone)} == {first["To"]}
        self.page.goto(f"/bookings/{old}")
        self.look("Your booking is on another date now")
        self.page.goto(f"/bookings/{new}")

    def hand_over(self) -> None:
        self.follow("Cancel this booking")
        self.look("Cancel this booking?")
        self.follow("Send a colleague instead")
        self.look("Send a colleague instead")
        self.press("Give them the place")  # with nothing filled in
        self.look("Send a colleague instead")
        assert self.page.get_by_role("alert").count() == 1
        self.page.get_by_label("Your colleague's full name").fill("Kim Lee")
        self.page.get_by_label("Your colleague's work email address").fill(COLLEAGUE)
        self.press("Give them the place")
        self.look("Your place went to a colleague")
        assert "Kim Lee has the place now" in self.page.locator("main").inner_text()

    def check_the_hand_over(self, old: str) -> None:
        [given] = self.letters("has given you a place: ")
        [gone] = self.letters("Handed over: ")
        [moved] = self.letters("Moved: ")
        assert COLLEAGUE in given["To"]
        assert calendar_of(given)["METHOD"] == "REQUEST"
        assert calendar_of(gone)["METHOD"] == "CANCEL"
        assert uid_of(gone) == uid_of(moved) != uid_of(given)
        assert gone["To"] == moved["To"]
        assert "Kim Lee" in words_of(gone)
        assert old not in words_of(given)
        assert re.search(rf"{self.server.url}/bookings/\w+/cant-come/\w+", words_of(given))

    # What everybody does

    def press(self, name: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).first.click()

    def follow(self, name: str | re.Pattern[str]) -> None:
        link = self.page.get_by_role("link", name=name, exact=True)
        like_a_button = self.page.get_by_role("button", name=name, exact=True)
        with self.page.expect_navigation():
            link.or_(like_a_button).first.click()

    def look(self, heading: str) -> None:
        assert_accessible(self.page)
        assert heading in self.page.locator("h1").inner_text()

    def reference(self) -> str:
        return self.page.url.rsplit("/", 1)[1]

    def letters(self, subject: str) -> list[EmailMessage]:
        """The messages sent with these words in their subject."""
        self.server.flask("worker", "--once")
        found = [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in self.server.mail_folder.glob("*.eml")
        ]
        return [letter for letter in found if subject in letter["Subject"]]


def words_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body
    return str(body.get_content())


def calendar_of(letter: EmailMessage) -> Calendar:
    part = next(part for part in letter.walk() if part.get_content_type() == "text/calendar")
    return Calendar.from_ical(part.get_content())


def uid_of(letter: EmailMessage) -> str:
    (event,) = calendar_of(letter).events
    return str(event["UID"])
