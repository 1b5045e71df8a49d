"""Taking answers in: the response on one side, the fact that somebody answered on the other."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from app.bookings.models import Booking
from app.kernel.db import db, rows_changed
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.kernel.tokens import derived_token, token_hash
from app.partnership.models import Sector
from app.surveys import rules
from app.surveys.answer_rules import Answers, AskedQuestion
from app.surveys.models import (
    InvitationState,
    Question,
    SurveyDraft,
    SurveyInvitation,
    Wave,
)
from app.surveys.plan_conditions import came
from app.surveys.queries import NO_MEASURE_ID, RATHER_NOT_SAY, SECTOR_KEY, find_open_survey
from app.surveys.response_models import Answer, Pairing, Response, ResponseSource, random_id


class Over(Refused):
    """There is nothing to answer any more; the page behind the link says why."""


SPENT = ""  # in place of the answers of a form by an open link that was sent in
DAYS_WITHOUT_A_WORKER = 35  # and nothing stays in the order in which it came
# Moved plans, the wait for another survey and the longest time to answer, together, and some more.
DAYS_FROM_DUE_TO_ANSWER = 92

FINAL = (
    InvitationState.ANSWERED,
    InvitationState.CLOSED,
    InvitationState.MISSED,
    InvitationState.STOPPED,
)


def submit_response(
    invitation_id: int,
    questions: Sequence[AskedQuestion],
    answers: Answers,
    *,
    draft_hash: str,
    now: datetime,
) -> Response:
    """Keep the answers of somebody invited, apart from who they are; Over if it is too late."""
    taken = db.session.execute(
        update(SurveyInvitation)
        .where(
            SurveyInvitation.id == invitation_id,
            SurveyInvitation.state == InvitationState.SENT,
            SurveyInvitation.closes_at > now,
        )
        .values(state=InvitationState.ANSWERED, answered_on=london_date(now)),
        execution_options={"synchronize_session": False},
    )
    if rows_changed(taken) != 1:
        raise Over("This survey has been answered or closed already: nothing was sent again")
    invitation, wave = db.session.execute(
        select(SurveyInvitation, Wave)
        .join(Wave, Wave.id == SurveyInvitation.wave_id)
        .where(SurveyInvitation.id == invitation_id)
        .execution_options(populate_existing=True)
    ).one()
    kept = _event_is_kept(invitation, wave)
    response = Response(
        id=random_id(),
        evaluation_id=invitation.evaluation_id,
        wave_id=wave.id,
        version_id=_version_of(questions),
        source=ResponseSource.PERSONAL,
        event_id=invitation.event_id if kept else None,
        sector_id=invitation.sector_id,
        pairing_key=_pairing_key(invitation),
        answered_on=rules.month_of_asking(invitation.due_at, event_is_kept=kept),
    )
    _store(response, questions, answers)
    forget_draft(draft_hash)
    return response


def submit_open_response(
    slug: str,
    questions: Sequence[AskedQuestion],
    answers: Answers,
    *,
    draft_hash: str,
    now: datetime,
) -> Response | None:
    """Keep answers that came by an open link: nothing says whose.

    None if this form was sent in already; Over once the link has ended.
    """
    survey = find_open_survey(slug)
    if survey is None or not survey.is_open(now):
        raise Over("This survey has closed: your answers were not sent")
    if not _spend_draft(draft_hash, now=now):
        return None
    sector_id = survey.sector_id
    if sector_id is None:
        chosen = (answers.get(SECTOR_KEY) or [RATHER_NOT_SAY])[0]
        sector_id = db.session.scalar(select(Sector.id).where(Sector.slug == chosen))
    day = london_date(now)
    response = Response(
        id=random_id(),
        evaluation_id=survey.evaluation_id,
        version_id=_version_of(questions),
        source=ResponseSource.OPEN,
        open_link_id=survey.link_id,
        event_id=survey.event_id,
        sector_id=sector_id,
        # Few have the link of one session or organisation: a day could tell who answered.
        answered_on=day.replace(day=1) if survey.link_id else day,
    )
    asked = [question for question in questions if question.id != NO_MEASURE_ID]
    _store(response, asked, answers)
    return response


def _spend_draft(draft_hash: str, *, now: datetime) -> bool:
    """Note that the form behind this random key is sent in; False if it was already.

    What was written is erased; the bare key stays until old drafts go, so that a form sent twice,
    even at the same moment, counts once.
    """
    spent = db.session.execute(
        update(SurveyDraft)
        .where(SurveyDraft.draft_hash == draft_hash, SurveyDraft.answers != SPENT)
        .values(answers=SPENT, saved_on=london_date(now)),
        execution_options={"synchronize_session": False},
    )
    return rows_changed(spent) == 1 or _insert_draft(draft_hash, SPENT, now=now)


def _insert_draft(draft_hash: str, answers: str, *, now: datetime) -> bool:
    """Add a draft; False if there is one with this key."""
    values = {"draft_hash": draft_hash, "answers": answers, "saved_on": london_date(now)}
    try:
        with db.session.begin_nested():
            db.session.execute(insert(SurveyDraft).values(values))
    except IntegrityError:
        return False
    return True


def hash_of_draft(token: str) -> str:
    """Where the draft of somebody with this link is kept; derived from the link, not from who."""
    return token_hash(derived_token("survey-draft", token))


def read_draft(draft_hash: str) -> Answers:
    """What somebody has answered so far; empty without a draft."""
    kept = db.session.scalar(
        select(SurveyDraft.answers).where(SurveyDraft.draft_hash == draft_hash)
    )
    answers: Answers = json.loads(kept) if kept else {}
    return answers


def save_draft(draft_hash: str, answers: Answers, *, now: datetime) -> None:
    """Keep what somebody has answered so far; a form that was sent in stays sent."""
    written = json.dumps(answers)
    saved = db.session.execute(
        update(SurveyDraft)
        .where(SurveyDraft.draft_hash == draft_hash, SurveyDraft.answers != SPENT)
        .values(answers=written, saved_on=london_date(now)),
        execution_options={"synchronize_session": False},
    )
    if rows_changed(saved) or _insert_draft(draft_hash, written, now=now):
        return
    save_again = (SurveyDraft.draft_hash == draft_hash, SurveyDraft.answers != SPENT)
    db.session.execute(
        update(SurveyDraft).where(*save_again).values(answers=written),
        execution_options={"synchronize_session": False},
    )


def forget_draft(draft_hash: str) -> None:
    """Erase a draft."""
    db.session.execute(delete(SurveyDraft).where(SurveyDraft.draft_hash == draft_hash))


def erase_pairings(*, now: datetime) -> int:
    """Forget which person a random key belonged to, once the last wave has closed; how many."""
    ended = select(SurveyInvitation.id).where(
        SurveyInvitation.wave_id == Wave.id,
        SurveyInvitation.addressee_key == Pairing.addressee_key,
        SurveyInvitation.state.in_(FINAL),
    )
    still_to_come = select(Wave.id).where(
        Wave.evaluation_id == Pairing.evaluation_id, ~ended.exists()
    )
    longest = func.max(Wave.months_later)
    count = _erase(~still_to_come.exists())
    for evaluation_id, months in db.session.execute(
        select(Wave.evaluation_id, longest)
        .where(Wave.evaluation_id.in_(select(Pairing.evaluation_id)))
        .group_by(Wave.evaluation_id)
    ).all():
        count += _erase_old(evaluation_id, months, now=now)
    return count


def blur_order(*, now: datetime) -> int:
    """Rewrite what was answered lately, so that no order or mark is left; how many rows.

    PostgreSQL keeps rows where it wrote them and marks each with the transaction that did. One
    statement gives all invitations one mark, and one all responses of a wave that carry the same
    date: a mark for each day's responses would stand in the order of the invitations' days.
    Clustering puts answers in the order of their random ids. SQLite keeps no such mark, and these
    tables by their keys (see KEPT_BY_KEY).
    """
    today = london_date(now)
    lately = (
        SurveyInvitation.state == InvitationState.ANSWERED,
        SurveyInvitation.answered_on >= today - timedelta(days=DAYS_WITHOUT_A_WORKER),
    )
    changed = rows_changed(
        db.session.execute(
            update(SurveyInvitation)
            .where(*lately)
            .values(answered_on=SurveyInvitation.answered_on),
            execution_options={"synchronize_session": False},
        )
    )
    if changed and db.session.get_bind().dialect.name == "postgresql":
        years = [date(year, 1, 1) for year in (today.year, today.year - 1)]
        first_month = (today - timedelta(days=DAYS_FROM_DUE_TO_ANSWER)).replace(day=1)
        _blur_responses(
            Response.wave_id.in_(select(SurveyInvitation.wave_id).where(*lately)),
            or_(Response.answered_on >= first_month, Response.answered_on.in_(years)),
        )
    return changed


def _blur_responses(*which: ColumnElement[bool]) -> None:
    of_these = Answer.response_id.in_(select(Response.id).where(*which))
    for rewritten in (
        update(Answer).where(of_these).values(question_id=Answer.question_id),
        update(Response).where(*which).values(version_id=Response.version_id),
    ):
        db.session.execute(rewritten, execution_options={"synchronize_session": False})
    for table, key in (("response", "pk_response"), ("answer", "pk_answer")):
        db.session.execute(text(f"CLUSTER {table} USING {key}"))


def _erase(*conditions: Any) -> int:
    gone = db.session.execute(
        delete(Pairing).where(*conditions), execution_options={"synchronize_session": False}
    )
    return rows_changed(gone)


def _erase_old(evaluation_id: int, months: int, *, now: datetime) -> int:
    """Where a wave was never planned, for want of a register: by the time it would have closed."""
    longest = timedelta(days=31 * (max(months, 0) + 1)) + 2 * rules.LIMIT
    recent = select(SurveyInvitation.id).where(
        SurveyInvitation.evaluation_id == evaluation_id,
        SurveyInvitation.addressee_key == Pairing.addressee_key,
        SurveyInvitation.due_at > now - longest,
    )
    return _erase(and_(Pairing.evaluation_id == evaluation_id, ~recent.exists()))


def _event_is_kept(invitation: SurveyInvitation, wave: Wave) -> bool:
    attended = db.session.scalar(
        select(func.count(Booking.id)).where(
            Booking.event_id == invitation.event_id,
            Booking.sector_id == invitation.sector_id,
            came(),
        )
    )
    return rules.event_is_kept(attended or 0, once_per_person=wave.once_per_person)


def _pairing_key(invitation: SurveyInvitation) -> str:
    key = db.session.scalar(
        select(Pairing.pairing_key).where(
            Pairing.evaluation_id == invitation.evaluation_id,
            Pairing.addressee_key == invitation.addressee_key,
        )
    )
    if key is None:
        key = secrets.token_hex(16)
        db.session.add(
            Pairing(
                pairing_key=key,
                evaluation_id=invitation.evaluation_id,
                addressee_key=invitation.addressee_key,
            )
        )
    return key


def _version_of(questions: Sequence[AskedQuestion]) -> int:
    """What was on the screen, even if the plan went over to a newer version meanwhile."""
    found = select(Question.version_id).where(Question.id == questions[0].id)
    return db.session.execute(found).scalar_one()


def _store(response: Response, questions: Sequence[AskedQuestion], answers: Answers) -> None:
    db.session.add(response)
    db.session.flush()
    rows = [
        {
            "id": random_id(),
            "response_id": response.id,
            "evaluation_id": response.evaluation_id,
            "wave_id": response.wave_id,
            "question_id": question.id,
            **value,
        }
        for question in questions
        for value in _values(question, answers.get(question.key, []))
    ]
    if rows:
        # Through the table: the mapped class would send a statement for every change of columns.
        db.session.execute(insert(cast(Table, Answer.__table__)), rows)


def _values(question: AskedQuestion, given: Sequence[str]) -> list[dict[str, Any]]:
    if question.kind == "score" and given and given[0].isdecimal():
        return [{"option_id": None, "score": int(value), "text": None} for value in given]
    if question.is_text:
        return [{"option_id": None, "score": None, "text": value} for value in given]
    ids = {option.value: option.id for option in question.options}
    return [{"option_id": ids[value], "score": None, "text": None} for value in given]
