"""Telling those who lead at a school what somebody said by its link, and whoever was added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.accounts.models import PostKind
from app.forums.establishment_rules import POST_WORDS
from app.forums.list_confirming import BELIEVED_AFTER
from app.kernel.tokens import token_hash
from app.outbox import letters
from app.outbox.letters import Letter
from app.outbox.models import OutboxMessage
from app.outbox.operations import NOTICE_PRIORITY, compose

POST_IN_LETTERS = {kind: words.lower() for kind, words in POST_WORDS.items()}
CHANGED, NAMED = "school_list_changed", "school_list_named"


@dataclass(frozen=True)
class Told:
    """One thing that was said of a school's list."""

    reference: str  # of the change
    name: str
    kind: PostKind
    has_left: bool


@dataclass(frozen=True)
class Lead:
    """Somebody who led there before."""

    name: str
    email: str
    person_reference: str


@dataclass(frozen=True)
class Named:
    """Somebody whom the school added, as mail reaches them."""

    change: Told
    name: str  # their own
    email: str
    person_reference: str


@dataclass(frozen=True)
class Saying:
    """One saving of a list: at which school, by whom, and what."""

    school: str
    school_reference: str
    mailbox: str | None
    said_by: str
    changes: tuple[Told, ...]


def messages(saying: Saying, leads: Sequence[Lead], named: Sequence[Named]) -> list[OutboxMessage]:
    """One to each who led there before, or to the mailbox, and one to each who was added."""
    added = {one.email for one in named}
    told = {one.email: one for one in leads if one.email not in added}
    of_school = [
        _message(
            write_changed(one.name, saying),
            f"school-list-changed:{saying.changes[0].reference}:{token_hash(email)[:24]}",
            CHANGED,
            saying,
            (one.name, email, one.person_reference),
        )
        for email, one in told.items()
    ]
    if not told and saying.mailbox and saying.mailbox not in added:
        key = f"school-list-changed:{saying.changes[0].reference}:mailbox"
        to = ("", saying.mailbox, None)
        of_school.append(_message(write_changed("", saying), key, CHANGED, saying, to))
    return of_school + [
        _message(
            write_named(one, saying),
            f"school-list-named:{one.change.reference}",
            NAMED,
            saying,
            (one.name, one.email, one.person_reference),
        )
        for one in named
    ]


def _message(
    letter: Letter, key: str, kind: str, saying: Saying, to: tuple[str, str, str | None]
) -> OutboxMessage:
    name, email, person_reference = to
    return compose(
        letter,
        dedupe_key=key,
        kind=kind,
        about=("organisation", saying.school_reference),
        to_name=name,
        to_email=email,
        person_reference=person_reference,
        priority=NOTICE_PRIORITY,
        erase_when_sent=True,  # it names others
    )


def write_changed(name: str, saying: Saying) -> Letter:
    """What was said of the list, to somebody who leads there."""
    return letters.write(
        "forums_list_changed",
        subject=f"The list of safeguarding leads at {saying.school} was changed",
        name=name,
        saying=saying,
        post_words=POST_IN_LETTERS,
        days=BELIEVED_AFTER.days,
    )


def write_named(one: Named, saying: Saying) -> Letter:
    """That somebody was put on the list, to them."""
    return letters.write(
        "forums_list_named",
        subject=f"You are on the list of safeguarding leads at {saying.school}",
        name=one.name,
        saying=saying,
        post=POST_IN_LETTERS[one.change.kind],
        days=BELIEVED_AFTER.days,
    )
