"""Addresses that other programs read: calendar, Atom, data, map of the site."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from app.catalogue import feeds, filter_rules, public_pages, queries
from app.kernel import clock
from app.kernel.access import public

bp = Blueprint("feeds", __name__)

MOST_ADDRESS_KEPT = 300


def _answer(name: str, content_type: str, make: Callable[[], str]) -> ResponseReturnValue:
    """The text, kept like a page; an address made long by a program is not worth the room."""

    def made() -> Response:
        return Response(make(), content_type=content_type)

    if len(request.query_string) > MOST_ADDRESS_KEPT:
        return made()
    key = (name, request.query_string)
    return public_pages.answer(key, made, now=clock.now(), personal=False)


@bp.get("/calendar.ics")
@public
def calendar() -> ResponseReturnValue:
    """The programme to follow in a calendar, with the catalogue's filters."""
    return _answer("calendar", "text/calendar; charset=utf-8", _calendar)


def _calendar() -> str:
    now = clock.now()
    choices = queries.filter_choices(now=now)
    chosen, _ = filter_rules.read_filter(dict(request.args.lists()), choices)
    chosen = chosen.but(undated=False)
    address = f"/calendar.ics{chosen.query}"
    return feeds.calendar_text(chosen, base_url=_base_url(), address=address, now=now)


@bp.get("/learning.atom")
@public
def atom() -> ResponseReturnValue:
    """New and changed offers, for feed readers."""
    return _answer(
        "atom",
        "application/atom+xml; charset=utf-8",
        lambda: feeds.atom_text(base_url=_base_url(), now=clock.now()),
    )


@bp.get("/learning.json")
@public
def data() -> ResponseReturnValue:
    """The programme as data, for other sites that show it."""
    return _answer(
        "data",
        "application/json; charset=utf-8",
        lambda: feeds.programme_data(base_url=_base_url(), now=clock.now()),
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
