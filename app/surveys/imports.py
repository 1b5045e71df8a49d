"""Answers from a Microsoft Forms file: taken in once, brought up to date, undone for a day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import cast

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.orm import contains_eager

from app.accounts.models import Person
from app.audit import operations as audit
from app.kernel.db import db
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference
from app.surveys import evaluations, import_rows
from app.surveys.import_drafts import UNDO_WITHIN, read_draft, read_plans
from app.surveys.import_models import (
    ImportDraft,
    ImportedForm,
    ImportedQuestion,
    ImportedRow,
    ImportRun,
)
from app.surveys.import_row_rules import row_key, words_key
from app.surveys.import_rules import QuestionPlan
from app.surveys.import_versions import version_for
from app.surveys.models import Evaluation, Measure, Questionnaire, QuestionnaireKind
from app.surveys.readers.forms_file import FormsFile

GONE = "This import was finished or given up: choose the file again"


def files_to_import(*, now: datetime) -> list[str]:
    """The references of files that were confirmed, in that order; at any `now` all of them."""
    confirmed = (ImportDraft.confirmed_at.is_not(None), ImportDraft.refusal.is_(None))
    found = select(ImportDraft.reference).where(*confirmed).order_by(ImportDraft.confirmed_at)
    return list(db.session.scalars(found))


def import_file(reference: str, *, now: datetime) -> int:
    """Import a file as it was confirmed, or note why that cannot be; how many answers are new."""
    draft = db.session.get(ImportDraft, reference)
    if draft is None or draft.confirmed_by is None:
        return 0
    actor = db.session.scalars(select(Person).where(Person.reference == draft.confirmed_by)).one()
    try:
        # Whatever is refused is refused before anything is written.
        return import_answers(reference, read_plans(draft), actor=actor, now=now).new_count
    except Refused as refusal:
        draft.refusal = str(refusal)
        return 0


def import_answers(
    reference: str, plans: Sequence[QuestionPlan], *, actor: Person, now: datetime
) -> ImportRun:
    """Take the answers of a draft in, as these plans say; Refused if they are in elsewhere."""
    draft = db.session.get(ImportDraft, reference, populate_existing=True)
    if draft is None:
        raise Refused(GONE)
    evaluation = db.session.get_one(Evaluation, draft.evaluation_id, with_for_update=True)
    found = read_draft(draft)
    form = _form_of(draft, found, evaluation)
    version = version_for(form, plans, now=now)
    rows = import_rows.find_rows(form, found, plans)
    run = ImportRun(
        reference=draft.reference,
        form=form,
        imported_by=actor.reference,
        imported_at=now,
        file_name=draft.file_name,
        file_sha256=draft.file_sha256,
        new_count=len(rows.new),
        changed_count=len(rows.changed),
        unchanged_count=rows.unchanged_count,
    )
    db.session.add(run)
    db.session.flush()
    days = found.days or (london_date(now), london_date(now))
    import_rows.add_rows(run, rows.new, version, otherwise_on=days[0])
    import_rows.replace_answers(run, rows.changed, version)
    form.revision += 1
    form.first_answered_on = min(days[0], form.first_answered_on or days[0])
    form.last_answered_on = max(days[1], form.last_answered_on or days[1])
    _remember(form, plans, now=now)
    db.session.delete(draft)
    _note(run, "imported answers", actor, now=now)
    db.session.flush()
    return run


def undo_import(reference: str, *, actor: Person, now: datetime) -> None:
    """Take a file's answers out again; Refused after a day, or once a later file came."""
    run = db.session.scalars(
        select(ImportRun)
        .join(ImportRun.form)
        .where(ImportRun.reference == reference)
        .options(contains_eager(ImportRun.form).joinedload(ImportedForm.evaluation))
        .with_for_update(of=ImportedForm)
        .execution_options(populate_existing=True)
    ).one()
    form = run.form
    if run.undone_at:
        raise Refused("This import has been undone already")
    if now > run.imported_at + UNDO_WITHIN:
        raise Refused("An import can be undone for a day, and that day is over")
    live = [other for other in form.runs if not other.undone_at]
    if live[-1].id != run.id:
        raise Refused("A later file of this form was imported: undo that one first")
    import_rows.erase_rows(run)
    import_rows.put_back(run)
    run.undone_at = now
    run.replaced = None
    form.revision += 1
    if len(live) == 1:
        form.first_answered_on = form.last_answered_on = None
    _note(run, "undid an import", actor, now=now)
    db.session.flush()


def _note(run: ImportRun, verb: str, actor: Person, *, now: datetime) -> None:
    audit.record(
        actor.reference,
        verb,
        "evaluation",
        run.form.evaluation.slug,
        now=now,
        import_reference=run.reference,
        new=run.new_count,
        changed=run.changed_count,
    )


def _form_of(draft: ImportDraft, found: FormsFile, evaluation: Evaluation) -> ImportedForm:
    """The form as it was imported before, or a new one; Refused if its rows are in elsewhere."""
    keys = {row_key(found.fingerprint, row.row_id, row.completed) for row in found.rows}
    alike = db.session.scalars(
        select(ImportedForm)
        .where(ImportedForm.fingerprint == found.fingerprint)
        .order_by(ImportedForm.id)
    ).all()
    form = None
    for known in alike:
        if (known.evaluation_id, known.months_later) == (evaluation.id, draft.months_later):
            form = known
            continue
        rows = select(ImportedRow.row_key).where(ImportedRow.form_id == known.id)
        if not keys.isdisjoint(db.session.scalars(rows)):
            raise Refused(
                "Answers of this file are imported already, for another time or for "
                f"“{known.evaluation.title}”: choose those, or undo that import first"
            )
    return form or _new_form(draft, found, evaluation)


def _new_form(draft: ImportDraft, found: FormsFile, evaluation: Evaluation) -> ImportedForm:
    months = draft.months_later
    kind = QuestionnaireKind.IMPACT if months is None else evaluations.kind_of_wave(months)
    questionnaire = Questionnaire(
        slug=f"imported-{new_reference()}", title=draft.file_name, kind=kind
    )
    db.session.add(questionnaire)
    db.session.flush()
    form = ImportedForm(
        fingerprint=found.fingerprint,
        evaluation=evaluation,
        months_later=months,
        questionnaire_id=questionnaire.id,
        revision=0,
    )
    db.session.add(form)
    db.session.flush()
    return form


def _remember(form: ImportedForm, plans: Sequence[QuestionPlan], *, now: datetime) -> None:
    """What staff made of each question, for the next file of this form or of one like it."""
    db.session.execute(delete(ImportedQuestion).where(ImportedQuestion.form_id == form.id))
    measures = {one.key: one.id for one in db.session.scalars(select(Measure))}
    rows = [
        {
            "form_id": form.id,
            "words_key": words_key(plan.words),
            "words": plan.words,
            "kind": plan.kind.value,
            "measure_id": measures.get(plan.measure_key),
            "options": json.dumps([asdict(option) for option in plan.options]),
            "saved_at": now,
        }
        for plan in plans
    ]
    db.session.execute(insert(cast(Table, ImportedQuestion.__table__)), rows)
