"""Evidence on the impact pages: the fifth box, the list with its sources, files and reports."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from app.accounts.models import Person
from app.catalogue.models import Offer, Series, Topic
from app.impact import queries
from app.impact.disclosure import Audience
from app.impact.reports.pieces import pieces_of
from app.kernel.access import Role
from app.kernel.db import db
from app.partnership.models import Priority
from app.surveys.models import Evaluation
from tests.support.answers import add_responses, make_evaluation, neglect_forms
from tests.support.evidence import some_evidence
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_partnership,
    make_person,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

FOUND = "31 of 50 files audited use the toolkit"
SOURCE = "Multi-agency audit of November 2026, page 4"


@pytest.fixture
def dee(app: Flask, now: datetime) -> Person:
    make_partnership()
    return make_person(Role.DELIVERY, name="Dee Park")


@pytest.fixture
def asked(dee: Person, client: PageClient, now: datetime) -> Evaluation:
    evaluation = make_evaluation(open_link=True)
    add_responses(evaluation, neglect_forms())
    offer = evaluation.offers[0]
    offer.series = Series(slug="together", title="Together", summary="A summary")
    offer.topics = [Topic(slug="neglect", name="Neglect")]
    offer.priority = Priority(plan="2025-28", number=1, title="Neglect", is_adopted=True)
    some_evidence(offer, dee, now=now, web_address="https://example.org/audit")
    sign_in(client, make_person(Role.EVALUATOR))
    return evaluation


def test_every_page_of_the_offer_lists_it_with_its_source(
    client: PageClient, asked: Evaluation
) -> None:
    offer: Offer = asked.offers[0]
    pages = [
        f"evaluations/{asked.slug}",
        f"offers/{offer.slug}",
        "series/together",
        "topics/neglect",
        "priorities/2025-28-1",
    ]
    for page in pages:
        shown = client.get(f"/impact/{page}")
        assert f"Evidence 1 finding of others; the newest: {FOUND}" in shown.words, page
        assert "62% (31 of 50). Audit finding, 10 November 2026" in shown.words
        assert f"Source: {SOURCE}" in shown.words
        assert "None of it is a survey answer" in shown.words
        table = client.get(f"/impact/{page}.csv").text
        assert f"{FOUND},62% (31 of 50),Audit finding,10 November 2026," in table
        assert f"{SOURCE} https://example.org/audit" in table


def test_it_changes_no_figure_of_the_answers(asked: Evaluation, now: datetime, dee: Person) -> None:
    before = queries.evaluation_summary(asked.slug, audience=Audience.ELSEWHERE, now=now)
    some_evidence(asked.offers[0], dee, now=now, title="Another")
    after = queries.evaluation_summary(asked.slug, audience=Audience.ELSEWHERE, now=now)
    assert before
    assert after
    assert (len(before.evidence), len(after.evidence)) == (1, 2)
    assert before.open_measures == after.open_measures
    assert before.chain[:4] == after.chain[:4]


def test_a_report_can_hold_it_with_its_source(asked: Evaluation, now: datetime) -> None:
    summary = queries.evaluation_summary(asked.slug, audience=Audience.ELSEWHERE, now=now)
    assert summary
    piece = pieces_of(summary)["evidence"]
    assert piece["sentences"] == [f"{FOUND} ({SOURCE}, 10 November 2026)."]
    assert piece["tables"][0]["title"] == "Evidence"
    assert "None of it is a survey answer" in piece["tables"][0]["note"]


def test_a_time_shows_what_was_found_in_it(
    client: PageClient, asked: Evaluation, now: datetime, dee: Person
) -> None:
    offer = asked.offers[0]
    some_evidence(offer, dee, now=now, title="Found in spring", until_on=date(2026, 5, 1))
    slug = offer.slug
    spring = client.get(f"/impact/offers/{slug}?period=2026-27-q1").words
    assert "Found in spring" in spring
    assert FOUND not in spring


def test_where_nothing_is_recorded_the_page_says_so(
    client: PageClient, dee: Person, now: datetime
) -> None:
    slug = make_evaluation(0).slug
    db.session.commit()
    sign_in(client, dee)
    assert "None recorded yet" in client.get(f"/impact/evaluations/{slug}").words
    quarter = client.get("/impact/periods/2026-27-q1").words
    assert "stand with each offer, series, topic and priority" in quarter
    assert "None recorded yet" not in quarter


def test_a_summary_that_was_kept_is_made_anew_once_anything_on_it_changes(
    client: PageClient, asked: Evaluation, now: datetime, dee: Person
) -> None:
    offer, address = asked.offers[0], f"/impact/evaluations/{asked.slug}"
    before = client.get(address)
    assert client.get(address).words == before.words
    some_evidence(offer, dee, now=now, title="Found the day after")
    db.session.commit()
    assert "Found the day after" in client.get(address).words
    held = make_event(offer, starts_at=now - timedelta(days=600))
    make_attendance(make_booking(held, make_person()))
    db.session.commit()
    assert "No session with a register yet" in before.words
    assert "One session, on" in client.get(address).words
    asked.title = "Asked under another name"
    db.session.commit()
    assert "Asked under another name" in client.get(address).words
    add_responses(asked, neglect_forms())
    db.session.commit()
    answered = f"{2 * len(neglect_forms())} answered"
    assert answered not in before.words
    assert answered in client.get(address).words
