"""Making open links for sessions and organisations, closing them, having a contact pass one on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select

from app.accounts.models import Organisation, Person
from app.accounts.people import NamedPerson, find_or_add_people
from app.audit import operations as audit
from app.catalogue.models import Event, EventState
from app.kernel.db import db
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference
from app.surveys import open_link_emails, open_link_rules, questionnaires, rules
from app.surveys.evaluations import kind_of_wave
from app.surveys.models import (
    Evaluation,
    QuestionnaireKind,
    QuestionnaireVersion,
    SurveyStop,
    Wave,
)
from app.surveys.open_link_models import OpenLink, PassingOn, PassingOnState
from app.surveys.open_link_rules import OpenTime

MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Contact:
    """Who passes a link on: the address in lower case."""

    name: str
    email: str


def open_for_the_day(event_id: int, *, actor: Person, now: datetime) -> OpenLink:
    """The link by which people answer on the day; the one there is, while it is open."""
    event, evaluation = _event_and_evaluation(event_id)
    if event.state is not EventState.PUBLISHED:
        raise Refused("Only a published session can have a link")
    when = open_link_rules.on_the_day(event.starts_at, event.ends_at)
    if when.until_at <= now:
        raise Refused("This session is too long ago for a link for the day")
    existing = db.session.scalar(
        select(OpenLink).where(
            OpenLink.event_id == event_id,
            OpenLink.months_later == rules.AFTER,
            OpenLink.open_until > now,
        )
    )
    if existing is not None:
        return existing
    link = _add(evaluation, when, months_later=rules.AFTER, event_id=event_id, now=now)
    audit.record(actor.reference, "made", "open_link", link.slug, now=now, event=event.reference)
    return link


def open_for_organisations(
    evaluation_id: int,
    references: Sequence[str],
    *,
    first: date | None,
    last: date,
    questionnaire_slug: str | None = None,
    actor: Person,
    now: datetime,
) -> int:
    """Give each of these organisations a link of its own; how many were made.

    Whoever has one that has not ended keeps it.
    """
    if problem := open_link_rules.problem_with(first, last, today=london_date(now)):
        raise Refused(problem)
    evaluation = db.session.get_one(Evaluation, evaluation_id, with_for_update=True)
    if open_link_rules.results_are_out(evaluation.open_until, now=now):
        raise Refused(
            "The link for the whole workforce closed this month and its results are out: "
            "make others from next month on, so that figures never differ by a few answers"
        )
    slug = questionnaire_slug or QuestionnaireKind.IMPACT.value
    version = questionnaires.newest_version(slug, QuestionnaireKind.IMPACT)
    if version is None:
        raise Refused("This questionnaire is not published: choose another one")
    has_one = select(OpenLink.organisation_id).where(
        OpenLink.evaluation_id == evaluation_id,
        OpenLink.organisation_id.is_not(None),
        OpenLink.event_id.is_(None),
        OpenLink.open_until > now,
    )
    wanted = select(Organisation.id).where(
        Organisation.reference.in_(references[:MOST_AT_ONCE]),
        Organisation.closed_on.is_(None),
        Organisation.id.not_in(has_one),
    )
    when = open_link_rules.between(first, last, now=now)
    ids = db.session.scalars(wanted.order_by(Organisation.id)).all()
    if ids:
        rows = [
            _facts(evaluation, version, when, organisation_id=organisation_id, now=now)
            for organisation_id in ids
        ]
        db.session.execute(insert(OpenLink), rows)
        audit.record(
            actor.reference, "made_links", "evaluation", evaluation.slug, now=now, count=len(ids)
        )
    return len(ids)


def close_link(link_id: int, *, actor: Person, now: datetime) -> None:
    """End a link now; whoever is answering by it is told. Refused if it has ended."""
    link = db.session.get_one(OpenLink, link_id, with_for_update=True)
    if link.open_until <= now:
        raise Refused("This link has closed already")
    link.open_until = max(now, link.open_from)
    if link.open_from > now:  # it never opens
        link.open_from = link.open_until = now
    audit.record(actor.reference, "closed", "open_link", link.slug, now=now)


def plan_passing_on(
    event_id: int, contact: Contact, months_later: int, *, actor: Person, now: datetime
) -> PassingOn:
    """Write to a session's contact so many months later; the newest contact counts.

    Refused once it has been sent, or when it is too late.
    """
    event, evaluation = _event_and_evaluation(event_id)
    if event.state is not EventState.PUBLISHED or event.is_history:
        raise Refused("Only a published session can be asked about later")
    window = rules.window(months_later, starts_at=event.starts_at, ends_at=event.ends_at)
    when = rules.wave_words(months_later)
    if window.send_by < now:
        raise Refused(f"{when} is too long ago: nobody would be written to")
    [person] = find_or_add_people([NamedPerson(contact.name, contact.email)], now=now)
    found = select(PassingOn).where(
        PassingOn.event_id == event_id, PassingOn.months_later == months_later
    )
    planned = db.session.scalar(found)
    if planned is None:
        planned = PassingOn(event_id=event_id, months_later=months_later)
        planned.evaluation_id = evaluation.id
    elif planned.state is PassingOnState.SENT:
        raise Refused(f"The link for {when} was sent already")
    planned.person_id = person.id
    planned.state, planned.due_at = PassingOnState.PLANNED, window.due_at
    db.session.add(planned)
    audit.record(
        actor.reference,
        "planned_open_link",
        "event",
        event.reference,
        now=now,
        months=months_later,
        contact=person.reference,
    )
    db.session.flush()
    return planned


def withdraw_passing_on(event_id: int, months_later: int, *, actor: Person, now: datetime) -> None:
    """Do not write to the contact after all; Refused once the message was sent."""
    event, _ = _event_and_evaluation(event_id)
    planned = db.session.scalar(
        select(PassingOn).where(
            PassingOn.event_id == event_id,
            PassingOn.months_later == months_later,
            PassingOn.state == PassingOnState.PLANNED,
        )
    )
    if planned is None:
        raise Refused("This is not planned any more")
    planned.state = PassingOnState.STOPPED
    audit.record(
        actor.reference,
        "withdrew_open_link",
        "event",
        event.reference,
        now=now,
        months=months_later,
    )


def links_to_pass_on(*, now: datetime) -> list[int]:
    """What contacts are to be sent now; empty around the change of London's clocks."""
    if rules.is_quiet(now):
        return []
    due = (PassingOn.state == PassingOnState.PLANNED, PassingOn.due_at <= now)
    return list(db.session.scalars(select(PassingOn.id).where(*due).order_by(PassingOn.due_at)))


def pass_on(passing_on_id: int, *, now: datetime) -> int:
    """Send a contact the link to pass on, once; how many messages that is.

    Four weeks late is too late, and whoever asked for no more surveys is left alone.
    """
    planned = db.session.get_one(
        PassingOn, passing_on_id, with_for_update=True, populate_existing=True
    )
    event = planned.event
    window = rules.window(planned.months_later, starts_at=event.starts_at, ends_at=event.ends_at)
    planned.due_at = window.due_at
    if planned.state is not PassingOnState.PLANNED or window.due_at > now:
        return 0
    person = db.session.get_one(Person, planned.person_id)
    if event.state is EventState.CANCELLED or not _may_be_written_to(person):
        planned.state = PassingOnState.STOPPED
        return 0
    if now > window.send_by:
        planned.state = PassingOnState.MISSED
        return 0
    link = _add(
        planned.evaluation,
        open_link_rules.months_on(now),
        months_later=planned.months_later,
        event_id=event.id,
        organisation_id=person.organisation_id,  # as it is now: organisations are merged
        now=now,
    )
    planned.open_link = link
    planned.state, planned.sent_at = PassingOnState.SENT, now
    open_link_emails.queue_link(person, link, event)
    return 1


def follow_sessions() -> None:
    """Move what contacts are to be sent with its session."""
    planned = select(PassingOn, Event.starts_at, Event.ends_at).join(PassingOn.event)
    for one, starts_at, ends_at in db.session.execute(
        planned.where(PassingOn.state == PassingOnState.PLANNED)
    ):
        due_at = rules.window(one.months_later, starts_at=starts_at, ends_at=ends_at).due_at
        if one.due_at != due_at:
            one.due_at = due_at


def _may_be_written_to(person: Person) -> bool:
    stopped = db.session.get(SurveyStop, person.id) is not None
    return bool(person.email) and person.deactivated_at is None and not stopped


def _event_and_evaluation(event_id: int) -> tuple[Event, Evaluation]:
    event = db.session.get_one(Event, event_id, populate_existing=True)
    evaluation = db.session.scalar(
        select(Evaluation)
        .where(Evaluation.is_default_for_id == event.offer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if evaluation is None:
        raise Refused("The surveys of this offer are being set up: try again in five minutes")
    return event, evaluation


def _add(
    evaluation: Evaluation,
    when: OpenTime,
    *,
    months_later: int,
    event_id: int,
    organisation_id: int | None = None,
    now: datetime,
) -> OpenLink:
    facts = _facts(
        evaluation,
        _version_asked(evaluation, months_later),
        when,
        months_later=months_later,
        event_id=event_id,
        organisation_id=organisation_id,
        now=now,
    )
    link = OpenLink(**facts)
    db.session.add(link)
    db.session.flush()
    return link


def _facts(
    evaluation: Evaluation,
    version: QuestionnaireVersion,
    when: OpenTime,
    *,
    now: datetime,
    **facts: int | None,
) -> dict[str, Any]:
    return {
        "slug": open_link_rules.slug_of(new_reference(open_link_rules.SLUG_LENGTH)),
        "evaluation_id": evaluation.id,
        "version_id": version.id,
        "months_later": None,
        "event_id": None,
        "organisation_id": None,
        "open_from": when.from_at,
        "open_until": when.until_at,
        "created_at": now,
        **facts,
    }


def _version_asked(evaluation: Evaluation, months_later: int) -> QuestionnaireVersion:
    """What the plan asks at that time; the standard questions where it asks nothing then."""
    planned = db.session.scalar(
        select(QuestionnaireVersion)
        .join(Wave, Wave.version_id == QuestionnaireVersion.id)
        .where(Wave.evaluation_id == evaluation.id, Wave.months_later == months_later)
    )
    return planned or questionnaires.current_version(kind_of_wave(months_later))
