"""Every way to a place, tried by many at one moment; and what happens without the lock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import Select, select

from app.accounts.models import Person
from app.bookings import operations
from app.bookings.models import (
    ApprovedBy,
    Booking,
    BookingOrigin,
    BookingState,
    BookingTerms,
    Promotion,
)
from app.catalogue.models import Event, EventMode
from app.checks import stage, verify_bookings, verify_exchanges, verify_waiting
from app.checks.crowd import Answer, Crowd
from app.checks.moment import Moment
from app.kernel import clock
from app.kernel.db import db, transaction
from app.outbox.models import OutboxMessage
from tests.races.verbs import DONE, Task, do, do_without_the_lock, task

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

SECOND = timedelta(seconds=1)
CHECKS = verify_bookings.INVARIANTS | verify_waiting.INVARIANTS | verify_exchanges.INVARIANTS
OVERSOLD = "no more people have a place than there are places"
TAKES_A_PLACE = {BookingState.CONFIRMED, BookingState.HELD}
# Each of these is told once of one booking, whatever happens at the same moment.
TOLD_ONCE = {"booking_confirmed", "booking_promoted", "booking_held", "booking_waiting"}


@dataclass
class Race:
    """What is there at the start, what everybody does at once, and what must come of it."""

    event_id: int
    tasks: list[Task]
    taken: int | range  # places in the end
    one_of_each: list[set[int]] = field(default_factory=list)  # groups with one live booking
    next_in_line: Sequence[int] = ()  # who waits, in order, the first of whom get a place
    given_on: int | None = 0  # how many of them; None: that depends
    other_event_ids: tuple[int, ...] = ()
    may_be_refused: bool = False
    has_fewer_places: bool = False


def people(count: int) -> list[Person]:
    made = stage.make_people(count)
    found = select(Person).where(Person.id.in_([person_id for person_id, _ in made]))
    return list(db.session.scalars(found.order_by(Person.id)))


def named(*persons: Person) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, one.email or "") for one in persons)


def booked(event: Event, persons: Sequence[Person]) -> dict[int, int]:
    """One after the other, so that the order is known; the bookings by person."""
    for person in persons:
        operations.book(
            event.id,
            person,
            booked_by=person,
            origin=BookingOrigin.SELF,
            mode=EventMode.ONLINE,
            form_key=None,
            now=clock.now(),
        )
    rows = select(Booking.person_id, Booking.id).where(Booking.event_id == event.id)
    return {row.person_id: row.id for row in db.session.execute(rows)}


def set_terms(event: Event, **terms: object) -> None:
    row = BookingTerms(offer_id=event.offer_id, updated_at=clock.now(), **terms)
    db.session.add(row)
    db.session.flush()


def by_oneself() -> Race:
    event, everybody = stage.make_event(3), people(12)
    tasks = [task("book", one.id, event.id) for one in everybody]
    return Race(event.id, tasks, 3, [{one.id} for one in everybody])


def by_staff() -> Race:
    event, staff, everybody = stage.make_event(3), people(2), people(12)
    tasks = [
        task("book by staff", staff[number % 2].id, event.id, named=named(one))
        for number, one in enumerate(everybody)
    ]
    return Race(event.id, tasks, 3, [{one.id} for one in everybody])


def by_lists() -> Race:
    """Lists of three, each person on two of them in another order: booked by one of the two."""
    event, bookers, everybody = stage.make_event(4), people(8), people(12)
    threes = [everybody[start : start + 3] for start in range(0, 12, 3)]
    lists = [named(*three) for three in threes] + [named(*reversed(three)) for three in threes]
    tasks = [
        task("book a list", booker.id, event.id, named=lines)
        for booker, lines in zip(bookers, lists, strict=True)
    ]
    return Race(event.id, tasks, 4, [{one.id} for one in everybody])


def by_moving() -> Race:
    """Into one event, out of another with people waiting; whoever comes too late keeps theirs."""
    event, other, everybody, waiting = (
        stage.make_event(3),
        stage.make_event(10),
        people(10),
        people(5),
    )
    other.offer = event.offer
    bookings = booked(other, [*everybody, *waiting])
    tasks = [task("move", one.id, event.id, booking_id=bookings[one.id]) for one in everybody]
    return Race(
        event.id,
        tasks,
        3,
        [{one.id} for one in [*everybody, *waiting]],
        [one.id for one in waiting],
        3,
        other_event_ids=(other.id,),
        may_be_refused=True,
    )


def by_approval() -> Race:
    event, staff, everybody = stage.make_event(3), people(1), people(12)
    set_terms(event, approved_by=ApprovedBy.DELIVERY)
    bookings = booked(event, everybody)
    tasks = [
        task("approve", staff[0].id, event.id, booking_id=bookings[one.id]) for one in everybody
    ]
    return Race(event.id, tasks, 3, [{one.id} for one in everybody])


def by_handing_over() -> Race:
    """Each place to two colleagues at once, one of whom gets it; others cancel, others wait."""
    event, givers, takers = stage.make_event(8), people(8), people(12)
    waiting = people(4)
    bookings = booked(event, [*givers, *waiting])
    tasks, groups = [], []
    for number, giver in enumerate(givers[:6]):
        pair = takers[2 * number : 2 * number + 2]
        groups.append({giver.id, *(one.id for one in pair)})
        tasks += [
            task("hand over", giver.id, event.id, booking_id=bookings[giver.id], named=named(one))
            for one in pair
        ]
    tasks += [task("cancel", one.id, event.id, booking_id=bookings[one.id]) for one in givers[6:]]
    return Race(event.id, tasks, 8, groups, [one.id for one in waiting], 2, may_be_refused=True)


def by_more_places() -> Race:
    """Places are added by several at once, and newcomers try to be faster than those who wait."""
    event, staff = stage.make_event(2), people(3)
    waiting, newcomers = people(6), people(8)
    booked(event, [*people(2), *waiting])
    tasks = [task("set capacity", one.id, event.id, number=5) for one in staff]
    tasks += [task("book", one.id, event.id) for one in newcomers]
    groups = [{one.id} for one in [*waiting, *newcomers]]
    return Race(event.id, tasks, 5, groups, [one.id for one in waiting], 3)


def by_fewer_places() -> Race:
    """Places are taken out of the event while they are given on: from then on they are not."""
    event, staff = stage.make_event(6), people(2)
    leaving, waiting = people(6), people(8)
    bookings = booked(event, [*leaving, *waiting])
    tasks = [task("set capacity", one.id, event.id, number=4) for one in staff]
    tasks += [task("cancel", one.id, event.id, booking_id=bookings[one.id]) for one in leaving]
    tasks += [task("promote", staff[0].id, event.id) for _ in range(3)]
    groups = [{one.id} for one in waiting]
    in_line = [one.id for one in waiting]
    return Race(event.id, tasks, range(4, 7), groups, in_line, None, has_fewer_places=True)


def by_kept_places() -> Race:
    """Taken in the last second, given up, and ended by two workers, all at one moment."""
    event, first, kept, waiting = stage.make_event(6), people(6), people(6), people(8)
    set_terms(event, promotion=Promotion.HELD)
    bookings = booked(event, [*first, *kept, *waiting])
    for one in first:
        operations.cancel_booking(bookings[one.id], actor=one, now=clock.now())
    ends_at = min(db.session.get_one(Booking, bookings[one.id]).held_until for one in kept)  # type: ignore[type-var]
    assert ends_at
    late = ends_at + timedelta(minutes=1)  # all six were kept within that minute
    tasks = [
        task("accept", one.id, event.id, booking_id=bookings[one.id], at=ends_at - SECOND)
        for one in kept[:4]
    ]
    tasks += [
        task("decline", one.id, event.id, booking_id=bookings[one.id], at=ends_at - SECOND)
        for one in kept[3:]
    ]
    tasks += [task("expire", one.id, event.id, at=late) for one in first[:3]]
    return Race(event.id, tasks, 6, [{one.id} for one in waiting], may_be_refused=True)


def by_cancelling(promotion: Promotion = Promotion.AT_ONCE) -> Race:
    """Twenty cancel, forty wait: the first twenty are next, each is told once."""
    event, leaving, waiting = stage.make_event(20), people(20), people(40)
    set_terms(event, promotion=promotion)
    bookings = booked(event, [*leaving, *waiting])
    tasks = [task("cancel", one.id, event.id, booking_id=bookings[one.id]) for one in leaving]
    groups = [{one.id} for one in waiting]
    return Race(event.id, tasks, 20, groups, [one.id for one in waiting], 20)


def by_cancelling_where_places_are_kept() -> Race:
    return by_cancelling(Promotion.HELD)


def by_all_ways_at_once() -> Race:
    """All of it at two events, between which people move in both directions."""
    event, other, staff = stage.make_event(10), stage.make_event(10), people(2)
    other.offer = event.offer
    here, waiting, there, newcomers = people(10), people(6), people(6), people(17)
    bookings = booked(event, [*here, *waiting])
    elsewhere = booked(other, there)
    tasks = [task("book", one.id, event.id) for one in newcomers[:4]]
    for number in (4, 7):
        lines = named(*newcomers[number : number + 3])
        tasks.append(task("book a list", staff[0].id, event.id, named=lines))
    for one in newcomers[10:13]:
        tasks.append(task("book by staff", staff[1].id, event.id, named=named(one)))
    for one in there[:3]:
        tasks.append(task("move", one.id, event.id, booking_id=elsewhere[one.id]))
    for one in here[:3]:
        tasks.append(task("move", one.id, other.id, booking_id=bookings[one.id]))
    for one, taker in zip(here[3:6], newcomers[13:16], strict=True):
        facts = {"booking_id": bookings[one.id], "named": named(taker)}
        tasks.append(task("hand over", one.id, event.id, **facts))
    for one in here[6:]:
        tasks.append(task("cancel", one.id, event.id, booking_id=bookings[one.id]))
    for one in staff:
        tasks.append(task("set capacity", one.id, event.id, number=12))
        tasks.append(task("promote", one.id, event.id))
        tasks.append(task("expire", one.id, event.id))
    groups = [{one.id} for one in [*waiting, *there, *newcomers[:13], *here[:3]]]
    groups += [{one.id, taker.id} for one, taker in zip(here[3:6], newcomers[13:16], strict=True)]
    in_line = [one.id for one in waiting]
    return Race(event.id, tasks, 12, groups, in_line, 6, (other.id,), may_be_refused=True)


PATHS: list[Callable[[], Race]] = [
    by_oneself,
    by_staff,
    by_lists,
    by_moving,
    by_approval,
    by_handing_over,
    by_more_places,
    by_fewer_places,
    by_kept_places,
    by_cancelling,
    by_cancelling_where_places_are_kept,
    by_all_ways_at_once,
]


@pytest.mark.parametrize("prepare", PATHS, ids=lambda one: one.__name__)
def test_whichever_way_people_come_no_place_goes_twice_and_nobody_is_lost(
    crowd: Crowd, prepare: Callable[[], Race]
) -> None:
    with transaction():
        race = prepare()
    assert judge(race, crowd.run(race.tasks, do)) == []


@pytest.mark.parametrize("prepare", PATHS[:-2], ids=lambda one: one.__name__)
def test_the_same_goes_wrong_without_the_lock(crowd: Crowd, prepare: Callable[[], Race]) -> None:
    with transaction():
        race = prepare()
    found = judge(race, crowd.run(race.tasks, do_without_the_lock))
    print(found)
    assert found != []


def judge(race: Race, answers: Sequence[Answer]) -> list[str]:
    """What is not as it must be."""
    found = [
        f"{one.person_id} was answered {one.status} {one.location} {one.error}"
        for one in answers
        if one.status != DONE and (one.status == 0 or not race.may_be_refused)
    ]
    events = (race.event_id, *race.other_event_ids)
    rows = db.session.execute(
        select(Booking.reference, Booking.person_id, Booking.event_id, Booking.state).where(
            Booking.event_id.in_(events)
        )
    ).all()
    here = [row for row in rows if row.event_id == race.event_id]
    taken = sum(row.state in TAKES_A_PLACE for row in here)
    if taken not in (race.taken if isinstance(race.taken, range) else {race.taken}):
        found.append(f"{taken} places are taken, and not {race.taken}")
    live = Counter(row.person_id for row in rows if row.state != BookingState.CANCELLED)
    for group in race.one_of_each:
        if sum(live[one] for one in group) != 1:
            found.append(f"{group} have {[live[one] for one in group]} bookings")
    seated = {row.person_id for row in rows if row.state in TAKES_A_PLACE}
    first = [one in seated for one in race.next_in_line]
    if sorted(first, reverse=True) != first or race.given_on not in {None, sum(first)}:
        found.append(f"of those in line got a place: {first}")
    found += told_twice({row.reference for row in rows})
    found += faults(race, {row.reference for row in rows})
    db.session.rollback()
    return found


def told_twice(references: set[str]) -> list[str]:
    told = db.session.execute(
        select(OutboxMessage.about_reference, OutboxMessage.kind).where(
            OutboxMessage.about_reference.in_(references), OutboxMessage.kind.in_(TOLD_ONCE)
        )
    ).all()
    counted = Counter((row.about_reference, row.kind) for row in told)
    return [
        f"{about} was told {count} times: {kind}"
        for (about, kind), count in counted.items()
        if count > 1
    ]


def faults(race: Race, references: set[str]) -> list[str]:
    """What the service's own check says of these events, which earlier races do not touch."""
    ids = (race.event_id, *race.other_event_ids)
    mine = references | set(db.session.scalars(select(Event.reference).where(Event.id.in_(ids))))
    moment = Moment(now=clock.now(), real_now=clock.real_now(), example_made_at=None)
    found = []
    for name, find in CHECKS.items():
        what = find(moment)
        told = set(db.session.scalars(what) if isinstance(what, Select) else what)
        # Both took their instant before the lock: whether a place was given before the change that
        # took places away, or after it, is told by the count alone.
        if told & mine and not (race.has_fewer_places and name == OVERSOLD):
            found.append(f"not so: {name}")
    return found
