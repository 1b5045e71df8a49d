"""Evaluation reports: begun, published and corrected, with figures that a test chooses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.accounts.models import Person
from app.catalogue.models import Offer
from app.impact.reports import operations
from app.impact.reports.composing import NO_TABLE
from app.impact.reports.documents import Bases, Document, DocumentSection, Piece
from app.impact.reports.operations import SectionDetails
from app.kernel.db import db
from app.surveys.models import Evaluation
from tests.support.answers import add_responses, make_evaluation, wave_of

KEY = "personal-quality"


def a_piece(bases: Mapping[str, int], *, title: str = "Rated it good", key: str = KEY) -> Piece:
    """A figure of so many people, by the key of the base."""
    base = next(iter(bases.values()))
    chart = {"kind": "share", "count": base, "base": base, "low": 70.0, "high": 100.0}
    return Piece(
        key=key,
        group="Reaction",
        title=title,
        lines=[
            {
                "label": "",
                "when": "Straight after",
                "number": "100%",
                "sure": f"{base} of {base}",
                "chart": {**chart, "segments": []},
            }
        ],
        drawings=[],
        notes=[],
        tables=[{"title": title, "columns": ["", "Of"], "rows": [["All", f"{base}"]], "note": ""}],
        sentences=[f"100% ({base} of {base}) rated it good."],
        alt=f"Bar chart: {title}.",
        bases={name: Bases(total=total, groups={}) for name, total in bases.items()},
    )


def a_document(title: str, *pieces: Piece, words: str = "What it is, *at length*.") -> Document:
    """A report with one section."""
    section = DocumentSection(heading=title, words=words, pieces=list(pieces), quotes=[])
    return Document(
        title=title,
        summary="What people say.",
        evaluation=title,
        subject="the course",
        offers=[["neglect", title]],
        partnership="Wakefield Safeguarding Children Partnership",
        contact="wscp@example.org",
        figures_of="2026-11-02",
        example="",
        sections=[section],
        method=[["Bases", "Each question has its own."]],
        limits=["People rate themselves."],
        codebook=NO_TABLE,
    )


def begin(
    evaluation: Evaluation, actor: Person, *, now: datetime, title: str = "What changed"
) -> str:
    """A draft with one section; its address."""
    slug = operations.begin_report(
        evaluation.id,
        title,
        "What people say.",
        [SectionDetails("Why we offered it", "Because.", [KEY])],
        actor=actor,
        now=now,
    )
    db.session.commit()
    return slug


def publish(slug: str, actor: Person, *, now: datetime, people: int = 40) -> None:
    """Publish the draft with one figure of so many people."""
    document = a_document("What changed", a_piece({f"{KEY} wave-0": people}))
    operations.publish(slug, document, actor=actor, now=now)
    db.session.commit()


def a_published_report(evaluation: Evaluation, actor: Person, *, now: datetime) -> str:
    """A report that everybody can read; its address."""
    slug = begin(evaluation, actor, now=now)
    publish(slug, actor, now=now)
    return slug


def an_answered_evaluation(offer: Offer, *, people: int = 12, **changes: Any) -> Evaluation:
    """Asked straight after, all of them having rated it very good."""
    evaluation = make_evaluation(0, offers=[offer], **changes)
    forms = [{"quality": "very_good"}] * people
    add_responses(evaluation, forms, wave=wave_of(evaluation, 0))
    return evaluation
