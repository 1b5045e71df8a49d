"""Booking for somebody who rings: also for people without an address, and past a rule if need be.

A rule is set aside only by whoever has been shown that it says no, and the trail names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.accounts import callers
from app.accounts.callers import Caller
from app.accounts.models import Person, Post, PostKind
from app.bookings import terms
from app.bookings.models import Booking, BookingOrigin, BookingState
from app.bookings.places import gather_facts, lock_event_called, taken_by_limits
from app.bookings.rules import check_may_book, places_free
from app.bookings.taking import Asked, person_as_of_today, write_booking
from app.bookings.terms_rules import Bar, Limit, Terms, bars, limit_reached
from app.catalogue.models import Event, EventMode
from app.kernel.db import db
from app.kernel.errors import Refused
from app.kernel.london import london_date

Rule = Bar | Limit


@dataclass(frozen=True)
class Call:
    """What somebody asks for who rings, and which rules whoever answers has seen or sets aside."""

    caller: Caller
    mode: EventMode
    form_key: str
    organisation_name: str = ""  # of one that is not in our list
    post: PostKind | None = None
    adjustments: str = ""
    seen: str = ""
    set_aside: str = ""


class RuleSaysNo(Refused):
    """Rules of the offer keep the person from a place; staff may set just these aside."""

    def __init__(self, rules: Sequence[Rule], of_offer: Terms) -> None:
        self.sentences = [_in_words(rule, of_offer) for rule in rules]
        super().__init__(" ".join(self.sentences))
        self.rules = names_of(rules)
        self.is_limit_only = all(isinstance(rule, Limit) for rule in rules)


def names_of(rules: Sequence[Rule]) -> str:
    """These rules as a form and the audit trail name them."""
    return "+".join(f"{type(rule).__name__.lower()}-{rule.value}" for rule in rules)


def book_by_phone(event_reference: str, call: Call, *, actor: Person, now: datetime) -> Booking:
    """Book one place or join the waiting list; RuleSaysNo if a rule does and is not set aside.

    A limit only keeps people on the waiting list: whoever has seen it may leave it at that. The
    same form sent twice gives the booking that the first time made.
    """
    event, of_offer = lock_event_called(event_reference)
    known, actor = callers.caller_and_answerer(call.caller, actor)
    facts = gather_facts(event.id, known.id if known else 0, call.form_key)
    if facts.booking_of_form_id:
        return db.session.get_one(Booking, facts.booking_of_form_id)
    check_may_book(facts.event, already_booked=facts.already_booked, by_staff=True, now=now)
    person = callers.person_of(call.caller, known, now=now)
    rules = rules_against(person, event, of_offer, post=call.post)
    is_set_aside = bool(rules) and call.set_aside == names_of(rules)
    if rules and not is_set_aside:
        refusal = RuleSaysNo(rules, of_offer)
        if not (refusal.is_limit_only and call.seen == refusal.rules):
            raise refusal
    if known is None:
        callers.write(person)
    asked = Asked(
        booked_by=actor,
        origin=BookingOrigin.STAFF,
        mode=call.mode,
        form_key=call.form_key,
        adjustments=call.adjustments,
        # All have been looked at; one that keeps somebody waiting is told again.
        past_the_rules=is_set_aside or not rules,
        trail=_trail(person, call, names_of(rules) if is_set_aside else ""),
    )
    if call.post is not None:
        _note_post(person, call.post, now)
    booking = write_booking(event.id, person, facts, asked, of_offer, now=now)
    booking.organisation_name = booking.organisation_name or call.organisation_name
    return booking


def rules_against(
    person: Person, event: Event, of_offer: Terms, *, post: PostKind | None = None
) -> list[Rule]:
    """The rules that keep this person from a place; a full event has no place to keep.

    A post that they say they hold counts, as it is noted with the booking.
    """
    barred = bars(of_offer, terms.applicant_of(person, of_offer))
    has_post = post is not None and post.value in of_offer.posts
    found: list[Rule] = [rule for rule in barred if not (has_post and rule is Bar.POST)]
    if of_offer.have_limits and places_free(event.capacity, event.places_taken) != 0:
        today = person_as_of_today(person)
        taken = taken_by_limits(event.id, of_offer)
        limit = limit_reached(of_offer, taken, today["organisation_id"], today["sector_id"])
        found += [limit] if limit else []
    return found


def same_name_without_address(event_id: int, name: str) -> Booking | None:
    """A live booking of somebody called so who has no address: perhaps the same person."""
    return db.session.scalars(
        select(Booking)
        .join(Booking.person)
        .where(
            Booking.event_id == event_id,
            Booking.state != BookingState.CANCELLED,
            Person.email.is_(None),
            func.lower(Person.name) == name.lower(),
        )
        .limit(1)
    ).first()


def _in_words(rule: Rule, of_offer: Terms) -> str:
    if isinstance(rule, Limit):
        return f"{terms.limit_words(rule, of_offer)}, and theirs has none left."
    return terms.rule_words(rule, of_offer)


def _trail(person: Person, call: Call, set_aside: str) -> dict[str, str]:
    """What the line in the audit trail says besides; no name and no wish."""
    said = {"rules_set_aside": set_aside, "post_noted": call.post.value if call.post else ""}
    return {name: value for name, value in said.items() if value}


def _note_post(person: Person, kind: PostKind, now: datetime) -> None:
    """Note the post they say they hold, unless it is noted; it is held at an organisation."""
    if person.organisation_id is None:
        raise Refused("Say at which organisation of our list they hold the post")
    if kind not in terms.posts_of(person):
        db.session.add(
            Post(
                person_id=person.id,
                organisation_id=person.organisation_id,
                kind=kind,
                from_on=london_date(now),
            )
        )
