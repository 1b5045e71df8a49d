"""Staff pages of evidence: recorded, put right, withdrawn, and read beside the answers."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from app.catalogue.models import Offer, Topic
from app.improvement import queries
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.evidence import some_evidence
from tests.support.factories import make_offer, make_partnership, make_person
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

LIST, NEW = "/manage/evidence", "/manage/evidence/new"
FILLED = {
    "title": "The toolkit was visited 3,900 times",
    "kind": "analytics",
    "source": "The council's web team",
    "web_address": "https://example.org/report",
    "from_on": "1 April 2026",
    "until_on": "30 September 2026",
    "counted": "things",
    "count": "3,900",
    "base": "",
    "exactness": "at_least",
    "offers": ["toolkit"],
}


@pytest.fixture(autouse=True)
def toolkit(app: Flask, client: PageClient, now: datetime) -> Offer:
    app.config["WTF_CSRF_ENABLED"] = False
    make_partnership()
    neglect = Topic(slug="neglect", name="Neglect")
    offer = make_offer(slug="toolkit", title="Neglect Toolkit", topics=[neglect])
    staff = make_person(Role.DELIVERY, name="Dee Park")
    sign_in(client, staff)
    return offer


def test_what_is_recorded_stands_in_the_list_with_its_source(client: PageClient) -> None:
    assert "Nothing is recorded yet" in client.get(LIST).words
    assert client.post(NEW, data=FILLED).status_code == 302
    page = client.get(LIST)
    assert "at least 3,900" in page.words
    assert "1 April 2026 to 30 September 2026" in page.words
    assert "The council's web team" in page.words
    [line] = queries.listed_evidence(0, 20)
    assert (line.about, line.web_address) == (("Neglect Toolkit",), "https://example.org/report")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"source": ""}, "Enter who counted it, or where it is published"),
        ({"counted": "people", "count": "3", "base": "4", "exactness": "exactly"}, "fewer than 10"),
        ({"count": "many"}, "must be a whole number"),
        ({"count": "9" * 13}, "must be a whole number"),
        ({"counted": "none"}, "Say what the figure counts"),
        ({"until_on": "30 September 2036"}, "must not be in the future"),
        ({"offers": []}, "at least one offer or topic"),
        ({"offers": ["nonsense"]}, "Choose offers from the list"),
        ({"web_address": "javascript:alert(1)"}, "must begin with https://"),
    ],
)
def test_what_cannot_be_recorded_is_said_and_kept_as_typed(
    client: PageClient, changes: dict[str, object], says: str
) -> None:
    page = client.post(NEW, data=FILLED | changes)
    assert any(says in error for error in page.errors)
    assert "The toolkit was visited 3,900 times" in page.text
    assert queries.number_of_evidence() == 0


def test_it_is_put_right_and_then_withdrawn(client: PageClient) -> None:
    client.post(NEW, data=FILLED)
    [line] = queries.listed_evidence(0, 20)
    address = f"{LIST}/{line.reference}"
    [form] = [form for form in client.get(address).page.forms if "source" in form.names]
    assert (form.values["count"], form.values["offers"]) == (["3,900"], ["toolkit"])
    topic = {"title": "Visited often", "offers": [], "topics": ["neglect"]}
    client.post(address, data=FILLED | topic)
    [line] = queries.listed_evidence(0, 20)
    assert (line.title, line.about) == ("Visited often", ("Neglect",))
    assert client.post(f"{address}/withdraw", data={"reason": ""}).errors
    client.post(f"{address}/withdraw", data={"reason": "Counted twice"})
    assert "Withdrawn Counted twice" in client.get(LIST).words
    for ended in (address, f"{address}/withdraw"):
        assert client.get(ended).status_code == 404


def test_an_evaluator_reads_and_is_offered_no_change(
    client: PageClient, toolkit: Offer, now: datetime
) -> None:
    some_evidence(toolkit, make_person(Role.DELIVERY), now=now)
    reader = make_person(Role.EVALUATOR)
    db.session.commit()
    sign_in(client, reader)
    words = client.get(LIST).words
    assert "62% (31 of 50)" in words
    assert "Withdraw" not in words
    assert "Record evidence" not in words


def test_the_page_of_an_offer_leads_to_a_form_that_names_it(client: PageClient) -> None:
    [link] = [
        href
        for link in client.get("/impact/offers/toolkit").page.select("a")
        if (href := link.get("href")).startswith(NEW)
    ]
    [form] = [form for form in client.get(link).page.forms if "source" in form.names]
    assert form.values["offers"] == ["toolkit"]
