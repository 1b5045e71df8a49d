from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.attendance.models import Closing
from app.catalogue.models import EventState, OfferKind, OfferState
from app.home.desk_lines import DESK_WORDS
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.london import add_months, london_date
from app.outbox.models import MessageState
from app.surveys.operations import ensure_default_evaluations
from app.surveys.questionnaires import load_standard_questionnaires
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_learning_elsewhere,
    make_offer,
    make_organisation,
    make_outbox_message,
    make_partnership,
    make_person,
    make_refresher,
)
from tests.support.needs import some_action, some_need
from tests.support.page import Element
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in
from tests.support.surveys import round_of_work


@pytest.fixture
def desk(client: PageClient, now: datetime) -> PageClient:
    make_partnership()
    sign_in(client, make_person(Role.DELIVERY))
    return client


def links_under(page: PageResponse, title: str) -> list[str]:
    """Where the lines of one list of the desk lead to."""
    found: list[str] = []
    under = False
    for element in page.page.one("main").everything:
        if element.tag == "h2":
            under = element.words.startswith(title)
        if under and _is_line(element):
            found.append(element["href"])
    return found


def _is_line(element: Element) -> bool:
    return element.tag == "a" and element.parent is not None and element.parent.tag == "h3"


def test_the_front_page_leads_to_the_next_dates_and_every_kind(
    client: PageClient, now: datetime
) -> None:
    make_partnership()
    for days in range(9):
        make_event(starts_at=now + timedelta(days=days, hours=1), reference=f"in{days}")
    make_event(starts_at=now + timedelta(hours=2), booking_closes_at=now - timedelta(hours=1))
    make_offer(kind=OfferKind.RESOURCE)
    db.session.commit()

    page = client.get("/")

    rows = [row.one("h3").one("a")["href"] for row in page.select("li", class_="event-row")]
    assert rows == [f"/events/in{days}" for days in range(6)]
    assert page.page.link("Courses") == "/learning?kind=course"
    assert page.page.link("Resources") == "/learning?kind=resource"
    assert (
        page.page.link("Follow the programme in my calendar") == "webcal://localhost/calendar.ics"
    )


def test_the_front_page_without_dates_leads_on(client: PageClient, now: datetime) -> None:
    make_partnership()
    db.session.commit()

    assert "There are no dates to book at the moment." in client.get("/").words


@pytest.mark.parametrize(
    ("months_ago", "is_booked", "says"),
    [
        pytest.param(22, False, "due again by 10 January 2027", id="soon"),
        pytest.param(30, False, "due again by 10 May 2026", id="overdue"),
        pytest.param(6, False, "", id="up to date"),
        pytest.param(22, True, "", id="soon, and booked"),
    ],
)
def test_the_front_page_tells_whoever_is_signed_in_what_to_renew(
    client: PageClient, now: datetime, months_ago: int, is_booked: bool, says: str
) -> None:
    make_partnership()
    refresher = make_refresher(name="Lead training")
    event = make_event(make_offer(title="Training for leads", refresher=refresher))
    person = make_person()
    done_on = add_months(now.date(), -months_ago)
    make_learning_elsewhere(person, learned_on=done_on, refresher_id=refresher.id)
    if is_booked:
        make_booking(event, person)
    sign_in(client, person)

    note = " ".join(one.words for one in client.get("/").select("div", class_="note"))

    assert (f"Lead training: {says}" in note) if says else note == ""
    assert ("Next session you can book: Training for leads" in note) is bool(says)


def test_the_desk_says_when_there_is_nothing_to_do(desk: PageClient) -> None:
    page = desk.get("/manage")

    assert page.h1 == "Manage"
    assert "No session in the next seven days." in page.words
    assert "Every register of the last half year is taken." in page.words
    assert all(words.when_empty in page.words for words in DESK_WORDS.values())


def test_the_desk_shows_what_needs_somebody(desk: PageClient, now: datetime) -> None:
    with transaction():
        make_event(starts_at=now + timedelta(hours=3), reference="today")
        make_event(starts_at=now + timedelta(days=8), reference="next-week")
        untaken = make_event(starts_at=now - timedelta(days=2), reference="untaken")
        make_booking(untaken)
        taken = make_event(starts_at=now - timedelta(days=3), reference="taken")
        make_attendance(make_booking(taken))
        make_event(starts_at=now - timedelta(days=4), reference="nobody-came")
        make_event(
            starts_at=now + timedelta(days=20),
            reference="waiting",
            capacity=2,
            places_taken=2,
            waiting_count=3,
        )
        make_event(reference="draft", state=EventState.DRAFT, published_at=None)
        make_offer(slug="idea", state=OfferState.IN_DEVELOPMENT, published_at=None)

    page = desk.get("/manage")

    assert links_under(page, "The next 7 days") == ["/manage/events/today"]
    assert links_under(page, "Registers to take") == ["/manage/events/untaken/register"]
    assert links_under(page, "People waiting") == ["/manage/events/waiting/bookings?show=waiting"]
    assert links_under(page, "Draft sessions") == ["/manage/events/draft"]
    assert links_under(page, "Offers in development") == ["/manage/offers/idea"]
    assert "2 of 2 taken, 3 waiting" in page.words


@pytest.mark.parametrize(
    ("days", "facts", "says"),
    [
        pytest.param(13, {"capacity": 20, "places_taken": 9}, "9 of 20 booked", id="half-empty"),
        pytest.param(13, {"capacity": 20, "places_taken": 10}, "", id="half-full"),
        pytest.param(15, {"capacity": 20, "places_taken": 2}, "", id="there-is-time"),
        pytest.param(27, {"minimum": 8, "places_taken": 7}, "7 booked, needs 8", id="under"),
        pytest.param(27, {"minimum": 8, "places_taken": 8}, "", id="enough"),
        pytest.param(29, {"minimum": 8, "places_taken": 0}, "", id="far-off"),
        pytest.param(5, {"capacity": None, "places_taken": 0}, "", id="open-to-all"),
        pytest.param(
            5, {"capacity": 20, "booking_url": "https://x.example"}, "", id="booked-elsewhere"
        ),
    ],
)
def test_sessions_that_need_people_stand_on_the_desk_while_something_can_be_done(
    desk: PageClient, now: datetime, days: int, facts: dict[str, Any], says: str
) -> None:
    with transaction():
        make_event(starts_at=now + timedelta(days=days), reference="slow", **facts)

    page = desk.get("/manage")

    assert links_under(page, "Filling slowly") == (["/manage/events/slow"] if says else [])
    assert says in page.words


def test_a_session_is_to_be_closed_once_its_register_is_taken(
    desk: PageClient, now: datetime
) -> None:
    with transaction():
        over = make_event(starts_at=now - timedelta(days=2), reference="over")
        make_attendance(make_booking(over))
        old = make_event(starts_at=now - timedelta(days=40), reference="old")
        make_attendance(make_booking(old))

    assert links_under(desk.get("/manage"), "Sessions to close") == ["/manage/events/over/close"]

    with transaction():
        db.session.add(Closing(event_id=over.id, closed_at=now, closed_by_id=make_person().id))

    assert links_under(desk.get("/manage"), "Sessions to close") == []


def test_mail_in_trouble_needs_and_late_actions_stand_on_the_desk(
    desk: PageClient, now: datetime
) -> None:
    with transaction():
        make_outbox_message(
            state=MessageState.FAILED, queued_at=now, to_name="Ana Diaz", person_reference="ana"
        )
        make_outbox_message(queued_at=now, to_name="Ben Ode")
        chair = make_person(Role.EVALUATOR)
        need = some_need(chair, now=now)
        due = london_date(now)
        late = some_action(chair, now=now, due_on=due - timedelta(days=1))
        some_action(chair, now=now, due_on=due)
        club = make_organisation(proposed_at=now)
        lines = {f"/manage/needs/{need.reference}", f"/manage/actions/{late.reference}/close"}
        lines |= {f"/manage/organisations/{club.reference}"}

    page = desk.get("/manage")

    assert links_under(page, "Mail in trouble") == ["/manage/people/ana"]
    assert set(links_under(page, "Raised and asked for")) == lines


def test_surveys_of_the_next_week_stand_on_the_desk(desk: PageClient, now: datetime) -> None:
    with transaction():
        load_standard_questionnaires(now=now)
        event = make_event(starts_at=now - timedelta(hours=5), hours=2)
        ensure_default_evaluations(now=now - timedelta(days=30))
        make_attendance(make_booking(event))
    round_of_work(now)

    page = desk.get("/manage")

    assert links_under(page, "Surveys that fall due") == ["/manage/surveys"]
    assert "Straight after, from 11 November 2026" in page.words


def test_a_trainer_sees_their_own_sessions_and_nothing_else(
    client: PageClient, now: datetime
) -> None:
    make_partnership()
    trainer = make_person(Role.TRAINER)
    sign_in(client, trainer)
    with transaction():
        own = make_event(starts_at=now + timedelta(hours=3), reference="own")
        own.trainers = [db.session.merge(trainer)]
        make_event(starts_at=now + timedelta(hours=4), reference="not-theirs")
        make_event(reference="draft", state=EventState.DRAFT, published_at=None)

    page = client.get("/manage")

    assert links_under(page, "The next 7 days") == ["/manage/events/own"]
    assert "Draft sessions" not in page.words
    assert links_under(client.get("/manage?list=drafts"), "Draft sessions") == []


def test_a_session_of_several_dates_stands_on_the_desk_on_each_of_its_days(
    desk: PageClient, now: datetime
) -> None:
    with transaction():
        event = make_event(starts_at=now - timedelta(days=7, hours=1), days=2, reference="two")
        booking = make_booking(event)
        make_booking(event)
    assert links_under(desk.get("/manage"), "The next 7 days") == ["/manage/events/two"]
    assert links_under(desk.get("/manage"), "Registers") == ["/manage/events/two/register"] * 2

    with transaction():
        make_attendance(db.session.merge(booking))

    assert links_under(desk.get("/manage"), "Registers") == []


def test_long_lists_are_paged_and_cost_no_more_statements(desk: PageClient, now: datetime) -> None:
    desk.get("/manage")
    few = len(desk.watch.statements)
    with transaction():
        offer = make_offer()
        for number in range(30):
            make_event(
                offer,
                starts_at=datetime(2027, 1, 1, 9, tzinfo=UTC) + timedelta(days=number),
                state=EventState.DRAFT,
                published_at=None,
            )

    page = desk.get("/manage")
    assert len(desk.watch.statements) == few
    page = desk.click(page, "All 30: draft sessions")
    assert page.page.title.startswith("Draft sessions (page 1 of 2)")
    assert len(links_under(desk.get("/manage?list=drafts&page=2"), "30 in all")) == 5


@pytest.mark.parametrize(
    "query", ["list=x", "list=drafts&page=99", "list=registers&page=0", "list=&page=" + "9" * 400]
)
def test_the_desk_never_fails_on_an_address(desk: PageClient, query: str) -> None:
    assert desk.get(f"/manage?{query}").status_code == 200


def test_the_desk_is_for_those_who_plan(client: PageClient, now: datetime) -> None:
    make_partnership()
    sign_in(client, make_person(Role.EVALUATOR))

    assert client.get("/manage").status_code == 403
