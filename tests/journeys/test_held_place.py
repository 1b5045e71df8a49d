"""A place kept for whoever waits, on a phone: given up, taken, and lost when its time is over."""

from __future__ import annotations

import re

import pytest

from tests.journeys.steps import Steps, text_of
from tests.support.browser import PHONE, OpenPage
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
    [confirmation] = story.letters("Booked: Managing Allegations", LEAD)
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
    assert story.letters("No longer kept for you: Managing Allegations", PRACTITIONER)
    story.open(second_link, "The place is no longer kept")
    assert "Book again" in story.words()


class Story(Steps):
    """One browser, one server, all letters; every page met is checked for accessibility."""

    def let_two_days_pass(self) -> None:
        for _ in range(2):
            self.page.goto("/dev")
            with self.page.expect_navigation():
                self.page.get_by_role("button", name="by 1 day", exact=True).click()

    def link_of(self, address: str, *, but_not: str = "") -> str:
        """The link to a kept place in the letter to this person, as a path."""
        found = set()
        for letter in self.letters(KEPT, address):
            # The example's letters were written before this server had its address.
            found |= set(re.findall(r"/bookings/\w+/held/\w+", text_of(letter)))
        [link] = found - {but_not}
        return link
