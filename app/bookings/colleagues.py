"""Booking for others: several named colleagues in one transaction, each with their own booking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.audit import operations as audit
from app.bookings import emails, terms
from app.bookings.colleague_group import STATES, Group, sector_of
from app.bookings.colleague_rules import Became, Line, LineOutcome, Share
from app.bookings.models import ApprovedBy, Booking, BookingOrigin, BookingState
from app.bookings.places import Ways, facts_of, lock_event_and_terms, lock_event_called
from app.bookings.requests import Manager, ask_for_approval
from app.bookings.rules import check_may_book, joining_time
from app.bookings.taking import USED_FORM, Asked, mode_of_booking, new_booking
from app.bookings.terms_rules import Terms
from app.bookings.waiting_letters import tell_waiting
from app.catalogue.models import Event, EventMode
from app.kernel.db import Base, db, insert_and_return, insert_together
from app.kernel.errors import Refused
from app.kernel.tokens import new_reference


def anybody(_people: int) -> None:
    """Let any number of people be booked."""


def book_colleagues(
    which: int | str,
    lines: Sequence[Line],
    *,
    booked_by: Person,
    form_key: str,
    mode: EventMode,
    manager: Manager | None = None,
    admit: Callable[[int], None] = anybody,
    now: datetime,
) -> list[LineOutcome]:
    """Book everybody on the list as far as places go; what became of each line, in order.

    The event is named by its id or its reference. Refused if nobody can book, or if `admit` will
    not have so many. The same form sent twice tells what it did the first time.
    """
    if isinstance(which, str):
        event, rules_of_offer = lock_event_called(which)
    else:
        event, rules_of_offer = lock_event_and_terms(which)
    group = Group.gather(event, rules_of_offer, lines, booked_by, manager)
    earlier = group.booked_with(form_key)
    if earlier:
        return group.told_again(earlier)
    check_may_book(facts_of(event), already_booked=False, now=now)
    if rules_of_offer.approved_by is ApprovedBy.MANAGER and manager is None:
        raise Refused("Enter the name and work email address of the line manager")
    shares = group.shares(group.candidates())
    mode = mode_of_booking(event, mode)
    admit(sum(share.became is not Became.REFUSED for share in shares))
    made = _write(group, shares, form_key, mode, now=now)
    _tell(group, made, manager, now=now)
    return group.outcomes(shares, made)


def tell_again(
    event: Event, rules_of_offer: Terms, lines: Sequence[Line], *, booked_by: Person, form_key: str
) -> list[LineOutcome]:
    """What became of each line of a form that was sent, as it stands now; changes nothing."""
    group = Group.gather(event, rules_of_offer, lines, booked_by, None)
    return group.told_again(group.booked_with(form_key))


def foresee(
    event: Event, rules_of_offer: Terms, lines: Sequence[Line], *, booked_by: Person
) -> list[LineOutcome]:
    """What would become of each line now; of people of other organisations nothing is told."""
    group = Group.gather(event, rules_of_offer, lines, booked_by, None)
    candidates = [
        one if one.may_be_told else replace(one, refusal="") for one in group.candidates()
    ]
    return group.outcomes(group.shares(candidates), {})


def _write(
    group: Group, shares: Sequence[Share], form_key: str, mode: EventMode, *, now: datetime
) -> dict[int, Booking]:
    """Write people who are new, then all bookings; the bookings by the number of the line."""
    # Kept by the group: the session forgets whom nobody holds, and would read them one by one.
    people = group.people = _with_new_people(group, shares, now=now)
    last_joined_at = max(
        (row.joined_waiting_at for row in group.booked if row.joined_waiting_at), default=None
    )
    bookings = {}
    ways = Ways(group.event)
    for number, (line, share) in enumerate(zip(group.lines, shares, strict=True)):
        if share.became is Became.REFUSED:
            continue
        person, is_self = people[number], people[number] is group.booker
        asked = Asked(
            booked_by=group.booker,
            origin=BookingOrigin.SELF if is_self else BookingOrigin.COLLEAGUE,
            mode=mode,
            form_key=f"{form_key}-{number}",
            name_given="" if is_self else line.name,
        )
        booking = new_booking(group.event, person, asked, now=now)
        booking.state = STATES[share.became]
        booking.confirmed_at = now if share.became is Became.BOOKED else None
        if share.became is Became.BOOKED:
            ways.take(booking)
        booking.joined_waiting_at = None
        if share.became is Became.WAITING:
            last_joined_at = booking.joined_waiting_at = joining_time(now, last_joined_at)
        limit = share.limit
        booking.passed_over_reason = terms.limit_words(limit, group.terms) if limit else ""
        bookings[number] = booking
    became = Counter(share.became for share in shares)
    group.event.places_taken += became[Became.BOOKED]
    group.event.waiting_count += became[Became.WAITING]
    by_reference = {b.reference: b for b in _inserted(list(bookings.values()))}
    return {number: by_reference[b.reference] for number, b in bookings.items()}


def _with_new_people(group: Group, shares: Sequence[Share], *, now: datetime) -> list[Any]:
    """The person of each line, those not known yet added with the booker's organisation."""
    booker = group.booker
    new: dict[int, Person] = {}
    for number, (line, share) in enumerate(zip(group.lines, shares, strict=True)):
        known = group.people[number]
        if share.became is Became.REFUSED:
            continue
        if known is not None:
            known.name = known.name or line.name
            continue
        new[number] = Person(
            reference=new_reference(),
            name=line.name,
            email=line.email or None,
            organisation_id=booker.organisation_id,
            sector_id=sector_of(booker),
            created_at=now,
        )
    # In one order by everybody, so that two lists with the same people do not wait in a circle.
    in_order = sorted(new.values(), key=lambda person: person.email or "")
    try:
        with db.session.begin_nested():
            added = {person.reference: person for person in insert_and_return(in_order)}
    except IntegrityError as error:  # somebody else adds one of them at this moment
        raise Refused("Somebody else was adding the same person: try again") from error
    numbers = range(len(group.lines))
    return [added[new[n].reference] if n in new else group.people[n] for n in numbers]


def _inserted(bookings: list[Booking]) -> list[Booking]:
    """Write the bookings; a constraint that was not foreseen is a refusal, never a failure page."""
    try:
        return insert_and_return(bookings)
    except IntegrityError as error:
        raise Refused(USED_FORM) from error


def _tell(
    group: Group, made: dict[int, Booking], manager: Manager | None, *, now: datetime
) -> None:
    """Each person's own letters and calendar entries, and the trail, written together."""
    event, rows = group.event, list[Base]()
    waiting = [booking for booking in made.values() if booking.state is BookingState.WAITING]
    first = event.waiting_count - len(waiting) + 1
    positions = {booking.id: first + number for number, booking in enumerate(waiting)}
    for booking in made.values():
        actor = group.booker.reference
        rows.append(audit.line(actor, "booked", "booking", booking.reference, now=now))
        if booking.state is BookingState.REQUESTED:
            ask_for_approval(booking, event, group.terms, manager, now=now, into=rows)
        elif booking.state is BookingState.WAITING:
            position = positions[booking.id]
            tell_waiting(booking, event, group.terms, position=position, now=now, into=rows)
        else:
            emails.tell_confirmed(booking, event, promoted=False, now=now, into=rows)
    insert_together(rows)
