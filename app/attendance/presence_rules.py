"""How long somebody was in a meeting: stays that overlap count once, an unknown one is not zero."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from app.attendance.models import DayOrder
from app.attendance.readers.meeting_times import LONGEST, Stamp, orders_of, read_stamp
from app.attendance.readers.visits import MeetingReport, Visit, plain_name
from app.bookings.models import AttendanceOutcome
from app.kernel.london import short_date_words
from app.kernel.refusals import Refused

DAY = timedelta(days=1)
# A connection that drops may be shown as there for a while after its owner has come back.
REJOINING = timedelta(minutes=2)


class OrderUnclear(Exception):
    """Nothing in the file or the session says which way round its dates are."""

    def __init__(self, readings: Mapping[DayOrder, date]) -> None:
        super().__init__("the order of day and month is unclear")
        self.readings = readings


@dataclass(frozen=True, slots=True)
class Piece:
    """Some time in the meeting: from when until when, where known, and how many seconds of it."""

    seconds: int | None
    starts: datetime | None = None
    ends: datetime | None = None
    is_total: bool = False  # starts and ends stand around several stays
    is_at_least: bool = False


@dataclass(frozen=True, slots=True)
class Presence:
    """How long somebody was there; None if unknown."""

    seconds: int | None
    is_at_least: bool = False

    @property
    def minutes(self) -> int | None:
        """Whole minutes; None unless it is known how many."""
        return None if self.seconds is None or self.is_at_least else self.seconds // 60


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody who was in the meeting, as all its files together tell of them."""

    who: str
    name: str
    names: frozenset[str]  # for comparison
    email: str
    user_names: frozenset[str]
    pieces: tuple[Piece, ...]
    is_phone: bool = False
    is_host: bool = False
    may_be_two: bool = False

    @property
    def key(self) -> str:
        """Names them in a form, without saying who they are."""
        return hashlib.sha256(self.who.encode()).hexdigest()[:12]

    @property
    def presence(self) -> Presence:
        """How long they were there."""
        return presence_of(self.pieces)


def day_order(
    report: MeetingReport, days: Iterable[date], said: DayOrder | None
) -> DayOrder | None:
    """Which way round the file writes its dates; None if it writes none.

    One value may leave one way only; else the days of the session decide; else a person has to.
    """
    stamps = [read_stamp(text) for v in report.visits for text in (v.joined, v.left) if text]
    found = [stamp for stamp in stamps if stamp]
    if not found:
        return None
    possible, near = orders_of(found), [day + DAY * n for day in days for n in (-1, 0, 1)]
    readings = {order: _first_day(found, order) for order in possible}
    fitting = [order for order, day in readings.items() if day in near]
    if not fitting:
        told = " or ".join(short_date_words(day) for day in readings.values())
        raise Refused(
            f"This file is of a meeting on {told}, when this session did not take place: choose"
            " another file"
        )
    if len(fitting) > 1 and said not in fitting:
        raise OrderUnclear(readings)
    return said if said in fitting else fitting[0]


def _first_day(stamps: Sequence[Stamp], order: DayOrder) -> date:
    return min(stamp[order] for stamp in stamps if order in stamp).date()


def check_day(report: MeetingReport, order: DayOrder | None, day: date) -> None:
    """Refused if the meeting was not on this day, nor next to it."""
    stamps = [read_stamp(v.joined or v.left) for v in report.visits]
    days = [stamp[order].date() for stamp in stamps if order and order in stamp]
    if days and not day - DAY <= min(days) <= day + DAY:
        raise Refused(
            f"This file is of a meeting on {short_date_words(min(days))}: choose it on the"
            " register of that date"
        )


def attendees_of(reports: Sequence[tuple[MeetingReport, DayOrder | None]]) -> list[Attendee]:
    """Everybody in the files of one meeting, each of them once."""
    found: dict[str, Attendee] = {}
    for report, order in reports:
        in_file: dict[str, list[Visit]] = {}
        for visit in report.visits:
            in_file.setdefault(visit.who, []).append(visit)
        last = _last_moment(report, order)
        for visits in in_file.values():
            one = _attendee(visits, order, last)
            known = found.get(one.who)
            found[one.who] = merged(known, one) if known else one
    return _with_those_who_dropped_their_address(found)


def _last_moment(report: MeetingReport, order: DayOrder | None) -> datetime | None:
    stamps = [read_stamp(text) for v in report.visits for text in (v.joined, v.left)]
    return max((stamp[order] for stamp in stamps if order and order in stamp), default=None)


def _attendee(visits: Sequence[Visit], order: DayOrder | None, last: datetime | None) -> Attendee:
    first = visits[0]
    pieces = tuple(_piece(visit, order, last) for visit in visits)
    names = {plain_name(n) for v in visits for n in (v.name, v.original_name) if n}
    return Attendee(
        who=first.who,
        name=first.name,
        names=frozenset() if first.is_phone else frozenset(names),
        email=first.email,
        user_names=frozenset(v.user_name for v in visits if v.user_name),
        pieces=tuple(dict.fromkeys(pieces)),
        is_phone=first.is_phone,
        is_host=any(visit.is_host for visit in visits),
        may_be_two=not first.email and _may_be_two(pieces),
    )


def _piece(visit: Visit, order: DayOrder | None, last: datetime | None) -> Piece:
    starts = read_stamp(visit.joined).get(order) if order else None
    ends = read_stamp(visit.left).get(order) if order else None
    if starts and ends and timedelta(0) <= ends - starts <= LONGEST:
        seconds = visit.seconds if visit.is_total else int((ends - starts).total_seconds())
        return Piece(seconds, starts, ends, visit.is_total)
    if visit.seconds is not None:
        return Piece(visit.seconds)
    if starts and not visit.left and last and timedelta(0) <= last - starts <= LONGEST:
        return Piece(int((last - starts).total_seconds()), starts, last, is_at_least=True)
    return Piece(None)


def _may_be_two(pieces: Sequence[Piece]) -> bool:
    """Whether one name was there twice at the same time, or nobody can tell."""
    different = list(dict.fromkeys(pieces))
    if len(pieces) > len(different):
        return True
    untimed = [piece for piece in different if piece.starts is None]
    timed = sorted((piece.starts, piece.ends) for piece in different if piece.starts and piece.ends)
    overlaps = any(
        min(ends, next_ends) - next_starts > REJOINING
        for (_, ends), (next_starts, next_ends) in zip(timed, timed[1:], strict=False)
    )
    return overlaps or len(untimed) > 1


def merged(one: Attendee, other: Attendee) -> Attendee:
    """One person of two, whose stays are put together."""
    return replace(
        one,
        name=one.name if one.name != one.email else other.name,
        names=one.names | other.names,
        email=one.email or other.email,
        user_names=one.user_names | other.user_names,
        pieces=tuple(dict.fromkeys(one.pieces + other.pieces)),
        is_host=one.is_host or other.is_host,
        may_be_two=one.may_be_two or other.may_be_two,
    )


def _with_those_who_dropped_their_address(found: Mapping[str, Attendee]) -> list[Attendee]:
    """A name without address is whoever has that name with one, unless both were there at once."""
    attendees = dict(found)
    for nameless in [one for one in found.values() if not one.email and one.names]:
        same = [one for one in attendees.values() if one.email and one.names & nameless.names]
        both = nameless.pieces + same[0].pieces if len(same) == 1 else ()
        is_clear = both and not nameless.may_be_two and all(piece.starts for piece in both)
        if is_clear and not _overlap(nameless.pieces, same[0].pieces):
            attendees[same[0].who] = merged(same[0], nameless)
            del attendees[nameless.who]
    return list(attendees.values())


def _overlap(some: Sequence[Piece], others: Sequence[Piece]) -> bool:
    return any(
        min(a.ends, b.ends) - max(a.starts, b.starts) > REJOINING
        for a in some
        for b in others
        if a.starts and a.ends and b.starts and b.ends
    )


def presence_of(pieces: Sequence[Piece]) -> Presence:
    """How long all stays together were; what overlaps counts once."""
    known = [piece for piece in dict.fromkeys(pieces) if piece.seconds is not None]
    if not known:
        return Presence(None)
    is_at_least = len(known) < len(set(pieces)) or any(p.is_at_least for p in known)
    seconds = 0
    for cluster in _clusters([piece for piece in known if piece.starts]):
        exact = [p for p in cluster if not p.is_total]
        totals = [p.seconds or 0 for p in cluster if p.is_total]
        longest = max([*totals, _covered(exact)])
        is_clear = not totals or len(cluster) == 1 or longest >= _span(cluster)
        is_at_least = is_at_least or not is_clear
        seconds += longest
    untimed = [piece.seconds or 0 for piece in known if piece.starts is None]
    is_at_least = is_at_least or len(untimed) > 1 or bool(untimed and seconds)
    return Presence(max([seconds, *untimed]), is_at_least)


def _clusters(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """Pieces that overlap, together."""
    clusters: list[list[Piece]] = []
    until: datetime | None = None
    for starts, ends, piece in _in_order(pieces):
        if until is None or starts >= until:
            clusters.append([])
            until = ends
        clusters[-1].append(piece)
        until = max(until, ends)
    return clusters


def _in_order(pieces: Iterable[Piece]) -> list[tuple[datetime, datetime, Piece]]:
    timed = [(one.starts, one.ends, one) for one in pieces if one.starts and one.ends]
    return sorted(timed, key=lambda one: one[:2])


def _span(cluster: Iterable[Piece]) -> int:
    """Seconds from the first moment of a cluster to its last."""
    timed = _in_order(cluster)
    return int((max(ends for _, ends, _ in timed) - timed[0][0]).total_seconds())


def _covered(pieces: Iterable[Piece]) -> int:
    """Seconds that at least one of the pieces covers."""
    total, until = timedelta(0), None
    for starts, ends, _ in _in_order(pieces):
        begins = max(starts, until) if until else starts
        total += max(ends - begins, timedelta(0))
        until = max(until, ends) if until else ends
    return int(total.total_seconds())


def proposal(presence: Presence, lasts: timedelta, percent: int) -> AttendanceOutcome | None:
    """What the minutes suggest, for a person to decide; None where they say too little."""
    if presence.seconds is None:
        return None
    if presence.seconds * 100 >= lasts.total_seconds() * percent:
        return AttendanceOutcome.ATTENDED
    if presence.is_at_least or presence.seconds < 60:
        return None
    return AttendanceOutcome.ATTENDED_IN_PART


def least_minutes(lasts: timedelta, percent: int) -> int:
    """The whole minutes from which somebody counts as having attended."""
    return int(-(-lasts.total_seconds() * percent // 6000))
