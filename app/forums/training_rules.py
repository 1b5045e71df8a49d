"""What must be renewed by whom, and in which term it falls due: values in, values out.

Nobody is ever called late: training elsewhere counts, and we may not know of it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.accounts.models import PostKind
from app.kernel.london import add_months, short_date_words
from app.partnership.half_term_rules import school_year_of
from app.partnership.rules import HalfTermFacts
from app.record.rules import Entry, RegisterRow, Rule, last_done

LEADS = frozenset({PostKind.DSL, PostKind.DEPUTY_DSL})
# "Keeping children safe in education" asks it of designated leads and their deputies.
ASKED_OF_LEADS = frozenset({"dsl-training", "annual-update"})
DSL_TRAINING = "dsl-training"
A_DAY = timedelta(days=1)
TERMS = ("Autumn", "Spring", "Summer")
LAST_OF_A_YEAR = 6
FIRST_MONTH = 9  # of a school year, where nobody entered its half terms
TERMS_LOOKED_AT = 3


@dataclass(frozen=True, slots=True)
class Span:
    """A term or half term with the holidays after it, so that no day lies between two."""

    key: str  # as 2026-27-spring or 2026-27-3
    name: str
    first_on: date
    last_on: date


def spans_of(parts: Sequence[HalfTermFacts], today: date) -> tuple[list[Span], list[Span]]:
    """The terms and the half terms that are not over, the nearest first; three terms at least."""
    ordered = sorted(parts, key=lambda part: part.starts_on)
    half_terms = _until_the_next([_half_term(part) for part in ordered])
    terms = _until_the_next(_terms(ordered))
    coming = [span for span in terms if span.last_on >= today]
    while len(coming) < TERMS_LOOKED_AT:
        coming.append(_usual_term(coming[-1].last_on + A_DAY if coming else today))
    return coming, [span for span in half_terms if span.last_on >= today]


def _half_term(part: HalfTermFacts) -> Span:
    key = f"{part.school_year.replace('/', '-')}-{part.number}"
    return Span(key, f"{part.name} {part.school_year}", part.starts_on, _end_of(part))


def _end_of(part: HalfTermFacts) -> date:
    """The summer holidays belong to the school year that ends."""
    if part.number == LAST_OF_A_YEAR:
        return date(part.ends_on.year, 8, 31)
    return part.ends_on


def _terms(parts: Iterable[HalfTermFacts]) -> list[Span]:
    terms: dict[str, Span] = {}
    for part in parts:
        name = TERMS[(part.number - 1) // 2]
        key = f"{part.school_year.replace('/', '-')}-{name.lower()}"
        first_on = terms[key].first_on if key in terms else part.starts_on
        terms[key] = Span(key, f"{name} term {part.school_year}", first_on, _end_of(part))
    return list(terms.values())


def _until_the_next(spans: Sequence[Span]) -> list[Span]:
    """Each lasts until the day before the next; the last one until its own end."""
    nexts = [span.first_on - A_DAY for span in spans[1:]]
    return [
        Span(span.key, span.name, span.first_on, max(span.last_on, until))
        for span, until in zip(spans, [*nexts, date.min], strict=False)
    ]


def _usual_term(day: date) -> Span:
    """The term of a day by the usual months, from that day on."""
    first = day.year if day.month >= FIRST_MONTH else day.year - 1
    ends = [date(first, 12, 31), date(first + 1, 3, 31), date(first + 1, 8, 31)]
    position = next(number for number, end in enumerate(ends) if end >= day)
    year, name = school_year_of(date(first, FIRST_MONTH, 1)), TERMS[position]
    key = f"{year.replace('/', '-')}-{name.lower()}"
    return Span(key, f"{name} term {year}", day, ends[position])


class Standing(enum.StrEnum):
    """Where somebody stands with something that must be renewed."""

    CURRENT = "current"
    THIS_TERM = "this_term"
    NEXT_TERM = "next_term"
    NO_RECORD_SINCE = "since"
    NO_RECORD = "none"


@dataclass(frozen=True, slots=True)
class Renewal:
    """One thing that somebody must renew: when it was done, and when it falls due."""

    rule: Rule
    done_on: date | None
    is_elsewhere: bool  # as the person says, not as our registers do
    due_on: date | None
    standing: Standing

    @property
    def words(self) -> str:
        """Where they stand, in words that accuse nobody."""
        if self.done_on is None or self.due_on is None:
            return "No record with us"
        if self.standing is Standing.NO_RECORD_SINCE:
            return f"No record with us since {short_date_words(self.done_on)}"
        verb = "Current until" if self.standing is Standing.CURRENT else "Falls due by"
        return f"{verb} {short_date_words(self.due_on)}"

    def falls_in(self, first_on: date, last_on: date) -> bool:
        """Whether it falls due from one day to another."""
        return self.due_on is not None and first_on <= self.due_on <= last_on

    @property
    def is_unknown(self) -> bool:
        """Whether we hold no record that still counts."""
        return self.standing in {Standing.NO_RECORD, Standing.NO_RECORD_SINCE}


def renewals(
    rules: Iterable[Rule],
    kinds: Iterable[PostKind],
    register: Sequence[RegisterRow],
    entries: Sequence[Entry],
    *,
    terms: Sequence[Span],
    today: date,
) -> list[Renewal]:
    """What somebody with these posts must renew; what nobody asks of the post, if once done."""
    here, elsewhere = last_done(register, ()), last_done((), entries)
    is_lead = bool(LEADS.intersection(kinds))
    return [
        _renewal(rule, here, elsewhere, terms, today)
        for rule in rules
        if (is_lead and rule.slug in ASKED_OF_LEADS) or rule.id in here or rule.id in elsewhere
    ]


def _renewal(
    rule: Rule,
    here: Mapping[int, date],
    elsewhere: Mapping[int, date],
    terms: Sequence[Span],
    today: date,
) -> Renewal:
    with_us, told = here.get(rule.id), elsewhere.get(rule.id)
    done_on = max(filter(None, (with_us, told)), default=None)
    if done_on is None:
        return Renewal(rule, None, False, None, Standing.NO_RECORD)
    due_on = add_months(done_on, rule.months)
    is_elsewhere = with_us is None or done_on > with_us
    return Renewal(rule, done_on, is_elsewhere, due_on, standing_on(due_on, terms, today))


def standing_on(due_on: date, terms: Sequence[Span], today: date) -> Standing:
    """Where somebody stands for whom something falls due on a day; `terms`, the nearest first."""
    if due_on < today:
        return Standing.NO_RECORD_SINCE
    if due_on <= terms[0].last_on:
        return Standing.THIS_TERM
    return Standing.NEXT_TERM if due_on <= terms[1].last_on else Standing.CURRENT


def sessions_needed(places_missing: int, capacity: int) -> int:
    """How many more sessions of so many places that takes."""
    return -(-max(0, places_missing) // capacity)
