"""A state machine of everything that can happen to a booking, in the product and in a model.

After each step the tables are compared with the model, and hold what was promised of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from app.accounts.models import Person
from app.accounts.people import NamedPerson
from app.bookings import approvals, held_places, operations, removing, waiting_list
from app.bookings.change_terms import change_terms
from app.bookings.colleague_rules import Line
from app.bookings.colleagues import book_colleagues
from app.bookings.models import ApprovedBy, BookingOrigin, Promotion
from app.bookings.moving import hand_over, move_booking
from app.bookings.operations import DateChange, EventChange
from app.bookings.personal import erase
from app.bookings.requests import Manager
from app.bookings.terms_rules import Terms
from app.catalogue.models import Event, EventMode
from app.kernel.db import db
from app.kernel.errors import Refused
from tests.bookings.booking_model import (
    DAY,
    HOUR,
    LASTS,
    MANAGER,
    STAFF,
    WEEK,
    Model,
    No,
    Place,
    Rules,
    Session,
    Someone,
)
from tests.bookings.machine_eyes import Eyes
from tests.support.factories import (
    NOW,
    make_booking,
    make_event,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
)

THE_MANAGER = Manager("Max Head", "max.head@example.org")
PEOPLE = (
    Someone("Ana Osei", "School", "Education"),
    Someone("Ben Marsh", "School", "Education"),
    Someone("Cal Lunn", "School", "Education"),
    Someone("Dee Hart", "Clinic", "Health"),
    Someone("Eve Rudd", "Clinic", "Health"),
    Someone("Fay Moss", None, "Health"),
    Someone("Gus Penn", "College", "Education"),
    Someone("Nel Ward", "School", "Education", has_address=False),  # reached through Ana
)
ANA, NEL = PEOPLE[0], PEOPLE[-1]
names = st.sampled_from([one.name for one in PEOPLE])
sessions = st.sampled_from(["A", "B"])
capacities = st.sampled_from([1, 2, 2, 3, 4, None])
rules = st.builds(
    Rules,
    sectors=st.sampled_from([frozenset[str]()] * 6 + [frozenset({"Education"})]),
    per_organisation=st.sampled_from([None, 1, 2]),
    per_sector=st.sampled_from([None, None, 2]),
    asks=st.sampled_from(["nobody"] * 6 + ["delivery", "manager"]),
    keeps_places=st.sampled_from([True, True, False]),
    hours=st.sampled_from([1, 24, 100]),
)
windows = st.sampled_from(["open"] * 3 + ["close", "close soon", "open later", -DAY, DAY, WEEK])
NOW_AND_THEN = st.sampled_from([False] * 3 + [True])


@dataclass
class World:
    """What is there before each example: people, an offer and its two sessions, all committed."""

    ids: dict[str, int]
    events: dict[str, int]
    offer_id: int
    sectors: dict[str, str]
    eyes: Eyes


def make_world() -> World:
    """Write the world; to be called in a transaction."""
    make_partnership()
    sectors = {name: make_sector(name) for name in ("Education", "Health")}
    home = {"School": "Education", "Clinic": "Health", "College": "Education"}
    bodies = {name: make_organisation(sectors[sector]) for name, sector in home.items()}
    people = {STAFF: make_person(name=STAFF)}
    for one in PEOPLE:
        organisation = bodies[one.organisation] if one.organisation else None
        facts = {"organisation": organisation, "sector": sectors[one.sector]}
        people[one.name] = make_person(name=one.name, **facts)
    people[NEL.name].email = None
    # Ana has booked Nel before, so that a list that names Nel means her.
    make_booking(
        make_event(starts_at=NOW - 30 * DAY),
        people[NEL.name],
        booked_by=people[ANA.name],
        origin=BookingOrigin.COLLEAGUE,
        name_given=NEL.name,
    )
    offer = make_offer()
    events = {
        name: make_event(offer, reference=name, starts_at=one.starts, days=one.dates_count)
        for name, one in new_sessions().items()
    }
    db.session.flush()
    reach = {person.email: name for name, person in people.items() if person.email}
    slugs = {name: sector.slug for name, sector in sectors.items()}
    eyes = Eyes(
        people={person.id: name for name, person in people.items()},
        events={event.id: name for name, event in events.items()},
        letter_boxes=reach | {THE_MANAGER.email: MANAGER},
        offer_slug=offer.slug,
    )
    ids = {name: person.id for name, person in people.items()}
    return World(ids, {name: event.id for name, event in events.items()}, offer.id, slugs, eyes)


def new_sessions() -> dict[str, Session]:
    """One session on one date, one on two, as they are before anything happens."""
    starts = {"A": NOW + 10 * DAY, "B": NOW + 14 * DAY}
    return {
        name: Session(name, starts[name], dates, 20, NOW - 30 * DAY, starts[name])
        for name, dates in (("A", 1), ("B", 2))
    }


def some(*states: str) -> Callable[[Any], bool]:
    """Whether there is a booking in one of these states."""
    return lambda machine: any(one.state in states for one in machine.model.places)


class Machine(RuleBasedStateMachine):
    """Each rule is one verb; each example is one transaction, undone at its end."""

    world: World
    done: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(NOW, {one.name: one for one in PEOPLE}, new_sessions())
        self.form_keys = count(1)
        self.world.eyes.open()

    def teardown(self) -> None:
        db.session.rollback()
        db.session.expunge_all()

    # How a step is made.

    def step(self, expected: Callable[[], None], verb: Callable[[], object]) -> None:
        """The same in the model and in the product: both do it, or both say no."""
        self.model.begin()
        may, refusal = True, ""
        try:
            expected()
        except No:
            may = False
        try:
            with db.session.begin_nested():
                verb()
        except Refused as refused:
            refusal = str(refused)
        assert may is not bool(refusal), refusal or "this was to be refused"
        self.done.update(
            [verb for verb, _ in self.model.noted] or ["nothing" if may else "refused"]
        )
        db.session.expunge_all()  # each verb begins with what the tables say
        self.world.eyes.look()
        self.world.eyes.check(self.model)

    def person(self, name: str) -> Person:
        return db.session.get_one(Person, self.world.ids[name])

    def id_of(self, place: Place) -> int:
        return self.world.eyes.id_of(self.model, place)

    def pick(self, data: st.DataObject, *states: str) -> Place:
        """A booking in one of these states; now and then any."""
        fitting = [one for one in self.model.places if one.state in states]
        if not fitting or data.draw(NOW_AND_THEN):
            fitting = self.model.places
        return data.draw(st.sampled_from(fitting))

    def actor_for(self, data: st.DataObject, place: Place) -> str:
        """The person, whoever booked for them, or staff."""
        return data.draw(st.sampled_from([place.person.name, place.by, STAFF]))

    def is_known(self, name: str) -> bool:
        return name in self.model.people

    # The rules. Those about bookings are tried where some booking is in a state that fits.

    @initialize(rules=rules, places=st.sampled_from([1, 2, 3]), more=st.sampled_from([2, 4, None]))
    def begin(self, rules: Rules, places: int, more: int | None) -> None:
        """A session that is full, with a waiting list, and one with places."""
        self.set_rules(rules)
        self.change("A", capacity=places)
        self.change("B", capacity=more)
        for one in PEOPLE[: places + 3]:
            self._book(one.name, "A", by=one.name, how="self")

    @rule(
        name=names, session=sessions, how=st.sampled_from(["self", "self", "staff", "past rules"])
    )
    def book(self, name: str, session: str, how: str) -> None:
        if not self.is_known(name):
            return
        if how == "self":
            self._book(name, session, by=name, how=how)
            return
        self._book(name, session, by=STAFF, how="staff", past_the_rules=how == "past rules")

    def _book(
        self, name: str, session: str, *, by: str, how: str, past_the_rules: bool = False
    ) -> None:
        model, form_key = self.model, f"form-{next(self.form_keys)}"

        def verb() -> None:
            for _ in range(2):  # a double click books once
                operations.book(
                    self.world.events[session],
                    self.person(name),
                    booked_by=self.person(by),
                    origin=BookingOrigin(how),
                    mode=EventMode.ONLINE,
                    form_key=form_key,
                    manager=THE_MANAGER,
                    past_the_rules=past_the_rules,
                    now=model.now,
                )

        who, which = model.people[name], model.sessions[session]
        self.step(lambda: model.book(who, which, by, how, past_the_rules=past_the_rules), verb)

    @rule(by=names, named=st.lists(names, min_size=2, max_size=5, unique=True), session=sessions)
    def book_list(self, by: str, named: list[str], session: str) -> None:
        model = self.model
        booker = model.people.get(by)
        known = [
            name for name in named if self.is_known(name) and (name != NEL.name or by == ANA.name)
        ]
        if booker is None or not booker.has_address or not known:
            return
        lines = [Line(name, self.person(name).email or "") for name in known]
        form_key = f"list-{next(self.form_keys)}"

        def verb() -> None:
            for _ in range(2):
                book_colleagues(
                    self.world.events[session],
                    lines,
                    booked_by=self.person(by),
                    form_key=form_key,
                    mode=EventMode.ONLINE,
                    manager=THE_MANAGER,
                    now=model.now,
                )

        people = [model.people[name] for name in known]
        self.step(lambda: model.book_list(people, model.sessions[session], booker), verb)

    @precondition(some("requested"))
    @rule(data=st.data(), yes=st.sampled_from([True, True, False]), by_link=st.booleans())
    def answer_a_request(self, data: st.DataObject, yes: bool, by_link: bool) -> None:
        place = self.pick(data, "requested")
        if place.answer_by is None:  # never a request
            return
        booking_id, actor = self.id_of(place), None if by_link else self.person(STAFF)
        now = self.model.now
        if yes:
            self.step(
                lambda: self.model.approve(place),
                lambda: approvals.approve(booking_id, actor=actor, now=now),
            )
            return
        self.step(
            lambda: self.model.refuse(place),
            lambda: approvals.decline(booking_id, reason="No", actor=actor, now=now),
        )

    @precondition(some("confirmed"))
    @rule(data=st.data())
    def give_a_place_back(self, data: st.DataObject) -> None:
        self._cancel(data, self.pick(data, "confirmed"))

    @precondition(some("waiting", "held", "requested"))
    @rule(data=st.data(), removed=st.booleans())
    def wait_no_more(self, data: st.DataObject, removed: bool) -> None:
        place = self.pick(data, "waiting", "held", "requested")
        if removed:
            self._remove(place)
        else:
            self._cancel(data, place)

    def _cancel(self, data: st.DataObject, place: Place) -> None:
        actor, booking_id = self.actor_for(data, place), self.id_of(place)
        self.step(
            lambda: self.model.cancel(place, actor),
            lambda: operations.cancel_booking(
                booking_id, actor=self.person(actor), now=self.model.now
            ),
        )

    @precondition(some("confirmed", "waiting", "held"))
    @rule(data=st.data(), to=sessions, past_the_rules=st.booleans())
    def move(self, data: st.DataObject, to: str, past_the_rules: bool) -> None:
        place = self.pick(data, "confirmed", "waiting", "held")
        actor, booking_id = self.actor_for(data, place), self.id_of(place)
        past_the_rules = past_the_rules and actor == STAFF
        session = self.model.sessions[to]
        self.step(
            lambda: self.model.move(place, session, actor, past_the_rules=past_the_rules),
            lambda: move_booking(
                booking_id,
                self.world.events[to],
                actor=self.person(actor),
                mode=EventMode.ONLINE,
                past_the_rules=past_the_rules,
                now=self.model.now,
            ),
        )

    @precondition(some("confirmed"))
    @rule(data=st.data(), to=names)
    def hand_over(self, data: st.DataObject, to: str) -> None:
        place = self.pick(data, "confirmed")
        colleague = self.model.people.get(to)
        if colleague is None or not colleague.has_address:
            return
        actor, booking_id = self.actor_for(data, place), self.id_of(place)
        named = NamedPerson(to, self.person(to).email or "")
        self.step(
            lambda: self.model.hand_over(place, colleague, actor),
            lambda: hand_over(booking_id, named, actor=self.person(actor), now=self.model.now),
        )

    @precondition(some("held"))
    @rule(data=st.data(), by_link=st.booleans())
    def accept(self, data: st.DataObject, by_link: bool) -> None:
        place = self.pick(data, "held")
        booking_id = self.id_of(place)
        actor = None if by_link else self.person(place.person.name)
        self.step(
            lambda: self.model.accept(place),
            lambda: held_places.accept(booking_id, actor=actor, now=self.model.now),
        )

    @precondition(some("held"))
    @rule(data=st.data(), by_link=st.booleans())
    def decline(self, data: st.DataObject, by_link: bool) -> None:
        place = self.pick(data, "held")
        booking_id = self.id_of(place)
        actor = place.person.name if by_link else self.actor_for(data, place)
        self.step(
            lambda: self.model.decline(place, actor),
            lambda: held_places.decline(
                booking_id, actor=None if by_link else self.person(actor), now=self.model.now
            ),
        )

    def _remove(self, place: Place) -> None:
        booking_id, staff = self.id_of(place), self.person(STAFF)
        self.step(
            lambda: self.model.remove(place),
            lambda: removing.remove(booking_id, reason="By phone", actor=staff, now=self.model.now),
        )

    def is_at_the_door(self, session: str) -> bool:
        """From an hour before the start, when the register opens."""
        starts = self.model.sessions[session].starts
        return starts - HOUR <= self.model.now < starts + LASTS

    @precondition(lambda machine: machine.is_at_the_door("A") or machine.is_at_the_door("B"))
    @rule(name=names)
    def admit(self, name: str) -> None:
        if not self.is_known(name):
            return
        session = "A" if self.is_at_the_door("A") else "B"
        model, which, who = self.model, self.model.sessions[session], self.model.people[name]
        self.step(
            lambda: model.admit(who, which),
            lambda: operations.attend_without_booking(
                self.world.events[session],
                self.person(name),
                actor=self.person(STAFF),
                now=model.now,
            ),
        )

    @rule(data=st.data(), far=NOW_AND_THEN, is_worker_there=st.sampled_from([True, True, False]))
    def let_time_pass(self, data: st.DataObject, far: bool, is_worker_there: bool) -> None:
        model = self.model
        instants = [model.now, *(model.now + hours * HOUR for hours in (1, 5, 24))]
        instants += [one.kept_until for one in model.places if one.kept_until]
        if far:
            for session in model.sessions.values():
                instants += [session.closes, session.starts - HOUR / 2]
        model.now = data.draw(st.sampled_from([one for one in instants if one >= model.now]))
        if is_worker_there:
            self.let_the_worker_look()

    def let_the_worker_look(self) -> None:
        now = self.model.now

        def verb() -> None:
            for booking_id in approvals.requests_to_lapse(now=now):
                approvals.lapse(booking_id, now=now)
            for event_id in held_places.events_with_ended_holds(now=now):
                held_places.expire(event_id, now=now)
            assert waiting_list.events_to_promote(now=now) == [], "a place was left free"

        self.step(self.model.let_time_do_its_work, verb)

    def set_rules(self, rules: Rules) -> None:
        terms = Terms(
            sectors=frozenset(self.world.sectors[name] for name in rules.sectors),
            most_per_organisation=rules.per_organisation,
            most_per_sector=rules.per_sector,
            approved_by=ApprovedBy(rules.asks),
            promotion=Promotion.HELD if rules.keeps_places else Promotion.AT_ONCE,
            hold_hours=rules.hours,
        )
        staff = self.person(STAFF)
        self.step(
            lambda: self.model.set_rules(rules),
            lambda: change_terms(self.world.offer_id, terms, actor=staff, now=self.model.now),
        )

    @rule(session=sessions, capacity=capacities)
    def set_capacity(self, session: str, capacity: int | None) -> None:
        self.change(session, capacity=capacity)

    @rule(session=sessions)
    def find_one_more_place(self, session: str) -> None:
        self.change(session, capacity=(self.model.sessions[session].capacity or 0) + 1)

    @rule(session=sessions, to=st.one_of(windows, rules))
    def change_times_or_rules(self, session: str, to: str | timedelta | Rules) -> None:
        now, old = self.model.now, self.model.sessions[session]
        if isinstance(to, Rules):
            self.set_rules(to)
            return
        if isinstance(to, timedelta):
            self.change(session, starts=old.starts + to, closes=old.closes + to)
            return
        wanted = {
            "open": {"opens": NOW - 30 * DAY, "closes": old.starts},
            "close": {"closes": now},
            "close soon": {"closes": now + 2 * HOUR},
            "open later": {"opens": now + HOUR},
        }
        self.change(session, **wanted[to])

    def change(self, session: str, **changes: Any) -> None:
        old = self.model.sessions[session]
        wanted = replace(old, **changes)
        event = db.session.get_one(Event, self.world.events[session])
        dates = tuple(
            DateChange(date.id, starts_at, starts_at + LASTS)
            for date, starts_at in zip(event.dates, starts_of(wanted), strict=True)
        )
        change = EventChange(
            dates=dates,
            mode=event.mode,
            venue=event.venue,
            venue_address=event.venue_address,
            joining_url=event.joining_url,
            joining_notes=event.joining_notes,
            capacity=wanted.capacity,
            booking_opens_at=wanted.opens,
            booking_closes_at=wanted.closes,
        )
        event_id, staff = event.id, self.person(STAFF)
        self.step(
            lambda: self.model.change(session, wanted),
            lambda: operations.change_event(event_id, change, actor=staff, now=self.model.now),
        )

    @precondition(lambda machine: len(machine.model.places) > 8)
    @rule(name=names, session=sessions, is_erased=st.sampled_from([True, True, False]))
    def erase_or_call_off(self, name: str, session: str, is_erased: bool) -> None:
        model, person = self.model, self.model.people.get(name)
        if is_erased and person:
            self.step(
                lambda: model.erase(person), lambda: erase(self.world.ids[name], now=model.now)
            )
            del model.people[name]
            return
        event_id, staff = self.world.events[session], self.person(STAFF)
        self.step(
            lambda: model.call_off(model.sessions[session]),
            lambda: operations.cancel_event(event_id, reason="Snow", actor=staff, now=model.now),
        )


def starts_of(session: Session) -> list[datetime]:
    return [end - LASTS for end in session.ends]
