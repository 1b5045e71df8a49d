"""What signing in leaves behind is erased when it has served."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_

from app.accounts.sign_in_models import Attempt, SignInCode, SignInSession
from app.kernel.db import db, rows_changed

# Longer than any limit looks back, and long enough to see what happened yesterday.
KEPT_AFTER_USE = timedelta(days=2)


def purge_expired_sign_ins(*, now: datetime) -> int:
    """Erase codes, sessions and counted tries that ended two days ago (real clock); how many."""
    before = now - KEPT_AFTER_USE
    ended = (
        delete(SignInCode).where(SignInCode.expires_at < before),
        delete(SignInSession).where(
            or_(SignInSession.expires_at < before, SignInSession.ended_at < before)
        ),
        delete(Attempt).where(Attempt.at < before),
    )
    options = {"synchronize_session": False}
    results = [db.session.execute(gone, execution_options=options) for gone in ended]
    return sum(rows_changed(result) for result in results)
