"""Every way in which a booking or an event makes the service write into calendars, played."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from app.accounts.people import NamedPerson
from app.bookings import (
    approvals,
    colleagues,
    held_places,
    moving,
    operations,
    personal,
    removing,
    retitled,
)
from app.bookings.change_terms import change_terms
from app.bookings.colleague_rules import Line
from app.bookings.models import ApprovedBy, Booking, BookingOrigin, Promotion
from app.bookings.requests import Manager
from app.bookings.terms_rules import FOR_EVERYBODY
from app.catalogue.models import Event, EventMode
from app.catalogue.operations import OfferDetails, edit_offer
from tests.support.calendar_stage import Stage, as_they_are, shifted
from tests.support.factories import make_terms

Play = Callable[[Stage], None]
PLAYS: dict[str, Play] = {}
COLLEAGUE = BookingOrigin.COLLEAGUE
A_WEEK = timedelta(weeks=1)
# Over the change of the clocks, from whichever side the stage's times are on.
OVER_THE_CHANGE = timedelta(weeks=2)


def play(played: Play) -> Play:
    """List it, by its name in words."""
    PLAYS[played.__name__.replace("_", " ")] = played
    return played


@play
def booked_and_cancelled_by_the_person(stage: Stage) -> None:
    booking = stage.book(stage.event())
    stage.do(operations.cancel_booking, booking.id, actor=booking.person)


@play
def booked_in_person_and_cancelled_by_us(stage: Stage) -> None:
    booking = stage.book(stage.event(**stage.at_a_venue()))
    stage.do(operations.cancel_booking, booking.id, actor=stage.officer)


@play
def one_joins_online_and_one_comes(stage: Stage) -> None:
    event = stage.event(**stage.at_a_venue(mode=EventMode.HYBRID))
    stage.book(event, mode=EventMode.ONLINE)
    stage.book(event, mode=EventMode.FACE_TO_FACE)
    stage.change(event, venue=f"Another hub {stage.words.place}")


@play
def booked_by_the_partnership_for_somebody_who_rang(stage: Stage) -> None:
    stage.book(stage.event(), booked_by=stage.officer, origin=BookingOrigin.STAFF)


@play
def booked_for_colleagues_with_and_without_an_address(stage: Stage) -> None:
    event, office = stage.event(), stage.person()
    lines = [Line(f"Kim {stage.words.name}", "kim@example.org"), Line(f"Lee {stage.words.name}")]
    stage.do(
        colleagues.book_colleagues,
        event.id,
        lines,
        booked_by=office,
        form_key="a" * 20,
        mode=event.mode,
    )
    stage.change(event, subtitle=f"Spring {stage.words.title}")


@play
def declined_by_the_colleague_it_was_booked_for(stage: Stage) -> None:
    office = stage.person()
    booking = stage.book(stage.event(), booked_by=office, origin=COLLEAGUE)
    stage.do(operations.cancel_booking, booking.id, actor=booking.person)


@play
def booked_from_the_waiting_list_when_somebody_cancels(stage: Stage) -> None:
    event = stage.event(capacity=1)
    first, _second = stage.book(event), stage.book(event)
    stage.do(operations.cancel_booking, first.id, actor=first.person)


@play
def booked_from_the_waiting_list_when_there_is_more_room(stage: Stage) -> None:
    event = stage.event(capacity=1)
    for _ in range(3):
        stage.book(event)
    stage.change(event, capacity=2)
    stage.change(event, capacity=None)


@play
def booked_from_the_waiting_list_when_a_limit_falls(stage: Stage) -> None:
    event = stage.event()
    make_terms(event.offer, most_per_organisation=1)
    first = stage.book(event)
    stage.book(event, stage.person(organisation=first.organisation))
    stage.do(change_terms, event.offer_id, FOR_EVERYBODY, actor=stage.officer)


@play
def a_held_place_taken_and_then_cancelled(stage: Stage) -> None:
    second = _held(stage)
    stage.do(held_places.accept, second.id, actor=None)
    stage.do(operations.cancel_booking, second.id, actor=second.person)


@play
def a_held_place_given_up_and_held_for_the_next(stage: Stage) -> None:
    second = _held(stage)
    third = stage.book(second.event)
    stage.do(held_places.decline, second.id, actor=None)
    stage.do(held_places.accept, third.id, actor=None)


@play
def a_held_place_that_nobody_took_in_time(stage: Stage) -> None:
    second = _held(stage)
    third = stage.book(second.event)
    stage.now += timedelta(days=2)
    stage.do(held_places.expire, second.event_id)
    stage.do(held_places.accept, third.id, actor=None)


@play
def taken_off_the_waiting_list_and_the_next_one_booked(stage: Stage) -> None:
    second = _held(stage)
    third = stage.book(second.event)
    stage.do(removing.remove, second.id, reason=stage.words.place, actor=stage.officer)
    stage.do(held_places.accept, third.id, actor=None)


@play
def came_while_a_place_was_held_and_the_event_moved(stage: Stage) -> None:
    second = _held(stage)
    stage.do(operations.attend_without_booking, second.event_id, second.person, actor=stage.officer)
    stage.change(second.event, subtitle="Moved")


@play
def approved_by_a_line_manager(stage: Stage) -> None:
    booking = _asked(stage, ApprovedBy.MANAGER)
    stage.do(approvals.approve, booking.id, actor=None)
    stage.do(operations.cancel_booking, booking.id, actor=booking.person)


@play
def approved_by_us_when_it_was_full_and_then_booked(stage: Stage) -> None:
    booking = _asked(stage, ApprovedBy.DELIVERY)
    stage.change(booking.event, capacity=1)
    other = stage.book(booking.event, booked_by=stage.officer, origin=BookingOrigin.STAFF)
    stage.do(approvals.approve, booking.id, actor=stage.officer)
    stage.do(operations.cancel_booking, other.id, actor=stage.officer)


@play
def moved_to_another_date(stage: Stage) -> None:
    old = stage.book(stage.event())
    there = _later(stage, old.event)
    stage.do(moving.move_booking, old.id, there.id, actor=old.person, mode=there.mode)


@play
def moved_by_us_and_back_again(stage: Stage) -> None:
    old = stage.book(stage.event(**stage.at_a_venue()))
    here, there = old.event, _later(stage, old.event)
    by = stage.officer
    new = stage.do(moving.move_booking, old.id, there.id, actor=by, mode=there.mode)
    stage.do(moving.move_booking, new.id, here.id, actor=by, mode=here.mode)


@play
def moved_from_a_waiting_list_to_a_place(stage: Stage) -> None:
    event = stage.event(capacity=1)
    _first, second = stage.book(event), stage.book(event)
    there = _later(stage, event)
    stage.do(moving.move_booking, second.id, there.id, actor=second.person, mode=there.mode)


@play
def handed_over_to_a_colleague_and_back(stage: Stage) -> None:
    old = stage.book(stage.event())
    giver, email = old.person, old.person.email or ""
    named = NamedPerson(f"Kim {stage.words.name}", "kim@example.org")
    new = stage.do(moving.hand_over, old.id, named, actor=giver)
    back = NamedPerson(giver.name, email)
    stage.do(moving.hand_over, new.id, back, actor=new.person)


@play
def handed_over_by_us(stage: Stage) -> None:
    old = stage.book(stage.event())
    named = NamedPerson(f"Kim {stage.words.name}", "kim@example.org")
    stage.do(moving.hand_over, old.id, named, actor=stage.officer)


@play
def the_event_moved_over_a_clock_change_and_back(stage: Stage) -> None:
    event = stage.event()
    stage.book(event)
    for by in (OVER_THE_CHANGE, -OVER_THE_CHANGE, timedelta(hours=1)):
        dates = shifted(as_they_are(event), by)
        closes_at = dates[0].starts_at
        stage.change(event, dates=dates, booking_closes_at=closes_at)


@play
def the_place_changed_and_then_it_went_online(stage: Stage) -> None:
    event = stage.event(**stage.at_a_venue())
    stage.book(event)
    stage.change(event, venue=f"Castleford {stage.words.place}")
    stage.change(event, mode=EventMode.ONLINE)


@play
def the_title_changed(stage: Stage) -> None:
    event = stage.event()
    stage.book(event)
    stage.change(event, subtitle=stage.words.title)
    stage.change(event, subtitle="")


@play
def the_offer_got_another_title(stage: Stage) -> None:
    event = stage.event()
    stage.book(event)
    stage.book(event, stage.person(email=None), booked_by=stage.person(), origin=COLLEAGUE)
    for title in (f"Another {stage.words.title}", "Short"):
        details = OfferDetails(title, event.offer.kind, "New", "And anew", "Everybody")
        stage.do(edit_offer, event.offer_id, details, actor=stage.officer)
        assert retitled.events_with_old_titles(now=stage.now) == [event.id]
        stage.do(retitled.correct_calendars, event.id)
        assert retitled.events_with_old_titles(now=stage.now) == []


@play
def a_date_added_and_another_taken_out(stage: Stage) -> None:
    event = stage.event()
    stage.book(event)
    dates = as_they_are(event)
    [last] = shifted(dates[-1:], A_WEEK)
    added = operations.DateChange(None, last.starts_at, last.ends_at)
    stage.change(event, dates=(*dates, added))
    stage.change(event, dates=as_they_are(event)[1:])


@play
def the_event_called_off(stage: Stage) -> None:
    event = stage.event()
    stage.book(event)
    stage.book(event, stage.person(email=None), booked_by=stage.person(), origin=COLLEAGUE)
    stage.do(operations.cancel_event, event.id, reason=stage.words.place, actor=stage.officer)


@play
def booked_after_joining_instructions_went_out(stage: Stage) -> None:
    stage.book(stage.event(joining_sent_at=stage.now))


@play
def moved_and_cancelled_after_the_partnership_got_another_mailbox(stage: Stage) -> None:
    old = stage.book(stage.event())
    stage.another_mailbox("training@example.org")
    stage.change(old.event, subtitle="Autumn")
    there = _later(stage, old.event)
    new = stage.do(moving.move_booking, old.id, there.id, actor=old.person, mode=there.mode)
    stage.do(operations.cancel_booking, new.id, actor=old.person)


@play
def erased_at_the_persons_wish(stage: Stage) -> None:
    event = stage.event(capacity=1)
    first, _second = stage.book(event), stage.book(event)
    stage.do(personal.erase, first.person_id)


@play
def what_calendars_do_not_show_was_edited(stage: Stage) -> None:
    event = stage.event()
    booking = stage.book(event)
    before = len(stage.letters())
    stage.change(event, joining_notes="Bring a pen", joining_url="https://meet.example.org/new")
    stage.change(event, capacity=40, has_catering=True)
    stage.change(event)
    assert len(stage.letters()) == before
    stage.do(operations.cancel_booking, booking.id, actor=booking.person)


def _held(stage: Stage) -> Booking:
    """A place kept for somebody who waited."""
    event = stage.event(capacity=1)
    make_terms(event.offer, promotion=Promotion.HELD)
    first, second = stage.book(event), stage.book(event)
    stage.do(operations.cancel_booking, first.id, actor=first.person)
    return second


def _asked(stage: Stage, approved_by: ApprovedBy) -> Booking:
    """A place somebody asked for, where somebody must agree."""
    event = stage.event()
    make_terms(event.offer, approved_by=approved_by)
    manager = Manager(f"Max {stage.words.name}", "max.head@example.org")
    return stage.book(event, manager=manager)


def _later(stage: Stage, event: Event) -> Event:
    """Another event of the same offer, two weeks after."""
    there = stage.event(event.offer)
    dates = shifted(as_they_are(there), OVER_THE_CHANGE)
    stage.change(there, dates=dates, booking_closes_at=dates[0].starts_at)
    return there
