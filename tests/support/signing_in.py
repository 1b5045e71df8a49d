"""Sign somebody in within a test, without the pages for it."""

from __future__ import annotations

from datetime import timedelta

from app.accounts.models import Person
from app.accounts.sign_in_models import SignInSession
from app.accounts.signed_in import TOKEN_KEY
from app.kernel import clock
from app.kernel.db import db
from app.kernel.tokens import new_reference, token_hash
from tests.support.page_client import PageClient


def sign_in(client: PageClient, person: Person, *, second_factor: bool = True) -> str:
    """Sign the person in on this client; commits what the test has prepared; returns the token."""
    token = new_reference(40)
    now = clock.real_now()
    db.session.add(
        SignInSession(
            token_hash=token_hash(token),
            person_id=person.id,
            started_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(hours=12),
            second_factor_at=now if second_factor and person.is_staff else None,
        )
    )
    db.session.commit()
    with client.session_transaction() as session:
        session[TOKEN_KEY] = token
    return token


def sign_out(client: PageClient) -> None:
    """Forget on this client who was signed in."""
    with client.session_transaction() as session:
        session.clear()
