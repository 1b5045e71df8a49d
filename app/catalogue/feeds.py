"""The programme for other programs: a calendar, an Atom feed, plain data, the map of the site.

Whatever is written here is public: never a joining link, never a person.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from app.catalogue.event_lines import event_line, is_announced, is_shown, lines_statement
from app.catalogue.filter_rules import CatalogueFilter
from app.catalogue.models import (
    Audience,
    Event,
    EventDate,
    EventMode,
    EventState,
    Offer,
    OfferState,
    Topic,
    offer_audience,
    offer_topic,
)
from app.catalogue.queries import event_conditions, offer_conditions, word_conditions
from app.catalogue.rules import KIND_WORDS, event_title
from app.kernel import clock, ical, london
from app.kernel.db import db
from app.kernel.ical import CalendarItem
from app.partnership import queries as partnership

KEPT_AFTER_THE_START = timedelta(weeks=4)
MOST_DATES = 2000
MOST_ENTRIES = 50
MOST_OFFERS = 1000
MOST_ADDRESSES = 45_000  # a map may have 50,000 (sitemaps.org)

_CALENDAR_COLUMNS = (
    EventDate.id.label("date_id"),
    EventDate.starts_at,
    EventDate.ends_at,
    Event.reference,
    Event.subtitle,
    Event.state,
    Event.mode,
    Event.venue,
    Event.venue_address,
    Event.created_at,
    Event.updated_at,
    Offer.title,
    Offer.kind,
    Offer.summary,
    Offer.who_for,
)

_DATA_COLUMNS = (
    Offer.id,
    Offer.slug,
    Offer.title,
    Offer.kind,
    Offer.summary,
    Offer.who_for,
    Offer.length_words,
    Offer.provider,
    Offer.updated_at,
)


class Followed(NamedTuple):
    """What a feed is narrowed to, and that in words; nothing at all if `chosen` is None."""

    chosen: CatalogueFilter | None
    words: str

    @property
    def query(self) -> str:
        """The part of the feed's address after its path."""
        return self.chosen.query if self.chosen else ""

    def name(self, facts: partnership.PartnershipFacts) -> str:
        """What the feed is called where several are followed."""
        name = f"{facts.short_name} {facts.service_name.lower()}"
        return f"{name}: {self.words}" if self.words else name


def calendar_text(followed: Followed, *, base_url: str, now: datetime) -> str:
    """The programme as iCalendar; cancelled dates stay in it, marked, until weeks after."""
    statement = (
        select(*_CALENDAR_COLUMNS)
        .join(EventDate.event)
        .join(Event.offer)
        .outerjoin(Offer.series)
        .where(
            EventDate.starts_at > now - KEPT_AFTER_THE_START,
            is_announced(),
            Offer.state != OfferState.IN_DEVELOPMENT,
            *_events_followed(followed.chosen, now),
        )
        .order_by(EventDate.starts_at, EventDate.id)
        .limit(MOST_DATES)
    )
    facts = partnership.current()
    host = urlsplit(base_url).hostname or "localhost"
    items = [
        _calendar_item(row, facts=facts, base_url=base_url, host=host)
        for row in db.session.execute(statement)
    ]
    about = "\n".join(filter(None, (facts.strapline, clock.example_words())))
    address = f"{base_url}/calendar.ics{followed.query}" if followed.chosen else ""
    return ical.feed(items, followed.name(facts), about, address)


def _events_followed(chosen: CatalogueFilter | None, now: datetime) -> list[ColumnElement[bool]]:
    """What an event must be to be in the feed; a cancelled one stays, whatever its places."""
    if chosen is None:
        return [false()]
    without_places = event_conditions(chosen.but(places_left=False), now)
    conditions = [*offer_conditions(chosen), *without_places]
    if chosen.places_left:
        only_places = event_conditions(CatalogueFilter(places_left=True), now)
        conditions.append(or_(Event.state == EventState.CANCELLED, and_(true(), *only_places)))
    return conditions


def _calendar_item(
    row: Any, *, facts: partnership.PartnershipFacts, base_url: str, host: str
) -> CalendarItem:
    address = f"{base_url}/events/{row.reference}"
    return CalendarItem(
        uid=f"programme-{row.reference}-{row.date_id}@{host}",
        # Only a change of the event raises it, not every booking.
        sequence=max(0, int((row.updated_at - row.created_at).total_seconds()) // 60),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        summary=event_title(row.title, row.subtitle),
        description="\n".join(filter(None, (row.summary, row.who_for, address))),
        location=_location(row),
        url=address,
        organiser_name=facts.organiser_name,
        organiser_email=facts.organiser_email,
        attendee_name=None,
        attendee_email=None,
        stamped_at=row.updated_at,
        last_modified_at=row.updated_at,
        cancelled=row.state is EventState.CANCELLED,
        categories=(KIND_WORDS[row.kind].one,),
    )


def _location(row: Any) -> str:
    if row.mode is EventMode.ONLINE:
        return "Online"
    place = ", ".join(filter(None, (row.venue, row.venue_address)))
    return f"{place} or online" if row.mode is EventMode.HYBRID else place


def atom_text(followed: Followed, *, base_url: str, now: datetime) -> str:
    """New and changed offers as an Atom feed (RFC 4287), the latest change first."""
    rows = db.session.execute(
        select(
            Offer.slug,
            Offer.title,
            Offer.kind,
            Offer.summary,
            Offer.updated_at,
            Offer.published_at,
        )
        .outerjoin(Offer.series)
        .where(Offer.state == OfferState.PUBLISHED, *_offers_followed(followed.chosen))
        .order_by(Offer.updated_at.desc(), Offer.id.desc())
        .limit(MOST_ENTRIES)
    ).all()
    facts = partnership.current()
    updated_at = rows[0].updated_at if rows else london.day_start(london.london_date(now))
    address = f"{base_url}/learning.atom{followed.query}"
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB">',
        f"<title>{_xml(followed.name(facts))}</title>",
        f"<subtitle>{_xml(clock.example_words() or facts.strapline)}</subtitle>",
        f"<id>{_xml(address)}</id>",
        f'<link rel="self" type="application/atom+xml" href={_attribute(address)}/>',
        f"<link href={_attribute(f'{base_url}/learning{followed.query}')}/>",
        f"<updated>{_instant(updated_at)}</updated>",
        f"<author><name>{_xml(facts.name)}</name></author>",
        *(_entry(row, base_url) for row in rows),
        "</feed>",
    ]
    return "\n".join(lines) + "\n"


def _offers_followed(chosen: CatalogueFilter | None) -> list[ColumnElement[bool]]:
    """What an offer must be to be in the feed; filters of dates are for feeds of dates."""
    if chosen is None:
        return [false()]
    return [*offer_conditions(chosen), *word_conditions(chosen)]


def _entry(row: Any, base_url: str) -> str:
    address = f"{base_url}/learning/{row.slug}"
    return "\n".join(
        (
            "<entry>",
            f"<title>{_xml(row.title)}</title>",
            f"<id>{_xml(address)}</id>",
            f"<link href={_attribute(address)}/>",
            f"<published>{_instant(row.published_at)}</published>",
            f"<updated>{_instant(row.updated_at)}</updated>",
            f"<category term={_attribute(KIND_WORDS[row.kind].one)}/>",
            f"<summary>{_xml(row.summary)}</summary>",
            "</entry>",
        )
    )


def programme_data(followed: Followed, *, base_url: str, now: datetime) -> str:
    """The published offers followed with their events to come, as JSON."""
    events = _events_by_offer(followed.chosen, base_url, now)
    offers = db.session.execute(
        select(*_DATA_COLUMNS)
        .outerjoin(Offer.series)
        .where(Offer.state == OfferState.PUBLISHED, *_offers_with(events, followed.chosen))
        .order_by(Offer.title, Offer.id)
        .limit(MOST_OFFERS)
    ).all()
    topics = _names_by_offer(
        select(offer_topic.c.offer_id, Topic.name).join(Topic).order_by(Topic.name)
    )
    audiences = _names_by_offer(
        select(offer_audience.c.offer_id, Audience.name).join(Audience).order_by(Audience.position)
    )
    data = {
        "name": partnership.current().name,
        "note": clock.example_words() or None,
        "address": f"{base_url}/learning{followed.query}",
        "offers": [
            {
                "address": f"{base_url}/learning/{row.slug}",
                "title": row.title,
                "kind": row.kind.value,
                "summary": row.summary,
                "who_for": row.who_for,
                "length": row.length_words,
                "provider": row.provider,
                "topics": topics[row.id],
                "audiences": audiences[row.id],
                "updated_at": row.updated_at.isoformat(),
                "events": events[row.slug],
            }
            for row in offers
        ],
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _offers_with(
    events: Collection[str], chosen: CatalogueFilter | None
) -> list[ColumnElement[bool]]:
    """Offers followed: those that fit themselves, and those of which an event does."""
    followed = and_(true(), *_offers_followed(chosen))
    has_event = Offer.slug.in_(events)
    if chosen is None or not (chosen.words or chosen.needs_a_date):
        return [followed]
    return [has_event if chosen.needs_a_date else or_(followed, has_event)]


def _names_by_offer(statement: Any) -> dict[int, list[str]]:
    names: dict[int, list[str]] = defaultdict(list)
    for offer_id, name in db.session.execute(statement):
        names[offer_id].append(name)
    return names


def _events_by_offer(
    chosen: CatalogueFilter | None, base_url: str, now: datetime
) -> dict[str, list[dict[str, Any]]]:
    events: dict[str, list[dict[str, Any]]] = defaultdict(list)
    statement = (
        lines_statement()
        .where(is_shown(now), *_events_followed(chosen, now))
        .order_by(Event.starts_at, Event.id)
        .limit(MOST_DATES)
    )
    for row in db.session.execute(statement):
        line = event_line(row, now=now)
        events[row.slug].append(
            {
                "address": f"{base_url}{line.address}",
                "title": line.title,
                "starts_at": london.to_london(row.starts_at).isoformat(),
                "ends_at": london.to_london(row.ends_at).isoformat(),
                "dates_count": row.dates_count,
                "mode": row.mode.value,
                "venue": row.venue,
                "state": row.state.value,
                "places": line.places.words,
            }
        )
    return events


def site_map(*, base_url: str, now: datetime) -> str:
    """The public pages for search engines (sitemaps.org)."""
    return "\n".join(
        (
            '<?xml version="1.0" encoding="utf-8"?>',
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
            *(f"<url><loc>{_xml(base_url + path)}</loc></url>" for path in ("/", "/learning")),
            *_mapped(base_url, now),
            "</urlset>",
            "",
        )
    )


def _mapped(base_url: str, now: datetime) -> Iterator[str]:
    offers = db.session.execute(
        select(Offer.slug, Offer.updated_at)
        .where(Offer.state == OfferState.PUBLISHED)
        .order_by(Offer.id.desc())
        .limit(MOST_ADDRESSES)
    )
    events = db.session.execute(
        select(Event.reference, Event.updated_at)
        .join(Event.offer)
        .where(is_shown(now))
        .order_by(Event.starts_at)
        .limit(MOST_DATES)
    )
    paths = [(f"/learning/{slug}", at) for slug, at in offers]
    paths += [(f"/events/{reference}", at) for reference, at in events]
    for path, updated_at in paths:
        loc = _xml(base_url + path)
        yield f"<url><loc>{loc}</loc><lastmod>{_instant(updated_at)}</lastmod></url>"


def robots_text(*, base_url: str) -> str:
    """What search engines should leave alone, and where the map is."""
    private = ("/manage", "/impact", "/admin", "/bookings", "/record", "/profile", "/surveys")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in private)]
    return "\n".join([*lines, "", f"Sitemap: {base_url}/sitemap.xml", ""])


def _xml(text: str) -> str:
    return escape("".join(c for c in text if c >= " " or c in "\n\t"))


def _attribute(text: str) -> str:
    return quoteattr("".join(c for c in text if c >= " "))


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
