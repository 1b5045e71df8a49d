"""The lists of the desk that are not about one session, each in one statement."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Date, cast, func, literal, null, select, union_all

from app.accounts.models import Organisation
from app.bookings.in_house_models import InHouseRequest, InHouseState
from app.catalogue.models import Offer, OfferKind, OfferState
from app.catalogue.rules import KIND_WORDS
from app.home.desk_lines import DeskLine, Listed
from app.impact.words.models import CommentReading, CommentsWaiting
from app.impact.words.rules import last_late_day
from app.improvement.need_models import Action, ActionState, Need, NeedState
from app.kernel import london
from app.outbox.models import MessageState, OutboxMessage
from app.surveys.models import Evaluation, InvitationState, SurveyInvitation, Wave
from app.surveys.rules import wave_words

MAIL_WITHIN = timedelta(days=30)
SURVEYS_WITHIN = timedelta(days=7)


def mail(now: datetime) -> Listed:
    """Messages that a mail server refused for good, the newest first."""
    statement = (
        select(
            OutboxMessage.to_name,
            OutboxMessage.to_email,
            OutboxMessage.subject,
            OutboxMessage.person_reference,
            OutboxMessage.queued_at,
            OutboxMessage.last_error,
            func.count().over().label("length"),
        )
        .where(
            OutboxMessage.state == MessageState.FAILED,
            OutboxMessage.queued_at > now - MAIL_WITHIN,
        )
        .order_by(OutboxMessage.queued_at.desc(), OutboxMessage.id.desc())
    )
    return Listed(statement, _mail_line)


def _mail_line(row: Any) -> DeskLine:
    whom = f"/manage/people/{row.person_reference}" if row.person_reference else ""
    when = f"“{row.subject}”, {london.short_date_words(row.queued_at)}"
    return DeskLine(row.to_name or row.to_email, whom, when, "Could not be delivered")


def comments(now: datetime) -> Listed:
    """Comments that have waited for longer than a working day."""
    count = func.count(CommentReading.answer_id).label("unread")
    statement = (
        select(
            Evaluation.slug,
            Evaluation.title,
            CommentsWaiting.since,
            count,
            func.count().over().label("length"),
        )
        .join(CommentsWaiting, CommentsWaiting.evaluation_id == Evaluation.id)
        .join(CommentReading, CommentReading.evaluation_id == Evaluation.id)
        .where(
            ~CommentReading.is_read,
            CommentsWaiting.since <= last_late_day(today=london.london_date(now)),
        )
        .group_by(Evaluation.slug, Evaluation.title, CommentsWaiting.since)
        .order_by(CommentsWaiting.since, Evaluation.title)
    )
    return Listed(statement, _comments_line)


def _comments_line(row: Any) -> DeskLine:
    waiting = f"Waiting since {london.short_date_words(row.since)}"
    return DeskLine(row.title, f"/impact/words/read/{row.slug}", waiting, f"{row.unread} to read")


def surveys(now: datetime) -> Listed:
    """Surveys that leave within a week, by evaluation and wave."""
    first_due = func.min(SurveyInvitation.due_at)
    statement = (
        select(
            Evaluation.title,
            Evaluation.counted_from_on,
            Wave.months_later,
            first_due.label("due_at"),
            func.count().label("people"),
            func.count().over().label("length"),
        )
        .select_from(SurveyInvitation)
        .join(Wave, Wave.id == SurveyInvitation.wave_id)
        .join(Evaluation, Evaluation.id == SurveyInvitation.evaluation_id)
        .where(
            SurveyInvitation.state == InvitationState.PLANNED,
            SurveyInvitation.due_at < now + SURVEYS_WITHIN,
        )
        .group_by(Evaluation.id, Evaluation.title, Evaluation.counted_from_on, Wave.months_later)
        .order_by(first_due, Evaluation.title, Wave.months_later)
    )
    return Listed(statement, _survey_line)


def _survey_line(row: Any) -> DeskLine:
    wave = wave_words(row.months_later, of_list=row.counted_from_on is not None)
    people = "1 person" if row.people == 1 else f"{row.people:,} people"
    when = f"{wave}, from {london.short_date_words(row.due_at)}"
    return DeskLine(row.title, "/manage/surveys", when, people)


def raised(now: datetime) -> Listed:
    """Needs and in-house requests without an answer, late actions, organisations typed anew."""
    today = london.london_date(now)
    no_day = cast(null(), Date)
    matters = union_all(
        select(
            literal("need").label("kind"),
            Need.reference.label("reference"),
            Need.title.label("title"),
            Need.raised_at.label("since"),
            no_day.label("due_on"),
        ).where(Need.state == NeedState.RAISED),
        select(
            literal("action"), Action.reference, Action.what, Action.added_at, Action.due_on
        ).where(Action.state == ActionState.OPEN, Action.due_on < today),
        select(
            literal("organisation"),
            Organisation.reference,
            Organisation.name,
            Organisation.proposed_at,
            no_day,
        ).where(Organisation.proposed_at.is_not(None)),
        select(
            literal("in_house"),
            InHouseRequest.reference,
            Organisation.name,
            InHouseRequest.asked_at,
            no_day,
        )
        .join(Organisation, Organisation.id == InHouseRequest.organisation_id)
        .where(InHouseRequest.state == InHouseState.ASKED),
    ).subquery()
    statement = select(matters, func.count().over().label("length")).order_by(
        matters.c.since, matters.c.reference
    )
    return Listed(statement, _raised_line)


def _raised_line(row: Any) -> DeskLine:
    since = london.short_date_words(row.since)
    if row.kind == "need":
        return DeskLine(row.title, f"/manage/needs/{row.reference}", f"Raised {since}", "Decide")
    if row.kind == "action":
        due = f"Due {london.short_date_words(row.due_on)}"
        return DeskLine(row.title, f"/manage/actions/{row.reference}/close", due, "Late")
    if row.kind == "in_house":
        address = f"/manage/in-house/{row.reference}"
        return DeskLine(row.title, address, f"Asked {since} for its own staff", "Agree a date")
    return DeskLine(
        row.title,
        f"/manage/organisations/{row.reference}",
        f"Named by somebody {since}",
        "Accept or merge",
    )


def offers(_now: datetime) -> Listed:
    """Offers that are still being written, the last changed first."""
    statement = (
        select(
            Offer.slug,
            Offer.title,
            Offer.kind,
            Offer.updated_at,
            func.count().over().label("length"),
        )
        .where(Offer.state == OfferState.IN_DEVELOPMENT)
        .order_by(Offer.updated_at.desc(), Offer.id)
    )
    return Listed(statement, _offer_line)


def _offer_line(row: Any) -> DeskLine:
    kind: OfferKind = row.kind
    changed = f"Last changed {london.short_date_words(row.updated_at)}"
    return DeskLine(row.title, f"/manage/offers/{row.slug}", changed, KIND_WORDS[kind].one)
