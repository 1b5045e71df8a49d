"""Markdown that staff write, as safe HTML: no raw HTML, no scripts, only web and mail links."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import nh3
from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "h2", "h3", "h4", "blockquote", "a", "hr"}


def to_html(text: str) -> Markup:
    """The text as HTML; headings begin at level 2, since a page has one h1."""
    lowered = "\n".join("#" + line if line.startswith("# ") else line for line in text.split("\n"))
    clean = nh3.clean(
        _parser().render(lowered),
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener",
    )
    return Markup(clean)  # noqa: S704 - cleaned on the line above


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # 60 modules that most pages do without

    return MarkdownIt("commonmark", {"html": False})
