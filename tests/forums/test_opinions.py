"""Answering by a school's link, and that nothing ties an anonymous opinion to a school."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, select

from app.accounts.models import Organisation, Person
from app.audit.models import AuditLine
from app.forums import opinions
from app.forums.opinion_models import (
    ContactWish,
    Naming,
    Opinion,
    OpinionLink,
    OpinionRound,
)
from app.forums.opinion_queries import did_not_answer
from app.kernel.access import Role
from app.kernel.db import Base, db, transaction
from app.outbox.models import OutboxMessage
from app.partnership.models import HalfTerm
from tests.forums.test_opinion_rounds import NOW
from tests.support.factories import make_partnership, make_person
from tests.support.forums import make_half_terms, make_school
from tests.support.opinions import (
    SAID,
    link_of,
    open_now,
    opinions_of,
    plan,
    round_called,
    say,
    token_for,
    work,
)
from tests.support.page_client import PageClient, PageResponse

CONCERN = "Worried about a child? Ring 0345 8 503 503."
WORDS = {"working_well": "Quick replies", "can_improve": "<b>Thresholds</b> & forms"}


@pytest.fixture
def advisor(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.setattr("app.kernel.clock.now", lambda: NOW)
    make_partnership(concern_words=CONCERN)
    make_half_terms()
    person = make_person(Role.ADVISOR, name="Jo Park")
    db.session.commit()
    return person


def schools(count: int, phase: str = "Primary") -> list[Organisation]:
    made = [make_school(f"{phase} {number}", phase=phase) for number in range(count)]
    db.session.commit()
    return made


def opened(advisor: Person, **changes: Any) -> OpinionRound:
    half_term = round_half_term()
    asked = plan(half_term, advisor, now=NOW, **changes)
    open_now(asked.reference, advisor, now=NOW)
    work(NOW)
    return round_called(asked.reference)


def round_half_term() -> HalfTerm:
    return db.session.scalars(select(HalfTerm).where(HalfTerm.number == 2)).one()


def answer(
    client: PageClient, asked: OpinionRound, school: Organisation, **typed: str
) -> PageResponse:
    page = client.get(f"/opinions/{token_for(asked, school)}")
    check = client.post_form(page, WORDS | typed, button="Continue")
    return client.submit(check, button="Send it")


def test_a_school_answers_once_by_its_link(client: PageClient, advisor: Person) -> None:
    [ash] = schools(1)
    asked = opened(advisor)
    address = f"/opinions/{token_for(asked, ash)}"
    page = client.get(address)
    assert page.words.index("This is not how to report a child at risk") < page.words.index(
        "What is working well?"
    )
    assert CONCERN in page.words
    assert "This link is for Primary 0" in page.words
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert not page.select("input", name="may_be_named")

    check = client.post_form(page, WORDS, button="Continue")
    assert check.h1 == "Check what you say"
    assert opinions_of(asked) == []
    changed = client.post_form(check, button="Change it")
    assert "Quick replies" in changed.text
    check = client.post_form(changed, {"working_well": "Quicker replies"}, button="Continue")
    done = client.submit(check, button="Send it")
    assert done.h1 == "Thank you, it has been sent"
    [one] = opinions_of(asked)
    assert (one.working_well, one.can_improve) == ("Quicker replies", WORDS["can_improve"])

    again = client.submit(check, button="Send it")  # pressed twice
    assert again.h1 == "Primary 0 has answered"
    assert len(opinions_of(asked)) == 1
    assert client.get(address).status_code == 200


def test_nothing_said_and_half_a_wish_are_refused_in_words(
    client: PageClient, advisor: Person
) -> None:
    [ash] = schools(1)
    asked = opened(advisor)
    page = client.get(f"/opinions/{token_for(asked, ash)}")
    refused = client.post_form(page, {"contact_name": "Kim"}, button="Continue")
    assert refused.errors == [
        "Write something in at least one of the three answers",
        "Enter a telephone number or an email address, or leave out who",
    ]
    assert link_of(asked, ash).answers_count == 0


def test_several_of_a_school_can_answer_where_that_was_set(
    client: PageClient, advisor: Person
) -> None:
    [ash] = schools(1)
    asked = opened(advisor, several_per_school=True)
    for _ in range(2):
        assert answer(client, asked, ash).h1 == "Thank you, it has been sent"
    assert link_of(asked, ash).answers_count == 2
    say(asked, ash, now=NOW, form_key="k" * 32)
    say(asked, ash, now=NOW, form_key="k" * 32)
    assert (link_of(asked, ash).answers_count, len(opinions_of(asked))) == (3, 3)


def test_links_that_lead_to_nothing_say_why(client: PageClient, advisor: Person) -> None:
    ash, birch, cedar = schools(3)
    asked = opened(advisor)
    academy = make_school("Birch Academy")
    ash.closed_on = NOW.date()
    birch.closed_on, birch.successor_id = NOW.date(), academy.id
    db.session.commit()
    tokens = [token_for(asked, one) for one in (ash, birch, cedar)]
    pages = [client.get(f"/opinions/{token}") for token in tokens]
    assert [(page.status_code, page.h1) for page in pages] == [
        (410, "Primary 0 has closed"),
        (200, "What Birch Academy wants us to know"),
        (200, "What Primary 2 wants us to know"),
    ]
    assert "(which was Primary 1)" in pages[1].words
    for token in ("nowhere", "0" * 64):
        assert client.get(f"/opinions/{token}").status_code == 404
    sent_late = client.post_form(pages[2], WORDS, button="Continue")
    work(asked.closes_at)
    assert client.submit(sent_late, button="Send it").h1 == "This round has closed"
    assert opinions_of(asked) == []


def test_a_school_is_named_only_where_it_chose_so(client: PageClient, advisor: Person) -> None:
    ash, birch = schools(2)
    asked = opened(advisor, naming=Naming.NAMED_BY_CHOICE)
    answer(client, asked, ash, may_be_named="y")
    answer(client, asked, birch)
    named = {one.organisation_id: one.may_be_read for one in opinions_of(asked)}
    assert named == {ash.id: True, None: False}


def test_no_one_is_named_in_an_anonymous_round_whatever_is_sent(
    client: PageClient, advisor: Person
) -> None:
    [ash] = schools(1)
    asked = opened(advisor)
    page = client.get(f"/opinions/{token_for(asked, ash)}")
    sent = client.post_form(page, WORDS, button="Continue", extra={"may_be_named": "y"})
    client.submit(sent, button="Send it", extra={"may_be_named": "y"})
    assert [one.organisation_id for one in opinions_of(asked)] == [None]


def rows_with(value: object) -> set[str]:
    """The tables in which this value stands in some row."""
    found = set()
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(select(table)):
            if any(value == one or (isinstance(one, str) and str(value) in one) for one in row):
                found.add(table.name)
    return found


def test_nothing_in_the_database_ties_an_anonymous_opinion_to_a_school(
    client: PageClient, advisor: Person, caplog: pytest.LogCaptureFixture
) -> None:
    ash, birch = schools(2)
    asked = opened(advisor)
    ash_id, link = ash.id, link_of(asked, ash)
    link_id, reference, token = link.id, link.reference, token_for(asked, ash)
    lines_before = len(db.session.scalars(select(AuditLine.id)).all())
    said = {"working_well": "Jackdaws nest here", "contact_name": "Kim", "contact_how": "01924"}
    answer(client, asked, ash, **said)
    [one] = opinions_of(asked)

    # The words, and the name of the row, stand in the opinion alone.
    assert rows_with("Jackdaws") == rows_with(one.id) == {"opinion"}
    # The opinion itself holds nothing of the school, of the link, nor of the moment.
    held = {column.key: getattr(one, column.key) for column in inspect(Opinion).columns}
    assert held == {
        "id": one.id,
        "round_id": asked.id,
        "organisation_id": None,
        "working_well": "Jackdaws nest here",
        "can_improve": WORDS["can_improve"],
        "should_know": "",
        "may_be_quoted": False,
        "may_be_read": False,
        "is_read": False,
    }
    for known in (ash.reference, reference, token, "Kim"):
        assert "opinion" not in rows_with(known)
    assert one.id not in {ash.reference, reference, token[:32]}
    # Of the school there is the fact that it answered, and its wish; no line of the trail.
    link = db.session.get_one(OpinionLink, link_id)
    assert (link.answers_count, link.organisation_id) == (1, ash_id)
    wish = db.session.scalars(select(ContactWish)).one()
    assert (wish.organisation_id, wish.asked_on) == (ash_id, NOW.date())  # the first day
    assert len(db.session.scalars(select(AuditLine.id)).all()) == lines_before
    assert db.session.scalars(select(OutboxMessage.id)).all() == []
    assert "Jackdaws" not in caplog.text


def test_one_opinion_alone_is_not_read_while_schools_still_answer(advisor: Person) -> None:
    many = schools(12)
    asked = opened(advisor)
    for school in many[:9]:
        say(asked, school, now=NOW)
    assert {one.may_be_read for one in opinions_of(asked)} == {False}
    say(asked, many[9], now=NOW)
    assert sum(one.may_be_read for one in opinions_of(asked)) == 10
    say(asked, many[10], now=NOW)
    assert sum(one.may_be_read for one in opinions_of(asked)) == 10
    work(asked.closes_at)
    assert sum(one.may_be_read for one in opinions_of(asked)) == 11


def shown(asked: OpinionRound) -> int:
    return sum(one.may_be_read for one in opinions_of(asked))


def test_many_answers_of_one_school_are_not_ten_schools(advisor: Person) -> None:
    many = schools(21)
    asked = opened(advisor, several_per_school=True)
    for _ in range(10):
        say(asked, many[0], now=NOW)
    assert shown(asked) == 0
    for school in many[1:10]:
        say(asked, school, now=NOW)
    assert shown(asked) == 19
    for _ in range(10):
        say(asked, many[10], now=NOW)
    for school in many[11:19]:
        say(asked, school, now=NOW)
    assert shown(asked) == 19
    say(asked, many[19], now=NOW)
    assert shown(asked) == len(opinions_of(asked)) == 38


def test_who_did_not_answer_is_withheld_beside_many_answers_of_one_school(advisor: Person) -> None:
    ash, *_ = schools(12)
    asked = opened(advisor, several_per_school=True)
    for _ in range(10):
        say(asked, ash, now=NOW)
    work(asked.closes_at)
    assert did_not_answer(round_called(asked.reference)) is None


@pytest.mark.parametrize(("is_named", "day"), [(True, 3), (False, 0)])
def test_the_day_of_a_wish_is_kept_only_beside_a_named_answer(
    advisor: Person, is_named: bool, day: int
) -> None:
    [ash] = schools(1)
    asked = opened(advisor, naming=Naming.NAMED_BY_CHOICE)
    said = replace(SAID, may_be_named=is_named, contact_name="Kim", contact_how="01924")
    say(asked, ash, said, now=NOW + timedelta(days=3))
    kept = db.session.scalars(select(ContactWish.asked_on)).one()
    assert kept == NOW.date() + timedelta(days=day)


def test_the_form_says_what_a_wish_tells_beside_few_answers(
    client: PageClient, advisor: Person
) -> None:
    [ash] = schools(1)
    page = client.get(f"/opinions/{token_for(opened(advisor), ash)}")
    guess = "If few schools answer, a reader might guess which answer is yours"
    assert guess in page.words
    assert guess not in client.post_form(page, WORDS, button="Continue").words
    wish = WORDS | {"contact_name": "Kim", "contact_how": "01924"}
    assert guess in client.post_form(page, wish, button="Continue").words


def test_an_answer_that_comes_too_late_is_not_kept(advisor: Person) -> None:
    [ash] = schools(1)
    asked = opened(advisor)
    link_id = link_of(asked, ash).id
    late = asked.closes_at + timedelta(seconds=1)
    with pytest.raises(opinions.Over), transaction():
        opinions.give_opinion(link_id, SAID, form_key="x" * 32, now=late)
    say(asked, ash, now=NOW)
    with pytest.raises(opinions.Over), transaction():
        opinions.give_opinion(link_id, SAID, form_key="y" * 32, now=NOW)
