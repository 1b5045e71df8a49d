"""The checks of calendar messages see what is wrong: writers that are broken on purpose."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.kernel import ical
from tests.support.calendar_checks import faults_of, faults_of_lines, faults_of_lives
from tests.support.calendar_scenes import SIDES, WORDS, played
from tests.support.calendar_stage import Told, Words

MORNING = SIDES["the morning after the clocks went forward"]
CANCELLED = "booked and cancelled by the person"
Break = Callable[[str], str]


Mails = list[tuple[Told, bytes]]


def mails(words: str) -> Mails:
    """An invitation and its cancellation, as they leave."""
    with played(CANCELLED, MORNING, Words(*[WORDS[words]] * 3)) as stage:
        carried = stage.leave()
        return [(told, carried[told.message_id]) for told in stage.told]


def before_the_end(lines: str) -> Break:
    return lambda text: text.replace("END:VEVENT", f"{lines}\r\nEND:VEVENT")


def folded_by_characters(text: str) -> str:
    lines = text.replace("\r\n ", "").split("\r\n")
    return "\r\n".join("\r\n ".join(re.findall(".{1,74}", line) or [""]) for line in lines)


BROKEN_TEXTS: dict[str, tuple[str, Break, str]] = {
    "a line break not escaped": ("plain", lambda t: t.replace("\\n", "\r\n", 1), "entry says"),
    "a backslash not escaped": ("backslashes", lambda t: t.replace("\\\\", "\\"), "is read as"),
    "an alarm": ("plain", before_the_end("BEGIN:VALARM\r\nEND:VALARM"), "components are"),
    "an alarm after a lone CR": ("plain", before_the_end("X:\rBEGIN:VALARM"), "components are"),
    "a second person": ("plain", before_the_end("ATTENDEE:mailto:e@e.example"), "entry says"),
    "another person": (
        "plain",
        lambda t: t.replace("mailto:o'neil+1", "mailto:eve"),
        "addressed to",
    ),
    "another organiser": (
        "plain",
        lambda t: t.replace("mailto:learning@", "mailto:eve@"),
        "organised by",
    ),
    "folding by characters": ("300 characters of two octets", folded_by_characters, "octets"),
    "lines without CR": ("plain", lambda t: t.replace("\r\n", "\n"), "otherwise than by CRLF"),
    "no last line break": ("plain", str.rstrip, "has no end"),
    "a NUL": ("plain", lambda t: t.replace("SUMMARY:", "SUMMARY:\0"), "a control character"),
    "an hour later": ("plain", lambda t: t.replace("T093000", "T103000"), "starts_at is read"),
    "another UID": ("plain", lambda t: t.replace("UID:book", "UID:hook"), "uid is read"),
    "another method": ("plain", lambda t: t.replace("D:REQUEST", "D:PUBLISH"), "method is read"),
    "another state": ("plain", lambda t: t.replace("S:CONFIRMED", "S:TENTATIVE"), "status is"),
    "a property of the calendar": (
        "plain",
        lambda t: t.replace("METHOD:", "X-EVE:1\r\nMETHOD:"),
        "the calendar says",
    ),
    "no way to say one cannot come": (
        "plain",
        lambda t: t.replace("come?", "go?"),
        "there is no link",
    ),
}


@pytest.mark.parametrize(
    ("words", "broken", "fault"), list(BROKEN_TEXTS.values()), ids=list(BROKEN_TEXTS)
)
@pytest.mark.usefixtures("scene")
def test_a_broken_entry_is_seen(words: str, broken: Break, fault: str) -> None:
    told, _ = mails(words)[0]
    assert broken(told.text) != told.text
    assert faults_of(told) == []
    assert fault in "; ".join(faults_of(replace(told, text=broken(told.text))))


def test_a_character_cut_in_two_is_seen() -> None:
    assert list(faults_of_lines("SUMMARY:ü\r\n".encode())) == []
    assert "a line ends inside a character" in faults_of_lines(b"SUMMARY:\xc3\r\n \xbc\r\n")


BROKEN_MAILS: dict[str, tuple[bytes, bytes, str]] = {
    "one more header": (b"Subject:", b"Bcc: eve@example.net\r\nSubject:", "headers are"),
    "a header of a part": (
        b"Content-Type: text/calendar;",
        b"X-Eve: 1\r\nContent-Type: text/calendar;",
        "text/calendar has the headers",
    ),
    "another method": (b'method="REQUEST"', b'method="PUBLISH"', "the calendar part is"),
    "no method": (b'; method="REQUEST"', b"", "the calendar part is"),
    "a second recipient": (b"@example.org>\r\nSubj", b"@example.org>, e@e.ex\r\nSubj", "To is"),
    "a file alone": (b"Content-Type: text/calendar;", b"Content-Type: text/plain;", "parts are"),
    "a raw line break in a header": (b"Subject: ", b"Subject: \x0b", "that none may have"),
}


@pytest.mark.parametrize(
    ("whole", "broken", "fault"), list(BROKEN_MAILS.values()), ids=list(BROKEN_MAILS)
)
@pytest.mark.usefixtures("scene")
def test_a_broken_mail_is_seen(whole: bytes, broken: bytes, fault: str) -> None:
    told, content = mails("plain")[0]
    assert whole in content
    assert fault in "; ".join(faults_of(told, content.replace(whole, broken)))


BROKEN_LIVES: dict[str, tuple[str, str, str]] = {
    "a sequence that does not rise": ("SEQUENCE:1", "SEQUENCE:0", "sequences"),
    "another organiser": ("mailto:learning", "mailto:eve", "ORGANIZER changed"),
    "another person": ("mailto:o'neil", "mailto:eve", "ATTENDEE changed"),
}


@pytest.mark.parametrize(
    ("whole", "broken", "fault"), list(BROKEN_LIVES.values()), ids=list(BROKEN_LIVES)
)
@pytest.mark.usefixtures("scene")
def test_a_broken_life_is_seen(whole: str, broken: str, fault: str) -> None:
    first, last = (told for told, _ in mails("plain"))
    assert faults_of_lives([first, last]) == []
    assert whole in last.text
    assert fault in "; ".join(
        faults_of_lives([first, replace(last, text=last.text.replace(whole, broken))])
    )


@pytest.mark.usefixtures("scene")
def test_a_uid_that_changes_or_is_shared_and_a_life_after_the_end_are_seen() -> None:
    first, last = (told for told, _ in mails("plain"))
    assert "has the UIDs" in "; ".join(faults_of_lives([first, replace(last, uid="another")]))
    assert "share a UID" in "; ".join(faults_of_lives([first, replace(last, date_id=99)]))
    assert "methods" in "; ".join(faults_of_lives([last, first]))


BROKEN_WRITERS: dict[str, tuple[str, Callable[[str], str], str]] = {
    "escapes nothing": ("_text", str, "backslashes"),
    "cleans nothing": ("_paragraphs", str, "another component"),
    "quotes no names": ("_name_parameter", lambda name: f";CN={name}", "another person"),
    "folds nothing": ("_fold", lambda line: line + "\r\n", "300 characters"),
    "encodes no address": ("_mailto", lambda email: f"mailto:{email}\r\nX-EVE:1", "plain"),
}


@pytest.mark.parametrize(
    ("name", "instead", "words"), list(BROKEN_WRITERS.values()), ids=list(BROKEN_WRITERS)
)
@pytest.mark.usefixtures("scene")
def test_a_writer_that_is_broken_is_seen(
    name: str, instead: Callable[[str], str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ical, name, instead)
    assert [fault for told, content in mails(words) for fault in faults_of(told, content)]
