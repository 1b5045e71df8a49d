"""Taking words out of an answer for good, wherever this feature keeps them."""

from __future__ import annotations

import json

from sqlalchemy import delete, select, update

from app.kernel.db import db
from app.surveys.import_models import ImportDraft, ImportedRow, ImportRun
from app.surveys.response_models import Answer


def replace_text(answer_id: int, text: str) -> None:
    """Keep other words than those somebody wrote, and nothing that could bring theirs back.

    A row of a file that comes again unchanged is not read again, so the words stay out.
    """
    answer = db.session.get_one(Answer, answer_id)
    answer.text = text
    db.session.flush()
    row = db.session.get(ImportedRow, answer.response_id)
    if row is None:
        return
    # A file that waits to be confirmed may hold the same row: it can be chosen again.
    db.session.execute(delete(ImportDraft))
    of_form = (ImportRun.form_id == row.form_id, ImportRun.replaced.is_not(None))
    for run in db.session.scalars(select(ImportRun).where(*of_form).with_for_update()):
        kept = json.loads(run.replaced or "[]")
        for one in kept:
            if one["response_id"] == row.response_id:
                for before in one["answers"]:
                    before["text"] = text if before["text"] is not None else None
        db.session.execute(
            update(ImportRun).where(ImportRun.id == run.id).values(replaced=json.dumps(kept))
        )
