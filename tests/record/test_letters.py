"""The reminder of what must be renewed, word by word.

It stands in letters/*.txt, to be read. RIPPLE_WRITE_LETTERS=1 writes it anew.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.kernel.db import db
from app.outbox.models import OutboxMessage
from app.record import operations
from tests.support.factories import (
    make_event,
    make_learning_elsewhere,
    make_offer,
    make_partnership,
    make_person,
    make_refresher,
)

LETTERS = Path(__file__).parent / "letters"
THREE_MONTHS_BEFORE = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
A_SECRET = re.compile(r"[0-9a-f]{64}")


@pytest.mark.parametrize("has_session", [True, False], ids=["with", "without"])
def test_the_reminder_reads_as_it_is_written_down(app: Flask, has_session: bool) -> None:
    make_partnership()
    why = "Keeping children safe in education: training updated at least every two years"
    refresher = make_refresher(name="Designated safeguarding lead training", slug="dsl", why=why)
    offer = make_offer(title="Designated Safeguarding Lead Training", refresher=refresher)
    if has_session:
        starts_at = THREE_MONTHS_BEFORE + timedelta(days=20)
        make_event(offer, starts_at=starts_at, reference="EVENT-REF")
    person = make_person(name="Ana Osei", reference="PERSON-REF")
    make_learning_elsewhere(person, learned_on=date(2025, 2, 10), refresher_id=refresher.id)

    assert operations.nudge(person.id, now=THREE_MONTHS_BEFORE) == 1

    letter = db.session.scalars(select(OutboxMessage)).one()
    text = A_SECRET.sub("TOKEN", f"Subject: {letter.subject}\n\n{letter.text_body}")
    file = LETTERS / f"refresher_nudge_{'with' if has_session else 'without'}_a_session.txt"
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
    assert "None" not in text
