"""The letters that bring people to a forum: the invitation, and the reminder a week before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from app.catalogue.models import Event
from app.forums.establishments import Addressee
from app.forums.forums import last_forum
from app.forums.said_done import SaidDone, newest_answers
from app.forums.topics import topics_of
from app.kernel.london import date_words, london_date, period_words
from app.outbox import letters
from app.outbox.letters import Letter


@dataclass(frozen=True)
class Facts:
    """What both letters say of a forum, read once for all addresses."""

    title: str
    date: str
    when: str
    book_link: str
    topics: tuple[str, ...]
    answers: tuple[SaidDone, ...]
    last_forum: str  # its date, if there is a recording of it
    catch_up_link: str


def facts_of(event: Event, *, now: datetime) -> Facts:
    """What there is to say of a forum now."""
    base, last = current_app.config["BASE_URL"], last_forum(now=now)
    topics = topics_of([event.id]).get(event.id, [])
    return Facts(
        title=event.title,
        date=date_words(event.starts_at),
        when=period_words(event.starts_at, event.ends_at),
        book_link=f"{base}/events/{event.reference}",
        topics=tuple(
            _topic_words(one.title, one.speaker, one.speaker_organisation) for one in topics
        ),
        answers=tuple(newest_answers(3)),
        last_forum=date_words(london_date(last.starts_at)) if last and last.recording_url else "",
        catch_up_link=f"{base}/forums/catch-up",
    )


def _topic_words(title: str, speaker: str, organisation: str) -> str:
    by = ", ".join(part for part in (speaker, organisation) if part)
    return f"{title} ({by})" if by else title


def write_invitation(to: Addressee, facts: Facts) -> Letter:
    """The invitation to everybody who leads on safeguarding."""
    return letters.write(
        "forums_invitation",
        subject=f"Invitation: {facts.title}, {facts.date}",
        name=to.name,
        places=_names(to),
        facts=facts,
    )


def write_reminder(to: Addressee, facts: Facts, half_terms: int) -> Letter:
    """The reminder to leads of a school that was not represented; so many half terms in a row."""
    return letters.write(
        "forums_reminder",
        subject=f"In a week: {facts.title}, {facts.date}",
        name=to.name,
        places=_names(to),
        facts=facts,
        half_terms=half_terms,
    )


def _names(to: Addressee) -> str:
    """The schools that somebody is written to about, as in a sentence."""
    names = [place.name for place in to.establishments]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
