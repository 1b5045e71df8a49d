"""Every calendar message the service can send, read back by independent programs.

Each play is played on both sides of each change of the clocks, for one and for several dates. The
messages are taken as they leave, and compared with what the database said when they were written.
One of each kind stands in calendar_corpus/, to be looked at and tried in a calendar;
RIPPLE_WRITE_LETTERS=1 writes them anew.
"""

from __future__ import annotations

import ast
import os
import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from app.bookings import links
from app.kernel import ical
from tests.kernel.test_ical import make_item
from tests.support.calendar_checks import faults_of, faults_of_lives, faults_of_readings
from tests.support.calendar_plays import PLAYS
from tests.support.calendar_readers import by_ical_js, instants_by_every_reader
from tests.support.calendar_scenes import OTHER_TIMES, SIDES, WORDS, played, scenes
from tests.support.calendar_stage import Words

CORPUS = Path(__file__).parent / "calendar_corpus"


@pytest.mark.slow
@pytest.mark.parametrize(("number", "name"), list(enumerate(PLAYS)), ids=PLAYS)
@pytest.mark.usefixtures("scene")
def test_every_message_is_read_alike_by_every_program(number: int, name: str) -> None:
    for turn, (scene, stage) in enumerate(scenes(number, name)):
        found = faults_of_lives(stage.told)
        # Mail is the same at all times: composing every second one is enough.
        carried = stage.leave() if (number + turn) % 2 else {}
        for told in stage.told:
            found += faults_of(told, carried.get(told.message_id), stage.mailbox)
        assert stage.told
        assert not found, f"{scene}: " + "; ".join(found)


@pytest.mark.browser
@pytest.mark.usefixtures("scene")
def test_every_message_is_read_alike_by_the_reader_of_thunderbird(browser: Browser) -> None:
    messages = [
        (scene, told)
        for number, name in enumerate(PLAYS)
        for scene, stage in scenes(number, name)
        for told in stage.told
    ]
    page = browser.new_page()
    readings = by_ical_js(page, [told.text for _, told in messages])
    page.close()
    found = {
        f"{scene}, {told.kind}: {fault}"
        for (scene, told), read in zip(messages, readings, strict=True)
        for fault in faults_of_readings([read], told)
    }
    assert not found, "; ".join(sorted(found)[:5])
    moved = replace(messages[0][1], starts_at=messages[0][1].starts_at + timedelta(hours=1))
    assert list(faults_of_readings(readings[:1], moved))  # and it would have been seen


@pytest.mark.browser
@pytest.mark.usefixtures("scene")
def test_files_and_feeds_say_the_same_instants_to_every_reader(browser: Browser) -> None:
    texts: dict[str, tuple[datetime, datetime]] = {}
    for periods in (SIDES | OTHER_TIMES).values():
        for starts_at, ends_at in periods:
            hostile = WORDS["the end of everything"]
            item = make_item(starts_at=starts_at, ends_at=ends_at, summary=hostile)
            texts[ical.download([item], hostile)] = starts_at, ends_at
            texts[ical.feed([item], hostile, hostile, item.url)] = starts_at, ends_at
    page = browser.new_page()
    readings = by_ical_js(page, list(texts))
    page.close()
    for (text, period), read in zip(texts.items(), readings, strict=True):
        assert instants_by_every_reader(text) == {(read.starts_at, read.ends_at)} == {period}
        assert read.attendees == ()


def test_every_kind_of_calendar_message_is_recorded() -> None:
    assert {kind for kind, *_ in RECORDED} == letters_with_an_entry()


def letters_with_an_entry() -> set[str]:
    """The letters that the code of bookings sends with a calendar entry, by their names there."""
    found = set()
    for file in Path(links.__file__).parent.glob("*.py"):
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                found |= _letters_in(function)
    return found


def _letters_in(function: ast.FunctionDef) -> set[str]:
    assigned = {
        ast.unparse(node.targets[0]): node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
    }
    calls = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "send"
        and "entry" in {keyword.arg for keyword in node.keywords}
    ]
    names = [assigned.get(ast.unparse(call.args[2]), call.args[2]) for call in calls]
    return {value for name in names for value in _strings_of(name)}


def _strings_of(name: ast.expr) -> list[str]:
    chosen = [name.body, name.orelse] if isinstance(name, ast.IfExp) else [name]
    return [str(one.value) for one in chosen if isinstance(one, ast.Constant)]


# The recorded ones: kind, play, times, words.

RECORDED = [
    (
        "confirmed",
        "booked and cancelled by the person",
        "the evening before the clocks go forward",
        "plain",
    ),
    (
        "cancelled",
        "booked and cancelled by the person",
        "the morning after the clocks went forward",
        "plain",
    ),
    (
        "cancelled_by_us",
        "booked in person and cancelled by us",
        "the night in which the clocks go back",
        "emoji",
    ),
    (
        "promoted",
        "booked from the waiting list when somebody cancels",
        "in winter",
        "backslashes",
    ),
    (
        "date",
        "booked and cancelled by the person",
        "weekly while the clocks go back",
        "commas and quotes",
    ),
    (
        "date_cancelled",
        "booked and cancelled by the person",
        "two sessions of a summer's day",
        "another header",
    ),
    (
        "date_removed",
        "a date added and another taken out",
        "weekly while the clocks go forward",
        "right to left",
    ),
    (
        "changed",
        "the event moved over a clock change and back",
        "the evening before the clocks go back",
        "300 characters",
    ),
    (
        "moved",
        "moved to another date",
        "the night in which the clocks go forward",
        "300 characters of two octets",
    ),
    (
        "moved_from",
        "moved to another date",
        "from and to an hour that there is twice",
        "300 characters of four octets",
    ),
    (
        "handed_over",
        "handed over by us",
        "the morning after the clocks went back",
        "another person",
    ),
    (
        "handed_over_to_you",
        "handed over by us",
        "in winter",
        "another component",
    ),
    (
        "confirmed",
        "booked for colleagues with and without an address",
        "in winter",
        "the end of everything",
    ),
    (
        "changed",
        "the place changed and then it went online",
        "in winter",
        "control characters",
    ),
]


@pytest.mark.parametrize(("kind", "name", "when", "words"), RECORDED)
@pytest.mark.usefixtures("scene")
def test_the_recorded_messages_have_not_changed(
    kind: str, name: str, when: str, words: str
) -> None:
    with played(name, (SIDES | OTHER_TIMES)[when], Words(*[WORDS[words]] * 3)) as stage:
        told = next(told for told in stage.told if told.kind == f"booking_{kind}")
    text, uid, location = map(with_fixed_names, (told.text, told.uid, told.location))
    assert faults_of(replace(told, text=text, uid=uid, location=location)) == []
    file = CORPUS / f"{kind}, {words}.ics".replace(", ", "-").replace(" ", "_")
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        file.write_bytes(text.encode())
    assert text.encode() == file.read_bytes()


NEW_EACH_TIME = {
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}": "01234567-89ab-4def-8123-456789abcdef",
    r"(?<=/bookings/)\w{10}": "abcdefghjk",
    r"\b[0-9a-f]{64}\b": "0123456789abcdef" * 4,
}


def with_fixed_names(text: str) -> str:
    """The text with the same UID, reference and link every time; as long, and folded as it was."""
    whole = text.replace("\r\n ", "")
    for pattern, fixed in NEW_EACH_TIME.items():
        for once in set(re.findall(pattern, whole)):
            folded = "((?:\r\n )?)".join(map(re.escape, once))
            text = re.sub(folded, partial(_refolded, fixed), text)
    return text


def _refolded(fixed: str, found: re.Match[str]) -> str:
    return "".join(f"{fold}{mark}" for fold, mark in zip(("", *found.groups()), fixed, strict=True))
