"""Each school keeps its own list: asked by a link, said without signing in, taken back by staff."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Organisation, Person, Post, PostKind
from app.audit.models import AuditLine
from app.forums import list_changes_letters as letters
from app.forums import list_checks, list_checks_sending, list_confirming, training_statement
from app.forums import list_checks_rules as rules
from app.forums.establishments import establishments
from app.forums.models import ListChange, ListCheck
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.outbox.models import OutboxMessage
from tests.support.factories import make_partnership, make_person
from tests.support.forums import make_lead, make_school
from tests.support.page_client import PageClient, PageResponse
from tests.support.schools import make_check
from tests.support.signing_in import sign_in

LETTERS = Path(__file__).parent / "letters"
NIGHT = datetime(2026, 11, 10, 3, 0, tzinfo=UTC)


@pytest.fixture
def school(client: PageClient, now: datetime) -> Organisation:
    """A school with a DSL and a deputy, on a client that nobody is signed in on."""
    make_partnership()
    ash = make_school("Ash Primary", contact_email="office@ash.example.org")
    make_lead(ash, name="Ana Osei", email="ana@ash.example.org")
    make_lead(ash, PostKind.DEPUTY_DSL, name="Ben Marsh", email="ben@ash.example.org")
    db.session.commit()
    return ash


def address_of(check: ListCheck) -> str:
    db.session.commit()
    return f"/school-list/{list_checks.token_of(check.reference)}"


def everything_sent(now: datetime) -> int:
    count = 0
    while sent := list_checks_sending.send_step(now=now):
        count += sent
    db.session.commit()
    return count


def addresses() -> list[str]:
    return sorted(db.session.scalars(select(OutboxMessage.to_email)))


def names_on(school: Organisation) -> set[str]:
    held = select(Person.name).join(Post, Post.person_id == Person.id)
    is_here = Post.organisation_id == school.id
    return set(db.session.scalars(held.where(is_here, Post.until_on.is_(None))))


def saved(client: PageClient, address: str, **said: object) -> PageResponse:
    page = client.submit(client.get(address), {"said_by": "Kim Office", **said}, button="Continue")
    assert not page.page.errors
    return client.submit(page, button="Yes, save this")


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("ana@ash.example.org", "a…@ash.example.org"),
        ("a@b.example", "a…@b.example"),
        (None, "no email address"),
    ],
)
def test_an_address_is_shown_masked(email: str | None, shown: str) -> None:
    assert rules.masked(email) == shown


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("addresses_of", "groups"),
    [
        ({1: "a", 2: "b"}, [((1,), "a"), ((2,), "b")]),
        ({1: "ab", 2: "b", 3: "c"}, [((1, 2), "ab"), ((3,), "c")]),
        ({1: "a", 2: "b", 3: "ab"}, [((1, 2, 3), "ab")]),
        ({5: "x", 2: "xy", 9: "yz", 7: "q"}, [((2, 5, 9), "xyz"), ((7,), "q")]),
        ({}, []),
    ],
)
def test_schools_that_share_an_address_are_written_about_together(
    addresses_of: dict[int, Iterable[str]], groups: list[tuple[tuple[int, ...], str]]
) -> None:
    found = rules.together(addresses_of)
    assert [(one.members, "".join(one.addresses)) for one in found] == groups
    assert len(rules.step_of(found, 1)) == min(1, len(found))


def test_each_address_gets_one_message_with_a_link_for_each_school(
    client: PageClient, school: Organisation, now: datetime
) -> None:
    birch = make_school("Birch Primary")
    ana = db.session.scalars(select(Person).where(Person.name == "Ana Osei")).one()
    make_lead(birch, person=ana)
    make_school("Cedar", contact_email="office@cedar.example.org")
    make_school("Dogwood")
    sign_in(client, make_person(Role.ADVISOR))

    page = client.get("/forums/schools/lists/ask")
    assert "4 schools, colleges and settings, 3 addresses" in page.page.words
    assert "1 school has nobody we could write to" in page.page.words
    client.submit(page, button="Ask them")
    assert addresses() == []  # the worker's

    list_checks_sending.MOST_AT_ONCE, before = 1, list_checks_sending.MOST_AT_ONCE
    try:
        assert everything_sent(now) == 3
    finally:
        list_checks_sending.MOST_AT_ONCE = before
    asked = ["ana@ash.example.org", "ben@ash.example.org", "office@cedar.example.org"]
    assert addresses() == asked
    words = select(OutboxMessage.text_body).where(OutboxMessage.to_email == asked[0])
    letter = db.session.scalars(words).one()
    assert letter.count("/school-list/") == 2

    again = client.submit(client.get("/forums/schools/lists/ask"), button="Ask them")
    assert "asked already" in again.page.words
    assert everything_sent(now) == 0
    assert "3 were asked; 1 wait" in client.get("/forums/schools/lists").page.words


def test_a_reminder_comes_once_three_weeks_later_and_never_at_night(
    app: Flask, school: Organisation, now: datetime
) -> None:
    check = make_check(school, now=now)
    done = make_check(make_school("Birch", contact_email="office@birch.example.org"), now=now)
    done.checked_at = now
    assert everything_sent(now + timedelta(days=20)) == 0
    assert everything_sent(NIGHT + timedelta(days=22)) == 0
    assert everything_sent(now + timedelta(days=21)) == 2
    assert everything_sent(now + timedelta(days=60)) == 0
    assert addresses() == ["ana@ash.example.org", "ben@ash.example.org"]
    assert check.reminded_at is not None


def test_a_school_says_who_left_and_who_is_new_and_staff_take_it_back(
    client: PageClient, school: Organisation, now: datetime
) -> None:
    address = address_of(make_check(school, now=now))
    seen = client.get(address)
    assert seen.headers["Referrer-Policy"] == "no-referrer"
    assert seen.headers["Cache-Control"] == "no-store"
    assert "ana@" not in seen.text
    assert "a…@ash.example.org" in seen.page.words
    left = [box["value"] for box in seen.page.select("input", name="left")][0]
    new = {"name": "Cora Lunn", "email": "cora@ash.example.org", "post": "dsl"}
    done = saved(client, address, left=[left], **new)

    assert "Thank you. The list is checked." in done.page.words
    assert names_on(school) == {"Ben Marsh", "Cora Lunn"}
    ana = select(Post.until_on).join(Person, Person.id == Post.person_id)
    assert db.session.scalars(ana.where(Person.name == "Ana Osei")).all() == [now.date()]
    verbs = list(db.session.scalars(select(AuditLine.verb).where(AuditLine.actor == "link")))
    assert sorted(verbs) == ["appointed", "checked_list", "ended_post"]

    sign_in(client, make_person(Role.ADVISOR))
    page = client.get("/forums/schools/lists")
    assert "Said by Kim Office" in page.page.words
    for change in db.session.scalars(select(ListChange.reference)).all():
        back = f"/forums/schools/lists/{change}/take-back"
        client.submit(client.get(back), button="Take it back")
        assert "was taken back" in client.get(back).page.words
    assert names_on(school) == {"Ana Osei", "Ben Marsh"}


def test_all_is_right_changes_nothing_but_says_so(
    client: PageClient, school: Organisation, now: datetime
) -> None:
    address = address_of(make_check(school, now=now))
    page = client.submit(client.get(address), {"said_by": "Kim"}, button="Continue")
    assert "Nothing changes: all 2 people on the list are right" in page.page.words
    assert db.session.scalars(select(ListCheck.checked_by)).one() == ""
    client.submit(page, button="Yes, save this")
    assert db.session.scalars(select(ListCheck.checked_by)).one() == "Kim"
    assert "Checked on 10 November 2026 by Kim" in client.get(address).page.words


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"said_by": ""}, "Enter your own name"),
        ({"name": "Cora"}, "Enter the email address of whoever is new"),
        ({"email": "cora@ash.example.org", "post": "dsl"}, "Enter the name of whoever is new"),
        (
            {"name": "Cora", "email": "cora", "post": "dsl"},
            "Enter an email address in the correct format, like name@example.com",
        ),
        ({"name": "Cora", "email": "c@ash.example.org"}, "Choose the post of whoever is new"),
    ],
)
def test_what_is_missing_is_asked_for(
    client: PageClient, school: Organisation, now: datetime, said: dict[str, str], error: str
) -> None:
    address = address_of(make_check(school, now=now))
    page = client.submit(client.get(address), {"said_by": "Kim"} | said, button="Continue")
    assert error in page.page.errors


def test_a_forwarded_link_reaches_no_other_school_and_tells_no_name_of_an_address(
    client: PageClient, school: Organisation, now: datetime
) -> None:
    birch = make_school("Birch")
    make_lead(birch, name="Dee Park", email="dee@birch.example.org")
    address, other = address_of(make_check(school, now=now)), address_of(make_check(birch, now=now))
    theirs = [box["value"] for box in client.get(other).page.select("input", name="left")]
    page = client.get(address)
    sent = {"said_by": "Kim", "left": theirs, "step": "save"}
    refused = client.post_form(page, {"said_by": "Kim"}, button="Continue", extra=sent)
    assert "The list was changed in the meantime" in refused.page.errors[0]
    assert names_on(birch) == {"Dee Park"}

    named = {"name": "X", "email": "dee@birch.example.org", "post": "dsl"}
    assert "Dee Park" not in saved(client, address, **named).text
    assert client.get(f"{address[:-1]}x", judge=False).status_code == 404


def test_links_of_closed_schools_and_of_last_year_say_what_became_of_it(
    client: PageClient, school: Organisation, now: datetime
) -> None:
    address = address_of(make_check(school, now=now))
    page = client.get(address)
    academy = make_school("Ash Academy")
    school.closed_on, school.successor_id = date(2026, 11, 1), academy.id
    db.session.commit()
    ended = client.get(address)
    assert ended.status_code == 410
    assert "Ash Primary has become Ash Academy" in ended.page.words
    assert client.post_form(page, {"said_by": "Kim"}, button="Continue").status_code == 410

    old = make_check(academy, now=now)
    old.school_year = "2025/26"
    assert "This link was for 2025/26" in client.get(address_of(old)).page.h1


def test_a_list_is_not_changed_without_end_by_one_link(
    app: Flask, school: Organisation, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_CHANGES", 1)
    check_id = make_check(school, now=now).id
    db.session.commit()
    new = [
        list_checks.Added(name, f"{name}@ash.example.org", PostKind.DSL) for name in ("ada", "bo")
    ]
    with pytest.raises(Refused, match="very often"), transaction():
        list_checks.save(check_id, list_checks.Said((), tuple(new), "Kim"), now=now)
    assert db.session.scalar(select(func.count(ListChange.id))) == 0


@pytest.mark.one_database
@pytest.mark.parametrize("kind", ["asked", "reminded"])
def test_letters_read_as_they_are_kept(
    app: Flask, school: Organisation, now: datetime, kind: str
) -> None:
    checks = [make_check(one, now=now) for one in (school, make_school("Birch Primary"))]
    for check, reference in zip(checks, ("first", "second"), strict=True):
        check.reference = reference
    letter = list_checks_sending.write("Ana Osei", checks, is_reminder=kind == "reminded")
    found = f"{letter.subject}\n\n{letter.text}"
    file = LETTERS / f"school_list_{kind}.txt"
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        file.write_text(found)
    assert found == file.read_text()


def test_names_typed_by_a_link_are_forgotten_after_two_years(
    client: PageClient, school: Organisation, now: datetime
) -> None:
    check = make_check(school, now=now)
    saved(client, address_of(check), name="Cal New", email="cal@ash.example.org", post="dsl")
    for later, forgotten in ((700, 0), (731, 2), (732, 0)):
        with transaction():
            count = list_checks.forget_old_names(now=now + timedelta(days=later))
        assert count == forgotten
    change = db.session.scalars(select(ListChange)).one()
    assert (check.checked_by, change.said_by, change.name_given) == ("", "", "Cal New")
    assert "Cal New" in [one.name for one in list_checks.on_list(check, now=now)]

    with transaction():
        held = select(Post).where(Post.person_id == change.person_id)
        db.session.scalars(held).one().until_on = now.date()
    with transaction():
        assert list_checks.forget_old_names(now=now + timedelta(days=732)) == 1
    assert db.session.scalars(select(ListChange.name_given)).one() == ""


def outbox(kind: str) -> dict[str, str]:
    found = select(OutboxMessage.to_email, OutboxMessage.text_body).where(
        OutboxMessage.kind == kind
    )
    return {row.to_email: row.text_body for row in db.session.execute(found)}


def test_whoever_leads_there_is_told_of_each_change_and_so_is_who_was_added(
    client: PageClient, school: Organisation, now: datetime
) -> None:
    address = address_of(make_check(school, now=now))
    client.submit(
        client.submit(client.get(address), {"said_by": "Kim"}, button="Continue"),
        button="Yes, save this",
    )
    assert outbox("school_list_changed") == {}  # nothing was changed
    left = [box["value"] for box in client.get(address).page.select("input", name="left")][0]
    new = {"name": "Eve", "email": "eve@elsewhere.example.org", "post": "dsl"}
    saved(client, address, left=[left], **new)

    told = outbox("school_list_changed")
    assert sorted(told) == ["ana@ash.example.org", "ben@ash.example.org"]  # also who was taken off
    assert "gave their name as Kim Office" in told["ana@ash.example.org"]
    assert list(outbox("school_list_named")) == ["eve@elsewhere.example.org"]
    by_ben = [box["value"] for box in client.get(address).page.select("input", name="left")]
    saved(client, address, left=by_ben)
    assert len(outbox("school_list_changed")) == 2
    count = select(func.count(OutboxMessage.id)).where(OutboxMessage.to_email.like("ben@%"))
    assert db.session.scalar(count) == 2

    saved(client, address, name="Fay", email="fay@elsewhere.example.org", post="deputy_dsl")
    assert "office@ash.example.org" in outbox("school_list_changed")  # nobody confirmed is left


def test_a_link_does_not_tell_why_an_address_cannot_be_added(
    client: PageClient, school: Organisation, now: datetime
) -> None:
    make_person(email="gone@ash.example.org", deactivated_at=now)
    address = address_of(make_check(school, now=now))
    for email in ("gone@ash.example.org", "ana@ash.example.org"):
        sent = {"said_by": "Kim", "name": "X", "email": email, "post": "dsl"}
        page = client.submit(client.get(address), sent, button="Continue")
        refused = client.submit(page, button="Yes, save this")
        assert refused.page.errors == [list_checks.NOT_BY_LINK]
    assert outbox("school_list_changed") == {}


def test_who_is_added_by_a_link_opens_no_statement_before_staff_confirm_or_14_days(
    client: PageClient, school: Organisation, now: datetime
) -> None:
    eve = make_person(name="Eve Real", email="eve@elsewhere.example.org")
    address = address_of(make_check(school, now=now))
    saved(client, address, name="Eve Typed", email=eve.email, post="dsl")
    place = establishments([school.id])[school.id]

    def seen(later: int) -> tuple[bool, bool]:
        when = now + timedelta(days=later)
        shown = training_statement.statement_of(place, now=when)
        assert ("Eve Typed" in shown.unconfirmed) is not ("Eve Real" in names(shown))
        return bool(training_statement.schools_of(eve, now=when)), "Eve Real" in names(shown)

    def names(shown: training_statement.Statement) -> list[str]:
        return [one.name for one in shown.people]

    assert [seen(0), seen(13), seen(15)] == [(False, False), (False, False), (True, True)]
    sign_in(client, eve)
    page = client.get("/training-statement")
    assert "we have not confirmed it yet" in page.page.words
    assert "Ana Osei" not in page.text

    advisor = make_person(Role.ADVISOR)
    db.session.commit()
    sign_in(client, advisor)
    page = client.get("/forums/schools/lists")
    done = client.submit(page, button="Confirm that Eve Real was added")
    assert "Confirmed" in done.page.words
    assert seen(0) == (True, True)
    sign_in(client, eve)
    assert "Ana Osei" in client.get("/training-statement").text


def test_what_was_taken_back_is_not_confirmed(
    client: PageClient, school: Organisation, now: datetime
) -> None:
    saved(
        client,
        address_of(make_check(school, now=now)),
        name="Eve",
        email="eve@elsewhere.example.org",
        post="dsl",
    )
    advisor, change = make_person(Role.ADVISOR), db.session.scalars(select(ListChange)).one()
    with transaction():
        list_checks.take_back(change.reference, actor=advisor, now=now)
    with pytest.raises(Refused, match="taken back already"), transaction():
        list_confirming.confirm(change.reference, actor=advisor, now=now)


@pytest.mark.one_database
@pytest.mark.parametrize("kind", ["changed", "named"])
def test_letters_about_a_change_read_as_they_are_kept(
    app: Flask, school: Organisation, kind: str
) -> None:
    gone = letters.Told("one", "Ana Osei", PostKind.DSL, has_left=True)
    new = letters.Told("two", "Cora Lunn", PostKind.DEPUTY_DSL, has_left=False)
    saying = letters.Saying(school.name, school.reference, None, "Kim Office", (gone, new))
    cora = letters.Named(new, "Cora Lunn", "cora@ash.example.org", "cora")
    changed = kind == "changed"
    letter = (
        letters.write_changed("Ben Marsh", saying) if changed else letters.write_named(cora, saying)
    )
    found = f"{letter.subject}\n\n{letter.text}"
    file = LETTERS / f"school_list_{kind}.txt"
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        file.write_text(found)
    assert found == file.read_text()
