"""Everything that can happen to bookings, in any order, against a model; and that this is seen."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from app.kernel.db import transaction
from tests.bookings.machine import Machine, make_world

LONG_RUN = "RIPPLE_MACHINE_EXAMPLES"
STEPS = 25
EXAMPLES = {"sqlite": 25, "postgres": 10}


@pytest.fixture(autouse=True)
def _world(app: Flask) -> None:
    with transaction():
        Machine.world = make_world()
    Machine.done = Counter()


def run(examples: int, **changes: Any) -> None:
    chosen = {
        "max_examples": examples,
        "stateful_step_count": STEPS,
        "phases": [Phase.generate],
        "deadline": None,
        "database": None,
        "report_multiple_bugs": False,
        "suppress_health_check": list(HealthCheck),
    }
    run_state_machine_as_test(Machine, settings=settings(**chosen | changes))


def test_whatever_happens_to_bookings_every_promise_is_kept(database_kind: str) -> None:
    examples = int(os.environ.get(LONG_RUN, 0))
    if examples:  # others every time, and the shortest way to what was found
        run(examples, phases=[Phase.generate, Phase.shrink])
    else:
        run(EXAMPLES[database_kind], derandomize=True)
    print(Machine.done)
