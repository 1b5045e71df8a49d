"""All of one person: taken out whole, and erased from every table."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from flask import Flask, current_app
from markupsafe import escape
from sqlalchemy import func, select

from app import persons
from app.accounts import operations as accounts
from app.accounts.models import Person, Post, PostKind
from app.accounts.sign_in_models import Authenticator, RecoveryCode
from app.attendance.models import MeetingName
from app.bookings import in_house
from app.bookings import operations as bookings
from app.bookings.models import Attendance, Booking, BookingOrigin, BookingState, NewDatesWish
from app.catalogue.models import Event
from app.checks.verify import verify
from app.forums.models import (
    ForumReminder,
    ListChange,
    ListChangeKind,
    ListCheck,
    MissedForum,
    Watching,
)
from app.forums.training_models import TrainingInvitation, TrainingRound
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.tokens import token_hash
from app.outbox.models import MessageState, OutboxMessage
from app.record.certificates import code_of, find
from app.record.models import RefresherNudge, RefresherStop
from app.schema import TABLES
from app.surveys.models import InvitationState, SurveyDraft, SurveyInvitation
from app.surveys.open_link_models import PassingOn, PassingOnState
from app.surveys.plan_models import SurveyAddressee
from app.surveys.planning import link_token
from app.surveys.response_models import Pairing
from app.surveys.responses import hash_of_draft, save_draft
from app.worker import run_once
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_learning_elsewhere,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
    make_refresher,
    make_request,
)
from tests.support.in_house import asked
from tests.support.page_client import PageClient
from tests.support.world import contents

DAY = timedelta(days=1)
NAME, EMAIL = "Zebulon O'Quillfeather", "zebulon.q@quill.example.org"
PIECES = ("zebulon", "quillfeather", "Our Zeb", "Peacock handler", "Dance for Peacocks")

# Where each column that points at a person shows in what is taken out; or why it does not.
SHOWN_AS = {
    "booking.person_id": "bookings",
    "booking.booked_by_id": "places_booked_for_others",
    "learning_elsewhere.person_id": "learning_elsewhere",
    "new_dates_wish.person_id": "wishes_for_new_dates",
    "in_house_request.person_id": "asked_in_house",
    "post.person_id": "posts",
    "refresher_nudge.person_id": "reminders_to_renew",
    "refresher_stop.person_id": "wants_no_reminders_since",
    "role_grant.person_id": "roles",
    "sign_in_session.person_id": "sign_ins",
    "passing_on.person_id": "surveys_to_pass_on",
    "survey_invitation.person_id": "survey_invitations",
    "survey_addressee.person_id": "survey_lists",
    "survey_stop.person_id": "asked_not_to_be_asked_at",
    "watching.person_id": "recordings_watched",
    "forum_reminder.person_id": "reminders_of_forums",
    "missed_forum.person_id": "told_of_missed_forums",
    "list_change.person_id": "said_of_by_schools",
    "training_invitation.person_id": "invited_to_training",
    "training_round.asked_by_id": "audit_trail",
    "contact_note.noted_by_id": "audit_trail",
    "authenticator.person_id": "person",
    "recovery_code.person_id": None,  # only hashes, which say nothing
    "attendance.recorded_by_id": "audit_trail",
    "head_count.recorded_by_id": "audit_trail",
    "closing.closed_by_id": "audit_trail",
    "meeting_file.added_by_id": "audit_trail",
    "meeting_register.saved_by_id": "audit_trail",
    "meeting_name.confirmed_by_id": "audit_trail",
    "meeting_name.person_id": "names_in_meetings",
    "approval.decided_by_id": "audit_trail",
    "offer_trainer.person_id": "trains",
    "event_trainer.person_id": "trains_sessions",
    "person.merged_into_id": "audit_trail",  # under the references of both
}


@pytest.fixture
def someone(app: Flask, now: datetime, tmp_path: Path) -> Person:
    """Somebody of whom every feature holds something; everybody around them stays."""
    app.config["MAIL_URL"] = f"file:{tmp_path / 'mail'}"
    make_partnership()
    make_person(Role.ADMINISTRATOR)
    organisation = make_organisation()
    me = make_person(
        Role.DELIVERY,
        name=NAME,
        email=EMAIL,
        job_title="Peacock handler",
        organisation=organisation,
        sector=organisation.sector,
    )
    post = Post(person_id=me.id, organisation_id=me.organisation_id, kind=PostKind.DSL)
    post.from_on = now.date()
    row = accounts.request_code(EMAIL, client="here", now_real=clock.real_now())
    accounts.start_session(me, now_real=row.made_at)
    db.session.add_all(
        [
            post,
            Authenticator(person_id=me.id, nonce="n", confirmed_at=now),
            RecoveryCode(code_hash=token_hash("r"), person_id=me.id),
        ]
    )
    _learn(me, now)
    _book(me, now)
    db.session.commit()
    run_once(now)
    with transaction():
        is_open = SurveyInvitation.state == InvitationState.SENT
        asked = db.session.scalars(select(SurveyInvitation).where(is_open)).one()
        token = link_token(asked.reference)
        save_draft(hash_of_draft(token), {"q": ["Zebulon says"]}, now=now)
        key, evaluation_id = asked.addressee_key, asked.evaluation_id
        db.session.add(Pairing(pairing_key="k", evaluation_id=evaluation_id, addressee_key=key))
        to_pass_on = PassingOn(event_id=asked.event_id, evaluation_id=evaluation_id)
        to_pass_on.person_id, to_pass_on.months_later = me.id, 3
        to_pass_on.state, to_pass_on.due_at = PassingOnState.PLANNED, now + 90 * DAY
        db.session.add(to_pass_on)
        listed = SurveyAddressee(evaluation_id=evaluation_id, person_id=me.id)
        listed.sector_id, listed.added_at = asked.sector_id, now
        db.session.add(listed)
    return me


def _learn(me: Person, now: datetime) -> None:
    trained = make_event(starts_at=now + 50 * DAY)
    trained.trainers, trained.offer.trainers = [me], [me]
    refresher = make_refresher()
    make_learning_elsewhere(me, title="Dance for Peacocks", refresher_id=refresher.id)
    nudge = RefresherNudge(person_id=me.id, refresher_id=refresher.id, due_on=now.date())
    nudge.months_before, nudge.sent_at = 3, now
    db.session.add_all([nudge, RefresherStop(person_id=me.id, stopped_at=now)])


def _book(me: Person, now: datetime) -> None:
    """What was, what is to come, what others did for them and they for others."""
    over = make_booking(
        make_event(starts_at=now - 2 * DAY), me, adjustments="Zebulon needs a perch"
    )
    make_attendance(over)
    coming = make_event(starts_at=now + 20 * DAY, joining_notes="Bring a case.")
    for event in (coming, make_event(starts_at=now + 7 * DAY + timedelta(hours=3))):
        _book_one(event, me, me, BookingOrigin.SELF, now)
    office = make_person(name="Jo Office")
    child = make_person(name="Sam Ali", email=None)
    _book_one(coming, child, me, BookingOrigin.COLLEAGUE, now)
    by_office = make_event(starts_at=now + 30 * DAY)
    _book_one(by_office, me, office, BookingOrigin.COLLEAGUE, now).name_given = "Our Zeb"
    make_booking(make_event(starts_at=now + 9 * DAY), me, state=BookingState.WAITING)
    make_request(make_event(starts_at=now + 40 * DAY), me)
    make_request(coming, manager_name=NAME, manager_email=EMAIL)
    offer = make_offer()
    db.session.add(NewDatesWish(offer_id=offer.id, person_id=me.id, asked_at=now))
    known_as = MeetingName(person_id=me.id, said="zebulon's tablet", confirmed_by_id=office.id)
    known_as.confirmed_at = now
    db.session.add(known_as)
    db.session.add(Watching(event_id=over.event_id, person_id=me.id, watched_at=now))
    db.session.add(MissedForum(event_id=over.event_id, person_id=me.id, sent_at=now))
    _invite_to_training(me, now)
    reminder = ForumReminder(event_id=coming.id, person_id=me.id, sent_at=now)
    reminder.organisation_id = me.organisation_id or 0
    db.session.add(reminder)
    _name_as_lead(me, now)
    in_house.ask(offer.id, asked(more="Zebulon asks"), actor=me, now=now)


def _name_as_lead(person: Person, now: datetime) -> None:
    place = person.organisation_id or 0
    check = ListCheck(reference="check", organisation_id=place, school_year="2026/27", asked_at=now)
    db.session.add(check)
    db.session.flush()
    db.session.add(
        ListChange(
            reference="change",
            list_check_id=check.id,
            kind=ListChangeKind.ADDED,
            person_id=person.id,
            name_given=NAME,
            post_kind=PostKind.DSL,
            said_by="The office",
            said_at=now,
        )
    )


def _invite_to_training(person: Person, now: datetime) -> None:
    refresher_id = make_refresher().id
    asked = TrainingRound(reference="round", refresher_id=refresher_id, asked_at=now)
    asked.first_on = asked.last_on = now.date()
    asked.asked_by_id = make_person(Role.ADVISOR).id
    db.session.add(asked)
    db.session.flush()
    db.session.add(TrainingInvitation(round_id=asked.id, person_id=person.id, sent_at=now))


def _book_one(
    event: Event, person: Person, by: Person, origin: BookingOrigin, now: datetime
) -> Booking:
    return bookings.book(
        event.id, person, booked_by=by, origin=origin, mode=event.mode, form_key=None, now=now
    )


def left_of(*pieces: str) -> list[str]:
    """Tables and rows in which any of the pieces is left, in whatever case or escaped."""
    wanted = {str(form).lower() for piece in pieces for form in (piece, escape(piece))}
    return [
        f"{table}: {row}"
        for table, rows in contents().items()
        for row in rows
        if any(piece in row.lower() for piece in wanted)
    ]


def broken_rules() -> Counter[str]:
    found = Counter({one.name: one.violations for one in verify(now=clock.now())})
    db.session.rollback()
    return found


def test_every_column_that_points_at_a_person_is_decided_about() -> None:
    pointing = {
        f"{table.name}.{column.name}"
        for table in TABLES
        for column in table.columns
        if any(key.column.table.name == "person" for key in column.foreign_keys)
    }
    assert pointing == set(SHOWN_AS)


def test_everything_held_of_somebody_is_taken_out(someone: Person, tmp_path: Path) -> None:
    file = tmp_path / "all.zip"
    said = _run("export-person", EMAIL.upper(), "--to", str(file))
    assert said.startswith(f"{file}: person, posts, roles")
    with ZipFile(file) as archive:
        whole = json.loads(archive.read("person.json"))
        assert "bookings.csv" in archive.namelist()
        assert "Dance for Peacocks" in archive.read("learning_elsewhere.csv").decode()
    names = {name for name in SHOWN_AS.values() if name}
    assert [name for name in names if not whole[name] and name != "asked_not_to_be_asked_at"] == []
    assert whole["person"]["email"] == EMAIL
    assert len(whole["bookings"]) == 6
    assert all(one["session"] for one in whole["bookings"])
    [certificate] = whole["certificates"]
    assert certificate["code"].count("-") >= 1
    assert whole["attendance"][0]["outcome"] == "attended"
    assert whole["requests_to_them_as_manager"][0]["manager_name"] == NAME
    assert whole["places_booked_for_others"]
    assert {one["kind"] for one in whole["notices"]} == {"reminder"}
    assert {"booking_confirmed", "sign_in_code"} <= {one["kind"] for one in whole["messages"]}
    assert {one["state"] for one in whole["survey_invitations"]} == {"planned", "sent"}
    text = json.dumps(whole)
    assert "Zebulon says" not in text  # what is in a draft is an answer
    assert file.stat().st_mode & 0o077 == 0


def _run(*arguments: str, code: int = 0) -> str:
    done = current_app.test_cli_runner().invoke(args=list(arguments))
    assert done.exit_code == code, done.output
    db.session.expire_all()
    return done.output


def test_after_erasing_no_table_holds_name_or_address(someone: Person) -> None:
    reference = someone.reference
    past = db.session.scalars(select(Booking).join(Booking.attendances)).one().reference
    assert find(past, now=clock.now())
    broken = broken_rules()
    tables = {line.partition(":")[0] for line in left_of(EMAIL, *PIECES)}
    assert len(tables) >= 6  # so that there is something to erase
    attended = db.session.scalar(select(func.count(Attendance.id)))
    said = _run("erase-person", EMAIL, "--yes")
    assert said.startswith(f"{reference} is erased: 5 bookings to come cancelled")
    assert left_of(EMAIL, *PIECES) == []
    assert broken_rules() <= broken  # some rows above were made without their messages
    assert db.session.scalar(select(func.count(Attendance.id))) == attended
    assert find(past, now=clock.now()) is None
    for table in (SurveyDraft, Pairing, NewDatesWish, Post, RefresherNudge, RefresherStop):
        assert db.session.scalars(select(table)).all() == []
    assert InvitationState.SENT not in db.session.scalars(select(SurveyInvitation.state)).all()
    assert "erased already" in _run("erase-person", reference)


def test_their_calendar_is_told_before_the_address_goes(someone: Person, tmp_path: Path) -> None:
    before = set((tmp_path / "mail").glob("*.eml"))
    _run("erase-person", EMAIL, "--yes")
    new = [file.read_text() for file in set((tmp_path / "mail").glob("*.eml")) - before]
    to_them = [text for text in new if EMAIL in text]
    assert len(to_them) == 4
    assert all('method="CANCEL"' in text for text in to_them)


def test_nothing_is_sent_to_them_afterwards(someone: Person) -> None:
    _run("erase-person", EMAIL, "--yes")
    for days in (1, 10, 100):
        run_once(clock.now() + days * DAY)
    assert left_of(EMAIL, *PIECES) == []
    states = db.session.scalars(
        select(OutboxMessage.state).where(OutboxMessage.person_reference == someone.reference)
    )
    assert MessageState.QUEUED not in set(states)


def test_somebody_without_an_address_is_erased_by_reference(someone: Person) -> None:
    child = db.session.scalars(select(Person).where(Person.name == "Sam Ali")).one()
    tables = {line.partition(":")[0] for line in left_of("Sam Ali")}
    assert tables == {"person", "calendar_entry", "outbox_message"}
    said = _run("erase-person", child.reference, "--yes")
    assert "is erased: 1 booking to come cancelled" in said
    assert left_of("Sam Ali") == []


def test_without_a_mail_server_the_address_stays_until_it_is_wished(
    someone: Person, app: Flask
) -> None:
    app.config["MAIL_URL"] = "smtp://127.0.0.1:1"
    said = _run("erase-person", EMAIL, "--yes", code=1)
    assert "is closed and 5 bookings to come cancelled" in said
    assert someone.email == EMAIL
    assert "is erased: 0 bookings" in _run("erase-person", EMAIL, "--yes", "--even-unsent")
    assert left_of(EMAIL, *PIECES) == []


def test_it_asks_first_and_knows_who_is_nobody(someone: Person) -> None:
    said = _run("erase-person", EMAIL, code=1)
    assert f"Erase {NAME}, {EMAIL}? This cannot be undone." in said
    assert someone.deactivated_at is None
    assert "Nobody here has the address" in _run("erase-person", "no@example.org", code=2)
    assert "Nobody here has the address" in _run("export-person", "no@example.org", code=2)


def test_the_last_administrator_is_not_erased(app: Flask) -> None:
    make_partnership()
    last = make_person(Role.ADMINISTRATOR)
    db.session.commit()
    assert "administrator" in _run("erase-person", str(last.email), "--yes", code=1)
    assert last.deactivated_at is None


def test_an_erased_certificate_is_not_borne_out(someone: Person, client: PageClient) -> None:
    past = db.session.scalars(select(Booking).join(Booking.attendances)).one().reference
    persons.erase(someone.id, now=clock.now())
    page = client.get(f"/certificates/{code_of(past)}")
    assert page.status_code == 410
    assert "This certificate is not valid" in page.text
    assert "Zebulon" not in page.text
