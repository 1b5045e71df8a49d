"""Migrations of the tables: Flask-Migrate, which brings Alembic, loads only where it is used."""

from __future__ import annotations

from typing import Any

import click
from flask import Flask

from app.kernel.db import db

EXTENSION = "migrate"


class _NotLoadedYet:
    """Stands where Flask-Migrate keeps its configuration, until somebody asks for any of it."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate  # a seventh of the time until the first page

        Migrate(self._app, db, render_as_batch=True)  # takes this one's place
        return getattr(self._app.extensions[EXTENSION], name)


@click.command(
    "db",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def db_command(context: click.Context, arguments: tuple[str, ...]) -> None:
    """Bring the tables up to date: `flask db upgrade`."""
    from flask_migrate.cli import db as commands

    commands.main(list(arguments), prog_name=context.command_path, obj=context.obj)


def init_app(app: Flask) -> None:
    """Let `flask db` and Flask-Migrate's functions find the database."""
    app.extensions[EXTENSION] = _NotLoadedYet(app)
    app.cli.add_command(db_command)
