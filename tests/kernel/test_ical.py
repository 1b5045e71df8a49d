"""Calendar texts as three independent programs read them."""

# ruff: noqa: DTZ001 - wall-clock times are what these tests are about

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from app.kernel import ical
from app.kernel.ical import CalendarItem

NOW = datetime(2026, 9, 1, 8, 15, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
FEED = ("Wakefield learning", "Courses, exchanges; forums", "https://learning.example.org/c.ics")


def make_item(**changes: Any) -> CalendarItem:
    item = CalendarItem(
        uid="booking-1@learning.example.org",
        sequence=2,
        starts_at=datetime(2026, 11, 10, 9, 30, tzinfo=UTC),
        ends_at=datetime(2026, 11, 10, 12, 30, tzinfo=UTC),
        summary="Multi-agency neglect",
        description="Bring an example.\nLunch is provided.",
        location="Town Hall, Wakefield",
        url="https://learning.example.org/events/abc",
        organiser_name="Wakefield learning",
        organiser_email="learning@example.org",
        attendee_name="Sam Example",
        attendee_email="sam@school.example",
        stamped_at=NOW,
    )
    return replace(item, **changes)


def make_feed(*items: CalendarItem) -> str:
    return ical.feed(items, *FEED)


def make_download(item: CalendarItem) -> str:
    return ical.download([item], "Multi-agency neglect")


def unfolded(text: str) -> list[str]:
    """Lines as the most lenient reader takes them: any of CRLF, CR and LF ends one."""
    return [line for line in re.split(r"[\r\n]+", re.sub(r"(\r\n|\r|\n)[ \t]", "", text)) if line]


def property_names(text: str) -> list[str]:
    """Names of the properties inside the VEVENT, in order."""
    lines = unfolded(text)
    inside = lines[lines.index("BEGIN:VEVENT") + 1 : lines.index("END:VEVENT")]
    return [re.split("[:;]", line, maxsplit=1)[0] for line in inside]


def read(text: str) -> Any:
    """The calendar as icalendar reads it; untyped, since a property there may be anything."""
    return icalendar.Calendar.from_ical(text)


def the_event(text: str) -> Any:
    [event] = read(text).events
    return event


WRITERS: dict[str, Callable[[CalendarItem], str]] = {
    "invite": ical.invite,
    "cancellation": ical.cancellation,
    "download": make_download,
    "feed": make_feed,
}
every_writer = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


# Times


def icalendar_period(text: str) -> tuple[datetime, datetime]:
    event = the_event(text)
    return event["DTSTART"].dt, event["DTEND"].dt


def ical_period(text: str) -> tuple[datetime, datetime]:
    [event] = IcsCalendarStream.calendar_from_ics(text).events
    assert isinstance(event.dtstart, datetime)
    assert isinstance(event.dtend, datetime)
    return event.dtstart, event.dtend


def vobject_period(text: str) -> tuple[datetime, datetime]:
    event = vobject.readOne(text).vevent
    return event.dtstart.value, event.dtend.value


READERS = {"icalendar": icalendar_period, "ical": ical_period, "vobject": vobject_period}

# London wall-clock starts around the changes of 29 March and 25 October 2026, 28 March and
# 31 October 2027, with the hour that belongs to each.
STARTS = {
    "saturday evening before spring 2026": (datetime(2026, 3, 28, 19, 0), 0),
    "half past midnight before spring 2026": (datetime(2026, 3, 29, 0, 30), 0),
    "half past two after spring 2026": (datetime(2026, 3, 29, 2, 30), 1),
    "sunday evening after spring 2026": (datetime(2026, 3, 29, 19, 0), 1),
    "friday before spring 2026": (datetime(2026, 3, 27, 9, 30), 0),
    "monday after spring 2026": (datetime(2026, 3, 30, 9, 30), 1),
    "night before autumn 2026": (datetime(2026, 10, 24, 1, 30), 1),
    "saturday evening before autumn 2026": (datetime(2026, 10, 24, 19, 0), 1),
    "half past midnight before autumn 2026": (datetime(2026, 10, 25, 0, 30), 1),
    "sunday morning after autumn 2026": (datetime(2026, 10, 25, 2, 30), 0),
    "sunday evening after autumn 2026": (datetime(2026, 10, 25, 19, 0), 0),
    "monday after autumn 2026": (datetime(2026, 10, 26, 1, 30), 0),
    "saturday evening before spring 2027": (datetime(2027, 3, 27, 19, 0), 0),
    "monday after spring 2027": (datetime(2027, 3, 29, 9, 30), 1),
    "midsummer 2027": (datetime(2027, 6, 23, 13, 0), 1),
    "saturday evening before autumn 2027": (datetime(2027, 10, 30, 19, 0), 1),
    "monday after autumn 2027": (datetime(2027, 11, 1, 1, 30), 0),
}


@pytest.mark.parametrize("period_in", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("wall", "ahead"), STARTS.values(), ids=STARTS)
@every_writer
def test_every_reader_sees_the_same_instant_on_both_sides_of_every_clock_change(
    write: Callable[[CalendarItem], str],
    wall: datetime,
    ahead: int,
    period_in: Callable[[str], tuple[datetime, datetime]],
) -> None:
    starts_at = wall.replace(tzinfo=UTC) - timedelta(hours=ahead)
    ends_at = starts_at + timedelta(hours=3)
    text = write(make_item(starts_at=starts_at, ends_at=ends_at))
    assert f"DTSTART;TZID=Europe/London:{wall:%Y%m%dT%H%M%S}\r\n" in text
    assert tuple(moment.astimezone(UTC) for moment in period_in(text)) == (starts_at, ends_at)


@pytest.mark.parametrize("period_in", READERS.values(), ids=READERS)
@pytest.mark.parametrize(
    "starts_at",
    [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(2027, 10, 31, 0, 30, tzinfo=UTC),
        datetime(2027, 10, 31, 1, 30, tzinfo=UTC),
    ],
    ids=["first 01:30 2026", "second 01:30 2026", "first 01:30 2027", "second 01:30 2027"],
)
@every_writer
def test_the_hour_that_october_has_twice_is_read_as_the_one_that_was_meant(
    write: Callable[[CalendarItem], str],
    starts_at: datetime,
    period_in: Callable[[str], tuple[datetime, datetime]],
) -> None:
    ends_at = starts_at + timedelta(minutes=20)
    text = write(make_item(starts_at=starts_at, ends_at=ends_at))
    assert f"DTSTART:{starts_at:%Y%m%dT%H%M%S}Z\r\n" in text  # ical.js would take it for the other
    assert tuple(moment.astimezone(UTC) for moment in period_in(text)) == (starts_at, ends_at)


@every_writer
def test_the_zone_is_the_fixed_block_and_comes_before_every_event(
    write: Callable[[CalendarItem], str],
) -> None:
    text = write(make_item())
    components = [line for line in unfolded(text) if line.startswith("BEGIN:")]
    assert components[1] == "BEGIN:VTIMEZONE"
    assert components[-1] == "BEGIN:VEVENT"
    assert "RDATE" not in text
    [zone] = read(text).timezones
    rebuilt = zone.to_tz(lookup_tzid=False)
    for day in range(0, 730, 7):
        noon = datetime(2026, 1, 1, 12) + timedelta(days=day)
        assert noon.replace(tzinfo=rebuilt).utcoffset() == noon.replace(tzinfo=LONDON).utcoffset()


def test_times_without_a_zone_and_entries_that_end_before_they_start_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        make_item(starts_at=datetime(2026, 11, 10, 9, 30))
    with pytest.raises(ValueError, match="ends after"):
        make_item(ends_at=datetime(2026, 11, 10, 9, 30, tzinfo=UTC))


# Property sets

ADDRESSED = [
    "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "LOCATION",
    "STATUS", "CLASS", "TRANSP", "ORGANIZER", "URL", "ATTENDEE",
]  # fmt: skip
PUBLISHED = [name for name in ADDRESSED if name != "ATTENDEE"]


def test_an_invite_is_a_request_to_one_person_from_the_organiser() -> None:
    text = ical.invite(make_item())
    calendar = read(text)
    event = the_event(text)
    assert (calendar["METHOD"], calendar["VERSION"]) == ("REQUEST", "2.0")
    assert property_names(text) == ADDRESSED
    assert event["UID"] == "booking-1@learning.example.org"
    assert (event["SEQUENCE"], event["STATUS"]) == (2, "CONFIRMED")
    assert (event["CLASS"], event["TRANSP"]) == ("PRIVATE", "OPAQUE")
    assert event["DTSTAMP"].dt == NOW
    assert event["ORGANIZER"] == "mailto:learning@example.org"
    assert event["ORGANIZER"].params == {"CN": "Wakefield learning"}
    assert event["ATTENDEE"] == "mailto:sam@school.example"
    assert dict(event["ATTENDEE"].params) == {
        "CN": "Sam Example",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "FALSE",
    }
    assert "VALARM" not in text


def test_a_first_invite_says_sequence_nought() -> None:
    assert "SEQUENCE:0\r\n" in ical.invite(make_item(sequence=0))


def test_a_cancellation_names_the_same_entry_organiser_and_person() -> None:
    item = make_item()
    invited, cancelled = the_event(ical.invite(item)), the_event(ical.cancellation(item))
    text = ical.cancellation(item)
    assert read(text)["METHOD"] == "CANCEL"
    assert property_names(text) == ADDRESSED
    assert cancelled["STATUS"] == "CANCELLED"
    for name in ("UID", "ORGANIZER", "ATTENDEE", "DTSTART", "DTEND"):
        assert cancelled[name] == invited[name]
    assert "VALARM" not in text


def test_an_invite_needs_a_person_and_an_entry_that_is_on() -> None:
    with pytest.raises(ValueError, match="one person"):
        ical.invite(make_item(attendee_email=None))
    with pytest.raises(ValueError, match="one person"):
        ical.cancellation(make_item(attendee_email=""))
    with pytest.raises(ValueError, match="cancelled"):
        ical.invite(make_item(cancelled=True))


def test_a_person_without_a_name_is_invited_by_address_alone() -> None:
    attendee = the_event(ical.invite(make_item(attendee_name=None)))["ATTENDEE"]
    assert attendee == "mailto:sam@school.example"
    assert "CN" not in attendee.params


@pytest.mark.parametrize("write", [make_download, make_feed], ids=["download", "feed"])
def test_what_is_published_never_names_an_attendee(write: Callable[[CalendarItem], str]) -> None:
    text = write(make_item())
    assert read(text)["METHOD"] == "PUBLISH"
    assert property_names(text) == PUBLISHED
    assert "sam@school.example" not in text
    assert "Sam Example" not in text
    assert the_event(text)["CLASS"] == "PUBLIC"


def test_a_download_of_several_dates_holds_them_all_and_blocks_the_time() -> None:
    items = [make_item(uid=f"event-{number}@x.example") for number in range(3)]
    calendar = read(ical.download(items, "Neglect"))
    assert [event["UID"] for event in calendar.events] == [item.uid for item in items]
    assert {event["TRANSP"] for event in calendar.events} == {"OPAQUE"}
    assert calendar["NAME"] == "Neglect"
    assert "X-WR-CALNAME" not in calendar


def test_the_feed_says_its_name_address_and_how_often_to_ask() -> None:
    text = make_feed(
        make_item(uid="a", last_modified_at=NOW - timedelta(days=2)),
        make_item(uid="b", last_modified_at=NOW - timedelta(days=1)),
    )
    calendar = read(text)
    name, description, url = FEED
    assert calendar["NAME"] == calendar["X-WR-CALNAME"] == name
    assert calendar["DESCRIPTION"] == description
    assert "X-WR-CALDESC:Courses\\, exchanges\\; forums\r\n" in text
    assert calendar["X-WR-TIMEZONE"] == "Europe/London"
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT12H\r\n" in text
    assert "X-PUBLISHED-TTL:PT12H\r\n" in text
    assert f"SOURCE;VALUE=URI:{url}\r\n" in text
    assert f"\r\nURL:{url}\r\n" in text
    assert calendar["LAST-MODIFIED"].dt == NOW - timedelta(days=1)
    assert [event["LAST-MODIFIED"].dt.day for event in calendar.events] == [30, 31]


def test_a_cancelled_entry_stays_in_the_feed_as_cancelled() -> None:
    calendar = read(make_feed(make_item(uid="on"), make_item(uid="off", cancelled=True)))
    states = {str(event["UID"]): str(event["STATUS"]) for event in calendar.events}
    assert states == {"on": "CONFIRMED", "off": "CANCELLED"}


def test_a_feed_without_events_can_be_read() -> None:
    assert read(make_feed()).events == []


def test_a_feed_joined_from_ready_made_entries_is_the_same_feed() -> None:
    items = [make_item(uid="a"), make_item(uid="b")]
    assert ical.feed_of([ical.vevent_text(item) for item in items], *FEED) == make_feed(*items)


def test_every_uid_is_new_and_tells_only_the_host() -> None:
    uids = {ical.new_uid("learning.example.org") for _ in range(100)}
    assert len(uids) == 100
    assert all(re.fullmatch(r"booking-[0-9a-f-]{36}@learning\.example\.org", uid) for uid in uids)


# Texts

SPECIAL = 'S:\\New; "quoted", 50% off: C:\\new\nBEGIN:VEVENT\nUID:other'


@every_writer
def test_special_characters_come_back_as_they_were_typed(
    write: Callable[[CalendarItem], str],
) -> None:
    text = write(make_item(description=SPECIAL, summary='a, b; c\\d: "e" \\N'))
    assert str(the_event(text)["DESCRIPTION"]) == SPECIAL
    assert str(the_event(text)["SUMMARY"]) == 'a, b; c\\d: "e" \\N'
    seen_by_vobject = vobject.readOne(text).vevent
    assert seen_by_vobject.description.value == SPECIAL
    [seen_by_ical] = IcsCalendarStream.calendar_from_ics(text).events
    assert seen_by_ical.description == SPECIAL


def test_categories_are_a_list_whatever_they_contain() -> None:
    names = ("Neglect", "Exploitation, online; and off", "")
    for text in (
        make_download(make_item(categories=names)),
        make_feed(make_item(categories=names)),
    ):
        assert [str(name) for name in the_event(text)["CATEGORIES"].cats] == list(names[:2])


def test_a_name_with_marks_of_the_format_stays_one_name() -> None:
    name = 'O"Neil; Sam, (DSL): lead ^\\'
    attendee = the_event(ical.invite(make_item(attendee_name=name)))["ATTENDEE"]
    assert attendee.params["CN"] == "O'Neil; Sam, (DSL): lead ^/"
    assert attendee == "mailto:sam@school.example"


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://learning.example.org/e/a?b=c&d=%20#f", None),
        ("https://learning.example.org/a b\r\nX:1", "https://learning.example.org/a%20b%20X:1"),
        ("https://learning.example.org/ä", "https://learning.example.org/%C3%A4"),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_only_web_addresses_are_linked_and_unsafe_characters_are_encoded(
    url: str, written: str | None
) -> None:
    for text in (ical.invite(make_item(url=url)), make_feed(make_item(url=url))):
        assert str(the_event(text).get("URL", "")) == (url if written is None else written)


TEXTS = (
    "uid", "summary", "description", "location", "url", "organiser_name", "organiser_email",
    "attendee_name",
)  # fmt: skip
HOSTILE = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="\r\n\0\v\x85\u2028 \t\\Nn,;:^\"'=aä€😀", max_size=300),
    st.sampled_from(
        [
            "x\r\nATTENDEE:mailto:eve@example.net",
            "x\rBEGIN:VEVENT\rUID:eve\rEND:VEVENT",
            "x\nEND:VEVENT\nEND:VCALENDAR",
            "x\u2028METHOD:CANCEL\x85STATUS:CANCELLED",
            "\\\r\n\\n\\N\\;\\,",
            '";CN="eve":mailto:eve@example.net',
            "\0" * 50 + " " * 200 + "\u3000" * 200,
            "ä€😀" * 1000,
            "x" * 10_000,
            "\ud800lone",
        ]
    ),
)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(
    kind=st.sampled_from(sorted(WRITERS)),
    texts=st.fixed_dictionaries(dict.fromkeys(TEXTS, HOSTILE)),
    attendee_email=HOSTILE.filter(bool),
    category=HOSTILE,
)
def test_hostile_texts_never_make_another_property_or_event(
    kind: str, texts: dict[str, str], attendee_email: str, category: str
) -> None:
    item = make_item(**texts, attendee_email=attendee_email, categories=(category,))
    text = WRITERS[kind](item)
    expected = set(ADDRESSED if kind in {"invite", "cancellation"} else PUBLISHED)
    names = property_names(text)
    assert len(names) == len(set(names))
    assert set(names) - {"URL", "CATEGORIES"} == expected - {"URL"}
    assert [line for line in unfolded(text) if line == "BEGIN:VEVENT"] == ["BEGIN:VEVENT"]
    assert not re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]", text)
    assert re.search(r"\r(?!\n)|(?<!\r)\n", text) is None
    assert text.endswith("\r\n")
    for line in text.encode().split(b"\r\n"):
        assert len(line) <= 75
        line.decode()  # no character is cut
    event = the_event(text)
    assert event.errors == []
    assert event["DTSTART"].dt == item.starts_at
    assert len(vobject.readOne(text).vevent_list) == 1
    assert len(IcsCalendarStream.calendar_from_ics(text).events) == 1


@settings(max_examples=300, deadline=None)
@given(name=HOSTILE, description=HOSTILE, url=HOSTILE)
def test_hostile_texts_about_the_feed_never_make_another_property(
    name: str, description: str, url: str
) -> None:
    text = ical.feed([make_item()], name, description, url)
    before, after = set(unfolded(make_feed(make_item()))), unfolded(text)
    expected = {line.split(":")[0].split(";")[0] for line in before}
    assert {line.split(":")[0].split(";")[0] for line in after} >= expected - {"SOURCE"}
    assert {line.split(":")[0].split(";")[0] for line in after} <= expected
    assert len(read(text).events) == 1


class Written(icalendar.vText):
    """Escaped already: the library's escaping makes a line break of a typed \\N."""

    def to_ical(self) -> bytes:
        return self.encode()


def address_by_the_library(name: str | None, email: str | None) -> icalendar.vCalAddress:
    address = icalendar.vCalAddress(ical._mailto(email or ""))
    if common_name := ical._common_name(name or ""):
        address.params["CN"] = common_name
    return address


def written_by_the_library(item: CalendarItem) -> str:
    """The cancellation of this item, its event put together and written by the library."""
    event = icalendar.Event()
    event.add("UID", Written(ical._text(ical._line(item.uid))))
    event.add("SEQUENCE", item.sequence)
    event.add("DTSTAMP", item.stamped_at)
    event.add("DTSTART", ical._zoned(item.starts_at))
    event.add("DTEND", ical._zoned(item.ends_at))
    event.add("SUMMARY", Written(ical._text(ical._line(item.summary))))
    event.add("DESCRIPTION", Written(ical._text(ical._paragraphs(item.description))))
    event.add("LOCATION", Written(ical._text(ical._line(item.location))))
    event.add("STATUS", "CANCELLED")
    event.add("CLASS", "PRIVATE")
    event.add("TRANSP", "TRANSPARENT")
    event.add("ORGANIZER", address_by_the_library(item.organiser_name, item.organiser_email))
    event.add("URL", icalendar.vUri(item.url))
    if item.last_modified_at:
        event.add("LAST-MODIFIED", item.last_modified_at)
    if names := ical._categories(item):
        event.add("CATEGORIES", Written(",".join(map(ical._text, names))))
    attendee = address_by_the_library(item.attendee_name, item.attendee_email)
    attendee.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "FALSE"})
    event.add("ATTENDEE", attendee)
    return ical._calendar(["METHOD:CANCEL"], [event.to_ical(sorted=False).decode()])


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(
    summary=HOSTILE,
    description=HOSTILE,
    location=HOSTILE,
    organiser_name=HOSTILE,
    organiser_email=HOSTILE,
    attendee_name=HOSTILE,
    categories=st.lists(HOSTILE, max_size=3).map(tuple),
    sequence=st.integers(0, 10_000),
    starts_at=st.datetimes(datetime(1997, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    minutes=st.integers(1, 60 * 24 * 3),
    modified=st.booleans(),
)
def test_our_writer_is_read_as_the_librarys_writer(
    starts_at: datetime, minutes: int, modified: bool, **parts: Any
) -> None:
    item = make_item(
        starts_at=starts_at.replace(microsecond=0),
        ends_at=starts_at.replace(microsecond=0) + timedelta(minutes=minutes),
        last_modified_at=NOW if modified else None,
        **parts,
    )
    ours, theirs = the_event(ical.cancellation(item)), the_event(written_by_the_library(item))
    assert list(ours) == list(theirs)
    for name in ours:
        assert ours[name].params == theirs[name].params
        assert ours[name].to_ical() == theirs[name].to_ical()
