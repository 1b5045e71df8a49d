"""Processes of the service that start at once, because what they import is already there."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
import traceback
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

PROJECT = Path(__file__).parents[2]
# One process of each test process imports all of the service once; what runs here is a fork of it.
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(
    ["tests.support.commands", "tests.support.warm", "flask.cli", "gunicorn.app.base"]
)


def start_module(
    module: str, arguments: Sequence[str], settings: Mapping[str, str], log: Path
) -> ForkServerProcess:
    """Run `python -m module arguments` with these variables besides ours, its words to the log."""
    environment = {**os.environ, **settings}
    process = _forking.Process(target=_run, args=(module, list(arguments), environment, log))
    process.start()
    return process


class Command:
    """The same, with the methods of a subprocess.Popen that are needed most."""

    def __init__(
        self, module: str, arguments: Sequence[str], settings: Mapping[str, str], log: Path
    ) -> None:
        """Start it."""
        self._process = start_module(module, arguments, settings, log)
        self.kill, self.terminate = self._process.kill, self._process.terminate

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        return self._process.exitcode

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode


def _run(module: str, arguments: Sequence[str], environment: dict[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(PROJECT)
    sys.argv = [module, *arguments]
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    # Not only what Python prints: libraries and other processes write there too.
    os.dup2(written, 1)
    os.dup2(written, 2)
    code: str | int | None = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = ended.code
    except Exception:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(code)
