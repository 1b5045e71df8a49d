"""Organisations as staff find, correct, close and merge them, page by page."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts import organisations, succession
from app.accounts.models import Organisation, OrganisationKind, Person, Post, PostKind
from app.accounts.people import NamedPerson, find_or_add_people
from app.audit.models import AuditLine
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from tests.support.factories import (
    NOW,
    make_attendance,
    make_booking,
    make_event,
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

pytestmark = pytest.mark.usefixtures("now")
DAY = timedelta(days=1)


@pytest.fixture
def desk(client: PageClient, app: Flask) -> PageClient:
    make_partnership()
    sign_in(client, make_person(Role.DELIVERY, name="Del Ivery"))
    return client


@pytest.fixture
def housing(desk: PageClient) -> Organisation:
    return make_organisation(name="Wakefield District Housing", trust_name="", postcode="WF1 1AA")


@pytest.fixture
def vico(desk: PageClient) -> Organisation:
    made = make_organisation(make_sector("Housing"), name="Vico Homes")
    db.session.commit()
    return made


def page_of(organisation: Organisation, rest: str = "") -> str:
    return f"/manage/organisations/{organisation.reference}{rest}"


def works_at(organisation: Organisation, **more: object) -> Person:
    return make_person(organisation=organisation, sector=organisation.sector, **more)


def hold(person: Person, organisation: Organisation, from_on: date) -> Post:
    post = Post(person_id=person.id, organisation_id=organisation.id, kind=PostKind.DSL)
    post.from_on = from_on
    db.session.add(post)
    db.session.flush()
    return post


class TestFinding:
    @pytest.mark.parametrize(
        "words", ["brook academy", "larks hill", "star trust", "wf9 4", "1234"]
    )
    def test_by_any_name_trust_postcode_or_number(self, desk: PageClient, words: str) -> None:
        school = make_organisation(
            name="Calderbrook Academy",
            trust_name="North Star Trust",
            postcode="WF9 4AB",
            urn="12345",
        )
        succession.remember_name(school, "Larks Hill High")
        make_organisation(name="Another School")
        db.session.commit()
        page = desk.get("/manage/organisations", query_string={"q": words})
        assert "Calderbrook Academy" in page.words
        assert "Another School" not in page.words

    def test_new_and_closed_ones_apart(self, desk: PageClient, vico: Organisation) -> None:
        make_organisation(name="A new club", proposed_at=NOW)
        make_organisation(
            name="Gone", closed_on=date(2025, 4, 1), successor_id=vico.id, sector=vico.sector
        )
        db.session.commit()
        assert "A new club" not in desk.get("/manage/organisations").words
        assert "A new club" in desk.get("/manage/organisations?show=new").words
        assert "1 April 2025: now Vico Homes" in desk.get("/manage/organisations?show=closed").words

    def test_an_advisor_sees_names_and_no_pages_of_people(
        self, client: PageClient, desk: PageClient, vico: Organisation
    ) -> None:
        hold(works_at(vico, name="Kim Homes"), vico, date(2026, 1, 1))
        sign_in(client, make_person(Role.ADVISOR))
        page = client.get(page_of(vico))
        assert "Designated safeguarding lead Kim Homes" in page.words
        assert not [a for a in page.select("a", href=True) if "/manage/people" in a["href"]]


class TestAdding:
    def test_a_body_that_no_register_holds(self, desk: PageClient, vico: Organisation) -> None:
        sector = make_sector("Schools")
        db.session.commit()
        page = desk.get("/manage/organisations/new")
        filled = {
            "name": "Harbour Alternative Provision",
            "kind": "school",
            "sector": sector.slug,
            "phase": "Secondary",
            "establishment_type": "Other types",
            "postcode": "wf1 2bb",
        }
        refused = desk.post_form(page, filled | {"name": "VICO homes"})
        assert "merge the two" in refused.errors[0]
        answer = desk.submit(page, filled)
        assert answer.h1 == "Harbour Alternative Provision"
        added = db.session.scalars(
            select(Organisation).where(Organisation.name == "Harbour Alternative Provision")
        ).one()
        assert (added.phase, added.establishment_type) == ("Secondary", "Other types")
        assert (added.postcode, added.sector_id) == ("WF1 2BB", sector.id)
        line = select(AuditLine.verb).where(AuditLine.subject_reference == added.reference)
        assert db.session.scalars(line).all() == ["added"]

    def test_what_a_register_called_it_can_be_kept(self, desk: PageClient) -> None:
        kept = make_organisation(phase="Middle deemed primary", kind=OrganisationKind.SCHOOL)
        db.session.commit()
        desk.submit(desk.get(page_of(kept, "/details")), {"postcode": "WF1 3CC"})
        db.session.refresh(kept)
        assert (kept.phase, kept.postcode) == ("Middle deemed primary", "WF1 3CC")


class TestCorrecting:
    def test_a_new_name_leaves_the_old_one_known(
        self, desk: PageClient, housing: Organisation
    ) -> None:
        sector, person = make_sector("Police"), works_at(housing)
        db.session.commit()
        answer = desk.submit(
            desk.get(page_of(housing, "/details")),
            {
                "name": "Housing for All",
                "kind": "voluntary",
                "sector": sector.slug,
                "trust_name": "A trust",
                "contact_email": "Office@Housing.example.org",
            },
        )
        assert answer.h1 == "Housing for All"
        assert "Wakefield District Housing" in answer.words
        db.session.refresh(housing)
        assert housing.contact_email == "office@housing.example.org"
        assert housing.kind is OrganisationKind.VOLUNTARY
        assert db.session.get_one(Person, person.id).sector_id == sector.id

    def test_a_name_that_another_has_is_refused(
        self, desk: PageClient, housing: Organisation, vico: Organisation
    ) -> None:
        answer = desk.post_form(desk.get(page_of(housing, "/details")), {"name": "vico homes"})
        assert "merge the two" in answer.errors[0]
        db.session.refresh(housing)
        assert housing.name == "Wakefield District Housing"

    def test_other_names_come_and_go(self, desk: PageClient, vico: Organisation) -> None:
        add = "Add the name"
        page = desk.submit(desk.get(page_of(vico, "/names")), {"name": "Vico"}, button=add)
        assert "It can be found as Vico, too" in page.words
        assert desk.post_form(page, {"name": "VICO"}, button=add).errors
        page = desk.submit(page, button="Remove the name Vico")
        assert "The name is removed" in page.words
        assert succession.aliases(vico) == []


class TestSuccession:
    def test_history_stays_and_everybody_else_goes_along(
        self, desk: PageClient, housing: Organisation, vico: Organisation
    ) -> None:
        person = works_at(housing)
        booking = make_booking(make_event(starts_at=clock.now() - 30 * DAY), person)
        make_attendance(booking)
        before, later = (
            hold(one, housing, day)
            for one, day in ((person, date(2024, 1, 1)), (works_at(housing), date(2026, 9, 1)))
        )
        succession.remember_name(housing, "WDH")
        db.session.commit()
        page = desk.get(page_of(housing, "/close?q=vico"))
        answer = desk.submit(
            page, {"closed_on": "1 April 2025", "successor": vico.reference, "with_people": "y"}
        )
        assert "Vico Homes has taken its place" in answer.words
        db.session.expire_all()
        assert person.organisation_id == vico.id
        assert person.sector_id == vico.sector_id
        assert booking.organisation_id == housing.id
        assert succession.final_successor_ids() == {housing.id: vico.id}
        assert succession.aliases(vico) == ["Wakefield District Housing", "WDH"]
        assert (before.until_on, later.until_on) == (date(2025, 4, 1), date(2026, 9, 1))
        held = db.session.execute(
            select(Post.organisation_id, Post.from_on).where(Post.until_on.is_(None))
        )
        assert sorted(map(tuple, held)) == [
            (vico.id, date(2025, 4, 1)),
            (vico.id, date(2026, 9, 1)),
        ]
        page = desk.get(page_of(vico))
        assert "Took the place of Wakefield District Housing" in page.words
        assert "Sessions: 1" in page.words

    def test_who_names_the_former_body_belongs_to_the_present_one(
        self, desk: PageClient, housing: Organisation, vico: Organisation
    ) -> None:
        proposer = make_person()
        db.session.commit()
        with transaction():
            succession.succeed(
                housing,
                vico,
                closed_on=date(2025, 4, 1),
                with_people=True,
                actor="test",
                now=clock.now(),
            )
        with transaction():
            named = NamedPerson("Kim Homes", "kim@example.org", "wakefield district housing")
            [person] = find_or_add_people([named], now=NOW)
            assert person.organisation_id == vico.id
            known = organisations.propose_organisation(
                "Wakefield District housing",
                OrganisationKind.AGENCY,
                vico.sector,
                proposer=proposer,
                now=NOW,
                now_real=clock.real_now(),
            )
            assert known.id == vico.id

    def test_closed_for_good_and_opened_again(
        self, desk: PageClient, housing: Organisation
    ) -> None:
        post = hold(works_at(housing), housing, date(2024, 1, 1))
        db.session.commit()
        page = desk.get(page_of(housing, "/close"))
        assert desk.post_form(page, {"successor": "none", "closed_on": "1 May 2031"}).errors == [
            "The day it closed must be today or earlier"
        ]
        answer = desk.submit(page, {"successor": "none", "closed_on": "1 May 2026"})
        assert "Closed Friday 1 May 2026" in answer.words
        db.session.refresh(post)
        assert post.until_on == date(2026, 5, 1)
        answer = desk.submit(answer, button="Open it again because it was closed by mistake")
        assert "It is open again" in answer.words

    def test_nothing_takes_its_own_place_even_over_others(
        self, desk: PageClient, housing: Organisation, vico: Organisation
    ) -> None:
        third = make_organisation(name="Third")
        facts = {"closed_on": date(2026, 1, 1), "with_people": True, "actor": "x", "now": NOW}
        db.session.commit()
        with transaction():
            succession.succeed(housing, vico, **facts)  # type: ignore[arg-type] # as named
        with transaction():
            succession.succeed(vico, third, **facts)  # type: ignore[arg-type] # as named
        with pytest.raises(Refused, match="cannot take its own place"), transaction():
            succession.succeed(third, housing, **facts)  # type: ignore[arg-type] # as named
        assert set(succession.final_successor_ids().values()) == {third.id}
        assert "Wakefield District Housing" in succession.aliases(third)


class TestMerging:
    def test_two_known_ones_become_one_after_a_look(
        self, desk: PageClient, housing: Organisation, vico: Organisation
    ) -> None:
        person = works_at(housing)
        earlier = hold(person, housing, date(2024, 1, 1))
        hold(person, vico, date(2025, 1, 1))
        db.session.commit()
        page = desk.click(desk.get(page_of(housing, "/merge?q=vico")), "Compare with Vico Homes")
        assert "1 person belongs to Vico Homes" in page.words
        assert db.session.get_one(Organisation, housing.id).closed_on is None
        answer = desk.submit(page, button="Merge them")
        assert "The two are one organisation now" in answer.words
        db.session.expire_all()
        assert (housing.successor_id, person.organisation_id) == (vico.id, vico.id)
        posts = db.session.scalars(select(Post)).all()
        assert [(one.organisation_id, one.from_on) for one in posts] == [
            (vico.id, date(2024, 1, 1))
        ]
        assert earlier not in posts
        line = db.session.scalars(
            select(AuditLine).where(AuditLine.verb == "merged_organisation")
        ).one()
        assert line.facts == {"into": vico.reference}
        again = desk.post_form(page, button="Merge them")
        assert "closed already" in again.errors[0] or "taken its place already" in again.errors[0]
