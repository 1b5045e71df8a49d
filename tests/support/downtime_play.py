"""A year and a half of surveys with a month without a worker, and a model of it of a few lines.

Both clock changes and month ends; surveys before, after, 3 and 6 months later, and of a list;
sessions move or are cancelled, staff move, skip and put back, people leave, are erased, taken off
a list, or turn out to be one person.
"""

from __future__ import annotations

import calendar
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.accounts.models import Person
from app.bookings.models import Booking
from app.catalogue.models import Event, EventState
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.surveys import evaluations, lists, personal, plan_changes
from app.surveys.models import Evaluation, Wave
from app.surveys.questionnaires import load_standard_questionnaires
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.surveys import a_list, merge_people, round_of_work

LONDON = ZoneInfo("Europe/London")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGINS = datetime(2027, 8, 1, 8, 30, tzinfo=UTC)  # so that no look falls on a limit
ENDS = datetime(2029, 1, 5, tzinfo=UTC)
GAP = 31 * DAY
# Month ends of a leap year, and the days on which London's clocks change.
TELLING_DAYS = [
    date(2027, 8, 30),
    date(2027, 8, 31),
    date(2027, 9, 30),
    date(2027, 10, 30),
    date(2027, 10, 31),
    date(2027, 11, 29),
    date(2027, 11, 30),
    date(2027, 12, 25),
    date(2027, 12, 31),
    date(2028, 2, 29),
    date(2028, 3, 25),
    date(2028, 3, 26),
]
BEFORE, MERGED = -1, "merged"
OF_SESSIONS, OF_LIST = (BEFORE, 0, 3, 6), (0, 3, 6)
Line = int | None  # an event's id; None: the list
Deed = Callable[[datetime], None]


@dataclass
class Asked:
    """Somebody on one line of the schedule, and until when they are to be asked."""

    person_id: int  # who they are in the end
    until: datetime | None = None
    instead: str = "nothing"  # what is found of a survey that had not been asked by then


@dataclass
class Play:
    """What happens, and what came of it."""

    dice: random.Random
    sessions_on: list[date]
    runs: list[datetime] = field(default_factory=list)
    staff: Person | None = None
    events: list[Event] = field(default_factory=list)
    listed: Evaluation | None = None
    deeds: list[tuple[datetime, Deed]] = field(default_factory=list)
    people: dict[Line, list[Asked]] = field(default_factory=dict)
    days: dict[tuple[Line, int], date] = field(default_factory=dict)  # asked then instead
    skipped: dict[tuple[Line, int], datetime] = field(default_factory=dict)
    cancelled: dict[int, datetime] = field(default_factory=dict)

    def then(self, at: datetime, deed: Deed) -> None:
        """Somebody does this at that time, or what has been in the way is over."""
        self.deeds.append((at, deed))


def later(day: date, months: int) -> date:
    """So many months later; where that month is too short, its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def london(day: date, hour: int = 9) -> datetime:
    """That hour in London."""
    return datetime.combine(day, time(hour), LONDON).astimezone(UTC)


def written(seed: int) -> Play:
    """Runs every few days, some of them in the hour of a clock change, but for the gap.

    It begins around a session, or around the time at which its people are asked.
    """
    dice = random.Random(seed)
    play, now = Play(dice, dice.sample(TELLING_DAYS, 4)), BEGINS
    day, days_later = dice.choice(play.sessions_on), dice.choice((0, 0, 90, 180))
    gap_begins = london(day) + (days_later + dice.randint(-10, 5)) * DAY
    while now < ENDS:
        if not gap_begins <= now < gap_begins + GAP:
            play.runs.append(now)
        now += dice.randint(3, 14) * DAY + dice.randint(-6, 6) * HOUR
    play.runs.append(ENDS)
    return play


def played(play: Play) -> Play:
    """Play it to the end."""
    _set_up(play)
    for event in play.events:
        for booking in _bookings(event):
            play.people.setdefault(event.id, []).append(Asked(booking.person_id))
    moved, _cancelled, left, changed = play.events
    _let_sessions_change(play)
    _let_people_change(play, left, changed)
    _let_staff_change(play, moved, left, changed)
    db.session.commit()
    deeds = sorted(play.deeds, key=lambda deed: deed[0])
    for now in play.runs:
        while deeds and deeds[0][0] < now:
            _, deed = deeds.pop(0)
            deed(now)
        _fill_registers(play.events, now)
        db.session.commit()
        round_of_work(now)
    return play


def _set_up(play: Play) -> None:
    make_partnership()
    load_standard_questionnaires(now=BEGINS)
    offer, sector = make_offer(title="Multi-Agency Neglect"), make_sector()
    play.staff = make_person()
    about = Evaluation(slug="neglect", title=offer.title, subject_words="it", created_at=BEGINS)
    about.offers = [offer]
    db.session.add(about)
    for months in OF_SESSIONS:
        evaluations.add_wave(about, months)
    for day in play.sessions_on:
        play.events.append(make_event(offer, starts_at=london(day, 10)))
        for _ in range(3):
            make_booking(play.events[-1], make_person(sector=sector, organisation=None))
    day = play.dice.choice(TELLING_DAYS)
    people = [make_person() for _ in range(5)]
    play.listed = a_list(*people, now=BEGINS, months=OF_LIST, counted_from=day)
    play.people[None] = [Asked(person.id) for person in people]


def _bookings(event: Event) -> list[Booking]:
    found = select(Booking).where(Booking.event_id == event.id).order_by(Booking.id)
    return list(db.session.scalars(found))


def _fill_registers(events: Iterable[Event], now: datetime) -> None:
    for event in events:
        if event.ends_at < now and event.state is not EventState.CANCELLED:
            for booking in _bookings(event):
                if not booking.attendances:
                    make_attendance(booking)


def _let_sessions_change(play: Play) -> None:
    moved, cancelled = play.events[:2]
    play.then(moved.starts_at - 10 * DAY, partial(_move_session, moved))

    def cancel(now: datetime) -> None:
        cancelled.state, cancelled.cancelled_at = EventState.CANCELLED, now
        play.cancelled[cancelled.id] = now

    play.then(cancelled.starts_at - 2 * DAY, cancel)


def _move_session(event: Event, _now: datetime) -> None:
    length = event.ends_at - event.starts_at
    day = later(event.starts_at.date(), 1) + 3 * DAY
    event.starts_at = london(day, 10)
    event.ends_at = event.starts_at + length


def _let_people_change(play: Play, left: Event, changed: Event) -> None:
    """One is erased, one leaves, one is taken off the list; some turn out to be one person."""
    erased, leaver, renamed = play.people[left.id]
    play.then(left.ends_at + 60 * DAY, partial(_erase, erased))
    play.then(left.ends_at + 45 * DAY, partial(_leave, leaver))
    play.then(left.ends_at + 30 * DAY, partial(_rename, renamed))
    twice, once, _ = play.people[changed.id]
    play.then(changed.ends_at + 20 * DAY, partial(_merge, twice, once))
    off, listed_twice, listed_once, listed_elsewhere, _ = play.people[None]
    begins = london(counted_from(play))
    play.then(begins + 50 * DAY, partial(_take_off, play, off))
    play.then(begins + 10 * DAY, partial(_merge, listed_twice, listed_once))
    play.then(begins + 2 * DAY, partial(_rename, listed_elsewhere))


def _erase(asked: Asked, now: datetime) -> None:
    personal.erase(asked.person_id, now=now)
    _leave(asked, now)


def _leave(asked: Asked, now: datetime) -> None:
    person = db.session.get_one(Person, asked.person_id)
    person.email, person.deactivated_at = None, now
    asked.until, asked.instead = now, "gone"


def _rename(asked: Asked, now: datetime) -> None:
    """They have an address elsewhere: the row of the old one is merged into that of the new."""
    old, new = db.session.get_one(Person, asked.person_id), make_person()
    merge_people(old, new, now=now)
    asked.person_id = new.id


def _merge(twice: Asked, once: Asked, now: datetime) -> None:
    old, new = (db.session.get_one(Person, one.person_id) for one in (twice, once))
    merge_people(old, new, now=now)
    twice.person_id, twice.until, twice.instead = new.id, now, MERGED


def _take_off(play: Play, asked: Asked, now: datetime) -> None:
    assert play.listed
    assert play.staff
    lists.remove_person(play.listed.id, asked.person_id, actor=play.staff, now=now)
    asked.until = now


def _let_staff_change(play: Play, moved: Event, left: Event, changed: Event) -> None:
    """Move surveys, one of them and put it back; skip two."""
    own = {(line, months): due for line, months, due in _own_days(play)}
    weeks = timedelta(days=play.dice.randint(-15, 40))
    for line, months, notice, days in (
        (moved.id, 0, 14, 10 * DAY),
        (changed.id, BEFORE, 3, 4 * DAY),
        (changed.id, 3, 20, weeks),
        (left.id, 3, 30, 10 * DAY),
        (None, 3, 25, weeks),
    ):
        due = own[line, months]
        to = (due + days).astimezone(LONDON).date()
        play.then(due - notice * DAY, partial(_shift, play, line, months, to))
    play.then(own[left.id, 3] - 20 * DAY, partial(_put_back, play, left.id, 3))
    for line in (changed.id, None):
        play.then(own[line, 6] - 25 * DAY, partial(_skip, play, line, 6))


def _own_days(play: Play) -> Iterable[tuple[Line, int, datetime]]:
    for event in play.events:
        for months in OF_SESSIONS:
            yield event.id, months, window(play, event, months)[0]
    for months in OF_LIST:
        yield None, months, window(play, None, months)[0]


def _wave_id(play: Play, line: Line, months: int) -> int:
    wave = select(Wave.id).join(Evaluation).where(Wave.months_later == months)
    of_list = Evaluation.counted_from_on.is_not(None)
    return db.session.execute(wave.where(of_list if line is None else ~of_list)).scalar_one()


def _shift(play: Play, line: Line, months: int, to: date, now: datetime) -> None:
    assert play.staff
    facts: dict[str, Any] = {"to": to, "reason": "Holidays", "actor": play.staff, "now": now}
    try:
        plan_changes.move_line(_wave_id(play, line, months), line, **facts)
    except Refused:  # the day has passed, or somebody was asked
        return
    play.days[line, months] = to


def _skip(play: Play, line: Line, months: int, now: datetime) -> None:
    assert play.staff
    facts: dict[str, Any] = {"reason": "The course has changed", "actor": play.staff, "now": now}
    try:
        plan_changes.skip_line(_wave_id(play, line, months), line, **facts)
    except Refused:
        return
    play.skipped[line, months] = now


def _put_back(play: Play, line: Line, months: int, now: datetime) -> None:
    assert play.staff
    try:
        plan_changes.undo_change(_wave_id(play, line, months), line, actor=play.staff, now=now)
    except Refused:
        return
    play.days.pop((line, months), None)


def counted_from(play: Play) -> date:
    """The day from which the waves of the list count."""
    assert play.listed
    assert play.listed.counted_from_on
    return play.listed.counted_from_on


def window(play: Play, event: Event | None, months: int) -> tuple[datetime, datetime]:
    """The model: from when and until when people are asked."""
    if event is None:
        first = counted_from(play)
        day = max(play.days.get((None, months), later(first, months)), first)
        return london(day), london(day) + 28 * DAY
    to = play.days.get((event.id, months))
    if months == BEFORE:
        own = event.starts_at.astimezone(LONDON).date() - 7 * DAY
        return london(to if to and london(to) < event.starts_at else own), event.starts_at
    first = event.ends_at.astimezone(LONDON).date() + DAY
    own = first if months == 0 else later(first - DAY, months)
    due = london(max(to, first) if to else own)
    return due, due + (7 if months == 0 else 28) * DAY


def expected(play: Play, event: Event | None, asked: Asked, months: int) -> str:
    """The model: what is found of one survey of one person in the end."""
    due, until = window(play, event, months)
    line = event.id if event else None
    looks = [now for now in play.runs if due <= now and _is_awake(now)]
    if event and months != BEFORE:
        if line in play.cancelled:
            return "nothing"
        looks = [now for now in looks if now > event.ends_at]
    if looks and looks[0] <= until:
        found, at = "asked", looks[0]
    else:
        found, at = "late", next(now for now in play.runs if now > until)
    for ended, instead in (
        (play.cancelled.get(line) if line else None, "session cancelled"),
        (asked.until, asked.instead),
        (play.skipped.get((line, months)), "skipped"),
    ):
        forgotten = instead == MERGED and found == "late"  # the other one's says the same
        if ended and (ended <= at or forgotten):
            return instead
    return found if found == "late" else asked_words(at)


def asked_words(at: datetime) -> str:
    """That somebody was asked, and at which of the worker's looks."""
    return f"asked {at:%d %b %Y}"


def _is_awake(now: datetime) -> bool:
    return not time(0, 55) <= now.astimezone(LONDON).time() < time(2, 5)
