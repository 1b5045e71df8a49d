"""What is left to the features' own verbs, whose messages a newcomer can read in the sent mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from app.accounts.models import Person
from app.bookings import operations as bookings
from app.bookings.models import BookingOrigin
from app.catalogue.models import Event, EventMode
from app.demo.making.people import People, Somebody
from app.demo.making.plan import PlannedBooking, PlannedEvent
from app.kernel.db import db
from app.surveys import emails as survey_emails
from app.surveys.models import Evaluation, InvitationState, SurveyInvitation, Wave

# Who is asked where a line manager must agree.
LINE_MANAGER = bookings.Manager("Harper Lindqvist", "manager@example.org")


def book_and_cancel(events: Sequence[PlannedEvent], people: People, *, now: datetime) -> None:
    """The bookings of the people one can be, and the session that is called off."""
    for event in events:
        for somebody, by in event.booked_last:
            made = bookings.book(
                event.id,
                _row_of(somebody),
                booked_by=_row_of(by),
                origin=BookingOrigin.SELF if somebody is by else BookingOrigin.COLLEAGUE,
                mode=EventMode.ONLINE if event.mode is EventMode.HYBRID else event.mode,
                form_key=None,
                manager=LINE_MANAGER,
                now=now,
            )
            made.name_given = "" if somebody is by else somebody.name
        for booking in _first_with_a_place(event):
            somebody_else = _row_of(booking.person)
            bookings.cancel_booking(booking.id, actor=somebody_else, now=now)
        if event.cancelled_because:
            delivery = _row_of(people.personas["delivery"])
            reason = event.cancelled_because
            bookings.cancel_event(event.id, reason=reason, actor=delivery, now=now)


def _first_with_a_place(event: PlannedEvent) -> list[PlannedBooking]:
    """Those who give their place up at last, so that one is kept for whoever waits."""
    with_place = [booking for booking in event.bookings if booking.takes_a_place]
    return with_place[: event.gives_up]


def ask_for_answers(people: People) -> None:
    """The survey that is open now, with its link, to those of them who were asked."""
    for person in people.personas.values():
        _ask(person.id)


def _row_of(somebody: Somebody) -> Person:
    return db.session.get_one(Person, somebody.id)


def _ask(person_id: int) -> None:
    query = (
        select(SurveyInvitation, Wave, Evaluation, Event)
        .join(Wave, Wave.id == SurveyInvitation.wave_id)
        .join(Evaluation, Evaluation.id == SurveyInvitation.evaluation_id)
        .join(Event, Event.id == SurveyInvitation.event_id)
        .where(
            SurveyInvitation.person_id == person_id,
            SurveyInvitation.state == InvitationState.SENT,
        )
        .order_by(SurveyInvitation.id)
    )
    asked = [survey_emails.Asked(*row) for row in db.session.execute(query)]
    if asked:
        survey_emails.queue_invitation(db.session.get_one(Person, person_id), asked)
