"""The scenes in which bookings are played: when, with which words, on which database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

from app.kernel.db import db
from app.kernel.london import from_london
from app.partnership import queries as partnership
from tests.support.calendar_plays import PLAYS
from tests.support.calendar_stage import Period, Stage, Words

SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


def at(day: date, clock: str, hours: float = 3) -> Period:
    """A period that begins by the clocks of Wakefield and lasts so long in truth."""
    starts_at = from_london(day, time.fromisoformat(clock))
    return starts_at, starts_at + timedelta(hours=hours)


def weekly(day: date, clock: str) -> list[Period]:
    """The same time of day on that day and a week before."""
    return [at(day - WEEK, clock), at(day, clock)]


SIDES: dict[str, list[Period]] = {
    "the evening before the clocks go forward": [at(SPRING - DAY, "19:00")],
    "the morning after the clocks went forward": [at(SPRING + DAY, "09:30")],
    "the evening before the clocks go back": [at(AUTUMN - DAY, "19:00")],
    "the morning after the clocks went back": [at(AUTUMN + DAY, "09:30")],
    "weekly while the clocks go forward": weekly(SPRING, "09:30"),
    "weekly while the clocks go back": weekly(AUTUMN, "09:30"),
}
OTHER_TIMES: dict[str, list[Period]] = {
    "the night in which the clocks go forward": [at(SPRING, "00:30")],
    "the night in which the clocks go back": [at(AUTUMN - DAY, "23:30")],
    "from and to an hour that there is twice": [
        (datetime.fromisoformat(f"{AUTUMN}T00:15Z"), datetime.fromisoformat(f"{AUTUMN}T01:45Z"))
    ],
    "in winter": [at(date(2026, 12, 1), "09:30")],
    "two sessions of a summer's day": [
        at(date(2027, 6, 15), "09:00"),
        at(date(2027, 6, 15), "13:00"),
    ],
}
WORDS = {
    "plain": "of children",
    "commas and quotes": "A, B; C: \"D\" & 'E' (100%) =F",
    "backslashes": r"C:\new\, \; \N ^n ^' \\",
    "emoji": "👩🏽‍🏫 \U0001f468‍\U0001f469‍👧 Zażółć 🏴\U000e0067\U000e0062",
    "300 characters": ("Listening " * 30).strip(),
    "300 characters of four octets": ("🏫" * 24 + " ") * 12,
    "300 characters of two octets": ("Ü" * 9 + " ") * 30,
    "another component": "x\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M\r\nACTION:AUDIO\r\nEND:VALARM",
    "another person": 'x"\nATTENDEE;CN="Eve:mailto:eve@example.net\rORGANIZER:mailto:eve@x.example',
    "another header": "x\r\nBcc: eve@example.net\r\n\r\nHello =?utf-8?q?=0ABcc=3A_eve?=",
    "the end of everything": "x\r\nEND:VEVENT\nEND:VCALENDAR\u2028METHOD:ADD\x85UID:eve\x0bEND",
    "right to left": "\u202egnp.exe\u2066 \u200f\u05d0\u05d1\u0627 \ufeff\u200b",
    "control characters": "a\x00b\x01\x08\t\x1b[31m\x7fc \u3000 \xa0 d",
}


def scenes(number: int, name: str) -> Iterator[tuple[str, Stage]]:
    """One play at all of its times; every words are met in its course, as a title or as a name."""
    words = list(WORDS.values())
    times = [*SIDES.items(), list(OTHER_TIMES.items())[number % len(OTHER_TIMES)]]
    assert len(times) * 2 > len(words)
    for turn, (when, periods) in enumerate(times):
        title, who, place = (words[(number + turn + by) % len(words)] for by in (0, 7, 3))
        with played(name, periods, Words(title, who, place)) as stage:
            yield f"{name}, {when}, {title!r}, {who!r}, {place!r}", stage


@contextmanager
def played(name: str, periods: list[Period], words: Words) -> Iterator[Stage]:
    """The stage after one play; what was played is forgotten afterwards."""
    stage = Stage(periods, words)
    try:
        PLAYS[name](stage)
        yield stage
    finally:
        db.session.remove()
        partnership.forget()
