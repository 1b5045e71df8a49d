"""The pages and files of a report: choosing a time, reading without scripts, safe spreadsheets."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest

from app.accounts.models import Organisation, OrganisationKind
from app.bookings.models import AttendanceOutcome, BookingState
from app.home.report import tables
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from tests.impact.reports.test_spreadsheets import in_book, on_page
from tests.support.answers import add_responses, make_evaluation, wave_of
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

HOSTILE = '=HYPERLINK("http://evil.example","Neglect")'
QUARTER = "2026-27-q2"


@pytest.fixture
def programme(client: PageClient) -> None:
    """A session in the quarter with hostile names, answers, somebody absent, somebody waiting."""
    make_partnership()
    held_at = clock.now().replace(month=9, day=15, hour=9, year=2026)
    offer = make_offer(title=HOSTILE, provider="+49 charity")
    body = make_organisation(make_sector("@Health"), name="-2+3 surgery", contact_email=None)
    for number in range(5):
        club = make_organisation(
            body.sector, kind=OrganisationKind.SPORTS_CLUB, name=f"=Club{number}"
        )
        club.contact_email = f"club{number}@example.org"
    event = make_event(offer, starts_at=held_at)
    for number in range(12):
        person = make_person(organisation=body, sector=body.sector)
        outcome = AttendanceOutcome.DID_NOT_ATTEND if number > 9 else AttendanceOutcome.ATTENDED
        make_attendance(make_booking(event, person), outcome)
    make_booking(event, state=BookingState.WAITING)
    evaluation = make_evaluation(0, offers=[offer], title="=1+1")
    forms = [{"quality": "very_good"}] * 14
    add_responses(evaluation, forms, wave=wave_of(evaluation, 0), event=event)
    few = make_evaluation(0, offers=[offer], title="Few")
    add_responses(few, [{"quality": "poor"}] * 9, wave=wave_of(few, 0), event=event)
    db.session.commit()
    sign_in(client, make_person(Role.DELIVERY))


@pytest.mark.usefixtures("programme")
def test_a_quarter_on_its_page_with_charts_and_tables(client: PageClient) -> None:
    page = client.get(f"/manage/report?period={QUARTER}")
    assert page.h1 == "Report of a period"
    found = {row[0]: row for row in on_page(page)["Against the time before"]}
    assert found["People who came"][2:] == ["10", "0", "+10"]
    assert found["Attendance rate"][2] == "83% (10 of 12)"
    assert found["Did not attend"][2] == "2"
    assert found["Waiting when it began"][2] == "1"
    assert HOSTILE in page.words
    assert len(page.select("svg")) > 2
    assert all(svg.select("title") for svg in page.select("svg"))
    approach = on_page(page)["To approach"]
    assert approach[1][:2] == ["=Club0", "Sports club"]
    assert approach[1][3] == "club0@example.org"


@pytest.mark.usefixtures("programme")
def test_no_group_of_fewer_than_ten_answers_is_on_any_page_or_in_any_file(
    client: PageClient,
) -> None:
    for address in ("", "/print", "/tables.csv"):
        text = client.get(f"/manage/report{address}?period={QUARTER}").text
        assert "100%" in text
        assert "of 9" not in text
        assert "of 23" not in text  # nine and fourteen together would tell of the nine


@pytest.mark.usefixtures("programme")
def test_the_book_has_contents_a_sheet_for_each_table_and_no_formula(client: PageClient) -> None:
    content = client.get(f"/manage/report/tables.xlsx?period={QUARTER}").data
    book = openpyxl.load_workbook(io.BytesIO(content))
    contents = book["Contents"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell for cell in cells if cell.data_type == "f"] == []
    assert {HOSTILE, "=Club0", "-2+3 surgery", "+49 charity"} <= {cell.value for cell in cells}
    leads_to = [row[0].hyperlink.location for row in contents.iter_rows() if row[0].hyperlink]
    named = [name for name in book.sheetnames if name != "Contents"]
    assert leads_to == [f"'{name}'!A1" for name in named]
    assert named[0] == "Against the time before"
    assert named[-1] == "How figures are counted"
    page = on_page(client.get(f"/manage/report?period={QUARTER}"))
    shown = in_book(content)
    for title in ("Learning offers", "By provider", "By priority", "Reach", "What people say"):
        assert shown[title][:2] == page[title][:2]


@pytest.mark.usefixtures("programme")
def test_the_csv_marks_what_could_be_a_formula_as_text(client: PageClient) -> None:
    answer = client.get(f"/manage/report/tables.csv?period={QUARTER}")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    cells = {cell for row in rows for cell in row}
    assert f"'{HOSTILE}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]


@pytest.mark.usefixtures("programme")
def test_the_pages_for_the_strategic_group_say_what_and_so_what(client: PageClient) -> None:
    page = client.get(f"/manage/report/print?period={QUARTER}")
    assert (
        "Wakefield Safeguarding Children Partnership: report to the Strategic Group" in page.words
    )
    assert "1 session of 1 offer was held. 10 people came, 10 attendances in all." in page.words
    assert "The attendance rate was 83% (10 of 12)." in page.words
    assert "2 booked places were missed or given up late, while 1 person still waited" in page.words
    assert "100% (14 of 14) rated it good or very good, straight after." in page.words


@pytest.mark.parametrize(
    ("asked", "errors"),
    [
        ("first_on=1 April 2026", ["Enter the last day"]),
        ("first_on=&last_on=1 May 2026", ["Enter the first day"]),
        ("first_on=31 April 2026&last_on=1 May 2026", ["From must be a real date"]),
        (
            "first_on=2 May 2026&last_on=1 May 2026",
            ["The last day must not be before the first day"],
        ),
        ("first_on=1 May 2020&last_on=1 May 2026", ["Choose at most three years"]),
        ("period=2024-26", ["Choose from the list: quarter or year"]),
    ],
)
@pytest.mark.usefixtures("programme")
@pytest.mark.one_database
def test_days_that_cannot_be_are_told_and_kept(
    client: PageClient, asked: str, errors: list[str]
) -> None:
    page = client.get(f"/manage/report?{asked}")
    assert page.errors == errors
    assert not page.select("table")
    for pair in asked.split("&"):
        name, value = pair.split("=")
        if name != "period":
            assert page.select("input", name=name)[0].attributes.get("value", "") == value


@pytest.mark.usefixtures("programme")
def test_any_days_are_a_report_with_an_address(client: PageClient) -> None:
    page = client.get("/manage/report?first_on=1+September+2026&last_on=30+September+2026")
    assert page.errors == []
    assert "1 September 2026 to 30 September 2026" in page.words
    assert "Before is 2 August 2026 to 31 August 2026." in page.words
    again = client.click(page, "Pages for the Strategic Group")
    assert "1 September 2026 to 30 September 2026. Made on" in again.words
    back = client.click(again, "Report of a period")
    assert "1 September 2026 to 30 September 2026" in back.words
    assert "Quarter" in client.get("/manage/report/print").words
    for address in ("print", "tables.xlsx", "tables.csv"):
        assert client.get(f"/manage/report/{address}?period=nonsense").status_code == 404


@pytest.mark.one_database
def test_an_evaluator_reads_an_empty_report_and_is_led_back_to_impact(client: PageClient) -> None:
    make_partnership()
    sign_in(client, make_person(Role.EVALUATOR))
    page = client.get("/manage/report?period=2024-25")
    assert "There was no session in this time." in page.words
    assert page.page.link("Impact") == "/impact"
    assert "Report of a period" in client.get("/impact").words
    assert db.session.query(Organisation).count() > 0
    assert tables.definitions()["rows"][0][0] == "Sessions held"
