"""Who is signed in: the browser holds a random token, everything else is a row here."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask, current_app, g, session
from flask_login import AnonymousUserMixin, LoginManager
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import lazyload, with_expression
from werkzeug.wrappers import Response

from app.accounts.models import Person, held_roles
from app.accounts.rules import SEEN_AGAIN_SHARE
from app.accounts.sign_in_models import SignInSession
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.tokens import token_hash

TOKEN_KEY = "sign_in"  # noqa: S105 - the name of a cookie's entry
JOURNEY_KEY = "journey"
JOURNEYS = ("/events/", "/learning/")  # where pages stand that say what signing in is for

log = logging.getLogger(__name__)

# Built once: every page that somebody signed in opens begins with it.
_SIGNED_IN = (
    select(
        SignInSession.token_hash,
        SignInSession.last_seen_at,
        SignInSession.second_factor_at,
        Person,
    )
    .join(Person, Person.id == SignInSession.person_id)
    .options(lazyload(Person.role_grants), with_expression(Person.roles_read, held_roles()))
    .where(
        SignInSession.token_hash == bindparam("token_hash"),
        SignInSession.ended_at.is_(None),
        SignInSession.expires_at > bindparam("now"),
        Person.deactivated_at.is_(None),
    )
)


class Visitor(AnonymousUserMixin):
    """Somebody who has not signed in."""

    roles: frozenset[Role] = frozenset()
    is_staff = False
    second_factor_given = False
    reference = ""


@dataclass(frozen=True)
class SignIn:
    """The sign-in behind this request, as it was read."""

    token_hash: str
    last_seen_at: datetime
    second_factor_at: datetime | None


def init_app(app: Flask) -> None:
    """Let Flask-Login find the person behind the browser's token."""
    manager = LoginManager()
    manager.session_protection = None  # our own rows decide; a phone changes its address often
    manager.anonymous_user = Visitor
    manager.request_loader(lambda _request: person_signed_in())
    manager.user_loader(lambda _id: None)
    manager.init_app(app)
    app.after_request(_note_last_seen)


def begin(token: str) -> None:
    """Sign in on this browser; of what it knew before, only the booking under way is kept."""
    journey = session.get(JOURNEY_KEY)
    session.clear()
    session[TOKEN_KEY] = token
    if journey:
        session[JOURNEY_KEY] = journey


def current_token() -> str | None:
    """The token this browser sent, whether or not it is good for anything."""
    token = session.get(TOKEN_KEY)
    return token if isinstance(token, str) else None


def person_signed_in() -> Person | None:
    """The person of the browser's token; None if it has ended, been revoked or lain idle."""
    token = current_token()
    if token is None:
        return None
    now = clock.real_now()
    found_rows = db.session.execute(_SIGNED_IN, {"token_hash": token_hash(token), "now": now})
    row = found_rows.one_or_none()
    if row is None:
        return None
    sign_in, person = SignIn(*row[:3]), row[3]
    if person.is_staff and sign_in.last_seen_at + _idle_time() < now:
        return None
    g.sign_in = sign_in
    found: Person = person
    found.second_factor_given = sign_in.second_factor_at is not None
    return found


def _note_last_seen(response: Response) -> Response:
    """Once in a while, at most every five minutes by default: the one thing a read may write."""
    sign_in: SignIn | None = g.get("sign_in")
    if sign_in is None or g.get("failed"):
        return response
    now = clock.real_now()
    if sign_in.last_seen_at + _idle_time() / SEEN_AGAIN_SHARE > now:
        return response
    try:
        with transaction():
            db.session.execute(
                update(SignInSession)
                .where(SignInSession.token_hash == sign_in.token_hash)
                .values(last_seen_at=now)
            )
    except OperationalError as error:
        # Somebody holds the lock: the page is right all the same, and the next one notes it.
        log.warning("last seen not noted: %s", type(error.orig).__name__)
    return response


def _idle_time() -> timedelta:
    return timedelta(minutes=current_app.config["STAFF_IDLE_MINUTES"])
