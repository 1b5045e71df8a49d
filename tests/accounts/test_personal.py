"""What signing in leaves behind goes when it has served."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.personal import purge_expired_sign_ins
from app.accounts.sign_in_models import Attempt, SignInCode, SignInSession
from app.kernel.db import db
from tests.support.factories import NOW, make_person

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("ended_ago", "is_kept"),
    [
        pytest.param(-DAY, True, id="still good"),
        pytest.param(DAY, True, id="since yesterday"),
        pytest.param(2 * DAY, True, id="two days to the second"),
        pytest.param(2 * DAY + timedelta(seconds=1), False, id="over two days"),
    ],
)
def test_codes_sessions_and_tries_go_two_days_after_their_end(
    app: Flask, ended_ago: timedelta, is_kept: bool
) -> None:
    ended, made = NOW - ended_ago, NOW - 5 * DAY
    db.session.add(SignInCode(address_hash="a", code_hash="c", made_at=made, expires_at=ended))
    db.session.add(Attempt(kind="code", key_hash="k", at=ended))
    db.session.add(
        SignInSession(
            token_hash="t",
            person_id=make_person().id,
            started_at=made,
            last_seen_at=made,
            expires_at=ended,
        )
    )
    db.session.flush()
    assert purge_expired_sign_ins(now=NOW) == (0 if is_kept else 3)
    for table in (SignInCode, SignInSession, Attempt):
        assert db.session.scalar(select(func.count()).select_from(table)) == int(is_kept)


def test_a_session_that_was_ended_goes_before_it_would_have_expired(app: Flask) -> None:
    db.session.add(
        SignInSession(
            token_hash="t",
            person_id=make_person().id,
            started_at=NOW - 5 * DAY,
            last_seen_at=NOW - 5 * DAY,
            expires_at=NOW + DAY,
            ended_at=NOW - 3 * DAY,
        )
    )
    db.session.flush()
    assert purge_expired_sign_ins(now=NOW) == 1
