"""Two persons that were one: what each was asked becomes what the one person was asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select, update

from app.bookings.models import Booking, BookingState
from app.kernel.db import db
from app.surveys.models import InvitationState, SurveyInvitation, Wave
from app.surveys.response_models import Pairing

# Of two invitations to the same survey the first of these is kept.
BEST_FIRST = (
    InvitationState.ANSWERED,
    InvitationState.SENT,
    InvitationState.CLOSED,
    InvitationState.PLANNED,
    InvitationState.STOPPED,
    InvitationState.MISSED,
)
Survey = tuple[int, int | None]


def merge_invitations(from_id: int, into_id: int) -> None:
    """Hand the invitations of one person over to another, so that each survey is asked once.

    Where both were to be asked the same, the one that got further stands for both; the other is
    forgotten if it was never sent, and stops if it can still be answered.
    """
    found = db.session.execute(
        select(SurveyInvitation, Wave.once_per_person)
        .join(Wave, Wave.id == SurveyInvitation.wave_id)
        .where(SurveyInvitation.person_id.in_((from_id, into_id)))
        .order_by(SurveyInvitation.id)
        .with_for_update(of=SurveyInvitation)
        .execution_options(populate_existing=True)
    )
    same: defaultdict[Survey, list[SurveyInvitation]] = defaultdict(list)
    whose: dict[Survey, list[int]] = defaultdict(list)
    for invitation, once in found:
        survey = (invitation.wave_id, None if once else invitation.event_id)
        same[survey].append(invitation)
        whose[survey].append(invitation.person_id)
        invitation.person_id = into_id
    bookings = _live_bookings(into_id)
    for survey, theirs in same.items():
        if from_id in whose[survey]:
            _keep_one(theirs, f"person:{into_id}", bookings)
    db.session.flush()


def _keep_one(
    invitations: Iterable[SurveyInvitation], person_key: str, bookings: dict[int, int]
) -> None:
    best, *others = sorted(invitations, key=lambda one: BEST_FIRST.index(one.state))
    key = best.addressee_key
    if key.startswith("person:"):
        key = person_key
    elif best.event_id in bookings:
        best.booking_id = bookings[best.event_id]
        key = f"booking:{best.booking_id}"
    for other in others:
        if other.sent_at is None:
            db.session.delete(other)
        elif other.state is InvitationState.SENT:
            other.state = InvitationState.STOPPED
    _give_key(best, key, others)


def _give_key(best: SurveyInvitation, key: str, others: Iterable[SurveyInvitation]) -> None:
    """Keys are unique in a wave: whichever of the others has this one takes another for it."""
    old_key = best.addressee_key
    if old_key == key:
        return
    for other in others:
        if other.addressee_key == key:
            other.addressee_key = f"merged:{other.id}"
    db.session.flush()
    best.addressee_key = key
    db.session.flush()
    paired = select(Pairing.pairing_key).where(
        Pairing.evaluation_id == best.evaluation_id, Pairing.addressee_key == key
    )
    if db.session.scalar(paired) is None:
        db.session.execute(
            update(Pairing)
            .where(Pairing.evaluation_id == best.evaluation_id, Pairing.addressee_key == old_key)
            .values(addressee_key=key)
        )


def _live_bookings(person_id: int) -> dict[int, int]:
    """A person's bookings that are not cancelled, by event: at most one of each."""
    found = db.session.execute(
        select(Booking.event_id, Booking.id).where(
            Booking.person_id == person_id, Booking.state != BookingState.CANCELLED
        )
    )
    return {row.event_id: row.id for row in found}
