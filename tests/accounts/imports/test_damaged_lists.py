"""Lists damaged at random are read or refused in a sentence, each within 2 s."""

from __future__ import annotations

import pytest

from app.checks import import_drill


@pytest.mark.one_database
@pytest.mark.parametrize(("kind", "count"), [("organisations", 500), ("safeguarding leads", 150)])
def test_damaged_lists_are_read_or_refused_and_nothing_else(kind: str, count: int) -> None:
    found = import_drill.try_importer(kind, size=count, seed=3)
    assert found["faults"] == []
    assert found["slowest_seconds"] <= import_drill.MOST_SECONDS
    assert found["read"] + found["refused"] == count
    assert found["read"] > count // 10  # else the damage is too great
    assert found["refused"] > 0  # or none
    assert found["bombs"] == {}
