"""A list of safeguarding leads comes in: chosen, its columns and words said, checked, undone."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import jobs
from app.accounts import organisations as accounts
from app.accounts.imports import leads
from app.accounts.imports.models import ImportOf
from app.accounts.models import Capacity, Organisation, OrganisationKind, Person, Post, PostKind
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.london import london_date
from tests.support.factories import (
    make_booking,
    make_event,
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in

ADDRESS = "/manage/import/leads"
LIST = (
    "School,Name,Email,Role,Since\n"
    "Ash Primary School,Ann Lee,Ann.Lee@ash.example.org,DSL,1/9/2024\n"
    "ash primary,Ben Rowe,ben@ash.example.org,Dep. DSL,\n"
    "100002,Cas Hill,,Headteacher & D.S.L.,\n"
    "Nowhere School,Dan Moss,dan@nowhere.example.org,DSL,\n"
    "Ash Primary School,Eve Park,eve at ash,Head,\n"
)


@pytest.fixture
def advisor(client: PageClient, now: datetime) -> Person:
    make_partnership()
    education = make_sector("Education", slug="education")
    for number, name in enumerate(("Ash Primary School", "Elm High School"), 1):
        make_organisation(education, kind=OrganisationKind.SCHOOL, name=name, urn=f"10000{number}")
    made = make_person(Role.ADVISOR, name="Ada Voss", organisation=None)
    sign_in(client, made)
    return made


def upload(client: PageClient, text: str) -> PageResponse:
    form = client.get(ADDRESS).page.form(names=set(), button="Read the file")
    data = {**form.values, "file": (io.BytesIO(text.encode()), "leads.csv")}
    return client.post(ADDRESS, data=data, content_type="multipart/form-data")


def send(client: PageClient, address: str, button: str, **changes: str) -> PageResponse:
    form = client.get(address).page.form(names=set(), button=button)
    return client.post(form.action or address, data={**form.values, **changes})


def checked(client: PageClient, text: str, **columns: str) -> str:
    """Upload a list and go on as its columns are suggested; the page to check it on."""
    answer = send(client, upload(client, text).location, "Continue", **columns)
    assert answer.status_code == 302, answer.errors
    return answer.location


def taken_in(client: PageClient, check: str, now: datetime, **changes: str) -> PageResponse:
    answer = send(client, check, "Take this in", **changes)
    assert answer.status_code == 302, answer.errors
    list(jobs.take_in_files(now))
    return client.get(answer.location)


def posts() -> set[tuple[str, str, PostKind]]:
    """Who holds what where now."""
    rows = db.session.execute(
        select(Person.name, Organisation.name, Post.kind)
        .join(Post, Post.person_id == Person.id)
        .join(Organisation, Organisation.id == Post.organisation_id)
        .where(Post.until_on.is_(None))
    )
    return {(row[0], row[1], row[2]) for row in rows}


def test_good_rows_come_in_bad_ones_are_told_and_a_second_time_changes_nothing(
    client: PageClient, advisor: Person, now: datetime
) -> None:
    check = checked(client, LIST)
    words = client.get(check).page.words
    for told in (
        "Posts to add 4",
        "New people 3",
        "Rows with a problem 2",
        "Row 5: “Nowhere School” is not in our list of schools",
        "Row 6: “eve at ash” is not an email address (Eve Park)",
        "Row 3: “ash primary” is taken for Ash Primary School",
    ):
        assert told in words
    rows = client.get(f"{check.removesuffix('/check')}/left-out.csv").text.splitlines()
    assert len(rows) == 3
    assert rows[1].endswith("5,Nowhere School,Dan Moss,dan@nowhere.example.org,DSL,")
    done = taken_in(client, check, now)
    assert "new people: 3, posts added: 4, rows left out: 2" in done.page.words
    assert posts() == {
        ("Ann Lee", "Ash Primary School", PostKind.DSL),
        ("Ben Rowe", "Ash Primary School", PostKind.DEPUTY_DSL),
        ("Cas Hill", "Elm High School", PostKind.DSL),
        ("Cas Hill", "Elm High School", PostKind.HEADTEACHER),
    }
    ann = db.session.scalars(select(Person).where(Person.name == "Ann Lee")).one()
    assert ann.email == "ann.lee@ash.example.org"
    since = select(Post.from_on).where(Post.person_id == ann.id)
    assert db.session.scalars(since).all() == [date(2024, 9, 1)]
    again = client.get(checked(client, LIST)).page
    assert "There is nothing to take in" in again.words
    assert "Here already 4" in again.words
    assert not [form for form in again.forms if "Take this in" in str(form.buttons)]


WIDE = (
    "School name,DSL name,DSL email,Deputy DSL,DDSL email\n"
    "Ash Primary School,Cas Hill,cas@ash.example.org,Ann Lee; Dan Moss,"
    "ann.lee@ash.example.org;dan@ash.example.org\n"
)


def test_those_whom_the_file_does_not_name_leave_and_undoing_brings_everything_back(
    client: PageClient,
    advisor: Person,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(jobs.STEPS, ImportOf.LEADS, (leads.take_in, 1))  # a step for each row
    taken_in(client, checked(client, LIST), now)
    before = posts()
    people = set(db.session.scalars(select(Person.name)))
    check = checked(client, WIDE)
    words = client.get(check).page.words
    assert "On our list and not in the file: 2" in words
    assert "2 posts would end today" in words
    assert "Schools of ours that are not in the file: 1 Elm High School" in words
    later = now + timedelta(hours=2)
    done = taken_in(client, check, later, others="end")
    assert "new people: 2, posts added: 3, posts ended: 2" in done.page.words
    ash = "Ash Primary School"
    assert {one for one in posts() if one[1] == ash} == {
        ("Cas Hill", ash, PostKind.DSL),
        ("Ann Lee", ash, PostKind.DEPUTY_DSL),
        ("Dan Moss", ash, PostKind.DEPUTY_DSL),
    }
    assert posts() - before == {one for one in posts() if one[1] == ash}  # nobody left Elm High
    ended = set(db.session.scalars(select(Post.until_on).where(Post.until_on.is_not(None))))
    assert ended == {london_date(later)}
    undone = send(client, f"{done.request.path}/undo", "Undo the import")
    assert "Undone import" in client.follow(undone).page.words
    assert (posts(), set(db.session.scalars(select(Person.name)))) == (before, people)


def test_undoing_is_refused_where_posts_were_changed_since_and_leaves_who_is_in_use(
    client: PageClient, advisor: Person, now: datetime
) -> None:
    first = taken_in(client, checked(client, LIST), now).request.path
    second = taken_in(client, checked(client, WIDE), now, others="end").request.path
    ann = db.session.scalars(select(Person).where(Person.name == "Ann Lee")).one()
    ash = db.session.scalars(select(Organisation).where(Organisation.urn == "100001")).one()
    how: dict[str, Any] = {"actor": advisor.reference, "now": now}
    # Ann, whom the second file let leave as lead, is lead again.
    with transaction():
        again = accounts.appoint(ann, ash, PostKind.DSL, from_on=now.date(), **how)
    refusal = "Something that this file brought has been changed since: it can no longer be undone"
    assert send(client, f"{second}/undo", "Undo the import").errors == [refusal]
    with transaction():
        db.session.delete(db.session.get_one(Post, again.id))
    # A post that the file added ended by hand.
    with transaction():
        dan = (
            select(Post).join(Person, Person.id == Post.person_id).where(Person.name == "Dan Moss")
        )
        accounts.end_post(db.session.scalars(dan).one(), until_on=now.date(), **how)
    assert send(client, f"{second}/undo", "Undo the import").errors == [refusal]
    with transaction():
        db.session.scalars(dan).one().until_on = None
    assert send(client, f"{second}/undo", "Undo the import").status_code == 302
    # Ben has a place at a session by now: he stays, his post goes.
    ben = db.session.scalars(select(Person).where(Person.name == "Ben Rowe")).one()
    make_booking(make_event(), ben, capacity=Capacity.EMPLOYEE)
    db.session.commit()
    assert send(client, f"{first}/undo", "Undo the import").status_code == 302
    assert posts() == set()
    assert set(db.session.scalars(select(Person.name))) == {"Ada Voss", "Ben Rowe"}


def test_words_for_posts_are_asked_once_and_columns_must_make_one_list(
    client: PageClient, advisor: Person, now: datetime
) -> None:
    text = "Where,Name,Mail,Role\nElm High School,Ann Lee,ann@x.example.org,Guardian\n"
    address = upload(client, text).location
    assert send(client, address, "Continue").errors == [
        "Choose which column holds the school: its name, or its number (URN)"
    ]
    check = send(client, address, "Continue", column0="school").location
    assert send(client, check, "Continue").errors == ["Choose what each of these words means"]
    send(client, check, "Continue", post0="dsl")
    assert "Posts to add 1" in client.get(check).page.words
    assert send(client, check, "Take this in", others="").errors == [
        "Choose what becomes of people who are not in the file"
    ]
    taken_in(client, check, now)
    assert posts() == {("Ann Lee", "Elm High School", PostKind.DSL)}
    # The next file with these headings and words is clear.
    assert "Here already 1" in client.get(checked(client, text)).page.words


def test_a_sheet_of_something_else_says_where_the_list_should_stand(
    client: PageClient, advisor: Person
) -> None:
    page = client.get(upload(client, "Month,Budget\nMay,100\n").location).page
    assert "If the list is on another sheet" in page.words


def test_somebody_says_once_which_school_a_name_means(
    client: PageClient, advisor: Person, now: datetime
) -> None:
    text = "School,Name,Role\nAhs Primry,Ann Lee,DSL\nNowhere,Ben Rowe,DSL\n"
    check = checked(client, text)
    asked = client.get(check).page.link("Say which schools the names mean that are not in our list")
    words = client.get(asked).page.words
    assert "“Ahs Primry” Not in our list of schools. Nearest: Ash Primary School." in words
    assert send(client, asked, "Continue", school0="Nowhere at all").errors == [
        "“Nowhere at all” is not in our list of schools"
    ]
    assert send(client, asked, "Continue", school0="100001").location == check
    page = client.get(check).page
    assert "Row 2: “Ahs Primry” is taken for Ash Primary School" in page.words
    assert "Row 3: “Nowhere” is not in our list of schools" in page.words
    taken_in(client, check, now)
    assert posts() == {("Ann Lee", "Ash Primary School", PostKind.DSL)}
    assert "Here already 1" in client.get(checked(client, text)).page.words
