"""Lists of things as sentences name them."""

from __future__ import annotations

from collections.abc import Iterable


def one_of(names: Iterable[str]) -> str:
    """Any of them will do: A, B or C."""
    return _joined(names, "or")


def all_of(names: Iterable[str]) -> str:
    """All of them: A, B and C."""
    return _joined(names, "and")


def _joined(names: Iterable[str], last: str) -> str:
    *most, end = list(names) or [""]
    return f"{', '.join(most)} {last} {end}" if most else end
