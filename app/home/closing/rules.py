"""What is left to do before an event is closed, from facts; the page only shows it."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.attendance.rules import DateFacts
from app.kernel.london import short_date_words


class Status(enum.StrEnum):
    """Where one thing on the list stands."""

    DONE = "done"
    PARTLY = "partly"
    MISSING = "missing"
    TO_COME = "to come"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True)
class ChecklistLine:
    """One thing to do: what, whether it is done, what is missing, and where it is done."""

    title: str
    status: Status
    detail: str
    page: str  # below the address of the event
    holds_up: bool = False  # the event cannot be closed before


@dataclass(frozen=True)
class WaveFacts:
    """One survey of the event: when it is asked, of how many people."""

    words: str
    due_at: datetime
    planned: int
    asked: int
    never: int


@dataclass(frozen=True)
class ClosingFacts:
    """What is known of an event that is over, or nearly."""

    dates: Sequence[DateFacts]
    expected: int
    counts_heads: bool
    is_online: bool
    recording_url: str
    waves: Sequence[WaveFacts]
    asks_nobody: bool  # history, or nothing is planned for the offer


def checklist(facts: ClosingFacts, *, now: datetime) -> list[ChecklistLine]:
    """Everything to do, in the order in which one does it."""
    several = len(facts.dates) > 1
    lines = [
        _register(date, number, facts, several=several, now=now)
        for number, date in enumerate(facts.dates, start=1)
    ]
    return [*lines, _recording(facts, now), *_surveys(facts)]


def may_be_closed(lines: Sequence[ChecklistLine]) -> bool:
    """Whether nothing holds it up."""
    return not any(line.holds_up for line in lines)


def _register(
    date: DateFacts, number: int, facts: ClosingFacts, *, several: bool, now: datetime
) -> ChecklistLine:
    what = "Head count" if facts.counts_heads else "Register"
    title = f"{what} of {short_date_words(date.starts_at)}" if several else what
    page = f"register?date={number}"
    if now < date.ends_at:
        return ChecklistLine(title, Status.TO_COME, "This date is not over yet.", page, True)
    if date.files_waiting:
        page, detail = (
            f"register/meeting?date={number}",
            "A meeting file waits to be looked through.",
        )
        return ChecklistLine(title, Status.MISSING, detail, page, True)
    if date.head_count is not None:
        return ChecklistLine(title, Status.DONE, f"{_people(date.head_count)} counted.", page)
    if not date.answered:
        detail = "Nobody has counted." if facts.counts_heads else "Nobody has taken it."
        return ChecklistLine(title, Status.MISSING, detail, page, True)
    left = facts.expected - date.answered
    if left > 0:
        detail = f"{date.answered} of {_people(facts.expected)}: {left} without an answer."
        return ChecklistLine(title, Status.PARTLY, detail, page)
    return ChecklistLine(
        title, Status.DONE, f"{_people(date.answered)}, each with an answer.", page
    )


def _recording(facts: ClosingFacts, now: datetime) -> ChecklistLine:
    page = "recording"
    if facts.recording_url:
        return ChecklistLine("Recording", Status.DONE, "A link is shared.", page)
    if not facts.is_online:
        return ChecklistLine("Recording", Status.NOT_NEEDED, "It was face to face.", page)
    detail = "No link is shared. If it was not recorded, nothing is to be done."
    return ChecklistLine("Recording", Status.MISSING, detail, page)


def _surveys(facts: ClosingFacts) -> Iterator[ChecklistLine]:
    page = "survey-links"
    if facts.asks_nobody:
        yield ChecklistLine("Surveys", Status.NOT_NEEDED, "Nobody is asked about it.", page)
    elif not facts.waves and not all(date.is_taken for date in facts.dates):
        yield ChecklistLine("Surveys", Status.TO_COME, "They follow the register.", page)
    elif not facts.waves:
        detail = "Nobody is planned to be asked: minutes after the register, somebody should be."
        yield ChecklistLine("Surveys", Status.MISSING, detail, page)
    for wave in facts.waves:
        yield ChecklistLine(f"Survey: {wave.words.lower()}", _status(wave), _detail(wave), page)


def _status(wave: WaveFacts) -> Status:
    if wave.planned:
        return Status.TO_COME
    return Status.DONE if wave.asked else Status.NOT_NEEDED


def _detail(wave: WaveFacts) -> str:
    parts = []
    if wave.planned:
        parts.append(f"Goes to {_people(wave.planned)} on {short_date_words(wave.due_at)}")
    if wave.asked:
        parts.append(f"{_people(wave.asked)} asked")
    if wave.never:
        parts.append(f"{_people(wave.never)} not asked")
    return f"{', '.join(parts)}."


def _people(count: int) -> str:
    return f"{count} {'person' if count == 1 else 'people'}"
