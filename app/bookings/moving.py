"""Changing one's mind without losing the place: move to another date, hand over to a colleague."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm.attributes import flag_modified

from app.accounts.models import Person
from app.accounts.people import NamedPerson, find_or_add_people, read_again
from app.audit import operations as audit
from app.bookings import moving_letters, terms
from app.bookings.ending import end, is_theirs, with_people_and_entries
from app.bookings.models import ApprovedBy, Booking, BookingOrigin, BookingState, CancelReason
from app.bookings.notice import is_late
from app.bookings.places import (
    Ways,
    gather_facts,
    lock_event_of,
    lock_events_where,
    taken_by_limits,
)
from app.bookings.rules import Outcome, check_may_book, decide
from app.bookings.taking import Asked, new_booking
from app.bookings.terms_rules import Limit, Taken, Terms, limit_reached
from app.bookings.waiting_list import promote_waiting
from app.catalogue.models import Event, EventMode, EventState
from app.kernel.db import Base, db, insert_together
from app.kernel.errors import Refused

CHANGED_ON_A_MOVE = (
    "state",
    "confirmed_at",
    "held_until",
    "cancelled_at",
    "cancelled_because",
    "cancelled_late",
    "passed_over_reason",
    "adjustments",
)
WALKED_IN = "This person came without booking, so there is no place to give away"
# Said of somebody in another organisation, whatever the reason: it is theirs to tell.
CANNOT_MOVE = "We could not move this person. They can move their place themselves."
CANNOT_SAY = "We could not give the place to this person. Ask them to book for themselves."
NOT_A_PLACE = {
    BookingState.WAITING: "Only a place can be handed over, not one on the waiting list. "
    "Your colleague can join the list from the session's page.",
    BookingState.REQUESTED: "This place is only asked for. Withdraw the request, and your "
    "colleague can ask for a place of their own.",
    BookingState.HELD: "Accept the place first. Then you can hand it over.",
}


def move_booking(
    booking_id: int,
    to_event_id: int,
    *,
    actor: Person,
    mode: EventMode,
    past_the_rules: bool = False,
    now: datetime,
) -> Booking:
    """Change the place for one at another event of the offer; Refused leaves the person theirs.

    There must be a place at once. Sent twice, it gives the booking that the first time made.
    """
    from_event_id = select(Booking.event_id).where(Booking.id == booking_id).scalar_subquery()
    locked = lock_events_where(or_(Event.id == to_event_id, Event.id == from_event_id))
    new_event, rules_of_offer = locked[to_event_id]
    old = with_people_and_entries(booking_id)
    old_event = locked[old.event_id][0]
    if old.state is BookingState.CANCELLED:
        return _made_before(old, event_id=to_event_id, person_id=old.person_id)
    actor = read_again(actor)
    _check_may_move(old, old_event, new_event, now)
    asked = Asked(
        booked_by=old.booked_by,
        origin=old.origin,
        mode=mode,
        adjustments=old.adjustments,
        name_given=old.name_given,
        past_the_rules=past_the_rules,
    )
    with db.session.no_autoflush:  # everything is written at the end, with few statements
        new = new_booking(new_event, old.person, asked, now=now)
        _check_place(new, old, new_event, rules_of_offer, asked, actor, now)
        return _change_places(old, new, old_event, new_event, rules_of_offer, actor=actor, now=now)


def _check_may_move(old: Booking, old_event: Event, new_event: Event, now: datetime) -> None:
    if new_event.offer_id != old_event.offer_id or new_event.id == old_event.id:
        raise Refused("Choose another session of the same learning")
    if now >= old_event.starts_at:
        raise Refused("This session has started, so the place can no longer be moved")
    if old.origin is BookingOrigin.REGISTER:
        raise Refused(WALKED_IN)
    if old.state is BookingState.REQUESTED:
        raise Refused(
            "This place is only asked for. Withdraw the request and ask for one on the other date."
        )


def _check_place(
    new: Booking,
    old: Booking,
    event: Event,
    rules_of_offer: Terms,
    asked: Asked,
    actor: Person,
    now: datetime,
) -> None:
    """Refused unless there is a place at once, past nobody who waits for it."""
    is_own, by_staff = actor.id == old.person_id, not is_theirs(old, actor)
    facts = gather_facts(event.id, old.person_id)
    if facts.already_booked:
        who = "You have" if is_own else "This person has"
        may_be_told = by_staff or not old.person.email or _is_known_to(actor, old.person)
        raise Refused(f"{who} a booking for that session already" if may_be_told else CANNOT_MOVE)
    check_may_book(facts.event, already_booked=False, by_staff=by_staff, now=now)
    limit: Limit | None = None
    if not asked.past_the_rules:
        terms.check_may_book(rules_of_offer, old.person)
        taken = taken_by_limits(event.id, rules_of_offer)
        limit = limit_reached(rules_of_offer, taken, new.organisation_id, new.sector_id)
    outcome = decide(
        facts.event,
        waiting_barred=facts.waiting_barred,
        is_over_limit=limit is not None,
        needs_yes=False,  # whoever said yes said it to the person, not to the date
    )
    if outcome is not Outcome.CONFIRMED:
        why = "That session has filled up meanwhile"
        if limit:
            why = f"{terms.limit_words(limit, rules_of_offer)}, and on that session they are taken"
        raise Refused(f"{why}: {'your' if is_own else 'the'} place here is kept")
    Ways(event).check(new.mode)


def _change_places(
    old: Booking,
    new: Booking,
    old_event: Event,
    new_event: Event,
    rules_of_offer: Terms,
    *,
    actor: Person,
    now: datetime,
) -> Booking:
    was = old.state
    by = actor if is_theirs(old, actor) else None
    new.state, new.confirmed_at, new.replaces_id = BookingState.CONFIRMED, now, old.id
    new_event.places_taken += 1
    had_place = end(old_event, old, CancelReason.MOVED, now=now)
    # The place is as lost to others as if it had been cancelled; what staff do is nobody's fault.
    old.cancelled_late = (
        was is BookingState.CONFIRMED and by is not None and is_late(old_event, now)
    )
    rows: list[Base] = [
        audit.line(actor.reference, "moved", "booking", old.reference, to=new.reference, now=now)
    ]
    promoted = []
    if had_place:
        if rules_of_offer.have_limits:  # they are counted by the database
            db.session.flush()
        promoted = promote_waiting(old_event, rules_of_offer, now=now, into=rows)
    db.session.add(new)
    _write_alike([old_event, new_event], "places_taken", "waiting_count")
    _write_alike([old, *promoted], *CHANGED_ON_A_MOVE)
    db.session.flush()
    events = (old_event, new_event)
    was_waiting = was is BookingState.WAITING
    moving_letters.tell_moved(old, new, events, was_waiting=was_waiting, by=by, now=now, into=rows)
    insert_together(rows)
    return new


def _write_alike(rows: Sequence[Base], *names: str) -> None:
    """Let the update of every row name the same columns, so that all go in one statement."""
    for row in rows:
        for name in names:
            flag_modified(row, name)


def hand_over(booking_id: int, named: NamedPerson, *, actor: Person, now: datetime) -> Booking:
    """Give the place to the colleague named, past nobody: it is never free; or Refused.

    Sent twice, it gives the booking that the first time made.
    """
    # Before the lock, as whoever books colleagues does it: so neither waits for the other.
    [colleague] = find_or_add_people([named], now=now)
    event, rules_of_offer = lock_event_of(booking_id)
    old = with_people_and_entries(booking_id)
    if old.state is BookingState.CANCELLED:
        return _made_before(old, event_id=event.id, person_id=colleague.id)
    actor = read_again(actor)
    is_by_staff = not is_theirs(old, actor)
    _check_may_hand_over(old, event, rules_of_offer, is_by_staff, now)
    if colleague.id == old.person_id:
        raise Refused("This person has the place already: name somebody else")
    asked = Asked(
        booked_by=actor,
        origin=_origin(colleague, actor, is_by_staff),
        mode=old.mode,
        name_given=named.name,
        past_the_rules=is_by_staff,
    )
    new = new_booking(event, colleague, asked, now=now)
    try:
        _check_colleague(colleague, new, old, event, rules_of_offer, asked)
    except Refused:
        if is_by_staff or _is_known_to(actor, colleague):
            raise
        raise Refused(CANNOT_SAY) from None
    return _give_over(old, new, event, rules_of_offer, actor=actor, now=now)


def _check_may_hand_over(
    old: Booking, event: Event, rules_of_offer: Terms, is_by_staff: bool, now: datetime
) -> None:
    if event.state is not EventState.PUBLISHED or now >= event.starts_at:
        raise Refused("This session has started, so the place can no longer be handed over")
    if old.origin is BookingOrigin.REGISTER:
        raise Refused(WALKED_IN)
    if old.state in NOT_A_PLACE:
        raise Refused(NOT_A_PLACE[old.state])
    if rules_of_offer.approved_by is not ApprovedBy.NOBODY and not is_by_staff:
        raise Refused(
            "Each place here is approved for one person. Cancel this booking, and your colleague "
            "can ask for a place of their own."
        )


def _check_colleague(
    colleague: Person,
    new: Booking,
    old: Booking,
    event: Event,
    rules_of_offer: Terms,
    asked: Asked,
) -> None:
    """Refused with what keeps the colleague from having the place."""
    name = asked.name_given
    if colleague.deactivated_at:
        raise Refused(CANNOT_SAY)
    theirs = db.session.scalar(
        select(Booking.state).where(
            Booking.event_id == event.id,
            Booking.person_id == colleague.id,
            Booking.state != BookingState.CANCELLED,
        )
    )
    if theirs is BookingState.WAITING:
        raise Refused(
            f"{name} is on the waiting list of this session. If you cancel, the place goes to "
            "whoever is first on it."
        )
    if theirs is not None:
        raise Refused(f"{name} has a booking for this session already: name somebody else")
    if asked.past_the_rules:
        return
    terms.check_may_book(rules_of_offer, colleague)
    taken = _without(taken_by_limits(event.id, rules_of_offer), old)
    limit = limit_reached(rules_of_offer, taken, new.organisation_id, new.sector_id)
    if limit:
        raise Refused(f"{terms.limit_words(limit, rules_of_offer)}: name somebody from another one")


def _without(taken: Taken, booking: Booking) -> Taken:
    """The places taken by everybody else."""
    organisations = [] if booking.organisation_id is None else [booking.organisation_id]
    return Taken(
        taken.by_organisation - Counter(organisations),
        taken.by_sector - Counter([booking.sector_id]),
    )


def _is_known_to(actor: Person, colleague: Person) -> bool:
    """Whether whoever names somebody may hear of their bookings: they work together."""
    works_with = actor.organisation_id is not None
    together = works_with and actor.organisation_id == colleague.organisation_id
    return together or actor.id == colleague.id


def _origin(colleague: Person, actor: Person, is_by_staff: bool) -> BookingOrigin:
    if colleague.id == actor.id:
        return BookingOrigin.SELF
    return BookingOrigin.STAFF if is_by_staff else BookingOrigin.COLLEAGUE


def _give_over(
    old: Booking, new: Booking, event: Event, rules_of_offer: Terms, *, actor: Person, now: datetime
) -> Booking:
    with db.session.no_autoflush:  # everything is written at the end, with few statements
        by = actor if is_theirs(old, actor) else None
        end(event, old, CancelReason.HANDED_OVER, now=now)
        new.state, new.confirmed_at, new.replaces_id = BookingState.CONFIRMED, now, old.id
        event.places_taken += 1
        db.session.add(new)
        db.session.flush()
        rows: list[Base] = [
            audit.line(
                actor.reference, "handed over", "booking", old.reference, to=new.reference, now=now
            )
        ]
        moving_letters.tell_handed_over(old, new, event, by=by, now=now, into=rows)
        if rules_of_offer.have_limits:  # somebody whom a limit barred may be next now
            promote_waiting(event, rules_of_offer, now=now, into=rows)
    insert_together(rows)
    return new


def _made_before(old: Booking, *, event_id: int, person_id: int) -> Booking:
    """The booking that this one was changed for, if it is the one asked for again."""
    made = db.session.scalars(select(Booking).where(Booking.replaces_id == old.id)).one_or_none()
    if made is None or (made.event_id, made.person_id) != (event_id, person_id):
        raise Refused("This booking is cancelled already")
    return made
