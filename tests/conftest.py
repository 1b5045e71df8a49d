"""What every test can ask for: an application, a client that judges, databases, an instant."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import BrowserType

import config
from app import create_app
from app.kernel import page_cache
from app.kernel.db import db
from app.partnership import queries as partnership
from tests.support import databases, postgres, reckoning, scenes
from tests.support.chromium import launch_options
from tests.support.page_client import PageClient

pytest_plugins = ["tests.support.browser", "tests.support.smtp"]

RUN_FOLDER = "RIPPLE_TEST_RUN"
MEMORY_NEEDED = 2**31
A_TUESDAY = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=["sqlite", "postgres", "both"], default="sqlite")
    parser.addoption("--only-database", action="store_true", help="leave out all other tests")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):  # xdist's workers share what the first process made
        return
    folder = tempfile.mkdtemp(prefix="ripple-tests-", dir=in_memory())
    os.environ[RUN_FOLDER] = os.environ["PYTEST_DEBUG_TEMPROOT"] = folder  # for tmp_path too
    if reckoning.SUMMARY in os.environ:
        config.pluginmanager.register(reckoning.Reckoning())


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        folder = run_folder()
        postgres.stop_server_of_run(folder, databases.template_name(folder))
        shutil.rmtree(folder, ignore_errors=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--db")
        kinds = ["sqlite", "postgres"] if chosen == "both" else [chosen]
        if metafunc.definition.get_closest_marker("one_database"):
            kinds = kinds[:1]
        if metafunc.definition.get_closest_marker("strictest_database"):
            kinds = kinds[-1:]
        if metafunc.definition.get_closest_marker("postgres"):
            kinds = ["postgres"]
        metafunc.parametrize("database_kind", kinds, indirect=True, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--only-database"):
        on_database = {item: "database_kind" in getattr(item, "fixturenames", ()) for item in items}
        config.hook.pytest_deselected(items=[item for item in items if not on_database[item]])
        items[:] = [item for item in items if on_database[item]]
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = long_ones_first(items, processes)


def long_ones_first(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """Each process gets an equal run of tests; it begins with its share of those in a browser."""
    long = [item for item in items if item.get_closest_marker("browser")]
    rest = [item for item in items if not item.get_closest_marker("browser")]
    ordered: list[pytest.Item] = []
    for number in range(processes):
        size = len(items) * (number + 1) // processes - len(ordered)
        own = long[number::processes]
        ordered += own + rest[: max(0, size - len(own))]
        rest = rest[max(0, size - len(own)) :]
    return ordered + rest


def pytest_collection_finish() -> None:
    # What has been imported stays: looking through it for rubbish is a twentieth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def in_memory() -> str | None:
    """A folder in memory, if there is one with room: databases that wait for no disk."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > MEMORY_NEEDED
    return str(memory) if has_room and os.access(memory, os.W_OK) else None


def run_folder() -> Path:
    """The folder that all processes of this test run share."""
    return Path(os.environ[RUN_FOLDER])


def make_app(database_url: str, **changes: Any) -> Flask:
    """The application with the settings of the tests, on that database."""
    settings = config.load(
        {
            "DATABASE_URL": database_url,
            "SECRET_KEY": "only for tests, and long enough to be accepted",
            "BASE_URL": "http://localhost",
            "MAIL_URL": f"file:{run_folder() / 'mail'}",
        }
    )
    made = create_app({**settings, "TESTING": True, **changes})
    made.test_client_class = PageClient
    return made


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    """sqlite or postgres: which of the two this test runs on."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def template(database_kind: str) -> Iterator[databases.Template]:
    """The migrated database of this worker, and the one application for all ordinary tests."""
    made: databases.Template
    if database_kind == "sqlite":
        made = databases.SqliteTemplate(make_app)
    else:
        made = databases.PostgresTemplate(make_app, run_folder())
    made.app.extensions[scenes.EXTENSION] = made
    yield made
    made.close()


@pytest.fixture
def app(template: databases.Template) -> Iterator[Flask]:
    """The application in an application context, on an empty database, settings as they were."""
    settings = dict(template.app.config)
    with template.app.app_context():
        yield template.app
        db.session.rollback()
    template.app.config.clear()
    template.app.config.update(settings)
    template.restore()
    template.app.extensions[page_cache.EXTENSION].clear()  # its pages show the database before
    template.app.extensions.pop(partnership.EXTENSION, None)


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A browser without JavaScript that fails the test when a page breaks a promise."""
    made = app.test_client()
    assert isinstance(made, PageClient)
    return made


@pytest.fixture
def database_url(template: databases.Template, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database of this test's own, for races and other processes."""
    url = template.fresh(tmp_path)
    yield url
    template.drop(url)


@pytest.fixture
def file_app(database_url: str) -> Iterator[Flask]:
    """An application on a database of its own, which threads and processes can share."""
    made = make_app(database_url)
    yield made
    databases.let_go(made)


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], browser_type: BrowserType
) -> dict[str, Any]:
    """How pytest-playwright starts the browser; it must be said here to win over its own."""
    return {**browser_type_launch_args, **launch_options(browser_type)}


@pytest.fixture
def now() -> Iterator[datetime]:
    """Tuesday 10 November 2026, 9am in London; all clocks go on from there during the test."""
    with time_machine.travel(A_TUESDAY, tick=True):
        yield A_TUESDAY
