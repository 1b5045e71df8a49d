"""Every error that can be raised has a page of its own, which keeps all promises of a page."""

from __future__ import annotations

import pytest
from flask import Blueprint, Flask, abort
from sqlalchemy.exc import OperationalError

from app.kernel.access import public
from tests.conftest import make_app
from tests.support.databases import IN_MEMORY, migrate
from tests.support.page_client import PageClient

CODES = (400, 401, 403, 404, 405, 410, 413, 414, 429, 500, 503)


@pytest.fixture(scope="module")
def failing() -> PageClient:
    """A client of an application with pages that fail as their address says."""
    made = make_app(IN_MEMORY, PROPAGATE_EXCEPTIONS=False)
    pages = Blueprint("failing", __name__)

    @pages.get("/fail/<int:code>")
    @public
    def fail(code: int) -> str:
        abort(code)

    @pages.get("/fail/bug")
    @public
    def bug() -> str:
        raise ZeroDivisionError("a bug that nobody expected")

    @pages.get("/fail/busy/<words>")
    @public
    def busy(words: str) -> str:
        raise OperationalError("UPDATE event", {}, Exception(words))

    made.register_blueprint(pages)
    migrate(made)
    client = made.test_client()
    assert isinstance(client, PageClient)
    return client


@pytest.mark.parametrize("code", CODES)
def test_every_error_has_a_page(failing: PageClient, code: int) -> None:
    response = failing.get(f"/fail/{code}")
    assert response.status_code == code
    assert response.h1
    assert str(code) not in response.h1


def test_a_bug_is_an_apology_that_tells_nobody_about_our_insides(failing: PageClient) -> None:
    response = failing.get("/fail/bug")
    assert response.status_code == 500
    assert "nobody expected" not in response.text
    assert "Traceback" not in response.text


@pytest.mark.parametrize("words", ["database is locked", "deadlock detected"])
def test_a_database_that_is_busy_asks_to_try_again(failing: PageClient, words: str) -> None:
    response = failing.get(f"/fail/busy/{words}")
    assert response.status_code == 503
    assert "UPDATE" not in response.text


def test_an_address_that_does_not_exist_has_a_page(client: PageClient) -> None:
    response = client.get("/no-such-page")
    assert response.status_code == 404
    assert response.select("a", href="/")


def test_a_method_that_is_not_offered_has_a_page(client: PageClient) -> None:
    assert client.open("/healthz", method="DELETE").status_code in {400, 405}


def test_a_form_sent_from_elsewhere_is_refused_with_a_page(client: PageClient) -> None:
    response = client.post("/sign-in", data={"email": "ana@example.org"})
    assert response.status_code == 400
    assert response.h1


def test_every_error_page_carries_the_security_headers(failing: PageClient) -> None:
    for code in CODES:
        headers = failing.get(f"/fail/{code}").headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_no_page_has_two_addresses(app: Flask) -> None:
    rules = [(rule.rule, method) for rule in app.url_map.iter_rules() for method in rule.methods]  # type: ignore[union-attr]
    assert sorted(set(rules)) == sorted(rules)
