"""A line manager must agree: three people ask; one gets a place, one does not, one just waits."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from icalendar import Calendar
from playwright.sync_api import Page

from tests.support.browser import PHONE, OpenPage, assert_accessible
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
    manager.open(manager.question())
    manager.look("take part?")
    manager.press("Approve")
    manager.look("you have approved this")
    story.page.goto(first)
    story.look("Your place is booked")
    invite = story.newest_letter("Booked: " + COURSE)
    part = next(part for part in invite.walk() if part.get_content_type() == "text/calendar")
    assert Calendar.from_ical(part.get_content())["METHOD"] == "REQUEST"
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
    assert "Nobody can stand in." in words_of(letter)
    story.sign_out()

    third = story.ask("Evaluator")
    question = manager.question()
    in_15_days = datetime.now(UTC) + timedelta(days=15)
    live_server.flask("worker", "--once", "--at", f"{in_15_days:%Y-%m-%dT%H:%M}")
    manager.open(question)
    manager.look("It is too late to answer")
    assert manager.page.get_by_role("button", name="Approve").count() == 0
    story.become("Evaluator")
    story.page.goto(third)
    story.look("The request has lapsed")
    story.newest_letter("Not answered in time: " + COURSE)


class Story:
    """One browser at one server; every page met is checked for accessibility."""

    def __init__(self, server: LiveServer, page: Page) -> None:
        self.server = server
        self.page = page

    def ask(self, role: str) -> str:
        """Become somebody and ask for a place; the path of the request."""
        self.become(role)
        self.page.goto("/learning?q=Trusting")
        self.press_link(COURSE)
        self.look(COURSE)
        assert "Your line manager is asked before you get a place." in self.words()
        self.press_link("Ask for a place")
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
        link = re.search(rf"{self.server.url}(/bookings/\w+/approval/\w+)", words_of(letter))
        assert link, words_of(letter)
        return link.group(1)

    def open(self, path: str) -> None:
        self.page.goto(path)

    def become(self, role: str) -> None:
        self.page.goto("/dev")
        heading = self.page.get_by_role("heading", name=re.compile(role))
        entry = self.page.get_by_role("listitem").filter(has=heading)
        with self.page.expect_navigation():
            entry.get_by_role("button").first.click()

    def sign_out(self) -> None:
        self.press("Sign out")

    def press(self, name: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).first.click()

    def press_link(self, name: str) -> None:
        link = self.page.get_by_role("link", name=name, exact=True)
        button = self.page.get_by_role("button", name=name, exact=True)
        with self.page.expect_navigation():
            link.or_(button).first.click()

    def look(self, heading: str = "") -> None:
        assert_accessible(self.page)
        assert heading in self.page.locator("h1").inner_text()

    def words(self) -> str:
        return self.page.locator("main").inner_text()

    def newest_letter(self, subject: str, to: str = "@example.org") -> EmailMessage:
        """The latest message with these words in its subject."""
        self.server.flask("worker", "--once")
        files = sorted(self.server.mail_folder.glob("*.eml"), key=lambda file: file.stat().st_mtime)
        letters = [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in files
        ]
        found = [one for one in letters if subject in one["Subject"] and to in one["To"]]
        assert found, f"no {subject!r}"
        newest = found[-1]
        assert isinstance(newest, EmailMessage)
        return newest


def words_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body
    return str(body.get_content()).replace("\r\n", "\n")
