"""Themes: made on the fly, renamed, merged, retired."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.impact.words import queries, themes
from app.impact.words.models import CommentTheme
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from tests.support.comments import comment, commented
from tests.support.factories import NOW, make_person


@pytest.fixture
def reader(app: Flask) -> Person:
    commented("One", "Two")
    return make_person(Role.DELIVERY)


def given(text: str) -> tuple[str, ...]:
    answer_id = comment(text).id
    return queries.themes_of([answer_id])[answer_id]


def test_themes_are_made_on_the_fly_given_and_taken_away(reader: Person) -> None:
    answer_id = comment("One").id
    themes.give_themes(answer_id, [], new_name="Listening", actor=reader, now=NOW)
    themes.give_themes(answer_id, [], new_name="Time", actor=reader, now=NOW)
    assert given("One") == ("Time",)
    listening = themes.add_theme("LISTENING", actor=reader, now=NOW)
    assert listening.name == "Listening"
    themes.give_themes(
        answer_id, [listening.reference, "other"], new_name="", actor=reader, now=NOW
    )
    assert given("One") == ("Listening",)


def test_merging_moves_comments_once(reader: Person) -> None:
    first = themes.add_theme("Wishes", actor=reader, now=NOW)
    second = themes.add_theme("Voice of the child", actor=reader, now=NOW)
    both = [first.reference, second.reference]
    themes.give_themes(comment("One").id, both, new_name="", actor=reader, now=NOW)
    themes.give_themes(comment("Two").id, both[:1], new_name="", actor=reader, now=NOW)
    themes.merge_themes(*both, actor=reader, now=NOW)
    assert given("One") == given("Two") == ("Voice of the child",)
    assert db.session.scalars(select(CommentTheme.name)).all() == ["Voice of the child"]
    with pytest.raises(Refused, match="This theme is gone"):
        themes.rename_theme(both[0], "Wishes", actor=reader, now=NOW)
    with pytest.raises(Refused, match="Choose another theme"):
        themes.merge_themes(both[1], both[1], actor=reader, now=NOW)


def test_a_name_stands_for_one_theme(reader: Person) -> None:
    first = themes.add_theme("Wishes", actor=reader, now=NOW)
    second = themes.add_theme("Time", actor=reader, now=NOW)
    with pytest.raises(Refused, match="There is a theme “Wishes” already"):
        themes.rename_theme(second.reference, "wishes", actor=reader, now=NOW)
    themes.rename_theme(first.reference, "WISHES", actor=reader, now=NOW)
    assert first.name == "WISHES"


def test_a_retired_theme_is_offered_again_when_somebody_types_it(reader: Person) -> None:
    theme = themes.add_theme("Wishes", actor=reader, now=NOW)
    themes.retire_theme(theme.reference, actor=reader, now=NOW)
    assert theme.retired_on
    assert themes.add_theme("wishes", actor=reader, now=NOW).id == theme.id
    assert theme.retired_on is None
