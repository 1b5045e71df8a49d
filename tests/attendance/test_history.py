"""Past attendance: read, matched, taken in, undone; what it feeds, and whom it never writes to."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import jobs
from app.accounts.imports import staging
from app.accounts.imports.column_rules import read_table, suggest
from app.accounts.imports.models import FileImport, ImportOf, ImportState
from app.accounts.models import Organisation, Person
from app.attendance import history, history_rules, listed_day_rules
from app.attendance.listed_day_rules import Order
from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingOrigin
from app.catalogue.models import Event, EventMode, Offer, OfferKind, OfferState
from app.checks.verify import verify
from app.forums.coverage import coverage
from app.impact.reach_queries import reach_of
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.outbox.models import OutboxMessage
from app.partnership.models import Sector
from app.record.queries import record_of
from app.surveys import operations as surveys
from app.surveys.models import SurveyInvitation
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
    make_refresher,
    make_sector,
)
from tests.support.forums import make_half_terms, make_school

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
HEADINGS = ("Course", "Date", "Name", "Email", "School", "Attended")
COLUMNS = {"offer": 0, "date": 1, "name": 2, "email": 3, "organisation": 4, "outcome": 5}
CAME = [
    ("Neglect", "14/03/2025", "Dee Park", "Dee.Park@example.org", "Mill School", "Yes"),
    ("Neglect", "14/03/2025", "Eli Rowe", "", "Mill School", "in part"),
    ("neglect ", "2025-03-14", "Flo Hart", "flo@example.org", "Elsewhere", "no"),
    ("Neglect", "2 June 2025", "Dee Park", "dee.park@example.org", "Mill School", ""),
]


def sheet(rows: Iterable[Sequence[str]], headings: Sequence[str] = HEADINGS) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def mill(app: Flask) -> Organisation:
    make_partnership()
    db.session.add(make_person(Role.DELIVERY, reference="staff"))
    make_sector("Rest", slug="rest")
    return make_organisation(make_sector("Education", slug="education"), name="Mill School")


def keep(rows: Iterable[Sequence[str]], **choices: Any) -> str:
    content = read_table(sheet(rows), history_rules.FIELDS)
    with transaction():
        reference = staging.keep_file(
            ImportOf.ATTENDANCE,
            content,
            rows_count=len(content["rows"]),
            file_name="past.csv",
            file_sha256="0",
            actor="staff",
            now=NOW,
        )
        kept: dict[str, Any] = {"columns": COLUMNS, "hours": 3.0, "mode": "online"}
        staging.choose(reference, **{**kept, "sector": "rest", **choices})
        staging.confirm(reference, actor="staff", now=NOW)
    return reference


def take_in(rows: Iterable[Sequence[str]] = CAME, **choices: Any) -> FileImport:
    reference = keep(rows, **choices)
    list(jobs.take_in_files(NOW))
    return db.session.scalars(select(FileImport).where(FileImport.reference == reference)).one()


def gave(file: FileImport) -> dict[str, int]:
    return {words: count for words, count in json.loads(file.counts).items() if count}


def count_of(*tables: type[Any]) -> list[int]:
    return [db.session.scalar(select(func.count(table.id))) or 0 for table in tables]


EVERYTHING = (Offer, Event, Person, Booking, Attendance)


def test_forums_of_the_past_count_in_the_coverage_of_their_half_term(mill: Organisation) -> None:
    ash = make_school("Ash Primary School", sector=mill.sector)
    make_offer(title="DSL Forum", kind=OfferKind.DSL_FORUM)
    make_offer(title="Neglect")
    autumn = make_half_terms()[0]
    people = ("Dee Park", "dee@example.org", ash.name, "Yes")
    db.session.commit()
    file = take_in(
        [
            ("DSL Forum", "23/10/2026", *people),
            ("DSL Forum", "26/10/2026", *people),  # in the holidays
            ("Neglect", "23/10/2026", *people),
        ]
    )
    assert file.state is ImportState.DONE, file.refusal
    found = coverage(autumn, now=NOW)
    assert (found.is_held, found.attended) == (True, 1)
    events = db.session.scalars(select(Event).order_by(Event.half_term_id.is_(None))).all()
    assert [one.half_term_id for one in events] == [autumn.id, None, None]


def test_who_came_is_matched_added_and_counted(mill: Organisation) -> None:
    offer = make_offer(title="Neglect")
    dee = make_person(email="dee.park@example.org", organisation=mill, sector=mill.sector)
    db.session.commit()
    file = take_in()
    assert file.state is ImportState.DONE, file.refusal
    assert gave(file) == {"attendances": 4, "new people": 2, "new sessions": 2}
    events = db.session.scalars(select(Event).order_by(Event.starts_at)).all()
    assert [(one.offer_id, one.is_history, one.places_taken) for one in events] == [
        (offer.id, True, 0),
        (offer.id, True, 0),
    ]
    assert events[0].mode is EventMode.ONLINE
    found = db.session.execute(
        select(Person.name, Booking.organisation_id, Attendance.outcome, Sector.slug)
        .join(Booking.person)
        .join(Booking.sector)
        .join(Attendance, Attendance.booking_id == Booking.id)
        .where(Booking.event_id == events[0].id, Booking.origin == BookingOrigin.IMPORT)
        .order_by(Attendance.outcome)
    )
    assert [tuple(row) for row in found] == [
        (dee.name, mill.id, AttendanceOutcome.ATTENDED, "education"),
        ("Eli Rowe", mill.id, AttendanceOutcome.ATTENDED_IN_PART, "education"),
        ("Flo Hart", None, AttendanceOutcome.DID_NOT_ATTEND, "rest"),
    ]


def test_the_same_file_twice_changes_nothing(mill: Organisation) -> None:
    make_offer(title="Neglect")
    nameless = [("Neglect", "1/3/2025", "Gus Vale", "", "A Body Unknown", "")]
    db.session.commit()
    take_in([*CAME, *nameless], order="day_first")
    before = count_of(*EVERYTHING)
    again = take_in([*CAME, *nameless], order="day_first")
    assert gave(again) == {"unchanged": 5}
    assert count_of(*EVERYTHING) == before


def test_steps_give_what_one_piece_gives(
    mill: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_offer(title="Neglect")
    db.session.commit()
    monkeypatch.setitem(jobs.STEPS, ImportOf.ATTENDANCE, (history.take_in, 1))
    reference = keep(CAME)
    seen = []
    for _count in jobs.take_in_files(NOW):
        found = select(FileImport.rows_done, FileImport.state).where(
            FileImport.reference == reference
        )
        seen.append(tuple(db.session.execute(found).one()))
        db.session.rollback()
    assert [done for done, _state in seen] == [1, 2, 3, 4, 4]
    assert seen[0][1] is ImportState.WORKING
    assert count_of(Event, Booking, Attendance) == [2, 4, 4]


def test_it_feeds_the_record_training_dates_and_reach(mill: Organisation) -> None:
    refresher = make_refresher(months=24)
    offer = make_offer(title="Neglect", refresher=refresher)
    dee = make_person(email="dee.park@example.org")
    db.session.commit()
    before = reach_of([offer.id])
    take_in()
    record = record_of(dee.id, now=NOW)
    assert [(line.learned_on, line.minutes) for line in record.lines] == [
        (date(2025, 6, 2), 180),
        (date(2025, 3, 14), 180),
    ]
    assert [due.due_on for due in record.refreshers] == [date(2027, 6, 2)]
    reach = reach_of([offer.id])
    assert (before.people, reach.people, reach.attendances) == (0, 2, 3)


def test_nobody_is_written_to_and_nobody_is_asked(mill: Organisation) -> None:
    make_offer(title="Neglect")
    db.session.commit()
    yesterday = [("Neglect", "9 November 2026", "Dee Park", "dee@example.org", "Mill School", "")]
    take_in([*CAME, *yesterday])
    with transaction():
        surveys.ensure_default_evaluations(now=NOW)
        surveys.follow_sessions()
        surveys.plan_invitations(now=NOW)
    for job in jobs.JOBS:
        if job.name in {"send surveys", "remind", "notices", "refreshers", "titles", "requests"}:
            list(job.run(NOW))
    assert count_of(SurveyInvitation, OutboxMessage) == [0, 0]
    assert [one.name for one in verify(now=NOW) if one.violations] == []


def test_sessions_that_stand_here_keep_their_registers_and_places(mill: Organisation) -> None:
    offer = make_offer(title="Neglect")
    dee = make_person(email="dee.park@example.org")
    event = make_event(offer, starts_at=datetime(2025, 3, 14, 10, 0, tzinfo=UTC))
    make_attendance(make_booking(event, dee))
    db.session.commit()
    file = take_in(CAME[:3])
    assert gave(file) == {"unchanged": 1, "with a register here": 2}
    assert count_of(Event, Booking, Attendance) == [1, 1, 1]
    db.session.refresh(event)
    assert event.places_taken == 1


def test_an_offer_that_is_not_in_the_list_is_asked_about(mill: Organisation) -> None:
    known = make_offer(title="Neglect")
    db.session.commit()
    rows = [(*("Old " + CAME[0][0],), *CAME[0][1:]), ("Lost", *CAME[0][1:]), ("Gone", *CAME[1][1:])]
    plan, _known = history.plan_for(
        history.read_some(
            read_table(sheet(rows), history_rules.FIELDS), {"columns": COLUMNS}, today=NOW.date()
        ).came,
        {"rows": []},
        {"columns": COLUMNS},
    )
    assert plan.unknown_offers == {"old neglect": "Old Neglect", "lost": "Lost", "gone": "Gone"}
    offers = {"old neglect": str(known.id), "lost": "new", "gone": "out"}
    file = take_in(rows, offers=offers)
    assert gave(file) == {"attendances": 2, "new people": 1, "new sessions": 2, "left out": 1}
    added = db.session.scalars(select(Offer).where(Offer.title == "Lost")).one()
    assert added.state is OfferState.ARCHIVED
    assert gave(take_in(rows, offers=offers)) == {"unchanged": 2, "left out": 1}


def test_two_people_of_one_name_are_asked_about(mill: Organisation) -> None:
    make_offer(title="Neglect")
    people = [make_person(name="Eli Rowe", organisation=mill, sector=mill.sector) for _ in "ab"]
    db.session.commit()
    failed = take_in()
    assert failed.state is ImportState.FAILED
    assert failed.refusal == history.CHANGED
    key = "eli rowe | mill school"
    file = take_in(people={key: str(people[1].id)})
    assert gave(file)["attendances"] == 4
    theirs = select(func.count(Booking.id)).where(Booking.person_id == people[1].id)
    assert db.session.scalar(theirs) == 1
    with transaction():
        staging.undo(file.reference, actor="staff", now=NOW)
    assert gave(take_in(people={key: "out"}))["left out"] == 1


def test_a_row_without_an_address_is_the_person_whose_address_another_row_gives(
    mill: Organisation,
) -> None:
    make_offer(title="Neglect")
    db.session.commit()
    rows = [
        ("Neglect", "14/03/2025", "Dee Park", "", "Mill School", ""),
        ("Neglect", "15/03/2025", "Dee Park", "dee@example.org", "Mill School", ""),
    ]
    assert gave(take_in(rows))["new people"] == 1


def test_undone_everything_is_as_it_was(mill: Organisation) -> None:
    make_offer(title="Neglect")
    db.session.commit()
    before = count_of(*EVERYTHING)
    file = take_in([*CAME, ("New", *CAME[0][1:])], offers={"new": "new"})
    assert count_of(*EVERYTHING) != before
    with transaction():
        staging.undo(file.reference, actor="staff", now=NOW + timedelta(hours=23))
    assert count_of(*EVERYTHING) == before


@pytest.mark.parametrize("what", ["a later file", "a changed register"])
def test_undoing_is_refused_where_later_work_stands_on_it(mill: Organisation, what: str) -> None:
    make_offer(title="Neglect")
    db.session.commit()
    file = take_in()
    if what == "a later file":
        take_in([("Neglect", "14/03/2025", "Hal Moor", "hal@example.org", "", "")])
    else:
        with transaction():
            one = db.session.scalars(select(Attendance).limit(1)).one()
            one.recorded_at = NOW + timedelta(hours=1)
    before = count_of(*EVERYTHING)
    with pytest.raises(Refused, match="can no longer be undone"), transaction():
        staging.undo(file.reference, actor="staff", now=NOW + timedelta(hours=2))
    assert count_of(*EVERYTHING) == before


def test_somebody_who_has_since_signed_in_or_booked_stays(mill: Organisation) -> None:
    make_offer(title="Neglect")
    db.session.commit()
    file = take_in()
    flo = db.session.scalars(select(Person).where(Person.email == "flo@example.org")).one()
    make_booking(
        make_event(starts_at=NOW + timedelta(days=9)), flo, sector=mill.sector, capacity="employee"
    )
    db.session.commit()
    with transaction():
        staging.undo(file.reference, actor="staff", now=NOW)
    names = set(db.session.scalars(select(Person.name)))
    assert "Flo Hart" in names
    assert "Eli Rowe" not in names


@pytest.mark.parametrize(
    ("words", "order", "day"),
    [
        ("2025-03-14", None, date(2025, 3, 14)),
        ("2025-03-14 09:30:00", None, date(2025, 3, 14)),
        ("14/03/2025", Order.DAY_FIRST, date(2025, 3, 14)),
        ("14.3.25", Order.DAY_FIRST, date(2025, 3, 14)),
        ("3-4-2025", Order.DAY_FIRST, date(2025, 4, 3)),
        ("3/4/2025", Order.MONTH_FIRST, date(2025, 3, 4)),
        ("3/3/2025", None, date(2025, 3, 3)),
        ("14 March 2025", None, date(2025, 3, 14)),
        ("Fri 14th Mar 2025", None, date(2025, 3, 14)),
        ("1 Sept 2024", None, date(2024, 9, 1)),
        ("14-Mar-25", None, date(2025, 3, 14)),
        ("March 14, 2025", None, date(2025, 3, 14)),
        ("8/20/25 12:51:45", Order.MONTH_FIRST, date(2025, 8, 20)),
        ("45730", None, date(2025, 3, 14)),
        ("3/4/2025", None, None),
        ("31/02/2025", Order.DAY_FIRST, None),
        ("14/03/2025", Order.MONTH_FIRST, None),
        ("last March", None, None),
        ("14 Mars 2025", None, None),
        ("", None, None),
    ],
)
def test_days_are_read_as_people_write_them(
    words: str, order: Order | None, day: date | None
) -> None:
    try:
        found = listed_day_rules.read_day(words, order)
    except ValueError:
        found = None
    assert found == day


@pytest.mark.parametrize(
    ("dates", "order", "asks"),
    [
        (["3/4/2025", "14/3/2025"], Order.DAY_FIRST, True),
        (["3/4/2025", "3/14/2025"], Order.MONTH_FIRST, True),
        (["3/4/2025", "5/6/2025"], None, True),
        (["3/14/2025", "14/3/2025", "1/2/2025"], None, True),
        (["3/3/2025", "2025-01-02"], None, False),
    ],
)
def test_a_file_tells_which_of_day_and_month_comes_first(
    dates: list[str], order: Order | None, asks: bool
) -> None:
    assert listed_day_rules.order_in(dates) is order
    assert listed_day_rules.needs_order(dates) is asks


def test_each_bad_row_is_told_by_row_and_column() -> None:
    rows = [
        ("", "14/03/2025", "Dee Park", "dee@example.org", "", ""),
        ("Neglect", "soon", "", "not an address", "", "perhaps"),
        (),
        ("Neglect", "14/03/2027", "Dee Park", "", "", ""),
    ]
    content = read_table(sheet(rows), history_rules.FIELDS)
    found = history.read_some(content, {"columns": COLUMNS}, today=NOW.date())
    assert found.problems == [
        "Row 2, What it was is empty",
        "Row 3, Email address: “not an address” is not an email address",
        "Row 3, Whether they attended: “perhaps” is not attended, attended in part or did not "
        "attend",
        "Row 3, Date: “soon” is not a date, as 14/03/2025 or 14 March 2025",
        "Row 5 needs an email address, or a name and an organisation",
        "Row 5, Date: “14/03/2027” is to come, or very long ago",
    ]


def test_columns_are_suggested_by_their_headings() -> None:
    found = suggest(
        ["Surname", "Forename", "E-mail", "COURSE ", "Date", "Shoe size"],
        history_rules.FIELDS,
        {"shoe size": "hours"},
    )
    assert found == ["last_name", "first_name", "email", "offer", "date", "hours"]


def test_500_damaged_lists_are_read_or_refused_and_nothing_else() -> None:
    chance = random.Random(2)
    whole = sheet(CAME * 3)
    read = 0
    for _number in range(500):
        made = bytearray(whole)
        for _time in range(chance.randint(1, 6)):
            place = chance.randrange(len(made))
            made[place : place + chance.randint(0, 9)] = chance.choice(
                [b"", b'"', b",", b"\n", b"\x00", b"\xff", b"99/99/9999", chance.randbytes(3)]
            )
        try:
            content = read_table(bytes(made), history_rules.FIELDS)
            columns = {
                name: place
                for place, name in enumerate(suggest(content["headings"], history_rules.FIELDS, {}))
                if name
            }
            history.read_some(content, {"columns": columns, "order": "day_first"}, today=NOW.date())
        except Refused:
            continue
        read += 1
    assert 100 < read < 500
