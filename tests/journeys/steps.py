"""What every journey does: become somebody, follow a link, press a button, look, read the mail."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage

from icalendar import Calendar, Event
from playwright.sync_api import Page, expect

from tests.support.browser import assert_accessible
from tests.support.live_server import LiveServer


class Steps:
    """One browser page, one server and its letters; every page looked at is judged by axe."""

    def __init__(self, server: LiveServer, page: Page) -> None:
        self.server = server
        self.page = page

    def become(self, role: str) -> None:
        """Sign in as the example's person for a role, as Delivery."""
        self.page.goto("/dev")
        heading = self.page.get_by_role("heading", name=re.compile(f"^{role}"))
        entry = self.page.get_by_role("listitem").filter(has=heading)
        with self.page.expect_navigation():
            entry.get_by_role("button").first.click()

    def sign_out(self) -> None:
        """Be nobody again."""
        self.press("Sign out")
        expect(self.page.get_by_role("link", name="Sign in")).to_be_visible()

    def press(self, name: str | re.Pattern[str], heading: str | None = None) -> None:
        """Press the first button of that name; look at the page it leads to, if a heading is said.

        A text is the whole name.
        """
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).first.click()
        if heading is not None:
            self.look(heading)

    def follow(self, name: str | re.Pattern[str], heading: str | None = None) -> None:
        """The same with a link; some look like buttons."""
        link = self.page.get_by_role("link", name=name, exact=True)
        like_a_button = self.page.get_by_role("button", name=name, exact=True)
        with self.page.expect_navigation():
            link.or_(like_a_button).first.click()
        if heading is not None:
            self.look(heading)

    def look(self, heading: str = "") -> None:
        """The page has this heading, and axe finds nothing."""
        assert heading in self.page.locator("h1").inner_text(), self.words()
        assert_accessible(self.page)

    def open(self, address: str, heading: str = "") -> None:
        """Open an address, and look at the page."""
        self.page.goto(address)
        self.look(heading)

    def words(self) -> str:
        """What the page says in its main part."""
        return self.page.locator("main").inner_text()

    def deliver(self) -> None:
        """Let every letter that waits arrive."""
        self.server.flask("worker", "--once")

    def letters(self, subject: str, to: str = "") -> list[EmailMessage]:
        """What is sent with these words in the subject to such an address, the newest last."""
        self.deliver()
        return self.delivered(subject, to)

    def delivered(self, subject: str, to: str = "") -> list[EmailMessage]:
        """The same of what has arrived already."""
        files = self.server.mail_folder.glob("*.eml")
        read = [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in sorted(files, key=lambda file: file.stat().st_mtime)
        ]
        return [one for one in read if subject in one["Subject"] and to in one["To"]]

    def newest_letter(self, subject: str, to: str = "") -> EmailMessage:
        """The latest of these letters."""
        found = self.letters(subject, to)
        assert found, f"no letter about {subject!r} to {to!r}"
        return found[-1]


def text_of(letter: EmailMessage) -> str:
    """The letter's words."""
    part = letter.get_body(("plain",))
    assert part
    return str(part.get_content()).replace("\r\n", "\n")


def calendar_of(letter: EmailMessage) -> Calendar:
    """The letter's calendar entry."""
    part = next(part for part in letter.walk() if part.get_content_type() == "text/calendar")
    return Calendar.from_ical(part.get_content())


def only_event(calendar: Calendar) -> Event:
    """The one event of a calendar entry."""
    (event,) = calendar.events
    return event
