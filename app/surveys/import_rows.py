"""Rows of a file as responses and answers: taken in, replaced, put back."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from sqlalchemy import Table, delete, insert, select, update

from app.kernel.db import db
from app.partnership.models import Sector
from app.surveys.import_models import ImportedForm, ImportedRow, ImportRun
from app.surveys.import_row_rules import Answers, answers_reader, content_hash, row_key
from app.surveys.import_rules import QuestionPlan
from app.surveys.import_sector_rules import sector_of
from app.surveys.import_versions import ImportedVersion
from app.surveys.readers.forms_file import FormsFile, FormsRow
from app.surveys.response_models import Answer, Response, ResponseSource, random_id

AT_ONCE = 500  # ids in one statement
OF_AN_ANSWER = ("response_id", "question_id", "option_id", "score", "text")


@dataclass(frozen=True)
class FoundRow:
    """One row of a file with what it comes to, and the row that it was last time, if any."""

    row: FormsRow
    key: str
    answers: Answers
    sector: str
    digest: str
    before: ImportedRow | None

    @property
    def is_changed(self) -> bool:
        """Whether somebody answered otherwise since; an older file changes nothing."""
        if self.before is None or self.before.content_hash == self.digest:
            return False
        return not (self.row.modified and self.row.modified < self.before.modified)


@dataclass
class FoundRows:
    """The rows of a file, sorted by what becomes of them."""

    new: list[FoundRow] = field(default_factory=list)
    changed: list[FoundRow] = field(default_factory=list)
    unchanged_count: int = 0


def find_rows(form: ImportedForm, found: FormsFile, plans: Sequence[QuestionPlan]) -> FoundRows:
    """Which rows of a file are new, which have changed since last time."""
    known = {
        row.row_key: row
        for row in db.session.scalars(select(ImportedRow).where(ImportedRow.form_id == form.id))
    }
    answers_of = answers_reader(plans)
    rows = FoundRows()
    for row in found.rows:
        key = row_key(found.fingerprint, row.row_id, row.completed)
        answers, sector = answers_of(row.cells), sector_of(plans, row.cells)
        digest = content_hash(answers, sector)
        one = FoundRow(row, key, answers, sector, digest, known.get(key))
        if one.before is None:
            rows.new.append(one)
        elif one.is_changed:
            rows.changed.append(one)
        else:
            rows.unchanged_count += 1
    return rows


def add_rows(
    run: ImportRun, new: Sequence[FoundRow], version: ImportedVersion, *, otherwise_on: date
) -> None:
    """Take rows in by random ids, in the order of those, so that none tells of the file's order."""
    by_id = sorted(((random_id(), one) for one in new), key=lambda pair: pair[0])
    form, sectors = run.form, _sector_ids()
    _insert(
        Response,
        [
            {
                "id": response_id,
                "evaluation_id": form.evaluation_id,
                "version_id": version.id,
                "source": ResponseSource.IMPORTED,
                "import_run_id": run.id,
                "sector_id": sectors.get(one.sector),
                "answered_on": (one.row.completed_on or otherwise_on).replace(day=1),
            }
            for response_id, one in by_id
        ],
    )
    _add_answers(form, version, [(response_id, one.answers) for response_id, one in by_id])
    _insert(
        ImportedRow,
        [
            {
                "response_id": response_id,
                "form_id": form.id,
                "row_key": one.key,
                "content_hash": one.digest,
                "modified": one.row.modified,
            }
            for response_id, one in by_id
        ],
    )


def replace_answers(run: ImportRun, changed: Sequence[FoundRow], version: ImportedVersion) -> None:
    """Other answers for rows that are in already; those before are kept until undoing ends.

    Such a response stays in the batch it came in: figures must not shrink by a few.
    """
    pairs = [(one.before, one) for one in changed if one.before is not None]
    if not pairs:
        return
    ids = [row.response_id for row, _ in pairs]
    held, before = _held_answers(ids)
    run.replaced = json.dumps(
        [
            {
                "response_id": row.response_id,
                "version_id": before[row.response_id][0],
                "sector_id": before[row.response_id][1],
                "content_hash": row.content_hash,
                "modified": row.modified,
                "answers": held[row.response_id],
            }
            for row, _ in pairs
        ]
    )
    _erase_answers(ids)
    sectors = _sector_ids()
    by_sector: defaultdict[int | None, list[int]] = defaultdict(list)
    for row, one in pairs:
        by_sector[sectors.get(one.sector)].append(row.response_id)
    for sector_id, of_sector in by_sector.items():
        _set(of_sector, version_id=version.id, sector_id=sector_id)
    _add_answers(run.form, version, [(row.response_id, one.answers) for row, one in pairs])
    for row, one in pairs:
        row.content_hash, row.modified = one.digest, one.row.modified


def erase_rows(run: ImportRun) -> None:
    """Take out what this file added."""
    of_run = select(Response.id).where(Response.import_run_id == run.id)
    for statement in (
        delete(ImportedRow).where(ImportedRow.response_id.in_(of_run)),
        delete(Answer).where(Answer.response_id.in_(of_run)),
        delete(Response).where(Response.import_run_id == run.id),
    ):
        db.session.execute(statement, execution_options={"synchronize_session": False})


def put_back(run: ImportRun) -> None:
    """The answers that this file replaced, as they were."""
    replaced = json.loads(run.replaced or "[]")
    _erase_answers([one["response_id"] for one in replaced])
    more = {"evaluation_id": run.form.evaluation_id}
    _insert(
        Answer,
        [{"id": random_id(), **answer, **more} for one in replaced for answer in one["answers"]],
    )
    facts: defaultdict[tuple[int, int | None], list[int]] = defaultdict(list)
    for one in replaced:
        facts[one["version_id"], one.get("sector_id")].append(one["response_id"])
    for (version_id, sector_id), ids in facts.items():
        _set(ids, version_id=version_id, sector_id=sector_id)
    rows = {
        row.response_id: row
        for some in _by_500([one["response_id"] for one in replaced])
        for row in db.session.scalars(select(ImportedRow).where(ImportedRow.response_id.in_(some)))
    }
    for one in replaced:
        row = rows[one["response_id"]]
        row.content_hash, row.modified = one["content_hash"], one["modified"]


def _add_answers(
    form: ImportedForm, version: ImportedVersion, given: Sequence[tuple[int, Answers]]
) -> None:
    rows = [
        {
            "id": random_id(),
            "response_id": response_id,
            "evaluation_id": form.evaluation_id,
            **version.columns(key, value),
        }
        for response_id, answers in given
        for key, value in answers
    ]
    _insert(Answer, sorted(rows, key=lambda row: int(row["id"])))


def _sector_ids() -> dict[str, int]:
    return {row.slug: row.id for row in db.session.execute(select(Sector.slug, Sector.id))}


def _held_answers(
    ids: Sequence[int],
) -> tuple[dict[int, list[dict[str, Any]]], dict[int, tuple[int, int | None]]]:
    """The answers of these responses, and the version and sector of each."""
    held: dict[int, list[dict[str, Any]]] = {response_id: [] for response_id in ids}
    facts: dict[int, tuple[int, int | None]] = {}
    columns = [getattr(Answer, name) for name in OF_AN_ANSWER]
    for some in _by_500(ids):
        for answer in db.session.execute(select(*columns).where(Answer.response_id.in_(some))):
            held[answer[0]].append(dict(zip(OF_AN_ANSWER, answer, strict=True)))
        columns_of_it = (Response.id, Response.version_id, Response.sector_id)
        for row in db.session.execute(select(*columns_of_it).where(Response.id.in_(some))):
            facts[row.id] = (row.version_id, row.sector_id)
    return held, facts


def _set(ids: Sequence[int], *, version_id: int, sector_id: int | None) -> None:
    for some in _by_500(ids):
        db.session.execute(
            update(Response)
            .where(Response.id.in_(some))
            .values(version_id=version_id, sector_id=sector_id),
            execution_options={"synchronize_session": False},
        )


def _erase_answers(response_ids: Sequence[int]) -> None:
    for some in _by_500(response_ids):
        db.session.execute(
            delete(Answer).where(Answer.response_id.in_(some)),
            execution_options={"synchronize_session": False},
        )


def _by_500(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]


def _insert(model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        # Through the table: the mapped class would send a statement for every change of columns.
        db.session.execute(insert(cast(Table, model.__table__)), rows)
