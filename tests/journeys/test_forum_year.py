"""A whole school year of forums: planned, held, watched, answered by schools and the Executive."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.journeys.steps import Steps, text_of
from tests.support.browser import DESKTOP, PHONE, OpenPage
from tests.support.forum_year import SCHOOLS, District, district
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

JO, DEE, LEAD, ABSENT = (f"{name}@example.org" for name in ("jo", "dee", "lead001", "lead150"))
CAME, ANSWERED = 60, 120
WAIT_WORDS = "Families wait too long for early help."
WAIT, MEET = "Long waits for early help", "The forum itself is useful"


@pytest.fixture
def schools(tmp_path: Path) -> Iterator[District]:
    with district(Path(os.environ["RIPPLE_TEST_RUN"]), tmp_path) as made:
        yield made


@pytest.fixture
def live_server(schools: District) -> LiveServer:
    """The browser's pages come from the district's own service."""
    return schools.server


def test_a_year_of_forums(schools: District, open_page: OpenPage, tmp_path: Path) -> None:
    desk, phone = (Story(schools, open_page(size=size)) for size in (DESKTOP, PHONE))
    desk.be(JO)
    forums = desk.plan_the_year()
    first, second = forums[:2]
    desk.set_a_topic(first)
    schools.wait_until(first[1] - timedelta(days=14))
    desk.invite_everybody(first)
    phone.be(LEAD)
    phone.book_by_the_invitation()
    desk.hold(first, CAME, tmp_path)
    desk.publish_the_recording(first)
    for days in (2, 5):
        schools.wait_until(first[1] + timedelta(days=days))
    phone.be(ABSENT)
    phone.watch_the_recording()

    opinions = desk.ask_for_opinions(first[1] + timedelta(days=6), first[1] + timedelta(days=27))
    schools.wait_until(first[1] + timedelta(days=6))
    for page, school in ((phone, 0), (desk, 1)):
        page.give_an_opinion(schools.opinion_links()[school])
    schools.give_opinions(schools.opinion_links()[2:ANSWERED], WAIT_WORDS)
    desk.be(JO)
    schools.wait_until(first[1] + timedelta(days=28))
    desk.read_and_code(opinions)
    schools.give_theme(WAIT)
    desk.be(DEE)
    desk.release_the_quote(opinions)
    desk.be(JO)
    desk.give_to_the_executive(opinions, until=first[1] + timedelta(days=60))
    phone.answer_for_the_executive()
    desk.publish_the_answer()

    schools.wait_until(second[1] - timedelta(days=14))
    phone.sees_what_was_done(second)
    for number, forum in enumerate(forums[1:], start=1):
        if number == 3:
            desk.plan_training_that_falls_due()
            phone.be(LEAD)
            phone.book_the_training()
        desk.hold(forum, CAME + number, tmp_path)
    desk.sees_the_year()
    phone.be(JO)
    phone.looks_through_the_forums()


class Story(Steps):
    """One browser in a district of 170 schools; every page met is checked for accessibility."""

    def __init__(self, schools: District, page: Page) -> None:
        super().__init__(schools.server, page)
        self.schools = schools

    def be(self, email: str) -> None:
        self.schools.be(self.page, email)

    # The year

    def plan_the_year(self) -> list[tuple[str, date]]:
        """Prepare the half terms, plan a forum in each; their references and days."""
        self.open("/forums/year", "are not known")
        self.follow(re.compile("^Prepare"), "Prepare")
        self.press("Save the half terms", "Forums in")
        assert self.words().count("No forum planned") == 6
        self.follow(re.compile("^Plan the forums of"), "Plan the forums of")
        self.page.get_by_label("Which offer").select_option(label="DSL Forum")
        self.page.get_by_label("Joining link").fill("https://meet.example.org/dsl-forum")
        self.press("See the dates", "Look through the forums of")
        for box in self.page.get_by_label(re.compile("^Save this forum")).all():
            box.check()
        self.press("Save and publish", "Forums in")
        assert "6 forums published" in self.page.locator("body").inner_text()
        assert "No forum planned" not in self.words()
        return self.schools.forums()

    def set_a_topic(self, forum: tuple[str, date]) -> None:
        self.open(f"/forums/events/{forum[0]}", "DSL Forum")
        self.follow("Add a topic", "Add a topic")
        self.page.get_by_label("Topic", exact=True).fill("Online safety: what has changed")
        self.page.get_by_label("Speaker (optional)", exact=True).fill("Sam Speaker")
        self.press("Save the topic", "DSL Forum")
        assert "Online safety: what has changed" in self.words()

    def invite_everybody(self, forum: tuple[str, date]) -> None:
        self.open(f"/forums/events/{forum[0]}/invitations", "Invite schools to this forum")
        self.press("Send 170 invitations")
        assert len(self.letters("Invitation: DSL Forum")) == 170

    def book_by_the_invitation(self) -> None:
        [letter] = self.delivered("Invitation: DSL Forum", LEAD)
        assert "Online safety: what has changed" in text_of(letter)
        self.follow_in(letter, r"/events/\w+", "DSL Forum")
        assert "Online safety: what has changed" in self.words()
        self.follow("Book a place", "Check your answers before you book")
        self.press("Book this place", "Your place is booked")

    def follow_in(self, letter: EmailMessage, path: str, heading: str) -> None:
        """Open the first link of a letter that leads to such a path."""
        link = re.search(rf"{self.server.url}({path})", text_of(letter))
        assert link, text_of(letter)
        self.open(link.group(1), heading)

    def hold(self, forum: tuple[str, date], came: int, folder: Path) -> None:
        """Some book, some come: the file of the meeting makes the register."""
        reference, day = forum
        self.schools.book(reference, self.schools.leads[: came + 10])
        self.schools.wait_until(day + timedelta(days=1))
        file = folder / f"{reference}.csv"
        file.write_bytes(self.schools.teams_file(reference, self.schools.leads[:came]))
        self.open(f"/forums/events/{reference}")
        self.follow("Register", "Register")
        self.follow("Take it from a meeting file")
        self.page.set_input_files("#files", file)
        self.press("Read the file")
        self.look()
        self.press("Save the register")
        assert "There is a problem" not in self.words(), self.words()

    def publish_the_recording(self, forum: tuple[str, date]) -> None:
        self.open(f"/forums/events/{forum[0]}")
        self.follow("Share the recording", "Recording")
        self.page.get_by_label("Address of the recording").fill("https://video.example.org/1")
        self.page.get_by_label("Everyone").check()
        self.press("Save")

    def watch_the_recording(self) -> None:
        [letter] = self.letters("to catch up with", ABSENT)
        assert "Online safety: what has changed" in text_of(letter)
        self.open("/forums/catch-up", "Catch up with forums")
        self.press(re.compile("^I have watched this"), "Catch up with forums")
        assert "You watched it" in self.words()

    # What schools say

    def ask_for_opinions(self, opens: date, ends: date) -> str:
        """Plan the round of the first half term; where its pages are."""
        self.open("/forums/opinions", "Opinions")
        self.follow("Plan a round", "Plan a round of opinions")
        self.page.get_by_label("Half term", exact=True).select_option(index=1)
        self.page.get_by_label("Anonymous").check()
        self.page.get_by_label("One answer for each school").check()
        self.page.get_by_label("First day").fill(f"{opens:%d %m %Y}")
        self.page.get_by_label("Last day").fill(f"{ends:%d %m %Y}")
        self.press("Save", "Autumn 1")
        return self.page.url.removeprefix(self.server.url)

    def give_an_opinion(self, link: str) -> None:
        self.open(link, "wants us to know")
        assert "child" in self.words()
        self.page.get_by_label("What is working well?").fill("The forum itself is useful.")
        self.page.get_by_label("What can be improved?").fill(WAIT_WORDS)
        self.page.get_by_label("You may quote our words").check()
        self.press("Continue", "Check what you say")
        self.press("Send it")
        self.look()
        self.page.goto(link)
        assert self.page.get_by_label("What is working well?").count() == 0

    def read_and_code(self, opinions: str) -> None:
        self.open(opinions, "Autumn 1")
        assert f"{ANSWERED} of {SCHOOLS} schools answered" in self.words()
        self.page.goto(f"{opinions}/read")
        self.look("What schools say")
        self.follow("Read one by one", "One opinion")
        while "May be quoted" not in self.words():
            self.press("Keep, and read the next")
        self.page.locator("input[list]").nth(0).fill(MEET)
        self.page.locator("input[list]").nth(1).fill(WAIT)
        self.press("Keep, and add more", "One opinion")
        self.follow("Propose words as a quotation", "Propose words as a quotation")
        self.page.locator("textarea").fill(WAIT_WORDS)
        self.press("Propose these words")
        self.look()

    def release_the_quote(self, opinions: str) -> None:
        self.open(f"{opinions}/quotes", "Quotations")
        self.follow(re.compile("^Read and decide"), "A quotation")
        self.press("Release it", "Quotations")

    # To the Executive and back

    def give_to_the_executive(self, opinions: str, until: date) -> None:
        reference = opinions.rsplit("/", 1)[1]
        self.open(f"/forums/executive/{reference}", "Report to the Executive")
        assert WAIT in self.words()
        self.follow("Write the questions", "Questions to the Executive")
        self.page.get_by_label(re.compile(WAIT)).fill("What can be done about the waits?")
        self.press("Save the questions", "Report to the Executive")
        self.press("Give to the Executive")
        self.look()
        self.page.goto(f"/forums/executive/{reference}/link")
        self.page.get_by_label("Post that answers").fill("Chair of the Executive")
        self.page.get_by_label("Email address").fill("chair@example.org")
        self.page.get_by_label("Last day of the link").fill(f"{until:%d %m %Y}")
        self.press("Send the link")
        self.look()

    def answer_for_the_executive(self) -> None:
        [letter] = self.letters("What schools ask", "chair@example.org")
        self.follow_in(letter, r"/executive-answers/\w+", "What schools ask the Executive")
        row = self.page.get_by_role("listitem").filter(has_text=WAIT)
        with self.page.expect_navigation():
            row.get_by_role("link").first.click()
        self.look(WAIT)
        self.page.get_by_label("What the Executive answers").fill("Two more workers start in May.")
        self.page.get_by_label("Post that sees to it").fill("Head of Early Help")
        self.page.get_by_label("No, it is still to be done").check()
        self.press("Continue", "Check the answer")
        self.press("Save the answer", "What schools ask the Executive")

    def publish_the_answer(self) -> None:
        self.open("/forums/executive", "With the Executive")
        self.follow(WAIT, WAIT)
        assert "Two more workers start in May." in self.words()
        self.follow("Put it on the public page", "Put this answer on the public page")
        self.press("Put it on the public page", WAIT)

    def sees_what_was_done(self, forum: tuple[str, date]) -> None:
        self.open(f"/events/{forum[0]}", "DSL Forum")
        assert "Two more workers start in May." in self.words()
        self.open("/you-said-we-did")
        assert WAIT in self.words()

    # Training

    def plan_training_that_falls_due(self) -> None:
        """A session before the training of thirty leads falls due, and a message to them."""
        self.open_the_plan_of_spring()
        assert "30" in self.page.get_by_role("table").inner_text()
        self.follow("Plan sessions of DSL training", "Add a run of sessions")
        day = self.schools.today() + timedelta(days=30)
        self.page.get_by_label("On days I choose").check()
        self.page.get_by_label("Days, one to a line").fill(f"{day:%d %m %Y}")
        self.page.get_by_label("Start", exact=True).fill("9:30am")
        self.page.get_by_label("End", exact=True).fill("3:30pm")
        self.page.get_by_label("Online", exact=True).check()
        self.press("See the dates")
        self.page.get_by_label(re.compile("^Save this date")).first.check()
        self.press("Save and publish")
        self.open_the_plan_of_spring()
        self.follow("Invite those due", "Invite those due")
        self.press("Invite 30 people")
        self.look()

    def open_the_plan_of_spring(self) -> None:
        self.open("/forums/training/plan?what=dsl-training", "Plan training")
        spring = f"Spring term {self.schools.school_year}"
        self.page.get_by_label("Term or half term").select_option(label=spring)
        self.press("Show", f"Plan training: {spring}")

    def book_the_training(self) -> None:
        [letter] = self.letters("sessions you can book", LEAD)
        self.follow_in(letter, r"/events/\w+", "DSL training")
        self.follow("Book a place", "Check your answers before you book")
        self.press("Book this place", "Your place is booked")
        self.open("/training-statement", "")

    # The whole year

    def sees_the_year(self) -> None:
        """Who came to each forum is what the registers say."""
        self.open("/forums/schools/year", "Who was represented")
        rows = self.page.get_by_role("table").first.locator("tbody tr").all_inner_texts()
        watched = (1, 0, 0, 0, 0, 0)
        for number, (row, alone) in enumerate(zip(rows, watched, strict=True)):
            came = CAME + number
            assert re.findall(r"\d+", row)[-4:] == [
                *(str(count) for count in (SCHOOLS, came, alone, SCHOOLS - came - alone)),
            ]

    def looks_through_the_forums(self) -> None:
        for path in ("", "/year", "/schools", "/opinions", "/themes", "/executive", "/training"):
            self.open(f"/forums{path}")
