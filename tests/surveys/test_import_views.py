"""The pages that bring answers in: a file, its questions, what came of it, undoing."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from sqlalchemy import func, select

from app.kernel.access import Role
from app.kernel.db import db
from app.surveys import imports
from app.surveys.import_models import ImportDraft, ImportRun
from app.surveys.models import Evaluation
from app.surveys.response_models import Response
from tests.support.answers import make_evaluation
from tests.support.factories import make_partnership, make_person
from tests.support.forms_files import TOOLKIT_QUESTIONS, excel, person, toolkit_answers
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in

ADDRESS = "/manage/surveys/import"


@pytest.fixture
def evaluation(client: PageClient, now: datetime) -> Evaluation:
    make_partnership()
    made = make_evaluation(3)
    sign_in(client, make_person(Role.DELIVERY, name="Dee Park"))
    return made


def upload(
    client: PageClient, evaluation: Evaluation, content: bytes, name: str = "Toolkit.xlsx"
) -> PageResponse:
    page = client.get(f"{ADDRESS}?evaluation={evaluation.slug}")
    assert page.status_code == 200, (page.status_code, page.location)
    form = page.page.form(names=set(), button="Read the file")
    data = {**form.values, "months": "3", "file": (io.BytesIO(content), name)}
    return client.post(ADDRESS, data=data, content_type="multipart/form-data")


def preview(
    client: PageClient, evaluation: Evaluation, content: bytes
) -> tuple[str, dict[str, list[str]]]:
    answer = upload(client, evaluation, content)
    assert answer.status_code == 302, answer.errors
    address = answer.headers["Location"]
    form = client.get(address).page.form(names={"q0-kind"}, button=None)
    return address, form.values


def confirm(
    client: PageClient, address: str, values: dict[str, list[str]], now: datetime
) -> PageResponse:
    """Confirm the questions, let the worker import, and look at the page that comes then."""
    answer = client.post(address, data=values)
    assert answer.status_code == 302, answer.errors
    assert client.get(address).page.h1 == "Your file is being imported"
    for reference in imports.files_to_import(now=now):
        imports.import_file(reference, now=now)
    db.session.commit()
    return client.follow(client.get(address))


def toolkit(count: int) -> bytes:
    return excel(TOOLKIT_QUESTIONS, toolkit_answers(count))


def test_a_file_is_chosen_confirmed_and_brought_in(
    client: PageClient, evaluation: Evaluation, now: datetime
) -> None:
    address, values = preview(client, evaluation, toolkit(40))
    page = client.get(address)
    assert "40 people, 6 questions" in page.page.words
    assert "There are no names in it" in page.page.words
    shown = [values[f"q{number}-measure"][0] for number in range(6)]
    assert shown == ["awareness", "use", "knowledge", "recommend", "changes", ""]
    done = confirm(client, address, values, now)
    assert done.page.h1 == "Imported answers"
    assert "by Dee Park" in done.page.words
    for shown_at in (f"/manage/evaluations/{evaluation.slug}", *figures_of(evaluation)):
        words = client.get(shown_at).page.words
        assert "40 answers imported from a Microsoft Forms file, 10 November 2026" in words


def figures_of(evaluation: Evaluation) -> list[str]:
    return [f"/impact/evaluations/{evaluation.slug}"]


def test_what_is_corrected_is_what_is_imported_and_suggested_next_time(
    client: PageClient, evaluation: Evaluation, now: datetime
) -> None:
    question = ("How was it?",)
    rows = [person(number, "Good" if number % 2 else "Fair") for number in range(1, 13)]
    address, values = preview(client, evaluation, excel(question, rows))
    changed = {**values, "q0-measure": ["relevance"]}
    again = client.post(address, data=changed)
    assert again.errors == [
        "Look at the answers to “How was it?” again: say which count, and their order"
    ]
    form = again.page.form(names={"q0-kind"}, button=None)
    assert form.values["q0-0-use"] == ["counts"]
    sent = {**form.values, "q0-0-place": ["2"], "q0-1-place": ["1"], "q0-1-use": ["outside"]}
    confirm(client, address, sent, now)
    _, values = preview(client, evaluation, excel(question, [*rows, person(13, "Poor")]))
    assert values["q0-measure"] == ["relevance"]
    assert [values[f"q0-{place}-use"] for place in range(3)] == [["outside"], ["counts"], ["other"]]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"q2-kind": ["yes_no"], "q2-measure": [""]}, "which is not yes or no"),
        ({"q5-kind": ["score"]}, "which is not a score"),
        ({"q2-measure": ["use"]}, "cannot be answered like this"),
        ({"q1-0-place": ["first"]}, "Number the answers"),
        ({"q1-0-use": ["always"]}, "Choose from the lists"),
        ({"q0-kind": ["poem"]}, "Choose from the lists"),
        ({f"q1-{place}-use": ["other"] for place in range(5)}, "needs an answer that counts"),
        ({f"q{number}-kind": ["skip"] for number in range(6)}
         | {f"q{number}-measure": [""] for number in range(6)}, "at least one question"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_keeps_what_was_chosen(
    client: PageClient, evaluation: Evaluation, changes: dict[str, list[str]], error: str
) -> None:
    address, values = preview(client, evaluation, toolkit(20))
    answer = client.post(address, data={**values, **changes})
    assert answer.status_code == 200
    assert any(error in words for words in answer.errors), answer.errors
    assert db.session.scalar(select(func.count(Response.id))) == 0


def test_a_file_that_is_none_is_refused_beside_the_field(
    client: PageClient, evaluation: Evaluation
) -> None:
    answer = upload(client, evaluation, b"Town,Number\r\nOssett,3\r\n", "towns.csv")
    assert len(answer.errors) == 1
    assert answer.errors[0].startswith("This is not a file of answers from Microsoft Forms")
    assert db.session.scalar(select(func.count()).select_from(ImportDraft)) == 0


def test_an_import_is_undone_after_asking(
    client: PageClient, evaluation: Evaluation, now: datetime
) -> None:
    address, values = preview(client, evaluation, toolkit(20))
    shown = confirm(client, address, values, now).request.path
    asking = client.get(f"{shown}/undo")
    assert "20 answers from Toolkit.xlsx will be taken out" in asking.page.words
    form = asking.page.form(names=set(), button="Undo the import")
    assert client.post(f"{shown}/undo", data=form.values).status_code == 302
    assert "This import was undone" in client.get(shown).page.words
    assert db.session.scalar(select(func.count(Response.id))) == 0
    assert client.post(f"{shown}/undo", data=form.values).errors == [
        "This import has been undone already"
    ]
    assert "Undone" in client.get(ADDRESS).page.words


def test_the_same_file_twice_is_taken_in_once(
    client: PageClient, evaluation: Evaluation, now: datetime
) -> None:
    for _ in range(2):
        address, values = preview(client, evaluation, toolkit(20))
        confirm(client, address, values, now)
    assert db.session.scalar(select(func.count(Response.id))) == 20
    found = db.session.scalars(select(ImportRun).order_by(ImportRun.id)).all()
    assert [(run.new_count, run.unchanged_count) for run in found] == [(20, 0), (0, 20)]


def test_why_a_file_could_not_be_imported_stands_above_its_questions(
    client: PageClient, evaluation: Evaluation, now: datetime
) -> None:
    address, values = preview(client, evaluation, toolkit(20))
    confirm(client, address, values, now)
    other = make_evaluation(3)
    db.session.commit()
    address, values = preview(client, other, toolkit(20))
    refused = confirm(client, address, values, now)
    assert refused.page.h1 == "Confirm what each question is"
    assert "Answers of this file are imported already" in refused.errors[0]
