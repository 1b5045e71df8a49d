"""Learning for one organisation's own staff: what can be asked for, and the words of its state."""

from __future__ import annotations

from app.bookings.in_house_models import CountedBy, InHouseState
from app.catalogue.models import OfferKind, OfferState
from app.kernel.refusals import Refused

MOST_PEOPLE = 1_000
MOST_WORDS, MOST_MORE = 200, 2_000
CAN_BE_ASKED_FOR = frozenset(
    {
        OfferKind.COURSE,
        OfferKind.SAFER_SLEEP,
        OfferKind.MASTERCLASS,
        OfferKind.BRIEFING,
        OfferKind.WORKSHOP,
    }
)
STATE_WORDS = {
    InHouseState.ASKED: "Waiting for an answer",
    InHouseState.AGREED: "Agreed",
    InHouseState.DECLINED: "Declined",
    InHouseState.WITHDRAWN: "Taken back",
}
COUNTED_WORDS = {
    CountedBy.REGISTER: "A register: each person by name, with a certificate and a short survey",
    CountedBy.HEADS: "Heads: how many were there, nobody by name, with a survey by QR code",
}


def check_can_ask(kind: OfferKind, state: OfferState, *, has_organisation: bool) -> None:
    """Refused for what is not delivered in house, and to somebody of no organisation."""
    if kind not in CAN_BE_ASKED_FOR or state is not OfferState.PUBLISHED:
        raise Refused("This is not delivered in house: ask for another course")
    if not has_organisation:
        raise Refused("Say on your profile which organisation you work for, then ask")


def check_undecided(state: InHouseState) -> None:
    """Refused for a request that is decided or taken back."""
    if state is not InHouseState.ASKED:
        raise Refused(
            f"This request is “{STATE_WORDS[state].lower()}” already: read the page again"
        )
