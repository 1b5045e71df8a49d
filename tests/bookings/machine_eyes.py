"""What the tables say after each step, read by plain SQL, and what must be true of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.audit.models import AuditLine
from app.bookings.models import Booking, CalendarEntry
from app.catalogue.models import Event
from app.kernel.db import db
from app.outbox.models import CalendarMethod, OutboxMessage
from tests.bookings.booking_model import STAFF, Model, Place

_BOOKINGS = select(
    Booking.id,
    Booking.reference,
    Booking.event_id,
    Booking.person_id,
    Booking.booked_by_id,
    Booking.state,
    Booking.origin,
    Booking.joined_waiting_at,
    Booking.held_until,
    Booking.cancelled_because,
    Booking.replaces_id,
).order_by(Booking.id)
_EVENTS = select(
    Event.id, Event.reference, Event.capacity, Event.places_taken, Event.waiting_count
).order_by(Event.id)
_ENTRIES = select(
    CalendarEntry.id,
    CalendarEntry.booking_id,
    CalendarEntry.uid,
    CalendarEntry.sequence,
    CalendarEntry.starts_at,
    CalendarEntry.ends_at,
    CalendarEntry.summary,
    CalendarEntry.location,
    CalendarEntry.cancelled_at,
)
_LETTERS = select(
    OutboxMessage.id,
    OutboxMessage.kind,
    OutboxMessage.to_email,
    OutboxMessage.calendar_method,
    OutboxMessage.calendar_text,
).order_by(OutboxMessage.id)
_LINES = select(AuditLine.id, AuditLine.verb, AuditLine.subject_reference).order_by(AuditLine.id)
TAKES_A_PLACE, LIVE = {"held", "confirmed"}, {"requested", "waiting", "held", "confirmed"}


@dataclass
class Eyes:
    """Reads the tables once per step; the checks compare that with what was read before."""

    people: dict[int, str]
    events: dict[int, str]
    letter_boxes: dict[str, str]
    offer_slug: str
    last_letter: int = 0
    last_line: int = 0
    bookings: list[Any] = field(default_factory=list)
    counts: list[Any] = field(default_factory=list)
    letters: list[Any] = field(default_factory=list)
    lines: list[Any] = field(default_factory=list)
    entries: dict[int, Any] = field(default_factory=dict)
    entries_before: dict[int, Any] = field(default_factory=dict)
    taken_before: dict[int, int] = field(default_factory=dict)

    def open(self) -> None:
        """Begin an example: what is there already is old."""
        self.entries, self.taken_before = {}, {}
        self.last_letter = db.session.scalar(select(func.max(OutboxMessage.id))) or 0
        self.last_line = db.session.scalar(select(func.max(AuditLine.id))) or 0

    def look(self) -> None:
        here = Booking.event_id.in_(self.events)
        self.bookings = list(db.session.execute(_BOOKINGS.where(here)))
        self.counts = list(db.session.execute(_EVENTS.where(Event.id.in_(self.events))))
        self.letters = list(db.session.execute(_LETTERS.where(OutboxMessage.id > self.last_letter)))
        self.lines = list(db.session.execute(_LINES.where(AuditLine.id > self.last_line)))
        self.last_letter = max([self.last_letter, *(row.id for row in self.letters)])
        self.last_line = max([self.last_line, *(row.id for row in self.lines)])
        self.entries_before = self.entries
        self.entries = {row.id: row for row in db.session.execute(_ENTRIES)}

    def id_of(self, model: Model, place: Place) -> int:
        """The row of a booking of the model: the same person's n-th of the same session."""
        theirs = [
            one
            for one in model.places
            if one.person == place.person and one.session is place.session
        ]
        rows = [
            row
            for row in self.bookings
            if self.people[row.person_id] == place.person.name
            and self.events[row.event_id] == place.session.name
        ]
        found: int = rows[theirs.index(place)].id
        return found

    def check(self, model: Model) -> None:
        """All that must be true after one step of the model and the product."""
        self.compare(model)
        self.check_places()
        self.check_nobody_waits_beside_a_free_place(model)
        self.check_nobody_is_booked_twice()
        self.check_order_of_waiting()
        self.check_told_and_noted_once(model)
        self.check_calendars()

    def compare(self, model: Model) -> None:
        """Who is booked and how, who waits in which order, and what the events count."""
        expected = {(self.id_of(model, one)): _told_of(one) for one in model.places}
        found = {row.id: self._told_of(row) for row in self.bookings}
        same("the bookings", found, expected)
        for event in self.counts:
            session = model.sessions[self.events[event.id]]
            here = [row for row in self.bookings if row.event_id == event.id]
            in_line = [row for row in here if row.state == "waiting"]
            in_line.sort(key=lambda row: row.joined_waiting_at)
            in_order = [one.person.name for one in model.waiting(session)]
            same("who waits", [self.people[row.person_id] for row in in_line], in_order)
            same("the count of waiting people", event.waiting_count, len(in_order))
            same("the count of places", event.places_taken, len(model.taken(session)))

    def _told_of(self, row: Any) -> tuple[Any, ...]:
        return (
            self.people[row.person_id],
            self.events[row.event_id],
            self.people[row.booked_by_id],
            row.origin.value,
            row.state.value,
            row.held_until,
            row.cancelled_because.value if row.cancelled_because else "",
            row.replaces_id is not None,
        )

    # The invariants by their number in the plan of reliability.

    def check_places(self) -> None:
        """1: not more places taken than there are; if some were taken away, not one more since."""
        for event in self.counts:
            here = [row for row in self.bookings if row.event_id == event.id]
            taken = sum(_takes_a_place(row) for row in here)
            waiting = sum(row.state == "waiting" for row in here)
            same("the counts", (event.places_taken, event.waiting_count), (taken, waiting))
            if event.capacity is not None and taken > event.capacity:
                assert taken <= self.taken_before.get(event.id, 0), "oversold"
            self.taken_before[event.id] = taken

    def check_nobody_waits_beside_a_free_place(self, model: Model) -> None:
        """2: no place is free while somebody waits who may have it, not for a moment."""
        for event in self.counts:
            session = model.sessions[self.events[event.id]]
            is_free = event.capacity is None or event.places_taken < event.capacity
            if not is_free or session.is_called_off or model.now >= session.starts:
                continue
            for row in self.bookings:
                if row.event_id == event.id and row.state == "waiting":
                    waiting = model.people[self.people[row.person_id]]
                    place = model.live_of(waiting, session)
                    assert place, "somebody waits of whom the model knows nothing"
                    assert model.is_over_limit(place), f"{waiting.name} waits beside a free place"

    def check_nobody_is_booked_twice(self) -> None:
        """3: at most one live booking of a person at a session."""
        live = [(row.event_id, row.person_id) for row in self.bookings if row.state in LIVE]
        same("who is booked twice", _twice(live), [])

    def check_order_of_waiting(self) -> None:
        """4: no two joined a waiting list at the same instant, and ids follow the order."""
        for event_id in self.events:
            joined = [
                row.joined_waiting_at
                for row in self.bookings
                if row.event_id == event_id and row.joined_waiting_at
            ]
            same("who joined at one instant", _twice(joined), [])

    def check_told_and_noted_once(self, model: Model) -> None:
        """5: what happened is one letter to each whom it concerns, and one line in the trail."""
        told = Counter((row.kind, self.letter_boxes[row.to_email]) for row in self.letters)
        same("the letters", told, +model.told)
        names = {row.reference: self._name(row) for row in self.bookings}
        names |= {event.reference: self.events[event.id] for event in self.counts}
        names[self.offer_slug] = "the offer"
        noted = Counter((row.verb, names[row.subject_reference]) for row in self.lines)
        same("the trail", noted, +model.noted)

    def _name(self, row: Any) -> str:
        return f"{self.people[row.person_id]} at {self.events[row.event_id]}"

    def check_calendars(self) -> None:
        """12: an entry keeps its UID, each change raises SEQUENCE by one and is told once."""
        raised = []
        for entry in self.entries.values():
            before = self.entries_before.get(entry.id)
            if before is None:
                same("the first sequence", entry.sequence, 0)
                raised.append(entry)
                continue
            same("the UID", (entry.uid, entry.booking_id), (before.uid, before.booking_id))
            assert before.cancelled_at is None or entry == before, "changed after its end"
            raised_by = _facts(entry) != _facts(before)
            same("the sequence", entry.sequence, before.sequence + raised_by)
            if entry.sequence > before.sequence:
                raised.append(entry)
        assert set(self.entries_before) <= set(self.entries), "an entry is gone"
        same("entries alike", _twice(entry.uid for entry in self.entries.values()), [])
        self._check_told_to_calendars(raised)

    def _check_told_to_calendars(self, raised: list[Any]) -> None:
        told = Counter(
            (row.calendar_method, *_uid_and_sequence(row.calendar_text))
            for row in self.letters
            if row.calendar_text
        )
        unreached = self._out_of_reach()
        expected = Counter(
            (_method(entry), entry.uid, entry.sequence)
            for entry in raised
            if entry.booking_id not in unreached
        )
        same("the messages to calendars", told, expected)
        confirmed = {row.id for row in self.bookings if row.state == "confirmed"}
        shown = {one.booking_id for one in self.entries.values() if one.cancelled_at is None}
        assert shown <= confirmed, "a calendar shows what is no longer booked"

    def _out_of_reach(self) -> set[int]:
        """Bookings about which nobody can be written to: no address, or only that of staff."""
        reached = set(self.letter_boxes.values()) - {STAFF}
        return {
            row.id
            for row in self.bookings
            if not {self.people[row.person_id], self.people[row.booked_by_id]} & reached
        }


def same(what: str, found: object, expected: object) -> None:
    """Both are equal; if not, how they differ."""
    assert found == expected, f"{what}: {found}, and not {expected}"


def _told_of(place: Place) -> tuple[Any, ...]:
    return (
        place.person.name,
        place.session.name,
        place.by,
        place.how,
        place.state,
        place.kept_until,
        place.ended_because,
        place.instead_of is not None,
    )


def _takes_a_place(row: Any) -> bool:
    return row.state in TAKES_A_PLACE and row.origin != "register"


def _twice(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def _facts(entry: Any) -> tuple[str, str, datetime, datetime, datetime | None]:
    return entry.summary, entry.location, entry.starts_at, entry.ends_at, entry.cancelled_at


def _method(entry: Any) -> CalendarMethod:
    return CalendarMethod.CANCEL if entry.cancelled_at else CalendarMethod.REQUEST


def _uid_and_sequence(text: str) -> tuple[str, int]:
    lines = text.replace("\r\n ", "").split("\r\n")
    stated = dict(line.split(":", 1) for line in lines if line.startswith(("UID:", "SEQUENCE:")))
    return stated["UID"], int(stated["SEQUENCE"])
