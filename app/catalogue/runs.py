"""From the lines that were looked through to the events they plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from app.catalogue.events import EventDetails, Planned
from app.catalogue.models import Event, EventMode
from app.catalogue.run_forms import Line, LinesForm, RunForm, lines_form
from app.catalogue.run_rules import Avoided, Day, MoveBy, Pattern, looked_at, moved, run_of
from app.kernel import london


class Shown(NamedTuple):
    """One line as it is first shown: whether it is ticked, and what to type into its fields."""

    of: str
    day: Day
    starts_at: datetime
    ends_at: datetime
    subtitle: str
    is_kept: bool


def lines_of_run(form: RunForm, avoided: Avoided) -> list[Shown]:
    """The lines of a run that was filled in, those to leave out unticked."""
    starts, ends = form.span
    if form.is_pattern and form.first_day.day:
        days = run_of(Pattern(form.pattern.data), form.first_day.day, int(form.count.text), avoided)
    else:
        days = [looked_at(day, avoided) for day in form.picked_days]
    return [
        Shown(
            of=str(number),
            day=day,
            starts_at=london.from_london(day.day, starts),
            ends_at=london.from_london(day.day, ends),
            subtitle=form.subtitle.text,
            is_kept=not day.left_out_because,
        )
        for number, day in enumerate(days, 1)
    ]


def lines_of_copies(events: Sequence[Event], by: MoveBy, avoided: Avoided) -> list[Shown]:
    """The dates of last year's events moved to this year, those to leave out unticked."""
    lines = []
    for event in events:
        for date_of_event in event.dates:
            start = london.to_london(date_of_event.starts_at)
            end = london.to_london(date_of_event.ends_at)
            new = looked_at(moved(start.date(), by, avoided.terms), avoided)
            last = new.day + (end.date() - start.date())
            lines.append(
                Shown(
                    of=event.reference,
                    day=new,
                    starts_at=london.from_london(new.day, start.time()),
                    ends_at=london.from_london(last, end.time()),
                    subtitle="" if event.half_term_id else event.subtitle,
                    is_kept=not new.left_out_because,
                )
            )
    return sorted(lines, key=lambda line: line.starts_at)


def form_of(lines: Sequence[Shown], *, now: datetime) -> LinesForm:
    """The lines to look through; what was sent with the page before is not in it."""
    form = lines_form(len(lines))(formdata=None)
    form.not_before = now
    for number, line in enumerate(lines, 1):
        row = form.row(number)
        row["keep"].data = ["yes"] if line.is_kept else []
        row["of"].data, row["subtitle"].data = line.of, line.subtitle
        row["seen"].data = line.day.day.isoformat()
        row["day"].process_data(line.day.day)
        row["starts"].process_data(london.to_london(line.starts_at).time())
        row["ends"].process_data(london.to_london(line.ends_at).time())
    return form


def reasons(form: LinesForm, avoided: Avoided) -> dict[int, Day]:
    """What speaks against the day of each line that can be read."""
    return {
        number: looked_at(day, avoided)
        for number in range(1, form.size + 1)
        if (day := form[f"day_{number}"].day)
    }


def refuse_what_is_new(form: LinesForm, found: Mapping[int, Day]) -> None:
    """An error at each ticked line whose day was typed since and has something against it.

    It is said once: whoever saves again means it.
    """
    for number, day in found.items():
        row = form.row(number)
        was_seen = row["seen"].data == day.day.isoformat()
        if day.left_out_because and row["keep"].data and not (was_seen or row["day"].errors):
            row["day"].errors = [
                f"Line {number}: {_began_small(day.left_out_because)}. "
                "Change the day, untick the line, or save again to keep it"
            ]


def _began_small(words: str) -> str:
    return words[:1].lower() + words[1:]


def planned_run(form: RunForm, kept: Sequence[Line], offer_id: int) -> list[Planned]:
    """An event for each line that was kept."""
    facts = form.facts
    return [
        Planned(
            offer_id,
            EventDetails(
                dates=((line.starts_at, line.ends_at),),
                booking_closes_at=form.closing_of(line.starts_at),
                **facts | {"subtitle": line.subtitle},
            ),
        )
        for line in kept
    ]


def planned_copies(
    events: Mapping[str, Event], kept: Sequence[Line], *, now: datetime
) -> list[Planned]:
    """An event for each of last year's that has a line kept, on the days of those lines."""
    planned = []
    for reference, event in events.items():
        lines = [line for line in kept if line.of == reference]
        if lines:
            planned.append(Planned(event.offer_id, _like(event, lines, now)))
    return planned


def _like(event: Event, lines: Sequence[Line], now: datetime) -> EventDetails:
    """The event again on other dates; its meeting link is not, since links are made anew."""
    starts_at = min(line.starts_at for line in lines)
    return EventDetails(
        dates=tuple((line.starts_at, line.ends_at) for line in lines),
        mode=event.mode,
        subtitle=next((line.subtitle for line in lines if line.subtitle), ""),
        venue=event.venue,
        venue_address=event.venue_address,
        joining_notes=event.joining_notes,
        has_catering=event.has_catering,
        capacity=event.capacity,
        minimum=event.minimum,
        online_capacity=event.online_capacity if event.mode is EventMode.HYBRID else None,
        online_notes=event.online_notes,
        booking_url=event.booking_url,
        booking_closes_at=_closing(event, starts_at, now),
        trainer_ids=tuple(trainer.id for trainer in event.trainers),
    )


def _closing(event: Event, starts_at: datetime, now: datetime) -> datetime:
    """When booking closes: as many days before, at the same time; at the start if that is over."""
    old_start = london.to_london(event.starts_at)
    old_close = london.to_london(event.booking_closes_at)
    days: timedelta = old_start.date() - old_close.date()
    day: date = london.to_london(starts_at).date() - days
    closes_at = min(starts_at, london.from_london(day, old_close.time()))
    return closes_at if closes_at > now else starts_at
