"""python -m app.checks.bench: what `flask bench` runs, in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app.checks.bench import measuring, report
from app.checks.bench.data import Size
from app.checks.bench.servers import CannotMeasure


@click.command()
@click.option("--seconds", default=3.0, help="Length of each burst.")
@click.option("--rounds", default=3, help="How often floor and Ripple take turns.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the rows here too.")
def main(seconds: float, rounds: int, file: Path | None) -> None:
    """Measure Ripple as a share of a minimal program doing the same work."""

    def say(words: str) -> None:
        click.echo(words, err=True)

    try:
        rows, circumstances = measuring.run(seconds=seconds, rounds=rounds, size=Size(), say=say)
    except (LookupError, CannotMeasure) as reason:
        click.echo(f"Not measured: {reason}", err=True)
        sys.exit(1)
    written = report.as_json(rows, circumstances)
    if file:
        file.write_text(written + "\n")
    click.echo(report.as_table(rows))
    click.echo(written)


if __name__ == "__main__":
    main()
