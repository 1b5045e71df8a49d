"""What meeting files would say in the register, line by line, for a person to decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from app.attendance import matching_rules, meeting_queries
from app.attendance.matching_rules import Booked, Doubt, How, Line, Piles
from app.attendance.meeting_files import reports_of
from app.attendance.meeting_queries import OnList
from app.attendance.models import MeetingFile
from app.attendance.presence_rules import (
    Attendee,
    Presence,
    attendees_of,
    least_minutes,
    merged,
    proposal,
)
from app.attendance.rules import register_order
from app.bookings.models import AttendanceOutcome
from app.catalogue.models import Event, EventDate

HOW_WORDS = {
    How.ADDRESS: "Same email address",
    How.CONFIRMED: "Confirmed before",
    How.NAME: "Same name: check that it is this person",
}
DOUBT_WORDS = {
    Doubt.MAY_BE_TWO: "This name was there more than once, and perhaps at the same time: it may be"
    " one person on two devices, or two people.",
    Doubt.SEVERAL_HAVE_THE_NAME: "More than one person on the list has this name.",
    Doubt.NAME_TWICE: "Somebody else in the meeting may be the person on the list with this name:"
    " it may be the same person on another device.",
    Doubt.ACCOUNT_NAME: "The account belongs to an address on the list, but the name is another.",
    Doubt.NAME_TURNED_ROUND: "Turned round, this is a name on the list.",
}


@dataclass(frozen=True)
class PreviewLine:
    """One attendee: who they are or may be, how long they were there, what that suggests."""

    line: Line
    known: OnList | None  # the booking it was matched to
    known_email: str  # of somebody without a booking
    proposed: AttendanceOutcome | None

    @property
    def attendee(self) -> Attendee:
        """Who was in the meeting."""
        return self.line.attendee

    @property
    def key(self) -> str:
        """Names the line in the form."""
        return self.attendee.key

    @property
    def name(self) -> str:
        """Who it is, as the list has it; else as the meeting had it."""
        return self.line.booked.name if self.line.booked else self.attendee.name

    @property
    def said_name(self) -> str:
        """The name in the meeting, where it is another."""
        return self.attendee.name if self.attendee.name != self.name else ""

    @property
    def reason(self) -> str:
        """Why it is this person, or why nobody can tell."""
        if self.line.how:
            return HOW_WORDS[self.line.how]
        return DOUBT_WORDS[self.line.doubt] if self.line.doubt else ""

    @property
    def minutes_words(self) -> str:
        """How long they were there."""
        return minutes_words(self.attendee.presence)

    @property
    def register_says(self) -> AttendanceOutcome | None:
        """What the register says already."""
        return self.known.outcome if self.known else None


@dataclass(frozen=True)
class Preview:
    """Everybody in the meeting and everybody booked, in four piles."""

    piles: Piles
    matched: Sequence[PreviewLine]
    unbooked: Sequence[PreviewLine]
    ambiguous: Sequence[PreviewLine]
    not_seen: Sequence[OnList]
    lasts_minutes: int
    least_minutes: int
    percent: int
    by_reference: Mapping[str, OnList] = field(default_factory=dict)

    @property
    def lines(self) -> list[PreviewLine]:
        """Everybody in the meeting."""
        return [*self.matched, *self.unbooked, *self.ambiguous]


def minutes_words(presence: Presence) -> str:
    """How long somebody was there, in words; never zero for unknown."""
    if presence.seconds is None:
        return "The file does not say how long"
    minutes = presence.seconds // 60
    words = f"{minutes} {'minute' if minutes == 1 else 'minutes'}"
    if presence.is_at_least:
        return f"At least {words}: how long exactly, the file does not say"
    return words if minutes else "Less than a minute"


def preview(event: Event, event_date: EventDate, files: Sequence[MeetingFile]) -> Preview:
    """The four piles of a date's files; OrderUnclear or Refused where they cannot be read."""
    attendees = attendees_of(reports_of(files, event, event_date))
    on_list = meeting_queries.on_list(event.id, event_date.id)
    confirmed = meeting_queries.confirmed_words(
        word for one in attendees for word in (one.email, *one.names, *one.user_names)
    )
    words = matching_rules.people_by_word([(said, person) for said, person, _ in confirmed])
    emails = {person: email for _, person, email in confirmed}
    piles = matching_rules.sort_into_piles(attendees, [one.booked for one in on_list], words)
    by_reference = {one.booked.reference: one for one in on_list}
    lasts, percent = event_date.ends_at - event_date.starts_at, event.offer.attended_percent

    def shown(lines: Sequence[Line]) -> list[PreviewLine]:
        return _in_order([_line(one, by_reference, emails, lasts, percent) for one in lines])

    return Preview(
        piles=piles,
        matched=shown(piles.matched),
        unbooked=shown(piles.unbooked),
        ambiguous=shown(piles.ambiguous),
        not_seen=sorted(
            (by_reference[one.reference] for one in piles.not_seen),
            key=lambda one: register_order(one.booked.name),
        ),
        lasts_minutes=int(lasts.total_seconds() // 60),
        least_minutes=least_minutes(lasts, percent),
        percent=percent,
        by_reference=by_reference,
    )


def _line(
    line: Line,
    by_reference: Mapping[str, OnList],
    emails: Mapping[int, str],
    lasts: timedelta,
    percent: int,
) -> PreviewLine:
    known = by_reference[line.booked.reference] if line.booked else None
    email = emails.get(line.person_id or 0, "") or line.attendee.email
    return PreviewLine(line, known, email, proposal(line.attendee.presence, lasts, percent))


def _in_order(lines: list[PreviewLine]) -> list[PreviewLine]:
    return sorted(lines, key=lambda one: (*register_order(one.name), one.key))


def combined_minutes(attendees: Sequence[Attendee]) -> int | None:
    """Whole minutes of one person who is several in the files."""
    presence = Presence(None)
    if attendees:
        together = attendees[0]
        for other in attendees[1:]:
            together = merged(together, other)
        presence = together.presence
    return presence.minutes


def people_to_choose(found: Preview, line: PreviewLine) -> list[Booked]:
    """Who an attendee may be: those it could be first, then everybody not seen."""
    first = list(line.line.candidates)
    taken = {one.reference for one in first}
    rest = [one.booked for one in found.not_seen if one.booked.reference not in taken]
    return first + rest
