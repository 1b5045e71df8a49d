"""The journeys of somebody who books, through the pages."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import func, select

from app.accounts.models import Person
from app.bookings import links, operations
from app.bookings.models import (
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
    CancelReason,
)
from app.catalogue.models import Event, EventMode, EventState
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.london import date_words, london_date
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_partnership,
    make_person,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


def coming(**changes: Any) -> Event:
    """A published event in two weeks."""
    return make_event(starts_at=clock.now() + timedelta(days=14), **changes)


def bookings_count() -> int:
    return db.session.scalar(select(func.count()).select_from(Booking)) or 0


def test_somebody_signed_in_books_a_place_and_reads_what_is_true(client: PageClient) -> None:
    person, event = make_person(), coming(capacity=5)
    title, reference = event.title, event.reference
    sign_in(client, person)
    page = client.click(client.get(f"/events/{reference}"), "Book a place")
    assert page.h1 == "Check your answers before you book"
    assert title in page.words
    done = client.submit(page, {"adjustments": "Step-free access"}, button="Book this place")
    assert done.h1 == "Your place is booked"
    assert "Step-free access" in done.words
    booking = db.session.scalars(select(Booking)).one()
    assert (booking.state, booking.adjustments) == (BookingState.CONFIRMED, "Step-free access")
    assert "You are booked" in client.get(f"/events/{reference}").words
    assert "Coming up" in client.get("/bookings").words


def test_the_event_page_is_kept_for_visitors_until_something_changes(client: PageClient) -> None:
    event = coming(capacity=1)
    path, event_id = f"/events/{event.reference}", event.id
    db.session.commit()
    first = client.get(path)
    assert "1 place left" in first.words
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    person = make_person()
    operations.book(
        event_id,
        person,
        booked_by=person,
        origin=BookingOrigin.SELF,
        mode=EventMode.ONLINE,
        form_key=None,
        now=clock.now(),
    )
    db.session.commit()
    second = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert "Full" in second.words
    sign_in(client, db.session.get_one(Person, person.id))
    own = client.get(path)
    assert "You are booked" in own.words
    assert own.headers["Cache-Control"] == "no-store"


STATES: dict[str, tuple[dict[str, Any], str, str]] = {
    "open": ({}, "20 places left", "Book a place"),
    "last place": ({"capacity": 1}, "1 place left", "Book a place"),
    "open to all": ({"capacity": None}, "Open to all", "Book a place"),
    "full": ({"capacity": 3, "places_taken": 3}, "Full", "Join the waiting list"),
    "waiting": (
        {"capacity": 3, "places_taken": 3, "waiting_count": 9},
        "Full, 9 waiting",
        "Join the waiting list",
    ),
    "not yet open": ({"booking_opens_at": timedelta(days=2)}, "Booking is not open yet", ""),
    "closed": ({"booking_closes_at": timedelta(hours=-1)}, "Booking has closed", ""),
    "under way": ({"starts_at": timedelta(hours=-1)}, "Under way", ""),
    "over": ({"starts_at": timedelta(days=-2)}, "This session is over", ""),
    "cancelled": (
        {
            "state": EventState.CANCELLED,
            "cancelled_at": timedelta(),
            "cancellation_reason": "The trainer is ill.",
        },
        "The trainer is ill.",
        "",
    ),
}


@pytest.mark.parametrize(("changes", "words", "button"), STATES.values(), ids=STATES)
def test_every_state_of_booking_is_said_in_words(
    client: PageClient, changes: dict[str, Any], words: str, button: str
) -> None:
    now = clock.now()
    facts: dict[str, Any] = {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in changes.items()
    }
    facts = {"starts_at": now + timedelta(days=14), "venue": "Hub", **facts}
    event = make_event(**facts)
    path = f"/events/{event.reference}"
    db.session.commit()
    page = client.get(path)
    assert words in page.words
    links = [link.words for link in page.select("a", class_="govuk-button")]
    assert links == ([button] if button else [])
    if not button:
        assert client.get(f"{path}/book").status_code == 302


def test_a_draft_is_seen_by_staff_only(client: PageClient) -> None:
    event = coming(state=EventState.DRAFT, published_at=None)
    path = f"/events/{event.reference}"
    db.session.commit()
    assert client.get(path).status_code == 404
    assert client.get(f"{path}.ics").status_code == 404
    assert client.get(f"{path}/book").status_code == 404
    sign_in(client, make_person(Role.DELIVERY))
    assert "Draft" in client.get(path).words


@pytest.mark.parametrize("path", ["/events/nothing", "/events/nothing.ics", "/events/nothing/book"])
def test_an_unknown_event_is_not_found(client: PageClient, path: str) -> None:
    missing = client.get(path)
    assert (missing.status_code, missing.h1) == (404, "Page not found")


def test_the_meeting_link_stands_on_no_public_page(client: PageClient) -> None:
    event = coming(joining_notes="Have a case ready.")
    path = f"/events/{event.reference}"
    db.session.commit()
    for address in (path, f"{path}.ics"):
        assert "secret-room" not in client.get(address).text


def test_the_event_describes_itself_to_search_engines(client: PageClient) -> None:
    hostile = "</script><script>alert(1)</script>"
    event = coming(capacity=5, places_taken=2, mode=EventMode.HYBRID, venue=hostile, subtitle="&")
    path = f"/events/{event.reference}"
    db.session.commit()
    [script] = client.get(path).select("script", type="application/ld+json")
    data = json.loads("".join(str(child) for child in script.children))
    assert data["@type"] == "CourseInstance"
    assert data["eventAttendanceMode"].endswith("MixedEventAttendanceMode")
    assert data["remainingAttendeeCapacity"] == 3
    assert data["location"][0]["name"] == hostile
    assert data["startDate"].startswith(f"{london_date(clock.now() + timedelta(days=14))}")


def test_the_calendar_file_has_every_date_and_no_attendee(client: PageClient) -> None:
    event = coming(days=3)
    path = f"/events/{event.reference}.ics"
    db.session.commit()
    response = client.get(path)
    assert response.mimetype == "text/calendar"
    assert response.text.count("BEGIN:VEVENT") == 3
    assert "METHOD:PUBLISH" in response.text
    assert "ATTENDEE" not in response.text


def test_the_calendar_file_is_not_sent_again_until_something_in_it_changes(
    client: PageClient,
) -> None:
    event = coming()
    path = f"/events/{event.reference}.ics"
    db.session.commit()
    known = {"If-None-Match": client.get(path).headers["ETag"]}
    again = client.get(path, headers=known)
    assert (again.status_code, again.data) == (304, b"")
    event.venue, event.mode = "Castleford Hub", EventMode.FACE_TO_FACE
    db.session.commit()
    assert "Castleford Hub" in client.get(path, headers=known).text


def test_the_calendar_file_and_the_public_feed_name_a_date_alike(client: PageClient) -> None:
    event = coming(days=2)
    path = f"/events/{event.reference}.ics"
    db.session.commit()
    named = [
        {line for line in client.get(address).text.split("\r\n") if line[:4] in {"UID:", "SEQU"}}
        for address in (path, "/calendar.ics")
    ]
    assert len(named[0]) == 3
    assert named[0] == named[1]


def test_a_visitor_signs_in_within_the_journey(client: PageClient) -> None:
    event = coming()
    path, title = f"/events/{event.reference}/book", event.title
    db.session.commit()
    response = client.get(path)
    assert response.status_code == 302
    assert response.location == f"/sign-in?next={path}"
    assert title in client.follow(response).words


def test_somebody_new_is_asked_who_they_are_first(client: PageClient) -> None:
    event = coming()
    path = f"/events/{event.reference}/book"
    sign_in(client, make_person(profile_completed_at=None))
    assert client.get(path).location == f"/welcome?next={path}"
    assert client.post(path).status_code == 400  # no token: nothing is done
    assert bookings_count() == 0


def test_a_full_session_says_the_place_in_the_waiting_list(client: PageClient) -> None:
    event = coming(capacity=1)
    make_booking(event)
    make_booking(event, state=BookingState.WAITING, joined_waiting_at=clock.now())
    path = f"/events/{event.reference}"
    sign_in(client, make_person())
    page = client.click(client.get(path), "Join the waiting list")
    assert "You will be number 2 on the waiting list" in page.words
    done = client.submit(page, button="Join the waiting list")
    assert done.h1 == "You are 2nd on the waiting list"
    assert "You are 2nd on the waiting list" in client.get(path).words
    assert db.session.scalars(select(OutboxMessage.kind)).all() == ["booking_waiting"]


def test_a_double_click_books_once(client: PageClient) -> None:
    event = coming()
    path = f"/events/{event.reference}/book"
    sign_in(client, make_person())
    page = client.get(path)
    first = client.post_form(page, button="Book this place")
    second = client.post_form(page, button="Book this place")
    assert first.location == second.location
    assert bookings_count() == 1
    assert len(db.session.scalars(select(OutboxMessage)).all()) == 1


def test_booking_again_from_another_window_is_refused_in_words(client: PageClient) -> None:
    event = coming()
    path = f"/events/{event.reference}/book"
    sign_in(client, make_person())
    one, other = client.get(path), client.get(path)
    client.post_form(one, button="Book this place")
    refused = client.post_form(other, button="Book this place")
    assert refused.errors == ["You are booked already"]
    assert client.get(path).location.startswith("/bookings/")
    assert bookings_count() == 1


def test_the_window_may_close_while_somebody_checks_their_answers(client: PageClient) -> None:
    event = coming()
    path = f"/events/{event.reference}/book"
    sign_in(client, make_person())
    page = client.get(path)
    shown = db.session.scalars(select(Event)).one()
    shown.booking_closes_at = clock.now()
    db.session.commit()
    refused = client.post_form(page, {"adjustments": "Quiet room"}, button="Book this place")
    assert refused.errors == ["Booking for this session has closed"]
    assert "Quiet room" in refused.page.one("textarea").words
    assert bookings_count() == 0


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({}, "Say whether you will come in person or join online"),
        ({"mode": "hybrid"}, "Say whether you will come in person or join online"),
        ({"mode": "online", "adjustments": "x" * 1001}, "must be 1,000 characters or fewer"),
        ({"mode": "online", "form_key": "../../etc"}, "open for too long"),
        ({"mode": "online", "form_key": None}, "open for too long"),
    ],
    ids=["no answer", "not offered", "too long", "hostile key", "no key"],
)
def test_a_wrong_answer_is_refused_and_kept(
    client: PageClient, values: dict[str, Any], error: str
) -> None:
    event = coming(mode=EventMode.HYBRID, venue="Hub")
    path = f"/events/{event.reference}/book"
    sign_in(client, make_person())
    refused = client.post_form(client.get(path), values, button="Book this place")
    assert refused.status_code == 200
    assert error in refused.errors[0]
    assert bookings_count() == 0
    again = client.submit(
        refused, {"mode": "online", "adjustments": "Quiet room"}, button="Book this place"
    )
    assert again.h1 == "Your place is booked"


def test_columns_that_are_not_asked_for_are_not_taken(client: PageClient) -> None:
    event = coming(capacity=1)
    make_booking(event)
    path = f"/events/{event.reference}/book"
    me = make_person()
    my_id = me.id
    sign_in(client, me)
    every_column = {
        "state": "confirmed",
        "person_id": "1",
        "booked_by_id": "1",
        "origin": "staff",
        "sector_id": "1",
        "capacity": "governor",
        "confirmed_at": "2020-01-01",
        "joined_waiting_at": "2020-01-01",
        "reference": "mine",
    }
    client.post_form(client.get(path), button="Join the waiting list", extra=every_column)
    made = db.session.scalars(select(Booking).where(Booking.person_id == my_id)).one()
    assert (made.state, made.origin) == (BookingState.WAITING, BookingOrigin.SELF)
    assert (made.booked_by_id, made.capacity.value) == (my_id, "employee")
    assert made.joined_waiting_at
    assert made.joined_waiting_at.year > 2020


def test_cancelling_asks_first_and_then_says_what_is_true(client: PageClient) -> None:
    person, event = make_person(), coming(capacity=1)
    booking = make_booking(event, person)
    next_one = make_booking(event, state=BookingState.WAITING)
    path, next_id = f"/bookings/{booking.reference}", next_one.id
    sign_in(client, person)
    ask = client.click(client.get(path), "Cancel this booking")
    assert ask.h1 == "Cancel this booking?"
    assert db.session.get_one(Booking, next_id).state is BookingState.WAITING
    done = client.submit(ask, button="Cancel this booking")
    assert done.h1 == "Your booking is cancelled"
    assert db.session.get_one(Booking, next_id).state is BookingState.CONFIRMED
    assert client.submit(ask, button="Cancel this booking").h1 == "Your booking is cancelled"
    assert client.get(f"{path}/cancel").status_code == 302


@pytest.mark.parametrize(
    ("because", "has_waited", "heading"),
    [
        (CancelReason.PERSON, True, "You are no longer on the waiting list"),
        (CancelReason.DECLINED, True, "The place kept for you is given up"),
        (CancelReason.PERSON, False, "Your request is withdrawn"),
    ],
    ids=["left the list", "declined", "withdrawn"],
)
def test_what_never_had_a_place_is_not_said_to_leave_the_calendar(
    client: PageClient, because: CancelReason, has_waited: bool, heading: str
) -> None:
    me, event = make_person(), coming()
    booking = make_booking(event, me)
    booking.state, booking.cancelled_at = BookingState.CANCELLED, clock.now()
    booking.cancelled_because, booking.confirmed_at = because, None
    booking.joined_waiting_at = clock.now() if has_waited else None
    db.session.commit()
    sign_in(client, me)
    page = client.get(f"/bookings/{booking.reference}")
    assert page.h1 == heading
    assert "Nothing was in the calendar" in page.words


def test_a_day_that_is_over_is_not_named_as_the_last_to_cancel(client: PageClient) -> None:
    me = make_person()
    booking = make_booking(make_event(starts_at=clock.now() + timedelta(hours=20)), me)
    path = f"/bookings/{booking.reference}"
    sign_in(client, me)
    assert "Please tell us as soon as you can" in client.get(path).words


def test_a_late_cancellation_is_told_before_it_is_made(client: PageClient) -> None:
    person = make_person()
    booking = make_booking(make_event(starts_at=clock.now() + timedelta(hours=20)), person)
    path = f"/bookings/{booking.reference}/cancel"
    sign_in(client, person)
    assert "less notice than the 2 working days" in client.get(path).words


def test_a_session_that_started_cannot_be_cancelled(client: PageClient) -> None:
    person = make_person()
    booking = make_booking(make_event(starts_at=clock.now() - timedelta(hours=1)), person)
    path = f"/bookings/{booking.reference}/cancel"
    sign_in(client, person)
    refused = client.submit(client.get(path), button="Cancel this booking")
    assert "has started" in refused.errors[0]


@pytest.mark.parametrize("tail", ["", "/cancel", "/join", "/calendar.ics"])
def test_somebody_elses_booking_is_as_absent_as_none(client: PageClient, tail: str) -> None:
    booking = make_booking(coming())
    path = f"/bookings/{booking.reference}{tail}"
    sign_in(client, make_person())
    foreign, missing = client.get(path), client.get(f"/bookings/nothing{tail}")
    assert (foreign.status_code, missing.status_code) == (404, 404)
    csrf = client.get("/bookings").page.select("input", name="csrf_token")[0]["value"]
    if tail == "/cancel":
        assert client.post(path, data={"csrf_token": csrf}).status_code == 404
        assert db.session.scalars(select(Booking)).one().state is BookingState.CONFIRMED


@pytest.mark.parametrize("tail", ["", "/cancel", "/join", "/calendar.ics"])
def test_a_booking_is_not_shown_to_visitors(client: PageClient, tail: str) -> None:
    path = f"/bookings/{make_booking(coming()).reference}{tail}"
    db.session.commit()
    assert client.get(path).location == f"/sign-in?next={path}"


def test_whoever_booked_for_a_colleague_sees_the_booking(client: PageClient) -> None:
    booker, colleague = make_person(), make_person(name="Samira Ali-Khan", email=None)
    booking = make_booking(
        coming(),
        colleague,
        booked_by=booker,
        origin=BookingOrigin.COLLEAGUE,
        name_given="Sam Ali",
        adjustments="Private wish",
        state=BookingState.CONFIRMED,
    )
    path = f"/bookings/{booking.reference}"
    sign_in(client, booker)
    page = client.get(path)
    assert page.h1 == "Sam Ali's place is booked"
    assert "Private wish" not in page.words
    mine = client.get("/bookings")
    assert "Booked for colleagues" in mine.words
    assert "1 person" in mine.words
    assert client.click(mine, "Sam Ali").h1 == page.h1
    group = client.click(page, "All places you booked for others on this session")
    assert group.h1 == "Places you booked for others"
    assert "Samira" not in page.text + mine.text


@pytest.mark.parametrize(
    ("starts_in", "state", "is_shown", "words"),
    [
        (timedelta(hours=24, minutes=1), "confirmed", False, "is shown here from"),
        (timedelta(hours=23, minutes=59), "confirmed", True, "Join the meeting"),
        (timedelta(hours=-2, minutes=-59), "confirmed", True, "Join the meeting"),
        (timedelta(hours=-3, minutes=-1), "confirmed", False, "is over"),
        (timedelta(hours=1), "waiting", False, "waiting list"),
        (timedelta(hours=1), "cancelled", False, "cancelled"),
    ],
    ids=[
        "too early",
        "a day before",
        "just before the end",
        "over",
        "waiting",
        "cancelled",
    ],
)
def test_the_meeting_link_is_shown_from_a_day_before_until_the_end(
    client: PageClient, starts_in: timedelta, state: str, is_shown: bool, words: str
) -> None:
    person, now = make_person(), clock.now()
    booking = make_booking(
        make_event(starts_at=now + starts_in),
        person,
        state=BookingState(state),
        cancelled_at=now if state == "cancelled" else None,
    )
    path = f"/bookings/{booking.reference}/join"
    sign_in(client, person)
    page = client.get(path)
    assert words in page.words
    assert ("secret-room" in page.text) is is_shown
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert page.headers["Cache-Control"] == "no-store"


def test_the_joining_page_of_a_kept_place_says_that_nobody_has_taken_it(
    client: PageClient,
) -> None:
    me, event = make_person(), coming()
    until = clock.now() + timedelta(days=1)
    booking = make_booking(event, me, state=BookingState.HELD, held_until=until)
    path = f"/bookings/{booking.reference}/join"
    sign_in(client, me)
    assert "nobody has taken it yet" in client.get(path).words


def test_my_learning_separates_what_comes_what_waits_and_what_is_over(client: PageClient) -> None:
    me, now = make_person(), clock.now()
    make_booking(coming(subtitle="Soon"), me)
    make_booking(coming(subtitle="Hoped for"), me, state=BookingState.WAITING)
    for number in range(12):
        event = make_event(starts_at=now - timedelta(days=10 + number), subtitle=f"Old {number:02}")
        make_booking(event, me)
    make_booking(coming(subtitle="Somebody else's"))
    sign_in(client, me)
    page = client.get("/bookings")
    headings = [heading.words for heading in page.select("h2", class_="section-title")]
    assert headings == ["Coming up", "Waiting list", "Past and cancelled"]
    assert "Somebody else's" not in page.words
    assert "Old 00" in page.words
    assert "Old 11" not in page.words
    assert "Old 11" in client.get("/bookings?page=2").words
    assert "(page 1 of 2)" in page.page.title


@pytest.mark.parametrize(
    ("because", "words"),
    [
        (CancelReason.PERSON, "Cancelled"),
        (CancelReason.EXPIRED, "Not taken in time"),
        (CancelReason.NOT_APPROVED, "Not approved"),
        (CancelReason.LAPSED, "Nobody answered"),
        (CancelReason.HANDED_OVER, "Given to a colleague"),
    ],
)
def test_my_learning_says_how_a_booking_ended(
    client: PageClient, because: CancelReason, words: str
) -> None:
    me = make_person()
    booking = make_booking(coming(), me)
    booking.state, booking.cancelled_at = BookingState.CANCELLED, clock.now()
    booking.cancelled_because = because
    db.session.commit()
    sign_in(client, me)
    assert [tag.words for tag in client.get("/bookings").select("span", class_="tag")] == [words]


def test_my_learning_without_any_says_where_to_find_some(client: PageClient) -> None:
    sign_in(client, make_person())
    assert "Nothing is booked. Find learning" in client.get("/bookings").words
    assert "Nothing is recorded yet" in client.get("/record").words


def test_the_record_lists_what_was_attended_and_nothing_else(client: PageClient) -> None:
    me, now = make_person(), clock.now()
    came = make_event(starts_at=now - timedelta(days=9), subtitle="Came", days=2)
    stayed_away = make_event(starts_at=now - timedelta(days=8), subtitle="Stayed away")
    make_attendance(make_booking(came, me))
    make_attendance(make_booking(stayed_away, me), AttendanceOutcome.DID_NOT_ATTEND)
    make_attendance(make_booking(came))
    sign_in(client, me)
    page = client.get("/record")
    assert "Came" in page.words
    assert "Stayed away" not in page.words


def test_the_own_calendar_file_has_the_joining_page_and_no_attendee(client: PageClient) -> None:
    person, event = make_person(), coming(days=2)
    path = f"/events/{event.reference}/book"
    sign_in(client, person)
    done = client.submit(client.get(path), button="Book this place")
    text = client.get(done.page.link("Add to my calendar")).text
    assert text.count("BEGIN:VEVENT") == 2
    assert "/join" in text
    assert "ATTENDEE" not in text
    assert "secret-room" not in text


def test_a_page_adds_each_date_to_calendars_on_the_web_and_says_which(client: PageClient) -> None:
    event = coming(days=2)
    db.session.commit()
    addresses = [a["href"] for a in client.get(f"/events/{event.reference}").select("a", href=True)]
    for start in ("calendar.google.com/calendar/render?", "outlook.office.com/calendar/"):
        found = [address for address in addresses if address.startswith(f"https://{start}")]
        assert len(found) == 2
        assert all(f"{event.reference}" in address for address in found)
        assert not [address for address in found if "bookings" in address or "secret" in address]


def test_the_own_page_puts_the_joining_page_into_calendars_on_the_web(client: PageClient) -> None:
    person, event = make_person(), coming()
    sign_in(client, person)
    done = client.submit(client.get(f"/events/{event.reference}/book"), button="Book this place")
    [google] = [
        link
        for link in done.page.select("a", rel="noopener noreferrer")
        if "google" in link["href"]
    ]
    reference = db.session.scalars(select(Booking.reference)).one()
    assert google.words == f"Google Calendar for {date_words(event.starts_at)}"
    assert f"%2Fbookings%2F{reference}%2Fjoin" in google["href"]
    assert "secret-room" not in google["href"]


def test_whoever_waits_or_has_cancelled_adds_nothing_to_a_calendar(client: PageClient) -> None:
    me = make_person()
    waiting = make_booking(coming(capacity=1), me, state=BookingState.WAITING)
    sign_in(client, me)
    assert "Google Calendar" not in client.get(f"/bookings/{waiting.reference}").words


def test_the_own_entry_says_how_to_cancel_without_signing_in(client: PageClient) -> None:
    person, event = make_person(), coming()
    sign_in(client, person)
    done = client.submit(client.get(f"/events/{event.reference}/book"), button="Book this place")
    entry = Calendar.from_ical(client.get(done.page.link("Add to my calendar")).data)
    booking = db.session.scalars(select(Booking)).one()
    about = str(entry.walk("VEVENT")[0]["DESCRIPTION"])
    assert f"Can't come? {links.link(booking, links.Purpose.CANT_COME)}" in about
