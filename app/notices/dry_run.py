"""What a rule would send if it were on from now: the question of the real run, not acted on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.catalogue.models import Event, EventState
from app.kernel.db import db
from app.notices import rules
from app.notices.candidates import Candidate, candidates
from app.notices.models import NoticeKind
from app.notices.planning import all_rules, load_events
from app.notices.rules import Due, RuleFacts


@dataclass(frozen=True)
class Forecast:
    """One sending to come: about what, when, to whom as booked now, and why not to the others."""

    event_reference: str
    event_title: str
    about_at: datetime
    due_at: datetime
    to: tuple[Candidate, ...]
    withheld: tuple[tuple[str, int], ...]

    @property
    def is_empty(self) -> bool:
        """Whether nobody would be written to, nor anybody passed over."""
        return not self.to and not self.withheld


@dataclass(frozen=True)
class DryRun:
    """All that a rule would send."""

    forecasts: tuple[Forecast, ...]

    @property
    def people_count(self) -> int:
        """How many different people would be written to."""
        return len({found.reached_id for one in self.forecasts for found in one.to})

    @property
    def message_count(self) -> int:
        """How many messages they would get together."""
        return sum(len(one.to) for one in self.forecasts)

    @property
    def session_count(self) -> int:
        """About how many sessions anybody would be written to."""
        return len({one.event_reference for one in self.forecasts if one.to})

    @property
    def words(self) -> str:
        """As staff read it."""
        if not self.message_count:
            return "As things stand, it would mail nobody"
        people, sessions = self.people_count, self.session_count
        said = f"It would mail {people} {'person' if people == 1 else 'people'} about {sessions}"
        said += f" session{'' if sessions == 1 else 's'}"
        extra = self.message_count > people
        return f"{said}, {self.message_count} messages in all" if extra else said


def dry_run(rule: RuleFacts, *, now: datetime) -> DryRun:
    """What this rule, new or known, would send from now on, as bookings and registers stand."""
    tried = replace(rule, is_on=True, switched_on_at=now)
    others = [one for one in all_rules() if one.id != rule.id]
    wanted: list[tuple[int, Due]] = []
    for event in load_events(now=now):
        is_theirs = tried in rules.rules_for(event.offer_id, [*others, tried])
        if event.state is EventState.PUBLISHED and is_theirs:
            wanted += [
                (event.id, due)
                for due in rules.sendings(tried, event.dates)
                if _would_be_sent(tried, due, now=now)
            ]
    return DryRun(tuple(_forecasts(tried, wanted)))


def _would_be_sent(rule: RuleFacts, due: Due, *, now: datetime) -> bool:
    return not rules.why_missed(
        rule.kind,
        due_at=due.due_at,
        about_at=due.about_at,
        switched_on_at=rule.switched_on_at,
        now=now,
    )


def _forecasts(rule: RuleFacts, wanted: Sequence[tuple[int, Due]]) -> list[Forecast]:
    if not wanted:
        return []
    ids = sorted({event_id for event_id, _ in wanted})
    listed = select(Event).where(Event.id.in_(ids)).options(joinedload(Event.offer))
    events = {event.id: event for event in db.session.scalars(listed)}
    found = candidates(
        rule.kind, ids, about_at={event_id: due.about_at for event_id, due in wanted}
    )
    return [
        _forecast(rule.kind, events[event_id], due, found.get(event_id, []))
        for event_id, due in sorted(wanted, key=lambda pair: (pair[1].due_at, pair[0]))
    ]


def _forecast(kind: NoticeKind, event: Event, due: Due, listed: Sequence[Candidate]) -> Forecast:
    to, withheld = [], Counter[str]()
    for candidate in listed:
        why = rules.why_withheld(
            kind, candidate.facts, due_at=due.due_at, joining_sent_at=event.joining_sent_at
        )
        if why == "":
            to.append(candidate)
        elif why is not None:
            withheld[why] += 1
    return Forecast(
        event_reference=event.reference,
        event_title=event.title,
        about_at=due.about_at,
        due_at=due.due_at,
        to=tuple(to),
        withheld=tuple(withheld.most_common()),
    )
