"""Which sectors and kinds of organisation are hardly reached, and whom to approach (R31)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.accounts.models import OrganisationKind
from app.home.report.counting_rules import Counted
from app.home.report.facts_rules import OrganisationFacts
from app.home.report.rules import Figure, Part

# Fewer than one in four of the organisations we know: low enough to ask why.
LOW_BELOW_PERCENT = 25
HOW = (
    f"Low is fewer than {LOW_BELOW_PERCENT} in 100 of the organisations on our list, open on the"
    " last day of the period, from which somebody came, or for whose own staff a session was held."
    " Organisations outside the district and those that nobody has accepted yet are left out."
)
KIND_WORDS = {
    OrganisationKind.SCHOOL: "Schools",
    OrganisationKind.COLLEGE: "Colleges",
    OrganisationKind.EARLY_YEARS: "Early years settings",
    OrganisationKind.AGENCY: "Public bodies, GPs among them",
    OrganisationKind.VOLUNTARY: "Charities and community groups",
    OrganisationKind.SPORTS_CLUB: "Sports clubs",
    OrganisationKind.FAITH: "Faith groups",
    OrganisationKind.OUT_OF_AREA: "Outside the district",
}
ONE_WORDS = {
    OrganisationKind.SCHOOL: "School",
    OrganisationKind.COLLEGE: "College",
    OrganisationKind.EARLY_YEARS: "Early years setting",
    OrganisationKind.AGENCY: "Public body",
    OrganisationKind.VOLUNTARY: "Charity or community group",
    OrganisationKind.SPORTS_CLUB: "Sports club",
    OrganisationKind.FAITH: "Faith group",
    OrganisationKind.OUT_OF_AREA: "Outside the district",
}


@dataclass(frozen=True, slots=True)
class Reached:
    """How many organisations of a sector or kind were reached, of those on our list."""

    name: str
    reached: int
    listed: int

    @property
    def part(self) -> Part | None:
        """The share reached; None where we list none."""
        return Part(self.reached, self.listed) if self.listed else None

    @property
    def is_low(self) -> bool:
        """Whether so few were reached that somebody should approach the others."""
        return not self.listed or self.reached * 100 < LOW_BELOW_PERCENT * self.listed


@dataclass(frozen=True, slots=True)
class Reach:
    """Organisations reached by sector and by kind, and those to approach."""

    sectors: Sequence[Reached]
    kinds: Sequence[Reached]
    to_approach: Sequence[OrganisationFacts]
    last_on: date  # the day on which organisations had to be open

    @property
    def low(self) -> list[Reached]:
        """Sectors and kinds with low reach."""
        return [one for one in (*self.sectors, *self.kinds) if one.is_low]


def reach(
    organisations: Iterable[OrganisationFacts],
    sectors: Mapping[int, str],
    counted: Counted,
    *,
    last_on: date,
) -> Reach:
    """Who was reached, of the organisations there were on that day."""
    listed = [one for one in organisations if is_listed(one, last_on)]
    reached = {body for body, line in counted.organisations.items() if line[Figure.SESSIONS]}
    by_sector = {
        sector_id: _reached(name, [one for one in listed if one.sector_id == sector_id], reached)
        for sector_id, name in sectors.items()
    }
    by_kind: dict[OrganisationKind, Reached] = {
        kind: _reached(words, [one for one in listed if one.kind == kind], reached)
        for kind, words in KIND_WORDS.items()
        if kind is not OrganisationKind.OUT_OF_AREA
    }
    return Reach(
        sectors=list(by_sector.values()),
        kinds=[one for one in by_kind.values() if one.listed],
        to_approach=[
            one
            for one in sorted(listed, key=lambda one: (one.sector_id, one.name))
            if one.id not in reached
            and (by_sector[one.sector_id].is_low or by_kind[OrganisationKind(one.kind)].is_low)
        ],
        last_on=last_on,
    )


def is_listed(one: OrganisationFacts, last_on: date) -> bool:
    """Whether it was open on that day, is ours to reach, and somebody has accepted it."""
    is_open = (one.closed_on is None or one.closed_on > last_on) and (
        one.opened_on is None or one.opened_on <= last_on
    )
    is_ours = one.kind != OrganisationKind.OUT_OF_AREA
    return is_open and is_ours and not one.is_proposed


def _reached(name: str, listed: Collection[OrganisationFacts], reached: Collection[int]) -> Reached:
    return Reached(name, sum(1 for one in listed if one.id in reached), len(listed))
