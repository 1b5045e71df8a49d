"""The front page and the desk: pages that mix features."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.catalogue import event_lines, public_pages, queries
from app.catalogue.filter_rules import CatalogueFilter, kind_chips
from app.home import queries as desk_queries
from app.home.queries import DeskList
from app.kernel import clock
from app.kernel.access import Role, for_roles, public
from app.kernel.paging import page_number
from app.record.record_page import DueWords, most_pressing

bp = Blueprint("home", __name__)

DATES_SHOWN = 6


class DeskWords(NamedTuple):
    """What a list of the desk is called, and what it says when it is empty."""

    title: str
    when_empty: str


DESK_WORDS = {
    DeskList.THIS_WEEK: DeskWords("The next 7 days", "No session in the next seven days."),
    DeskList.REGISTERS: DeskWords(
        "Registers to take", "Every register of the last half year is taken."
    ),
    DeskList.REQUESTS: DeskWords("Requests to decide", "Nobody waits for an answer to a request."),
    DeskList.COMMENTS: DeskWords(
        "Comments waiting to be read", "Every comment was read within a working day."
    ),
    DeskList.WAITING: DeskWords("People waiting", "Nobody is waiting for a place."),
    DeskList.DRAFTS: DeskWords("Draft sessions", "No session is waiting to be published."),
    DeskList.OFFERS: DeskWords("Offers in development", "Every offer is published or archived."),
}


@bp.get("/")
@public
def front_page() -> ResponseReturnValue:
    """What this is, and the next dates."""
    return public_pages.answer("front page", _front_page, now=clock.now())


def _front_page() -> str:
    now = clock.now()
    return render_template(
        "home/front_page.html",
        lines=event_lines.next_lines(most=DATES_SHOWN, now=now),
        kinds=kind_chips(CatalogueFilter(), queries.published_kinds()),
        calendar=public_pages.calendar_addresses(CatalogueFilter()),
        renewal=_renewal(now),
    )


def _renewal(now: datetime) -> DueWords | None:
    """What whoever is signed in must renew soon; pages kept for visitors say nothing of it."""
    if not current_user.is_authenticated:
        return None
    return most_pressing(current_user._get_current_object(), now=now)


@bp.get("/manage")
@for_roles(Role.DELIVERY, Role.ADVISOR, Role.TRAINER)
def desk() -> str:
    """What needs somebody today and this week; or one of its lists to the end."""
    now = clock.now()
    wanted = request.args.get("list", "")
    if wanted in set(DeskList):
        page = page_number(request.args.get("page"))
        section = desk_queries.whole_list(DeskList(wanted), page=page, now=now)
        return render_template(
            "home/desk_list.html",
            section=section,
            pages=section.pages,
            words=DESK_WORDS[section.kind],
            address_of_page=lambda number: url_for(".desk", list=wanted, page=number),
        )
    return render_template(
        "home/desk.html", sections=desk_queries.desk(now=now), words=DESK_WORDS, today=now
    )
