"""The whole chain as three people live it: book, come, answer months later, see what changed."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import datetime, time, timedelta
from email.message import EmailMessage

import pytest
from icalendar import Calendar, Event
from playwright.sync_api import Page, ViewportSize, expect

from app.kernel.london import add_months
from tests.support.browser import DESKTOP, PHONE, OpenPage, assert_accessible
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROWAN = "rowan.ashdown@example.org"
COURSE = "Multi-Agency Neglect"
ANOTHER = "Impact of Parental Illness on Children"
THREE_MONTHS_LATER = "3 months later"
LOOKED_AT = 5  # screens of a survey: one of each kind of question


@pytest.mark.parametrize(
    ("size", "javascript"),
    [
        pytest.param(DESKTOP, True, id="desktop"),
        pytest.param(PHONE, True, id="phone"),
        pytest.param(PHONE, False, id="phone without JavaScript"),
    ],
)
def test_from_finding_a_course_to_seeing_what_changed(
    live_server: LiveServer, open_page: OpenPage, size: ViewportSize, javascript: bool
) -> None:
    page = open_page(size=size, javascript=javascript)
    story = Story(live_server, page)

    story.find_a_course_and_ask_to_book(COURSE)
    story.sign_in_with_the_code_from_the_mail()
    story.say_who_you_are()
    course = story.book()
    story.check_the_confirmation(course)
    other = story.book_another_and_cancel_it(ANOTHER)
    story.check_the_cancellation(other)
    story.sign_out()

    answered_before = story.number_who_answered_months_later()
    story.take_the_register(course)
    story.answer_the_survey_straight_after(course)
    story.answer_the_survey_months_later(course)
    answered_after = story.number_who_answered_months_later()
    assert answered_after == answered_before + 1


class Booked:
    """What the practitioner was told on booking."""

    def __init__(self, reference: str, event_path: str, letter: EmailMessage) -> None:
        self.reference = reference
        self.event_path = event_path
        self.letter = letter

    @property
    def entry(self) -> Calendar:
        """The calendar entry that came with the confirmation."""
        return calendar_of(self.letter)


class Story:
    """One browser, one server, one inbox; every page met is checked for accessibility."""

    def __init__(self, server: LiveServer, page: Page) -> None:
        self.server = server
        self.page = page

    # The practitioner

    def find_a_course_and_ask_to_book(self, title: str) -> None:
        self.page.goto("/")
        self.look()
        self.page.get_by_role("searchbox").or_(self.page.locator(".find input")).first.fill(title)
        self.press("Search")
        self.follow(title)
        self.look(title)
        self.event_path = self.path()
        self.follow("Book a place")

    def sign_in_with_the_code_from_the_mail(self) -> None:
        self.look("What is your email address?")
        self.page.get_by_label("Email address").or_(
            self.page.get_by_label("What is your email address?")
        ).first.fill(ROWAN)
        self.press("Continue")
        self.look("Enter the code we sent")
        code = re.search(r"^\d{6}$", words_of(self.newest_letter("Your code")), re.MULTILINE)
        assert code
        self.page.get_by_label("Code from the email").fill(code.group())
        self.press("Sign in")

    def say_who_you_are(self) -> None:
        self.look("Tell us who you are")
        self.page.get_by_label("Full name").fill("Rowan Ashdown")
        self.page.get_by_label("I am employed").check()
        self.page.get_by_label("Where do you work or volunteer?").fill("Wakefield Council")
        self.press("Continue")
        self.look("Choose your organisation")
        self.page.get_by_label("Children's Services").check()
        self.press("Continue")

    def book(self) -> Booked:
        self.look("Check your answers before you book")
        self.press("Book this place")
        self.look("Your place is booked")
        reference = self.path().rsplit("/", 1)[1]
        return Booked(reference, self.event_path, self.newest_letter("Booked"))

    def check_the_confirmation(self, booked: Booked) -> None:
        kinds = [part.get_content_type() for part in booked.letter.walk()]
        assert kinds == [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "text/calendar",
            "application/ics",
        ]
        assert booked.entry["METHOD"] == "REQUEST"
        assert booked.reference in words_of(booked.letter)

    def book_another_and_cancel_it(self, title: str) -> Booked:
        self.page.goto("/learning?q=" + title.replace(" ", "+"))
        self.look("Find learning")
        self.follow(title)
        self.event_path = self.path()
        self.follow("Book a place")
        booked = self.book()
        self.page.goto("/bookings")
        self.look("My learning")
        self.page.goto(f"/bookings/{booked.reference}")
        self.follow("Cancel this booking")
        self.look()
        self.press(re.compile("^Cancel (this|the) booking|^Cancel my|^Yes, cancel"))
        self.look()
        return booked

    def check_the_cancellation(self, booked: Booked) -> None:
        cancelled = self.newest_letter("Cancelled")
        before, after = only_event(booked.entry), only_event(calendar_of(cancelled))
        assert calendar_of(cancelled)["METHOD"] == "CANCEL"
        assert after["UID"] == before["UID"]
        assert int(str(after["SEQUENCE"])) > int(str(before["SEQUENCE"]))

    def answer_the_survey_straight_after(self, booked: Booked) -> None:
        self.move_to(only_event(booked.entry).DTEND + timedelta(days=1, hours=1))
        self.answer(self.newest_letter(f"How was {COURSE}"))

    def answer_the_survey_months_later(self, booked: Booked) -> None:
        came_on = only_event(booked.entry).DTEND
        asked_at = add_months(came_on.date(), 3)
        self.move_to(datetime.combine(asked_at, time(18, 0)))
        self.answer(self.newest_letter(f"What came of {COURSE}"))
        self.move_to(datetime.combine(asked_at + timedelta(weeks=5), time(18, 0)))

    def answer(self, invitation: EmailMessage) -> None:
        link = re.search(rf"{self.server.url}/surveys/\w+", words_of(invitation))
        assert link, words_of(invitation)
        self.page.goto(link.group())
        for screen in range(20):
            if screen < LOOKED_AT:
                self.look()
            if self.page.get_by_role("button", name=re.compile("Continue|Send")).count() == 0:
                break
            for group in self.page.get_by_role("group").all():
                radios = group.get_by_role("radio")
                if radios.count():
                    radios.nth(1).check()
            for box in self.page.get_by_role("textbox").all():
                box.fill("I use the toolkit in supervision.")
            self.press(re.compile("Continue|Send"))
        assert "Thank you" in self.page.locator("h1").inner_text()

    # The delivery group

    def take_the_register(self, booked: Booked) -> None:
        self.move_to(only_event(booked.entry).DTEND)
        self.become("Delivery")
        self.page.goto("/manage")
        self.look()
        self.page.goto(f"/manage{booked.event_path}")
        self.look()
        self.follow("Register")
        self.look()
        self.page.get_by_role("button", name="Everyone came").click()
        self.press(re.compile("^Save"))
        self.look()
        self.sign_out()

    # The evaluator

    def number_who_answered_months_later(self) -> int:
        self.become("Evaluator")
        self.page.goto("/impact")
        self.look()
        self.follow(COURSE)
        self.look()
        words = self.page.locator("main").inner_text()
        self.sign_out()
        found = re.search(rf"{THREE_MONTHS_LATER}\s+\S+\s+([\d,]+) of", words)
        assert found, words
        return int(found.group(1).replace(",", ""))

    # What everybody does

    def move_to(self, moment: datetime) -> None:
        """Let the worker do everything that is due until then (London time)."""
        self.server.flask("worker", "--once", "--at", f"{moment:%Y-%m-%dT%H:%M}")

    def become(self, role: str) -> None:
        self.page.goto("/dev")
        self.look("Try it as somebody else")
        heading = self.page.get_by_role("heading", name=re.compile(f"^{role}"))
        entry = self.page.get_by_role("listitem").filter(has=heading)
        with self.page.expect_navigation():
            entry.get_by_role("button").click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def sign_out(self) -> None:
        self.press("Sign out")
        expect(self.page.get_by_role("link", name="Sign in")).to_be_visible()

    def press(self, name: str | re.Pattern[str]) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name).first.click()

    def follow(self, name: str) -> None:
        link = self.page.get_by_role("link", name=name, exact=True)
        like_a_button = self.page.get_by_role("button", name=name, exact=True)
        with self.page.expect_navigation():
            link.or_(like_a_button).first.click()

    def look(self, heading: str | None = None) -> None:
        assert_accessible(self.page)
        if heading:
            assert heading in self.page.locator("h1").inner_text()

    def path(self) -> str:
        return self.page.url.removeprefix(self.server.url).split("?")[0]

    def newest_letter(self, subject: str) -> EmailMessage:
        """The latest message to the practitioner with these words in its subject."""
        self.server.flask("worker", "--once")
        files = sorted(self.server.mail_folder.glob("*.eml"), key=lambda file: file.stat().st_mtime)
        letters = [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in files
        ]
        mine = [letter for letter in letters if ROWAN in letter["To"]]
        found = [letter for letter in mine if subject in letter["Subject"]]
        assert found, f"no {subject!r} among {[letter['Subject'] for letter in mine]}"
        newest = found[-1]
        assert isinstance(newest, EmailMessage)
        return newest


def words_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body
    return str(body.get_content()).replace("\r\n", "\n")


def calendar_of(letter: EmailMessage) -> Calendar:
    part = next(part for part in letter.walk() if part.get_content_type() == "text/calendar")
    return Calendar.from_ical(part.get_content())


def only_event(calendar: Calendar) -> Event:
    (event,) = calendar.events
    return event
