"""Pages that are the same for every visitor, kept in the process until what they show changes."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from flask import Flask, current_app
from markupsafe import Markup

MOST_BYTES = 8 * 1024 * 1024
EXTENSION = "kept_pages"
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page's body with the state of the database it was made from and how long it is true."""

    body: bytes
    content_type: str
    etag: str
    version: Hashable
    made_at: datetime
    good_until: datetime


class KeptPages:
    """The pages one process keeps; the one unused for longest goes when there are too many."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._pages: OrderedDict[Hashable, KeptPage] = OrderedDict()
        self._bytes = 0
        self._most_bytes = most_bytes
        self._lock = Lock()

    def find(self, key: Hashable, *, version: Hashable, now: datetime) -> KeptPage | None:
        """The page, if the database is as it was and no moment has come that changes it."""
        with self._lock:
            page = self._pages.get(key)
            if page is None:
                return None
            if page.version != version or not page.made_at <= now < page.good_until:
                self._drop(key)
                return None
            self._pages.move_to_end(key)
            return page

    def keep(self, key: Hashable, page: KeptPage) -> None:
        """Keep this page, and let the oldest go where room is needed."""
        with self._lock:
            self._drop(key)
            self._pages[key] = page
            self._bytes += len(page.body)
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._pages)))

    def clear(self) -> None:
        """Keep nothing: for a database that was replaced under a running process."""
        with self._lock:
            self._pages.clear()
            self._bytes = 0

    def __len__(self) -> int:
        return len(self._pages)

    def _drop(self, key: Hashable) -> None:
        page = self._pages.pop(key, None)
        if page:
            self._bytes -= len(page.body)


def init_app(app: Flask) -> None:
    """Give the application an empty shelf of its own."""
    app.extensions[EXTENSION] = KeptPages()


def kept_pages() -> KeptPages:
    """The shelf of this process's application."""
    shelf: KeptPages = current_app.extensions[EXTENSION]
    return shelf


def page_part(
    key: Hashable, *, version: Hashable, now: datetime, make: Callable[[], str]
) -> Markup:
    """A part of a page, made by a template, kept for as long as what it is made from is the same.

    Nothing in it may depend on who looks, unless the key says who that is.
    """
    shelf = kept_pages()
    page = shelf.find(key, version=version, now=now)
    if page is None:
        body = make().encode()
        page = KeptPage(body, "text/html", "", version, now, now + A_DAY)
        shelf.keep(key, page)
    return Markup(page.body.decode())  # noqa: S704 - a template made it, and escaped what it shows


def etag_of(body: bytes) -> str:
    """A tag that is the same in every process that makes the same page."""
    return hashlib.sha256(body).hexdigest()[:32]
