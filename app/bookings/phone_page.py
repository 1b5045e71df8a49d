"""What staff see before they book for somebody who rings: who it is, what follows, what to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts import callers
from app.accounts.models import Person
from app.bookings import by_phone, queries
from app.bookings.by_phone import RuleSaysNo
from app.bookings.phone_forms import PhoneForm
from app.bookings.places import facts_of, terms_of
from app.bookings.rules import check_may_book
from app.bookings.warning_queries import warnings_of
from app.catalogue.models import Event


@dataclass(frozen=True)
class Foreseen:
    """What is known before the booking is made, and may have changed when it is."""

    person: Person  # as they are in our list, or would be
    warnings: Sequence[str]
    rule: RuleSaysNo | None


def foresee(event: Event, form: PhoneForm, known: Person | None, *, now: datetime) -> Foreseen:
    """What the check page shows; Refused if no booking can be made whatever staff say."""
    booked = known is not None and queries.live_booking(event.id, known.id) is not None
    check_may_book(facts_of(event), already_booked=booked, by_staff=True, now=now)
    call, of_offer = form.call(), terms_of(event.offer_id)
    has_place = known is not None and bool(known.organisation_id or known.sector_id)
    person = known if known and has_place else callers.person_of(call.caller, None, now=now)
    rules = by_phone.rules_against(person, event, of_offer, post=call.post)
    return Foreseen(
        person=person,
        warnings=_warnings(event, form, known, now=now),
        rule=RuleSaysNo(rules, of_offer) if rules else None,
    )


def _warnings(
    event: Event, form: PhoneForm, known: Person | None, *, now: datetime
) -> Sequence[str]:
    """What staff should know before they book, a sentence each."""
    if known is not None:
        return warnings_of(event, known.id, is_own=False, now=now)
    twin = None
    if form.address is None:
        twin = by_phone.same_name_without_address(event.id, form.name.text)
    if twin is None:
        return []
    return [
        f"{twin.person.name}, who has no email, has a booking for this session already, with the "
        f"reference {twin.reference}. Is this somebody else?"
    ]
