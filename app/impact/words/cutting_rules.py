"""Cutting somebody's words: what is left stays as they wrote it, and every cut shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from app.kernel.refusals import Refused

CUT = "[…]"
REMOVED = "[removed]"
MARKS = {CUT, "[...]", REMOVED, "…"}
TOKEN = re.compile(r"\[…\]|\[\.\.\.\]|\[removed\]|\w+(?:[’'-]\w+)*|[^\w\s]")
SEVERAL_CUTS = re.compile(r"\[…\](?:\s*\[…\])+")
CLOSING = set(".,;:!?)]”’")


@dataclass(frozen=True, slots=True)
class _Token:
    words: str
    start: int
    end: int


def cut(original: str, kept: str, *, mark: str) -> str:
    """The original with `mark` wherever the kept words leave something out.

    Refused if anything was changed or added, since then they are not the writer's words.
    """
    tokens = _tokens(original)
    places = _places([one.words for one in tokens], [one.words for one in _tokens(kept)])
    pieces: list[str] = []
    end, before = 0, -1
    for place in [*places, len(tokens)]:
        start = tokens[place].start if place < len(tokens) else len(original)
        # What stands between two words that follow each other stays, marks of earlier cuts too.
        pieces.append(original[end:start] if place == before + 1 else mark)
        if place < len(tokens):
            pieces.append(tokens[place].words)
            end, before = tokens[place].end, place
    return _spaced(pieces, mark)


def quotation(original: str, kept: str) -> str:
    """The kept words with […] at every cut, those that were taken out before among them."""
    words = cut(original, kept, mark=CUT).replace(REMOVED, CUT)
    return SEVERAL_CUTS.sub(CUT, words)


def is_whole(original: str, kept: str) -> bool:
    """Whether nothing was left out."""
    return [one.words for one in _tokens(original)] == [one.words for one in _tokens(kept)]


def has_words(text: str) -> bool:
    """Whether anything but marks and punctuation is left."""
    return any(re.search(r"\w", one.words) for one in _tokens(text))


def _tokens(text: str) -> list[_Token]:
    """Words and punctuation; marks of cuts are none, so that they may be typed or taken away."""
    found = (_Token(one[0], *one.span()) for one in TOKEN.finditer(text))
    return [one for one in found if one.words not in MARKS]


def _places(original: list[str], kept: list[str]) -> list[int]:
    """Which of the original words each kept one is, with as few gaps as can be."""
    matcher = SequenceMatcher(None, original, kept, autojunk=False)
    places = [
        place
        for start, _, size in matcher.get_matching_blocks()
        for place in range(start, start + size)
    ]
    return places if len(places) == len(kept) else _in_order(original, kept)


def _in_order(original: list[str], kept: list[str]) -> list[int]:
    places: list[int] = []
    place = -1
    for word in kept:
        try:
            place = original.index(word, place + 1)
        except ValueError:
            raise Refused(
                f"“{word}” is not in the comment at that place: "
                "delete words, but do not change or add any"
            ) from None
        places.append(place)
    return places


def _spaced(pieces: list[str], mark: str) -> str:
    """The pieces in a row, each mark set off from the words around it."""
    text = ""
    for piece in pieces:
        if piece == mark and text:
            text = f"{text.rstrip()} {mark}"
        elif text.endswith(mark) and piece[:1] not in CLOSING | {"", " "}:
            text = f"{text} {piece}"
        else:
            text += piece
    return text.strip()
