"""Sending what is due: round by round, each person once, and why not to the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.bookings.calendar_invites import reached
from app.bookings.models import Booking
from app.bookings.places import lock_event
from app.catalogue.models import Event, EventDate, EventState
from app.kernel.db import Base, db, insert_together
from app.notices import emails, rules
from app.notices.candidates import Candidate, candidates
from app.notices.models import Notice, NoticeKind, NoticeRound, RoundState
from app.notices.planning import facts_of
from app.notices.rules import DateFacts
from app.outbox.operations import NOTICE_PRIORITY, compose

# A transaction stays short: a conference of a thousand goes out in several.
MOST_AT_ONCE = 200


def rounds_due(*, now: datetime) -> list[int]:
    """The rounds that fall due, the oldest first; none around the change of London's clocks."""
    if rules.is_quiet(now):
        return []
    due = (NoticeRound.state == RoundState.SCHEDULED, NoticeRound.due_at <= now)
    return list(
        db.session.scalars(
            select(NoticeRound.id).where(*due).order_by(NoticeRound.due_at, NoticeRound.id)
        )
    )


def send_due(*, now: datetime) -> int:
    """Send all that is due, in the caller's transaction; for how many bookings it was decided."""
    count = 0
    while decided := sum(send_round(round_id, now=now) for round_id in rounds_due(now=now)):
        count += decided
    return count


def send_round(round_id: int, *, now: datetime) -> int:
    """Queue a round's messages, at most 200 at a time; for how many bookings it was decided.

    Call it again while it returns something. A round that its event has outrun is left to the
    next planning.
    """
    one = db.session.scalar(
        select(NoticeRound)
        .where(NoticeRound.id == round_id, NoticeRound.state == RoundState.SCHEDULED)
        .options(joinedload(NoticeRound.rule))
        .with_for_update(of=NoticeRound, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if one is None:
        return 0
    event = _event(one)
    about = next((date for date in event.dates if date.id == one.event_date_id), None)
    if about is None or not _is_still_true(one, event, about):
        return 0
    undecided = _undecided(one, event, about)
    missed = rules.why_missed(
        one.rule.kind,
        due_at=one.due_at,
        about_at=about.starts_at,
        switched_on_at=one.rule.switched_on_at,
        now=now,
    )
    if missed:
        return _miss(one, undecided, missed, now=now)
    return _decide(one, event, about, undecided, now=now)


def _event(one: NoticeRound) -> Event:
    """The event; locked for joining instructions, as confirmations made meanwhile depend on it."""
    if one.rule.kind is NoticeKind.JOINING_INSTRUCTIONS:
        return lock_event(one.event_id)
    return db.session.get_one(
        Event,
        one.event_id,
        options=[joinedload(Event.dates), joinedload(Event.offer)],
        populate_existing=True,
    )


def _is_still_true(one: NoticeRound, event: Event, about: EventDate) -> bool:
    facts = DateFacts(about.id, about.starts_at, about.ends_at)
    due_at = rules.due_at(facts_of(one.rule), facts)
    return event.state is EventState.PUBLISHED and one.rule.is_on and due_at == one.due_at


def _undecided(one: NoticeRound, event: Event, about: EventDate) -> list[Candidate]:
    decided = set(db.session.scalars(select(Notice.booking_id).where(Notice.round_id == one.id)))
    listed = candidates(one.rule.kind, [event.id], about_at={event.id: about.starts_at})
    return [found for found in listed.get(event.id, []) if found.booking_id not in decided]


def _miss(one: NoticeRound, undecided: Sequence[Candidate], missed: str, *, now: datetime) -> int:
    """End a round that comes too late: whoever has not been told is not told any more."""
    waited = one.rule.kind is NoticeKind.MISSED_YOU and missed == rules.TOO_LATE
    reason = rules.NO_REGISTER if waited else missed
    if not one.sent_count and not one.withheld_count:
        one.state, one.reason = RoundState.MISSED, reason
        return 1
    insert_together([_withheld(one, found, reason, now=now) for found in undecided])
    one.withheld_count += len(undecided)
    one.state, one.done_at = RoundState.DONE, now
    return len(undecided) or 1


def _decide(
    one: NoticeRound,
    event: Event,
    about: EventDate,
    undecided: Sequence[Candidate],
    *,
    now: datetime,
) -> int:
    why = {
        found.booking_id: rules.why_withheld(
            one.rule.kind,
            found.facts,
            due_at=one.due_at,
            joining_sent_at=event.joining_sent_at,
        )
        for found in undecided
    }
    decided = [found for found in undecided if why[found.booking_id] is not None][:MOST_AT_ONCE]
    to_send = [found for found in decided if why[found.booking_id] == ""]
    rows: list[Base] = [
        _withheld(one, found, why[found.booking_id] or "", now=now)
        for found in decided
        if why[found.booking_id]
    ]
    rows += _letters(one, event, about, to_send, now=now)
    insert_together(rows)
    one.sent_count += len(to_send)
    one.withheld_count += len(decided) - len(to_send)
    if one.rule.kind is NoticeKind.JOINING_INSTRUCTIONS and event.joining_sent_at is None:
        event.joining_sent_at = now
    if len(decided) == len(undecided):
        one.state, one.done_at = RoundState.DONE, now
        return len(decided) or 1
    return len(decided)


def _withheld(one: NoticeRound, found: Candidate, reason: str, *, now: datetime) -> Notice:
    return Notice(
        round_id=one.id,
        booking_id=found.booking_id,
        message_key=None,
        reason=reason,
        decided_at=now,
    )


def _letters(
    one: NoticeRound,
    event: Event,
    about: EventDate,
    to_send: Sequence[Candidate],
    *,
    now: datetime,
) -> list[Base]:
    """For each of them the message and the note that it was sent."""
    kind = one.rule.kind
    bookings = db.session.scalars(
        select(Booking)
        .where(Booking.id.in_([found.booking_id for found in to_send]))
        .order_by(Booking.id)
        .options(joinedload(Booking.person), joinedload(Booking.booked_by))
    ).all()
    dates = emails.dates_of(one.rule, event, about)
    offered = emails.next_dates(event, now=now) if kind is NoticeKind.MISSED_YOU else ""
    too_late_at = about.starts_at
    if kind is NoticeKind.MISSED_YOU:
        too_late_at = rules.sent_until(kind, due_at=one.due_at, about_at=about.starts_at)
    rows: list[Base] = []
    for booking in bookings:
        key = _message_key(one, booking)
        to = reached(booking)
        rows.append(
            compose(
                emails.write(kind, booking, event, dates, next_dates=offered),
                dedupe_key=key,
                kind=f"notice_{kind}",
                about=("booking", booking.reference),
                to_name=to.name,
                to_email=to.email or "",
                person_reference=to.reference,
                priority=NOTICE_PRIORITY,
                not_after=too_late_at,
            )
        )
        rows.append(
            Notice(
                round_id=one.id, booking_id=booking.id, message_key=key, reason="", decided_at=now
            )
        )
    return rows


def _message_key(one: NoticeRound, booking: Booking) -> str:
    due = f"{one.due_at:%Y%m%dT%H%M}"
    return f"notice:{one.rule.reference}:{booking.reference}:{one.event_date_id}:{due}"
