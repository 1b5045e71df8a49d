"""A report from the first word to its withdrawal, as staff write it and visitors read it."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditLine
from app.impact.reports.models import EvaluationReport, ReportSection, ReportVersion
from app.impact.reports.operations import publish as publish_report
from app.impact.reports.operations import withdraw
from app.impact.words.quotes import withdraw_quote
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.surveys.models import Evaluation
from tests.support.answers import add_responses, wave_of
from tests.support.comments import add_comments, commented, released
from tests.support.factories import NOW, make_offer, make_partnership, make_person
from tests.support.page_client import PageClient, PageResponse
from tests.support.reports import (
    KEY,
    a_document,
    a_piece,
    a_published_report,
    an_answered_evaluation,
    begin,
    publish,
)
from tests.support.signing_in import sign_in, sign_out

QUALITY = {"quality": "very_good"}


@pytest.fixture
def evaluation(client: PageClient) -> Evaluation:
    make_partnership()
    made = an_answered_evaluation(make_offer(title="Multi-Agency Neglect"), title="Neglect")
    db.session.commit()
    return made


def begun(client: PageClient, evaluation: Evaluation) -> PageResponse:
    """The draft that the page begins, with its first sections."""
    page = client.get(f"/impact/reports/new/{evaluation.slug}")
    values = {"title": "Neglect: what changed", "summary": "What people told us."}
    return client.submit(page, values, button="Begin the report")


def published(client: PageClient, evaluation: Evaluation) -> str:
    """The address of a report that was written and published through the pages."""
    draft = begun(client, evaluation)
    answer = client.submit(client.click(draft, "Publish"), button="Freeze and publish")
    assert "The report is published" in answer.words
    return str(answer.page.link("read it as everybody does"))


def add_answers(evaluation: Evaluation, people: int) -> None:
    found = db.session.merge(evaluation)
    add_responses(found, [QUALITY] * people, wave=wave_of(found, 0))
    db.session.commit()


def test_a_report_is_written_previewed_and_published(
    client: PageClient, evaluation: Evaluation
) -> None:
    sign_in(client, make_person(Role.DELIVERY))
    draft = begun(client, evaluation)
    assert "What people thought of it" in draft.words
    section = client.click(draft, "Write Why we offered it")
    words = {"heading": "Why", "words": "An audit found **late** recognition."}
    draft = client.submit(section, words, button="Save the section")
    preview = client.click(draft, "Preview")
    assert "12 of 12" in preview.words
    assert preview.select("strong")[0].words == "late"
    address = published(client, evaluation)
    sign_out(client)
    page = client.get(address)
    assert page.h1 == "Neglect: what changed"
    assert "Straight after, 100% (12 of 12) rated the toolkit good or very good." in page.text
    assert "12 of 12" in page.words
    assert "What happens next" not in page.words, "a heading with nothing below is left out"
    assert db.session.get(Evaluation, evaluation.id).reported_on is not None  # type: ignore[union-attr]


def test_figures_stay_as_they_were_published(client: PageClient, evaluation: Evaluation) -> None:
    sign_in(client, make_person(Role.DELIVERY))
    address = published(client, evaluation)
    before = client.get(address).words
    add_answers(evaluation, 30)
    assert client.get(address).words == before
    live = client.get(f"/impact/evaluations/{evaluation.slug}/figures")
    assert "42 of 42" in live.words


def test_a_correction_is_noted_and_the_version_before_stays(
    client: PageClient, evaluation: Evaluation
) -> None:
    sign_in(client, make_person(Role.ADVISOR))
    address = published(client, evaluation)
    begin_page = client.get(f"/impact/reports/{address.rpartition('/')[2]}/correct")
    words = client.submit(begin_page, {"figures": "kept"}, button="Begin the correction")
    draft = client.submit(
        words, {"correction": "The trainer's college was wrong.", "summary": "Put right."}
    )
    assert "keeps the figures that were published" in draft.words
    sign_out(client)
    assert "Corrected" not in client.get(address).words
    sign_in(client, make_person(Role.ADVISOR))
    client.submit(client.click(draft, "Publish"), button="Freeze and publish")
    sign_out(client)
    page = client.get(address)
    assert "The trainer's college was wrong." in page.words
    assert "Corrected on" in page.words
    assert "Put right." in page.words
    assert client.get(f"{address}/versions/0").status_code == 404
    first = client.get(f"{address}/versions/1")
    assert "Superseded" in first.words
    assert "What people told us." in first.words
    assert "Corrected on" not in first.words
    listed = client.get("/evaluation-reports")
    assert "Corrected" in listed.words
    assert client.get(f"{address}/versions/3").status_code == 404


def test_a_correction_by_a_few_people_is_refused_and_one_by_ten_is_not(
    client: PageClient, evaluation: Evaluation
) -> None:
    staff = make_person(Role.DELIVERY)
    evaluation = db.session.merge(evaluation)
    now = datetime.fromisoformat("2026-11-10T09:00:00+00:00")
    slug = a_published_report(evaluation, staff, now=now)
    other = begin(evaluation, staff, now=now, title="Another of the same evaluation")
    for people, is_safe in ((49, False), (31, False), (50, True)):
        if is_safe:
            publish(other, staff, now=now, people=people)
            continue
        with pytest.raises(Refused, match="fewer than 10 people"):
            publish(other, staff, now=now, people=people)
        db.session.rollback()
    found = db.session.scalars(select(EvaluationReport).order_by(EvaluationReport.id)).all()
    assert [report.published_number for report in found] == [1, 1]
    assert found[0].slug == slug


def test_a_report_that_was_withdrawn_still_counts_for_differences(
    client: PageClient, evaluation: Evaluation
) -> None:
    staff = make_person(Role.DELIVERY)
    evaluation = db.session.merge(evaluation)
    now = datetime.fromisoformat("2026-11-10T09:00:00+00:00")
    withdraw(a_published_report(evaluation, staff, now=now), "Wrong", actor=staff, now=now)
    other = begin(evaluation, staff, now=now, title="Another")
    with pytest.raises(Refused, match="fewer than 10 people"):
        publish(other, staff, now=now, people=43)


def test_few_people_never_become_public(client: PageClient, evaluation: Evaluation) -> None:
    staff = make_person(Role.DELIVERY)
    now = datetime.fromisoformat("2026-11-10T09:00:00+00:00")
    slug = begin(db.session.merge(evaluation), staff, now=now)
    with pytest.raises(Refused, match="fewer than 10 people"):
        publish_report(slug, a_document("Few", a_piece({KEY: 9})), actor=staff, now=now)


def test_a_withdrawn_report_keeps_its_address_and_says_why(
    client: PageClient, evaluation: Evaluation
) -> None:
    sign_in(client, make_person(Role.DELIVERY))
    address = published(client, evaluation)
    slug = address.rpartition("/")[2]
    assert client.get(f"{address}/versions/1/figures.csv").status_code == 200
    page = client.get(f"/impact/reports/{slug}/withdraw")
    client.submit(page, {"reason": "Two sessions were counted twice."})
    sign_out(client)
    for path in (address, f"{address}/versions/1"):
        read = client.get(path)
        assert "Withdrawn on" in read.words
        assert "Two sessions were counted twice." in read.words
        assert "12 of 12" not in read.words
    assert "Withdrawn" in client.get("/evaluation-reports").words
    for name in ("figures.csv", "figures.xlsx", f"charts/{KEY}.svg"):
        assert client.get(f"{address}/versions/1/{name}").status_code == 404
    assert db.session.get(Evaluation, evaluation.id).reported_on is None  # type: ignore[union-attr]


def test_an_evaluator_writes_and_does_not_publish(
    client: PageClient, evaluation: Evaluation
) -> None:
    sign_in(client, make_person(Role.EVALUATOR))
    draft = begun(client, evaluation)
    assert "Somebody of the delivery group or the advisor publishes it" in draft.words
    slug = db.session.scalar(select(EvaluationReport.slug))
    assert client.get(f"/impact/reports/{slug}/publish").status_code == 403
    assert client.get(f"/impact/reports/{slug}/withdraw").status_code == 403
    assert client.get(f"/evaluation-reports/{slug}").status_code == 404
    sign_out(client)
    assert client.get(f"/evaluation-reports/{slug}").status_code == 404
    assert "No report is published yet" in client.get("/evaluation-reports").words


def test_every_step_is_in_the_trail(client: PageClient, evaluation: Evaluation) -> None:
    person = make_person(Role.DELIVERY)
    sign_in(client, person)
    slug = published(client, evaluation).rpartition("/")[2]
    client.submit(client.get(f"/impact/reports/{slug}/withdraw"), {"reason": "Wrong"})
    of_it = select(AuditLine).where(AuditLine.subject_kind == "report").order_by(AuditLine.id)
    lines = db.session.scalars(of_it).all()
    assert [line.verb for line in lines] == ["began", "published", "withdrew"]
    assert {line.actor for line in lines} == {person.reference}
    assert {line.subject_reference for line in lines} == {slug}


def test_sections_are_added_moved_and_removed(client: PageClient, evaluation: Evaluation) -> None:
    sign_in(client, make_person(Role.DELIVERY))
    draft = begun(client, evaluation)
    new = client.click(draft, "Add a section")
    draft = client.submit(new, {"heading": "Thanks"}, button="Save the section")
    headings = ["Why we offered it", "Who came and who answered", "What people thought of it"]
    headings += ["What happens next", "Thanks"]
    assert stored_headings() == headings
    form = draft.page.form(button="Move up Thanks")
    client.submit(draft, button="Move up Thanks")
    assert form
    assert stored_headings() == [*headings[:3], "Thanks", "What happens next"]
    draft = client.get("/impact/reports/neglect-what-changed")
    client.submit(client.click(draft, "Remove Thanks"), button="Remove the section")
    assert stored_headings() == headings[:4]


def stored_headings() -> list[str]:
    found = select(ReportSection.heading).order_by(ReportSection.position)
    return list(db.session.scalars(found))


def test_a_draft_is_thrown_away_with_everything_in_it(
    client: PageClient, evaluation: Evaluation
) -> None:
    sign_in(client, make_person(Role.EVALUATOR))
    draft = begun(client, evaluation)
    client.submit(client.click(draft, "Throw the draft away"), button="Throw the draft away")
    for table in (EvaluationReport, ReportVersion, ReportSection):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_a_correction_cannot_be_published_before_it_says_what_it_changes(
    client: PageClient, evaluation: Evaluation
) -> None:
    sign_in(client, make_person(Role.DELIVERY))
    slug = published(client, evaluation).rpartition("/")[2]
    page = client.get(f"/impact/reports/{slug}/correct")
    client.submit(page, {"figures": "new"}, button="Begin the correction")
    page = client.get(f"/impact/reports/{slug}/publish")
    answer = client.submit(page, button="Freeze and publish")
    assert answer.errors == ["Say first what this correction changes: readers see it at the top"]
    again = client.get(f"/impact/reports/{slug}/correct")
    assert again.location.endswith(f"/impact/reports/{slug}")


def test_kept_pages_know_of_every_change(client: PageClient, evaluation: Evaluation) -> None:
    staff = make_person(Role.DELIVERY)
    now = datetime.fromisoformat("2026-11-10T09:00:00+00:00")
    db.session.commit()
    assert "No report is published yet" in client.get("/evaluation-reports").words
    slug = a_published_report(db.session.merge(evaluation), staff, now=now)
    first = client.get(f"/evaluation-reports/{slug}")
    assert "What changed" in client.get("/evaluation-reports").words
    etag = first.headers["ETag"]
    again = client.get(f"/evaluation-reports/{slug}", headers={"If-None-Match": etag})
    assert again.status_code == 304
    withdraw(slug, "Wrong", actor=staff, now=now)
    db.session.commit()
    later = client.get(f"/evaluation-reports/{slug}", headers={"If-None-Match": etag})
    assert later.status_code == 200
    assert "Withdrawn" in later.words


def test_reports_are_found_by_words_offer_topic_and_year(
    client: PageClient, evaluation: Evaluation
) -> None:
    now = datetime.fromisoformat("2026-11-10T09:00:00+00:00")
    a_published_report(db.session.merge(evaluation), make_person(Role.DELIVERY), now=now)
    for query, is_found in (
        ("q=neglect", True),
        ("q=what+changed", True),
        ("q=sleep", False),
        ("year=2026-27", True),
        ("year=2025-26", False),
        ("year=nonsense", True),
        ("topic=nosuchtopic", False),
        ("q=100%25_", False),
    ):
        found = client.get(f"/evaluation-reports?{query}")
        assert ("What people say." in found.words) is is_found, query


def test_a_quotation_stands_in_a_report_until_it_is_withdrawn(client: PageClient) -> None:
    text = "I take it into supervision."
    quoted = commented(text)
    kept, inside = released(text), "Only for us."
    add_comments(quoted, inside, consent="inside")
    released(inside)
    staff = make_person(Role.DELIVERY)
    sign_in(client, staff)
    slug = published(client, quoted).rpartition("/")[2]
    sign_out(client)
    page = client.get(f"/evaluation-reports/{slug}")
    assert [quote.words for quote in page.select("blockquote")] == [
        f"{text} Somebody who answered: 3 months later"
    ]
    assert text in client.get(f"/evaluation-reports/{slug}/versions/1/figures.csv").text
    assert inside not in page.text
    actor = db.session.merge(staff)
    withdraw_quote(kept.reference, 1, "It names a school", actor=actor, now=NOW)
    db.session.commit()
    for path in ("", "/versions/1", "/versions/1/figures.csv"):
        assert text not in client.get(f"/evaluation-reports/{slug}{path}").text
