"""Training that falls due: who at which school stands where, over the whole district (R26)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.accounts.models import Post, PostKind
from app.forums import training_rules as rules
from app.forums.establishment_rules import phase_position
from app.forums.establishments import (
    LEADS,
    Establishment,
    PostHolder,
    establishments_on,
    post_holders,
)
from app.forums.training_rules import DSL_TRAINING, Renewal, Span, Standing
from app.kernel.db import db
from app.kernel.london import london_date
from app.partnership.models import HalfTerm
from app.partnership.rules import HalfTermFacts
from app.record import queries as record
from app.record.rules import Rule

A_YEAR = timedelta(days=366)


@dataclass(frozen=True)
class Terms:
    """The terms and half terms that are not over, the nearest first."""

    terms: list[Span]
    half_terms: list[Span]

    @property
    def this_term(self) -> Span:
        """The term that runs, or comes next."""
        return self.terms[0]

    @property
    def next_term(self) -> Span:
        """The one after it."""
        return self.terms[1]


def coming_terms(today: date) -> Terms:
    """Terms and half terms as entered; the usual months where nobody entered any."""
    rows = db.session.scalars(select(HalfTerm).where(HalfTerm.ends_on >= today - A_YEAR))
    parts = [
        HalfTermFacts(one.school_year, one.number, one.name, one.starts_on, one.ends_on)
        for one in rows
    ]
    return Terms(*rules.spans_of(parts, today))


@dataclass(frozen=True)
class HolderLine:
    """Somebody with posts at one establishment, and what they must renew."""

    establishment: Establishment
    person_id: int
    person_reference: str
    name: str
    email: str | None
    kinds: tuple[PostKind, ...]
    renewals: tuple[Renewal, ...]

    def renewal_of(self, slug: str) -> Renewal | None:
        """Where they stand with one thing; None if nobody asks it of them."""
        return next((one for one in self.renewals if one.rule.slug == slug), None)


@dataclass(frozen=True)
class District:
    """Everybody in a post at an open establishment; who has two schools stands under both."""

    terms: Terms
    rules: list[Rule]
    lines: list[HolderLine]

    def of(self, slug: str) -> Iterator[tuple[HolderLine, Renewal]]:
        """Those of whom one thing is asked, with where they stand."""
        for line in self.lines:
            renewal = line.renewal_of(slug)
            if renewal is not None:
                yield line, renewal


def district(
    *, now: datetime, kinds: Collection[PostKind] = LEADS, terms: Terms | None = None
) -> District:
    """Who stands where, in the same few statements however many schools there are."""
    today = london_date(now)
    terms, known = terms or coming_terms(today), record.refresher_rules()
    open_now = {one.id: one for one in establishments_on(today)}
    in_posts = select(Post.person_id).where(Post.until_on.is_(None), Post.kind.in_(kinds))
    registers = record.registers_of(in_posts, now=now, renewing=True)
    entries = record.entries_of(in_posts, renewing=True)
    lines = []
    for establishment_id, holders in post_holders(None, kinds).items():
        if establishment_id not in open_now:
            continue
        for person_id, posts in _by_person(holders):
            renewals = rules.renewals(
                known,
                [post.kind for post in posts],
                registers.get(person_id, []),
                entries.get(person_id, []),
                terms=terms.terms,
                today=today,
            )
            lines.append(_line(open_now[establishment_id], posts, renewals))
    return District(terms, known, lines)


def _by_person(holders: Iterable[PostHolder]) -> Iterable[tuple[int, list[PostHolder]]]:
    found: defaultdict[int, list[PostHolder]] = defaultdict(list)
    for holder in holders:
        found[holder.person_id].append(holder)
    return found.items()


def _line(
    establishment: Establishment, posts: Sequence[PostHolder], renewals: Sequence[Renewal]
) -> HolderLine:
    first = posts[0]
    return HolderLine(
        establishment=establishment,
        person_id=first.person_id,
        person_reference=first.person_reference,
        name=first.name,
        email=first.email,
        kinds=tuple(post.kind for post in posts),
        renewals=tuple(renewals),
    )


@dataclass(frozen=True)
class PhaseCount:
    """How many people of one phase stand where; a person with two schools counts once in each."""

    phase: str
    counts: dict[Standing, int]

    @property
    def people(self) -> int:
        """All of them."""
        return sum(self.counts.values())


def counts_by_phase(found: Iterable[tuple[HolderLine, Renewal]]) -> list[PhaseCount]:
    """How many people stand where, by phase, and last of all in the whole district."""
    people: defaultdict[str, dict[int, Standing]] = defaultdict(dict)
    everybody: dict[int, Standing] = {}
    for line, renewal in found:
        people[line.establishment.phase][line.person_id] = renewal.standing
        everybody[line.person_id] = renewal.standing
    by_phase = sorted(people.items(), key=lambda item: phase_position(item[0]))
    return [
        PhaseCount(phase, {one: list(standings.values()).count(one) for one in Standing})
        for phase, standings in [*by_phase, ("All", everybody)]
    ]


@dataclass(frozen=True)
class DueCounts:
    """How many people need designated lead training when; for the Advisor's first page."""

    this_term: int
    next_term: int
    no_record: int  # none at all, or none that still counts
    term_name: str
    next_term_name: str


def due_counts(*, now: datetime) -> DueCounts:
    """For how many people designated lead training falls due this term and next."""
    whole = district(now=now)
    counts = counts_by_phase(whole.of(DSL_TRAINING))[-1].counts
    return DueCounts(
        this_term=counts[Standing.THIS_TERM],
        next_term=counts[Standing.NEXT_TERM],
        no_record=counts[Standing.NO_RECORD] + counts[Standing.NO_RECORD_SINCE],
        term_name=whole.terms.this_term.name,
        next_term_name=whole.terms.next_term.name,
    )


@dataclass(frozen=True)
class Wanted:
    """What a list shows: what is renewed, where people stand, and the phase of their schools."""

    slug: str
    standing: Standing | None = None
    phase: str = ""


def chosen(whole: District, wanted: Wanted) -> list[tuple[HolderLine, Renewal]]:
    """The lines of a list: whoever falls due first stands first, those without a record last."""
    found = [
        (line, renewal)
        for line, renewal in whole.of(wanted.slug)
        if wanted.standing in {None, renewal.standing}
        and wanted.phase in {"", line.establishment.phase}
    ]
    return sorted(
        found,
        key=lambda one: (one[1].due_on or date.max, one[0].establishment.name, one[0].name),
    )


def phases_of(whole: District) -> list[str]:
    """The phases that there are, in their order."""
    return sorted({line.establishment.phase for line in whole.lines}, key=phase_position)
