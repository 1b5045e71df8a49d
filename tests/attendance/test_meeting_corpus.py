"""Every invented attendance file gives the minutes and piles it names (formats 2)."""

from __future__ import annotations

import pytest

from app.attendance.presence_rules import OrderUnclear
from app.kernel.refusals import Refused
from tests.support.meeting_files import Case, cases, piles_of, told

PILES = ("matched", "unbooked", "ambiguous", "not seen")


def test_there_are_enough_files_and_each_names_the_line_it_tests() -> None:
    assert len(cases()) >= 40
    assert all(case.facts["tests"].startswith(("2.1 ", "2.2 ", "2.3 ", "2.4 ")) for case in cases())


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_minutes_and_piles(case: Case) -> None:
    if "refused" in case.facts:
        with pytest.raises(Refused, match=case.facts["refused"]):
            piles_of(case)
    elif "asks" in case.facts:
        with pytest.raises(OrderUnclear) as unclear:
            piles_of(case)
        readings = ", ".join(day.isoformat() for day in unclear.value.readings.values())
        assert readings == case.facts["asks"]
    else:
        expected = {pile: case.facts[pile] for pile in PILES if pile in case.facts}
        assert _parts(told(piles_of(case))) == _parts(expected)


def _parts(piles: dict[str, str]) -> dict[str, list[str]]:
    return {pile: sorted(lines.split("; ")) for pile, lines in piles.items()}
