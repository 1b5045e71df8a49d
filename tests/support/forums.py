"""Schools and who leads on safeguarding there, half terms and forums: rows only."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from app.accounts.models import Organisation, OrganisationKind, Person, Post, PostKind
from app.catalogue.models import Event, Offer, OfferKind
from app.forums.models import ForumTopic
from app.kernel.db import db
from app.partnership.models import HalfTerm
from tests.support.factories import make_event, make_offer, make_organisation, make_person

# Of the school year 2026/27; the tests' NOW lies in it or just before.
SPANS = (
    ("Autumn 1", date(2026, 9, 1), date(2026, 10, 23)),
    ("Autumn 2", date(2026, 11, 2), date(2026, 12, 18)),
    ("Spring 1", date(2027, 1, 4), date(2027, 2, 12)),
    ("Spring 2", date(2027, 2, 22), date(2027, 3, 25)),
    ("Summer 1", date(2027, 4, 12), date(2027, 5, 28)),
    ("Summer 2", date(2027, 6, 7), date(2027, 7, 23)),
)


def make_half_terms() -> list[HalfTerm]:
    """The six half terms of 2026/27."""
    parts = [
        HalfTerm(school_year="2026/27", number=number, name=name, starts_on=first, ends_on=last)
        for number, (name, first, last) in enumerate(SPANS, start=1)
    ]
    db.session.add_all(parts)
    db.session.flush()
    return parts


def make_school(name: str, **changes: Any) -> Organisation:
    """An open primary school that the local authority maintains; changes say otherwise."""
    facts: dict[str, Any] = {
        "name": name,
        "kind": OrganisationKind.SCHOOL,
        "phase": "Primary",
        "establishment_type": "Local authority maintained schools",
    }
    return make_organisation(**facts | changes)


def make_lead(
    school: Organisation,
    kind: PostKind = PostKind.DSL,
    person: Person | None = None,
    **changes: Any,
) -> Person:
    """Somebody who holds a post at a school since September 2025."""
    if person is None:
        person = make_person(organisation=school, sector=school.sector, **changes)
    post = Post(person_id=person.id, organisation_id=school.id, kind=kind, from_on=date(2025, 9, 1))
    db.session.add(post)
    db.session.flush()
    return person


def some_forum(*, title: str, person: str) -> tuple[Event, int]:
    """A forum of the second half term with one topic, of which the id."""
    offer = make_offer(kind=OfferKind.DSL_FORUM, title=title)
    event = make_forum(make_half_terms()[1], offer=offer)
    topic = ForumTopic(
        event_id=event.id,
        position=1,
        title=title,
        speaker=person,
        speaker_organisation=title,
        slides_url="https://slides.example.org/one",
    )
    db.session.add(topic)
    db.session.flush()
    return event, topic.id


def make_forum(half_term: HalfTerm, *, offer: Offer | None = None, **changes: Any) -> Event:
    """A published online forum of a half term, on its second Wednesday afternoon."""
    wednesday = half_term.starts_on + timedelta(days=(2 - half_term.starts_on.weekday()) % 7 + 7)
    facts: dict[str, Any] = {
        "starts_at": datetime.fromisoformat(f"{wednesday}T14:00:00+00:00"),
        "hours": 2,
        "capacity": None,
        "subtitle": f"{half_term.name} {half_term.school_year}",
        "half_term": half_term,
    }
    offer = offer or make_offer(kind=OfferKind.DSL_FORUM, title="DSL Forum", at_once=False)
    return make_event(offer, **facts | changes)
