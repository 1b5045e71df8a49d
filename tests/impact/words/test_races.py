"""Two people at the same moment: nobody releases their own words, and no cut words come back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.impact.words import quotes, reading
from app.impact.words.models import QuoteRow, QuoteState
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.refusals import Refused
from app.surveys.response_models import Answer
from tests.support.comments import comment, commented
from tests.support.factories import NOW, make_person

pytestmark = [pytest.mark.postgres]
TEXT = "Since then Zebediah tells me when he is hungry."
KEPT = "Since then tells me when he is hungry."
ROUNDS = 3


def at_once(app: Flask, *verbs: Callable[[], object]) -> list[bool]:
    """Do these at the same moment, each in a transaction of its own; which were not refused."""
    gate = Barrier(len(verbs))

    def do(verb: Callable[[], object]) -> bool:
        with app.app_context():
            gate.wait()
            try:
                with transaction():
                    verb()
            except Refused:
                return False
            return True

    with ThreadPoolExecutor(len(verbs)) as pool:
        return list(pool.map(do, verbs))


def actor(person_id: int) -> Person:
    return db.session.get_one(Person, person_id)


def propose(answer_id: int, words: str, by: int) -> str:
    return quotes.propose_quote(answer_id, words, actor=actor(by), now=NOW).reference


def change(reference: str, by: int) -> None:
    quotes.change_quote(reference, 1, KEPT, actor=actor(by), now=NOW)


def release(reference: str, by: int) -> None:
    quotes.release_quote(reference, 1, actor=actor(by), now=NOW)


def take_out(answer_id: int, by: int) -> None:
    reading.take_words_out(answer_id, KEPT, actor=actor(by), now=NOW)


def test_choosing_other_words_and_releasing_at_once_never_releases_ones_own(
    file_app: Flask,
) -> None:
    with file_app.app_context():
        commented(TEXT)
        first, second = make_person(Role.DELIVERY).id, make_person(Role.ADVISOR).id
        answer_id = comment(TEXT).id
        db.session.commit()
    for _ in range(ROUNDS):
        with file_app.app_context(), transaction():
            reference = propose(answer_id, TEXT, first)
        at_once(file_app, partial(change, reference, second), partial(release, reference, second))
        with file_app.app_context():
            found = db.session.get_one(QuoteRow, reference)
            assert found.released_by != found.proposed_by
            was_released = (found.state, found.words) == (QuoteState.RELEASED, TEXT)
            assert was_released or found.state is QuoteState.PROPOSED


def test_a_quotation_of_words_that_are_taken_out_at_that_moment_does_not_keep_them(
    file_app: Flask,
) -> None:
    for number in range(ROUNDS):
        text = f"{TEXT} {number}"
        with file_app.app_context():
            commented(text)
            by = make_person(Role.DELIVERY).id
            answer_id = comment(text).id
            db.session.commit()
        at_once(file_app, partial(propose, answer_id, text, by), partial(take_out, answer_id, by))
        with file_app.app_context():
            texts = select(Answer.text).where(Answer.id == answer_id)
            kept = [*db.session.scalars(select(QuoteRow.words)), *db.session.scalars(texts)]
            assert not [words for words in kept if words and "Zebediah" in words]
