"""What one booking, one session and one change add to a report, case by case."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.home.report import facts_rules, period_rules, reach_rules, tables
from app.home.report.counting_rules import Counted
from app.home.report.facts_rules import OrganisationFacts
from app.home.report.rules import (
    RATE_WORDS,
    WORDS,
    BookingFacts,
    Figure,
    Line,
    Part,
    SessionFacts,
    change_words,
    figures_of_booking,
    figures_of_session,
    rate_change_words,
)
from app.impact import periods
from tests.support.house_rules import PROJECT

HELD = SessionFacts("published", True, False, False, False, True)
AHEAD = HELD._replace(has_begun=False, has_register=False)
CAME = BookingFacts("confirmed", "self", None, False, True, False, 1, 0, 0)
ABSENT = CAME._replace(dates_attended=0, dates_missed=1)
LEFT = ABSENT._replace(state="cancelled", because="person", dates_missed=0)
F = Figure
CAME_AS_BOOKED = {F.ATTENDANCES, F.BOOKED, F.BOOKED_CAME}


@pytest.mark.parametrize(
    ("booking", "session", "figures"),
    [
        pytest.param({}, {}, CAME_AS_BOOKED, id="booked and came"),
        pytest.param(
            {"dates_in_part": 1, "dates_attended": 0},
            {},
            CAME_AS_BOOKED | {F.IN_PART},
            id="came in part",
        ),
        pytest.param(
            {"dates_missed": 1}, {}, CAME_AS_BOOKED | {F.IN_PART}, id="missed one date of two"
        ),
        pytest.param(
            {"origin": "register"},
            {},
            {F.ATTENDANCES, F.WITHOUT_BOOKING},
            id="attended without booking: in no rate",
        ),
        pytest.param({"origin": "import"}, {}, {F.ATTENDANCES}, id="brought in from a file"),
        pytest.param({}, {"is_history": True}, {F.ATTENDANCES}, id="a session of earlier records"),
        pytest.param({}, {"is_elsewhere": True}, set(), id="booked elsewhere"),
        pytest.param({}, {"state": "cancelled"}, set(), id="the session was called off"),
        pytest.param(
            {"state": "waiting", "dates_attended": 0}, {}, {F.WAITING_AT_END}, id="still waiting"
        ),
        pytest.param(
            {"dates_attended": 0}, {}, {F.BOOKED}, id="booked, and nobody marked: in neither"
        ),
        pytest.param(
            {"dates_attended": 0}, {"has_register": False}, set(), id="no register: in no rate"
        ),
    ],
)
def test_a_booking_adds_to(
    booking: dict[str, Any], session: dict[str, Any], figures: set[Figure]
) -> None:
    found = figures_of_booking(CAME._replace(**booking), HELD._replace(**session))
    assert set(found) == figures
    assert len(found) == len(figures)


@pytest.mark.parametrize(
    ("changes", "figures"),
    [
        pytest.param({}, {F.CANCELLATIONS}, id="in good time"),
        pytest.param({"is_late": True}, {F.CANCELLATIONS, F.LATE_CANCELLATIONS}, id="late"),
        pytest.param({"because": "moved"}, {F.CANCELLATIONS}, id="moved"),
        pytest.param({"because": "handed_over"}, set(), id="handed over: the place is used"),
        pytest.param({"was_confirmed": False}, set(), id="never had a place"),
        pytest.param(
            {"left_after_start": True, "is_late": True, "dates_missed": 1},
            {F.BOOKED, F.DID_NOT_ATTEND},
            id="cancelled once it had begun: did not attend",
        ),
    ],
)
def test_a_cancelled_booking_adds_to(changes: dict[str, Any], figures: set[Figure]) -> None:
    assert set(figures_of_booking(LEFT._replace(**changes), HELD)) == figures


def test_who_did_not_attend_and_who_is_booked_ahead() -> None:
    assert figures_of_booking(ABSENT, HELD) == (F.BOOKED, F.DID_NOT_ATTEND)
    ahead = CAME._replace(dates_attended=0)
    assert figures_of_booking(ahead, AHEAD) == (F.BOOKED_AHEAD,)
    assert figures_of_booking(ahead._replace(state="waiting"), AHEAD) == (F.WAITING_NOW,)


@pytest.mark.parametrize(
    ("changes", "booked", "has_heads", "figures"),
    [
        pytest.param({}, 3, False, [F.SESSIONS], id="held"),
        pytest.param({"has_begun": False}, 3, False, [F.TO_COME], id="to come"),
        pytest.param({"state": "cancelled"}, 3, False, [F.CALLED_OFF], id="called off"),
        pytest.param({"state": "draft"}, 3, False, [], id="a draft"),
        pytest.param({"is_elsewhere": True}, 0, False, [F.ELSEWHERE], id="a partner's"),
        pytest.param(
            {"has_register": False}, 3, False, [F.SESSIONS, F.NO_REGISTER], id="no register"
        ),
        pytest.param({"has_register": False}, 0, False, [F.SESSIONS], id="nobody was expected"),
        pytest.param({"has_register": False}, 3, True, [F.SESSIONS], id="heads were counted"),
        pytest.param(
            {"has_register": False, "is_history": True}, 3, False, [F.SESSIONS], id="history"
        ),
        pytest.param(
            {"is_in_house": True, "has_register": False},
            0,
            False,
            [F.SESSIONS, F.IN_HOUSE, F.NO_REGISTER],
            id="for one organisation, nobody counted",
        ),
    ],
)
def test_a_session_adds_to(
    changes: dict[str, Any], booked: int, has_heads: bool, figures: list[Figure]
) -> None:
    session = HELD._replace(**changes)
    assert figures_of_session(session, booked=booked, has_heads=has_heads) == figures


def test_every_figure_has_words_that_no_other_has() -> None:
    titles = [words.title for words in (*WORDS.values(), RATE_WORDS)]
    assert set(WORDS) == set(Figure)
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        (12, 12, "no change"),
        (12, 0, "+12"),
        (108, 100, "+8 (+8%)"),
        (0, 3, "-3 (-100%)"),
        (1201, 2401, "-1,200 (-50%)"),
    ],
)
def test_a_change_in_words(now: int, then: int, words: str) -> None:
    assert change_words(now, then) == words


def test_the_rate_is_of_bookings_at_the_start() -> None:
    line = Line("", {F.BOOKED: 8, F.BOOKED_CAME: 7, F.WITHOUT_BOOKING: 5})
    assert line.rate == Part(7, 8)
    assert line.rate.words == "88% (7 of 8)"
    assert Line("", {F.WITHOUT_BOOKING: 5}).rate is None
    assert rate_change_words(Part(7, 8), Part(8, 8)) == "-12 points"
    assert rate_change_words(Part(7, 8), None) == "cannot be compared"


@pytest.mark.parametrize(
    ("slug", "title"),
    [
        ("2026-27-q1", "1 January 2026 to 31 March 2026"),
        ("2024-25", "1 April 2023 to 31 March 2024"),
        ("school-year-2024-25", "1 September 2023 to 31 August 2024"),
        ("2026-03-01-to-2026-03-10", "19 February 2026 to 28 February 2026"),
    ],
)
def test_the_time_before_is_as_long(slug: str, title: str) -> None:
    period = period_rules.find(slug)
    assert period is not None
    before = period_rules.before(period)
    assert before.title == title
    assert before.ends_before == period.first_on


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "2024-26",
        "2026-13-01-to-2026-14-01",
        "2026-03-02-to-2026-03-01",
        "2020-01-01-to-2024-01-01",
    ],
)
def test_what_is_no_period_is_none(slug: str) -> None:
    assert period_rules.find(slug) is None


@pytest.mark.parametrize(
    ("today", "slug"),
    [
        (date(2026, 6, 30), "2025-26-q4"),
        (date(2026, 7, 1), "2026-27-q1"),
        (date(2026, 3, 31), "2025-26-q3"),
        (date(2026, 4, 1), "2025-26-q4"),
    ],
)
def test_the_report_begins_with_the_last_quarter_that_is_over(today: date, slug: str) -> None:
    assert period_rules.last_quarter(today) == periods.find(slug)


def body(number: int, **changes: Any) -> OrganisationFacts:
    plain = OrganisationFacts(
        number, f"Body {number}", "school", 1, None, None, None, None, None, False
    )
    return plain._replace(**changes)


def test_who_became_another_counts_as_what_it_is_now_and_a_ring_ends() -> None:
    bodies = [body(1, successor_id=2), body(2, successor_id=3), body(3), body(4, successor_id=5)]
    bodies += [body(5, successor_id=4), body(6, successor_id=99)]
    now_is = facts_rules.successors({one.id: one for one in bodies})
    assert {one: now_is[one] for one in (1, 2, 3, 6)} == {1: 3, 2: 3, 3: 3, 6: 6}
    assert now_is[4] in {4, 5}


def test_low_reach_names_whom_to_approach() -> None:
    clubs = [body(number, kind="sports_club", sector_id=2) for number in (1, 2, 3, 4, 5)]
    schools = [body(6), body(7, closed_on=date(2026, 3, 31)), body(8, is_proposed=True)]
    away = body(9, kind="out_of_area", sector_id=2)
    later = body(10, opened_on=date(2026, 4, 1))
    came = {number: Line("", {F.SESSIONS: 1}) for number in (1, 6)}
    nothing = Line("", {})
    counted = Counted(nothing, {}, [], [], [], {}, came, {})
    sectors = {1: "Education", 2: "Voluntary", 3: "Fire"}
    found = reach_rules.reach(
        [*clubs, *schools, away, later], sectors, counted, last_on=date(2026, 3, 31)
    )
    assert [(one.name, one.reached, one.listed) for one in found.sectors] == [
        ("Education", 1, 1),
        ("Voluntary", 1, 5),
        ("Fire", 0, 0),
    ]
    assert [one.name for one in found.low] == ["Voluntary", "Fire", "Sports clubs"]
    assert [one.id for one in found.to_approach] == [2, 3, 4, 5]


def test_the_page_in_the_handbook_says_what_the_report_says() -> None:
    text = (PROJECT / "docs" / "how-figures-are-counted.md").read_text(encoding="utf-8")
    for title, unit, how in tables.definitions()["rows"]:
        assert f"| {title} | {unit} | {how} |" in text
    assert reach_rules.HOW in text
