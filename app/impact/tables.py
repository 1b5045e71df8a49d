"""The numbers of a summary as tables: the page shows them, the spreadsheet holds the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.impact import wording
from app.impact.counts import Reach
from app.impact.rules import Share
from app.impact.summaries import (
    BeforeAfter,
    Door,
    DoorState,
    EvaluationSummary,
    Figure,
    MeasureLines,
    OptionLine,
)
from app.impact.who_answered import WhoAnswered, who_answered
from app.improvement.queries import EvidenceLine
from app.kernel.london import short_date_words
from app.kernel.spreadsheet import csv_text
from app.surveys.models import MeasureScale

Row = tuple[str, ...]
SHARE_COLUMNS = ("Percent", "Number", "Of", "Likely range (95%)")
A_FIGURE = re.compile(r"[+-]?\d|–$")


@dataclass(frozen=True, slots=True)
class Table:
    """A title, column headings and rows of printed words; the first cell of a row names it."""

    title: str
    columns: Row
    rows: tuple[Row, ...]
    note: str = ""

    @property
    def number_columns(self) -> frozenset[int]:
        """Columns that hold figures in most of their rows, to be set to the right."""
        return frozenset(
            place
            for place in range(1, len(self.columns))
            if 2 * sum(bool(A_FIGURE.match(row[place])) for row in self.rows) >= len(self.rows)
        )


Tables = dict[str, tuple[Table, ...]]


def tables_of_evaluation(summary: EvaluationSummary) -> Tables:
    """Every table of an evaluation's page by the place where it stands, in the page's order."""
    open_doors = [summary.open_door] if summary.open_door else []
    doors = [*summary.doors, *open_doors, *summary.open_imports]
    found: Tables = {"answered": (answered_table(doors),) if doors else ()}
    for change in summary.knowledge:
        found[change.key] = tuple(change_tables(change))
    if summary.knowledge_means:
        found["means"] = (_means(summary),)
    for place, measures in (("personal", summary.measures), ("open", summary.open_measures)):
        for measure in measures:
            found[f"{place}-{measure.key}"] = tuple(
                measure_tables(measure, summary.breakdown_threshold)
            )
    who = [who_table(one) for one in who_answered(summary.reach, doors) if one.lines]
    found["reach"] = (reach_table(summary.reach), sectors_table(summary.reach, doors), *who)
    if summary.comments:
        found["comments"] = (_comments(summary),)
    if summary.evidence:
        found["evidence"] = (evidence_table(summary.evidence),)
    return found


def evidence_table(evidence: Iterable[EvidenceLine]) -> Table:
    """What others counted or found, each with its source."""
    return Table(
        "Evidence",
        ("What was found", "Figure", "Kind", "Time", "Source", "About"),
        tuple(line.cells for line in evidence),
        wording.NOT_ANSWERS,
    )


def reach_table(reach: Reach) -> Table:
    """How many sessions and people."""
    rows = [
        ("Sessions with a register", f"{reach.events:,}"),
        ("People who came", f"{reach.people:,}"),
        ("Attendances", f"{reach.attendances:,}"),
        ("Came without booking", f"{reach.without_booking:,}"),
    ]
    if reach.first_on and reach.last_on:
        rows.append(("First session", short_date_words(reach.first_on)))
        rows.append(("Latest session", short_date_words(reach.last_on)))
    return Table("Reach", ("", "Number"), tuple(rows))


def sectors_table(reach: Reach, doors: list[Door]) -> Table:
    """Who came and who answered: counts of people, which staff may always see (design 5)."""
    names = dict.fromkeys(reach.people_by_sector)
    for door in doors:
        names |= dict.fromkeys(door.answered_by_sector)
    asked = [door for door in doors if door.answered]
    title = "Who came and who answered, by sector" if asked else "Who came, by sector"
    return Table(
        title,
        ("Sector", "People", "Attendances", *(f"Answered: {lower(door.label)}" for door in asked)),
        tuple(
            (
                name,
                f"{reach.people_by_sector.get(name, 0):,}",
                f"{reach.attendances_by_sector.get(name, 0):,}",
                *(f"{door.answered_by_sector.get(name, 0):,}" for door in asked),
            )
            for name in names
        ),
    )


def who_table(found: WhoAnswered) -> Table:
    """Parts of those who answered beside parts of those who came."""
    return Table(
        f"Who answered compared with who came: {lower(found.door.label)}",
        ("Sector", "People who came", "Part of them", "Answered", "Part of those"),
        tuple(
            (
                line.label,
                f"{line.came.count:,}",
                wording.whole(line.came),
                f"{line.answered.count:,}",
                wording.whole(line.answered),
            )
            for line in found.lines
        ),
        wording.who_words(found),
    )


def answered_table(doors: Iterable[Door]) -> Table:
    """How many were asked and answered, door by door."""
    return Table(
        "How many answered",
        ("When asked", "Asked", "Delivered", "Answered", "Rate", "In the figures"),
        tuple(
            (
                door.label,
                *_asked_cells(door),
                f"{door.answered:,}",
                "no rate"
                if door.is_open_link or door.imported_words
                else wording.percent(door.rate),
                f"{door.in_figures:,}"
                if door.state is DoorState.SHOWN or not door.answered
                else "none yet",
            )
            for door in doors
        ),
    )


def _asked_cells(door: Door) -> Row:
    if door.imported_words:
        return ("not on record", "not on record")
    return ("anyone", "anyone") if door.is_open_link else (f"{door.asked:,}", f"{door.delivered:,}")


def measure_tables(measure: MeasureLines, breakdown_threshold: int) -> Iterator[Table]:
    """One measure, wave by wave, with all its answers and its sectors."""
    title = wording.as_sentence(measure.title)
    if any(figure.door.is_open_link for figure in measure.figures):
        title += " (open link)"
    if measure.scale is MeasureScale.CHOICES:
        for figure in measure.figures:
            yield _choices(title, figure)
        return
    if measure.scale is MeasureScale.SCORE:
        yield from _scores(title, measure)
        return
    yield Table(
        title,
        ("When asked", *SHARE_COLUMNS, "Asked of"),
        tuple(
            (figure.door.label, *_share_cells(figure), figure.asked_of or "everyone who answered")
            for figure in measure.figures
        ),
        wording.trend_words(measure),
    )
    yield _all_answers(title, measure)
    for figure in measure.figures:
        if figure.sectors:
            yield Table(
                f"{_at(title, figure)}, by sector",
                ("Sector", *SHARE_COLUMNS),
                tuple((line.label, *cells(line.share)) for line in figure.sectors),
                " ".join(
                    words
                    for words in (
                        wording.merged_words(figure.sectors, breakdown_threshold),
                        wording.in_lines_words(figure, breakdown_threshold),
                    )
                    if words
                ),
            )


def _share_cells(figure: Figure) -> Row:
    if figure.share is None:
        return (wording.withheld(figure.withheld_below), "–", "–", "–")
    return cells(figure.share)


def cells(share: Share | None) -> Row:
    """A share as printed: percent, number, base, likely range."""
    if share is None:
        return ("–", "0", "0", "–")
    return (
        wording.percent(share),
        f"{share.count:,}",
        f"{share.base:,}",
        wording.likely_range(share),
    )


def _all_answers(title: str, measure: MeasureLines) -> Table:
    labels = dict.fromkeys(option.label for figure in measure.figures for option in figure.options)
    by_figure = [{option.label: option for option in figure.options} for figure in measure.figures]
    return Table(
        f"{title}: all answers",
        ("Answer", *(figure.door.label for figure in measure.figures)),
        tuple(
            (
                label,
                *(
                    wording.withheld(figure.withheld_below)
                    if figure.is_withheld
                    else _with_percent(options[label])
                    if label in options
                    else "not asked"
                    for figure, options in zip(measure.figures, by_figure, strict=True)
                ),
            )
            for label in labels
        ),
    )


def _with_percent(option: OptionLine) -> str:
    if option.share is None:
        return f"{option.count:,}, not counted in the base"
    return f"{option.count:,} ({wording.percent(option.share)})"


def _choices(title: str, figure: Figure) -> Table:
    rows = tuple((option.label, *cells(option.share)) for option in figure.options)
    if figure.is_withheld:
        rows = ((wording.as_sentence(wording.withheld(figure.withheld_below)), "–", "–", "–", "–"),)
    of = f", asked of {figure.asked_of}" if figure.asked_of else ""
    return Table(f"{_at(title, figure)}{of}", ("Answer", *SHARE_COLUMNS), rows)


def _at(title: str, figure: Figure) -> str:
    is_plain = figure.door.is_open_link and not figure.door.imported_words
    return title if is_plain else f"{title}: {lower(figure.door.label)}"


def _scores(title: str, measure: MeasureLines) -> Iterator[Table]:
    yield Table(
        f"{title}, 0 to 10",
        (
            "When asked",
            "Mean",
            "Likely range (95%)",
            "Number who answered",
            f"Gave {wording.CUT_OFF} or more",
            "Asked of",
        ),
        tuple(
            (
                figure.door.label,
                *(
                    (
                        wording.score(figure.mean.mean),
                        wording.likely_scores(figure.mean),
                        f"{figure.mean.base:,}",
                        wording.cut_off_words(figure.histogram),
                    )
                    if figure.mean
                    else (wording.withheld(figure.withheld_below), "–", "–", "–")
                ),
                figure.asked_of or "everyone who answered",
            )
            for figure in measure.figures
        ),
        wording.trend_words(measure),
    )
    shown = [figure for figure in measure.figures if figure.mean]
    if shown:
        yield Table(
            f"{title}: how many gave each score",
            ("Score", *(figure.door.label for figure in shown)),
            tuple(
                (str(score), *(f"{figure.histogram.get(score, 0):,}" for figure in shown))
                for score in range(11)
            ),
        )


def change_tables(found: BeforeAfter) -> Iterator[Table]:
    """One matched change, and how many gave each score."""
    title = f"Knowledge, {lower(found.heading)}"
    columns = (f"The same people, {found.design}", "Number")
    change = found.change
    if change is None:
        withheld = wording.withheld(found.door.threshold)
        yield Table(title, columns, (("Answered both", withheld),))
        return
    rows = [
        ("Answered both", f"{change.pairs:,}"),
        ("Gave a higher score", f"{change.better:,}"),
        ("Gave the same score", f"{change.same:,}"),
        ("Gave a lower score", f"{change.worse:,}"),
    ]
    if found.before is not None and found.after is not None:
        rows += [
            ("Mean before", wording.score(change.mean_before)),
            ("Mean after", wording.score(change.mean_after)),
            ("Middle change in points", f"{change.median_change:+.1f}"),
            (f"Gave {wording.CUT_OFF} or more before", wording.cut_off_words(found.before)),
            (f"Gave {wording.CUT_OFF} or more after", wording.cut_off_words(found.after)),
        ]
    yield Table(title, columns, tuple(rows))
    if found.before is not None and found.after is not None:
        before, after = found.before, found.after
        yield Table(
            f"{title}: how many gave each score",
            ("Score", found.before_label, found.after_label),
            tuple(
                (str(score), f"{before.get(score, 0):,}", f"{after.get(score, 0):,}")
                for score in range(11)
            ),
        )


def _means(summary: EvaluationSummary) -> Table:
    return Table(
        "Knowledge of everyone who answered, time by time",
        ("When asked", "Mean", "Likely range (95%)", "Number who answered"),
        tuple(
            (
                point.label,
                wording.score(point.mean.mean),
                wording.likely_scores(point.mean),
                f"{point.mean.base:,}",
            )
            for point in summary.knowledge_means
        ),
    )


def _comments(summary: EvaluationSummary) -> Table:
    return Table(
        "In their own words",
        ("Question", "When asked", "Number who wrote something"),
        tuple(
            (
                comments.words.replace("{subject}", summary.subject_words),
                comments.door.label,
                wording.withheld(comments.door.threshold)
                if comments.count is None
                else f"{comments.count:,}",
            )
            for comments in summary.comments
        ),
    )


def as_csv(first_lines: Iterable[Row], tables: Tables) -> str:
    """The first lines, then each table with its title above and an empty line before it."""
    rows = list(first_lines)
    for table in (table for group in tables.values() for table in group):
        rows += [(), (table.title,), table.columns, *table.rows]
        rows += [(table.note,)] if table.note else []
    return csv_text(rows)


def lower(words: str) -> str:
    """The words without a capital at their start."""
    return words[:1].lower() + words[1:]
