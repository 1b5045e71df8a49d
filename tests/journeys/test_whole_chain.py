"""The whole chain as people live it: book, come, answer months later, see what changed."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from email.message import EmailMessage

import pytest
from icalendar import Event
from playwright.sync_api import Page, expect

from app.kernel.london import add_months
from tests.journeys.steps import Steps, calendar_of, only_event, text_of
from tests.support.browser import DESKTOP, PHONE, OpenPage
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COURSE = "Multi-Agency Neglect"
ANOTHER = "Impact of Parental Illness on Children"
THREE_MONTHS_LATER = "3 months later"
LOOKED_AT = 5  # screens of a survey: one of each kind of question


def test_from_finding_a_course_to_seeing_what_changed(
    live_server: LiveServer, open_page: OpenPage
) -> None:
    # They share the months that pass: the worker living through them takes longest by far.
    stories = [
        Story(live_server, open_page(size=DESKTOP), "Rowan Ashdown"),
        Story(live_server, open_page(size=PHONE), "Hazel Brook"),
        Story(live_server, open_page(size=PHONE, javascript=False), "Linden Marsh"),
    ]
    months = Months(live_server)
    for story in stories:
        story.find_a_course_and_ask_to_book(COURSE)
        story.ask_for_a_code()
    months.deliver()
    for story in stories:
        story.sign_in_with_the_code_from_the_mail()
        story.say_who_you_are()
        story.course = story.book()
        story.other = story.book_another(ANOTHER)
    months.deliver()
    for story in stories:
        story.check_the_confirmation(story.course)
        story.cancel(story.other)
    months.deliver()
    for story in stories:
        story.check_the_cancellation(story.other)
        story.sign_out()
    course_ends = stories[0].entry(stories[0].course).DTEND

    answered_before = {story.number_who_answered_months_later() for story in stories}
    months.pass_until(course_ends)
    for story in stories:
        story.take_the_register(story.course)
    months.pass_until(course_ends + timedelta(days=1, hours=1))
    for story in stories:
        story.answer(story.newest_delivered(f"How was {COURSE}"))
    asked_at = add_months(course_ends.date(), 3)
    months.pass_until(datetime.combine(asked_at, time(18, 0)))
    for story in stories:
        story.answer(story.newest_delivered(f"What came of {COURSE}"))
    months.pass_until(datetime.combine(asked_at + timedelta(weeks=5), time(18, 0)))
    answered_after = {story.number_who_answered_months_later() for story in stories}
    assert (len(answered_before), len(answered_after)) == (1, 1)
    assert answered_after.pop() == answered_before.pop() + len(stories)


class Months:
    """What the worker does, for all stories together."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server

    def deliver(self) -> None:
        """Let every letter that waits arrive."""
        self.server.flask("worker", "--once")

    def pass_until(self, moment: datetime) -> None:
        """Let the worker do everything that is due until then (London time)."""
        self.server.flask("worker", "--once", "--at", f"{moment:%Y-%m-%dT%H:%M}")


class Booked:
    """What the practitioner was told on booking."""

    def __init__(self, reference: str, event_path: str) -> None:
        self.reference = reference
        self.event_path = event_path


class Story(Steps):
    """One practitioner in one browser; every page met is checked for accessibility."""

    course: Booked
    other: Booked

    def __init__(self, server: LiveServer, page: Page, name: str) -> None:
        super().__init__(server, page)
        self.name = name
        self.address = name.lower().replace(" ", ".") + "@example.org"

    # The practitioner

    def find_a_course_and_ask_to_book(self, title: str) -> None:
        self.open("/")
        self.page.get_by_role("searchbox").or_(self.page.locator(".find input")).first.fill(title)
        self.press("Search")
        # The next session is almost full; the last has places for every story.
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=title, exact=True).last.click()
        self.look(title)
        self.event_path = self.path()
        self.follow("Book a place", "What is your email address?")

    def ask_for_a_code(self) -> None:
        self.page.get_by_label("Email address").or_(
            self.page.get_by_label("What is your email address?")
        ).first.fill(self.address)
        self.press("Continue", "Enter the code we sent")

    def sign_in_with_the_code_from_the_mail(self) -> None:
        code = re.search(r"^\d{6}$", text_of(self.newest_delivered("Your code")), re.MULTILINE)
        assert code
        self.page.get_by_label("Code from the email").fill(code.group())
        self.press("Sign in", "Tell us who you are")

    def say_who_you_are(self) -> None:
        self.page.get_by_label("Full name").fill(self.name)
        self.page.get_by_label("I am employed").check()
        self.page.get_by_label("Where do you work or volunteer?").fill("Wakefield Council")
        self.press("Continue", "Choose your organisation")
        self.page.get_by_label("Children's Services").check()
        self.press("Continue")

    def book(self) -> Booked:
        self.look("Check your answers before you book")
        self.press("Book this place", "Your place is booked")
        return Booked(self.path().rsplit("/", 1)[1], self.event_path)

    def check_the_confirmation(self, booked: Booked) -> None:
        letter = self.confirmation(booked)
        assert [part.get_content_type() for part in letter.walk()] == [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "text/calendar",
            "application/ics",
        ]
        assert calendar_of(letter)["METHOD"] == "REQUEST"

    def confirmation(self, booked: Booked) -> EmailMessage:
        """The one letter that confirms this booking."""
        letters = self.delivered("Booked", self.address)
        [found] = [letter for letter in letters if booked.reference in text_of(letter)]
        return found

    def entry(self, booked: Booked) -> Event:
        """The calendar entry that came with the confirmation."""
        return only_event(calendar_of(self.confirmation(booked)))

    def book_another(self, title: str) -> Booked:
        self.open("/learning?q=" + title.replace(" ", "+"), "Find learning")
        self.follow(title)
        self.event_path = self.path()
        self.follow("Book a place")
        booked = self.book()
        self.open("/bookings", "My learning")
        return booked

    def cancel(self, booked: Booked) -> None:
        self.page.goto(f"/bookings/{booked.reference}")
        self.follow("Cancel this booking", "")
        self.press(re.compile("^Cancel (this|the) booking|^Cancel my|^Yes, cancel"), "")

    def check_the_cancellation(self, booked: Booked) -> None:
        cancelled = calendar_of(self.newest_delivered("Cancelled"))
        before, after = self.entry(booked), only_event(cancelled)
        assert cancelled["METHOD"] == "CANCEL"
        assert after["UID"] == before["UID"]
        assert int(str(after["SEQUENCE"])) > int(str(before["SEQUENCE"]))

    def answer(self, invitation: EmailMessage) -> None:
        link = re.search(rf"{self.server.url}/surveys/\w+", text_of(invitation))
        assert link, text_of(invitation)
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
        self.become("Delivery")
        self.open("/manage")
        self.open(f"/manage{booked.event_path}")
        self.follow("Register", "")
        self.page.get_by_role("button", name="Everyone came").click()
        self.press(re.compile("^Save"), "")
        self.sign_out()

    # The evaluator

    def number_who_answered_months_later(self) -> int:
        self.become("Evaluator")
        self.open("/impact")
        self.follow(COURSE, "")
        words = self.words()
        self.sign_out()
        found = re.search(rf"{THREE_MONTHS_LATER}\s+\S+\s+([\d,]+) of", words)
        assert found, words
        return int(found.group(1).replace(",", ""))

    # What everybody does

    def become(self, role: str) -> None:
        self.open("/dev", "Try it as somebody else")
        super().become(role)
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def path(self) -> str:
        return self.page.url.removeprefix(self.server.url).split("?")[0]

    def newest_delivered(self, subject: str) -> EmailMessage:
        """The latest message to the practitioner with these words in its subject."""
        found = self.delivered(subject, self.address)
        assert found, f"no {subject!r} to {self.name}"
        return found[-1]
