"""How pages, pictures and files show a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from app.impact.reports import drawings
from app.impact.reports.composing import day_of
from app.impact.reports.documents import Document, Piece, PlainTable, pieces_in, quotes_in
from app.impact.reports.drawings import Look, has_picture
from app.impact.tables import Table
from app.impact.words.queries import Quote, quotes_by_reference
from app.kernel.london import short_date_words
from app.partnership import queries as partnership

MOST_AT_A_GLANCE = 5
# Whoever was there knows of it: such a figure is large and tells nothing.
SAYS_LITTLE = frozenset({"personal-awareness", "personal-attendance"})
__all__ = ["as_table", "day_of", "draw", "glance", "has_picture"]  # what templates use


def draw(drawing: dict[str, Any], title: str, words: str) -> Markup:
    """A histogram or a line over time, in the page."""
    shown = drawings.inline(drawing, look(()), title=title, words=words)
    return Markup(shown)  # noqa: S704 - every word in it was escaped where it was drawn


def glance(document: Document) -> list[tuple[str, str, str]]:
    """A few big numbers, of every kind there is: the number, what it says, where it stands."""
    told = [(piece["group"], _big_number(piece)) for piece in pieces_in(document)]
    found = [(group, figure) for group, figure in told if figure]
    seen: Counter[str] = Counter()
    turns = []
    for place, (group, figure) in enumerate(found):
        turns.append((figure[2] in SAYS_LITTLE, seen[group], place))
        seen[group] += figure[2] not in SAYS_LITTLE
    chosen = {place for *_, place in sorted(turns)[:MOST_AT_A_GLANCE]}
    return [figure for place, (_, figure) in enumerate(found) if place in chosen]


def _big_number(piece: Piece) -> tuple[str, str, str] | None:
    if piece["key"] == "reach":
        people = f"{piece['bases']['reach']['total']:,}"
        return people, piece["sentences"][0].partition(" ")[2].rstrip("."), piece["key"]
    lines = [line for line in piece["lines"] if line["chart"] and not line["label"]]
    if not lines or lines[-1]["chart"]["kind"] != "share":
        return None
    last = lines[-1]
    count, base = last["chart"]["count"], last["chart"]["base"]
    when = f", {last['when'][:1].lower()}{last['when'][1:]}" if last["when"] else ""
    words = f"{piece['title'][:1].lower()}{piece['title'][1:]} ({count} of {base}{when})"
    return last["number"], words, piece["key"]


def as_table(plain: PlainTable) -> Table:
    """A frozen table as pages show tables."""
    rows = tuple(tuple(row) for row in plain["rows"])
    return Table(plain["title"], tuple(plain["columns"]), rows, plain["note"])


def look(source: tuple[str, ...]) -> Look:
    """The partnership's colours, and what stands under a picture."""
    facts = partnership.current()
    return Look(ink=facts.ink_colour, brand=facts.brand_colour, source=source)


def source_of(document: Document) -> tuple[str, ...]:
    """Where a picture of a report comes from."""
    from_day = short_date_words(day_of(document))
    return drawings.source_lines(document["partnership"], from_day, document["example"])


def quotes_for(document: Document) -> dict[str, Quote]:
    """The quotations of a document that are released now: one that was withdrawn is gone."""
    references = quotes_in(document)
    return quotes_by_reference(references, public=True) if references else {}


def tables_of(document: Document, quotes: Iterable[Quote]) -> list[PlainTable]:
    """Every table that a report's page shows, the quotations, and the codebook."""
    tables = [table for piece in pieces_in(document) for table in piece["tables"]]
    rows = [[quote.words, quote.door_label] for quote in quotes]
    if rows:
        columns = ["In their words", "When asked"]
        tables.append(PlainTable(title="Quotations", columns=columns, rows=rows, note=""))
    return [*tables, document["codebook"]]


def first_lines(document: Document) -> list[tuple[str, ...]]:
    """What a file of figures says of itself: from where, of when, how made, what not to read in."""
    return [
        ("Evaluation", document["evaluation"]),
        ("About", ", ".join(title for _, title in document["offers"]) or document["subject"]),
        ("Made by", document["partnership"]),
        ("Figures of", short_date_words(day_of(document))),
        *((what, words) for what, words in document["method"]),
        *(("Limit", words) for words in document["limits"]),
    ]
