"""Training that falls due: where people stand, and the pages that say so (R26)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from app.accounts.models import Organisation, Post, PostKind
from app.catalogue.models import Event, OfferKind
from app.forums import training
from app.forums import training_rules as rules
from app.forums.establishments import find_establishment
from app.forums.models import Watching
from app.forums.training_rules import Standing
from app.forums.training_statement import statement_of
from app.kernel.db import db
from app.partnership.models import Refresher
from app.partnership.rules import HalfTermFacts
from app.record.rules import Entry, Rule
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_learning_elsewhere,
    make_offer,
    make_person,
)
from tests.support.forums import SPANS, make_lead, make_school
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in
from tests.support.training import a_district, come_as_advisor, make_dsl_training, trained

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
PARTS = [HalfTermFacts("2026/27", n, name, *span) for n, (name, *span) in enumerate(SPANS, 1)]
TERMS, HALF_TERMS = rules.spans_of(PARTS, TODAY)
DSL = Rule(1, "dsl-training", "DSL training", 24, "Guidance")
UPDATE = Rule(2, "annual-update", "Annual update", 12, "Guidance")
FIRST_AID = Rule(3, "first-aid", "First aid", 36, "Guidance")


def test_terms_and_half_terms_last_until_the_next_begins() -> None:
    assert [(one.key, one.first_on, one.last_on) for one in TERMS] == [
        ("2026-27-autumn", date(2026, 9, 1), date(2027, 1, 3)),
        ("2026-27-spring", date(2027, 1, 4), date(2027, 4, 11)),
        ("2026-27-summer", date(2027, 4, 12), date(2027, 8, 31)),
    ]
    assert [one.key for one in HALF_TERMS][:2] == ["2026-27-2", "2026-27-3"]
    assert HALF_TERMS[0].last_on == date(2027, 1, 3)


@pytest.mark.parametrize(
    ("day", "names"),
    [
        (date(2026, 11, 10), ["Autumn", "Spring", "Summer"]),
        (date(2027, 8, 31), ["Summer", "Autumn", "Spring"]),
        (date(2027, 4, 1), ["Summer", "Autumn", "Spring"]),
    ],
)
def test_without_half_terms_the_usual_months_stand_in(day: date, names: list[str]) -> None:
    terms, half_terms = rules.spans_of([], day)
    assert [one.name.split()[0] for one in terms] == names
    assert terms[0].first_on == day
    assert [b.first_on - a.last_on for a, b in zip(terms, terms[1:], strict=False)] == [
        timedelta(days=1)
    ] * 2
    assert half_terms == []


@pytest.mark.parametrize("today", [TODAY, date(2027, 3, 30), date(2027, 7, 30)])
def test_at_the_end_of_what_was_entered_the_usual_months_follow(today: date) -> None:
    terms, _ = rules.spans_of(PARTS, today)
    assert len(terms) >= 3
    assert terms[0].last_on >= today
    assert all(a.last_on < b.first_on for a, b in zip(terms, terms[1:], strict=False))


def entry(rule: Rule, learned_on: date) -> Entry:
    return Entry("e", learned_on, None, "Course", "College", rule.id)


@pytest.mark.parametrize(
    ("done_on", "standing", "words"),
    [
        (None, Standing.NO_RECORD, "No record with us"),
        (date(2024, 11, 9), Standing.NO_RECORD_SINCE, "No record with us since 9 November 2024"),
        (date(2024, 11, 10), Standing.THIS_TERM, "Falls due by 10 November 2026"),
        (date(2025, 1, 3), Standing.THIS_TERM, "Falls due by 3 January 2027"),
        (date(2025, 1, 4), Standing.NEXT_TERM, "Falls due by 4 January 2027"),
        (date(2025, 4, 12), Standing.CURRENT, "Current until 12 April 2027"),
    ],
)
def test_where_a_lead_stands(done_on: date | None, standing: Standing, words: str) -> None:
    entries = [entry(DSL, done_on)] if done_on else []
    [found] = rules.renewals([DSL], [PostKind.DSL], [], entries, terms=TERMS, today=TODAY)
    assert (found.standing, found.words) == (standing, words)
    assert found.is_elsewhere is bool(done_on)
    assert "overdue" not in found.words.lower()


def test_a_rule_is_asked_of_its_posts_and_of_who_once_kept_it() -> None:
    def slugs(kind: PostKind, *entries: Entry) -> list[str]:
        found = rules.renewals(
            [DSL, UPDATE, FIRST_AID], [kind], [], entries, terms=TERMS, today=TODAY
        )
        return [one.rule.slug for one in found]

    assert slugs(PostKind.DEPUTY_DSL) == ["dsl-training", "annual-update"]
    assert slugs(PostKind.HEADTEACHER) == []
    assert slugs(PostKind.HEADTEACHER, entry(FIRST_AID, TODAY)) == ["first-aid"]


@pytest.fixture
def dsl_training(app: Flask) -> Refresher:
    return make_dsl_training()


def test_who_has_two_schools_stands_under_both_and_counts_once(dsl_training: Refresher) -> None:
    first, second = make_school("Ash Lane"), make_school("Beck Side", phase="Secondary")
    lead = make_lead(first)
    make_lead(second, PostKind.DEPUTY_DSL, person=lead)
    trained(lead, dsl_training, date(2024, 12, 1))
    whole = training.district(now=NOW)
    assert [line.establishment.name for line in whole.lines] == ["Ash Lane", "Beck Side"]
    by_phase = {one.phase: one.counts for one in training.counts_by_phase(whole.of("dsl-training"))}
    assert [by_phase[name][Standing.THIS_TERM] for name in ("Primary", "Secondary", "All")] == [
        1
    ] * 3
    counts = training.due_counts(now=NOW)
    assert (counts.this_term, counts.next_term, counts.no_record) == (1, 0, 0)
    assert counts.term_name == "Autumn term 2026/27"


def test_who_left_and_who_is_at_a_closed_school_is_not_due(dsl_training: Refresher) -> None:
    left = make_lead(make_school("Ash Lane"))
    post = db.session.query(Post).filter_by(person_id=left.id).one()
    post.until_on = TODAY
    make_lead(make_school("Closed", closed_on=date(2026, 9, 1)))
    gone = make_lead(make_school("Beck Side"))
    gone.deactivated_at = NOW
    db.session.flush()
    assert training.district(now=NOW).lines == []


def test_a_session_in_part_renews_nothing_and_the_newer_of_two_counts(
    dsl_training: Refresher,
) -> None:
    school = make_school("Ash Lane")
    lead = make_lead(school)
    trained(lead, dsl_training, date(2025, 3, 1))
    make_learning_elsewhere(lead, refresher_id=dsl_training.id, learned_on=date(2026, 2, 1))
    [(_, renewal)] = training.district(now=NOW).of("dsl-training")
    assert (renewal.done_on, renewal.is_elsewhere) == (date(2026, 2, 1), True)


@pytest.mark.usefixtures("now")
def test_the_page_counts_lists_and_filters(client: PageClient, dsl_training: Refresher) -> None:
    a_district(dsl_training)
    come_as_advisor(client)
    page = client.get("/forums/training")
    assert "3 people at 2 establishments" in page.words
    assert "overdue" not in page.text.lower()
    page = client.get("/forums/training?standing=none&phase=Primary")
    assert "Bo Unknown" in page.text
    assert "No email address" in page.text
    assert "Cy Unknown" not in page.text
    odd = client.get("/forums/training?what=x&standing=?&phase=Moon&page=-3")
    assert "3 people at 2 establishments" in odd.words
    rows = client.get("/forums/training/people.csv?standing=this_term").text.splitlines()
    assert rows[1].startswith("School,Phase,Name")
    assert [row.split(",")[2] for row in rows[2:]] == ["Ada Due"]


@pytest.mark.usefixtures("now")
def test_a_school_has_a_page_and_a_converted_one_leads_to_its_academy(
    client: PageClient, dsl_training: Refresher
) -> None:
    academy = a_district(dsl_training)
    before = make_school("Old Ash", closed_on=date(2026, 1, 1), successor_id=academy.id)
    forum = make_forum_of_the_past(before)
    come_as_advisor(client)
    address = f"/forums/training/{before.reference}"
    assert client.get(address).location == f"/forums/training/{academy.reference}"
    page = client.get(f"/forums/training/{academy.reference}")
    assert "Ada Due" in page.text
    assert f"{forum.subtitle}" in page.text
    assert "1 held: attended 1, watched afterwards 0" in page.words
    assert client.get("/forums/training/nosuch").status_code == 404


def make_forum_of_the_past(school: Organisation) -> Event:
    """A forum of last school year at which somebody of the school was."""
    offer = make_offer(kind=OfferKind.DSL_FORUM, title="DSL Forum")
    event = make_event(offer, starts_at=datetime(2025, 11, 12, 14, tzinfo=UTC), subtitle="Autumn 2")
    make_attendance(make_booking(event, make_lead(school)))
    return event


@pytest.mark.usefixtures("now")
def test_whoever_holds_a_post_sees_the_statement_of_that_school_only(
    client: PageClient, dsl_training: Refresher
) -> None:
    school = a_district(dsl_training)
    head = make_lead(school, PostKind.HEADTEACHER, name="Di Head")
    other = make_school("Beck Side Two")
    db.session.commit()
    sign_in(client, head)
    page = client.get("/training-statement")
    assert "Ash Lane" in page.h1
    assert "This shows what our records hold" in page.words
    assert "Ada Due" in page.text
    assert "@example" not in page.select("main")[0].words.replace("wscp@example.org", "")
    elsewhere = client.get(f"/training-statement?school={other.reference}")
    assert "Beck Side Two" not in elsewhere.text
    make_lead(other, PostKind.HEADTEACHER, person=head)
    db.session.commit()
    assert "Choose which statement" in client.get("/training-statement").text
    chosen = client.get(f"/training-statement?school={other.reference}")
    assert "Beck Side Two" in chosen.h1


@pytest.mark.usefixtures("now")
def test_who_holds_no_post_is_told_whose_statement_it_is(
    client: PageClient, dsl_training: Refresher
) -> None:
    somebody = make_person()
    db.session.commit()
    sign_in(client, somebody)
    assert "We do not have you down" in client.get("/training-statement").text


def test_what_was_watched_is_never_attended(dsl_training: Refresher) -> None:
    school = make_school("Ash Lane")
    lead = make_lead(school)
    forum = make_forum_of_the_past(make_school("Elsewhere"))
    watched = Watching(event_id=forum.id, person_id=lead.id, organisation_id=school.id)
    watched.watched_at = NOW
    db.session.add(watched)
    establishment = find_establishment(school.reference)
    assert establishment
    statement = statement_of(establishment, now=NOW)
    assert [one.how for one in statement.forums] == ["Watched afterwards (self-reported)"]
    assert statement.people[0].last_attended is None


def test_a_new_school_missed_no_forum_before_it_opened(dsl_training: Refresher) -> None:
    make_forum_of_the_past(make_school("Elsewhere"))

    def forums_of(school: Organisation) -> int:
        establishment = find_establishment(school.reference)
        assert establishment
        return len(statement_of(establishment, now=NOW).forums)

    new = make_school("New", opened_on=date(2026, 9, 1))
    assert forums_of(new) == 0
    assert forums_of(make_school("Old", opened_on=date(2020, 9, 1))) == 1
    closed_on = new.opened_on
    make_school("Before", opened_on=None, closed_on=closed_on, successor_id=new.id)
    assert forums_of(new) == 1
