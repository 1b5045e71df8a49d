"""What accounts hold about a person, and what signing in leaves behind."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select

from app.accounts import operations
from app.accounts.models import Organisation, Person, Post, RoleGrant
from app.accounts.sign_in_models import (
    Attempt,
    Authenticator,
    RecoveryCode,
    SignInCode,
    SignInSession,
)
from app.audit import operations as audit
from app.kernel.db import db, rows_changed

# Longer than any limit looks back, and long enough to see what happened yesterday.
KEPT_AFTER_USE = timedelta(days=2)


def purge_expired_sign_ins(*, now: datetime) -> int:
    """Erase codes, sessions and counted tries that ended two days ago (real clock); how many."""
    before = now - KEPT_AFTER_USE
    ended = (
        delete(SignInCode).where(SignInCode.expires_at < before),
        delete(SignInSession).where(
            or_(SignInSession.expires_at < before, SignInSession.ended_at < before)
        ),
        delete(Attempt).where(Attempt.at < before),
    )
    options = {"synchronize_session": False}
    results = [db.session.execute(gone, execution_options=options) for gone in ended]
    return sum(rows_changed(result) for result in results)


def export(person: Person) -> dict[str, Any]:
    """Who somebody is, their posts and roles, and when they signed in."""
    posts = db.session.execute(
        select(Post.kind, Organisation.name.label("organisation"), Post.from_on, Post.until_on)
        .join(Organisation, Organisation.id == Post.organisation_id)
        .where(Post.person_id == person.id)
        .order_by(Post.id)
    )
    roles = db.session.execute(
        select(RoleGrant.role, RoleGrant.granted_at, RoleGrant.revoked_at)
        .where(RoleGrant.person_id == person.id)
        .order_by(RoleGrant.id)
    )
    sign_ins = db.session.execute(
        select(SignInSession.started_at, SignInSession.last_seen_at, SignInSession.ended_at)
        .where(SignInSession.person_id == person.id)
        .order_by(SignInSession.started_at)
    )
    authenticator = db.session.get(Authenticator, person.id)
    return {
        "person": {
            "reference": person.reference,
            "name": person.name,
            "email": person.email,
            "capacity": person.capacity,
            "job_title": person.job_title,
            "organisation": person.organisation.name if person.organisation else None,
            "sector": person.sector.name if person.sector else None,
            "created_at": person.created_at,
            "profile_completed_at": person.profile_completed_at,
            "deactivated_at": person.deactivated_at,
            "authenticator_set_up_at": authenticator.confirmed_at if authenticator else None,
        },
        "posts": [row._asdict() for row in posts],
        "roles": [row._asdict() for row in roles],
        "sign_ins": [row._asdict() for row in sign_ins],
    }


def close(person: Person, *, actor: str, now: datetime, now_real: datetime) -> None:
    """Nobody signs in as this person any more; Refused for the last administrator."""
    for role in sorted(person.roles):
        operations.revoke_role(person, role, actor=actor, now=now)
    person.deactivated_at = person.deactivated_at or now
    operations.end_all_sessions(person, actor=actor, now=now, now_real=now_real)


def erase(person: Person, *, actor: str, now: datetime) -> None:
    """Leave of a closed account its reference and its dates; whoever signs in anew is new here."""
    for table in (SignInSession, RecoveryCode, Authenticator, Post):
        db.session.execute(delete(table).where(table.person_id == person.id))
    if person.email:
        operations.forget_codes(person.email)
    person.name = ""
    person.email = person.job_title = person.organisation_id = person.sector_id = None
    person.capacity = None
    audit.record(actor, "erased", "person", person.reference, now=now)
