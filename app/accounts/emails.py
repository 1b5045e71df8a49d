"""The letters of signing in: a code, and word of a new second step."""

from __future__ import annotations

from datetime import datetime

from app.accounts.models import Person
from app.accounts.rules import CODE_LIFE
from app.accounts.sign_in_models import SignInCode
from app.kernel.tokens import derived_token
from app.outbox import letters
from app.outbox.operations import SIGN_IN_PRIORITY, queue
from app.partnership import queries as partnership


def queue_code(email: str, code: str, row: SignInCode) -> None:
    """Mail a code, the same letter to everybody; nobody's name, so that nothing can be learnt."""
    letter = letters.write(
        "sign_in_code",
        subject=f"Your code to sign in to {_service()}",
        code=code,
        minutes=int(CODE_LIFE.total_seconds()) // 60,
    )
    queue(
        letter,
        dedupe_key=f"sign_in_code:{row.id}:{row.code_hash[:16]}",
        kind="sign_in_code",
        about=("sign_in_code", str(row.id)),
        to_name="",
        to_email=email,
        priority=SIGN_IN_PRIORITY,
        not_after=row.expires_at,
        erase_when_sent=True,
    )


def queue_second_step_set_up(person: Person, *, now_real: datetime) -> None:
    """Tell somebody that an authenticator app was set up, in case it was not them."""
    if person.email is None:
        return
    letter = letters.write(
        "second_step_set_up",
        subject=f"An authenticator app was set up for your sign-in to {_service()}",
        name=person.name,
        at=now_real,
    )
    about = derived_token("second step", f"{person.reference} {now_real.isoformat()}")[:16]
    queue(
        letter,
        dedupe_key=f"second_step_set_up:{person.reference}:{about}",
        kind="second_step_set_up",
        about=("person", person.reference),
        to_name=person.name,
        to_email=person.email,
        priority=SIGN_IN_PRIORITY,
        person_reference=person.reference,
    )


def queue_address_changed(person: Person, old_email: str | None, *, now: datetime) -> None:
    """Tell both addresses which one is used from now on; the old one not what the new one is."""
    which = derived_token("address changed", f"{person.reference} {now.isoformat()}")[:16]
    subjects = {
        "address_in_use": f"We write to you at this address now: {_service()}",
        "address_given_up": f"We no longer use this address for you: {_service()}",
    }
    for kind, to_email in (("address_in_use", person.email), ("address_given_up", old_email)):
        if to_email is None:
            continue
        queue(
            letters.write(kind, subject=subjects[kind], name=person.name),
            dedupe_key=f"{kind}:{person.reference}:{which}",
            kind=kind,
            about=("person", person.reference),
            to_name=person.name,
            to_email=to_email,
            priority=SIGN_IN_PRIORITY,
            person_reference=person.reference,
        )


def _service() -> str:
    facts = partnership.current()
    return f"{facts.short_name} {facts.service_name.lower()}"
