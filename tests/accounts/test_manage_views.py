"""Administration: only for administrators, every change on the trail, nobody locked out."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Organisation, Person, RoleGrant
from app.accounts.sign_in_models import Authenticator, SignInSession
from app.audit import operations as audit
from app.audit.models import AuditLine
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.factories import (
    NOW,
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

PAGES = ("/admin", "/admin/organisations", "/admin/trail")


@pytest.fixture
def administrator(app: Flask) -> Person:
    make_partnership()
    return make_person(Role.ADMINISTRATOR, name="Ada Min", email="ada@example.org")


@pytest.fixture
def admin(client: PageClient, administrator: Person) -> PageClient:
    sign_in(client, administrator)
    return client


def verbs() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditLine.verb).order_by(AuditLine.id)))


@pytest.mark.parametrize("role", [None, *(r for r in Role if r is not Role.ADMINISTRATOR)])
def test_nobody_else_sees_administration(client: PageClient, role: Role | None) -> None:
    make_partnership()
    sign_in(client, make_person(*([role] if role else [])))
    for page in PAGES:
        assert client.get(page).status_code == 403


class TestRoles:
    def test_a_role_is_given_by_address_even_to_somebody_new(self, admin: PageClient) -> None:
        page = admin.submit(admin.get("/admin"), {"email": "Kim@Example.org ", "role": "evaluator"})
        assert "kim@example.org now has the role Evaluator" in page.words
        page = admin.submit(page, {"email": "kim@example.org", "role": "evaluator"})
        assert "kim@example.org already has the role Evaluator" in page.words
        assert verbs() == ["granted_role"]
        line = db.session.scalars(select(AuditLine)).one()
        assert line.facts == {"role": "evaluator"}

    @pytest.mark.parametrize(
        ("values", "error"),
        [
            ({"email": ""}, "Enter an email address"),
            ({"email": "kim"}, "like name@example.com"),
            ({"role": "emperor"}, "Choose a role"),
            ({"role": None}, "Choose a role"),
            ({"role": ["emperor", "delivery"]}, "Choose a role"),
        ],
    )
    def test_wrong_input_is_explained_and_gives_nothing(
        self, admin: PageClient, values: dict[str, str | None], error: str
    ) -> None:
        given = {"email": "kim@example.org", "role": "delivery", **values}
        page = admin.submit(admin.get("/admin"), given)
        assert len(page.errors) == 1
        assert error in page.errors[0]
        assert db.session.scalars(select(Person.email)).all() == ["ada@example.org"]

    def test_a_role_is_taken_away(self, admin: PageClient) -> None:
        make_person(Role.TRAINER, name="Kim Day")
        db.session.commit()
        page = admin.click(admin.get("/admin"), "Kim Day")
        page = admin.submit(page, button="Take away the role Trainer")
        assert "The role Trainer is taken away" in page.words
        assert "None: this person sees what every practitioner sees" in page.words
        assert verbs() == ["revoked_role"]

    def test_the_last_administrator_stays_and_is_told_why(self, admin: PageClient) -> None:
        page = admin.click(admin.get("/admin"), "Ada Min")
        page = admin.submit(page, button="Take away the role Administrator")
        assert page.page.title.startswith("Error: ")
        assert "This is the last administrator" in page.errors[0]
        held = select(RoleGrant.role).where(RoleGrant.revoked_at.is_(None))
        assert db.session.scalars(held).all() == [Role.ADMINISTRATOR]

    def test_people_with_roles_are_shown_in_pages_at_the_same_cost(self, admin: PageClient) -> None:
        for number in range(60):
            make_person(Role.TRAINER, Role.EVALUATOR, name=f"Person {number:02}")
        db.session.commit()
        first = admin.get("/admin")
        assert first.h1 == "Administration (page 1 of 3)"
        last = admin.get("/admin?page=3")
        assert "Person 59" in last.words
        assert admin.get("/admin?page=nonsense").h1 == first.h1

    def test_unknown_people_and_roles_are_not_found(self, admin: PageClient) -> None:
        token = admin.get("/admin").select("input", name="csrf_token")[0]["value"]
        assert admin.get("/admin/people/nobody").status_code == 404
        for address in (
            "/admin/people/nobody/roles/trainer/revoke",
            "/admin/people/nobody/sign-ins/end",
            "/admin/people/nobody/second-step/remove",
            "/admin/people/nobody/roles/emperor/revoke",
        ):
            assert admin.post(address, data={"csrf_token": token}).status_code == 404


class TestSignIns:
    def test_somebody_is_signed_out_everywhere_at_once(self, app: Flask, admin: PageClient) -> None:
        other = app.test_client()
        assert isinstance(other, PageClient)
        sign_in(other, make_person(Role.DELIVERY, name="Kim Day"))
        assert other.get("/profile").status_code == 200
        page = admin.click(admin.get("/admin"), "Kim Day")
        page = admin.submit(page, button="Sign them out everywhere")
        assert "1 sign-in has ended" in page.words
        assert other.get("/profile").status_code == 302
        assert "Not signed in anywhere" in page.words

    def test_a_lost_second_step_is_reset(self, admin: PageClient) -> None:
        person = make_person(Role.DELIVERY, name="Kim Day")
        db.session.add(Authenticator(person_id=person.id, nonce="x", confirmed_at=NOW, last_step=1))
        db.session.commit()
        page = admin.click(admin.get("/admin"), "Kim Day")
        page = admin.submit(page, button="Reset the second step")
        assert "The second step is reset" in page.words
        assert db.session.scalars(select(Authenticator)).all() == []
        assert verbs() == ["removed_second_step"]
        assert db.session.scalars(select(SignInSession)).all()


class TestOrganisations:
    def test_a_new_organisation_is_corrected_and_accepted(self, admin: PageClient) -> None:
        sector = make_sector("Sport")
        make_organisation(name="rovers", proposed_at=clock.real_now())
        db.session.commit()
        page = admin.click(admin.get("/admin"), "New organisations")
        page = admin.click(page, "Correct and accept rovers")
        assert page.page.one("input", name="name")["value"] == "rovers"
        page = admin.submit(
            page, {"name": "Ossett Rovers", "kind": "sports_club", "sector": sector.slug}
        )
        assert "Ossett Rovers is in the list" in page.words
        organisation = db.session.scalars(select(Organisation)).all()[-1]
        assert (organisation.name, organisation.proposed_at) == ("Ossett Rovers", None)

    def test_a_new_organisation_is_merged_with_a_known_one(self, admin: PageClient) -> None:
        known = make_organisation(name="Ossett Rovers Football Club")
        new = make_organisation(name="Ossett Rovers", proposed_at=clock.real_now())
        person = make_person(organisation=new)
        person_id, known_id, reference = person.id, known.id, known.reference
        db.session.commit()
        page = admin.click(
            admin.get("/admin/organisations"), "Merge Ossett Rovers with a known one"
        )
        page = admin.submit(page, {"into": reference})
        assert "Its people now belong to Ossett Rovers Football Club" in page.words
        assert db.session.get_one(Person, person_id).organisation_id == known_id

    def test_no_choice_and_an_invented_one_are_explained(self, admin: PageClient) -> None:
        make_organisation(name="Ossett Rovers Football Club")
        make_organisation(name="Ossett Rovers", proposed_at=clock.real_now())
        db.session.commit()
        page = admin.click(
            admin.get("/admin/organisations"), "Merge Ossett Rovers with a known one"
        )
        for into in (None, "invented"):
            page = admin.submit(page, {"into": into}, button="Merge")
            assert page.errors == ["Choose the organisation that it is the same as"]

    def test_nothing_alike_leads_to_another_search(self, admin: PageClient) -> None:
        new = make_organisation(name="Rovers", proposed_at=clock.real_now())
        make_organisation(name="Ossett FC")
        address = f"/admin/organisations/{new.reference}/merge"
        db.session.commit()
        assert "No organisation in the list has all these words" in admin.get(address).words
        assert "Ossett FC" in admin.get(f"{address}?q=ossett").words

    @pytest.mark.parametrize(
        ("values", "error"),
        [
            ({"name": ""}, "Enter the name of the organisation"),
            ({"name": "x" * 201}, "200 characters or fewer"),
            ({"kind": "x"}, "Choose what kind of organisation it is"),
            ({"sector": "x"}, "Choose a sector"),
        ],
    )
    def test_wrong_corrections_are_explained(
        self, admin: PageClient, values: dict[str, str], error: str
    ) -> None:
        new = make_organisation(name="Rovers", proposed_at=clock.real_now())
        address = f"/admin/organisations/{new.reference}"
        db.session.commit()
        page = admin.submit(admin.get(address), values)
        assert len(page.errors) == 1
        assert error in page.errors[0]

    def test_what_is_accepted_already_is_not_found(self, admin: PageClient) -> None:
        reference = make_organisation().reference
        db.session.commit()
        assert admin.get(f"/admin/organisations/{reference}").status_code == 404
        assert admin.get(f"/admin/organisations/{reference}/merge").status_code == 404


class TestTrail:
    def test_the_trail_is_read_newest_first_page_by_page(self, admin: PageClient) -> None:
        for number in range(60):
            audit.record("job", f"did_{number:02}", "event", "abc", now=NOW, count=number)
        db.session.commit()
        page = admin.get("/admin/trail")
        seen: list[str] = re.findall(r"did \d\d", page.words)
        while any(link.words == "Older" for link in page.select("a")):
            page = admin.click(page, "Older")
            seen += re.findall(r"did \d\d", page.words)
        assert seen == [f"did {number:02}" for number in reversed(range(60))]

    def test_it_can_be_narrowed_to_one_reference(self, admin: PageClient) -> None:
        audit.record("job", "closed", "event", "abc", now=NOW)
        audit.record("job", "opened", "event", "xyz", now=NOW)
        db.session.commit()
        words = admin.get("/admin/trail?about=abc").words
        assert "closed" in words
        assert "opened" not in words
        assert "Nothing about nowhere yet" in admin.get("/admin/trail?about=nowhere").words

    def test_people_are_named_by_their_name(self, admin: PageClient, administrator: Person) -> None:
        audit.record(administrator.reference, "closed", "event", "abc", now=NOW)
        db.session.commit()
        assert "Ada Min closed event abc" in admin.get("/admin/trail").words

    @pytest.mark.parametrize("before", ["-1", "x", "9" * 30, "", "1e9", "٣"])
    def test_a_nonsense_page_is_the_first(self, admin: PageClient, before: str) -> None:
        assert admin.get("/admin/trail", query_string={"before": before}).status_code == 200


class TestCommands:
    def test_the_first_administrator_comes_from_the_command_line(self, app: Flask) -> None:
        run = app.test_cli_runner().invoke
        result = run(args=["grant-role", "Ada@Example.org", "administrator"])
        assert result.output == "ada@example.org now has the role administrator\n"
        result = run(args=["grant-role", "ada@example.org", "administrator"])
        assert result.output == "ada@example.org already has the role administrator\n"
        person = db.session.scalars(select(Person)).one()
        assert person.roles == {Role.ADMINISTRATOR}

    @pytest.mark.parametrize("words", [["ada", "delivery"], ["ada@example.org", "emperor"]])
    def test_wrong_words_are_explained(self, app: Flask, words: list[str]) -> None:
        result = app.test_cli_runner().invoke(args=["grant-role", *words])
        assert result.exit_code == 2
        assert "like name@example.com" in result.output or "is not one of" in result.output
        assert db.session.scalars(select(Person)).all() == []

    def test_a_partnerships_file_is_loaded_and_what_to_confirm_is_said(self, app: Flask) -> None:
        result = app.test_cli_runner().invoke(
            args=["load-partnership", "partnerships/wakefield.toml"]
        )
        assert "Wakefield Safeguarding Children Partnership: 13 sectors" in result.output
        assert "The half terms of 2026/27 are examples" in result.output
        result = app.test_cli_runner().invoke(args=["load-partnership", "nowhere.toml"])
        assert result.exit_code == 2
        assert "cannot be read" in result.output
