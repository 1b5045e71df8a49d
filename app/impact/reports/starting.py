"""The sections a report begins with: the chain from why to what next, its figures in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.impact.reports.documents import Piece
from app.impact.reports.operations import SectionDetails
from app.impact.reports.pieces import OPEN_LINK, REACH
from app.impact.reports.queries import QUOTE
from app.impact.words.queries import Quote

MOST_QUOTES = 3


def first_sections(pieces: Mapping[str, Piece], quotes: Iterable[Quote]) -> list[SectionDetails]:
    """Why, who, what they thought, learned and do, in their words, what next."""

    def of_group(name: str) -> list[str]:
        return [key for key, piece in pieces.items() if piece["group"] == name]

    chosen = [f"{QUOTE}{quote.reference}" for quote in list(quotes)[:MOST_QUOTES]]
    sections = [
        SectionDetails("Why we offered it"),
        SectionDetails("Who came and who answered", chosen=of_group(REACH)),
        SectionDetails("What people thought of it", chosen=of_group("Reaction")),
        SectionDetails("What people say they learned", chosen=of_group("Learning")),
        SectionDetails("What people say they do", chosen=of_group("Behaviour")),
        SectionDetails("Answers through an open link", chosen=of_group(OPEN_LINK)),
        SectionDetails("In their words", chosen=chosen),
    ]
    last = SectionDetails("What happens next")
    return [sections[0], *(one for one in sections[1:] if one.chosen), last]
