"""A stage on which bookings are played, and every calendar message that leaves it.

Whatever is played goes through the operations; what leaves is taken from the outbox as the worker
takes it, and is kept beside what the database said at the moment it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.bookings import operations
from app.bookings.event_changes import PLAIN_FIELDS
from app.bookings.models import Booking, BookingOrigin, CalendarEntry
from app.catalogue.models import Event, EventDate, EventMode, Offer
from app.kernel.access import Role
from app.kernel.clock import real_now
from app.kernel.db import db
from app.outbox import delivery
from app.outbox.models import MessageState, OutboxMessage
from app.partnership import queries as partnership
from app.partnership.models import Partnership
from tests.support.factories import (
    NOW,
    make_event,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
)

Period = tuple[datetime, datetime]
Made = TypeVar("Made")


@dataclass(frozen=True)
class Told:
    """A calendar message in the outbox, and what the database said when it was written."""

    kind: str
    text: str
    message_id: str
    booking_id: int
    to_email: str
    method: str
    uid: str
    date_id: int
    starts_at: datetime
    ends_at: datetime
    title: str
    location: str
    organiser_email: str


@dataclass(frozen=True)
class Words:
    """What careless or hostile people type: as a title, as a name, as a place and elsewhere."""

    title: str
    name: str
    place: str


_OF_MESSAGES = (
    OutboxMessage.kind,
    OutboxMessage.calendar_text,
    OutboxMessage.calendar_method,
    OutboxMessage.message_id,
)
_office = aliased(Person)
_OF_ENTRIES = (
    select(
        CalendarEntry.booking_id,
        EventDate.id.label("date_id"),
        EventDate.starts_at,
        EventDate.ends_at,
        Offer.title,
        Event.subtitle,
        Event.venue,
        Event.venue_address,
        Booking.mode,
        Booking.reference,
        Person.name,
        Person.email,
        _office.email.label("office"),
    )
    .outerjoin(CalendarEntry.event_date)
    .join(CalendarEntry.booking)
    .join(Booking.event)
    .join(Event.offer)
    .join(Booking.person)
    .join(_office, Booking.booked_by_id == _office.id)
)


@dataclass
class Stage:
    """One partnership, offer and event at these times, with these words in every place."""

    periods: Sequence[Period]
    words: Words
    now: datetime = NOW
    told: list[Told] = field(default_factory=list)
    _dates: dict[str, Any] = field(default_factory=dict)
    _invited_by: dict[str, str] = field(default_factory=dict)
    _noted: int = 0
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        """Set up who invites, what is offered, and who works there."""
        make_partnership(organiser_name=f"WSCP {self.words.name}", phone=self.words.place)
        partnership.forget()
        self.officer = self.person(Role.DELIVERY)

    def offer(self, **changes: Any) -> Offer:
        """An offer with the words in its title."""
        return make_offer(title=f"Neglect {self.words.title}", **changes)

    def event(self, offer: Offer | None = None, **changes: Any) -> Event:
        """An event at the stage's times that can be booked until it starts."""
        dates = [EventDate(starts_at=start, ends_at=end) for start, end in self.periods]
        facts: dict[str, Any] = {
            "starts_at": self.periods[0][0],
            "ends_at": self.periods[-1][1],
            "dates": dates,
            "joining_notes": self.words.place,
        }
        return make_event(offer or self.offer(), **facts | changes)

    def at_a_venue(self, **changes: Any) -> dict[str, Any]:
        """The facts of an event that takes place in a room called by the words."""
        where = {"venue": f"Hub {self.words.place}", "venue_address": f"{self.words.place}, WF10"}
        return {"mode": EventMode.FACE_TO_FACE, **where, **changes}

    def person(self, *roles: Role, **changes: Any) -> Person:
        """Somebody called by the words, with an address that is hard to write."""
        school = make_organisation(name=f"School {self.words.place}")
        facts = {
            "name": f"Sam {self.words.name}",
            "email": f"o'neil+{next(self._numbers)}@example.org",
            "organisation": school,
            "sector": school.sector,
        }
        return make_person(*roles, **facts | changes)

    @property
    def mailbox(self) -> str:
        """Where the partnership writes from now."""
        return partnership.current().organiser_email

    def another_mailbox(self, address: str) -> None:
        """From now on the partnership writes and invites from another address."""
        db.session.get_one(Partnership, 1).organiser_email = address
        db.session.flush()
        partnership.forget()

    def book(self, event: Event, person: Person | None = None, **changes: Any) -> Booking:
        """One booking by the person themselves, unless said otherwise."""
        person = person or self.person()
        facts: dict[str, Any] = {
            "booked_by": person,
            "origin": BookingOrigin.SELF,
            "mode": event.mode,
            "form_key": None,
        }
        return self.do(operations.book, event.id, person, **facts | changes)

    def change(self, event: Event, **changes: Any) -> None:
        """The event as it is but for these facts."""
        plain = {name: getattr(event, name) for name in PLAIN_FIELDS}
        wanted = operations.EventChange(**{"dates": as_they_are(event), **plain} | changes)
        self.do(operations.change_event, event.id, wanted, actor=self.officer)

    def do(self, verb: Callable[..., Made], *args: Any, **facts: Any) -> Made:
        """Let something happen a minute later, and note what calendars were told of it."""
        self.now += timedelta(minutes=1)
        made = verb(*args, now=self.now, **facts)
        self.note()
        return made

    def note(self) -> None:
        """Keep what the database says about each new calendar message, in columns, not objects."""
        db.session.flush()
        db.session.expire_all()  # as the next request would find things
        queued = select(OutboxMessage.id, *_OF_MESSAGES).where(
            OutboxMessage.calendar_text.is_not(None), OutboxMessage.id > self._noted
        )
        for message in db.session.execute(queued.order_by(OutboxMessage.id)).all():
            self._noted = message.id
            self.told.append(self._as_told(message))
        of_dates = select(CalendarEntry.uid, EventDate.id, EventDate.starts_at, EventDate.ends_at)
        for uid, *date in db.session.execute(of_dates.join(CalendarEntry.event_date)):
            self._dates[uid] = tuple(date)

    def _as_told(self, message: Any) -> Told:
        text = message.calendar_text
        [uid] = re.findall(r"^UID:(.*)\r$", text.replace("\r\n ", ""), re.MULTILINE)
        row = db.session.execute(_OF_ENTRIES.where(CalendarEntry.uid == uid)).one()
        date = (row.date_id, row.starts_at, row.ends_at)
        # A date that was taken out is no longer in the database.
        date_id, starts_at, ends_at = date if row.date_id else self._dates[uid]
        title = f"{row.title}, {row.subtitle}" if row.subtitle else row.title
        online = f"Online, join at http://localhost/bookings/{row.reference}/join"
        return Told(
            kind=message.kind,
            text=text,
            message_id=message.message_id,
            booking_id=row.booking_id,
            to_email=row.email or row.office,
            method=message.calendar_method,
            uid=uid,
            date_id=date_id,
            starts_at=starts_at,
            ends_at=ends_at,
            title=title if row.email else f"{title} (for {row.name})",
            location=online if row.mode == "online" else f"{row.venue}, {row.venue_address}",
            organiser_email=self._invited_by.setdefault(uid, self.mailbox),
        )

    def letters(self) -> list[OutboxMessage]:
        """Everything in the outbox, in the order in which it was written."""
        return list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))

    def leave(self) -> dict[str, bytes]:
        """Let the worker send what is in the outbox: each message as it leaves, by Message-ID."""
        carried: dict[str, bytes] = {}

        def carry(message: EmailMessage) -> None:
            carried[str(message["Message-ID"])] = message.as_bytes(policy=SMTP)

        facts = partnership.current()
        sender = delivery.Sender(facts.organiser_name, facts.organiser_email)
        lasts = timedelta(minutes=5)
        while claim := delivery.claim_next(owner="stage", lasts=lasts, now=real_now()):
            outcome = delivery.send(claim, sender, carry, now=self.now)
            assert outcome.state is MessageState.SENT, outcome
            delivery.finish(claim, outcome, now=self.now)
            db.session.expire_all()
        return carried


def as_they_are(event: Event) -> tuple[operations.DateChange, ...]:
    """The dates of an event, unchanged."""
    return tuple(operations.DateChange(d.id, d.starts_at, d.ends_at) for d in event.dates)


def shifted(dates: Sequence[operations.DateChange], by: timedelta) -> Sequence[Any]:
    """The same dates, so much later."""
    return tuple(operations.DateChange(d.id, d.starts_at + by, d.ends_at + by) for d in dates)
