"""The Advisor's list of schools: who was not represented, who leads there, whom to ring up."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Post, PostKind
from app.audit.models import AuditLine
from app.catalogue.models import Event
from app.forums.models import ContactNote, Watching
from app.kernel.access import Role
from app.kernel.db import db
from app.partnership.models import HalfTerm
from tests.support.factories import make_attendance, make_booking, make_partnership, make_person
from tests.support.forums import make_forum, make_half_terms, make_lead, make_school
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

LAST_YEAR = (
    (5, "Summer 1", date(2026, 4, 13), date(2026, 5, 22)),
    (6, "Summer 2", date(2026, 6, 1), date(2026, 7, 21)),
)


@pytest.fixture
def forums(client: PageClient, now: datetime) -> list[Event]:
    """Three forums that were held, two of them last year; the Advisor is signed in."""
    make_partnership()
    sign_in(client, make_person(Role.ADVISOR, name="The Advisor"))
    before = [
        HalfTerm(school_year="2025/26", number=number, name=name, starts_on=first, ends_on=last)
        for number, name, first, last in LAST_YEAR
    ]
    db.session.add_all(before)
    first = make_half_terms()[0]
    return [make_forum(half_term) for half_term in (*before, first)]


def test_schools_are_listed_with_leads_and_how_long_they_were_absent(
    client: PageClient, forums: list[Event]
) -> None:
    ash, birch, cedar = make_school("Ash"), make_school("Birch"), make_school("Cedar")
    make_attendance(make_booking(forums[2], make_lead(ash, name="Ana Osei")))
    make_attendance(make_booking(forums[0], make_lead(birch, PostKind.DEPUTY_DSL)))
    watcher = make_person(organisation=cedar, sector=cedar.sector)
    db.session.add(
        Watching(
            event_id=forums[2].id,
            person_id=watcher.id,
            organisation_id=cedar.id,
            watched_at=forums[2].ends_at,
        )
    )
    make_school("Dogwood")
    make_school("Elm", opened_on=date(2026, 9, 1))
    make_school("Fir", closed_on=date(2026, 9, 1))
    db.session.commit()

    page = client.get("/forums/schools").page
    rows = {row.select("a")[0].words: row.words for row in page.select("tr")[1:]}
    assert list(rows) == ["Ash", "Birch", "Cedar", "Dogwood", "Elm"]
    assert "Ana Osei" in rows["Ash"]
    assert "Autumn 1 2026/27" in rows["Ash"]
    assert "2 half terms" in rows["Birch"]
    assert "Watched the recording" in rows["Cedar"]
    assert "3 half terms" in rows["Dogwood"]
    assert "1 half term" in rows["Elm"]

    two = client.get("/forums/schools?absent=2").page
    assert [row.select("a")[0].words for row in two.select("tr")[1:]] == ["Birch", "Dogwood"]
    named = client.get("/forums/schools?q=osei").page
    assert [row.select("a")[0].words for row in named.select("tr")[1:]] == ["Ash"]
    leaderless = client.get("/forums/schools.csv?without_dsl=yes&absent=3").text
    assert [line.split(",")[0] for line in leaderless.splitlines()[1:]] == ["Dogwood"]


def test_a_converted_academy_keeps_its_history_and_shows_where_it_came_from(
    client: PageClient, forums: list[Event]
) -> None:
    old = make_school("Old Ash", opened_on=date(2000, 9, 1), closed_on=date(2026, 9, 1))
    new = make_school("Ash Academy", opened_on=date(2026, 9, 1), establishment_type="Academies")
    old.successor_id = new.id
    make_attendance(make_booking(forums[0], make_person(organisation=old, sector=old.sector)))
    db.session.commit()

    page = client.get(f"/forums/schools/{new.reference}").page
    assert "It took the place of Old Ash (closed 1 September 2026)" in page.words
    assert "Summer 1 2025/26 Attended" in page.words
    assert "Not represented for 2 half terms" in page.words
    former = client.get(f"/forums/schools/{old.reference}").page
    assert "Its history counts with Ash Academy" in former.words
    assert "Add somebody" not in former.words


def test_several_schools_are_contacted_and_noted_at_once(
    client: PageClient, forums: list[Event]
) -> None:
    schools = [make_school(name) for name in ("Ash", "Birch", "Cedar")]
    make_attendance(make_booking(forums[1], make_lead(schools[2])))
    db.session.commit()

    page = client.get("/forums/schools/to-contact")
    assert "Cedar" not in page.page.words
    refused = client.submit(page, {"words": "Rang the office"}, button="We have been in touch")
    assert refused.page.errors == ["Choose at least one school"]
    references = [school.reference for school in schools[:2]]
    sent = {"schools": references, "words": "Rang the office"}
    client.submit(page, sent, button="We have been in touch")
    notes = db.session.scalars(select(ContactNote.words)).all()
    assert notes == ["Rang the office"] * 2
    assert "Rang the office" in client.get("/forums/schools/to-contact").page.words


def test_somebody_is_named_and_marked_as_left_but_never_deleted(
    client: PageClient, forums: list[Event], now: datetime
) -> None:
    ash, birch = make_school("Ash"), make_school("Birch")
    both = make_lead(birch, name="Ana Osei", email="ana@ash.example.org")
    db.session.commit()

    add = client.get(f"/forums/schools/{ash.reference}/leads/new")
    lead = {"name": "Ana", "email": "Ana@ash.example.org", "post": "dsl"}
    client.submit(add, lead, button="Add them")
    again = client.submit(add, lead, button="Add them")
    assert "already" in again.page.errors[0]
    held = list(db.session.scalars(select(Post).where(Post.person_id == both.id)))
    assert {post.organisation_id for post in held} == {ash.id, birch.id}

    own = next(post for post in held if post.organisation_id == ash.id)
    end = f"/forums/schools/{ash.reference}/leads/{own.id}/end"
    tomorrow = now + timedelta(days=1)
    too_late = client.submit(client.get(end), {"until_on": f"{tomorrow:%d %m %Y}"})
    assert too_late.page.errors == ["The last day must be today or earlier"]
    client.submit(client.get(end), button="Mark as left")
    assert "Who left (1)" in client.get(f"/forums/schools/{ash.reference}").page.words
    assert client.get(end, judge=False).status_code == 404
    elsewhere = f"/forums/schools/{ash.reference}/leads/{post_of_school(birch.id)}/end"
    assert client.get(elsewhere, judge=False).status_code == 404
    verbs = set(db.session.scalars(select(AuditLine.verb)))
    assert {"appointed", "ended_post"} <= verbs


def post_of_school(organisation_id: int) -> int:
    return db.session.scalars(select(Post.id).where(Post.organisation_id == organisation_id)).one()


def test_the_year_is_a_picture_with_the_same_figures_in_its_table(
    client: PageClient, forums: list[Event]
) -> None:
    ash = make_school("Ash")
    make_school("Birch", phase="Secondary")
    make_attendance(make_booking(forums[2], make_lead(ash)))
    db.session.commit()

    page = client.get("/forums/schools/year").page
    title = page.select("title")[1].words
    assert title == "All, Autumn 1 2026/27: of 2, 1 attended, 0 watched, 1 not represented"
    assert "No forum yet" in page.words
    assert "No half terms are known" in client.get("/forums/schools/year?of=1999/00").page.words
