"""What a report holds as plain values: shown live while it is written, kept as JSON for good."""

from __future__ import annotations

from typing import Any, TypedDict


class PlainTable(TypedDict):
    """Printed words; the first cell of a row names it."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    note: str


class Line(TypedDict):
    """One number with how sure it is; its chart is drawn from plain values."""

    label: str
    when: str
    number: str
    sure: str
    chart: dict[str, Any]


class Bases(TypedDict):
    """How many people a figure is of, in all and by line of its breakdown."""

    total: int
    groups: dict[str, int]


class Piece(TypedDict):
    """One figure that can stand in a report: lines or a drawing, tables, sentences, bases."""

    key: str
    group: str
    title: str
    lines: list[Line]
    drawings: list[dict[str, Any]]
    notes: list[str]
    tables: list[PlainTable]
    sentences: list[str]
    alt: str
    bases: dict[str, Bases]


class DocumentSection(TypedDict):
    """A heading, Markdown, figures, and the references of quotations."""

    heading: str
    words: str
    pieces: list[Piece]
    quotes: list[str]


class Document(TypedDict):
    """Everything a version of a report shows, except who withdrew or corrected it."""

    title: str
    summary: str
    evaluation: str
    subject: str
    offers: list[list[str]]  # slug and title
    partnership: str
    contact: str
    figures_of: str  # ISO date on which the figures were taken
    example: str
    sections: list[DocumentSection]
    method: list[list[str]]  # what, and the words
    limits: list[str]
    codebook: PlainTable


def pieces_in(document: Document) -> list[Piece]:
    """Every figure of a document once, in its order."""
    found: dict[str, Piece] = {}
    for section in document["sections"]:
        for piece in section["pieces"]:
            found.setdefault(piece["key"], piece)
    return list(found.values())


def bases_in(document: Document) -> dict[str, Bases]:
    """How many people each figure of a document is of."""
    return {key: bases for piece in pieces_in(document) for key, bases in piece["bases"].items()}


def quotes_in(document: Document) -> list[str]:
    """The references of the quotations a document names, each once."""
    return list(dict.fromkeys(ref for section in document["sections"] for ref in section["quotes"]))
