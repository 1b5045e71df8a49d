"""Taking the schools register over: what is new, changed, closed; twice; undone."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import jobs
from app.accounts.imports import queries, schools, staging
from app.accounts.imports.models import FileImport, ImportedThing, ImportOf, ImportState
from app.accounts.imports.readers.schools_register import read_register
from app.accounts.models import Organisation, OrganisationAlias, OrganisationKind, Post, PostKind
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.partnership import queries as partnership
from app.partnership.models import Partnership
from tests.support.factories import (
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.register_files import OWN, Row, closed, register, school, three_authorities

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership(schools_sector="education", local_authority=OWN)
    make_sector("Education", slug="education")
    db.session.commit()


def keep(rows: list[Row], **choices: Any) -> str:
    found = read_register(
        io.BytesIO(register(rows)), authority=OWN, known_urns=schools.known_urns()
    )
    with transaction():
        reference = schools.keep_register(
            found, authority=OWN, file_name="x.csv", file_sha256="0", actor="somebody", now=NOW
        )
        staging.choose(reference, **choices)
        staging.confirm(reference, actor="somebody", now=NOW)
    return reference


def take_in(rows: list[Row], **choices: Any) -> FileImport:
    reference = keep(rows, **choices)
    list(jobs.take_in_files(NOW))
    return db.session.scalars(select(FileImport).where(FileImport.reference == reference)).one()


def organisations() -> list[tuple[Any, ...]]:
    columns = list(Organisation.__table__.c)
    return [tuple(row) for row in db.session.execute(select(*columns).order_by(Organisation.id))]


def gave(file: FileImport) -> dict[str, int]:
    return {words: count for words, count in json.loads(file.counts).items() if count}


def called(name: str) -> Organisation:
    return db.session.scalars(select(Organisation).where(Organisation.name == name)).one()


def a_school(number: int, **changes: Any) -> Organisation:
    made = make_organisation(
        kind=OrganisationKind.SCHOOL, urn=str(100_000 + number), name=f"School {number}", **changes
    )
    db.session.commit()
    return made


def test_exactly_the_170_open_schools_come_in_and_a_second_run_changes_nothing() -> None:
    rows = three_authorities()
    file = take_in(rows)
    assert file.state is ImportState.DONE
    assert gave(file) == {"new schools": 170}
    made = db.session.scalars(select(Organisation)).all()
    assert len(made) == 170
    assert {one.sector.slug for one in made} == {"education"}
    assert {one.kind for one in made} == {OrganisationKind.SCHOOL, OrganisationKind.COLLEGE}
    one = called("Saint Birché’s Mill 1")
    assert (one.urn, one.phase, one.postcode) == ("100001", "Primary", "ZZ0 1ZZ")
    assert one.establishment_type == "Local authority maintained schools"
    assert called("Saint Firé’s Brook 14").trust_name == "Trust 0"
    before = organisations()
    again = take_in(rows)
    assert gave(again) == {"unchanged": 170}
    assert organisations() == before
    kept = select(func.count(ImportedThing.id)).where(ImportedThing.import_id == again.id)
    assert db.session.scalar(kept) == 0


def test_schools_to_come_are_added_where_somebody_says_so() -> None:
    file = take_in(three_authorities(), with_future=True)
    assert gave(file) == {"new schools": 172}


def test_what_the_register_says_differently_is_changed_and_the_old_name_still_found() -> None:
    ours = a_school(7, postcode="OLD 1AA", sector=make_sector("Elsewhere"))
    sector_id = ours.sector_id
    file = take_in([school(7)])
    assert gave(file) == {"changed": 1}
    db.session.refresh(ours)
    assert ours.name == "Saint Mapleé’s Mill 7"
    assert (ours.postcode, ours.opened_on) == ("ZZ0 7ZZ", date(1999, 9, 1))
    assert ours.sector_id == sector_id  # how we count it is ours to say
    assert db.session.scalars(select(OrganisationAlias.name)).all() == ["School 7"]


def test_a_school_that_somebody_typed_gets_its_number() -> None:
    typed = make_organisation(kind=OrganisationKind.SCHOOL, name="saint  mapleé’s MILL 7")
    db.session.commit()
    assert gave(take_in([school(7)])) == {"changed": 1}
    db.session.refresh(typed)
    assert (typed.urn, typed.name) == ("100007", "Saint Mapleé’s Mill 7")


def test_a_conversion_is_linked_only_where_a_person_says_so_and_posts_stay() -> None:
    old = a_school(7)
    post = Post(
        person_id=make_person(organisation=old, sector=old.sector).id,
        organisation_id=old.id,
        kind=PostKind.DSL,
        from_on=date(2026, 1, 1),
    )
    db.session.add(post)
    db.session.commit()
    academy = school(500, Postcode="ZZ0 7ZZ", OpenDate="01-09-2026", EstablishmentNumber="2007")
    rows = [closed(7), academy]
    piles = schools.compare_now(
        {"authority": OWN, "schools": [schools._packed(one) for one in read(rows)]},
        today=NOW.date(),
        with_future=False,
    )
    assert [one.urn for one in piles.closing[0].followed_by] == ["100500"]
    file = take_in(rows, links={str(old.id): "100500"})
    assert gave(file) == {
        "new schools": 1,
        "closed": 1,
        "linked to what took their place": 1,
    }
    db.session.refresh(old)
    assert old.closed_on == date(2026, 8, 31)
    assert old.successor_id == called("Saint Ashé’s Mill 500").id
    assert db.session.get_one(Post, post.id).organisation_id == old.id
    assert gave(take_in(rows)) == {"unchanged": 2}


def read(rows: list[Row]) -> tuple[Any, ...]:
    known = schools.known_urns()
    return read_register(io.BytesIO(register(rows)), authority=OWN, known_urns=known).schools


def test_a_link_that_was_not_offered_is_not_made() -> None:
    old = a_school(7)
    far = school(500, Postcode="AA1 1AA", OpenDate="01-09-2026")
    file = take_in([closed(7), far], links={str(old.id): "100500"})
    assert gave(file) == {"new schools": 1, "closed": 1}
    db.session.refresh(old)
    assert old.successor_id is None


def test_undone_everything_is_as_it_was() -> None:
    old, renamed = a_school(7), a_school(8)
    before = organisations()
    rows = [
        closed(7),
        school(8),
        school(500, Postcode="ZZ0 7ZZ", OpenDate="01-09-2026", EstablishmentNumber="2007"),
    ]
    file = take_in(rows, links={str(old.id): "100500"})
    assert organisations() != before
    with transaction():
        staging.undo(file.reference, actor="somebody", now=NOW + HOUR)
    db.session.refresh(renamed)
    assert organisations() == before
    assert db.session.scalar(select(func.count(OrganisationAlias.id))) == 0
    db.session.refresh(file)
    assert file.state is ImportState.UNDONE
    with pytest.raises(Refused, match="undone already"), transaction():
        staging.undo(file.reference, actor="somebody", now=NOW + HOUR)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("a person", "people were added"),
        ("a post", "posts were added"),
        ("a change", "changed since"),
        ("a later name", "changed since"),
        ("a day", "that day is over"),
    ],
)
def test_undoing_is_refused_with_the_reason_where_later_work_stands_on_it(
    what: str, words: str
) -> None:
    a_school(8)
    file = take_in([school(7), school(8)])
    new, changed = called("Saint Mapleé’s Mill 7"), called("Saint Oaké’s Mill 8")
    somebody = make_person(sector=new.sector, organisation=new if what == "a person" else None)
    if what == "a post":
        db.session.add(
            Post(
                person_id=somebody.id,
                organisation_id=new.id,
                kind=PostKind.DSL,
                from_on=date(2026, 1, 1),
            )
        )
    if what == "a change":
        changed.postcode = "XX1 1XX"
    if what == "a later name":
        take_in([school(8, EstablishmentName="Saint Other")])
    db.session.commit()
    before = organisations()
    later = timedelta(days=1, hours=1) if what == "a day" else HOUR
    with pytest.raises(Refused, match=words), transaction():
        staging.undo(file.reference, actor="somebody", now=NOW + later)
    assert organisations() == before


def test_a_file_that_cannot_be_taken_in_leaves_nothing_and_says_why() -> None:
    with transaction():
        db.session.get_one(Partnership, 1).schools_sector = ""
    partnership.forget()
    file = take_in([school(1)])
    assert file.state is ImportState.FAILED
    assert "schools_sector" in (file.refusal or "")
    assert organisations() == []


def test_what_was_read_is_forgotten() -> None:
    done = take_in([school(1)])
    assert done.content is None
    waiting = keep([school(2)])
    with transaction():
        db.session.scalars(
            select(FileImport).where(FileImport.reference == waiting)
        ).one().state = ImportState.READ
    with transaction():
        staging.forget_old_files(now=NOW + timedelta(days=2))
    assert queries.find_file(waiting, ImportOf.SCHOOLS) is None
    assert db.session.scalar(select(func.count(ImportedThing.id))) == 0
