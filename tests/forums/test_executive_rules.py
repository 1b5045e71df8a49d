"""What the Executive may be shown, and what counts as its answer: tables of cases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from app.forums import executive_rules as rules
from app.forums.executive_rules import Answer, Group, SchoolNames
from app.forums.opinion_models import AnswerState
from app.kernel.refusals import Refused

TODAY = date(2027, 3, 30)
GIVEN_ON = TODAY - timedelta(days=40)
NAMES = SchoolNames.of(
    (
        "Saint Ash's Catholic Primary School",
        "Elm College",
        "Primary School",
        "The Beeches Infant and Nursery School",
        "Nordal Grange Academy (VC)",
        "Oakwood Church of England Primary School",
        "Saint Nolan of the Valley Catholic Primary School",
        "Hope Primary School",
        "Ox Nursery",
    )
)


def group(name: str, base: int) -> Group:
    return Group(name, base, (base // 2,))


@pytest.mark.parametrize(
    ("groups", "total", "shown"),
    [
        ([("A", 20), ("B", 10)], 30, [20, 10]),
        ([("A", 20), ("B", 9)], 29, []),
        ([("A", 30), ("B", 12), ("C", 4)], 46, [30, 16]),
        ([("A", 30), ("B", 6), ("C", 6)], 42, [30, 12]),
        ([("A", 30)], 30, []),  # no more than the whole
        ([("A", 20), ("B", 20)], 45, []),  # five of no phase would be the difference
        ([], 0, []),
    ],
)
def test_groups_below_the_threshold_stand_together(
    groups: list[tuple[str, int]], total: int, shown: list[int]
) -> None:
    found = rules.shown_groups([group(*one) for one in groups], total=total)
    assert sorted(one.base for one in found) == sorted(shown)
    assert all(one.counts[0] <= one.base for one in found)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (
            "Pupils at saint ashs catholic primary school wait",
            "Saint Ash's Catholic Primary School",
        ),
        ("Saint Ash’s told us", "Saint Ash's Catholic Primary School"),
        ("what Elm\nCollege does", "Elm College"),
        ("our primary school", None),
        ("the elm in the yard", None),  # one word may be anything
        ("beeches grow; an infant school", None),
        ("at Nordal Grange", "Nordal Grange Academy (VC)"),
        ("nordal grange primary waits", "Nordal Grange Academy (VC)"),
        ("the Nordal line; a grange", None),
        ("At Oakwood Primary we wait weeks", "Oakwood Church of England Primary School"),
        ("OAKWOOD SCHOOL waits", "Oakwood Church of England Primary School"),
        ("oakwood's, or Oakwood C.E.", None),  # letters with dots are no word
        ("Oakwood CE, our neighbour", "Oakwood Church of England Primary School"),
        ("Oakwood-Nursery", "Oakwood Church of England Primary School"),
        ("the beeches infants", "The Beeches Infant and Nursery School"),
        ("Elm High and its leads", "Elm College"),
        ("Oakwood", None),  # a place
        ("around Oakwood schools wait", None),
        ("Oakwoods school", None),
        ("Oakwood has a primary school", None),
        ("primary Oakwood", None),
        ("Saint Nolan of the Valley", "Saint Nolan of the Valley Catholic Primary School"),
        ("Saint Nolan Valley", "Saint Nolan of the Valley Catholic Primary School"),
        ("Saint Nolan", None),  # there may be several
        ("we hope school leads are rung back", None),
        ("We hope nursery staff are asked", None),
        ("Hope Primary School waits", "Hope Primary School"),
        ("an ox school", None),
        ("Ox Nursery", "Ox Nursery"),
        ("", None),
    ],
)
def test_the_name_of_a_school_is_found_in_a_text(text: str, named: str | None) -> None:
    assert NAMES.in_text("nothing here", text) == named


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We waited nine weeks for any reply at all", "we waited nine weeks for any"),
        ("WE WAITED - nine weeks: for any reply", "we waited nine weeks for any"),
        ("Replies take long", None),
        ("we waited nine weeks for", None),
    ],
)
def test_words_of_an_opinion_are_known_again(text: str, words: str | None) -> None:
    opinions = ("Good.", "Then we waited nine weeks for any reply at all, and gave up.")
    assert rules.borrowed(text, opinions) == words


def answer(**changes: Any) -> Answer:
    facts = {
        "words": "A second team starts",
        "owner": "Head of Education",
        "due_on": None,
        "is_done": False,
        "answered_on": TODAY,
        "revision": 2,
    }
    return Answer(**facts | changes)


YESTERDAY = TODAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        (answer(), None),
        (answer(due_on=TODAY), None),
        (answer(due_on=YESTERDAY, is_done=True), None),
        (answer(due_on=GIVEN_ON), None),  # as it was, and only late
        (answer(due_on=YESTERDAY), "must be today or later"),
        (answer(words=""), "Enter what the Executive answered"),
        (answer(owner=""), "Enter the post that sees to it"),
        (answer(revision=1), "Somebody else has answered this meanwhile"),
        (answer(answered_on=TODAY + timedelta(days=1)), "must not be in the future"),
        (answer(answered_on=GIVEN_ON - timedelta(days=1)), "before the report was given"),
        (answer(answered_on=GIVEN_ON), None),
    ],
)
def test_an_answer_says_something_that_can_be(given: Answer, refusal: str | None) -> None:
    def check() -> None:
        rules.check_answer(given, revision=2, was_due_on=GIVEN_ON, given_on=GIVEN_ON, today=TODAY)

    if refusal is None:
        check()
    else:
        with pytest.raises(Refused, match=refusal):
            check()


@pytest.mark.parametrize(
    ("state", "given_days_ago", "due_in", "late"),
    [
        (AnswerState.OPEN, 61, None, False),
        (AnswerState.OPEN, 62, None, True),
        (AnswerState.ANSWERED, 200, None, False),
        (AnswerState.ANSWERED, 5, 0, False),
        (AnswerState.ANSWERED, 5, -1, True),
        (AnswerState.DONE, 200, -1, False),
    ],
)
def test_what_is_late(
    state: AnswerState, given_days_ago: int, due_in: int | None, late: bool
) -> None:
    due_on = None if due_in is None else TODAY + timedelta(days=due_in)
    given_on = TODAY - timedelta(days=given_days_ago)
    assert rules.is_late(state, given_on, due_on, today=TODAY) is late


@pytest.mark.parametrize(
    ("days", "refusal"),
    [(0, None), (366, None), (-1, "today or later"), (367, "within a year")],
)
def test_when_a_link_may_end(days: int, refusal: str | None) -> None:
    ends_on = TODAY + timedelta(days=days)
    if refusal is None:
        rules.check_end(ends_on, today=TODAY)
    else:
        with pytest.raises(Refused, match=refusal):
            rules.check_end(ends_on, today=TODAY)


def test_long_texts_and_lists_are_cut_and_say_so() -> None:
    assert rules.shortened("one two\nthree", 13) == "one two three"
    assert rules.shortened("one two three", 12) == "one two…"
    assert rules.shortened("x" * 20, 10) == "x" * 9 + "…"
    assert rules.cut([1, 2, 3], 2) == ([1, 2], 1)
    assert rules.more_words(0, "theme", "themes") == ""
    assert rules.more_words(1, "theme", "themes") == "and 1 more theme"
    assert rules.more_words(1200, "theme", "themes") == "and 1,200 more themes"
