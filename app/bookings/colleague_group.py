"""A list of colleagues to book, with all that deciding about them rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, func, inspect, literal, or_, select
from sqlalchemy.orm import InstanceState, joinedload

from app.accounts.models import Person, Post, PostKind
from app.bookings import terms
from app.bookings.colleague_rules import (
    ON_LIST_TWICE,
    Became,
    Candidate,
    Line,
    LineOutcome,
    Share,
    share_out,
    without_booker,
)
from app.bookings.models import ApprovedBy, Booking, BookingOrigin, BookingState
from app.bookings.places import facts_of
from app.bookings.requests import Manager
from app.bookings.taking import USED_FORM
from app.bookings.terms_rules import Applicant, Bar, Taken, Terms, bar
from app.catalogue.models import Event
from app.kernel.db import db
from app.kernel.errors import Refused

ALREADY_BOOKED = "This person has a booking already."
LEFT = "This person no longer uses this service. Tell us if that is wrong."
OWN_MANAGER = "The line manager cannot approve their own place: they can book for themselves."
NOT_ON_THE_FORM = "Not booked with this list. Start again to book this person."
STATES = {
    Became.BOOKED: BookingState.CONFIRMED,
    Became.WAITING: BookingState.WAITING,
    Became.REQUESTED: BookingState.REQUESTED,
}
BECAME = {state: became for became, state in STATES.items()} | {BookingState.HELD: Became.BOOKED}


@dataclass
class Group:
    """A list of lines, with all that deciding about them rests on."""

    event: Event
    terms: Terms
    lines: list[Line]
    booker: Person
    manager: Manager | None
    people: list[Person | None]  # of each line; None: not known yet
    holders: set[int]  # ids of the people who hold a post that the offer asks for
    booked: Sequence[Any]  # the event's bookings, as rows
    reasons: list[Candidate] = field(default_factory=list)

    @classmethod
    def gather(
        cls,
        event: Event,
        rules_of_offer: Terms,
        lines: Sequence[Line],
        booked_by: Person,
        manager: Manager | None,
    ) -> Group:
        """Few statements, however many lines."""
        by_email, booker, holders = _people_by_email(lines, booked_by, rules_of_offer)
        plain = [without_booker(one, name=booker.name, email=booker.email or "") for one in lines]
        earlier, by_name = _booked_before(plain, booker.id, rules_of_offer, holders)
        found: list[Person | None] = []
        named: list[Line] = []
        for line in plain:
            person: Person | None
            known = earlier.get(line.earlier)
            if known is not None:
                line, person = replace(line, name=known[0], email=known[1].email or ""), known[1]
            elif line.email:
                person = by_email.get(line.email)
            else:
                person = by_name.get(line.name.casefold())
            named.append(line)
            found.append(person)
        booked = db.session.execute(_BOOKED.where(Booking.event_id == event.id)).all()
        return cls(event, rules_of_offer, named, booker, manager, found, holders, booked)

    def booked_with(self, form_key: str) -> dict[int, Any]:
        """The bookings that this form has made already, by the number of the line."""
        start = f"{form_key}-"
        found = [row for row in self.booked if (row.form_key or "").startswith(start)]
        if any(row.booked_by_id != self.booker.id for row in found):
            raise Refused(USED_FORM)
        return {int(row.form_key.removeprefix(start)): row for row in found}

    def told_again(self, earlier: dict[int, Any]) -> list[LineOutcome]:
        """What became of the lines of a form that comes again; Refused if it is another list."""
        told = []
        reasons = self.candidates()
        for number, (line, person) in enumerate(zip(self.lines, self.people, strict=True)):
            row = earlier.pop(number, None)
            if row is None:
                words = reasons[number].words or NOT_ON_THE_FORM
                told.append(LineOutcome(line, Became.REFUSED, words))
                continue
            if person is None or row.person_id != person.id:
                raise Refused(USED_FORM)
            became = BECAME.get(row.state, Became.REFUSED)
            words = "" if row.state in BECAME else "This booking has been cancelled."
            if row.state is BookingState.WAITING and self._is_open_to_booker(person):
                words = row.reason
            told.append(LineOutcome(line, became, words, row.reference))
        if earlier:
            raise Refused(USED_FORM)
        return told

    def candidates(self) -> list[Candidate]:
        """The lines with the reason, if any, why somebody cannot be booked."""
        booked_by = {
            row.person_id: row.booked_by_id
            for row in self.booked
            if row.state is not BookingState.CANCELLED
        }
        barred = _Barred(self.terms, self.booker, self.holders)
        seen: set[int] = set()
        found = []
        for line, person in zip(self.lines, self.people, strict=True):
            refusal = barred.words(person)
            if line.earlier and person is None:
                found.append(Candidate(line, refusal=LEFT, may_be_told=False))
                continue
            if person is not None:
                refusal = self._refusal(person, booked_by, seen) or refusal
                seen.add(person.id)
            found.append(self._candidate(line, person, refusal, booked_by))
        return found

    def _refusal(self, person: Person, booked_by: dict[int, int], seen: set[int]) -> str:
        if person.id in seen:
            return ON_LIST_TWICE
        if person.id in booked_by:
            return ALREADY_BOOKED
        if person.deactivated_at is not None:
            return LEFT
        is_manager = self.manager is not None and self.manager.email == person.email
        is_asked = self.terms.approved_by is ApprovedBy.MANAGER
        return OWN_MANAGER if is_asked and is_manager else ""

    def _candidate(
        self, line: Line, person: Person | None, refusal: str, booked_by: dict[int, int]
    ) -> Candidate:
        """Reasons are for the booker's own organisation, and for what the booker did."""
        whose = person or self.booker
        may_be_told = self._is_open_to_booker(person)
        if person is not None and booked_by.get(person.id) == self.booker.id:
            may_be_told = True
        return Candidate(line, whose.organisation_id, sector_of(whose) or 0, refusal, may_be_told)

    def _is_open_to_booker(self, person: Person | None) -> bool:
        """Whether the booker may know why this person gets no place: they work together."""
        organisation_id = self.booker.organisation_id
        return (
            person is None
            or person.email is None
            or person.id == self.booker.id
            or (organisation_id is not None and person.organisation_id == organisation_id)
        )

    def shares(self, candidates: list[Candidate]) -> list[Share]:
        """Who gets a place, waits, is asked for or refused."""
        self.reasons = candidates
        waiting_barred = [
            row for row in self.booked if row.state is BookingState.WAITING and row.reason
        ]
        return share_out(
            candidates,
            facts_of(self.event),
            self.terms,
            _taken(self.booked),
            waiting_barred=len(waiting_barred),
            needs_yes=self.terms.approved_by is not ApprovedBy.NOBODY,
        )

    def outcomes(self, shares: Sequence[Share], made: dict[int, Booking]) -> list[LineOutcome]:
        """What is told of each line."""
        told = []
        for number, share in enumerate(shares):
            one = self.reasons[number]
            words = one.words
            if share.limit and one.may_be_told:
                words = terms.limit_words(share.limit, self.terms)
            reference = made[number].reference if number in made else ""
            told.append(LineOutcome(self.lines[number], share.became, words, reference))
        return told


_BOOKED = select(
    Booking.person_id,
    Booking.booked_by_id,
    Booking.reference,
    Booking.state,
    Booking.origin,
    Booking.organisation_id,
    Booking.sector_id,
    Booking.form_key,
    Booking.joined_waiting_at,
    Booking.passed_over_reason.label("reason"),
)


def _people_by_email(
    lines: Sequence[Line], booked_by: Person, rules_of_offer: Terms
) -> tuple[dict[str, Person], Person, set[int]]:
    """The people with these addresses, and the booker, as this transaction sees them.

    And who of them holds a post that the offer asks for.
    """
    state: InstanceState[Person] = inspect(booked_by)
    booker_id: int = state.identity[0] if state.identity else booked_by.id
    addresses = {line.email.lower() for line in lines if line.email and not line.earlier}
    found = db.session.execute(
        select(Person, _holds_post(rules_of_offer))
        .where(or_(Person.email.in_(addresses), Person.id == booker_id))
        .options(
            joinedload(Person.organisation),
            joinedload(Person.sector),
            joinedload(Person.role_grants),
        )
    ).unique()
    people, holders = dict[int, Person](), set[int]()
    for person, holds_post in found:
        people[person.id] = person
        holders |= {person.id} if holds_post else set()
    by_email = {person.email: person for person in people.values() if person.email}
    return by_email, people[booker_id], holders


def _holds_post(rules_of_offer: Terms) -> ColumnElement[bool]:
    """Whether somebody holds a post that the offer asks for; nobody does if it asks for none."""
    if not rules_of_offer.posts:
        return literal(value=False).label("holds_post")
    kinds = [PostKind(kind) for kind in rules_of_offer.posts]
    held = select(Post.id).where(
        Post.person_id == Person.id, Post.kind.in_(kinds), Post.until_on.is_(None)
    )
    return held.exists().label("holds_post")


def _booked_before(
    lines: Sequence[Line], booker_id: int, rules_of_offer: Terms, holders: set[int]
) -> tuple[dict[str, tuple[str, Person]], dict[str, Person]]:
    """People this booker booked before: by the booking's reference, and by name if no address.

    Those of them who hold a post that the offer asks for are added to `holders`.
    """
    references = {line.earlier for line in lines if line.earlier}
    names = {line.name for line in lines if not line.email and not line.earlier}
    if not references and not names:
        return {}, {}
    lower = {name.lower() for name in names}
    has_name = or_(Person.name.in_(names), func.lower(Person.name).in_(lower))
    rows = db.session.execute(
        select(Booking.reference, Booking.name_given, Person, _holds_post(rules_of_offer))
        .join(Booking.person)
        .where(
            Booking.booked_by_id == booker_id,
            Booking.origin == BookingOrigin.COLLEAGUE,
            or_(Booking.reference.in_(references), Person.email.is_(None) & has_name),
        )
        .order_by(Booking.id)
        .options(joinedload(Person.organisation), joinedload(Person.sector))
    ).all()
    holders |= {row.Person.id for row in rows if row.holds_post}
    earlier = {row.reference: (row.name_given, row.Person) for row in rows}
    by_name = {
        row.Person.name.casefold(): row.Person
        for row in rows
        if row.Person.email is None and row.Person.deactivated_at is None
    }
    return earlier, by_name


class _Barred:
    """Whom the rules of the offer keep from booking, in words; a newcomer is as the booker is."""

    def __init__(self, rules_of_offer: Terms, booker: Person, holders: set[int]) -> None:
        self.terms = rules_of_offer
        self.without_posts = replace(rules_of_offer, posts=frozenset())
        self.booker = booker
        self.holders = holders
        self.words_of: dict[Bar, str] = {}

    def words(self, person: Person | None) -> str:
        """The rule that bars them; a person not known yet holds no post."""
        facts = terms.applicant_of(person or self.booker, self.without_posts)
        holds_post = person is not None and person.id in self.holders
        held = self.terms.posts if holds_post else frozenset[str]()
        rule = bar(self.terms, Applicant(facts.sector, facts.establishments, held))
        if rule is None:
            return ""
        if rule not in self.words_of:
            words = terms.rule_words(rule, self.terms)
            self.words_of[rule] = f"{words} Ask us if this person should be able to book."
        return self.words_of[rule]


def _taken(booked: Sequence[Any]) -> Taken:
    takes_place = [
        row
        for row in booked
        if row.state in {BookingState.CONFIRMED, BookingState.HELD}
        and row.origin is not BookingOrigin.REGISTER
    ]
    return Taken(
        Counter(row.organisation_id for row in takes_place if row.organisation_id is not None),
        Counter(row.sector_id for row in takes_place),
    )


def sector_of(person: Person) -> int | None:
    """The person's own sector, or that of their organisation."""
    return person.sector_id or (person.organisation.sector_id if person.organisation else None)
