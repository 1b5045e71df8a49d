"""What a partnership's own file must hold."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from typing import Any

PARTNERSHIP_TEXTS = (
    "name",
    "short_name",
    "district",
    "service_name",
    "strapline",
    "email",
    "phone",
    "address",
    "website",
    "organiser_name",
    "organiser_email",
    "brand_colour",
    "ink_colour",
    "concern_words",
)
# What only some partnerships need; left out, it is empty.
PARTNERSHIP_OPTIONAL = ("local_authority", "schools_sector")
POLICY_KINDS = ("accessibility", "privacy", "cookies", "booking")
HALF_TERM_NAMES = ("Autumn 1", "Autumn 2", "Spring 1", "Spring 2", "Summer 1", "Summer 2")
MOST_REFRESHER_MONTHS = 120
READABLE_CONTRAST = 4.5  # WCAG 2.2, 1.4.3


class PartnershipFileError(ValueError):
    """A partnership's file cannot be used; the text says what to change in it."""


@dataclass(frozen=True)
class SectorFacts:
    """One group of the workforce."""

    slug: str
    name: str
    position: int


@dataclass(frozen=True)
class PriorityFacts:
    """One priority of one plan."""

    plan: str
    number: int
    title: str
    is_adopted: bool


@dataclass(frozen=True)
class RefresherFacts:
    """Learning that must be renewed after so many months, and where that is said."""

    slug: str
    name: str
    months: int
    why: str


@dataclass(frozen=True)
class HalfTermFacts:
    """One sixth of a school year, first and last day."""

    school_year: str
    number: int
    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class PolicyFacts:
    """A page about the service, in Markdown."""

    kind: str
    title: str
    body: str
    reviewed_on: date


@dataclass(frozen=True)
class PartnershipFile:
    """A partnership's file, checked."""

    facts: dict[str, str | int]
    sectors: tuple[SectorFacts, ...]
    priorities: tuple[PriorityFacts, ...]
    refreshers: tuple[RefresherFacts, ...]
    half_terms: tuple[HalfTermFacts, ...]
    policies: tuple[PolicyFacts, ...]
    years_to_be_confirmed: tuple[str, ...]
    years_kept: tuple[str, ...] = ()  # set by staff in the service: the file does not change them


def read_partnership(text: str) -> PartnershipFile:
    """The file's content; PartnershipFileError names the first thing that cannot be used."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PartnershipFileError(f"This is not a TOML file: {error}") from error
    years = _tables(tree, "school_years")
    half_terms = tuple(part for year in years for part in _half_terms(year))
    _refuse_overlap(half_terms)
    return PartnershipFile(
        facts=_facts(_table(tree, "partnership")),
        sectors=_sectors(_tables(tree, "sectors")),
        priorities=tuple(p for plan in _tables(tree, "plans") for p in _priorities(plan)),
        refreshers=_refreshers(tree),
        half_terms=half_terms,
        policies=_policies(_table(tree, "policies")),
        years_to_be_confirmed=tuple(y["year"] for y in years if y.get("to_be_confirmed")),
    )


def contrast_with_white(colour: str) -> float:
    """How well white text reads on #rrggbb, from 1 to 21 (WCAG 2.2, relative luminance)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _facts(table: dict[str, Any]) -> dict[str, str | int]:
    known = {*PARTNERSHIP_TEXTS, *PARTNERSHIP_OPTIONAL, "cancellation_notice_days"}
    _refuse_unknown(table, "[partnership]", known)
    facts: dict[str, str | int] = {
        key: _text(table, key, "[partnership]") for key in PARTNERSHIP_TEXTS
    }
    facts |= {
        key: _text(table, key, "[partnership]") if key in table else ""
        for key in PARTNERSHIP_OPTIONAL
    }
    if not re.fullmatch(r"(\d{3})?", str(facts["local_authority"])):
        raise PartnershipFileError('[partnership] local_authority must be three digits, as "384"')
    days = table.get("cancellation_notice_days")
    if type(days) is not int or not 0 <= days <= 60:
        raise PartnershipFileError(
            "[partnership] needs cancellation_notice_days, a whole number from 0 to 60"
        )
    for key in ("brand_colour", "ink_colour"):
        _check_colour(key, str(facts[key]))
    for key in ("email", "organiser_email"):
        if not re.fullmatch(r"[^@\s<>]{1,64}@[^@\s<>]{1,190}", str(facts[key])):
            raise PartnershipFileError(f"[partnership] {key} must be an e-mail address")
    if not str(facts["website"]).startswith("https://"):
        raise PartnershipFileError("[partnership] website must begin with https://")
    return {**facts, "cancellation_notice_days": days}


def _check_colour(key: str, colour: str) -> None:
    if not re.fullmatch(r"#[0-9a-f]{6}", colour):
        raise PartnershipFileError(f"[partnership] {key} must look like #1f5f8b")
    if contrast_with_white(colour) < READABLE_CONTRAST:
        raise PartnershipFileError(
            f"[partnership] {key} is too light: white text on {colour} cannot be read well"
        )


def _sectors(tables: list[dict[str, Any]]) -> tuple[SectorFacts, ...]:
    found = []
    for position, table in enumerate(tables, start=1):
        slug = _slug(table, f"sector {position}")
        name = _text(table, "name", f"sector {slug}")
        found.append(SectorFacts(slug=slug, name=name, position=position))
    _refuse_doubled("sector slug", [sector.slug for sector in found])
    _refuse_doubled("sector name", [sector.name for sector in found])
    return tuple(found)


def _refreshers(tree: dict[str, Any]) -> tuple[RefresherFacts, ...]:
    """What must be renewed; a partnership may leave the part out."""
    tables = _tables(tree, "refreshers") if "refreshers" in tree else []
    found = []
    for position, table in enumerate(tables, start=1):
        slug = _slug(table, f"refresher {position}")
        name, why = (_text(table, key, f"refresher {slug}") for key in ("name", "why"))
        months = table.get("months")
        if type(months) is not int or not 1 <= months <= MOST_REFRESHER_MONTHS:
            raise PartnershipFileError(
                f"refresher {slug} needs months, a whole number from 1 to {MOST_REFRESHER_MONTHS}"
            )
        found.append(RefresherFacts(slug=slug, name=name, months=months, why=why))
    _refuse_doubled("refresher slug", [refresher.slug for refresher in found])
    _refuse_doubled("refresher name", [refresher.name for refresher in found])
    return tuple(found)


def _slug(table: dict[str, Any], where: str) -> str:
    slug = _text(table, "slug", where)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        raise PartnershipFileError(f"The slug {slug!r} may hold only a to z, 0 to 9 and -")
    return slug


def _priorities(plan: dict[str, Any]) -> list[PriorityFacts]:
    years = _text(plan, "years", "a plan")
    titles = plan.get("priorities")
    if not isinstance(titles, list) or not titles or not all(_is_words(t) for t in titles):
        raise PartnershipFileError(f"The plan {years} needs priorities, a list of titles")
    if not isinstance(plan.get("is_adopted"), bool):
        raise PartnershipFileError(f"The plan {years} needs is_adopted, true or false")
    return [
        PriorityFacts(plan=years, number=number, title=title, is_adopted=plan["is_adopted"])
        for number, title in enumerate(titles, start=1)
    ]


def _half_terms(year: dict[str, Any]) -> list[HalfTermFacts]:
    name = _text(year, "year", "a school year")
    if not re.fullmatch(r"20\d\d/\d\d", name):
        raise PartnershipFileError(f"The school year {name!r} must look like 2026/27")
    spans = year.get("half_terms")
    if not isinstance(spans, list) or len(spans) != len(HALF_TERM_NAMES):
        raise PartnershipFileError(f"The school year {name} needs six half_terms")
    return [
        _half_term(name, number, words, span)
        for number, (words, span) in enumerate(zip(HALF_TERM_NAMES, spans, strict=True), start=1)
    ]


def _half_term(year: str, number: int, words: str, span: Any) -> HalfTermFacts:
    is_span = isinstance(span, list) and len(span) == 2 and all(type(day) is date for day in span)
    if not is_span or span[0] >= span[1]:
        raise PartnershipFileError(
            f"{words} of {year} must be a first and a last day, such as [2026-09-01, 2026-10-23]"
        )
    return HalfTermFacts(
        school_year=year, number=number, name=words, starts_on=span[0], ends_on=span[1]
    )


def _refuse_overlap(half_terms: tuple[HalfTermFacts, ...]) -> None:
    in_order = sorted(half_terms, key=lambda part: part.starts_on)
    for before, after in zip(in_order, in_order[1:], strict=False):
        if after.starts_on <= before.ends_on:
            raise PartnershipFileError(
                f"{after.name} of {after.school_year} begins before "
                f"{before.name} of {before.school_year} has ended"
            )
    _refuse_doubled("half term", [f"{part.school_year} {part.name}" for part in half_terms])


def _policies(tables: dict[str, Any]) -> tuple[PolicyFacts, ...]:
    _refuse_unknown(tables, "[policies]", set(POLICY_KINDS))
    found = []
    for kind in POLICY_KINDS:
        table = _table(tables, kind)
        reviewed_on = table.get("reviewed_on")
        if type(reviewed_on) is not date:
            raise PartnershipFileError(f"[policies.{kind}] needs reviewed_on, a date")
        title, body = (_text(table, key, f"[policies.{kind}]") for key in ("title", "body"))
        found.append(PolicyFacts(kind=kind, title=title, body=body, reviewed_on=reviewed_on))
    return tuple(found)


def _is_words(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _text(table: dict[str, Any], key: str, where: str) -> str:
    if not _is_words(table.get(key)):
        raise PartnershipFileError(f"{where} needs {key}, some text in quotes")
    return str(table[key]).strip()


def _table(tree: dict[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(tree.get(key), dict):
        raise PartnershipFileError(f"The file needs a part [{key}]")
    return dict(tree[key])


def _tables(tree: dict[str, Any], key: str) -> list[dict[str, Any]]:
    tables = tree.get(key)
    if not isinstance(tables, list) or not tables or not all(isinstance(t, dict) for t in tables):
        raise PartnershipFileError(f"The file needs one or more parts [[{key}]]")
    return tables


def _refuse_unknown(table: dict[str, Any], where: str, known: set[str]) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise PartnershipFileError(f"{where} does not know {unknown[0]}")


def _refuse_doubled(what: str, values: list[str]) -> None:
    doubled = sorted({value for value in values if values.count(value) > 1})
    if doubled:
        raise PartnershipFileError(f"The {what} {doubled[0]!r} is there twice")
