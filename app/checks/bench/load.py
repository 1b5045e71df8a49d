"""The visitors: a program of its own that asks one server for as much as it can answer.

Reads what to do as JSON from standard input, prints what came of it as JSON. It speaks HTTP over
bare sockets, so that it takes as little as possible of the processors it shares with the server.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

# A server that keeps connections open may have them all in one of its processes.
REQUESTS_OF_ONE_CONNECTION = 40
SECONDS = 30
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
LOCATION = re.compile(rb"\r\nlocation: *(?:http://[^/]+)?([^\r]*)", re.IGNORECASE)
COOKIE = re.compile(rb"\r\nset-cookie: *([^;\r]*)", re.IGNORECASE)
HIDDEN = re.compile(
    r'<input(?=[^>]*type="hidden")(?=[^>]*name="([^"]+)")(?=[^>]*value="([^"]*)")[^>]*>'
)


class Answer(NamedTuple):
    """What a server said."""

    status: int
    head: bytes
    body: bytes


class Visitor:
    """One browser: its connection and its cookie."""

    def __init__(self, port: int) -> None:
        """A browser that knows this server on this machine."""
        self.port, self.cookie, self._sent, self._socket = port, "", 0, None

    _socket: socket.socket | None

    def ask(self, method: str, path: str, form: dict[str, Any] | None = None) -> Answer:
        """Send a request and read the answer whole."""
        body = urlencode(form or {}, doseq=True).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        if self.cookie:
            lines.append(f"Cookie: {self.cookie}")
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded"]
            lines += [f"Content-Length: {len(body)}"]
        answer = self._exchange("\r\n".join([*lines, "\r\n"]).encode() + body)
        kept = COOKIE.search(answer.head)
        if kept:
            self.cookie = kept[1].decode()
        return answer

    def close(self) -> None:
        """Hang up."""
        if self._socket:
            self._socket.close()
        self._socket = None

    def _exchange(self, request: bytes) -> Answer:
        if self._socket is None or self._sent >= REQUESTS_OF_ONE_CONNECTION:
            self.close()
            self._socket = socket.create_connection(("127.0.0.1", self.port), SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sent = 0
        self._sent += 1
        self._socket.sendall(request)
        answer = self._read(self._socket)
        if b"\r\nconnection: close" in answer.head.lower():
            self.close()
        return answer

    @staticmethod
    def _read(connection: socket.socket) -> Answer:
        said = b""
        while (end := said.find(b"\r\n\r\n")) < 0:
            said += _more(connection)
        head, parts = said[:end], [said[end + 4 :]]
        length = LENGTH.search(head)
        missing = int(length[1]) - len(parts[0]) if length else 0
        while missing > 0:
            parts.append(_more(connection))
            missing -= len(parts[-1])
        return Answer(int(head[9:12]), head, b"".join(parts))


def _more(connection: socket.socket) -> bytes:
    got = connection.recv(262144)
    if not got:
        raise ConnectionError("the server hung up")
    return got


def look(visitor: Visitor, errand: dict[str, Any]) -> None:
    """Open one page."""
    visitor.cookie = errand.get("cookie", "")
    _expect(visitor.ask("GET", errand["path"]), {200})


def send_form(visitor: Visitor, errand: dict[str, Any]) -> None:
    """Send a form that was never opened: the floor's alone accepts it."""
    _expect(visitor.ask("POST", errand["path"], errand["form"]), {302, 303})


def open_and_send(visitor: Visitor, errand: dict[str, Any]) -> None:
    """Open a form and send it, as a browser does."""
    visitor.cookie = errand.get("cookie", "")
    opened = _expect(visitor.ask("GET", errand["path"]), {200})
    form = {**_hidden(opened), **errand["form"]}
    _expect(visitor.ask("POST", errand["path"], form), {302, 303})


def answer_survey(visitor: Visitor, errand: dict[str, Any]) -> None:
    """Go through all screens of a survey with the answers given, and send it in."""
    visitor.cookie, path = "", errand["path"]
    while True:
        opened = _expect(visitor.ask("GET", path), {200})
        sent = visitor.ask("POST", path, {**_hidden(opened), **errand["form"]})
        found = LOCATION.search(_expect(sent, {302, 303}).head)
        path = found[1].decode() if found else ""
        if "step=" not in path:
            return


def _hidden(page: Answer) -> dict[str, str]:
    return dict(HIDDEN.findall(page.body.decode()))


def _expect(answer: Answer, statuses: set[int]) -> Answer:
    if answer.status not in statuses:
        raise RuntimeError(f"answered {answer.status}: {answer.body[:2000]!r}")
    return answer


WAYS: dict[str, Callable[[Visitor, dict[str, Any]], None]] = {
    "look": look,
    "send_form": send_form,
    "open_and_send": open_and_send,
    "answer_survey": answer_survey,
}


class Burst:
    """Several visitors at once, for so many seconds or until no errand is left."""

    def __init__(self, told: dict[str, Any]) -> None:
        """What to do: way, port, seconds, visitors, errands; `again` if they may be repeated."""
        self.told, self.way = told, WAYS[told["way"]]
        self.errands = self._next_errand()
        self.lock = threading.Lock()
        self.durations: list[float] = []
        self.errors: list[str] = []
        self.begun = 0

    def run(self) -> dict[str, Any]:
        """How many errands were done, in how many seconds, how long each took."""
        visitors = [threading.Thread(target=self._visit) for _ in range(self.told["visitors"])]
        began = time.monotonic()
        self.until = began + self.told["seconds"]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()
        seconds = time.monotonic() - began
        done = len(self.durations)
        return {
            "done": done,
            "begun": self.begun,
            "seconds": seconds,
            "rate": done / seconds,
            "median_ms": 1000 * sorted(self.durations)[done // 2] if done else None,
            "errors": self.errors,
        }

    def _next_errand(self) -> Iterator[dict[str, Any]]:
        while True:
            yield from self.told["errands"]
            if not self.told.get("again"):
                return

    def _visit(self) -> None:
        visitor = Visitor(self.told["port"])
        try:
            while (began := time.monotonic()) < self.until:
                with self.lock:
                    errand = next(self.errands, None)
                    if errand is None:
                        return
                    self.begun += 1
                self.way(visitor, errand)
                self.durations.append(time.monotonic() - began)
        except Exception as error:  # reported: a burst with one error counts for nothing
            self.errors.append(repr(error))
        finally:
            visitor.close()


if __name__ == "__main__":
    json.dump(Burst(json.load(sys.stdin)).run(), sys.stdout)
