"""Loading a partnership's file: again changes nothing, and no sector is lost."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.kernel.db import db, transaction
from app.partnership import queries
from app.partnership.models import HalfTerm, Partnership, Policy, Priority, Refresher, Sector
from app.partnership.operations import load_partnership, set_half_terms
from app.partnership.rules import PartnershipFileError
from tests.support.factories import NOW

WAKEFIELD = Path("partnerships/wakefield.toml")
CALDERDALE = Path("partnerships/calderdale.toml")


def load(path: Path) -> None:
    with transaction():
        load_partnership(path)


def counts() -> list[int | None]:
    tables = (Partnership, Sector, Priority, HalfTerm, Policy, Refresher)
    return [db.session.scalar(select(func.count()).select_from(table)) for table in tables]


def test_loading_the_same_file_again_changes_nothing(app: Flask) -> None:
    load(WAKEFIELD)
    first = [(s.id, s.slug, s.name, s.position) for s in queries.sectors()]
    load(WAKEFIELD)
    assert counts() == [1, 13, 18, 24, 4, 2]
    assert [(s.id, s.slug, s.name, s.position) for s in queries.sectors()] == first


def test_a_corrected_file_corrects_the_rows_and_keeps_their_identity(
    app: Flask, tmp_path: Path
) -> None:
    load(WAKEFIELD)
    health = db.session.scalars(select(Sector.id).where(Sector.slug == "health")).one()
    text = WAKEFIELD.read_text(encoding="utf-8")
    text = text.replace('name = "Health"', 'name = "?"').replace(
        'name = "Police"', 'name = "Health"'
    )
    text = text.replace('name = "?"', 'name = "Police"').replace("01924 306497", "01632 960001")
    changed = tmp_path / "changed.toml"
    changed.write_text(text, encoding="utf-8")
    load(changed)
    swapped = db.session.get_one(Sector, health)
    assert (swapped.slug, swapped.name) == ("health", "Police")
    assert db.session.get_one(Partnership, 1).phone == "01632 960001"
    assert counts() == [1, 13, 18, 24, 4, 2]


def test_another_partnerships_file_is_refused_once_people_are_counted_by_sectors(
    app: Flask,
) -> None:
    load(WAKEFIELD)
    with pytest.raises(PartnershipFileError, match="counts by the sector 'adult-services'"):
        load(CALDERDALE)
    assert db.session.get_one(Partnership, 1).short_name == "WSCP"


def test_refreshers_that_swap_names_keep_their_identity_and_none_is_lost(
    app: Flask, tmp_path: Path
) -> None:
    load(WAKEFIELD)
    text = WAKEFIELD.read_text(encoding="utf-8")
    training, update = db.session.scalars(select(Refresher.name).order_by(Refresher.id))
    changed = tmp_path / "changed.toml"
    swapped = text.replace(f'"{training}"', '"?"').replace(f'"{update}"', f'"{training}"')
    changed.write_text(swapped.replace('"?"', f'"{update}"'), encoding="utf-8")
    load(changed)
    names = {refresher.slug: refresher.name for refresher in db.session.scalars(select(Refresher))}
    assert names == {"dsl-training": update, "annual-update": training}
    changed.write_text(text.replace('slug = "annual-update"', 'slug = "other"'), encoding="utf-8")
    with pytest.raises(PartnershipFileError, match="counts by the refresher 'annual-update'"):
        load(changed)


def test_a_file_that_is_not_there_or_not_text_is_refused(app: Flask, tmp_path: Path) -> None:
    picture = tmp_path / "picture.toml"
    picture.write_bytes(b"\xff\xd8\xff\xe0 not text")
    for path in (tmp_path / "nowhere.toml", tmp_path, picture):
        with pytest.raises(PartnershipFileError, match="cannot be read as text"):
            load(path)
    assert counts() == [0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("day", "name"),
    [
        pytest.param(date(2026, 11, 10), "Autumn 2", id="in the middle"),
        pytest.param(date(2026, 11, 2), "Autumn 2", id="first day"),
        pytest.param(date(2026, 12, 18), "Autumn 2", id="last day"),
        pytest.param(date(2026, 10, 28), None, id="half-term holiday"),
        pytest.param(date(2026, 8, 10), None, id="summer"),
        pytest.param(date(2040, 1, 10), None, id="a year nobody entered"),
    ],
)
def test_a_date_belongs_to_the_half_term_that_contains_it(
    app: Flask, day: date, name: str | None
) -> None:
    load(WAKEFIELD)
    found = queries.half_term_of(day)
    assert (found.name if found else None) == name


def test_priorities_come_with_the_newest_plan_first(app: Flask) -> None:
    load(WAKEFIELD)
    found = queries.priorities()
    assert [found[0].title, found[5].title] == ["Educational neglect", "Neglect"]


def test_half_terms_that_staff_set_are_kept_when_the_file_is_loaded_again(app: Flask) -> None:
    load(WAKEFIELD)
    parts = [one for one in queries.half_term_facts() if one.school_year == "2026/27"]
    days = [(part.starts_on, part.ends_on) for part in parts]
    days[0] = (days[0][0] + timedelta(days=1), days[0][1])
    with transaction():
        set_half_terms("2026/27", days, actor_reference="someone", now=NOW)
    with transaction():
        content = load_partnership(WAKEFIELD)
    assert content.years_kept == ("2026/27",)
    now = [one for one in queries.half_term_facts() if one.school_year == "2026/27"]
    assert [(part.starts_on, part.ends_on) for part in now] == days
    assert counts() == [1, 13, 18, 24, 4, 2]


def test_a_file_that_lies_across_half_terms_set_by_staff_is_refused(
    app: Flask, tmp_path: Path
) -> None:
    load(WAKEFIELD)
    last = [one for one in queries.half_term_facts() if one.school_year == "2025/26"]
    days = [(part.starts_on, part.ends_on) for part in last]
    days[5] = (days[5][0], date(2026, 8, 31))
    with transaction():
        set_half_terms("2025/26", days, actor_reference="someone", now=NOW)
    text = WAKEFIELD.read_text(encoding="utf-8")
    changed = tmp_path / "changed.toml"
    changed.write_text(text.replace("2026-09-01, 2026-10-23", "2026-08-24, 2026-10-23"), "utf-8")
    with pytest.raises(PartnershipFileError, match="Summer 2 2025/26 .* and Autumn 1 2026/27"):
        load(changed)
