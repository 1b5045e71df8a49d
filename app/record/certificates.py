"""Certificates of attendance: made from the register when they are looked at, never stored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.accounts.models import Person
from app.bookings.models import Attendance, AttendanceOutcome, Booking
from app.bookings.queries import stands_for
from app.catalogue.models import Event, EventDate, Offer
from app.catalogue.rules import event_title, outcome_lines
from app.kernel.db import db
from app.kernel.london import london_date
from app.kernel.tokens import derived_check, same
from app.record import rules
from app.record.queries import minutes_of

PURPOSE = "certificate"
CHECK_LENGTH = 4
LONGEST_CODE = 60
GROUP_LENGTH = 4


@dataclass(frozen=True, slots=True)
class DateAttended:
    """One date on a certificate."""

    on: date
    in_part: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says."""

    code: str
    name: str
    title: str
    provider: str
    dates: list[DateAttended]
    in_part: bool
    hours_words: str
    outcomes: list[str]


def code_of(booking_reference: str) -> str:
    """The code of a booking's certificate, in groups that can be read out."""
    check = derived_check(PURPOSE, booking_reference, CHECK_LENGTH)
    whole = f"{booking_reference}{check}"
    groups = (whole[at : at + GROUP_LENGTH] for at in range(0, len(whole), GROUP_LENGTH))
    return "-".join(groups)


def reference_in(code: str) -> str | None:
    """The booking that a typed code is of; None if this service never made that code."""
    whole = re.sub(r"[^a-z0-9]", "", code[:LONGEST_CODE].lower())
    reference, check = whole[:-CHECK_LENGTH], whole[-CHECK_LENGTH:]
    if not reference or not same(check, derived_check(PURPOSE, reference, CHECK_LENGTH)):
        return None
    return reference


def find(booking_reference: str, *, now: datetime) -> Certificate | None:
    """The certificate as the register stands now; None if the register does not bear it out."""
    rows = db.session.execute(
        select(
            Booking.state,
            Person.name,
            Offer.title,
            Event.subtitle,
            Offer.provider,
            Offer.learning_outcomes,
            EventDate.starts_at,
            EventDate.ends_at,
            Attendance.outcome,
        )
        .join(Attendance.booking)
        .join(Attendance.event_date)
        .join(EventDate.event)
        .join(Event.offer)
        .join(Booking.person)
        .where(stands_for(booking_reference), Event.ends_at <= now)
        .order_by(EventDate.starts_at)
    ).all()
    came = [row for row in rows if row.outcome is not AttendanceOutcome.DID_NOT_ATTEND]
    # Somebody who was erased has no name any more.
    if not came or not came[0].name or came[0].state not in rules.PLACES_ON_REGISTER:
        return None
    first = came[0]
    return Certificate(
        code=code_of(booking_reference),
        name=first.name,
        title=event_title(first.title, first.subtitle),
        provider=first.provider or "",
        dates=[DateAttended(london_date(row.starts_at), _is_in_part(row.outcome)) for row in came],
        in_part=any(row.outcome is not AttendanceOutcome.ATTENDED for row in rows),
        hours_words=rules.total_words(
            rules.Minutes(
                sum(_minutes(row) for row in came if not _is_in_part(row.outcome)),
                sum(_minutes(row) for row in came if _is_in_part(row.outcome)),
            )
        ),
        outcomes=outcome_lines(first.learning_outcomes),
    )


def _is_in_part(outcome: AttendanceOutcome) -> bool:
    return outcome is AttendanceOutcome.ATTENDED_IN_PART


def _minutes(row: Any) -> int:
    return minutes_of(row.starts_at, row.ends_at)
