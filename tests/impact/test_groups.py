"""Groupings: what they hold, what they add up, and that no new subtraction comes with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.catalogue.models import Event, Offer
from app.impact.disclosure import Audience
from app.impact.group_queries import group_summary
from app.impact.groups import GroupKind
from app.impact.summaries import Figure, GroupSummary
from app.kernel.db import db
from app.partnership.models import Priority
from app.surveys.models import Evaluation
from tests.support.answers import add_responses, make_evaluation, wave_of
from tests.support.factories import NOW, make_event, make_offer, make_sector

pytestmark = pytest.mark.usefixtures("app")
GOOD: dict[str, Any] = {"quality": "very_good"}
POOR: dict[str, Any] = {"quality": "poor"}


def summary_of(kind: GroupKind, slug: str, **more: Any) -> GroupSummary:
    found = group_summary(kind, slug, **{"audience": Audience.ELSEWHERE, "now": NOW, **more})
    assert found
    return found


def quality(summary: GroupSummary) -> Figure:
    [measure] = [measure for measure in summary.measures if measure.key == "quality"]
    [figure] = measure.figures
    return figure


def shows_quality(summary: GroupSummary) -> bool:
    return any(measure.key == "quality" for measure in summary.measures)


def counted(figure: Figure) -> tuple[int, int] | None:
    return (figure.share.count, figure.share.base) if figure.share else None


def asked_after(
    *numbers: tuple[int, int], offers: list[Offer] | None = None, **changes: Any
) -> Evaluation:
    """An evaluation straight after; good and poor answers about each event in turn."""
    evaluation = make_evaluation(0, offers=offers, **changes)
    for good, poor in numbers:
        add_responses(evaluation, [GOOD] * good + [POOR] * poor, wave=wave_of(evaluation, 0))
    return evaluation


def about(evaluation: Evaluation, event: Event, good: int, poor: int = 0, **changes: Any) -> None:
    forms = [GOOD] * good + [POOR] * poor
    add_responses(evaluation, forms, wave=wave_of(evaluation, 0), event=event, **changes)


def event_in(offer: Offer, year: int, month: int) -> Event:
    starts_at = datetime(year, month, 10, 9, tzinfo=UTC)
    return make_event(offer, starts_at=starts_at)


# Whole evaluations


def test_evaluations_of_one_topic_add_up_by_their_measure() -> None:
    offers = [make_offer(), make_offer()]
    priority = Priority(plan="2022-25", number=1, title="Neglect", is_adopted=True)
    for offer in offers:
        offer.priority = priority
    asked_after((18, 2), offers=[offers[0]])
    asked_after((30, 10), offers=[offers[1]])
    asked_after((99, 0))
    db.session.flush()
    found = quality(summary_of(GroupKind.PRIORITY, "2022-25-1"))
    assert counted(found) == (48, 60)
    assert found.evaluations == 2


def test_an_evaluation_with_too_few_answers_is_left_out_of_the_sum_and_said_to_be() -> None:
    offers = [make_offer(provider="Research in Practice") for _ in range(2)]
    asked_after((20, 0), offers=[offers[0]])
    evaluation = make_evaluation(0, offers=[offers[1]])
    answers = [GOOD] * 9 + [{"knowledge": 4}] * 3
    add_responses(evaluation, answers, wave=wave_of(evaluation, 0))
    found = quality(summary_of(GroupKind.PROVIDER, "research-in-practice"))
    assert counted(found) == (20, 20)
    assert (found.evaluations, found.left_out) == (1, 1)


def test_the_running_team_too_sees_sums_of_groups_of_ten_only() -> None:
    offers = [make_offer(provider="Research in Practice") for _ in range(2)]
    asked_after((20, 0), offers=[offers[0]])
    asked_after((7, 0), offers=[offers[1]])
    summary = summary_of(GroupKind.PROVIDER, "research-in-practice", audience=Audience.RUNNING_TEAM)
    assert counted(quality(summary)) == (20, 20)


def test_open_links_and_those_invited_are_never_added_up() -> None:
    evaluation = make_evaluation(0, 3, open_link=True)
    add_responses(evaluation, [{"used": "yes"}] * 12, wave=wave_of(evaluation, 3))
    add_responses(evaluation, [{"used": "no"}] * 11)
    summary = summary_of(GroupKind.OFFER, evaluation.offers[0].slug)
    assert [door.label for door in summary.doors] == ["Straight after", "3 months later"]
    assert [door.answered for door in summary.doors] == [0, 12]
    assert [door.answered for door in summary.open_doors] == [11]


def test_routed_questions_are_added_up_with_routed_questions_only() -> None:
    offers = [make_offer(provider="Partner") for _ in range(2)]
    for offer in offers:
        evaluation = make_evaluation(3, offers=[offer])
        forms: list[dict[str, Any]] = [{"used": "yes", "recommend": "likely"}] * 15
        add_responses(evaluation, forms, wave=wave_of(evaluation, 3))
    summary = summary_of(GroupKind.PROVIDER, "partner")
    [recommend] = [measure for measure in summary.measures if measure.key == "recommend"]
    [figure] = recommend.figures
    assert counted(figure) == (30, 30)
    assert figure.asked_of == "the 30 who have used or accessed it"


def test_matched_change_adds_up_and_its_middle_change_is_that_of_everyone() -> None:
    offers = [make_offer(provider="Partner") for _ in range(2)]
    for offer, after in zip(offers, (6, 8), strict=True):
        evaluation = make_evaluation(-1, 0, offers=[offer])
        keys = [f"{after}-{number}" for number in range(12)]
        for months, score in ((-1, 5), (0, after)):
            add_responses(
                evaluation,
                [{"knowledge": score}] * 12,
                wave=wave_of(evaluation, months),
                pairing_keys=keys,
            )
    [change] = summary_of(GroupKind.PROVIDER, "partner").knowledge
    assert change.change
    assert (change.change.better, change.change.pairs, change.evaluations) == (24, 24, 2)
    assert (change.change.mean_before, change.change.mean_after) == (5, 7)
    assert change.change.median_change == 2


# Some sessions of an evaluation


def test_a_session_stands_alone_when_it_and_the_others_are_large_enough() -> None:
    offer = make_offer()
    evaluation = asked_after(offers=[offer])
    one, two = event_in(offer, 2025, 1), event_in(offer, 2025, 1)
    about(evaluation, one, 10, 2)
    about(evaluation, two, 5, 6)
    assert counted(quality(summary_of(GroupKind.EVENT, one.reference))) == (10, 12)
    assert counted(quality(summary_of(GroupKind.EVENT, two.reference))) == (5, 11)


@pytest.mark.parametrize("others", [1, 9])
def test_a_session_is_withheld_where_the_rest_would_be_few(others: int) -> None:
    offer = make_offer()
    evaluation = asked_after(offers=[offer])
    one, two = event_in(offer, 2025, 1), event_in(offer, 2025, 1)
    about(evaluation, one, 30)
    about(evaluation, two, others)
    for event in (one, two):
        assert not shows_quality(summary_of(GroupKind.EVENT, event.reference))


def test_a_session_is_withheld_where_it_and_its_step_differ_by_few() -> None:
    # Who looked before February came in would find the 4 of the small session by subtraction.
    offer = make_offer()
    evaluation = asked_after(offers=[offer])
    january, large, small = (event_in(offer, 2025, month) for month in (1, 2, 2))
    about(evaluation, january, 20, answered_on=datetime(2025, 1, 1, tzinfo=UTC).date())
    about(evaluation, large, 12)
    about(evaluation, small, 4)
    assert not shows_quality(summary_of(GroupKind.EVENT, large.reference))
    assert counted(quality(summary_of(GroupKind.EVENT, january.reference))) == (20, 20)


def test_a_session_is_withheld_where_a_sector_and_it_would_give_few_away() -> None:
    # All of the police but 3 came to the first session: session less police would tell the rest.
    offer = make_offer()
    evaluation = asked_after(offers=[offer])
    one, two = event_in(offer, 2025, 1), event_in(offer, 2025, 1)
    police, health = make_sector("Police"), make_sector("Health")
    about(evaluation, one, 12, sector=police)
    about(evaluation, one, 3, sector=health)
    about(evaluation, two, 20, sector=health)
    assert not shows_quality(summary_of(GroupKind.EVENT, one.reference))
    about(evaluation, one, 9, sector=health)
    assert counted(quality(summary_of(GroupKind.EVENT, one.reference))) == (24, 24)


def test_an_offer_among_several_has_its_own_sessions() -> None:
    offers = [make_offer(), make_offer()]
    evaluation = asked_after(offers=offers)
    for offer, good in zip(offers, (12, 14), strict=True):
        about(evaluation, event_in(offer, 2025, 1), good)
    summary = summary_of(GroupKind.OFFER, offers[0].slug)
    assert counted(quality(summary)) == (12, 12)
    assert summary.in_part == (evaluation.title,)


def test_a_period_holds_its_sessions_and_a_sum_of_periods_is_the_whole() -> None:
    offer = make_offer()
    evaluation = asked_after(offers=[offer])
    for year, month, good in ((2024, 5, 11), (2024, 12, 13), (2023, 5, 15)):
        day = datetime(year, month, 1, tzinfo=UTC).date()
        about(evaluation, event_in(offer, year, month), good, answered_on=day)
    of_year = summary_of(GroupKind.PERIOD, "2024-25")
    assert counted(quality(of_year)) == (24, 24)
    for period, expected in (("2024-25-q1", 11), ("2024-25-q3", 13), ("school-year-2023-24", 11)):
        summary = summary_of(GroupKind.OFFER, offer.slug, period=period)
        assert counted(quality(summary)) == (expected, expected)
    ever = summary_of(GroupKind.OFFER, offer.slug)
    assert counted(quality(ever)) == (39, 39)
    assert ("2024-25-q1", "Quarter 1 of 2024-25, April to June 2024") in ever.periods


def test_knowledge_before_and_after_is_never_split_by_session() -> None:
    offer = make_offer()
    evaluation = asked_after(offers=[offer])
    for month in (1, 2):
        day = datetime(2025, month, 1, tzinfo=UTC).date()
        add_responses(
            evaluation,
            [{"knowledge": 7, "quality": "good"}] * 20,
            wave=wave_of(evaluation, 0),
            event=event_in(offer, 2025, month),
            answered_on=day,
        )
    event = evaluation.offers[0].events[0]
    keys = {measure.key for measure in summary_of(GroupKind.EVENT, event.reference).measures}
    assert "quality" in keys
    assert "knowledge" not in keys


# A sector


def test_a_sector_is_the_sum_of_the_lines_in_which_it_stands_alone() -> None:
    police, health, housing = (make_sector(name) for name in ("Police", "Health", "Housing"))
    for numbers in ((12, 15, 11), (20, 11, 3)):
        evaluation = make_evaluation(0)
        for sector, number in zip((police, health, housing), numbers, strict=True):
            add_responses(evaluation, [GOOD] * number, wave=wave_of(evaluation, 0), sector=sector)
    found = [
        quality(summary_of(GroupKind.SECTOR, sector.slug)) for sector in (police, health, housing)
    ]
    # In the second evaluation Housing's three stand together with Health.
    assert [counted(figure) for figure in found] == [(32, 32), (15, 15), (11, 11)]
    assert [figure.left_out for figure in found] == [0, 1, 1]


@pytest.mark.parametrize(
    ("kind", "slug"),
    [
        (GroupKind.PERIOD, "2024-26"),
        (GroupKind.PERIOD, "2024-25-q5"),
        (GroupKind.PRIORITY, "2022-25"),
        (GroupKind.PRIORITY, "2022-25-99"),
        (GroupKind.PROVIDER, "nobody"),
        (GroupKind.SECTOR, "nowhere"),
        (GroupKind.EVENT, "none"),
        (GroupKind.OFFER, "none"),
    ],
)
def test_there_is_no_such_grouping(kind: GroupKind, slug: str) -> None:
    assert group_summary(kind, slug, audience=Audience.ELSEWHERE, now=NOW) is None
