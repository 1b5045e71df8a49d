"""The two servers under the same gunicorn settings, and what one of their processes holds."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]
GUNICORN = (
    "--workers 2 --worker-class gthread --threads 4 --keep-alive 5 "
    "--no-control-socket --log-level warning"
)
START_SECONDS = 60
LOOK_AGAIN_SECONDS = 0.005


class CannotMeasure(RuntimeError):
    """Something did not answer as it must; a figure would mean nothing."""


@dataclass(frozen=True)
class Serving:
    """A server that answers: where, and how long it took to its first page."""

    port: int
    process: subprocess.Popen[bytes]
    start_seconds: float

    def memory_mib(self) -> tuple[float, float] | None:
        """RSS and PSS of the largest worker process in MiB; None where /proc does not tell."""
        found = [memory for pid in self._workers() if (memory := _memory_of(pid))]
        return max(found) if found else None

    def cpu_seconds(self) -> float | None:
        """Processor time its worker processes have used so far; None where /proc does not tell."""
        spent = [_cpu_of(pid) for pid in self._workers()]
        return sum(spent) if spent else None

    def _workers(self) -> list[int]:
        pid = self.process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children")
        return [int(word) for word in listed.read_text().split()] if listed.exists() else []


@contextmanager
def ripple(settings: Mapping[str, str], port: int) -> Iterator[Serving]:
    """Ripple, served as in production."""
    with _serve("wsgi:app", PROJECT, settings, port) as serving:
        yield serving


@contextmanager
def floor(settings: Mapping[str, str]) -> Iterator[Serving]:
    """The floor program, on the same database and cookie; it imports nothing of Ripple."""
    dsn = settings["DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://")
    told = {"FLOOR_DSN": dsn, "FLOOR_SECRET": settings["SECRET_KEY"]}
    with _serve("floor:app", HERE, told, free_port()) as serving:
        yield serving


def free_port() -> int:
    """A port of this machine that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def burst(told: dict[str, Any]) -> dict[str, Any]:
    """What visitors in a process of their own came to; CannotMeasure if one met an error."""
    command = [sys.executable, "-I", str(HERE / "load.py")]
    said = subprocess.run(command, input=json.dumps(told), capture_output=True, text=True)
    if said.returncode:
        raise CannotMeasure(said.stderr[-2000:])
    found: dict[str, Any] = json.loads(said.stdout)
    if found["errors"] or not found["done"]:
        reason = found["errors"] or "nobody had anything left to do: fewer seconds or rounds"
        raise CannotMeasure(f"{told['way']}: {reason}")
    return found


@contextmanager
def _serve(target: str, folder: Path, settings: Mapping[str, str], port: int) -> Iterator[Serving]:
    command = [sys.executable, "-m", "gunicorn", target, "--bind", f"127.0.0.1:{port}"]
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, *GUNICORN.split()],
        cwd=folder,
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
    )
    try:
        _wait_for_page(process, port)
        yield Serving(port, process, time.monotonic() - began)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_page(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise CannotMeasure(f"the server ended with {process.returncode} before it answered")
        try:
            asked = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
            asked.request("GET", "/learning")
            status = asked.getresponse().status
            asked.close()
        except OSError:
            time.sleep(LOOK_AGAIN_SECONDS)
            continue
        if status != 200:
            raise CannotMeasure(f"the first page answered {status}")
        return
    raise CannotMeasure(f"no page within {START_SECONDS} seconds")


def _cpu_of(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def _memory_of(pid: int) -> tuple[float, float] | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.endswith(" kB")}
    return int(sizes["Rss"]) / 1024, int(sizes["Pss"]) / 1024
