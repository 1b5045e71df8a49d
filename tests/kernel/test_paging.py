from __future__ import annotations

import pytest

from app.kernel.paging import page_number, pages


@pytest.mark.parametrize(
    ("wanted", "length", "shown"),
    [
        pytest.param(1, 0, (1, 1, 0, 0), id="an empty list has one page"),
        pytest.param(1, 10, (1, 1, 0, 10), id="exactly one page"),
        pytest.param(2, 11, (2, 2, 10, 11), id="the last page is short"),
        pytest.param(3, 11, (1, 2, 0, 10), id="no such page shows the first"),
    ],
)
def test_which_rows_a_page_shows(wanted: int, length: int, shown: tuple[int, ...]) -> None:
    page = pages(wanted, length=length, size=10)

    assert (page.number, page.count, page.first, page.last) == shown


@pytest.mark.parametrize(
    ("number", "count", "numbers"),
    [
        (1, 1, [1]),
        (1, 9, [1, 2, None, 9]),
        (3, 9, [1, 2, 3, 4, None, 9]),
        (5, 9, [1, None, 4, 5, 6, None, 9]),
        (9, 9, [1, None, 8, 9]),
    ],
)
def test_page_numbers_leave_gaps(number: int, count: int, numbers: list[int | None]) -> None:
    assert pages(number, length=count * 10, size=10).numbers == numbers


@pytest.mark.parametrize(
    ("text", "number"), [(None, 1), ("", 1), ("4", 4), ("0", 1), ("-2", 1), ("²", 1), ("9" * 99, 1)]
)
def test_a_page_number_in_an_address_never_fails(text: str | None, number: int) -> None:
    assert page_number(text) == number
