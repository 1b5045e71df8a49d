"""Answers that come by other doors than invitations: links, and files of an imported form."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import delete, select

from app.checks import invented_answers
from app.checks.invented_answers import (
    FIRST_MONTH,
    Invented,
    add_forms,
    moment_after,
    questions_of,
)
from app.kernel.db import db
from app.kernel.tokens import new_reference
from app.surveys import questionnaires
from app.surveys.import_models import ImportedForm, ImportRun
from app.surveys.models import Question, QuestionnaireKind, QuestionnaireVersion
from app.surveys.open_link_models import OpenLink
from app.surveys.response_models import Answer, Response, ResponseSource

MADE, UNTIL = datetime(2024, 12, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


class Doors:
    """The open link, links for one session each, and a form whose file comes month by month."""

    def __init__(self, invented: Invented) -> None:
        self._dice = random.Random(invented.seed + 3_000_000)  # noqa: S311 - the same each time
        self._invented = invented
        self._weights = [self._dice.random() ** 2 for _ in invented.sectors]
        self._open = questionnaires.current_version(QuestionnaireKind.IMPACT)
        self._links: list[OpenLink] = []
        self._form: ImportedForm | None = None
        if self._dice.random() < 0.5:
            self._add_links()
        if self._dice.random() < 0.5:
            self._add_form()
        db.session.flush()

    def answer(self, month: int) -> None:
        """Let this month's answers come in; sometimes the last file is undone."""
        day = date(2025 + (month - 1) // 12, (month - 1) % 12 + 1, 1)
        if self._invented.evaluation.open_version_id:
            facts: list[dict[str, Any]] = [
                {"answered_on": day.replace(day=self._dice.randint(1, 28))}
                for _ in range(self._dice.choice((0, 3, 9, 20)))
            ]
            for link in self._links:
                by_link = {"open_link_id": link.id, "event_id": link.event_id}
                facts += [{"answered_on": day, **by_link}] * self._dice.choice((0, 2, 8))
            self._add(self._open, facts)
        if self._form is not None and self._dice.random() < 0.6:
            self._import(self._form, day, month)

    def _add_links(self) -> None:
        evaluation = self._invented.evaluation
        evaluation.open_version_id, evaluation.open_from = self._open.id, MADE
        if self._dice.random() < 0.5:
            self._links = [
                OpenLink(
                    slug=new_reference(10),
                    evaluation_id=evaluation.id,
                    version_id=self._open.id,
                    event_id=event.id,
                    open_from=MADE,
                    open_until=UNTIL,
                    created_at=MADE,
                )
                for event in self._invented.events
            ]
            db.session.add_all(self._links)

    def _add_form(self) -> None:
        # No wave asks before, so that this questionnaire is the form's alone.
        version = questionnaires.current_version(QuestionnaireKind.BEFORE)
        self._form = ImportedForm(
            fingerprint=new_reference(10),
            evaluation_id=self._invented.evaluation.id,
            months_later=self._dice.choice((3, None)),
            questionnaire_id=version.questionnaire_id,
        )
        db.session.add(self._form)

    def _import(self, form: ImportedForm, day: date, month: int) -> None:
        version = questionnaires.current_version(QuestionnaireKind.BEFORE)
        imported_at = moment_after(month).replace(hour=1)
        count = self._dice.choice((4, 9, 16, 30))
        run = ImportRun(
            reference=new_reference(10),
            form_id=form.id,
            imported_by="drill",
            imported_at=imported_at,
            file_name="answers.xlsx",
            file_sha256="",
            new_count=count,
            changed_count=0,
            unchanged_count=0,
        )
        form.revision += 1
        db.session.add(run)
        db.session.flush()
        self._invented.runs.append(run.id)
        facts = {
            "answered_on": day,
            "source": ResponseSource.IMPORTED,
            "import_run_id": run.id,
        }
        self._add(version, [facts] * count)

    def undo_last_file(self, now: datetime) -> None:
        """Now and then; its answers have been seen all the same."""
        if self._form is None or self._dice.random() < 0.8:
            return
        runs = select(ImportRun).where(
            ImportRun.form_id == self._form.id, ImportRun.undone_at.is_(None)
        )
        run = db.session.scalars(runs.order_by(ImportRun.id.desc())).first()
        if run is None:
            return
        of_run = select(Response.id).where(Response.import_run_id == run.id)
        db.session.execute(delete(Answer).where(Answer.response_id.in_(of_run)))
        db.session.execute(delete(Response).where(Response.import_run_id == run.id))
        run.undone_at = now
        self._invented.undone.append(run.id)
        self._form.revision += 1
        db.session.flush()

    def _add(self, version: QuestionnaireVersion, facts: list[dict[str, Any]]) -> None:
        questions: list[Question] = questions_of(version.id)
        sectors = self._dice.choices(list(self._invented.sectors), self._weights, k=len(facts))
        add_forms(
            self._invented,
            [
                {
                    "source": ResponseSource.OPEN,
                    "version_id": version.id,
                    "wave_id": None,
                    "event_id": None,
                    "sector_id": sector_id,
                    "open_link_id": None,
                    "import_run_id": None,
                    "pairing_key": None,
                    **own,
                }
                for sector_id, own in zip(sectors, facts, strict=True)
            ],
            questions,
            self._dice,
        )


def play(invented: Invented) -> Iterator[datetime]:
    """Let answers come in by every door; yields each moment at which somebody looks."""
    doors = Doors(invented)
    for month, now in enumerate(invented_answers.play(invented), start=FIRST_MONTH):
        doors.answer(month)
        yield now
        doors.undo_last_file(now)
