"""The rules of the house, held. The diagram of who may import whom is in support/house_rules.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table

from app.kernel.access import AccessMark, public
from app.kernel.db import Base
from tests.support import house_rules
from tests.support.house_rules import MAY_IMPORT, ROOF, floor_of

PROJECT = Path(__file__).parents[1]

Rule = Callable[[str, str], list[str]]

# Each rule with an invented file that breaks it, so that the rule is seen to work.
RULES: dict[str, tuple[Rule, str, str]] = {
    "imports point down": (
        house_rules.imports_that_point_up,
        "app/bookings/operations.py",
        "from app.surveys.models import Wave",
    ),
    "imports for types point down too": (
        house_rules.imports_that_point_up,
        "app/catalogue/models.py",
        "if TYPE_CHECKING:\n    import app.bookings.models",
    ),
    "nobody imports the roof": (
        house_rules.imports_that_point_up,
        "app/impact/manage_views.py",
        "from app import page",
    ),
    "every feature is on the plan": (
        house_rules.imports_that_point_up,
        "app/payments/models.py",
        "",
    ),
    "rules are pure": (
        house_rules.impurities,
        "app/bookings/rules.py",
        "from sqlalchemy import select",
    ),
    "rules do not reach tables through us": (
        house_rules.impurities,
        "app/bookings/waiting_rules.py",
        "from app.bookings.models import Booking",
    ),
    "readers are pure": (
        house_rules.impurities,
        "app/attendance/readers/teams.py",
        "import flask",
    ),
    "one place commits": (
        house_rules.commits,
        "app/bookings/operations.py",
        "def book():\n    db.session.commit()",
    ),
    "one place asks the time": (
        house_rules.clocks_read,
        "app/bookings/views.py",
        "import datetime\nx = datetime.datetime.now(UTC)",
    ),
    "nobody asks the database for the time": (
        house_rules.clocks_read,
        "app/bookings/models.py",
        "at = mapped_column(server_default=func.now())",
    ),
    "no import hides in a function": (
        house_rules.hidden_imports,
        "app/bookings/views.py",
        "def book():\n    if True:\n        from app.catalogue import models",
    ),
    "names say what is inside": (
        house_rules.vague_names,
        "app/bookings/utils.py",
        "",
    ),
    "folders say what is inside": (
        house_rules.vague_names,
        "app/common/words.py",
        "",
    ),
    "questions are asked with select()": (
        house_rules.old_queries,
        "app/bookings/queries.py",
        "Booking.query.all()",
    ),
    "operations are told who acts": (
        house_rules.operations_that_look_around,
        "app/bookings/operations.py",
        "from flask_login import current_user",
    ),
}


def _our_files() -> Iterator[tuple[str, str]]:
    for file in sorted((PROJECT / "app").rglob("*.py")):
        yield file.relative_to(PROJECT).as_posix(), file.read_text(encoding="utf-8")


@pytest.mark.parametrize(("rule", "path", "source"), RULES.values(), ids=RULES)
def test_a_rule_finds_what_breaks_it(rule: Rule, path: str, source: str) -> None:
    assert rule(path, source)


@pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, _, _ in RULES.values()))
def test_our_own_files_keep_the_rule(rule: Rule) -> None:
    broken = [f"{path}: {words}" for path, source in _our_files() for words in rule(path, source)]
    assert broken == []


def test_rules_let_pass_what_is_right() -> None:
    good = "from app.catalogue.models import Offer\nfrom app.kernel import clock\nclock.now()"
    for rule, _, _ in RULES.values():
        assert rule("app/bookings/queries.py", good) == []


def test_rules_may_use_the_words_of_a_table_and_not_the_table() -> None:
    words = "from app.catalogue.models import EventState, Event"
    assert house_rules.impurities("app/catalogue/rules.py", words) == ["app.catalogue.models.Event"]


def test_the_diagram_has_no_way_back_up() -> None:
    floors = list(MAY_IMPORT)
    for feature, allowed in MAY_IMPORT.items():
        below = floors[floors.index(feature) + 1 :]
        assert set(allowed.split()) <= set(below), f"{feature} may import what stands above it"
    assert not ROOF & set(MAY_IMPORT)


# Foreign keys


def keys_that_point_up(metadata: MetaData, feature_of: dict[str, str]) -> list[str]:
    """Foreign keys to a table of a feature that the table's own feature may not import."""
    return sorted(
        f"{key.parent.table.name}.{key.parent.name} points at {key.column.table.name}"
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if not _may_point(feature_of.get(table.name), feature_of.get(key.column.table.name))
    )


def _may_point(source: str | None, target: str | None) -> bool:
    if source is None or target is None:
        return True  # a table without a class joins two others and belongs to the higher one
    if source in {"audit", "outbox"}:
        return False  # they name things by kind and public reference, so that these can go
    return target == source or target in MAY_IMPORT[source].split()


def test_foreign_keys_point_down() -> None:
    import app.schema  # noqa: F401 - every table must be known

    feature_of = {
        mapper.local_table.name: floor_of(mapper.class_.__module__.replace(".", "/"))
        for mapper in Base.registry.mappers
        if isinstance(mapper.local_table, Table) and mapper.class_.__module__.startswith("app.")
    }
    assert len(feature_of) > 20
    assert keys_that_point_up(Base.metadata, feature_of) == []


@pytest.mark.parametrize(
    ("source", "target"), [("catalogue", "bookings"), ("audit", "kernel"), ("outbox", "accounts")]
)
def test_a_foreign_key_that_points_up_is_found(source: str, target: str) -> None:
    metadata = MetaData()
    Table("target", metadata, Column("id", Integer, primary_key=True))
    Table("source", metadata, Column("target_id", ForeignKey("target.id")))
    found = keys_that_point_up(metadata, {"source": source, "target": target})
    assert found == ["source.target_id points at target"]


# Access


def unmarked_views(app: Flask) -> list[str]:
    """Endpoints whose view does not declare who may use it."""
    return sorted(
        endpoint
        for endpoint, view in app.view_functions.items()
        if not isinstance(getattr(view, "__access__", None), AccessMark)
    )


def test_every_view_declares_who_may_use_it(app: Flask) -> None:
    assert len(app.view_functions) > 5
    assert unmarked_views(app) == []


def test_a_view_that_declares_nothing_is_found() -> None:
    bare = Flask(__name__, static_folder=None)
    bare.add_url_rule("/marked", "marked", public(lambda: ""))
    bare.add_url_rule("/open", "open", lambda: "")
    assert unmarked_views(bare) == ["open"]
