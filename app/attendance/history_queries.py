"""What rows of past attendance are matched with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.accounts.imports import organisations
from app.accounts.imports.column_rules import cell, plain
from app.accounts.imports.organisations_rules import by_name
from app.accounts.models import Capacity, Organisation, Person
from app.attendance.history_plan_rules import Chosen, Known, Session
from app.attendance.history_rules import Came
from app.attendance.listed_day_rules import Order, needs_order
from app.attendance.listed_day_rules import order_in as order_of
from app.bookings.models import Attendance, Booking, BookingOrigin, BookingState
from app.catalogue.models import Event, EventDate, EventState, Offer, OfferKind
from app.kernel.db import Base, db
from app.kernel.london import london_date

IDS_AT_ONCE = 500


def order_in(content: Mapping[str, Any], choices: Mapping[str, Any]) -> Order | None:
    """Which of day and month comes first in a file, where one of its dates tells."""
    return order_of(dates_in(content, choices))


def must_ask_for_order(content: Mapping[str, Any], choices: Mapping[str, Any]) -> bool:
    """Whether a file has dates that can be read in two ways, and nothing in it tells."""
    dates = dates_in(content, choices)
    return needs_order(dates) and order_of(dates) is None


def dates_in(content: Mapping[str, Any], choices: Mapping[str, Any]) -> list[str]:
    """The different dates of a file, as written."""
    columns = choices["columns"]
    return list({cell(row, columns, "date") for row in content["rows"]})


def known_for(came: Sequence[Came], chosen: Chosen) -> Known:
    """Offers, people, organisations and sessions as they stand."""
    bodies = {name: body.id for name, body in by_name(organisations.known_bodies()).items()}
    offers = _offers()
    by_address, by_names = _people(came, bodies)
    known = Known(offers, by_address, by_names, bodies)
    wanted = {offers.get(plain(one.offer)) for one in came}
    wanted |= {int(one) for one in chosen.offers.values() if one.isdecimal()}
    _add_sessions(known, {one for one in wanted if one is not None})
    return known


def _offers() -> dict[str, int]:
    found: dict[str, list[int]] = {}
    for row in db.session.execute(select(Offer.id, Offer.title)):
        found.setdefault(plain(row.title), []).append(row.id)
    return {title: ids[0] for title, ids in found.items() if len(ids) == 1}


def _people(
    came: Sequence[Came], bodies: Mapping[str, int]
) -> tuple[dict[str, int], dict[tuple[str, str], list[int]]]:
    """People by address, and by name and organisation: theirs now, or as a file had it."""
    names = {plain(one.name) for one in came}
    addressed: dict[str, int] = {}
    named: dict[tuple[str, str], list[int]] = {}
    for row in db.session.execute(
        select(Person.id, Person.email, Person.name, Person.organisation_id).where(
            Person.merged_into_id.is_(None)
        )
    ):
        if row.email:
            addressed[row.email] = row.id
        if row.name and plain(row.name) in names and row.organisation_id:
            named.setdefault((plain(row.name), f"#{row.organisation_id}"), []).append(row.id)
    for line in db.session.execute(
        select(Person.id, Person.name, Booking.organisation_name)
        .join(Booking, Booking.person_id == Person.id)
        .where(
            Booking.origin == BookingOrigin.IMPORT,
            Booking.organisation_id.is_(None),
            Booking.organisation_name != "",
        )
        .distinct()
    ):
        words = plain(line.organisation_name)
        if plain(line.name) in names and words not in bodies:
            named.setdefault((plain(line.name), words), []).append(line.id)
    return addressed, named


def _add_sessions(known: Known, offer_ids: Collection[int]) -> None:
    if not offer_ids:
        return
    event_ids: set[int] = set()
    for some in _pieces(sorted(offer_ids)):
        for row in db.session.execute(
            select(
                Event.id,
                Event.offer_id,
                Event.is_history,
                EventDate.id.label("date_id"),
                EventDate.starts_at,
            )
            .join(EventDate, EventDate.event_id == Event.id)
            .where(Event.offer_id.in_(some), Event.state == EventState.PUBLISHED)
            .order_by(Event.is_history.desc(), Event.id.desc())
        ):
            session = Session(row.id, row.date_id, row.is_history)
            # A session of our own comes last, and counts before one of long ago.
            known.sessions[row.offer_id, london_date(row.starts_at)] = session
            event_ids.add(row.id)
    for some in _pieces(sorted(event_ids)):
        for line in db.session.execute(
            select(Booking.id, Booking.event_id, Booking.person_id, Attendance.id.label("taken"))
            .outerjoin(Attendance, Attendance.booking_id == Booking.id)
            .where(Booking.event_id.in_(some), Booking.state != BookingState.CANCELLED)
        ):
            known.booked[line.event_id, line.person_id] = (line.id, line.taken is not None)


def people_words(ids: Collection[int]) -> dict[int, str]:
    """How staff tell people of the same name apart."""
    found = db.session.execute(
        select(
            Person.id, Person.name, Person.email, Person.job_title, Organisation.name.label("at")
        )
        .outerjoin(Organisation, Organisation.id == Person.organisation_id)
        .where(Person.id.in_(ids))
    )
    return {
        row.id: ", ".join(part for part in (row.name, row.email, row.job_title, row.at) if part)
        for row in found
    }


def offers_to_choose() -> list[tuple[str, str]]:
    """Every offer by title."""
    found = db.session.execute(select(Offer.id, Offer.title).order_by(Offer.title))
    return [(str(row.id), row.title) for row in found]


def sectors_of_organisations() -> dict[int, int]:
    """The sector of each organisation."""
    found = db.session.execute(select(Organisation.id, Organisation.sector_id))
    return {row.id: row.sector_id for row in found}


def facts_of(ids: Collection[int]) -> dict[int, tuple[int | None, Capacity | None]]:
    """The sector and capacity of people."""
    found: dict[int, tuple[int | None, Capacity | None]] = {}
    for some in _pieces(sorted(ids)):
        for row in db.session.execute(
            select(Person.id, Person.sector_id, Person.capacity).where(Person.id.in_(some))
        ):
            found[row.id] = (row.sector_id, row.capacity)
    return found


def kinds_of(offer_ids: Collection[int]) -> dict[int, OfferKind]:
    """What kind of thing each of these offers is."""
    found: dict[int, OfferKind] = {}
    for some in _pieces(sorted(offer_ids)):
        for row in db.session.execute(select(Offer.id, Offer.kind).where(Offer.id.in_(some))):
            found[row.id] = row.kind
    return found


def ids_of(table: type[Base], references: Sequence[str]) -> dict[str, int]:
    """The ids of rows by their references."""
    columns = table.__table__.c
    found: dict[str, int] = {}
    for some in _pieces(references):
        for row in db.session.execute(
            select(columns.reference, columns.id).where(columns.reference.in_(some))
        ):
            found[row.reference] = row.id
    return found


def date_ids(event_ids: Sequence[int]) -> dict[int, int]:
    """The one date of each event."""
    found: dict[int, int] = {}
    for some in _pieces(event_ids):
        for row in db.session.execute(
            select(EventDate.event_id, EventDate.id).where(EventDate.event_id.in_(some))
        ):
            found[row.event_id] = row.id
    return found


def attendance_ids(booking_ids: Sequence[int], recorded_at: datetime) -> list[int]:
    """The register lines just written for these bookings."""
    found: list[int] = []
    for some in _pieces(booking_ids):
        found += db.session.scalars(
            select(Attendance.id).where(
                Attendance.booking_id.in_(some), Attendance.recorded_at == recorded_at
            )
        )
    return found


def _pieces(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), IDS_AT_ONCE):
        yield items[start : start + IDS_AT_ONCE]
