"""What is filled in about a session for one organisation's own staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wtforms import Field, RadioField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from app.bookings.in_house import Asked
from app.bookings.in_house_models import CountedBy
from app.bookings.in_house_rules import COUNTED_WORDS, MOST_MORE, MOST_PEOPLE, MOST_WORDS
from app.catalogue.events import EventDetails
from app.catalogue.models import EventMode
from app.kernel.forms import (
    DayField,
    LineField,
    PageForm,
    Required,
    TextField,
    TimeOfDayField,
    WebAddress,
    radios,
    read_instant,
)

AT_THEIR_PLACE, ONLINE = EventMode.FACE_TO_FACE.value, EventMode.ONLINE.value


class PeopleField(LineField):
    """About how many people; `number` is it, once found valid."""

    number = 0

    def pre_validate(self, form: BaseForm) -> None:
        """Read a whole number of people."""
        typed = self.text.replace(",", "")
        if not typed:
            return
        if not (typed.isascii() and typed.isdecimal() and 0 < int(typed[:6]) <= MOST_PEOPLE):
            raise ValidationError(f"Enter about how many people, from 1 to {MOST_PEOPLE:,}")
        self.number = int(typed[:6])


class AskForm(PageForm):
    """What an organisation asks for."""

    people = PeopleField("About how many people", [Required("Enter about how many people")], most=7)
    when_words = LineField(
        "When it would suit you", [Required("Enter when it would suit you")], most=MOST_WORDS
    )
    place = LineField("Where", [Required("Enter where you would meet, or Online")], most=MOST_WORDS)
    counted_by = radios(
        "How people are written down", COUNTED_WORDS.items(), "Choose how people are written down"
    )
    phone = LineField("Telephone number (optional)", most=40)
    more = TextField("Anything else (optional)", most=MOST_MORE)

    @property
    def asked(self) -> Asked:
        """What was asked for; only after it was found valid."""
        return Asked(
            people_count=self.people.number,
            when_words=self.when_words.text,
            place=self.place.text,
            phone=self.phone.text,
            more=self.more.text,
            counted_by=CountedBy(self.counted_by.data),
        )


class AgreeForm(PageForm):
    """The date that was agreed with an organisation."""

    day = DayField("Day", [Required("Enter the day")])
    starts = TimeOfDayField("Starts at", [Required("Enter when it starts")])
    ends = TimeOfDayField("Ends at", [Required("Enter when it ends")])
    mode: RadioField = radios(
        "How people take part",
        ((AT_THEIR_PLACE, "At their place"), (ONLINE, "Online")),
        "Choose how people take part",
    )
    venue = LineField("Place", most=MOST_WORDS)
    joining_url = LineField("Meeting link, if online (optional)", [WebAddress()], most=1000)
    answer = TextField("Words to whoever asked (optional)", most=MOST_MORE)

    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def validate_venue(self, field: Field) -> None:
        """A place is needed where people meet."""
        if self.mode.data == AT_THEIR_PLACE and not field.data:
            raise ValidationError("Enter the place")

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the times; each error stands at the field that must be mended."""
        if not super().validate(extra_validators):
            return False
        self.starts_at = read_instant(self.day, self.starts)
        self.ends_at = read_instant(self.day, self.ends)
        if self.starts_at is None or self.ends_at is None:
            return False
        if self.ends_at <= self.starts_at:
            self.ends.errors = ["It must end after it starts"]
            return False
        return True

    def details(self, organisation_id: int, people_count: int) -> EventDetails:
        """The session as it was filled in; only after it was found valid."""
        starts_at: Any = self.starts_at
        ends_at: Any = self.ends_at
        is_online = self.mode.data == ONLINE
        return EventDetails(
            dates=((starts_at, ends_at),),
            mode=EventMode(self.mode.data),
            venue="" if is_online else self.venue.text,
            joining_url=self.joining_url.text if is_online else "",
            # Room for a few more than they thought: those are their own staff too.
            capacity=max(people_count + 10, people_count * 3 // 2),
            in_house_for_id=organisation_id,
        )


class DeclineForm(PageForm):
    """Why it cannot be."""

    answer = TextField("Why it cannot be", [Required("Enter why it cannot be")], most=MOST_MORE)


class TakeBackForm(PageForm):
    """One button."""
