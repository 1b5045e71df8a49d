"""The reminder that comments wait: to whom, when, and that it holds no word of them.

It stands in letters/*.txt, to be read. RIPPLE_WRITE_LETTERS=1 writes it anew.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app import jobs
from app.impact.words import duty, reading
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.outbox.models import OutboxMessage
from tests.support.answers import make_evaluation
from tests.support.comments import add_comments, commented
from tests.support.factories import NOW, make_partnership, make_person
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

LETTER = Path(__file__).parent / "letters" / "comments_waiting.txt"
THURSDAY = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FRIDAY, MONDAY = THURSDAY + DAY, THURSDAY + 4 * DAY


def written(*texts: str, title: str = "Neglect toolkit") -> None:
    evaluation = make_evaluation(3, title=title)
    add_comments(evaluation, *texts)
    reading.note_comments(now=THURSDAY)
    db.session.commit()


def letters() -> list[OutboxMessage]:
    return list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


@pytest.fixture
def reader(app: Flask) -> str:
    make_partnership()
    return make_person(Role.DELIVERY, name="Dee Park", email="dee.park@example.org").reference


def test_the_letter_reads_as_it_is_written_down(reader: str) -> None:
    written("A word that nobody else says: Zebediah", "Another", title="Neglect toolkit")
    written("A third", title="Working with fathers")
    assert duty.remind_reader(now=MONDAY) == 1
    [letter] = letters()
    text = f"Subject: {letter.subject}\n\n{letter.text_body}"
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        LETTER.parent.mkdir(exist_ok=True)
        LETTER.write_text(text, encoding="utf-8")
    assert text == LETTER.read_text(encoding="utf-8")
    assert "Zebediah" not in letter.html_body


def test_it_comes_once_a_working_day_from_nine_and_only_when_a_working_day_is_over(
    reader: str,
) -> None:
    written("One")
    told = {
        "the same day": duty.remind_reader(now=THURSDAY),
        "in time": duty.remind_reader(now=FRIDAY),
        "on a Saturday": duty.remind_reader(now=FRIDAY + DAY),
        "before nine": duty.remind_reader(now=MONDAY.replace(hour=8)),
        "on Monday": duty.remind_reader(now=MONDAY),
        "again": duty.remind_reader(now=MONDAY + timedelta(hours=1)),
        "on Tuesday": duty.remind_reader(now=MONDAY + DAY),
    }
    assert [words for words, count in told.items() if count] == ["on Monday", "on Tuesday"]


def test_it_goes_to_who_holds_the_post_and_to_the_group_when_nobody_does(reader: str) -> None:
    advisor = make_person(Role.ADVISOR, name="Ada Voss")
    for other in (make_person(Role.EVALUATOR), make_person(Role.DELIVERY, email=None)):
        assert other.reference
    written("One")
    duty.change_duty("Advisor", advisor.reference, actor=advisor, now=MONDAY)
    duty.remind_reader(now=MONDAY)
    advisor.deactivated_at = MONDAY
    duty.remind_reader(now=MONDAY + DAY)
    assert [letter.to_name for letter in letters()] == ["Ada Voss", "Dee Park"]


def test_the_worker_notes_new_comments_and_tells_the_reader(reader: str) -> None:
    add_comments(make_evaluation(3), "One")
    db.session.commit()
    assert list(jobs.queue_comments(THURSDAY)) == [1, 0]
    assert list(jobs.queue_comments(MONDAY)) == [0, 1]
    assert jobs.queue_comments in {job.run for job in jobs.JOBS}


def test_only_who_may_read_is_given_the_task(reader: str) -> None:
    evaluator = make_person(Role.EVALUATOR)
    with pytest.raises(Refused, match="Choose somebody of the delivery group"):
        duty.change_duty("Chair", evaluator.reference, actor=evaluator, now=NOW)


def test_the_desk_says_what_has_waited_too_long(client: PageClient) -> None:
    evaluation = commented("One", title="Neglect toolkit")
    sign_in(client, make_person(Role.DELIVERY))
    page = client.get("/manage")
    assert "Neglect toolkit" in page.words
    assert f"/impact/words/read/{evaluation.slug}" in page.text
