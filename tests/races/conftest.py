"""People in several processes, for all races of a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app import create_app
from app.checks import stage
from app.checks.crowd import Crowd
from app.kernel.db import transaction
from tests.support.databases import Template, let_go


@pytest.fixture(scope="session")
def gathered(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, Crowd]]:
    """Two processes on a database of these tests, and an application to look into it."""
    folder = tmp_path_factory.mktemp("race")
    database_url = template.fresh(folder)
    settings = stage.settings_for(database_url, folder)
    app = create_app(settings)
    with app.app_context(), transaction():
        stage.make_partnership()
    with Crowd(settings) as crowd:
        yield app, crowd
    let_go(app)
    template.drop(database_url)


@pytest.fixture
def crowd(gathered: tuple[Flask, Crowd]) -> Iterator[Crowd]:
    """The people in their processes; the test looks into the same database."""
    app, crowd = gathered
    with app.app_context():
        yield crowd
