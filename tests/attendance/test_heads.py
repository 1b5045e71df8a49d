"""Counting heads where nobody is named: saved, corrected, taken back, never beside a register."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.attendance import heads
from app.attendance.heads import Counted
from app.bookings.models import HeadCount
from app.catalogue.models import Event
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_partnership,
    make_person,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

ADDRESS = "/manage/events/hall/register/heads"


@pytest.fixture
def dee(app: Flask) -> Person:
    app.config["WTF_CSRF_ENABLED"] = False
    make_partnership()
    return make_person(Role.DELIVERY, name="Dee Park")


@pytest.fixture
def event(dee: Person, now: datetime) -> Event:
    made = make_event(starts_at=now - timedelta(hours=4), hours=2, reference="hall")
    db.session.commit()
    return made


def test_heads_are_counted_corrected_and_taken_back(
    client: PageClient, event: Event, dee: Person
) -> None:
    sign_in(client, dee)
    register = client.get("/manage/events/hall/register")
    assert "Count heads instead" in register.words
    assert "Head count" in client.get(ADDRESS).words
    saved = client.post(ADDRESS, data={"head_count": "1,035", "out_of_area_count": "4", "note": ""})
    assert saved.status_code == 302
    assert "1,035 heads are counted." in client.get(saved.location).words
    client.post(ADDRESS, data={"head_count": "35", "out_of_area_count": "", "note": "Two left"})
    known = db.session.scalars(select(HeadCount)).one()
    assert (known.head_count, known.out_of_area_count, known.note) == (35, 0, "Two left")
    assert known.recorded_by_id == dee.id
    assert "35 people counted." in client.get("/manage/events/hall/close").words
    assert client.post(ADDRESS, data={"take_back": "1"}).status_code == 302
    assert db.session.scalars(select(HeadCount)).all() == []
    again = client.post(ADDRESS, data={"take_back": "1"})
    assert "Nobody has counted heads on this date" in again.words


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"head_count": ""}, "Enter how many were there"),
        ({"head_count": "some"}, "must be a whole number up to 10,000"),
        ({"head_count": "10001"}, "must be a whole number up to 10,000"),
        ({"out_of_area_count": "36"}, "More people are from another area than were there"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_kept(
    client: PageClient, event: Event, dee: Person, changes: dict[str, str], says: str
) -> None:
    sign_in(client, dee)
    filled = {"head_count": "35", "out_of_area_count": "", "note": "Two left early"}
    page = client.post(ADDRESS, data=filled | changes)
    assert says in page.words
    assert "Two left early" in page.text
    assert db.session.scalars(select(HeadCount)).all() == []


def test_people_by_name_and_heads_are_never_both_of_one_date(
    event: Event, dee: Person, now: datetime
) -> None:
    make_attendance(make_booking(event))
    with pytest.raises(Refused, match="says who came by name"):
        heads.count_heads(event.id, event.dates[0].id, Counted(35), actor=dee, now=now)


def test_heads_are_not_counted_before_the_day(dee: Person, now: datetime) -> None:
    event = make_event(starts_at=now + timedelta(days=3))
    with pytest.raises(Refused, match="The register can be saved from"):
        heads.count_heads(event.id, event.dates[0].id, Counted(35), actor=dee, now=now)
