"""The queue of comments, and words that go for good."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.audit.models import AuditLine
from app.impact.words import reading, themes
from app.impact.words.models import CommentReading, CommentsWaiting, QuoteRow
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from tests.support.answers import make_evaluation
from tests.support.comments import add_comments, comment, commented, everything_stored, released
from tests.support.factories import NOW, make_partnership, make_person

FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
WITH_A_NAME = "Since then Zebediah tells me when he is hungry."


def unread() -> set[int]:
    return set(db.session.scalars(select(CommentReading.answer_id).where(~CommentReading.is_read)))


def waiting_since() -> dict[int, date]:
    return {one.evaluation_id: one.since for one in db.session.scalars(select(CommentsWaiting))}


def test_new_comments_join_the_queue_once_under_the_day_of_their_batch(app: Flask) -> None:
    make_partnership()
    evaluation, other = make_evaluation(3), make_evaluation(3)
    add_comments(evaluation, "One", "Two")
    assert reading.note_comments(now=FRIDAY) == 2
    add_comments(evaluation, "Three")
    add_comments(other, "Four")
    assert reading.note_comments(now=SATURDAY) == 2
    assert reading.note_comments(now=SATURDAY) == 0
    assert unread() == {comment(text).id for text in ("One", "Two", "Three", "Four")}
    # The batch waits since its first comment; which of them came later is not kept.
    assert waiting_since() == {evaluation.id: date(2026, 11, 20), other.id: date(2026, 11, 21)}


def test_a_batch_is_over_when_all_of_it_is_read_and_the_next_begins_anew(app: Flask) -> None:
    evaluation = commented("One", "Two")
    reader = make_person(Role.DELIVERY)
    assert reading.mark_read(evaluation, [comment("One").id], actor=reader, now=FRIDAY) == 1
    assert waiting_since()
    assert reading.mark_read(evaluation, [comment("Two").id], actor=reader, now=FRIDAY) == 1
    assert not waiting_since()
    add_comments(evaluation, "Three")
    reading.note_comments(now=SATURDAY)
    assert waiting_since() == {evaluation.id: date(2026, 11, 21)}


def test_the_trail_of_reading_says_how_many_and_never_which(app: Flask) -> None:
    evaluation = commented("One", "Two")
    ids = [comment("One").id, comment("Two").id]
    reader = make_person(Role.DELIVERY)
    reading.mark_read(evaluation, ids, actor=reader, now=FRIDAY)
    assert reading.mark_read(evaluation, ids, actor=reader, now=SATURDAY) == 0
    lines = db.session.scalars(select(AuditLine).where(AuditLine.verb == "read comments")).all()
    assert [(line.actor, line.subject_reference, line.facts) for line in lines] == [
        (reader.reference, evaluation.slug, {"count": 2})
    ]


def test_comments_of_another_evaluation_are_not_marked(app: Flask) -> None:
    evaluation, other = commented("One"), make_evaluation(3)
    assert not reading.mark_read(
        other, [comment("One").id], actor=make_person(Role.DELIVERY), now=NOW
    )
    assert len(unread()) == 1
    assert waiting_since().keys() == {evaluation.id}


def test_answers_that_are_gone_leave_the_queue(app: Flask) -> None:
    commented("One")
    db.session.delete(comment("One"))
    db.session.commit()
    assert not unread()
    reading.note_comments(now=NOW)
    assert not waiting_since()


@pytest.mark.parametrize("is_read", [False, True], ids=["before reading", "after reading"])
def test_words_taken_out_are_nowhere_and_the_trail_keeps_who_when_and_which(
    app: Flask, is_read: bool
) -> None:
    evaluation = commented(WITH_A_NAME)
    answer = comment(WITH_A_NAME)
    reader = make_person(Role.DELIVERY)
    if is_read:
        reading.mark_read(evaluation, [answer.id], actor=reader, now=NOW)
        themes.give_themes(answer.id, [], new_name="Listening", actor=reader, now=NOW)
        released(WITH_A_NAME)
    assert "Zebediah" in everything_stored()

    kept = "Since then tells me when he is hungry."
    reading.take_words_out(answer.id, kept, actor=reader, now=FRIDAY)
    db.session.commit()

    assert comment("Since then [removed] tells me when he is hungry.").id == answer.id
    assert "Zebediah" not in everything_stored()
    assert not db.session.scalars(select(QuoteRow)).all()
    line = db.session.scalars(select(AuditLine).where(AuditLine.verb == "took words out")).one()
    assert (line.actor, line.at, line.subject_reference) == (
        reader.reference,
        FRIDAY,
        str(answer.id),
    )
    assert line.facts == {"quotations_removed": int(is_read)}


def test_a_whole_comment_can_go(app: Flask) -> None:
    commented(WITH_A_NAME)
    answer = comment(WITH_A_NAME)
    reading.take_words_out(answer.id, "", actor=make_person(Role.DELIVERY), now=NOW)
    db.session.commit()
    assert comment("[removed]").id == answer.id
    assert unread() == {answer.id}
    assert "hungry" not in everything_stored()


def test_words_go_from_a_comment_that_is_not_in_the_queue_yet(app: Flask) -> None:
    make_partnership()
    add_comments(make_evaluation(3), WITH_A_NAME)
    answer = comment(WITH_A_NAME)
    reading.take_words_out(answer.id, "Since then", actor=make_person(Role.ADVISOR), now=NOW)
    assert db.session.get_one(CommentReading, answer.id).is_cut
    assert reading.note_comments(now=NOW) == 0
    assert unread() == {answer.id}


@pytest.mark.parametrize("kept", [WITH_A_NAME, "Since then he tells me."])
def test_taking_nothing_out_or_changing_words_is_refused(app: Flask, kept: str) -> None:
    commented(WITH_A_NAME)
    answer = comment(WITH_A_NAME)
    with pytest.raises(Refused):
        reading.take_words_out(answer.id, kept, actor=make_person(Role.DELIVERY), now=NOW)
    db.session.rollback()
    assert comment(WITH_A_NAME)


def test_neither_order_of_writing_nor_of_reading_is_left_in_the_files(app: Flask) -> None:
    texts = [f"Comment {number}" for number in range(12)]
    evaluation = commented(*texts[:6], answered_on=date(2026, 11, 1))
    add_comments(evaluation, *texts[6:], answered_on=date(2026, 11, 1))
    reading.note_comments(now=NOW)
    db.session.commit()
    ids = list(db.session.scalars(select(CommentReading.answer_id)))
    reader = make_person(Role.DELIVERY)
    for one in sorted(ids, reverse=True)[:6]:
        reading.mark_read(evaluation, [one], actor=reader, now=NOW)
        db.session.commit()
    reading.take_words_out(max(ids), "", actor=reader, now=NOW)
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        assert len(set(marks())) > 6
    reading.blur_order(now=NOW)
    db.session.commit()
    # SQLite keeps rows by their key; PostgreSQL says where each one stands.
    place = " ORDER BY ctid" if db.engine.dialect.name == "postgresql" else ""
    stored = db.session.scalars(text(f"SELECT answer_id FROM comment_reading{place}")).all()
    assert stored == sorted(ids)
    if db.engine.dialect.name == "postgresql":
        assert len(set(marks())) == 1


def marks() -> list[str]:
    """Which transaction wrote each row, as PostgreSQL keeps it."""
    found = db.session.scalars(text("SELECT CAST(xmin AS text) FROM comment_reading"))
    return list(found)
