"""The report in sentences for the Strategic Group: what was counted, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.home.report.composing import Report
from app.home.report.rules import Figure, Line, change_words, rate_change_words
from app.impact.summaries import MeasureLines
from app.kernel.words import all_of

MOST_NAMED = 3
MOST_MEASURES = 5


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to know: what was counted, and what follows."""

    heading: str
    what: Sequence[str]
    so_what: Sequence[str]


def points(report: Report) -> list[Point]:
    """What the Strategic Group reads first."""
    return [
        _reach(report),
        _places(report),
        _demand(report),
        _sectors(report),
        _education(report),
        _answers(report),
    ]


def _reach(report: Report) -> Point:
    now, then = report.now.total, report.then.total
    offers = sum(1 for _, line in report.offers if line[Figure.SESSIONS])
    were = "was" if now[Figure.SESSIONS] == 1 else "were"
    what = [
        f"{_of(now, Figure.SESSIONS, 'session', 'sessions')} of"
        f" {_number(offers, 'offer', 'offers')} {were} held."
        f" {_of(now, Figure.PEOPLE, 'person', 'people')} came,"
        f" {_of(now, Figure.ATTENDANCES, 'attendance', 'attendances')} in all."
    ]
    if now[Figure.HEADS]:
        what.append(
            f"At sessions without names {_of(now, Figure.HEADS, 'head was', 'heads were')} counted,"
            f" {now[Figure.HEADS_OUT_OF_AREA]:,} of them from outside the district. Heads are not"
            " among the people and attendances."
        )
    so_what = [
        f"Against {report.before.title}: people"
        f" {change_words(now[Figure.PEOPLE], then[Figure.PEOPLE])}, attendances"
        f" {change_words(now[Figure.ATTENDANCES], then[Figure.ATTENDANCES])}, sessions"
        f" {change_words(now[Figure.SESSIONS], then[Figure.SESSIONS])}."
    ]
    if not report.is_over:
        so_what.append("The period is not over yet.")
    if now[Figure.NO_REGISTER]:
        missing = _of(now, Figure.NO_REGISTER, "register is", "registers are")
        so_what.append(f"{missing} still to be taken: whoever came there is not counted yet.")
    return Point("Sessions and people", what, so_what)


def _places(report: Report) -> Point:
    now, rate = report.now.total, report.now.total.rate
    if rate is None:
        return Point("Places booked", ["No register of booked people was taken in the period."], [])
    what = [
        f"The attendance rate was {rate.words}."
        f" {_of(now, Figure.DID_NOT_ATTEND, 'person', 'people')} who were booked did not attend;"
        f" {_of(now, Figure.WITHOUT_BOOKING, 'person', 'people')} came without a booking.",
        f"{_of(now, Figure.CANCELLATIONS, 'place was', 'places were')} given up before the session"
        f" began, {now[Figure.LATE_CANCELLATIONS]:,} of them late.",
    ]
    lost = now[Figure.DID_NOT_ATTEND] + now[Figure.LATE_CANCELLATIONS]
    waiting = now[Figure.WAITING_AT_END]
    change = rate_change_words(rate, report.then.total.rate)
    so_what = [f"Attendance rate against the time before: {change}."]
    if lost and waiting:
        so_what.append(
            f"{_number(lost, 'booked place was', 'booked places were')} missed or given up late,"
            f" while {_number(waiting, 'person', 'people')} still waited when their session began."
        )
    return Point("Places booked", what, so_what)


def _demand(report: Report) -> Point:
    now = report.now.total
    what = [
        f"{_of(now, Figure.WAITING_AT_END, 'person was', 'people were')} still waiting when their"
        f" session began; {_of(now, Figure.DECLINED, 'request was', 'requests were')} declined and"
        f" {now[Figure.LAPSED]:,} not answered in time;"
        f" {_of(now, Figure.WISHES, 'person', 'people')} asked to be told of new dates."
    ]
    wanted = sorted(
        (
            (line[Figure.WAITING_AT_END] + line[Figure.WISHES], line.name)
            for _, line in report.offers
        ),
        key=lambda item: (-item[0], item[1]),
    )
    named = [f"{name} ({number:,})" for number, name in wanted[:MOST_NAMED] if number]
    if not named:
        return Point("Unmet demand", what, ["Nobody was left without a place or a date."])
    return Point("Unmet demand", what, [f"More dates are wanted most of: {_list(named)}."])


def _sectors(report: Report) -> Point:
    people = sorted(report.now.sectors.values(), key=lambda line: -line[Figure.PEOPLE])
    most = [f"{line.name} ({line[Figure.PEOPLE]:,})" for line in people if line[Figure.PEOPLE]]
    what = [f"Most people came from {_list(most[:MOST_NAMED])}."] if most else ["Nobody came."]
    none = [line.name for line in people if not line[Figure.PEOPLE]]
    if none and most:
        what.append(f"Nobody came from: {_list(none)}.")
    low = [
        f"{one.name} ({one.reached:,} of {one.listed:,} organisations)"
        for one in report.reach.low
        if one.listed
    ]
    if not low:
        return Point("Reach", what, ["No sector or kind of organisation is hardly reached."])
    return Point(
        "Reach",
        what,
        [
            f"Hardly reached: {_list(low)}.",
            f"{_number(len(report.reach.to_approach), 'organisation', 'organisations')} to approach"
            " are in the Excel file, with their mailboxes.",
        ],
    )


def _education(report: Report) -> Point:
    now, then = report.now.total, report.then.total
    what = [
        f"{_of(now, Figure.SCHOOLS, 'school', 'schools')},"
        f" {_of(now, Figure.COLLEGES, 'college', 'colleges')} and"
        f" {_of(now, Figure.SETTINGS, 'early years setting', 'early years settings')} were reached;"
        f" {_of(now, Figure.IN_HOUSE, 'session was', 'sessions were')} for one organisation's own"
        " staff."
    ]
    change = change_words(now[Figure.SCHOOLS], then[Figure.SCHOOLS])
    return Point("Schools, colleges and settings", what, [f"Schools: {change}."])


def _answers(report: Report) -> Point:
    what = [*_said(report.answers.measures), *_said(report.answers.open_measures)]
    coming = {
        line.next_words
        for lines in report.answers.lines.values()
        for line in lines
        if line.next_words.startswith("The next are asked")
    }
    so_what = ["This is what people say of themselves; no cause is claimed."]
    if coming:
        evaluations = _number(len(coming), "day", "days")
        so_what.append(f"Further surveys are due on {evaluations}; the table of offers says when.")
    nothing = ["No figures of 10 answers or more yet for sessions of this period."]
    return Point("What people say", what[:MOST_MEASURES] or nothing, so_what)


def _said(measures: Iterable[MeasureLines]) -> list[str]:
    """The latest figure of each measure."""
    found = []
    for measure in measures:
        shown = [figure for figure in measure.figures if figure.share]
        if shown and shown[-1].share:
            share, label = shown[-1].share, shown[-1].door.label
            when = f"{label[:1].lower()}{label[1:]}"
            found.append(
                f"{share.percent}% ({share.count:,} of {share.base:,}) {measure.title}, {when}."
            )
    return found


def _of(line: Line, figure: Figure, one: str, many: str) -> str:
    return _number(line[figure], one, many)


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _list(names: Sequence[str]) -> str:
    return all_of(names)
