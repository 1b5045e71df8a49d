"""What is said of an event in an e-bulletin and in social media (R15)."""

from __future__ import annotations

from dataclasses import dataclass

MOST_SOCIAL = 280
LEAST_TITLE = 30


@dataclass(frozen=True)
class Announcement:
    """One event as it is announced: all its dates in words, and its full address."""

    title: str
    summary: str
    who_for: str
    dates_words: tuple[str, ...]
    place_words: str
    address: str
    is_full: bool = False

    @property
    def when_words(self) -> str:
        """The first date, and how many more there are."""
        first, more = self.dates_words[0], len(self.dates_words) - 1
        return f"{first}, and {more} more date{'s' * (more > 1)}" if more else first


def social_text(event: Announcement, *, note: str = "") -> str:
    """A post with the link in full; what does not fit is left out, the title at last shortened."""
    way_in = "Full. Join the waiting list" if event.is_full else "Free. Book"
    ends = [f"{way_in}: {event.address}", *filter(None, [note])]
    middle = [f"{event.when_words}, {event.place_words}.", f"{event.when_words}.", ""]
    for words in middle:
        rest = "\n".join(filter(None, [words, *ends]))
        room = MOST_SOCIAL - _length(rest) - 1
        if _length(event.title) <= room or (room >= LEAST_TITLE and words != middle[0]):
            break
    return f"{_shortened(event.title, room)}\n{rest}"


def _shortened(text: str, room: int) -> str:
    """The text in at most so many characters, cut between words where it can be."""
    if _length(text) <= room:
        return text
    while _length(text) > max(room - 1, 0):
        text = text[:-1]
    whole_words = text.rpartition(" ")[0]
    return f"{(whole_words or text).rstrip(' ,;:.')}…"


def _length(text: str) -> int:
    """Characters as social media count them: an emoji for two at least."""
    return len(text.encode("utf-16-le", errors="replace")) // 2
