"""What forums add to the public page of an event, which stands on a lower floor.

The roof gives its template `forum_parts` (app/page.py); forums/_public_parts.html shows them.
"""

from __future__ import annotations

from typing import NamedTuple

from app.catalogue.models import HALF_TERMLY, Event, OfferKind
from app.forums.models import ForumTopic
from app.forums.said_done import SaidDone, newest_answers
from app.forums.topics import topics_of


class ForumParts(NamedTuple):
    """What the public page of a forum or peer-support meeting shows besides."""

    topics: list[ForumTopic]
    answers: list[SaidDone]  # of the Executive, to what schools said before


def forum_parts(event: Event) -> ForumParts | None:
    """What forums add to the page of an event; None for events of other kinds."""
    if event.offer.kind not in HALF_TERMLY:
        return None
    return ForumParts(
        topics=topics_of([event.id]).get(event.id, []),
        answers=newest_answers() if event.offer.kind is OfferKind.DSL_FORUM else [],
    )
