"""Races for places: what must be true whatever the order in which people come."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.accounts.models import Person
from app.bookings.models import Booking, BookingOrigin, BookingState
from app.bookings.operations import book
from app.catalogue.models import Event, EventMode
from app.checks import stage
from app.checks.crowd import Answer, Crowd, Errand, Way, through_the_pages
from app.kernel import clock
from app.kernel.db import db, transaction
from app.outbox.models import OutboxMessage

# Half of them come within this time, the others when some of these have had their answer.
COMING_SECONDS = 0.1


@dataclass
class Findings:
    """What one round showed; `violations` is empty when all promises were kept."""

    confirmed_count: int = 0
    waiting_count: int = 0
    ordered_pairs: int = 0
    slowest_seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def race(
    crowd: Crowd,
    people: Sequence[tuple[int, str]],
    *,
    places: int,
    seed: int,
    way: Way = through_the_pages,
) -> Findings:
    """Everybody books the same new event at once; what came of it."""
    chance = random.Random(seed)  # noqa: S311 - a drill can be repeated
    with transaction():
        event = stage.make_event(places)
        event_id, path = event.id, f"/events/{event.reference}/book"
    at_once = len(people) // 2
    errands = [
        Errand(
            person_id,
            event_id,
            token,
            path,
            after_answers=chance.randint(1, max(1, at_once // 4)) if number >= at_once else 0,
            delay=chance.uniform(0, COMING_SECONDS),
        )
        for number, (person_id, token) in enumerate(people)
    ]
    return judge(event_id, places, crowd.run(errands, way))


def judge(event_id: int, places: int, answers: Sequence[Answer]) -> Findings:
    """Compare what everybody was told with what the database says."""
    rows = db.session.execute(
        select(Booking.person_id, Booking.state, Booking.joined_waiting_at).where(
            Booking.event_id == event_id, Booking.state != BookingState.CANCELLED
        )
    ).all()
    taken, waiting = db.session.execute(
        select(Event.places_taken, Event.waiting_count).where(Event.id == event_id)
    ).one()
    db.session.rollback()
    states = Counter(row.state for row in rows)
    found = Findings(
        confirmed_count=states[BookingState.CONFIRMED],
        waiting_count=states[BookingState.WAITING],
        slowest_seconds=round(max(answer.answered - answer.sent for answer in answers), 3),
    )
    found.violations += _told_wrongly(answers)
    if found.confirmed_count > places:
        found.violations.append(f"{found.confirmed_count} confirmed for {places} places")
    if found.confirmed_count < min(places, len(answers)):
        found.violations.append(f"only {found.confirmed_count} confirmed for {places} places")
    if (taken, waiting) != (found.confirmed_count, found.waiting_count):
        found.violations.append(f"counted {taken} and {waiting}, there are {dict(states)}")
    booked = Counter(row.person_id for row in rows)
    for answer in answers:
        if booked[answer.person_id] != 1:
            found.violations.append(
                f"person {answer.person_id} has {booked[answer.person_id]} rows"
            )
    joined = {row.person_id: row.joined_waiting_at for row in rows}
    found.ordered_pairs = _check_order(answers, joined, found.violations)
    return found


def _told_wrongly(answers: Sequence[Answer]) -> list[str]:
    return [
        f"person {answer.person_id} was answered {answer.status} {answer.error}".strip()
        for answer in answers
        if answer.status != 302
    ]


def _check_order(
    answers: Sequence[Answer], joined: dict[int, datetime | None], violations: list[str]
) -> int:
    """Who had an answer before another asked is ahead of them; how many such pairs there are."""
    pairs = 0
    for first in answers:
        for second in answers:
            if first.answered >= second.sent:
                continue
            pairs += 1
            ahead, behind = joined.get(first.person_id), joined.get(second.person_id)
            if ahead is not None and (behind is None or behind <= ahead):
                violations.append(f"{second.person_id} overtook {first.person_id}")
    return pairs


def cancel_at_once(crowd: Crowd, *, places: int, waiting: int) -> Findings:
    """Everybody with a place cancels at once; the same number must move up, strictly in order."""
    with transaction():
        people = stage.make_people(places + waiting)
        event = stage.make_event(places)
        event_id = event.id
    # One after the other, so that the order of the waiting list is known.
    for person_id, _token in people:
        with transaction():
            _book(event_id, person_id)
    references = dict(
        db.session.execute(
            select(Booking.person_id, Booking.reference).where(Booking.event_id == event_id)
        ).all()
    )
    db.session.rollback()
    errands = [
        Errand(person_id, event_id, token, f"/bookings/{references[person_id]}/cancel")
        for person_id, token in people[:places]
    ]
    answers = crowd.run(errands)
    in_line = [person_id for person_id, _token in people[places:]]
    return _judge_promotion(event_id, in_line, places, answers, references)


def _book(event_id: int, person_id: int) -> None:
    person = db.session.get_one(Person, person_id)
    book(
        event_id,
        person,
        booked_by=person,
        origin=BookingOrigin.SELF,
        mode=EventMode.ONLINE,
        form_key=None,
        now=clock.now(),
    )


def _judge_promotion(
    event_id: int,
    in_line: Sequence[int],
    places: int,
    answers: Sequence[Answer],
    references: dict[int, str],
) -> Findings:
    promoted = set(
        db.session.scalars(
            select(Booking.person_id).where(
                Booking.event_id == event_id, Booking.state == BookingState.CONFIRMED
            )
        )
    )
    # Messages are numbered inside the event's lock; the instants were taken before it.
    told = db.session.scalars(
        select(OutboxMessage.about_reference)
        .where(
            OutboxMessage.kind == "booking_promoted",
            OutboxMessage.about_reference.in_(references.values()),
        )
        .order_by(OutboxMessage.id)
    ).all()
    db.session.rollback()
    found = Findings(confirmed_count=len(promoted), waiting_count=len(in_line) - len(promoted))
    found.violations += _told_wrongly(answers)
    if promoted != set(in_line[:places]):
        found.violations.append(f"moved up: {sorted(promoted)}, not {list(in_line[:places])}")
    if told != [references[person_id] for person_id in in_line[:places]]:
        found.violations.append(f"told, in this order: {told}")
    return found


def messages_count(event_id: int) -> int:
    """How many messages there are about the bookings of an event."""
    about = select(Booking.reference).where(Booking.event_id == event_id)
    count = db.session.scalar(select(func.count()).where(OutboxMessage.about_reference.in_(about)))
    db.session.rollback()
    return count or 0
