"""Files hold what the page shows: read back, they are its tables, and nothing else is in them."""

from __future__ import annotations

import csv
import io
import zipfile
from itertools import groupby
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from app.impact.reports.spreadsheets import as_csv, as_excel
from app.kernel.access import Role
from app.kernel.db import db
from app.surveys.models import Evaluation, Question, Questionnaire, QuestionnaireVersion
from tests.support.answers import add_responses, make_evaluation, wave_of
from tests.support.factories import (
    NOW,
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in

Tables = dict[str, list[list[str]]]
EXAMPLE = "Example data: people and answers are invented"


def an_evaluation() -> Evaluation:
    """Two waves, sectors of which one is small, a question that only seven answered."""
    make_partnership()
    offer = make_offer(title="Multi-Agency Neglect")
    evaluation = make_evaluation(0, 3, offers=[offer], subject_words="the toolkit")
    event = make_event(offer)
    after = {"quality": "very_good", "knowledge_before": 4, "knowledge": 7, "skills": "slightly"}
    for name, people in (("Health", 14), ("Police", 12), ("Housing", 3)):
        sector = make_sector(name)
        for _ in range(people):
            person = make_person(sector=sector, organisation=None, name="Quiet Person")
            make_attendance(make_booking(event, person))
        add_responses(evaluation, [after] * people, wave=wave_of(evaluation, 0), sector=sector)
    used = [{"used": "yes", "frequency": "rarely"}] * 7 + [{"used": "no"}] * 13
    add_responses(evaluation, used, wave=wave_of(evaluation, 3))
    return evaluation


def on_page(page: PageResponse) -> Tables:
    """The tables of a page by their titles."""
    found = {}
    for table in page.select("table"):
        rows = [
            [cell.words for cell in row.everything if cell.tag in {"th", "td"}]
            for row in table.select("tr")
        ]
        found[table.select("caption")[0].words] = rows
    return found


def shown(cell: Any) -> str:
    """A cell as Excel shows it."""
    value, how = cell.value, cell.number_format
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if how.endswith("%"):
        return f"{100 * value:.1f}%" if "." in how else f"{100 * value:.0f}%"
    if how.startswith("+"):
        return f"{value:+.1f}" if value else "0.0"
    return f"{value:.1f}" if how == "0.0" else f"{value:,}"


def in_book(content: bytes, *, above: int = 1) -> Tables:
    """The tables of an Excel file by their titles, without the sheet about the method."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    found: Tables = {}
    for sheet in book.worksheets:
        assert sheet.sheet_state == "visible"
        assert sheet.freeze_panes
        assert not any(d.hidden for d in sheet.column_dimensions.values())
        assert not any(d.hidden for d in sheet.row_dimensions.values())
        if sheet is book.worksheets[0]:
            continue
        lines = [[shown(cell) for cell in row] for row in sheet.iter_rows()]
        for is_empty, own in groupby(lines, lambda line: not any(line)):
            if is_empty:
                continue
            rows = list(own)
            width = max(place for place, words in enumerate(rows[above], start=1) if words)
            table = [row[:width] for row in rows[above:]]
            if not any(table[-1][1:]) and width > 1:
                table.pop()  # the note
            found[rows[0][0]] = table
    return found


def in_csv(text: str) -> Tables:
    """The tables of a CSV file by their titles."""
    blocks: list[list[list[str]]] = [[]]
    for line in csv.reader(io.StringIO(text.removeprefix("\ufeff"))):
        if line:
            blocks[-1].append(line)
        else:
            blocks.append([])
    found = {}
    for block in blocks[1:]:
        rows = block[1:]
        if len(rows) > 1 and len(rows[-1]) == 1 < len(rows[0]):
            rows.pop()
        found[block[0][0]] = rows
    return found


@pytest.fixture
def read(client: PageClient) -> dict[str, PageResponse]:
    """The page of figures and its files, as an evaluator gets them."""
    evaluation = an_evaluation()
    sign_in(client, make_person(Role.EVALUATOR))
    address = f"/impact/evaluations/{evaluation.slug}"
    names = ("figures", "figures.xlsx", "figures.csv", "codebook.csv")
    return {name: client.get(f"{address}/{name}") for name in names}


def test_excel_and_csv_read_back_are_the_tables_of_the_page(
    read: dict[str, PageResponse],
) -> None:
    page = on_page(read["figures"])
    assert len(page) > 8
    book, sheet = in_book(read["figures.xlsx"].data), in_csv(read["figures.csv"].text)
    for found in (book, sheet):
        assert found.pop("Codebook")
        assert found == page


def test_the_codebook_names_every_question_with_its_measure_and_base(
    read: dict[str, PageResponse],
) -> None:
    rows = list(csv.reader(io.StringIO(read["codebook.csv"].text.removeprefix("\ufeff"))))
    assert rows == in_book(read["figures.xlsx"].data)["Codebook"]
    lines = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    asked = {line["Question key"] for line in lines}
    assert asked == _keys_asked("after", "impact")
    often = [line for line in lines if line["Question key"] == "frequency"]
    assert often[0] | {"Question": ""} == {
        "When asked": "3 months later",
        "Questionnaire": "Months later",
        "Version": "1",
        "Question key": "frequency",
        "Question": "",
        "Kind": "single",
        "Asked of": "those who answered used = yes",
        "Answer key": "very_frequently",
        "Answer": "Very frequently",
        "Counts in the share": "yes",
        "In the base": "yes",
        "Measure": "use",
        "What the share says": "use it at least occasionally",
        "How it is counted": "share of the base whose answer counts",
    }
    assert often[-1]["In the base"] == "no, left out"
    assert "{subject}" not in read["codebook.csv"].text


def test_nothing_withheld_is_anywhere_in_a_file(read: dict[str, PageResponse]) -> None:
    with zipfile.ZipFile(io.BytesIO(read["figures.xlsx"].data)) as archive:
        inside = " ".join(archive.read(name).decode() for name in archive.namelist())
    for text in (inside, read["figures.csv"].text, read["figures"].text):
        assert "Use it at least" not in text
        assert "Use the toolkit at least" not in text  # 7 answered
        assert "Quiet Person" not in text
    tables = in_book(read["figures.xlsx"].data)
    lines = tables["Who came, by sector"][1:]
    assert [people for _, people in lines] == ["14", "15"]
    assert "Police" in lines[1][0]
    assert "Housing" in lines[1][0]


def test_files_say_how_figures_were_made_and_that_an_example_is_one(
    client: PageClient, read: dict[str, PageResponse]
) -> None:
    method = openpyxl.load_workbook(io.BytesIO(read["figures.xlsx"].data))["Method"]
    words = [[cell.value for cell in row if cell.value] for row in method.iter_rows()]
    names = {line[0] for line in words if line}
    assert {"Made by", "Figures of", "Bases", "Small groups", "Limit"} <= names
    client.application.config["EXAMPLE"] = True
    address = read["figures"].request.path
    for name in (".csv", ".xlsx"):
        content = client.get(address + name).data
        if name == ".csv":
            assert EXAMPLE in content.decode()
            continue
        for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets:
            assert str(sheet["A2"].value).startswith(EXAMPLE), sheet.title
    client.application.config["EXAMPLE"] = False


def test_what_looks_like_a_formula_is_text() -> None:
    hostile = ['=HYPERLINK("https://evil.example")', "+1+1", "-1+1", "@SUM(A1)", "\t=1", "a\x0bb"]
    table = {"title": "=1+1", "columns": ["", *hostile], "rows": [["x", *hostile]], "note": "=2"}
    content = as_excel("=0", [("=1", "=2")], [table], example="", made_at=NOW)  # type: ignore[list-item]
    for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets:
        for row in sheet.iter_rows():
            assert {cell.data_type for cell in row} <= {"s", "n", "inlineStr"}
            assert not any(cell.data_type == "f" for cell in row)
    text = as_csv([], [table])  # type: ignore[list-item]
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_sheets_have_names_that_excel_takes() -> None:
    table = {"columns": ["", "Of"], "rows": [["All", "1,234"]], "note": ""}
    titles = ["a/b: [c]?*'" + "x" * 40, "a b c" + "x" * 50, "Method", "", "'"]
    tables = [{**table, "title": title} for title in titles]
    content = as_excel("All", [], tables, example="", made_at=NOW)  # type: ignore[arg-type]
    names = openpyxl.load_workbook(io.BytesIO(content)).sheetnames
    assert len({name.lower() for name in names}) == 6
    assert all(len(name) <= 31 and not set(name) & set("\\/*?:[]'") for name in names)


def test_a_book_has_one_sheet_for_each_figure_and_leads_to_every_table_by_its_full_name(
    read: dict[str, PageResponse],
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(read["figures.xlsx"].data))
    titles = list(in_csv(read["figures.csv"].text))
    links = [row[0] for row in book["Method"].iter_rows() if row[0].hyperlink]
    assert [cell.value for cell in links] == titles
    for cell in links:
        assert cell.hyperlink
        assert cell.hyperlink.location
        sheet, _, place = cell.hyperlink.location.rpartition("!")
        assert book[sheet.strip("'")][place].value == cell.value
    assert len(book.worksheets) - 1 == len({title.partition(": ")[0] for title in titles})
    assert len(book.worksheets) < len(titles)


def test_a_published_report_gives_its_own_frozen_tables(client: PageClient) -> None:
    evaluation = an_evaluation()
    sign_in(client, make_person(Role.DELIVERY))
    begin = client.get(f"/impact/reports/new/{evaluation.slug}")
    slug = client.post_form(begin, {"summary": "What people say."}).location.rpartition("/")[2]
    client.post_form(client.get(f"/impact/reports/{slug}/publish"), button="Freeze and publish")
    page = on_page(client.get(f"/evaluation-reports/{slug}"))
    add_responses(db.session.merge(evaluation), [{"quality": "poor"}] * 30, wave=_first(evaluation))
    db.session.commit()
    address = f"/evaluation-reports/{slug}/versions/1/figures"
    book, sheet = (
        in_book(client.get(f"{address}.xlsx").data),
        in_csv(client.get(f"{address}.csv").text),
    )
    for found in (book, sheet):
        assert found.pop("Codebook")
        assert found == page
    again = client.get(f"{address}.csv")
    tag = {"If-None-Match": again.headers["ETag"]}
    assert client.get(f"{address}.csv", headers=tag).status_code == 304


def _first(evaluation: Evaluation) -> Any:
    return wave_of(db.session.merge(evaluation), 0)


def _keys_asked(*slugs: str) -> set[str]:
    found = (
        select(Question.key)
        .join(QuestionnaireVersion, QuestionnaireVersion.id == Question.version_id)
        .join(Questionnaire, Questionnaire.id == QuestionnaireVersion.questionnaire_id)
        .where(Questionnaire.slug.in_(slugs))
    )
    return set(db.session.scalars(found))
