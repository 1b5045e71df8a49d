"""Answers that are the same for every visitor: kept while the programme stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import Response, current_app, make_response, request, session
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import bindparam, func, select, union_all
from werkzeug.wrappers import Response as WerkzeugResponse

from app.catalogue.filter_rules import CatalogueFilter
from app.catalogue.models import Event, Offer
from app.kernel import london
from app.kernel.db import db, read_alone
from app.kernel.page_cache import KeptPage, etag_of, kept_pages

# Facts without a revision of their own (the partnership's name, a topic's) show after this long.
MOST_AGE = timedelta(seconds=60)
FLASHES = "_flashes"


def answer(
    key: Hashable, make: Callable[[], ResponseReturnValue], *, now: datetime, personal: bool = True
) -> ResponseReturnValue:
    """The kept answer, or a new one to keep; `personal` pages are kept for visitors only."""
    if personal and not for_visitors():
        return make()
    return kept_answer(
        key,
        make,
        version=programme_version(now),
        good_until=lambda: next_change_at(now),
        now=now,
        personal=personal,
    )


def for_visitors() -> bool:
    """Whether this page may be one that is the same for everybody."""
    return not (current_user.is_authenticated or FLASHES in session)


def kept_answer(
    key: Hashable,
    make: Callable[[], ResponseReturnValue],
    *,
    version: Hashable,
    good_until: Callable[[], datetime],
    now: datetime,
    personal: bool = True,
) -> ResponseReturnValue:
    """The answer kept for this version of what it shows, or a new one, kept until `good_until`."""
    page = kept_pages().find(key, version=version, now=now)
    if page is None:
        made = make_response(make())
        if made.status_code != 200 or FLASHES in session:
            return made
        body = made.get_data()
        page = KeptPage(body, made.content_type, etag_of(body), version, now, good_until())
        kept_pages().keep(key, page)
    return _response(page, personal=personal)


_VERSION = union_all(
    select(func.sum(Event.revision), func.count(), func.max(Event.id)).where(
        Event.ends_at >= bindparam("since")
    ),
    select(func.sum(Offer.revision), func.count(), func.max(Offer.id)),
)


def programme_version(now: datetime) -> Hashable:
    """What changes whenever an offer, or an event that is not over since today, is changed."""
    today = london.london_date(now)
    rows = read_alone(_VERSION, {"since": london.day_start(today)})
    return today, *map(tuple, rows)


def next_change_at(now: datetime) -> datetime:
    """The next instant at which booking opens or closes, or an event starts or ends."""
    moments = (Event.booking_opens_at, Event.booking_closes_at, Event.starts_at, Event.ends_at)
    soonest = [
        select(func.min(moment).label("at")).where(moment > now, Event.ends_at > now)
        for moment in moments
    ]
    found = [at for (at,) in db.session.execute(union_all(*soonest)) if at]
    return min([now + MOST_AGE, *found])


def _response(page: KeptPage, *, personal: bool) -> WerkzeugResponse:
    response = Response(page.body, content_type=page.content_type)
    response.set_etag(page.etag)
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    if personal:
        response.vary.add("Cookie")
    return response.make_conditional(request)


class CalendarAddresses(NamedTuple):
    """Where the programme's calendar is: for a calendar program, and to copy."""

    subscribe: str
    copy: str
    is_narrowed: bool
    query: str


def calendar_addresses(chosen: CatalogueFilter) -> CalendarAddresses:
    """The calendar of what the filter finds; webcal makes a program follow it, not import it."""
    followed = chosen.but(undated=False)
    address = f"{current_app.config['BASE_URL']}/calendar.ics{followed.query}"
    subscribe = re.sub(r"^https?://", "webcal://", address)
    return CalendarAddresses(subscribe, address, followed.is_narrowed, followed.query)
