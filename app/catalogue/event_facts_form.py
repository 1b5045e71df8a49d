"""What staff fill in about an event besides when it is: how, where, for how many, by whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import Field, HiddenField, SelectMultipleField
from wtforms.validators import ValidationError

from app.catalogue.models import Event, EventMode, RecordingFor
from app.catalogue.recordings import Recording
from app.catalogue.rules import MODE_WORDS
from app.kernel.forms import (
    DayField,
    FromList,
    LineField,
    PageForm,
    TextField,
    TimeOfDayField,
    WebAddress,
    choices_of,
    radios,
)

MOST_DATES = 12
MOST_CAPACITY = 5000
MOST_URL = 1000
SHOWN_AS_THEY_ARE = (
    "subtitle",
    "venue",
    "venue_address",
    "joining_url",
    "joining_notes",
    "online_notes",
    "booking_url",
)


class DateRows(PageForm):
    """Rows for the dates of an event: day, start and end, `MOST_DATES` of them."""


for _number in range(1, MOST_DATES + 1):
    setattr(DateRows, f"id_{_number}", HiddenField())
    setattr(DateRows, f"day_{_number}", DayField(f"Date {_number}"))
    setattr(DateRows, f"starts_{_number}", TimeOfDayField(f"Start of date {_number}"))
    setattr(DateRows, f"ends_{_number}", TimeOfDayField(f"End of date {_number}"))


class EventFactsForm(PageForm):
    """How people take part, where, how many, by whom."""

    subtitle = LineField("What tells it apart (optional)", most=80)
    mode = radios(
        "How people take part",
        ((mode.value, words) for mode, words in MODE_WORDS.items()),
        "Choose how people take part",
    )
    venue = LineField("Venue", most=120)
    venue_address = LineField("Address of the venue (optional)", most=200)
    joining_url = LineField("Joining link (optional)", [WebAddress()], most=MOST_URL)
    joining_notes = TextField("Anything people should know before they come (optional)", most=2000)
    catering = SelectMultipleField(
        "Food",
        choices=choices_of((("served", "Food is served, so ask about diets"),)),
        validators=[FromList("Say whether food is served")],
        validate_choice=False,
    )
    limit = radios(
        "Places",
        (("limited", "A limited number"), ("open", "Open to all")),
        "Choose whether places are limited",
    )
    capacity = LineField("Number of places", most=20)
    online_capacity = LineField("Places online, of the number above (optional)", most=20)
    minimum = LineField("Fewest people it runs with (optional)", most=20)
    online_notes = TextField(
        "Anything those online should know before they join (optional)", most=2000
    )
    booking_url = LineField(
        "Address where it is booked, if not here (optional)", [WebAddress()], most=MOST_URL
    )
    trainers = SelectMultipleField(
        "Trainers (optional)",
        validators=[FromList("Choose trainers from the list")],
        validate_choice=False,
    )

    def offer_trainers(self, trainers: Sequence[tuple[int, str]]) -> None:
        """Fill the list of trainers; where there are none, none is chosen."""
        self.trainers.choices = choices_of(trainers)
        self.trainers.data = self.trainers.data if trainers else []

    def suggest_facts(self) -> None:
        """The defaults of a new event."""
        self.mode.data, self.limit.data = EventMode.ONLINE.value, "limited"

    def show_facts(self, event: Event) -> None:
        """Show an event's facts as they are."""
        for name in SHOWN_AS_THEY_ARE:
            self[name].data = getattr(event, name)
        for name in ("minimum", "online_capacity"):
            self[name].data = str(getattr(event, name) or "")
        self.mode.data = event.mode.value
        self.catering.data = ["served"] if event.has_catering else []
        self.limit.data = "open" if event.capacity is None else "limited"
        self.capacity.data = "" if event.capacity is None else str(event.capacity)

    def validate_capacity(self, field: Field) -> None:
        """A whole number, where places are limited."""
        if self.limit.data != "limited":
            return
        if not field.data:
            raise ValidationError("Enter the number of places")
        _whole_number(field, "Number of places", MOST_CAPACITY)

    def validate_online_capacity(self, field: Field) -> None:
        """Fewer than all places, so that some are in the room; only where people may choose."""
        if self.mode.data != EventMode.HYBRID or not field.data:
            return
        if self.limit.data != "limited":
            raise ValidationError("Places online can only be set where places are limited")
        online = _whole_number(field, "Places online", MOST_CAPACITY)
        try:
            in_all = _whole_number(self.capacity, "Number of places", MOST_CAPACITY)
        except ValidationError:
            return  # said at that field
        if online >= in_all:
            raise ValidationError("Places online must be fewer than all places")

    def validate_minimum(self, field: Field) -> None:
        """A whole number, not above the places there are."""
        if not field.data:
            return
        fewest = _whole_number(field, "Fewest people", MOST_CAPACITY)
        most = (self.capacity.data or "").replace(",", "")
        is_limited = self.limit.data == "limited" and most.isascii() and most.isdecimal()
        if is_limited and fewest > int(most):
            raise ValidationError("Fewest people must not be more than the places there are")

    def validate_venue(self, field: Field) -> None:
        """A venue, where people come to one."""
        if self.mode.data in {EventMode.FACE_TO_FACE, EventMode.HYBRID} and not field.data:
            raise ValidationError("Enter the venue")

    @property
    def facts(self) -> dict[str, Any]:
        """What was filled in, as EventDetails names it; only after it was found valid."""
        is_online = self.mode.data == EventMode.ONLINE
        is_hybrid = self.mode.data == EventMode.HYBRID
        return {
            "mode": EventMode(self.mode.data),
            "subtitle": self.subtitle.text,
            "venue": "" if is_online else self.venue.text,
            "venue_address": "" if is_online else self.venue_address.text,
            "joining_url": ""
            if self.mode.data == EventMode.FACE_TO_FACE
            else self.joining_url.text,
            "joining_notes": self.joining_notes.text,
            "has_catering": not is_online and bool(self.catering.data),
            "capacity": self.capacity_count,
            "minimum": _as_number(self.minimum),
            "online_capacity": _as_number(self.online_capacity) if is_hybrid else None,
            "online_notes": self.online_notes.text if is_hybrid else "",
            "booking_url": self.booking_url.text,
            "trainer_ids": tuple(int(value) for value in self.trainers.data or () if value),
        }

    @property
    def capacity_count(self) -> int | None:
        """How many places, None if it is open to all."""
        if self.limit.data != "limited":
            return None
        return _as_number(self.capacity)


class TrainersForm(PageForm):
    """Who runs an event."""

    trainers = SelectMultipleField(
        "Trainers", validators=[FromList("Choose trainers from the list")], validate_choice=False
    )

    def offer(self, trainers: Sequence[tuple[int, str]]) -> None:
        """Fill the list."""
        self.trainers.choices = choices_of(trainers)

    @property
    def person_ids(self) -> list[int]:
        """Who was chosen; only after the form was found valid."""
        return [int(value) for value in self.trainers.data or () if value]


CAPTIONS = {"yes": True, "no": False, "unknown": None}


class RecordingForm(PageForm):
    """Where a recording is, who is shown it, whether it has captions."""

    url = LineField("Address of the recording (optional)", [WebAddress()], most=MOST_URL)
    shown_to = radios(
        "Who is shown it",
        (
            (RecordingFor.BOOKED.value, "People who were booked or attended"),
            (RecordingFor.EVERYONE.value, "Everyone, on the page of the offer"),
        ),
        "Choose who is shown it",
    )
    captions = radios(
        "Has it captions?",
        (("yes", "Yes"), ("no", "No"), ("unknown", "I do not know")),
        "Say whether it has captions",
    )

    def show(self, event: Event) -> None:
        """Show what is shared now."""
        self.url.data, self.shown_to.data = event.recording_url, event.recording_for.value
        known = {value: name for name, value in CAPTIONS.items()}
        self.captions.data = known[event.recording_captioned]

    def validate_url(self, field: Field) -> None:
        """Only addresses that nobody on the way can read or change."""
        if field.data and not field.data.lower().startswith("https://"):
            raise ValidationError("Address of the recording must begin with https://")

    @property
    def recording(self) -> Recording:
        """What was filled in; only after it was found valid."""
        return Recording(
            self.url.text, RecordingFor(self.shown_to.data), CAPTIONS[self.captions.data]
        )


def _whole_number(field: Field, what: str, most: int) -> int:
    typed = (field.data or "").replace(",", "")
    if not (typed.isascii() and typed.isdecimal() and 1 <= int(typed) <= most):
        raise ValidationError(f"{what} must be between 1 and {most:,}")
    return int(typed)


def _as_number(field: LineField) -> int | None:
    return int(field.text.replace(",", "")) if field.text else None
