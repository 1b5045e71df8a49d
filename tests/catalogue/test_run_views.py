"""Several events planned at once: by a pattern, on picked days, or from last year's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.audit.models import AuditLine
from app.catalogue.models import Event, EventMode, EventState, Offer, OfferKind, OfferState
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.partnership.models import HalfTerm
from tests.support.factories import make_event, make_offer, make_partnership, make_person
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in

SPRING = ((3, date(2027, 1, 4), date(2027, 2, 12)), (4, date(2027, 2, 22), date(2027, 3, 25)))
LAST_SPRING = (
    (3, date(2026, 1, 5), date(2026, 2, 13)),
    (4, date(2026, 2, 23), date(2026, 3, 27)),
)
RUN = {
    "first_day": "19 1 2027",
    "count": "6",
    "starts": "9:30am",
    "ends": "12:30pm",
    "capacity": "20",
}


@pytest.fixture
def planner(client: PageClient, now: datetime) -> PageClient:
    make_partnership()
    for year, parts in (("2026/27", SPRING), ("2025/26", LAST_SPRING)):
        for number, first, last in parts:
            name = f"Spring {number - 2}"
            row = HalfTerm(
                school_year=year, number=number, name=name, starts_on=first, ends_on=last
            )
            db.session.add(row)
    db.session.commit()
    sign_in(client, make_person(Role.DELIVERY, name="Dee Park"))
    return client


def an_offer(**changes: Any) -> Offer:
    offer = make_offer(**changes)
    db.session.commit()
    return offer


def events() -> list[Event]:
    return list(db.session.scalars(select(Event).order_by(Event.starts_at)))


def previewed(planner: PageClient, slug: str, **changes: Any) -> PageResponse:
    page = planner.get(f"/manage/offers/{slug}/events/run")
    return planner.post_form(page, RUN | changes, button="See the dates")


def test_six_weekly_sessions_avoid_the_holidays_and_are_published_at_once(
    planner: PageClient,
) -> None:
    an_offer(slug="neglect")
    page = previewed(planner, "neglect", closes_before="2")

    assert "School holidays" in page.words
    assert not events()

    planner.submit(page, button="Save and publish")

    assert [event.starts_at.day for event in events()] == [19, 26, 2, 9, 23, 2]
    assert {event.state for event in events()} == {EventState.PUBLISHED}
    assert events()[0].starts_at == datetime(2027, 1, 19, 9, 30, tzinfo=UTC)
    assert events()[0].booking_closes_at == datetime(2027, 1, 17, 9, 30, tzinfo=UTC)
    verbs = db.session.scalars(select(AuditLine.verb).where(AuditLine.subject_kind == "event"))
    assert sorted(verbs) == ["created"] * 6 + ["published"] * 6


def test_a_single_line_is_mended_and_another_left_out_before_saving(planner: PageClient) -> None:
    an_offer(slug="neglect")
    page = previewed(planner, "neglect", count="3")

    planner.submit(
        page,
        {"day_2": "28 1 2027", "starts_2": "1pm", "ends_2": "2pm", "keep_3": None},
        button="Save as drafts",
    )

    assert [event.starts_at for event in events()] == [
        datetime(2027, 1, 19, 9, 30, tzinfo=UTC),
        datetime(2027, 1, 28, 13, 0, tzinfo=UTC),
    ]
    assert {event.state for event in events()} == {EventState.DRAFT}


def test_a_line_typed_into_a_holiday_is_asked_about_once(planner: PageClient) -> None:
    an_offer(slug="neglect")
    page = previewed(planner, "neglect", count="2")

    page = planner.post_form(page, {"day_2": "16 2 2027"}, button="Save as drafts")

    [error] = page.errors
    assert error.startswith("Line 2: school holidays. Change the day")
    assert not events()

    planner.submit(page, button="Save as drafts")

    assert [event.starts_at.date() for event in events()] == [
        date(2027, 1, 19),
        date(2027, 2, 16),
    ]


def test_a_left_out_day_can_be_kept_all_the_same(planner: PageClient) -> None:
    an_offer(slug="neglect")
    page = previewed(planner, "neglect", pattern="picked", picked="26 March 2027\n9 2 27")

    assert "Bank holiday: Good Friday" in page.words
    planner.submit(page, {"keep_2": ["yes"]}, button="Save as drafts")

    assert [event.starts_at.date() for event in events()] == [
        date(2027, 2, 9),
        date(2027, 3, 26),
    ]


def test_a_run_over_the_change_of_the_clocks_stays_at_its_time_of_day(
    planner: PageClient,
) -> None:
    an_offer(slug="neglect")
    page = previewed(planner, "neglect", first_day="23 3 2027", count="2", avoid=["bank_holidays"])

    planner.submit(page, button="Save as drafts")

    assert [event.starts_at.hour for event in events()] == [9, 8]


def test_forums_of_a_run_are_called_after_their_half_terms(planner: PageClient) -> None:
    an_offer(slug="forum", kind=OfferKind.DSL_FORUM)
    page = previewed(planner, "forum", pattern="picked", picked="19 1 2027\n2 3 2027")

    planner.submit(page, button="Save as drafts")

    assert [event.subtitle for event in events()] == ["Spring 1", "Spring 2"]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"first_day": ""}, ["Enter the first day"]),
        ({"count": "0"}, ["Number of sessions must be between 1 and 40"]),
        ({"count": "many"}, ["Number of sessions must be between 1 and 40"]),
        ({"ends": "9am"}, ["End must be after the start"]),
        ({"starts": "", "ends": ""}, None),
        ({"pattern": "picked"}, ["Enter the days, one to a line"]),
        ({"pattern": "picked", "picked": "1 2 27\nsoon"}, ["Day 2 must be a date, such as"]),
        ({"pattern": "hourly"}, ["Choose how often"]),
        ({"closes_before": "-1"}, ["Days before must be between 0 and 90"]),
        ({"minimum": "21"}, ["Fewest people must not be more than the places there are"]),
        ({"mode": "face_to_face"}, ["Enter the venue"]),
    ],
)
def test_a_run_that_cannot_be_is_refused_and_keeps_what_was_typed(
    planner: PageClient, changes: dict[str, str], errors: list[str] | None
) -> None:
    an_offer(slug="neglect")

    page = previewed(planner, "neglect", joining_notes="Bring a pen", **changes)

    assert page.errors
    if errors:
        assert len(page.errors) == len(errors)
        assert page.errors[0].startswith(errors[0])
    assert "Bring a pen" in page.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"day_1": ""}, "Enter the day of line 1"),
        ({"ends_1": "9am"}, "End of line 1 must be after its start"),
        ({"day_1": "1 1 2020"}, "Line 1 must be in the future"),
        ({"keep_1": None, "keep_2": None}, "Tick at least one date to save"),
    ],
)
def test_lines_that_cannot_be_save_nothing(
    planner: PageClient, changes: dict[str, Any], error: str
) -> None:
    an_offer(slug="neglect")
    page = previewed(planner, "neglect", count="2")

    page = planner.post_form(page, changes, button="Save and publish")

    assert page.errors[0] == error
    assert not events()


def test_a_run_of_an_offer_in_development_is_not_half_published(planner: PageClient) -> None:
    an_offer(slug="new", state=OfferState.IN_DEVELOPMENT, published_at=None)
    page = previewed(planner, "new")

    page = planner.post_form(page, button="Save and publish")

    assert page.errors == [
        "Publish the offer first, so that people can read what the session is about"
    ]
    assert not events()


def test_forty_sessions_are_saved_within_the_statements_of_a_page(planner: PageClient) -> None:
    an_offer(slug="neglect")
    days = "\n".join(f"{n} 6 2027\n{n} 7 2027" for n in range(1, 21))
    page = previewed(planner, "neglect", pattern="picked", picked=days, avoid=[])

    planner.submit(page, button="Save and publish")  # the client counts

    assert len(events()) == 40


def last_years(offer: Offer, *days: date, **changes: Any) -> list[Event]:
    made = [
        make_event(
            db.session.merge(offer),
            starts_at=datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC),
            **changes,
        )
        for day in days
    ]
    db.session.commit()
    return made


def test_last_years_term_is_planned_again_with_its_trainers_and_places(
    planner: PageClient,
) -> None:
    trainer = make_person(Role.TRAINER, name="Tia Reed")
    neglect, sleep = an_offer(slug="neglect"), an_offer(slug="sleep")
    old = last_years(
        neglect,
        date(2026, 1, 13),
        date(2026, 3, 3),
        capacity=24,
        minimum=8,
        mode=EventMode.FACE_TO_FACE,
        venue="Town Hall",
        joining_notes="Bring a pen",
    )
    last_years(sleep, date(2026, 2, 3))
    last_years(sleep, date(2026, 2, 4), state=EventState.DRAFT, published_at=None)
    with transaction():
        db.session.merge(old[0]).trainers = [db.session.merge(trainer)]
    page = planner.get("/manage/programme/copy")

    page = planner.post_form(page, button="See the new dates")
    assert "Tuesday 12 January 2027" in page.words
    planner.submit(page, button="Save as drafts")

    made = [event for event in events() if event.starts_at.year == 2027]
    assert [(event.offer.slug, event.starts_at.date()) for event in made] == [
        ("neglect", date(2027, 1, 12)),
        ("sleep", date(2027, 2, 2)),
        ("neglect", date(2027, 3, 2)),
    ]
    first = made[0]
    assert (first.capacity, first.minimum, first.venue) == (24, 8, "Town Hall")
    assert first.joining_notes == "Bring a pen"
    assert first.joining_url == ""
    assert [one.name for one in first.trainers] == ["Tia Reed"]
    assert first.booking_closes_at == first.starts_at


def test_only_what_is_chosen_is_planned_again(planner: PageClient) -> None:
    neglect, sleep = an_offer(slug="neglect"), an_offer(slug="sleep")
    old = last_years(neglect, date(2026, 1, 13), date(2026, 1, 20))
    last_years(sleep, date(2026, 2, 3))
    page = planner.get("/manage/programme/copy?offer=neglect&from=1+1+2026&until=31+3+2026")
    second = old[1].reference

    page = planner.post_form(page, {"events": [second], "move": "term"}, button="See the new dates")
    planner.submit(page, button="Save and publish")

    made = [event for event in events() if event.starts_at.year == 2027]
    assert [event.starts_at.date() for event in made] == [date(2027, 1, 19)]


def test_an_event_of_several_dates_keeps_them_together(planner: PageClient) -> None:
    make_event(an_offer(slug="neglect"), starts_at=datetime(2026, 1, 13, 9, 30, tzinfo=UTC), days=3)
    db.session.commit()
    page = planner.post_form(planner.get("/manage/programme/copy"), button="See the new dates")

    planner.submit(page, button="Save as drafts")

    [made] = [event for event in events() if event.starts_at.year == 2027]
    assert len(made.dates) == 3
    assert made.ends_at - made.starts_at >= timedelta(days=2)


def test_without_a_session_chosen_nothing_is_planned(planner: PageClient) -> None:
    last_years(an_offer(slug="neglect"), date(2026, 1, 13))

    page = planner.get("/manage/programme/copy")
    page = planner.post_form(page, {"events": None}, button="See the new dates")

    assert page.errors == ["Tick at least one session"]


def test_a_time_without_sessions_says_so(planner: PageClient) -> None:
    page = planner.get("/manage/programme/copy?from=nonsense&until=")

    assert "No session was held from" in page.words
