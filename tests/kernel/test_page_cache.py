from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.kernel.page_cache import KeptPage, KeptPages

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)


def page(size: int = 10, *, version: int = 1) -> KeptPage:
    return KeptPage(b"x" * size, "text/html", "tag", version, NOW, NOW + timedelta(minutes=1))


def test_a_page_is_found_until_its_version_or_its_time_is_over() -> None:
    shelf = KeptPages()
    for version, now, found in (
        (1, NOW, True),
        (1, NOW + timedelta(seconds=59), True),
        (2, NOW, False),
        (1, NOW + timedelta(minutes=1), False),
        (1, NOW - timedelta(seconds=1), False),
    ):
        shelf.keep("a", page())
        assert (shelf.find("a", version=version, now=now) is not None) is found


def test_an_old_page_is_let_go_when_it_is_asked_for() -> None:
    shelf = KeptPages()
    shelf.keep("a", page())

    shelf.find("a", version=2, now=NOW)

    assert len(shelf) == 0


def test_the_page_unused_for_longest_makes_room() -> None:
    shelf = KeptPages(most_bytes=30)
    for key in "abc":
        shelf.keep(key, page())
    shelf.find("a", version=1, now=NOW)

    shelf.keep("d", page())

    assert shelf.find("b", version=1, now=NOW) is None
    assert shelf.find("a", version=1, now=NOW) is not None


def test_keeping_a_page_again_takes_no_more_room() -> None:
    shelf = KeptPages(most_bytes=30)
    for _ in range(10):
        shelf.keep("a", page())
    shelf.keep("b", page())

    assert len(shelf) == 2


def test_a_page_larger_than_the_shelf_is_not_kept() -> None:
    shelf = KeptPages(most_bytes=30)

    shelf.keep("a", page(31))

    assert len(shelf) == 0
