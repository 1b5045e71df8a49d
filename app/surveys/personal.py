"""What surveys hold about a person: that they were asked and answered, never what they answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from app.bookings.models import Booking
from app.kernel.db import db
from app.surveys import rules
from app.surveys.merging import merge_invitations
from app.surveys.models import (
    Evaluation,
    InvitationState,
    SurveyDraft,
    SurveyInvitation,
    SurveyStop,
    Wave,
)
from app.surveys.open_link_models import PassingOn, PassingOnState
from app.surveys.plan_models import SurveyAddressee
from app.surveys.planning import link_token
from app.surveys.response_models import Pairing
from app.surveys.responses import hash_of_draft
from app.surveys.sending import stop_asking


def export(person_id: int) -> dict[str, Any]:
    """What somebody was asked and when; answers are kept apart from names and cannot be told."""
    found = db.session.execute(
        select(
            Evaluation.title,
            Wave.months_later,
            Evaluation.counted_from_on.is_not(None).label("of_list"),
            SurveyInvitation.state,
            SurveyInvitation.due_at,
            SurveyInvitation.sent_at,
            SurveyInvitation.reminded_at,
            SurveyInvitation.closes_at,
            SurveyInvitation.answered_on,
        )
        .join(SurveyInvitation.wave)
        .join(SurveyInvitation.evaluation)
        .where(SurveyInvitation.person_id == person_id)
        .order_by(SurveyInvitation.due_at, SurveyInvitation.id)
    )
    rows = [_told(row._asdict()) for row in found]
    lists = db.session.execute(
        select(Evaluation.title, SurveyAddressee.added_at)
        .join(Evaluation, Evaluation.id == SurveyAddressee.evaluation_id)
        .where(SurveyAddressee.person_id == person_id)
        .order_by(SurveyAddressee.id)
    )
    stop = db.session.get(SurveyStop, person_id)
    return {
        "survey_invitations": rows,
        "surveys_to_pass_on": _to_pass_on(person_id),
        "survey_lists": [row._asdict() for row in lists],
        "asked_not_to_be_asked_at": stop.stopped_at if stop else None,
    }


def _told(row: dict[str, Any]) -> dict[str, Any]:
    of_list = bool(row.pop("of_list"))
    return {**row, "wave": rules.wave_words(row["months_later"], of_list=of_list)}


def _to_pass_on(person_id: int) -> list[dict[str, Any]]:
    """The links that somebody was asked to pass on as the contact of an organisation."""
    found = db.session.execute(
        select(Evaluation.title, PassingOn.months_later, PassingOn.state, PassingOn.due_at)
        .add_columns(PassingOn.sent_at)
        .join(PassingOn.evaluation)
        .where(PassingOn.person_id == person_id)
        .order_by(PassingOn.due_at, PassingOn.id)
    )
    return [row._asdict() for row in found]


def erase(person_id: int, *, now: datetime) -> None:
    """Never ask again, end open links, and cut what joins a person's waves while they are open.

    Answers stay, as they stay apart: nothing leads from them to anybody.
    """
    _forget_drafts(person_id)
    stop_asking(person_id, now=now)
    db.session.execute(
        update(PassingOn)
        .where(PassingOn.person_id == person_id, PassingOn.state == PassingOnState.PLANNED)
        .values(state=PassingOnState.STOPPED),
        execution_options={"synchronize_session": False},
    )
    theirs = db.session.scalars(select(Booking.id).where(Booking.person_id == person_id))
    keys = [f"person:{person_id}", *(f"booking:{booking_id}" for booking_id in theirs)]
    db.session.execute(delete(Pairing).where(Pairing.addressee_key.in_(keys)))
    db.session.execute(delete(SurveyAddressee).where(SurveyAddressee.person_id == person_id))


def _forget_drafts(person_id: int) -> None:
    open_ones = db.session.scalars(
        select(SurveyInvitation.reference).where(
            SurveyInvitation.person_id == person_id,
            SurveyInvitation.state == InvitationState.SENT,
        )
    )
    hashes = [hash_of_draft(link_token(reference)) for reference in open_ones]
    db.session.execute(delete(SurveyDraft).where(SurveyDraft.draft_hash.in_(hashes)))


def merge(from_id: int, into_id: int, *, now: datetime) -> None:
    """Everything asked of one person is the other's from now on; after their bookings are.

    Whoever of the two asked us to stop is heard for both. Answers lead to neither of them.
    """
    merge_invitations(from_id, into_id)
    listed = select(SurveyAddressee.evaluation_id).where(SurveyAddressee.person_id == into_id)
    db.session.execute(
        delete(SurveyAddressee).where(
            SurveyAddressee.person_id == from_id, SurveyAddressee.evaluation_id.in_(listed)
        ),
        execution_options={"synchronize_session": False},
    )
    for table in (SurveyAddressee, PassingOn):
        db.session.execute(
            update(table).where(table.person_id == from_id).values(person_id=into_id),
            execution_options={"synchronize_session": "fetch"},
        )
    stop = db.session.get(SurveyStop, from_id)
    if stop is not None:
        db.session.delete(stop)
        stop_asking(into_id, now=now)
    elif db.session.get(SurveyStop, into_id) is not None:
        stop_asking(into_id, now=now)
    db.session.flush()
