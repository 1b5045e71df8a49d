"""People in several processes, for all races of a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import create_app
from app.checks import stage
from app.checks.crowd import Crowd
from app.kernel.db import transaction
from tests.support.databases import Template, let_go


@pytest.fixture(scope="session")
def crowd(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """Two processes on a database of these tests, which the tests look into as well."""
    folder = tmp_path_factory.mktemp("race")
    database_url = template.fresh(folder)
    settings = stage.settings_for(database_url, folder)
    app = create_app(settings)
    with app.app_context():
        with transaction():
            stage.make_partnership()
        with Crowd(settings) as crowd:
            yield crowd
    let_go(app)
    template.drop(database_url)
