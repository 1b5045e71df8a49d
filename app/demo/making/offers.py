"""The offers, with their topics, audiences, series and priorities."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from app.bookings.models import ApprovedBy, BookingTerms, Promotion
from app.catalogue.models import (
    Audience,
    Level,
    Offer,
    OfferKind,
    OfferState,
    Series,
    SourceOfNeed,
    Topic,
    offer_audience,
    offer_topic,
)
from app.demo.making.rows import add_all, add_all_for_ids, read
from app.kernel.db import db
from app.partnership.models import Priority, Refresher

IN_DEVELOPMENT_FOR, LOOKED_AT = timedelta(days=60), timedelta(days=6)


def make_offers(*, published_at: datetime, now: datetime) -> dict[str, int]:
    """All offers; their ids by slug."""
    facts = read("offers")
    topics = _ids(Topic, [{"slug": slug, "name": name} for slug, name in facts["topics"].items()])
    audiences = _ids(
        Audience,
        [
            {"slug": slug, "name": name, "position": position}
            for position, (slug, name) in enumerate(facts["audiences"].items(), start=1)
        ],
    )
    series = _ids(Series, [{"slug": slug, **words} for slug, words in facts["series"].items()])
    priorities = {
        (plan, number): id_
        for plan, number, id_ in db.session.execute(
            select(Priority.plan, Priority.number, Priority.id)
        )
    }
    for offer in facts["offers"]:
        offer["who_for"] = ", and ".join(facts["audiences"][slug] for slug in offer["audiences"])
    refreshers = dict(db.session.execute(select(Refresher.slug, Refresher.id)).all())
    rows = [
        _row(offer, series, priorities, published_at, now)
        | {"refresher_id": refreshers[offer["renews"]] if "renews" in offer else None}
        for offer in facts["offers"]
    ]
    ids = _ids(Offer, rows)
    _link(offer_topic, "topic_id", facts["offers"], "topics", ids, topics)
    _link(offer_audience, "audience_id", facts["offers"], "audiences", ids, audiences)
    add_all(
        BookingTerms, [_terms_row(offer, ids, now) for offer in facts["offers"] if "terms" in offer]
    )
    return ids


def _terms_row(offer: dict[str, Any], ids: dict[str, int], now: datetime) -> dict[str, Any]:
    terms = offer["terms"]
    return {
        "offer_id": ids[offer["slug"]],
        "sectors": terms.get("sectors", []),
        "establishments": terms.get("establishments", []),
        "posts": terms.get("posts", []),
        "most_per_organisation": terms.get("most_per_organisation"),
        "most_per_sector": terms.get("most_per_sector"),
        "approved_by": ApprovedBy(terms.get("approved_by", ApprovedBy.NOBODY)),
        "promotion": Promotion(terms.get("promotion", Promotion.AT_ONCE)),
        "hold_hours": terms.get("hold_hours", 24),
        "updated_at": now,
    }


def _ids(table: Any, rows: list[dict[str, Any]]) -> dict[str, int]:
    slugs = [row["slug"] for row in rows]
    return dict(zip(slugs, add_all_for_ids(table, rows, "slug"), strict=True))


def _row(
    offer: dict[str, Any],
    series: dict[str, int],
    priorities: dict[tuple[str, int], int],
    published_at: datetime,
    now: datetime,
) -> dict[str, Any]:
    state = OfferState(offer.get("state", "published"))
    is_new = state is OfferState.IN_DEVELOPMENT
    level, need = offer.get("level"), offer.get("need")
    priority = offer.get("priority")
    return {
        "slug": offer["slug"],
        "title": offer["title"],
        "kind": OfferKind(offer["kind"]),
        "state": state,
        "level": Level(level) if level else None,
        "summary": offer["summary"],
        "description": offer["description"],
        "who_for": offer["who_for"],
        "learning_outcomes": "\n".join(offer.get("outcomes", [])),
        "length_words": offer.get("length", ""),
        "provider": offer.get("provider"),
        "resource_url": offer.get("resource_url"),
        "why": offer["why"],
        "source_of_need": SourceOfNeed(need) if need else None,
        "priority_id": priorities[tuple(priority)] if priority else None,
        "series_id": series[offer["series"]] if offer.get("series") else None,
        "revision": 0,
        "created_at": now - IN_DEVELOPMENT_FOR if is_new else published_at,
        "published_at": None if is_new else published_at,
        "updated_at": now - LOOKED_AT if is_new else published_at,
    }


def _link(
    table: Any,
    column: str,
    offers: list[dict[str, Any]],
    name: str,
    offer_ids: dict[str, int],
    ids: dict[str, int],
) -> None:
    rows = [
        {"offer_id": offer_ids[offer["slug"]], column: ids[slug]}
        for offer in offers
        for slug in offer[name]
    ]
    db.session.execute(insert(table), rows)
