"""What forums hold about a person: recordings they say they watched, and what was sent to them."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import delete, func, select, update

from app.accounts.models import Organisation, Person
from app.catalogue.models import Event, Offer
from app.forums.models import ForumReminder, ListChange, ListCheck, MissedForum, Watching
from app.forums.opinion_models import ContactWish, RespondentLink
from app.forums.training_models import TrainingInvitation, TrainingRound
from app.kernel.db import db
from app.outbox.personal import NOBODY
from app.partnership.models import Refresher

BETWEEN_ADDRESSES = re.compile(r"[\s,;:<>()]+|\.(?=\s|$)")


def export(person_id: int) -> dict[str, Any]:
    """Which recordings somebody watched, and of which forums they were reminded."""
    watched = db.session.execute(
        select(Offer.title, Event.subtitle, Watching.watched_at)
        .join(Event, Event.id == Watching.event_id)
        .join(Offer, Offer.id == Event.offer_id)
        .where(Watching.person_id == person_id)
        .order_by(Watching.id)
    )
    reminders = db.session.execute(
        select(Offer.title, Event.subtitle, ForumReminder.sent_at)
        .join(Event, Event.id == ForumReminder.event_id)
        .join(Offer, Offer.id == Event.offer_id)
        .where(ForumReminder.person_id == person_id)
        .order_by(ForumReminder.id)
    )
    return {
        "recordings_watched": [row._asdict() for row in watched],
        "reminders_of_forums": [row._asdict() for row in reminders],
        "told_of_missed_forums": _told_of(person_id),
        "invited_to_training": _invited(person_id),
        "said_of_by_schools": _said_of(person_id),
        "links_to_answer_for_the_executive": _links_sent(person_id),
        "asked_to_be_contacted": [
            {"name": one.name, "how": one.how, "asked_on": one.asked_on, "outcome": one.outcome}
            for one in _wishes_of(person_id)
        ],
    }


def _links_sent(person_id: int) -> list[dict[str, Any]]:
    """The links to answer for the Executive that were sent to somebody's address."""
    found = db.session.execute(
        select(RespondentLink.post, RespondentLink.made_at, RespondentLink.ends_on)
        .join(Person, func.lower(Person.email) == func.lower(RespondentLink.email))
        .where(Person.id == person_id)
        .order_by(RespondentLink.id)
    )
    return [row._asdict() for row in found]


def _wishes_of(person_id: int) -> list[ContactWish]:
    """The wishes to be contacted at somebody's address: nothing else in them leads to a person."""
    email = db.session.scalar(select(Person.email).where(Person.id == person_id))
    if not email:
        return []
    address = email.lower()
    holds_it = func.lower(ContactWish.how).contains(address, autoescape=True)
    found = db.session.scalars(select(ContactWish).where(holds_it).order_by(ContactWish.id))
    # Whole addresses only: ann@ is not joann@.
    return [one for one in found if address in BETWEEN_ADDRESSES.split(one.how.lower())]


def _said_of(person_id: int) -> list[dict[str, Any]]:
    """What schools said of somebody's posts, by the links to their own lists."""
    found = db.session.execute(
        select(Organisation.name, ListChange.kind, ListChange.post_kind, ListChange.said_at)
        .join(ListCheck, ListCheck.id == ListChange.list_check_id)
        .join(ListCheck.organisation)
        .where(ListChange.person_id == person_id)
        .order_by(ListChange.id)
    )
    return [row._asdict() for row in found]


def _told_of(person_id: int) -> list[dict[str, Any]]:
    found = db.session.execute(
        select(Offer.title, Event.subtitle, MissedForum.sent_at)
        .join(Event, Event.id == MissedForum.event_id)
        .join(Offer, Offer.id == Event.offer_id)
        .where(MissedForum.person_id == person_id)
        .order_by(MissedForum.id)
    )
    return [row._asdict() for row in found]


def _invited(person_id: int) -> list[dict[str, Any]]:
    found = db.session.execute(
        select(Refresher.name, TrainingInvitation.sent_at)
        .join(TrainingInvitation.round)
        .join(TrainingRound.refresher)
        .where(TrainingInvitation.person_id == person_id)
        .order_by(TrainingInvitation.id)
    )
    return [row._asdict() for row in found]


def erase(person_id: int) -> None:
    """Forget what somebody was sent; that a school caught up stays, without a name."""
    for table in (ForumReminder, ListChange, MissedForum, TrainingInvitation):
        db.session.execute(delete(table).where(table.person_id == person_id))
    address = select(func.lower(Person.email)).where(Person.id == person_id).scalar_subquery()
    db.session.execute(
        update(RespondentLink)
        .where(func.lower(RespondentLink.email) == address)
        .values(email=NOBODY)
        .execution_options(synchronize_session=False)
    )
    for wish in _wishes_of(person_id):
        db.session.delete(wish)
