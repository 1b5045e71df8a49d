"""Charts as pictures of their own: SVG that carries its words, its numbers and its source.

Colours and sizes are attributes, since a picture leaves the page and its style sheet behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Any

from app.impact.reports.documents import Line, Piece

WIDTH = 960
MARGIN = 32
BAR_LEFT, BAR_WIDTH, BAR_HEIGHT = 480, 440, 22
LABEL_LETTERS, SURE_LETTERS, TITLE_LETTERS, FOOT_LETTERS = 32, 58, 62, 110
FONT = "Arial, Helvetica, sans-serif"
LIGHT, QUIET, GREY = "#e3eef6", "#4d5b6a", "#b9c6d2"
MIDDLE = "#7fb0d3"
FIGURE_WIDTH, FIGURE_HEIGHT = 360, 216


@dataclass(frozen=True, slots=True)
class Look:
    """The partnership's two colours and what stands under every picture."""

    ink: str
    brand: str
    source: tuple[str, ...]


def has_picture(piece: Piece) -> bool:
    """Whether there is a chart to draw."""
    return bool(piece["drawings"]) or any(line["chart"] for line in piece["lines"])


def picture(piece: Piece, look: Look) -> str:
    """A figure as a picture that stands for itself in a document or on a slide."""
    drawn = _Drawn(look)
    drawn.lines_of(piece["title"], TITLE_LETTERS, size=26, bold=True, step=34)
    for line in piece["lines"]:
        drawn.measure(line)
    for drawing in piece["drawings"]:
        drawn.figure(drawing)
        for note in piece["notes"]:
            drawn.lines_of(note, FOOT_LETTERS - 18, size=17, step=24)
    drawn.down(14)
    for words in look.source:
        drawn.lines_of(words, FOOT_LETTERS, size=14, colour=QUIET, step=20)
    return drawn.as_svg(piece["title"], piece["alt"])


def inline(drawing: dict[str, Any], look: Look, *, title: str, words: str) -> str:
    """A histogram or a line over time as it stands on a page."""
    return (
        f'<svg class="chart chart--figure" viewBox="0 0 {FIGURE_WIDTH} {FIGURE_HEIGHT}" '
        f'role="img" focusable="false"><title>{escape(title)}</title><desc>{escape(words)}</desc>'
        f"{''.join(_figure(drawing, look))}</svg>"
    )


class _Drawn:
    """A picture under way, from the top down."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.at = MARGIN
        self.parts: list[str] = []

    def down(self, by: int) -> None:
        """Leave room."""
        self.at += by

    def lines_of(
        self,
        words: str,
        letters: int,
        *,
        size: int,
        step: int,
        bold: bool = False,
        colour: str = "",
    ) -> None:
        """Words over the whole width, in as many lines as they need."""
        for line in wrap(words, letters):
            self.at += step
            self.parts.append(
                _text(MARGIN, self.at - step // 4, line, size, colour or self.look.ink, bold=bold)
            )

    def measure(self, line: Line) -> None:
        """What it is on the left, the number, and its bar with the likely range."""
        top = self.at + 18
        labels = [
            *((part, 18, self.look.ink) for part in wrap(line["label"], LABEL_LETTERS)),
            *((part, 16, QUIET) for part in wrap(line["when"], LABEL_LETTERS + 4)),
        ]
        for place, (part, size, colour) in enumerate(labels):
            self.parts.append(_text(MARGIN, top + 17 + 22 * place, part, size, colour))
        self.parts.append(
            _text(BAR_LEFT - 20, top + 20, line["number"], 28, self.look.ink, bold=True, end=True)
        )
        if line["chart"]:
            self.parts += _bar(line["chart"], top, self.look)
        sure = wrap(line["sure"], SURE_LETTERS)
        below = top + (BAR_HEIGHT + 20 if line["chart"] else 17)
        for place, part in enumerate(sure):
            self.parts.append(_text(BAR_LEFT, below + 19 * place, part, 15, QUIET))
        self.at = max(below + 19 * len(sure), top + 22 * len(labels) + 8)

    def figure(self, drawing: dict[str, Any]) -> None:
        """A histogram or a line over time, at twice its size on a page."""
        self.parts.append(f'<g transform="translate({MARGIN} {self.at + 16}) scale(2)">')
        self.parts += _figure(drawing, self.look)
        self.parts.append("</g>")
        self.at += 2 * FIGURE_HEIGHT + 16

    def as_svg(self, title: str, words: str) -> str:
        """The whole picture on white."""
        height = self.at + MARGIN
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" role="img" font-family="{FONT}">'
            f"<title>{escape(title)}</title><desc>{escape(words)}</desc>"
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>{"".join(self.parts)}</svg>'
        )


def _text(
    x: float,
    y: float,
    words: str,
    size: int,
    colour: str,
    *,
    bold: bool = False,
    end: bool = False,
    middle: bool = False,
) -> str:
    anchor = ' text-anchor="end"' if end else ' text-anchor="middle"' if middle else ""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}"{anchor}{weight}>'
        f"{escape(words)}</text>"
    )


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return (
        f'<rect x="{round(x, 1):g}" y="{round(y, 1):g}" width="{round(width, 1):g}" '
        f'height="{round(height, 1):g}" fill="{colour}"/>'
    )


def _path(shape: str, colour: str, width: float = 1) -> str:
    return f'<path d="{shape}" fill="none" stroke="{colour}" stroke-width="{width:g}"/>'


def _bar(chart: dict[str, Any], top: float, look: Look) -> list[str]:
    """A share or a mean as a bar from nought to all, the likely range as a whisker on it."""
    whole = 10.0 if chart["kind"] == "score" else float(chart["base"])
    per_cent = BAR_WIDTH / (10.0 if chart["kind"] == "score" else 100.0)
    values: Sequence[float] = chart.get("segments") or [chart.get("count", chart.get("mean", 0))]
    colours = [look.brand] if len(values) == 1 else [look.ink, look.brand, MIDDLE]
    parts, at = [_rect(BAR_LEFT, top, BAR_WIDTH, BAR_HEIGHT, LIGHT)], float(BAR_LEFT)
    for place, value in enumerate(values):
        width = BAR_WIDTH * value / whole
        parts.append(_rect(at, top, width, BAR_HEIGHT, colours[min(place, len(colours) - 1)]))
        at += width
    low = max(BAR_LEFT + 1.0, BAR_LEFT + chart["low"] * per_cent)
    high = min(BAR_LEFT + BAR_WIDTH - 1.0, BAR_LEFT + chart["high"] * per_cent)
    middle = top + BAR_HEIGHT / 2
    ends = f"M{low:.1f} {middle - 6:g}v12M{high:.1f} {middle - 6:g}v12"
    shape = f"M{low:.1f} {middle:g}H{high:.1f}{ends}"
    return [*parts, _path(shape, "#ffffff", 5), _path(shape, look.ink, 2)]


def _figure(drawing: dict[str, Any], look: Look) -> list[str]:
    return _histogram(drawing, look) if drawing["kind"] == "histogram" else _means(drawing, look)


def _histogram(drawing: dict[str, Any], look: Look) -> list[str]:
    """How many gave each score, before and after; the labels stand over the highest columns."""
    before, after = drawing["before"], drawing["after"]
    most = max(*before, *after, 1)
    parts = []
    for score, (then, now) in enumerate(zip(before, after, strict=True)):
        for count, x, colour in ((then, 8, GREY), (now, 21, look.brand)):
            height = 140.0 * count / most
            if count:
                parts.append(_rect(x + 32 * score, 184 - height, 12, height, colour))
        parts.append(_text(20 + 32 * score, 204, str(score), 14, QUIET, middle=True))
    parts.append(_path("M4 184.5H356", look.ink))
    tops = [counts.index(max(counts)) for counts in (before, after)]
    # Labels nearer than their own width are pushed apart around their middle.
    apart = max(abs(32 * (tops[1] - tops[0])), 110) / 2
    middle = min(max(16 * sum(tops) + 20, 56 + apart), 304 - apart)
    side = -1 if tops[1] < tops[0] else 1
    places = (middle - side * apart, middle + side * apart)
    for label, x, colour in zip(drawing["labels"], places, (GREY, look.brand), strict=True):
        parts.append(_text(x, 16, label, 15, look.ink, middle=True))
        parts.append(_rect(x - 28, 22, 56, 4, colour))
    return parts


def _means(drawing: dict[str, Any], look: Look) -> list[str]:
    """Means over time, each with its likely range and the number of people who answered."""
    points = drawing["points"]
    step = 310.0 / len(points)
    xs = [round(40 + step * (place + 0.5), 1) for place in range(len(points))]
    ys = [_height_of(point["mean"]) for point in points]
    parts = []
    for score in (0, 5, 10):
        parts.append(_path(f"M30 {_height_of(score):g}H356", "#cfd8e0"))
        parts.append(_text(22, _height_of(score) + 5, str(score), 14, QUIET, end=True))
    line = "L".join(f"{x:g} {y:g}" for x, y in zip(xs, ys, strict=True))
    parts.append(_path(f"M{line}", look.brand, 3))
    for place, (point, x, y) in enumerate(zip(points, xs, ys, strict=True)):
        low, high = _height_of(point["low"]), _height_of(point["high"])
        parts.append(_path(f"M{x:g} {low:g}V{high:g}", look.ink, 2))
        parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="5" fill="{look.brand}"/>')
        rises = place + 1 < len(points) and points[place + 1]["mean"] > point["mean"] + 0.2
        label_y = max(low, y + 5) + 16 if rises else min(high, y - 5) - 7
        parts.append(_text(x, label_y, f"{point['mean']:.1f}", 15, look.ink, middle=True))
        parts.append(_text(x, 188, point["label"], 14, QUIET, middle=True))
        people = " people" if len(points) < 4 else ""
        parts.append(_text(x, 207, f"{point['base']}{people}", 14, QUIET, middle=True))
    return parts


def _height_of(score: float) -> float:
    return round(164 - 14 * score, 1)


def source_lines(partnership: str, made_on: str, example: str) -> tuple[str, ...]:
    """Where a picture comes from, what it is not, and that an example is one."""
    said: Iterable[str] = (
        f"{partnership}, {made_on}. What people say of their own practice; no cause is claimed. "
        "The line on a bar is the likely range (95%).",
        example,
    )
    return tuple(words for words in said if words)
