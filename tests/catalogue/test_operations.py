from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Person
from app.audit.models import AuditLine
from app.catalogue import operations
from app.catalogue.models import (
    Audience,
    Event,
    EventMode,
    EventState,
    Offer,
    OfferKind,
    OfferState,
    Topic,
)
from app.catalogue.operations import EventDetails, OfferDetails
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.refusals import Refused
from app.partnership.models import HalfTerm
from tests.support.factories import NOW, make_event, make_offer, make_person

DETAILS = OfferDetails(
    title="Children’s rights & SEND",
    kind=OfferKind.COURSE,
    summary="One sentence.",
    description="At length.",
    who_for="Everyone.",
)
START = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
DATES = ((START, START + timedelta(hours=3)),)


@pytest.fixture
def planner(app: Flask) -> int:
    with transaction():
        return make_person(Role.DELIVERY).id


def actor() -> Person:
    return db.session.scalars(select(Person).limit(1)).one()


def test_an_offers_address_is_made_from_its_title(planner: int) -> None:
    with transaction():
        first = operations.create_offer(DETAILS, actor=actor(), now=NOW)
        second = operations.create_offer(DETAILS, actor=actor(), now=NOW)

        assert first.slug == "childrens-rights-send"
        assert second.slug == "childrens-rights-send-2"
        assert first.state is OfferState.IN_DEVELOPMENT


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Every Sleep is a Safer Sleep", "every-sleep-is-a-safer-sleep"),
        ("Où? Café!", "ou-cafe"),
        ("安全", "offer"),
        ("--", "offer"),
        ("x" * 300, "x" * 60),
    ],
)
def test_any_title_gives_an_address(title: str, slug: str) -> None:
    assert operations.slug_of(title) == slug


def test_topics_typed_anew_are_added_once_whatever_their_capitals(planner: int) -> None:
    with transaction():
        db.session.add(Topic(slug="sleep-safe", name="Safer sleep"))
        db.session.add(Audience(slug="health", name="Health", position=1))
    details = OfferDetails(
        **vars(DETAILS) | {"new_topics": ("SAFER SLEEP", "Babies"), "audience_slugs": ("health",)}
    )
    for _ in range(2):
        with transaction():
            offer = operations.create_offer(details, actor=actor(), now=NOW)
            assert {topic.slug for topic in offer.topics} == {"sleep-safe", "babies"}
            assert [audience.name for audience in offer.audiences] == ["Health"]

    assert db.session.scalar(select(func.count()).select_from(Topic)) == 2


def test_changing_an_offer_raises_its_revision_and_keeps_its_address(planner: int) -> None:
    with transaction():
        offer_id = operations.create_offer(DETAILS, actor=actor(), now=NOW).id
    later = NOW + timedelta(days=1)
    with transaction():
        details = OfferDetails(**vars(DETAILS) | {"title": "Another", "new_topics": ("Neglect",)})
        operations.edit_offer(offer_id, details, actor=actor(), now=later)

    offer = db.session.get_one(Offer, offer_id)
    assert (offer.title, offer.slug) == ("Another", "childrens-rights-send")
    assert (offer.revision, offer.updated_at) == (1, later)
    assert [topic.name for topic in offer.topics] == ["Neglect"]
    verbs = db.session.scalars(select(AuditLine.verb).order_by(AuditLine.id)).all()
    assert verbs == ["created", "changed"]


def test_an_offer_is_published_archived_and_published_again(planner: int) -> None:
    with transaction():
        offer_id = operations.create_offer(DETAILS, actor=actor(), now=NOW).id
        operations.publish_offer(offer_id, actor=actor(), now=NOW)
    later = NOW + timedelta(days=1)
    with transaction():
        operations.archive_offer(offer_id, actor=actor(), now=later)
        offer = operations.publish_offer(offer_id, actor=actor(), now=later)
        assert offer.state is OfferState.PUBLISHED
        assert offer.published_at == NOW


def test_an_offer_with_sessions_to_come_is_not_archived(planner: int) -> None:
    with transaction():
        offer = make_offer()
        make_event(offer)
        make_event(offer, starts_at=NOW - timedelta(days=9))
        offer_id = offer.id

    with pytest.raises(Refused, match=r"^1 session is still to come"), transaction():
        operations.archive_offer(offer_id, actor=actor(), now=NOW)

    assert db.session.get_one(Offer, offer_id).state is OfferState.PUBLISHED


@pytest.mark.parametrize("state", [OfferState.PUBLISHED, OfferState.IN_DEVELOPMENT])
def test_what_cannot_be_done_twice_is_refused(planner: int, state: OfferState) -> None:
    verb = operations.publish_offer
    if state is OfferState.IN_DEVELOPMENT:
        verb = operations.archive_offer
    with transaction():
        offer_id = make_offer(state=state).id

    with pytest.raises(Refused), transaction():
        verb(offer_id, actor=actor(), now=NOW)


def test_a_new_event_is_a_draft_bookable_from_now_until_it_starts(planner: int) -> None:
    with transaction():
        offer_id = make_offer().id
        details = EventDetails(dates=DATES, mode=EventMode.ONLINE, capacity=20)
        event = operations.create_event(offer_id, details, actor=actor(), now=NOW)

        assert event.state is EventState.DRAFT
        assert (event.booking_opens_at, event.booking_closes_at) == (NOW, START)
        assert (event.starts_at, event.ends_at) == DATES[0]


def test_an_event_spans_its_dates_in_any_order(planner: int) -> None:
    later = (START + timedelta(days=7), START + timedelta(days=7, hours=3))
    with transaction():
        details = EventDetails(dates=(later, *DATES), mode=EventMode.ONLINE)
        event = operations.create_event(make_offer().id, details, actor=actor(), now=NOW)

        assert (event.starts_at, event.ends_at) == (START, later[1])
        assert [d.starts_at for d in event.dates] == [START, later[0]]


def test_a_forum_belongs_to_the_half_term_of_its_first_date(planner: int) -> None:
    with transaction():
        for number, (name, first, last) in enumerate(
            (
                ("Autumn 1", date(2026, 9, 1), date(2026, 10, 23)),
                ("Autumn 2", date(2026, 11, 2), date(2026, 12, 18)),
            ),
            1,
        ):
            db.session.add(
                HalfTerm(
                    school_year="2026/27", number=number, name=name, starts_on=first, ends_on=last
                )
            )
        details = EventDetails(dates=DATES, mode=EventMode.ONLINE)
        forum = make_offer(kind=OfferKind.DSL_FORUM)
        event = operations.create_event(forum.id, details, actor=actor(), now=NOW)
        course = operations.create_event(make_offer().id, details, actor=actor(), now=NOW)

        assert event.half_term is not None
        assert (event.half_term.name, event.subtitle) == ("Autumn 2", "Autumn 2")
        assert (course.half_term, course.subtitle) == (None, "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dates": ()}, "at least one date"),
        ({"dates": ((START, START),)}, "must end after it starts"),
        ({"dates": DATES * 2}, "Two dates start at the same time"),
        ({"booking_opens_at": START}, "Booking must close after it opens"),
        ({"booking_closes_at": START + timedelta(days=9)}, "before the session is over"),
    ],
)
def test_times_that_cannot_be_are_refused(
    planner: int, changes: dict[str, object], words: str
) -> None:
    details = EventDetails(**{"dates": DATES, "mode": EventMode.ONLINE, **changes})  # type: ignore[arg-type]
    with transaction():
        offer_id = make_offer().id

    with pytest.raises(Refused, match=words), transaction():
        operations.create_event(offer_id, details, actor=actor(), now=NOW)

    assert db.session.scalar(select(func.count()).select_from(Event)) == 0


def test_a_series_that_is_changed_makes_its_offers_pages_old(planner: int) -> None:
    with transaction():
        series = operations.create_series("Exploitation", "Bite-sized.", actor=actor(), now=NOW)
        offer_id = make_offer(series=series).id
        series_id = series.id
    with transaction():
        operations.edit_series(series_id, "Child exploitation", "…", actor=actor(), now=NOW)

    assert db.session.get_one(Offer, offer_id).revision == 1
