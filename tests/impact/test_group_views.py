"""Pages of the groupings: reached from /impact, the same on page and spreadsheet."""

from __future__ import annotations

import pytest

from app.impact.groups import GroupKind
from app.kernel.access import Role
from tests.impact.test_views import a_whole_evaluation, signed_in, tables_in, tables_on
from tests.support.page_client import PageClient

SHOWN = {
    GroupKind.OFFER: "Multi-Agency Neglect",
    GroupKind.PROVIDER: "The partnership itself",
    GroupKind.PERIOD: "School year, September",
    GroupKind.EVENT: "Multi-Agency Neglect",
}


@pytest.mark.parametrize("kind", list(GroupKind))
def test_each_kind_has_a_list_and_what_it_leads_to_has_the_same_figures_as_its_spreadsheet(
    client: PageClient, kind: GroupKind
) -> None:
    a_whole_evaluation()
    signed_in(client, Role.EVALUATOR)
    listed = client.get(f"/impact/{kind}")
    assert listed.select("a", aria_current="page")[0].get("href") == f"/impact/{kind}"
    addresses = [
        link.get("href")
        for link in listed.select("a")
        if (link.get("href") or "").startswith(f"/impact/{kind}/")
    ]
    assert bool(addresses) is (kind in {*SHOWN, GroupKind.SECTOR})
    if not addresses:
        return
    page = client.get(addresses[-1] or "")
    sheet = client.get(f"{addresses[-1]}.csv")
    assert SHOWN.get(kind, "") in page.words
    assert sorted(tables_on(page)) == sorted(tables_in(sheet))
    titles = [table[0][0] for table in tables_in(sheet)]
    assert len(titles) == len(set(titles))


def test_an_offers_page_adds_up_what_its_evaluation_shows(client: PageClient) -> None:
    evaluation = a_whole_evaluation()
    signed_in(client, Role.EVALUATOR)
    client.get("/impact/offers/" + evaluation.offers[0].slug)
    page = client.get("/impact/offers/" + evaluation.offers[0].slug)
    assert "24 of 24" in page.words
    assert "Through links open to everyone" in page.words
    assert "figures that are shown one by one, each of 10 answers or more" in page.words
