"""The command that takes the schools register over."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Organisation
from app.kernel.db import db
from tests.support.factories import make_partnership, make_sector
from tests.support.register_files import packed, register, school, three_authorities


@pytest.fixture
def results(app: Flask, tmp_path: Path) -> Path:
    make_partnership(schools_sector="education", local_authority="384")
    make_sector("Education", slug="education")
    db.session.commit()
    file = tmp_path / "Results.zip"
    file.write_bytes(packed(register(three_authorities())))
    return file


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["import-schools", *arguments])
    return done.exit_code, done.output


def schools_count() -> int:
    return db.session.scalar(select(func.count(Organisation.id))) or 0


def test_a_dry_run_says_what_would_change_and_changes_nothing(app: Flask, results: Path) -> None:
    status, said = run(app, str(results), "--dry-run")
    assert status == 0, said
    assert "new schools: 170" in said
    assert "Nothing was changed" in said
    assert schools_count() == 0


def test_the_register_is_taken_over_for_an_authority(app: Flask, results: Path) -> None:
    assert run(app, str(results), "--authority", "381")[0] == 0
    assert schools_count() == 100
    status, said = run(app, str(results))
    assert (status, schools_count()) == (0, 270), said
    assert "new schools: 0" in run(app, str(results))[1]


def test_what_cannot_be_used_is_said_line_by_line(app: Flask, tmp_path: Path) -> None:
    make_partnership(local_authority="384")
    db.session.commit()
    file = tmp_path / "x.csv"
    file.write_bytes(register([school(1, OpenDate="soon")]))
    status, said = run(app, str(file))
    assert status == 1
    assert "Line 2, column OpenDate: “soon” is not a day" in said
