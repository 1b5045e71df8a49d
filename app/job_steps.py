"""How jobs go through what they find: each in its transaction; a failing one stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TypeVar

from app.kernel.db import db, transaction

log = logging.getLogger(__name__)
Item = TypeVar("Item")


def found_by(find: Callable[..., list[Item]], now: datetime) -> list[Item]:
    """The people or things found, with nothing left open behind the read."""
    found = find(now=now)
    db.session.rollback()
    return found


def one_by_one(items: Iterable[Item], do: Callable[..., int], now: datetime) -> Iterator[int]:
    """Do each item in a transaction of its own; one that fails is logged, the others go on."""
    for item in items:
        try:
            with transaction():
                count = do(item, now=now)
        except Exception:
            log.exception("%s failed for %s, and is tried again", do.__name__, item)
            count = 0
        yield count


def in_steps(items: Iterable[Item], do: Callable[..., int], now: datetime) -> Iterator[int]:
    """Do each item step by step, each in a transaction of its own, until nothing is left of it."""
    for item in items:
        done = 1
        while done:
            done = next(one_by_one([item], do, now))
            yield done


def repeated(step: Callable[..., int], now: datetime) -> Iterator[int]:
    """Each step in a transaction of its own, until one finds nothing to do, or fails."""

    def do(_name: str, *, now: datetime) -> int:
        return step(now=now)

    yield from in_steps([f"{step.__module__}.{step.__name__}"], do, now)
