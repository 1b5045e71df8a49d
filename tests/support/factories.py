"""Rows with sensible defaults; each adds to the session and flushes, none commits.

`at_once=False` leaves the flush to what is made next: each costs a millisecond or two.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from app.accounts.models import Capacity, Organisation, OrganisationKind, Person, RoleGrant
from app.bookings.models import (
    Approval,
    ApprovedBy,
    Attendance,
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
    BookingTerms,
    CancelReason,
)
from app.catalogue.models import (
    Event,
    EventDate,
    EventMode,
    EventState,
    Offer,
    OfferKind,
    OfferState,
)
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import Base, db
from app.outbox.models import MessageState, OutboxMessage
from app.partnership.models import Partnership, Refresher, Sector
from app.record.models import LearningElsewhere

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
_numbers = count(1)
Row = TypeVar("Row", bound=Base)


def _added(row: Row, *, at_once: bool = True) -> Row:
    db.session.add(row)
    if at_once:
        db.session.flush()
    return row


def make_partnership(**changes: Any) -> Partnership:
    facts: dict[str, Any] = {
        "id": 1,
        "name": "Wakefield Safeguarding Children Partnership",
        "short_name": "WSCP",
        "district": "Wakefield",
        "service_name": "Learning and events",
        "strapline": "Free for anyone who works or volunteers with children and families.",
        "email": "wscp@example.org",
        "phone": "01924 000000",
        "address": "Burton Street, Wakefield",
        "website": "https://wscp.example.org",
        "organiser_name": "WSCP Learning and Development",
        "organiser_email": "learning@example.org",
        "brand_colour": "#1f5f8b",
        "ink_colour": "#14213d",
        "cancellation_notice_days": 2,
        "concern_words": "Worried about a child? Do not use this service: ring Social Care Direct.",
    }
    return _added(Partnership(**facts | changes))


def make_sector(name: str = "Health", *, at_once: bool = True, **changes: Any) -> Sector:
    number = next(_numbers)
    facts = {"slug": f"sector-{number}", "name": f"{name} {number}", "position": number}
    return _added(Sector(**facts | changes), at_once=at_once)


def make_organisation(
    sector: Sector | None = None, *, at_once: bool = True, **changes: Any
) -> Organisation:
    number = next(_numbers)
    facts: dict[str, Any] = {
        "reference": f"org{number}",
        "name": f"Organisation {number}",
        "kind": OrganisationKind.AGENCY,
        "sector": sector or make_sector(at_once=False),
    }
    return _added(Organisation(**facts | changes), at_once=at_once)


def make_person(*roles: Role, **changes: Any) -> Person:
    """A person with a complete profile; staff if roles are named."""
    number = next(_numbers)
    facts: dict[str, Any] = {
        "reference": f"person{number}",
        "name": f"Person Number{number}",
        "email": f"person{number}@example.org",
        "capacity": Capacity.EMPLOYEE,
        "job_title": "Family support worker",
        "created_at": NOW,
        "profile_completed_at": NOW,
    }
    if "organisation" not in changes and "sector" not in changes:
        facts["organisation"] = make_organisation(at_once=False)
        facts["sector"] = facts["organisation"].sector
    person = _added(Person(**facts | changes))
    for role in roles:
        _added(RoleGrant(person=person, role=role, granted_at=NOW))
    return person


def make_offer(*, at_once: bool = True, **changes: Any) -> Offer:
    number = next(_numbers)
    facts: dict[str, Any] = {
        "slug": f"offer-{number}",
        "title": f"Offer {number}",
        "kind": OfferKind.COURSE,
        "state": OfferState.PUBLISHED,
        "summary": "What it is, in a sentence.",
        "description": "What it is, at length.",
        "who_for": "Everyone who works with families.",
        "created_at": NOW,
        "published_at": NOW,
        "updated_at": NOW,
    }
    return _added(Offer(**facts | changes), at_once=at_once)


def make_event(
    offer: Offer | None = None,
    *,
    starts_at: datetime = NOW + timedelta(days=14),
    days: int = 1,
    hours: float = 3,
    **changes: Any,
) -> Event:
    """A published event on `days` dates a week apart, bookable since a month before NOW."""
    number = next(_numbers)
    starts = [starts_at + timedelta(weeks=week) for week in range(days)]
    dates = [EventDate(starts_at=start, ends_at=start + timedelta(hours=hours)) for start in starts]
    facts: dict[str, Any] = {
        "reference": f"event{number}",
        "offer": offer or make_offer(at_once=False),
        "state": EventState.PUBLISHED,
        "mode": EventMode.ONLINE,
        "joining_url": "https://meet.example.org/secret-room",
        "capacity": 20,
        "booking_opens_at": min(NOW, starts_at) - timedelta(days=30),
        "booking_closes_at": starts_at,
        "starts_at": dates[0].starts_at,
        "ends_at": dates[-1].ends_at,
        "created_at": NOW,
        "updated_at": NOW,
        "published_at": NOW,
        "dates": dates,
    }
    return _added(Event(**facts | changes))


def make_booking(event: Event, person: Person | None = None, **changes: Any) -> Booking:
    """A booking as a row only; its counts on the event are kept right, no mail is queued."""
    number = next(_numbers)
    person = person or make_person()
    state = changes.get("state", BookingState.CONFIRMED)
    facts: dict[str, Any] = {
        "reference": f"booking{number}",
        "event": event,
        "person": person,
        "booked_by": person,
        "state": state,
        "origin": BookingOrigin.SELF,
        "mode": EventMode.ONLINE,
        "sector_id": person.sector_id,
        "organisation_id": person.organisation_id,
        "organisation_name": person.organisation.name if person.organisation else "",
        "capacity": person.capacity,
        "booked_at": NOW,
        "confirmed_at": NOW if state is BookingState.CONFIRMED else None,
        "joined_waiting_at": NOW if state is BookingState.WAITING else None,
    }
    if state is BookingState.CANCELLED:
        facts["cancelled_because"] = CancelReason.PERSON
    booking = _added(Booking(**facts | changes), at_once=False)
    takes_place = booking.state in {BookingState.CONFIRMED, BookingState.HELD}
    if takes_place and booking.origin is not BookingOrigin.REGISTER:
        event.places_taken += 1
    if booking.state is BookingState.WAITING:
        event.waiting_count += 1
    db.session.flush()
    return booking


def make_terms(offer: Offer, **changes: Any) -> BookingTerms:
    """Who may book an offer, as a row only; everybody, if nothing is named."""
    return _added(BookingTerms(offer_id=offer.id, updated_at=NOW, **changes))


def make_request(
    event: Event, person: Person | None = None, *, asked_at: datetime = NOW, **changes: Any
) -> Approval:
    """A booking that waits for the yes of a line manager, as rows only."""
    booking = make_booking(event, person, state=BookingState.REQUESTED)
    facts: dict[str, Any] = {
        "booking": booking,
        "approved_by": ApprovedBy.MANAGER,
        "manager_name": "Max Head",
        "manager_email": "max.head@example.org",
        "asked_at": asked_at,
        "expires_at": min(asked_at + timedelta(days=14), event.booking_closes_at),
    }
    return _added(Approval(**facts | changes))


def make_attendance(
    booking: Booking, outcome: AttendanceOutcome = AttendanceOutcome.ATTENDED
) -> list[Attendance]:
    """The same outcome on every date of the event."""
    return [
        _added(
            Attendance(
                booking=booking,
                event_date=date,
                outcome=outcome,
                recorded_at=date.ends_at,
                recorded_by_id=booking.person_id,
            )
        )
        for date in booking.event.dates
    ]


def make_refresher(**changes: Any) -> Refresher:
    """Something to be renewed every two years."""
    number = next(_numbers)
    facts = {"slug": f"refresher-{number}", "name": f"Refresher {number}", "months": 24}
    return _added(Refresher(**facts | {"why": "Guidance says so"} | changes))


def make_learning_elsewhere(person: Person, **changes: Any) -> LearningElsewhere:
    """Something learned elsewhere a month before NOW."""
    facts: dict[str, Any] = {
        "reference": f"elsewhere{next(_numbers)}",
        "person_id": person.id,
        "title": "First aid",
        "provider": "The college",
        "learned_on": (NOW - timedelta(days=30)).date(),
        "minutes": 90,
        "added_at": NOW,
        "changed_at": NOW,
    }
    return _added(LearningElsewhere(**facts | changes))


def make_outbox_message(**changes: Any) -> OutboxMessage:
    """A message waiting to leave, due now by the real clock."""
    number, now = next(_numbers), clock.real_now()
    facts: dict[str, Any] = {
        "dedupe_key": f"message:{number}",
        "kind": "booking_confirmed",
        "about_kind": "booking",
        "about_reference": f"about{number}",
        "to_name": f"Person Number{number}",
        "to_email": f"person{number}@example.org",
        "subject": f"Message {number}",
        "text_body": "What it says",
        "html_body": "<p>What it says</p>",
        "message_id": f"<message{number}@learning.example.org>",
        "priority": 5,
        "queued_at": now,
        "next_attempt_at": now,
        "state": MessageState.QUEUED,
    }
    return _added(OutboxMessage(**facts | changes))
