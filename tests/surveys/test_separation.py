"""Who answered and what was answered share no row, no key, no order and no date."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from flask import Flask
from sqlalchemy import select, text

from app.impact.words.models import CommentReading, QuoteRow, ThemeOfComment
from app.kernel.db import Base, db
from app.surveys import operations, queries, responses
from app.surveys.models import InvitationState, SurveyDraft, SurveyInvitation
from app.surveys.planning import link_token
from app.surveys.response_models import Answer, Pairing, Response
from tests.support.factories import make_person, make_sector
from tests.support.surveys import a_course_attended, attended, invitations, round_of_work

ENDED = datetime(2026, 11, 9, 12, 30, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
IN_FEBRUARY = datetime(2027, 2, 9, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NAMES_A_PERSON = {"person", "survey_invitation", "booking", "attendance", "pairing", "survey_draft"}


def answer(invitation: SurveyInvitation, now: datetime, text_given: str = "") -> Response:
    """Answer as the page does, with a text that betrays who it was."""
    questions = queries.asked_questions(invitation.wave.version_id, "it")
    given = {"quality": ["good"], "aware": ["yes"], "used": ["yes"]}
    for key in ("good", "example"):
        given[key] = [text_given]
    return operations.submit_response(
        invitation.id,
        questions,
        {key: values for key, values in given.items() if values[0]},
        draft_hash=responses.hash_of_draft(link_token(invitation.reference)),
        now=now,
    )


def test_no_foreign_keys_lead_from_an_answer_to_a_person() -> None:
    tables = Base.metadata.tables
    about_answers = ("response", "answer", "imported_row")
    for start in (*about_answers, "comment_reading", "theme_of_comment", "quote"):
        seen, waiting = set(), [start]
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            waiting += [key.column.table.name for key in tables[name].foreign_keys]
        assert not seen & NAMES_A_PERSON, seen


def test_nothing_that_names_a_person_points_at_an_answer() -> None:
    for table in Base.metadata.tables.values():
        for key in table.foreign_keys:
            if key.column.table.name == "response":
                # A row of an imported file knows which response it became, and nobody's name.
                assert table.name in {"answer", "imported_row"}
            if key.column.table.name == "answer":
                # Readers of comments stand there by their reference, and no answerer does.
                assert table.name in {"comment_reading", "theme_of_comment", "quote"}
            assert key.column.table.name not in {"pairing", "survey_draft"}


def test_no_row_about_answers_holds_an_instant_or_a_running_number() -> None:
    about_answers = (Response, Answer, Pairing, SurveyDraft)
    for model in (*about_answers, CommentReading, ThemeOfComment, QuoteRow):
        for column in model.__table__.columns:
            assert "UtcDateTime" not in repr(column.type), column
            assert not column.type.__class__.__name__.startswith("DateTime"), column
    assert not SurveyInvitation.__table__.columns["answered_on"].type.__class__.__name__.count(
        "Time"
    )


def test_ids_of_answers_are_random(app: Flask) -> None:
    a_course_attended(ENDED, people=20)
    round_of_work(NEXT_MORNING)
    ids = [answer(one, NEXT_MORNING).id for one in invitations(0)]
    rises = sum(later > earlier for earlier, later in pairwise(ids))
    assert 2 <= rises <= 17
    assert min(ids) > 2**40


def test_the_invitation_says_that_and_on_which_day_and_nothing_finer(app: Flask) -> None:
    a_course_attended(ENDED, people=3)
    round_of_work(NEXT_MORNING)
    answer(invitations(0)[0], NEXT_MORNING + timedelta(hours=7, minutes=13))
    db.session.commit()
    db.session.expire_all()
    invitation = next(one for one in invitations(0) if one.answered_on)
    assert invitation.state is InvitationState.ANSWERED
    assert invitation.answered_on == date(2026, 11, 10)
    for column in SurveyInvitation.__table__.columns:
        value = getattr(invitation, column.key)
        if isinstance(value, datetime):
            assert value in {NEXT_MORNING, invitation.closes_at}


def test_a_response_forgets_its_event_where_fewer_than_three_of_its_sector_came(
    app: Flask,
) -> None:
    event = a_course_attended(ENDED, people=3)
    lone = [attended(event, make_person(sector=make_sector(), organisation=None)).person_id]
    db.session.commit()
    round_of_work(NEXT_MORNING)
    kept = {one.person_id: answer(one, NEXT_MORNING) for one in invitations(0)}
    for person_id, response in kept.items():
        assert (response.event_id is None) == (person_id in lone)
        expected = date(2026, 1, 1) if person_id in lone else date(2026, 11, 1)
        assert response.answered_on == expected
        assert response.sector_id is not None


def test_two_answers_of_one_person_share_a_random_key_until_the_last_wave_closes(
    app: Flask,
) -> None:
    a_course_attended(ENDED, people=3)
    round_of_work(NEXT_MORNING)
    first = {one.addressee_key: answer(one, NEXT_MORNING).pairing_key for one in invitations(0)}
    db.session.commit()
    round_of_work(IN_FEBRUARY)
    second = {one.addressee_key: answer(one, IN_FEBRUARY).pairing_key for one in invitations(3)}
    db.session.commit()
    assert first == second
    assert len(set(first.values())) == 3
    stored = {pairing.addressee_key: pairing.pairing_key for pairing in _pairings()}
    assert stored == first

    in_november = datetime(2027, 11, 9, 9, 0, tzinfo=UTC)
    round_of_work(in_november)
    assert len(_pairings()) == 3
    round_of_work(in_november + 29 * DAY)
    assert _pairings() == []
    assert len(set(db.session.scalars(select(Response.pairing_key)))) == 3


def test_a_person_whose_later_waves_never_came_is_unlinked_in_the_end(app: Flask) -> None:
    a_course_attended(ENDED, people=1)
    round_of_work(NEXT_MORNING)
    [invitation] = invitations(0)
    answer(invitation, NEXT_MORNING)
    for planned in [*invitations(3), *invitations(12)]:
        db.session.delete(planned)
    db.session.commit()
    operations.erase_pairings(now=NEXT_MORNING + 400 * DAY)
    assert len(_pairings()) == 1
    operations.erase_pairings(now=NEXT_MORNING + 470 * DAY)
    db.session.expire_all()
    assert _pairings() == []


def _pairings() -> list[Pairing]:
    return list(db.session.scalars(select(Pairing)))


def _in_storage_order(table: str) -> list[Any]:
    """Rows as somebody with the database file reads them: in the order it keeps them."""
    if db.engine.dialect.name == "postgresql":
        return list(db.session.execute(text(f"SELECT id FROM {table} ORDER BY ctid")))
    return list(db.session.execute(text(f"SELECT id FROM {table} NOT INDEXED")))


def test_neither_order_nor_date_nor_transaction_links_answers_to_people(app: Flask) -> None:
    """S31: an attacker with the whole database guesses no better than by chance."""
    dice = random.Random(31)
    a_course_attended(ENDED, people=40)
    round_of_work(NEXT_MORNING)
    truth: dict[int, int] = {}
    answering = invitations(0)
    dice.shuffle(answering)
    for number, invitation in enumerate(answering[:30]):
        now = NEXT_MORNING + timedelta(hours=number * 9)
        truth[answer(invitation, now).id] = invitation.id
        db.session.commit()
        operations.blur_order(now=now)
        db.session.commit()
    db.session.execute(text("DELETE FROM pairing"))
    db.session.commit()
    db.session.expire_all()
    for attack in (_by_place, _by_date, _by_transaction):
        hits = sum(_guesses(attack).get(response) == who for response, who in truth.items())
        assert hits <= 5, f"{attack.__name__}: {hits} of 30"


def test_the_attacks_succeed_where_answers_carry_their_date(app: Flask) -> None:
    """Negative control: with the exact date on the response, a quiet day names the person."""
    a_course_attended(ENDED, people=10)
    round_of_work(NEXT_MORNING)
    truth: dict[int, int] = {}
    for number, invitation in enumerate(invitations(0)):
        response = answer(invitation, NEXT_MORNING + number * DAY)
        response.answered_on = (NEXT_MORNING + number * DAY).date()
        truth[response.id] = invitation.id
    db.session.commit()
    db.session.expire_all()
    hits = sum(_guesses(_by_date).get(response) == who for response, who in truth.items())
    assert hits == 10


def _guesses(attack: Any) -> dict[int, int]:
    guesses: dict[int, int] = attack()
    return guesses


def _by_place() -> dict[int, int]:
    """Pair responses with answered invitations in the order in which both are kept."""
    answered = set(
        db.session.scalars(
            select(SurveyInvitation.id).where(SurveyInvitation.state == InvitationState.ANSWERED)
        )
    )
    people = [row.id for row in _in_storage_order("survey_invitation") if row.id in answered]
    return dict(zip([row.id for row in _in_storage_order("response")], people, strict=True))


def _by_date() -> dict[int, int]:
    """Pair what carries the same date, where only one person answered on it."""
    by_day: dict[date | None, list[int]] = defaultdict(list)
    for one in db.session.scalars(
        select(SurveyInvitation).where(SurveyInvitation.state == InvitationState.ANSWERED)
    ):
        by_day[one.answered_on].append(one.id)
    return {
        response.id: by_day[response.answered_on][0]
        for response in db.session.scalars(select(Response))
        if len(by_day[response.answered_on]) == 1
    }


def _by_transaction() -> dict[int, int]:
    """Pair rows that PostgreSQL says were written by one transaction; SQLite keeps no such mark."""
    if db.engine.dialect.name != "postgresql":
        return {}
    pairs = db.session.execute(
        text(
            "SELECT response.id AS response_id, min(survey_invitation.id) AS invitation_id"
            " FROM response"
            " JOIN survey_invitation ON survey_invitation.xmin = response.xmin"
            " GROUP BY response.id"
        )
    )
    return {pair.response_id: pair.invitation_id for pair in pairs}
