"""Every letter about a booking says to staff why it was sent."""

from __future__ import annotations

from pathlib import Path

import app
from app.bookings.message_rules import WHY, why_sent

LETTERS = Path(app.__file__).parent / "templates" / "emails"


def test_every_letter_about_a_place_says_why() -> None:
    kinds = {path.stem for path in LETTERS.glob("*.html")}
    about_a_place = {
        kind
        for kind in kinds
        if kind.startswith(("booking_", "notice_", "written_")) and kind != "booking_parts"
    }
    assert about_a_place == set(WHY)
    assert why_sent("sign_in_code") == ""
