"""Inviting those for whom training falls due: an Advisor asks for it, the worker writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, select

from app.accounts.models import Person
from app.audit import operations as audit
from app.catalogue.event_lines import is_in_programme
from app.catalogue.models import Event, EventState, Offer, OfferState
from app.catalogue.rules import event_title
from app.forums.training import coming_terms, district
from app.forums.training_models import TrainingInvitation, TrainingRound
from app.forums.training_plan import Wanted, Window, booked_for, wanted_in
from app.forums.training_rules import Span
from app.kernel.db import db, insert_together
from app.kernel.london import date_words, london_date
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference
from app.notices.rules import is_quiet
from app.outbox import letters
from app.outbox.models import OutboxMessage
from app.outbox.operations import NOTICE_PRIORITY, compose
from app.partnership.models import Refresher
from app.record.emails import stop_address
from app.record.models import RefresherStop
from app.record.queries import refresher_rules

KIND = "forums_training"
INVITE_AGAIN_AFTER = timedelta(days=28)
AT_ONCE = 100
MOST_SESSIONS = 12


@dataclass(frozen=True)
class Invited:
    """Who would be written to, each person once, and why others would not."""

    reached: list[Wanted]
    without_address: int
    stopped: int  # want no reminders of what must be renewed
    invited_lately: int


@dataclass(frozen=True)
class OpenSession:
    """A session that can be booked now."""

    title: str
    when_words: str
    reference: str


def foresee(asked: Window, *, now: datetime) -> Invited:
    """Whom an invitation would reach; who has booked what renews it already is left out."""
    booked = booked_for(asked.rule.id, now=now)
    wanted = wanted_in(asked, district(now=now, terms=asked.terms))
    each_once = {one[0].person_id: one for one in wanted if one[0].person_id not in booked}
    stopped = set(db.session.scalars(select(RefresherStop.person_id)))
    lately = _invited_since(asked.rule.id, now - INVITE_AGAIN_AFTER)
    left = {id_: one for id_, one in each_once.items() if one[0].email}
    return Invited(
        reached=[one for id_, one in left.items() if id_ not in stopped | lately],
        without_address=len(each_once) - len(left),
        stopped=len(stopped & set(left)),
        invited_lately=len((lately - stopped) & set(left)),
    )


def _invited_since(refresher_id: int, since: datetime) -> set[int]:
    return set(
        db.session.scalars(
            select(TrainingInvitation.person_id)
            .join(TrainingInvitation.round)
            .where(TrainingRound.refresher_id == refresher_id, TrainingInvitation.sent_at > since)
        )
    )


def open_sessions(refresher_id: int, *, now: datetime) -> list[OpenSession]:
    """The coming sessions that renew it and can be booked now, places or waiting list."""
    found = db.session.execute(
        select(Offer.title, Event.subtitle, Event.starts_at, Event.reference)
        .join(Event.offer)
        .where(
            Offer.refresher_id == refresher_id,
            Offer.state == OfferState.PUBLISHED,
            Event.state == EventState.PUBLISHED,
            Event.booking_url == "",
            is_in_programme(),
            Event.booking_opens_at <= now,
            Event.booking_closes_at > now,
        )
        .order_by(Event.starts_at, Event.id)
        .limit(MOST_SESSIONS)
    )
    return [
        OpenSession(event_title(row.title, row.subtitle), date_words(row.starts_at), row.reference)
        for row in found
    ]


def ask_to_invite(asked: Window, *, actor: Person, now: datetime) -> None:
    """Ask the worker to invite people; Refused if it is at it, or there is nothing to book.

    Only this is noted here, so that the page answers at once however many people there are.
    """
    # Two Advisors who press at once wait for each other here.
    db.session.get_one(Refresher, asked.rule.id, with_for_update=True)
    if _is_under_way(asked.rule.id):
        raise Refused("The worker is still writing the last invitations: wait until it has done")
    if not open_sessions(asked.rule.id, now=now):
        raise Refused("There is no session that can be booked now: publish one first")
    reference = new_reference()
    db.session.add(
        TrainingRound(
            reference=reference,
            refresher_id=asked.rule.id,
            first_on=asked.first_on,
            last_on=asked.span.last_on,
            with_lapsed=asked.with_unknown,
            asked_at=now,
            asked_by_id=actor.id,
        )
    )
    audit.record(
        actor.reference,
        "asked to invite those due",
        "training_round",
        reference,
        now=now,
        what=asked.rule.slug,
        term=asked.span.key,
    )


def _is_under_way(refresher_id: int) -> bool:
    running = (TrainingRound.refresher_id == refresher_id) & TrainingRound.done_at.is_(None)
    return db.session.scalar(select(TrainingRound.id).where(running).limit(1)) is not None


def rounds_to_send(*, now: datetime) -> list[int]:
    """The requests that the worker has not finished; none around 1am."""
    if is_quiet(now):
        return []
    open_ = select(TrainingRound.id).where(TrainingRound.done_at.is_(None))
    return list(db.session.scalars(open_.order_by(TrainingRound.id)))


def send_step(round_id: int, *, now: datetime) -> int:
    """Write to the next hundred people of a request; how many. After the last it is done."""
    row = db.session.get_one(TrainingRound, round_id, with_for_update=True)
    if row.done_at is not None:
        return 0
    sessions = open_sessions(row.refresher_id, now=now)
    left = foresee(_window_of(row, now=now), now=now).reached if sessions else []
    todo = left[:AT_ONCE]
    sent = [
        TrainingInvitation(round_id=round_id, person_id=line.person_id, sent_at=now)
        for line, _ in todo
    ]
    insert_together([*sent, *(_message(row, one, sessions) for one in todo)])
    if len(todo) == len(left):
        row.done_at = now
    return len(todo)


def _window_of(row: TrainingRound, *, now: datetime) -> Window:
    """What was asked for, as it was that day."""
    rule = next(one for one in refresher_rules() if one.id == row.refresher_id)
    span = Span("", "", row.first_on, row.last_on)
    return Window(rule, span, row.first_on, row.with_lapsed, coming_terms(london_date(now)))


def _message(asked: TrainingRound, one: Wanted, sessions: list[OpenSession]) -> OutboxMessage:
    line, renewal = one
    base_url = current_app.config["BASE_URL"]
    letter = letters.write(
        KIND,
        subject=f"{renewal.rule.name}: sessions you can book",
        name=line.name,
        renewal=renewal,
        sessions=sessions,
        record_url=f"{base_url}/record",
        stop_url=f"{base_url}{stop_address(line.person_reference)}",
    )
    return compose(
        letter,
        dedupe_key=f"{KIND}:{asked.reference}:{line.person_reference}",
        kind=KIND,
        about=("training_round", asked.reference),
        person_reference=line.person_reference,
        to_name=line.name,
        to_email=line.email or "",
        priority=NOTICE_PRIORITY,
        erase_when_sent=True,  # it holds a link that works without signing in
    )


@dataclass(frozen=True)
class RoundLine:
    """A request of before: when, how many were written to, whether the worker has done."""

    asked_at: datetime
    written_count: int
    is_done: bool


def last_rounds(refresher_id: int, *, most: int = 3) -> list[RoundLine]:
    """The newest requests to invite, with how far the worker is."""
    written = (
        select(func.count())
        .where(TrainingInvitation.round_id == TrainingRound.id)
        .correlate(TrainingRound)
        .scalar_subquery()
    )
    found = db.session.execute(
        select(TrainingRound.asked_at, written, TrainingRound.done_at)
        .where(TrainingRound.refresher_id == refresher_id)
        .order_by(TrainingRound.id.desc())
        .limit(most)
    )
    return [RoundLine(row[0], row[1], row[2] is not None) for row in found]
