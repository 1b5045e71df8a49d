"""The tables of a report: the page shows their first rows, the files all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from app.accounts.models import OrganisationKind
from app.catalogue.models import OfferState
from app.catalogue.rules import STATE_WORDS
from app.home.report import answer_tables, reach_rules
from app.home.report.composing import Report
from app.home.report.facts_rules import NO_ORGANISATION, OrganisationFacts
from app.home.report.rules import (
    ESTABLISHMENTS,
    RATE_WORDS,
    WORDS,
    Figure,
    Line,
    change_words,
    rate_change_words,
)
from app.impact.reports.documents import PlainTable

NO_RATE = "not known"
COMPARED = (
    Figure.SESSIONS,
    Figure.PEOPLE,
    Figure.PEOPLE_OUT_OF_AREA,
    Figure.ATTENDANCES,
    Figure.WITHOUT_BOOKING,
    Figure.HEADS,
    Figure.HEADS_OUT_OF_AREA,
    Figure.SCHOOLS,
    Figure.COLLEGES,
    Figure.SETTINGS,
    Figure.BOOKED,
    Figure.DID_NOT_ATTEND,
    Figure.CANCELLATIONS,
    Figure.LATE_CANCELLATIONS,
    Figure.WAITING_AT_END,
    Figure.DECLINED,
    Figure.LAPSED,
    Figure.CALLED_OFF,
    Figure.NO_REGISTER,
)
# What a line of a group says, in this order; the attendance rate follows.
OF_A_GROUP = (
    Figure.SESSIONS,
    Figure.PEOPLE,
    Figure.ATTENDANCES,
    Figure.WITHOUT_BOOKING,
    Figure.HEADS,
    Figure.DID_NOT_ATTEND,
    Figure.LATE_CANCELLATIONS,
    Figure.WAITING_AT_END,
)
OF_PEOPLE = tuple(figure for figure in OF_A_GROUP if figure is not Figure.SESSIONS)
UNMET = (
    Figure.WAITING_AT_END,
    Figure.WAITING_NOW,
    Figure.DECLINED,
    Figure.LAPSED,
    Figure.WISHES,
    Figure.WISHES_OPEN,
)
PLACES = (
    Figure.BOOKED,
    Figure.BOOKED_CAME,
    Figure.DID_NOT_ATTEND,
    Figure.WITHOUT_BOOKING,
    Figure.CANCELLATIONS,
    Figure.LATE_CANCELLATIONS,
)


def compared(report: Report) -> PlainTable:
    """Each figure of the period, of the time before, and the change."""
    now, then = report.now.total, report.then.total
    rows = [
        [
            WORDS[figure].title,
            WORDS[figure].unit,
            f"{now[figure]:,}",
            f"{then[figure]:,}",
            change_words(now[figure], then[figure]),
        ]
        for figure in COMPARED
    ]
    rates = [line.rate.words if line.rate else NO_RATE for line in (now, then)]
    rate = [RATE_WORDS.title, RATE_WORDS.unit, *rates, rate_change_words(now.rate, then.rate)]
    place = COMPARED.index(Figure.BOOKED) + 1
    note = f"Before is {report.before.title}."
    if not report.is_over:
        note += " The period is not over, and the time before is whole."
    return _table(
        "Against the time before",
        ["Figure", "Unit", "This period", "Before", "Change"],
        [*rows[:place], rate, *rows[place:]],
        note,
    )


def offers(report: Report) -> PlainTable:
    """Each offer: its state, its sessions, and who came."""
    figures = (
        Figure.SESSIONS,
        Figure.TO_COME,
        Figure.CALLED_OFF,
        Figure.PEOPLE,
        Figure.ATTENDANCES,
        Figure.HEADS,
    )
    rows = [
        [
            offer.title,
            STATE_WORDS[OfferState(offer.state)],
            *_numbers(line, figures),
            line.rate.words if line.rate else NO_RATE,
        ]
        for offer, line in report.offers
    ]
    columns = ["Offer", "State", *_titles(figures), RATE_WORDS.title]
    note = "An offer stands here if it is shown or being developed, or had a session in the period."
    return _table("Learning offers", columns, rows, note)


def offers_with_sessions(report: Report) -> PlainTable:
    """Of these the ones with something to say of the period: what the page shows at once."""
    whole = offers(report)
    busy = {line.name for _, line in report.offers if not line.is_empty}
    rows = [row for row in whole["rows"] if row[0] in busy]
    others = len(whole["rows"]) - len(rows)
    note = (
        f"{others:,} more had nothing in this time; they are in the Excel file." if others else ""
    )
    return _table(whole["title"], whole["columns"], rows, note)


def held(report: Report) -> PlainTable:
    """Of the offers those with a session held, in few columns: what paper has room for."""
    figures = (Figure.SESSIONS, Figure.PEOPLE, Figure.ATTENDANCES, Figure.HEADS)
    rows = [
        [line.name, *_numbers(line, figures), f"{line.rate.percent}%" if line.rate else NO_RATE]
        for _, line in report.offers
        if line[Figure.SESSIONS]
    ]
    columns = ["Offer", *_titles(figures), RATE_WORDS.title]
    return _table("Sessions held", columns, rows, "The base of each rate is in the Excel file.")


def places(report: Report) -> PlainTable:
    """Each offer: what became of the places booked."""
    rows = [
        [line.name, *_numbers(line, PLACES), line.rate.words if line.rate else NO_RATE]
        for _, line in report.offers
        if any(line[figure] for figure in PLACES)
    ]
    return _table("Places booked", ["Offer", *_titles(PLACES), RATE_WORDS.title], rows)


def unmet(report: Report) -> PlainTable:
    """Each offer that more people wanted than came."""
    rows = [
        [line.name, *_numbers(line, UNMET)]
        for _, line in report.offers
        if any(line[figure] for figure in UNMET)
    ]
    return _table("Unmet demand", ["Offer", *_titles(UNMET)], rows)


def education(report: Report) -> PlainTable:
    """Each offer that reached schools, colleges or settings, each number in its unit (R25)."""
    figures = (
        Figure.SESSIONS,
        Figure.IN_HOUSE,
        Figure.SCHOOLS,
        Figure.COLLEGES,
        Figure.SETTINGS,
        Figure.PEOPLE,
        Figure.PEOPLE_OUT_OF_AREA,
        Figure.HEADS,
        Figure.HEADS_OUT_OF_AREA,
    )
    told = (Figure.IN_HOUSE, Figure.SCHOOLS, Figure.COLLEGES, Figure.SETTINGS)
    rows = [
        [line.name, *_numbers(line, figures)]
        for _, line in report.offers
        if any(line[figure] for figure in told)
    ]
    columns = ["Offer", *(f"{WORDS[f].title} ({WORDS[f].unit})" for f in figures)]
    return _table("Schools, colleges, settings", columns, rows)


def groups(report: Report) -> list[PlainTable]:
    """By series, provider and priority."""
    return [
        _table(f"By {what}", [title, *_titles(OF_A_GROUP), RATE_WORDS.title], _lines(lines))
        for what, title, lines in (
            ("series", "Series", report.now.series),
            ("provider", "Provider", report.now.providers),
            ("priority", "Priority", report.now.priorities),
        )
    ]


def sectors(report: Report) -> PlainTable:
    """Each sector, with the people of the time before."""
    rows = []
    for sector_id, line in report.now.sectors.items():
        then = report.then.sectors[sector_id][Figure.PEOPLE]
        people = line[Figure.PEOPLE]
        rows.append([*_row(line, OF_PEOPLE), f"{then:,}", change_words(people, then)])
    columns = ["Sector", *_titles(OF_PEOPLE), RATE_WORDS.title, "People before", "Change in people"]
    note = "A person is in the sector that stands on the booking: how it was on that day."
    return _table("By sector", columns, rows, note)


def organisations(report: Report) -> PlainTable:
    """Each organisation from which somebody booked or came, most people first."""
    lines = sorted(
        report.now.organisations.items(), key=lambda item: (-item[1][Figure.PEOPLE], item[1].name)
    )
    rows = [
        [line.name, *_of_body(report, body), *_row(line, OF_A_GROUP)[1:]] for body, line in lines
    ]
    columns = ["Organisation", "Kind", "Sector", *_titles(OF_A_GROUP), RATE_WORDS.title]
    note = "Sessions are those that somebody of theirs came to, or that were held for them."
    return _table("By organisation", columns, rows, note)


def establishments(report: Report) -> PlainTable:
    """Each school, college and setting, those that nobody came from among them."""
    last_on = report.reach.last_on
    rows = []
    for one in sorted(report.facts.organisations.values(), key=lambda one: one.name):
        line = report.now.organisations.get(one.id)
        if one.kind not in ESTABLISHMENTS or not (line or reach_rules.is_listed(one, last_on)):
            continue
        shown = line or Line(one.name, {})
        figures = (Figure.SESSIONS, Figure.IN_HOUSE, Figure.PEOPLE, Figure.ATTENDANCES)
        kind = reach_rules.ONE_WORDS[OrganisationKind(one.kind)]
        more = (*figures, Figure.HEADS, Figure.DID_NOT_ATTEND)
        rows.append([one.name, kind, one.phase or "", *_numbers(shown, more)])
    columns = [
        "School, college or setting",
        "Kind",
        "Phase",
        *_titles((Figure.SESSIONS, Figure.IN_HOUSE, Figure.PEOPLE, Figure.ATTENDANCES)),
        *_titles((Figure.HEADS, Figure.DID_NOT_ATTEND)),
    ]
    note = (
        "Sessions are those that somebody of theirs came to, or that were held for them. A body"
        " that became another stands under what it is now."
    )
    return _table("Attendance by school", columns, rows, note)


def low_reach(report: Report) -> PlainTable:
    """Organisations reached, of those on our list, by sector and kind."""
    rows = [
        [one.name, what, f"{one.reached:,}", f"{one.listed:,}", _share(one), _low(one)]
        for what, found in (("Sector", report.reach.sectors), ("Kind", report.reach.kinds))
        for one in found
    ]
    columns = ["Sector or kind", "Which", "Reached", "On our list", "Share", "Low reach"]
    return _table("Reach", columns, rows, reach_rules.HOW)


def to_approach(report: Report) -> PlainTable:
    """Organisations of low-reach sectors and kinds that nobody came from, with their mailbox."""
    rows = [
        [one.name, *_facts_of(report, one), one.contact_email or "no mailbox on our list"]
        for one in report.reach.to_approach
    ]
    return _table("To approach", ["Organisation", "Kind", "Sector", "Mailbox"], rows)


def definitions() -> PlainTable:
    """What each figure counts, and in which unit."""
    words = [*WORDS.values()]
    place = [*WORDS].index(Figure.BOOKED_CAME) + 1
    rows = [[one.title, one.unit, one.how] for one in (*words[:place], RATE_WORDS, *words[place:])]
    return _table("How figures are counted", ["Figure", "Unit", "What is counted"], rows)


def all_tables(report: Report) -> list[PlainTable]:
    """Every table, in the order of the page."""
    makers: Sequence[Callable[[Report], PlainTable]] = (
        compared,
        offers,
        places,
        unmet,
        answer_tables.said,
        answer_tables.evaluations,
        sectors,
    )
    more = (organisations, education, establishments, low_reach, to_approach)
    return [
        *(make(report) for make in makers),
        *groups(report),
        *(make(report) for make in more),
        definitions(),
    ]


def first_rows(table: PlainTable, most: int) -> PlainTable:
    """As much of a table as a page shows; its note says that there is more."""
    rows = table["rows"]
    if len(rows) <= most:
        return table
    more = f"The first {most} of {len(rows):,}; all are in the Excel file."
    note = f"{more} {table['note']}".strip()
    return PlainTable(title=table["title"], columns=table["columns"], rows=rows[:most], note=note)


def _table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], note: str = ""
) -> PlainTable:
    return PlainTable(
        title=title, columns=list(columns), rows=[list(row) for row in rows], note=note
    )


def _titles(figures: Iterable[Figure]) -> list[str]:
    return [WORDS[figure].title for figure in figures]


def _numbers(line: Line, figures: Iterable[Figure]) -> list[str]:
    return [f"{line[figure]:,}" for figure in figures]


def _row(line: Line, figures: Iterable[Figure]) -> list[str]:
    return [line.name, *_numbers(line, figures), line.rate.words if line.rate else NO_RATE]


def _lines(lines: Iterable[Line]) -> list[list[str]]:
    return [_row(line, OF_A_GROUP) for line in lines]


def _of_body(report: Report, body: int) -> list[str]:
    if body == NO_ORGANISATION:
        return ["", ""]
    return _facts_of(report, report.facts.organisations[body])


def _facts_of(report: Report, one: OrganisationFacts) -> list[str]:
    kind = reach_rules.ONE_WORDS[OrganisationKind(one.kind)]
    return [kind, report.facts.sectors[one.sector_id]]


def _share(one: reach_rules.Reached) -> str:
    return f"{one.part.percent}%" if one.part else "none on our list"


def _low(one: reach_rules.Reached) -> str:
    return "low" if one.is_low else ""
