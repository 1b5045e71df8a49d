"""A place kept for whoever waits, on a phone: given up, taken, and lost when its time is over."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page

from tests.support.browser import PHONE, OpenPage, assert_accessible
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PRACTITIONER, LEAD = "practitioner@example.org", "dsl@example.org"
KEPT = "A place is kept for you: Managing Allegations"


@pytest.mark.parametrize(
    "javascript",
    [pytest.param(True, id="phone"), pytest.param(False, id="phone without JavaScript")],
)
def test_a_kept_place_goes_from_one_to_the_next(
    live_server: LiveServer, open_page: OpenPage, javascript: bool
) -> None:
    story = Story(live_server, open_page(size=PHONE, javascript=javascript))

    # The example keeps a place for the practitioner; the lead waits behind.
    first_link = story.link_of(PRACTITIONER)
    story.open(first_link, "A place is kept for you")
    story.press("Give it up", "The place is given up")

    lead_link = story.link_of(LEAD)
    story.open(lead_link, "A place is kept for you")
    story.press("Take the place", "The place is booked")
    [confirmation] = story.letters(LEAD, "Booked: Managing Allegations")
    assert "text/calendar" in [part.get_content_type() for part in confirmation.walk()]

    story.become("Practitioner")
    story.open(first_link, "The place is given up")
    story.follow("Join the waiting list again, at its end", "Check your answers before you join")
    story.press("Join the waiting list", "You are 1st on the waiting list")
    assert "the place is kept for you for 24 hours" in story.words()

    story.become("Designated")
    story.open(f"{lead_link.partition('/held/')[0]}/cancel", "Cancel this booking?")
    story.press("Cancel this booking", "Your booking is cancelled")

    second_link = story.link_of(PRACTITIONER, but_not=first_link)
    story.let_two_days_pass()
    story.open(second_link, "The place is no longer kept")
    assert story.letters(PRACTITIONER, "No longer kept for you: Managing Allegations")
    story.open(second_link, "The place is no longer kept")
    assert "Book again" in story.words()


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

    def open(self, address: str, heading: str) -> None:
        self.page.goto(address)
        self.look(heading)

    def press(self, name: str, heading: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).click()
        self.look(heading)

    def follow(self, name: str, heading: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=name, exact=True).click()
        self.look(heading)

    def look(self, heading: str) -> None:
        assert_accessible(self.page)
        assert heading in self.page.locator("h1").inner_text()

    def words(self) -> str:
        return self.page.locator("main").inner_text()

    def let_two_days_pass(self) -> None:
        for _ in range(2):
            self.page.goto("/dev")
            with self.page.expect_navigation():
                self.page.get_by_role("button", name="by 1 day", exact=True).click()

    def link_of(self, address: str, *, but_not: str = "") -> str:
        """The link to a kept place in the letter to this person, as a path."""
        found = set()
        for letter in self.letters(address, KEPT):
            body = letter.get_body(("plain",))
            assert body
            # The example's letters were written before this server had its address.
            found |= set(re.findall(r"/bookings/\w+/held/\w+", str(body.get_content())))
        [link] = found - {but_not}
        return link

    def letters(self, address: str, subject: str) -> list[EmailMessage]:
        """The messages sent to somebody with these words in their subject."""
        self.server.flask("worker", "--once")
        found = [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in self.server.mail_folder.glob("*.eml")
        ]
        return [one for one in found if subject in one["Subject"] and address in one["To"]]
