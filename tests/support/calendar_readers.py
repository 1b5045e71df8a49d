"""A calendar text as four independent programs read it, each in the same words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import icalendar
import vobject
from ical.calendar_stream import IcsCalendarStream
from playwright.sync_api import Page

ICAL_JS = Path(__file__).parents[1] / "vendor" / "ical.js" / "ical.min.js"


@dataclass(frozen=True)
class Reading:
    """What one program says that a message with one entry says."""

    method: str
    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    location: str
    status: str
    organiser: str
    attendees: tuple[str, ...]
    components: tuple[str, ...]
    properties: tuple[str, ...]


Reader = Callable[[str], Reading]


def by_icalendar(text: str) -> Reading:
    """As the library `icalendar` reads it."""
    calendar: Any = icalendar.Calendar.from_ical(text)
    [event] = calendar.walk("VEVENT")
    assert not event.errors
    return Reading(
        method=str(calendar["METHOD"]),
        uid=str(event["UID"]),
        sequence=int(event["SEQUENCE"]),
        starts_at=event["DTSTART"].dt.astimezone(UTC),
        ends_at=event["DTEND"].dt.astimezone(UTC),
        summary=str(event["SUMMARY"]),
        description=str(event["DESCRIPTION"]),
        location=str(event["LOCATION"]),
        status=str(event["STATUS"]),
        organiser=str(event["ORGANIZER"]),
        attendees=_all(event.get("ATTENDEE", [])),
        components=_sorted(part.name for part in calendar.subcomponents),
        properties=_sorted(name for name, _ in event.property_items(recursive=False)[1:-1]),
    )


def by_ical(text: str) -> Reading:
    """As the library `ical` reads it, which keeps what it does not know as extras."""
    calendar: Any = IcsCalendarStream.calendar_from_ics(text)
    [event] = calendar.events
    kinds = {
        "VEVENT": calendar.events,
        "VTODO": calendar.todos,
        "VJOURNAL": calendar.journal,
        "VFREEBUSY": calendar.freebusy,
        "VTIMEZONE": calendar.timezones,
    }
    components = [name for name, found in kinds.items() for _ in found]
    components += ["VALARM" for _ in event.alarm]
    return Reading(
        method=str(calendar.method),
        uid=str(event.uid),
        sequence=event.sequence,
        starts_at=event.dtstart.astimezone(UTC),
        ends_at=event.dtend.astimezone(UTC),
        summary=str(event.summary),
        description=str(event.description),
        location=str(event.location),
        status=str(event.status.value),
        organiser=str(event.organizer.uri),
        attendees=tuple(str(one.uri) for one in event.attendees),
        components=_sorted(components),
        properties=_sorted(_names_in_ical(event)),
    )


_IN_ICAL = {"ATTENDEES": "ATTENDEE", "CLASSIFICATION": "CLASS", "TRANSPARENCY": "TRANSP"}


def _names_in_ical(event: Any) -> list[str]:
    """The properties it was given, by their names in the text; what is a list counts each."""
    names = []
    for field in event.model_fields_set - {"extras", "alarm"}:
        value = getattr(event, field)
        name = _IN_ICAL.get(field.upper(), field.upper())
        names += [name] * (len(value) if isinstance(value, list) else 1)
    return names + [extra.name.upper() for extra in event.extras]


def by_vobject(text: str) -> Reading:
    """As the library `vobject` reads it."""
    calendar = vobject.readOne(text)
    [event] = calendar.vevent_list
    parts = list(calendar.components())
    return Reading(
        method=calendar.method.value,
        uid=event.uid.value,
        sequence=int(event.sequence.value),
        starts_at=event.dtstart.value.astimezone(UTC),
        ends_at=event.dtend.value.astimezone(UTC),
        summary=event.summary.value,
        description=event.description.value,
        location=event.location.value,
        status=event.status.value,
        organiser=event.organizer.value,
        attendees=tuple(one.value for one in event.contents.get("attendee", [])),
        components=_sorted([p.name for p in parts] + [p.name for p in event.components()]),
        properties=_sorted(line.name for line in event.lines()),
    )


READERS: dict[str, Reader] = {
    "icalendar": by_icalendar,
    "ical": by_ical,
    "vobject": by_vobject,
}

READ_IN_BROWSER = """async ([source, texts]) => {
  const address = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
  const ICAL = (await import(address)).default;
  return texts.map((text) => {
    const calendar = new ICAL.Component(ICAL.parse(text));
    const events = calendar.getAllSubcomponents("vevent");
    if (events.length !== 1) throw new Error(`${events.length} entries in one message`);
    const [event] = events;
    const all = (name) => event.getAllProperties(name).map((one) => one.getFirstValue());
    const one = (name) => event.getFirstPropertyValue(name);
    const parts = [...calendar.getAllSubcomponents(), ...event.getAllSubcomponents()];
    return {
      method: calendar.getFirstPropertyValue("method"),
      uid: one("uid"),
      sequence: one("sequence"),
      starts_at: one("dtstart").toUnixTime(),
      ends_at: one("dtend").toUnixTime(),
      summary: one("summary"),
      description: one("description"),
      location: one("location"),
      status: one("status"),
      organiser: one("organizer"),
      attendees: all("attendee"),
      components: parts.map((part) => part.name.toUpperCase()),
      properties: event.getAllProperties().map((property) => property.name.toUpperCase()),
    };
  });
}"""


def by_ical_js(page: Page, texts: Sequence[str]) -> list[Reading]:
    """As ical.js reads each of them, in one call into the browser."""
    source = ICAL_JS.read_text(encoding="utf-8")
    return [_from_browser(found) for found in page.evaluate(READ_IN_BROWSER, [source, texts])]


def _from_browser(found: dict[str, Any]) -> Reading:
    moments = {name: datetime.fromtimestamp(found[name], UTC) for name in ("starts_at", "ends_at")}
    lists = {name: _sorted(found[name]) for name in ("components", "properties")}
    return Reading(**{**found, **moments, **lists, "attendees": tuple(found["attendees"])})


def _all(found: Any) -> tuple[str, ...]:
    return tuple(map(str, found if isinstance(found, list) else [found]))


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def instants_by_every_reader(text: str) -> set[tuple[datetime, datetime]]:
    """Start and end in UTC as the three programs that need no browser read them."""
    return {(found.starts_at, found.ends_at) for found in (read(text) for read in READERS.values())}
