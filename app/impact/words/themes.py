"""Themes: what several comments say, in words that readers make as they go."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, insert, literal, select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.audit import operations as audit
from app.impact.words.models import CommentTheme, ThemeOfComment
from app.impact.words.reading import lock_comment
from app.kernel.db import db
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference


def add_theme(name: str, *, actor: Person, now: datetime) -> CommentTheme:
    """A theme of that name; the one there is, offered again, if it was retired."""
    theme = _named(name)
    if theme is None:
        theme = CommentTheme(reference=new_reference(), name=name, name_key=name.casefold())
        _write(theme)
        _note("added a theme", theme, actor, now=now)
    elif theme.retired_on:
        offer_again(theme.reference, actor=actor, now=now)
    return theme


def rename_theme(reference: str, name: str, *, actor: Person, now: datetime) -> None:
    """Another name for the same; Refused if another theme has it."""
    theme = _locked(reference)
    other = _named(name)
    if other is not None and other.id != theme.id:
        raise Refused(f"There is a theme “{other.name}” already: merge this one into it instead")
    theme.name, theme.name_key = name, name.casefold()
    _write(theme)
    _note("renamed a theme", theme, actor, now=now)


def merge_themes(reference: str, into: str, *, actor: Person, now: datetime) -> None:
    """Every comment with the one theme has the other from now on, and the one is gone."""
    if reference == into:
        raise Refused("Choose another theme to merge this one into")
    # In one order by everybody, so that two merges do not wait for each other.
    locked = {one: _locked(one) for one in sorted((reference, into))}
    gone, stays = locked[reference], locked[into]
    have = select(ThemeOfComment.answer_id).where(ThemeOfComment.theme_id == stays.id)
    moving = select(ThemeOfComment.answer_id, literal(stays.id)).where(
        ThemeOfComment.theme_id == gone.id,
        ThemeOfComment.answer_id.not_in(have),
    )
    db.session.execute(insert(ThemeOfComment).from_select(["answer_id", "theme_id"], moving))
    db.session.execute(delete(ThemeOfComment).where(ThemeOfComment.theme_id == gone.id))
    db.session.delete(gone)
    db.session.flush()
    _note("merged a theme", gone, actor, now=now, into=stays.reference)


def retire_theme(reference: str, *, actor: Person, now: datetime) -> None:
    """Offer a theme no more; comments that have it keep it."""
    theme = _locked(reference)
    theme.retired_on = theme.retired_on or london_date(now)
    _note("retired a theme", theme, actor, now=now)


def offer_again(reference: str, *, actor: Person, now: datetime) -> None:
    """Offer a retired theme again."""
    theme = _locked(reference)
    theme.retired_on = None
    _note("offered a theme again", theme, actor, now=now)


def give_themes(
    answer_id: int, references: Collection[str], *, new_name: str, actor: Person, now: datetime
) -> None:
    """The themes of a comment, among them perhaps one that is made on the fly."""
    lock_comment(answer_id)
    ids = set(
        db.session.scalars(select(CommentTheme.id).where(CommentTheme.reference.in_(references)))
    )
    if new_name:
        ids.add(add_theme(new_name, actor=actor, now=now).id)
    of_it = ThemeOfComment.answer_id == answer_id
    held = set(db.session.scalars(select(ThemeOfComment.theme_id).where(of_it)))
    db.session.execute(delete(ThemeOfComment).where(of_it, ThemeOfComment.theme_id.in_(held - ids)))
    db.session.add_all(ThemeOfComment(answer_id=answer_id, theme_id=one) for one in ids - held)
    db.session.flush()


def _named(name: str) -> CommentTheme | None:
    found = select(CommentTheme).where(CommentTheme.name_key == name.casefold())
    return db.session.scalars(found).one_or_none()


def _locked(reference: str) -> CommentTheme:
    theme = db.session.scalars(
        select(CommentTheme)
        .where(CommentTheme.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if theme is None:
        raise Refused("This theme is gone: somebody has merged it into another")
    return theme


def _write(theme: CommentTheme) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(theme)
    except IntegrityError as error:  # somebody else gives the same name at this moment
        raise Refused("Somebody else was adding the same theme: try again") from error


def _note(verb: str, theme: CommentTheme, actor: Person, *, now: datetime, **facts: str) -> None:
    audit.record(actor.reference, verb, "theme", theme.reference, now=now, **facts)
