"""An attack on figures: everything that pages show of an evaluation, added and subtracted.

What is shown of answers is shown of a group of people. Whoever adds and subtracts groups knows the
answers of every group in their span; the attack looks for one of 1 to 9 people in it, exactly.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select

from app.checks.invented_answers import Invented
from app.checks.seen_figures import Page, Reports, Seen
from app.checks.small_groups import HarnessError, People
from app.impact import figures, queries
from app.impact.answers_counted import LetIn, PartKey, part_key
from app.impact.chain import HEADLINE, first_of
from app.impact.counting import count_rows, let_in
from app.impact.counts import (
    KNOWLEDGE,
    KNOWLEDGE_RECALLED,
    DoorCounts,
    DoorId,
    EvaluationCounts,
    sorted_doors,
)
from app.impact.disclosure import (
    ELSEWHERE_THRESHOLD,
    RUNNING_TEAM_THRESHOLD,
    Audience,
    threshold_for,
)
from app.impact.growth_rules import growth_within
from app.impact.knowledge import DoorPair
from app.impact.question_growth import parts_of_pairs
from app.impact.session_figures import WaveOfSessions, shown_lines
from app.impact.session_lines import NEVER_SPLIT, in_part, measures_of_sessions
from app.impact.sessions_counted import read_sessions
from app.impact.summaries import Door, EvaluationSummary, Figure
from app.kernel.db import db
from app.surveys.models import MeasureScale
from app.surveys.response_models import Response

PUBLIC = "public"  # reads every version of every report, and no page for staff


def attack(invented: Invented, moments: Iterable[datetime]) -> tuple[dict[str, int], int]:
    """The smallest group each kind of reader finds in all they saw, and how many figures it was.

    The running team reads what all staff do. Whoever reads the pages of every month has read every
    version of every report with them; the public reads the versions only.
    """
    staff, team = Seen(), Seen()
    reports = Reports(invented.seed)
    for now in moments:
        look = Look(invented, now)
        for audience, readers in (
            (Audience.ELSEWHERE, (staff, team)),
            (Audience.RUNNING_TEAM, (team,)),
        ):
            page = look.as_reader(audience, readers[0].latest)
            if page is readers[0].latest:
                continue  # nothing came in since: the page has the same figures
            readers[0].figures += page.figures
            readers[0].latest = page
            for reader in readers:
                reader.add(page.views)
        if staff.latest:
            reports.publish(staff.latest)
    found = {
        PUBLIC: reports.read.smallest(ELSEWHERE_THRESHOLD),
        Audience.ELSEWHERE.value: staff.smallest(ELSEWHERE_THRESHOLD),
        Audience.RUNNING_TEAM.value: team.smallest(RUNNING_TEAM_THRESHOLD),
    }
    return found, staff.figures + team.figures + reports.read.figures


class Look:
    """One moment at which somebody opens every page of the evaluation."""

    def __init__(self, invented: Invented, now: datetime) -> None:
        self._invented, self._now = invented, now
        self._bases: dict[tuple[str, frozenset[str]], People] = {}
        read = queries.read_evaluation(invented.evaluation.slug, now=now)
        if read is None:
            raise HarnessError("the evaluation has no page")
        self._read = read
        of_it = Response.evaluation_id == read.facts.id
        self._rows = db.session.execute(
            select(
                Response.id,
                Response.wave_id,
                Response.import_run_id,
                Response.answered_on,
                Response.event_id,
            ).where(of_it)
        ).all()

    def as_reader(self, audience: Audience, latest: Page | None) -> Page:
        """What this reader sees, and who stands behind each figure."""
        facts, rows, threshold = self._read.facts, self._read.rows, threshold_for(audience)
        again = {facts.id: EvaluationCounts(facts)}
        wanted = let_in(
            again, rows.asked, rows.answered, threshold=threshold, now=self._now, plan=rows.plan
        )
        waits = {door_id: door.waits_from for door_id, door in again[facts.id].doors.items()}
        if latest and latest.of == (wanted.figures, waits):
            return latest
        counts = count_rows([facts], rows, threshold=threshold, now=self._now)[facts.id]
        summary = queries.summary_of(self._read, audience=audience, now=self._now)
        page = Page(summary, (wanted.figures, waits))
        parts = self._parts(wanted, counts)
        pairs = list(
            zip(sorted_doors(counts), figures.doors_of(counts, threshold=threshold), strict=True)
        )
        for door_id, (door, door_counts) in pairs:
            own = parts.get(door_id, {})
            if door_counts.growth.parts(threshold=threshold):
                self._add_door(page, door, door_counts, own, threshold)
        self._add_asked_twice(page, counts, parts, pairs, threshold)
        if audience is Audience.ELSEWHERE:  # the running team sees the same sessions
            self._add_sessions(page, counts, parts, pairs)
            self._agree_with_the_list(page, audience)
        return page

    def _parts(self, wanted: LetIn, counts: EvaluationCounts) -> dict[DoorId, dict[int, int]]:
        """Of each door, the part in which each response in the figures came in."""
        found: dict[DoorId, dict[int, int]] = defaultdict(dict)
        forms = {
            key: door
            for door in counts.doors
            if door is not None and not isinstance(door, int)
            for key in self._invented.runs
        }
        for row in self._rows:
            key: PartKey
            if row.import_run_id is not None:
                key = (counts.facts.id, None, row.import_run_id, "", 0)
                door_id: DoorId = forms[row.import_run_id]
            else:
                is_year = row.wave_id is not None and row.event_id is None
                key = part_key(counts.facts.id, row.wave_id, row.answered_on, is_year)
                door_id = row.wave_id
            if key in wanted.part_of:
                found[door_id][row.id] = wanted.part_of[key]
        return found

    def _add_door(
        self, page: Page, door: Door, counts: DoorCounts, parts: dict[int, int], threshold: int
    ) -> None:
        place = "open" if door.is_open_link else "personal"
        for key, question in counts.questions.items():
            if question.measure is None or question.measure.key == KNOWLEDGE_RECALLED:
                continue
            own = counts.counts[key]
            growth = own.growth
            base = self._base(counts, key)
            if question.measure.key == KNOWLEDGE and KNOWLEDGE_RECALLED in _measured(counts):
                base &= self._base(counts, _measured(counts)[KNOWLEDGE_RECALLED])
                sizes = Counter(part for person, part in parts.items() if person in base)
                growth = growth_within(counts.growth, sizes)
            whole = _in_parts(parts, growth.parts(threshold=threshold)) & base
            lines = {}
            is_share = question.measure.scale is MeasureScale.SHARE
            if is_share and own.breakdowns and not counts.imported:
                count, shown = own.breakdowns[-1]
                numbers = [part for step in growth.steps[:count] for one in step for part in one]
                held = _in_parts(parts, numbers) & base
                sector_of = self._invented.sector_of
                lines = {
                    line.label: frozenset(p for p in held if sector_of[p] in line.members)
                    for line in shown
                }
            page.views[door.key, key] |= {
                self._at(g, counts, parts) for g in (whole, *lines.values())
            }
            printed = f"{place}-{question.measure.key} {door.key}"
            page.printed[printed] = (door.key, key), whole, lines
            page.figures += _agree(page.summary, question.measure.key, door, whole, lines)

    def _base(self, counts: DoorCounts, key: str) -> People:
        """Everybody in the base of a question, whenever they came."""
        options = counts.questions[key].options.values()
        outside = frozenset(option.value for option in options if option.is_outside_base)
        if (key, outside) not in self._bases:
            self._bases[key, outside] = frozenset(
                person
                for person, given in self._invented.given.items()
                if given.get(key, outside) - outside
            )
        return self._bases[key, outside]

    def _at(self, group: People, counts: DoorCounts, parts: dict[int, int]) -> People:
        """The group, with others in the place of those of whom no date says when they came.

        Answers of a year alone are compared at one moment only (decision 6 says why); so are those
        of a form whose last file was undone.
        """
        undated = set(counts.growth.apart)
        if counts.imported and self._invented.undone:
            undated |= set(parts.values())
        return frozenset((self._now, p) if parts[p] in undated else p for p in group)

    def _add_sessions(
        self,
        page: Page,
        counts: EvaluationCounts,
        parts: Mapping[DoorId, dict[int, int]],
        pairs: list[tuple[DoorId, DoorPair]],
    ) -> None:
        offer_of = {event.id: event.offer_id for event in self._invented.events}
        by_session = read_sessions([counts], offer_of)
        waves = {
            door_id: WaveOfSessions(door, door_counts, by_session[counts.facts.id, door_id])
            for door_id, (door, door_counts) in pairs
            if isinstance(door_id, int) and (counts.facts.id, door_id) in by_session
        }
        for door_id, wave in waves.items():
            self._add_wave_of_sessions(page, wave, parts.get(door_id, {}))
        as_shown = [in_part(wave) for wave in waves.values()]
        for event_id in offer_of:
            for told in measures_of_sessions(as_shown, [event_id]):
                for figure in told.figures:
                    self._agree_with_a_session(page, figure, told.key)

    def _add_wave_of_sessions(
        self, page: Page, wave: WaveOfSessions, parts: dict[int, int]
    ) -> None:
        event_of = {row.id: row.event_id or 0 for row in self._rows}
        for key, lines in shown_lines(wave).items():
            measure = wave.counts.questions[key].measure
            if measure is None or measure.key in NEVER_SPLIT:
                continue
            base = self._base(wave.counts, key)
            for line in lines:
                places = {(session.part, session.event_id) for session in line}
                group = frozenset(
                    p for p, part in parts.items() if (part, event_of[p]) in places and p in base
                )
                page.views[wave.door.key, key].add(self._at(group, wave.counts, parts))
                page.figures += 1

    def _agree_with_a_session(self, page: Page, figure: Figure, measure_key: str) -> None:
        printed = page.printed.get(f"personal-{measure_key} {figure.door.key}")
        if figure.base and printed:
            sizes = {len(view) for view in page.views[printed[0]]}
            # A session may be the sum of several lines.
            if figure.base not in sizes and figure.base > sum(sizes):
                raise HarnessError(f"{measure_key}: {figure.base} is none of {sorted(sizes)}")

    def _add_asked_twice(
        self,
        page: Page,
        counts: EvaluationCounts,
        parts: Mapping[DoorId, dict[int, int]],
        pairs: list[tuple[DoorId, DoorPair]],
        threshold: int,
    ) -> None:
        doors = dict(pairs)
        for first, second in counts.asked_twice:
            (one, one_counts), (other, other_counts) = doors[first], doors[second]
            then, later = (
                {
                    self._invented.person_of[p]: p
                    for p in parts[door_id]
                    if self._invented.given[p].get(_measured(door)[KNOWLEDGE])
                }
                for door_id, door in ((first, one_counts), (second, other_counts))
            )
            both = {(then[person], later[person]) for person in then.keys() & later.keys()}
            place = {pair: (parts[first][pair[0]], parts[second][pair[1]]) for pair in both}
            shown = set(
                parts_of_pairs(
                    Counter(place.values()), one_counts, other_counts, threshold=threshold
                )
            )
            group = [pair for pair in both if place[pair] in shown]
            self._add_pairs(page, one, other, group, (one_counts, other_counts), parts)

    def _add_pairs(
        self,
        page: Page,
        one: Door,
        other: Door,
        group: list[tuple[int, int]],
        counts: tuple[DoorCounts, DoorCounts],
        parts: Mapping[DoorId, dict[int, int]],
    ) -> None:
        [change] = [
            change
            for change in page.summary.knowledge
            if (change.since_key, change.door.key) == (one.key, other.key)
        ]
        told = (
            change.change.better + change.change.same + change.change.worse if change.change else 0
        )
        if told not in (len(group), 0) or (told == 0 and len(group) >= ELSEWHERE_THRESHOLD):
            raise HarnessError(f"{told} pairs are told, and {len(group)} are known")
        if not told:
            return
        part_of = {person: part for own in parts.values() for person, part in own.items()}
        sides = [
            self._at(frozenset(pair[side] for pair in group), counts[side], part_of)
            for side in (0, 1)
        ]
        page.views[other.key, f"since {one.key}"].add(sides[1])
        page.figures += 1
        if change.before is not None:
            for door, own, side in zip((one, other), counts, sides, strict=True):
                page.views[door.key, _measured(own)[KNOWLEDGE]].add(side)

    def _agree_with_the_list(self, page: Page, audience: Audience) -> None:
        """The line on the page of all evaluations tells what the evaluation's own page does."""
        lines = queries.evaluation_lines([self._read.facts], audience=audience, now=self._now)
        own = page.summary
        headline = first_of("Headline", HEADLINE, own.measures, own.open_measures)
        listed = lines[0].headline
        if (listed.number if listed else "–") != headline.number:
            raise HarnessError(f"the list says {listed}, the page {headline}")


def _measured(counts: DoorCounts) -> dict[str, str]:
    """The questions by what they measure."""
    return {q.measure.key: q.key for q in counts.questions.values() if q.measure}


def _in_parts(parts: Mapping[int, int], numbers: Iterable[int]) -> People:
    wanted = set(numbers)
    return frozenset(person for person, part in parts.items() if part in wanted)


def _agree(
    summary: EvaluationSummary,
    measure_key: str,
    door: Door,
    whole: People,
    lines: Mapping[str, People],
) -> int:
    """Compare with what the page prints; how many figures it has."""
    measures = summary.open_measures if door.is_open_link else summary.measures
    found = [
        figure
        for measure in measures
        for figure in measure.figures
        if measure.key == measure_key and figure.door.key == door.key
    ]
    for figure in found:
        fewest = figure.withheld_below
        if figure.base != (len(whole) if len(whole) >= fewest else 0):
            raise HarnessError(f"{measure_key}: {figure.base} are told, {len(whole)} are known")
        told = {line.label: line.share.base for line in figure.sectors if line.share}
        if figure.base and figure.sectors:
            known = {label: len(line) for label, line in lines.items() if line}
            if told != known:
                raise HarnessError(f"{measure_key}: lines of {told} are told, {known} are known")
    return sum(1 + len(figure.sectors) for figure in found if figure.base)


SAFE = {
    PUBLIC: ELSEWHERE_THRESHOLD,
    Audience.ELSEWHERE.value: ELSEWHERE_THRESHOLD,
    Audience.RUNNING_TEAM.value: RUNNING_TEAM_THRESHOLD,
}
