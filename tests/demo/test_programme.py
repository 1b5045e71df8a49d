"""The figures of the annual report, counted from the example's rows by plain SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, select, text
from sqlalchemy.orm import joinedload

from app.bookings import calendar_invites
from app.bookings.models import Booking, BookingState, CalendarEntry
from app.bookings.places import facts_of
from app.bookings.rules import Opening, opening
from app.catalogue.models import Event, OfferState
from app.demo import operations
from app.demo.personas import find_persona
from app.kernel import clock
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.partnership.half_term_rules import school_year_of
from app.record import certificates
from app.record.queries import people_to_nudge, record_of
from app.record.record_page import most_pressing
from app.record.rules import RefresherState
from tests.conftest import make_app
from tests.demo.conftest import A_SATURDAY
from tests.support import databases, factories

YEAR = {"from_": datetime(2024, 4, 1, tzinfo=UTC), "until": datetime(2025, 4, 1, tzinfo=UTC)}
CAME = "a.outcome <> 'did_not_attend'"


@pytest.fixture(autouse=True)
def _inside(example: Flask) -> Iterator[None]:
    with example.app_context():
        yield
        db.session.rollback()


def rows(query: str, **values: Any) -> list[Any]:
    bound = {
        name: f"{value:%Y-%m-%d %H:%M:%S.%f}"
        if isinstance(value, datetime) and db.engine.dialect.name == "sqlite"
        else value
        for name, value in values.items()
    }
    return [tuple(row) for row in db.session.execute(text(query), bound)]


def attended(condition: str, **values: Any) -> tuple[int, int]:
    """People, and sessions they came to, in the year of the report."""
    [found] = rows(
        f"""SELECT count(DISTINCT b.person_id), count(DISTINCT e.id)
        FROM attendance a JOIN booking b ON b.id = a.booking_id JOIN event e ON e.id = b.event_id
        JOIN offer o ON o.id = e.offer_id LEFT JOIN series s ON s.id = o.series_id
        WHERE {CAME} AND e.starts_at >= :from_ AND e.starts_at < :until AND {condition}""",
        **YEAR,
        **values,
    )
    return found


def open_answers(slug: str, key: str) -> Counter[str]:
    """How often each answer to a question was given by the open link."""
    found = rows(
        """SELECT qo.value, count(*) FROM answer a
        JOIN response r ON r.id = a.response_id JOIN evaluation e ON e.id = r.evaluation_id
        JOIN question q ON q.id = a.question_id JOIN question_option qo ON qo.id = a.option_id
        WHERE e.slug = :slug AND q.key = :key AND r.source = 'open' AND r.wave_id IS NULL
        GROUP BY qo.value""",
        slug=slug,
        key=key,
    )
    return Counter(dict(found))


def test_f1_97_people_came_to_four_neglect_sessions() -> None:
    assert attended("o.slug = 'multi-agency-neglect'") == (97, 4)
    [bookings] = rows(
        """SELECT count(*) FROM booking b JOIN event e ON e.id = b.event_id
        JOIN offer o ON o.id = e.offer_id WHERE o.slug = 'multi-agency-neglect'
        AND e.starts_at >= :from_ AND e.starts_at < :until""",
        **YEAR,
    )
    assert bookings == (97,)


def test_f11_and_f12_over_470_in_the_series_and_over_900_in_the_year() -> None:
    people, sessions = attended("s.slug = 'exploitation-learning-exchanges'")
    assert people > 470
    assert sessions == 5
    assert attended("o.title <> ''")[0] > 900


def test_f3_comes_from_104_open_answers_about_training_and_toolkit_together() -> None:
    slug = "neglect-training-and-toolkit-2025"
    covered = rows(
        """SELECT o.slug FROM evaluation e JOIN evaluation_offer x ON x.evaluation_id = e.id
        JOIN offer o ON o.id = x.offer_id WHERE e.slug = :slug ORDER BY 1""",
        slug=slug,
    )
    assert covered == [("multi-agency-neglect",), ("neglect-toolkit",)]
    aware, training = open_answers(slug, "aware"), open_answers(slug, "attended")
    use, informed = open_answers(slug, "frequency"), open_answers(slug, "informed")
    for question in (aware, training, use, informed):
        assert question.total() == 104
    assert aware["yes"] == 94
    assert training["yes"] + training["aware"] == 97
    assert (use["very_frequently"], use["frequently"], use["occasionally"]) == (13, 21, 29)
    assert informed["much_more"] + informed["a_little_more"] == 100
    # It was no wave of the 97 who attended: nobody was invited.
    invited = rows(
        """SELECT count(*) FROM survey_invitation i JOIN evaluation e ON e.id = i.evaluation_id
        WHERE e.slug = :slug""",
        slug=slug,
    )
    assert invited == [(0,)]


def test_f6_and_f7_come_from_90_open_answers_of_whom_63_are_asked_more() -> None:
    slug = "exploitation-hub-and-exchanges-2025"
    accessed = open_answers(slug, "used")
    assert (accessed["yes"], accessed.total()) == (63, 90)
    use, informed = open_answers(slug, "frequency"), open_answers(slug, "informed")
    change, recommend = open_answers(slug, "knowledge_change"), open_answers(slug, "recommend")
    for question in (use, informed, change, recommend):
        assert question.total() == 63
    assert use["very_frequently"] + use["frequently"] == 33
    assert use["occasionally"] == 28
    assert informed["much_more"] + informed["a_little_more"] == 59
    assert change["significant"] + change["slight"] == 25
    assert (recommend["very_likely"], recommend["likely"]) == (53, 10)


def test_whoever_has_not_used_it_answered_no_question_about_using_it() -> None:
    strangers = rows(
        """SELECT q.key FROM answer a JOIN question q ON q.id = a.question_id
        WHERE q.shown_if_key IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM answer r JOIN question rq ON rq.id = r.question_id
            JOIN question_option ro ON ro.id = r.option_id
            WHERE r.response_id = a.response_id AND rq.key = q.shown_if_key
            AND ' ' || q.shown_if_values || ' ' LIKE '% ' || ro.value || ' %')"""
    )
    assert strangers == []


def test_f9_knowledge_before_and_after_one_exchange_each_on_its_own_base() -> None:
    scores = rows(
        """SELECT q.key, a.score FROM answer a JOIN question q ON q.id = a.question_id
        JOIN response r ON r.id = a.response_id JOIN wave w ON w.id = r.wave_id
        JOIN evaluation e ON e.id = r.evaluation_id JOIN event ev ON ev.offer_id =
        e.is_default_for_id WHERE e.slug = 'information-to-intelligence' AND w.months_later = 0
        AND ev.starts_at < :until AND a.score IS NOT NULL""",
        until=YEAR["until"],
    )
    before = [score for key, score in scores if key == "knowledge_before"]
    after = [score for key, score in scores if key == "knowledge"]
    assert round(100 * sum(score <= 6 for score in before) / len(before), 1) == 51.4
    assert round(100 * sum(score >= 7 for score in after) / len(after), 1) == 97.4
    assert round(100 * after.count(9) / len(after), 1) == 47.8


def test_over_90_percent_of_the_year_say_that_skills_and_knowledge_improved() -> None:
    answers = Counter(
        dict(
            rows(
                """SELECT qo.value, count(*) FROM answer a
                JOIN question q ON q.id = a.question_id JOIN question_option qo
                ON qo.id = a.option_id WHERE q.key = 'skills' GROUP BY qo.value"""
            )
        )
    )
    assert answers["no"] / answers.total() < 0.1


def test_there_are_people_in_all_thirteen_sectors_and_none_reachable_for_real() -> None:
    sectors = rows("SELECT count(DISTINCT sector_id) FROM person")
    assert sectors == [(13,)]
    assert rows("SELECT email FROM person WHERE email NOT LIKE '%@example.org'") == []
    without = rows("SELECT count(*) FROM person WHERE email IS NULL")
    assert without == [(2,)]


def test_every_state_a_page_can_show_is_there() -> None:
    events = db.session.scalars(select(Event).options(joinedload(Event.dates))).unique().all()
    facts = [facts_of(event) for event in events]
    states = {opening(one, A_SATURDAY) for one in facts}
    assert states >= set(Opening) - {Opening.STARTED}
    assert {event.mode.value for event in events} == {"online", "face_to_face", "hybrid"}
    upcoming = [event for event in events if event.starts_at > A_SATURDAY]
    assert any(len(event.dates) > 1 for event in upcoming)
    assert any(event.waiting_count for event in upcoming)
    next_week = A_SATURDAY + timedelta(days=9)
    assert any(event.starts_at < next_week for event in upcoming)
    assert rows("SELECT count(*) FROM booking WHERE state = 'requested'") == [(2,)]
    assert rows("SELECT count(*) FROM booking WHERE state = 'held'") == [(1,)]
    assert rows("SELECT count(*) FROM booking WHERE passed_over_reason <> ''") == [(2,)]
    states_of_offers = {state for (state,) in rows("SELECT DISTINCT state FROM offer")}
    assert states_of_offers == {state.value for state in OfferState}
    without_register = rows(
        """SELECT count(*) FROM event e WHERE e.state = 'published' AND e.ends_at < :now
        AND NOT EXISTS (SELECT 1 FROM booking b JOIN attendance a ON a.booking_id = b.id
        WHERE b.event_id = e.id)""",
        now=A_SATURDAY,
    )
    assert without_register == [(3,)]


def test_one_forum_stands_in_each_half_term_of_the_school_year() -> None:
    forums = rows(
        """SELECT h.number, e.capacity FROM event e JOIN offer o ON o.id = e.offer_id
        JOIN half_term h ON h.id = e.half_term_id WHERE o.slug = 'dsl-forum'
        AND h.school_year = :year ORDER BY 1""",
        year=school_year_of(A_SATURDAY.date()),
    )
    assert forums == [(number, None) for number in range(1, 7)]


def test_invitations_stand_in_every_state_and_none_that_is_planned_is_late() -> None:
    states = {state for (state,) in rows("SELECT DISTINCT state FROM survey_invitation")}
    assert states == {"planned", "sent", "answered", "closed", "missed", "stopped"}
    late = rows(
        "SELECT count(*) FROM survey_invitation WHERE state = 'planned' AND closes_at < :now",
        now=A_SATURDAY,
    )
    assert late == [(0,)]


def test_as_many_personal_responses_as_answered_invitations_in_every_wave() -> None:
    differences = rows(
        """SELECT w.id FROM wave w WHERE
        (SELECT count(*) FROM survey_invitation i WHERE i.wave_id = w.id AND i.state = 'answered')
        <> (SELECT count(*) FROM response r WHERE r.wave_id = w.id)"""
    )
    assert differences == []


def test_the_neglect_course_shows_a_change_between_before_and_after_in_pairs() -> None:
    [(pairs,)] = rows(
        """SELECT count(DISTINCT b.id) FROM response b JOIN wave w ON w.id = b.wave_id
        AND w.months_later = -1 JOIN response a ON a.pairing_key = b.pairing_key
        AND a.evaluation_id = b.evaluation_id JOIN wave v ON v.id = a.wave_id
        AND v.months_later = 0 JOIN evaluation e ON e.id = b.evaluation_id
        WHERE e.slug = 'multi-agency-neglect'"""
    )
    assert pairs >= 30


def test_counts_on_events_are_what_a_recount_finds() -> None:
    wrong = rows(
        """SELECT e.reference FROM event e WHERE e.places_taken <> (SELECT count(*) FROM booking b
        WHERE b.event_id = e.id AND b.state IN ('confirmed', 'held') AND b.origin <> 'register')
        OR e.waiting_count <> (SELECT count(*) FROM booking b WHERE b.event_id = e.id
        AND b.state = 'waiting') OR e.places_taken > e.capacity
        OR (e.places_taken < e.capacity AND EXISTS (SELECT 1 FROM booking b
        WHERE b.event_id = e.id AND b.state = 'waiting' AND b.passed_over_reason = ''))
        OR e.starts_at <> (SELECT min(d.starts_at) FROM event_date d WHERE d.event_id = e.id)
        OR e.ends_at <> (SELECT max(d.ends_at) FROM event_date d WHERE d.event_id = e.id)"""
    )
    assert wrong == []


def test_nothing_happened_before_it_could_or_after_today() -> None:
    wrong = rows(
        """SELECT b.reference FROM booking b JOIN event e ON e.id = b.event_id
        WHERE (b.origin <> 'register' AND (b.booked_at < e.booking_opens_at
        OR b.booked_at > e.booking_closes_at)) OR b.booked_at > :now OR b.cancelled_at > :now
        OR b.cancelled_at < b.booked_at""",
        now=A_SATURDAY,
    )
    assert wrong == []


def test_calendar_entries_say_what_a_booking_would_have_made_them_say() -> None:
    bookings = db.session.scalars(
        select(Booking)
        .join(Event, Event.id == Booking.event_id)
        .where(Booking.state == BookingState.CONFIRMED, Event.starts_at > A_SATURDAY)
        .options(joinedload(Booking.event), joinedload(Booking.person))
    ).all()
    assert len(bookings) > 100
    for booking in bookings:
        entries = {entry.event_date_id: entry for entry in booking.calendar_entries}
        assert set(entries) == {date.id for date in booking.event.dates}
        for date in booking.event.dates:
            entry: CalendarEntry = entries[date.id]
            facts = calendar_invites.facts_for(booking, booking.event, date)
            assert (entry.starts_at, entry.ends_at) == (facts.starts_at, facts.ends_at)
            assert (entry.summary, entry.location) == (facts.summary, facts.location)


def test_the_same_seed_on_the_same_day_gives_the_same_example(
    template: databases.Template, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = fingerprint()
    url = template.fresh(tmp_path_factory.mktemp("again"))
    again = make_app(url)
    try:
        with again.app_context():
            with transaction():
                operations.make_example(now=A_SATURDAY)
            assert fingerprint() == first
    finally:
        databases.let_go(again)
        template.drop(url)


def test_there_is_a_list_a_link_for_one_session_and_a_file_of_microsoft_forms() -> None:
    listed = "SELECT count(*) FROM survey_addressee JOIN evaluation ON recommendation <> ''"
    assert rows(f"{listed} AND evaluation.id = evaluation_id") == [(12,)]
    assert rows("SELECT count(*) FROM open_link WHERE event_id IS NOT NULL") == [(1,)]
    imported = rows(
        """SELECT s.slug, count(*) FROM response r JOIN sector s ON s.id = r.sector_id
        WHERE source = 'imported' GROUP BY s.slug ORDER BY s.slug"""
    )
    assert sum(count for _, count in imported) == 36
    assert [slug for slug, _ in imported] == [
        *("early-years", "education", "health", "police", "voluntary-and-community")
    ]


def fingerprint() -> list[Any]:
    """Everything but what the features' own verbs draw: keys of mail, of planning, of imports."""
    queries = (
        "SELECT reference, name, email, sector_id FROM person ORDER BY 1",
        "SELECT reference, starts_at, places_taken, state FROM event ORDER BY 1",
        "SELECT event_id, person_id, state, booked_at FROM booking ORDER BY 1, 2",
        """SELECT id, evaluation_id, wave_id, event_id, sector_id FROM response
        WHERE source <> 'imported' ORDER BY 1""",
        """SELECT id, question_id, option_id, score, text FROM answer WHERE response_id IN
        (SELECT id FROM response WHERE source <> 'imported') ORDER BY 1""",
        """SELECT reference, addressee_key, state, sent_at FROM survey_invitation
        WHERE state <> 'planned' ORDER BY 1""",
    )
    return [rows(query) for query in queries]


@pytest.mark.parametrize(
    "day",
    [
        pytest.param(datetime(2026, 11, 23, 0, 30, tzinfo=UTC), id="Monday just after midnight"),
        pytest.param(datetime(2026, 12, 25, 12, 0, tzinfo=UTC), id="Christmas Day"),
        pytest.param(datetime(2027, 3, 28, 1, 30, tzinfo=UTC), id="the night clocks go forward"),
        pytest.param(datetime(2027, 8, 15, 23, 30, tzinfo=UTC), id="the summer holidays"),
        pytest.param(datetime(2028, 2, 29, 17, 0, tzinfo=UTC), id="years nobody entered"),
    ],
)
def test_its_programme_can_be_made_on_any_day(app: Flask, day: datetime) -> None:
    operations.make_programme(now=day)  # rolled back at the end, like everything the test does
    test_f1_97_people_came_to_four_neglect_sessions()
    test_counts_on_events_are_what_a_recount_finds()
    events = db.session.scalars(select(Event)).all()
    states = {opening(facts_of(event), day) for event in events}
    assert states >= set(Opening) - {Opening.STARTED}


def test_the_designated_lead_is_told_what_to_renew_and_where() -> None:
    found = find_persona("dsl")
    assert found
    record = record_of(found[1].id, now=A_SATURDAY)
    states = {due.rule.slug: due.state for due in record.refreshers}
    assert states == {
        "dsl-training": RefresherState.DUE_SOON,
        "annual-update": RefresherState.UP_TO_DATE,
    }
    pressing = most_pressing(found[1], now=A_SATURDAY)
    assert pressing
    assert pressing.next
    assert pressing.next.title == "Designated Safeguarding Lead Training"
    assert people_to_nudge(now=A_SATURDAY) == [found[1].id]
    came = next(line.booking_reference for line in record.lines if line.booking_reference)
    certificate = certificates.find(came, now=A_SATURDAY)
    assert certificate
    assert certificate.outcomes


def test_it_is_made_only_in_an_empty_database(app: Flask) -> None:
    with transaction():
        factories.make_person()
    with pytest.raises(Refused, match="has something in it"), transaction():
        operations.make_example(now=A_SATURDAY)
    assert not clock.is_example_database()
    assert inspect(db.engine).has_table("offer")


def test_it_is_not_made_where_others_could_reach_it(app: Flask) -> None:
    app.config["BASE_URL"] = "https://learning.example.org"
    with pytest.raises(Refused, match="this machine only"), transaction():
        operations.make_example(now=A_SATURDAY)
    assert not clock.is_example_database()


@pytest.mark.parametrize("path", ["/learning", "/calendar.ics", "/learning.atom", "/learning.json"])
def test_whatever_leaves_the_example_says_that_it_is_invented(example: Flask, path: str) -> None:
    said = example.test_client().get(path, base_url="http://127.0.0.1").get_data(as_text=True)
    assert "people and answers are invented" in said.replace("\r\n ", "")
