"""Letters: written once as HTML, with the same words as plain text made from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from flask import current_app, render_template

BLOCKS = ("p", "h1", "h2", "h3", "ul", "ol", "table", "div", "blockquote")
AT_START = {**dict.fromkeys(BLOCKS, "\n\n"), "br": "\n", "tr": "\n", "li": "\n- "}
AT_END = {**dict.fromkeys(BLOCKS, "\n\n"), "th": ": "}

# Our own templates wrote the letter, and they escape what they are given: a parser that forgives
# everything takes five times as long.
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:[^<>\"]|\"[^\"]*\")*)>")
_HREF = re.compile(r'\bhref="([^"]*)"')
_SPACE = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"\n{3,}")


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
    _head, _body, letter = html.rpartition("<body>")
    pieces = _TAG.split(letter)
    said, address, link_begins_at = [_words(pieces[0])], "", 0
    for ends, tag, attributes, words in zip(*[iter(pieces[1:])] * 4, strict=True):
        if tag == "a" and not ends:
            href = _HREF.search(attributes)
            address, link_begins_at = unescape(href[1]) if href else "", len(said)
        elif tag == "a" and address:
            shown = address.removeprefix("mailto:")
            if shown not in "".join(said[link_begins_at:]):
                said.append(f": {shown}")
            address = ""
        else:
            said.append((AT_END if ends else AT_START).get(tag, ""))
        said.append(_words(words))
    lines = (" ".join(line.split()) for line in "".join(said).split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip() + "\n"


def _words(text: str) -> str:
    return _SPACE.sub(" ", unescape(text))
