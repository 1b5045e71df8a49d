"""What would become of two people if they were merged now: looked at before anything happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Executable, ScalarSelect, func, select

from app.accounts import merging as accounts_merging
from app.accounts.models import Person, Post
from app.accounts.people import id_of
from app.bookings import merging, readdressing
from app.bookings.models import Booking
from app.home.people.queries import STAFF_TAGS
from app.kernel.db import db
from app.kernel.errors import Refused
from app.record.models import LearningElsewhere
from app.surveys.models import SurveyInvitation


@dataclass(frozen=True)
class DoubleLine:
    """A session that both are booked on, and which booking stays."""

    title: str
    starts_at: datetime
    kept_words: str
    kept_is_duplicates: bool


@dataclass(frozen=True)
class Preview:
    """What would move, what would end, whom it tells; or why it cannot be done."""

    refusal: str
    bookings_count: int
    for_others_count: int
    elsewhere_count: int
    invitations_count: int
    posts_count: int
    doubles: list[DoubleLine]
    entries_count: int
    address_kept: str
    address_given_up: str


def foresee(duplicate: Person, into: Person, *, actor: Person, now: datetime) -> Preview:
    """What merging would do; it changes nothing."""
    counts = db.session.execute(_counts(duplicate.id)).one()
    doubles = merging.doubles(duplicate.id, into.id)
    gives_up = duplicate.email if duplicate.email and into.email else None
    return Preview(
        refusal=_refusal(duplicate, into, actor),
        bookings_count=counts.bookings,
        for_others_count=counts.for_others,
        elsewhere_count=counts.elsewhere,
        invitations_count=counts.invitations,
        posts_count=counts.posts,
        doubles=[
            DoubleLine(
                title=double.kept.event.title,
                starts_at=double.kept.event.starts_at,
                kept_words=STAFF_TAGS[double.kept.state][0].lower(),
                kept_is_duplicates=double.kept.person_id == duplicate.id,
            )
            for double in doubles
        ],
        entries_count=_entries_count(duplicate, gives_up, doubles, now),
        address_kept=into.email or duplicate.email or "",
        address_given_up=gives_up or "",
    )


def _refusal(duplicate: Person, into: Person, actor: Person) -> str:
    try:
        accounts_merging.check_may_merge(duplicate, into, actor=actor)
    except Refused as refusal:
        return str(refusal)
    return ""


def _counts(person_id: int) -> Executable:
    booked_for_others = (Booking.booked_by_id == person_id, Booking.person_id != person_id)
    return select(
        _count(Booking.person_id == person_id).label("bookings"),
        _count(*booked_for_others).label("for_others"),
        _count(LearningElsewhere.person_id == person_id).label("elsewhere"),
        _count(SurveyInvitation.person_id == person_id).label("invitations"),
        _count(Post.person_id == person_id).label("posts"),
    )


def _count(*where: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).where(*where).scalar_subquery()


def _entries_count(
    duplicate: Person, gives_up: str | None, doubles: list[merging.Double], now: datetime
) -> int:
    """Bookings whose calendar entries would go to the address that stays."""
    if not gives_up:
        return 0
    ended = {double.ended.id for double in doubles}
    return len(readdressing.reached_at(id_of(duplicate), now=now) - ended)
