"""A school office on a phone: six colleagues on two sessions, with letters to each as they arrive.

The office has a mailbox that several people share; it signs in with a code as anybody does.
"""

from __future__ import annotations

import re
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page

from tests.journeys.steps import Steps, calendar_of, only_event, text_of
from tests.support.browser import PHONE, OpenPage, assert_accessible, assert_fits
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COURSE = "Multi-Agency Neglect"
OFFICE = "office@larkfield.example.org"
TYPED = (("Sam Ali", "sam.ali@example.org"), ("Jo Bell", "jo.bell@example.org"))
PASTED = (
    ("Dee Park", "dee.park@example.org"),
    ("Eve Moss", "eve.moss@example.org"),
    ("Fay Noor", "fay.noor@example.org"),
    ("Guy Reed", "guy.reed@example.org"),
)
EVERYBODY = TYPED + PASTED


@pytest.mark.parametrize(
    "javascript",
    [pytest.param(True, id="phone"), pytest.param(False, id="phone without JavaScript")],
)
def test_six_colleagues_on_two_sessions_and_one_cannot_come(
    live_server: LiveServer, open_page: OpenPage, javascript: bool
) -> None:
    office = Story(live_server, open_page(size=PHONE, javascript=javascript), javascript=javascript)
    office.open_the_session_with_most_places()
    office.sign_in_and_say_who_it_is()
    office.list_six_people()
    office.book_all_six()
    check_six_letters(office)
    office.book_the_same_people_on_another_session()

    colleague = Story(
        live_server, open_page(size=PHONE, javascript=javascript), javascript=javascript
    )
    name, address = EVERYBODY[0]
    colleague.decline_by_the_link_in(office.delivered("Booked: " + COURSE, address)[0])
    office.deliver()
    [told] = office.delivered(f"{name} cannot come: {COURSE}", OFFICE)
    assert "The booking you made for them is cancelled" in text_of(told)
    office.sees_that_it_is_cancelled(name)


def check_six_letters(office: Story) -> None:
    """Everybody has a letter and one calendar entry of their own, and nobody else's."""
    office.deliver()
    letters = [office.delivered("Booked: " + COURSE, address) for _, address in EVERYBODY]
    assert [len(found) for found in letters] == [1] * 6
    uids = set()
    for (name, address), [letter] in zip(EVERYBODY, letters, strict=True):
        words = text_of(letter)
        assert f"Dear {name}," in words
        assert "Larkfield Office has booked a place" in words
        assert not [other for other, _ in EVERYBODY if other != name and other in words]
        entry = only_event(calendar_of(letter))
        attendees = entry["ATTENDEE"]
        assert not isinstance(attendees, list)
        assert str(attendees).lower() == f"mailto:{address}"
        uids.add(str(entry["UID"]))
    assert len(uids) == 6


class Story(Steps):
    """One browser, one server, all letters; every page met is checked for accessibility."""

    def __init__(self, server: LiveServer, page: Page, *, javascript: bool) -> None:
        super().__init__(server, page)
        self.javascript = javascript

    def open_the_session_with_most_places(self) -> None:
        self.page.goto("/learning?q=" + COURSE.replace(" ", "+"))
        sessions = self.page.locator(".event-row").filter(has_text=re.compile(r"\d\d places left"))
        with self.page.expect_navigation():
            sessions.get_by_role("link").first.click()
        self.follow("Book for colleagues")

    def sign_in_and_say_who_it_is(self) -> None:
        self.look("What is your email address?")
        assert f"Book for colleagues: {COURSE}" in self.words()
        self.page.locator("input[type=email]").fill(OFFICE)
        self.press("Continue")
        self.deliver()
        [letter] = self.delivered("Your code", OFFICE)
        code = re.search(r"^\d{6}$", text_of(letter), re.MULTILINE)
        assert code
        self.page.get_by_label("Code from the email").fill(code.group())
        self.press("Sign in")
        self.page.get_by_label("Full name").fill("Larkfield Office")
        self.page.get_by_label("I am employed").check()
        self.page.get_by_label("Where do you work or volunteer?").fill("Larkfield")
        self.press("Continue")
        self.page.get_by_label("Larkfield Grove Primary School").check()
        self.press("Continue")

    def list_six_people(self) -> None:
        self.look("Book for colleagues")
        for number, (name, address) in enumerate(TYPED):
            row = self.page.get_by_role("group", name=f"Person {number + 1}", exact=True)
            row.get_by_label("Full name").fill(name)
            row.get_by_label("Email address").fill(address)
        self.page.get_by_text("Paste a list from a spreadsheet").click()
        lines = [f"{name}\t{address}" for name, address in PASTED]
        lines[1] = lines[1].replace("@", ".")
        pasted = self.page.get_by_label("Names and email addresses")
        pasted.fill("Name\tEmail\n" + "\n".join(lines))
        self.press("Continue")
        self.look("Book for colleagues")
        assert "Eve Moss, eve.moss.example.org: Enter an email address" in self.words()
        pasted.fill(pasted.input_value().replace("eve.moss.", "eve.moss@"))
        self.press("Continue")

    def book_all_six(self) -> None:
        self.look("Check before you book")
        assert self.outcomes() == [(name, "Gets a place") for name, _ in EVERYBODY]
        self.press("Book 6 places")
        self.look("6 places are booked")
        assert self.outcomes() == [(name, "Booked") for name, _ in EVERYBODY]

    def book_the_same_people_on_another_session(self) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=re.compile("^Book the same people")).first.click()
        self.look("Check before you book")
        foreseen = self.outcomes()
        assert [name for name, _ in foreseen] == [name for name, _ in EVERYBODY]
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=re.compile(r"^(Book|Put) \d")).click()
        self.look("")
        became = {"Gets a place": "Booked", "Joins the waiting list": "Waiting list"}
        assert self.outcomes() == [(name, became[tag]) for name, tag in foreseen]
        self.page.goto("/bookings")
        self.look("My learning")
        assert self.page.get_by_role("heading", name=COURSE).count() == 2
        assert self.page.get_by_role("link", name="Guy Reed", exact=True).count() == 2

    def decline_by_the_link_in(self, letter: EmailMessage) -> None:
        link = re.search(rf"{self.server.url}(/bookings/\w+/cant-come/\w+)", text_of(letter))
        assert link, text_of(letter)
        self.page.goto(link.group(1))
        self.look("Can't come?")
        self.press("Cancel this booking")
        self.look("This booking is cancelled")

    def sees_that_it_is_cancelled(self, name: str) -> None:
        self.page.goto("/bookings")
        with self.page.expect_navigation():
            self.page.locator("a[href*='/bookings/for-others/']").last.click()
        self.look("Places you booked for others")
        row = self.page.get_by_role("row").filter(has_text=name)
        assert "Cancelled" in row.inner_text()
        with self.page.expect_navigation():
            row.get_by_role("link").click()
        self.look(f"The booking for {name} is cancelled")

    # What everybody does

    def outcomes(self) -> list[tuple[str, str]]:
        """Each line of the list with what becomes of it."""
        rows = self.page.locator("tbody tr")
        names = rows.locator("th").all_inner_texts()
        return list(zip(names, rows.locator(".tag").all_inner_texts(), strict=True))

    def look(self, heading: str = "") -> None:
        if self.javascript:
            assert_accessible(self.page)
        else:  # the same pages; looking closely takes a browser of its own there
            assert_fits(self.page)
        assert heading in self.page.locator("h1").inner_text()
