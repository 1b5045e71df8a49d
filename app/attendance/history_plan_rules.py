"""Rows of past attendance matched with offers, people and sessions: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from app.accounts.imports.column_rules import plain
from app.attendance.history_rules import Came

OrganisationKey = str  # "#12" of one that we know, else plain words


@dataclass(frozen=True, slots=True)
class Session:
    """What there is of an offer on a day."""

    event_id: int
    date_id: int
    is_history: bool


@dataclass
class Known:
    """What rows are matched with."""

    offers: dict[str, int]  # by plain title, where only one has it
    people_by_email: dict[str, int]
    people_by_name: dict[tuple[str, OrganisationKey], list[int]]
    organisations: dict[str, int]  # by plain name
    sessions: dict[tuple[int, date], Session] = field(default_factory=dict)
    booked: dict[tuple[int, int], tuple[int, bool]] = field(default_factory=dict)
    # (event, person): the booking, and whether the register was taken


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody decided."""

    offers: Mapping[str, str]  # plain title: an offer's id, NEW or LEAVE_OUT
    people: Mapping[str, str]  # name and organisation: a person's id or LEAVE_OUT


NEW, LEAVE_OUT = "new", "out"
New = str  # what stands for an offer or a person who is to be added


@dataclass(frozen=True, slots=True)
class Take:
    """One attendance to be added."""

    came: Came
    offer: int | New
    person: int | New
    organisation_id: int | None
    session: Session | None
    booking_id: int | None  # where there is one without a register


@dataclass
class Plan:
    """What the rows would do."""

    takes: list[Take] = field(default_factory=list)
    unchanged_count: int = 0
    left_out_count: int = 0
    has_register_count: int = 0
    doubled_count: int = 0
    unknown_offers: dict[str, str] = field(default_factory=dict)
    ambiguous_people: dict[str, tuple[Came, list[int]]] = field(default_factory=dict)
    unknown_organisations: dict[str, str] = field(default_factory=dict)
    new_people: set[New] = field(default_factory=set)
    new_sessions: set[tuple[int | New, date]] = field(default_factory=set)


def name_key(name: str, organisation: str) -> str:
    """Somebody without an address, by name and organisation."""
    return f"{plain(name)} | {plain(organisation)}"


def address_of_new(which: New) -> str | None:
    """The address of somebody who is to be added; None for one known by name alone."""
    words = which.removeprefix(f"{NEW} ")
    return words if "@" in words and " | " not in words else None


def addresses_by_name(pairs: Sequence[tuple[str, str, str]]) -> dict[str, set[str]]:
    """Which addresses a file itself gives to a name at an organisation."""
    found: dict[str, set[str]] = {}
    for name, organisation, address in pairs:
        if address and name:
            found.setdefault(name_key(name, organisation), set()).add(address.lower())
    return found


def plan(
    rows: Sequence[Came],
    known: Known,
    chosen: Chosen,
    addresses: Mapping[str, set[str]],
) -> Plan:
    """Match rows with offers, people and sessions; what somebody must decide is asked."""
    found = Plan()
    seen: set[tuple[int | New, int | New, date]] = set()
    for came in rows:
        offer = _offer(found, came, known, chosen)
        person = _person(found, came, known, chosen, addresses)
        if offer is None or person is None:
            continue
        if LEAVE_OUT in (offer, person):
            found.left_out_count += 1
        elif (offer, person, came.day) in seen:
            found.doubled_count += 1
        else:
            seen.add((offer, person, came.day))
            _add(found, came, offer, person, known)
    return found


def _offer(found: Plan, came: Came, known: Known, chosen: Chosen) -> int | New | None:
    key = plain(came.offer)
    decided = chosen.offers.get(key, "")
    if decided.isdecimal():
        return int(decided)
    if key in known.offers:
        return known.offers[key]
    if decided == LEAVE_OUT:
        return LEAVE_OUT
    if decided == NEW:
        return f"{NEW} {key}"
    found.unknown_offers.setdefault(key, came.offer)
    return None


def _person(
    found: Plan, came: Came, known: Known, chosen: Chosen, addresses: Mapping[str, set[str]]
) -> int | New | None:
    key = name_key(came.name, came.organisation)
    given = addresses.get(key, set()) if not came.email else {came.email}
    if len(given) == 1:
        address = next(iter(given))
        return known.people_by_email.get(address, f"{NEW} {address}")
    candidates = _candidates(came, known, given)
    if len(candidates) == 1:
        return candidates[0]
    if not candidates and not given:
        return f"{NEW} {key}"
    decided = chosen.people.get(key, "")
    if decided == LEAVE_OUT:
        return LEAVE_OUT
    if decided.isdecimal() and int(decided) in candidates:
        return int(decided)
    found.ambiguous_people.setdefault(key, (came, candidates))
    return None


def _candidates(came: Came, known: Known, given: set[str]) -> list[int]:
    named = known.people_by_name.get((plain(came.name), organisation_key(came, known)), [])
    addressed = [known.people_by_email[one] for one in given if one in known.people_by_email]
    return sorted({*named, *addressed})


def organisation_key(came: Came, known: Known) -> OrganisationKey:
    """How a row's organisation is compared."""
    words = plain(came.organisation)
    found = known.organisations.get(words)
    return f"#{found}" if found is not None else words


def _add(found: Plan, came: Came, offer: int | New, person: int | New, known: Known) -> None:
    session = known.sessions.get((offer, came.day)) if isinstance(offer, int) else None
    booking_id, has_register = None, False
    if session and isinstance(person, int):
        booking_id, has_register = known.booked.get((session.event_id, person), (None, False))
    if has_register:
        found.unchanged_count += 1
        return
    if session and not session.is_history:
        found.has_register_count += 1
        return
    organisation_id = known.organisations.get(plain(came.organisation))
    if came.organisation and organisation_id is None:
        found.unknown_organisations.setdefault(plain(came.organisation), came.organisation)
    if isinstance(person, str):
        found.new_people.add(person)
    if session is None:
        found.new_sessions.add((offer, came.day))
    found.takes.append(Take(came, offer, person, organisation_id, session, booking_id))
