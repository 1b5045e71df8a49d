"""A list of safeguarding leads comes in: chosen, its columns and words said, checked, undone."""

from __future__ import annotations

import io
from datetime import date, datetime

import pytest
from sqlalchemy import select

from app import jobs
from app.accounts.models import Organisation, OrganisationKind, Person, Post, PostKind
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.factories import make_organisation, make_partnership, make_person, make_sector
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
