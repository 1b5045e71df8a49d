"""Reading what schools said: one by one or as a list, in no order that tells when it came."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, literal, select, update

from app.accounts.models import Organisation, Person
from app.audit import operations as audit
from app.forums.opinion_models import (
    Opinion,
    OpinionLink,
    Theme,
    opinion_theme,
)
from app.forums.themes import HeldTheme
from app.kernel.db import db, rows_changed
from app.kernel.refusals import Refused

GONE = "This opinion is gone"


class RoundKey(NamedTuple):
    """A round by its id and reference, which outlive the transaction they were read in."""

    id: int
    reference: str


@dataclass(frozen=True)
class ReadOpinion:
    """What a school said, as an Advisor reads it."""

    id: str
    school: str  # empty unless it chose to be named
    working_well: str
    can_improve: str
    should_know: str
    may_be_quoted: bool
    is_read: bool
    themes: tuple[HeldTheme, ...]

    @property
    def words(self) -> str:
        """All that was said, to cut a quotation from."""
        return "\n\n".join(filter(None, (self.working_well, self.can_improve, self.should_know)))


@dataclass(frozen=True)
class ReadingCounts:
    """How far the reading of a round is."""

    answers: int  # all that came in
    shown: int  # of these, before readers
    unread: int


def counts(round_id: int) -> ReadingCounts:
    """How many opinions came in, how many can be read, how many nobody has read."""
    unread = func.count().filter(Opinion.may_be_read, ~Opinion.is_read)
    row = db.session.execute(
        select(func.count(), func.count().filter(Opinion.may_be_read), unread).where(
            Opinion.round_id == round_id
        )
    ).one()
    return ReadingCounts(*row)


def opinions_of(round_id: int, first: int, last: int, *, unread_only: bool) -> list[ReadOpinion]:
    """A page of opinions: those nobody has read first, each part by random ids."""
    which: list[Any] = [Opinion.round_id == round_id, Opinion.may_be_read]
    if unread_only:
        which.append(~Opinion.is_read)
    order = (Opinion.is_read, Opinion.id)
    return _read(which, order=order, first=first, last=last)


def find_opinion(round_id: int, opinion_id: str) -> ReadOpinion | None:
    """One opinion that can be read; None if there is none."""
    which: list[Any] = [Opinion.round_id == round_id, Opinion.id == opinion_id, Opinion.may_be_read]
    found = _read(which, order=(Opinion.id,), first=0, last=1)
    return found[0] if found else None


def next_unread(round_id: int, *, after: str = "") -> str | None:
    """The id of an opinion nobody has read, going round from the one given."""
    unread = select(Opinion.id).where(
        Opinion.round_id == round_id, Opinion.may_be_read, ~Opinion.is_read, Opinion.id != after
    )
    return db.session.scalar(unread.order_by(Opinion.id <= after, Opinion.id).limit(1))


def mark_read(
    asked: RoundKey, opinion_ids: Collection[str], *, actor: Person, now: datetime
) -> int:
    """Note that opinions were read; the trail says of how many, never of which."""
    read = db.session.execute(
        update(Opinion)
        .where(
            Opinion.round_id == asked.id,
            Opinion.id.in_(opinion_ids),
            Opinion.may_be_read,
            ~Opinion.is_read,
        )
        .values(is_read=True),
        execution_options={"synchronize_session": False},
    )
    count = rows_changed(read)
    if count:
        audit.record(
            actor.reference, "read", "opinion_round", asked.reference, now=now, count=count
        )
    return count


def give_themes(
    opinion_id: str, add: Collection[int], remove: Collection[int], *, round_id: int
) -> None:
    """Attach some themes and take others off; what somebody else attached meanwhile stays."""
    opinion = lock_opinion(opinion_id, round_id=round_id)
    of_it = opinion_theme.c.opinion_id == opinion.id
    if remove:
        db.session.execute(
            opinion_theme.delete().where(of_it, opinion_theme.c.theme_id.in_(remove))
        )
    if add:
        # Of one that was merged a moment ago, the one that stands for it.
        theme_id = func.coalesce(Theme.merged_into_id, Theme.id)
        new = (
            select(literal(opinion.id), theme_id)
            .where(
                Theme.id.in_(add), theme_id.not_in(select(opinion_theme.c.theme_id).where(of_it))
            )
            .distinct()
        )
        db.session.execute(insert(opinion_theme).from_select(["opinion_id", "theme_id"], new))


def lock_opinion(opinion_id: str, *, round_id: int) -> Opinion:
    """An opinion that nobody else can work on until the end of the transaction."""
    opinion = db.session.get(Opinion, opinion_id, with_for_update=True, populate_existing=True)
    if opinion is None or opinion.round_id != round_id or not opinion.may_be_read:
        raise Refused(GONE)
    return opinion


def has_answered(round_id: int) -> list[tuple[int, bool]]:
    """Every school of a round by its id, and whether it answered."""
    rows = db.session.execute(
        select(OpinionLink.organisation_id, OpinionLink.answers_count > 0).where(
            OpinionLink.round_id == round_id
        )
    )
    return [(organisation_id, bool(answered)) for organisation_id, answered in rows]


def _read(
    which: Iterable[Any], *, order: Iterable[Any], first: int, last: int
) -> list[ReadOpinion]:
    rows = db.session.execute(
        select(Opinion, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Opinion.organisation_id)
        .where(*which)
        .order_by(*order)
        .offset(first)
        .limit(last - first)
    ).all()
    themes = _themes_of([opinion.id for opinion, _ in rows])
    return [
        ReadOpinion(
            id=one.id,
            school=school or "",
            working_well=one.working_well,
            can_improve=one.can_improve,
            should_know=one.should_know,
            may_be_quoted=one.may_be_quoted,
            is_read=one.is_read,
            themes=tuple(themes.get(one.id, ())),
        )
        for one, school in rows
    ]


def _themes_of(opinion_ids: Collection[str]) -> dict[str, list[HeldTheme]]:
    found: dict[str, list[HeldTheme]] = {}
    rows = db.session.execute(
        select(
            opinion_theme.c.opinion_id, Theme.id, Theme.reference, Theme.theme_class, Theme.title
        )
        .join(Theme, Theme.id == opinion_theme.c.theme_id)
        .where(opinion_theme.c.opinion_id.in_(opinion_ids))
        .order_by(Theme.theme_class.desc(), Theme.title)
    )
    for opinion_id, *theme in rows:
        found.setdefault(opinion_id, []).append(HeldTheme(*theme))
    return found
