"""`flask bench`: starts the bench as a program of its own, so that nothing of it loads here."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import click

PROJECT = Path(__file__).parents[3]


@click.command("bench")
@click.option("--seconds", default=3.0, help="Length of each burst.")
@click.option("--rounds", default=3, help="How often floor and Ripple take turns.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the rows here too.")
def bench_command(seconds: float, rounds: int, file: Path | None) -> None:
    """Measure Ripple as a share of a minimal program doing the same work."""
    asked = ["--seconds", str(seconds), "--rounds", str(rounds)]
    if file:
        asked += ["--json", str(file.resolve())]
    bench = subprocess.Popen([sys.executable, "-m", __package__, *asked], cwd=PROJECT)
    while bench.poll() is None:
        with suppress(KeyboardInterrupt):  # it heard that too, and stops its servers first
            bench.wait()
    sys.exit(bench.returncode)
