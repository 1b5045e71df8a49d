"""Who may book: set by staff, said beforehand, and why somebody is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import OrganisationKind, Person, Post, PostKind
from app.audit.models import AuditLine
from app.bookings import operations, terms_queries
from app.bookings.change_terms import VERB, change_terms
from app.bookings.models import (
    ApprovedBy,
    Booking,
    BookingOrigin,
    BookingState,
    BookingTerms,
    Promotion,
)
from app.bookings.places import terms_of
from app.bookings.terms import terms_in_words, told_beforehand
from app.bookings.terms_rules import Terms
from app.catalogue.models import Event, EventState
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.errors import Refused
from tests.support.factories import (
    NOW,
    make_booking,
    make_event,
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
    make_terms,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

DAY = timedelta(days=1)
PEER_SUPPORT = ["phase:Secondary", "kind:college", "type:Independent schools"]
CONFIRMED, WAITING = BookingState.CONFIRMED, BookingState.WAITING


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


def book(event: Event, person: Person) -> Booking:
    return operations.book(
        event.id,
        person,
        booked_by=person,
        origin=BookingOrigin.SELF,
        mode=event.mode,
        form_key=None,
        now=NOW,
    )


def at_a_school(**changes: Any) -> Person:
    facts = {"kind": OrganisationKind.SCHOOL, "phase": "Secondary"}
    body = make_organisation(**facts | changes)
    return make_person(organisation=body, sector=body.sector)


def test_a_refusal_names_the_rule_and_the_way_on() -> None:
    event = make_event()
    make_terms(event.offer, establishments=PEER_SUPPORT)
    with pytest.raises(Refused) as refused:
        book(event, at_a_school(phase="Primary"))
    assert str(refused.value) == (
        "This session is for colleges, independent schools or secondary schools. If your "
        "organisation is one of them, ask us to correct our list. Otherwise look for a session "
        "that is open to you."
    )
    for person in (
        at_a_school(),
        at_a_school(kind=OrganisationKind.COLLEGE, phase=None),
        at_a_school(phase="Primary", establishment_type="Independent schools"),
    ):
        assert book(event, person).state is CONFIRMED


def test_a_post_counts_while_it_is_held() -> None:
    event, person = make_event(), at_a_school()
    make_terms(event.offer, posts=["dsl"])
    assert person.organisation_id
    held = Post(
        person_id=person.id,
        organisation_id=person.organisation_id,
        kind=PostKind.DSL,
        from_on=NOW.date() - DAY,
        until_on=NOW.date(),
    )
    db.session.add(held)
    with pytest.raises(Refused, match="for Designated Safeguarding Leads"):
        book(event, person)
    held.until_on = None
    assert book(event, person).state is CONFIRMED


def change(event: Event, wanted: Terms) -> None:
    change_terms(event.offer_id, wanted, actor=make_person(Role.DELIVERY), now=NOW)


def test_lifting_a_limit_gives_places_to_whoever_waited_for_it_in_order() -> None:
    event = make_event(capacity=3)
    body = make_organisation()
    change(event, Terms(most_per_organisation=1))
    bookings = [book(event, make_person(organisation=body, sector=body.sector)) for _ in range(4)]
    assert [b.state for b in bookings] == [CONFIRMED, WAITING, WAITING, WAITING]
    assert {b.passed_over_reason for b in bookings[1:]} == {"One organisation may have 1 place"}
    change(event, Terms(most_per_organisation=2))
    assert [b.state for b in bookings] == [CONFIRMED, CONFIRMED, WAITING, WAITING]
    assert bookings[2].passed_over_reason == "One organisation may have at most 2 places"
    change(event, Terms())
    assert [b.state for b in bookings] == [CONFIRMED, CONFIRMED, CONFIRMED, WAITING]
    assert bookings[3].passed_over_reason == ""
    assert (event.places_taken, event.waiting_count) == (3, 1)


def test_a_stricter_rule_takes_no_place_away() -> None:
    event = make_event()
    booking = book(event, make_person())
    change(event, Terms(sectors=frozenset({"police"}), most_per_sector=1, most_per_organisation=1))
    assert booking.state is CONFIRMED
    with pytest.raises(Refused):
        book(event, make_person())


def test_free_places_are_kept_where_the_new_terms_say_so() -> None:
    event = make_event(capacity=2)
    body = make_organisation()
    change(event, Terms(most_per_organisation=1))
    people = [make_person(organisation=body, sector=body.sector) for _ in range(2)]
    waiting = [book(event, person) for person in people][1]
    change(event, Terms(promotion=Promotion.HELD))
    assert waiting.state is BookingState.HELD


def test_changing_terms_makes_kept_pages_old_and_leaves_a_line_once() -> None:
    event = make_event()
    past, draft = (
        make_event(event.offer, starts_at=NOW - DAY),
        make_event(event.offer, state=EventState.DRAFT),
    )
    before = {e.id: e.revision for e in (event, past, draft)}
    for _ in range(2):
        change(event, Terms(most_per_sector=4, approved_by=ApprovedBy.MANAGER))
    raised = {e.id: e.revision - before[e.id] for e in (event, past, draft)}
    assert raised == {event.id: 1, past.id: 0, draft.id: 0}
    lines = db.session.scalars(select(AuditLine).where(AuditLine.verb == VERB)).all()
    assert [line.subject_reference for line in lines] == [event.offer.slug]
    assert terms_of(event.offer_id) == Terms(most_per_sector=4, approved_by=ApprovedBy.MANAGER)


def test_the_rule_in_words() -> None:
    name = make_sector("Police", slug="police").name
    terms = Terms(
        sectors=frozenset({"police"}),
        posts=frozenset({"dsl", "deputy_dsl"}),
        most_per_organisation=2,
        most_per_sector=1,
        approved_by=ApprovedBy.DELIVERY,
        promotion=Promotion.HELD,
        hold_hours=12,
    )
    said = [
        f"This session is for people who work or volunteer in {name}.",
        "This session is for Designated Safeguarding Leads or deputy Designated Safeguarding "
        "Leads.",
        "One organisation may have at most 2 places.",
        "One sector may have 1 place.",
    ]
    asked = "You ask for a place, and we write to you when we have decided."
    assert told_beforehand(terms) == [*said, asked]
    assert terms_in_words(terms) == [
        *said,
        "We approve each request before it gets a place.",
        "A place that becomes free is kept 12 hours for whoever waits longest, and less long near "
        "the session.",
    ]
    assert told_beforehand(Terms()) == []
    assert terms_in_words(Terms())[0] == "Anybody may book."


def test_whom_a_rule_would_keep_out_is_counted_among_those_of_the_last_year() -> None:
    event = make_event()
    primary, secondary = at_a_school(phase="Primary"), at_a_school()
    for person in (primary, secondary):
        make_booking(event, person)
    make_booking(make_event(event.offer), primary)  # counts once
    make_booking(event, at_a_school(phase="Primary"), booked_at=NOW - 400 * DAY)
    make_booking(event, at_a_school(phase="Primary"), state=BookingState.CANCELLED,
                 cancelled_at=NOW)  # fmt: skip
    make_booking(make_event(), at_a_school(phase="Primary"))
    terms = Terms(establishments=frozenset(PEER_SUPPORT))
    found = terms_queries.barred_of_last_year(event.offer_id, terms, now=NOW)
    assert found == (1, 2)
    assert terms_queries.barred_of_last_year(event.offer_id, Terms(), now=NOW) == (0, 2)
    posts = Terms(posts=frozenset({"dsl"}))
    assert terms_queries.barred_of_last_year(event.offer_id, posts, now=NOW) == (2, 2)


def test_what_is_called_the_same_is_offered_once_unless_it_is_chosen() -> None:
    at_a_school(establishment_type="Special schools", phase="Special")
    at_a_school(kind=OrganisationKind.COLLEGE, phase="16 plus", establishment_type="Colleges")
    offered = dict(terms_queries.establishment_choices(frozenset()))
    assert len(set(offered.values())) == len(offered)
    assert "type:Colleges" not in offered
    assert offered["phase:16 plus"] == "Schools and colleges for people of 16 and over"
    chosen = dict(terms_queries.establishment_choices(frozenset({"type:Colleges", "phase:None"})))
    assert {"type:Colleges", "phase:None"} <= set(chosen)


# The pages


def test_staff_see_what_a_rule_means_before_they_save_it(client: PageClient) -> None:
    event = make_event(starts_at=clock.now() + 14 * DAY)
    for phase in ("Primary", "Secondary"):
        make_booking(event, at_a_school(phase=phase), booked_at=clock.now() - DAY)
    slug, offer_id = event.offer.slug, event.offer_id
    sign_in(client, make_person(Role.DELIVERY))
    page = client.click(client.get(f"/manage/offers/{slug}"), "Who may book")
    assert "Anybody may book." in page.words
    typed = {"establishments": ["phase:Secondary", "kind:college"], "most_per_sector": "6"}
    page = client.submit(page, typed, button="See what it means first")
    assert "It would have kept out 1 of the 2 people" in page.words
    assert terms_of(offer_id) == Terms()
    page = client.submit(page, button="Save who may book")
    assert "Saved. This session is for colleges or secondary schools." in page.words
    assert terms_of(offer_id).most_per_sector == 6


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"most_per_organisation": "0"}, "Most places for one organisation must be"),
        ({"most_per_sector": "two"}, "Most places for one sector must be"),
        ({"promotion": "held", "hold_hours": "169"}, "Hours for which the place is kept must be"),
        ({"promotion": "held", "hold_hours": ""}, "Hours for which the place is kept must be"),
        ({"approved_by": "somebody"}, "Say who agrees"),
    ],
)
def test_what_makes_no_sense_is_refused_and_kept(
    client: PageClient, typed: dict[str, str], error: str
) -> None:
    offer = make_event().offer
    slug = offer.slug
    sign_in(client, make_person(Role.DELIVERY))
    page = client.submit(client.get(f"/manage/offers/{slug}/who-may-book"), typed)
    assert [one for one in page.errors if one.startswith(error)]
    assert db.session.scalars(select(BookingTerms)).all() == []


def test_the_rule_is_said_before_somebody_books_and_whom_it_bars_cannot(
    client: PageClient,
) -> None:
    event = make_event(starts_at=clock.now() + 14 * DAY)
    make_terms(event.offer, establishments=["phase:Secondary"])
    reference, offer_id = event.reference, event.offer_id
    person = at_a_school(phase="Primary")
    db.session.commit()
    assert "This session is for secondary schools." in client.get(f"/events/{reference}").words
    sign_in(client, person)
    page = client.get(f"/events/{reference}/book")
    assert page.h1 == "You cannot book this session"
    assert "ask us to correct our list" in page.words
    assert not [form for form in page.page.forms if "adjustments" in form.names]
    officer = make_person(Role.DELIVERY)
    change_terms(offer_id, Terms(), actor=officer, now=clock.now())
    db.session.commit()
    assert "secondary schools" not in client.get(f"/events/{reference}").words


def test_the_overview_shows_the_mix_against_the_limits(client: PageClient) -> None:
    event = make_event(starts_at=clock.now() + 14 * DAY, capacity=5)
    make_terms(event.offer, most_per_organisation=1, most_per_sector=4)
    body = make_organisation(name="Calder School")
    for _ in range(2):
        book(event, make_person(organisation=body, sector=body.sector))
    reference = event.reference
    sign_in(client, make_person(Role.DELIVERY))
    page = client.get(f"/manage/events/{reference}")
    assert "Who is booked, by organisation; one may have 1" in page.words
    assert "Calder School At its limit 1 of 1 1 1" in page.words
