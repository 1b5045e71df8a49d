"""The dry run and the real run reach the same people, whatever the world looks like."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from app.bookings.models import AttendanceOutcome, BookingOrigin, BookingState, CancelReason
from app.catalogue.models import Event, EventState
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.notices import operations, planning
from app.notices.dry_run import dry_run
from app.notices.models import Notice, NoticeKind, NoticeRound, RoundState
from app.notices.operations import RuleDetails
from app.notices.rules import NO_REGISTER, RuleFacts
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    NOW,
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
)

pytestmark = pytest.mark.usefixtures("app")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Reached = Counter[tuple[str, datetime]]
Reasons = Counter[tuple[str, datetime]]


def a_world(chance: random.Random) -> list[Event]:
    """Some events of two offers, before and after now, booked by some people in every state."""
    offers = [make_offer(), make_offer()]
    people = [
        make_person(email=None if chance.random() < 0.2 else f"p{n}@example.org") for n in range(8)
    ]
    people[0].deactivated_at = NOW
    office = make_person(email="office@example.org")
    events = []
    for _ in range(6):
        start = NOW + chance.randrange(-12, 40) * DAY + chance.randrange(10) * HOUR
        joining = NOW - 5 * DAY if chance.random() < 0.3 else None
        event = make_event(
            chance.choice(offers),
            starts_at=start,
            days=chance.choice([1, 1, 2]),
            joining_sent_at=joining,
        )
        if chance.random() < 0.15:
            event.state, event.cancelled_at = EventState.CANCELLED, NOW
        for person in chance.sample(people, 5):
            _book(chance, event, person, office)
        events.append(event)
    db.session.flush()
    return events


def _book(chance: random.Random, event: Event, person: object, office: object) -> None:
    state = chance.choice([*BookingState, *[BookingState.CONFIRMED] * 6])
    changes = {
        "booked_by": chance.choice([person, person, office]),
        "origin": chance.choice([BookingOrigin.SELF, BookingOrigin.SELF, BookingOrigin.REGISTER]),
    }
    if state is BookingState.CANCELLED:
        changes |= {"cancelled_at": NOW, "cancelled_because": CancelReason.PERSON}
    if state is BookingState.HELD:
        changes["held_until"] = NOW + DAY
    if state is BookingState.CONFIRMED:
        changes["confirmed_at"] = NOW - chance.randrange(200) * HOUR
    booking = make_booking(event, person, state=state, **changes)  # type: ignore[arg-type]
    if event.ends_at < NOW and state is BookingState.CONFIRMED and chance.random() < 0.8:
        make_attendance(booking, chance.choice(list(AttendanceOutcome)))


def a_rule(chance: random.Random, events: list[Event]) -> RuleDetails:
    kind = chance.choice(list(NoticeKind))
    return RuleDetails(
        kind=kind,
        offer_id=chance.choice([None, None, events[0].offer_id]),
        days=chance.randrange(1, 12),
        at_time=chance.choice([time(9), time(17, 30)]),
        each_date=kind is NoticeKind.REMINDER and chance.random() < 0.5,
    )


def live_through(until: datetime) -> None:
    """Plan, then send each round at its hour."""
    operations.plan_rounds(now=NOW)
    while True:
        coming = select(NoticeRound.due_at).where(NoticeRound.state == RoundState.SCHEDULED)
        due = db.session.scalars(coming.order_by(NoticeRound.due_at)).all()
        left = [at for at in due if at not in lived]
        if not left or left[0] > until:
            return
        lived.add(left[0])
        operations.plan_rounds(now=left[0])
        operations.send_due(now=left[0])
        db.session.flush()
        db.session.expire_all()


lived: set[datetime] = set()


WORLDS = range(24)


@pytest.mark.parametrize("seed", WORLDS)
def test_the_dry_run_is_the_real_run(seed: int) -> None:
    chance = random.Random(seed)
    make_partnership()
    events, staff = a_world(chance), make_person()
    if chance.random() < 0.5:  # another rule, which may stand in its place
        operations.add_rule(a_rule(chance, events), actor=staff, now=NOW - 20 * DAY)
    details = a_rule(chance, events)
    new = RuleFacts(id=0, is_on=True, switched_on_at=NOW, **vars(details))
    found = dry_run(new, now=NOW)
    assert db.session.scalars(select(OutboxMessage)).all() == []
    try:
        rule = operations.add_rule(details, actor=staff, now=NOW)
    except Refused:
        return  # by chance, the same rule twice
    foretold: Reached = Counter(
        (one.reference, run.due_at) for run in found.forecasts for one in run.to
    )
    why_not: Reasons = Counter()
    for run in found.forecasts:
        for reason, count in run.withheld:
            why_not[(reason, run.due_at)] += count
    lived.clear()
    live_through(NOW + 60 * DAY)
    notices = [
        notice for notice in db.session.scalars(select(Notice)) if notice.round.rule_id == rule.id
    ]
    sent = [notice for notice in notices if notice.message_key]
    assert foretold == Counter((n.booking.reference, n.round.due_at) for n in sent)
    # A register that is never taken shows only when it is too late for it.
    withheld = [n for n in notices if n.reason and n.reason != NO_REGISTER]
    assert why_not == Counter((n.reason, n.round.due_at) for n in withheld)
    keys = {message.dedupe_key for message in db.session.scalars(select(OutboxMessage))}
    assert {notice.message_key for notice in sent} <= keys


def test_the_worlds_are_worth_looking_at() -> None:
    """Enough of the worlds above mail somebody and pass over somebody, in every kind."""
    mailed: Counter[NoticeKind] = Counter()
    for seed in WORLDS:
        chance = random.Random(seed)
        events = a_world(chance)
        for kind in NoticeKind:
            rule = RuleFacts(99, kind, None, 9, time(9), False, True, NOW)
            found = dry_run(rule, now=NOW)
            mailed[kind] += bool(found.message_count and any(f.withheld for f in found.forecasts))
        db.session.rollback()
        assert events
    assert min(mailed.values()) >= 6
    assert planning.all_rules() == []
