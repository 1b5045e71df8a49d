"""Asking and reminding people: one message each, whatever number of surveys it is about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Exists, and_, delete, false, func, or_, select, update
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.catalogue.models import Event
from app.kernel.db import db, rows_changed
from app.kernel.london import london_date
from app.outbox.models import MessageState, OutboxMessage
from app.surveys import answering_hours, emails, rules
from app.surveys.emails import Asked
from app.surveys.models import (
    Evaluation,
    InvitationState,
    MissedBecause,
    SurveyDraft,
    SurveyInvitation,
    SurveyStop,
    Wave,
)
from app.surveys.plan_conditions import is_change_of
from app.surveys.plan_models import ChangeKind, WaveChange

MESSAGE_KINDS = ("survey_invitation", "survey_reminder")


def people_due(*, now: datetime) -> list[int]:
    """The people with something to be asked now; empty around the change of London's clocks."""
    if rules.is_quiet(now):
        return []
    due = (SurveyInvitation.state == InvitationState.PLANNED, SurveyInvitation.due_at <= now)
    rests = rests_of(SurveyInvitation.person_id, now=now)
    return list(
        db.session.scalars(
            select(SurveyInvitation.person_id)
            .join(Wave, Wave.id == SurveyInvitation.wave_id)
            .where(*due, or_(~about_impact(SurveyInvitation, Wave), ~rests))
            .group_by(SurveyInvitation.person_id)
            .order_by(func.min(SurveyInvitation.due_at), SurveyInvitation.person_id)
        )
    )


def send_to(person_id: int, *, now: datetime) -> int:
    """Queue one message with all that a person is to be asked now; how many surveys it is about.

    What is too late is missed; an impact survey waits until four weeks after the one before, and
    takes along those that would follow within a week (formats 5.4).
    """
    planned = _invitations(
        person_id,
        SurveyInvitation.state == InvitationState.PLANNED,
        until=now + rules.ASKED_TOGETHER,
        now=now,
    )
    timely = [asked for asked in planned if not _missed(asked, now=now)]
    due = [asked for asked in timely if asked.invitation.due_at <= now]
    person = db.session.get_one(Person, person_id)
    if not due or not _may_be_asked(person):
        return 0
    to_send = [asked for asked in due if not asked.is_about_impact]
    impact = [asked for asked in timely if asked.is_about_impact]
    falls_due = any(asked.invitation.due_at <= now for asked in impact)
    if falls_due and not db.session.scalar(select(rests_of(person_id, now=now))):
        to_send += impact
    if to_send:
        _mark_sent(to_send, now=now)
        emails.queue_invitation(person, to_send)
    return len(to_send)


def people_to_remind(*, now: datetime) -> list[int]:
    """The people who were asked a week or two ago and have not answered; empty around 1am."""
    if rules.is_quiet(now) or not answering_hours.is_time_to_remind(now=now):
        return []
    waiting = [
        and_(
            SurveyInvitation.reminders_count < number,
            column == days,
            SurveyInvitation.sent_at < rules.sent_before_to_remind(days, now=now),
        )
        for number, column in enumerate((Wave.first_reminder_days, Wave.second_reminder_days), 1)
        for days in db.session.scalars(select(column).distinct())
        if days is not None
    ]
    found = (
        select(SurveyInvitation.person_id)
        .join(Wave, Wave.id == SurveyInvitation.wave_id)
        .where(
            SurveyInvitation.state == InvitationState.SENT,
            SurveyInvitation.closes_at > now,
            SurveyInvitation.bounced_at.is_(None),
            or_(false(), *waiting),
        )
    )
    return list(db.session.scalars(found.distinct().order_by(SurveyInvitation.person_id)))


def remind(person_id: int, *, now: datetime) -> int:
    """Queue one reminder of all that a person has not answered; how many surveys it is about."""
    open_now = _invitations(
        person_id, SurveyInvitation.state == InvitationState.SENT, until=now, now=now
    )
    person = db.session.get_one(Person, person_id)
    numbers: list[int] = []
    to_remind: list[Asked] = []
    for asked in open_now:
        invitation = asked.invitation
        number = rules.reminder_due(
            sent_at=cast(datetime, invitation.sent_at),
            closes_at=invitation.closes_at,
            reminders_count=invitation.reminders_count,
            reminded_at=invitation.reminded_at,
            now=now,
            reminder_days=asked.wave.reminder_days,
        )
        if number and invitation.bounced_at is None and not asked.is_cancelled:
            numbers.append(number)
            to_remind.append(asked)
            invitation.reminders_count, invitation.reminded_at = number, now
    if not to_remind or not _may_be_asked(person):
        return 0
    emails.queue_reminder(person, to_remind, number=max(numbers))
    return len(to_remind)


def close_due(*, now: datetime) -> int:
    """Close what can no longer be answered, miss what can no longer be sent; how many."""
    ends = (
        (InvitationState.SENT, InvitationState.CLOSED, None),
        (InvitationState.PLANNED, InvitationState.MISSED, MissedBecause.LATE),
    )
    count = 0
    for state, end, because in ends:
        ending = SurveyInvitation.closes_at <= now
        if state is InvitationState.PLANNED:
            ending = SurveyInvitation.closes_at < now
        changed = db.session.execute(
            update(SurveyInvitation)
            .where(SurveyInvitation.state == state, ending)
            .values(state=end, missed_because=because),
            execution_options={"synchronize_session": False},
        )
        count += rows_changed(changed)
    last_kept = (now - timedelta(days=rules.DAYS_A_DRAFT_IS_KEPT)).date()
    db.session.execute(delete(SurveyDraft).where(SurveyDraft.saved_on < last_kept))
    return count


def note_undelivered(*, now: datetime) -> int:
    """Take invitations whose message was refused out of the response rate; how many."""
    since = now - timedelta(days=rules.MOST_OPEN_DAYS)
    failed = db.session.scalars(
        select(OutboxMessage.dedupe_key).where(
            OutboxMessage.kind == MESSAGE_KINDS[0],
            OutboxMessage.state == MessageState.FAILED,
            OutboxMessage.queued_at > since,
        )
    )
    references = [reference for key in failed for reference in emails.references_in(key)]
    changed = db.session.execute(
        update(SurveyInvitation)
        .where(
            SurveyInvitation.reference.in_(references),
            SurveyInvitation.state.in_((InvitationState.SENT, InvitationState.CLOSED)),
            SurveyInvitation.bounced_at.is_(None),
        )
        .values(bounced_at=now),
        execution_options={"synchronize_session": False},
    )
    return rows_changed(changed)


def stop_asking(person_id: int, *, now: datetime) -> None:
    """Never ask this person again, and hold back what has not left yet (formats 6.2)."""
    if db.session.get(SurveyStop, person_id) is None:
        db.session.add(SurveyStop(person_id=person_id, stopped_at=now))
    unanswered = (InvitationState.PLANNED, InvitationState.SENT)
    db.session.execute(
        update(SurveyInvitation)
        .where(SurveyInvitation.person_id == person_id, SurveyInvitation.state.in_(unanswered))
        .values(state=InvitationState.STOPPED),
        execution_options={"synchronize_session": False},
    )
    reference = db.session.scalar(select(Person.reference).where(Person.id == person_id))
    db.session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.person_reference == reference,
            OutboxMessage.kind.in_(MESSAGE_KINDS),
            OutboxMessage.state == MessageState.QUEUED,
        )
        .values(state=MessageState.WITHHELD),
        execution_options={"synchronize_session": False},
    )


def _invitations(person_id: int, state: Any, *, until: datetime, now: datetime) -> list[Asked]:
    """A person's invitations in a state, locked, with all that a message says about them.

    Not those that staff have skipped or moved since they were planned.
    """
    changed = select(WaveChange.id).where(
        is_change_of(SurveyInvitation.wave_id, SurveyInvitation.event_id),
        or_(WaveChange.kind == ChangeKind.SKIP, WaveChange.moved_to > london_date(now)),
    )
    planned_otherwise = and_(
        SurveyInvitation.state == InvitationState.PLANNED,
        changed.correlate(SurveyInvitation).exists(),
    )
    query = (
        select(SurveyInvitation, Wave, Evaluation, Event)
        .join(Wave, Wave.id == SurveyInvitation.wave_id)
        .join(Evaluation, Evaluation.id == SurveyInvitation.evaluation_id)
        .outerjoin(Event, Event.id == SurveyInvitation.event_id)
        .where(SurveyInvitation.person_id == person_id, state, ~planned_otherwise)
        .where(SurveyInvitation.due_at <= until)
        .order_by(SurveyInvitation.due_at, SurveyInvitation.id)
        .with_for_update(of=SurveyInvitation, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [Asked(*row) for row in db.session.execute(query)]


def _missed(asked: Asked, *, now: datetime) -> bool:
    invitation = asked.invitation
    if asked.is_cancelled:
        return True  # the next planning says so
    if now > invitation.closes_at:
        invitation.state, invitation.missed_because = InvitationState.MISSED, MissedBecause.LATE
    return invitation.state is InvitationState.MISSED


def _may_be_asked(person: Person) -> bool:
    stopped = db.session.get(SurveyStop, person.id) is not None
    return bool(person.email) and person.deactivated_at is None and not stopped


def about_impact(invitation: Any, wave: Any) -> ColumnElement[bool]:
    """Whether a survey is one of those of which a person gets at most one a month."""
    return or_(wave.months_later > rules.AFTER, invitation.event_id.is_(None))


def rests_of(person_id: Any, *, now: datetime) -> Exists:
    """Whether somebody was sent an impact survey so lately that they are left alone now."""
    asked, wave = aliased(SurveyInvitation), aliased(Wave)
    return (
        select(asked.id)
        .join(wave, wave.id == asked.wave_id)
        .where(asked.person_id == person_id, about_impact(asked, wave))
        .where(asked.sent_at >= rules.resting_since(now=now))
        .exists()
    )


def _mark_sent(to_send: list[Asked], *, now: datetime) -> None:
    for invitation, wave, _evaluation, event in to_send:
        invitation.state = InvitationState.SENT
        invitation.sent_at = now
        invitation.closes_at = rules.closes_at(
            wave.months_later,
            sent_at=now,
            starts_at=event.starts_at if event else None,
            open_days=wave.open_days,
        )
