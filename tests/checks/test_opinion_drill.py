"""The drill of opinions at a small scale: a worker that dies asks nobody twice, or it is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from app import forum_jobs
from app.accounts.models import Person
from app.checks import opinion_drill, stage
from app.checks.opinion_drill import Asked
from app.forums import opinion_asking, opinion_emails
from app.forums.opinion_emails import Kind
from app.kernel.db import db, transaction
from app.kernel.tokens import new_reference
from tests.support.opinions import open_now, round_called

pytestmark = pytest.mark.one_database
NOW = datetime(2026, 11, 9, 12, 0, tzinfo=UTC)
SCHOOLS = 50


@pytest.fixture
def reference(app: Flask, monkeypatch: pytest.MonkeyPatch) -> str:
    """A round of fifty schools that is open, asked in steps of ten."""
    monkeypatch.setattr(opinion_asking, "LINKS_AT_ONCE", 20)
    monkeypatch.setattr(opinion_asking, "MESSAGES_AT_ONCE", 10)
    with transaction():
        stage.make_partnership()
        opinion_drill.make_schools(SCHOOLS)
        [(advisor_id, _)] = stage.make_people(1)
        made, _ = opinion_drill.make_round(NOW)
    advisor = db.session.get_one(Person, advisor_id)
    open_now(made, advisor, now=NOW)
    return made


def die_in_the_middle(reference: str) -> None:
    """Make the links, send one step, and come no further."""
    round_id = round_called(reference).id
    db.session.rollback()
    work = forum_jobs.ask_for_opinions(NOW)
    for _ in range(4 + 1):  # three steps of links and one that finds none left; then messages
        next(work)
    del work
    assert opinion_asking.steps(round_id, Kind.ASKING)  # there is something left to do
    db.session.rollback()


def look(reference: str) -> Asked:
    found = Asked(establishments=SCHOOLS)
    opinion_drill.look_at(found, reference)
    return found


def test_a_worker_that_died_is_taken_up_where_it_was(reference: str) -> None:
    die_in_the_middle(reference)
    assert "the worker is not done" in look(reference).violations
    sum(forum_jobs.ask_for_opinions(NOW))
    found = look(reference)
    assert found.violations == []
    assert (found.links, found.unreached) == (SCHOOLS, 1)
    assert 0 < found.messages < SCHOOLS  # some lead two schools, and get one message


def test_messages_without_a_lasting_name_would_be_sent_twice(
    reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opinion_emails, "dedupe_key", lambda *_: new_reference(32))
    die_in_the_middle(reference)
    sum(forum_jobs.ask_for_opinions(NOW))
    assert look(reference).violations == ["an address got several messages"]
