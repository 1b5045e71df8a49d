"""Each figure of a summary as plain values with its sentences: what reports are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.impact import wording
from app.impact.counts import Reach
from app.impact.disclosure import ELSEWHERE_THRESHOLD, merge_small_groups
from app.impact.reports import sentences
from app.impact.reports.documents import Bases, Line, Piece, PlainTable
from app.impact.rules import MeanScore, Share
from app.impact.summaries import (
    BeforeAfter,
    Door,
    DoorState,
    EvaluationSummary,
    Figure,
    MeasureLines,
)
from app.impact.tables import Table, tables_of_evaluation
from app.kernel.london import short_date_words
from app.surveys.models import OutcomeLevel

GROUPS = {
    OutcomeLevel.REACTION: "Reaction",
    OutcomeLevel.LEARNING: "Learning",
    OutcomeLevel.BEHAVIOUR: "Behaviour",
}
OPEN_LINK = "Through an open link"
EVIDENCE = "Evidence"
REACH = "Reach"
NO_RATE_YET = "–: some answers are not in the figures yet, so there is no rate."
ORDER = (REACH, *GROUPS.values(), OPEN_LINK, EVIDENCE)
SCORES = range(11)


def pieces_of(summary: EvaluationSummary) -> dict[str, Piece]:
    """Every figure that may be told to others, by its key, in the order of a report."""
    if summary.threshold < ELSEWHERE_THRESHOLD:
        raise ValueError("this summary is for those who run the sessions only")
    tables = {key: plain_tables(found) for key, found in tables_of_evaluation(summary).items()}
    found = [reach_piece(summary.reach), _answered(summary)]
    found += [_change(change, tables.get(change.key, [])) for change in summary.knowledge]
    if summary.knowledge_means:
        found.append(_means(summary, tables.get("means", [])))
    for place, measures in (("personal", summary.measures), ("open", summary.open_measures)):
        for measure in measures:
            key = f"{place}-{measure.key}"
            found.append(measure_piece(key, measure, tables.get(key, []), summary.subject_words))
    found.append(_evidence(summary, tables.get("evidence", [])))
    shown = sorted(
        (piece for piece in found if piece), key=lambda piece: ORDER.index(piece["group"])
    )
    return {piece["key"]: piece for piece in shown}


def plain_table(table: Table) -> PlainTable:
    """A table as lists of words."""
    return PlainTable(
        title=table.title,
        columns=list(table.columns),
        rows=[list(row) for row in table.rows],
        note=table.note,
    )


def plain_tables(tables: Iterable[Table]) -> list[PlainTable]:
    """Tables as lists of words."""
    return [plain_table(table) for table in tables]


def _piece(key: str, group: str, title: str, **more: Any) -> Piece:
    lists: dict[str, Any] = {
        name: [] for name in ("lines", "drawings", "notes", "tables", "sentences")
    }
    empty = {**lists, "alt": "", "bases": {}}
    # Every key is given, some through the two dictionaries, into which mypy does not look.
    found: Piece = {"key": key, "group": group, "title": title, **empty, **more}  # type: ignore[typeddict-item]
    return found


def reach_piece(reach: Reach) -> Piece | None:
    """Who came, in public: no line of fewer than 10 people, and none to be had by subtraction."""
    if reach.people < ELSEWHERE_THRESHOLD:
        return None
    sessions = ["Sessions with a register", f"{reach.events:,}"]
    rows = [sessions, ["People who came", f"{reach.people:,}"]]
    if reach.first_on and reach.last_on:
        rows.append(["First session", short_date_words(reach.first_on)])
        rows.append(["Latest session", short_date_words(reach.last_on)])
    tables = [PlainTable(title="Reach", columns=["", "Number"], rows=rows, note="")]
    groups = sectors_reached(reach)
    if groups:
        tables.append(
            PlainTable(
                title="Who came, by sector",
                columns=["Sector", "People"],
                rows=[[label, f"{people:,}"] for label, people in groups.items()],
                note=merged_note(groups),
            )
        )
    return _piece(
        "reach",
        REACH,
        "Who came",
        tables=tables,
        sentences=list(sentences.of_reach(reach)),
        notes=[f"{sentences.of_reach(reach)[0]} A person counts once, however often they came."],
        bases={"reach": Bases(total=reach.people, groups=groups)},
    )


def sectors_reached(reach: Reach) -> dict[str, int]:
    """People by sector, sectors of fewer than 10 put together; empty if that cannot be shown."""
    people = {name: count for name, count in reach.people_by_sector.items() if count}
    if sum(people.values()) != reach.people:
        return {}  # somebody changed sector between two sessions: the difference would be theirs
    lines = merge_small_groups(people, threshold=ELSEWHERE_THRESHOLD, total=reach.people)
    return {line.label: line.base for line in lines}


def merged_note(groups: Mapping[str, int]) -> str:
    """Why several sectors stand in one line, if any do."""
    together = [label for label in groups if label.endswith(" together")]
    reason = f"fewer than {ELSEWHERE_THRESHOLD} people in some of them"
    return " ".join(
        f"{label.removesuffix(' together')} are shown together: {reason}." for label in together
    )


def _answered(summary: EvaluationSummary) -> Piece | None:
    open_doors = [summary.open_door] if summary.open_door else []
    doors = [*summary.doors, *open_doors, *summary.open_imports]
    shown = [door for door in doors if door.state is DoorState.SHOWN]
    if not shown:
        return None
    rows = [[door.label, *_answered_cells(door)] for door in doors]
    return _piece(
        "answered",
        REACH,
        "How many answered",
        notes=[f"{door.label}: {_answered_words(door)}." for door in shown],
        tables=[
            PlainTable(
                title="How many answered",
                columns=["When asked", "Asked", "Answered", "Rate"],
                rows=rows,
                note=NO_RATE_YET if any(door.rate and door.waiting for door in shown) else "",
            )
        ],
        bases={f"answered {door.key}": Bases(total=door.in_figures, groups={}) for door in shown},
    )


def _answered_cells(door: Door) -> list[str]:
    if door.state is not DoorState.SHOWN:
        is_open = door.state is DoorState.STILL_OPEN
        why = "asking is still open" if is_open else wording.withheld(ELSEWHERE_THRESHOLD)
        return ["–", "nobody asked yet" if door.state is DoorState.NOT_ASKED else why, "–"]
    asked = "anyone with the link"
    if door.imported_words:
        asked = "not on record"
    elif not door.is_open_link:
        asked = f"{door.delivered:,}" if door.delivered else "not on record"
    # What is answered and not yet in the figures may be a few people: no rate tells of them.
    rate = wording.percent(door.rate) if door.rate and not door.waiting else "–"
    return [asked, f"{door.in_figures:,}", "no rate" if door.is_open_link else rate]


def _answered_words(door: Door) -> str:
    asked, answered, rate = _answered_cells(door)
    if rate.endswith("%"):
        return f"{answered} of {asked} who were asked answered ({rate})"
    return f"{answered} answers" + (", open to anyone with the link" if door.is_open_link else "")


def measure_piece(
    key: str, measure: MeasureLines, tables: list[PlainTable], subject: str
) -> Piece | None:
    """A measure with its figures at each time; None where all of them are withheld."""
    shown = [figure for figure in measure.figures if not figure.is_withheld]
    if not shown:
        return None
    title = wording.as_sentence(sentences.about(measure.title, measure.key, subject))
    by_link = any(figure.door.is_open_link for figure in measure.figures)
    lines = [line for figure in measure.figures for line in _lines(figure)]
    said = [
        words for figure in shown for words in sentences.of_figure(measure, figure, subject=subject)
    ]
    return _piece(
        key,
        OPEN_LINK if by_link else GROUPS[measure.level],
        title,
        lines=lines,
        tables=tables,
        sentences=[words for words in said if words],
        alt=_alt("Bar chart", title, lines),
        bases={f"{key} {figure.door.key}": _bases(figure) for figure in shown},
    )


def _lines(figure: Figure) -> list[Line]:
    when = _when(figure.door)
    if figure.is_withheld:
        words = f"{wording.as_sentence(wording.withheld(figure.withheld_below))}: withheld"
        return [Line(label="", when=when, number="–", sure=words, chart={})]
    if figure.mean:
        number, sure = wording.score(figure.mean.mean), wording.how_sure_of_mean(figure)
        chart = {"kind": "score", **_of_mean(figure.mean)}
        return [Line(label="", when=when, number=number, sure=sure, chart=chart)]
    if figure.share:
        counted = [option.count for option in figure.options if option.is_counted]
        chart = {**_of_share(figure.share), "segments": counted if len(counted) > 1 else []}
        sure = ". ".join(filter(None, (wording.how_sure(figure), wording.outside_words(figure))))
        number = wording.percent(figure.share)
        return [Line(label="", when=when, number=number, sure=sure, chart=chart)]
    asked = f", asked of {figure.asked_of}" if figure.asked_of else ""
    return [
        Line(
            label=option.label,
            when=f"{when}{asked}",
            number=wording.percent(option.share),
            sure=f"{option.share.count} of {option.share.base}, likely between "
            f"{option.share.low_percent}% and {option.share.high_percent}%",
            chart={**_of_share(option.share), "segments": []},
        )
        for option in figure.options
        if option.share
    ]


def _when(door: Door) -> str:
    return "" if door.is_open_link and not door.imported_words else door.label


def _of_share(share: Share) -> dict[str, Any]:
    return {
        "kind": "share",
        "count": share.count,
        "base": share.base,
        "low": float(share.low_percent),
        "high": float(share.high_percent),
    }


def _of_mean(mean: MeanScore) -> dict[str, Any]:
    low, high = (mean.interval.low, mean.interval.high) if mean.interval else (mean.mean, mean.mean)
    return {
        "mean": round(mean.mean, 3),
        "low": round(low, 3),
        "high": round(high, 3),
        "base": mean.base,
    }


def _bases(figure: Figure) -> Bases:
    groups = {line.label: line.share.base if line.share else 0 for line in figure.sectors}
    if figure.mean:
        return Bases(total=figure.mean.base, groups={})
    if figure.share:
        return Bases(total=figure.share.base, groups=groups)
    return Bases(total=next(o.share.base for o in figure.options if o.share), groups={})


def _change(found: BeforeAfter, tables: list[PlainTable]) -> Piece | None:
    change = found.change
    if change is None:
        return None
    drawings: list[dict[str, Any]] = []
    words = wording.change_words(change)
    alt = words
    notes = [f"{wording.design_words(found)} {words} {wording.chance_words(change)}".strip()]
    if found.before is not None and found.after is not None:
        scores = {
            "before": [found.before.get(score, 0) for score in SCORES],
            "after": [found.after.get(score, 0) for score in SCORES],
        }
        labels = ("before", "after") if found.is_recalled else _two_labels(found)
        drawings = [{"kind": "histogram", **scores, "labels": list(labels)}]
        alt = (
            f"Column chart of how many people gave each score from 0 to 10, {labels[0]} and "
            f"{labels[1]}. {words}"
        )
    return _piece(
        found.key,
        GROUPS[OutcomeLevel.LEARNING],
        f"Knowledge: {found.heading[:1].lower()}{found.heading[1:]}",
        drawings=drawings,
        notes=notes,
        tables=tables,
        sentences=list(sentences.of_change(found)),
        alt=alt,
        bases={found.key: Bases(total=change.pairs, groups={})},
    )


def _two_labels(found: BeforeAfter) -> tuple[str, str]:
    return found.before_label.lower(), found.after_label.lower().replace(" later", "")


def _means(summary: EvaluationSummary, tables: list[PlainTable]) -> Piece:
    points = [
        {"label": point.short_label, **_of_mean(point.mean)} for point in summary.knowledge_means
    ]
    said = sentences.of_means(summary.knowledge_means)
    return _piece(
        "means",
        GROUPS[OutcomeLevel.LEARNING],
        "Knowledge of everyone who answered, time by time",
        drawings=[{"kind": "means", "points": points}],
        tables=tables,
        sentences=list(said),
        alt="Line chart of mean knowledge from 0 to 10, each time with its likely range. "
        + said[0],
        bases={
            f"means {point.label}": Bases(total=point.mean.base, groups={})
            for point in summary.knowledge_means
        },
    )


def _evidence(summary: EvaluationSummary, tables: list[PlainTable]) -> Piece | None:
    """What others found; its figures are theirs, so that it has no base of ours."""
    if not summary.evidence:
        return None
    return _piece(
        "evidence",
        EVIDENCE,
        "What others counted or found",
        notes=[wording.NOT_ANSWERS],
        tables=tables,
        sentences=[
            f"{line.title.rstrip('.')} ({line.source}, {line.when})." for line in summary.evidence
        ],
    )


def _alt(kind: str, title: str, lines: Sequence[Line]) -> str:
    """What the picture shows, for those who do not see it."""
    said = []
    for line in lines:
        named = ", ".join(part for part in (line["label"], line["when"]) if part)
        said.append(
            f"{named}: {line['number']}, {line['sure']}"
            if named
            else f"{line['number']}, {line['sure']}"
        )
    return f"{kind}: {title}. {'. '.join(said)}."
