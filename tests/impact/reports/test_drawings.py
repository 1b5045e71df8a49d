"""Pictures of figures stand for themselves: title, numbers, range, source, and words for all."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from app.impact.reports.drawings import Look, has_picture, inline, picture, source_lines
from app.kernel.access import Role
from app.kernel.db import db
from tests.impact.reports.test_spreadsheets import an_evaluation
from tests.support.factories import make_person
from tests.support.page_client import PageClient
from tests.support.reports import a_piece
from tests.support.signing_in import sign_in

LOOK = Look(ink="#14213d", brand="#1f5f8b", source=source_lines("A & B", "2 May 2026", "Example"))
HOSTILE = '<script>alert(1)</script> "&" it'
TEXT, RECT = "{http://www.w3.org/2000/svg}text", "{http://www.w3.org/2000/svg}rect"


def words_of(drawn: Element) -> str:
    return " ".join(text.text or "" for text in drawn.iter(TEXT))


def test_a_picture_carries_its_words_its_number_and_its_source() -> None:
    drawn = fromstring(picture(a_piece({"use": 40}, title=HOSTILE), LOOK))
    said = words_of(drawn)
    assert HOSTILE in said
    for words in ("100%", "40 of 40", "Straight after", "A & B, 2 May 2026", "Example"):
        assert words in said
    assert "no cause is claimed" in said
    names = {child.tag.rpartition("}")[2] for child in drawn.iter()}
    assert names == {"svg", "title", "desc", "rect", "text", "path"}
    assert not any("style" in child.attrib for child in drawn.iter())


def test_a_bar_is_as_long_as_its_share_and_its_range_stays_on_it() -> None:
    piece = a_piece({"use": 40})
    piece["lines"][0]["chart"] = {
        "kind": "share",
        "count": 10,
        "base": 40,
        "low": 0.0,
        "high": 100.0,
        "segments": [6, 4],
    }
    drawn = fromstring(picture(piece, LOOK))
    bars = [float(rect.attrib["width"]) for rect in drawn.iter(RECT)][1:]
    assert bars == [440.0, 66.0, 44.0]


@pytest.mark.parametrize(
    ("drawing", "shown"),
    [
        (
            {"kind": "histogram", "before": [0] * 11, "after": [0] * 11, "labels": ["a", "<b>"]},
            ["a", "<b>", "10"],
        ),
        (
            {
                "kind": "means",
                "points": [
                    {"label": label, "mean": mean, "low": mean, "high": mean, "base": 12}
                    for label, mean in (("Before", 0.0), ("After", 10.0))
                ],
            },
            ["Before", "0.0", "10.0", "12 people"],
        ),
    ],
)
def test_drawings_of_extremes_stay_readable(drawing: dict[str, Any], shown: list[str]) -> None:
    drawn = fromstring(inline(drawing, LOOK, title=HOSTILE, words=HOSTILE))
    texts = [text.text for text in drawn.iter("text")]
    assert set(shown) <= set(texts)
    for text in drawn.iter("text"):
        assert 0 <= float(text.attrib["y"]) <= 216


def test_every_chart_of_the_page_has_its_picture_and_its_description(client: PageClient) -> None:
    evaluation = an_evaluation()
    db.session.commit()
    sign_in(client, make_person(Role.EVALUATOR))
    page = client.get(f"/impact/evaluations/{evaluation.slug}/figures")
    links = [link["href"] for link in page.select("a") if link.get("data-picture")]
    assert len(links) > 3
    for address in links:
        answer = client.get(address)
        assert answer.mimetype == "image/svg+xml"
        fromstring(answer.text)
    described = [area for area in page.select("textarea") if area["id"].startswith("alt-")]
    assert len(described) == len(links)
    assert all("chart" in area.words and "of" in area.words for area in described)
    missing = client.get(f"/impact/evaluations/{evaluation.slug}/charts/nothing.svg")
    assert missing.status_code == 404


def test_a_figure_without_a_chart_has_no_picture() -> None:
    piece = a_piece({"use": 40})
    piece["lines"] = []
    assert not has_picture(piece)
