"""The pages that bring files in: choose, check, see how far it is, undo."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from sqlalchemy import func, select

from app import jobs
from app.accounts.imports.models import FileImport, ImportState
from app.accounts.models import Organisation, OrganisationAlias, OrganisationKind, Person
from app.bookings.models import Attendance
from app.catalogue.models import Offer, OfferState
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.factories import (
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.page_client import PageClient, PageResponse
from tests.support.register_files import closed, packed, register, school, three_authorities
from tests.support.signing_in import sign_in, sign_out

SCHOOLS, BODIES, PAST, LEADS = (
    f"/manage/import/{kind}" for kind in ("schools", "organisations", "attendance", "leads")
)


@pytest.fixture
def staff(client: PageClient, now: datetime) -> Person:
    make_partnership(schools_sector="education", local_authority="384")
    make_sector("Education", slug="education")
    make_sector("Early years", slug="early-years")
    made = make_person(Role.DELIVERY, name="Dee Park", organisation=None)
    sign_in(client, made)
    return made


def upload(client: PageClient, address: str, content: bytes, name: str = "f.csv") -> PageResponse:
    form = client.get(address).page.form(names=set(), button="Read the file")
    data = {**form.values, "file": (io.BytesIO(content), name)}
    return client.post(address, data=data, content_type="multipart/form-data")


def send(client: PageClient, address: str, button: str, **changes: str) -> PageResponse:
    page = client.get(address)
    assert page.status_code == 200, (page.status_code, page.location)
    form = page.page.form(names=set(), button=button)
    return client.post(form.action or address, data={**form.values, **changes})


def taken_in(client: PageClient, answer: PageResponse, now: datetime) -> PageResponse:
    assert answer.status_code == 302, answer.errors
    waiting = client.follow(answer)
    assert waiting.page.h1 == "Your file is being taken in"
    list(jobs.take_in_files(now))
    return client.get(answer.location)


def test_the_schools_register_comes_in_and_is_undone(
    client: PageClient, staff: Person, now: datetime
) -> None:
    answer = upload(client, SCHOOLS, packed(register(three_authorities())), "Results.zip")
    address = answer.location
    page = client.get(address)
    assert page.page.h1 == "Check what the register changes"
    assert "Show the 170 schools" in page.page.words
    done = taken_in(client, send(client, address, "Take this in"), now)
    assert done.page.h1 == "The file is in"
    assert "new schools: 170" in done.page.words
    listed = client.get("/manage/import").page.words
    assert "Results.zip" in listed
    assert "Dee Park" in listed
    undone = send(client, f"{done.request.path}/undo", "Undo the import")
    assert "Undone import" in client.follow(undone).page.words
    assert db.session.scalar(select(func.count(Organisation.id))) == 0


def test_a_conversion_is_confirmed_by_a_person(
    client: PageClient, staff: Person, now: datetime
) -> None:
    old = make_organisation(kind=OrganisationKind.SCHOOL, urn="100007", name="Old Name")
    db.session.commit()
    academy = school(500, Postcode="ZZ0 7ZZ", OpenDate="01-09-2026")
    address = upload(client, SCHOOLS, register([closed(7), academy])).location
    assert "Old Name: what took its place" in client.get(address).page.words
    done = taken_in(
        client, send(client, address, "Take this in", **{f"follows-{old.id}": "100500"}), now
    )
    assert "linked to what took their place: 1" in done.page.words
    again = upload(client, SCHOOLS, register([closed(7), academy])).location
    words = client.get(again).page.words
    assert "This very file was taken in on" in words
    assert "there is nothing to take in" in words


def test_bad_lines_of_the_register_are_told_and_nothing_is_kept(
    client: PageClient, staff: Person
) -> None:
    rows = [school(1), school(2, OpenDate="soon"), school(3, URN="x")]
    answer = upload(client, SCHOOLS, register(rows))
    assert answer.errors == [
        "Some lines of this file cannot be used: nothing was taken in",
        "Line 3, column OpenDate: “soon” is not a day, as 31-08-2026",
        "Line 4, column URN: “x” is not the number of a school",
    ]
    assert db.session.scalar(select(func.count(FileImport.id))) == 0


def test_only_who_signed_in_may_send_a_file_as_large_as_the_register(
    client: PageClient, staff: Person
) -> None:
    filler = {"Column 1": "x" * 9_000}
    large = register([school(1), *(school(n, "926", **filler) for n in range(2, 1_250))])
    assert len(large) > 11_000_000
    assert as_browsers_send_it(client, SCHOOLS, large, authority="384") == 302
    assert as_browsers_send_it(client, BODIES, large) == 413
    sign_out(client)
    assert as_browsers_send_it(client, SCHOOLS, large, authority="384") == 413


def as_browsers_send_it(client: PageClient, address: str, content: bytes, **fields: str) -> int:
    """The status of a form sent with a file, its bytes made here and not spooled to a disk."""
    parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
    parts.append(('name="file"; filename="f.csv"', content))
    page = client.get(address)
    if page.status_code == 200:
        token = page.page.form(names=set(), button="Read the file").values["csrf_token"][0]
        parts.append(('name="csrf_token"', token.encode()))
    body = b"".join(
        b"--edge\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (name.encode(), value)
        for name, value in parts
    )
    kind = "multipart/form-data; boundary=edge"
    answer = client.post(address, data=body + b"--edge--\r\n", content_type=kind, judge=False)
    return answer.status_code


LIST = (
    "Setting,Also known as,Type,Email\n"
    "Busy Bees,Bees;The Hive,Nursery,Office@Bees.example.org\n"
    "Known Club,,Den,\n"
    "busy bees,,Nursery,\n"
)


def test_organisations_come_in_with_columns_and_words_confirmed_and_remembered(
    client: PageClient, staff: Person, now: datetime
) -> None:
    known = make_organisation(name="Known Club", postcode="")
    db.session.commit()
    address = upload(client, BODIES, LIST.encode()).location
    form = client.get(address).page.form(names=set(), button="Continue")
    shown = [form.values[f"column{place}"] for place in range(4)]
    assert shown == [["name"], ["aliases"], ["kind"], ["contact_email"]]
    refused = send(client, address, "Continue")
    assert refused.errors == ["Choose the sector of all rows"]
    check = send(client, address, "Continue", sector="early-years").location
    assert client.get(check).page.h1 == "What some words mean"
    assert send(client, check, "Continue").errors == ["Choose what each of these words means"]
    again = client.follow(send(client, check, "Continue", kind0="sports_club"))
    assert again.page.h1 == "Check what the file adds"
    done = taken_in(client, send(client, check, "Take this in"), now)
    assert "new organisations: 1, unchanged: 1" in done.page.words
    bees = db.session.scalars(select(Organisation).where(Organisation.name == "Busy Bees")).one()
    assert (bees.kind, bees.contact_email) == (
        OrganisationKind.EARLY_YEARS,
        "office@bees.example.org",
    )
    aliases = select(OrganisationAlias.name).order_by(OrganisationAlias.name)
    assert db.session.scalars(aliases).all() == ["Bees", "The Hive"]
    # The next file says it by another name, in a column that was confirmed before.
    more = LIST.replace("Setting,", "Wer,").replace("Busy Bees", "the hive")
    address = upload(client, BODIES, more.encode()).location
    check = send(client, address, "Continue", sector="early-years", column0="name").location
    page = client.get(check)
    assert page.page.h1 == "Check what the file adds"  # a den is known now
    address = upload(client, BODIES, more.encode()).location
    form = client.get(address).page.form(names=set(), button="Continue")
    assert form.values["column0"] == ["name"]
    done = taken_in(client, send(client, check, "Take this in"), now)
    assert "unchanged: 3" in done.page.words
    assert db.session.scalar(select(func.count(Organisation.id))) == 2
    assert db.session.get_one(Organisation, known.id).postcode == ""


def test_wrong_rows_of_a_list_are_told_and_nothing_can_be_taken_in(
    client: PageClient, staff: Person
) -> None:
    rows = "Name,Postcode,Email\nA,ZZ1 1ZZ,a@example.org\n,ZZ1 1ZZ,\n\nB,nowhere,none\n"
    address = upload(client, BODIES, rows.encode()).location
    check = send(client, address, "Continue", sector="education", kind="agency").location
    page = client.get(check)
    assert page.page.h1 == "Some rows cannot be taken in"
    for words in (
        "Row 3, Name is empty",
        "Row 5, Postcode: “NOWHERE” is not a postcode",
        "Row 5, Email address of the organisation: “none” is not an email address",
    ):
        assert words in page.page.words
    assert not [form for form in page.page.forms if "Take this in" in str(form.buttons)]
    form = page.page.form(names=set(), button="Forget this file")
    forgotten = client.post(form.action, data=form.values)
    assert forgotten.location == "/manage/import"
    assert client.get(check).status_code == 404


HISTORY = (
    "Course,Date,Name,Email,School\n"
    "Neglect,3/4/2025,Eli Rowe,eli@example.org,Mill School\n"
    "Old Course,5/6/2025,Flo Hart,,Mill School\n"
)


def test_past_attendance_asks_what_it_leaves_open_and_comes_in(
    client: PageClient, staff: Person, now: datetime
) -> None:
    make_offer(title="Neglect")
    mill = make_organisation(name="Mill School")
    for job in ("Teacher", "Governor"):
        make_person(name="Flo Hart", organisation=mill, sector=mill.sector, job_title=job)
    db.session.commit()
    address = upload(client, PAST, HISTORY.encode()).location
    bad = send(client, address, "Continue", hours="many")
    assert bad.errors == [
        "Hours a session lasted must be a number, as 3 or 1.5",
        "Choose how people took part",
        "Choose a sector for those whose organisation is not in the list",
    ]
    more = {"hours": "2.5", "mode": "face_to_face", "sector": "education"}
    check = send(client, address, "Continue", **more).location
    assert "All dates of this file can be read in two ways" in client.get(check).page.words
    send(client, check, "Continue", order="day_first")
    page = client.get(check)
    assert "“Old Course”" in page.page.words
    assert "Flo Hart, Mill School (row 3)" in page.page.words
    form = page.page.form(names=set(), button="Continue")
    refused = client.post(check, data={**form.values, "offer0": "new"})
    assert refused.errors == ["Choose an answer to each of these questions"]
    flo = db.session.scalars(select(Person).where(Person.job_title == "Governor")).one()
    client.post(check, data={**form.values, "offer0": "new", "person0": str(flo.id)})
    assert "Attendances to add 2" in client.get(check).page.words
    done = taken_in(client, send(client, check, "Take this in"), now)
    assert "attendances: 2, new people: 1, new sessions: 2" in done.page.words
    assert db.session.scalar(select(func.count(Attendance.id))) == 2
    old = db.session.scalars(select(Offer).where(Offer.title == "Old Course")).one()
    assert old.state is OfferState.ARCHIVED
    # What was read held names: it is gone once it is in.
    file = db.session.scalars(select(FileImport)).one()
    assert (file.state, file.content, file.choices) == (ImportState.DONE, None, "{}")


@pytest.mark.parametrize("address", [SCHOOLS, BODIES, PAST, LEADS])
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 50, b"PK\x03\x04 no", b"\xd0\xcf\x11\xe0", b"Name\n", b"\xff\xfe"],
)
def test_what_is_no_such_file_gets_an_answer_and_keeps_nothing(
    client: PageClient, staff: Person, address: str, content: bytes
) -> None:
    answer = upload(client, address, content)
    assert answer.status_code == 200
    assert answer.errors
    assert db.session.scalar(select(func.count(FileImport.id))) == 0


def test_an_advisor_brings_schools_in_and_sees_nothing_else(
    client: PageClient, staff: Person, now: datetime
) -> None:
    theirs = upload(client, BODIES, LIST.encode()).location
    sign_in(client, make_person(Role.ADVISOR))
    page = client.get("/manage/import")
    assert "Organisations" not in [one.words for one in page.select("dt")]
    reference = theirs.rpartition("/")[2]
    assert client.get(f"/manage/import/files/{reference}").status_code == 404
    assert upload(client, SCHOOLS, register([school(1)])).status_code == 302
