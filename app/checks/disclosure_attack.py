"""An attack on figures: everything that pages show of an evaluation, added and subtracted.

What is shown of answers is shown of a group of people. Whoever adds and subtracts groups knows the
answers of every group in their span; the attack looks for one of 1 to 9 people in it, exactly.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, select

from app.checks.invented_answers import Invented
from app.impact import figures, queries
from app.impact.answers_counted import InFigures
from app.impact.counting import let_in, read_counts
from app.impact.counts import DoorCounts, EvaluationCounts, EvaluationFacts
from app.impact.disclosure import (
    ELSEWHERE_THRESHOLD,
    RUNNING_TEAM_THRESHOLD,
    Audience,
    threshold_for,
)
from app.impact.grouped_rows import asked_rows, response_rows
from app.impact.groups import FACTS
from app.impact.reports import publishing_rules
from app.impact.reports.documents import Bases
from app.impact.reports.pieces import pieces_of
from app.impact.session_figures import WaveOfSessions, shown_lines
from app.impact.sessions_counted import read_sessions
from app.impact.summaries import EvaluationSummary
from app.kernel.db import db
from app.surveys.models import Evaluation
from app.surveys.response_models import Response

People = frozenset[Any]  # ids of responses, or what stands for one at a moment
PUBLIC = "public"  # reads every version of every report, and no page for staff
NOT_PUBLISHED, CHOSEN = 0.3, 0.8  # of moments; of figures
PRIME = 2**61 - 1
MOST_DIMENSIONS = 14  # of what is left of the span: all its 0-and-1 members are tried


class HarnessError(AssertionError):
    """The attack does not know who stands behind a figure: its findings would mean nothing."""


Views = dict[tuple[int, str], set[People]]  # by wave and question


@dataclass(frozen=True)
class Page:
    """What an evaluation showed the last time somebody opened it, and who stood behind it."""

    of: InFigures
    summary: EvaluationSummary
    views: Views
    # By measure and door, as a report names them: the question, all who answered it, each line.
    printed: dict[str, tuple[tuple[int, str], People, dict[str, People]]]


@dataclass
class Seen:
    """Groups of people whose answers to one question, of one wave, a reader has seen counted.

    At once they are those who answered it; over time those who answered the form, for the steps in
    which answers come in are counted in forms (decision 6).
    """

    over_time: dict[tuple[int, str], set[People]] = field(default_factory=lambda: defaultdict(set))
    at_once: list[set[People]] = field(default_factory=list)  # of one question at one moment
    figures: int = 0
    latest: Page | None = None


def look(invented: Invented, now: datetime, seen: dict[Audience, Seen]) -> None:
    """Open every page of the evaluation as each kind of reader; the running team reads both."""
    for audience in Audience:
        latest = seen[audience].latest
        page = _look_as(invented, audience, now, seen[audience])
        if page is not latest:
            seen[audience].at_once += page.views.values()
            seen[audience].latest = page
    for question, views in seen[Audience.ELSEWHERE].over_time.items():
        seen[Audience.RUNNING_TEAM].over_time[question] |= views


def smallest(seen: Seen, audience: Audience) -> int:
    """Fewest people whose answers this reader can work out."""
    fewest = threshold_for(audience)
    found = [small_group(views, fewest) for views in (*seen.over_time.values(), *seen.at_once)]
    return min((size for size in found if size), default=fewest)


def small_group(views: Iterable[People], threshold: int) -> int | None:
    """The size of a group of fewer people in the span of these groups; None if there is none."""
    known = [view for view in set(views) if view]
    members: dict[tuple[int, ...], int] = defaultdict(int)
    of_person: dict[Any, list[int]] = defaultdict(list)
    for number, view in enumerate(known):
        for person in view:
            of_person[person].append(number)
    for numbers in of_person.values():
        members[tuple(numbers)] += 1
    # People who are in the very same groups cannot be told apart: they count as one.
    sizes = sorted(members.items(), key=lambda item: -item[1])
    large = sum(size >= threshold for _, size in sizes)
    if large == len(sizes):
        return None
    rows = [[int(number in numbers) for numbers, _ in sizes] for number in range(len(known))]
    left = [row[large:] for row in _without(rows, large)]
    return _smallest_union(left, [size for _, size in sizes[large:]], threshold)


def _without(rows: list[list[int]], columns: int) -> list[list[int]]:
    """A reduced basis of those sums of rows that are nought in the first columns."""
    rows, start, kept_from = [list(row) for row in rows], 0, None
    width = len(rows[0]) if rows else 0
    for column in range(width):
        if column == columns:
            kept_from = start
        pivot = next((n for n in range(start, len(rows)) if rows[n][column]), None)
        if pivot is None:
            continue
        rows[start], rows[pivot] = rows[pivot], rows[start]
        inverse = pow(rows[start][column], -1, PRIME)
        rows[start] = [value * inverse % PRIME for value in rows[start]]
        for number, row in enumerate(rows):
            if number != start and (factor := row[column]):
                own = rows[start]
                rows[number] = [(a - factor * b) % PRIME for a, b in zip(row, own, strict=True)]
        start += 1
    return rows[start if kept_from is None else kept_from : start]


def _smallest_union(basis: list[list[int]], sizes: list[int], threshold: int) -> int | None:
    """The smallest sum of basis rows that is a group of fewer people, every one whole."""
    if len(basis) > MOST_DIMENSIONS:
        raise HarnessError(f"{len(basis)} dimensions are left: too many to try")
    found = []
    # In a reduced basis the pivots of a sum are the factors themselves: nought or one.
    for factors in product((0, 1), repeat=len(basis)):
        total = [0] * len(sizes)
        for factor, row in zip(factors, basis, strict=True):
            if factor:
                total = [(a + b) % PRIME for a, b in zip(total, row, strict=True)]
        if all(value in (0, 1) for value in total):
            people = sum(size for size, value in zip(sizes, total, strict=True) if value)
            if 0 < people < threshold:
                found.append(people)
    return min(found, default=None)


def _look_as(invented: Invented, audience: Audience, now: datetime, seen: Seen) -> Page:
    facts = EvaluationFacts(
        *db.session.execute(select(*FACTS).where(Evaluation.id == invented.evaluation.id)).one()
    )
    threshold = threshold_for(audience)
    wanted = let_in(
        {facts.id: EvaluationCounts(facts)},
        asked_rows([facts.id], now=now),
        response_rows([facts.id]),
        threshold=threshold,
        now=now,
    )
    if seen.latest and seen.latest.of == wanted.figures:
        return seen.latest  # nothing came in since: the page has the same figures
    counts = read_counts([facts], threshold=threshold, now=now)[facts.id]
    summary = queries.evaluation_summary(facts.slug, audience=audience, now=now)
    if summary is None:
        raise HarnessError("the evaluation has no page")
    page = Page(wanted.figures, summary, defaultdict(set), {})
    by_session = read_sessions([counts], {event.id: event.offer_id for event in invented.events})
    doors = figures.doors_of(counts, threshold=threshold)
    for (door, door_counts), wave in zip(doors, invented.evaluation.waves, strict=True):
        everyone, in_lines = (
            _people(wave.id, what) for what in (wanted.condition, wanted.in_lines)
        )
        if len(everyone) != door.in_figures:
            raise HarnessError(f"{len(everyone)} people, {door.in_figures} in the figures")
        sessions = by_session.get((facts.id, wave.id))
        own = WaveOfSessions(door, door_counts, sessions) if sessions else None
        undated = _many_of_a_year(door_counts)
        for key, groups in _groups(invented, door_counts, everyone, in_lines, own).items():
            base = _base(invented, door_counts, key)
            if len(everyone & base) >= threshold:
                whole, lines, of_sessions = groups
                every = (whole, *lines.values(), *of_sessions)
                page.views[wave.id, key] |= {frozenset(group & base) for group in every}
                seen.over_time[wave.id, key] |= {_at(now, group, undated) for group in every}
                page.printed[f"personal-{_measure(door_counts, key)} {door.key}"] = (
                    (wave.id, key),
                    whole & base,
                    {label: line & base for label, line in lines.items()},
                )
        seen.figures += _agree(summary, door.key, door_counts, page.views, wave.id)
    return page


def _measure(counts: DoorCounts, key: str) -> str:
    measure = counts.questions[key].measure
    return measure.key if measure else ""


def _people(wave_id: int, which: ColumnElement[bool]) -> People:
    found = select(Response.id).where(Response.wave_id == wave_id, which)
    return frozenset(db.session.scalars(found))


def _base(invented: Invented, counts: DoorCounts, key: str) -> People:
    outside = {o.value for o in counts.questions[key].options.values() if o.is_outside_base}
    return frozenset(
        person for person, given in invented.given.items() if given.get(key, outside) - outside
    )


def _at(now: datetime, group: People, undated: People) -> People:
    """The group, with others in the place of those of whom no date says when they came."""
    return (group - undated) | {(now, person) for person in group & undated}


def _many_of_a_year(counts: DoorCounts) -> People:
    """Responses without an event that came in as a step of their own (decision 6 says why)."""
    alone = [key for step in counts.steps if len(step) == 1 for key in step if key[1]]
    rows = select(Response.id).where(
        Response.event_id.is_(None), Response.answered_on.in_([day for day, _ in alone])
    )
    return frozenset(db.session.scalars(rows))


def _groups(
    invented: Invented,
    counts: DoorCounts,
    everyone: People,
    in_lines: People,
    sessions: WaveOfSessions | None,
) -> dict[str, tuple[People, dict[str, People], list[People]]]:
    """Of each question: all who answered the form, lines by sector, lines by session."""
    found: dict[str, tuple[People, dict[str, People], list[People]]] = {}
    by_sector = figures.sector_lines(counts)
    by_session = shown_lines(sessions) if sessions else {}
    places = _places(counts)
    for key, question in counts.questions.items():
        if question.measure is None:
            continue
        lines = {
            line.label: frozenset(p for p in in_lines if invented.sector_of[p] in line.members)
            for line in by_sector.get(key, [])
        }
        of_sessions = []
        for sessions_of_line in by_session.get(key, []):
            wanted = {(session.step, session.event_id) for session in sessions_of_line}
            of_sessions.append(frozenset(p for p in everyone if places.get(p, (-1, 0)) in wanted))
        found[key] = (everyone, lines, of_sessions)
    return found


def _places(counts: DoorCounts) -> dict[int, tuple[int, int]]:
    """The step in which each response came in, and its event or 0."""
    step_of = {key: number for number, step in enumerate(counts.steps) for key in step}
    rows = db.session.execute(select(Response.id, Response.answered_on, Response.event_id))
    return {
        row.id: (step_of[row.answered_on, row.event_id is None], row.event_id or 0)
        for row in rows
        if (row.answered_on, row.event_id is None) in step_of
    }


def _agree(
    summary: EvaluationSummary,
    door_key: str,
    counts: DoorCounts,
    views: dict[tuple[int, str], set[People]],
    wave_id: int,
) -> int:
    """Compare with what the page prints; how many figures it has."""
    keys = {q.measure.key: q.key for q in counts.questions.values() if q.measure}
    outside = {
        q.key
        for q in counts.questions.values()
        if any(o.is_outside_base for o in q.options.values())
    }
    printed = 0
    for measure in summary.measures:
        for figure in measure.figures:
            key = keys.get(measure.key, "")
            if figure.door.key != door_key or not figure.share or key in outside:
                continue
            sizes = {len(view) for view in views[wave_id, key]}
            for share in (figure.share, *(line.share for line in figure.sectors if line.share)):
                printed += 1
                if share.base not in sizes:
                    raise HarnessError(f"{measure.key}: {share.base} is none of {sorted(sizes)}")
    return printed


def attack(invented: Invented, moments: Iterable[datetime]) -> tuple[dict[str, int], int]:
    """The smallest group each kind of reader finds in all they saw, and how many figures it was."""
    seen = {audience: Seen() for audience in Audience}
    reports = Reports(invented.seed)
    for now in moments:
        look(invented, now, seen)
        if page := seen[Audience.ELSEWHERE].latest:
            reports.publish(page)
    found = {audience.value: smallest(seen[audience], audience) for audience in Audience}
    found[PUBLIC] = reports.smallest()
    return found, sum(one.figures for one in seen.values()) + reports.figures


class Reports:
    """Versions of reports of one evaluation, published now and then: the public reads them all.

    A version that is withdrawn, or corrected, has been read all the same.
    """

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed + 2_000_000)  # noqa: S311 - the same data each time
        self._versions: list[dict[str, Bases]] = []
        self._read: Views = defaultdict(set)
        self.figures = 0

    def publish(self, page: Page) -> None:
        """Publish some figures of today, or none; those that are refused are left out."""
        if self._dice.random() < NOT_PUBLISHED:
            return
        chosen = [p for p in pieces_of(page.summary).values() if self._dice.random() < CHOSEN]
        bases = {key: value for piece in chosen for key, value in piece["bases"].items()}
        refused = {
            *publishing_rules.too_small(bases),
            *publishing_rules.unsafe_keys(self._versions, bases),
        }
        version = {key: value for key, value in bases.items() if key not in refused}
        self._versions.append(version)
        known = version.keys() & page.printed.keys()
        if any(key.startswith("personal-") for key in version) and not known:
            raise HarnessError(f"none of {sorted(version)} is known")
        for key in known:
            question, whole, lines = page.printed[key]
            if len(whole) != version[key]["total"]:
                raise HarnessError(f"{key}: {len(whole)} people, {version[key]} in the report")
            wanted = version[key]["groups"].items()
            if any(base != len(lines.get(label, ())) for label, base in wanted):
                raise HarnessError(f"{key}: {version[key]} are not the lines of the page")
            self._read[question] |= {whole, *(lines[label] for label, _ in wanted)}
            self.figures += 1 + len(wanted)

    def smallest(self) -> int:
        """Fewest people whose answers somebody can work out who read all versions."""
        found = [small_group(views, ELSEWHERE_THRESHOLD) for views in self._read.values()]
        return min((size for size in found if size), default=ELSEWHERE_THRESHOLD)


SAFE = {
    PUBLIC: ELSEWHERE_THRESHOLD,
    Audience.ELSEWHERE.value: ELSEWHERE_THRESHOLD,
    Audience.RUNNING_TEAM.value: RUNNING_TEAM_THRESHOLD,
}
