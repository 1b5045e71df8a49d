"""Past attendance taken in: sessions of long ago, who came, and nobody is written to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import select

from app.accounts.imports import staging, undoing
from app.accounts.imports.column_rules import cell, plain
from app.accounts.imports.models import FileImport
from app.accounts.models import Capacity, Person
from app.attendance import history_plan_rules, history_queries, history_rules
from app.attendance.history_plan_rules import Chosen, Known, New, Plan, Session, Take
from app.attendance.history_rules import Came, Reading
from app.attendance.listed_day_rules import Order
from app.bookings.models import Attendance, Booking, BookingOrigin, BookingState
from app.catalogue.events import half_term_by_date
from app.catalogue.models import (
    Event,
    EventDate,
    EventMode,
    EventState,
    Offer,
    OfferKind,
    OfferState,
)
from app.kernel.db import Base, db, insert_together
from app.kernel.errors import Refused
from app.kernel.london import from_london, london_date
from app.kernel.tokens import new_reference
from app.partnership import queries as partnership
from app.partnership.models import Sector

BEGAN = time(9, 0)  # files say the day alone
STEP_ROWS = 2_500  # others cannot write meanwhile on SQLite: a second or two
CHANGED = "Something has changed since this file was checked: look at it again"
Row = TypeVar("Row", bound=Base)


def read_some(
    content: Mapping[str, Any],
    choices: Mapping[str, Any],
    *,
    first: int = 0,
    last: int | None = None,
    today: date,
) -> Reading:
    """What rows of the file say under the choices made."""
    order = choices.get("order") or _order_in(content, choices)
    return history_rules.read_rows(
        content["rows"][first:last],
        choices["columns"],
        order=Order(order) if order else None,
        today=today,
    )


def _order_in(content: Mapping[str, Any], choices: Mapping[str, Any]) -> str:
    found = history_queries.order_in(content, choices)
    return found.value if found else ""


def plan_for(
    came: Sequence[Came], content: Mapping[str, Any], choices: Mapping[str, Any]
) -> tuple[Plan, Known]:
    """What rows would do as things stand, and what they were matched with."""
    columns = choices["columns"]
    pairs = [
        (_name(row, columns), cell(row, columns, "organisation"), cell(row, columns, "email"))
        for row in content["rows"]
    ]
    chosen = Chosen(choices.get("offers", {}), choices.get("people", {}))
    known = history_queries.known_for(came, chosen)
    addresses = history_plan_rules.addresses_by_name(pairs)
    return history_plan_rules.plan(came, known, chosen, addresses), known


def _name(row: Sequence[Any], columns: Mapping[str, int]) -> str:
    parts = f"{cell(row, columns, 'first_name')} {cell(row, columns, 'last_name')}"
    return cell(row, columns, "name") or parts.strip()


def take_in(
    file: FileImport, content: Mapping[str, Any], first: int, last: int, now: datetime
) -> dict[str, int]:
    """Add the attendance of some rows; how many of each."""
    choices = staging.choices_of(file)
    reading = read_some(content, choices, first=first, last=last, today=london_date(now))
    plan, _known = plan_for(reading.came, content, choices)
    if reading.problems or plan.unknown_offers or plan.ambiguous_people:
        raise Refused(CHANGED)
    actor = db.session.scalars(select(Person).where(Person.reference == file.confirmed_by)).one()
    writing = _Writing(file, choices, actor, now)
    writing.write(plan.takes)
    return {
        "attendances": len(plan.takes),
        "new people": len(plan.new_people),
        "new sessions": len(plan.new_sessions),
        "unchanged": plan.unchanged_count + plan.doubled_count,
        "left out": plan.left_out_count,
        "with a register here": plan.has_register_count,
    }


class _Writing:
    """One step's rows on their way into the database, table by table, few statements each."""

    def __init__(
        self, file: FileImport, choices: Mapping[str, Any], actor: Person, now: datetime
    ) -> None:
        self.file, self.choices, self.actor, self.now = file, choices, actor, now
        self.mode = EventMode(choices["mode"])
        slug = choices["sector"]
        self.sector_id = db.session.scalars(select(Sector.id).where(Sector.slug == slug)).one()
        self.half_terms = partnership.half_terms()

    def write(self, takes: Sequence[Take]) -> None:
        """Add what is missing: offers, people, sessions, bookings, registers."""
        offers = self._offers(takes)
        of_organisations = history_queries.sectors_of_organisations()
        people = self._people(takes, of_organisations)
        sessions = self._sessions(takes, offers)
        facts = history_queries.facts_of({self._id(take.person, people) for take in takes})
        bookings: dict[str, Booking] = {}
        held: list[tuple[Take, int | str, Session]] = []  # by booking: its id, or reference
        for take in takes:
            person_id = self._id(take.person, people)
            session = take.session or sessions[self._id(take.offer, offers), take.came.day]
            if take.booking_id is not None:
                held.append((take, take.booking_id, session))
                continue
            sector_id, capacity = facts[person_id]
            booking = self._booking(take, session.event_id, person_id, capacity)
            booking.sector_id = of_organisations.get(
                take.organisation_id or 0, sector_id or self.sector_id
            )
            bookings[booking.reference] = booking
            held.append((take, booking.reference, session))
        insert_together(list(bookings.values()))
        ids = self._made(Booking, bookings)
        registers = [
            self._register(take, ids[which] if isinstance(which, str) else which, session)
            for take, which, session in held
        ]
        insert_together(registers)
        added = history_queries.attendance_ids([one.booking_id for one in registers], self.now)
        undoing.note_made(self.file.id, "attendance", added)

    def _id(self, which: int | New, added: Mapping[New, int]) -> int:
        return which if isinstance(which, int) else added[which]

    def _made(self, table: type[Row], references: Iterable[str]) -> dict[str, int]:
        """The ids of rows just added, noted so that they can be taken out again."""
        ids = history_queries.ids_of(table, list(references))
        undoing.note_made(self.file.id, table.__tablename__, ids.values())
        return ids

    def _offers(self, takes: Sequence[Take]) -> dict[New, int]:
        """Offers of the past that the catalogue never had, archived."""
        titles = {take.offer: take.came.offer for take in takes if isinstance(take.offer, str)}
        added = {}
        for which, title in titles.items():
            offer = Offer(
                slug=f"{'-'.join(plain(title).split())[:40].encode('ascii', 'ignore').decode()}-"
                f"{new_reference()}",
                title=title,
                kind=OfferKind.COURSE,
                state=OfferState.ARCHIVED,
                summary="Offered in the past",
                description="",
                who_for="",
                created_at=self.now,
                published_at=self.now,
                updated_at=self.now,
            )
            db.session.add(offer)
            db.session.flush()
            added[which] = offer.id
        undoing.note_made(self.file.id, "offer", added.values())
        return added

    def _people(self, takes: Sequence[Take], of_organisations: Mapping[int, int]) -> dict[New, int]:
        new: dict[New, Take] = {}
        for take in takes:
            if isinstance(take.person, str):
                new.setdefault(take.person, take)
        by_reference = {new_reference(): (which, take) for which, take in new.items()}
        insert_together(
            [
                Person(
                    reference=reference,
                    name=take.came.name,
                    email=history_plan_rules.address_of_new(which),
                    organisation_id=take.organisation_id,
                    sector_id=of_organisations.get(take.organisation_id or 0),
                    created_at=self.now,
                )
                for reference, (which, take) in by_reference.items()
            ]
        )
        ids = self._made(Person, by_reference)
        return {which: ids[reference] for reference, (which, _take) in by_reference.items()}

    def _sessions(
        self, takes: Sequence[Take], offers: Mapping[New, int]
    ) -> dict[tuple[int, date], Session]:
        longest: dict[tuple[int, date], float] = {}
        for take in takes:
            if take.session is None:
                which = (self._id(take.offer, offers), take.came.day)
                hours = take.came.hours or self.choices["hours"]
                longest[which] = max(hours, longest.get(which, 0.0))
        by_reference = {new_reference(10): which for which in longest}
        kinds = history_queries.kinds_of({offer_id for offer_id, _day in longest})
        insert_together(
            [
                self._event(reference, offer_id, kinds[offer_id], day, longest[offer_id, day])
                for reference, (offer_id, day) in by_reference.items()
            ]
        )
        ids = self._made(Event, by_reference)
        insert_together(
            [
                EventDate(
                    event_id=ids[reference],
                    starts_at=_began(which[1]),
                    ends_at=_began(which[1]) + timedelta(hours=longest[which]),
                )
                for reference, which in by_reference.items()
            ]
        )
        dates = history_queries.date_ids(list(ids.values()))
        undoing.note_made(self.file.id, "event_date", dates.values())
        return {
            which: Session(ids[reference], dates[ids[reference]], True)
            for reference, which in by_reference.items()
        }

    def _event(
        self, reference: str, offer_id: int, kind: OfferKind, day: date, hours: float
    ) -> Event:
        starts_at = _began(day)
        half_term = half_term_by_date(kind, day, self.half_terms)
        return Event(
            reference=reference,
            offer_id=offer_id,
            state=EventState.PUBLISHED,
            mode=self.mode,
            half_term_id=half_term.id if half_term else None,
            is_history=True,
            booking_opens_at=starts_at - timedelta(days=60),
            booking_closes_at=starts_at - timedelta(hours=1),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=hours),
            created_at=self.now,
            updated_at=self.now,
            published_at=self.now,
        )

    def _booking(
        self, take: Take, event_id: int, person_id: int, capacity: Capacity | None
    ) -> Booking:
        return Booking(
            reference=new_reference(10),
            event_id=event_id,
            person_id=person_id,
            booked_by_id=person_id,
            state=BookingState.CONFIRMED,
            origin=BookingOrigin.IMPORT,
            mode=self.mode,
            organisation_id=take.organisation_id,
            organisation_name=take.came.organisation,
            capacity=capacity or Capacity.EMPLOYEE,
            booked_at=self.now,
            confirmed_at=self.now,
        )

    def _register(self, take: Take, booking_id: int, session: Session) -> Attendance:
        return Attendance(
            booking_id=booking_id,
            event_date_id=session.date_id,
            outcome=take.came.outcome,
            recorded_at=self.now,
            recorded_by_id=self.actor.id,
        )


def _began(day: date) -> datetime:
    return from_london(day, BEGAN)
