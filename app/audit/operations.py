"""Write a line of the audit trail, in the transaction of the thing itself."""

from __future__ import annotations

from datetime import datetime

from app.audit.models import AuditLine
from app.kernel.db import db


def line(
    actor: str,
    verb: str,
    subject_kind: str,
    subject_reference: str,
    *,
    now: datetime,
    **facts: str | int | bool | None,
) -> AuditLine:
    """Who (a person's reference or a job's name) did what to which thing; not written yet."""
    return AuditLine(
        at=now,
        actor=actor,
        verb=verb,
        subject_kind=subject_kind,
        subject_reference=subject_reference,
        facts=facts,
    )


def record(
    actor: str,
    verb: str,
    subject_kind: str,
    subject_reference: str,
    *,
    now: datetime,
    **facts: str | int | bool | None,
) -> None:
    """Note who did what to which thing; takes what `line` takes."""
    db.session.add(line(actor, verb, subject_kind, subject_reference, now=now, **facts))
