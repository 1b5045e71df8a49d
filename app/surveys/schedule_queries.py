"""Reads for the schedule of the whole programme: counts and never names; it never reads history.

A page of it reads the invitations of one period by their index on the time they are due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from app.bookings.models import Attendance, Booking
from app.catalogue.models import Event, EventState, Offer
from app.kernel.db import db
from app.kernel.london import day_start
from app.surveys import rules, schedule_rules
from app.surveys.manage_queries import Counts, counts_of_states
from app.surveys.models import (
    Evaluation,
    InvitationState,
    MissedBecause,
    SurveyInvitation,
    Wave,
)
from app.surveys.plan_conditions import asked_about, is_change_of, of_line
from app.surveys.plan_models import ChangeKind, WaveChange
from app.surveys.schedule_rules import LineState, Period
from app.surveys.sending import about_impact

WAS_SENT = (
    InvitationState.SENT,
    InvitationState.ANSWERED,
    InvitationState.CLOSED,
    InvitationState.STOPPED,
)
MOST_SESSIONS = 10
OF_LIST = "list"  # in an address, where a line of an event has the event's reference


@dataclass(frozen=True)
class Asked:
    """Which lines are asked for."""

    period: Period
    words: str = ""
    state: LineState | None = None


@dataclass(frozen=True)
class Line:
    """One wave of one event, or of a list: when due, how it goes, what staff changed."""

    wave_id: int
    event_id: int | None
    title: str
    slug: str
    months_later: int
    event_reference: str | None
    session_title: str | None
    event_ends_at: datetime | None
    due_at: datetime
    closes_at: datetime
    state: LineState
    reported_on: date | None
    change: ChangeKind | None
    moved_to: date | None
    reason: str
    changed_at: datetime | None
    counts: Counts
    missed: dict[MissedBecause, int]
    waits: str = field(default="")

    @property
    def words(self) -> str:
        """When people are asked."""
        return rules.wave_words(self.months_later, of_list=self.event_id is None)

    @property
    def address(self) -> dict[str, Any]:
        """What its own pages are found by."""
        return {
            "slug": self.slug,
            "months": self.months_later,
            "line": self.event_reference or OF_LIST,
        }

    @property
    def state_words(self) -> str:
        """Where it stands."""
        return schedule_rules.STATE_WORDS[self.state]

    @property
    def missed_words(self) -> str:
        """How many were never asked, and why."""
        return schedule_rules.missed_words(self.missed)

    @property
    def can_be_changed(self) -> bool:
        """Whether nobody was asked yet, so that staff can move or skip it."""
        return not self.counts.sent and self.state is not LineState.CLOSED

    @property
    def can_be_skipped(self) -> bool:
        """Whether there is somebody left who would be asked."""
        return (
            self.can_be_changed
            and self.state is not LineState.SKIPPED
            and (self.counts.planned > 0)
        )


@dataclass(frozen=True)
class Session:
    """A session whose surveys are not planned before its register is filled in."""

    title: str
    reference: str
    ends_at: datetime
    booked: int
    needs_register: bool


def counts_by_state(asked: Asked, *, now: datetime) -> dict[LineState, int]:
    """How many lines of the period stand where."""
    lines = _lines(asked, now=now).subquery()
    counted = select(lines.c.state, func.count()).group_by(lines.c.state)
    return {LineState(state): count for state, count in db.session.execute(counted)}


def lines(asked: Asked, *, now: datetime, first: int, last: int) -> list[Line]:
    """One page of the schedule, in the order in which lines fall due."""
    found = _lines(asked, now=now).subquery()
    query = select(found).order_by(found.c.due_at, found.c.wave_id, found.c.event_id)
    if asked.state:
        query = query.where(found.c.state == asked.state.value)
    rows = db.session.execute(query.offset(first).limit(last - first)).mappings()
    return _with_waits([_line(dict(row)) for row in rows], now=now)


def find_line(slug: str, months_later: int, line: str, *, now: datetime) -> Line | None:
    """One line by its address; None if nobody is planned or was missed there."""
    wave = select(Wave.id).join(Evaluation).where(Evaluation.slug == slug)
    wave_id = db.session.scalar(wave.where(Wave.months_later == months_later))
    event_id = db.session.scalar(select(Event.id).where(Event.reference == line))
    if wave_id is None or (event_id is None) != (line == OF_LIST):
        return None
    query = _placed(_counted(of_line(wave_id, event_id)), now=now)
    rows = db.session.execute(query).mappings().all()
    found = _with_waits([_line(dict(row)) for row in rows], now=now)
    return found[0] if found else None


def sessions_not_planned(asked: Asked, *, now: datetime) -> list[Session]:
    """Sessions of the period whose surveys wait for the register, the first of them; one statement.

    Those to come, and those just over without a register, while it is not too late for one.
    """
    its_waves = (
        select(Wave.id)
        .join(Evaluation, Evaluation.id == Wave.evaluation_id)
        .where(Wave.months_later >= rules.AFTER, asked_about())
        .correlate(Offer)
    )
    taken = select(Attendance.id).join(Booking, Booking.id == Attendance.booking_id)
    begins = max(day_start(asked.period.first_on), rules.earliest_end_to_ask(rules.AFTER, now=now))
    query = (
        select(Offer.title, Event.reference, Event.ends_at, Event.places_taken)
        .join(Offer, Offer.id == Event.offer_id)
        .where(Event.state == EventState.PUBLISHED, Event.places_taken > 0)
        .where(Event.is_history.is_(False))
        .where(Event.ends_at >= begins)
        .where(Event.ends_at < day_start(asked.period.last_on + timedelta(days=1)))
        .where(its_waves.exists(), ~taken.where(Booking.event_id == Event.id).exists())
        .order_by(Event.ends_at, Event.id)
        .limit(MOST_SESSIONS)
    )
    for word in asked.words.split():
        query = query.where(Offer.title.icontains(word, autoescape=True))
    return [
        Session(title, reference, ends_at, booked, needs_register=ends_at <= now)
        for title, reference, ends_at, booked in db.session.execute(query)
    ]


def _lines(asked: Asked, *, now: datetime) -> Select[Any]:
    begins = day_start(asked.period.first_on)
    ends = day_start(asked.period.last_on + timedelta(days=1))
    query = _placed(
        _counted(
            SurveyInvitation.state.in_(list(InvitationState)),
            SurveyInvitation.due_at >= begins,
            SurveyInvitation.due_at < ends,
        ),
        now=now,
    )
    for word in asked.words.split():
        titles = (Evaluation.title, Offer.title)
        query = query.where(or_(*(title.icontains(word, autoescape=True) for title in titles)))
    return query


def _counted(*conditions: ColumnElement[bool]) -> Any:
    """Invitations counted by line."""
    missed = [
        func.sum(case((SurveyInvitation.missed_because == why, 1), else_=0)).label(
            f"because_{why.value}"
        )
        for why in MissedBecause
    ]
    is_open = case((SurveyInvitation.state == InvitationState.SENT, 1), else_=0)
    counts = counts_of_states()
    return (
        select(
            SurveyInvitation.wave_id,
            SurveyInvitation.event_id,
            func.min(SurveyInvitation.due_at).label("due_at"),
            func.max(SurveyInvitation.closes_at).label("closes_at"),
            func.sum(is_open).label("open"),
            *(count.label(name) for name, count in counts.items()),
            *missed,
        )
        .where(*conditions)
        .group_by(SurveyInvitation.wave_id, SurveyInvitation.event_id)
        .subquery("counted")
    )


def _placed(counted: Any, *, now: datetime) -> Select[Any]:
    """Lines with what they are about, what staff changed, and where they stand."""
    return (
        select(
            counted,
            Evaluation.title,
            Evaluation.slug,
            Evaluation.reported_on,
            Wave.months_later,
            Event.reference.label("event_reference"),
            Event.ends_at.label("event_ends_at"),
            Offer.title.label("session_title"),
            WaveChange.kind.label("change"),
            WaveChange.moved_to,
            func.coalesce(WaveChange.reason, "").label("reason"),
            WaveChange.changed_at,
            _state(counted.c, now=now).label("state"),
        )
        .join(Wave, Wave.id == counted.c.wave_id)
        .join(Evaluation, Evaluation.id == Wave.evaluation_id)
        .outerjoin(Event, Event.id == counted.c.event_id)
        .outerjoin(Offer, Offer.id == Event.offer_id)
        .outerjoin(WaveChange, is_change_of(counted.c.wave_id, counted.c.event_id))
    )


def _state(counts: Any, *, now: datetime) -> ColumnElement[str]:
    nobody_asked = counts.sent == 0
    reported = Evaluation.reported_on >= func.date(counts.closes_at)
    return case(
        (WaveChange.kind == ChangeKind.SKIP, LineState.SKIPPED.value),
        (counts.open > 0, LineState.OPEN.value),
        (and_(nobody_asked, counts.planned > 0, counts.due_at > now), LineState.COMING.value),
        (and_(nobody_asked, counts.planned > 0), LineState.WAITING.value),
        (counts.planned > 0, LineState.OPEN.value),
        (and_(nobody_asked, counts.missed > 0), LineState.MISSED.value),
        (and_(counts.sent > 0, reported), LineState.REPORTED.value),
        else_=LineState.CLOSED.value,
    )


def _line(row: dict[str, Any]) -> Line:
    missed = {why: row.pop(f"because_{why.value}") for why in MissedBecause}
    counts = Counts(**{name: row.pop(name) for name in counts_of_states()})
    row.pop("open")
    return Line(**row | {"state": LineState(row["state"])}, counts=counts, missed=missed)


def _with_waits(found: list[Line], *, now: datetime) -> list[Line]:
    """The lines; where people of them are left alone for now, they say until when."""
    waiting = _waiting([line for line in found if line.counts.planned], now=now)
    told = []
    for line in found:
        waits = [
            (count, until)
            for wave_id, event_id, count, until in waiting
            if (wave_id, event_id) == (line.wave_id, line.event_id)
            and until > max(now, line.due_at)
        ]
        if waits:
            latest = max(until for _, until in waits)
            is_one_day = all(until == latest for _, until in waits)
            words = schedule_rules.wait_words(
                sum(count for count, _ in waits), latest, one_day=is_one_day
            )
            line = replace(line, waits=words)
        told.append(line)
    return told


def _waiting(
    found: Sequence[Line], *, now: datetime
) -> list[tuple[int, int | None, int, datetime]]:
    """How many of whom is planned there were asked something else lately, and until when they rest.

    As (wave, event, people, until), one for each time at which they were asked.
    """
    if not found:
        return []
    asked, its_wave, since = aliased(SurveyInvitation), aliased(Wave), rules.resting_since(now=now)
    lately = (
        select(asked.person_id, func.max(asked.sent_at).label("sent_at"))
        .join(its_wave, its_wave.id == asked.wave_id)
        .where(about_impact(asked, its_wave), asked.sent_at >= since)
        # Nothing is sent so long after it fell due: this names the index, or all history is read.
        .where(asked.state.in_(WAS_SENT), asked.due_at > since - rules.LIMIT - timedelta(days=1))
        .group_by(asked.person_id)
        .subquery()
    )
    planned = (
        select(SurveyInvitation.wave_id, SurveyInvitation.event_id, func.count(), lately.c.sent_at)
        .join(Wave, Wave.id == SurveyInvitation.wave_id)
        .join(lately, lately.c.person_id == SurveyInvitation.person_id)
        .where(
            SurveyInvitation.state == InvitationState.PLANNED,
            about_impact(SurveyInvitation, Wave),
            or_(*(of_line(line.wave_id, line.event_id) for line in found)),
        )
        .group_by(SurveyInvitation.wave_id, SurveyInvitation.event_id, lately.c.sent_at)
    )
    return [
        (wave_id, event_id, count, rules.rests_until(sent_at))
        for wave_id, event_id, count, sent_at in db.session.execute(planned)
    ]
