"""How migrations reach the database: through the application's own engine."""

from alembic import context
from flask import current_app

from app.kernel.db import UtcDateTime

migrate = current_app.extensions["migrate"]
database = migrate.db


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Keep migrations free of the application: our instants are plain timestamps there."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Run the migrations on the application's database, each in a transaction of its own."""
    engine = database.engine
    with engine.connect() as connection:
        options = dict(migrate.configure_args)
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            transaction_per_migration=True,
            render_item=render_item,
            **options,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
