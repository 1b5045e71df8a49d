"""One report: the figures of a period, those of the time before, and what people say."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime

from app.catalogue.models import OfferState
from app.home.report import period_rules, queries
from app.home.report.counting_rules import Counted, count
from app.home.report.facts_rules import EventFacts, Facts, OfferFacts
from app.home.report.reach_rules import Reach, reach
from app.home.report.rules import Line
from app.impact.disclosure import Audience
from app.impact.period_queries import PeriodAnswers, answers_of
from app.impact.periods import Period
from app.kernel.london import london_date


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that pages and files of a report show."""

    period: Period
    before: Period
    made_on: date
    facts: Facts
    now: Counted
    then: Counted  # the same figures of the time before
    reach: Reach
    answers: PeriodAnswers

    @property
    def is_over(self) -> bool:
        """Whether nothing of the period is still to come."""
        return self.period.ends_before <= self.made_on

    @property
    def offers(self) -> list[tuple[OfferFacts, Line]]:
        """Every offer that is shown, being developed, or was given in the period."""
        found = []
        for offer in self.facts.offers.values():
            line = self.now.offers.get(offer.id) or Line(offer.title, {})
            if offer.state != OfferState.ARCHIVED or not line.is_empty:
                found.append((offer, line))
        return found


def make_report(period: Period, *, own: str, now: datetime) -> Report:
    """The report of a period as it stands now; `own` is who delivers what names nobody else."""
    before = period_rules.before(period)
    with _without_collecting():
        facts = queries.read_facts(period, since=before.since)
        counted = count(facts, _within(facts.events, period), now=now, own=own)
        earlier = replace(facts, wishes={})  # they were read of the period alone
        then = count(earlier, _within(facts.events, before), now=now, own=own)
    return Report(
        period=period,
        before=before,
        made_on=london_date(now),
        facts=facts,
        now=counted,
        then=then,
        reach=reach(
            facts.organisations.values(),
            facts.sectors,
            counted,
            last_on=period_rules.last_day(period),
        ),
        # The report is made to be passed on, so that figures of few answers never stand in it.
        answers=answers_of(period, audience=Audience.ELSEWHERE, now=now),
    )


@contextmanager
def _without_collecting() -> Iterator[None]:
    """No rubbish is looked for while a hundred thousand rows are made: it takes as long again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _within(events: Iterable[EventFacts], period: Period) -> list[EventFacts]:
    since, until = period.since, period.until
    return [event for event in events if since <= event.starts_at < until]
