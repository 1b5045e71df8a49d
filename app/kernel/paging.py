"""Lists in pages: which part is shown, and which page numbers lead to the others."""

from __future__ import annotations

from dataclasses import dataclass

PAGE_SIZE = 25
MOST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Pages:
    """One page of a list: its number, how many there are, and which rows it shows."""

    number: int
    count: int
    first: int
    last: int

    @property
    def numbers(self) -> list[int | None]:
        """Page numbers to show: the first, the last, those around this one; None for a gap."""
        near = {1, self.count, self.number - 1, self.number, self.number + 1}
        listed: list[int | None] = []
        for number in sorted(n for n in near if 1 <= n <= self.count):
            if listed and number - (listed[-1] or 0) > 1:
                listed.append(None)
            listed.append(number)
        return listed

    @property
    def title_words(self) -> str:
        """What the page's title says of it; nothing if there is only one."""
        return f" (page {self.number} of {self.count})" if self.count > 1 else ""


def pages(wanted: int, *, length: int, size: int = PAGE_SIZE) -> Pages:
    """The wanted page of a list of that length; the first one if there is no such page."""
    count = max(1, -(-length // size))
    number = wanted if 1 <= wanted <= count else 1
    return Pages(number, count, (number - 1) * size, min(length, number * size))


def page_number(text: str | None) -> int:
    """The page number in an address; 1 for anything else."""
    given = (text or "").strip()
    if given.isascii() and given.isdecimal() and len(given) <= MOST_DIGITS:
        return max(1, int(given))
    return 1
