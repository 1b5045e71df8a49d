"""Changing one's mind on a phone without JavaScript: another date, then a colleague instead.

Letters and calendar parts are read as they arrive.
"""

from __future__ import annotations

import re
from email.message import EmailMessage

import pytest

from tests.journeys.steps import Steps, calendar_of, only_event, text_of
from tests.support.browser import PHONE, OpenPage
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


class Story(Steps):
    """One browser, one server, all letters; every page met is checked for accessibility."""

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
        assert new in text_of(moved)
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
        assert "Kim Lee" in text_of(gone)
        assert old not in text_of(given)
        assert re.search(rf"{self.server.url}/bookings/\w+/cant-come/\w+", text_of(given))

    # What everybody does

    def reference(self) -> str:
        return self.page.url.rsplit("/", 1)[1]


def uid_of(letter: EmailMessage) -> str:
    return str(only_event(calendar_of(letter))["UID"])
