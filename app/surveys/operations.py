"""The verbs of surveys, under one name for the floors above; each file says how."""

from __future__ import annotations

from datetime import datetime

from app.surveys.evaluations import ensure_default_evaluations
from app.surveys.import_drafts import forget_old_files
from app.surveys.imports import files_to_import, import_file
from app.surveys.open_links import follow_sessions, links_to_pass_on, pass_on
from app.surveys.planning import plan_invitations
from app.surveys.responses import (
    blur_order,
    erase_pairings,
    submit_open_response,
    submit_response,
)
from app.surveys.sending import (
    close_due,
    note_undelivered,
    people_due,
    people_to_remind,
    remind,
    send_to,
    stop_asking,
)

__all__ = [
    "blur_order",
    "close_due",
    "ensure_default_evaluations",
    "erase_pairings",
    "files_to_import",
    "follow_sessions",
    "forget_old_files",
    "import_file",
    "links_to_pass_on",
    "note_undelivered",
    "pass_on",
    "people_due",
    "people_to_remind",
    "plan_invitations",
    "remind",
    "remind_due",
    "send_due",
    "send_to",
    "stop_asking",
    "submit_open_response",
    "submit_response",
]


def send_due(*, now: datetime) -> int:
    """Queue everything due, all of it in the caller's transaction; how many surveys were asked."""
    return sum(send_to(person_id, now=now) for person_id in people_due(now=now))


def remind_due(*, now: datetime) -> int:
    """Queue all reminders due, in the caller's transaction; how many surveys were reminded of."""
    return sum(remind(person_id, now=now) for person_id in people_to_remind(now=now))
