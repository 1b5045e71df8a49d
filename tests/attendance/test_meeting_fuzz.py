"""Attendance files damaged at random: read or refused in a sentence, soon, and never by halves."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.attendance.matching_rules import sort_into_piles
from app.attendance.models import MeetingFile
from app.attendance.presence_rules import OrderUnclear, attendees_of, day_order, presence_of
from app.attendance.readers.meeting_file import read_meeting_file
from app.bookings.models import Attendance, Booking
from app.checks.mutations import A_LITTLE_GROWN, bombs, mutated
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from tests.support.factories import make_booking, make_event, make_partnership, make_person
from tests.support.meeting_files import BOOKED, cases
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

MUTATED = 500
MOST_SECONDS = 2.0
DAYS = [datetime(2026, 9, 22, tzinfo=UTC).date()]


def looked_through(content: bytes) -> bool:
    """Whether the file could be read; anything but a refusal or a question is a fault."""
    try:
        report = read_meeting_file(content)
        attendees = attendees_of([(report, day_order(report, DAYS, None))])
    except (Refused, OrderUnclear):
        return False
    piles = sort_into_piles(attendees, BOOKED, {})
    assert len(piles.lines) <= len(attendees)
    assert all((presence_of(one.pieces).seconds or 0) >= 0 for one in attendees)
    return True


def test_500_damaged_files_are_read_or_refused() -> None:
    samples = [case.content for case in cases()]
    read = 0
    for number, content in enumerate(mutated(samples, count=MUTATED, seed=1, most=A_LITTLE_GROWN)):
        began = time.process_time()
        read += looked_through(content)
        assert time.process_time() - began < MOST_SECONDS, f"file {number} took too long"
    assert 50 < read < MUTATED  # else the damage is too great, or none


def test_bombs_are_refused_within_a_second() -> None:
    for name, content in bombs().items():
        began = time.process_time()
        with pytest.raises(Refused):
            read_meeting_file(content)
        assert time.process_time() - began < 1, name


def written() -> list[int]:
    """How much stands in the tables that a file may fill."""
    kinds = (MeetingFile, Attendance, Booking)
    return [db.session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds]


def test_damaged_files_through_the_page(app: Flask, client: PageClient) -> None:
    make_partnership()
    event = make_event(starts_at=datetime(2026, 9, 22, 13, 45, tzinfo=UTC))
    make_booking(event, make_person(name="Ann Zeal", email="ann.zeal@example.org"))
    path = f"/manage/events/{event.reference}/register/meeting"
    sign_in(client, make_person(Role.DELIVERY))
    samples = [case.content for case in cases()]
    kept = 0
    for content in mutated(samples, count=25, seed=2, most=A_LITTLE_GROWN):
        answer = client.submit(client.get(path), {"files": [(io.BytesIO(content), "a.csv")]})
        assert answer.status_code == 200
        files, *rest = written()
        assert rest == [0, 1]
        assert files == int(not answer.errors)
        if files:
            kept += 1
            client.submit(answer, button="Remove the files")
    assert kept > 2
