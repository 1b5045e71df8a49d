"""The reminder of what must be renewed, and its link that stops such reminders."""

from __future__ import annotations

from datetime import datetime

from flask import current_app

from app.accounts.models import Person
from app.kernel.london import short_date_words
from app.kernel.tokens import derived_token
from app.outbox import letters
from app.outbox.operations import SURVEY_PRIORITY, queue
from app.record.queries import Session
from app.record.rules import STILL_TIMELY, RefresherDue

KIND = "refresher_nudge"


def queue_nudge(
    person: Person, due: RefresherDue, session: Session | None, *, months_before: int, now: datetime
) -> None:
    """One message about one thing to renew, with the next session that renews it."""
    base_url = current_app.config["BASE_URL"]
    letter = letters.write(
        KIND,
        subject=f"{due.rule.name}: due again by {short_date_words(due.due_on)}",
        name=person.name,
        due=due,
        session=session,
        record_url=f"{base_url}/record",
        learning_url=f"{base_url}/learning",
        stop_url=f"{base_url}{stop_address(person.reference)}",
    )
    queue(
        letter,
        dedupe_key=f"{KIND}:{person.reference}:{due.rule.slug}:{due.due_on}:{months_before}",
        kind=KIND,
        about=("refresher", due.rule.slug),
        person_reference=person.reference,
        to_name=person.name,
        to_email=person.email or "",
        priority=SURVEY_PRIORITY,
        not_after=now + STILL_TIMELY,
        erase_when_sent=True,  # it holds a link that works without signing in
    )


def stop_address(person_reference: str) -> str:
    """Where somebody stops these reminders without signing in."""
    return f"/reminders/{person_reference}/{stop_token(person_reference)}"


def stop_token(person_reference: str) -> str:
    """What the link must carry; derived, never stored."""
    return derived_token("stop refresher reminders", person_reference)
