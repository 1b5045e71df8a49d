"""Registers from meeting files through their pages: chosen, looked through, saved, undone."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Person
from app.attendance import meeting_files, personal
from app.attendance.models import MeetingFile, MeetingName, MeetingRegister
from app.audit.models import AuditLine
from app.bookings.models import (
    Attendance,
    Booking,
    BookingOrigin,
    BookingState,
    CancelReason,
)
from app.catalogue.models import Event, EventDate
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db, transaction
from tests.support.factories import make_booking, make_event, make_partnership, make_person
from tests.support.meeting_files import case_named
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in

STARTS = datetime(2026, 9, 22, 13, 45, tzinfo=UTC)  # 2:45pm in London
CAME, PART, DID_NOT = "attended", "attended_in_part", "did_not_attend"


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


@pytest.fixture
def event() -> Event:
    """The session that the invented files are of."""
    return make_event(starts_at=STARTS)


@pytest.fixture
def people(event: Event) -> dict[str, str]:
    """Booked people of the invented files: the references of their bookings."""
    named = {
        "ann": ("Ann Zeal", "ann.zeal@example.org"),
        "bob": ("Bob Able", "bob.able@example.org"),
        "cy": ("Cy Moor", "cy.moor@example.org"),
    }
    return {
        key: make_booking(event, make_person(name=name, email=email)).reference
        for key, (name, email) in named.items()
    }


@pytest.fixture
def path(client: PageClient, event: Event) -> str:
    """Where the files are chosen; somebody who may is signed in."""
    found = f"/manage/events/{event.reference}/register/meeting"
    sign_in(client, make_person(Role.DELIVERY))
    return found


def files(*names: str) -> dict[str, Any]:
    """Invented files as somebody chooses them."""
    return {"files": [(io.BytesIO(case_named(name).content), f"{name}.csv") for name in names]}


def choose(client: PageClient, path: str, *names: str) -> PageResponse:
    """Choose the files, and look through who was there."""
    return client.submit(client.get(path), files(*names))


def register() -> dict[str, tuple[str, int | None]]:
    """What the register says, by booking reference: the outcome and the minutes."""
    rows = db.session.execute(
        select(Booking.reference, Attendance.outcome, Attendance.minutes).join(Attendance.booking)
    )
    return {reference: (outcome.value, minutes) for reference, outcome, minutes in rows}


def field_of(page: PageResponse, name: str) -> str:
    """The name of the answers about an attendee, found by their name on the page."""
    for row in page.select("fieldset", class_="register__row"):
        if row.select("b")[0].words == name:
            return row.select("input", type="radio")[0]["name"]
    raise AssertionError(f"{name} is not on the page")


def test_a_file_fills_the_register_in_with_minutes(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    page = choose(client, path, "teams-report")
    assert page.h1 == "Who was in the meeting"
    assert "135 minutes or more (75%) came" in page.words
    assert register() == {}
    saved = save(client, page)
    assert "Register saved: 1 came, 1 came for a part, 0 did not come." in saved.words
    assert register() == {people["ann"]: (CAME, 180), people["bob"]: (PART, 60)}
    lines = db.session.scalars(select(AuditLine).where(AuditLine.verb.contains("meeting"))).all()
    assert [line.facts["files"] for line in lines] == [1]


def save(client: PageClient, page: PageResponse, values: dict[str, Any] | None = None) -> Any:
    """Save the register as the page proposes it, with these answers instead."""
    return client.submit(page, values, button="Save the register")


def counts() -> tuple[int, ...]:
    """How many rows there are of everything that an import may write."""
    kinds = (Attendance, Booking, Person, MeetingFile, MeetingRegister, MeetingName)
    return tuple(db.session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds)


def test_the_same_file_twice_changes_nothing(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    page = choose(client, path, "teams-report")
    save(client, page)
    before, said = counts(), register()
    again = choose(client, path, "teams-report")
    assert "This file was added already: nothing has changed" in again.words
    again = choose(client, path, "teams-report-utf8-mark")
    assert "This file was added already: nothing has changed" in again.words
    late = client.follow(client.post_form(page, button="Save the register"))
    assert late.h1 == "Register from a meeting"
    assert (counts(), register()) == (before, said)


def test_a_further_file_adds_to_the_minutes(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    save(client, choose(client, path, "rejoined-after-the-end-first"))
    assert register()[people["ann"]] == (PART, 75)
    save(client, choose(client, path, "rejoined-after-the-end-second"))
    assert register() == {people["ann"]: (CAME, 150), people["bob"]: (PART, 60)}


def test_files_chosen_together_are_one_meeting(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    both = ("rejoined-after-the-end-first", "rejoined-after-the-end-second")
    save(client, choose(client, path, *both))
    assert register()[people["ann"]] == (CAME, 150)


def test_one_bad_file_among_several_keeps_none(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    refused = choose(client, path, "teams-report", "not-a-meeting")
    assert refused.errors[0].startswith("not-a-meeting.csv: This is not an attendance file")
    assert counts()[3:] == (0, 0, 0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "is empty"),
        (b"PK\x03\x04 an Excel file", "not an Excel, PDF or other file"),
        (b"%PDF-1.7", "not an Excel, PDF or other file"),
        (b"\x00\x01\x02\x03" * 50, "not an Excel, PDF or other file"),
        (b"a\t\n" * 50_001, "more than 50,000 rows"),
        (b"Full Name,User Action,Timestamp\n", "names nobody"),
    ],
)
def test_what_is_no_attendance_file_is_refused_in_a_sentence(
    client: PageClient, path: str, content: bytes, words: str
) -> None:
    sent = {"files": [(io.BytesIO(content), "C:/Users/me/odd.csv")]}
    refused = client.submit(client.get(path), sent)
    assert words in refused.errors[0]
    assert refused.errors[0].startswith("odd.csv: ")
    assert counts()[3:] == (0, 0, 0)


def test_no_file_at_all(client: PageClient, path: str) -> None:
    refused = client.submit(client.get(path), {"files": []})
    assert refused.errors == ["Choose the attendance file of the meeting"]


def test_somebody_without_booking_gets_one_only_by_a_decision(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    page = choose(client, path, "guest-without-address")
    refused = save(client, page)
    assert refused.errors == ["Say whether Gus Guest came"]
    gus = field_of(page, "Gus Guest")
    refused = save(client, refused, {gus: CAME})
    assert refused.errors == ["Enter the email address of Gus Guest, or leave them out"]
    refused = save(client, refused, {f"{gus}_email": "gus at home"})
    assert "Enter an email address in the correct format" in refused.errors[0]
    assert len(register()) == 0
    values = {f"{gus}_email": "Gus@Example.org", f"{gus}_organisation": "The club"}
    save(client, refused, values)
    made = db.session.scalars(select(Booking).where(Booking.origin == BookingOrigin.REGISTER)).one()
    assert (made.person.name, made.person.email) == ("Gus Guest", "gus@example.org")
    assert made.organisation_name == "The club"
    assert register()[made.reference] == (CAME, 165)


def test_somebody_left_out_stays_out(client: PageClient, people: dict[str, str], path: str) -> None:
    page = choose(client, path, "guest-without-address")
    save(client, page, {field_of(page, "Gus Guest"): "leave"})
    assert register() == {people["ann"]: (CAME, 180)}


def test_the_host_and_telephones_are_left_out_unless_somebody_says_otherwise(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    page = choose(client, path, "dial-in")
    assert "Telephone number ending 23" in page.words
    assert "7700" not in page.text
    save(client, page)
    assert register() == {people["ann"]: (CAME, 180)}


def test_who_is_in_doubt_is_said_by_a_person_and_recognised_next_time(
    client: PageClient, event: Event, people: dict[str, str], path: str
) -> None:
    other = make_event(starts_at=STARTS)
    again = make_booking(
        other,
        db.session.scalars(select(Person).where(Person.email == "bob.able@example.org")).one(),
    ).reference
    other_path = path.replace(event.reference, other.reference)
    db.session.commit()
    page = choose(client, path, "account-name-is-no-mailbox")
    line = field_of(page, "B. Able")
    refused = save(client, page, {line: PART})
    assert refused.errors == ["Choose who B. Able is, or leave them out"]
    save(client, refused, {f"{line}_who": people["bob"], f"{line}_remember": "1"})
    assert register()[people["bob"]] == (PART, 60)
    assert db.session.scalars(select(MeetingName.said)).all() == ["b. able"]
    page = choose(client, other_path, "account-name-is-no-mailbox")
    assert "Confirmed before" in page.words
    save(client, page, {field_of(page, "Ann Zeal"): "leave"})
    assert register()[again] == (PART, 60)


def test_one_person_on_two_lines_is_counted_once(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    page = choose(client, path, "same-name-as-somebody-matched")
    second = [row for row in page.select("fieldset") if "Who Ann Zeal is" in row.words][0]
    line = second.select("input", type="radio")[0]["name"]
    save(client, page, {line: PART, f"{line}_who": people["ann"]})
    assert register() == {people["ann"]: (CAME, 180)}


def test_an_unknown_length_needs_an_answer(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    page = choose(client, path, "durations-unreadable")
    assert page.words.count("The file does not say how long") == 3
    assert " 0 minutes" not in page.words
    refused = save(client, page)
    assert len(refused.errors) == 3
    values = {field_of(page, name): CAME for name in ("Ann Zeal", "Bob Able")}
    save(client, refused, {**values, field_of(page, "Cy Moor"): "leave"})
    assert register() == {people["ann"]: (CAME, None), people["bob"]: (CAME, None)}


def test_who_was_not_seen_is_left_to_a_person(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    page = choose(client, path, "teams-report")
    assert "may still have been there" in page.words
    save(client, page, {f"booked_{people['cy']}": DID_NOT})
    assert register()[people["cy"]] == (DID_NOT, None)


def test_what_was_said_by_hand_is_kept_until_somebody_changes_it(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    by_hand = client.get(path.removesuffix("/meeting"))
    client.submit(by_hand, {f"came_{people['bob']}": CAME})
    page = choose(client, path, "teams-report")
    assert "The register says now: came." in page.words
    save(client, page)
    assert register()[people["bob"]] == (CAME, 60)


def test_undo_brings_the_register_back_as_it_was(
    client: PageClient, event: Event, people: dict[str, str], path: str
) -> None:
    waits = make_booking(
        event,
        make_person(name="Wyn Wait", email="wyn.wait@example.org"),
        state=BookingState.WAITING,
    ).reference
    event_id = event.id
    db.session.commit()
    client.submit(client.get(path.removesuffix("/meeting")), {f"came_{people['ann']}": DID_NOT})
    before = register()
    page = choose(client, path, "waiting-person-came", "guest-without-address")
    gus, ann = field_of(page, "Gus Guest"), field_of(page, "Ann Zeal")
    values = {gus: CAME, f"{gus}_email": "gus@example.org", ann: CAME}
    save(client, page, {**values, f"booked_{people['cy']}": DID_NOT})
    assert db.session.get_one(Event, event_id).waiting_count == 0
    assert len(register()) == 4
    asked = client.click(client.get(path), "Undo this")
    undone = client.submit(asked, button="Undo the register")
    assert "4 lines of the register are as before" in undone.words
    assert register() == before
    states = dict(iter(db.session.execute(select(Booking.reference, Booking.state))))
    assert states.pop(waits) is BookingState.WAITING
    assert list(states.values()).count(BookingState.CANCELLED) == 1
    assert db.session.get_one(Event, event_id).waiting_count == 1
    assert client.get(f"{path}/undo").status_code == 302
    assert choose(client, path, "teams-report").h1 == "Who was in the meeting"


def test_what_was_corrected_since_stays(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    save(client, choose(client, path, "teams-report"))
    by_hand = client.get(path.removesuffix("/meeting"))
    client.submit(by_hand, {f"came_{people['bob']}": CAME})
    undone = client.submit(client.get(f"{path}/undo"), button="Undo the register")
    assert "1 corrected since stay" in undone.words
    assert register() == {people["bob"]: (CAME, 60)}


def test_after_a_day_nothing_is_undone_and_after_30_the_file_is_gone(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    save(client, choose(client, path, "teams-report"))
    later = clock.now() + timedelta(days=1, minutes=1)
    with transaction():
        assert meeting_files.erase_old_files(now=later) == 1
    refused = client.submit(client.get(f"{path}/undo"), button="Undo the register")
    assert "more than a day ago" in refused.errors[0]
    assert register()[people["ann"]] == (CAME, 180)
    with transaction():
        assert meeting_files.erase_old_files(now=later + timedelta(days=30)) == 1
    assert db.session.scalars(select(MeetingFile.content)).all() == [None]
    assert "Read the file" in client.get(path).words


def test_a_person_says_which_day_is_meant_where_nothing_else_does(client: PageClient) -> None:
    event = make_event(starts_at=datetime(2026, 9, 10, 13, 45, tzinfo=UTC))
    later = datetime(2026, 10, 9, 13, 45, tzinfo=UTC)
    lasts = timedelta(hours=3)
    event.dates.append(EventDate(starts_at=later, ends_at=later + lasts))
    event.ends_at = later + lasts
    ann = make_booking(event, make_person(name="Ann Zeal", email="ann.zeal@example.org")).reference
    path = f"/manage/events/{event.reference}/register/meeting"
    sign_in(client, make_person(Role.DELIVERY))
    asked = choose(client, f"{path}?date=2", "teams-ambiguous-nothing-decides")
    assert asked.h1 == "Which day is meant?"
    refused = client.submit(asked, button="Continue")
    assert refused.errors == ["Choose when the meeting was"]
    wrong = client.submit(refused, {"day_order": "month_first"}, button="Continue")
    assert "choose it on the register of that date" in wrong.errors[0]
    client.submit(wrong, button="Remove the files")
    asked = choose(client, f"{path}?date=2", "teams-ambiguous-nothing-decides")
    page = client.submit(asked, {"day_order": "day_first"}, button="Continue")
    line = field_of(page, "Bob Able")
    save(client, page, {line: "leave"})
    assert register() == {ann: (CAME, 180)}


def test_files_can_be_removed_before_anything_is_saved(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    page = choose(client, path, "teams-report")
    gone = client.submit(page, button="Remove the files")
    assert "The files are removed" in gone.words
    assert counts()[3:] == (0, 0, 0)


def test_a_decision_about_an_older_list_is_refused(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    page = choose(client, path, "teams-report")
    choose(client, path, "rejoined-after-the-end-second")
    booking = db.session.scalars(select(Booking).where(Booking.reference == people["bob"])).one()
    booking.state, booking.cancelled_at = BookingState.CANCELLED, clock.now()
    booking.cancelled_because = CancelReason.PERSON
    db.session.commit()
    refused = save(client, page)
    assert refused.errors == ["Choose who Bob Able is, or leave them out"]
    assert register() == {}


def test_trainers_take_registers_of_their_own_sessions_only(
    client: PageClient, event: Event, people: dict[str, str]
) -> None:
    trainer = make_person(Role.TRAINER)
    event.trainers.append(trainer)
    other = make_event(starts_at=STARTS)
    own = f"/manage/events/{event.reference}/register"
    foreign = f"/manage/events/{other.reference}/register"
    sign_in(client, trainer)
    for tail in ("", "/sheet", "/meeting"):
        assert client.get(own + tail).status_code == 200
        assert client.get(foreign + tail).status_code == 403
    assert client.get(f"{foreign}/meeting/check").status_code == 403
    assert client.get(f"{foreign}/meeting/undo").status_code == 403


def test_a_meeting_of_many_takes_no_more_statements(
    client: PageClient, event: Event, path: str
) -> None:
    """The client fails a page of more than 15 statements."""
    names = [f"Person {number:03}" for number in range(120)]
    for number, name in enumerate(names[:80]):
        make_booking(event, make_person(name=name, email=f"p{number}@example.org"))
    db.session.commit()
    rows = [f"{name},p{number}@example.org,170,No" for number, name in enumerate(names)]
    head = "Name (original name),Email,Total duration (minutes),Guest"
    content = "\n".join([head, *rows]).encode()
    page = client.submit(client.get(path), {"files": [(io.BytesIO(content), "many.csv")]})
    values = {field_of(page, name): CAME for name in names[80:]}
    saved = save(client, page, values)
    assert "Register saved: 120 came" in saved.words
    assert len(register()) == 120


def test_what_is_held_of_a_person_goes_with_them(
    client: PageClient, people: dict[str, str], path: str
) -> None:
    page = choose(client, path, "account-name-is-no-mailbox")
    line = field_of(page, "B. Able")
    save(client, page, {line: PART, f"{line}_who": people["bob"], f"{line}_remember": "1"})
    bob = db.session.scalars(select(Person.id).where(Person.name == "Bob Able")).one()
    ann = db.session.scalars(select(Person.id).where(Person.name == "Ann Zeal")).one()
    assert [row["said"] for row in personal.export(bob)["names_in_meetings"]] == ["b. able"]
    with transaction():
        assert personal.merge(bob, ann) == 1
        personal.erase(ann)
    assert db.session.scalars(select(MeetingName.said)).all() == []
    assert db.session.scalars(select(MeetingFile.content)).all() == [None]


def test_a_file_before_people_can_come_is_refused(client: PageClient) -> None:
    event = make_event(starts_at=clock.now() + timedelta(days=3))
    path = f"/manage/events/{event.reference}/register/meeting"
    sign_in(client, make_person(Role.DELIVERY))
    refused = choose(client, path, "zoom-consent")  # which says no day
    assert "The register can be saved from" in refused.errors[0]
    assert counts()[3:] == (0, 0, 0)
