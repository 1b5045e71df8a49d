"""The record as its page shows it and its download holds it; learning elsewhere is one's own."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.kernel.db import db
from app.record.models import LearningElsewhere
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_learning_elsewhere,
    make_offer,
    make_partnership,
    make_person,
    make_refresher,
)
from tests.support.hostile import MARKUP, TEXTS
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

DAY = timedelta(days=1)


def downloaded(client: PageClient) -> list[list[str]]:
    return list(csv.reader(io.StringIO(client.get("/record.csv").text.lstrip("\ufeff"))))


def lines_of_page(client: PageClient, page: int = 1) -> list[list[str]]:
    """Date, what, hours and how of each line shown."""
    rows = client.get(f"/record?page={page}").select("tr")[1:]
    cells = [row.select("td") for row in rows]
    return [[c[0].words, c[1].one("b").words, c[2].words, c[3].words] for c in cells]


def test_the_download_holds_what_all_pages_show(client: PageClient, now: datetime) -> None:
    make_partnership()
    person = make_person()
    for number in range(28):
        event = make_event(make_offer(), starts_at=now - (number + 2) * DAY)
        make_attendance(make_booking(event, person))
    make_learning_elsewhere(person, title=MARKUP, minutes=None)
    db.session.commit()
    sign_in(client, person)
    shown = lines_of_page(client) + lines_of_page(client, 2)
    rows = downloaded(client)
    begins = next(at for at, row in enumerate(rows) if row[:1] == ["Date"]) + 1
    assert [[row[0], row[1], row[3], row[4]] for row in rows[begins:]] == shown
    assert len(shown) == 29
    assert MARKUP in {row[1] for row in rows[begins:]}


def test_the_example_says_so_in_the_download(
    app: Flask, client: PageClient, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_partnership()
    sign_in(client, make_person())
    assert downloaded(client)[0][0] == "Learning record of"
    monkeypatch.setattr("app.kernel.clock.example_words", lambda: "Example data: invented")
    assert downloaded(client)[0] == ["Example data: invented"]


@pytest.mark.parametrize("title", ["=1+1", "+cmd", "-1+1", "@SUM(A1)", TEXTS["formula"]])
def test_no_title_becomes_a_formula(client: PageClient, now: datetime, title: str) -> None:
    make_partnership()
    person = make_person()
    make_learning_elsewhere(person, title=title)
    db.session.commit()
    sign_in(client, person)
    assert f"'{title}" in [cell for row in downloaded(client) for cell in row]


def test_learning_elsewhere_is_added_changed_and_removed(client: PageClient, now: datetime) -> None:
    make_partnership()
    person, refresher = make_person(), make_refresher(name="Lead training")
    db.session.commit()
    sign_in(client, person)
    typed = {
        "title": "Course at college",
        "provider": "The college",
        "learned_on": "10 November 2026",
        "hours": "1.5",
        "refresher": str(refresher.id),
    }
    answer = client.post_form(client.get("/record/elsewhere/new"), typed)
    assert answer.location == "/record"
    page = client.get("/record")
    assert "1.5 hours" in page.words
    assert "Last done 10 November 2026, due again by 10 November 2028" in page.words
    entry = db.session.scalars(select(LearningElsewhere)).one()
    address = f"/record/elsewhere/{entry.reference}"
    client.post_form(client.get(address), {"title": "Another", "hours": ""})
    assert "Not said" in client.get("/record").words
    client.post_form(client.get(f"{address}/remove"), button="Remove")
    assert "Nothing is recorded yet" in client.get("/record").words


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("learned_on", "11 November 2026", "The day of learning must not be in the future"),
        ("learned_on", "", "Enter the day, or the last day if there were several"),
        ("hours", "0", "Hours must be a number, such as 3 or 1.5"),
        ("hours", "three", "Hours must be a number, such as 3 or 1.5"),
        ("hours", "201", "Hours must be 200 or fewer"),
        ("title", "", "Enter what you learned"),
        ("provider", "", "Enter who provided it"),
    ],
)
def test_what_cannot_be_added_is_refused_in_words(
    client: PageClient, now: datetime, field: str, typed: str, sentence: str
) -> None:
    make_partnership()
    sign_in(client, make_person())
    good = {"title": "A course", "provider": "Us", "learned_on": "1 May 2026", "hours": ""}
    answer = client.post_form(client.get("/record/elsewhere/new"), {**good, field: typed})
    assert answer.errors == [sentence]


def test_somebody_elses_entry_is_not_there(client: PageClient, now: datetime) -> None:
    make_partnership()
    entry = make_learning_elsewhere(make_person())
    db.session.commit()
    address = f"/record/elsewhere/{entry.reference}"
    sign_in(client, make_person())
    assert client.get(address).status_code == 404
    assert client.get(f"{address}/remove").status_code == 404


def test_reminders_are_stopped_and_started_from_the_record(
    client: PageClient, now: datetime
) -> None:
    make_partnership()
    person = make_person()
    make_learning_elsewhere(person, refresher_id=make_refresher().id)
    db.session.commit()
    sign_in(client, person)
    client.post_form(client.get("/record"), button="Stop these reminders")
    page = client.get("/record")
    assert "You get no reminders" in page.words
    client.post_form(page, button="Remind me again before something falls due")
    assert "three months and one month before" in client.get("/record").words
