"""Where the Advisor begins: what the coming forum still needs, and what waits."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, render_template

from app.catalogue.models import Event
from app.catalogue.rules import count_words
from app.forums import home_queries, home_rules
from app.forums.coverage import coverage_of_year
from app.forums.coverage_rules import Coverage
from app.forums.topics import topics_of
from app.forums.year import current_half_term
from app.kernel import clock, london
from app.kernel.access import Role, for_roles
from app.partnership.models import HalfTerm

bp = Blueprint("forums", __name__)

TO_CONTACT, OPINIONS = "/forums/schools/to-contact", "/forums/opinions"
EXECUTIVE = "/forums/executive"


class Waiting(NamedTuple):
    """Something that waits: how much, of what, and where it is dealt with."""

    words: str
    path: str


class Reach(NamedTuple):
    """How many establishments took part in a half term."""

    half_term: HalfTerm
    figures: Coverage


@bp.get("/forums")
@for_roles(Role.ADVISOR, Role.DELIVERY)
def home() -> str:
    """The coming forum and its countdown, reach, what waits, and who did what."""
    now = clock.now()
    today = london.london_date(now)
    coming, last = home_queries.forums_near(now)
    numbers = home_queries.counts(coming, last)
    half_term = current_half_term(now)
    reach = _reach(half_term, last, now=now)
    topics = topics_of([coming.id]).get(coming.id, []) if coming else []
    coming_facts = home_queries.coming_facts(coming, topics, numbers) if coming else None
    last_facts = home_queries.last_facts(last, numbers) if last else None
    return render_template(
        "forums/home.html",
        now=now,
        half_term=half_term,
        coming=coming,
        countdown=home_rules.countdown_words(coming_facts.day, today) if coming_facts else "",
        coming_steps=home_rules.coming_steps(coming_facts, today) if coming_facts else [],
        last=last,
        last_steps=list(home_rules.last_steps(last_facts, today)) if last_facts else [],
        reach=reach,
        waiting=_waiting(numbers, reach),
        lately=home_queries.lately(now=now),
    )


def _reach(half_term: HalfTerm | None, last: Event | None, *, now: datetime) -> list[Reach]:
    """The half term that runs, and that of the last forum where it is another."""
    before = last.half_term if last else None
    parts = [part for part in (before, half_term) if part is not None]
    chosen = list({part.id: part for part in parts}.values())
    return [
        Reach(part, figures)
        for part, figures in zip(chosen, coverage_of_year(chosen, now=now), strict=True)
    ]


def _waiting(numbers: home_queries.Counts, reach: list[Reach]) -> list[Waiting]:
    held = [one for one in reach if one.figures.is_held]
    absent = held[-1].figures.not_represented if held else 0
    named = f"{held[-1].half_term.name} {held[-1].half_term.school_year}" if held else ""
    absent_in = f"not represented in {named}" if named else "not represented"
    schools, wishes = count_words(absent, "school"), numbers.wishes_open
    unread, answers = numbers.opinions_unread, numbers.answers_unreleased
    return [
        Waiting(f"{schools} to contact, {absent_in}", TO_CONTACT),
        Waiting(count_words(wishes, "wish", "wishes") + " to be contacted", f"{OPINIONS}/wishes"),
        Waiting(count_words(unread, "opinion") + " not read yet", OPINIONS),
        Waiting(count_words(numbers.rounds_open, "opinion round") + " open", OPINIONS),
        Waiting(count_words(numbers.themes_open, "theme") + " without an answer", EXECUTIVE),
        Waiting(count_words(answers, "answer") + " not shown to schools", EXECUTIVE),
    ]
