"""One person who is here twice becomes one: their account, posts and roles."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from app.accounts import emails, merging_rules, operations, rules
from app.accounts.corrections import is_empty
from app.accounts.merging_rules import Candidate
from app.accounts.models import Person, Post, RoleGrant
from app.accounts.people import id_of
from app.accounts.sign_in_models import Authenticator, RecoveryCode, SignInSession
from app.audit import operations as audit
from app.kernel.db import db

# Kept as the one who stays has it; taken from the other only where it is missing.
FILLED_IN = ("name", "capacity", "job_title", "organisation_id", "sector_id")


def lock_both(duplicate: Person, into: Person) -> tuple[Person, Person]:
    """Both as this transaction sees them, which nobody else can change until it ends."""
    wanted = [id_of(duplicate), id_of(into)]
    found = db.session.scalars(
        select(Person)
        .where(Person.id.in_(wanted))
        .order_by(Person.id)
        .with_for_update(of=Person)
        .execution_options(populate_existing=True)
    )
    by_id = {person.id: person for person in found}
    return by_id[wanted[0]], by_id[wanted[-1]]


def check_may_merge(duplicate: Person, into: Person, *, actor: Person) -> None:
    """Refused with the sentence that says why these two cannot become one now."""
    merging_rules.check_may_merge(
        _candidate(duplicate), _candidate(into), actor_id=id_of(actor), actor_roles=actor.roles
    )


def _candidate(person: Person) -> Candidate:
    is_closed = person.deactivated_at is not None
    return Candidate(
        person_id=person.id,
        is_empty=is_empty(person),
        is_active=not is_closed,
        is_staff=bool(person.roles),
    )


def merge(
    duplicate: Person, into: Person, *, actor: str, now: datetime, now_real: datetime
) -> str | None:
    """Move posts and roles, fill what is missing, leave the other empty; the address let go."""
    old_email = duplicate.email
    operations.end_all_sessions(duplicate, actor=actor, now=now, now_real=now_real)
    for table in (SignInSession, RecoveryCode, Authenticator):
        db.session.execute(delete(table).where(table.person_id == duplicate.id))
    if old_email:
        operations.forget_codes(old_email)
    _move_posts(duplicate.id, into.id)
    _move_roles(duplicate, into, now)
    _fill_in(into, duplicate)
    _empty(duplicate, into, now)
    db.session.flush()  # an address belongs to one person at every moment
    if into.email is None:
        into.email, old_email = old_email, None
    db.session.flush()
    facts = {"into": into.reference}
    audit.record(actor, "merged", "person", duplicate.reference, now=now, **facts)
    return old_email


def tell(into: Person, old_email: str | None, *, now: datetime) -> None:
    """Both addresses hear which one is used from now on, so that a mistake comes to light."""
    if into.email and old_email:
        emails.queue_address_changed(into, old_email, now=now)


def _move_posts(from_id: int, into_id: int) -> None:
    """A post that both hold is one, since the earlier day."""
    held = {
        (post.organisation_id, post.kind): post
        for post in db.session.scalars(
            select(Post).where(Post.person_id == into_id, Post.until_on.is_(None))
        )
    }
    for post in db.session.scalars(select(Post).where(Post.person_id == from_id)):
        same = held.get((post.organisation_id, post.kind)) if post.until_on is None else None
        if same is None:
            post.person_id = into_id
        else:
            same.from_on = min(same.from_on, post.from_on)
            db.session.delete(post)
    db.session.flush()


def _move_roles(duplicate: Person, into: Person, now: datetime) -> None:
    held = into.roles
    grants = db.session.scalars(
        select(RoleGrant).where(RoleGrant.person_id == duplicate.id).order_by(RoleGrant.id)
    )
    for grant in grants.all():
        if grant.revoked_at is None and grant.role in held:
            grant.revoked_at = now
        db.session.flush()
        grant.person = into
    db.session.flush()


def _fill_in(into: Person, duplicate: Person) -> None:
    if into.organisation_id is not None or into.sector_id is not None:
        missing = [name for name in FILLED_IN if not name.endswith("_id")]
    else:  # where somebody works is one answer, not two halves of two
        missing = list(FILLED_IN)
    for name in missing:
        if not getattr(into, name):
            setattr(into, name, getattr(duplicate, name))
    if not rules.is_asked_for_job(into.capacity):
        into.job_title = None
    into.created_at = min(into.created_at, duplicate.created_at)
    into.profile_completed_at = into.profile_completed_at or duplicate.profile_completed_at


def _empty(duplicate: Person, into: Person, now: datetime) -> None:
    duplicate.name = ""
    duplicate.email = duplicate.job_title = duplicate.capacity = None
    duplicate.organisation_id = duplicate.sector_id = None
    duplicate.profile_completed_at = None
    duplicate.deactivated_at = now
    duplicate.merged_into_id = into.id
