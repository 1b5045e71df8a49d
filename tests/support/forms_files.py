"""Invented files of answers as Microsoft Forms writes them, made in code."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from openpyxl import Workbook

from app.accounts.models import Person
from app.kernel.db import db
from app.surveys import import_drafts, import_queries, imports
from app.surveys.import_models import ImportRun
from app.surveys.import_rules import ImportKind, QuestionPlan, suggest
from app.surveys.readers.forms_file import FormsFile, read_forms_file
from tests.support.factories import NOW

OWN = ("ID", "Start time", "Completion time", "Email", "Name")
Cells = Sequence[Any]


def person(number: int, *answers: Any, day: int = 3) -> list[Any]:
    """One person's row of an anonymous form: they answer minutes after one another."""
    started = datetime(2025, 3, day, 10 + number // 60, number % 60, 5)  # noqa: DTZ001 - as Excel
    ended = started.replace(second=55)
    return [number, started, ended, "anonymous", None, *answers]


def excel(questions: Cells, rows: Iterable[Cells], *, own: Cells = OWN, sheet: str = "") -> bytes:
    """An Excel file with these questions and rows."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = sheet or "Sheet1"
    page.append([*own, *questions])
    for row in rows:
        page.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def comma_separated(
    questions: Cells,
    rows: Iterable[Cells],
    *,
    own: Cells = OWN,
    encoding: str = "utf-8",
    delimiter: str = ",",
    times: str = "%d/%m/%Y %H:%M",
) -> bytes:
    """The same, saved again as CSV by somebody's spreadsheet program."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerow([*own, *questions])
    for row in rows:
        writer.writerow([c.strftime(times) if isinstance(c, datetime) else c for c in row])
    return file.getvalue().encode(encoding)


def toolkit_answers(count: int, *, first: int = 1) -> list[list[Any]]:
    """An impact evaluation of a toolkit: people use it, know it, recommend it and say how."""
    use = ("Very frequently", "Frequently", "Occasionally", "Rarely", "Never")
    recommend = ("Very likely", "Likely", "Not sure")
    rows = []
    for number in range(first, first + count):
        rows.append(
            person(
                number % 700,
                "Yes" if number % 10 else "No",
                use[number % 5],
                4 + number % 7,
                recommend[number % 3],
                "I used it in supervision;I briefed colleagues;" if number % 2 else "Nothing yet;",
                "" if number % 3 else f"I used it with worry number {number} in mind.",
            )
        )
        rows[-1][0] = number
    return rows


TOOLKIT_QUESTIONS = (
    "Are you aware of the neglect toolkit?",
    "How often do you use it in your work?",
    "How would you rate your knowledge of neglect now?",
    "How likely are you to recommend it to others?",
    "What has changed in your setting?",
    "Can you give an example?",
)


def an_import_draft(evaluation_id: int, actor: Person, *, now: datetime) -> str:
    """A file that was read and is to be confirmed, of two questions; its reference."""
    rows = [person(number, "Yes", "Good" if number % 2 else "Poor") for number in range(1, 13)]
    reference = import_drafts.keep_draft(
        read_forms_file(excel(("Are you aware of it?", "Rate the session overall"), rows)),
        evaluation_id=evaluation_id,
        months_later=None,
        file_name="Toolkit.xlsx",
        file_sha256="0" * 64,
        actor=actor,
        now=now,
    )
    db.session.commit()
    return reference


def an_import(evaluation_id: int, actor: Person, *, now: datetime) -> str:
    """Such a file, brought in; the reference of the import."""
    draft = an_import_draft(evaluation_id, actor, now=now)
    plans = [
        QuestionPlan("Are you aware of it?", ImportKind.YES_NO),
        QuestionPlan("Rate the session overall", ImportKind.TEXT),
    ]
    run = imports.import_answers(draft, plans, actor=actor, now=now)
    db.session.commit()
    return run.reference


def import_suggested(
    content: bytes,
    evaluation_id: int,
    actor: Person,
    *,
    months: int | None = None,
    now: datetime = NOW,
) -> ImportRun:
    """Bring a file in with every question as suggested."""
    found = read_forms_file(content)
    reference = import_drafts.keep_draft(
        found,
        evaluation_id=evaluation_id,
        months_later=months,
        file_name="Toolkit.xlsx",
        file_sha256="0" * 64,
        actor=actor,
        now=now,
    )
    run = imports.import_answers(reference, suggested_plans(found), actor=actor, now=now)
    db.session.commit()
    return run


def suggested_plans(found: FormsFile) -> list[QuestionPlan]:
    """What is suggested for each question of a file."""
    measures = import_queries.known_measures()
    last = import_queries.remembered(found.fingerprint, found.questions)
    return [
        suggest(words, found.column(place), measures=measures, remembered=last.get(words))
        for place, words in enumerate(found.questions)
    ]
