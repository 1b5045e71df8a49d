"""Staff pages of reminders: rules with a dry run first, wordings with a preview, what was sent."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.audit.models import AuditLine
from app.bookings.models import BookingState
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.london import from_london
from app.notices import operations
from app.notices.models import Notice, NoticeRound, NoticeRule
from app.outbox import wording
from app.outbox.models import OutboxMessage, WordingKind
from app.outbox.wording_rules import KINDS
from tests.support.factories import (
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

RULES, NEW = "/manage/notices", "/manage/notices/new"
WORDING = "/manage/wording"
FILLED = {
    "kind": "reminder",
    "offer": "",
    "days": "14",
    "at_time": "8:30am",
    "each_date": "first",
}


@pytest.fixture(autouse=True)
def _signed_in(app: Flask, client: PageClient, now: datetime) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    make_partnership()
    operations.ensure_default_rules(now=now)
    staff = make_person(Role.DELIVERY, name="Dee Park")
    db.session.commit()
    sign_in(client, staff)


def nine_events(now: datetime) -> None:
    """Nine sessions, each booked by the same three people and one of its own."""
    offer, people = make_offer(title="Multi-Agency Neglect"), [make_person() for _ in range(3)]
    for week in range(9):
        event = make_event(offer, starts_at=now + timedelta(days=20 + 7 * week))
        for person in [*people, make_person()]:
            make_booking(event, person)
        make_booking(event, state=BookingState.WAITING)
    db.session.commit()


def rule_count() -> int:
    return len(db.session.scalars(select(NoticeRule.id)).all())


def verbs() -> list[str]:
    return list(db.session.scalars(select(AuditLine.verb).order_by(AuditLine.id)))


def test_the_list_says_what_each_rule_does_next(client: PageClient, now: datetime) -> None:
    nine_events(now)
    operations.plan_rounds(now=now)
    db.session.commit()
    text = client.get(RULES).words
    assert "Reminder All learning 7 days before, at 9am 23 November 2026, 9am" in text
    assert "and 8 more planned" in text
    assert "2 days after the last date, at 10am" in text


def test_a_rule_is_added_after_a_dry_run(client: PageClient, now: datetime) -> None:
    nine_events(now)
    checked = client.post(NEW, data={**FILLED, "step": "check"})
    text = checked.words
    assert "It would mail 12 people about 9 sessions, 36 messages in all" in text
    assert "1: On the waiting list, without a place" in text
    assert rule_count() == 3
    assert db.session.scalars(select(OutboxMessage)).all() == []
    saved = client.post(NEW, data={**FILLED, "step": "save"})
    assert saved.location == RULES
    rule = db.session.scalars(select(NoticeRule).order_by(NoticeRule.id.desc())).first()
    assert rule is not None
    assert (rule.days, rule.at_time, rule.is_on) == (14, time(8, 30), True)
    assert rule.switched_on_at >= now
    assert verbs() == ["added"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": ""}, "Choose what to send"),
        ({"offer": "nonsense"}, "Choose from the list: about sessions of"),
        ({"days": ""}, "Enter the number of days"),
        ({"days": "seven"}, "Number of days must be between 0 and 60"),
        ({"days": "61"}, "Number of days must be between 0 and 60"),
        ({"at_time": ""}, "Enter the time of day"),
        ({"at_time": "25:00"}, "Time of day must be a time"),
        ({"at_time": "01:30"}, "Choose a time before 12:55am or after 2:05am"),
        ({"days": "0", "kind": "missed_you"}, "wait at least 1 day"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused_before_the_dry_run(
    client: PageClient, changes: dict[str, str], says: str
) -> None:
    page = client.post(NEW, data={**FILLED, "step": "check"} | changes).page
    assert "There is a problem" in page.words
    assert says in page.words
    assert rule_count() == 3


def test_a_rule_that_there_is_already_is_refused(client: PageClient) -> None:
    like = {**FILLED, "days": "7", "at_time": "9am", "step": "save"}
    assert "There is such a rule already" in client.post(NEW, data=like).words
    assert rule_count() == 3


def test_going_back_keeps_what_was_typed(client: PageClient) -> None:
    page = client.post(NEW, data={**FILLED, "step": "fill_in"}).page
    assert "There is a problem" not in page.words
    [form] = [form for form in page.forms if "days" in form.names]
    assert form.values["days"] == ["14"]


def test_a_rule_is_changed_after_a_dry_run(client: PageClient, now: datetime) -> None:
    nine_events(now)
    filled = {"days": "3", "at_time": "9am", "each_date": "each"}
    checked = client.post(f"{RULES}/reminder", data={**filled, "step": "check"})
    assert "It would mail 12 people about 9 sessions" in checked.words
    client.post(f"{RULES}/reminder", data={**filled, "step": "save"})
    rule = db.session.scalars(select(NoticeRule).where(NoticeRule.reference == "reminder")).one()
    assert (rule.days, rule.each_date) == (3, True)
    assert verbs() == ["changed"]


def test_a_rule_is_switched_off_and_on_with_a_dry_run(client: PageClient, now: datetime) -> None:
    nine_events(now)
    address = f"{RULES}/reminder/switch"
    assert "Switch this rule off?" in client.get(address).words
    for _ in range(2):  # pressed twice, or by two people
        client.post(address, data={"wanted": "off"})
    page = client.get(address).words
    assert "Switch this rule on?" in page
    assert "It would mail 12 people about 9 sessions" in page
    client.post(address, data={"wanted": "on"})
    assert verbs() == ["switched off", "switched on"]


def test_an_event_shows_what_was_sent_and_why_not(client: PageClient, now: datetime) -> None:
    start = from_london(date(2026, 11, 24), time(13, 30))
    event = make_event(starts_at=start)
    told, waits = make_booking(event), make_booking(event, state=BookingState.WAITING)
    operations.plan_rounds(now=now)
    db.session.commit()
    tab = f"/manage/events/{event.reference}/notices"
    assert client.get(tab).words.count("Planned") == 3
    operations.send_due(now=from_london(date(2026, 11, 17), time(9)))
    db.session.commit()
    page = client.get(tab).page
    assert "Sent to 1, not to 1" in page.words
    [one] = db.session.scalars(select(NoticeRound).where(NoticeRound.sent_count > 0))
    shown = client.get(f"{tab}/{one.reference}").words
    assert f"{told.person.name} {told.person.email} Waiting to leave" in shown
    assert f"{waits.person.name} Nobody On the waiting list, without a place" in shown
    message = db.session.scalars(select(OutboxMessage)).one()
    message.state, message.last_error = "withheld", "too late to be of use"  # type: ignore[assignment]
    db.session.commit()
    shown = client.get(f"{tab}/{one.reference}").words
    assert "Held back: too late to be of use" in shown
    assert client.get(f"{tab}/nonsense").status_code == 404


def test_an_event_shows_a_message_that_was_not_sent_with_the_reason(
    client: PageClient, now: datetime
) -> None:
    event = make_event(starts_at=now + timedelta(days=3))
    operations.plan_rounds(now=now)
    db.session.commit()
    text = client.get(f"/manage/events/{event.reference}/notices").words
    assert "Not sent It was due before this rule was added, switched on or changed" in text


def words(**changes: Any) -> dict[str, Any]:
    return {"subject": "Soon: {session}", "body": "Dear {name}, see {booking_link}"} | changes


def test_words_are_seen_with_the_facts_of_the_next_session(
    client: PageClient, now: datetime
) -> None:
    nine_events(now)
    assert "Subject: Reminder: Multi-Agency Neglect, Monday 30 November" in (
        client.get(f"{WORDING}/reminder").words
    )
    page = client.post(f"{WORDING}/reminder", data=words(step="preview")).page
    assert "Subject: Soon: Multi-Agency Neglect" in page.words
    assert "Dear Dee Park, see http://localhost/bookings/YOUR-BOOKING" in page.words
    assert wording.current(WordingKind.REMINDER) == KINDS[WordingKind.REMINDER].standard
    assert db.session.scalars(select(Notice)).all() == []


@pytest.mark.parametrize("kind", WordingKind)
def test_every_kind_can_be_seen_changed_and_put_back(
    client: PageClient, now: datetime, kind: WordingKind
) -> None:
    nine_events(now)
    address = f"{WORDING}/{kind.value}"
    assert "How it reads" in client.get(address).words
    saved = client.post(address, data=words(step="save"))
    assert saved.location == address
    assert "Your words are in use" in client.get(address).words
    assert "Your words" in client.get(WORDING).words
    standard = KINDS[kind].standard.body.split("\n\n")[0]
    assert standard in client.get(f"{address}/standard").words
    client.post(f"{address}/standard", data={"submitted": "1"})
    assert "The standard words are in use" in client.get(address).words
    assert verbs() == ["worded anew", "put back to the standard"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"subject": ""}, "Enter a subject"),
        ({"body": ""}, "Enter the words of the message"),
        ({"body": "{{7*7}}"}, "{7*7} cannot be used in this message"),
        ({"body": "{x.__class__}"}, "{x.__class__} cannot be used in this message"),
        ({"subject": "{next_dates}"}, "{next_dates} cannot be used in the subject"),
        ({"preview_of": "nonsense"}, "Choose from the list"),
    ],
)
@pytest.mark.parametrize("step", ["save", "preview"])
def test_words_that_cannot_be_used_are_refused_and_kept(
    client: PageClient, now: datetime, changes: dict[str, str], says: str, step: str
) -> None:
    nine_events(now)
    page = client.post(f"{WORDING}/reminder", data=words(step=step, **changes)).page
    assert "There is a problem" in page.words
    assert says in page.words
    assert wording.current(WordingKind.REMINDER) == KINDS[WordingKind.REMINDER].standard


def test_new_words_go_out_and_markup_in_them_stays_words(client: PageClient, now: datetime) -> None:
    hostile = "<script>alert(1)</script> {session}"
    client.post(f"{WORDING}/reminder", data=words(step="save", body=hostile))
    make_booking(
        make_event(starts_at=from_london(date(2026, 11, 24), time(13, 30))),
        make_person(name="{booking_link} {{7*7}}"),
    )
    operations.plan_rounds(now=now)
    operations.send_due(now=from_london(date(2026, 11, 17), time(9)))
    [message] = db.session.scalars(select(OutboxMessage))
    assert "<script>" not in message.html_body
    assert "<script>alert(1)</script>" in message.text_body
    assert "Dear {booking_link} {{7*7}}," in message.text_body


def test_without_a_session_to_come_the_words_can_still_be_changed(client: PageClient) -> None:
    assert "There is no session to come" in client.get(f"{WORDING}/missed_you").words
    client.post(f"{WORDING}/missed_you", data=words(step="save"))
    assert wording.changed_words().keys() == {WordingKind.MISSED_YOU}
