"""Which events are forums: not drafts, not cancelled ones, not a school's own."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from app.catalogue.models import EventState, OfferKind
from app.forums.forums import coming_forum, forums_of, last_forum
from tests.support.factories import NOW, make_event, make_offer
from tests.support.forums import make_forum, make_half_terms, make_school


def test_forums_stand_in_their_half_term_by_date(app: Flask) -> None:
    autumn, winter, *_ = make_half_terms()
    offer = make_offer(kind=OfferKind.DSL_FORUM)
    first, second = make_forum(autumn, offer=offer), make_forum(winter, offer=offer)
    make_forum(winter, offer=offer, state=EventState.DRAFT)
    make_forum(winter, offer=offer, state=EventState.CANCELLED, cancelled_at=NOW)
    make_forum(winter, offer=offer, in_house_for=make_school("Ash Primary"))
    make_event(half_term=winter)
    assert forums_of(autumn.id) == [first]
    assert forums_of(winter.id) == [second]
    between = first.ends_at + timedelta(days=1)
    assert (last_forum(now=between), coming_forum(now=between)) == (first, second)
    assert coming_forum(now=second.ends_at) is None
    assert last_forum(now=first.starts_at) is None
