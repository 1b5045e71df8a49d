"""Whatever is sent to a form: never a failure, nothing half done, what was typed is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app.bookings.models import BookingState
from app.kernel.db import db
from app.kernel.forms import one_line, tidy
from app.kernel.tokens import new_reference
from tests.support.comments import some_words
from tests.support.evidence import some_evidence
from tests.support.factories import (
    make_booking,
    make_event,
    make_organisation,
    make_person,
    make_request,
    make_sector,
)
from tests.support.forms_files import an_import_draft
from tests.support.hostile import TEXTS
from tests.support.imports import staged_files
from tests.support.in_house import some_request
from tests.support.needs import some_action, some_measure, some_need
from tests.support.opinions import some_wish
from tests.support.page import Form, Page
from tests.support.page_client import PageClient, PageResponse
from tests.support.reports import a_published_report
from tests.support.reports import begin as begin_report
from tests.support.schools import some_school
from tests.support.world import A_LINE, MARKS, World, make_world, sign_in_as

# What a careful person would type, by the name of the field.
CAREFUL = {
    "email": "dee.park@example.org",
    "name": "Dee Park",
    "title": "Something new",
    "summary": "What it is, in a sentence.",
    "description": "What it is, at length.",
    "who_for": "Everyone who works with families.",
    "subject_words": "the toolkit",
    "heading": "What people say",
    "correction": "A number was wrong",
    "reason": "The trainer is ill",
    "moved_to": "10 January 2028",
    "open_days": "21",
    "counted_from": "1 October 2026",
    "recommendation": "Every setting has a lead for safer sleep",
    "pasted": "Dee Park <dee.park@example.org>",
    "source": "The annual report, page 3",
    "until_on": "3 March 2026",
    "first_reminder": "7",
    "second_reminder": "14",
    "manager_name": "Max Head",
    "manager_email": "max.head@example.org",
    "contact_email": "office@school.example.org",
    "closed_on": "1 October 2026",
    "most_per_organisation": "2",
    "most_per_sector": "5",
    "hold_hours": "24",
    "provider": "The college",
    "learned_on": "3 March 2026",
    "hours": "1.5",
    "day_1": "3 March 2027",
    "starts_1": "9:30am",
    "ends_1": "12:30pm",
    "capacity": "20",
    "new_topics": "",
    "days": "3",
    "at_time": "9am",
    "last": "3 March 2027",
    "url": "https://video.example.org/recording",
    "first_day": "3 March 2027",
    "count": "3",
    "picked": "3 March 2027",
    "starts": "9:30am",
    "ends": "12:30pm",
    "closes_before": "2",
    "should_know": "Thank you for the forum",
    "contact_name": "Kim Lee",
    "contact_how": "01924 111111",
    "outcome": "Rang them",
}
ABOUT_A_REQUEST = {
    "/bookings/<reference>/approval/<token>",
    "/bookings/<reference>/manager",
    "/manage/approvals/<reference>",
}
NOT_TYPED = {"hidden", "radio", "checkbox", "submit"}
EMPTIED_ON_PURPOSE = {"code", "form_key"}  # a wrong code is not shown again; a key is not typed


@dataclass(frozen=True)
class Case:
    """A form of the service: where it stands, who fills it in, which button sends it."""

    rule: str
    who: str
    button: str | None = None
    query: str = ""
    checks_first: bool = False  # a valid form leads to a page that asks once more

    def __str__(self) -> str:
        return self.rule


CASES = (
    Case("/sign-in", "nobody"),
    Case("/surveys/<token>", "nobody", query="?step=1"),
    Case("/surveys/open/<slug>", "nobody", query="?step=1"),
    Case("/events/<reference>/book", "ben"),
    Case("/events/<reference>/book-others", "ben", "Continue", checks_first=True),
    Case("/bookings/<reference>/hand-over", "ana"),
    Case("/bookings/<reference>/adjustments", "ana"),
    Case("/certificates", "nobody"),
    Case("/record/elsewhere/new", "ana"),
    Case("/record/elsewhere/<reference>", "ana"),
    Case("/bookings/<reference>/approval/<token>", "nobody", "Decline"),
    Case("/bookings/<reference>/manager", "ana"),
    Case("/manage/approvals/<reference>", "delivery", "Decline"),
    Case("/manage/offers/<slug>/who-may-book", "delivery", "Save who may book"),
    Case("/welcome", "new"),
    Case("/welcome/organisation", "ana", query="?q=Organisation"),
    Case("/welcome/new-organisation", "ana"),
    Case("/welcome/sector", "ana"),
    Case("/sign-in/set-up", "delivery"),
    Case("/forums/year/<year>/dates", "delivery"),
    Case("/forums/year/<year>/plan/<what>", "delivery", "See the dates", checks_first=True),
    Case("/forums/events/<reference>/half-term", "delivery"),
    Case("/executive-answers/<token>/<reference>", "nobody", "Continue", checks_first=True),
    Case("/opinions/<token>", "nobody", "Continue", checks_first=True),
    Case("/forums/opinions/new", "advisor"),
    Case("/forums/opinions/<reference>/change", "advisor"),
    Case("/forums/opinions/<reference>/read/<opinion_id>", "advisor"),
    Case("/forums/opinions/<reference>/read/<opinion_id>/quote", "advisor"),
    Case("/forums/opinions/wishes/<reference>", "advisor"),
    Case("/forums/themes/new", "advisor"),
    Case("/forums/themes/<reference>/rename", "advisor"),
    Case("/forums/themes/<reference>/merge", "advisor"),
    Case("/forums/executive/<reference>/questions", "advisor"),
    Case("/forums/executive/<reference>/link", "advisor"),
    Case("/forums/executive/themes/<reference>/answer", "advisor"),
    Case("/forums/executive/themes/<reference>/need", "advisor"),
    Case("/forums/executive/themes/<reference>/publish", "advisor"),
    Case("/forums/schools/to-contact", "advisor", query="?absent=1"),
    Case("/forums/schools/<reference>/contact", "advisor"),
    Case("/school-list/<token>", "nobody", checks_first=True),
    Case("/forums/schools/<reference>/leads/new", "advisor"),
    Case("/forums/schools/<reference>/leads/<int:post_id>/end", "advisor"),
    Case("/forums/events/<reference>/topics/new", "delivery"),
    Case("/forums/events/<reference>/topics/<int:topic_id>", "delivery"),
    Case("/manage/offers/new", "delivery", "Save the offer"),
    Case("/manage/offers/<slug>/edit", "delivery", "Save the offer"),
    Case("/manage/offers/<slug>/trainers", "delivery", "Save"),
    Case("/manage/offers/<slug>/events/new", "delivery", "Save the draft"),
    Case("/manage/offers/<slug>/events/run", "delivery", "See the dates", checks_first=True),
    Case(
        "/manage/programme/copy",
        "delivery",
        "See the new dates",
        query="?from=1+1+2020&until=31+12+2030",
        checks_first=True,
    ),
    Case("/manage/series/new", "delivery"),
    Case("/manage/series/<slug>/edit", "delivery"),
    Case("/manage/evidence/new", "delivery"),
    Case("/manage/evidence/<reference>", "delivery"),
    Case("/manage/evidence/<reference>/withdraw", "delivery"),
    Case("/manage/needs/new", "evaluator"),
    Case("/learning/<slug>/in-house", "ben"),
    Case("/manage/in-house/<reference>", "delivery"),
    Case("/manage/in-house/<reference>/decline", "delivery"),
    Case("/manage/events/<reference>/write", "delivery", checks_first=True),
    Case("/manage/needs/<reference>/edit", "delivery"),
    Case("/manage/needs/<reference>/offers", "delivery"),
    Case("/manage/needs/<reference>/decide", "delivery"),
    Case("/manage/actions/new", "delivery"),
    Case("/manage/actions/<reference>", "delivery"),
    Case("/manage/actions/<reference>/close", "delivery"),
    Case("/manage/measures/<reference>/retire", "delivery"),
    Case("/manage/offers/<slug>/why", "delivery", "Add the measure"),
    Case("/manage/events/<reference>/bookings/new", "delivery", checks_first=True),
    Case("/manage/events/<reference>/waiting-list/<booking_reference>/remove", "delivery"),
    Case("/manage/events/<reference>/cancel", "delivery"),
    Case("/manage/events/<reference>/change", "delivery", "Continue", checks_first=True),
    Case("/manage/events/<reference>/register", "delivery"),
    Case("/manage/events/<reference>/recording", "delivery"),
    Case("/manage/events/<reference>/trainers", "delivery"),
    Case("/manage/events/<reference>/register/heads", "delivery", "Save the head count"),
    Case("/manage/events/<reference>/register/meeting", "delivery"),
    Case("/manage/notices/<reference>/switch", "delivery"),
    Case("/manage/notices/new", "delivery", "See whom it would mail", checks_first=True),
    Case("/manage/notices/<reference>", "delivery", "See whom it would mail", checks_first=True),
    Case("/manage/wording/<kind>", "delivery", "Save and use these words"),
    Case("/manage/people/<reference>/details", "delivery"),
    Case("/manage/people/<reference>/organisation", "delivery"),
    Case("/manage/people/<reference>/address", "delivery"),
    Case("/manage/people/<reference>/state", "delivery"),
    Case("/manage/organisations/new", "delivery"),
    Case("/manage/organisations/<reference>/details", "delivery"),
    Case("/manage/organisations/<reference>/names", "delivery", "Add the name"),
    Case("/manage/organisations/<reference>/close", "delivery", query="?q=Organisation"),
    Case("/manage/offers/<slug>/surveys", "delivery"),
    Case("/manage/evaluations/new", "delivery"),
    Case("/manage/evaluations/<slug>", "delivery"),
    Case(
        "/manage/evaluations/<slug>/links/new", "delivery", "Make the links", query="?kind=agency"
    ),
    Case("/manage/events/<reference>/survey-links", "delivery", "Plan the later link"),
    Case("/manage/evaluations/<slug>/plan/<int(signed=True):months>/change", "delivery"),
    Case("/manage/evaluations/new-list", "delivery"),
    Case("/manage/evaluations/<slug>/people/add", "delivery", "Check the list", checks_first=True),
    Case(f"{A_LINE}/move", "delivery", "Ask on that day"),
    Case(f"{A_LINE}/skip", "delivery", "Skip it"),
    Case("/manage/questionnaires/new", "delivery"),
    Case("/manage/questionnaires/<slug>/rename", "delivery"),
    Case("/manage/questionnaires/<slug>/copy", "delivery"),
    Case("/manage/questionnaires/<slug>/draft/questions/new/<kind>", "delivery"),
    Case("/manage/questionnaires/<slug>/draft/questions/<key>", "delivery"),
    Case("/manage/questionnaires/<slug>/draft/questions/<key>/heading", "delivery"),
    Case("/manage/questionnaires/<slug>/draft/questions/<key>/when", "delivery"),
    Case("/manage/questionnaires/<slug>/draft/standard-questions", "delivery"),
    Case(
        "/manage/questionnaires/<slug>/versions/<int:number>/preview", "delivery", checks_first=True
    ),
    Case("/impact/words/read/<slug>", "delivery"),
    Case("/impact/words/comments/<int:answer_id>", "delivery"),
    Case("/impact/words/comments/<int:answer_id>/take-out", "delivery", "Take the words out"),
    Case("/impact/words/comments/<int:answer_id>/quote", "delivery"),
    Case("/impact/words/themes", "delivery"),
    Case("/impact/words/themes/<reference>", "delivery"),
    Case("/impact/words/themes/<reference>/merge", "delivery"),
    Case("/impact/words/reader", "delivery"),
    Case("/impact/quotes/<reference>/change", "delivery"),
    Case("/manage/import/schools", "delivery"),
    Case("/manage/import/organisations", "delivery"),
    Case("/manage/import/attendance", "delivery"),
    Case("/manage/import/schools/<reference>", "delivery", "Take this in"),
    Case("/manage/import/organisations/<reference>", "delivery", "Continue"),
    Case("/manage/import/organisations/<reference>/check", "delivery", "Continue"),
    Case("/manage/import/leads", "delivery"),
    Case("/manage/import/leads/<reference>", "delivery", "Continue"),
    Case("/manage/import/leads/<reference>/check", "delivery", "Take this in"),
    Case("/manage/import/leads/<reference>/schools", "delivery", "Continue"),
    Case("/manage/import/attendance/<reference>", "delivery", "Continue"),
    Case("/manage/import/attendance/<reference>/check", "delivery", "Continue"),
    Case("/manage/surveys/import", "delivery"),
    Case("/manage/surveys/import/<reference>", "delivery"),
    Case("/impact/reports/new/<slug>", "delivery", "Begin the report"),
    Case("/impact/reports/<slug>/correct", "delivery", "Begin the correction"),
    Case("/impact/reports/<slug>/sections/<int:section_id>", "delivery", "Save the section"),
    Case("/impact/reports/<slug>/sections/new", "delivery", "Save the section"),
    Case("/impact/reports/<slug>/withdraw", "delivery", "Withdraw the report"),
    Case("/impact/reports/<slug>/words", "delivery", "Save"),
    Case("/admin", "administrator"),
    Case("/admin/organisations/<reference>", "administrator"),
    Case("/admin/organisations/<reference>/merge", "administrator", query="?q=Organisation"),
)


@pytest.fixture
def world(app: Flask, now: datetime) -> World:
    return make_world(now)


def typed_form(page: Page) -> Form | None:
    """The form of a page with most to fill in; None if there is none with anything."""
    forms = [form for form in page.forms if form.element.get("method").lower() == "post"]
    most = max(forms, key=lambda form: len(form.names), default=None)
    return most if most and most.names - {"csrf_token"} else None


def address_of(case: Case, world: World, app: Flask, now: datetime) -> str:
    """Where the form stands; with a new thing where a form that was accepted ends the old one."""
    if case.rule in {"/events/<reference>/book", "/manage/events/<reference>/cancel"}:
        offer = db.session.merge(world.offer)
        event = make_event(offer, starts_at=now + timedelta(days=20))
        db.session.commit()
        return world.address(case.rule, app, reference=event.reference)
    if case.rule.endswith("/waiting-list/<booking_reference>/remove"):
        waits = make_booking(
            make_event(starts_at=now + timedelta(days=20)), state=BookingState.WAITING
        )
        db.session.commit()
        names = {"reference": waits.event.reference, "booking_reference": waits.reference}
        return world.address(case.rule, app, **names)
    if case.rule == "/bookings/<reference>/hand-over":
        ana = db.session.merge(world.people["ana"])
        place = make_booking(make_event(starts_at=now + timedelta(days=20)), ana)
        db.session.commit()
        return world.address(case.rule, app, reference=place.reference)
    if case.rule in ABOUT_A_REQUEST:
        ana = db.session.merge(world.people["ana"])
        asked = make_request(make_event(starts_at=now + timedelta(days=20)), ana, asked_at=now)
        db.session.commit()
        world.ask_about(asked)
    if case.rule == "/manage/surveys/import/<reference>":
        evaluation, actor = db.session.merge(world.evaluation), world.people["delivery"]
        draft = an_import_draft(evaluation.id, db.session.merge(actor), now=now)
        return world.address(case.rule, app, reference=draft)
    if case.rule.startswith("/manage/import/") and "<reference>" in case.rule:
        actor = db.session.merge(world.people["delivery"])
        files = staged_files(actor, make_sector("Lists"), now=now)
        db.session.commit()
        return world.address(case.rule, app, reference=files[case.rule.split("/")[3]])
    if case.rule in {"/impact/reports/<slug>/correct", "/impact/reports/<slug>/withdraw"}:
        evaluation, actor = db.session.merge(world.evaluation), world.people["delivery"]
        report = a_published_report(evaluation, db.session.merge(actor), now=now)
        return world.address(case.rule, app, slug=report)
    if case.rule == "/impact/reports/<slug>/sections/new":
        evaluation, actor = db.session.merge(world.evaluation), world.people["delivery"]
        report = begin_report(evaluation, db.session.merge(actor), now=now)
        return world.address(case.rule, app, slug=report)
    if case.rule == "/impact/words/read/<slug>":
        evaluation = db.session.merge(world.evaluation)
        some_words(evaluation, new_reference(), new_reference(), now=now)
        db.session.commit()
    if case.rule == "/manage/evidence/<reference>/withdraw":
        offer, actor = db.session.merge(world.offer), db.session.merge(world.people["delivery"])
        return world.address(case.rule, app, reference=some_evidence(offer, actor, now=now))
    if case.rule.startswith(("/manage/needs/<", "/manage/actions/<", "/manage/measures/<")):
        offer, actor = db.session.merge(world.offer), db.session.merge(world.people["delivery"])
        if "actions" in case.rule:
            made: Any = some_action(actor, now=now)
        else:
            made = (
                some_need(actor, now=now)
                if "needs" in case.rule
                else some_measure(offer, actor, now=now, words=new_reference())
            )
        return world.address(case.rule, app, reference=made.reference)
    if case.rule.startswith("/manage/in-house/<"):
        offer, actor = db.session.merge(world.offer), db.session.merge(world.people["ana"])
        return world.address(case.rule, app, reference=some_request(offer, actor, now=now))
    if case.rule.startswith("/manage/people/<"):
        somebody = make_person()
        db.session.commit()
        return world.address(case.rule, app, reference=somebody.reference)
    if case.rule.startswith("/manage/organisations/<"):
        body = make_organisation()
        db.session.commit()
        return world.address(case.rule, app, reference=body.reference)
    if case.rule == "/forums/opinions/wishes/<reference>":
        return world.address(case.rule, app, reference=some_wish(world.opinions.round, now=now))
    if case.rule.startswith(("/forums/schools/<", "/school-list/<")):
        school = some_school(db.session.merge(world.people["advisor"]), now=now)
        db.session.commit()
        named = {name: one for name, one in vars(school).items() if f"{name}>" in case.rule}
        return world.address(case.rule, app, **named)
    if case.rule.startswith("/admin/organisations/"):
        proposed = make_organisation(proposed_at=now)
        db.session.commit()
        return world.address(case.rule, app, reference=proposed.reference)
    return world.address(case.rule, app)


def filled_in(form: Form) -> dict[str, Any]:
    """The form as a careful person would send it."""
    sent: dict[str, Any] = dict(form.values)
    for control in form.element.everything:
        name, kind = control.get("name"), control.get("type", "text")
        if not name or control.tag == "button" or kind == "submit":
            continue
        if kind == "radio" and name not in sent:
            sent[name] = [control["value"]]
        elif control.tag == "select" and sent.get(name) == [""]:
            sent[name] = [option.get("value") for option in control.select("option")][-1:]
        elif kind not in NOT_TYPED and not "".join(sent.get(name, [])).strip():
            sent[name] = [CAREFUL.get(name, "")]
    return sent


def typed_names(form: Form) -> list[str]:
    """The fields of the form into which one types."""
    return [
        control["name"]
        for control in form.element.everything
        if control.tag in {"input", "textarea"}
        and control.get("type", "text") not in NOT_TYPED
        and control.get("name")
    ]


def open_form(
    client: PageClient, case: Case, world: World, app: Flask, now: datetime
) -> tuple[PageResponse, Form]:
    """The page with the form, and the form."""
    page = client.get(address_of(case, world, app, now) + case.query)
    assert page.status_code == 200
    form = typed_form(page.page)
    assert form
    return page, form


def send(
    client: PageClient, case: Case, page: PageResponse, form: Form, values: dict[str, Any]
) -> PageResponse:
    """Send the form, and hold what every answer to a form must keep."""
    pressed = form.button(case.button) if case.button else form.buttons[0]
    button = {pressed["name"]: pressed.get("value")} if pressed.get("name") else {}
    answer = client.post(target(page, form), data={**values, **button})
    assert answer.status_code in {200, 302, 303, 429}, answer.status_code
    if is_accepted(case, answer):
        return answer
    assert answer.errors, "no error summary"
    assert answer.page.title.startswith("Error: ")
    return answer


def target(page: PageResponse, form: Form) -> str:
    """Where the form is sent."""
    return form.action or page.request.full_path.rstrip("?")


def is_accepted(case: Case, answer: PageResponse) -> bool:
    """Whether the answer to a form says that all was well with it."""
    asks_once_more = case.checks_first and answer.status_code == 200 and not answer.errors
    return asks_once_more or answer.status_code in {302, 303}


def kept(answer: PageResponse) -> dict[str, list[str]]:
    """What the form of an answer shows as typed."""
    form = typed_form(answer.page)
    return form.values if form else {}


@pytest.mark.one_database  # which pages have a form: test_safe_methods.py reads them all on both
def test_every_form_of_the_service_is_tried_here(
    app: Flask, client: PageClient, world: World
) -> None:
    found = set()
    for who in ("nobody", "ana", "new", "ben", "delivery", "advisor", "administrator"):
        with client.session_transaction() as session:
            session.clear()
        if who != "nobody":
            sign_in_as(client, world, who)
        for rule in app.url_map.iter_rules():
            if "POST" not in (rule.methods or set()) or "GET" not in (rule.methods or set()):
                continue
            if who == "advisor" and not rule.rule.startswith("/forums/"):
                continue  # what others may use too
            query = next((case.query for case in CASES if case.rule == rule.rule), "")
            answer = client.get(world.address(rule, app) + query)
            if answer.status_code == 200 and typed_form(answer.page):
                found.add(rule.rule)
    tried = {case.rule for case in CASES}
    assert (sorted(found - tried), sorted(tried - found)) == ([], [])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_nobody_should_type_is_refused_or_kept_as_it_is(
    app: Flask, client: PageClient, world: World, now: datetime, case: Case
) -> None:
    begin(client, case, world)
    page, form = open_form(client, case, world, app, now)
    for words, text in TEXTS.items():
        names = typed_names(form)
        answer = send(client, case, page, form, {**filled_in(form), **dict.fromkeys(names, text)})
        if is_accepted(case, answer):
            if has_written(client):
                page, form = open_form(client, case, world, app, now)
            continue
        assert not has_written(client), f"{words} was written"
        shown = kept(answer)
        for name in set(names) & set(shown) - EMPTIED_ON_PURPOSE:
            ways = {text, tidy(text), one_line(text), tidy(text).lower(), one_line(text).lower()}
            assert "".join(shown[name]).strip("\r\n") in ways, f"{name}: {words} is not kept"


def begin(client: PageClient, case: Case, world: World) -> None:
    """Be whoever fills in the form."""
    if case.who != "nobody":
        sign_in_as(client, world, case.who)


def has_written(client: PageClient) -> bool:
    """Whether the request before wrote anything that counts, and kept it."""
    return not MARKS.issuperset(client.watch.kept)


@pytest.mark.slow
@pytest.mark.strictest_database  # what SQLite takes amiss of this, PostgreSQL does as well
@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_field_missing_empty_doubled_or_odd_is_answered_with_a_page(
    app: Flask, client: PageClient, world: World, now: datetime, case: Case
) -> None:
    begin(client, case, world)
    page, form = open_form(client, case, world, app, now)
    for name in sorted(form.names - {"csrf_token"}):
        for given in oddly(filled_in(form).get(name, [])):
            values = {**filled_in(form), name: given}
            sent = {field: value for field, value in values.items() if value is not None}
            is_good = is_accepted(case, send(client, case, page, form, sent))
            if has_written(client):
                assert is_good, f"{name}: {given}"
                page, form = open_form(client, case, world, app, now)


def oddly(usual: list[str]) -> Iterator[Any]:
    """What may come in place of one field's usual values."""
    yield None
    yield ""
    yield "no such\x00choice"
    yield "9999999999999999999"
    yield [*usual, "another", *["more"] * 99]


@pytest.mark.one_database  # decided before the database is asked
def test_a_form_with_a_wrong_token_is_refused_and_changes_nothing(
    app: Flask, client: PageClient, world: World, now: datetime
) -> None:
    for case in CASES:
        begin(client, case, world)
        page, form = open_form(client, case, world, app, now)
        for token in ("", "wrong", "\x00", "a" * 5000):
            sent = {**filled_in(form), "csrf_token": token}
            assert client.post(target(page, form), data=sent).status_code == 400
            assert not has_written(client), case.rule
