"""A form that asked for the sector itself: its answers are of that sector, as our own are."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import func, select

from app.impact.disclosure import NOT_STATED, Audience
from app.impact.queries import evaluation_summary
from app.kernel.access import Role
from app.kernel.db import db
from app.partnership.models import Sector
from app.surveys import imports
from app.surveys.import_models import ImportRun
from app.surveys.import_rules import ImportKind, ImportOption, QuestionPlan
from app.surveys.import_sector_rules import (
    KnownSector,
    asks_for_sector,
    sector_meant,
    sector_of,
)
from app.surveys.import_versions import SECTION
from app.surveys.models import Evaluation, Question
from app.surveys.response_models import Response
from tests.support.answers import make_evaluation
from tests.support.factories import make_partnership, make_person
from tests.support.forms_files import excel, person
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in
from tests.surveys.test_import_views import confirm, preview

SECTORS = [
    KnownSector("education", "Education"),
    KnownSector("police", "Police"),
    KnownSector("voluntary-and-community", "Voluntary and Community Sector"),
    KnownSector("youth-justice", "Youth Justice"),
    KnownSector("other", "Other"),
]
QUESTIONS = ("Which sector do you work in?", "How would you rate the session overall?")


@pytest.mark.parametrize(
    ("label", "slug"),
    [
        ("Education", "education"),
        ("  POLICE ", "police"),
        ("School", "education"),
        ("West Yorkshire Police", "police"),
        ("VCSE", "voluntary-and-community"),
        ("Charity", "voluntary-and-community"),
        ("Youth Offending Team", "youth-justice"),
        ("Health", ""),  # not among these sectors
        ("Somewhere else", ""),
    ],
)
def test_the_sector_that_an_answer_means(label: str, slug: str) -> None:
    assert sector_meant(label, SECTORS) == slug


@pytest.mark.parametrize(
    ("words", "cells", "expected"),
    [
        pytest.param(QUESTIONS[0], ["Police", "Education", ""], True, id="both clear"),
        pytest.param("Your agency:", ["School", "Elsewhere"], True, id="half are clear"),
        pytest.param("Your agency:", ["School", "This", "That"], False, id="most are not"),
        pytest.param("Do police help?", ["Police", "Education"], False, id="other words"),
        pytest.param(QUESTIONS[0], ["", ""], False, id="nobody answered"),
    ],
)
def test_whether_a_question_asks_for_the_sector(
    words: str, cells: list[str], expected: bool
) -> None:
    assert asks_for_sector(words, cells, SECTORS) is expected


def test_an_answer_is_of_the_sector_that_staff_say() -> None:
    options = (ImportOption("School", sector="education"), ImportOption("Elsewhere"))
    plans = [QuestionPlan("Overall?", ImportKind.TEXT), QuestionPlan("S", ImportKind.SECTOR)]
    plans[1] = QuestionPlan("S", ImportKind.SECTOR, options=options)
    assert sector_of(plans, ["Good", "school "]) == "education"
    assert sector_of(plans, ["Good", "Elsewhere"]) == sector_of(plans, ["Good", ""]) == ""


@pytest.fixture
def evaluation(client: PageClient, now: datetime) -> Evaluation:
    make_partnership()
    for number, one in enumerate(SECTORS):
        db.session.add(Sector(slug=one.slug, name=one.name, position=number))
    made = make_evaluation(3)
    sign_in(client, make_person(Role.DELIVERY))
    return made


def file_of(last: str = "Somewhere else") -> bytes:
    rows = [
        person(number, "School" if number % 2 else "Police", "Good" if number % 3 else "Poor")
        for number in range(1, 41)
    ]
    return excel(QUESTIONS, [*rows, person(41, last, "Good")])


def by_sector() -> dict[str | None, int]:
    db.session.expire_all()
    found = select(Sector.slug, func.count(Response.id)).select_from(Response)
    found = found.outerjoin(Sector, Sector.id == Response.sector_id).group_by(Sector.slug)
    return {row[0]: row[1] for row in db.session.execute(found)}


def answered_by_sector(evaluation: Evaluation, now: datetime) -> dict[str, int]:
    found = evaluation_summary(evaluation.slug, audience=Audience.ELSEWHERE, now=now)
    assert found
    [measure] = found.measures
    return dict(measure.figures[0].door.answered_by_sector)


def test_imported_answers_have_the_sector_that_people_said(
    client: PageClient, evaluation: Evaluation, now: datetime
) -> None:
    address, values = preview(client, evaluation, file_of())
    assert values["q0-kind"] == ["sector"]
    chosen = [values[f"q0-{number}-sector"][0] for number in range(3)]
    assert chosen == ["education", "police", ""]
    confirm(client, address, values, now)
    assert by_sector() == {"education": 20, "police": 20, None: 1}
    asked = db.session.scalars(select(Question.words).where(Question.section == SECTION)).all()
    assert asked == [QUESTIONS[1]]  # whose answers they are is no answer
    assert answered_by_sector(evaluation, now) == {"Education": 20, "Police": 20, NOT_STATED: 1}
    # The same file again, with the sector of that one answer corrected; and that undone.
    address, values = preview(client, evaluation, file_of())
    assert values["q0-0-sector"] == ["education"]
    confirm(client, address, values | {"q0-2-sector": ["other"]}, now)
    assert by_sector() == {"education": 20, "police": 20, "other": 1}
    latest = db.session.scalars(select(ImportRun.reference).order_by(ImportRun.id.desc())).first()
    imports.undo_import(str(latest), actor=make_person(), now=now)
    db.session.commit()
    assert by_sector() == {"education": 20, "police": 20, None: 1}


def test_what_says_no_sector_or_a_second_one_is_refused(
    client: PageClient, evaluation: Evaluation
) -> None:
    address, values = preview(client, evaluation, file_of())
    none = {f"q0-{number}-sector": [""] for number in range(3)}
    page = client.post(address, data=values | none)
    assert page.errors == [f"“{QUESTIONS[0]}” needs an answer that says a sector"]
    page = client.post(address, data=values | {"q0-0-sector": ["nobody"]})
    assert page.errors == [f"Choose from the lists for “{QUESTIONS[0]}”"]
    page = client.post(address, data=values | {"q1-kind": ["sector"], "q1-measure": [""]})
    assert page.errors == [
        f"Only one question can say the sector: choose for “{QUESTIONS[1]}” again"
    ]
