"""Letters: written once as HTML, with the same words as plain text made from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from flask import current_app, render_template

BLOCKS = {"p", "h1", "h2", "h3", "ul", "ol", "table", "div", "blockquote"}


@dataclass(frozen=True)
class Letter:
    """The words of one message."""

    subject: str
    text: str
    html: str


def write(template: str, *, subject: str, **context: Any) -> Letter:
    """The letter of a template in emails/, with the subject as its title."""
    html = render_template(
        f"emails/{template}.html",
        subject=subject,
        base_url=current_app.config["BASE_URL"],
        **context,
    )
    return Letter(subject=" ".join(subject.split()), text=to_text(html), html=html)


def to_text(html: str) -> str:
    """The words of a letter without its markup; a link becomes its words and its address."""
    reader = _TextOfLetter()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _TextOfLetter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent_depth = 0
        self._link = ""
        self._link_words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"head", "style"}:
            self._silent_depth += 1
        elif tag in BLOCKS:
            self.parts.append("\n\n")
        elif tag in {"br", "tr"}:
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag == "a":
            self._link, self._link_words = dict(attrs).get("href") or "", ""

    def handle_endtag(self, tag: str) -> None:
        if tag in {"head", "style"}:
            self._silent_depth -= 1
        elif tag in BLOCKS:
            self.parts.append("\n\n")
        elif tag == "th":
            self.parts.append(": ")
        elif tag == "a" and self._link:
            address = self._link.removeprefix("mailto:")
            if address not in self._link_words:
                self.parts.append(f": {address}")
            self._link = ""

    def handle_data(self, data: str) -> None:
        if self._silent_depth:
            return
        words = re.sub(r"\s+", " ", data)
        self._link_words += words
        self.parts.append(words)
