"""What the contact of a session counted by heads is written."""

from __future__ import annotations

from flask import current_app

from app.accounts.models import Person
from app.catalogue.models import Event
from app.outbox import letters
from app.outbox.operations import SURVEY_PRIORITY, queue
from app.surveys.open_link_models import OpenLink
from app.surveys.open_link_rules import last_day

KIND = "survey_open_link"


def queue_link(person: Person, link: OpenLink, event: Event) -> None:
    """Ask a contact to pass a link on to those who were there."""
    title = event.offer.title
    letter = letters.write(
        KIND,
        subject=f"What came of {title}? A link for those who were there",
        name=person.name,
        title=title,
        held_at=event.ends_at,
        url=address_of(link.slug),
        last_day=last_day(link.open_until),
    )
    queue(
        letter,
        dedupe_key=f"{KIND}:{event.reference}:{link.months_later}",
        kind=KIND,
        about=("event", event.reference),
        person_reference=person.reference,
        to_name=person.name,
        to_email=person.email or "",
        priority=SURVEY_PRIORITY,
        not_after=link.open_until,
    )


def address_of(slug: str) -> str:
    """The whole address of an open link."""
    return f"{current_app.config['BASE_URL']}/surveys/open/{slug}"


def short_address() -> str:
    """How the address begins that people type from a poster; the link's own letters follow."""
    host = str(current_app.config["BASE_URL"]).partition("://")[2]
    return f"{host}/s/"
