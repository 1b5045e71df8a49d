"""What falls due when: rounds made ahead from rules and events, and kept true to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.catalogue.models import Event, EventDate, EventState
from app.kernel.db import db, insert_together
from app.kernel.tokens import new_reference
from app.notices import rules
from app.notices.models import NoticeKind, NoticeRound, NoticeRule, RoundState
from app.notices.rules import DateFacts, Due, RuleFacts

REFERENCE_LENGTH = 12
# Nothing is ever due later after an event than this.
LOOKED_BACK = timedelta(days=rules.MOST_DAYS + 2) + rules.MISSED_YOU_GRACE
Key = tuple[int, int | None, datetime]


@dataclass
class EventFacts:
    """What the planning needs to know of an event."""

    id: int
    offer_id: int
    state: EventState
    dates: list[DateFacts] = field(default_factory=list)


@dataclass(frozen=True)
class Standing:
    """A state to give to a round, and why."""

    state: RoundState
    reason: str


def plan_rounds(*, now: datetime) -> int:
    """Make the rounds true to rules and events; how many were added or have changed.

    A date that moves gets a new round, so that its reminder comes at the new distance.
    """
    known_rules = {rule.id: rule for rule in all_rules()}
    events = {event.id: event for event in load_events(now=now)}
    wanted: dict[Key, Due] = {
        (due.rule_id, due.date_id, due.due_at): due
        for event in events.values()
        for due in _wanted(event, known_rules.values())
    }
    rows = _rounds(list(events))
    changes: dict[Standing, list[int]] = defaultdict(list)
    for row in rows:
        due = wanted.get((row.rule_id, row.event_date_id, row.due_at))
        standing = _standing(row, due, known_rules, events[row.event_id], now=now)
        if standing is not None:
            changes[standing].append(row.id)
    _write(changes)
    _follow_on_the_day(rows, wanted)
    known = {(row.rule_id, row.event_date_id, row.due_at) for row in rows}
    event_of = {one.id: event.id for event in events.values() for one in event.dates}
    added = [
        _round(due, known_rules[due.rule_id], event_of[due.date_id], now=now)
        for key, due in wanted.items()
        if key not in known and _is_worth_a_round(due, known_rules[due.rule_id], now=now)
    ]
    insert_together(added)
    return len(added) + sum(len(ids) for ids in changes.values())


def all_rules() -> list[RuleFacts]:
    """Every rule, on or off."""
    return [facts_of(rule) for rule in db.session.scalars(select(NoticeRule))]


def facts_of(rule: NoticeRule) -> RuleFacts:
    """A rule as the decisions see it."""
    return RuleFacts(
        id=rule.id,
        kind=rule.kind,
        offer_id=rule.offer_id,
        days=rule.days,
        at_time=rule.at_time,
        each_date=rule.each_date,
        is_on=rule.is_on,
        switched_on_at=rule.switched_on_at,
    )


def load_events(*, now: datetime) -> Iterable[EventFacts]:
    """Events to come and those of the last weeks, with their dates; drafts are left out."""
    found: dict[int, EventFacts] = {}
    rows = db.session.execute(
        select(
            Event.id,
            Event.offer_id,
            Event.state,
            EventDate.id.label("date_id"),
            EventDate.starts_at,
            EventDate.ends_at,
        )
        .join(EventDate, EventDate.event_id == Event.id)
        .where(Event.ends_at > now - LOOKED_BACK, Event.state != EventState.DRAFT)
        .order_by(Event.starts_at, Event.id, EventDate.starts_at)
    )
    for row in rows:
        event = found.setdefault(row.id, EventFacts(row.id, row.offer_id, row.state))
        event.dates.append(DateFacts(row.date_id, row.starts_at, row.ends_at))
    return found.values()


def _wanted(event: EventFacts, known: Iterable[RuleFacts]) -> Iterable[Due]:
    if event.state is EventState.PUBLISHED:
        for rule in rules.rules_for(event.offer_id, known):
            if rule.is_on:
                yield from rules.sendings(rule, event.dates)


def _rounds(event_ids: Sequence[int]) -> Sequence[Any]:
    return db.session.execute(
        select(
            NoticeRound.id,
            NoticeRound.rule_id,
            NoticeRound.event_id,
            NoticeRound.event_date_id,
            NoticeRound.about_at,
            NoticeRound.due_at,
            NoticeRound.state,
        ).where(NoticeRound.event_id.in_(event_ids))
    ).all()


def _standing(
    row: Any,
    due: Due | None,
    known: dict[int, RuleFacts],
    event: EventFacts,
    *,
    now: datetime,
) -> Standing | None:
    """The state that a round should have by now; None if it may keep its own."""
    if row.state is RoundState.SCHEDULED and due is None:
        return Standing(RoundState.CANCELLED, _why_not_wanted(row, known, event))
    if row.state is RoundState.CANCELLED and due is not None:
        return _first_standing(due, known[row.rule_id], now=now)
    return None


def _why_not_wanted(row: Any, known: dict[int, RuleFacts], event: EventFacts) -> str:
    if event.state is EventState.CANCELLED:
        return rules.SESSION_CANCELLED
    if row.event_date_id is None:
        return rules.DATE_REMOVED
    rule = known[row.rule_id]
    if not rule.is_on:
        return rules.RULE_OFF
    if rule not in rules.rules_for(event.offer_id, known.values()):
        return rules.OWN_RULE
    return rules.DATE_MOVED


def _first_standing(due: Due, rule: RuleFacts, *, now: datetime) -> Standing:
    missed = rules.why_missed(
        rule.kind,
        due_at=due.due_at,
        about_at=due.about_at,
        switched_on_at=rule.switched_on_at,
        now=now,
    )
    return Standing(RoundState.MISSED if missed else RoundState.SCHEDULED, missed)


def _is_worth_a_round(due: Due, rule: RuleFacts, *, now: datetime) -> bool:
    """Whether anybody could wonder: what was over before the rule began is no message missed."""
    if rule.kind is NoticeKind.MISSED_YOU:
        return due.due_at >= rule.switched_on_at
    return due.about_at > now


def _round(due: Due, rule: RuleFacts, event_id: int, *, now: datetime) -> NoticeRound:
    standing = _first_standing(due, rule, now=now)
    return NoticeRound(
        reference=new_reference(REFERENCE_LENGTH),
        rule_id=due.rule_id,
        event_id=event_id,
        event_date_id=due.date_id,
        about_at=due.about_at,
        due_at=due.due_at,
        state=standing.state,
        reason=standing.reason,
    )


def _write(changes: dict[Standing, list[int]]) -> None:
    for standing, ids in changes.items():
        db.session.execute(
            update(NoticeRound)
            .where(NoticeRound.id.in_(ids))
            .values(state=standing.state, reason=standing.reason),
            execution_options={"synchronize_session": False},
        )


def _follow_on_the_day(rows: Iterable[Any], wanted: dict[Key, Due]) -> None:
    """Let a round whose date moved within its day say the new start; it falls due as before."""
    for row in rows:
        due = wanted.get((row.rule_id, row.event_date_id, row.due_at))
        if due and row.state is RoundState.SCHEDULED and row.about_at != due.about_at:
            db.session.execute(
                update(NoticeRound).where(NoticeRound.id == row.id).values(about_at=due.about_at),
                execution_options={"synchronize_session": False},
            )
