"""Offers side by side: by name, with how sure, and never a league table of chance."""

from __future__ import annotations

from typing import Any

import pytest

from app.impact import wording
from app.impact.comparing import Comparison, compare
from app.impact.disclosure import Audience
from app.kernel.access import Role
from tests.impact.test_views import signed_in, tables_in, tables_on
from tests.support.answers import add_responses, make_evaluation, wave_of
from tests.support.factories import NOW, make_offer, make_partnership
from tests.support.page_client import PageClient

pytestmark = pytest.mark.usefixtures("app")


def asked(title: str, good: int, poor: int, months: int = 0) -> None:
    evaluation = make_evaluation(months, offers=[make_offer(title=title)])
    forms: list[dict[str, Any]] = [{"quality": "good"}] * good + [{"quality": "poor"}] * poor
    add_responses(evaluation, forms, wave=wave_of(evaluation, months))


def compared(measure: str = "quality", **changes: Any) -> Comparison:
    settings = {"time": None, "audience": Audience.ELSEWHERE, "now": NOW}
    found = compare(measure, **{**settings, **changes})
    assert found
    return found


def test_offers_stand_in_the_order_of_their_names_with_what_chance_allows_for() -> None:
    asked("Zebra", 95, 5)
    asked("Apple", 40, 60)
    asked("middle", 94, 6)
    found = compared()
    assert [line.title for line in found.lines] == ["Apple", "middle", "Zebra"]
    assert [wording.beside_words(line) for line in found.lines] == [
        "lower than the others together, beyond their likely ranges",
        "higher than the others together, beyond their likely ranges",
        "higher than the others together, beyond their likely ranges",
    ]


def test_differences_within_chance_are_said_to_be() -> None:
    asked("One", 18, 2)
    asked("Two", 17, 3)
    assert [wording.beside_words(line) for line in compared().lines] == [
        "within chance of the others",
        "within chance of the others",
    ]


def test_too_few_answers_are_named_and_not_shown() -> None:
    asked("One", 18, 2)
    evaluation = make_evaluation(0, offers=[make_offer(title="Small")])
    forms: list[dict[str, Any]] = [{"quality": "good"}] * 9 + [{"skills": "slightly"}] * 2
    add_responses(evaluation, forms, wave=wave_of(evaluation, 0))
    found = compared()
    assert [line.title for line in found.lines] == ["One"]
    assert found.left_out == ("Small",)
    assert wording.beside_words(found.lines[0]) == "nothing to compare it with"


def test_scores_are_compared_by_their_means() -> None:
    for title, score in (("One", 4), ("Two", 8)):
        evaluation = make_evaluation(-1, offers=[make_offer(title=title)])
        forms = [{"knowledge": score}] * 10 + [{"knowledge": score + 1}] * 10
        add_responses(evaluation, forms, wave=wave_of(evaluation, -1))
    found = compared("knowledge")
    assert [line.beside_others for line in found.lines] == ["lower", "higher"]


def test_a_comparison_is_of_one_time_only() -> None:
    asked("One", 18, 2)
    evaluation = make_evaluation(3, offers=[make_offer(title="Two")])
    add_responses(evaluation, [{"used": "yes"}] * 12, wave=wave_of(evaluation, 3))
    assert compared().times == (("wave-0", "Straight after"),)
    assert compared("access").times == (("wave-3", "3 months later"),)
    assert compared("access", time="wave-0").time == "wave-3"


def test_page_and_spreadsheet_hold_the_same(client: PageClient) -> None:
    make_partnership()
    asked("One", 18, 2)
    asked("Two", 17, 3)
    signed_in(client, Role.EVALUATOR)
    page = client.get("/impact/compare?measure=quality")
    assert "this is no ranking" in page.words
    assert "18 of 20, likely between" in page.words
    sheet = client.get("/impact/compare.csv?measure=quality")
    assert tables_on(page) == tables_in(sheet)
    wrong = client.get("/impact/compare?measure=%27--&time=x")
    assert wrong.select("option", selected=True)


def test_nothing_to_compare_is_said(client: PageClient) -> None:
    make_partnership()
    signed_in(client, Role.EVALUATOR)
    assert "Nothing can be compared yet" in client.get("/impact/compare").words
