"""Addresses that other programs read: calendar, Atom, data, map of the site.

Calendar, Atom and data take the catalogue's filters. A program that follows one for years must not
suddenly be given everything: a filter that is no longer known leaves the feed empty.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from app.catalogue import feeds, filter_rules, public_pages, queries
from app.catalogue.feeds import Followed
from app.catalogue.filter_rules import CatalogueFilter
from app.kernel import clock
from app.kernel.access import public
from app.kernel.forms import one_line

bp = Blueprint("feeds", __name__)

MOST_ADDRESS_KEPT = 300


def _answer(name: str, content_type: str, make: Callable[[], str]) -> ResponseReturnValue:
    """The text, kept like a page; an address made long by a program is not worth the room."""

    def made() -> Response:
        return Response(make(), content_type=content_type)

    if len(request.query_string) > MOST_ADDRESS_KEPT:
        response = made()
        response.add_etag()
        return response.make_conditional(request)
    key = (name, request.query_string)
    return public_pages.answer(key, made, now=clock.now(), personal=False)


@bp.get("/calendar.ics")
@public
def calendar() -> ResponseReturnValue:
    """The programme to follow in a calendar, with the catalogue's filters."""
    return _answer("calendar", "text/calendar; charset=utf-8", _calendar)


def _calendar() -> str:
    return feeds.calendar_text(_followed(), base_url=_base_url(), now=clock.now())


def _followed() -> Followed:
    """What the address asks for."""
    if not request.args:
        return Followed(CatalogueFilter(), "")
    offer = one_line(request.args.get("offer"))
    choices = queries.filter_choices(now=clock.now(), offer=offer)
    read = filter_rules.read_filter(dict(request.args.lists()), choices)
    if read.is_wider:
        return Followed(None, "a filter that is no longer known")
    chosen = read.filter.but(undated=False)
    words = [item.words for item in filter_rules.applied_filters(chosen, choices)]
    return Followed(chosen, ", ".join(words))


@bp.get("/learning.atom")
@public
def atom() -> ResponseReturnValue:
    """New and changed offers, for feed readers, with the catalogue's filters."""
    return _answer(
        "atom",
        "application/atom+xml; charset=utf-8",
        lambda: feeds.atom_text(_followed(), base_url=_base_url(), now=clock.now()),
    )


@bp.get("/learning.json")
@public
def data() -> ResponseReturnValue:
    """The programme as data, for other sites that show it, with the catalogue's filters."""
    return _answer(
        "data",
        "application/json; charset=utf-8",
        lambda: feeds.programme_data(_followed(), base_url=_base_url(), now=clock.now()),
    )


@bp.get("/sitemap.xml")
@public
def site_map() -> ResponseReturnValue:
    """The public pages, for search engines."""
    return _answer(
        "site map",
        "application/xml; charset=utf-8",
        lambda: feeds.site_map(base_url=_base_url(), now=clock.now()),
    )


@bp.get("/robots.txt")
@public
def robots() -> ResponseReturnValue:
    """What search engines should leave alone."""
    return _answer(
        "robots", "text/plain; charset=utf-8", lambda: feeds.robots_text(base_url=_base_url())
    )


def _base_url() -> str:
    base_url: str = current_app.config["BASE_URL"]
    return base_url
