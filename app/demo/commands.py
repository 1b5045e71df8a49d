"""The commands of the example programme."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.demo import operations
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.london import clock_words, date_words


@click.command("demo")
@click.option("--fast-forward", "distance", help="Move an example's time on: 10d, 2w or 4m.")
@with_appcontext
def demo_command(distance: str | None) -> None:
    """Make the Wakefield example in an empty database, or move its time on."""
    try:
        if distance is not None:
            with transaction():
                now = operations.fast_forward(distance)
            click.echo(f"In the example it is now {date_words(now)}, {clock_words(now)}")
            return
        with transaction():
            made = operations.make_example(now=clock.real_now())
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(
        f"The Wakefield example: {made.people_count:,} invented people, "
        f"{made.events_count} sessions, {made.bookings_count:,} bookings, "
        f"{made.responses_count:,} answered surveys"
    )
