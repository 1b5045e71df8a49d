"""What people are written about surveys: service messages, nothing in them advertises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from flask import current_app

from app.accounts.models import Person
from app.catalogue.models import Event, EventState
from app.kernel.london import short_date_words
from app.outbox import letters
from app.outbox.operations import SURVEY_PRIORITY, queue
from app.surveys import rules
from app.surveys.models import Evaluation, SurveyInvitation, Wave
from app.surveys.planning import link_token


class Asked(NamedTuple):
    """One invitation with all that a message says about it."""

    invitation: SurveyInvitation
    wave: Wave
    evaluation: Evaluation
    event: Event | None  # None of a list

    @property
    def is_about_impact(self) -> bool:
        """Whether it is one of those of which a person gets at most one a month."""
        return rules.is_about_impact(self.wave.months_later, of_event=self.event is not None)

    @property
    def is_cancelled(self) -> bool:
        """Whether its event is off, so that there is nothing to ask about."""
        return self.event is not None and self.event.state is EventState.CANCELLED


@dataclass(frozen=True)
class SurveyLink:
    """One survey as a letter speaks of it."""

    about: str
    url: str
    closes_at: datetime


def queue_invitation(person: Person, asked: Sequence[Asked]) -> None:
    """One message with every survey a person is asked for now."""
    _queue(person, asked, kind="survey_invitation", reminder=0)


def queue_reminder(person: Person, asked: Sequence[Asked], *, number: int) -> None:
    """The first or second reminder of what has not been answered."""
    _queue(person, asked, kind="survey_reminder", reminder=number)


def references_in(dedupe_key: str) -> list[str]:
    """The references of the invitations that a message was about."""
    return dedupe_key.rpartition(":")[2].split(",")


def subject(asked: Sequence[Asked], *, reminder: int) -> str:
    """What the message says in a list of messages; the wording depends on when people are asked."""
    months = asked[0].wave.months_later
    title = asked[0].evaluation.title
    if len(asked) > 1:
        words = f"{len(asked)} short surveys about your learning"
    elif _is_one_off(asked[0]):
        words = f"{title}: a two-minute survey"
    elif months == rules.BEFORE:
        words = f"Before {title}: two questions"
    elif months == rules.AFTER:
        words = f"How was {title}? A two-minute survey"
    else:
        words = f"What came of {title}? A two-minute survey"
    return f"Reminder: {words}" if reminder else words


def wish(asked: Asked) -> str:
    """What we ask for, in a sentence."""
    months_later = asked.wave.months_later
    if _is_one_off(asked):
        return "Would you tell us what you think?"
    if asked.event is None:
        return (
            "A recommendation of a practice review has been carried out: "
            f"“{asked.evaluation.recommendation}”. "
            "Would you tell us what has come of it in your work, even if that is nothing yet?"
        )
    if months_later == rules.BEFORE:
        return "Would you tell us where you stand, before we begin?"
    if months_later == rules.AFTER:
        return "Would you tell us how it was for you?"
    return "Would you tell us what has come of it in your work, even if that is nothing yet?"


def _queue(person: Person, asked: Sequence[Asked], *, kind: str, reminder: int) -> None:
    token = link_token(asked[0].invitation.reference)
    letter = letters.write(
        kind,
        subject=subject(asked, reminder=reminder),
        name=person.name,
        wish=wish(asked[0]),
        surveys=[_link(one) for one in asked],
        is_last=reminder == max(len(one.wave.reminder_days) for one in asked),
        stop_url=_address(token, "/stop"),
    )
    references = ",".join(one.invitation.reference for one in asked)
    queue(
        letter,
        dedupe_key=f"{kind}:{reminder}:{references}",
        kind=kind,
        about=("survey_invitation", asked[0].invitation.reference),
        person_reference=person.reference,
        to_name=person.name,
        to_email=person.email or "",
        priority=SURVEY_PRIORITY,
        not_after=max(one.invitation.closes_at for one in asked),
        erase_when_sent=True,
    )


def _is_one_off(asked: Asked) -> bool:
    """Whether somebody on a list is asked about something that is no practice review (R63)."""
    return asked.event is None and not asked.evaluation.recommendation


def _link(asked: Asked) -> SurveyLink:
    title = asked.evaluation.title
    if _is_one_off(asked):
        about = title
    elif asked.event is None or asked.wave.once_per_person:
        about = f"{title}: what has come of it"
    elif asked.wave.months_later == rules.BEFORE:
        about = f"{title} on {short_date_words(asked.event.starts_at)}"
    else:
        about = f"{title}, {short_date_words(asked.event.ends_at)}"
    url = _address(link_token(asked.invitation.reference))
    return SurveyLink(about=about, url=url, closes_at=asked.invitation.closes_at)


def _address(token: str, page: str = "") -> str:
    return f"{current_app.config['BASE_URL']}/surveys/{token}{page}"
