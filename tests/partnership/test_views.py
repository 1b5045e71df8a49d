"""The same code serves each partnership with its own name, colours and policies."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.kernel.db import transaction
from app.partnership.operations import load_partnership
from app.partnership.rules import read_partnership
from tests.support.page_client import PageClient

PAGES = ("/accessibility", "/privacy", "/cookies", "/booking-policy", "/sign-in")


@pytest.mark.parametrize("name", ["wakefield", "calderdale"])
def test_every_partnership_has_its_pages_in_its_own_name(client: PageClient, name: str) -> None:
    path = Path(f"partnerships/{name}.toml")
    facts = read_partnership(path.read_text(encoding="utf-8")).facts
    with transaction():
        load_partnership(path)
    for address in PAGES:
        response = client.get(address)
        assert response.status_code == 200
        for shown in ("name", "email", "phone", "address", "service_name"):
            assert str(facts[shown]) in response.words, (address, shown)
    css = client.get("/brand.css").text
    assert f"--brand:{facts['brand_colour']};--ink:{facts['ink_colour']}" in css


def test_before_anything_is_loaded_a_policy_is_a_helpful_404(client: PageClient) -> None:
    assert client.get("/privacy").status_code == 404


def test_the_statement_does_not_claim_more_than_was_tested(client: PageClient) -> None:
    with transaction():
        load_partnership(Path("partnerships/wakefield.toml"))
    words = client.get("/accessibility").words
    assert "not yet been tested by anybody outside" in words
    assert "complies in full" in words


def test_a_policy_cannot_carry_scripts(client: PageClient, tmp_path: Path) -> None:
    text = Path("partnerships/calderdale.toml").read_text(encoding="utf-8")
    hostile = text.replace(
        "This service uses one cookie", "<script>alert(1)</script><b onclick=x>[x](javascript:y)"
    )
    path = tmp_path / "hostile.toml"
    path.write_text(hostile, encoding="utf-8")
    with transaction():
        load_partnership(path)
    page = client.get("/cookies")
    assert "<script>alert" not in page.text
    assert "<b " not in page.text
    assert 'href="javascript' not in page.text


def test_health_pages_answer_in_plain_text(client: PageClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ready\n"
