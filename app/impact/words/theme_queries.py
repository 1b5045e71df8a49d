"""Themes for the pages on which they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from app.impact.words.models import CommentTheme, ThemeOfComment
from app.kernel.db import db


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme and how many comments have it, over all evaluations."""

    reference: str
    name: str
    retired_on: date | None
    count: int


def themes_count() -> int:
    """How many themes there are."""
    return db.session.scalar(select(func.count(CommentTheme.id))) or 0


def listed_themes(first: int, last: int) -> list[Theme]:
    """Themes by name, those that are retired last."""
    order = (CommentTheme.retired_on.is_not(None), CommentTheme.name_key)
    rows = db.session.execute(_select().order_by(*order).offset(first).limit(last - first))
    return [Theme(*row) for row in rows]


def find_theme(reference: str) -> Theme | None:
    """One theme; None if it is gone."""
    row = db.session.execute(_select().where(CommentTheme.reference == reference)).one_or_none()
    return Theme(*row) if row else None


def theme_choices() -> list[tuple[str, str]]:
    """Reference and name of all themes, by name."""
    found = select(CommentTheme.reference, CommentTheme.name).order_by(CommentTheme.name_key)
    return [(reference, name) for reference, name in db.session.execute(found)]


def _select() -> Any:
    given = (
        select(func.count())
        .where(ThemeOfComment.theme_id == CommentTheme.id)
        .correlate(CommentTheme)
        .scalar_subquery()
    )
    columns = (CommentTheme.reference, CommentTheme.name, CommentTheme.retired_on)
    return select(*columns, given)
