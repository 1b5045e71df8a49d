"""The desk: every list of it in one statement, its head or one page to the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from app.home import desk_matters, desk_sessions
from app.home.desk_lines import OF_TRAINERS, DeskList, DeskSection, Listed
from app.kernel.db import db
from app.kernel.paging import PAGE_SIZE, pages

SHOWN_ON_THE_DESK = 6


def desk(*, now: datetime, trainer_id: int | None = None) -> list[DeskSection]:
    """The head of every list; of a trainer, only their own sessions and registers."""
    kinds = DeskList if trainer_id is None else OF_TRAINERS
    return [
        desk_section(kind, page=1, size=SHOWN_ON_THE_DESK, now=now, trainer_id=trainer_id)
        for kind in kinds
    ]


def whole_list(
    kind: DeskList, *, page: int, now: datetime, trainer_id: int | None = None
) -> DeskSection:
    """One list to its end, in pages."""
    return desk_section(kind, page=page, size=PAGE_SIZE, now=now, trainer_id=trainer_id)


def desk_section(
    kind: DeskList, *, page: int, size: int, now: datetime, trainer_id: int | None = None
) -> DeskSection:
    """One list; a page that does not exist shows the first."""
    statement, line_of = _listed(kind, now, trainer_id)
    rows = db.session.execute(statement.offset((page - 1) * size).limit(size)).all()
    if not rows and page > 1:
        return desk_section(kind, page=1, size=size, now=now, trainer_id=trainer_id)
    length = rows[0].length if rows else 0
    shown = pages(page, length=length, size=size)
    return DeskSection(kind, [line_of(row) for row in rows], length, shown)


def _listed(kind: DeskList, now: datetime, trainer_id: int | None) -> Listed:
    if kind is DeskList.THIS_WEEK:
        return desk_sessions.this_week(now, trainer_id)
    if kind is DeskList.REGISTERS:
        return desk_sessions.registers(now, trainer_id)
    return _OTHERS[kind](now)


_OTHERS: dict[DeskList, Callable[[datetime], Listed]] = {
    DeskList.REQUESTS: desk_sessions.requests,
    DeskList.MAIL: desk_matters.mail,
    DeskList.COMMENTS: desk_matters.comments,
    DeskList.FILLING: desk_sessions.filling,
    DeskList.WAITING: desk_sessions.waiting,
    DeskList.CLOSING: desk_sessions.closing,
    DeskList.SURVEYS: desk_matters.surveys,
    DeskList.RAISED: desk_matters.raised,
    DeskList.DRAFTS: desk_sessions.drafts,
    DeskList.OFFERS: desk_matters.offers,
}
