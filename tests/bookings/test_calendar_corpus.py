"""Every calendar message the service can send, read back by independent programs.

Each play is given each set of words and each set of times once. The messages are taken as they
leave, and compared with what the database said when they were written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask

from app.kernel.db import db
from app.kernel.london import from_london
from app.partnership import queries as partnership
from tests.conftest import make_app
from tests.support.calendar_checks import faults_of, faults_of_lives
from tests.support.calendar_plays import PLAYS
from tests.support.calendar_stage import Period, Stage, Words
from tests.support.databases import IN_MEMORY, let_go

SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


def at(day: date, clock: str, hours: float = 3) -> Period:
    """A period that begins by the clocks of Wakefield and lasts so long in truth."""
    starts_at = from_london(day, time.fromisoformat(clock))
    return starts_at, starts_at + timedelta(hours=hours)


def weekly(day: date, clock: str) -> list[Period]:
    """The same time of day in the week before, that week and the week after."""
    return [at(day - WEEK, clock), at(day, clock), at(day + WEEK, clock)]


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
    "300 characters of four octets": "🏫" * 300,
    "300 characters of two octets": ("Ü" * 9 + " ") * 30,
    "another component": "x\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M\r\nACTION:AUDIO\r\nEND:VALARM",
    "another person": 'x"\nATTENDEE;CN="Eve:mailto:eve@example.net\rORGANIZER:mailto:eve@x.example',
    "another header": "x\r\nBcc: eve@example.net\r\n\r\nHello =?utf-8?q?=0ABcc=3A_eve?=",
    "the end of everything": "x\r\nEND:VEVENT\nEND:VCALENDAR\u2028METHOD:ADD\x85UID:eve\x0bEND",
    "right to left": "\u202egnp.exe\u2066 \u200f\u05d0\u05d1\u0627 \ufeff\u200b",
    "control characters": "a\x00b\x01\x08\t\x1b[31m\x7fc \u3000 \xa0 d",
}


@pytest.fixture(scope="module")
def service() -> Iterator[Flask]:
    """An application on a database of this file's own: what calendars say knows no database."""
    made = make_app(IN_MEMORY)
    with made.app_context():
        db.create_all()
    yield made
    let_go(made)


@pytest.fixture
def scene(service: Flask) -> Iterator[Flask]:
    with service.app_context():
        yield service


def scenes(number: int, name: str) -> Iterator[tuple[str, Stage]]:
    """One play at all of its times; every words are met in its course, as a title or as a name."""
    words = list(WORDS.values())
    times = [*SIDES.items(), list(OTHER_TIMES.items())[number % len(OTHER_TIMES)]]
    assert len(times) * 2 > len(words)
    for turn, (when, periods) in enumerate(times):
        title, who, place = (words[(number + turn + by) % len(words)] for by in (0, 7, 3))
        stage = Stage(periods, Words(title, who, place))
        try:
            PLAYS[name](stage)
            yield f"{name}, {when}, {title!r}, {who!r}, {place!r}", stage
        finally:
            db.session.rollback()
            partnership.forget()


@pytest.mark.parametrize(("number", "name"), list(enumerate(PLAYS)), ids=PLAYS)
@pytest.mark.usefixtures("scene")
def test_every_message_is_read_alike_by_every_program(number: int, name: str) -> None:
    for scene, stage in scenes(number, name):
        carried = stage.leave()
        found = faults_of_lives(stage.told.values())
        for told in stage.told.values():
            found += faults_of(told, carried[told.message_id])
        assert stage.told
        assert not found, f"{scene}: " + "; ".join(found)
