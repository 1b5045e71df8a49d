"""What somebody needs to take part: how it is asked, and changing it until the session starts."""

from __future__ import annotations

from datetime import datetime

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.bookings.ending import with_people_and_entries
from app.bookings.models import Booking, BookingState
from app.bookings.places import lock_event_of
from app.catalogue.models import EventMode
from app.kernel.errors import Refused

EXAMPLES = {
    EventMode.FACE_TO_FACE: "For example step-free access, a hearing loop, large print, or a seat "
    "near the front.",
    EventMode.ONLINE: "For example captions, a sign language interpreter, or the slides "
    "beforehand.",
    EventMode.HYBRID: "In person for example step-free access or a hearing loop; online for "
    "example captions, or the slides beforehand.",
}
FOOD = "There is food: tell us about a diet or an allergy too."
WHO_SEES_IT = (
    "Only the staff who run this session see it, and it is erased 30 days after the session."
)


def examples(mode: EventMode, *, has_catering: bool) -> str:
    """What may be needed to take part so; food is spoken of only where there is any."""
    is_fed = has_catering and mode is not EventMode.ONLINE
    return f"{EXAMPLES[mode]} {FOOD}" if is_fed else EXAMPLES[mode]


def hint(mode: EventMode, *, has_catering: bool) -> str:
    """What the question says below itself to the person who needs something."""
    return f"{examples(mode, has_catering=has_catering)} {WHO_SEES_IT}"


def change_adjustments(booking_id: int, text: str, *, actor: Person, now: datetime) -> Booking:
    """Note what the person needs now in place of what was noted; the trail has no word of it."""
    event, _ = lock_event_of(booking_id)
    booking = with_people_and_entries(booking_id)
    if booking.state is BookingState.CANCELLED:
        raise Refused("This booking is cancelled, so there is nothing to note")
    if now >= event.starts_at:
        raise Refused("This session has started: tell whoever runs it what you need")
    if booking.adjustments != text:
        actor = read_again(actor)
        booking.adjustments = text
        audit.record(actor.reference, "changed adjustments", "booking", booking.reference, now=now)
    return booking
