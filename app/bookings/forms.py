"""What people fill in to book, and staff to change an event."""

from __future__ import annotations

import re
from datetime import datetime

from wtforms import HiddenField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from app.accounts.forms import MOST_OF_A_NAME, MOST_OF_AN_EMAIL, WorkingEmail, email_field
from app.bookings.event_changes import DateChange, EventChange
from app.bookings.requests import Manager
from app.catalogue.forms import EventForm
from app.catalogue.models import Event, EventMode
from app.kernel.forms import LineField, PageForm, Required, TextField, radios

ADJUSTMENTS_LENGTH = 1000
FORM_KEY = re.compile(r"[a-z0-9]{20}")


class FormKey(HiddenField):
    """The key that lets a form be used once."""

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse a key that this service did not make up."""
        if not FORM_KEY.fullmatch(self.data or ""):
            self.data = None
            raise ValidationError("This page has been open for too long: check it and try again")


class BookForm(PageForm):
    """What is asked before a place is booked; for most events nothing must be typed."""

    mode = radios(
        "How will you take part?",
        ((EventMode.FACE_TO_FACE.value, "In person"), (EventMode.ONLINE.value, "Online")),
        "Say whether you will come in person or join online",
    )
    adjustments = TextField(
        "Is there anything you need to take part? (optional)", most=ADJUSTMENTS_LENGTH
    )
    form_key = FormKey()

    @property
    def manager(self) -> Manager | None:
        """The line manager named, if one was asked for; only after the form was found valid."""
        return None


class BookWithManagerForm(BookForm):
    """The same where a line manager must agree."""

    manager_name = LineField(
        "Name of your line manager",
        [Required("Enter the name of your line manager")],
        most=MOST_OF_A_NAME,
    )
    manager_email = LineField(
        "Work email address of your line manager",
        [Required("Enter the work email address of your line manager"), WorkingEmail()],
        most=MOST_OF_AN_EMAIL,
    )

    @property
    def manager(self) -> Manager | None:
        """The line manager named; only after the form was found valid."""
        return Manager(self.manager_name.text, self.manager_email.text)


class AdjustmentsForm(PageForm):
    """What somebody who has booked needs to take part; nothing, if it is empty."""

    adjustments = TextField("What do you need to take part?", most=ADJUSTMENTS_LENGTH)


class MoveForm(PageForm):
    """How somebody takes part on another date, where there is a choice."""

    mode = radios(
        "How will you take part?",
        ((EventMode.FACE_TO_FACE.value, "In person"), (EventMode.ONLINE.value, "Online")),
        "Say whether it will be in person or online",
    )


class HandOverForm(PageForm):
    """Whom the place goes to."""

    name = LineField(
        "Your colleague's full name", [Required("Enter your colleague's name")], most=100
    )
    email = email_field("Your colleague's work email address")


class CancelEventForm(PageForm):
    """Why an event does not take place."""

    reason = TextField(
        "Reason, as people are told it",
        [Required("Enter the reason: everybody who is booked reads it")],
        most=500,
    )


class RemoveForm(PageForm):
    """Why somebody is taken off a waiting list."""

    reason = TextField(
        "Reason, as the person is told it",
        [Required("Enter the reason: the person reads it")],
        most=500,
    )


class OneButton(PageForm):
    """A form that is nothing but its button."""


def event_change(form: EventForm, event: Event, *, now: datetime) -> EventChange:
    """The change that a valid form asks for."""
    details = form.details
    return EventChange(
        dates=tuple(DateChange(*typed) for typed in form.typed_dates),
        mode=details.mode,
        venue=details.venue,
        venue_address=details.venue_address,
        joining_url=details.joining_url,
        joining_notes=details.joining_notes,
        has_catering=details.has_catering,
        capacity=details.capacity,
        booking_opens_at=details.booking_opens_at or min(now, event.booking_opens_at),
        booking_closes_at=details.booking_closes_at
        or min(typed.starts_at for typed in form.typed_dates),
        subtitle=details.subtitle,
        half_term_id=details.half_term_id,
        minimum=details.minimum,
        online_capacity=details.online_capacity,
        online_notes=details.online_notes,
        booking_url=details.booking_url,
    )
