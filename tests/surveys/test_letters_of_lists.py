"""What people on a list are written, word for word.

It stands in letters/*.txt, to be read. RIPPLE_WRITE_LETTERS=1 writes it anew.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask

from tests.support.factories import make_partnership, make_person
from tests.support.surveys import a_list, messages, round_of_work

LETTERS = Path(__file__).parent / "letters"
A_SECRET = re.compile(r"[0-9a-f]{64}")
NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
LISTS = {
    "a_one_off": ("The e-bulletin", "", (0,), date(2026, 11, 10)),
    "after_a_review": (
        "Safer sleep for under-ones",
        "Every setting names a lead for safer sleep",
        (3,),
        date(2026, 8, 10),
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_people_on_a_list_are_told_what_it_is_about(app: Flask, name: str) -> None:
    make_partnership()
    title, recommendation, months, counted_from = LISTS[name]
    a_list(
        make_person(name="Ana Osei"),
        now=NOW,
        months=months,
        counted_from=counted_from,
        title=title,
        recommendation=recommendation,
    )
    assert round_of_work(NOW) == 1
    [letter] = messages()
    text = A_SECRET.sub("TOKEN", f"Subject: {letter.subject}\n\n{letter.text_body}")
    file = LETTERS / f"a_survey_of_{name}.txt"
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
