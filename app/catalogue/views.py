"""Find learning: the catalogue, an offer, and the feeds made from both."""

from __future__ import annotations

import re

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from app.catalogue import filter_rules, offer_queries, public_pages, queries, rules
from app.catalogue.filter_rules import CatalogueFilter
from app.catalogue.models import OfferState
from app.catalogue.public_pages import calendar_addresses
from app.catalogue.schema_org import course_data
from app.kernel import clock
from app.kernel.access import public
from app.kernel.forms import one_line
from app.kernel.paging import PAGE_SIZE, page_number

bp = Blueprint("catalogue", __name__)

UNDATED_SHOWN = 6
MOST_ADDRESS_KEPT = 300


@bp.get("/learning")
@public
def catalogue() -> ResponseReturnValue:
    """Everything there is to learn from, narrowed as the address says."""
    now = clock.now()
    if len(request.query_string) > MOST_ADDRESS_KEPT:
        return _catalogue_page()  # made up by a program: not worth the room
    return public_pages.answer(("catalogue", request.query_string), _catalogue_page, now=now)


def _catalogue_page() -> str:
    now = clock.now()
    choices = queries.filter_choices(now=now, offer=one_line(request.args.get("offer")))
    chosen, notes, _ = filter_rules.read_filter(dict(request.args.lists()), choices)
    if chosen.undated:
        return _undated_page(chosen, choices, notes)
    found = queries.find_events(chosen, now=now)
    undated = queries.find_undated(chosen, now=now, size=UNDATED_SHOWN)
    return render_template(
        "catalogue/catalogue.html",
        chosen=chosen,
        choices=choices,
        notes=notes,
        chips=filter_rules.chips(chosen, choices),
        applied=filter_rules.applied_filters(chosen, choices),
        found=found,
        months=rules.by_month(
            found.lines, month=lambda line: line.month, counts=found.month_counts
        ),
        undated=undated,
        calendar=calendar_addresses(chosen if found.length else CatalogueFilter()),
        pages=found.pages,
        address_of_page=lambda number: chosen.but(page=number).address,
        rules=rules,
        filter_rules=filter_rules,
    )


def _undated_page(chosen: CatalogueFilter, choices: filter_rules.Choices, notes: list[str]) -> str:
    undated = queries.find_undated(chosen, now=clock.now(), size=PAGE_SIZE)
    return render_template(
        "catalogue/undated.html",
        chosen=chosen,
        notes=notes,
        applied=filter_rules.applied_filters(chosen, choices),
        undated=undated,
        pages=undated.pages,
        address_of_page=lambda number: chosen.but(page=number).address,
    )


@bp.get("/learning/<slug>")
@public
def offer(slug: str) -> ResponseReturnValue:
    """One offer: what it is, who it is for, why it exists and when it takes place."""
    page = page_number(request.args.get("page"))
    key = ("offer", slug[:MOST_ADDRESS_KEPT], page)
    return public_pages.answer(key, lambda: _offer_page(slug, page), now=clock.now())


def _offer_page(slug: str, page: int) -> ResponseReturnValue:
    now = clock.now()
    offer = offer_queries.public_offer(slug)
    if offer is None:
        words = list(re.findall(r"[a-z]{4,}", slug.lower()[:200]))[:5]
        near = offer_queries.suggestions(words)
        return render_template("catalogue/no_such_offer.html", near=near), 404
    dates = offer_queries.offer_dates(offer.id, page=page, now=now)
    others = offer_queries.related(offer, now=now)
    return render_template(
        "catalogue/offer.html",
        offer=offer,
        dates=dates,
        pages=dates.pages,
        address_of_page=lambda number: f"/learning/{offer.slug}?page={number}",
        sisters=[one for one in others if not one.is_linked],
        linked=[one for one in others if one.is_linked],
        calendar=calendar_addresses(CatalogueFilter(offer=offer.slug)),
        is_archived=offer.state is OfferState.ARCHIVED,
        address=f"{current_app.config['BASE_URL']}/learning/{offer.slug}",
        course=course_data(offer, dates.lines, base_url=current_app.config["BASE_URL"]),
        rules=rules,
    )
