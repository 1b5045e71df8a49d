"""How often something was tried: counted in the database, so that every process counts alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ScalarSelect, delete, func, insert, literal, select

from app.accounts.rules import LIMITS, Act, CountedBy, Limit, may_try_again_at
from app.accounts.sign_in_models import Attempt
from app.kernel import london
from app.kernel.db import db
from app.kernel.errors import Refused
from app.kernel.tokens import derived_token

Subjects = Mapping[CountedBy, str]


class TooOften(Refused):
    """Something was tried too often; the text says until when to wait."""


def admit(act: Act, subjects: Subjects, *, now_real: datetime, times: int = 1) -> None:
    """Let a try pass, or so many at once, or TooOften.

    Others that share a limit wait until this transaction ends.
    """
    keys = _keys(act, subjects)
    _wait_for_turn(keys)
    limits = LIMITS[act]
    deciding = [_try_that_decides(keys[one.counted_by], one, now_real, times) for one in limits]
    row = db.session.execute(select(*deciding)).one()
    for limit, tried_at in zip(limits, row, strict=True):
        again_at = may_try_again_at(tried_at, limit, now_real)
        if again_at:
            words = f"{WORDS[act]} You can try again at {_until_words(again_at, now_real)}"
            raise TooOften(words)


def count(act: Act, subjects: Subjects, *, now_real: datetime, times: int = 1) -> None:
    """Note one try, or so many."""
    keys = _keys(act, subjects).values()
    rows = [{"kind": act, "key_hash": key, "at": now_real} for key in keys] * times
    db.session.execute(insert(Attempt), rows)


def forgive(*tried: tuple[Act, Subjects]) -> None:
    """Forget what was tried: it turned out to be the right person."""
    keys = [key for act, subjects in tried for key in _keys(act, subjects).values()]
    db.session.execute(delete(Attempt).where(Attempt.key_hash.in_(keys)))


def _try_that_decides(key: str, limit: Limit, now: datetime, times: int) -> ScalarSelect[datetime]:
    """The newest try but so many: while it is in the window, the limit is reached."""
    return (
        select(Attempt.at)
        .where(Attempt.key_hash == key, Attempt.at > now - limit.within)
        .order_by(Attempt.at.desc())
        .offset(limit.most - times)
        .limit(1)
        .scalar_subquery()
    )


WORDS = {
    Act.ASK_CODE: "We have already sent codes to this address. Use the newest one.",
    Act.TRY_CODE: "Too many wrong codes have been tried.",
    Act.SECOND_STEP: "Too many wrong codes have been tried.",
    Act.PROPOSE_ORGANISATION: "You have added several organisations today.",
    Act.BOOK_FOR_OTHERS: "You can book 600 people a day, and with these it would be more. "
    "Book fewer now, or ring us.",
    Act.ANSWER_OPEN_SURVEY: "This survey has been answered very often from where you are.",
    Act.CHECK_CERTIFICATE: "Many wrong codes have been tried from where you are.",
}


def _until_words(again_at: datetime, now: datetime) -> str:
    again_at += timedelta(seconds=59)  # words name no seconds; too early would disappoint
    clock_words = london.clock_words(again_at)
    if london.london_date(again_at) == london.london_date(now):
        return clock_words
    return f"{clock_words} tomorrow"


def _keys(act: Act, subjects: Subjects) -> dict[CountedBy, str]:
    return {by: derived_token(f"attempt {act} {by}", who) for by, who in subjects.items()}


def _wait_for_turn(keys: Mapping[CountedBy, str]) -> None:
    """Two tries that share a limit are looked at one after the other; SQLite does so by itself."""
    if db.session.connection().dialect.name != "postgresql":
        return
    numbers = sorted(int(k[:15], 16) for by, k in keys.items() if by is not CountedBy.EVERYBODY)
    turns = [func.pg_advisory_xact_lock(literal(number, BigInteger)) for number in numbers]
    db.session.execute(select(*turns))
