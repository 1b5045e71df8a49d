"""Lists of organisations damaged at random are read or refused in a sentence, each within 2 s."""

from __future__ import annotations

from app.checks import import_drill

MUTATED = 500


def test_500_damaged_lists_are_read_or_refused_and_nothing_else() -> None:
    found = import_drill.try_importer("organisations", size=MUTATED, seed=3)
    assert found["faults"] == []
    assert found["slowest_seconds"] <= import_drill.MOST_SECONDS
    assert found["read"] + found["refused"] == MUTATED
    assert found["read"] > MUTATED // 10  # else the damage is too great
    assert found["refused"] > 0  # or none
    assert found["bombs"] == {}
