"""Rounds of opinions: planned, opened, everybody asked once, reminded once, closed."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Organisation, Person
from app.audit.models import AuditLine
from app.forums import opinion_rounds
from app.forums.opinion_emails import Kind
from app.forums.opinion_models import Naming, OpinionLink, OpinionRound, RoundState
from app.forums.opinion_rounds import Wanted
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.refusals import Refused
from app.outbox.models import OutboxMessage
from app.partnership.models import HalfTerm
from tests.support.factories import make_partnership, make_person
from tests.support.forums import make_half_terms, make_lead, make_school
from tests.support.opinions import link_of, open_now, plan, round_called, say, work

LETTERS = Path(__file__).parent / "letters"
NOW = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 10, 1, 30, tzinfo=UTC)


@pytest.fixture
def advisor(app: Flask) -> Person:
    make_partnership()
    make_half_terms()
    person = make_person(Role.ADVISOR, name="Jo Park")
    db.session.commit()
    return person


def planned(advisor: Person, **changes: object) -> OpinionRound:
    half_term = db.session.scalars(select(HalfTerm).where(HalfTerm.number == 2)).one()
    return plan(half_term, advisor, now=NOW, **changes)


def messages(kind: Kind = Kind.ASKING) -> list[OutboxMessage]:
    found = select(OutboxMessage).where(OutboxMessage.kind == kind.value)
    return list(db.session.scalars(found.order_by(OutboxMessage.to_email)))


def two_schools() -> tuple[Organisation, Organisation, Person]:
    """Ash has a DSL and a deputy; the same DSL leads at Birch, which has a mailbox too."""
    ash, birch = make_school("Ash Primary"), make_school("Birch Primary", contact_email="o@b.uk")
    dsl = make_lead(ash, email="dsl@ash.uk", name="Dee Lane")
    make_lead(ash, email="deputy@ash.uk")
    make_lead(birch, person=dsl)
    db.session.commit()
    return ash, birch, dsl


def test_a_round_is_set_before_it_opens_and_fixed_afterwards(advisor: Person) -> None:
    asked = planned(advisor)
    wanted = Wanted(Naming.NAMED_BY_CHOICE, True, "Hello", date(2026, 11, 11), date(2026, 11, 30))
    with transaction():
        opinion_rounds.change_round(asked.reference, wanted, actor=advisor, now=NOW)
    assert round_called(asked.reference).naming is Naming.NAMED_BY_CHOICE
    open_now(asked.reference, advisor, now=NOW)
    with pytest.raises(Refused, match="has been opened"), transaction():
        opinion_rounds.change_round(asked.reference, wanted, actor=advisor, now=NOW)
    with pytest.raises(Refused, match="has been opened"), transaction():
        opinion_rounds.remove_round(asked.reference, actor=advisor, now=NOW)


def test_a_half_term_has_one_round(advisor: Person) -> None:
    planned(advisor)
    with pytest.raises(Refused, match="Autumn 2 2026/27 has a round already"):
        planned(advisor)


def test_the_worker_opens_and_closes_when_the_time_comes(advisor: Person) -> None:
    asked = planned(advisor)
    work(NOW)
    assert round_called(asked.reference).state is RoundState.PLANNED
    work(asked.opens_at)
    assert round_called(asked.reference).state is RoundState.OPEN
    work(round_called(asked.reference).closes_at)
    found = round_called(asked.reference)
    assert found.state is RoundState.CLOSED
    lines = db.session.scalars(select(AuditLine.actor).where(AuditLine.verb == "opened")).all()
    assert lines == ["opinions"]


def test_each_address_gets_one_message_with_the_links_of_all_its_schools(advisor: Person) -> None:
    ash, birch, dsl = two_schools()
    silent = make_school("Cedar Primary")
    make_school("Gone Primary", closed_on=date(2026, 8, 31))
    db.session.commit()
    asked = open_now(planned(advisor).reference, advisor, now=NOW)
    work(NOW)
    assert Counter(one.to_email for one in messages()) == {"dsl@ash.uk": 1, "deputy@ash.uk": 1}
    [to_both] = [one for one in messages() if one.to_email == "dsl@ash.uk"]
    assert to_both.person_reference == dsl.reference
    assert to_both.text_body.count("/opinions/") == 2
    assert to_both.erase_when_sent
    ids = db.session.scalars(select(OpinionLink.organisation_id)).all()
    assert set(ids) == {ash.id, birch.id, silent.id}
    assert link_of(asked, silent).sent_at is None
    assert link_of(asked, birch).sent_at == NOW
    work(NOW + timedelta(minutes=1))
    assert len(messages()) == 2


def test_nothing_is_sent_in_the_quiet_hour(advisor: Person) -> None:
    two_schools()
    open_now(planned(advisor).reference, advisor, now=NOW)
    work(NIGHT)
    assert messages() == []
    work(NIGHT + timedelta(hours=1))
    assert len(messages()) == 2


def test_only_schools_that_have_not_answered_are_reminded_once_a_week_before(
    advisor: Person,
) -> None:
    ash, birch, _ = two_schools()
    asked = open_now(planned(advisor).reference, advisor, now=NOW)
    work(NOW)
    say(asked, ash, now=NOW)
    due = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    work(due - timedelta(minutes=1))
    assert messages(Kind.REMINDER) == []
    work(due)
    [letter] = messages(Kind.REMINDER)
    assert letter.to_email == "dsl@ash.uk"
    assert "Birch" in letter.text_body
    assert "Ash" not in letter.text_body
    assert (link_of(asked, birch).reminded_at, link_of(asked, ash).reminded_at) == (due, None)
    work(due + timedelta(days=1))
    assert len(messages(Kind.REMINDER)) == 1


def test_a_short_round_has_no_reminder(advisor: Person) -> None:
    two_schools()
    asked = planned(advisor, closes_on=date(2026, 11, 18))
    open_now(asked.reference, advisor, now=NOW)
    for days in range(9):
        work(NOW + timedelta(days=days))
    assert len(messages()) == 2
    assert messages(Kind.REMINDER) == []


def test_a_school_that_converted_after_the_first_day_is_asked_as_what_it_is_today(
    advisor: Person,
) -> None:
    ash, _, _ = two_schools()
    asked = open_now(planned(advisor).reference, advisor, now=NOW)
    work(NIGHT)  # links are made, nothing is sent
    academy = make_school("Ash Academy")
    make_lead(academy, email="head@ash-academy.uk")
    ash.closed_on, ash.successor_id = date(2026, 11, 10), academy.id
    db.session.commit()
    work(NIGHT + timedelta(hours=8))
    assert "Tell us for Ash Academy" in "".join(
        one.text_body for one in messages() if one.to_email == "head@ash-academy.uk"
    )
    assert link_of(asked, ash).sent_at is not None


@pytest.mark.one_database
@pytest.mark.parametrize("kind", list(Kind))
def test_each_letter_says_what_it_says(
    advisor: Person, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    monkeypatch.setattr("app.forums.opinion_emails.address_of", lambda _: "https://example.org/o/x")
    two_schools()
    asked = planned(advisor, introduction="Thank you for coming on Wednesday.")
    open_now(asked.reference, advisor, now=NOW)
    work(NOW)
    work(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    [letter] = [one for one in messages(kind) if one.to_email == "dsl@ash.uk"]
    written = f"Subject: {letter.subject}\n\n{letter.text_body}"
    kept = LETTERS / f"{kind.value}.txt"
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        kept.write_text(written, encoding="utf-8")
    assert written == kept.read_text(encoding="utf-8")
