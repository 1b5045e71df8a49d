"""Whoever was added by a school's link is confirmed by staff, or by time: links are passed on."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Person, Post
from app.audit import operations as audit
from app.forums.models import ListChange, ListChangeKind, ListCheck
from app.kernel.db import db
from app.kernel.errors import Refused

BELIEVED_AFTER = timedelta(days=14)  # whoever leads there was told, and nobody took it back


def is_unconfirmed(*, now: datetime) -> ColumnElement[bool]:
    """Whether a post's row was added by a link lately, and nobody has confirmed it."""
    return _additions(now).exists()


def name_unconfirmed(*, now: datetime) -> ColumnElement[str | None]:
    """The name that was typed of whoever holds such a post; None of anybody else."""
    return _additions(now).order_by(ListChange.id.desc()).limit(1).scalar_subquery()


def _additions(now: datetime) -> Select[str]:
    return (
        select(ListChange.name_given)
        .join(ListCheck, ListCheck.id == ListChange.list_check_id)
        .where(
            ListCheck.organisation_id == Post.organisation_id,
            ListChange.person_id == Post.person_id,
            ListChange.post_kind == Post.kind,
            ListChange.kind == ListChangeKind.ADDED,
            ListChange.said_at > now - BELIEVED_AFTER,
            ListChange.taken_back_at.is_(None),
            ListChange.confirmed_at.is_(None),
        )
        .correlate(Post)
    )


def confirm(reference: str, *, actor: Person, now: datetime) -> None:
    """Somebody whom a school added by its link is who they are said to be."""
    by = actor.reference
    change = db.session.scalars(
        select(ListChange)
        .where(ListChange.reference == reference)
        .options(joinedload(ListChange.list_check).joinedload(ListCheck.organisation))
        .with_for_update(of=ListChange)
    ).one()
    if change.taken_back_at is not None:
        raise Refused("This was taken back already")
    if change.kind is not ListChangeKind.ADDED:
        raise Refused("Only somebody who was added is confirmed")
    if change.confirmed_at is not None:
        return
    change.confirmed_at = now
    body = change.list_check.organisation.reference
    facts = {"post": change.post_kind.value}
    audit.record(by, "confirmed_change_of_list", "organisation", body, now=now, **facts)
