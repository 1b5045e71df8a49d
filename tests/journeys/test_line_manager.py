"""A line manager must agree: three people ask; one gets a place, one does not, one just waits."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.journeys.steps import Steps, calendar_of, text_of
from tests.support.browser import PHONE, OpenPage
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COURSE = "Best Practice in Building Trusting Relationships within Children and Families"
MANAGER = "max.head@example.org"


def test_a_line_manager_approves_one_declines_one_and_forgets_one(
    live_server: LiveServer, open_page: OpenPage
) -> None:
    """Everything on a phone without JavaScript; the manager never signs in."""
    story = Story(live_server, open_page(size=PHONE, javascript=False))
    manager = Story(live_server, open_page(size=PHONE, javascript=False))

    first = story.ask("Education Advisor|Advisor")
    manager.open(manager.question(), "take part?")
    manager.press("Approve")
    manager.look("you have approved this")
    story.page.goto(first)
    story.look("Your place is booked")
    invite = story.newest_letter("Booked: " + COURSE)
    assert calendar_of(invite)["METHOD"] == "REQUEST"
    story.sign_out()

    second = story.ask("Trainer")
    manager.open(manager.question())
    manager.page.get_by_label("Reason, if you decline (optional)").fill("Nobody can stand in.")
    manager.press("Decline")
    manager.look("You have declined this")
    story.page.goto(second)
    story.look("The request was not approved")
    assert "Nobody can stand in." in story.words()
    letter = story.newest_letter("Not approved: " + COURSE)
    assert "Nobody can stand in." in text_of(letter)
    story.sign_out()

    third = story.ask("Evaluator")
    question = manager.question()
    in_15_days = datetime.now(UTC) + timedelta(days=15)
    live_server.flask("worker", "--once", "--at", f"{in_15_days:%Y-%m-%dT%H:%M}")
    manager.open(question, "It is too late to answer")
    assert manager.page.get_by_role("button", name="Approve").count() == 0
    story.become("Evaluator")
    story.page.goto(third)
    story.look("The request has lapsed")
    story.newest_letter("Not answered in time: " + COURSE)


class Story(Steps):
    """One browser at one server; every page met is checked for accessibility."""

    def ask(self, role: str) -> str:
        """Become somebody and ask for a place; the path of the request."""
        self.become(role)
        self.page.goto("/learning?q=Trusting")
        self.follow(COURSE)
        self.look(COURSE)
        assert "Your line manager is asked before you get a place." in self.words()
        self.follow("Ask for a place")
        self.look("Check your answers before you ask for a place")
        self.press("Ask for this place")
        self.look()
        assert "Enter the name of your line manager" in self.words()
        self.page.get_by_label("Name of your line manager").fill("Max Head")
        self.page.get_by_label("Work email address of your line manager").fill(MANAGER)
        self.press("Ask for this place")
        self.look("You have asked for a place")
        assert MANAGER in self.words()
        return self.page.url.removeprefix(self.server.url)

    def question(self) -> str:
        """The link in the newest message to the line manager."""
        letter = self.newest_letter("asks for a place", to=MANAGER)
        link = re.search(rf"{self.server.url}(/bookings/\w+/approval/\w+)", text_of(letter))
        assert link, text_of(letter)
        return link.group(1)
