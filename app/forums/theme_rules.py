"""Whether a theme that somebody types is one that is known already: words only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

WORD = re.compile(r"\w+")
# Words that say nothing of what a theme is about.
EMPTY_WORDS = frozenset(
    {"a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "has", "have", "in", "is"}
    | {"it", "more", "of", "on", "or", "our", "the", "to", "with"}
)
MOST_OFFERED = 5
ALIKE, SHARED = 0.75, 0.5


def title_key(title: str) -> str:
    """What two writings of one title have in common: no capitals, single spaces."""
    return " ".join(title.casefold().split())


def similar_titles(title: str, known: Iterable[str]) -> list[str]:
    """Known titles that may mean the same, the most alike first; none that is the same."""
    key = title_key(title)
    marks = [(_likeness(key, title_key(one)), one) for one in known if title_key(one) != key]
    likely = sorted((mark for mark in marks if mark[0] > 0), key=lambda mark: (-mark[0], mark[1]))
    return [one for _, one in likely[:MOST_OFFERED]]


def _likeness(left: str, right: str) -> float:
    """From 0, nothing in common, to 1."""
    ours, theirs = _stems(left), _stems(right)
    fewest = min(len(ours), len(theirs))
    shared = len(ours & theirs) / fewest if fewest else 0.0
    letters = SequenceMatcher(None, left, right).ratio()
    if shared < SHARED and letters < ALIKE:
        return 0.0
    return max(shared, letters)


def _stems(title: str) -> set[str]:
    """The words that count, without the ending that makes many out of one."""
    return {_stem(word) for word in WORD.findall(title) if word not in EMPTY_WORDS}


def _stem(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 else word


def change_words(now: int, before: int | None) -> str:
    """What came of a theme since the half term before, in words."""
    if before is None:
        return "nothing to compare with"
    if before == 0:
        return "new since the half term before" if now else "not mentioned"
    if now == before:
        return "the same as the half term before"
    return f"{abs(now - before)} {'more' if now > before else 'fewer'} than the half term before"


def widths(counts: Sequence[int]) -> list[int]:
    """How wide each bar is, of 100; the longest fills the row."""
    most = max(counts, default=0)
    return [round(100 * count / most) if most else 0 for count in counts]
