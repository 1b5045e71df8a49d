"""Signing in by an e-mailed code, the people who do, and the roles they hold."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts import emails, rules, throttle
from app.accounts.models import Capacity, Organisation, Person, RoleGrant
from app.accounts.rules import Act, CountedBy
from app.accounts.sign_in_models import SignInCode, SignInSession
from app.audit import operations as audit
from app.kernel.access import Role
from app.kernel.db import db, rows_changed
from app.kernel.errors import Refused
from app.kernel.tokens import derived_token, new_reference, same, token_hash
from app.partnership.models import Sector


def request_code(email: str, *, client: str, now_real: datetime) -> SignInCode:
    """Mail a new code to the address, known or not; TooOften if too many were asked for."""
    asked_by = _asked_by(email, client)
    throttle.admit(Act.ASK_CODE, asked_by, now_real=now_real)
    throttle.count(Act.ASK_CODE, asked_by, now_real=now_real)
    code = f"{secrets.randbelow(10**rules.CODE_LENGTH):0{rules.CODE_LENGTH}}"
    row = SignInCode(
        address_hash=_address_hash(email),
        code_hash=_code_hash(email, code),
        made_at=now_real,
        expires_at=now_real + rules.CODE_LIFE,
    )
    db.session.add(row)
    db.session.flush()
    emails.queue_code(email, code, row)
    return row


def sign_in_with_code(
    email: str, code: str, *, client: str, now: datetime, now_real: datetime
) -> str | None:
    """A new session token; None for a wrong, used or expired code, which is counted as a try."""
    tried_by = {CountedBy.ADDRESS: email, CountedBy.CLIENT: client, CountedBy.EVERYBODY: ""}
    throttle.admit(Act.TRY_CODE, tried_by, now_real=now_real)
    is_right = _use_code(email, code, now_real)
    person = find_or_add_person(email, now=now) if is_right else None
    if person is None or person.deactivated_at is not None:
        throttle.count(Act.TRY_CODE, tried_by, now_real=now_real)
        return None
    asked_by = _asked_by(email, client)
    for shared in (CountedBy.CLIENT, CountedBy.EVERYBODY):
        del asked_by[shared]
    throttle.forgive((Act.TRY_CODE, {CountedBy.ADDRESS: email}), (Act.ASK_CODE, asked_by))
    audit.record(person.reference, "signed_in", "person", person.reference, now=now)
    return start_session(person, now_real=now_real)


def _asked_by(email: str, client: str) -> dict[CountedBy, str]:
    return {
        CountedBy.ADDRESS: email,
        CountedBy.ADDRESS_FROM_CLIENT: f"{email} {client}",
        CountedBy.CLIENT: client,
        CountedBy.EVERYBODY: "",
    }


def _use_code(email: str, code: str, now_real: datetime) -> bool:
    """Whether this is one of the address's live codes, which it uses up; else each counts a try."""
    rows = db.session.scalars(
        select(SignInCode)
        .where(SignInCode.address_hash == _address_hash(email), SignInCode.expires_at > now_real)
        .order_by(SignInCode.id)
        .with_for_update()
    )
    live = [
        row
        for row in rows
        if rules.code_counts(
            expires_at=row.expires_at,
            tries_count=row.tries_count,
            used_at=row.used_at,
            now=now_real,
        )
    ]
    wanted = _code_hash(email, code)
    right = [row for row in live if same(row.code_hash, wanted)]
    if right:
        right[0].used_at = now_real
        return True
    for row in live:
        row.tries_count += 1
    return False


def forget_codes(email: str) -> None:
    """Erase the codes that were mailed to an address."""
    db.session.execute(delete(SignInCode).where(SignInCode.address_hash == _address_hash(email)))


def _address_hash(email: str) -> str:
    return derived_token("sign-in address", email)


def _code_hash(email: str, code: str) -> str:
    return derived_token("sign-in code", f"{email} {code}")


def start_session(person: Person, *, now_real: datetime, second_step: bool = False) -> str:
    """The token of a new sign-in; only its hash is kept."""
    token = secrets.token_urlsafe(32)
    hours = timedelta(hours=current_app.config["SESSION_HOURS"])
    db.session.add(
        SignInSession(
            token_hash=token_hash(token),
            person_id=person.id,
            started_at=now_real,
            last_seen_at=now_real,
            expires_at=now_real + hours,
            second_factor_at=now_real if second_step else None,
        )
    )
    db.session.flush()
    return token


def end_session(token: str, *, now_real: datetime) -> None:
    """End the sign-in with this token, wherever it is used."""
    _end(SignInSession.token_hash == token_hash(token), now_real=now_real)


def end_session_named(
    person: Person, name: str, *, actor: str, now: datetime, now_real: datetime
) -> int:
    """End the person's sign-in whose hash begins so; how many were ended: 1, or 0 if unknown."""
    is_named = SignInSession.token_hash.startswith(name, autoescape=True)
    count = _end(SignInSession.person_id == person.id, is_named, now_real=now_real)
    if count:
        audit.record(actor, "ended_sign_in", "person", person.reference, now=now)
    return count


def end_all_sessions(person: Person, *, actor: str, now: datetime, now_real: datetime) -> int:
    """End every sign-in of a person at once; how many there were."""
    count = _end(SignInSession.person_id == person.id, now_real=now_real)
    audit.record(actor, "ended_all_sign_ins", "person", person.reference, now=now, count=count)
    return count


def _end(*which: ColumnElement[bool], now_real: datetime) -> int:
    ended = db.session.execute(
        update(SignInSession)
        .where(SignInSession.ended_at.is_(None), *which)
        .values(ended_at=now_real)
    )
    return rows_changed(ended)


def find_or_add_person(email: str, *, now: datetime) -> Person:
    """The person with this address (lower case), added without a profile if there is none."""
    person = _person_of(email)
    if person is not None:
        return person
    try:
        with db.session.begin_nested():
            added = Person(reference=new_reference(), email=email, created_at=now)
            db.session.add(added)
        return added
    except IntegrityError:  # somebody added the same address at the same time
        found = _person_of(email)
        if found is None:
            raise
        return found


def _person_of(email: str) -> Person | None:
    return db.session.scalars(select(Person).where(Person.email == email)).one_or_none()


def describe_person(person: Person, *, name: str, capacity: Capacity, now: datetime) -> None:
    """Note the name and the capacity somebody learns in; a job is kept for employees only."""
    changed = {"name": person.name != name, "capacity": person.capacity is not capacity}
    person.name = name
    person.capacity = capacity
    if not rules.is_asked_for_job(capacity):
        person.job_title = None
    _note_change(person, changed, now)


def complete_profile(
    person: Person,
    *,
    organisation: Organisation | None,
    sector: Sector | None,
    job_title: str | None,
    now: datetime,
) -> None:
    """Note where somebody works or volunteers, or only the sector: the profile is complete."""
    sector_id = organisation.sector_id if organisation else sector.id if sector else None
    if sector_id is None:
        raise Refused("Choose your organisation or a sector")
    organisation_id = organisation.id if organisation else None
    kept_job = (job_title or None) if rules.is_asked_for_job(person.capacity) else None
    changed = {
        "organisation": person.organisation_id != organisation_id,
        "sector": person.sector_id != sector_id,
        "job": person.job_title != kept_job,
    }
    person.organisation_id = organisation_id
    person.sector_id = sector_id
    person.job_title = kept_job
    person.profile_completed_at = person.profile_completed_at or now
    _note_change(person, changed, now)


def _note_change(person: Person, changed: dict[str, bool], now: datetime) -> None:
    """Which parts changed, never what they say."""
    names = ", ".join(name for name, is_changed in changed.items() if is_changed)
    if names:
        reference = person.reference
        audit.record(reference, "changed_profile", "person", reference, now=now, parts=names)


def grant_role(person: Person, role: Role, *, actor: str, now: datetime) -> bool:
    """Give a role; False if the person holds it already."""
    db.session.get(Person, person.id, with_for_update=True)
    if _held(person, role) is not None:
        return False
    db.session.add(RoleGrant(person=person, role=role, granted_at=now))
    db.session.flush()
    reference = person.reference
    audit.record(actor, "granted_role", "person", reference, now=now, role=role.value)
    return True


def revoke_role(person: Person, role: Role, *, actor: str, now: datetime) -> bool:
    """Take a role away, from the next page on; Refused for the last administrator."""
    holders = _lock_grants(role)
    grant = _held(person, role)
    if grant is None:
        return False
    if role is Role.ADMINISTRATOR:
        rules.refuse_to_leave_nobody(holders, person.id)
    grant.revoked_at = now
    reference = person.reference
    audit.record(actor, "revoked_role", "person", reference, now=now, role=role.value)
    return True


def _lock_grants(role: Role) -> list[int]:
    """Hold all grants of a role; the ids of people who hold it and can sign in."""
    rows = db.session.execute(
        select(RoleGrant.person_id, Person.deactivated_at)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == role, RoleGrant.revoked_at.is_(None))
        .order_by(RoleGrant.id)
        .with_for_update(of=RoleGrant)
    )
    return [person_id for person_id, deactivated_at in rows if deactivated_at is None]


def _held(person: Person, role: Role) -> RoleGrant | None:
    return db.session.scalars(
        select(RoleGrant).where(
            RoleGrant.person_id == person.id,
            RoleGrant.role == role,
            RoleGrant.revoked_at.is_(None),
        )
    ).one_or_none()
