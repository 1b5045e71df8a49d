"""Open links for one session or organisation: made, answered by, passed on by a contact, closed."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import OrganisationKind, Person
from app.catalogue.models import Event, EventState
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.outbox.models import OutboxMessage
from app.surveys import open_link_rules, open_links, operations
from app.surveys.models import Evaluation, Question, QuestionnaireKind
from app.surveys.open_link_models import OpenLink, PassingOn, PassingOnState
from app.surveys.open_links import Contact
from app.surveys.questionnaires import current_version
from app.surveys.response_models import Answer, Response, ResponseSource
from tests.support.factories import (
    make_event,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in
from tests.support.surveys import answer_from

LETTERS = Path(__file__).parent / "letters"
STARTS = datetime(2026, 11, 10, 9, 30, tzinfo=UTC)  # the day of the tests' clock
DAY = timedelta(days=1)
KIM = Contact("Kim Contact", "kim.contact@example.org")
ON_THE_DAY: dict[str, Any] = {
    "quality": "good",
    "relevance": "very",
    "expectations": "yes",
    "knowledge_before": "3",
    "knowledge": "7",
    "skills": "slightly",
    "confidence": "confident",
    "intention": "yes",
    "good": "The pace.",
    "change": "Nothing",
}


@pytest.fixture
def staff(client: PageClient, now: datetime) -> Person:
    """Somebody of the delivery group, signed in."""
    make_partnership()
    person = make_person(Role.DELIVERY)
    db.session.commit()
    sign_in(client, person)
    return person


@pytest.fixture
def event(staff: Person, now: datetime) -> Event:
    """A session of today whose offer has its evaluation; two sectors to choose from."""
    make_sector(slug="health", name="Health")
    found = make_event(make_offer(title="Safer Sleep"), starts_at=STARTS)
    operations.ensure_default_evaluations(now=now - DAY)
    db.session.commit()
    return found


def the_link(event: Event, staff: Person, now: datetime) -> OpenLink:
    link = open_links.open_for_the_day(event.id, actor=staff, now=now)
    db.session.commit()
    return link


def planned(event: Event, staff: Person, now: datetime, months: int = 3) -> PassingOn:
    one = open_links.plan_passing_on(event.id, KIM, months, actor=staff, now=now)
    db.session.commit()
    return one


def cancel(event: Event, now: datetime) -> None:
    event = db.session.get_one(Event, event.id)
    event.state, event.cancelled_at, event.cancellation_reason = EventState.CANCELLED, now, "Ill"


def withdraw(event: Event) -> None:
    event.state, event.published_at = EventState.DRAFT, None


def passed_on(now: datetime) -> int:
    """What the worker does about it at one instant; how many messages."""
    operations.follow_sessions()
    found = operations.links_to_pass_on(now=now)
    count = sum(operations.pass_on(one, now=now) for one in found)
    db.session.commit()
    return count


def letters() -> list[OutboxMessage]:
    found = select(OutboxMessage).where(OutboxMessage.kind == "survey_open_link")
    return list(db.session.scalars(found))


def test_a_session_counted_by_heads_is_asked_by_a_link_on_the_day(
    client: PageClient, event: Event, app: Flask
) -> None:
    reference = event.reference
    page = client.get(f"/manage/events/{reference}/survey-links")
    page = client.submit(page, {}, button="Make the link for the day")
    assert (page.h1, "0 answers" in page.words) == ("Open link", True)
    address = page.page.one("input", id="address")["value"]
    path = address.removeprefix(app.config["BASE_URL"])
    anybody = app.test_client()
    page = anybody.get(path)  # type: ignore[assignment]
    assert page.h1 == "Safer Sleep"
    assert "anonymous" in page.words
    assert "We see from which session answers came, not from whom." in page.words
    assert "kept in this browser only" in page.words
    page = answer_from(anybody, page, {**ON_THE_DAY, "sector": "health"})  # type: ignore[arg-type]
    assert page.h1 == "Thank you for answering"
    [response] = db.session.scalars(select(Response))
    assert response.source is ResponseSource.OPEN
    assert response.event_id == db.session.scalar(select(Event.id))
    assert response.open_link_id == db.session.scalar(select(OpenLink.id))
    assert response.answered_on.day == 1  # the month, no finer
    assert db.session.scalar(select(func.count(Answer.id))) == len(ON_THE_DAY)
    page = client.get(f"/manage/events/{reference}/survey-links")
    assert "1 answer" in page.words


def test_when_its_week_is_over_no_link_for_the_day_is_offered(
    client: PageClient, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/manage/events/{event.reference}/survey-links"
    later = event.ends_at + timedelta(days=9)
    monkeypatch.setattr("app.kernel.clock.now", lambda: later)
    page = client.get(path)
    assert "Make the link for the day" not in page.words
    assert "That week is over" in page.words


def test_the_link_for_the_day_is_made_once(event: Event, staff: Person, now: datetime) -> None:
    first = the_link(event, staff, now)
    assert the_link(event, staff, now).id == first.id
    assert len(first.slug) == 11
    questions = select(Question.key).where(Question.version_id == first.version_id)
    assert "quality" in db.session.scalars(questions).all()


@pytest.mark.parametrize("change", ["draft", "cancelled", "long ago", "not set up"])
def test_no_link_where_there_is_nothing_to_ask(
    event: Event, staff: Person, now: datetime, change: str
) -> None:
    if change == "long ago":
        now += 30 * DAY
    elif change == "not set up":
        event = make_event(make_offer(), starts_at=STARTS)
    else:
        cancel(event, now) if change == "cancelled" else withdraw(event)
    with pytest.raises(Refused):
        open_links.open_for_the_day(event.id, actor=staff, now=now)


def test_a_short_address_leads_there_however_it_is_typed(
    client: PageClient, event: Event, staff: Person, now: datetime
) -> None:
    slug = the_link(event, staff, now).slug
    for typed in (slug, slug.upper(), slug.replace("-", ""), slug.replace("-", " ")):
        response = client.get(f"/s/{typed}")
        assert response.headers["Location"] == f"/surveys/open/{slug}"
    for wrong in ("x", "../admin", "a" * 500, "☃"):
        assert client.get(f"/s/{wrong}").status_code == 404
    assert client.get("/s/aaaaa-aaaaa").h1 == "This link leads to no survey"


def test_a_link_ends_a_week_after_the_session_and_can_be_closed_before(
    client: PageClient, event: Event, staff: Person, now: datetime
) -> None:
    link = the_link(event, staff, now)
    slug, path = link.slug, f"/surveys/open/{link.slug}"
    assert link.open_until == datetime(2026, 11, 18, 0, 0, tzinfo=UTC)
    begun = client.get(path)
    page = client.get(f"/manage/survey-links/{slug}/close")
    page = client.submit(page, {}, button="Close the link")
    assert "Closed" in page.words
    response = client.get(path)
    assert (response.status_code, response.h1) == (410, "This survey is not open")
    late = client.submit(begun, {"quality": "good"}, button="Continue")
    assert late.h1 == "This survey is not open"
    assert db.session.scalar(select(func.count(Response.id))) == 0
    page = client.submit(
        client.get(f"/manage/survey-links/{slug}/close"), {}, button="Close the link"
    )
    assert page.errors == ["This link has closed already"]


def test_a_link_has_a_code_and_a_poster(
    client: PageClient, event: Event, staff: Person, now: datetime
) -> None:
    slug = the_link(event, staff, now).slug
    svg = client.get(f"/manage/survey-links/{slug}/qr.svg")
    assert svg.content_type.startswith("image/svg+xml")
    assert b"<svg" in svg.data
    png = client.get(f"/manage/survey-links/{slug}/qr.png")
    assert png.data.startswith(b"\x89PNG")
    poster = client.get(f"/manage/survey-links/{slug}/poster")
    for words in ("Safer Sleep", "Two minutes.", "Anonymous.", "How was it for you?"):
        assert words in poster.words
    assert "".join(poster.page.one("p", class_="poster__address").words.split()).endswith(slug)
    assert client.get("/manage/survey-links/nothing/poster").status_code == 404


def test_a_contact_is_sent_a_link_once_and_it_asks_months_later(
    event: Event, staff: Person, now: datetime
) -> None:
    planned(event, staff, now)
    due = datetime(2027, 2, 10, 9, 0, tzinfo=UTC)
    assert passed_on(due - timedelta(minutes=1)) == 0
    assert passed_on(due) == 1
    assert passed_on(due + DAY) == 0
    [letter] = letters()
    link = db.session.scalars(select(OpenLink)).one()
    assert f"/surveys/open/{link.slug}" in letter.text_body
    assert letter.to_email == KIM.email
    assert link.months_later == 3
    questions = select(Question.key).where(Question.version_id == link.version_id)
    assert "used" in db.session.scalars(questions).all()
    assert link.open_until > due + 28 * DAY


def test_what_is_planned_moves_with_the_session(event: Event, staff: Person, now: datetime) -> None:
    planned(event, staff, now)
    event = db.session.get_one(Event, event.id)
    event.starts_at += 7 * DAY
    event.ends_at += 7 * DAY
    for one in event.dates:
        one.starts_at, one.ends_at = one.starts_at + 7 * DAY, one.ends_at + 7 * DAY
    db.session.commit()
    assert passed_on(datetime(2027, 2, 11, 9, 0, tzinfo=UTC)) == 0
    assert passed_on(datetime(2027, 2, 17, 9, 0, tzinfo=UTC)) == 1


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ("cancelled", PassingOnState.STOPPED),
        ("left", PassingOnState.STOPPED),
        ("wants no surveys", PassingOnState.STOPPED),
        ("worker away", PassingOnState.MISSED),
    ],
)
def test_nobody_is_written_to_in_vain(
    event: Event, staff: Person, now: datetime, change: str, state: PassingOnState
) -> None:
    one = planned(event, staff, now)
    at = datetime(2027, 2, 10, 9, 0, tzinfo=UTC)
    if change == "cancelled":
        cancel(event, now)
    elif change == "left":
        db.session.get_one(Person, one.person_id).deactivated_at = now
    elif change == "wants no surveys":
        operations.stop_asking(one.person_id, now=now)
    else:
        at += 29 * DAY
    db.session.commit()
    assert passed_on(at) == 0
    db.session.expire_all()
    assert db.session.scalars(select(PassingOn.state)).all() == [state]
    assert letters() == []


def test_planning_changing_and_withdrawing_on_the_page(client: PageClient, event: Event) -> None:
    path = f"/manage/events/{event.reference}/survey-links"
    button = "Plan the later link"
    empty = client.submit(client.get(path), {"months": ""}, button=button)
    assert empty.errors == [
        "Enter the contact’s name",
        "Enter an email address",
        "Choose when to write to them",
    ]
    typed = {"name": "Kim Contact", "email": "Kim.Contact@example.org", "months": "3"}
    page = client.submit(client.get(path), typed, button=button)
    assert "Planned for 9am on Wednesday 10 February 2027" in page.words
    page = client.submit(client.get(path), {**typed, "name": "Lou Next"}, button=button)
    assert db.session.scalar(select(func.count(PassingOn.id))) == 1
    page = client.click(page, "Do not write to them : 3 months later")
    page = client.submit(page, {}, button="Do not write to them")
    assert "it was withdrawn" in page.words
    again = client.submit(client.get(f"{path}/later/3/withdraw"), {}, button="Do not write to them")
    assert again.errors == ["This is not planned any more"]


@pytest.fixture
def evaluation(staff: Person, now: datetime) -> Evaluation:
    """An evaluation of a toolkit with an open link for the whole workforce too."""
    operations.ensure_default_evaluations(now=now)
    made = Evaluation(
        slug="toolkit",
        title="Neglect toolkit",
        subject_words="the toolkit",
        created_at=now,
        offers=[make_offer()],
        open_version=current_version(QuestionnaireKind.IMPACT),
        open_from=now - DAY,
        open_until=now + 30 * DAY,
    )
    db.session.add(made)
    sector = make_sector(slug="education", name="Education")
    for name, phase in (("Ash School", "Primary"), ("Birch School", "Secondary")):
        make_organisation(sector, name=name, phase=phase, kind=OrganisationKind.SCHOOL)
    db.session.commit()
    return made


def test_schools_get_a_link_of_their_own_all_at_once(
    client: PageClient, evaluation: Evaluation, app: Flask
) -> None:
    page = client.get("/manage/evaluations/toolkit/links/new?kind=school&words=school")
    values = {"last": "31 January 2027"}
    page = client.submit(page, values, button="Make the links")
    assert "2 links are made." in page.words
    addresses = [one["value"] for one in page.select("input", readonly=True)]
    assert len(set(addresses)) == 2
    page = client.get("/manage/evaluations/toolkit/links/new?words=school")
    page = client.submit(page, values, button="Make the links")
    assert "0 links are made. 2 had one already and keep it." in page.words
    rows = client.get("/manage/evaluations/toolkit/links.csv").text.splitlines()
    assert rows[1].startswith("Ash School,")
    assert rows[1].endswith(",Open,2027-01-31,0")
    path = addresses[0].removeprefix(app.config["BASE_URL"])
    anybody = app.test_client()
    page = anybody.get(path)  # type: ignore[assignment]
    assert "We see that answers came from Ash School, not from whom there." in page.words
    given = {"aware": "yes", "attended": "yes", "used": "no", "barriers": ["time"]}
    page = answer_from(anybody, page, given)  # type: ignore[arg-type]
    assert page.h1 == "Thank you for answering"  # whose sector is known is not asked for it
    response = db.session.scalars(select(Response)).one()
    assert (response.event_id, response.sector_id is not None) == (None, True)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"last": ""}, "Enter the last day on which they can answer"),
        ({"last": "1 January 2026"}, "The last day is over: enter today or a later day"),
        ({"first": "3 March 2027"}, "The last day must not be before the first day"),
        ({"last": "31 January 2028"}, "The last day must be within 12 months of the first"),
        ({"organisations": None}, "Choose at least one"),
        ({"organisations": "nobody"}, "Choose from the list"),
    ],
)
def test_what_is_wrong_with_new_links_is_said(
    client: PageClient, evaluation: Evaluation, values: dict[str, Any], error: str
) -> None:
    page = client.get("/manage/evaluations/toolkit/links/new?phase=Primary")
    typed = {"last": "31 January 2027", **values}
    page = client.post_form(page, typed, button="Make the links")
    assert page.errors == [error]
    assert db.session.scalar(select(func.count(OpenLink.id))) == 0


def test_the_link_of_the_whole_workforce_has_a_poster_and_cannot_be_closed_here(
    client: PageClient, evaluation: Evaluation
) -> None:
    assert "The whole workforce" in client.get("/manage/survey-links/toolkit").words
    assert "What has come of it?" in client.get("/manage/survey-links/toolkit/poster").words
    assert client.get("/manage/survey-links/toolkit/close").status_code == 404


def test_nothing_on_paper_can_be_misread_as_another_character() -> None:
    assert open_link_rules.typed_slug(" ABCDE fghjk ") == "abcde-fghjk"
    assert open_link_rules.typed_slug("safer-sleep") == "safer-sleep"
    assert open_link_rules.typed_slug("abcde-fghj1") == "abcde-fghj1"


def test_an_address_cannot_be_guessed(event: Event, staff: Person, now: datetime) -> None:
    slugs = {the_link(event, staff, now).slug}
    for _ in range(20):
        link = db.session.scalars(select(OpenLink).order_by(OpenLink.id.desc())).first()
        assert link is not None
        open_links.close_link(link.id, actor=staff, now=now)
        slugs.add(the_link(event, staff, now).slug)
    assert len(slugs) == 21
    assert len({slug[:4] for slug in slugs}) > 15


def test_the_letter_to_a_contact_reads_as_it_is_written_down(
    event: Event, staff: Person, now: datetime
) -> None:
    planned(event, staff, now)
    passed_on(datetime(2027, 2, 10, 9, 0, tzinfo=UTC))
    [letter] = letters()
    slug = db.session.scalars(select(OpenLink.slug)).one()
    text = f"Subject: {letter.subject}\n\n{letter.text_body}".replace(slug, "SLUG")
    file = LETTERS / "a_link_to_pass_on.txt"
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_no_link_is_made_in_a_month_whose_results_are_out(
    client: PageClient, evaluation: Evaluation, now: datetime
) -> None:
    evaluation = db.session.get_one(Evaluation, evaluation.id)
    evaluation.open_until = now - timedelta(hours=1)
    db.session.commit()
    page = client.get("/manage/evaluations/toolkit/links/new")
    page = client.submit(page, {"last": "31 January 2027"}, button="Make the links")
    assert page.errors[0].startswith("The link for the whole workforce closed this month")
    assert db.session.scalar(select(func.count(OpenLink.id))) == 0
