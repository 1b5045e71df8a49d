"""Evaluations of a list: after a practice review, or a one-off; pasted, checked, planned, asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Person
from app.audit.models import AuditLine
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.surveys import list_rules, lists, operations, personal, plan_changes, planning
from app.surveys.list_rules import Known, ListedPerson, ListKind, ListLine, check_list_plan, judged
from app.surveys.lists import ListDetails
from app.surveys.models import InvitationState, MissedBecause
from app.surveys.plan_models import SurveyAddressee
from app.surveys.questionnaires import load_standard_questionnaires
from app.surveys.response_models import Response
from tests.support.factories import make_partnership, make_person, make_sector
from tests.support.page_client import PageClient
from tests.support.surveys import (
    a_course_attended,
    a_list,
    default_evaluation,
    invitations,
    links_in,
    messages,
    round_of_work,
)

NOW = datetime(2026, 11, 10, 8, 0, tzinfo=UTC)
AT_NINE = NOW + timedelta(hours=1)
IN_FEBRUARY = datetime(2027, 2, 10, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def people(app: Flask) -> list[Person]:
    """Three people of one sector, and what every survey needs."""
    make_partnership()
    sector = make_sector()
    found = [make_person(sector=sector, organisation=None) for _ in range(3)]
    db.session.commit()
    return found


# What is typed


LINES = {
    "plain": (["", "dee@example.org"], ("dee@example.org", "")),
    "surname first": (["Osei, Ana", "ana@example.org"], ("ana@example.org", "")),
    "in capitals": (["Dee", "Dee@Example.ORG"], ("dee@example.org", "")),
    "no address": (["Dee Park", ""], ("", list_rules.NO_ADDRESS)),
    "no address at all": (["Dee", "dee at example"], ("dee at example", "correct format")),
    "long name": (["D" * 101, "dee@example.org"], ("dee@example.org", "100 characters")),
    "long address": (["Dee", "d" * 250 + "@example.org"], (None, "254 characters")),
}


@pytest.mark.parametrize(("typed", "expected"), LINES.values(), ids=LINES)
def test_each_line_is_judged(typed: list[str], expected: tuple[str | None, str]) -> None:
    [line] = judged([(typed[0], typed[1])])
    assert line.name in (typed[0], "Ana Osei")
    assert expected[0] in (None, line.email)
    assert expected[1] in line.fault
    assert bool(line.fault) == bool(expected[1])


def test_an_address_on_the_list_twice_is_told_of_the_second() -> None:
    lines = judged([("Dee", "dee@example.org"), ("Dee Park", "DEE@example.org")])
    assert [line.fault for line in lines] == ["", list_rules.ADDRESS_TWICE]


def test_who_is_known_keeps_their_name_and_sector_and_says_why_not() -> None:
    lines = [ListLine(name, f"{name}@example.org") for name in "abcdef"]
    lines.append(ListLine("g", "", "fault"))
    known = {
        "a@example.org": Known(1, "Ana", 7),
        "b@example.org": Known(2, "", None),
        "c@example.org": Known(3, "Cy", 7, has_stopped=True),
        "d@example.org": Known(4, "Di", 7, is_listed=True),
        "e@example.org": Known(5, "Ed", 7, has_left=True),
    }
    found = list_rules.foreseen(
        lines, known, default_sector_id=1, sectors_chosen={"f@example.org": 2, "a@example.org": 2}
    )
    assert [(one.name, one.sector_id, one.why_not) for one in found] == [
        ("Ana", 7, ""),
        ("b", 1, ""),
        ("Cy", 7, "Asked us not to send surveys"),
        ("Di", 7, "Is on the list already"),
        ("Ed", 7, "No longer uses this service"),
        ("f", 2, ""),
    ]


REVIEW, ONE_OFF = ListKind.REVIEW, ListKind.ONE_OFF
LIST_PLANS = {
    "completed today": (REVIEW, "2026-11-10", (3, 6), None),
    "completed long ago, asked late": (REVIEW, "2025-01-10", (24,), None),
    "completed tomorrow": (REVIEW, "2026-11-11", (3,), "must have been completed"),
    "years ago": (REVIEW, "2024-11-08", (24,), "within the last two years"),
    "too late for one": (REVIEW, "2026-03-10", (3, 12), "too late to ask 3 months later"),
    "today": (ONE_OFF, "2026-11-10", (0,), None),
    "yesterday": (ONE_OFF, "2026-11-09", (0,), "today or a later day"),
    "far off": (ONE_OFF, "2027-11-12", (0,), "within a year"),
}


@pytest.mark.parametrize(("kind", "day", "months", "refusal"), LIST_PLANS.values(), ids=LIST_PLANS)
def test_a_plan_can_be_kept_or_is_refused(
    kind: ListKind, day: str, months: tuple[int, ...], refusal: str | None
) -> None:
    if refusal is None:
        check_list_plan(kind, date.fromisoformat(day), months, now=NOW)
        return
    with pytest.raises(Refused, match=refusal):
        check_list_plan(kind, date.fromisoformat(day), months, now=NOW)


# Who is on it


def details(**changes: object) -> ListDetails:
    facts: dict[str, object] = {
        "kind": ONE_OFF,
        "title": "The bulletin",
        "subject_words": "the bulletin",
        "recommendation": "",
        "counted_from_on": NOW.date(),
        "months": (0,),
        "questionnaire_slug": None,
    }
    return ListDetails(**facts | changes)  # type: ignore[arg-type]


def test_people_are_found_by_address_or_made(people: list[Person]) -> None:
    load_standard_questionnaires(now=NOW)
    staff, sector_id = people[0], people[0].sector_id
    made = lists.create_list_evaluation(details(), actor=staff, now=NOW)
    listed = [
        ListedPerson("Other name", people[1].email or "", sector_id),
        ListedPerson("Newcomer", "new@example.org", sector_id),
        ListedPerson("", "newer@example.org", sector_id),
    ]
    assert lists.add_people(made.id, listed, actor=staff, now=NOW) == 3
    db.session.commit()
    on_list = select(Person.name, Person.email).join(
        SurveyAddressee, SurveyAddressee.person_id == Person.id
    )
    assert sorted(row[0] for row in db.session.execute(on_list)) == sorted(
        ["", "Newcomer", people[1].name]
    )
    assert lists.add_people(made.id, listed, actor=staff, now=NOW) == 0
    assert [wave.once_per_person for wave in made.waves] == [True]


def test_who_stopped_or_left_meanwhile_is_passed_over(people: list[Person]) -> None:
    evaluation = a_list(now=NOW)
    operations.stop_asking(people[0].id, now=NOW)
    people[1].deactivated_at = NOW
    listed = [ListedPerson(one.name, one.email or "", one.sector_id) for one in people]
    assert lists.add_people(evaluation.id, listed, actor=people[2], now=NOW) == 1
    assert db.session.scalars(select(SurveyAddressee.person_id)).all() == [people[2].id]


def test_what_cannot_be_added_is_refused(
    people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = a_list(now=NOW)
    unknown = [ListedPerson("Dee", "dee@example.org", None)]
    with pytest.raises(Refused, match="Choose a sector for Dee"):
        lists.add_people(evaluation.id, unknown, actor=people[0], now=NOW)
    db.session.rollback()
    evaluation = a_list(now=NOW)
    monkeypatch.setattr(lists, "MOST_ON_A_LIST", 2)
    listed = [ListedPerson(one.name, one.email or "", one.sector_id) for one in people]
    with pytest.raises(Refused, match="2 people at most"):
        lists.add_people(evaluation.id, listed, actor=people[0], now=NOW)


def test_an_evaluation_of_a_course_has_no_list(app: Flask) -> None:
    evaluation = default_evaluation(a_course_attended(NOW).offer)
    with pytest.raises(Refused, match="no list of its own"):
        lists.add_people(evaluation.id, [], actor=make_person(), now=NOW)


# When they are asked


def test_a_list_is_planned_asked_and_answered_like_everybody_else(
    people: list[Person], client: PageClient
) -> None:
    a_list(*people, now=NOW, months=(0, 3), title="The bulletin")
    db.session.commit()
    assert operations.plan_invitations(now=NOW) == 6
    assert operations.plan_invitations(now=NOW) == 0
    assert {one.due_at for one in invitations()} == {AT_NINE, IN_FEBRUARY}
    assert round_of_work(NOW) == 0
    assert round_of_work(AT_NINE) == 3
    message = messages()[0]
    assert message.subject == "The bulletin: a two-minute survey"
    assert "Would you tell us what you think?" in message.text_body
    [link] = links_in(message)
    assert client.get(link).status_code == 200
    assert {one.closes_at for one in invitations(0)} == {AT_NINE + 28 * DAY}


def test_whoever_is_added_later_is_asked_too_and_too_late_is_said(people: list[Person]) -> None:
    evaluation = a_list(people[0], now=NOW, months=(0, 3))
    round_of_work(AT_NINE)
    lists.add_people(
        evaluation.id,
        [ListedPerson(people[1].name, people[1].email or "", people[1].sector_id)],
        actor=people[0],
        now=NOW + 30 * DAY,
    )
    db.session.commit()
    round_of_work(NOW + 30 * DAY)
    theirs = [one for one in invitations() if one.person_id == people[1].id]
    assert [(one.state, one.missed_because) for one in theirs] == [
        (InvitationState.MISSED, MissedBecause.LATE),
        (InvitationState.PLANNED, None),
    ]


def test_whoever_is_taken_off_is_not_asked_what_was_not_sent(people: list[Person]) -> None:
    evaluation = a_list(*people, now=NOW, months=(0, 3))
    round_of_work(AT_NINE)
    lists.remove_person(evaluation.id, people[0].id, actor=people[1], now=NOW)
    db.session.commit()
    round_of_work(AT_NINE + DAY)
    assert len(invitations(0)) == 3
    assert people[0].id not in {one.person_id for one in invitations(3)}
    with pytest.raises(Refused, match="not on the list any more"):
        lists.remove_person(evaluation.id, people[0].id, actor=people[1], now=NOW)
    trail = select(AuditLine.facts).where(AuditLine.verb.startswith("took"))
    assert db.session.scalars(trail).one()["person"] == people[0].reference


def test_after_a_review_people_are_told_what_was_completed(people: list[Person]) -> None:
    a_list(
        *people,
        now=NOW,
        months=(3,),
        title="Safer sleep",
        recommendation="Every setting has a lead",
        counted_from=date(2026, 11, 30),
    )
    db.session.commit()
    assert round_of_work(datetime(2027, 2, 28, 9, 0, tzinfo=UTC)) == 3
    message = messages()[0]
    assert message.subject == "What came of Safer sleep? A two-minute survey"
    assert "“Every setting has a lead”" in message.text_body


def test_a_one_off_counts_as_the_survey_of_the_month(people: list[Person]) -> None:
    first = a_list(*people, now=NOW, months=(0,))
    second = a_list(
        people[0],
        now=NOW,
        months=(0,),
        slug="second",
        counted_from=NOW.date() + timedelta(days=20),
    )
    db.session.commit()
    assert first.id != second.id
    for days in range(27):
        round_of_work(AT_NINE + days * DAY)
    assert len(messages("survey_invitation")) == 3
    assert round_of_work(AT_NINE + 28 * DAY) == 1


def test_a_wave_of_a_list_is_moved_and_skipped_like_any(people: list[Person]) -> None:
    evaluation = a_list(*people[:2], now=NOW, months=(3, 6))
    operations.plan_invitations(now=NOW)
    three, six = evaluation.waves
    plan_changes.move_line(
        three.id, None, to=date(2027, 3, 1), reason="Busy", actor=people[0], now=NOW
    )
    plan_changes.skip_line(six.id, None, reason="Enough", actor=people[0], now=NOW)
    db.session.add(
        SurveyAddressee(
            evaluation_id=evaluation.id,
            person_id=people[2].id,
            sector_id=people[2].sector_id,
            added_at=NOW,
        )
    )
    db.session.commit()
    round_of_work(IN_FEBRUARY)
    assert {one.due_at.date() for one in invitations(3)} == {date(2027, 3, 1)}
    assert {one.missed_because for one in invitations(6)} == {MissedBecause.SKIPPED}
    assert len(invitations()) == 6


def test_a_person_on_a_list_is_exported_and_erased(people: list[Person]) -> None:
    a_list(*people, now=NOW, months=(3,))
    operations.plan_invitations(now=NOW)
    found = personal.export(people[0].id)
    assert found["survey_lists"] == [{"title": "The bulletin", "added_at": NOW}]
    assert len(found["survey_invitations"]) == 1
    personal.erase(people[0].id, now=NOW)
    db.session.commit()
    on_list = select(func.count(SurveyAddressee.id))
    assert db.session.scalar(on_list) == 2
    round_of_work(IN_FEBRUARY)
    theirs = [one for one in invitations() if one.person_id == people[0].id]
    assert [one.state for one in theirs] == [InvitationState.STOPPED]
    assert db.session.scalars(select(Response)).all() == []


def test_planning_of_lists_is_bounded(
    people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "MOST_AT_ONCE", 2)
    planning._not_yet_planned_of_lists.cache_clear()
    a_list(*people, now=NOW, months=(3,))
    assert operations.plan_invitations(now=NOW) == 2
    assert operations.plan_invitations(now=NOW) == 1
    planning._not_yet_planned_of_lists.cache_clear()
