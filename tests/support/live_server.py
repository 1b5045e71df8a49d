"""The service as it is served in production, in processes of its own, for browsers and races."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.support.commands import start_module
from tests.support.ports import free_port
from tests.support.postgres import only_one_at_a_time

DEMO_COMMANDS = (("db", "upgrade"), ("demo",))
START_SECONDS = 60
STOP_SECONDS = 15


class LiveServer:
    """gunicorn with two processes on one database; `url` is where it answers."""

    def __init__(self, folder: Path, database_url: str, *, workers: int = 2) -> None:
        """Prepare only: start() serves. Mail is written to `mail_folder` unless changed."""
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.workers = workers
        self.mail_folder = folder / "mail"
        self.log = folder / "server.log"
        self.environment = {
            "DATABASE_URL": database_url,
            "SECRET_KEY": "only for tests, and long enough to be accepted",
            "BASE_URL": self.url,
            "MAIL_URL": f"file:{self.mail_folder}",
        }
        self.process: ForkServerProcess | None = None

    def flask(self, *arguments: str) -> str:
        """Run a flask command on the same database, such as ("worker", "--once"); its output."""
        log = self.folder / "command.log"
        log.unlink(missing_ok=True)
        command = start_module("flask", ["--app", "wsgi", *arguments], self.environment, log)
        command.join()
        said = log.read_text(errors="replace")
        assert command.exitcode == 0, f"flask {' '.join(arguments)}:\n{said}"
        return said

    def start(self) -> None:
        """Serve, and wait until the service says that it is well."""
        options = ["--bind", f"127.0.0.1:{self.port}", "--workers", str(self.workers)]
        options += ["--worker-class", "gthread", "--threads", "4", "--no-control-socket"]
        self.process = start_module("gunicorn", ["wsgi:app", *options], self.environment, self.log)
        self._wait_until_well()

    def stop(self) -> None:
        """Stop serving; AssertionError if anything went wrong in the server meanwhile."""
        if self.process is None:
            return
        self.process.terminate()
        self.process.join(STOP_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process = None
        written = self.log.read_text(errors="replace")
        assert "Traceback" not in written, f"the server met an error:\n{written}"

    def _wait_until_well(self) -> None:
        assert self.process
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.is_alive():
            try:
                with urllib.request.urlopen(self.url + "/healthz", timeout=START_SECONDS):
                    return
            except OSError:  # nobody listens yet, or the first process is not ready
                time.sleep(0.05)
        self.stop()
        raise AssertionError(f"the server did not start:\n{self.log.read_text(errors='replace')}")


def prepared_database(run_folder: Path, commands: Sequence[Sequence[str]] = DEMO_COMMANDS) -> Path:
    """A SQLite file on which these flask commands were run, made once for all processes."""
    name = "-".join("_".join(command) for command in commands) or "empty"
    finished = run_folder / f"{name}.sqlite"
    with only_one_at_a_time(run_folder / f"{name}.lock"):
        if not finished.exists():
            folder = run_folder / f"{name}-being-made"
            folder.mkdir(exist_ok=True)
            unfinished = folder / "ripple.sqlite"
            maker = LiveServer(folder, f"sqlite:///{unfinished}")
            for command in commands:
                maker.flask(*command)
            unfinished.replace(finished)
    return finished
