"""What somebody looks for in the catalogue, read from an address and written back into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from app.catalogue.models import OfferKind
from app.catalogue.rules import KIND_WORDS, month_words
from app.kernel.forms import one_line
from app.kernel.paging import page_number

MOST_SEARCH_LENGTH = 100
MOST_SEARCH_WORDS = 8
WHERE_WORDS = {"online": "Online", "in_person": "In person"}
PARAMETERS = {
    "words": "q",
    "kind": "kind",
    "topic": "topic",
    "audience": "for",
    "series": "series",
    "offer": "offer",
    "month": "month",
    "where": "where",
    "places_left": "places",
    "undated": "dates",
    "page": "page",
}


@dataclass(frozen=True)
class CatalogueFilter:
    """What to show; everything empty shows the whole programme."""

    words: str = ""
    kind: OfferKind | None = None
    topic: str = ""
    audience: str = ""
    series: str = ""
    offer: str = ""
    month: str = ""
    where: str = ""
    places_left: bool = False
    undated: bool = False
    page: int = 1

    @property
    def query(self) -> str:
        """The part of an address after its path, empty or with its question mark."""
        pairs = [
            (parameter, _written(name, getattr(self, name)))
            for name, parameter in PARAMETERS.items()
            if getattr(self, name) != _DEFAULTS[name]
        ]
        return f"?{urlencode(pairs)}" if pairs else ""

    @property
    def address(self) -> str:
        """The address of the catalogue with this filter."""
        return f"/learning{self.query}"

    def but(self, **changes: Any) -> CatalogueFilter:
        """The same filter with changes, from its first page again unless a page is named."""
        return replace(self, **{"page": 1, **changes})

    @property
    def search_words(self) -> list[str]:
        """The words each of which must be found."""
        return self.words.split()[:MOST_SEARCH_WORDS]

    @property
    def needs_a_date(self) -> bool:
        """Whether only something with a date can match."""
        return bool(self.month or self.where or self.places_left)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out."""
        return self.but(undated=False) != CatalogueFilter()


_DEFAULTS = {field.name: field.default for field in fields(CatalogueFilter)}
_FLAGS = {"places_left": "left", "undated": "none"}


def _written(name: str, value: Any) -> str:
    return _FLAGS[name] if name in _FLAGS else str(value)


class Choices(NamedTuple):
    """What the filters offer: slugs with their names, months in order; of offers the one named."""

    kinds: Sequence[OfferKind]
    topics: Mapping[str, str]
    audiences: Mapping[str, str]
    series: Mapping[str, str]
    offers: Mapping[str, str]
    months: Sequence[str]


class FilterRead(NamedTuple):
    """The filter of an address, and what of the address was not understood."""

    filter: CatalogueFilter
    notes: list[str]
    is_wider: bool  # a filter was left out, so that more is found than was asked for


def read_filter(given: Mapping[str, Sequence[str]], choices: Choices) -> FilterRead:
    """The filter in an address's parameters; whatever cannot be used is left out with a note."""
    reader = _Reader(given)
    found = CatalogueFilter(
        words=reader.words(),
        kind=reader.chosen("kind", {kind.value: kind for kind in OfferKind}, "kind of learning"),
        topic=reader.chosen("topic", {slug: slug for slug in choices.topics}, "topic") or "",
        audience=reader.chosen("for", {slug: slug for slug in choices.audiences}, "group") or "",
        series=reader.chosen("series", {slug: slug for slug in choices.series}, "series") or "",
        offer=reader.chosen("offer", {slug: slug for slug in choices.offers}, "offer") or "",
        month=reader.month(choices.months),
        where=reader.chosen("where", {key: key for key in WHERE_WORDS}, "place") or "",
        places_left=reader.flag("places", "left"),
        undated=reader.flag("dates", "none"),
        page=page_number(reader.first("page")),
    )
    return FilterRead(found, reader.notes, reader.is_wider)


class _Reader:
    """Reads one parameter at a time and notes what it could not use."""

    def __init__(self, given: Mapping[str, Sequence[str]]) -> None:
        self.given = given
        self.notes: list[str] = []
        self.is_wider = False

    def words(self) -> str:
        """Search words, on one line and not too many."""
        text = one_line(self.first("q"))
        if len(text) > MOST_SEARCH_LENGTH:
            text = text[:MOST_SEARCH_LENGTH].strip()
            self.notes.append(f"We searched for the first {MOST_SEARCH_LENGTH} characters only.")
        elif len(text.split()) > MOST_SEARCH_WORDS:
            self.notes.append(f"We searched for the first {MOST_SEARCH_WORDS} words only.")
        return " ".join(text.split()[:MOST_SEARCH_WORDS])

    def chosen(self, parameter: str, allowed: Mapping[str, Any], noun: str) -> Any:
        """One of the allowed values, or None."""
        value = self.first(parameter).strip()
        if not value or value in allowed:
            return allowed.get(value)
        self.notes.append(f"We do not know that {noun}, so it is not used as a filter.")
        self.is_wider = True
        return None

    def month(self, months: Sequence[str]) -> str:
        """One of the months in which something takes place."""
        value = self.first("month").strip()
        if not value or value in months:
            return value
        self.notes.append("Nothing is planned in that month yet, so all months are shown.")
        self.is_wider = True
        return ""

    def flag(self, parameter: str, on: str) -> bool:
        """Whether a filter that is on or off is on."""
        return self.first(parameter).strip() == on

    def first(self, parameter: str) -> str:
        """The first value given for a parameter, or nothing."""
        values = [value for value in self.given.get(parameter, ()) if value]
        if len(set(values)) > 1:
            self.notes.append("Each filter can be used once at a time: the first one counts.")
        return values[0] if values else ""


class AppliedFilter(NamedTuple):
    """One filter that is on, and the address without it."""

    words: str
    address_without: str


def applied_filters(chosen: CatalogueFilter, choices: Choices) -> list[AppliedFilter]:
    """The filters that are on, each with the way to take it off."""
    words = {
        "words": f"“{chosen.words}”",
        "kind": KIND_WORDS[chosen.kind].many if chosen.kind else "",
        "topic": choices.topics.get(chosen.topic, ""),
        "audience": f"For {choices.audiences.get(chosen.audience, '')}",
        "series": choices.series.get(chosen.series, ""),
        "offer": choices.offers.get(chosen.offer, ""),
        "month": month_words(chosen.month) if chosen.month else "",
        "where": WHERE_WORDS.get(chosen.where, ""),
        "places_left": "Places left",
    }
    return [
        AppliedFilter(in_words, chosen.but(**{name: _DEFAULTS[name]}).address)
        for name, in_words in words.items()
        if getattr(chosen, name) != _DEFAULTS[name]
    ]


class Chip(NamedTuple):
    """A filter that one click turns on, or off again."""

    words: str
    address: str
    is_on: bool


def kind_chips(chosen: CatalogueFilter, kinds: Sequence[OfferKind]) -> list[Chip]:
    """One chip for each kind of learning."""
    return [
        Chip(KIND_WORDS[kind].many, chosen.but(kind=kind).address, chosen.kind is kind)
        for kind in kinds
    ]


def chips(chosen: CatalogueFilter, choices: Choices) -> list[Chip]:
    """The quick filters above the list."""
    made = [Chip("All", chosen.but(kind=None, undated=False).address, chosen.kind is None)]
    made += kind_chips(chosen, choices.kinds)
    online = chosen.where == "online"
    made.append(Chip("Online", chosen.but(where="" if online else "online").address, online))
    left = chosen.places_left
    made.append(Chip("Places left", chosen.but(places_left=not left).address, left))
    return made
