"""What bookings should do, in the plainest words: lists, loops and whole days; no product code.

The state machine does everything here and in the product, and compares the two.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
LASTS = 3 * HOUR
LIVE = {"requested", "waiting", "held", "confirmed"}
STAFF, MANAGER = "staff", "manager"


class No(Exception):
    """This is not allowed now, and changes nothing."""


@dataclass(frozen=True)
class Someone:
    """A person; without an address, messages go to whoever booked for them."""

    name: str
    organisation: str | None
    sector: str
    has_address: bool = True


@dataclass(frozen=True)
class Rules:
    """Who may book, how many places one body may have, and how a free place is given."""

    sectors: frozenset[str] = frozenset()
    per_organisation: int | None = None
    per_sector: int | None = None
    asks: str = "nobody"
    keeps_places: bool = False
    hours: int = 24


@dataclass(eq=False)
class Session:
    """One session on one or several weekly dates."""

    name: str
    starts: datetime
    dates_count: int
    capacity: int | None
    opens: datetime
    closes: datetime
    is_called_off: bool = False

    @property
    def ends(self) -> list[datetime]:
        return [self.starts + number * WEEK + LASTS for number in range(self.dates_count)]

    @property
    def holds_end(self) -> datetime:
        """Nothing is kept for anybody from here on."""
        return min(self.closes, self.starts)


@dataclass(eq=False, repr=False)
class Place:
    """One person's booking of one session, from asking to its end."""

    person: Someone
    session: Session
    by: str
    how: str
    state: str = ""
    joined: int = 0
    kept_until: datetime | None = None
    answer_by: datetime | None = None
    answer: str = ""
    ended_because: str = ""
    instead_of: Place | None = None
    dates_in_calendar: int = 0

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))

    def __repr__(self) -> str:
        return f"<{self.person.name} at {self.session.name}: {self.state} by {self.by}>"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def takes_a_place(self) -> bool:
        return self.state in {"held", "confirmed"} and self.how != "register"


@dataclass
class Model:
    """Everything there is, and what the last verb told people and wrote into the trail."""

    now: datetime
    people: dict[str, Someone]
    sessions: dict[str, Session]
    rules: Rules = field(default_factory=Rules)
    places: list[Place] = field(default_factory=list)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    noted: Counter[tuple[str, str]] = field(default_factory=Counter)
    last_joined: int = 0

    # What is so.

    def live(self, session: Session) -> list[Place]:
        return [one for one in self.places if one.session is session and one.is_live]

    def taken(self, session: Session) -> list[Place]:
        return [one for one in self.live(session) if one.takes_a_place]

    def waiting(self, session: Session) -> list[Place]:
        """Whoever waits, the one who joined first before all others."""
        waiting = [one for one in self.live(session) if one.state == "waiting"]
        return sorted(waiting, key=lambda one: one.joined)

    def live_of(self, person: Someone, session: Session) -> Place | None:
        return next((one for one in self.live(session) if one.person == person), None)

    def has_free(self, session: Session) -> bool:
        return session.capacity is None or len(self.taken(session)) < session.capacity

    def is_over_limit(self, place: Place, instead_of: Place | None = None) -> bool:
        """Whether one more place for this person is more than their bodies may have."""
        others = [one for one in self.taken(place.session) if one is not instead_of]
        organisation, sector = place.person.organisation, place.person.sector
        colleagues = [one for one in others if one.person.organisation == organisation]
        neighbours = [one for one in others if one.person.sector == sector]
        most, most_of_sector = self.rules.per_organisation, self.rules.per_sector
        return bool(
            (most is not None and organisation and len(colleagues) >= most)
            or (most_of_sector is not None and len(neighbours) >= most_of_sector)
        )

    def is_barred(self, person: Someone) -> bool:
        return bool(self.rules.sectors) and person.sector not in self.rules.sectors

    def reached(self, place: Place) -> str:
        """Whose letter box a message about this booking goes to; nobody's: empty."""
        if place.person.has_address:
            return place.person.name
        booker = self.people.get(place.by)  # staff told them on the telephone
        return place.by if booker and booker.has_address else ""

    def is_by_staff(self, place: Place, actor: str) -> bool:
        is_booker = place.how == "colleague" and actor == place.by
        return not (is_booker or actor == place.person.name)

    # What is said.

    def begin(self) -> None:
        self.told.clear()
        self.noted.clear()

    def tell(self, kind: str, place: Place, count: int = 1) -> None:
        to = self.reached(place)
        if to and count:
            self.told[f"booking_{kind}", to] += count

    def note(self, verb: str, place: Place) -> None:
        self.noted[verb, f"{place.person.name} at {place.session.name}"] += 1

    # What every verb is made of.

    def check_open(self, session: Session, *, by_staff: bool = False) -> None:
        if session.is_called_off or self.now >= session.starts:
            raise No
        if not by_staff and not session.opens <= self.now < session.closes:
            raise No

    def confirm(self, place: Place, kind: str) -> None:
        """A place at last: a letter with the first date, and one for each other."""
        place.state, place.kept_until = "confirmed", None
        place.dates_in_calendar = place.session.dates_count
        self.tell(kind, place)
        self.tell("date", place, place.dates_in_calendar - 1)

    def take_out_of_calendar(self, place: Place, kind: str) -> None:
        """Each date is taken out by a letter of its own; without any, one letter says it."""
        self.tell(kind, place)
        self.tell("date_cancelled", place, place.dates_in_calendar - 1)

    def end(self, place: Place, because: str) -> None:
        place.state, place.ended_because, place.kept_until = "cancelled", because, None

    def give(self, place: Place, *, past_the_rules: bool = False) -> None:
        """A place if there is one and nobody waits who could have it, or else the list."""
        could_have_it = [one for one in self.waiting(place.session) if not self.is_over_limit(one)]
        is_allowed = past_the_rules or not self.is_over_limit(place)
        if self.has_free(place.session) and not could_have_it and is_allowed:
            self.confirm(place, "confirmed")
            return
        self.last_joined += 1
        place.state, place.joined = "waiting", self.last_joined
        self.tell("waiting", place)

    def fill(self, session: Session) -> list[Place]:
        """Give what is free, from the first who waits to the last."""
        given: list[Place] = []
        passed_over: list[Place] = []
        if session.is_called_off or self.now >= session.starts:
            return given
        for place in self.waiting(session):
            if not self.has_free(session):
                break
            if self.is_over_limit(place):
                passed_over.append(place)
                continue
            self.seat(place)
            given.append(place)
        for place in passed_over:
            if given and place.joined < given[-1].joined:
                self.note("passed over", place)
        return given

    def seat(self, place: Place) -> None:
        until = self.would_be_kept_until(place.session)
        if until is None:
            self.confirm(place, "promoted")
            self.note("promoted", place)
        else:
            place.state, place.kept_until = "held", until
            self.tell("held", place)
            self.note("held a place for", place)

    def would_be_kept_until(self, session: Session) -> datetime | None:
        """A day or as agreed; near the end a quarter of what is left, but an hour."""
        left = session.holds_end - self.now
        if not self.rules.keeps_places or session.capacity is None or left <= timedelta(0):
            return None
        return self.now + min(self.rules.hours * HOUR, max(HOUR, left / 4), left)

    def add(self, person: Someone, session: Session, by: str, how: str) -> Place:
        place = Place(person, session, by, how)
        self.places.append(place)
        return place

    # The verbs of whoever wants a place.

    def book(
        self, person: Someone, session: Session, by: str, how: str, *, past_the_rules: bool = False
    ) -> None:
        self.check_open(session, by_staff=how == "staff")
        if self.live_of(person, session) or (self.is_barred(person) and not past_the_rules):
            raise No
        place = self.add(person, session, by, how)
        self.note("booked", place)
        if self.rules.asks == "nobody" or how == "staff":
            self.give(place, past_the_rules=past_the_rules)
            return
        place.state, place.answer_by = "requested", min(self.now + 14 * DAY, session.closes)
        self.tell("requested", place)
        if self.rules.asks == "manager":
            self.told["booking_approval", MANAGER] += 1

    def book_list(self, people: list[Someone], session: Session, by: Someone) -> None:
        """Each in turn, as if they had booked one after the other; whoever cannot is left out."""
        self.check_open(session)
        for person in people:
            if self.live_of(person, session) is None and not self.is_barred(person):
                self.book(person, session, by.name, "self" if person == by else "colleague")

    def approve(self, place: Place) -> None:
        if place.answer == "approved":
            return
        self.check_answerable(place)
        place.answer = "approved"
        self.note("approved", place)
        self.give(place)

    def refuse(self, place: Place) -> None:
        if place.answer == "refused":
            return
        self.check_answerable(place)
        place.answer = "refused"
        self.note("declined", place)
        self.tell("not_approved", place)
        self.end(place, "not_approved")

    def check_answerable(self, place: Place) -> None:
        if place.state != "requested" or place.answer_by is None:
            raise No
        if self.now >= min(place.answer_by, place.session.starts):
            raise No

    def cancel(self, place: Place, actor: str) -> None:
        if not place.is_live:
            return
        if self.now >= place.session.starts and place.how != "register":
            raise No
        by_staff = self.is_by_staff(place, actor)
        was_offered = place.how == "colleague" and actor == place.person.name
        is_declined = not by_staff and (was_offered or place.state == "held")
        self.note("cancelled", place)
        if place.how != "register":
            self.take_out_of_calendar(place, "cancelled_by_us" if by_staff else "cancelled")
        if is_declined:
            self.tell_booker(place, actor)
        self.end(place, "staff" if by_staff else "declined" if is_declined else "person")
        self.fill(place.session)

    def tell_booker(self, place: Place, actor: str) -> None:
        """Whoever booked for somebody hears that they said no themselves."""
        booker = self.people.get(place.by)
        is_colleague = place.how == "colleague" and place.by != place.person.name
        if booker is None or not is_colleague or actor != place.person.name:
            return
        if booker.has_address and place.person.has_address:
            self.told["booking_declined", place.by] += 1

    def move(self, place: Place, to: Session, actor: str, *, past_the_rules: bool = False) -> None:
        if not place.is_live:
            self.check_done_before(place, place.person, to)
            return
        by_staff = self.is_by_staff(place, actor)
        if to is place.session or self.now >= place.session.starts:
            raise No
        if place.state == "requested" or place.how == "register":
            raise No
        self.check_open(to, by_staff=by_staff)
        new = Place(place.person, to, place.by, place.how, instead_of=place)
        could_have_it = [one for one in self.waiting(to) if not self.is_over_limit(one)]
        if self.live_of(place.person, to) or not self.has_free(to) or could_have_it:
            raise No
        if not past_the_rules and (self.is_barred(place.person) or self.is_over_limit(new)):
            raise No
        self.note("moved", place)
        self.tell("moved_from", place, place.dates_in_calendar)
        self.end(place, "moved")
        self.places.append(new)
        self.confirm(new, "moved")
        self.fill(place.session)

    def check_done_before(self, place: Place, person: Someone, session: Session) -> None:
        """Sent twice is the same as sent once, and anything else comes too late."""
        new = next((one for one in self.places if one.instead_of is place), None)
        if new is None or new.person != person or new.session is not session:
            raise No

    def hand_over(self, place: Place, to: Someone, actor: str) -> None:
        if not place.is_live:
            self.check_done_before(place, to, place.session)
            return
        by_staff = self.is_by_staff(place, actor)
        session = place.session
        if place.state != "confirmed" or place.how == "register":
            raise No
        if session.is_called_off or self.now >= session.starts or self.live_of(to, session):
            raise No
        if not by_staff and self.rules.asks != "nobody":
            raise No
        how = "self" if actor == to.name else "staff" if by_staff else "colleague"
        new = Place(to, session, actor, how, instead_of=place)
        is_over = self.is_over_limit(new, instead_of=place)
        if not by_staff and (self.is_barred(to) or is_over):
            raise No
        self.note("handed over", place)
        self.tell("handed_over", place, max(1, place.dates_in_calendar))
        self.end(place, "handed_over")
        self.places.append(new)
        self.confirm(new, "handed_over_to_you")
        self.fill(session)

    def accept(self, place: Place) -> None:
        if place.state == "confirmed":
            return
        self.check_kept(place)
        self.note("took", place)
        self.confirm(place, "confirmed")

    def decline(self, place: Place, actor: str) -> None:
        if place.ended_because == "declined":
            return
        self.check_kept(place)
        self.note("gave up", place)
        self.tell("off_the_list", place)
        self.tell_booker(place, actor)
        self.end(place, "declined")
        self.fill(place.session)

    def check_kept(self, place: Place) -> None:
        if place.kept_until is None or self.now >= place.kept_until:
            raise No

    # The verbs of staff, and of time.

    def remove(self, place: Place) -> None:
        if not place.is_live:
            return
        if place.state not in {"waiting", "held"}:
            raise No
        self.note("removed", place)
        if self.now < place.session.starts:
            self.tell("off_the_list", place)
        self.end(place, "staff")
        self.fill(place.session)

    def admit(self, person: Someone, session: Session) -> None:
        """Somebody is there at the door; they take nobody's place."""
        if session.is_called_off:
            raise No
        place = self.live_of(person, session)
        if place is None:
            place = self.add(person, session, person.name, "register")
            self.note("came without booking", place)
        elif place.state in {"waiting", "requested"}:
            place.how = "register"
            self.note("came while waiting", place)
        else:
            return
        place.state = "confirmed"

    def erase(self, person: Someone) -> None:
        for session in self.sessions.values():
            place = self.live_of(person, session)
            if place is None or self.now >= session.starts:
                continue
            self.note("ended", place)
            if place.dates_in_calendar:
                self.take_out_of_calendar(place, "cancelled")
            self.end(place, "erased")
            self.fill(session)
        for place in self.places:
            if place.by == person.name and place.how == "colleague":
                place.by = place.person.name

    def let_time_do_its_work(self) -> None:
        """What the worker does once it looks: requests lapse, kept places go on."""
        for place in self.places:
            if place.state == "requested" and place.answer_by and self.now >= place.answer_by:
                place.answer = "lapsed"
                self.note("let lapse", place)
                if self.now < max(place.session.starts, place.answer_by + WEEK):
                    self.tell("lapsed", place)
                self.end(place, "lapsed")
        for session in self.sessions.values():
            over = [p for p in self.live(session) if p.kept_until and p.kept_until <= self.now]
            for place in over:
                self.note("ended", place)
                if self.now < session.starts:
                    self.tell("off_the_list", place)
                self.end(place, "expired")
            self.fill(session)

    def set_rules(self, rules: Rules) -> None:
        if rules == self.rules:
            return
        self.rules = rules
        self.noted["changed who may book", "the offer"] += 1
        for session in self.sessions.values():
            self.fill(session)

    def change(self, name: str, wanted: Session) -> None:
        """Change a session's times, window or number of places."""
        session = self.sessions[name]
        is_moved = wanted.starts != session.starts
        if session.is_called_off or wanted.closes <= wanted.opens:
            raise No
        if is_moved and wanted.starts <= self.now:
            raise No
        old_ends, held_until_then = session.ends, session.holds_end
        session.starts, session.capacity = wanted.starts, wanted.capacity
        session.opens, session.closes = wanted.opens, wanted.closes
        self.noted["changed", name] += 1
        nearer = self.bring_deadlines_forward(session, held_until_then)
        given = self.fill(session)
        if session.ends[-1] <= self.now:
            return
        for place in self.live(session):
            if place in given or place.how == "register" or not (is_moved or place in nearer):
                continue
            if place.state != "confirmed":
                self.tell("changed", place)
                continue
            both = zip(old_ends, session.ends, strict=True)
            self.tell("changed", place, sum(max(old, new) > self.now for old, new in both))

    def bring_deadlines_forward(self, session: Session, was: datetime) -> list[Place]:
        """Nothing is kept beyond the new close, but nobody is left less than an hour for that."""
        nearer: list[Place] = []
        if session.holds_end >= was:
            return nearer
        for place in self.live(session):
            if place.kept_until and place.kept_until > self.now:
                latest = min(max(session.closes, self.now + HOUR), max(session.starts, self.now))
                if latest < place.kept_until:
                    place.kept_until = latest
                    nearer.append(place)
        return nearer

    def call_off(self, session: Session) -> None:
        if session.is_called_off:
            return
        if self.now >= session.starts:
            raise No
        session.is_called_off = True
        self.noted["cancelled", session.name] += 1
        for place in self.live(session):
            if place.how != "register":
                self.take_out_of_calendar(place, "cancelled_by_us")
                self.end(place, "event")
