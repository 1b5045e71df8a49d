"""Planning the forums or peer-support meetings of a school year in one step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select, update

from app.accounts.models import Person
from app.bookings.change_terms import change_terms
from app.bookings.places import terms_of
from app.bookings.terms_rules import Terms
from app.catalogue.events import EventDetails, Planned, create_run
from app.catalogue.models import Event, EventMode, Offer, OfferKind
from app.catalogue.run_forms import Line, LinesForm
from app.catalogue.run_rules import Day
from app.catalogue.runs import Shown
from app.forums.year_forms import PlanForm
from app.forums.year_queries import YearLine, is_half_termly
from app.forums.year_rules import Chosen, day_in, looked_at, part_words
from app.kernel import london
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.partnership.models import HalfTerm

# Secondary schools, colleges and independent schools: whom peer support is for (R24).
FOR_PEER_SUPPORT = frozenset({"phase:Secondary", "kind:college", "type:Independent schools"})


def chosen_days(form: PlanForm, parts: Sequence[YearLine]) -> list[Chosen]:
    """The day in each half term that the form asks for, moved where it cannot be."""
    return [day_in(one.part, int(form.weekday.data), int(form.week.data)) for one in parts]


def lines_to_show(form: PlanForm, parts: Sequence[YearLine], today: date) -> list[Shown]:
    """A line for each half term, as it is first shown; what has passed is not ticked."""
    starts, ends = form.span
    lines = []
    for one, chosen in zip(parts, chosen_days(form, parts), strict=True):
        day = looked_at(chosen.day, one.part, today)
        lines.append(
            Shown(
                of=str(one.id),
                day=day,
                starts_at=london.from_london(day.day, starts),
                ends_at=london.from_london(day.day, ends),
                subtitle=part_words(one.part),
                is_kept=not day.left_out_because,
            )
        )
    return lines


def reasons(lines: LinesForm, parts: Sequence[YearLine], today: date) -> dict[int, Day]:
    """What speaks against the day of each line that can be read."""
    return {
        number: looked_at(day, one.part, today)
        for number, one in enumerate(parts, 1)
        if (day := lines[f"day_{number}"].day)
    }


def notes(
    form: PlanForm, lines: LinesForm, parts: Sequence[YearLine]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """By number of the line, how its day came about; nothing once it was changed by hand."""
    for number, chosen in enumerate(chosen_days(form, parts), 1):
        if lines[f"day_{number}"].day == chosen.day:
            yield number, chosen.said


def planned(form: PlanForm, kept: Sequence[Line], half_terms: Mapping[str, int]) -> list[Planned]:
    """An event for each line that was kept, in its half term."""
    is_face_to_face = form.is_face_to_face
    return [
        Planned(
            int(form.offer.data),
            EventDetails(
                dates=((line.starts_at, line.ends_at),),
                mode=EventMode.FACE_TO_FACE if is_face_to_face else EventMode.ONLINE,
                subtitle=line.subtitle,
                venue=form.venue.text if is_face_to_face else "",
                venue_address=form.venue_address.text if is_face_to_face else "",
                joining_url="" if is_face_to_face else form.joining_url.text,
                joining_notes=form.joining_notes.text,
                capacity=int(form.capacity.text) if form.capacity.text else None,
                half_term_id=half_terms[line.of],
            ),
        )
        for line in kept
    ]


def plan_year(
    kind: OfferKind,
    run: Sequence[Planned],
    *,
    is_published: bool = False,
    actor: Person,
    now: datetime,
) -> list[Event]:
    """Add forums or meetings, one for a half term; Refused if one of these has one by now."""
    raised = update(Offer).where(Offer.kind == kind).values(revision=Offer.revision + 1)
    db.session.execute(raised)  # holds all offers of the kind: whoever plans meanwhile waits
    wanted = [one.details.half_term_id for one in run]
    taken = db.session.execute(
        select(HalfTerm.name, HalfTerm.school_year)
        .join(Event, Event.half_term_id == HalfTerm.id)
        .join(Event.offer)
        .where(HalfTerm.id.in_(wanted), is_half_termly(), Offer.kind == kind)
        .order_by(HalfTerm.starts_on)
    ).first()
    if taken is not None:
        raise Refused(
            f"{taken.name} {taken.school_year} has one by now: somebody planned it meanwhile. "
            "Go back and plan the others"
        )
    return create_run(run, is_published=is_published, actor=actor, now=now)


def limit_to_peer_support(offer_id: int, *, actor: Person, now: datetime) -> Terms:
    """Let only those book whom peer support is for, and keep the rest of the terms."""
    wanted = replace(terms_of(offer_id), establishments=FOR_PEER_SUPPORT)
    change_terms(offer_id, wanted, actor=actor, now=now)
    return wanted
