"""S31: with the whole database after the last wave, answers are matched to people only by chance.

The attacker knows everything but the pairing, which is erased: rows in the order in which they are
kept, ids, dates, versions, transactions, reminders, letters. Within the same wave, event and sector
they line up responses in one order with answered invitations in another; the best of all pairs of
orders must not do better than guessing, by five percentage points.
"""

from __future__ import annotations

import itertools
import random
import secrets
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.kernel.db import db
from app.surveys import operations, queries, responses
from app.surveys.models import InvitationState, SurveyInvitation
from app.surveys.planning import link_token
from app.surveys.response_models import Pairing
from tests.support.factories import make_person, make_sector
from tests.support.surveys import a_course_attended, attended, past_event, round_of_work

ENDED = datetime(2026, 11, 9, 12, 30, tzinfo=UTC)
OPENED = datetime(2026, 11, 10, 9, tzinfo=UTC)
LAST_WAVE = datetime(2027, 11, 9, 9, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = 20
WAS_SENT = SurveyInvitation.state == InvitationState.SENT
PEOPLE = 30  # of each sector at each event
FEW_POINTS = 0.05

Truth = dict[int, int]  # response -> invitation
Order = dict[str, dict[int, Any]]  # of each order: row id -> place


def answer_all(dice: random.Random) -> Truth:
    """Four events, two sectors: people answer in any order over 20 days, then every wave closes."""
    first = a_course_attended(ENDED)
    events = [first, *(past_event(first.offer, ended_at=ENDED) for _ in range(3))]
    for sector in (make_sector("Health"), make_sector("Education")):
        for event, _ in itertools.product(events, range(PEOPLE)):
            attended(event, make_person(sector=sector, organisation=None))
    db.session.commit()
    round_of_work(OPENED)
    waiting = list(db.session.scalars(select(SurveyInvitation.id).where(WAS_SENT)))
    dice.shuffle(waiting)
    truth: Truth = {}
    for day in range(DAYS):
        now = OPENED + day * DAY + timedelta(hours=1)
        for invitation_id in waiting[day::DAYS]:
            truth[answer(invitation_id, now, dice)] = invitation_id
            db.session.commit()
        if day in (7, 14):
            operations.remind_due(now=now)
        operations.blur_order(now=now)
        db.session.commit()
    round_of_work(LAST_WAVE + 60 * DAY)
    assert db.session.scalars(select(Pairing)).all() == []
    return truth


def answer(invitation_id: int, now: datetime, dice: random.Random) -> int:
    invitation = db.session.get_one(SurveyInvitation, invitation_id)
    asked = queries.asked_questions(invitation.wave.version_id, "it")
    given = {
        question.key: [dice.choice(question.options).value]
        for question in asked
        if question.options and not question.is_text
    }
    draft_hash = responses.hash_of_draft(link_token(invitation.reference))
    return operations.submit_response(
        invitation_id, asked, given, draft_hash=draft_hash, now=now
    ).id


def groups_of(truth: Truth) -> list[tuple[list[int], list[int]]]:
    """Responses, and the people who may have given them: same wave, event and sector."""
    found: dict[Any, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for row in db.session.execute(text("SELECT id, wave_id, event_id, sector_id FROM response")):
        found[tuple(row[1:])][0].append(row.id)
    invited = select(SurveyInvitation).where(SurveyInvitation.state == InvitationState.ANSWERED)
    for one in db.session.scalars(invited):
        key = (one.wave_id, one.event_id, one.sector_id)
        found[key if key in found else (one.wave_id, None, one.sector_id)][1].append(one.id)
    assert sum(len(mine) for mine, _ in found.values()) == len(truth)
    return list(found.values())


def kept_order(table: str, key: str = "id") -> dict[int, Any]:
    """Rows of a table by where the database keeps them; of several, the first."""
    is_postgres = db.engine.dialect.name == "postgresql"
    # A table kept by its key has no other order, and says so by an error.
    order = "ctid" if is_postgres else "rowid"
    try:
        rows = db.session.execute(text(f"SELECT {key}, {order} FROM {table} ORDER BY {order}"))
    except Exception:
        db.session.rollback()
        rows = db.session.execute(text(f"SELECT {key}, 0 FROM {table}"))
    found: dict[int, Any] = {}
    for place, row in enumerate(rows):
        found.setdefault(row[0], place)
    return found


def orders(table: str, columns: list[str]) -> Order:
    """Every order in which the rows of a table can be put."""
    found = {"place": kept_order(table)}
    wanted = [*columns, *(["xmin"] if db.engine.dialect.name == "postgresql" else [])]
    for column in wanted:
        value = "xmin::text::bigint" if column == "xmin" else column
        rows = db.session.execute(text(f"SELECT id, {value} AS value FROM {table}"))
        found[column] = {row.id: str(row.value or "") for row in rows}
        if column in ("id", "xmin", "person_id"):
            found[column] = {key: int(value or 0) for key, value in found[column].items()}
    return found


def best_attack(truth: Truth) -> tuple[float, str]:
    """The share matched by the best pair of orders, and which that is."""
    mine = orders("response", ["id", "answered_on", "pairing_key", "version_id"])
    mine["place of answers"] = kept_order("answer", "response_id")
    theirs = orders(
        "survey_invitation",
        [
            "id",
            "answered_on",
            "reminded_at",
            "reminders_count",
            "person_id",
            "reference",
            "sent_at",
        ],
    )
    best = (0.0, "")
    for (name, by), (other, with_) in itertools.product(mine.items(), theirs.items()):
        hits = 0
        for given, people in groups_of(truth):
            in_order = sorted(given, key=lambda row: (by.get(row, 0), mine["id"][row]))
            lined_up = sorted(people, key=lambda row: (with_[row], theirs["id"][row]))
            hits += sum(truth[a] == b for a, b in zip(in_order, lined_up, strict=False))
        best = max(best, (hits / len(truth), f"{name} with {other}"))
    return best


def by_chance(truth: Truth) -> float:
    return sum(len(mine) / len(people) for mine, people in groups_of(truth)) / len(truth)


Ids = Callable[[int], int]


@pytest.fixture
def dice(monkeypatch: pytest.MonkeyPatch) -> random.Random:
    """Chance that is the same each time, so that no luck makes this pass or fail."""
    dice = random.Random(20261121)
    monkeypatch.setattr(secrets, "randbits", dice.getrandbits)
    monkeypatch.setattr(secrets, "randbelow", dice.randrange)
    monkeypatch.setattr(secrets, "token_hex", lambda length=32: dice.randbytes(length).hex())
    return dice


@pytest.mark.slow
def test_no_order_matches_answers_to_people(app: Flask, dice: random.Random) -> None:
    truth = answer_all(dice)
    share, how = best_attack(truth)
    assert share <= by_chance(truth) + FEW_POINTS, how


@pytest.mark.slow
def test_running_ids_are_found_out(
    app: Flask, dice: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = itertools.count(1)
    monkeypatch.setattr(responses, "random_id", lambda: next(running))
    truth = answer_all(dice)
    share, how = best_attack(truth)
    assert share > by_chance(truth) + 0.5, how
