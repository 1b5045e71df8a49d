"""Which bodies are establishments, how they are grouped, and who there is written to."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from app.accounts.models import OrganisationKind, PostKind
from app.forums import establishments as places
from app.forums.establishment_rules import PHASES, phase_of, phase_position, type_of
from app.kernel.db import db
from tests.support.factories import NOW, make_organisation, make_person
from tests.support.forums import make_lead, make_school

SCHOOL = OrganisationKind.SCHOOL


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("kind", "phase", "type_", "counted_in"),
    [
        (SCHOOL, "Primary", "Academies", "Primary"),
        (SCHOOL, "Middle deemed secondary", "Academies", "Secondary"),
        (SCHOOL, "Nursery", "Local authority maintained schools", "Early years"),
        (SCHOOL, "Not applicable", "Special schools", "Special schools"),
        (SCHOOL, "Special", "Special schools", "Special schools"),
        (SCHOOL, None, None, "Not known"),
        (SCHOOL, "16 plus", "Free Schools", "Colleges and 16 plus"),
        (OrganisationKind.COLLEGE, None, None, "Colleges and 16 plus"),
        (OrganisationKind.EARLY_YEARS, None, None, "Early years"),
    ],
)
def test_every_establishment_is_counted_in_one_phase(
    kind: OrganisationKind, phase: str | None, type_: str | None, counted_in: str
) -> None:
    assert phase_of(kind, phase, type_) == counted_in


@pytest.mark.one_database
def test_types_and_the_order_of_phases() -> None:
    assert type_of(SCHOOL, "Academies") == "Academies"
    assert type_of(OrganisationKind.COLLEGE, None) == "Colleges"
    mixed = ["Not known", "Special schools", "Secondary", "Primary"]
    in_order = ["Primary", "Secondary", "Special schools", "Not known"]
    assert sorted(mixed, key=phase_position) == in_order
    assert sorted(PHASES, key=phase_position) == list(PHASES)


def test_only_open_bodies_of_education_in_the_district_are_establishments(app: Flask) -> None:
    make_school("Ash Primary")
    make_school("Birch Primary", closed_on=date(2026, 9, 1))
    make_school("Cedar Primary", opened_on=date(2027, 1, 1))
    make_school("Dogwood, as typed", proposed_at=NOW)
    make_organisation(name="Elm Surgery")
    make_organisation(name="Fir Council", kind=OrganisationKind.OUT_OF_AREA)
    make_organisation(name="Gorse College", kind=OrganisationKind.COLLEGE)
    assert [one.name for one in places.establishments_on(date(2026, 8, 31))] == [
        "Ash Primary",
        "Birch Primary",
        "Gorse College",
    ]
    assert [one.name for one in places.establishments_on(date(2027, 1, 1))] == [
        "Ash Primary",
        "Cedar Primary",
        "Gorse College",
    ]


def test_each_address_is_written_to_once_and_a_mailbox_stands_in(app: Flask) -> None:
    ash, birch, cedar, dogwood = (make_school(f"{name} Primary") for name in "ABCD")
    cedar.contact_email = "office@cedar.example"
    both = make_lead(ash, email="both@example.org", name="Bo Both")
    make_lead(birch, person=both)
    make_lead(birch, PostKind.DEPUTY_DSL, email="deputy@example.org")
    make_lead(birch, PostKind.HEADTEACHER, email="head@example.org")
    make_lead(dogwood, email=None)
    gone = make_lead(ash, email="gone@example.org")
    gone.deactivated_at = NOW
    db.session.flush()
    written_to, unreached = places.addressees(places.establishments_on(date(2026, 9, 1)))
    assert {one.email: [place.name for place in one.establishments] for one in written_to} == {
        "both@example.org": ["A Primary", "B Primary"],
        "deputy@example.org": ["B Primary"],
        "office@cedar.example": ["C Primary"],
    }
    assert [place.name for place in unreached] == ["D Primary"]


def test_whoever_is_at_a_school_or_holds_a_post_there_is_in_education(app: Flask) -> None:
    ash = make_school("Ash Primary")
    governor = make_lead(ash, PostKind.SAFEGUARDING_GOVERNOR, make_person())
    assert places.is_in_education(make_person(organisation=ash, sector=ash.sector))
    assert places.is_in_education(governor)
    assert not places.is_in_education(make_person())
