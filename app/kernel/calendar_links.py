"""Web addresses that open somebody's own calendar with an entry filled in, to be saved by them."""

from __future__ import annotations

from datetime import UTC
from html import escape
from typing import NamedTuple
from urllib.parse import quote, urlencode

from app.kernel.ical import CalendarItem

GOOGLE = "https://calendar.google.com/calendar/render"
OUTLOOK = "https://outlook.office.com/calendar/deeplink/compose"
MOST_TEXT = 1000  # an address much longer than 2,000 characters is cut off on the way


class CalendarLinks(NamedTuple):
    """One date as a link for each calendar on the web."""

    google: str
    outlook: str


def calendar_links(item: CalendarItem) -> CalendarLinks:
    """The links for this entry; whatever is in it stands in the address and can be read there."""
    starts_at, ends_at = item.starts_at.astimezone(UTC), item.ends_at.astimezone(UTC)
    about = item.description[:MOST_TEXT]
    google = {
        "action": "TEMPLATE",
        "text": item.summary,
        "dates": f"{starts_at:%Y%m%dT%H%M%SZ}/{ends_at:%Y%m%dT%H%M%SZ}",
        "details": about,
        "location": item.location,
    }
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": item.summary,
        "startdt": f"{starts_at:%Y-%m-%dT%H:%M:%SZ}",
        "enddt": f"{ends_at:%Y-%m-%dT%H:%M:%SZ}",
        # Outlook takes it for HTML.
        "body": escape(about).replace("\n", "<br>"),
        "location": item.location,
    }
    return CalendarLinks(_address(GOOGLE, google), _address(OUTLOOK, outlook))


def _address(where: str, facts: dict[str, str]) -> str:
    # A space as %20: Outlook shows a plus sign as a plus sign.
    return f"{where}?{urlencode(facts, quote_via=quote, safe='', errors='replace')}"
