"""Asking every establishment for its opinion: links and messages, by the worker, in steps.

One message goes to each address, with the links of all its schools. A message is known by its
round and address, so that whatever is done again sends nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from app.forums import opinion_emails, opinion_rules
from app.forums.establishments import (
    Addressee,
    addressees,
    establishments,
    establishments_on,
    today_of,
)
from app.forums.opinion_emails import Kind, SchoolLink
from app.forums.opinion_links import token_of
from app.forums.opinion_models import OpinionLink, OpinionRound, RoundState
from app.kernel.db import db, insert_together
from app.kernel.london import london_date
from app.kernel.tokens import new_reference, token_hash
from app.outbox.models import OutboxMessage
from app.surveys.rules import is_quiet

LINKS_AT_ONCE = 500
MESSAGES_AT_ONCE = 100
UNSYNCHRONISED = {"synchronize_session": False}


@dataclass(frozen=True)
class ToWrite:
    """One message to come: an address, and the links of the schools it is about."""

    addressee: Addressee
    links: tuple[SchoolLink, ...]


Step = Sequence[ToWrite]


def rounds_without_links(*, now: datetime) -> list[int]:
    """Open rounds in which not every establishment has its link yet."""
    return _open_rounds(OpinionRound.links_made_at.is_(None), now=now)


def rounds_to_send(*, now: datetime) -> list[int]:
    """Open rounds in which not everybody has been written to; none in the quiet hour."""
    if is_quiet(now):
        return []
    with_links = OpinionRound.links_made_at.is_not(None)
    return _open_rounds(with_links, OpinionRound.asked_at.is_(None), now=now)


def rounds_to_remind(*, now: datetime) -> list[int]:
    """Open rounds whose reminder is due, and of which not everybody was reminded."""
    if is_quiet(now):
        return []
    asked = OpinionRound.asked_at.is_not(None)
    ids = _open_rounds(asked, OpinionRound.reminded_at.is_(None), now=now)
    return [one for one in ids if _reminder_is_due(db.session.get_one(OpinionRound, one), now)]


def make_links(round_id: int, *, now: datetime) -> int:
    """Give some more establishments that were open on the first day their links; how many."""
    found = _lock_open(round_id)
    if found is None or found.opened_at is None or found.links_made_at is not None:
        return 0
    of_round = select(OpinionLink.organisation_id).where(OpinionLink.round_id == round_id)
    have = set(db.session.scalars(of_round))
    on_the_day = establishments_on(london_date(found.opened_at))
    to_come = [one.id for one in on_the_day if one.id not in have]
    links = [_link(round_id, one) for one in to_come[:LINKS_AT_ONCE]]
    if links:
        insert_together(links)
    if len(to_come) <= LINKS_AT_ONCE:
        found.links_made_at = now
    return len(links)


def steps(round_id: int, kind: Kind) -> list[Step]:
    """Whom to ask, or remind, in steps: without those who have been, and for reminders without
    schools that answered. A school that converted meanwhile is asked as what it is today.
    """
    found = db.session.get_one(OpinionRound, round_id)
    links = _links_by_school(round_id, *_which(kind))
    written_to, _ = addressees(establishments(links).values())
    done = set(
        db.session.scalars(
            select(OutboxMessage.dedupe_key).where(
                OutboxMessage.about_kind == opinion_emails.ABOUT,
                OutboxMessage.about_reference == found.reference,
            )
        )
    )
    left = [
        ToWrite(one, tuple(links[school.id] for school in one.establishments))
        for one in written_to
        if opinion_emails.dedupe_key(kind, found.reference, one.email) not in done
    ]
    starts = range(0, len(left), MESSAGES_AT_ONCE)
    return [left[start : start + MESSAGES_AT_ONCE] for start in starts]


def send_step(step: Step, round_id: int, kind: Kind, *, now: datetime) -> int:
    """Put the messages of one step into the outbox; how many. Nothing once the round closed."""
    found = _lock_open(round_id)
    if found is None or found.closes_at <= now:
        return 0
    ids = {link.id for one in step for link in one.links}
    still = set(
        db.session.scalars(select(OpinionLink.id).where(OpinionLink.id.in_(ids), *_which(kind)))
    )
    letters = opinion_emails.Letters(found, kind)
    messages, written = [], set()
    for one in step:
        links = [link for link in one.links if link.id in still]
        if links:
            messages.append(letters.compose(one.addressee, links))
            written |= {link.id for link in links}
    if messages:
        insert_together(messages)
        _mark(written, kind, now=now)
    return len(messages)


def finish(round_id: int, kind: Kind, *, now: datetime) -> None:
    """Note that everybody of a round has been asked, or reminded."""
    found = _lock_open(round_id)
    if found is None:
        return
    if kind is Kind.REMINDER:
        found.reminded_at = found.reminded_at or now
    else:
        found.asked_at = found.asked_at or now


def _link(round_id: int, organisation_id: int) -> OpinionLink:
    reference = new_reference(16)
    return OpinionLink(
        reference=reference,
        token_hash=token_hash(token_of(reference)),
        round_id=round_id,
        organisation_id=organisation_id,
        answers_count=0,
    )


def _which(kind: Kind) -> list[ColumnElement[bool]]:
    """Which links there is something to write about."""
    if kind is Kind.REMINDER:
        return [OpinionLink.answers_count == 0, OpinionLink.sent_at.is_not(None)]
    return []


def _mark(link_ids: Iterable[int], kind: Kind, *, now: datetime) -> None:
    column = OpinionLink.reminded_at if kind is Kind.REMINDER else OpinionLink.sent_at
    db.session.execute(
        update(OpinionLink)
        .where(OpinionLink.id.in_(link_ids), column.is_(None))
        .values({column: now}),
        execution_options=UNSYNCHRONISED,
    )


def _links_by_school(round_id: int, *which: ColumnElement[bool]) -> dict[int, SchoolLink]:
    """The links of a round by the school that stands for theirs today, its own before others'."""
    rows = db.session.execute(
        select(OpinionLink.id, OpinionLink.reference, OpinionLink.organisation_id)
        .where(OpinionLink.round_id == round_id, *which)
        .order_by(OpinionLink.id)
    ).all()
    today = today_of(row.organisation_id for row in rows)
    names = {one.id: one.name for one in establishments(set(today.values())).values()}
    found: dict[int, SchoolLink] = {}
    for row in rows:
        school = today[row.organisation_id]
        is_own = row.organisation_id == school
        if school in names and (school not in found or is_own):
            found[school] = SchoolLink(row.id, row.reference, names[school])
    return found


def _reminder_is_due(found: OpinionRound, now: datetime) -> bool:
    if found.opened_at is None:
        return False
    due_at = opinion_rules.reminder_at(found.opened_at, found.closes_at)
    return due_at is not None and due_at <= now


def _open_rounds(*which: ColumnElement[bool], now: datetime) -> list[int]:
    is_open = (OpinionRound.state == RoundState.OPEN, OpinionRound.closes_at > now)
    found = select(OpinionRound.id).where(*is_open, *which).order_by(OpinionRound.id)
    return list(db.session.scalars(found))


def _lock_open(round_id: int) -> OpinionRound | None:
    found = db.session.get_one(OpinionRound, round_id, with_for_update=True, populate_existing=True)
    return found if found.state is RoundState.OPEN else None
