"""The front page and the desk: pages that mix features."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.catalogue import event_lines, public_pages, queries
from app.catalogue.filter_rules import CatalogueFilter, kind_chips
from app.home import queries as desk_queries
from app.home.desk_lines import OF_TRAINERS, DeskList
from app.kernel import clock
from app.kernel.access import Role, for_roles, public
from app.kernel.paging import page_number
from app.record.record_page import DueWords, most_pressing

bp = Blueprint("home", __name__)

DATES_SHOWN = 6
PLANNERS = frozenset({Role.DELIVERY, Role.ADVISOR})


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
    trainer_id = None if PLANNERS & current_user.roles else current_user.id
    kinds = set(DeskList) if trainer_id is None else set(OF_TRAINERS)
    wanted = request.args.get("list", "")
    if wanted in kinds:
        section = desk_queries.whole_list(
            DeskList(wanted),
            page=page_number(request.args.get("page")),
            now=now,
            trainer_id=trainer_id,
        )
        return render_template(
            "home/desk_list.html",
            section=section,
            pages=section.pages,
            words=section.words,
            address_of_page=lambda number: url_for(".desk", list=wanted, page=number),
        )
    sections = desk_queries.desk(now=now, trainer_id=trainer_id)
    return render_template(
        "home/desk.html",
        sections=[one for one in sections if one.lines],
        done=[one.words.when_empty for one in sections if not one.lines],
        plans=trainer_id is None,
        today=now,
    )
