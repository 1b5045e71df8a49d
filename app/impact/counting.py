"""How many were asked, how many answered, and what of it has closed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy import ColumnElement, and_, false, or_

from app.impact import closing_rules
from app.impact.answers_counted import InFigures, LetIn, PartKey, add_answers, part_key
from app.impact.closing_rules import Batch, ImportedFile
from app.impact.counts import (
    BatchKey,
    DoorCounts,
    DoorId,
    EvaluationCounts,
    EvaluationFacts,
    Imported,
    order_of,
)
from app.impact.disclosure import (
    ELSEWHERE_THRESHOLD,
    NOT_STATED,
    RUNNING_TEAM_THRESHOLD,
    lines_over_time,
)
from app.impact.grouped_rows import PlanRows, Rows, read_plan, read_rows
from app.impact.growth_rules import first_growth
from app.impact.imports_counted import Runs, Undone, add_imports
from app.impact.kept import Row
from app.kernel.london import london_date
from app.surveys.models import InvitationState
from app.surveys.response_models import Response

DoorKey = tuple[int, DoorId]  # evaluation, and the door of it
WaveKey = tuple[int, int | None]  # evaluation, wave; None is the open link


def read_counts(
    evaluations: Iterable[EvaluationFacts],
    *,
    threshold: int,
    now: datetime,
    only_measures: Collection[str] | None = None,
) -> dict[int, EvaluationCounts]:
    """Everything counted of these evaluations, answers only from what has closed."""
    wanted = tuple(evaluations)
    rows = read_rows([facts.id for facts in wanted], now=now)
    return count_rows(wanted, rows, threshold=threshold, now=now, only_measures=only_measures)


def count_rows(
    evaluations: Iterable[EvaluationFacts],
    rows: Rows,
    *,
    threshold: int,
    now: datetime,
    only_measures: Collection[str] | None = None,
) -> dict[int, EvaluationCounts]:
    """What was read, counted, and the answers that are in the figures."""
    found = {facts.id: EvaluationCounts(facts) for facts in evaluations}
    if not found:
        return {}
    for evaluation_id, counted in rows.kept.items():
        found[evaluation_id].kept = counted
    wanted = let_in(found, rows.asked, rows.answered, threshold=threshold, now=now, plan=rows.plan)
    if wanted.figures:
        add_answers(found, wanted, only_measures)
    return found


def let_in(
    found: dict[int, EvaluationCounts],
    asked: Iterable[Row],
    answered: Iterable[Row],
    *,
    threshold: int,
    now: datetime,
    plan: PlanRows | None = None,
) -> LetIn:
    """Count who was asked and who answered; which of the responses are in the figures."""
    plan = plan or read_plan(found)
    _add_waves(found, plan.waves, now=now)
    still_asked = _add_asked(found, asked)
    names: dict[int | None, str] = {**{row[0]: row[1] for row in plan.sectors}, None: NOT_STATED}
    runs, undone = add_imports(found, plan.files)
    batches, files = _add_responses(found, answered, names, runs)
    parts: dict[DoorKey, list[Part]] = {}
    for key, groups in batches.items():
        steps_at = partial(_let_in, found, key, groups, still_asked[key], now=now)
        door = found[key[0]].doors[key[1]]
        waiting = {*groups, *still_asked[key]}
        parts[key] = _parts_of_wave(door, key, groups, waiting, steps_at)
    for form_key, of_form in files.items():
        door = found[form_key[0]].doors[form_key[1]]
        parts[form_key] = _parts_of_form(door, form_key, of_form, runs, undone)
    for door_key, of_door in parts.items():
        _release(found[door_key[0]].doors[door_key[1]], of_door, threshold)
    conditions = [
        is_let_in(key, frozenset().union(*found[key[0]].doors[key[1]].smaller_steps))
        for key in batches
        if parts[key]
    ]
    if runs_in := [key[2] for of_form in files for part in parts[of_form] for key in part]:
        conditions.append(Response.import_run_id.in_(runs_in))
    condition = or_(false(), *conditions)
    return LetIn(_in_figures(parts, runs), condition, _numbered(parts), threshold, names)


def _parts_of_wave(
    door: DoorCounts,
    key: WaveKey,
    groups: Mapping[BatchKey, list[_Group]],
    waiting: set[BatchKey],
    steps_at: Callable[..., tuple[frozenset[BatchKey], ...]],
) -> list[Part]:
    """Say in which steps the forms came in, and put their sectors together in lines."""
    # Breakdowns need as many answers whoever reads, and so do the steps in which they grow.
    door.steps = steps_at(threshold=ELSEWHERE_THRESHOLD)
    door.smaller_steps = steps_at(threshold=RUNNING_TEAM_THRESHOLD)
    door.waits_from = min(map(order_of, waiting.difference(*door.smaller_steps)), default=None)
    # Those without a date stand apart: nobody can say what their lines gained since.
    apart = [step for step in door.steps if closing_rules.stands_apart(step, groups)]
    door.growth = first_growth(door.steps, door.smaller_steps, apart=apart)
    by_part = [
        _by_sector(group for batch in part for group in groups[batch])
        for part in door.smaller_steps
    ]
    door.breakdowns = lines_over_time(
        [[by_part[number] for (number,) in step] for step in door.growth.steps],
        threshold=ELSEWHERE_THRESHOLD,
    )
    return [
        {part_key(*key, *batch): groups[batch] for batch in part} for part in door.smaller_steps
    ]


def _release(door: DoorCounts, parts: Sequence[Part], threshold: int) -> None:
    for number in door.growth.parts(threshold=threshold):
        for groups in parts[number].values():
            for group in groups:
                door.released[group.sector] += group.count


def _numbered(parts: Mapping[DoorKey, Sequence[Part]]) -> dict[PartKey, int]:
    return {
        key: number
        for of_door in parts.values()
        for number, part in enumerate(of_door)
        for key in part
    }


def _in_figures(parts: Mapping[DoorKey, Sequence[Part]], runs: Runs) -> InFigures:
    released = [
        (key, group)
        for of_door in parts.values()
        for part in of_door
        for key, groups in part.items()
        for group in groups
    ]
    return InFigures(
        frozenset(
            (*key, 0 if key[2] is None else runs[key[2]].revision, group) for key, group in released
        ),
        frozenset(group.version_id for _, group in released),
    )


def _by_sector(groups: Iterable[_Group]) -> Counter[str]:
    counted: Counter[str] = Counter()
    # By name: databases give rows in any order, and lines are named in the order of what is here.
    for group in sorted(groups, key=lambda one: one.sector):
        counted[group.sector] += group.count
    return counted


def _add_waves(found: dict[int, EvaluationCounts], rows: Iterable[Row], *, now: datetime) -> None:
    for evaluation_id, wave_id, months in rows:
        found[evaluation_id].doors[wave_id] = DoorCounts(months_later=months)
    for counts in found.values():
        if counts.facts.has_open_link:
            until = counts.facts.open_until
            counts.doors[None] = DoorCounts(is_open=until is None or now < until, open_until=until)


def _add_asked(
    found: dict[int, EvaluationCounts], rows: Iterable[Row]
) -> dict[WaveKey, set[BatchKey]]:
    """Add who was asked; returns the months and years of which somebody can still answer."""
    still_asked: dict[WaveKey, set[BatchKey]] = defaultdict(set)
    for evaluation_id, wave_id, state, is_open, due, count, sent, delivered, closes_at in rows:
        if (door := found[evaluation_id].doors.get(wave_id)) is None:
            continue  # the plan has lost this wave since it was counted
        door.sent += sent
        door.delivered += delivered
        if state is InvitationState.ANSWERED:
            door.answered_invitations += count
        if state is InvitationState.PLANNED:
            door.planned += count
            door.next_due_at = min(due, door.next_due_at or due)
        if is_open:
            day = london_date(due)
            still_asked[evaluation_id, wave_id] |= {(day.replace(day=1), False)}
            still_asked[evaluation_id, wave_id] |= {(date(day.year, 1, 1), True)}
            door.is_open = True
            door.open_until = max(closes_at, door.open_until or closes_at)
    return still_asked


@dataclass(frozen=True, slots=True)
class _Group:
    """Responses of one batch, sector and version, with the largest of their random ids."""

    sector: str
    version_id: int
    count: int
    largest_id: int


Part = dict[PartKey, list[_Group]]  # what came in together, as the running team saw it come
Batches = dict[WaveKey, dict[BatchKey, list[_Group]]]
Files = dict[DoorKey, dict[int, list[_Group]]]  # by the import that brought them


def _add_responses(
    found: dict[int, EvaluationCounts],
    rows: Iterable[Row],
    names: dict[int | None, str],
    runs: Runs,
) -> tuple[Batches, Files]:
    """Add responses by door and sector; returns the batches and the files they came in."""
    batches: Batches = defaultdict(lambda: defaultdict(list))
    files: Files = defaultdict(lambda: defaultdict(list))
    for evaluation_id, wave_id, answered_on, no_event, run_id, sector_id, *facts in rows:
        if run_id is not None and run_id not in runs:
            continue  # the import was undone since it was counted
        group = _Group(names[sector_id], *facts)
        door_id: DoorId = wave_id if run_id is None else Imported(runs[run_id].form_id)
        door = found[evaluation_id].doors.setdefault(door_id, DoorCounts())
        door.responses[group.sector] += group.count
        if run_id is not None:
            files[evaluation_id, door_id][run_id].append(group)
            continue
        # The open link keeps the day; its answers are let in by the month.
        is_year = bool(no_event) and wave_id is not None
        key = (answered_on if is_year else answered_on.replace(day=1), is_year)
        batches[evaluation_id, wave_id][key].append(group)
    return batches, files


def _parts_of_form(
    door: DoorCounts,
    form_key: DoorKey,
    files: dict[int, list[_Group]],
    runs: Runs,
    undone: Undone,
) -> list[Part]:
    """Say in which steps the files of a form came in."""
    live = [
        ImportedFile(run_id, sum(group.count for group in groups), runs[run_id].imported_at)
        for run_id, groups in files.items()
    ]
    gone = [
        file for form_id in {runs[run_id].form_id for run_id in files} for file in undone[form_id]
    ]
    large, small = (
        closing_rules.import_steps([*live, *gone], threshold=fewest)
        for fewest in (ELSEWHERE_THRESHOLD, RUNNING_TEAM_THRESHOLD)
    )
    door.growth = first_growth(large, small)
    return [
        {(form_key[0], None, run_id, "", 0): files[run_id] for run_id in part} for part in small
    ]


def _let_in(
    found: dict[int, EvaluationCounts],
    door_key: WaveKey,
    batches: dict[BatchKey, list[_Group]],
    still_asked: set[BatchKey],
    *,
    threshold: int,
    now: datetime,
) -> tuple[frozenset[BatchKey], ...]:
    until = found[door_key[0]].facts.open_until
    has_made_links = found[door_key[0]].facts.has_made_links
    has_ended = until is not None and until <= now and not has_made_links
    this_month = london_date(now).replace(day=1)

    def is_closed(key: BatchKey) -> bool:
        if door_key[1] is None:
            return has_ended or key[0] < this_month
        return key not in still_asked

    # Those that nobody has answered yet hold back what comes after them as well.
    return closing_rules.released_steps(
        (
            Batch(
                *key,
                answers=sum(group.count for group in batches.get(key, ())),
                is_closed=is_closed(key),
                is_over=key[0].year < this_month.year,
            )
            for key in {*batches, *still_asked}
        ),
        threshold=threshold,
    )


def is_let_in(door_key: WaveKey, keys: frozenset[BatchKey]) -> ColumnElement[bool]:
    """Whether a response is of this door and of one of these batches."""
    evaluation_id, wave_id = door_key
    months = sorted(day for day, is_year in keys if not is_year)
    if wave_id is None:
        last = max(months)
        month_after = date(last.year + last.month // 12, last.month % 12 + 1, 1)
        by_link = and_(Response.wave_id.is_(None), Response.import_run_id.is_(None))
        when = and_(by_link, Response.answered_on < month_after)
        return and_(Response.evaluation_id == evaluation_id, when)
    years = sorted(day for day, is_year in keys if is_year)
    parts = []
    if months:
        parts.append(and_(Response.event_id.is_not(None), Response.answered_on.in_(months)))
    if years:
        parts.append(and_(Response.event_id.is_(None), Response.answered_on.in_(years)))
    return and_(Response.evaluation_id == evaluation_id, Response.wave_id == wave_id, or_(*parts))
