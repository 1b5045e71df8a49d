"""A small service with one of everything, and the address of each page filled in with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from app.accounts.models import Person
from app.accounts.queries import SESSION_NAME_LENGTH
from app.bookings import links
from app.bookings.links import Purpose
from app.bookings.models import Approval, ApprovedBy, Booking, BookingState
from app.catalogue.models import (
    Audience,
    Event,
    EventState,
    Offer,
    OfferKind,
    OfferState,
    Series,
    Topic,
)
from app.forums.training_rules import DSL_TRAINING
from app.impact.reports import queries as reports
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.tokens import token_hash
from app.notices import operations as notices
from app.notices.models import NoticeRound
from app.partnership.models import Policy, PolicyKind, Priority
from app.record.certificates import code_of
from app.record.emails import stop_token
from app.record.models import LearningElsewhere
from app.surveys import open_links
from app.surveys import operations as surveys
from app.surveys.models import Evaluation, QuestionnaireKind
from app.surveys.open_link_models import OpenLink
from app.surveys.open_links import Contact
from app.surveys.questionnaires import current_version
from tests.support.comments import Words, some_words
from tests.support.evidence import some_evidence
from tests.support.executive import WithExecutive, with_the_executive
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_learning_elsewhere,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
    make_refresher,
    make_request,
    make_sector,
    make_terms,
)
from tests.support.forms_files import an_import, an_import_draft
from tests.support.forums import some_forum
from tests.support.imports import some_imports
from tests.support.in_house import some_request
from tests.support.needs import some_action, some_measure, some_need
from tests.support.opinions import OpinionThings, some_opinions
from tests.support.reports import KEY, a_published_report, an_answered_evaluation
from tests.support.reports import begin as begin_report
from tests.support.scenes import scene
from tests.support.schools import SomeSchool, some_school
from tests.support.signing_in import sign_in
from tests.support.surveys import a_draft, a_list, links_in, messages, round_of_work

MISSING = "nosuchthing"
LIST_SLUG = "bulletin"
A_LINE = "/manage/evaluations/<slug>/plan/<int(signed=True):months>/of/<line>"
A_MAIL = "20261110-090000-1-nosuchmail.eml"
# Tables in which a read, or a refused attempt, may leave its mark.
MARKS = {"sign_in_session", "attempt", "alembic_version"}


@dataclass
class World:
    """The things there are, by the names that tests use."""

    offer: Offer
    draft_offer: Offer
    series: Series
    event: Event
    draft_event: Event
    past_event: Event
    booking: Booking
    waiting: Booking
    others_booking: Booking
    attended: Booking
    elsewhere: LearningElsewhere
    evidence: str
    need: str
    in_house: str
    action: str
    measure: str
    evaluation: Evaluation
    link: OpenLink
    questionnaire: str
    executive: WithExecutive
    forum: Event
    topic_id: int
    peer_support: str
    school: SomeSchool
    opinions: OpinionThings
    import_draft: str
    import_run: str
    imports: dict[str, str]  # files of organisations and the like, by kind
    proposed: str
    rated: str
    reports: tuple[str, str]  # a draft, and one that is published
    token: str
    words: Words
    people: dict[str, Person] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)

    def address(self, rule: Rule | str, app: Flask, **changes: Any) -> str:
        """The rule's address with things that exist, or with these instead."""
        found = rule if isinstance(rule, Rule) else rule_called(app, rule)
        filled = {**self._arguments(found), **changes}
        with app.test_request_context():
            built = app.url_map.bind("localhost").build(found.endpoint, filled)
        return str(built)

    def ask_about(self, request: Approval) -> None:
        """Fill the addresses of requests with this one."""
        reference = request.booking.reference
        link = links.link(request.booking, Purpose.APPROVAL, request)
        token = {"reference": reference, "token": link.rpartition("/")[2]}
        self.values |= {
            "/bookings/<reference>/approval/<token>": token,
            "/bookings/<reference>/manager": {"reference": reference},
            "/manage/approvals": {"reference": reference},
        }

    def _arguments(self, rule: Rule) -> dict[str, Any]:
        first = "/".join(rule.rule.split("/")[:3])
        known = {**self.values.get(first, {}), **self.values.get(rule.rule, {})}
        return {name: known[name] for name in rule.arguments}


def rule_called(app: Flask, rule: str) -> Rule:
    """The rule of the application that is written so."""
    return next(one for one in app.url_map.iter_rules() if one.rule == rule)


def sign_in_as(client: Any, world: World, who: str, *, second_factor: bool = True) -> str:
    """Sign in the person known by that name in this world; the token."""
    return sign_in(client, world.people[who], second_factor=second_factor)


def make_people() -> dict[str, Person]:
    """Two practitioners, somebody in each role, and somebody who has left."""
    sector = make_sector("Education")
    people = {
        "ana": make_person(name="Ana Osei", sector=sector, organisation=make_organisation(sector)),
        "ben": make_person(name="Ben Marsh"),
        "left": make_person(name="Cora Lunn"),
        "new": make_person(
            name="",
            capacity=None,
            job_title=None,
            organisation=None,
            sector=None,
            profile_completed_at=None,
        ),
    }
    return people | {role.value: make_person(role, name=f"The {role.value}") for role in Role}


def make_world(now: datetime, **words: str) -> World:
    """One of everything, committed; `words` replaces the texts that people type."""
    return scene(("world", now, *sorted(words.items())), lambda: _make_world(now, **words))


def _make_world(now: datetime, **words: str) -> World:
    make_partnership()
    make_refresher(slug=DSL_TRAINING)
    for kind in PolicyKind:
        name = f"About {kind.value}"
        db.session.add(Policy(kind=kind, title=name, body="What we do.", reviewed_on=now.date()))
    people = make_people()
    title = words.get("title", "Multi-Agency Neglect")
    series = Series(slug="series-1", title=words.get("title", "Exploitation"), summary="A summary")
    topic = Topic(slug="neglect", name="Neglect")
    audience = Audience(slug="everyone", name="Everyone", position=1)
    db.session.add_all([series, topic, audience])
    offer = make_offer(
        slug="neglect",
        title=title,
        description=words.get("description", "What it is, *at length*."),
        series=series,
        topics=[topic],
        audiences=[audience],
        why=words.get("description", "Because."),
        priority=Priority(
            plan="2025-28", number=1, title=words.get("title", "Neglect"), is_adopted=True
        ),
    )
    draft_offer = make_offer(
        slug="draft", title="Not yet", state=OfferState.IN_DEVELOPMENT, published_at=None
    )
    event = make_event(offer, starts_at=now + timedelta(hours=20), days=2)
    full = make_event(offer, starts_at=now + timedelta(days=30), capacity=1)
    past = make_event(offer, starts_at=now - timedelta(days=3))
    draft = make_event(offer, starts_at=now + timedelta(days=60), state=EventState.DRAFT)
    if "organisation" in words:
        assert people["ana"].organisation
        people["ana"].organisation.name = words["organisation"]
    if "person" in words:
        people["ana"].name = words["person"]
    adjustments = words.get("adjustments", "A hearing loop")
    booking = make_booking(event, people["ana"], adjustments=adjustments)
    others = make_booking(event, people["ben"])
    make_booking(full, people["ben"])
    waiting = make_booking(full, people["ana"], state=BookingState.WAITING)
    request = make_request(
        make_event(make_offer(title=title), starts_at=now + timedelta(days=40)),
        people["ana"],
        asked_at=now,
    )
    make_terms(request.booking.event.offer, approved_by=ApprovedBy.MANAGER)
    attended = make_booking(past, people["ana"], adjustments=adjustments)
    make_attendance(attended)
    elsewhere = make_learning_elsewhere(people["ana"], title=title)
    surveys.ensure_default_evaluations(now=now - timedelta(days=30))
    notices.ensure_default_rules(now=now - timedelta(days=30))
    notices.plan_rounds(now=now)
    evaluation = Evaluation(
        slug="toolkit",
        title=words.get("title", "The toolkit"),
        subject_words="the toolkit",
        created_at=now,
        offers=[offer],
        open_version_id=current_version(QuestionnaireKind.IMPACT).id,
        open_from=now - timedelta(days=1),
        open_until=now + timedelta(days=30),
    )
    db.session.add(evaluation)
    a_list(people["ana"], slug=LIST_SLUG, title=words.get("title", "The bulletin"), now=now)
    questionnaire = a_draft(people["delivery"], now=now, title=title).slug
    proposed = make_organisation(name=words.get("organisation", "A new club"), proposed_at=now)
    import_run = an_import(evaluation.id, people["delivery"], now=now)
    import_draft = an_import_draft(evaluation.id, people["delivery"], now=now)
    imports = some_imports(
        people["delivery"],
        make_sector("Schools"),
        now=now,
        name=words.get("organisation", "Saint Ash’s"),
    )
    forum, topic_id = some_forum(title=title, person=words.get("person", "Ros Speaker"))
    link = open_links.open_for_the_day(event.id, actor=people["delivery"], now=now)
    contact = Contact(words.get("person", "Kim Contact"), "kim.contact@example.org")
    open_links.plan_passing_on(event.id, contact, 6, actor=people["delivery"], now=now)
    evidence = some_evidence(offer, people["delivery"], now=now, title=title)
    need = some_need(people["evaluator"], now=now, title=title)
    action = some_action(people["delivery"], now=now, need_reference=need.reference)
    measure = some_measure(offer, people["delivery"], now=now)
    rated = an_answered_evaluation(offer, title=words.get("title", "Rated"))
    written = (
        begin_report(rated, people["delivery"], now=now, title=words.get("title", "Being written")),
        a_published_report(rated, people["delivery"], now=now),
    )
    example = words.get("description", "I have used it with a family.")
    comment = some_words(evaluation, example, words.get("title", "Listening")[:60], now=now)
    db.session.commit()
    round_of_work(now)
    [letter] = messages("survey")
    token = links_in(letter)[0].rpartition("/")[2]
    world = World(
        offer=offer,
        draft_offer=draft_offer,
        series=series,
        event=event,
        draft_event=draft,
        past_event=past,
        booking=booking,
        waiting=waiting,
        others_booking=others,
        attended=attended,
        elsewhere=elsewhere,
        evidence=evidence,
        need=need.reference,
        in_house=some_request(offer, people["ana"], now=now, words=words),
        action=action.reference,
        measure=measure.reference,
        evaluation=evaluation,
        link=link,
        questionnaire=questionnaire,
        executive=with_the_executive(people["advisor"], now=now, title=title),
        forum=forum,
        topic_id=topic_id,
        peer_support=make_offer(kind=OfferKind.PEER_SUPPORT, title=title).slug,
        school=some_school(
            people["advisor"],
            now=now,
            name=words.get("organisation", "Ash Primary"),
            person=words.get("person", "Dee Park"),
        ),
        opinions=some_opinions(
            people["advisor"],
            now=now,
            name=words.get("organisation", "Birch Primary"),
            words=words.get("title", "Quick replies"),
        ),
        import_draft=import_draft,
        import_run=import_run,
        imports=imports,
        proposed=proposed.reference,
        rated=rated.slug,
        reports=written,
        token=token,
        words=comment,
        people=people,
    )
    world.values = _values(world)
    world.ask_about(request)
    return world


def _values(world: World) -> dict[str, dict[str, Any]]:
    """What stands for the variable parts of an address: by its first two parts, or by the rule."""
    past = {"reference": world.past_event.reference}
    admin = world.people["administrator"]
    delivery, ana = world.people["delivery"], world.people["ana"].reference
    return {
        "/admin/organisations": {"reference": world.proposed},
        "/admin/people": {"reference": delivery.reference, "role": "delivery"},
        "/bookings/<reference>": {
            "reference": world.booking.reference,
            "to_reference": world.waiting.event.reference,
        },
        "/bookings/<reference>/held": {"reference": world.waiting.reference},
        "/bookings/<reference>/held/<token>": {
            "reference": world.waiting.reference,
            "token": links.link(world.waiting, Purpose.HELD).rpartition("/")[2],
        },
        "/bookings/<reference>/cant-come/<token>": {
            "reference": world.waiting.reference,
            "token": links.link(world.waiting, Purpose.CANT_COME).rpartition("/")[2],
        },
        "/bookings/<reference>/certificate": {"reference": world.attended.reference},
        "/bookings/for-others": {"reference": world.event.reference},
        "/certificates/<code>": {"code": code_of(world.attended.reference)},
        "/dev/mail": {"name": A_MAIL},
        "/evaluation-reports/<slug>": {"slug": world.reports[1], "number": 1, "key": KEY},
        "/events/<reference>": {"reference": world.event.reference},
        "/events/<reference>.ics": {"reference": world.event.reference},
        "/forums/events": {"reference": world.forum.reference, "topic_id": world.topic_id},
        "/executive-answers/<token>": {
            "token": world.executive.token,
            "reference": world.executive.answer,
        },
        "/forums/executive": {"reference": world.executive.prepared},
        "/forums/executive/<reference>/link": {"reference": world.executive.given},
        "/forums/executive/links/<reference>/withdraw": {"reference": world.executive.link},
        **{
            f"/forums/executive/themes/<reference>{end}": {"reference": world.executive.answer}
            for end in ("", "/answer", "/done", "/need", "/publish", "/take-back")
        },
        **_of_opinions(world.opinions),
        "/forums/schools": vars(world.school),
        "/school-list/<token>": {"token": world.school.token},
        "/forums/training": {"reference": world.school.reference},
        "/forums/year": {"year": "2026-27", "what": "forums", "slug": world.peer_support},
        "/impact/evaluations": {"slug": world.evaluation.slug},
        "/impact/evaluations/<slug>/charts/<key>.svg": {"slug": world.rated, "key": KEY},
        "/impact/reports": {"slug": world.reports[0], "section_id": _section_id(world.reports[0])},
        "/impact/reports/new/<slug>": {"slug": world.rated},
        "/impact/priority-reports": {"slug": "2025-28-1", "key": KEY},
        "/impact/reports/<slug>/correct": {"slug": world.reports[1]},
        "/impact/reports/<slug>/withdraw": {"slug": world.reports[1]},
        "/impact/quotes": {"reference": world.words.quote},
        "/impact/words": {
            "slug": world.evaluation.slug,
            "answer_id": world.words.answer_id,
            "reference": world.words.theme,
        },
        "/impact/<kind>": {"kind": "offers", "slug": world.offer.slug},
        "/learning/<slug>": {"slug": world.offer.slug},
        "/manage/evaluations": {"slug": world.evaluation.slug},
        **{
            f"{A_LINE}{end}": {
                "slug": _default_slug(world.offer),
                "months": 12,
                "line": world.past_event.reference,
            }
            for end in ("", "/move", "/skip", "/undo")
        },
        **{
            f"/manage/evaluations/<slug>/people{end}": {
                "slug": LIST_SLUG,
                "reference": ana,
            }
            for end in ("", "/add", "/<reference>/remove")
        },
        "/manage/evaluations/<slug>/plan/<int(signed=True):months>/change": {
            "slug": _default_slug(world.offer),
            "months": 12,
        },
        "/manage/evaluations/<slug>/plan/<int(signed=True):months>/remove": {
            "slug": _default_slug(world.offer),
            "months": 12,
        },
        "/manage/evidence": {"reference": world.evidence},
        "/manage/needs": {"reference": world.need},
        "/manage/in-house": {"reference": world.in_house},
        "/in-house/<reference>": {"reference": world.in_house},
        "/manage/actions": {"reference": world.action},
        "/manage/measures": {"reference": world.measure},
        "/manage/events": {
            "reference": world.event.reference,
            "booking_reference": world.booking.reference,
            "to_reference": world.waiting.event.reference,
            "round_reference": _round_reference(world.event),
        },
        "/manage/events/<reference>/survey-links/later/<int:months>/withdraw": {"months": 6},
        "/manage/events/<reference>/waiting-list/<booking_reference>/remove": {
            "reference": world.waiting.event.reference,
            "booking_reference": world.waiting.reference,
        },
        "/manage/events/<reference>/register": past,
        "/manage/events/<reference>/register/heads": past,
        "/manage/events/<reference>/register/sheet": past,
        "/manage/events/<reference>/publish": {"reference": world.draft_event.reference},
        "/manage/notices": {"reference": "reminder", "kind": "reminder"},
        "/manage/organisations": {
            "reference": world.proposed,
            "into_reference": _organisation_of(world.people["ben"]),
        },
        "/manage/people": {"reference": ana, "into_reference": world.people["ben"].reference},
        "/manage/wording": {"kind": "reminder"},
        "/manage/offers": {"slug": world.offer.slug},
        "/manage/offers/<slug>/publish": {"slug": world.draft_offer.slug},
        "/manage/questionnaires": {
            "slug": world.questionnaire,
            "number": 1,
            "key": "q_how_often",
            "kind": "single",
        },
        "/manage/series": {"slug": world.series.slug},
        "/manage/survey-links": {"slug": world.link.slug},
        "/manage/import": {"reference": world.imports["done"]},
        "/manage/import/attendance/<reference>": {"reference": world.imports["attendance"]},
        "/manage/import/attendance/<reference>/check": {"reference": world.imports["attendance"]},
        "/manage/import/files/<reference>/give-up": {"reference": world.imports["schools"]},
        "/manage/import/leads/<reference>": {"reference": world.imports["leads"]},
        "/manage/import/leads/<reference>/check": {"reference": world.imports["leads"]},
        "/manage/import/leads/<reference>/left-out.csv": {"reference": world.imports["leads"]},
        "/manage/import/leads/<reference>/schools": {"reference": world.imports["leads"]},
        "/manage/import/organisations/<reference>": {"reference": world.imports["organisations"]},
        "/manage/import/organisations/<reference>/check": {
            "reference": world.imports["organisations"]
        },
        "/manage/import/schools/<reference>": {"reference": world.imports["schools"]},
        "/manage/surveys/import/<reference>": {"reference": world.import_draft},
        "/manage/surveys/imports/<reference>": {"reference": world.import_run},
        "/manage/surveys/imports/<reference>/undo": {"reference": world.import_run},
        "/profile/sign-ins": {"name": token_hash(admin.reference)[:SESSION_NAME_LENGTH]},
        "/record/elsewhere": {"reference": world.elsewhere.reference},
        "/reminders/<reference>": {"reference": ana, "token": stop_token(ana)},
        "/static/<path:filename>": {"filename": "ripple.css"},
        "/s/<slug>": {"slug": world.link.slug},
        "/surveys/<token>": {"token": world.token},
        "/surveys/open": {"slug": world.evaluation.slug},
    }


def _of_opinions(things: OpinionThings) -> dict[str, dict[str, Any]]:
    planned = {"reference": things.planned}
    return {
        "/forums/opinions": {
            "reference": things.round,
            "opinion_id": things.opinion,
            "quote_reference": things.quote,
        },
        "/forums/opinions/<reference>/change": planned,
        "/forums/opinions/<reference>/open": planned,
        "/forums/opinions/<reference>/remove": planned,
        "/forums/opinions/wishes/<reference>": {"reference": things.wish},
        "/forums/themes": {"reference": things.theme},
        "/opinions/<token>": {"token": things.token},
    }


def _organisation_of(person: Person) -> str:
    return person.organisation.reference if person.organisation else MISSING


def _round_reference(event: Event) -> str:
    found = select(NoticeRound.reference).where(NoticeRound.event_id == event.id)
    return db.session.scalars(found.order_by(NoticeRound.due_at)).first() or MISSING


def _section_id(slug: str) -> int:
    report = reports.working_report(slug)
    assert report
    return report.sections[0].id


def _default_slug(offer: Offer) -> str:
    found = select(Evaluation.slug).where(Evaluation.is_default_for_id == offer.id)
    return db.session.scalars(found).one()


def contents() -> dict[str, list[str]]:
    """Everything the database holds, by table; the marks that reading leaves are left out."""
    connection = db.session.connection()  # as the driver gives it: half a second less in a test
    held = {
        name: sorted(map(repr, connection.exec_driver_sql(f'SELECT * FROM "{name}"')))
        for name in db.metadata.tables
        if name not in MARKS
    }
    db.session.rollback()
    return held
