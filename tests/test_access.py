"""Who may use which page: one table, held against every rule, method and kind of person."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.page_client import WRITES, PageClient, PageResponse
from tests.support.signing_in import sign_out
from tests.support.world import MARKS, MISSING, World, make_world, rule_called, sign_in_as

D, A, T, E, ADMIN = "delivery", "advisor", "trainer", "evaluator", "administrator"
ROLES = tuple(role.value for role in Role)

ANYBODY = "anybody"
SIGNED_IN = "signed in"
OWNER = "owner"  # whose booking it is; to everybody else it is not there
OWN_DEVICE = "own device"  # a sign-in of one's own; the one in the address is somebody else's
EXAMPLE = "example"  # exists in the example programme only
PROGRAMME = frozenset({D, A})  # who plan and run the programme
LOOKING = frozenset({D, A, T})  # who see the programme from inside
FIGURES = frozenset({D, A, E})  # who see aggregates
ADVISING = frozenset({A})  # who read what schools say
PEOPLE = frozenset({D, ADMIN})  # who correct what is kept of people
SETTINGS = frozenset({ADMIN})
RUNNING = "running"  # who plan, and trainers for their own sessions; the one here is not theirs

POLICY: dict[str, str | frozenset[str]] = {
    # What everybody may see
    "/": ANYBODY,
    "/accessibility": ANYBODY,
    "/booking-policy": ANYBODY,
    "/certificates": ANYBODY,
    "/certificates/<code>": ANYBODY,  # whoever was given the code
    "/brand.css": ANYBODY,
    "/calendar.ics": ANYBODY,
    "/cookies": ANYBODY,
    "/evaluation-reports": ANYBODY,
    "/evaluation-reports/<slug>": ANYBODY,
    "/evaluation-reports/<slug>/versions/<int:number>": ANYBODY,
    "/evaluation-reports/<slug>/versions/<int:number>/charts/<key>.svg": ANYBODY,
    "/evaluation-reports/<slug>/versions/<int:number>/figures.csv": ANYBODY,
    "/evaluation-reports/<slug>/versions/<int:number>/figures.xlsx": ANYBODY,
    "/events/<reference>": ANYBODY,
    "/events/<reference>.ics": ANYBODY,
    "/events/<reference>/book": SIGNED_IN,
    "/events/<reference>/book-others": SIGNED_IN,
    "/events/<reference>/booked-others": SIGNED_IN,
    "/healthz": ANYBODY,
    "/learning": ANYBODY,
    "/learning.atom": ANYBODY,
    "/learning.json": ANYBODY,
    "/learning/<slug>": ANYBODY,
    "/learning/<slug>/tell-me": SIGNED_IN,
    "/privacy": ANYBODY,
    "/readyz": ANYBODY,
    "/reminders/<reference>/<token>": ANYBODY,  # who holds the link
    "/robots.txt": ANYBODY,
    "/sign-in": ANYBODY,
    "/sign-in/again": ANYBODY,
    "/sign-in/code": ANYBODY,
    "/sign-out": ANYBODY,
    "/sitemap.xml": ANYBODY,
    "/static/<path:filename>": ANYBODY,
    "/s/<slug>": ANYBODY,
    "/surveys/<token>": ANYBODY,  # who holds the link
    "/surveys/<token>/stop": ANYBODY,
    "/surveys/<token>/stopped": ANYBODY,
    "/surveys/open/<slug>": ANYBODY,
    "/surveys/open/<slug>/done": ANYBODY,
    # A person's own things
    "/bookings": SIGNED_IN,
    "/bookings/<reference>": OWNER,
    "/bookings/<reference>/adjustments": OWNER,
    "/bookings/<reference>/approval/<token>": ANYBODY,  # who holds the link
    "/bookings/<reference>/calendar.ics": OWNER,
    "/bookings/<reference>/cancel": OWNER,
    "/bookings/<reference>/certificate": OWNER,
    "/bookings/<reference>/hand-over": OWNER,
    "/bookings/<reference>/held": OWNER,
    "/bookings/<reference>/held/<token>": ANYBODY,  # who holds the link
    "/bookings/<reference>/cant-come/<token>": ANYBODY,  # who holds the link
    "/bookings/<reference>/join": OWNER,
    "/bookings/for-others/<reference>": SIGNED_IN,
    "/bookings/<reference>/move": OWNER,
    "/bookings/<reference>/move/<to_reference>": OWNER,
    "/bookings/<reference>/manager": OWNER,
    "/profile": SIGNED_IN,
    "/profile/sign-ins/<name>/end": OWN_DEVICE,
    "/record": SIGNED_IN,
    "/record.csv": SIGNED_IN,
    "/record/elsewhere/<reference>": OWNER,
    "/record/elsewhere/<reference>/remove": OWNER,
    "/record/elsewhere/new": SIGNED_IN,
    "/record/reminders": SIGNED_IN,
    "/sign-in/recovery-codes": SIGNED_IN,
    "/sign-in/second-step": SIGNED_IN,
    "/sign-in/set-up": SIGNED_IN,
    "/welcome": SIGNED_IN,
    "/welcome/new-organisation": SIGNED_IN,
    "/welcome/organisation": SIGNED_IN,
    "/welcome/sector": SIGNED_IN,
    # The programme from inside
    "/manage": LOOKING,
    "/manage/approvals": PROGRAMME,
    "/manage/approvals/<reference>": PROGRAMME,
    "/manage/bulletin": PROGRAMME,
    "/manage/evaluations": PROGRAMME,
    "/manage/evaluations/<slug>": PROGRAMME,
    "/manage/evaluations/<slug>/links": PROGRAMME,
    "/manage/evaluations/<slug>/links.csv": PROGRAMME,
    "/manage/evaluations/<slug>/links/new": PROGRAMME,
    "/manage/evaluations/<slug>/people": PROGRAMME,
    "/manage/evaluations/<slug>/people/<reference>/remove": PROGRAMME,
    "/manage/evaluations/<slug>/people/add": PROGRAMME,
    "/manage/evaluations/<slug>/plan/<int(signed=True):months>/change": PROGRAMME,
    "/manage/evaluations/<slug>/plan/<int(signed=True):months>/of/<line>": PROGRAMME,
    "/manage/evaluations/<slug>/plan/<int(signed=True):months>/of/<line>/move": PROGRAMME,
    "/manage/evaluations/<slug>/plan/<int(signed=True):months>/of/<line>/skip": PROGRAMME,
    "/manage/evaluations/<slug>/plan/<int(signed=True):months>/of/<line>/undo": PROGRAMME,
    "/manage/evaluations/<slug>/plan/<int(signed=True):months>/remove": PROGRAMME,
    "/manage/evaluations/new": PROGRAMME,
    "/manage/evaluations/new-list": PROGRAMME,
    "/manage/evidence": FIGURES,
    "/manage/evidence/<reference>": PROGRAMME,
    "/manage/evidence/<reference>/withdraw": PROGRAMME,
    "/manage/evidence/new": PROGRAMME,
    "/manage/needs": FIGURES,
    "/manage/needs/new": FIGURES,
    "/manage/needs/<reference>": FIGURES,
    "/manage/needs/<reference>/decide": PROGRAMME,
    "/manage/needs/<reference>/edit": PROGRAMME,
    "/manage/needs/<reference>/offers": PROGRAMME,
    "/manage/actions": FIGURES,
    "/manage/actions/new": PROGRAMME,
    "/manage/actions/<reference>": PROGRAMME,
    "/manage/actions/<reference>/close": PROGRAMME,
    "/manage/measures/<reference>/retire": PROGRAMME,
    "/manage/offers/<slug>/why": PROGRAMME,
    "/manage/events/<reference>/write": PROGRAMME,
    "/manage/in-house": PROGRAMME,
    "/manage/in-house/<reference>": PROGRAMME,
    "/manage/in-house/<reference>/decline": PROGRAMME,
    "/in-house/<reference>": OWNER,
    "/learning/<slug>/in-house": SIGNED_IN,
    "/manage/events/<reference>": RUNNING,
    "/manage/events/<reference>/bookings": RUNNING,
    "/manage/events/<reference>/bookings/<booking_reference>": PROGRAMME,
    "/manage/events/<reference>/bookings/<booking_reference>/cancel": PROGRAMME,
    "/manage/events/<reference>/bookings/<booking_reference>/move": PROGRAMME,
    "/manage/events/<reference>/bookings/<booking_reference>/move/<to_reference>": PROGRAMME,
    "/manage/events/<reference>/bookings/new": PROGRAMME,
    "/manage/events/<reference>/cancel": PROGRAMME,
    "/manage/events/<reference>/change": PROGRAMME,
    "/manage/events/<reference>/close": RUNNING,
    "/manage/events/<reference>/messages": PROGRAMME,
    "/manage/events/<reference>/notices": PROGRAMME,
    "/manage/events/<reference>/notices/<round_reference>": PROGRAMME,
    "/manage/events/<reference>/publish": PROGRAMME,
    "/manage/events/<reference>/recording": PROGRAMME,
    "/manage/events/<reference>/trainers": PROGRAMME,
    "/manage/events/<reference>/register": RUNNING,
    "/manage/events/<reference>/register/heads": RUNNING,
    "/manage/events/<reference>/register/meeting": RUNNING,
    "/manage/events/<reference>/register/meeting/check": RUNNING,
    "/manage/events/<reference>/register/meeting/undo": RUNNING,
    "/manage/events/<reference>/register/sheet": RUNNING,
    "/manage/events/<reference>/survey-links": PROGRAMME,
    "/manage/events/<reference>/survey-links/later/<int:months>/withdraw": PROGRAMME,
    "/manage/events/<reference>/waiting-list": PROGRAMME,
    "/manage/events/<reference>/waiting-list/<booking_reference>/remove": PROGRAMME,
    "/manage/notices": PROGRAMME,
    "/manage/notices/<reference>": PROGRAMME,
    "/manage/notices/<reference>/switch": PROGRAMME,
    "/manage/notices/new": PROGRAMME,
    "/manage/organisations": PROGRAMME,
    "/manage/organisations/new": PROGRAMME,
    "/manage/organisations/<reference>": PROGRAMME,
    "/manage/organisations/<reference>/close": PROGRAMME,
    "/manage/organisations/<reference>/details": PROGRAMME,
    "/manage/organisations/<reference>/merge": PROGRAMME,
    "/manage/organisations/<reference>/merge/<into_reference>": PROGRAMME,
    "/manage/organisations/<reference>/names": PROGRAMME,
    "/manage/organisations/<reference>/names/remove": PROGRAMME,
    "/manage/organisations/<reference>/reopen": PROGRAMME,
    "/manage/people": PEOPLE,
    "/manage/people/<reference>": PEOPLE,
    "/manage/people/<reference>/address": PEOPLE,
    "/manage/people/<reference>/details": PEOPLE,
    "/manage/people/<reference>/merge": PEOPLE,
    "/manage/people/<reference>/merge/<into_reference>": PEOPLE,
    "/manage/people/<reference>/organisation": PEOPLE,
    "/manage/people/<reference>/state": PEOPLE,
    "/manage/wording": PROGRAMME,
    "/manage/wording/<kind>": PROGRAMME,
    "/manage/wording/<kind>/standard": PROGRAMME,
    "/manage/offers": LOOKING,
    "/manage/offers/<slug>": LOOKING,
    "/manage/offers/<slug>/archive": PROGRAMME,
    "/manage/offers/<slug>/copy": PROGRAMME,
    "/manage/offers/<slug>/edit": PROGRAMME,
    "/manage/offers/<slug>/events": LOOKING,
    "/manage/offers/<slug>/events/new": PROGRAMME,
    "/manage/offers/<slug>/events/run": PROGRAMME,
    "/manage/programme/copy": PROGRAMME,
    "/manage/offers/<slug>/new-dates": LOOKING,
    "/manage/offers/<slug>/publish": PROGRAMME,
    "/manage/offers/<slug>/surveys": PROGRAMME,
    "/manage/offers/<slug>/trainers": PROGRAMME,
    "/manage/offers/<slug>/who-may-book": PROGRAMME,
    "/manage/offers/new": PROGRAMME,
    "/manage/questionnaires": PROGRAMME,
    "/manage/questionnaires/<slug>": PROGRAMME,
    "/manage/questionnaires/<slug>/copy": PROGRAMME,
    "/manage/questionnaires/<slug>/draft/discard": PROGRAMME,
    "/manage/questionnaires/<slug>/draft/publish": PROGRAMME,
    "/manage/questionnaires/<slug>/draft/questions/<key>": PROGRAMME,
    "/manage/questionnaires/<slug>/draft/questions/<key>/heading": PROGRAMME,
    "/manage/questionnaires/<slug>/draft/questions/<key>/remove": PROGRAMME,
    "/manage/questionnaires/<slug>/draft/questions/<key>/when": PROGRAMME,
    "/manage/questionnaires/<slug>/draft/questions/new/<kind>": PROGRAMME,
    "/manage/questionnaires/<slug>/draft/standard-questions": PROGRAMME,
    "/manage/questionnaires/<slug>/new-version": PROGRAMME,
    "/manage/questionnaires/<slug>/rename": PROGRAMME,
    "/manage/questionnaires/<slug>/versions/<int:number>": PROGRAMME,
    "/manage/questionnaires/<slug>/versions/<int:number>/preview": PROGRAMME,
    "/manage/questionnaires/new": PROGRAMME,
    "/manage/series": LOOKING,
    "/manage/series/<slug>/edit": PROGRAMME,
    "/manage/series/new": PROGRAMME,
    "/manage/survey-links/<slug>": PROGRAMME,
    "/manage/survey-links/<slug>/close": PROGRAMME,
    "/manage/survey-links/<slug>/poster": PROGRAMME,
    "/manage/survey-links/<slug>/qr.png": PROGRAMME,
    "/manage/survey-links/<slug>/qr.svg": PROGRAMME,
    "/manage/surveys": PROGRAMME,
    "/manage/import": PROGRAMME,
    "/manage/import/attendance": frozenset({D}),
    "/manage/import/attendance/<reference>": frozenset({D}),
    "/manage/import/attendance/<reference>/check": frozenset({D}),
    "/manage/import/files/<reference>": PROGRAMME,
    "/manage/import/files/<reference>/give-up": PROGRAMME,
    "/manage/import/files/<reference>/undo": PROGRAMME,
    "/manage/import/leads": PROGRAMME,
    "/manage/import/leads/<reference>": PROGRAMME,
    "/manage/import/leads/<reference>/check": PROGRAMME,
    "/manage/import/leads/<reference>/left-out.csv": PROGRAMME,
    "/manage/import/leads/<reference>/schools": PROGRAMME,
    "/manage/import/organisations": frozenset({D}),
    "/manage/import/organisations/<reference>": frozenset({D}),
    "/manage/import/organisations/<reference>/check": frozenset({D}),
    "/manage/import/schools": PROGRAMME,
    "/manage/import/schools/<reference>": PROGRAMME,
    "/manage/surveys/import": PROGRAMME,
    "/manage/surveys/import/<reference>": PROGRAMME,
    "/manage/surveys/imports/<reference>": PROGRAMME,
    "/manage/surveys/imports/<reference>/undo": PROGRAMME,
    # Forums of schools' safeguarding leads
    "/forums": PROGRAMME,
    "/forums/year": PROGRAMME,
    "/forums/year/<year>": PROGRAMME,
    "/forums/year/<year>/dates": PROGRAMME,
    "/forums/year/<year>/limit-peer-support/<slug>": PROGRAMME,
    "/forums/year/<year>/plan/<what>": PROGRAMME,
    "/forums/events/<reference>": PROGRAMME,
    "/forums/events/<reference>/half-term": PROGRAMME,
    "/forums/events/<reference>/invitations": PROGRAMME,
    "/forums/events/<reference>/topics/<int:topic_id>": PROGRAMME,
    "/forums/events/<reference>/topics/<int:topic_id>/down": PROGRAMME,
    "/forums/events/<reference>/topics/<int:topic_id>/remove": PROGRAMME,
    "/forums/events/<reference>/topics/<int:topic_id>/up": PROGRAMME,
    "/forums/events/<reference>/topics/new": PROGRAMME,
    "/forums/schools": PROGRAMME,
    "/forums/schools.csv": PROGRAMME,
    "/forums/schools/year": PROGRAMME,
    "/forums/schools/to-contact": PROGRAMME,
    "/forums/schools/lists": PROGRAMME,
    "/forums/schools/lists/ask": PROGRAMME,
    "/forums/schools/lists/<change>/confirm": PROGRAMME,
    "/forums/schools/lists/<change>/take-back": PROGRAMME,
    "/school-list/<token>": ANYBODY,  # who holds the link
    "/forums/schools/<reference>": PROGRAMME,
    "/forums/schools/<reference>/contact": PROGRAMME,
    "/forums/schools/<reference>/leads/new": PROGRAMME,
    "/forums/schools/<reference>/leads/<int:post_id>/end": PROGRAMME,
    "/forums/catch-up": SIGNED_IN,
    "/forums/events/<reference>/watched": PROGRAMME,
    "/forums/executive": PROGRAMME,
    "/forums/executive/<reference>": PROGRAMME,
    "/forums/executive/<reference>/link": PROGRAMME,
    "/forums/executive/<reference>/print": PROGRAMME,
    "/forums/executive/<reference>/questions": PROGRAMME,
    "/forums/executive/links/<reference>/withdraw": PROGRAMME,
    "/forums/executive/themes/<reference>": PROGRAMME,
    "/forums/executive/themes/<reference>/answer": PROGRAMME,
    "/forums/executive/themes/<reference>/done": PROGRAMME,
    "/forums/executive/themes/<reference>/need": PROGRAMME,
    "/forums/executive/themes/<reference>/publish": PROGRAMME,
    "/forums/executive/themes/<reference>/take-back": PROGRAMME,
    "/executive-answers/<token>": ANYBODY,  # who holds the link
    "/executive-answers/<token>/<reference>": ANYBODY,
    "/you-said-we-did": ANYBODY,
    "/forums/opinions": PROGRAMME,
    "/forums/opinions/new": ADVISING,
    "/forums/opinions/wishes": PROGRAMME,
    "/forums/opinions/wishes/<reference>": PROGRAMME,
    "/forums/opinions/<reference>": PROGRAMME,
    "/forums/opinions/<reference>/change": ADVISING,
    "/forums/opinions/<reference>/close": ADVISING,
    "/forums/opinions/<reference>/open": ADVISING,
    "/forums/opinions/<reference>/quotes": PROGRAMME,
    "/forums/opinions/<reference>/quotes/<quote_reference>": PROGRAMME,
    "/forums/opinions/<reference>/read": ADVISING,
    "/forums/opinions/<reference>/read/<opinion_id>": ADVISING,
    "/forums/opinions/<reference>/read/<opinion_id>/act-now": ADVISING,
    "/forums/opinions/<reference>/read/<opinion_id>/quote": ADVISING,
    "/forums/opinions/<reference>/remove": ADVISING,
    "/forums/themes": PROGRAMME,
    "/forums/themes/<reference>": PROGRAMME,
    "/forums/themes/<reference>/merge": ADVISING,
    "/forums/themes/<reference>/rename": ADVISING,
    "/forums/themes/new": ADVISING,
    "/opinions/<token>": ANYBODY,  # who holds the link
    "/opinions/<token>/done": ANYBODY,
    "/forums/training": PROGRAMME,
    "/forums/training/people.csv": PROGRAMME,
    "/forums/training/plan": PROGRAMME,
    "/forums/training/invite": PROGRAMME,
    "/forums/training/<reference>": PROGRAMME,
    "/training-statement": SIGNED_IN,
    # Figures, never a name beside an answer
    "/impact": FIGURES,
    "/impact/evaluations/<slug>": FIGURES,
    "/impact/evaluations/<slug>.csv": FIGURES,
    "/impact/evaluations/<slug>/charts/<key>.svg": FIGURES,
    "/impact/evaluations/<slug>/codebook.csv": FIGURES,
    "/impact/evaluations/<slug>/figures": FIGURES,
    "/impact/evaluations/<slug>/figures.csv": FIGURES,
    "/impact/evaluations/<slug>/figures.xlsx": FIGURES,
    "/impact/reports/new/<slug>": FIGURES,
    "/impact/priority-reports": FIGURES,
    "/impact/priority-reports/<slug>": FIGURES,
    "/impact/priority-reports/<slug>/charts/<key>.svg": FIGURES,
    "/impact/priority-reports/<slug>/figures.xlsx": FIGURES,
    "/manage/report": FIGURES,
    "/manage/report/print": FIGURES,
    "/manage/report/tables.csv": FIGURES,
    "/manage/report/tables.xlsx": FIGURES,
    "/impact/reports": FIGURES,
    "/impact/reports/<slug>": FIGURES,
    "/impact/reports/<slug>/correct": FIGURES,
    "/impact/reports/<slug>/discard": FIGURES,
    "/impact/reports/<slug>/preview": FIGURES,
    "/impact/reports/<slug>/publish": PROGRAMME,
    "/impact/reports/<slug>/sections/<int:section_id>": FIGURES,
    "/impact/reports/<slug>/sections/<int:section_id>/remove": FIGURES,
    "/impact/reports/<slug>/sections/new": FIGURES,
    "/impact/reports/<slug>/withdraw": PROGRAMME,
    "/impact/reports/<slug>/words": FIGURES,
    # What people wrote: two roles read it, evaluators see what has been read or released
    "/impact/quotes": FIGURES,
    "/impact/quotes/<reference>": PROGRAMME,
    "/impact/quotes/<reference>/change": PROGRAMME,
    "/impact/quotes/<reference>/refuse": PROGRAMME,
    "/impact/quotes/<reference>/release": PROGRAMME,
    "/impact/words": PROGRAMME,
    "/impact/words/comments": FIGURES,
    "/impact/words/comments/<int:answer_id>": PROGRAMME,
    "/impact/words/comments/<int:answer_id>/quote": PROGRAMME,
    "/impact/words/comments/<int:answer_id>/take-out": PROGRAMME,
    "/impact/words/read/<slug>": PROGRAMME,
    "/impact/words/reader": PROGRAMME,
    "/impact/words/themes": PROGRAMME,
    "/impact/words/themes/<reference>": PROGRAMME,
    "/impact/words/themes/<reference>/merge": PROGRAMME,
    "/impact/words/themes/<reference>/retire": PROGRAMME,
    "/impact/compare": FIGURES,
    "/impact/compare.csv": FIGURES,
    "/impact/<kind>": FIGURES,
    "/impact/<kind>/<slug>": FIGURES,
    "/impact/<kind>/<slug>.csv": FIGURES,
    # Roles, settings, trail
    "/admin": SETTINGS,
    "/admin/organisations": SETTINGS,
    "/admin/organisations/<reference>": SETTINGS,
    "/admin/organisations/<reference>/merge": SETTINGS,
    "/admin/people/<reference>": SETTINGS,
    "/admin/people/<reference>/roles/<role>/revoke": SETTINGS,
    "/admin/people/<reference>/second-step/remove": SETTINGS,
    "/admin/people/<reference>/sign-ins/end": SETTINGS,
    "/admin/trail": SETTINGS,
    # The example programme
    "/dev": EXAMPLE,
    "/dev/mail": EXAMPLE,
    "/dev/mail/<name>": EXAMPLE,
    "/dev/mail/<name>/calendar": EXAMPLE,
    "/dev/mail/<name>/download": EXAMPLE,
    "/dev/mail/<name>/html": EXAMPLE,
    "/dev/sign-in": EXAMPLE,
    "/dev/time": EXAMPLE,
}

# Whoever tries: a name in the world, and whether with the second step. Cora has left since she
# signed in; nobody is the visitor. The owner of the bookings comes last, as she may cancel them.
ACTORS: tuple[tuple[str, bool], ...] = (
    ("nobody", False),
    ("left", False),
    *((role, False) for role in ROLES),
    *((role, True) for role in ROLES),
    ("ben", False),
    ("ana", False),
)

LET_IN, NOT_THERE, FORBIDDEN = "let in", "not there", "forbidden"
TO_SIGN_IN, TO_SECOND_STEP = "to sign in", "to the second step"


def expected(allowed: str | frozenset[str], who: str, *, second_factor: bool) -> str:
    """What the policy says should happen to that person."""
    if allowed == EXAMPLE:
        return NOT_THERE
    if allowed == ANYBODY:
        return LET_IN
    if who in {"nobody", "left"}:
        return TO_SIGN_IN
    if allowed == OWN_DEVICE:
        return NOT_THERE
    if allowed == OWNER:
        return LET_IN if who == "ana" else NOT_THERE
    if allowed == SIGNED_IN:
        return LET_IN
    if allowed == RUNNING and who == T:
        return FORBIDDEN if second_factor else TO_SECOND_STEP
    if who not in (PROGRAMME if allowed == RUNNING else allowed):
        return FORBIDDEN
    return LET_IN if second_factor else TO_SECOND_STEP


def happened(answer: PageResponse, address: str, method: str) -> str:
    """What the answer amounts to."""
    # A booking goes on after signing in; any other change that was refused is not remembered.
    goes_on = address.endswith(("/book", "/book-others", "/tell-me"))
    goes_on |= address.startswith("/learning/") and address.endswith("/in-house")
    backs = {address} if method == "GET" or goes_on else {"/"}
    for name, path in ((TO_SIGN_IN, "/sign-in"), (TO_SECOND_STEP, "/sign-in/second-step")):
        if answer.status_code == 302 and answer.location in {f"{path}?next={b}" for b in backs}:
            return name
    by_status = {403: FORBIDDEN, 404: NOT_THERE}
    if answer.status_code in by_status:
        return by_status[answer.status_code]
    return LET_IN if answer.status_code < 400 else str(answer.status_code)


def written(client: PageClient) -> list[str]:
    """The tables that the request before wrote to, leaving out the marks that reading leaves."""
    found = [match[1] for s in client.watch.statements if (match := WRITES.match(s))]
    return [table for table in found if table not in MARKS]


@pytest.fixture
def world(app: Flask, now: datetime) -> World:
    return make_world(now)


def come_as(client: PageClient, world: World, who: str, *, second_factor: bool) -> None:
    """Be that person on this client, from the start."""
    sign_out(client)
    if who != "nobody":
        sign_in_as(client, world, who, second_factor=second_factor)
    if who == "left":
        world.people["left"].deactivated_at = clock.now()
        db.session.commit()


def test_the_table_names_every_address_and_no_other(app: Flask) -> None:
    assert sorted({rule.rule for rule in app.url_map.iter_rules()}) == sorted(POLICY)


@pytest.mark.one_database  # which pages answer on both is held by test_safe_methods.py
@pytest.mark.parametrize(("who", "second_factor"), ACTORS)
def test_everybody_meets_what_the_table_says(
    app: Flask,
    client: PageClient,
    world: World,
    who: str,
    second_factor: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A form without its token reaches its view; what a page with one button does is taken back.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    come_as(client, world, who, second_factor=second_factor)
    monkeypatch.setattr(Session, "commit", Session.rollback)
    wrong = []
    for rule in sorted(POLICY, key=lambda one: (one == "/sign-out", one)):
        address = world.address(rule, app)
        wanted = expected(POLICY[rule], who, second_factor=second_factor)
        for method in sorted(methods_of(rule_called(app, rule))):
            answer = client.open(address, method=method, judge=False)
            answer.close()
            found = happened(answer, address, method)
            changed = written(client) if wanted != LET_IN or method != "POST" else []
            if (found, changed) != (wanted, []):
                wrong.append(f"{method} {rule}: {found}, not {wanted}; wrote to {changed}")
    assert not wrong, "\n".join(wrong)


def methods_of(rule: Rule) -> set[str]:
    """The methods a rule answers to; what Flask answers by itself left out."""
    return (rule.methods or set()) - {"OPTIONS"}


@pytest.mark.parametrize("rule", [rule for rule, who in POLICY.items() if who == OWNER])
def test_somebody_elses_booking_is_as_absent_as_one_that_never_was(
    app: Flask, client: PageClient, world: World, rule: str
) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    sign_in_as(client, world, "ana")
    for method in sorted(methods_of(rule_called(app, rule))):
        others, missing = (
            client.open(world.address(rule, app, reference=reference), method=method, judge=False)
            for reference in (world.others_booking.reference, MISSING)
        )
        assert others.status_code == missing.status_code == 404
        assert others.data == missing.data


@pytest.mark.one_database  # which pages answer on both is held by test_safe_methods.py
def test_methods_that_a_page_does_not_offer_are_refused(
    app: Flask, client: PageClient, world: World
) -> None:
    for rule in app.url_map.iter_rules():
        for method in {"POST", "PUT", "PATCH", "DELETE"} - (rule.methods or set()):
            answer = client.open(world.address(rule, app), method=method, judge=False)
            assert answer.status_code == 405, f"{method} {rule.rule}"
            assert written(client) == []


@pytest.mark.one_database  # which pages answer on both is held by test_safe_methods.py
def test_every_form_is_refused_without_the_token_of_its_page(
    app: Flask, client: PageClient, world: World
) -> None:
    posts = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or set())]
    for who in ("nobody", "ana", "delivery", "administrator"):
        come_as(client, world, who, second_factor=True)
        for rule in posts:
            for sent in ({}, {"csrf_token": "made up"}):
                answer = client.post(world.address(rule, app), data=sent, judge=False)
                assert answer.status_code == 400, f"{rule.rule} {who} {sent}"
                assert written(client) == []


# Anything but a number does not even match the rule.
NUMBERS = dict.fromkeys(("months", "number", "section_id", "answer_id", "topic_id", "post_id"), 23)
ODD = (MISSING, "x" * 500, "0", "-1", "\u00e4\u202e", "\x00", "'; DROP TABLE offer; --")


@pytest.mark.strictest_database  # what SQLite takes amiss of this, PostgreSQL does as well
@pytest.mark.parametrize("who", ["ana", "delivery", "administrator"])
def test_what_is_not_there_says_so_helpfully(
    app: Flask, client: PageClient, world: World, who: str
) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    come_as(client, world, who, second_factor=True)
    for rule, allowed in POLICY.items():
        is_for_them = who == ("delivery" if allowed == RUNNING else "ana")
        if isinstance(allowed, frozenset):
            is_for_them = who in allowed
        if "<" not in rule or not is_for_them:
            continue
        found = rule_called(app, rule)
        for odd in ODD:
            changes = {name: NUMBERS.get(name, odd) for name in found.arguments}
            for method in methods_of(found) - {"HEAD"}:
                answer = client.open(world.address(rule, app, **changes), method=method)
                assert answer.status_code == 404, f"{method} {rule} {odd!r}"
                assert answer.select("a", href="/"), f"{rule} {odd!r}"
