from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.catalogue.models import (
    Audience,
    Event,
    EventMode,
    EventState,
    Offer,
    OfferKind,
    OfferState,
    Series,
    SourceOfNeed,
    Topic,
)
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.partnership.models import HalfTerm, Priority
from tests.support.factories import make_event, make_offer, make_partnership, make_person
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

OFFER = {
    "title": "Every Sleep is a Safer Sleep",
    "kind": "safer_sleep",
    "summary": "One sentence.",
    "description": "# Much\n\nmore",
    "who_for": "Everyone",
}
FIRST_DATE = {"day_1": "Tue 1 December 2026", "starts_1": "0930", "ends_1": "12:30"}
EVENT = {**FIRST_DATE, "capacity": "20"}


@pytest.fixture
def planner(client: PageClient, now: datetime) -> PageClient:
    make_partnership()
    sign_in(client, make_person(Role.DELIVERY))
    return client


def count_of(table: type[Offer] | type[Event] | type[Series]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_an_offer_is_written_previewed_saved_and_published(planner: PageClient) -> None:
    page = planner.get("/manage/offers/new")
    preview = planner.post_form(page, OFFER, button="Preview the description")
    assert preview.page.one("section", class_="preview").one("h2", class_=False).words == "Much"
    assert count_of(Offer) == 0

    page = planner.submit(preview, {"new_topics": "Safer sleep, Babies"}, button="Save the offer")
    assert page.h1 == "Every Sleep is a Safer Sleep"
    assert planner.get("/learning/every-sleep-is-a-safer-sleep").status_code == 404

    page = planner.submit(page, button="Publish the offer")

    assert "The offer is published." in page.words
    assert planner.get("/learning/every-sleep-is-a-safer-sleep").status_code == 200


def test_an_offer_with_everything_is_changed_within_the_statements_of_a_page(
    planner: PageClient,
) -> None:
    with transaction():
        topics = [Topic(slug=f"t{n}", name=f"Topic {n}") for n in range(30)]
        audiences = [Audience(slug=f"a{n}", name=f"Group {n}", position=n) for n in range(9)]
        db.session.add_all([*topics, *audiences])
        priority = Priority(plan="2022-25", number=11, title="Learning", is_adopted=True)
        series = Series(slug="ce", title="Exploitation", summary="…")
        make_offer(
            slug="all", topics=topics[:20], audiences=audiences, priority=priority, series=series
        )
    page = planner.get("/manage/offers/all/edit")

    values = {
        "topics": [f"t{n}" for n in range(10, 30)],
        "new_topics": "One, two, three, four, five",
        "source_of_need": "practice_review",
        "resource_url": "https://example.org/pack",
    }
    page = planner.submit(page, values, button="Save the offer")

    assert "The offer is changed." in page.words
    offer = db.session.scalars(select(Offer)).one()
    assert len(offer.topics) == 25
    assert len(offer.audiences) == 9
    assert offer.source_of_need is SourceOfNeed.PRACTICE_REVIEW
    assert offer.priority is not None
    assert offer.priority.number == 11
    assert offer.series is not None
    assert offer.series.slug == "ce"


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"title": ""}, "Enter a title"),
        ({"title": "x" * 121}, "Title must be 120 characters or fewer"),
        ({"title": "\x00\x01 "}, "Enter a title"),
        ({"kind": ""}, "Choose the kind of learning"),
        ({"kind": "opera"}, "Choose from the list: kind of learning"),
        ({"summary": ""}, "Enter a summary, one sentence for lists"),
        ({"description": "x" * 20_001}, "Description must be 20,000 characters or fewer"),
        ({"resource_url": "javascript:alert(1)"}, None),
        ({"resource_url": "example.org"}, None),
        ({"priority": "999"}, None),
        ({"series": "x"}, None),
        ({"level": "expert"}, None),
        ({"new_topics": "a,b,c,d,e,f"}, "Enter up to 5 short topics, with commas between"),
    ],
)
def test_an_offer_that_cannot_be_is_refused_with_what_was_typed_kept(
    planner: PageClient, values: dict[str, str], error: str | None
) -> None:
    page = planner.get("/manage/offers/new")

    page = planner.post_form(
        page, {**OFFER, "why": "Kept words", **values}, button="Save the offer"
    )

    assert page.status_code == 200
    assert page.page.title.startswith("Error: Add an offer")
    assert len(page.errors) == 1
    assert error is None or page.errors == [error]
    assert "Kept words" in page.text
    assert count_of(Offer) == 0


def test_doubled_and_made_up_list_values_are_refused(planner: PageClient) -> None:
    with transaction():
        db.session.add(Topic(slug="neglect", name="Neglect"))
        db.session.add(Audience(slug="health", name="Health", position=1))
    page = planner.get("/manage/offers/new")

    page = planner.post_form(
        page,
        OFFER,
        button="Save the offer",
        extra={"topics": ["no", "such"], "audiences": ["x"] * 9},
    )

    assert page.errors == ["Choose groups from the list", "Choose topics from the list"]


def test_an_offer_that_cannot_be_archived_says_why(planner: PageClient) -> None:
    with transaction():
        make_event(make_offer(slug="neglect"))

    page = planner.post_form(planner.get("/manage/offers/neglect"), button="Archive the offer")

    assert page.status_code == 200
    assert page.errors[0].startswith("1 session is still to come")


def test_an_archived_offer_leaves_the_programme(planner: PageClient) -> None:
    with transaction():
        make_offer(slug="neglect", title="Neglect")
    page = planner.get("/manage/offers/neglect")

    planner.submit(page, button="Archive the offer")

    assert "Neglect" not in planner.get("/learning").words
    assert db.session.scalars(select(Offer.state)).one() is OfferState.ARCHIVED


def test_the_list_of_offers_is_searched_filtered_and_paged(planner: PageClient) -> None:
    with transaction():
        for number in range(30):
            make_offer(title=f"Course {number:02}")
        make_offer(title="Neglect", state=OfferState.ARCHIVED)

    page = planner.get("/manage/offers?page=2")
    assert page.page.title.startswith("Offers (page 2 of 2)")
    assert [row.one("a").words for row in page.page.one("tbody").select("tr")] == [
        "Course 25", "Course 26", "Course 27", "Course 28", "Course 29", "Neglect"
    ]  # fmt: skip
    assert "Neglect" in planner.get("/manage/offers?q=negl").words
    assert "Course 01" not in planner.get("/manage/offers?state=archived").words
    for hostile in ("state=x&page=y&q=%25%00", "q=" + "z" * 4000, "state=&state=archived"):
        assert planner.get(f"/manage/offers?{hostile}").status_code == 200


def test_a_session_on_two_dates_is_saved_as_a_draft(planner: PageClient) -> None:
    with transaction():
        make_offer(slug="neglect")
    page = planner.get("/manage/offers/neglect/events/new")
    page = planner.post_form(page, FIRST_DATE, button="Add another date")
    assert count_of(Event) == 0
    values = {"day_2": "8/12/26", "starts_2": "9.30am", "ends_2": "midday", "capacity": "1,200"}

    response = planner.post_form(page, values, button="Save the draft")

    event = db.session.scalars(select(Event)).one()
    assert response.location == f"/manage/events/{event.reference}"
    assert event.state is EventState.DRAFT
    assert event.mode is EventMode.ONLINE
    assert event.capacity == 1200
    assert [(d.starts_at, d.ends_at) for d in event.dates] == [
        (datetime(2026, 12, d, 9, 30, tzinfo=UTC), datetime(2026, 12, d, *end, tzinfo=UTC))
        for d, end in ((1, (12, 30)), (8, (12, 0)))
    ]


def test_a_session_in_summer_is_kept_in_universal_time(planner: PageClient) -> None:
    with transaction():
        make_offer(slug="neglect")
    page = planner.get("/manage/offers/neglect/events/new")
    values = {
        "day_1": "1 June 2027",
        "starts_1": "9am",
        "ends_1": "10am",
        "limit": "open",
        "mode": "hybrid",
        "venue": "Town Hall",
        "opens": "later",
        "opens_day": "1 5 2027",
        "opens_time": "9am",
        "closes": "earlier",
        "closes_day": "31 5 2027",
        "closes_time": "17:00",
    }

    planner.post_form(page, values, button="Save the draft")

    event = db.session.scalars(select(Event)).one()
    assert event.starts_at == datetime(2027, 6, 1, 8, 0, tzinfo=UTC)
    assert event.booking_opens_at == datetime(2027, 5, 1, 8, 0, tzinfo=UTC)
    assert event.booking_closes_at == datetime(2027, 5, 31, 16, 0, tzinfo=UTC)
    assert event.capacity is None


def test_twelve_dates_fit_into_one_session(planner: PageClient) -> None:
    with transaction():
        make_offer(slug="long")
    page = planner.get("/manage/offers/long/events/new")
    rows: dict[str, str] = {}
    for number in range(1, 13):
        rows |= {
            f"day_{number}": f"{number} 12 2026",
            f"starts_{number}": "10am",
            f"ends_{number}": "11am",
        }

    page = planner.post_form(page, EVENT, button="Save the draft", extra=rows)

    assert page.status_code == 302
    assert len(db.session.scalars(select(Event)).one().dates) == 12


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"day_1": ""}, ["Enter the day of date 1"]),
        (
            {"day_1": "", "starts_1": "", "ends_1": ""},
            [
                "Enter the day of date 1",
                "Enter the start time of date 1",
                "Enter the end time of date 1",
            ],
        ),
        ({"day_1": "1 December"}, ["Date 1 must include a year"]),
        ({"day_1": "30 2 2027"}, ["Date 1 must be a real date"]),
        ({"day_1": "9 November 2026"}, ["Date 1 must be in the future"]),
        ({"starts_1": "1:30"}, ["Start of date 1 must say am or pm, such as 1:30pm"]),
        ({"ends_1": "9am"}, ["End of date 1 must be after its start"]),
        (
            {"day_1": "28 3 2027", "starts_1": "01:30"},
            ["Start of date 1 does not exist on that day: the clocks go forward at 1am"],
        ),
        ({"capacity": ""}, ["Enter the number of places"]),
        ({"capacity": "0"}, ["Number of places must be between 1 and 5,000"]),
        ({"capacity": "many"}, ["Number of places must be between 1 and 5,000"]),
        ({"capacity": "²"}, ["Number of places must be between 1 and 5,000"]),
        ({"mode": "face_to_face"}, ["Enter the venue"]),
        ({"mode": "by post"}, ["Choose how people take part"]),
        ({"limit": None}, ["Choose whether places are limited"]),
        ({"joining_url": "teams"}, ["Joining link (optional) must begin with https://"]),
        (
            {"opens": "later"},
            ["Enter the day on which booking opens", "Enter the time at which booking opens"],
        ),
        (
            {"opens": "later", "opens_day": "2 12 2026", "opens_time": "9am"},
            ["Booking must open before it closes"],
        ),
        (
            {"closes": "earlier", "closes_day": "2 12 2026", "closes_time": "9am"},
            ["Booking must close before the session is over"],
        ),
        ({"subtitle": "x" * 81}, ["What tells it apart (optional) must be 80 characters or fewer"]),
    ],
)
def test_a_session_that_cannot_be_is_refused_where_it_must_be_mended(
    planner: PageClient, values: dict[str, str | None], errors: list[str]
) -> None:
    with transaction():
        make_offer(slug="neglect")
    page = planner.get("/manage/offers/neglect/events/new")
    typed = {**EVENT, "joining_notes": "Bring a pen", **values}

    page = planner.post_form(page, typed, button="Save the draft")

    assert page.status_code == 200
    assert page.errors == errors
    assert "Bring a pen" in page.text
    assert count_of(Event) == 0


def test_the_same_date_twice_is_refused(planner: PageClient) -> None:
    with transaction():
        make_offer(slug="neglect")
    page = planner.get("/manage/offers/neglect/events/new")
    twice = {"day_2": "1/12/2026", "starts_2": "9:30", "ends_2": "11am"}

    page = planner.post_form(page, EVENT, button="Save the draft", extra=twice)

    assert page.errors == ["Date 2 is there twice"]


def test_a_forum_is_offered_its_half_terms(planner: PageClient) -> None:
    with transaction():
        make_offer(slug="forum", kind=OfferKind.DSL_FORUM)
        db.session.add(
            HalfTerm(
                school_year="2026/27",
                number=2,
                name="Autumn 2",
                starts_on=date(2026, 11, 2),
                ends_on=date(2026, 12, 18),
            )
        )
    page = planner.get("/manage/offers/forum/events/new")
    assert "Autumn 2 2026/27" in page.words

    planner.post_form(page, EVENT, button="Save the draft")

    assert db.session.scalars(select(Event.subtitle)).one() == "Autumn 2"


def test_sessions_of_an_offer_are_listed_in_every_state(planner: PageClient) -> None:
    with transaction():
        offer = make_offer(slug="neglect")
        for number in range(30):
            make_event(
                offer, starts_at=datetime(2027, 1, 1, 9, tzinfo=UTC) + timedelta(days=number)
            )
        make_event(offer, state=EventState.DRAFT, published_at=None)

    page = planner.get("/manage/offers/neglect/events?page=2")

    assert "Draft" in page.words
    assert len(page.page.one("tbody").select("tr")) == 6


def test_a_series_is_added_and_changed(planner: PageClient) -> None:
    page = planner.get("/manage/series/new")
    refused = planner.post_form(page, {"title": ""}, button="Save the series")
    assert refused.errors == ["Enter a title", "Enter what ties it together"]

    page = planner.submit(
        page, {"title": "Exploitation", "summary": "Bite-sized."}, button="Save the series"
    )
    page = planner.click(page, "Exploitation")
    page = planner.submit(page, {"title": "Child exploitation"}, button="Save the series")

    series = db.session.scalars(select(Series)).one()
    assert (series.title, series.slug) == ("Child exploitation", "exploitation")
    assert "0 offers" in page.words


@pytest.mark.parametrize("slug", ["no-such", "%00", "x" * 2000])
def test_unknown_offers_and_series_are_not_found(planner: PageClient, slug: str) -> None:
    for path in (
        f"/manage/offers/{slug}",
        f"/manage/offers/{slug}/edit",
        f"/manage/offers/{slug}/events",
        f"/manage/offers/{slug}/events/new",
        f"/manage/series/{slug}/edit",
    ):
        assert planner.get(path).status_code == 404


@pytest.mark.parametrize("role", [None, Role.EVALUATOR, Role.ADMINISTRATOR])
def test_only_those_who_plan_may_see_the_staff_pages(
    client: PageClient, now: datetime, role: Role | None
) -> None:
    make_partnership()
    sign_in(client, make_person(*([role] if role else [])))

    assert client.get("/manage/offers").status_code == 403
    assert client.get("/manage/offers/new").status_code == 403
