"""What schools are written in a round of opinions: once to each address, whatever it stands for."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from app.forums.establishments import Addressee
from app.forums.opinion_links import address_of
from app.forums.opinion_models import Naming, OpinionRound
from app.forums.opinion_rules import last_day
from app.kernel.tokens import token_hash
from app.outbox import letters
from app.outbox.models import OutboxMessage
from app.outbox.operations import SURVEY_PRIORITY, compose

ABOUT = "opinion_round"


class Kind(enum.StrEnum):
    """The two messages of a round; each is the name of its letter."""

    ASKING = "forums_opinion"
    REMINDER = "forums_opinion_reminder"


@dataclass(frozen=True)
class SchoolLink:
    """One school's link as a message speaks of it."""

    id: int
    reference: str
    school: str

    @property
    def url(self) -> str:
        """Where this school answers."""
        return address_of(self.reference)


def dedupe_key(kind: Kind, round_reference: str, email: str) -> str:
    """What a message is known by: one of each kind for each address and round."""
    return f"{kind.value}:{round_reference}:{token_hash(email)[:32]}"


class Letters:
    """Writes the messages of one round."""

    def __init__(self, about: OpinionRound, kind: Kind) -> None:
        """Read what all of them have in common."""
        self.about, self.kind = about, kind
        self.half_term = f"{about.half_term.name} {about.half_term.school_year}"
        self.last_day = last_day(about.closes_at)

    def compose(self, addressee: Addressee, links: Sequence[SchoolLink]) -> OutboxMessage:
        """One message with the links of all these schools; it is not in the outbox yet."""
        words = f"What your school wants us to know, {self.half_term}"
        is_reminder = self.kind is Kind.REMINDER
        letter = letters.write(
            self.kind.value,
            subject=f"Reminder: {words}" if is_reminder else words,
            name=addressee.name,
            links=links,
            introduction=self.about.introduction,
            is_anonymous=self.about.naming is Naming.ANONYMOUS,
            several=self.about.several_per_school,
            last_day=self.last_day,
        )
        return compose(
            letter,
            dedupe_key=dedupe_key(self.kind, self.about.reference, addressee.email),
            kind=self.kind.value,
            about=(ABOUT, self.about.reference),
            person_reference=addressee.person_reference,
            to_name=addressee.name,
            to_email=addressee.email,
            priority=SURVEY_PRIORITY,
            not_after=self.about.closes_at,
            erase_when_sent=True,
        )
