"""An offer and its events as schema.org data, for search engines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from app.catalogue.event_lines import EventLine
from app.catalogue.models import EventMode, Offer
from app.kernel import london
from app.partnership import queries as partnership

COURSE_MODES = {
    EventMode.ONLINE: "online",
    EventMode.FACE_TO_FACE: "onsite",
    EventMode.HYBRID: "blended",
}
ATTENDANCE_MODES = {
    EventMode.ONLINE: "OnlineEventAttendanceMode",
    EventMode.FACE_TO_FACE: "OfflineEventAttendanceMode",
    EventMode.HYBRID: "MixedEventAttendanceMode",
}


def course_data(offer: Offer, lines: Sequence[EventLine], *, base_url: str) -> Markup:
    """A schema.org Course as JSON that can stand inside a script element."""
    facts = partnership.current()
    address = f"{base_url}/learning/{offer.slug}"
    course: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Course",
        "@id": address,
        "url": address,
        "name": offer.title,
        "description": offer.summary,
        "provider": {"@type": "Organization", "name": offer.provider or facts.name},
        "audience": {"@type": "Audience", "audienceType": offer.who_for},
        "inLanguage": "en-GB",
        "isAccessibleForFree": True,
        "offers": {"@type": "Offer", "category": "Free", "price": 0, "priceCurrency": "GBP"},
        "about": [topic.name for topic in offer.topics],
        "hasCourseInstance": [_instance(line, base_url) for line in lines],
    }
    return in_script(course)


def in_script(data: Any) -> Markup:
    """JSON in which nothing can end the script element or begin another."""
    text = json.dumps(data, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - every character that means something to HTML is escaped


def _instance(line: EventLine, base_url: str) -> dict[str, Any]:
    address = f"{base_url}{line.address}"
    virtual = {"@type": "VirtualLocation", "url": address}
    place = {"@type": "Place", "name": line.venue, "address": line.venue}
    places = {EventMode.ONLINE: virtual, EventMode.FACE_TO_FACE: place}
    status = "EventCancelled" if line.is_cancelled else "EventScheduled"
    return {
        "@type": "CourseInstance",
        "@id": address,
        "url": address,
        "name": line.title,
        "courseMode": COURSE_MODES[line.mode],
        "courseWorkload": f"PT{line.minutes}M",
        "startDate": london.to_london(line.starts_at).isoformat(),
        "endDate": london.to_london(line.ends_at).isoformat(),
        "eventStatus": f"https://schema.org/{status}",
        "eventAttendanceMode": f"https://schema.org/{ATTENDANCE_MODES[line.mode]}",
        "location": places.get(line.mode, [place, virtual]),
    }
