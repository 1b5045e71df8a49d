"""Which figures may follow others in public."""

from __future__ import annotations

import pytest

from app.impact.reports.documents import Bases
from app.impact.reports.publishing_rules import too_small, unsafe_keys


def of(total: int, **groups: int) -> dict[str, Bases]:
    return {"use": Bases(total=total, groups=groups)}


@pytest.mark.parametrize(
    ("before", "now", "is_safe"),
    [
        pytest.param([], of(40), True, id="the first report"),
        pytest.param([of(40)], of(40), True, id="the same people"),
        pytest.param([of(40)], of(50), True, id="ten more"),
        pytest.param([of(40)], of(49), False, id="nine more"),
        pytest.param([of(40)], of(39), False, id="one less"),
        pytest.param([of(40), of(60)], of(50), True, id="ten from both"),
        pytest.param([of(40), of(60)], of(55), False, id="five from one of two"),
        pytest.param([of(40)], {"aware": Bases(total=41, groups={})}, True, id="another figure"),
        pytest.param([of(40, A=20, B=20)], of(50, A=25, B=25), False, id="each line five more"),
        pytest.param([of(40, A=20, B=20)], of(60, A=30, B=30), True, id="each line ten more"),
        pytest.param([of(40, A=20, B=20)], of(60, A=40, B=20), True, id="one line twenty more"),
        pytest.param([of(40, A=25, B=15)], of(40, A=15, B=25), False, id="one grew, one shrank"),
        pytest.param(
            [of(45, A=20, BC=25)], of(60, A=20, B=15, C=25), True, id="lines apart, fifteen more"
        ),
        pytest.param(
            [of(45, A=20, BC=25)], of(55, A=25, B=15, C=15), False, id="lines apart, five in each"
        ),
        pytest.param([of(12)], of(55, A=17, B=23), False, id="few more in no line than a total"),
        pytest.param([of(15)], of(55, A=17, B=23), True, id="a total that is in no line"),
        pytest.param([of(40, A=22)], of(54, A=32), False, id="few more in no line than before"),
        pytest.param([of(40, A=22)], of(40, A=22), True, id="the same, some in no line"),
        pytest.param([of(45, AB=33, C=12)], of(45, A=20, BC=25), False, id="put together anew"),
        pytest.param([of(45, AB=33, C=12)], of(45, A=20, B=13, C=12), True, id="one line apart"),
        pytest.param([of(45)], of(45, A=20, B=25), True, id="lines shown for the first time"),
        pytest.param([of(40)], of(60, A=20, B=25), False, id="lines of five more than a total"),
        pytest.param([of(40)], of(60, A=20, B=30), True, id="lines of ten more than a total"),
    ],
)
def test_a_figure_may_differ_from_an_earlier_one_by_nobody_or_by_ten(
    before: list[dict[str, Bases]], now: dict[str, Bases], is_safe: bool
) -> None:
    assert (unsafe_keys(before, now) == []) is is_safe


@pytest.mark.parametrize(
    ("bases", "names"),
    [(of(10), []), (of(9), ["use"]), (of(0), []), (of(30, A=21, B=9), ["use"])],
)
def test_a_figure_of_few_people_is_found_though_none_should_come_so_far(
    bases: dict[str, Bases], names: list[str]
) -> None:
    assert too_small(bases) == names
