"""Catching up with forums: who may, what they are shown, and what counts as watched (R10)."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from app import forum_jobs
from app.accounts.models import Organisation, Person, Post, PostKind
from app.audit.models import AuditLine
from app.bookings.models import Attendance
from app.catalogue.models import Event
from app.forums import catching_up_rules as rules
from app.forums.catching_up import say_watched, take_back_watched, watched_of
from app.forums.catching_up_rules import Presence
from app.forums.models import ForumTopic, Watching
from app.forums.presence import attended_for, with_predecessors
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.refusals import Refused
from app.outbox.models import OutboxMessage
from app.partnership.models import HalfTerm
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_organisation,
    make_partnership,
    make_person,
)
from tests.support.forums import make_forum, make_half_terms, make_lead, make_school
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in

LATER = datetime.fromisoformat("2027-03-20T10:00:00+00:00")
VIDEO = "https://video.example.org/"


def there(mine: str, ours: str = "") -> list[Presence]:
    """Forums, the newest first: x where one was there."""
    ours = ours or "-" * len(mine)
    return [
        Presence(number, a == "x", b == "x")
        for number, (a, b) in enumerate(zip(mine, ours, strict=True))
    ]


@pytest.mark.parametrize(
    ("held", "count"),
    [
        (there("---"), 3),
        (there("--x-x"), 3),
        (there("x--"), 1),
        (there("----", "--x-"), 3),
        (there("---x", "-x--"), 4),  # what a colleague heard, one has not heard oneself
        ([], 0),
    ],
)
def test_forums_are_shown_back_to_the_last_one_they_were_at(
    held: list[Presence], count: int
) -> None:
    assert rules.since_last_there(held) == count


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"is_over": False}, "has not taken place"),
        ({"was_there": True}, "You were at this forum"),
        ({"has_recording": False}, "no recording"),
    ],
)
def test_what_cannot_have_been_watched_is_refused(facts: dict[str, bool], words: str) -> None:
    usual = {"is_over": True, "has_recording": True, "was_there": False}
    rules.check_watched(**usual)
    with pytest.raises(Refused, match=words):
        rules.check_watched(**usual | facts)


@pytest.fixture
def forums(app: Flask) -> list[Event]:
    """Four forums that were held, the newest last, each with a recording and a topic."""
    make_partnership()
    held = []
    for part in make_half_terms()[:4]:
        event = make_forum(part, recording_url=f"{VIDEO}{part.number}", recording_captioned=True)
        db.session.add(ForumTopic(event_id=event.id, position=1, title=f"Topic {part.number}"))
        held.append(event)
    db.session.commit()
    return held


def come(client: PageClient, person: Person, monkeypatch: pytest.MonkeyPatch) -> PageClient:
    db.session.commit()
    sign_in(client, person)
    monkeypatch.setattr("app.kernel.clock.now", lambda: LATER)
    return client


def send(client: PageClient, sent: dict[str, str]) -> PageResponse:
    """What one button sends, with the token of the page."""
    page = client.get("/forums/catch-up")
    token = page.select("input", name="csrf_token")[0]["value"]
    return client.post("/forums/catch-up", data=sent | {"csrf_token": token})


@pytest.mark.one_database
def test_who_works_elsewhere_is_told_whom_it_is_for(
    client: PageClient, forums: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    come(client, make_person(organisation=make_organisation()), monkeypatch)
    page = client.get("/forums/catch-up")
    assert "for people who work in schools" in page.text
    assert VIDEO not in page.text
    sent = {"forum": forums[0].reference, "watched": "yes"}
    assert "for people who work in schools" in send(client, sent).text
    assert db.session.scalar(select(func.count()).select_from(Watching)) == 0


def test_saying_so_counts_once_and_can_be_taken_back(
    client: PageClient, forums: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    school = make_school("Ash Lane")
    lead = make_lead(school)
    make_attendance(make_booking(forums[1], lead))
    come(client, lead, monkeypatch)
    page = client.get("/forums/catch-up")
    assert "Topic 4" in page.text
    assert "with captions" in page.text
    assert "You were there" in page.text
    assert "Topic 1" not in page.text
    assert "Topic 1" in client.get("/forums/catch-up?show=all").text
    sent = {"forum": forums[3].reference, "watched": "yes"}
    for _ in range(2):
        assert send(client, sent).location == "/forums/catch-up"
    [watched] = watched_of(forums[3].id)
    assert (watched.name, watched.organisation_name) == (lead.name, "Ash Lane")
    assert "You watched it" in client.get("/forums/catch-up").text
    for _ in range(2):
        send(client, sent | {"watched": "no"})
    assert watched_of(forums[3].id) == []
    verbs = db.session.scalars(select(AuditLine.verb).where(AuditLine.verb.contains("watch")))
    assert list(verbs) == ["watched the recording of", "did not watch the recording of"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    "sent",
    [{}, {"forum": "nosuch", "watched": "yes"}, {"watched": "yes"}, {"forum": "x", "watched": "?"}],
)
def test_what_no_button_sends_is_answered_with_the_page(
    client: PageClient, forums: list[Event], sent: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    come(client, make_lead(make_school("Ash Lane")), monkeypatch)
    page = send(client, sent)
    assert page.status_code == 200
    assert "Choose a forum from the list" in page.text


def test_a_lead_without_an_employer_stands_for_the_school_of_their_post(
    forums: list[Event],
) -> None:
    school = make_school("Ash Lane")
    lead = make_lead(school, person=make_person(organisation=None))
    db.session.commit()
    with transaction():
        say_watched(forums[0], actor=lead, now=LATER)
    assert [one.organisation_name for one in watched_of(forums[0].id)] == ["Ash Lane"]
    with transaction():
        take_back_watched(forums[0], actor=lead, now=LATER)
    assert watched_of(forums[0].id) == []


def converted(name: str) -> tuple[Organisation, Organisation]:
    """A school that became an academy in January 2027, and the academy."""
    academy = make_school(f"{name} Academy", opened_on=LATER.date().replace(month=1, day=1))
    before = make_school(name, closed_on=academy.opened_on, successor_id=academy.id)
    return before, academy


def test_a_converted_academy_keeps_its_history(forums: list[Event]) -> None:
    before, academy = converted("Beck Side")
    make_attendance(make_booking(forums[0], make_lead(before)))
    bodies = with_predecessors([academy.id])
    assert bodies == {before.id, academy.id}
    since = forums[0].starts_at - timedelta(days=1)
    assert attended_for(bodies, since=since) == {forums[0].id}


def test_a_post_counts_on_the_days_it_was_held(forums: list[Event]) -> None:
    named, other = make_school("Named"), make_school("Other")
    lead = make_lead(named)
    post = Post(
        person_id=lead.id, organisation_id=other.id, kind=PostKind.DSL, from_on=LATER.date()
    )
    db.session.add(post)
    make_attendance(make_booking(forums[2], lead))
    since = forums[0].starts_at
    assert attended_for({named.id}, since=since) == {forums[2].id}
    assert attended_for({other.id}, since=since) == set()
    post.from_on = forums[2].starts_at.date()
    assert attended_for({other.id}, since=since) == {forums[2].id}


A_DAY = timedelta(days=1)


def letters() -> list[OutboxMessage]:
    found = select(OutboxMessage).where(OutboxMessage.kind == "forums_missed")
    return list(db.session.scalars(found.order_by(OutboxMessage.to_email)))


def run(now: datetime) -> int:
    done = sum(forum_jobs.tell_of_missed_forums(now))
    db.session.rollback()
    return done


def somebody_of(school: Organisation) -> Person:
    return make_person(organisation=school, sector=school.sector)


@pytest.fixture
def schools(forums: list[Event]) -> dict[str, Organisation]:
    """Ash was at the first forum, Beck at every one; somebody leads at Ash and at Cliff."""
    schools = {name: make_school(name) for name in ("Ash", "Beck", "Cliff")}
    both = make_lead(schools["Ash"], name="Ana Osei", email="a@example.org")
    make_lead(schools["Cliff"], PostKind.DEPUTY_DSL, person=both)
    make_lead(schools["Ash"], PostKind.DEPUTY_DSL, email=None)
    make_lead(schools["Ash"], PostKind.HEADTEACHER, email="head@example.org")
    make_attendance(make_booking(forums[0], somebody_of(schools["Ash"])))
    beck = make_lead(schools["Beck"], email="b@example.org")
    for event in forums:
        make_attendance(make_booking(event, beck))
    make_forum(make_half_terms_of_next_year(), reference="NEXT", subtitle="Next")
    db.session.commit()
    return schools


def make_half_terms_of_next_year() -> HalfTerm:
    part = HalfTerm(school_year="2027/28", number=1, name="Autumn 1")
    part.starts_on, part.ends_on = date(2027, 9, 1), date(2027, 10, 22)
    db.session.add(part)
    db.session.flush()
    return part


def test_leads_whose_schools_missed_forums_get_one_letter_with_all_of_them(
    forums: list[Event], schools: dict[str, Organisation]
) -> None:
    after = forums[3].ends_at + 5 * A_DAY
    assert run(after) == 0  # it has just been noticed
    assert run(after + 2 * A_DAY) == 0
    night = (after + 4 * A_DAY).replace(hour=1, minute=30)
    assert run(night) == 0
    assert run(after + 4 * A_DAY) == 1
    [letter] = letters()
    text = f"Subject: {letter.subject}\n\n{letter.text_body}"
    file = Path(__file__).parent / "letters" / "forums_missed.txt"
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
    assert letter.to_email == "a@example.org"
    assert run(after + 5 * A_DAY) == 0
    assert run(after + 9 * A_DAY) == 0


def test_nobody_is_told_before_the_register_is_taken_or_after_ten_weeks(
    forums: list[Event], schools: dict[str, Organisation]
) -> None:
    for event in forums[:3]:
        event.recording_url = ""
    db.session.execute(delete(Attendance))
    db.session.commit()
    after = forums[3].ends_at + A_DAY
    run(after)
    assert run(after + 4 * A_DAY) == 0
    make_attendance(make_booking(forums[3]))
    db.session.commit()
    assert run(after + 80 * A_DAY) == 0
    assert run(after + 5 * A_DAY) == 2


def test_who_watched_meanwhile_is_not_told(
    forums: list[Event], schools: dict[str, Organisation]
) -> None:
    for event in forums[:3]:
        event.recording_url = ""
    db.session.commit()
    after = forums[3].ends_at + A_DAY
    run(after)
    lead = db.session.scalars(select(Person).where(Person.email == "a@example.org")).one()
    with transaction():
        say_watched(forums[3], actor=lead, now=after)
    assert run(after + 4 * A_DAY) == 0


@pytest.mark.one_database
def test_the_learning_record_says_what_was_watched_and_that_they_say_so_themselves(
    client: PageClient, forums: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = make_lead(make_school("Ash Lane"))
    db.session.commit()
    with transaction():
        say_watched(forums[0], actor=lead, now=LATER)
    come(client, lead, monkeypatch)
    page = client.get("/record")
    assert "Autumn 1 2026/27 of 9 September 2026: watched, as you told us" in page.words
    assert "it is not attendance" in page.words
    assert (
        client.click(client.get("/bookings"), "Catch up with forums").h1 == "Catch up with forums"
    )


@pytest.mark.one_database
def test_staff_see_who_says_they_watched_and_who_was_told(
    client: PageClient,
    forums: list[Event],
    schools: dict[str, Organisation],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lead = db.session.scalars(select(Person).where(Person.email == "b@example.org")).one()
    db.session.add(
        Watching(
            event_id=forums[3].id,
            person_id=lead.id,
            organisation_id=lead.organisation_id,
            watched_at=LATER,
        )
    )
    db.session.commit()
    run(forums[3].ends_at + A_DAY)
    run(forums[3].ends_at + 5 * A_DAY)
    come(client, make_person(Role.ADVISOR), monkeypatch)
    page = client.click(client.get(f"/forums/events/{forums[3].reference}"), "Who watched it")
    assert "1 person of 1 organisation, as they say themselves (self-reported)" in page.words
    assert "1 lead of schools that missed it was told" in page.words
    assert "Beck" in page.text
    assert client.get("/forums/events/nosuch/watched").status_code == 404
