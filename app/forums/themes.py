"""Themes of opinions: what several schools say, in two classes, over half terms (R22)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.audit import operations as audit
from app.forums.opinion_models import (
    Opinion,
    OpinionQuote,
    OpinionRound,
    RoundState,
    Theme,
    ThemeAnswer,
    ThemeClass,
    opinion_theme,
)
from app.forums.theme_rules import similar_titles, title_key
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference
from app.partnership.models import HalfTerm

UNSYNCHRONISED = {"synchronize_session": False}
CLASS_WORDS = {
    ThemeClass.WORKING_WELL: "Working well",
    ThemeClass.CAN_IMPROVE: "Can be improved",
}


@dataclass(frozen=True)
class HeldTheme:
    """A theme that an opinion has."""

    id: int
    reference: str
    theme_class: ThemeClass
    title: str


@dataclass(frozen=True)
class ThemeCount:
    """How many opinions of one round have a theme, and how that compares."""

    theme_id: int
    reference: str
    theme_class: ThemeClass
    title: str
    count: int
    before: int | None  # None: there was no round before
    first_seen: str  # the half term of the first round in which it was seen


@dataclass(frozen=True)
class HalfTermCount:
    """How many opinions of one half term have a theme, of how many there were."""

    half_term: str
    count: int
    opinions: int


def theme_counts(asked: OpinionRound) -> list[ThemeCount]:
    """The themes of a round, and those of the one before that are not in it: the most first."""
    rounds = _rounds()
    numbers = _numbers()
    place = [one.id for one in rounds].index(asked.id)
    before = rounds[place - 1].id if place else None
    themes = db.session.scalars(select(Theme).where(Theme.merged_into_id.is_(None)))
    found = []
    for theme in themes:
        count = numbers.get((theme.id, asked.id), 0)
        earlier = numbers.get((theme.id, before), 0) if before else None
        if not count and not earlier:
            continue
        first = next(one for one in rounds if (theme.id, one.id) in numbers)
        found.append(
            ThemeCount(
                theme_id=theme.id,
                reference=theme.reference,
                theme_class=theme.theme_class,
                title=theme.title,
                count=count,
                before=earlier,
                first_seen=first.half_term,
            )
        )
    order = list(ThemeClass)
    return sorted(found, key=lambda one: (order.index(one.theme_class), -one.count, one.title))


def trend(theme_id: int) -> list[HalfTermCount]:
    """How many opinions of each half term have a theme, the oldest first."""
    numbers, totals = _numbers(), _totals()
    return [
        HalfTermCount(one.half_term, numbers.get((theme_id, one.id), 0), totals.get(one.id, 0))
        for one in _rounds()
    ]


@dataclass(frozen=True)
class ThemeLine:
    """A theme with its counts over the half terms that were asked about, the oldest first."""

    reference: str
    theme_class: ThemeClass
    title: str
    counts: tuple[int, ...]


MOST_HALF_TERMS = 6


def half_terms_with_rounds() -> list[str]:
    """The last half terms that were asked about, the oldest first."""
    return [one.half_term for one in _rounds()[-MOST_HALF_TERMS:]]


def theme_lines() -> list[ThemeLine]:
    """Every theme, by class, those of the newest half term first."""
    numbers, asked = _numbers(), _rounds()[-MOST_HALF_TERMS:]
    lines = [
        ThemeLine(
            one.reference,
            one.theme_class,
            one.title,
            tuple(numbers.get((one.id, each.id), 0) for each in asked),
        )
        for one in all_themes()
    ]
    order = list(ThemeClass)
    return sorted(
        lines,
        key=lambda one: (
            order.index(one.theme_class),
            [-n for n in reversed(one.counts)],
            one.title,
        ),
    )


def find_theme(reference: str) -> Theme | None:
    """A theme by its reference; the one it was merged into, if it was."""
    theme = db.session.scalars(select(Theme).where(Theme.reference == reference)).one_or_none()
    return _final(theme) if theme else None


def all_themes() -> list[Theme]:
    """Every theme, by class and title."""
    found = db.session.scalars(select(Theme).where(Theme.merged_into_id.is_(None))).all()
    order = list(ThemeClass)
    return sorted(found, key=lambda one: (order.index(one.theme_class), one.title_key))


def known_theme(theme_class: ThemeClass, title: str) -> Theme | None:
    """The theme of that title, whichever way it is written; merged ones lead to the other."""
    found = select(Theme).where(
        Theme.theme_class == theme_class, Theme.title_key == title_key(title)
    )
    theme = db.session.scalars(found).one_or_none()
    return _final(theme) if theme else None


class KnownTheme(NamedTuple):
    """A title that is known, and the theme it leads to; merged ones lead to the other."""

    id: int
    theme_class: ThemeClass
    title: str
    title_key: str
    is_merged: bool


def known_themes() -> list[KnownTheme]:
    """Every title that is known, by title."""
    rows = db.session.execute(
        select(
            func.coalesce(Theme.merged_into_id, Theme.id),
            Theme.theme_class,
            Theme.title,
            Theme.title_key,
            Theme.merged_into_id.is_not(None),
        ).order_by(Theme.title_key)
    )
    return [KnownTheme(*row) for row in rows]


def similar_themes(
    theme_class: ThemeClass, title: str, known: Iterable[KnownTheme]
) -> list[KnownTheme]:
    """Which of these may mean the same, to be offered before another is made; none if one does."""
    own = [one for one in known if one.theme_class is theme_class]
    if title_key(title) in {one.title_key for one in own}:
        return []
    titles = {one.title: one for one in own if not one.is_merged}
    return [titles[one] for one in similar_titles(title, titles)]


def add_theme(theme_class: ThemeClass, title: str, *, actor: Person, now: datetime) -> Theme:
    """A theme of that title; the one there is, if there is one."""
    known = known_theme(theme_class, title)
    return known or make_themes({theme_class: title}, actor=actor, now=now)[0]


def make_themes(titles: Mapping[ThemeClass, str], *, actor: Person, now: datetime) -> list[Theme]:
    """New themes of these titles; Refused if there is one by now."""
    made = [
        Theme(
            reference=new_reference(),
            theme_class=theme_class,
            title=title,
            title_key=title_key(title),
            made_at=now,
        )
        for theme_class, title in titles.items()
    ]
    _write(*made)
    for theme in made:
        _note("added", theme, actor, now=now)
    return made


def rename_theme(reference: str, title: str, *, actor: Person, now: datetime) -> None:
    """Another title for the same; Refused if another theme has it."""
    theme = _locked(reference)
    other = known_theme(theme.theme_class, title)
    if other is not None and other.id != theme.id:
        raise Refused(f"There is a theme “{other.title}” already: merge this one into it instead")
    key = title_key(title)
    taken = select(Theme.id).where(
        Theme.theme_class == theme.theme_class, Theme.title_key == key, Theme.id != theme.id
    )
    for gone in db.session.scalars(taken).all():  # merged into this one under that very title
        db.session.get_one(Theme, gone).title_key = f"{key} ({new_reference()})"
        db.session.flush()
    theme.title, theme.title_key = title, key
    _write(theme)
    _note("renamed", theme, actor, now=now)


def merge_themes(reference: str, into: str, *, actor: Person, now: datetime) -> None:
    """Opinions, quotations and answers of the one go to the other; the one leads there."""
    if reference == into:
        raise Refused("Choose another theme to merge this one into")
    # In one order by everybody, so that two merges do not wait for each other.
    locked = {one: _locked(one) for one in sorted((reference, into))}
    gone, stays = locked[reference], locked[into]
    if gone.theme_class is not stays.theme_class:
        raise Refused("A theme can only be merged into another of the same class")
    _refuse_two_answers(gone, stays)
    have = select(opinion_theme.c.opinion_id).where(opinion_theme.c.theme_id == stays.id)
    moving = select(opinion_theme.c.opinion_id, literal(stays.id)).where(
        opinion_theme.c.theme_id == gone.id, opinion_theme.c.opinion_id.not_in(have)
    )
    db.session.execute(insert(opinion_theme).from_select(["opinion_id", "theme_id"], moving))
    db.session.execute(delete(opinion_theme).where(opinion_theme.c.theme_id == gone.id))
    for table in (OpinionQuote, ThemeAnswer):
        db.session.execute(
            update(table).where(table.theme_id == gone.id).values(theme_id=stays.id),
            execution_options=UNSYNCHRONISED,
        )
    db.session.execute(
        update(Theme).where(Theme.merged_into_id == gone.id).values(merged_into_id=stays.id),
        execution_options=UNSYNCHRONISED,
    )
    gone.merged_into_id = stays.id
    db.session.flush()
    _note("merged", gone, actor, now=now, into=stays.reference)


def _refuse_two_answers(gone: Theme, stays: Theme) -> None:
    """Two answers of one half term cannot be made one."""
    both = (
        select(ThemeAnswer.round_id)
        .where(ThemeAnswer.theme_id.in_([gone.id, stays.id]))
        .group_by(ThemeAnswer.round_id)
        .having(func.count() > 1)
    )
    in_both = set(db.session.scalars(both))
    if in_both:
        names = [one.half_term for one in _rounds() if one.id in in_both]
        raise Refused(
            f"Both were put to the Executive in {' and '.join(names)}, and each has its own "
            "answer there. They cannot be merged"
        )


@dataclass(frozen=True)
class _Round:
    id: int
    half_term: str


def _rounds() -> list[_Round]:
    """The rounds that were opened, the oldest first."""
    rows = db.session.execute(
        select(OpinionRound.id, HalfTerm.name, HalfTerm.school_year)
        .join(HalfTerm, HalfTerm.id == OpinionRound.half_term_id)
        .where(OpinionRound.state != RoundState.PLANNED)
        .order_by(HalfTerm.starts_on, OpinionRound.id)
    )
    return [_Round(round_id, f"{name} {year}") for round_id, name, year in rows]


def _numbers() -> dict[tuple[int, int | None], int]:
    """How many opinions have each theme, by theme and round."""
    rows = db.session.execute(
        select(opinion_theme.c.theme_id, Opinion.round_id, func.count())
        .join(Opinion, Opinion.id == opinion_theme.c.opinion_id)
        .group_by(opinion_theme.c.theme_id, Opinion.round_id)
    )
    return {(theme_id, round_id): count for theme_id, round_id, count in rows}


def _totals() -> dict[int, int]:
    rows = db.session.execute(
        select(Opinion.round_id, func.count()).where(Opinion.may_be_read).group_by(Opinion.round_id)
    )
    return {row[0]: row[1] for row in rows}


def _final(theme: Theme) -> Theme:
    if theme.merged_into_id is None:
        return theme
    return db.session.get_one(Theme, theme.merged_into_id)


def _locked(reference: str) -> Theme:
    theme = db.session.scalars(
        select(Theme)
        .where(Theme.reference == reference, Theme.merged_into_id.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if theme is None:
        raise Refused("This theme is gone: somebody has merged it into another")
    return theme


def _write(*written: Theme) -> None:
    try:
        with db.session.begin_nested():
            db.session.add_all(written)
    except IntegrityError as error:  # somebody else gives the same title at this moment
        raise Refused("Somebody else was adding the same theme: try again") from error


def _note(verb: str, theme: Theme, actor: Person, *, now: datetime, **facts: str) -> None:
    audit.record(actor.reference, f"{verb}_theme", "forum_theme", theme.reference, now=now, **facts)
