"""Cutting comments: every cut shows, and what is left is as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.impact.words.cutting_rules import CUT, REMOVED, cut, has_words, is_whole, quotation
from app.kernel.refusals import Refused

CASES = {
    "nothing cut": ("I used it, twise.", "I used it, twise.", "I used it, twise."),
    "in the middle": (
        "I used it with Mia at home.",
        "I used it at home.",
        f"I used it {CUT} at home.",
    ),
    "at the start": ("At Oak School we used it.", "we used it.", f"{CUT} we used it."),
    "at the end": ("We used it at Oak School", "We used it", f"We used it {CUT}"),
    "before a full stop": ("We used it with Mia.", "We used it.", f"We used it {CUT}."),
    "two cuts": ("Mia and Leo used it today", "used today", f"{CUT} used {CUT} today"),
    "everything": ("Mia and Leo", "", CUT),
    "lines stay": ("One.\n\nTwo Mia.", "One.\n\nTwo.", f"One.\n\nTwo {CUT}."),
    "marks typed by hand": ("With Mia at home", "With […] at home", f"With {CUT} at home"),
    "marks typed with full stops": (
        "With Mia at home",
        "With [...] at home",
        f"With {CUT} at home",
    ),
    "what was taken out before": (
        "With [removed] at home",
        "With at home",
        "With [removed] at home",
    ),
    "or at the end": ("At home with [removed]", "At home with", "At home with [removed]"),
    "words with hyphens and apostrophes": ("a well-known pupil's mum", "a mum", f"a {CUT} mum"),
    "a word that comes twice": ("it was it", "was it", f"{CUT} was it"),
}


@pytest.mark.parametrize("case", CASES)
def test_every_cut_shows(case: str) -> None:
    original, kept, expected = CASES[case]
    assert cut(original, kept, mark=CUT) == expected


@pytest.mark.parametrize(
    ("kept", "named"),
    [
        ("I used that", "that"),
        ("I Used it", "Used"),
        ("it used", "used"),
        ("I used it it", "it"),
    ],
)
def test_words_may_not_be_changed_added_or_moved(kept: str, named: str) -> None:
    with pytest.raises(Refused, match=f"“{named}” is not in the comment at that place"):
        cut("I used it", kept, mark=CUT)


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ("I asked [removed] what he wanted", "I asked […] what he wanted"),
        ("what he wanted", "[…] what he wanted"),
        ("I asked what he", "I asked […] what he […]"),
        ("I he wanted", "I […] he wanted"),
    ],
)
def test_a_quotation_marks_every_cut_alike(kept: str, expected: str) -> None:
    assert quotation("I asked [removed] what he wanted", kept) == expected


def test_what_is_whole_and_what_has_words() -> None:
    assert is_whole("It  helped.", "It helped.")
    assert not is_whole("It helped.", "It helped")
    assert has_words("It […]")
    assert not has_words("[…] .")
    assert not has_words(REMOVED)


@given(st.lists(st.tuples(st.sampled_from(["it", "Mia", "was", "a,", "good."]), st.booleans())))
def test_no_word_that_was_left_out_remains(words: list[tuple[str, bool]]) -> None:
    original = " ".join(word for word, _ in words)
    kept = " ".join(word for word, is_kept in words if is_kept)
    result = cut(original, kept, mark=REMOVED)
    assert result.replace(REMOVED, " ").split() == kept.split() or is_whole(kept, result)
    if "Mia" not in kept:
        assert "Mia" not in result
