#!/usr/bin/env python3
"""Sets Ripple up and runs it, or sets it up and tests it, with nothing but Python installed.

python3 run.py [--port N] [--data DIR]          the example programme, served on this machine
python3 run.py test [--quick] [pytest options]  every check
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
ENVIRONMENT = PROJECT / ".venv"
STAMP = ENVIRONMENT / "ripple-locks.json"
WINDOWS = os.name == "nt"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if WINDOWS else "bin/python")
START_SECONDS, STOP_SECONDS = 60, 20


class CannotGoOn(Exception):
    """Something is missing or in the way; the text says what to do."""


# --- The environment with the libraries -----------------------------------------------------


def digest(*files: Path) -> str:
    """One hash over the content of these files."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def is_ready(lock: Path) -> bool:
    """Whether the environment holds what this lock names, made by this Python."""
    try:
        made = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    return made.get(lock.name) == digest(lock) and made.get("python") == sys.version


def make_environment(name: str) -> None:
    """Make .venv hold requirements/NAME.txt; CannotGoOn says what is missing."""
    lock = PROJECT / "requirements" / f"{name}.txt"
    larger = PROJECT / "requirements" / "dev.txt"
    with one_at_a_time():
        if is_ready(lock) or is_ready(larger):
            return
        say(f"Installing what {lock.relative_to(PROJECT)} names into .venv")
        # The stamp goes first and comes back last: an installation broken off is begun again.
        STAMP.unlink(missing_ok=True)
        uv = shutil.which("uv")
        if not _works(PYTHON):
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            _run([uv, "venv", "-q", "-p", sys.executable, ENVIRONMENT] if uv else _venv_command())
        installer = [uv, "pip", "install", "-q", "-p", PYTHON] if uv else _pip_command()
        _run([*installer, "--require-hashes", "-r", lock])
        STAMP.write_text(json.dumps({"python": sys.version, lock.name: digest(lock)}))


def _venv_command() -> list[str | Path]:
    if importlib.util.find_spec("ensurepip") is None:
        raise CannotGoOn(
            "Python's venv module is incomplete here. Install it, then run this again:\n"
            "    sudo apt-get install -y python3-venv"
        )
    return [sys.executable, "-m", "venv", ENVIRONMENT]


def _pip_command() -> list[str | Path]:
    return [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input"]


def _works(python: Path) -> bool:
    """Whether the environment's Python starts, and is the one that runs this file."""
    words = [str(python), "-c", "import sys; print(sys.version)"]
    try:
        found = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return found.stdout.strip() == sys.version.strip()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let a second start wait until the first has made the environment."""
    if WINDOWS:
        yield
        return
    import fcntl

    with (PROJECT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
    """Run a command quietly; CannotGoOn with the end of what it said if it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotGoOn(f"{end_of(done.stdout + done.stderr)}\nThis failed: {' '.join(words)}")


def end_of(text: str) -> str:
    """The last lines of what a program said."""
    return "\n".join(text.strip().splitlines()[-15:])


def say(words: str) -> None:
    """Tell the person at the terminal, at once."""
    print(words, flush=True)


# --- Serving --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Installation:
    """Where one copy keeps its data, and the settings that follow from it."""

    data: Path
    port: int

    @property
    def database(self) -> Path:
        """The SQLite file of this copy."""
        return self.data / "ripple.sqlite"

    @property
    def url(self) -> str:
        """Where people find it."""
        return f"http://127.0.0.1:{self.port}"

    def settings(self, given: Mapping[str, str], database: Path) -> dict[str, str]:
        """The environment of the service: what was given, and our defaults for the rest."""
        ours = {
            "DATABASE_URL": f"sqlite:///{database.as_posix()}",
            "MAIL_URL": f"file:{(self.data / 'mail').as_posix()}",
            "BASE_URL": self.url,
        }
        if "SECRET_KEY" not in given:
            ours["SECRET_KEY"] = kept_secret(self.data / "secret-key")
        return {**ours, **given}


def kept_secret(file: Path) -> str:
    """The secret kept in this file, made on first use, readable by its owner alone."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    with os.fdopen(handle, "w") as opened:
        opened.write(made := secrets.token_hex(32))
    return made


def refuse_taken_port(port: int) -> None:
    """CannotGoOn if somebody listens there already."""
    with socket.socket() as probe:
        if not WINDOWS:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CannotGoOn(
                f"Port {port} cannot be used ({error.strerror}). Choose another:\n"
                f"    python3 run.py --port {port + 1 if port < 65535 else 5000}"
            ) from error


def migrations() -> dict[str, str]:
    """The hash of each migration, by file name."""
    files = sorted((PROJECT / "migrations" / "versions").glob("*.py"))
    return {file.name: digest(file) for file in files}


def prepare_database(copy: Installation, *, rebuild: bool) -> None:
    """Bring the database to the newest schema, and make the example if there is none."""
    if "DATABASE_URL" in os.environ:  # somebody's own: brought up to date and never filled
        flask(copy, copy.database, "db", "upgrade")
        return
    if rebuild and copy.database.exists():
        if not is_example(copy.database):
            raise CannotGoOn(f"{copy.database} is not an example, so it is left alone.")
        copy.database.unlink()
    note = copy.data / "migrations.json"
    if not copy.database.exists():
        _make_example(copy)
    elif note.exists() and json.loads(note.read_text()) == migrations():
        return
    else:
        _upgrade(copy, note)
    note.write_text(json.dumps(migrations()))


def _make_example(copy: Installation) -> None:
    say("Making the Wakefield example (invented people and answers)")
    unfinished = copy.data / "ripple.sqlite.unfinished"
    unfinished.unlink(missing_ok=True)
    flask(copy, unfinished, "db", "upgrade")
    flask(copy, unfinished, "demo")
    unfinished.replace(copy.database)


def _upgrade(copy: Installation, note: Path) -> None:
    """Migrate; offer to rebuild an example that the migrations no longer lead on from."""
    applied = json.loads(note.read_text()) if note.exists() else {}
    rewritten = any(migrations().get(name) != content for name, content in applied.items())
    try:
        if rewritten and is_example(copy.database):
            raise CannotGoOn("Its migrations have been rewritten since.")
        flask(copy, copy.database, "db", "upgrade")
    except CannotGoOn as reason:
        if not is_example(copy.database):
            raise
        _offer_to_rebuild(copy, reason)


def _offer_to_rebuild(copy: Installation, reason: CannotGoOn) -> None:
    question = f"{copy.database} holds an example made by an older version.\n{reason}\n"
    if not sys.stdin.isatty():
        raise CannotGoOn(
            question + "Make the example anew, losing what was entered in it:\n"
            "    python3 run.py --rebuild-example"
        ) from reason
    if input(question + "Make the example anew? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise CannotGoOn("Nothing was changed.")
    copy.database.unlink()
    _make_example(copy)


def is_example(database: Path) -> bool:
    """Whether the file is an example made by `flask demo`; any doubt means no."""
    try:
        connection = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return False
    try:
        return connection.execute("SELECT 1 FROM example_clock").fetchone() is not None
    except sqlite3.Error:
        return False
    finally:
        connection.close()


def flask(copy: Installation, database: Path, *command: str) -> None:
    """Run a flask command on this database; CannotGoOn with the end of what it said."""
    _run([PYTHON, "-m", "flask", "--app", "wsgi", *command], copy.settings(os.environ, database))


def web_command(port: int) -> list[str]:
    """The command of the web server, as in production."""
    address = f"127.0.0.1:{port}"
    if WINDOWS:
        return [str(PYTHON), "-m", "waitress", f"--listen={address}", "wsgi:app"]
    gunicorn = [str(PYTHON), "-m", "gunicorn", "wsgi:app", "--bind", address]
    threads = ["--workers", "2", "--worker-class", "gthread", "--threads", "4"]
    return [*gunicorn, *threads, "--no-control-socket", "--log-level", "warning"]


def serve(copy: Installation) -> int:
    """Serve, with a worker beside the web server, until stopped or until either of them ends."""
    stopping: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    settings = copy.settings(os.environ, copy.database)
    worker = [str(PYTHON), "-m", "flask", "--app", "wsgi", "worker"]
    children = {
        "web server": _start(web_command(copy.port), settings, copy.data / "web.log"),
        "worker": _start(worker, settings, copy.data / "worker.log"),
    }
    try:
        return _watch(copy, children, stopping)
    finally:
        _stop(children.values())


def _watch(
    copy: Installation, children: Mapping[str, subprocess.Popen[bytes]], stopping: list[int]
) -> int:
    deadline = time.monotonic() + START_SECONDS
    announced = False
    while not stopping:
        for name, child in children.items():
            if child.poll() is not None:
                log = copy.data / f"{name.split()[0]}.log"
                said = end_of(log.read_text(errors="replace"))
                raise CannotGoOn(f"{said}\nThe {name} has ended, see {log}")
        if not announced:
            announced = _is_well(copy.url)
            if announced:
                say(f"Ripple is ready: {copy.url}    (Ctrl-C stops it)")
            elif time.monotonic() > deadline:
                raise CannotGoOn(f"No answer from {copy.url}, see {copy.data / 'web.log'}")
        time.sleep(0.2 if announced else 0.05)
    say("Stopping")
    return 0


def _start(command: list[str], settings: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    # In a session of its own, so that Ctrl-C reaches this file alone, which stops both in order.
    with log.open("wb") as output:
        return subprocess.Popen(
            command, cwd=PROJECT, env=settings, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip


def _stop(children: Iterable[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _is_well(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:  # noqa: S310 - ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


# --- The two commands -----------------------------------------------------------------------


def command_line(arguments: Sequence[str]) -> argparse.Namespace:
    """What `python3 run.py …` was asked to do, without `test`."""
    parser = argparse.ArgumentParser(
        prog="run.py", description="Serve Ripple with its example programme on this machine."
    )
    parser.add_argument("--port", type=int, default=5000, help="port on 127.0.0.1")
    parser.add_argument("--data", type=Path, default=PROJECT / "instance", help="data folder")
    parser.add_argument(
        "--rebuild-example", action="store_true", help="make the example anew, losing changes to it"
    )
    parser.epilog = "python3 run.py test [--quick] [pytest options] runs every check."
    return parser.parse_args(arguments)


def start(arguments: Sequence[str]) -> int:
    """Set up what is missing, then serve."""
    asked = command_line(arguments)
    copy = Installation(asked.data.resolve(), asked.port)
    refuse_taken_port(copy.port)
    make_environment("runtime")
    copy.data.mkdir(parents=True, exist_ok=True)
    prepare_database(copy, rebuild=asked.rebuild_example)
    return serve(copy)


def test(arguments: Sequence[str]) -> int:
    """Set up the tools of the tests, then hand over to tests/everything.py."""
    make_environment("dev")
    return subprocess.call([str(PYTHON), "-m", "tests.everything", *arguments], cwd=PROJECT)


def main(arguments: Sequence[str]) -> int:
    """Do as asked; the exit code, 1 with one plain explanation when it cannot be done."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts it may have an older one
        say("Ripple needs Python 3.11 or newer; this is " + sys.version.split()[0])
        return 1
    try:
        return test(arguments[1:]) if arguments[:1] == ["test"] else start(arguments)
    except CannotGoOn as reason:
        say(str(reason))
        return 1
    except KeyboardInterrupt:
        say("Stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
