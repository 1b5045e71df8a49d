"""A record in words: the page shows them, the download holds the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from app.accounts.models import Person
from app.kernel.london import short_date_words
from app.record import queries, rules
from app.record.certificates import code_of
from app.record.queries import Record, Session, WayOn
from app.record.rules import Learned, RefresherDue, RefresherState

LINE_COLUMNS = ("Date", "What", "Provided by", "Hours", "How", "Renews", "Certificate")
DUE_COLUMNS = ("What must be renewed", "Last done", "Due again by", "Where you stand")
STATE_WORDS = {
    RefresherState.UP_TO_DATE: "Up to date",
    RefresherState.DUE_SOON: "Due soon",
    RefresherState.OVERDUE: "Overdue",
}
STATE_TAGS = {
    RefresherState.UP_TO_DATE: "tag--good",
    RefresherState.DUE_SOON: "tag--warm",
    RefresherState.OVERDUE: "tag--warm",
}


@dataclass(frozen=True, slots=True)
class LineWords:
    """One line of the record."""

    day: str
    title: str
    provider: str
    hours: str
    how: str
    renews: str
    code: str
    entry_reference: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The line under the columns of the download."""
        parts = (self.day, self.title, self.provider, self.hours, self.how, self.renews)
        return (*parts, self.code)


@dataclass(frozen=True, slots=True)
class DueWords:
    """One thing to renew."""

    name: str
    why: str
    done: str
    due: str
    state: str
    tag_class: str
    booked: Session | None
    next: Session | None
    is_pressing: bool

    @property
    def cells(self) -> tuple[str, ...]:
        """The line under the columns of the download."""
        return (self.name, self.done, self.due, self.state)


def line_words(line: Learned, names: dict[int, str]) -> LineWords:
    """A line of the record in words; an entry of one's own has no certificate from us."""
    return LineWords(
        day=short_date_words(line.learned_on),
        title=line.title,
        provider=line.provider,
        hours=rules.hours_words(line),
        how=rules.HOW_WORDS[line.how],
        renews=names.get(line.refresher_id or 0, ""),
        code=code_of(line.booking_reference) if line.booking_reference else "",
        entry_reference=line.entry_reference,
    )


def due_words(due: RefresherDue, way: WayOn | None = None) -> DueWords:
    """Something to renew, in words."""
    way = way or WayOn()
    return DueWords(
        name=due.rule.name,
        why=due.rule.why,
        done=short_date_words(due.done_on),
        due=short_date_words(due.due_on),
        state=STATE_WORDS[due.state],
        tag_class=STATE_TAGS[due.state],
        booked=way.booked,
        next=way.next,
        is_pressing=due.state is not RefresherState.UP_TO_DATE,
    )


def most_pressing(person: Person, *, now: datetime) -> DueWords | None:
    """What somebody must renew first, if that is soon and they have booked nothing for it."""
    pressing = [
        due
        for due in queries.refreshers_of(person.id, now=now)
        if due.state is not RefresherState.UP_TO_DATE
    ]
    ways = queries.ways_on([due.rule.id for due in pressing], person, now=now)
    left = [due for due in pressing if ways[due.rule.id].booked is None]
    return due_words(left[0], ways[left[0].rule.id]) if left else None


@dataclass(frozen=True, slots=True)
class YearWords:
    """The hours of one year."""

    name: str
    total: str


def year_words(record: Record, *, today: date) -> YearWords:
    """The hours of the year that today is in."""
    first, last = rules.year_around(today)
    total = rules.total_words(rules.minutes_between(record.lines, first, last))
    return YearWords(f"{short_date_words(first)} to {short_date_words(last)}", total)


def record_rows(
    record: Record, *, name: str, today: date, example: str
) -> Iterator[tuple[str, ...]]:
    """The rows of the download: who and when, the hours, what must be renewed, what was learned."""
    if example:
        yield (example,)
    year = year_words(record, today=today)
    yield ("Learning record of", name)
    yield ("As of", short_date_words(today))
    yield (f"Hours from {year.name}", year.total)
    if record.refreshers:
        yield ()
        yield DUE_COLUMNS
        yield from (due_words(due).cells for due in record.refreshers)
    yield ()
    yield LINE_COLUMNS
    yield from (line_words(line, record.names).cells for line in record.lines)
