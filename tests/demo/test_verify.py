"""The example keeps every invariant, on its first day and months later."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from app.checks.verify import verify
from app.demo import operations
from app.kernel import clock
from app.kernel.db import db, transaction
from app.worker import run_once
from tests.demo.conftest import A_SATURDAY


def test_the_example_breaks_no_invariant(example: Flask) -> None:
    with example.app_context():
        faults = [found for found in verify(now=A_SATURDAY) if found.violations]
        db.session.rollback()
    assert faults == []


def test_four_months_later_with_the_worker_run_it_breaks_none_either(
    example: Flask, tmp_path: Path
) -> None:
    example.config["MAIL_URL"] = f"file:{tmp_path}"
    with example.app_context():
        with transaction():
            operations.fast_forward("4m")
        # At noon: in the small hours nothing is sent (R31), whenever these tests are run.
        noon = clock.now().replace(hour=12)
        done = run_once(noon)
        faults = [found for found in verify(now=noon) if found.violations]
        db.session.rollback()
    assert done["send surveys"] > 0
    assert done["deliver mail"] > 0
    assert faults == []
