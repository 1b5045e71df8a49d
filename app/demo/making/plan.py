"""Events and bookings as they are thought out, before they are rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.bookings.models import AttendanceOutcome, BookingOrigin, BookingState
from app.catalogue.models import EventMode, EventState
from app.demo.making.people import Somebody

Outcome = AttendanceOutcome


@dataclass
class PlannedBooking:
    """One person's place, and who came of it per event date."""

    person: Somebody
    state: BookingState
    origin: BookingOrigin
    booked_at: datetime
    mode: EventMode = EventMode.ONLINE
    joined_waiting_at: datetime | None = None
    cancelled_at: datetime | None = None
    adjustments: str = ""
    outcomes: list[Outcome] = field(default_factory=list)
    reference: str = ""
    id: int = 0

    @property
    def takes_a_place(self) -> bool:
        """Whether it counts against the event's places."""
        return self.state is BookingState.CONFIRMED and self.origin is not BookingOrigin.REGISTER

    @property
    def attended(self) -> bool:
        """Whether the person came on any date."""
        return any(outcome is not Outcome.DID_NOT_ATTEND for outcome in self.outcomes)


@dataclass
class PlannedEvent:
    """One dated delivery of an offer, with everybody on its list."""

    offer: str
    dates: list[tuple[datetime, datetime]]
    mode: EventMode
    capacity: int | None
    opens_at: datetime
    closes_at: datetime
    announced_at: datetime
    state: EventState = EventState.PUBLISHED
    subtitle: str = ""
    venue: str = ""
    notes: str = ""
    booking_url: str = ""  # of the body that takes the bookings, where we do not
    half_term_id: int | None = None
    is_history: bool = False
    register_taken_later: timedelta = timedelta(minutes=15)
    bookings: list[PlannedBooking] = field(default_factory=list)
    # Done last, by the features' own verbs: who is booked by whom, how many
    # of the others cancel then, and why the event is called off.
    booked_last: list[tuple[Somebody, Somebody]] = field(default_factory=list)
    gives_up: int = 0
    cancelled_because: str = ""
    reference: str = ""
    id: int = 0
    date_ids: list[int] = field(default_factory=list)

    @property
    def starts_at(self) -> datetime:
        """Start of the first date."""
        return self.dates[0][0]

    @property
    def ends_at(self) -> datetime:
        """End of the last date."""
        return self.dates[-1][1]

    @property
    def places_taken(self) -> int:
        """Confirmed places."""
        return sum(booking.takes_a_place for booking in self.bookings)

    @property
    def waiting_count(self) -> int:
        """People on the waiting list."""
        return sum(booking.state is BookingState.WAITING for booking in self.bookings)

    @property
    def attended(self) -> list[PlannedBooking]:
        """The bookings of everybody who came."""
        return [booking for booking in self.bookings if booking.attended]


Facts = dict[str, Any]
