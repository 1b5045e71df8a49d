"""What our records hold of one school: who leads safeguarding, what each learned, which forums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select

from app.accounts.models import Person, Post, PostKind
from app.catalogue.models import Event
from app.catalogue.rules import event_title
from app.forums import list_confirming, presence
from app.forums import training_rules as rules
from app.forums.establishments import Establishment, establishments, today_of
from app.forums.forums import forums
from app.forums.training import coming_terms
from app.forums.training_rules import Renewal
from app.kernel.db import db
from app.kernel.london import day_start, london_date
from app.partnership.half_term_rules import FIRST_MONTH, school_year_of
from app.record import queries as record
from app.record.rules import How, Learned, record_lines

ATTENDED, WATCHED, NOT_THERE = "Attended", "Watched afterwards (self-reported)", "Not there"


@dataclass(frozen=True)
class PostHeld:
    """A post that somebody holds now, and since when."""

    kind: PostKind
    from_on: date


@dataclass(frozen=True)
class PersonLine:
    """Somebody in a post: what they last attended with us, what renews when."""

    reference: str
    name: str
    email: str | None
    posts: tuple[PostHeld, ...]
    last_attended: Learned | None
    renewals: tuple[Renewal, ...]
    elsewhere: tuple[Learned, ...]  # what renews something, as they say themselves


@dataclass(frozen=True)
class ForumLine:
    """A forum of this school year or the last, and how the school took part."""

    school_year: str
    title: str
    starts_at: datetime
    how: str


@dataclass(frozen=True)
class Statement:
    """Everything a school can show an inspector, as of a day."""

    establishment: Establishment
    people: tuple[PersonLine, ...]
    forums: tuple[ForumLine, ...]
    unconfirmed: tuple[str, ...] = ()  # names as typed by the school's link

    @property
    def taken_part(self) -> tuple[ForumLine, ...]:
        """The forums at which somebody was, or of which somebody watched the recording."""
        return tuple(one for one in self.forums if one.how != NOT_THERE)

    def count(self, how: str) -> int:
        """How many forums the school took part in so."""
        return sum(one.how == how for one in self.forums)


def statement_of(establishment: Establishment, *, now: datetime) -> Statement:
    """The statement of one establishment, in the same statements however many people it has."""
    held = _posts(establishment.id, now)
    return Statement(
        establishment=establishment,
        people=tuple(_people([row for row in held if row.name_given is None], now=now)),
        forums=tuple(_forums(establishment, now=now)),
        unconfirmed=tuple(row.name_given for row in held if row.name_given is not None),
    )


def _people(held: Sequence[Row[*tuple[Any, ...]]], *, now: datetime) -> list[PersonLine]:
    posts: defaultdict[int, list[PostHeld]] = defaultdict(list)
    people: dict[int, tuple[str, str, str | None]] = {}
    for row in held:
        posts[row.id].append(PostHeld(row.kind, row.from_on))
        people[row.id] = (row.reference, row.name, row.email)
    today, known = london_date(now), record.refresher_rules()
    registers = record.registers_of(list(people), now=now)
    entries = record.entries_of(list(people), renewing=True)
    terms = coming_terms(today).terms
    lines = []
    for id_, (reference, name, email) in people.items():
        register, own = registers.get(id_, []), entries.get(id_, [])
        learned = record_lines(register, own)
        renewals = rules.renewals(
            known, [one.kind for one in posts[id_]], register, own, terms=terms, today=today
        )
        lines.append(
            PersonLine(
                reference=reference,
                name=name,
                email=email,
                posts=tuple(posts[id_]),
                last_attended=next((one for one in learned if one.how is not How.ELSEWHERE), None),
                renewals=tuple(renewals),
                elsewhere=tuple(one for one in learned if one.how is How.ELSEWHERE),
            )
        )
    order = list(PostKind)
    return sorted(lines, key=lambda line: order.index(line.posts[0].kind))


def _posts(organisation_id: int, now: datetime) -> Sequence[Row[*tuple[Any, ...]]]:
    found = db.session.execute(
        select(
            Person.id,
            Person.reference,
            Person.name,
            Person.email,
            Post.kind,
            Post.from_on,
            list_confirming.name_unconfirmed(now=now).label("name_given"),
        )
        .join(Post, Post.person_id == Person.id)
        .where(
            Post.organisation_id == organisation_id,
            Post.until_on.is_(None),
            Person.deactivated_at.is_(None),
        )
        .order_by(Person.name, Person.id)
    ).all()
    order = list(PostKind)
    return sorted(found, key=lambda row: order.index(row.kind))


def _forums(establishment: Establishment, *, now: datetime) -> list[ForumLine]:
    """The forums held since the last school year began, and while the school was open."""
    this_year = school_year_of(london_date(now))
    since = day_start(date(int(this_year[:4]) - 1, FIRST_MONTH, 1))
    bodies = presence.with_predecessors([establishment.id])
    attended = presence.attended_for(bodies, since=since)
    watched = presence.watched_for(bodies, since=since)
    opened_on = _opened_on(establishment, bodies)
    if opened_on is not None:
        since = max(since, day_start(opened_on))
    held = forums().where(Event.starts_at >= since, Event.ends_at <= now)
    lines = [
        ForumLine(
            school_year=_school_year(event),
            title=event_title(event.offer.title, event.subtitle),
            starts_at=event.starts_at,
            how=ATTENDED if event.id in attended else WATCHED if event.id in watched else NOT_THERE,
        )
        for event in db.session.scalars(held)
    ]
    return lines[::-1]


def _opened_on(establishment: Establishment, bodies: Collection[int]) -> date | None:
    """When it, or the first whose place it took, opened; None where nobody noted a day."""
    if len(bodies) == 1:
        return establishment.opened_on
    opened = [one.opened_on for one in establishments(bodies).values()]
    return None if None in opened else min(filter(None, opened), default=None)


def _how(event_id: int, attended: set[int], watched: set[int]) -> str:
    if event_id in attended:
        return ATTENDED
    return WATCHED if event_id in watched else NOT_THERE


def _school_year(event: Event) -> str:
    if event.half_term is not None:
        return event.half_term.school_year
    return school_year_of(london_date(event.starts_at))


def schools_of(person: Person, *, now: datetime) -> list[Establishment]:
    """The establishments whose statement somebody may see: those where they hold a post now.

    Not where they were only added by a link that anybody may have passed on.
    """
    held = select(Post.organisation_id).where(
        Post.person_id == person.id,
        Post.until_on.is_(None),
        ~list_confirming.is_unconfirmed(now=now),
    )
    ids = set(today_of(db.session.scalars(held).all()).values())
    return sorted(establishments(ids).values(), key=lambda one: one.name)


def as_of_today(establishment: Establishment) -> Establishment:
    """The establishment that stands for this one today; a converted school's is its academy."""
    if establishment.closed_on is None:
        return establishment  # only what has closed has a successor
    after = today_of([establishment.id])[establishment.id]
    return establishments([after]).get(after, establishment)
