"""The reminder that comments wait to be read. It holds no word of any comment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask import current_app

from app.accounts.models import Person
from app.impact.words import rules
from app.impact.words.comment_queries import Batch
from app.outbox import letters
from app.outbox.operations import NOTICE_PRIORITY, queue

KIND = "comments_waiting"


def queue_comments_waiting(person: Person, late: Sequence[Batch], *, today: date) -> None:
    """One message a day to one reader, with how many comments wait and since when."""
    count = sum(batch.count for batch in late)
    letter = letters.write(
        KIND,
        subject=f"{count} {'comment waits' if count == 1 else 'comments wait'} to be read",
        name=person.name,
        count=count,
        late=late,
        waited=lambda since: rules.waited_words(since, today=today),
        address=f"{current_app.config['BASE_URL']}/impact/words",
    )
    queue(
        letter,
        dedupe_key=f"{KIND}:{person.reference}:{today}",
        kind=KIND,
        about=("comment duty", "1"),
        person_reference=person.reference,
        to_name=person.name,
        to_email=person.email or "",
        priority=NOTICE_PRIORITY,
    )
