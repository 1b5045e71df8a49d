"""Comments of imported files: read as others, gone when the import is undone, cut for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Person
from app.impact.words import comment_queries, reading, themes
from app.impact.words.comment_queries import Wanted
from app.impact.words.models import (
    CommentReading,
    QuoteConsent,
    QuoteRow,
    QuoteState,
    ThemeOfComment,
)
from app.kernel.access import Role
from app.kernel.db import db
from app.surveys import import_drafts, imports
from app.surveys.import_models import ImportDraft
from app.surveys.import_rules import ImportKind, QuestionPlan
from app.surveys.models import Evaluation
from app.surveys.readers.forms_file import read_forms_file
from app.surveys.response_models import Answer
from tests.support.answers import make_evaluation
from tests.support.comments import comment, everything_stored
from tests.support.factories import make_partnership, make_person
from tests.support.forms_files import excel, person

QUESTION = "What did you do with it?"
PLANS = [QuestionPlan(QUESTION, ImportKind.TEXT)]
WITH_A_NAME = "I asked Zebediah what he wanted."
KEPT = "I asked what he wanted."


@pytest.fixture
def actor(app: Flask) -> Person:
    make_partnership()
    return make_person(Role.DELIVERY)


def draft(texts: Sequence[str], evaluation: Evaluation, actor: Person, now: datetime) -> str:
    rows = [person(number, text) for number, text in enumerate(texts, 1)]
    return import_drafts.keep_draft(
        read_forms_file(excel([QUESTION], rows)),
        evaluation_id=evaluation.id,
        months_later=3,
        file_name="Toolkit.xlsx",
        file_sha256="0" * 64,
        actor=actor,
        now=now,
    )


def bring_in(texts: Sequence[str], evaluation: Evaluation, actor: Person, now: datetime) -> str:
    reference = draft(texts, evaluation, actor, now)
    imports.import_answers(reference, PLANS, actor=actor, now=now)
    reading.note_comments(now=now)
    db.session.commit()
    return reference


def rows_of(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_they_join_the_queue_and_go_with_an_import_that_is_undone(
    actor: Person, now: datetime
) -> None:
    evaluation = make_evaluation(3)
    run = bring_in(["One", "Two"], evaluation, actor, now)
    [found, _] = comment_queries.found_comments(Wanted(), 0, 10, among=None)
    assert (found.door, found.consent) == ("3 months later, Microsoft Forms", None)
    themes.give_themes(found.id, [], new_name="Listening", actor=actor, now=now)
    db.session.add(
        QuoteRow(
            reference="quote",
            answer_id=found.id,
            evaluation_id=evaluation.id,
            words=found.text,
            consent=QuoteConsent.PUBLIC,
            state=QuoteState.PROPOSED,
            revision=1,
            proposed_by=actor.reference,
            proposed_on=now.date(),
        )
    )
    db.session.commit()
    imports.undo_import(run, actor=actor, now=now)
    reading.note_comments(now=now)
    db.session.commit()
    assert [rows_of(model) for model in (Answer, CommentReading, ThemeOfComment, QuoteRow)] == [
        0
    ] * 4
    assert comment_queries.batches() == []


def test_words_taken_out_do_not_come_back_with_the_same_file_or_by_undoing(
    actor: Person, now: datetime
) -> None:
    evaluation = make_evaluation(3)
    bring_in([WITH_A_NAME, "Two"], evaluation, actor, now)
    changed = bring_in([f"{WITH_A_NAME} And so on.", "Two"], evaluation, actor, now)
    answer_id = comment(f"{WITH_A_NAME} And so on.").id
    waiting = draft(["Zebediah"], evaluation, actor, now)
    db.session.commit()
    assert "Zebediah" in everything_stored()

    reading.take_words_out(answer_id, f"{KEPT} And so on.", actor=actor, now=now)
    db.session.commit()
    assert "Zebediah" not in everything_stored()
    assert db.session.get(ImportDraft, waiting) is None

    imports.undo_import(changed, actor=actor, now=now)
    reading.note_comments(now=now)
    db.session.commit()
    assert "Zebediah" not in everything_stored()


def test_the_same_file_again_brings_no_words_back(actor: Person, now: datetime) -> None:
    evaluation = make_evaluation(3)
    bring_in([WITH_A_NAME, "Two"], evaluation, actor, now)
    reading.take_words_out(comment(WITH_A_NAME).id, KEPT, actor=actor, now=now)
    bring_in([WITH_A_NAME, "Two", "Three"], evaluation, actor, now)
    assert "Zebediah" not in everything_stored()
    assert comment("Three")
