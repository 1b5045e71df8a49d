"""The big numbers at the top of a report."""

from __future__ import annotations

from typing import Any, cast

from app.impact.reports.documents import Document
from app.impact.reports.showing import glance


def a_piece(group: str, key: str) -> dict[str, Any]:
    chart = {"kind": "share", "count": 12, "base": 20}
    line = {"label": "", "when": "3 months later", "number": "60%", "chart": chart}
    return {"group": group, "key": key, "title": key, "lines": [line], "sentences": [], "bases": {}}


def keys_at_a_glance(*pieces: dict[str, Any]) -> list[str]:
    document = {"sections": [{"pieces": list(pieces)}]}
    return [key for _, _, key in glance(cast("Document", document))]


def test_every_kind_of_figure_is_among_the_first() -> None:
    reaction = [a_piece("Reaction", f"reaction-{number}") for number in range(6)]
    others = [a_piece("Learning", "learned"), a_piece("Behaviour", "used")]
    found = keys_at_a_glance(*reaction, *others)
    assert found == ["reaction-0", "reaction-1", "reaction-2", "learned", "used"]


def test_that_those_who_came_know_of_it_is_no_news() -> None:
    known = a_piece("Reaction", "personal-awareness")
    told = [a_piece("Reaction", f"reaction-{number}") for number in range(5)]
    assert "personal-awareness" not in keys_at_a_glance(known, *told)
    assert keys_at_a_glance(known) == ["personal-awareness"], "it stands where nothing else does"
