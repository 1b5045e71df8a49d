"""Drills as commands: they leave real data alone, and say by their exit what came of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.checks import stage
from app.checks.drills import DRILLS
from app.checks.kill_drill import Delivered
from app.kernel.db import db
from tests.support.factories import make_partnership, make_person


def test_a_drill_refuses_a_database_that_holds_people(file_app: Flask, database_url: str) -> None:
    with file_app.app_context():
        make_partnership()
        make_person()
        db.session.commit()
    with pytest.raises(RuntimeError, match="holds people"), stage.throw_away(database_url):
        pass


def test_what_a_drill_found_can_be_written_as_json() -> None:
    told = Delivered(queued_count=3, kills=Counter({"before taking": 2}))
    assert json.loads(json.dumps(told.as_dict()))["kills"] == {"before taking": 2}


@pytest.mark.parametrize(("ok", "exit_code"), [(True, 0), (False, 2)])
def test_the_exit_says_whether_all_held(
    app: Flask, monkeypatch: pytest.MonkeyPatch, ok: bool, exit_code: int
) -> None:
    def drill(_settings: dict[str, Any], *, rounds: int, size: int, seed: int) -> dict[str, Any]:
        return {"ok": ok, "asked": [rounds, size, seed], "empty": not _people()}

    monkeypatch.setitem(DRILLS, "race", (drill, 7))
    done = app.test_cli_runner().invoke(args=["drill", "race", "--rounds", "2", "--seed", "5"])
    found = json.loads(done.output)
    assert done.exit_code == exit_code
    assert found == {"drill": "race", "seed": 5, "ok": ok, "asked": [2, 7, 5], "empty": True}


def _people() -> Sequence[int]:
    return db.session.scalars(select(Person.id)).all()
