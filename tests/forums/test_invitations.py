"""Everybody is invited once; who was not represented is reminded once, a week before."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app import forum_jobs
from app.accounts.models import PostKind
from app.bookings.models import BookingState
from app.catalogue.models import Event, EventState, OfferKind
from app.forums import invitations, opinion_asking, reminders, reminders_rules, withholding
from app.forums.establishments import Addressee, find_establishment
from app.forums.invitations_letters import facts_of, write_invitation, write_reminder
from app.forums.models import ForumInvitation, ForumReminder, ForumTopic
from app.forums.opinion_emails import Kind, Letters
from app.forums.opinion_models import Naming, OpinionRound, RoundState
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.outbox.models import MessageState, OutboxMessage
from app.partnership.models import HalfTerm
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_offer,
    make_partnership,
    make_person,
)
from tests.support.forums import make_forum, make_half_terms, make_lead, make_school
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

LETTERS = Path(__file__).parent / "letters"
A_WEEK_BEFORE = datetime(2027, 1, 6, 9, 0, tzinfo=UTC)


@pytest.fixture
def half_terms(client: PageClient, now: datetime) -> list[HalfTerm]:
    make_partnership()
    return make_half_terms()


@pytest.fixture
def held(half_terms: list[HalfTerm]) -> Event:
    """A forum in September, of which there is a recording."""
    return make_forum(half_terms[0], recording_url="https://video.example.org/one")


@pytest.fixture
def coming(held: Event, half_terms: list[HalfTerm]) -> Event:
    """The next one, on Wednesday 13 January 2027."""
    return make_forum(half_terms[2], offer=held.offer)


def messages(kind: str) -> list[OutboxMessage]:
    found = select(OutboxMessage).where(OutboxMessage.kind == kind)
    return list(db.session.scalars(found.order_by(OutboxMessage.to_email)))


def all_steps(step: object, now: datetime) -> int:
    assert callable(step)
    count = 0
    while done := step(now=now):
        count += done
    db.session.commit()
    return count


def test_everybody_is_invited_once_in_steps(
    client: PageClient, coming: Event, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MOST_AT_ONCE", 2)
    ash, birch = make_school("Ash"), make_school("Birch")
    both = make_lead(ash, name="Ana Osei", email="ana@ash.example.org")
    make_lead(birch, PostKind.DEPUTY_DSL, person=both)
    make_lead(birch, PostKind.HEADTEACHER, email="head@birch.example.org")
    make_school("Cedar", contact_email="office@cedar.example.org")
    make_lead(make_school("Dogwood"), email="dee@dogwood.example.org")
    make_school("Elm")
    sign_in(client, make_person(Role.ADVISOR))
    address = f"/forums/events/{coming.reference}/invitations"

    page = client.get(address)
    assert "3 letters go to the leads and deputies of 5 schools" in page.page.words
    assert "1 school has nobody we could write to" in page.page.words
    assert "Book a place" in page.page.words
    client.submit(page, button="Send 3 invitations")
    assert messages(invitations.KIND) == []  # the worker's

    assert all_steps(invitations.send_step, now) == 3
    sent = messages(invitations.KIND)
    asked = ["ana@ash.example.org", "dee@dogwood.example.org", "office@cedar.example.org"]
    assert [one.to_email for one in sent] == asked
    assert "for Ash and Birch" in sent[0].text_body
    assert "3 addresses have been invited" in client.get(address).page.words

    make_lead(make_school("Fir"), email="fay@fir.example.org")
    db.session.commit()
    client.submit(client.get(address), button="Send the invitation")
    assert all_steps(invitations.send_step, now) == 1
    assert "Everybody on our list is invited" in client.get(address).page.words
    done = db.session.scalars(select(ForumInvitation)).one()
    assert (done.sent_count, done.done_at is None) == (4, False)


def test_nobody_is_invited_before_booking_opens_or_to_what_is_no_forum(
    client: PageClient, coming: Event, half_terms: list[HalfTerm], now: datetime
) -> None:
    make_lead(make_school("Ash"))
    coming.booking_opens_at = now + timedelta(days=3)
    peers = make_offer(kind=OfferKind.PEER_SUPPORT)
    other = make_forum(half_terms[3], offer=peers)
    sign_in(client, make_person(Role.ADVISOR))
    address = f"/forums/events/{coming.reference}/invitations"
    page = client.get(address)
    assert "It cannot be booked before Friday 13 November 2026" in page.page.words
    with pytest.raises(Refused, match="cannot be booked before"), transaction():
        invitations.invite(coming.id, actor=make_person(Role.ADVISOR), now=now)
    elsewhere = client.get(f"/forums/events/{other.reference}/invitations", judge=False)
    assert elsewhere.status_code == 404


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("now", "is_due"),
    [
        (A_WEEK_BEFORE - timedelta(minutes=1), False),
        (A_WEEK_BEFORE, True),
        (A_WEEK_BEFORE + timedelta(days=2, hours=23), True),
        (A_WEEK_BEFORE + timedelta(days=3), False),
    ],
)
def test_reminders_are_due_from_nine_a_week_before_for_three_days(
    now: datetime, is_due: bool
) -> None:
    assert reminders_rules.is_due(datetime(2027, 1, 13, 14, tzinfo=UTC), now=now) is is_due


def test_who_was_not_represented_and_has_not_booked_is_reminded_once(
    app: Flask, held: Event, coming: Event
) -> None:
    names = ("Ash", "Birch", "Cedar", "Dogwood", "Elm")
    schools = {name: make_school(name) for name in names}
    leads = {
        name: make_lead(school, email=f"lead@{name.lower()}.example.org")
        for name, school in schools.items()
    }
    make_attendance(make_booking(held, leads["Ash"]))
    make_booking(coming, leads["Birch"])
    make_booking(coming, leads["Cedar"], state=BookingState.CANCELLED, cancelled_at=held.ends_at)
    make_lead(schools["Elm"], PostKind.DEPUTY_DSL, person=leads["Birch"])  # stands for both
    make_school("Fir", contact_email="office@fir.example.org")
    db.session.commit()

    assert all_steps(reminders.send_step, A_WEEK_BEFORE - timedelta(hours=1)) == 0
    night = A_WEEK_BEFORE + timedelta(hours=16, minutes=30)
    assert all_steps(reminders.send_step, night) == 0
    assert all_steps(reminders.send_step, A_WEEK_BEFORE) == 3
    reminded = [one.to_email for one in messages(reminders.KIND)]
    assert reminded == [
        "lead@cedar.example.org",
        "lead@dogwood.example.org",
        "office@fir.example.org",
    ]
    assert all_steps(reminders.send_step, A_WEEK_BEFORE + timedelta(days=1)) == 0
    people = set(db.session.scalars(select(ForumReminder.person_id)))
    assert people == {leads["Cedar"].id, leads["Dogwood"].id}


def test_two_sittings_in_one_half_term_are_one_forum(
    app: Flask, held: Event, coming: Event, half_terms: list[HalfTerm]
) -> None:
    second = make_forum(
        half_terms[2],
        offer=held.offer,
        starts_at=coming.starts_at + timedelta(days=1),
    )
    leads = {
        name: make_lead(make_school(name), email=f"lead@{name.lower()}.example.org")
        for name in ("Ash", "Birch", "Cedar")
    }
    make_attendance(make_booking(held, make_lead(make_school("Dogwood"))))
    make_booking(coming, leads["Ash"])
    make_booking(second, leads["Birch"])
    db.session.commit()
    assert all_steps(reminders.send_step, A_WEEK_BEFORE) == 1
    assert all_steps(reminders.send_step, A_WEEK_BEFORE + timedelta(days=1)) == 0
    late = make_lead(make_school("Elm"), email="lead@elm.example.org")
    coming.booking_closes_at = A_WEEK_BEFORE
    db.session.commit()
    assert all_steps(reminders.send_step, A_WEEK_BEFORE + timedelta(days=1)) == 1
    reminded = [(one.to_email, one.about_reference) for one in messages(reminders.KIND)]
    assert reminded == [
        ("lead@cedar.example.org", coming.reference),
        (late.email, second.reference),
    ]


def test_a_cancelled_forum_invites_nobody_and_holds_back_what_waits(
    client: PageClient, coming: Event, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MOST_AT_ONCE", 2)
    for name in ("ash", "birch", "cedar"):
        make_lead(make_school(name), email=f"lead@{name}.example.org")
    advisor = make_person(Role.ADVISOR)
    db.session.commit()
    with transaction():
        invitations.invite(coming.id, actor=advisor, now=now)
    with transaction():
        assert invitations.send_step(now=now) == 2
        assert withholding.withhold(now=now) == 0
    with transaction():
        first = messages(invitations.KIND)[0]
        first.state, first.sent_at = MessageState.SENT, now
        coming.state, coming.cancelled_at = EventState.CANCELLED, now
        coming.cancellation_reason = "The speaker is ill"
    with transaction():
        assert invitations.send_step(now=now) == 0
        assert withholding.withhold(now=now) == 1
    assert [one.state for one in messages(invitations.KIND)] == [
        MessageState.SENT,
        MessageState.WITHHELD,
    ]
    sign_in(client, advisor)
    page = client.get(f"/forums/events/{coming.reference}/invitations")
    assert "It is cancelled. 1 address was written to about it" in page.page.words
    with pytest.raises(Refused, match="It is cancelled"), transaction():
        invitations.invite(coming.id, actor=advisor, now=now)


def test_what_a_closed_round_had_not_sent_stays_here(
    app: Flask, half_terms: list[HalfTerm], now: datetime
) -> None:
    asked = OpinionRound(
        reference="asked",
        half_term_id=half_terms[1].id,
        naming=Naming.ANONYMOUS,
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=9),
        state=RoundState.OPEN,
        opened_at=now - timedelta(days=1),
    )
    db.session.add(asked)
    db.session.flush()
    to = Addressee("ana@ash.example.org", "Ana Osei", None, ())
    db.session.add(Letters(asked, Kind.ASKING).compose(to, []))
    db.session.commit()
    with transaction():
        assert withholding.withhold(now=now) == 0
        asked.state, asked.closed_at = RoundState.CLOSED, now
    with transaction():
        assert withholding.withhold(now=now) == 1
    assert messages(Kind.ASKING.value)[0].state is MessageState.WITHHELD


@pytest.mark.one_database
def test_a_step_that_fails_neither_repeats_without_end_nor_stops_the_others(
    app: Flask, coming: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*, now: datetime) -> int:
        raise ValueError(now)

    monkeypatch.setattr(invitations, "send_step", fails)
    make_lead(make_school("Ash"), email="ana@ash.example.org")
    db.session.commit()
    assert sum(forum_jobs.bring_schools_to_forums(A_WEEK_BEFORE)) == 1
    assert [one.to_email for one in messages(reminders.KIND)] == ["ana@ash.example.org"]


@pytest.mark.one_database
def test_a_round_with_a_step_that_failed_is_not_done(
    app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished: list[int] = []

    def send(step: int, round_id: int, kind: Kind, *, now: datetime) -> int:
        return 6 // step

    def finish(round_id: int, kind: Kind, *, now: datetime) -> None:
        finished.append(round_id)

    monkeypatch.setattr(opinion_asking, "send_step", send)
    monkeypatch.setattr(opinion_asking, "finish", finish)
    for round_id, steps in ((1, [2, 0, 3]), (2, [6])):
        monkeypatch.setattr(opinion_asking, "steps", lambda *_, found=steps: found)
        sent = list(forum_jobs.write_to_schools(round_id, Kind.ASKING, now))
        assert sent == ([3, 0, 2] if round_id == 1 else [1])
    assert finished == [2]


def written(held: Event, coming: Event, now: datetime, kind: str) -> str:
    school = make_school("Ash Primary")
    topic = ForumTopic(event_id=coming.id, position=1, title="Online harm")
    topic.speaker, topic.speaker_organisation = "The Advisor", "WSCP"
    db.session.add(topic)
    db.session.flush()
    place = find_establishment(school.reference)
    assert place
    to = Addressee("ana@ash.example.org", "Ana Osei", "ana", (place,))
    facts = facts_of(coming, now=now)
    letter = write_invitation(to, facts) if kind == "invitation" else write_reminder(to, facts, 2)
    return f"{letter.subject}\n\n{letter.text}"


@pytest.mark.one_database
@pytest.mark.parametrize("kind", ["invitation", "reminder"])
def test_letters_read_as_they_are_kept(
    held: Event, coming: Event, now: datetime, kind: str
) -> None:
    coming.reference = "coming"
    found = written(held, coming, now, kind)
    file = LETTERS / f"forum_{kind}.txt"
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        file.write_text(found)
    assert found == file.read_text()
