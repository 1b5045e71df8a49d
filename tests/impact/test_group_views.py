"""Pages of the groupings: reached from /impact, the same on page and spreadsheet."""

from __future__ import annotations

from typing import Any

import pytest

from app.impact.groups import GroupKind
from app.kernel.access import Role
from app.surveys.models import InvitationState
from tests.impact.test_views import a_whole_evaluation, signed_in, tables_in, tables_on
from tests.support.answers import (
    add_responses,
    exploitation_forms,
    make_evaluation,
    make_invitation,
    wave_of,
)
from tests.support.factories import make_event, make_offer, make_partnership, make_person
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


def test_a_page_of_some_sessions_says_which_evaluations_it_holds_in_part(
    client: PageClient,
) -> None:
    make_partnership()
    offer = make_offer(title="Multi-Agency Neglect")
    evaluation = make_evaluation(-1, 0, 3, offers=[offer, make_offer()], open_link=True)
    add_responses(evaluation, exploitation_forms())
    events = [make_event(one) for one in evaluation.offers for _ in range(2)]
    after = {"quality": "good", "knowledge_before": 4, "knowledge": 6}
    used = {"used": "yes", "changes": ["supervision"], "knowledge": 6}
    keys = [f"key{number}" for number in range(60)]
    for place, event in enumerate(events):
        own = keys[place * 15 : place * 15 + 15]
        for months, form in ((-1, {"knowledge": 4}), (0, after), (3, used)):
            wave = wave_of(evaluation, months)
            forms: list[dict[str, Any]] = [form] * 15
            add_responses(evaluation, forms, wave=wave, event=event, pairing_keys=own)
    event = next(event for event in events if event.offer is offer)
    person = make_person()
    make_invitation(wave_of(evaluation, 3), person, InvitationState.ANSWERED, event_id=event.id)
    signed_in(client, Role.EVALUATOR)
    title = evaluation.title
    page = client.get(f"/impact/offers/{offer.slug}")
    assert "30 of 30" in page.words
    assert f"Some sessions only of {title}" in page.words
    assert "Looking back" not in page.words
    assert "of 1 who were asked" in page.words
    assert len(client.watch.statements) <= 20
    [link] = [a for a in page.select("a") if a.get("href") == f"/impact/events/{event.reference}"]
    assert "15 of 15" in client.get(link.get("href") or "").words
