"""A whole school year of forums: planned, held, watched, answered by schools and the Executive."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.steps import Steps
from tests.support.browser import DESKTOP, OpenPage
from tests.support.forum_year import District, district
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def schools(tmp_path: Path) -> Iterator[District]:
    with district(Path(os.environ["RIPPLE_TEST_RUN"]), tmp_path) as made:
        yield made


@pytest.fixture
def live_server(schools: District) -> LiveServer:
    """The browser's pages come from the district's own service."""
    return schools.server


def test_a_year_of_forums(schools: District, open_page: OpenPage) -> None:
    desk = Steps(schools.server, open_page(size=DESKTOP))
    schools.be(desk.page, "jo@example.org")
    desk.open("/forums", "")
