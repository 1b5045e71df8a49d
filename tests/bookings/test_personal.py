"""What bookings hold about a person goes when it has served."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.bookings.personal import erase_adjustments
from app.kernel.db import db
from tests.support.factories import NOW, make_booking, make_event


@pytest.mark.parametrize(
    ("days_since", "is_kept"), [(-1, True), (29, True), (30, True), (30.1, False)]
)
def test_wishes_are_erased_30_days_after_the_event(
    app: Flask, days_since: float, is_kept: bool
) -> None:
    event = make_event(starts_at=NOW - timedelta(days=days_since, hours=3), hours=3)
    wish, none = make_booking(event, adjustments="Step-free access"), make_booking(event)
    assert erase_adjustments(now=NOW) == (0 if is_kept else 1)
    db.session.expire_all()
    assert (wish.adjustments, none.adjustments) == ("Step-free access" if is_kept else "", "")
