"""The school year: half terms set by staff, what is missing, and a year planned in one step."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.audit.models import AuditLine
from app.bookings.places import terms_of
from app.catalogue.events import EventDetails, Planned
from app.catalogue.models import Event, EventMode, EventState, Offer, OfferKind
from app.forums.year import current_half_term, school_year_now
from app.forums.year_plan import FOR_PEER_SUPPORT, plan_year
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.partnership.models import HalfTerm
from tests.support.factories import make_event, make_offer, make_partnership, make_person
from tests.support.forums import make_forum, make_half_terms
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in

THIS_YEAR = "/forums/year/2026-27"


@pytest.fixture
def advisor(client: PageClient, now: datetime) -> PageClient:
    make_partnership()
    make_half_terms()
    db.session.commit()
    sign_in(client, make_person(Role.ADVISOR, name="Jo Park"))
    return client


def forum_offer() -> Offer:
    offer = make_offer(kind=OfferKind.DSL_FORUM, title="DSL Forum", slug="dsl-forum")
    db.session.commit()
    return offer


def events() -> list[Event]:
    return list(db.session.scalars(select(Event).order_by(Event.starts_at)))


def half_term(number: int) -> HalfTerm:
    return db.session.scalars(select(HalfTerm).where(HalfTerm.number == number)).one()


def test_the_half_term_that_runs_or_comes_next(app: Flask) -> None:
    autumn_1, autumn_2, *_, last = make_half_terms()
    morning = timedelta(hours=9)

    def at(day: date) -> HalfTerm | None:
        return current_half_term(datetime.combine(day, datetime.min.time(), UTC) + morning)

    assert at(autumn_1.ends_on) == autumn_1
    assert at(autumn_1.ends_on + timedelta(days=1)) == autumn_2
    assert at(last.ends_on + timedelta(days=1)) is None
    # Half past eleven in UTC is August already in London.
    assert school_year_now(datetime(2026, 7, 31, 23, 30, tzinfo=UTC)) == "2026/27"


def test_a_half_term_without_a_forum_is_seen_at_once(advisor: PageClient) -> None:
    offer = forum_offer()
    make_forum(half_term(2), offer=offer)
    make_forum(
        half_term(4), offer=offer, state=EventState.CANCELLED, cancelled_at=datetime.now(UTC)
    )
    in_the_holidays = datetime(2026, 12, 29, 14, tzinfo=UTC)
    stray = make_event(offer, subtitle="Winter", starts_at=in_the_holidays)
    moved = make_forum(half_term(3), offer=offer, starts_at=datetime(2027, 2, 17, 14, tzinfo=UTC))
    db.session.commit()
    page = advisor.get("/forums/year")
    assert page.words.count("No forum planned") == 3  # spring 2, summer 1 and 2
    assert page.words.count("No forum was held") == 1  # autumn 1
    assert "Its date is not in this half term" in page.words
    assert "DSL Forum, Winter" in page.words
    page = advisor.click(page, "Assign DSL Forum, Winter to a half term")
    page = advisor.submit(page, {"half_term": str(half_term(3).id)})
    assert "It is counted in Spring 1 2026/27 now." in page.words
    assert (stray.half_term_id, moved.half_term_id) == (half_term(3).id, half_term(3).id)
    assert "Not in a half term" not in advisor.get(THIS_YEAR).words


@pytest.mark.parametrize(
    ("year", "words"),
    [
        ("2027-28", "Prepare 2027/28"),
        ("2031-32", "prepare the year before first"),
        ("2026-99", "There is no such school year"),
    ],
)
def test_a_school_year_nobody_entered_is_said_in_words(
    advisor: PageClient, year: str, words: str
) -> None:
    page = advisor.get(f"/forums/year/{year}")
    assert page.status_code == 404
    assert words in page.words


def test_half_terms_that_overlap_are_refused_naming_both(advisor: PageClient) -> None:
    page = advisor.get(f"{THIS_YEAR}/dates")
    page = advisor.post_form(page, {"starts_2": "20 10 2026"})
    [error] = page.errors
    assert "Autumn 1 2026/27" in error
    assert "Autumn 2 2026/27" in error
    assert half_term(2).edited_at is None


def test_forums_that_would_fall_outside_are_said_before_it_is_saved(advisor: PageClient) -> None:
    event = make_forum(half_term(2), offer=forum_offer())
    db.session.commit()
    page = advisor.post_form(advisor.get(f"{THIS_YEAR}/dates"), {"starts_2": "16 11 2026"})
    assert "DSL Forum, Autumn 2 2026/27: Wednesday 11 November 2026 is outside" in page.words
    assert half_term(2).starts_on == date(2026, 11, 2)
    page = advisor.submit(page, button="Save the half terms")
    assert "The half terms of 2026/27 are saved." in page.words
    assert half_term(2).starts_on == date(2026, 11, 16)
    assert event.half_term_id == half_term(2).id


def test_forums_in_no_half_term_are_counted_when_its_days_are_saved(advisor: PageClient) -> None:
    offer, at = forum_offer(), datetime(2027, 10, 1, 14, tzinfo=UTC)
    last_day = datetime(2027, 10, 22, 22, 30, tzinfo=UTC)  # half past eleven in London
    stray, late = make_event(offer, starts_at=at), make_event(offer, starts_at=last_day)
    after = make_event(offer, starts_at=last_day + timedelta(hours=1))
    spring = half_term(3)
    by_hand = make_event(offer, starts_at=at, half_term=spring)
    course = make_event(starts_at=at)
    db.session.commit()
    page = advisor.click(advisor.get(THIS_YEAR), "Prepare 2027/28")
    page = advisor.submit(page, {"ends_1": "22 10 2027"})
    words = "2 sessions that were in no half term are counted in one now"
    assert words in page.words
    new = db.session.scalars(select(HalfTerm).where(HalfTerm.school_year == "2027/28")).all()
    found = [one.half_term_id for one in (stray, late, after, by_hand, course)]
    assert found == [new[0].id, new[0].id, None, spring.id, None]
    lines = db.session.scalars(select(AuditLine).where(AuditLine.verb == "assigned")).all()
    assert {one.subject_reference for one in lines} == {stray.reference, late.reference}
    page = advisor.submit(advisor.get("/forums/year/2027-28/dates"), button="Save the half terms")
    assert "are saved." in page.words
    assert "counted in one now" not in page.words  # there was nothing left to do


def test_next_year_is_prepared_from_this_one(advisor: PageClient) -> None:
    page = advisor.click(advisor.get(THIS_YEAR), "Prepare 2027/28")
    assert 'value="31 August 2027"' in page.text
    assert db.session.query(HalfTerm).count() == 6
    page = advisor.submit(page, {"starts_1": "2 9 2027"})
    assert "Forums in 2027/28" in page.h1
    new = db.session.scalars(select(HalfTerm).where(HalfTerm.school_year == "2027/28")).all()
    assert len(new) == 6
    assert new[0].starts_on == date(2027, 9, 2)
    assert new[1].starts_on == date(2027, 11, 1)


def planned(advisor: PageClient, what: str, button: str = "See the dates") -> PageResponse:
    return advisor.post_form(
        advisor.get(f"{THIS_YEAR}/plan/{what}"),
        {"weekday": "0", "week": "4", "starts": "3:30pm", "length": "90", "venue": "Town Hall"}
        if what == "peer-support"
        else {"weekday": "0", "week": "4", "joining_url": "https://meet.example.org/forum"},
        button=button,
    )


def test_the_forums_of_a_year_are_planned_in_one_step(advisor: PageClient) -> None:
    there = make_forum(half_term(3), offer=forum_offer())
    db.session.commit()
    page = planned(advisor, "forums")
    assert "Moved from Monday 3 May 2027, which is a bank holiday" in page.words
    assert "Autumn 1" not in page.words  # it is over
    assert "Spring 1" not in page.words  # it has one
    advisor.submit(page, {"day_2": "17 3 2027"}, button="Save as drafts")
    made = [event for event in events() if event.id != there.id]
    assert [event.starts_at.date() for event in made] == [
        date(2026, 11, 23),
        date(2027, 3, 17),
        date(2027, 5, 10),
        date(2027, 6, 28),
    ]
    assert [event.half_term_id for event in made] == [half_term(n).id for n in (2, 4, 5, 6)]
    assert {event.state for event in made} == {EventState.DRAFT}
    assert {event.joining_url for event in made} == {"https://meet.example.org/forum"}
    assert made[2].subtitle == "Summer 1 2026/27"
    assert made[3].starts_at == datetime(2027, 6, 28, 14, 30, tzinfo=UTC)
    assert "is not over has a forum" in advisor.get(f"{THIS_YEAR}/plan/forums").words


def test_a_day_in_the_holidays_is_asked_about_once(advisor: PageClient) -> None:
    forum_offer()
    page = advisor.post_form(
        planned(advisor, "forums"), {"day_1": "28 12 2026"}, button="Save and publish"
    )
    [error] = page.errors
    assert "Boxing Day" in error
    assert events() == []
    advisor.submit(page, button="Save and publish")
    assert events()[0].half_term_id == half_term(2).id  # as was asked for
    assert events()[0].state is EventState.PUBLISHED


def test_two_who_plan_the_same_half_term_make_one_forum(app: Flask, now: datetime) -> None:
    offer, actor = make_offer(kind=OfferKind.DSL_FORUM), make_person(Role.ADVISOR)
    part = make_half_terms()[1]
    plan_one(offer, part, actor, now)
    with pytest.raises(Refused, match="Autumn 2 2026/27 has one by now"):
        plan_one(offer, part, actor, now)
    assert len(events()) == 1


def plan_one(offer: Offer, part: HalfTerm, actor: Person, now: datetime) -> None:
    starts_at = datetime(2026, 12, 2, 15, tzinfo=UTC)
    dates = ((starts_at, starts_at + timedelta(hours=1)),)
    details = EventDetails(dates=dates, mode=EventMode.ONLINE, half_term_id=part.id)
    plan_year(OfferKind.DSL_FORUM, [Planned(offer.id, details)], actor=actor, now=now)


def test_peer_support_is_limited_with_one_button(advisor: PageClient) -> None:
    offer = make_offer(kind=OfferKind.PEER_SUPPORT, title="Peer support", slug="peer-support")
    db.session.commit()
    page = advisor.get(f"{THIS_YEAR}/plan/peer-support")
    assert "Peer support is open to every school" in page.words
    page = advisor.submit(page, button="Limit who may book")
    assert "This session is for colleges, independent schools or secondary schools." in page.words
    assert "is open to every school" not in page.words
    assert terms_of(offer.id).establishments == FOR_PEER_SUPPORT
    advisor.submit(planned(advisor, "peer-support"), button="Save and publish")
    assert {event.mode for event in events()} == {EventMode.FACE_TO_FACE}
    assert {event.venue for event in events()} == {"Town Hall"}
    assert len(events()) == 5
