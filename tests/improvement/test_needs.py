"""Needs and the action log: what may become of them, and who is told."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.catalogue.models import SourceOfNeed
from app.improvement import actions, need_queries, need_rules, needs
from app.improvement.need_models import ActionState, NeedState
from app.improvement.needs import NeedDetails
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.outbox.models import OutboxMessage
from tests.support.factories import make_offer, make_partnership, make_person
from tests.support.needs import some_action, some_measure, some_need


@pytest.fixture
def chair(app: Flask) -> Person:
    make_partnership()
    return make_person(Role.EVALUATOR, name="Cal Ito", email="cal@example.org")


@pytest.fixture
def dee(app: Flask) -> Person:
    return make_person(Role.DELIVERY, name="Dee Park")


@pytest.mark.parametrize(
    ("was", "becomes", "may"),
    [
        (NeedState.RAISED, NeedState.AGREED, True),
        (NeedState.RAISED, NeedState.DECLINED, True),
        (NeedState.RAISED, NeedState.MET, False),
        (NeedState.AGREED, NeedState.MET, True),
        (NeedState.AGREED, NeedState.RAISED, False),
        (NeedState.MET, NeedState.AGREED, True),
        (NeedState.MET, NeedState.DECLINED, False),
        (NeedState.DECLINED, NeedState.AGREED, True),
        (NeedState.DECLINED, NeedState.MET, False),
    ],
)
def test_what_may_follow(was: NeedState, becomes: NeedState, may: bool) -> None:
    if may:
        need_rules.check_decision(was, becomes, "Because.", offers=1, open_actions=0)
        return
    with pytest.raises(Refused, match="already"):
        need_rules.check_decision(was, becomes, "Because.", offers=1, open_actions=0)


@pytest.mark.parametrize(
    ("answer", "offers", "open_actions", "says"),
    [
        ("", 1, 0, "whoever raised it reads this"),
        ("There is a course.", 0, 0, "Link the offer that meets this need first"),
        ("There is a course.", 1, 1, "1 action is still to be done"),
        ("There is a course.", 1, 2, "2 actions are still to be done"),
    ],
)
def test_a_need_is_met_by_an_offer_with_nothing_left_to_do(
    answer: str, offers: int, open_actions: int, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        need_rules.check_decision(
            NeedState.AGREED, NeedState.MET, answer, offers=offers, open_actions=open_actions
        )


@pytest.mark.parametrize(
    ("state", "days", "words"),
    [
        (ActionState.OPEN, 1, ""),
        (ActionState.OPEN, 0, ""),
        (ActionState.OPEN, -1, "1 day late"),
        (ActionState.OPEN, -40, "40 days late"),
        (ActionState.DONE, -40, ""),
    ],
)
def test_how_an_action_stands_to_its_day(state: ActionState, days: int, words: str) -> None:
    today = date(2026, 11, 10)
    assert need_rules.due_words(state, today + timedelta(days=days), today=today) == words


def test_a_chair_raises_a_need_and_is_told_what_came_of_it(
    chair: Person, dee: Person, now: datetime
) -> None:
    need = some_need(chair, now=now)
    offer = make_offer(slug="neglect", title="Neglect")
    needs.decide(need.reference, NeedState.AGREED, "A course is planned.", actor=dee, now=now)
    needs.link_offers(need.reference, ["neglect"], actor=dee, now=now)
    later = now + timedelta(days=60)
    needs.decide(need.reference, NeedState.MET, "The course runs.", actor=dee, now=later)
    db.session.commit()
    letters = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    assert [one.subject for one in letters] == [
        "A need you raised is being worked on",
        "A need you raised has been met",
    ]
    assert {one.to_email for one in letters} == {"cal@example.org"}
    assert "The course runs." in letters[1].text_body
    assert "Neglect" in letters[1].text_body
    assert f"/manage/needs/{need.reference}" in letters[1].text_body
    [why] = need_queries.needs_of_offers([offer.slug])
    assert (why.title, why.found_in) == (need.title, "Audit of neglect, June 2026")


def test_whoever_decides_about_their_own_need_is_not_written_to(
    chair: Person, dee: Person, now: datetime
) -> None:
    need = some_need(dee, now=now)
    needs.decide(need.reference, NeedState.DECLINED, "Covered already.", actor=dee, now=now)
    assert db.session.scalars(select(OutboxMessage)).all() == []


def test_a_raiser_merged_into_another_is_told_there(
    chair: Person, dee: Person, now: datetime
) -> None:
    need = some_need(chair, now=now)
    chair.merged_into_id, chair.deactivated_at, chair.email = dee.id, now, None
    other = make_person(Role.ADVISOR, name="Ada Roe")
    needs.decide(need.reference, NeedState.AGREED, "Yes.", actor=other, now=now)
    [letter] = db.session.scalars(select(OutboxMessage)).all()
    assert letter.to_email == dee.email


def test_a_need_not_taken_on_is_no_offers_reason(chair: Person, dee: Person, now: datetime) -> None:
    need, offer = some_need(chair, now=now), make_offer(slug="neglect")
    needs.link_offers(need.reference, ["neglect"], actor=dee, now=now)
    assert need_queries.needs_of_offers([offer.slug])
    needs.decide(need.reference, NeedState.DECLINED, "Covered already.", actor=dee, now=now)
    assert need_queries.needs_of_offers([offer.slug]) == ()


def test_a_met_need_keeps_an_offer(chair: Person, dee: Person, now: datetime) -> None:
    need = some_need(chair, now=now)
    make_offer(slug="neglect")
    needs.decide(need.reference, NeedState.AGREED, "Yes.", actor=dee, now=now)
    needs.link_offers(need.reference, ["neglect"], actor=dee, now=now)
    needs.decide(need.reference, NeedState.MET, "Done.", actor=dee, now=now)
    with pytest.raises(Refused, match="being worked on again"):
        needs.link_offers(need.reference, [], actor=dee, now=now)


def test_a_finding_of_tomorrow_is_refused(chair: Person, now: datetime) -> None:
    tomorrow = london_date(now) + timedelta(days=1)
    details = NeedDetails("See it", SourceOfNeed.NATIONAL_REPORT, "A report", found_on=tomorrow)
    with pytest.raises(Refused, match="must not be in the future"):
        needs.raise_need(details, actor=chair, now=now)


def test_an_action_ends_once_and_says_what_came_of_it(
    chair: Person, dee: Person, now: datetime
) -> None:
    need = some_need(chair, now=now)
    action = some_action(dee, now=now, need_reference=need.reference)
    with pytest.raises(Refused, match="what came of it"):
        actions.close_action(action.reference, is_done=True, outcome="", actor=dee, now=now)
    actions.close_action(action.reference, is_done=True, outcome="Sent.", actor=dee, now=now)
    with pytest.raises(Refused, match="closed already"):
        actions.close_action(action.reference, is_done=False, outcome="No.", actor=dee, now=now)
    details = actions.ActionDetails("Write", "Somebody", london_date(now))
    with pytest.raises(Refused, match="This action is closed"):
        actions.change_action(action.reference, details, actor=dee, now=now)
    [line] = need_queries.listed_actions(is_open=False, first=0, last=9, today=london_date(now))
    assert (line.state_words, line.outcome) == ("Done", "Sent.")


def test_a_closed_need_takes_no_new_action(chair: Person, dee: Person, now: datetime) -> None:
    need = some_need(chair, now=now)
    needs.decide(need.reference, NeedState.DECLINED, "Covered already.", actor=dee, now=now)
    with pytest.raises(Refused, match="This need is closed"):
        some_action(dee, now=now, need_reference=need.reference)


def test_lists_count_what_is_to_do_and_late(chair: Person, dee: Person, now: datetime) -> None:
    need = some_need(chair, now=now)
    today = london_date(now)
    some_action(dee, now=now, need_reference=need.reference)
    some_action(dee, now=now, need_reference=need.reference, due_on=today - timedelta(days=3))
    [line] = need_queries.listed_needs(first=0, last=9, today=today)
    assert (line.open_actions, line.late_actions, line.offer_count) == (2, 1, 0)
    assert need_queries.number_of_needs(NeedState.MET) == 0
    assert need_queries.number_of_needs(raised_by=chair.reference) == 1
    assert need_queries.number_of_needs(raised_by=dee.reference) == 0


def test_a_measure_is_agreed_once_and_given_up_with_a_reason(dee: Person, now: datetime) -> None:
    offer = make_offer(slug="neglect")
    measure = some_measure(offer, dee, now=now)
    with pytest.raises(Refused, match="stands already"):
        some_measure(offer, dee, now=now)
    with pytest.raises(Refused, match="Enter why"):
        actions.retire_measure(measure.reference, "", actor=dee, now=now)
    actions.retire_measure(measure.reference, "The page is gone.", actor=dee, now=now)
    with pytest.raises(Refused, match="given up already"):
        actions.retire_measure(measure.reference, "Again.", actor=dee, now=now)
    [kept] = need_queries.measures_of(offer)
    assert kept.retired_reason == "The page is gone."
