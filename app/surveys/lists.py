"""Evaluations of a list of people: after a practice review (R50), or a one-off to anybody (R63)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Organisation, Person
from app.audit import operations as audit
from app.kernel.db import db, insert_and_return
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference
from app.surveys import list_rules
from app.surveys.evaluations import add_wave, free_slug, slug_of, version_of
from app.surveys.list_rules import Known, ListedPerson, ListKind
from app.surveys.models import (
    Evaluation,
    InvitationState,
    QuestionnaireKind,
    SurveyInvitation,
    SurveyStop,
)
from app.surveys.plan_models import SurveyAddressee

MOST_ON_A_LIST = 5000
NOT_A_LIST = "This evaluation asks people who attended: it has no list of its own"


@dataclass(frozen=True)
class ListDetails:
    """What staff say of an evaluation of a list of people."""

    kind: ListKind
    title: str
    subject_words: str
    recommendation: str
    counted_from_on: date
    months: tuple[int, ...]
    questionnaire_slug: str | None


def create_list_evaluation(details: ListDetails, *, actor: Person, now: datetime) -> Evaluation:
    """Ask people on a list, counted from a day; Refused if nobody could be asked any more."""
    list_rules.check_list_plan(details.kind, details.counted_from_on, details.months, now=now)
    evaluation = Evaluation(
        slug=free_slug(slug_of(details.title)),
        title=details.title,
        subject_words=details.subject_words,
        counted_from_on=details.counted_from_on,
        recommendation=details.recommendation,
        created_at=now,
    )
    db.session.add(evaluation)
    slug = details.questionnaire_slug or QuestionnaireKind.IMPACT.value
    version = version_of(slug, QuestionnaireKind.IMPACT)
    for months_later in details.months:
        add_wave(evaluation, months_later, version=version, once_per_person=True)
    audit.record(actor.reference, "made", "evaluation", evaluation.slug, now=now)
    db.session.flush()
    return evaluation


def add_people(
    evaluation_id: int, people: Sequence[ListedPerson], *, actor: Person, now: datetime
) -> int:
    """Put people on the list, whoever is not known yet with their sector; how many were added.

    Who is on it already, has left or asked us to stop is passed over: they may have meanwhile.
    """
    evaluation = db.session.get_one(Evaluation, evaluation_id, with_for_update=True)
    if evaluation.counted_from_on is None:
        raise Refused(NOT_A_LIST)
    _check_length(evaluation_id, len(people))
    known = known_people([one.email for one in people], evaluation_id)
    wanted = {one.email: one for one in people if one.email not in known}
    new = _new_people(list(wanted.values()), now=now)
    rows = []
    for one in people:
        person = known.get(one.email)
        if person is not None and person.why_not:
            continue
        if one.sector_id is None:
            raise Refused(f"Choose a sector for {one.name or one.email}")
        person_id = person.person_id if person else new[one.email]
        rows.append(
            {
                "evaluation_id": evaluation_id,
                "person_id": person_id,
                "sector_id": one.sector_id,
                "added_at": now,
            }
        )
    if rows:
        db.session.execute(insert(SurveyAddressee), rows)
    audit.record(
        actor.reference, "listed people of", "evaluation", evaluation.slug, now=now, count=len(rows)
    )
    db.session.flush()
    return len(rows)


def remove_person(evaluation_id: int, person_id: int, *, actor: Person, now: datetime) -> None:
    """Take somebody off the list: what has not been sent to them never is."""
    evaluation = db.session.get_one(Evaluation, evaluation_id, with_for_update=True)
    on_list = select(SurveyAddressee).where(
        SurveyAddressee.evaluation_id == evaluation_id, SurveyAddressee.person_id == person_id
    )
    addressee = db.session.scalar(on_list)
    if addressee is None:
        raise Refused("This person is not on the list any more")
    db.session.delete(addressee)
    db.session.execute(
        delete(SurveyInvitation).where(
            SurveyInvitation.evaluation_id == evaluation_id,
            SurveyInvitation.person_id == person_id,
            SurveyInvitation.state == InvitationState.PLANNED,
        )
    )
    reference = db.session.scalar(select(Person.reference).where(Person.id == person_id))
    audit.record(
        actor.reference,
        "took somebody off the list of",
        "evaluation",
        evaluation.slug,
        now=now,
        person=reference,
    )
    db.session.flush()


def known_people(emails: Sequence[str], evaluation_id: int) -> dict[str, Known]:
    """What is known of whoever has one of these addresses; one statement."""
    listed = select(SurveyAddressee.id).where(
        SurveyAddressee.person_id == Person.id, SurveyAddressee.evaluation_id == evaluation_id
    )
    stopped = select(SurveyStop.person_id).where(SurveyStop.person_id == Person.id)
    found = db.session.execute(
        select(
            Person.email,
            Person.id,
            Person.name,
            func.coalesce(Person.sector_id, Organisation.sector_id),
            listed.exists(),
            stopped.exists(),
            Person.deactivated_at.is_not(None),
        )
        .outerjoin(Organisation, Organisation.id == Person.organisation_id)
        .where(Person.email.in_(emails))
    )
    return {
        str(email): Known(id_, name, sector_id, bool(is_listed), bool(has_stopped), bool(has_left))
        for email, id_, name, sector_id, is_listed, has_stopped, has_left in found
    }


def _check_length(evaluation_id: int, more: int) -> None:
    length = db.session.scalar(
        select(func.count(SurveyAddressee.id)).where(SurveyAddressee.evaluation_id == evaluation_id)
    )
    if (length or 0) + more > MOST_ON_A_LIST:
        raise Refused(f"A list holds {MOST_ON_A_LIST:,} people at most: make a second evaluation")


def _new_people(people: Sequence[ListedPerson], *, now: datetime) -> dict[str, int]:
    """Ids of new people by address; written in one order by everybody, so that none wait round."""
    new = [
        Person(
            reference=new_reference(),
            name=one.name,
            email=one.email,
            sector_id=one.sector_id,
            created_at=now,
        )
        for one in sorted(people, key=lambda one: one.email)
    ]
    try:
        with db.session.begin_nested():
            return {str(person.email): person.id for person in insert_and_return(new)}
    except IntegrityError as error:  # somebody else adds one of them at this moment
        raise Refused("Somebody else was adding the same person: try again") from error
