"""What tests of bookings share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app.kernel.db import db
from tests.conftest import make_app
from tests.support.databases import IN_MEMORY, let_go


@pytest.fixture(scope="module")
def calendar_service() -> Iterator[Flask]:
    """An application on a database of the file's own: what calendars say knows no database."""
    made = make_app(IN_MEMORY)
    with made.app_context():
        db.create_all()
    yield made
    let_go(made)


@pytest.fixture
def scene(calendar_service: Flask) -> Iterator[None]:
    """Inside that application, so that something can be played."""
    with calendar_service.app_context():
        yield
