"""The readers' queue: comments come into it, are read, and lose what must not stay."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy import Table, delete, false, insert, or_, select, text, update
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.audit import operations as audit
from app.audit.models import AuditLine
from app.impact.words import cutting_rules
from app.impact.words.models import CommentReading, CommentsWaiting, QuoteRow, ThemeOfComment
from app.kernel.db import db, rows_changed
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.surveys.models import Evaluation
from app.surveys.removing import replace_text
from app.surveys.response_models import Answer, Response
from app.surveys.responses import DAYS_FROM_DUE_TO_ANSWER

IN_BULK = {"synchronize_session": False}
READ, TOOK_OUT = "read comments", "took words out"
LATELY = timedelta(hours=3)


def note_comments(*, now: datetime) -> int:
    """Put what people wrote since the last time into the queue; how many comments.

    A batch gets the day of this round. A comment gets none, and stands among the others by its
    random id: neither says when somebody answered.
    """
    noted = aliased(CommentReading)
    known = select(noted.answer_id).where(noted.answer_id == Answer.id)
    new = (
        select(Answer.id, Answer.evaluation_id, false(), false())
        .where(Answer.text.is_not(None), Answer.text != "", ~known.exists())
        .order_by(Answer.id)
    )
    columns = ["answer_id", "evaluation_id", "is_read", "is_cut"]
    into = insert(cast(Table, CommentReading.__table__)).from_select(columns, new)
    count = rows_changed(db.session.execute(into, execution_options={"preserve_rowcount": True}))
    unread = select(CommentReading.evaluation_id).where(~CommentReading.is_read)
    waiting = select(CommentsWaiting.evaluation_id)
    begun = db.session.scalars(
        unread.where(CommentReading.evaluation_id.not_in(waiting)).distinct()
    )
    since = london_date(now)
    db.session.add_all(CommentsWaiting(evaluation_id=one, since=since) for one in begun.all())
    db.session.flush()
    # Answers can go again, as those of an import that is undone.
    db.session.execute(
        delete(CommentsWaiting).where(CommentsWaiting.evaluation_id.not_in(unread)),
        execution_options=IN_BULK,
    )
    return count


def mark_read(
    evaluation: Evaluation, answer_ids: Collection[int], *, actor: Person, now: datetime
) -> int:
    """Take comments out of the queue; how many. The trail says of how many, never of which."""
    of_it = CommentReading.evaluation_id == evaluation.id
    # One reader after the other, or two of them could wait for each other's comments.
    waits = select(CommentsWaiting).where(CommentsWaiting.evaluation_id == evaluation.id)
    db.session.scalars(waits.with_for_update()).one_or_none()
    read = db.session.execute(
        update(CommentReading)
        .where(of_it, CommentReading.answer_id.in_(answer_ids), ~CommentReading.is_read)
        .values(is_read=True),
        execution_options=IN_BULK,
    )
    count = rows_changed(read)
    if not count:
        return 0
    unread = select(CommentReading.answer_id).where(of_it, ~CommentReading.is_read)
    db.session.execute(
        delete(CommentsWaiting).where(
            CommentsWaiting.evaluation_id == evaluation.id, ~unread.exists()
        ),
        execution_options=IN_BULK,
    )
    slug = evaluation.slug
    audit.record(actor.reference, READ, "evaluation", slug, now=now, count=count)
    return count


def blur_order(*, now: datetime) -> int:
    """Leave no order of reading in the files of PostgreSQL, and no words that were taken out.

    There, rows stand where they were written, each with the mark of the transaction that did it,
    and what was replaced stays until it is cleared. So all that is said of comments of these months
    is written anew at once and put in the order of random ids, as answers are themselves.
    """
    if db.session.get_bind().dialect.name != "postgresql":
        return 0
    lately = select(AuditLine.verb).where(
        AuditLine.at > now - LATELY, AuditLine.verb.in_([READ, TOOK_OUT])
    )
    done = set(db.session.scalars(lately))
    if done or db.session.scalar(select(CommentsWaiting.evaluation_id).limit(1)):
        _write_anew(now)
        db.session.execute(text("CLUSTER comment_reading USING pk_comment_reading"))
        db.session.execute(text("CLUSTER theme_of_comment USING pk_theme_of_comment"))
    if TOOK_OUT in done:
        db.session.execute(text("CLUSTER answer USING pk_answer"))
    return len(done)


def _write_anew(now: datetime) -> None:
    today = london_date(now)
    since = (today - timedelta(days=DAYS_FROM_DUE_TO_ANSWER)).replace(day=1)
    years = [date(year, 1, 1) for year in (today.year, today.year - 1)]
    comments = (
        select(Answer.id)
        .join(Response, Response.id == Answer.response_id)
        .where(Answer.text.is_not(None))
        .where(or_(Response.answered_on >= since, Response.answered_on.in_(years)))
    )
    read = update(CommentReading).where(CommentReading.answer_id.in_(comments))
    db.session.execute(read.values(is_read=CommentReading.is_read), execution_options=IN_BULK)
    given = update(ThemeOfComment).where(ThemeOfComment.answer_id.in_(comments))
    db.session.execute(given.values(theme_id=ThemeOfComment.theme_id), execution_options=IN_BULK)


def lock_comment(answer_id: int) -> Answer:
    """A comment whose words nobody else can change or quote until the end of the transaction."""
    found = select(Answer).where(Answer.id == answer_id, Answer.text.is_not(None))
    return db.session.scalars(
        found.with_for_update().execution_options(populate_existing=True)
    ).one()


def take_words_out(answer_id: int, kept: str, *, actor: Person, now: datetime) -> None:
    """Keep only these words of a comment; quotations made of it go whole. Refused if none is cut.

    What was taken out is nowhere afterwards. The trail keeps who, when and of which comment.
    """
    answer = lock_comment(answer_id)
    original = answer.text or ""
    if cutting_rules.is_whole(original, kept):
        raise Refused("Nothing is cut yet: delete the words that could identify a child")
    replace_text(answer_id, cutting_rules.cut(original, kept, mark=cutting_rules.REMOVED))
    quotes = db.session.execute(
        delete(QuoteRow).where(QuoteRow.answer_id == answer_id), execution_options=IN_BULK
    )
    reading = db.session.get(CommentReading, answer_id) or CommentReading(
        answer_id=answer_id, evaluation_id=answer.evaluation_id
    )
    reading.is_cut = True
    db.session.add(reading)
    audit.record(
        actor.reference,
        TOOK_OUT,
        "comment",
        str(answer_id),
        now=now,
        quotations_removed=rows_changed(quotes),
    )
    db.session.flush()
