"""The words of letters as the partnership has them: the standard ones, or changed by staff."""

from __future__ import annotations

from datetime import datetime

from flask import g
from sqlalchemy import delete, select

from app.kernel.db import db
from app.outbox.models import Wording, WordingKind
from app.outbox.wording_rules import KINDS, Words, check


def current(kind: WordingKind) -> Words:
    """The words in use; all kinds are read together, once per request or job."""
    return changed_words().get(kind, KINDS[kind].standard)


def changed_words() -> dict[WordingKind, Words]:
    """What staff have worded anew."""
    if "wordings" not in g:
        rows = db.session.execute(select(Wording.kind, Wording.subject, Wording.body))
        g.wordings = {kind: Words(subject, body) for kind, subject, body in rows}
    found: dict[WordingKind, Words] = g.wordings
    return found


def change_wording(kind: WordingKind, words: Words, *, now: datetime) -> None:
    """Use these words from now on; Refused if they cannot be used."""
    check(kind, words)
    db.session.merge(Wording(kind=kind, subject=words.subject, body=words.body, changed_at=now))
    g.pop("wordings", None)


def use_standard_wording(kind: WordingKind) -> None:
    """Go back to the words that came with the service."""
    db.session.execute(delete(Wording).where(Wording.kind == kind))
    g.pop("wordings", None)
