"""What must be true of invitations, responses and answers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select

from app.accounts.models import Person
from app.bookings.models import Booking
from app.catalogue.models import Event
from app.checks.moment import GRACE, Find, Moment
from app.kernel.db import db
from app.kernel.london import london_date
from app.surveys import rules
from app.surveys.import_models import ImportedRow, ImportRun
from app.surveys.models import (
    Evaluation,
    InvitationState,
    SurveyInvitation,
    SurveyStop,
    Wave,
)
from app.surveys.plan_conditions import PLACED, is_change_of
from app.surveys.plan_models import ChangeKind, SurveyAddressee, WaveChange
from app.surveys.response_models import Answer, Response, ResponseSource
from app.surveys.schedule_rules import Placed
from app.surveys.sending import about_impact

Found = Select[Any]


def invitations_due_wrongly(moment: Moment) -> Iterator[str]:
    """Planned invitations whose time is not what the rule says of their event or list.

    Staff may have moved it; what they have skipped is not planned at all.
    """
    lately = moment.now - GRACE
    planned = (
        select(
            SurveyInvitation.reference,
            SurveyInvitation.due_at,
            SurveyInvitation.closes_at,
            *PLACED,
        )
        .join(Wave, Wave.id == SurveyInvitation.wave_id)
        .join(Evaluation, Evaluation.id == SurveyInvitation.evaluation_id)
        .outerjoin(Event, Event.id == SurveyInvitation.event_id)
        .outerjoin(WaveChange, is_change_of(SurveyInvitation.wave_id, SurveyInvitation.event_id))
        .where(
            SurveyInvitation.state == InvitationState.PLANNED,
            or_(Event.id.is_(None), Event.updated_at < lately),
            or_(WaveChange.id.is_(None), WaveChange.changed_at < lately),
        )
    )
    for row in db.session.execute(planned):
        placed = Placed(row.months_later, row.starts_at, row.ends_at, row.counted_from_on)
        wanted = placed.window(row.moved_to)
        is_right = (row.due_at, row.closes_at) == (wanted.due_at, wanted.send_by)
        if row.kind is ChangeKind.SKIP or not is_right:
            yield row.reference


def invitations_of_others(_moment: Moment) -> Found:
    """Invitations whose booking is of another person, event or evaluation than they say.

    Without an event it is of somebody on a list, and what is planned of somebody still on it.
    """
    listed = select(SurveyAddressee.id).where(
        SurveyAddressee.evaluation_id == SurveyInvitation.evaluation_id,
        SurveyAddressee.person_id == SurveyInvitation.person_id,
    )
    is_planned = SurveyInvitation.state == InvitationState.PLANNED
    return (
        select(SurveyInvitation.reference)
        .join(Wave, Wave.id == SurveyInvitation.wave_id)
        .join(Evaluation, Evaluation.id == Wave.evaluation_id)
        .join(Booking, Booking.id == SurveyInvitation.booking_id, isouter=True)
        .where(
            or_(
                Wave.evaluation_id != SurveyInvitation.evaluation_id,
                Booking.person_id != SurveyInvitation.person_id,
                Booking.event_id != SurveyInvitation.event_id,
                SurveyInvitation.event_id.is_(None) != Evaluation.counted_from_on.is_not(None),
                and_(SurveyInvitation.event_id.is_(None), is_planned, ~listed.exists()),
            )
        )
    )


def waves_counted_wrongly(_moment: Moment) -> Found:
    """Evaluations with a wave that has not as many responses as people who answered."""
    answered = (
        select(func.count(SurveyInvitation.id))
        .where(
            SurveyInvitation.wave_id == Wave.id,
            SurveyInvitation.state == InvitationState.ANSWERED,
        )
        .scalar_subquery()
    )
    responses = (
        select(func.count(Response.id))
        .where(Response.wave_id == Wave.id, Response.source == ResponseSource.PERSONAL)
        .scalar_subquery()
    )
    return (
        select(Evaluation.slug)
        .join(Wave, Wave.evaluation_id == Evaluation.id)
        .where(answered != responses)
    )


def invitations_answered_late(_moment: Moment) -> Iterator[str]:
    """Invitations answered before they were sent, or after they had closed."""
    answered = select(
        SurveyInvitation.reference,
        SurveyInvitation.sent_at,
        SurveyInvitation.closes_at,
        SurveyInvitation.answered_on,
    ).where(SurveyInvitation.state == InvitationState.ANSWERED)
    for row in db.session.execute(answered):
        sent_on = london_date(row.sent_at) if row.sent_at else None
        if sent_on is None or not sent_on <= row.answered_on <= london_date(row.closes_at):
            yield row.reference


def invitations_left_open(moment: Moment) -> Found:
    """Invitations that should have been closed or missed an hour ago."""
    return select(SurveyInvitation.reference).where(
        SurveyInvitation.state.in_((InvitationState.SENT, InvitationState.PLANNED)),
        SurveyInvitation.closes_at < moment.now - 4 * GRACE,
    )


def invitations_against_a_wish(_moment: Moment) -> Found:
    """Invitations to people who asked not to be asked, sent or to be sent after that."""
    return (
        select(SurveyInvitation.reference)
        .join(SurveyStop, SurveyStop.person_id == SurveyInvitation.person_id)
        .where(
            or_(
                SurveyInvitation.state == InvitationState.PLANNED,
                and_(
                    SurveyInvitation.state == InvitationState.SENT,
                    SurveyInvitation.sent_at > SurveyStop.stopped_at,
                ),
            )
        )
    )


def asked_too_often(_moment: Moment) -> Iterator[str]:
    """Invitations to impact surveys that were sent within four weeks of another message of them.

    What was sent to two rows of one person before they were merged is left out.
    """
    merged_since = select(Person.id).where(
        Person.merged_into_id == SurveyInvitation.person_id,
        Person.deactivated_at >= SurveyInvitation.sent_at,
    )
    sent = (
        select(SurveyInvitation.person_id, SurveyInvitation.sent_at, SurveyInvitation.reference)
        .join(Wave, Wave.id == SurveyInvitation.wave_id)
        .where(about_impact(SurveyInvitation, Wave), SurveyInvitation.sent_at.is_not(None))
        .where(~merged_since.exists())
        .order_by(SurveyInvitation.person_id, SurveyInvitation.sent_at)
    )
    for one, other in pairwise(db.session.execute(sent)):
        is_together = (one.person_id, one.sent_at) == (other.person_id, other.sent_at)
        days = (london_date(other.sent_at) - london_date(one.sent_at)).days
        if one.person_id == other.person_id and not is_together and days < rules.REST_DAYS:
            yield other.reference


def answers_of_another_wave(_moment: Moment) -> Found:
    """Evaluations with an answer that does not say the same wave as its response."""
    differs = or_(
        Answer.evaluation_id != Response.evaluation_id,
        func.coalesce(Answer.wave_id, -1) != func.coalesce(Response.wave_id, -1),
    )
    of_response = select(Response.evaluation_id).join(Answer, Answer.response_id == Response.id)
    return select(Evaluation.slug).where(Evaluation.id.in_(of_response.where(differs)))


def imports_counted_wrongly(_moment: Moment) -> Found:
    """Imports whose answers are not as many as they brought, or do not say whose row they are."""
    responses = (
        select(func.count(Response.id))
        .where(Response.import_run_id == ImportRun.id)
        .scalar_subquery()
    )
    rows = (
        select(func.count(ImportedRow.response_id))
        .join(Response, Response.id == ImportedRow.response_id)
        .where(Response.import_run_id == ImportRun.id, ImportedRow.form_id == ImportRun.form_id)
        .scalar_subquery()
    )
    brought = case((ImportRun.undone_at.is_(None), ImportRun.new_count), else_=0)
    return select(ImportRun.reference).where(or_(responses != brought, rows != brought))


INVARIANTS: dict[str, Find] = {
    "a planned survey is due when the rule says": invitations_due_wrongly,
    "an invitation is to the person who booked": invitations_of_others,
    "as many responses as people who answered": waves_counted_wrongly,
    "nothing is answered before it was sent or after it closed": invitations_answered_late,
    "what can no longer be answered is closed": invitations_left_open,
    "nobody is asked who asked not to be": invitations_against_a_wish,
    "nobody is sent two impact surveys within a month": asked_too_often,
    "answers belong to the wave of their response": answers_of_another_wave,
    "an import has the answers that it brought": imports_counted_wrongly,
}
