"""The closing checklist: what is left to do, and when a session can be closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.attendance.models import Closing
from app.attendance.rules import DateFacts
from app.audit.models import AuditLine
from app.bookings.models import HeadCount
from app.catalogue.models import EventMode, EventState
from app.home.closing.rules import ClosingFacts, Status, WaveFacts, checklist, may_be_closed
from app.jobs import plan_surveys
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_partnership,
    make_person,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
START = datetime(2026, 9, 22, 9, 0, tzinfo=UTC)
DONE, PARTLY, MISSING, TO_COME, NOT_NEEDED = Status


def a_date(**changes: Any) -> DateFacts:
    facts = {"starts_at": START, "ends_at": START + timedelta(hours=3), "answered": 5}
    return DateFacts(**{"head_count": None, "files_waiting": 0, **facts, **changes})


def facts(**changes: Any) -> ClosingFacts:
    usual: dict[str, Any] = {
        "dates": [a_date()],
        "expected": 5,
        "counts_heads": False,
        "is_online": True,
        "recording_url": "https://video.example.org/1",
        "waves": [WaveFacts("3 months later", START + timedelta(days=91), 5, 0, 0)],
        "asks_nobody": False,
    }
    return ClosingFacts(**{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "statuses", "detail", "may_close"),
    [
        ({}, [DONE, DONE, TO_COME], "Goes to 5 people on 22 December 2026.", True),
        ({"dates": [a_date(answered=0)]}, [MISSING, DONE, TO_COME], "Nobody has taken it.", False),
        ({"expected": 7}, [PARTLY, DONE, TO_COME], "5 of 7 people: 2 without an answer.", True),
        (
            {"dates": [a_date(), a_date(ends_at=NOW + timedelta(hours=1))]},
            [DONE, TO_COME, DONE, TO_COME],
            "This date is not over yet.",
            False,
        ),
        (
            {"dates": [a_date(files_waiting=1)]},
            [MISSING, DONE, TO_COME],
            "A meeting file waits to be looked through.",
            False,
        ),
        (
            {"dates": [a_date(answered=0, head_count=31)], "counts_heads": True},
            [DONE, DONE, TO_COME],
            "31 people counted.",
            True,
        ),
        (
            {"recording_url": ""},
            [DONE, MISSING, TO_COME],
            "No link is shared. If it was not recorded, nothing is to be done.",
            True,
        ),
        (
            {"recording_url": "", "is_online": False},
            [DONE, NOT_NEEDED, TO_COME],
            "It was face to face.",
            True,
        ),
        ({"waves": []}, [DONE, DONE, MISSING], "Nobody is planned to be asked", True),
        (
            {"waves": [], "dates": [a_date(answered=0)]},
            [MISSING, DONE, TO_COME],
            "They follow the register.",
            False,
        ),
        (
            {"waves": [], "asks_nobody": True},
            [DONE, DONE, NOT_NEEDED],
            "Nobody is asked about it.",
            True,
        ),
        (
            {"waves": [WaveFacts("Straight after", START, 0, 4, 1)]},
            [DONE, DONE, DONE],
            "4 people asked, 1 person not asked.",
            True,
        ),
    ],
)
def test_what_is_left_to_do(
    changes: dict[str, Any], statuses: list[Status], detail: str, may_close: bool
) -> None:
    lines = checklist(facts(**changes), now=NOW)
    assert [line.status for line in lines] == statuses
    assert any(line.detail.startswith(detail) for line in lines)
    assert may_be_closed(lines) is may_close


def test_a_session_is_closed_and_opened_again(app: Flask, client: PageClient) -> None:
    make_partnership()
    event = make_event(starts_at=clock.now() - timedelta(days=1))
    path, booking = f"/manage/events/{event.reference}/close", make_booking(event)
    event_id = event.id
    sign_in(client, make_person(Role.DELIVERY))
    page = client.get(path)
    assert "Nobody has taken it." in page.words
    assert not [button for button in page.select("button") if "Close" in button.words]
    refused = client.post(
        path, data={"csrf_token": page.select("input", name="csrf_token")[0]["value"]}
    )
    assert "Take the register of each date first" in refused.errors[0]
    make_attendance(db.session.merge(booking))
    db.session.commit()
    list(plan_surveys(clock.now()))
    page = client.get(path)
    assert "1 person, each with an answer." in page.words
    assert "Goes to 1 person on" in page.words
    assert page.page.link("Recording").endswith(f"/events/{event.reference}/recording")
    closed = client.submit(page, button="Close the session")
    assert "The session is closed." in closed.words
    assert db.session.get(Closing, event_id) is not None
    opened = client.submit(closed, button="Open it again")
    assert "The session is open again." in opened.words
    assert db.session.scalars(select(Closing)).all() == []
    verbs = db.session.scalars(select(AuditLine.verb).order_by(AuditLine.id)).all()
    assert verbs[-2:] == ["closed", "reopened"]


def test_heads_counted_are_a_register(app: Flask, client: PageClient) -> None:
    make_partnership()
    event = make_event(starts_at=clock.now() - timedelta(days=1), mode=EventMode.FACE_TO_FACE)
    staff = make_person(Role.DELIVERY)
    db.session.add(
        HeadCount(
            event_date_id=event.dates[0].id,
            head_count=31,
            recorded_at=clock.now(),
            recorded_by_id=staff.id,
        )
    )
    path = f"/manage/events/{event.reference}/close"
    sign_in(client, staff)
    page = client.get(path)
    assert "31 people counted." in page.words
    assert "The session is closed." in client.submit(page, button="Close the session").words


def test_who_may_close_and_what_cannot_be(app: Flask, client: PageClient) -> None:
    make_partnership()
    now = clock.now()
    event, other = make_event(starts_at=now), make_event(starts_at=now)
    cancelled = make_event(starts_at=now, state=EventState.CANCELLED, cancelled_at=now)
    trainer = make_person(Role.TRAINER)
    event.trainers.append(trainer)
    cancelled.trainers.append(trainer)
    paths = [f"/manage/events/{one.reference}/close" for one in (event, other, cancelled)]
    sign_in(client, trainer)
    assert [client.get(path).status_code for path in paths] == [200, 403, 404]
