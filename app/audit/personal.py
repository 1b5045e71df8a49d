"""What the audit trail says of a person, by the reference that stands for them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, or_, select

from app.audit.models import AuditLine
from app.kernel.db import db


def export(*person_references: str) -> dict[str, Any]:
    """What somebody did, and what was done to their account, under each of their references."""
    is_about = and_(
        AuditLine.subject_kind == "person", AuditLine.subject_reference.in_(person_references)
    )
    found = db.session.execute(
        select(
            AuditLine.at,
            AuditLine.verb,
            AuditLine.subject_kind,
            AuditLine.subject_reference,
            AuditLine.facts,
            AuditLine.actor.in_(person_references).label("by_them"),
        )
        .where(or_(AuditLine.actor.in_(person_references), is_about))
        .order_by(AuditLine.id)
    )
    return {"audit_trail": [row._asdict() for row in found]}
