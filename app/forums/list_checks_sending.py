"""Asking schools to check their lists: each address gets one message, however many schools."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import contains_eager

from app.accounts.models import Organisation
from app.forums import list_checks, year
from app.forums import list_checks_rules as rules
from app.forums.establishments import Addressee, addressees, establishments
from app.forums.models import ListCheck
from app.kernel.db import Base, db, insert_together
from app.kernel.london import to_london
from app.kernel.tokens import token_hash
from app.notices.rules import is_quiet
from app.outbox import letters
from app.outbox.letters import Letter
from app.outbox.operations import NOTICE_PRIORITY, compose

MOST_AT_ONCE = 200
FIRST_HOUR = 9


def send_step(*, now: datetime) -> int:
    """Queue one step of letters, to be asked or reminded; call again while it returns something."""
    if is_quiet(now) or to_london(now).hour < FIRST_HOUR:
        return 0
    return _send(_to_ask(now), is_reminder=False, now=now) or _send(
        _to_remind(now), is_reminder=True, now=now
    )


def _of_year(now: datetime, *which: ColumnElement[bool]) -> Select[ListCheck]:
    return (
        select(ListCheck)
        .join(ListCheck.organisation)
        .where(
            ListCheck.school_year == year.school_year_now(now),
            ListCheck.checked_at.is_(None),
            Organisation.closed_on.is_(None),
            *which,
        )
        .options(contains_eager(ListCheck.organisation))
        .order_by(ListCheck.id)
        .with_for_update(of=ListCheck, skip_locked=True)
    )


def _to_ask(now: datetime) -> list[ListCheck]:
    return list(db.session.scalars(_of_year(now, ListCheck.asked_at.is_(None))))


def _to_remind(now: datetime) -> list[ListCheck]:
    """Whoever was asked three weeks ago and has not answered, once."""
    asked = ListCheck.asked_at <= now - rules.REMIND_AFTER
    return list(db.session.scalars(_of_year(now, asked, ListCheck.reminded_at.is_(None))))


def _send(checks: Sequence[ListCheck], *, is_reminder: bool, now: datetime) -> int:
    if not checks:
        return 0
    by_body = {check.organisation_id: check for check in checks}
    written_to, _ = addressees(establishments(by_body).values())
    addresses = defaultdict(list)
    by_email = {one.email: one for one in written_to}
    for one in written_to:
        for place in one.establishments:
            addresses[place.id].append(one.email)
    groups = rules.step_of(rules.together(addresses), MOST_AT_ONCE)
    messages: list[Base] = []
    for group in groups:
        for email in group.addresses:
            places = [by_body[place.id] for place in by_email[email].establishments]
            messages.append(_message(by_email[email], places, is_reminder))
        for member in group.members:
            if is_reminder:
                by_body[member].reminded_at = now
            else:
                by_body[member].asked_at = now
    insert_together(messages)
    return len(messages)


def _message(to: Addressee, checks: Sequence[ListCheck], is_reminder: bool) -> Base:
    first = checks[0]
    purpose = "reminded" if is_reminder else "asked"
    return compose(
        write(to.name, checks, is_reminder=is_reminder),
        dedupe_key=f"school-list:{first.reference}:{purpose}:{token_hash(to.email)[:24]}",
        kind="school_list_reminder" if is_reminder else "school_list",
        about=("organisation", first.organisation.reference),
        to_name=to.name,
        to_email=to.email,
        person_reference=to.person_reference,
        priority=NOTICE_PRIORITY,
        erase_when_sent=True,
    )


def write(name: str, checks: Sequence[ListCheck], *, is_reminder: bool) -> Letter:
    """The letter to one address, with the link of each of its schools."""
    places = [(check.organisation.name, list_checks.link(check)) for check in checks]
    subject = "Please check who leads on safeguarding at your school"
    return letters.write(
        "forums_list_check",
        subject=f"Reminder: {subject[0].lower()}{subject[1:]}" if is_reminder else subject,
        name=name,
        places=places,
        school_year=checks[0].school_year,
        last_day=rules.last_day(checks[0].school_year),
        is_reminder=is_reminder,
    )
