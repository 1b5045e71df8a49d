"""Everything that can happen to bookings, in any order, against a model; and that this is seen."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from app.bookings import (
    calendar_invites,
    emails,
    ending,
    rules,
    waiting_list,
)
from app.bookings.calendar_invites import calendar_part
from app.bookings.models import Booking, CalendarEntry
from app.bookings.terms_rules import Walk, walk
from app.catalogue.models import Event
from app.kernel.db import transaction
from app.outbox.models import CalendarMethod
from tests.bookings.machine import Machine, make_world

LONG_RUN = "RIPPLE_MACHINE_EXAMPLES"
STEPS = 25
EXAMPLES = {"sqlite": 30, "postgres": 10}
VERBS = {
    "booked",
    "approved",
    "declined",
    "let lapse",
    "cancelled",
    "removed",
    "moved",
    "handed over",
    "promoted",
    "passed over",
    "held a place for",
    "took",
    "gave up",
    "ended",
    "changed",
    "changed who may book",
}


@pytest.fixture(autouse=True)
def _world(app: Flask) -> None:
    with transaction():
        Machine.world = make_world()
    Machine.done = Counter()


def run(examples: int, **changes: Any) -> None:
    chosen: dict[str, Any] = {
        "max_examples": examples,
        "stateful_step_count": STEPS,
        "phases": [Phase.generate],
        "derandomize": True,
        "deadline": None,
        "database": None,
        "report_multiple_bugs": False,
        "suppress_health_check": list(HealthCheck),
    }
    run_state_machine_as_test(Machine, settings=settings(**chosen | changes))


@pytest.mark.slow
def test_whatever_happens_to_bookings_every_promise_is_kept(database_kind: str) -> None:
    examples = int(os.environ.get(LONG_RUN, 0))
    if examples:  # others every time, and the shortest way to what was found
        run(examples, derandomize=False, phases=[Phase.generate, Phase.shrink])
    else:
        run(EXAMPLES[database_kind])
    print(Machine.done)
    if database_kind == "sqlite":
        assert set(Machine.done) >= VERBS, "not everything was tried: let it run longer"


class Broken:
    """Verbs as they must not be; each is found."""

    @staticmethod
    def walk_from_the_end(waiting: Any, *rest: Any) -> Walk:
        joined = sorted(one.joined_at for one in waiting)
        backwards = {
            one.booking_id: joined[-1 - number]
            for number, one in enumerate(sorted(waiting, key=lambda one: one.joined_at))
        }
        return walk([replace(one, joined_at=backwards[one.booking_id]) for one in waiting], *rest)

    @staticmethod
    def count_nothing_back(_event: Event, _booking: Booking) -> bool:
        return True

    @staticmethod
    def see_one_more_place(capacity: int | None, places_taken: int) -> int | None:
        return None if capacity is None else max(0, capacity - places_taken + 1)

    @staticmethod
    def send_an_old_sequence(
        booking: Booking, entry: CalendarEntry, *, now: datetime
    ) -> tuple[CalendarMethod, str]:
        method, text = calendar_part(booking, entry, now=now)
        return method, text.replace(f"SEQUENCE:{entry.sequence}", "SEQUENCE:0")

    @staticmethod
    def forget_the_letter(*_arguments: Any, **_named: Any) -> None:
        pass


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "name", "broken", "seen"),
    [
        (waiting_list, "walk", Broken.walk_from_the_end, "the bookings: "),
        (ending, "_count_back", Broken.count_nothing_back, "the bookings: |the count"),
        (rules, "places_free", Broken.see_one_more_place, "the bookings: "),
        (emails, "tell_cancelled", Broken.forget_the_letter, "the letters: "),
        (calendar_invites, "calendar_part", Broken.send_an_old_sequence, "calendars: "),
    ],
)
def test_a_verb_that_is_broken_is_found(
    module: Any, name: str, broken: Any, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(AssertionError, match=seen):
        run(EXAMPLES["sqlite"])
