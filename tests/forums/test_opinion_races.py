"""Answers of one school at the same moment, and one at the moment in which its round closes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Barrier, Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.accounts.models import Person
from app.forums import opinion_rounds, opinions
from app.forums.opinion_models import Opinion, OpinionLink
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.tokens import new_reference
from tests.forums.test_opinion_rounds import NOW
from tests.support.factories import make_partnership, make_person
from tests.support.forums import make_half_terms, make_school
from tests.support.opinions import SAID, add_link, open_now, plan, say

pytestmark = [pytest.mark.postgres]
AT_ONCE = 4


def send_together(app: Flask, give: Callable[[int, str, Barrier], None], keys: list[str]) -> int:
    """So many send for one school at once; how many were told that it was taken."""
    with app.app_context():
        make_partnership()
        half_term = make_half_terms()[1]
        advisor, school = make_person(Role.ADVISOR), make_school("Ash Primary")
        db.session.commit()
        asked = open_now(plan(half_term, advisor, now=NOW).reference, advisor, now=NOW)
        with transaction():
            link_id = add_link(asked, school).id
    gate = Barrier(len(keys))

    def send(key: str) -> bool:
        with app.app_context():
            try:
                with transaction():
                    give(link_id, key, gate)
            except opinions.Over:
                return False
            return True

    with ThreadPoolExecutor(len(keys)) as pool:
        return sum(pool.map(send, keys))


def give_as_the_service_does(link_id: int, key: str, gate: Barrier) -> None:
    gate.wait()
    opinions.give_opinion(link_id, SAID, form_key=key, now=NOW)


def give_looking_first(link_id: int, key: str, gate: Barrier) -> None:
    """The mistake: look whether the school has answered, then write that it has."""
    link = db.session.get_one(OpinionLink, link_id)
    if link.answers_count:
        raise opinions.Over
    gate.wait()
    db.session.add(Opinion(id=key, round_id=link.round_id, working_well="Fine."))
    link.answers_count = 1


def kept(app: Flask) -> tuple[int, int]:
    """How many opinions there are, and how many the link says."""
    with app.app_context():
        count = db.session.scalars(select(OpinionLink.answers_count)).one()
        return len(db.session.scalars(select(Opinion.id)).all()), count


def test_of_several_answers_of_one_school_at_once_one_is_taken(file_app: Flask) -> None:
    keys = [new_reference(32) for _ in range(AT_ONCE)]
    assert send_together(file_app, give_as_the_service_does, keys) == 1
    assert kept(file_app) == (1, 1)


def test_one_form_sent_several_times_at_once_counts_once_and_fails_for_nobody(
    file_app: Flask,
) -> None:
    keys = [new_reference(32)] * AT_ONCE
    assert send_together(file_app, give_as_the_service_does, keys) == AT_ONCE
    assert kept(file_app) == (1, 1)


def test_looking_first_would_take_several(file_app: Flask) -> None:
    keys = [new_reference(32) for _ in range(2)]
    assert send_together(file_app, give_looking_first, keys) == 2
    assert kept(file_app) == (2, 1)


def close_between(app: Flask, monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> None:
    """An answer has found the round open; before it is kept, somebody closes the round."""
    with app.app_context():
        make_partnership()
        half_term = make_half_terms()[1]
        advisor, school = make_person(Role.ADVISOR), make_school("Ash Primary")
        db.session.commit()
        asked = open_now(plan(half_term, advisor, now=NOW).reference, advisor, now=NOW)
        with transaction():
            link_id = add_link(asked, school).id
        reference, advisor_id = asked.reference, advisor.id
    found_open = Event()
    take = opinions._take_link

    def close() -> None:
        found_open.wait()
        with app.app_context(), transaction():
            actor = db.session.get_one(Person, advisor_id)
            opinion_rounds.close_round(reference, actor=actor, now=NOW)

    with ThreadPoolExecutor(1) as pool:
        closed = pool.submit(close)

        def take_and_pause(*args: Any, **facts: Any) -> Any:
            taken = take(*args, **facts)
            found_open.set()
            wait([closed], timeout=seconds)
            return taken

        monkeypatch.setattr(opinions, "_take_link", take_and_pause)
        with app.app_context(), transaction():
            opinions.give_opinion(link_id, SAID, form_key=new_reference(32), now=NOW)
        closed.result()


def is_read_by_anybody(app: Flask) -> bool:
    with app.app_context():
        return db.session.scalars(select(Opinion.may_be_read)).one()


def test_an_answer_that_was_in_time_is_read_after_the_round_closed(
    file_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_between(file_app, monkeypatch, seconds=0.3)
    assert is_read_by_anybody(file_app)


def test_without_the_lock_of_the_round_an_answer_would_be_lost(
    file_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opinions, "_lock_round_of", lambda link_id: None)
    close_between(file_app, monkeypatch, seconds=10)
    assert not is_read_by_anybody(file_app)


def marks(table: str) -> list[str]:
    """The mark of the transaction that wrote each row."""
    return list(db.session.scalars(text(f"SELECT xmin::text FROM {table}")))


def test_a_night_leaves_no_mark_that_leads_from_a_school_to_what_it_said(file_app: Flask) -> None:
    with file_app.app_context():
        make_partnership()
        half_term, advisor = make_half_terms()[1], make_person(Role.ADVISOR)
        schools = [make_school(name) for name in ("Ash", "Birch", "Cedar")]
        db.session.commit()
        asked = open_now(plan(half_term, advisor, now=NOW).reference, advisor, now=NOW)
        with transaction():
            for school in schools:
                add_link(asked, school)
        for school in schools:
            say(asked, school, now=NOW)
        assert set(marks("opinion")) == set(marks("opinion_link"))  # one of each leads to the other
        assert len(set(marks("opinion"))) == len(schools)
        db.session.rollback()
        with transaction():
            opinions.blur_order(now=NOW)
        assert len(set(marks("opinion"))) == len(set(marks("opinion_link"))) == 1
        stored = list(db.session.scalars(text("SELECT id FROM opinion ORDER BY ctid")))
        assert stored == sorted(stored)
