"""The second step of a staff sign-in: an authenticator app, and codes for the day it is lost."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime

import pyotp
from sqlalchemy import delete, func, select, update

from app.accounts import emails, rules, throttle
from app.accounts.models import Person
from app.accounts.rules import Act, CountedBy
from app.accounts.sign_in_models import Authenticator, RecoveryCode, SignInSession
from app.audit import operations as audit
from app.kernel.db import db, rows_changed
from app.kernel.errors import Refused
from app.kernel.tokens import REFERENCE_ALPHABET, derived_token, token_hash
from app.partnership import queries as partnership

SECRET_BYTES = 20  # RFC 4226, 4: 160 bits
RECOVERY_CODE_LENGTH = 10


def new_nonce() -> str:
    """What an authenticator's secret is derived from; useless without the secret key."""
    return secrets.token_urlsafe(24)


def secret_of(person: Person, nonce: str) -> str:
    """The authenticator's secret in base32, as apps take it."""
    derived = bytes.fromhex(derived_token("authenticator", f"{person.reference} {nonce}"))
    return base64.b32encode(derived[:SECRET_BYTES]).decode()


def is_enrolled(person: Person) -> bool:
    """Whether the person has set up an authenticator."""
    held = select(Authenticator.person_id).where(
        Authenticator.person_id == person.id, Authenticator.confirmed_at.is_not(None)
    )
    return db.session.scalar(held) is not None


def recovery_codes_left(person: Person) -> int:
    """How many recovery codes have not been used."""
    unused = (RecoveryCode.person_id == person.id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def enrol(
    person: Person, nonce: str, code: str, *, may_replace: bool, now: datetime, now_real: datetime
) -> list[str] | None:
    """Set up the authenticator if its first code is right: new recovery codes, else None."""
    subjects = {CountedBy.PERSON: person.reference}
    throttle.admit(Act.SECOND_STEP, subjects, now_real=now_real)
    secret = secret_of(person, nonce)
    step = rules.accepted_step(secret, code, last_step=0, now=now_real)
    if step is None:
        throttle.count(Act.SECOND_STEP, subjects, now_real=now_real)
        return None
    _keep(person, Authenticator(nonce=nonce, confirmed_at=now_real, last_step=step), may_replace)
    audit.record(person.reference, "set_up_second_step", "person", person.reference, now=now)
    emails.queue_second_step_set_up(person, now_real=now_real)
    return _replace_recovery_codes(person)


def _keep(person: Person, new: Authenticator, may_replace: bool) -> None:
    """The person's only authenticator; Refused if there is one and it may not be replaced."""
    values = {"nonce": new.nonce, "confirmed_at": new.confirmed_at, "last_step": new.last_step}
    if may_replace:
        mine = update(Authenticator).where(Authenticator.person_id == person.id)
        if rows_changed(db.session.execute(mine.values(values))):
            return
    elif is_enrolled(person):
        raise Refused("An authenticator app is already set up: use its code, or a recovery code")
    db.session.add(Authenticator(person_id=person.id, **values))
    db.session.flush()


def take_code(person: Person, typed: str, *, now: datetime, now_real: datetime) -> bool:
    """Whether this is the authenticator's code or an unused recovery code; neither works twice."""
    subjects = {CountedBy.PERSON: person.reference}
    throttle.admit(Act.SECOND_STEP, subjects, now_real=now_real)
    digits = rules.digits_typed(typed)
    is_right = _take_authenticator_code(person, digits, now_real) if digits else False
    if not is_right:
        is_right = _take_recovery_code(person, typed, now=now, now_real=now_real)
    if is_right:
        throttle.forgive((Act.SECOND_STEP, subjects))
    else:
        throttle.count(Act.SECOND_STEP, subjects, now_real=now_real)
    return is_right


def _take_authenticator_code(person: Person, digits: str, now_real: datetime) -> bool:
    row = db.session.get(Authenticator, person.id, with_for_update=True, populate_existing=True)
    if row is None or row.confirmed_at is None:
        return False
    secret = secret_of(person, row.nonce)
    step = rules.accepted_step(secret, digits, last_step=row.last_step, now=now_real)
    if step is None:
        return False
    row.last_step = step
    return True


def _take_recovery_code(person: Person, typed: str, *, now: datetime, now_real: datetime) -> bool:
    used = db.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.code_hash == _recovery_hash(person, rules.recovery_code_typed(typed)),
            RecoveryCode.person_id == person.id,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now_real)
    )
    if rows_changed(used) != 1:
        return False
    audit.record(person.reference, "used_recovery_code", "person", person.reference, now=now)
    return True


def new_recovery_codes(person: Person, *, now: datetime) -> list[str]:
    """Fresh recovery codes; the old ones stop working."""
    audit.record(person.reference, "made_recovery_codes", "person", person.reference, now=now)
    return _replace_recovery_codes(person)


def _replace_recovery_codes(person: Person) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    codes = [
        "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(RECOVERY_CODE_LENGTH))
        for _ in range(rules.RECOVERY_CODE_COUNT)
    ]
    db.session.add_all(
        RecoveryCode(code_hash=_recovery_hash(person, code), person_id=person.id) for code in codes
    )
    db.session.flush()
    half = RECOVERY_CODE_LENGTH // 2
    return [f"{code[:half]}-{code[half:]}" for code in codes]


def _recovery_hash(person: Person, code: str) -> str:
    return derived_token("recovery code", f"{person.reference} {code}")


def confirm_session(token: str, *, now_real: datetime) -> str:
    """The new token of a sign-in whose second step was right; the old one ends with it."""
    fresh = secrets.token_urlsafe(32)
    db.session.execute(
        update(SignInSession)
        .where(SignInSession.token_hash == token_hash(token), SignInSession.ended_at.is_(None))
        .values(token_hash=token_hash(fresh), second_factor_at=now_real)
    )
    return fresh


def remove(person: Person, *, actor: str, now: datetime) -> None:
    """Forget the authenticator and the recovery codes: the next staff sign-in sets them up anew."""
    for table in (Authenticator, RecoveryCode):
        db.session.execute(delete(table).where(table.person_id == person.id))
    db.session.execute(
        update(SignInSession)
        .where(SignInSession.person_id == person.id)
        .values(second_factor_at=None)
    )
    audit.record(actor, "removed_second_step", "person", person.reference, now=now)


def picture(person: Person, secret: str) -> str:
    """The secret as a QR code for an app to read: a data: address of an SVG picture."""
    import segno  # only here: it is large

    facts = partnership.current()
    address = pyotp.TOTP(secret).provisioning_uri(
        name=person.email or person.reference, issuer_name=f"{facts.short_name} learning"
    )
    return str(segno.make(address, error="m").svg_data_uri(scale=4, border=3))
