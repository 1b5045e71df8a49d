"""The report of a priority: what was offered, whom it reached, what came of it, in one time."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.catalogue.models import Offer
from app.kernel.access import Role
from app.kernel.db import db
from app.partnership.models import Priority
from tests.impact.reports.test_spreadsheets import in_book, on_page
from tests.support.answers import add_responses, make_evaluation, wave_of
from tests.support.evidence import some_evidence
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.page_client import PageClient
from tests.support.reports import a_published_report
from tests.support.signing_in import sign_in

ADDRESS = "/impact/priority-reports/2022-25-3"
IN_YEAR = datetime(2024, 5, 14, 9, tzinfo=UTC)
LATER = datetime(2025, 5, 14, 9, tzinfo=UTC)


@pytest.fixture
def priority(client: PageClient) -> None:
    """Neglect in 2024-25: two sessions with 14 and 13 people, and one in the year after."""
    make_partnership()
    found = Priority(plan="2022-25", number=3, title="Neglect", is_adopted=True)
    offer = make_offer(title="Multi-Agency Neglect", priority=found)
    make_offer(title="Neglect masterclass", priority=found)
    make_offer(title="Safer sleep")
    sectors = [make_sector(), make_sector(), make_sector()]
    for month, people in ((5, 14), (9, 13)):
        event = make_event(offer, starts_at=IN_YEAR.replace(month=month))
        for number in range(people):
            sector = sectors[0] if number < 11 else sectors[1 + number % 2]
            make_attendance(make_booking(event, make_person(sector=sector, organisation=None)))
    evaluation = make_evaluation(0, 3, offers=[offer], open_link=True)
    after, later = wave_of(evaluation, 0), wave_of(evaluation, 3)
    add_responses(evaluation, [{"quality": "very_good"}] * 14, wave=after)
    add_responses(evaluation, [{"used": "yes"}] * 11 + [{"used": "no"}] * 3, wave=later)
    staff = make_person(Role.DELIVERY)
    a_published_report(evaluation, staff, now=IN_YEAR.replace(month=12))
    db.session.commit()
    sign_in(client, make_person(Role.EVALUATOR))


@pytest.mark.usefixtures("priority")
def test_a_year_says_what_was_offered_whom_it_reached_and_what_came_of_it(
    client: PageClient,
) -> None:
    page = client.get(f"{ADDRESS}?period=2024-25")
    assert page.h1 == "Neglect"
    assert "27 practitioners attended 2 sessions" in page.words
    offers = on_page(page)["Offers and their sessions"]
    assert offers[1:] == [
        ["Multi-Agency Neglect", "Course", "on offer", "2", "0", "27"],
        ["Neglect masterclass", "Course", "on offer", "0", "0", "0"],
    ]
    assert "Straight after, 100% (14 of 14) rated the learning good or very good." in page.text
    assert "3 months later, 79% (11 of 14) have used or accessed the learning." in page.text
    assert "What changed" in page.words


@pytest.mark.usefixtures("priority")
def test_small_sectors_stand_together_and_a_session_of_few_has_no_number(
    client: PageClient,
) -> None:
    page = client.get(f"{ADDRESS}?period=2024-25")
    assert "Who came, by sector" not in on_page(page)  # 22 and 5: the 5 could be worked out
    offer = make_offer(title="Small", priority=db.session.query(Priority).one())
    make_attendance(make_booking(make_event(offer, starts_at=IN_YEAR)))
    db.session.commit()
    small = on_page(client.get(f"{ADDRESS}?period=2024-25"))["Offers and their sessions"][-1]
    assert small == ["Small", "Course", "on offer", "1", "0", "fewer than 10"]


@pytest.mark.usefixtures("priority")
def test_a_quarter_without_a_session_is_empty_and_says_so(client: PageClient) -> None:
    page = client.get(f"{ADDRESS}?period=2024-25-q4")
    assert "Fewer than 10 people are on the registers of this time" in page.words
    assert "14 of 14" not in page.words
    assert "No session of this time has figures of 10 answers or more" in page.words
    assert client.get(f"{ADDRESS}?period=nonsense").status_code == 200
    assert client.get("/impact/priority-reports/2022-25-99").status_code == 404
    assert client.get("/impact/priority-reports/nonsense").status_code == 404


@pytest.mark.usefixtures("priority")
def test_excel_holds_the_tables_of_the_page(client: PageClient) -> None:
    page = client.get(f"{ADDRESS}?period=2024-25")
    book = in_book(client.get(f"{ADDRESS}/figures.xlsx?period=2024-25").data)
    assert book.pop("Reports published")[1:] == [["What changed", "14 December 2024"]]
    assert book == on_page(page)
    listed = client.get("/impact/priority-reports")
    assert "3. Neglect" in listed.words


@pytest.mark.usefixtures("priority")
def test_what_others_found_in_that_time_stands_in_it_with_its_source(client: PageClient) -> None:
    offer = db.session.scalars(select(Offer).where(Offer.title == "Multi-Agency Neglect")).one()
    found_on = {"from_on": date(2024, 6, 1), "until_on": date(2024, 6, 30)}
    some_evidence(offer, make_person(Role.DELIVERY), now=LATER, title="Found in June", **found_on)
    db.session.commit()
    assert "Found in June" in client.get(f"{ADDRESS}?period=2024-25").words
    book = in_book(client.get(f"{ADDRESS}/figures.xlsx?period=2024-25").data)
    assert book["Evidence"][1][0] == "Found in June"
    other = client.get(f"{ADDRESS}?period=2025-26").words
    assert "Nothing others counted or found is recorded for this time" in other
