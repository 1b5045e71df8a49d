"""What each figure of a report counts: every table, file, chart and sentence counts by this page.

A booking or a session is looked at once, as plain values, and adds one to each figure named here.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from app.accounts.models import OrganisationKind
from app.bookings.models import BookingOrigin, BookingState, CancelReason
from app.catalogue.models import EventState


class Figure(enum.StrEnum):
    """The figures of a report."""

    SESSIONS = "sessions"
    TO_COME = "to_come"
    CALLED_OFF = "called_off"
    ELSEWHERE = "elsewhere"
    IN_HOUSE = "in_house"
    NO_REGISTER = "no_register"
    PEOPLE = "people"
    PEOPLE_OUT_OF_AREA = "people_out_of_area"
    ATTENDANCES = "attendances"
    IN_PART = "in_part"
    WITHOUT_BOOKING = "without_booking"
    HEADS = "heads"
    HEADS_OUT_OF_AREA = "heads_out_of_area"
    SCHOOLS = "schools"
    COLLEGES = "colleges"
    SETTINGS = "settings"
    BOOKED = "booked"
    BOOKED_CAME = "booked_came"
    DID_NOT_ATTEND = "did_not_attend"
    BOOKED_AHEAD = "booked_ahead"
    CANCELLATIONS = "cancellations"
    LATE_CANCELLATIONS = "late_cancellations"
    WAITING_AT_END = "waiting_at_end"
    WAITING_NOW = "waiting_now"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WISHES = "wishes"
    WISHES_OPEN = "wishes_open"


class FigureWords(NamedTuple):
    """What a figure is called, what it counts, and how."""

    title: str
    unit: str
    how: str


WORDS = {
    Figure.SESSIONS: FigureWords(
        "Sessions held",
        "sessions",
        "Sessions that were announced, have begun and were not called off. A session belongs to the"
        " period in which its first date begins; one of several dates counts once. Sessions for one"
        " organisation's own staff and sessions brought in from earlier records are among them.",
    ),
    Figure.TO_COME: FigureWords(
        "Sessions to come", "sessions", "Announced sessions of the period that have not begun."
    ),
    Figure.CALLED_OFF: FigureWords(
        "Sessions called off",
        "sessions",
        "Sessions that were announced and then cancelled; nothing else of them is counted.",
    ),
    Figure.ELSEWHERE: FigureWords(
        "Sessions of partners, booked elsewhere",
        "sessions",
        "Sessions listed here that people book with somebody else. Who came to them is not known"
        " here, so they are in no other figure.",
    ),
    Figure.IN_HOUSE: FigureWords(
        "Sessions for one organisation",
        "sessions",
        "Of the sessions held, those for one organisation's own staff.",
    ),
    Figure.NO_REGISTER: FigureWords(
        "Registers not taken",
        "sessions",
        "Of the sessions held, those with nobody marked on a register and no heads counted, though"
        " somebody was booked or they were for one organisation. Until it is taken, nobody of such"
        " a session counts as having come.",
    ),
    Figure.PEOPLE: FigureWords(
        "People who came",
        "people by register",
        "Different people marked as attended, or attended in part, at one session or more."
        " Somebody who came to three sessions is one person. In a line of a table a person counts"
        " once; one who came to two offers is in both lines, so lines may add up to more than the"
        " total. Heads counted are not among them.",
    ),
    Figure.PEOPLE_OUT_OF_AREA: FigureWords(
        "People from outside the district",
        "people by register",
        "Of the people who came, those of an organisation outside the district.",
    ),
    Figure.ATTENDANCES: FigureWords(
        "Attendances",
        "attendances by register",
        "One person at one session, however many dates it has. Somebody who came to three sessions"
        " is three attendances.",
    ),
    Figure.IN_PART: FigureWords(
        "Attended in part",
        "attendances by register",
        "Attendances that are marked as in part on a date, or as absent on one date of several.",
    ),
    Figure.WITHOUT_BOOKING: FigureWords(
        "Attended without a booking",
        "attendances by register",
        "Attendances of people who were not booked and were added on the register.",
    ),
    Figure.HEADS: FigureWords(
        "Heads counted",
        "heads",
        "People in the room at sessions where heads were counted and nobody was named; of several"
        " dates the largest count. The same person may be counted at two sessions. Heads are never"
        " added to people or attendances.",
    ),
    Figure.HEADS_OUT_OF_AREA: FigureWords(
        "Heads from outside the district",
        "heads",
        "Of the heads counted, those from outside the district, as whoever counted wrote down.",
    ),
    Figure.SCHOOLS: FigureWords(
        "Schools reached",
        "schools",
        "Different schools from which somebody came, or for whose own staff a session was held. A"
        " school that became another, as an academy, counts as the school it is now.",
    ),
    Figure.COLLEGES: FigureWords("Colleges reached", "colleges", "Counted like schools."),
    Figure.SETTINGS: FigureWords(
        "Early years settings reached", "early years settings", "Counted like schools."
    ),
    Figure.BOOKED: FigureWords(
        "Booked at the start",
        "bookings",
        "Confirmed bookings when the session began, at sessions whose register was taken. People"
        " added on the register and attendance brought in from earlier records are not among them.",
    ),
    Figure.BOOKED_CAME: FigureWords(
        "Booked and came",
        "bookings",
        "Bookings at the start whose person is marked as attended or attended in part.",
    ),
    Figure.DID_NOT_ATTEND: FigureWords(
        "Did not attend",
        "bookings",
        "Bookings at the start whose person is marked as not attended on every date marked."
        " Somebody who was booked and whom nobody marked is in neither.",
    ),
    Figure.BOOKED_AHEAD: FigureWords(
        "Booked for sessions to come",
        "bookings",
        "Confirmed bookings of sessions that have not begun.",
    ),
    Figure.CANCELLATIONS: FigureWords(
        "Places given up",
        "bookings",
        "Confirmed bookings cancelled before the session began, by the person, whoever booked for"
        " them or staff, or moved to another date. A place handed to a colleague is not given up.",
    ),
    Figure.LATE_CANCELLATIONS: FigureWords(
        "Late cancellations",
        "bookings",
        "Of the places given up, those with less notice than the partnership asks for.",
    ),
    Figure.WAITING_AT_END: FigureWords(
        "Waiting when it began",
        "people waiting",
        "Bookings still on the waiting list of a session that has begun: they got no place.",
    ),
    Figure.WAITING_NOW: FigureWords(
        "Waiting now", "people waiting", "Bookings on the waiting lists of sessions to come."
    ),
    Figure.DECLINED: FigureWords(
        "Requests declined",
        "requests",
        "Requests for a place at sessions of the period to which somebody said no.",
    ),
    Figure.LAPSED: FigureWords(
        "Requests not answered in time",
        "requests",
        "Requests for a place at sessions of the period that nobody decided in time.",
    ),
    Figure.WISHES: FigureWords(
        "Wishes for dates",
        "wishes",
        "People who asked in the period to be told of new dates of an offer.",
    ),
    Figure.WISHES_OPEN: FigureWords(
        "Wishes still open",
        "wishes",
        "Of the wishes of the period, those whose people have not been told of a date yet.",
    ),
}
RATE_WORDS = FigureWords(
    "Attendance rate",
    "per cent of bookings",
    "Of the bookings at the start, the share whose person came: came ÷ booked at the start, at"
    " sessions whose register was taken. People who came without a booking are not in it; they"
    " stand beside it.",
)

NOT_BOOKED = frozenset({BookingOrigin.REGISTER, BookingOrigin.HISTORY, BookingOrigin.IMPORT})
GIVEN_UP = frozenset(
    {CancelReason.PERSON, CancelReason.DECLINED, CancelReason.MOVED, CancelReason.STAFF}
)
ESTABLISHMENTS = {
    OrganisationKind.SCHOOL: Figure.SCHOOLS,
    OrganisationKind.COLLEGE: Figure.COLLEGES,
    OrganisationKind.EARLY_YEARS: Figure.SETTINGS,
}


class SessionFacts(NamedTuple):
    """What a report must know of a session to count it and its bookings."""

    state: str
    has_begun: bool
    is_history: bool
    is_elsewhere: bool
    is_in_house: bool
    has_register: bool  # somebody is marked on it

    @property
    def is_counted(self) -> bool:
        """Whether its bookings are in any figure."""
        return self.state == EventState.PUBLISHED and not self.is_elsewhere


class BookingFacts(NamedTuple):
    """What a report must know of a booking to count it."""

    state: str
    origin: str
    because: str | None
    is_late: bool
    was_confirmed: bool
    left_after_start: bool  # cancelled once the session had begun
    dates_attended: int
    dates_in_part: int
    dates_missed: int


def figures_of_session(session: SessionFacts, *, booked: int, has_heads: bool) -> list[Figure]:
    """The figures to which a session adds one."""
    if session.state == EventState.CANCELLED:
        return [Figure.CALLED_OFF]
    if session.state != EventState.PUBLISHED:
        return []
    if session.is_elsewhere:
        return [Figure.ELSEWHERE]
    if not session.has_begun:
        return [Figure.TO_COME]
    found = [Figure.SESSIONS]
    if session.is_in_house:
        found.append(Figure.IN_HOUSE)
    is_expected = bool(booked) or session.is_in_house
    if is_expected and not (session.has_register or has_heads or session.is_history):
        found.append(Figure.NO_REGISTER)
    return found


def figures_of_booking(booking: BookingFacts, session: SessionFacts) -> tuple[Figure, ...]:
    """The figures to which a booking adds one."""
    if not session.is_counted:
        return ()
    if booking.state == BookingState.CANCELLED:
        return (*_given_up(booking), *_at_start(booking, session))
    if booking.state == BookingState.WAITING and not has_come(booking):
        return (Figure.WAITING_AT_END if session.has_begun else Figure.WAITING_NOW,)
    return (*_attendance(booking), *_at_start(booking, session))


def has_come(booking: BookingFacts) -> bool:
    """Whether the register says that they were there, on any date."""
    is_live = booking.state != BookingState.CANCELLED
    return is_live and bool(booking.dates_attended or booking.dates_in_part)


def _attendance(booking: BookingFacts) -> list[Figure]:
    if not has_come(booking):
        return []
    found = [Figure.ATTENDANCES]
    if booking.dates_in_part or booking.dates_missed:
        found.append(Figure.IN_PART)
    if booking.origin == BookingOrigin.REGISTER:
        found.append(Figure.WITHOUT_BOOKING)
    return found


def _at_start(booking: BookingFacts, session: SessionFacts) -> list[Figure]:
    """Whether they had a place when it began, and whether they took it."""
    is_confirmed = booking.state == BookingState.CONFIRMED
    if booking.origin in NOT_BOOKED or not (is_confirmed or _left_late(booking)):
        return []
    if not session.has_begun:
        return [Figure.BOOKED_AHEAD] if is_confirmed else []
    if session.is_history or not session.has_register:
        return []
    if has_come(booking):
        return [Figure.BOOKED, Figure.BOOKED_CAME]
    return [Figure.BOOKED, *([Figure.DID_NOT_ATTEND] if booking.dates_missed else [])]


def _left_late(booking: BookingFacts) -> bool:
    is_cancelled = booking.state == BookingState.CANCELLED
    return is_cancelled and booking.was_confirmed and booking.left_after_start


def _given_up(booking: BookingFacts) -> list[Figure]:
    if not booking.was_confirmed or booking.left_after_start or booking.because not in GIVEN_UP:
        return []
    late = [Figure.LATE_CANCELLATIONS] if booking.is_late else []
    return [Figure.CANCELLATIONS, *late]


@dataclass(frozen=True, slots=True)
class Part:
    """So many of so many."""

    count: int
    base: int

    @property
    def percent(self) -> int:
        """Of a hundred, rounded half up."""
        return (200 * self.count + self.base) // (2 * self.base)

    @property
    def words(self) -> str:
        """The percentage, never without its count and base."""
        return f"{self.percent}% ({self.count:,} of {self.base:,})"


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one offer, sector or whatever the line is of."""

    name: str
    figures: Mapping[Figure, int]

    def __getitem__(self, figure: Figure) -> int:
        """A figure; nothing counted is none."""
        return self.figures.get(figure, 0)

    @property
    def rate(self) -> Part | None:
        """The attendance rate; None where no register was taken."""
        base = self[Figure.BOOKED]
        return Part(self[Figure.BOOKED_CAME], base) if base else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not any(self.figures.values())


def change_words(now: int, before: int) -> str:
    """How a figure changed: "+12 (+8%)", "no change"."""
    change = now - before
    if not change:
        return "no change"
    if not before:
        return f"{change:+,}"
    percent = (200 * abs(change) + before) // (2 * before)
    return f"{change:+,} ({'+' if change > 0 else '-'}{percent}%)"


def rate_change_words(now: Part | None, before: Part | None) -> str:
    """How the attendance rate changed, in points."""
    if now is None or before is None:
        return "cannot be compared"
    change = now.percent - before.percent
    if not change:
        return "no change"
    return f"{change:+} {'point' if abs(change) == 1 else 'points'}"
