"""Words that staff may change: placeholders are replaced, once, and nothing else happens."""

from __future__ import annotations

import pytest
from flask import Flask
from markupsafe import Markup
from sqlalchemy import func, select

from app.kernel.db import db
from app.kernel.refusals import Refused
from app.outbox import wording
from app.outbox.models import Wording, WordingKind
from app.outbox.wording_rules import (
    KINDS,
    MOST_IN_BODY,
    NOT_IN_SUBJECT,
    PLACEHOLDERS,
    Words,
    check,
    fill_line,
    fill_paragraphs,
    link,
)
from tests.support.factories import NOW

REMINDER = WordingKind.REMINDER
VALUES = {"name": "Sam Ali", "session": "Neglect", "booking_link": link("https://a.example/b")}


def body(text: str, values: dict[str, str] = VALUES) -> list[str]:
    return [str(paragraph) for paragraph in fill_paragraphs(text, values)]


@pytest.mark.parametrize("kind", WordingKind)
def test_the_standard_words_can_be_used(kind: WordingKind) -> None:
    check(kind, KINDS[kind].standard)
    assert set(KINDS[kind].placeholders) <= set(PLACEHOLDERS)


@pytest.mark.parametrize(
    ("subject", "text", "says"),
    [
        ("", "Words", "Enter a subject"),
        ("Subject", " ", "Enter the words"),
        ("Subject", "{x.__class__}", "{x.__class__} cannot be used"),
        ("Subject", "{{7*7}}", "{7*7} cannot be used"),
        ("Subject", "{next_dates}", "{next_dates} cannot be used"),
        ("Subject", "{Name}", "{Name} cannot be used"),
        ("Subject", "{}", "{} cannot be used"),
        ("Subject", "{{name}}", "only around a placeholder"),
        ("Subject", "Dear {name", "only around a placeholder"),
        ("Subject", "Dear name}", "only around a placeholder"),
        ("{booking_link}", "Words", "{booking_link} cannot be used in the subject"),
        ("Subject", "x" * (MOST_IN_BODY + 1), "3,000 characters or fewer"),
        ("x" * 151, "Words", "150 characters or fewer"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(subject: str, text: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        check(REMINDER, Words(subject, text))
    assert says in str(refused.value)


def test_an_opening_needs_no_subject() -> None:
    check(WordingKind.BOOKING_CHANGED, Words("", "{session} has changed."))


@pytest.mark.parametrize(
    "hostile", ["{booking_link}", "{{7*7}}", "{x.__class__}", "{% if 1 %}", "{session}"]
)
def test_what_a_placeholder_stands_for_is_never_read_again(hostile: str) -> None:
    values = VALUES | {"name": hostile}
    assert fill_line("Dear {name}", values) == f"Dear {hostile}"
    assert body("Dear {name}", values) == [f"Dear {hostile}"]


def test_what_is_not_known_stays_as_it_is_written() -> None:
    assert body("{{7*7}} {x.__class__} {nonsense}") == ["{{7*7}} {x.__class__} {nonsense}"]


def test_markup_in_words_and_values_stays_words() -> None:
    made = body("<b>{name}</b>", {"name": "<script>"})
    assert made == ["&lt;b&gt;&lt;script&gt;&lt;/b&gt;"]


def test_paragraphs_lines_and_addresses_are_kept() -> None:
    made = body("One\ntwo\n\n\nSee https://x.example/a?b=1&c=2, or {booking_link}.\n")
    assert made == [
        "One<br>two",
        'See <a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>, or '
        '<a href="https://a.example/b">https://a.example/b</a>.',
    ]


def test_an_address_in_a_name_is_no_link() -> None:
    assert body("Dear {name}", {"name": "https://evil.example"}) == ["Dear https://evil.example"]


def test_a_subject_is_one_line() -> None:
    assert fill_line("Re: {session}", {"session": "Neglect\r\nBcc: x@evil.example"}) == (
        "Re: Neglect Bcc: x@evil.example"
    )
    assert all(isinstance(VALUES[name], Markup) for name in NOT_IN_SUBJECT & set(VALUES))


def test_words_are_changed_used_and_put_back(app: Flask) -> None:
    mine = Words("Soon: {session}", "See you.")
    assert wording.current(REMINDER) == KINDS[REMINDER].standard
    for words in (Words("First", "try"), mine):
        wording.change_wording(REMINDER, words, now=NOW)
    assert wording.current(REMINDER) == mine
    assert db.session.scalar(select(func.count()).select_from(Wording)) == 1
    wording.use_standard_wording(REMINDER)
    assert wording.current(REMINDER) == KINDS[REMINDER].standard


def test_words_that_cannot_be_used_change_nothing(app: Flask) -> None:
    with pytest.raises(Refused):
        wording.change_wording(REMINDER, Words("{nonsense}", "Words"), now=NOW)
    assert wording.current(REMINDER) == KINDS[REMINDER].standard
