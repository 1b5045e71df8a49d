from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from app.demo import operations
from app.kernel.db import transaction
from tests.conftest import make_app
from tests.support import databases

A_SATURDAY = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def untouched_url(
    template: databases.Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A database with the example made on a Saturday in November; only ever copied."""
    url = template.fresh(tmp_path_factory.mktemp("example"))
    made = make_app(url)
    with made.app_context(), transaction():
        operations.make_example(now=A_SATURDAY)
    databases.let_go(made)
    yield url
    template.drop(url)


@pytest.fixture(scope="module")
def example_url(
    template: databases.Template, untouched_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A copy of it for all tests of a module."""
    if isinstance(template, databases.SqliteTemplate):
        file = tmp_path_factory.mktemp("copy") / "example.sqlite"
        shutil.copy(untouched_url.removeprefix("sqlite:///"), file)
        yield f"sqlite:///{file}"
        return
    made = make_url(untouched_url).database
    assert made
    url = template.server.create(f"{made}_copy", template=made)
    yield url
    template.drop(url)


@pytest.fixture(scope="module")
def example(example_url: str) -> Iterator[Flask]:
    """The application on the example, as it is served."""
    made = make_app(example_url)
    yield made
    databases.let_go(made)
