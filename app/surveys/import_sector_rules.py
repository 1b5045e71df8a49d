"""Which of an imported file's questions asks for the sector, and which sector an answer means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.surveys.import_rules import (
    MOST_OPTIONS,
    ImportKind,
    ImportOption,
    QuestionPlan,
    counted,
)
from app.surveys.readers.forms_file import plain

# What people call the sectors that the partnership counts by, beside their own names; by slug.
OTHER_NAMES = {
    "education": r"schools?|colleges?|nursery school|academy|further education",
    "children-and-young-people-services": (
        r"children'?s? (and young people'?s? )?(social care|services?)|social care|cyps"
        r"|early help|family services"
    ),
    "early-years": r"nurser(y|ies)|child ?minders?|pre-?schools?|early years? .*",
    "health": r"nhs.*|hospital.*|.*health care|.*healthcare|gps?|midwifery|.*icb",
    "public-health": r"0.?19( .*)?|health visiting|school nursing",
    "adult-services": r"adult social care|adults.*|adult.*",
    "probation": r"probation .*|national probation.*",
    "police": r".*police.*",
    "voluntary-and-community": r"vcse?|vcfse|voluntary.*|third sector|charit(y|ies)|community.*",
    "youth-justice": r"youth justice.*|youth offending.*|yo[ts]|yjs",
    "housing": r"housing.*|.*homes?",
    "fire-service": r"fire.*",
    "other": r"other.*|none of (these|the above)",
}
ASKS_FOR_SECTOR = re.compile(
    r".*\b(sector|agency|type of organisation|which organisation|what organisation)\b.*"
)
SHARE_KNOWN = 0.5


@dataclass(frozen=True, slots=True)
class KnownSector:
    """One of the groups that the partnership counts by."""

    slug: str
    name: str


def sector_meant(label: str, sectors: Sequence[KnownSector]) -> str:
    """The slug of the sector that an answer probably means; empty where none is clear."""
    text = plain(label)
    for sector in sectors:
        if plain(sector.name) == text:
            return sector.slug
    there = {sector.slug for sector in sectors}
    for slug, pattern in OTHER_NAMES.items():
        if slug in there and re.fullmatch(pattern, text):
            return slug
    return ""


def asks_for_sector(words: str, cells: Sequence[str], sectors: Sequence[KnownSector]) -> bool:
    """Whether a question asks for the sector, and most of its answers say one."""
    given = counted(ImportKind.SECTOR, cells)
    if not ASKS_FOR_SECTOR.fullmatch(plain(words)) or not 0 < len(given) <= MOST_OPTIONS:
        return False
    clear = sum(count for label, count in given.items() if sector_meant(label, sectors))
    return clear >= SHARE_KNOWN * given.total()


def with_sectors(plan: QuestionPlan, sectors: Sequence[KnownSector]) -> QuestionPlan:
    """The plan of a question for the sector, each answer without one with what it may mean."""
    options = tuple(
        option if option.sector else replace(option, sector=sector_meant(option.label, sectors))
        for option in plan.options
    )
    return replace(plan, options=options)


def planned_as_sector(
    words: str, cells: Sequence[str], sectors: Sequence[KnownSector]
) -> QuestionPlan:
    """A question that asked for the sector."""
    options = tuple(map(ImportOption, counted(ImportKind.SECTOR, cells)))
    return with_sectors(QuestionPlan(words, ImportKind.SECTOR, options=options), sectors)


def sector_of(plans: Sequence[QuestionPlan], cells: Sequence[str]) -> str:
    """The slug of the sector that somebody's answers say; empty where they say none."""
    for plan, cell in zip(plans, cells, strict=True):
        if plan.kind is ImportKind.SECTOR and cell:
            means = {plain(option.label): option.sector for option in plan.options}
            return means.get(plain(cell), "")
    return ""
