"""Who may use a page: a mark on each view, enforced in one place before any view runs."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

View = TypeVar("View", bound=Callable[..., Any])


class Role(enum.StrEnum):
    """What a person does for the partnership; a practitioner needs no role."""

    DELIVERY = "delivery"
    ADVISOR = "advisor"
    TRAINER = "trainer"
    EVALUATOR = "evaluator"
    ADMINISTRATOR = "administrator"


class Audience(enum.StrEnum):
    """The kinds of access a view can declare."""

    PUBLIC = "public"
    LINK_HOLDER = "link_holder"
    SIGNED_IN = "signed_in"
    ROLES = "roles"
    EXAMPLE = "example"


@dataclass(frozen=True)
class AccessMark:
    """Who may use one view."""

    audience: Audience
    roles: frozenset[Role] = frozenset()


def public(view: View) -> View:
    """Anybody may use this view."""
    return _marked(view, AccessMark(Audience.PUBLIC))


def link_holder(view: View) -> View:
    """Whoever holds the link may use this view; the view itself checks the link."""
    return _marked(view, AccessMark(Audience.LINK_HOLDER))


def signed_in(view: View) -> View:
    """Somebody signed in may use this view; the view itself checks whose things it shows."""
    return _marked(view, AccessMark(Audience.SIGNED_IN))


def for_roles(*roles: Role) -> Callable[[View], View]:
    """Only people in one of these roles, signed in with their second factor."""
    return lambda view: _marked(view, AccessMark(Audience.ROLES, frozenset(roles)))


def example_only(view: View) -> View:
    """A convenience of the example programme: elsewhere, or from elsewhere, it does not exist."""
    return _marked(view, AccessMark(Audience.EXAMPLE))


def _marked(view: View, mark: AccessMark) -> View:
    # A function may carry attributes; its type does not know them.
    view.__access__ = mark  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    """Enforce the marks; a view without one is refused."""
    app.view_functions["static"] = public(app.view_functions["static"])
    app.before_request(_enforce)


def _enforce() -> Response | None:
    if request.endpoint is None:
        return None  # no such address: the error page follows
    if any("\x00" in str(value) for value in (request.view_args or {}).values()):
        abort(404)  # names nothing, and PostgreSQL refuses to look for it
    mark: AccessMark | None = getattr(
        current_app.view_functions[request.endpoint], "__access__", None
    )
    if mark is None:
        raise RuntimeError(f"{request.endpoint} does not declare who may use it")
    if mark.audience in {Audience.PUBLIC, Audience.LINK_HOLDER}:
        return None
    if mark.audience is Audience.EXAMPLE:
        return None if _on_loopback_example() else abort(404)
    if not current_user.is_authenticated:
        return redirect(url_for("accounts.sign_in", next=_return_path()))
    return _enforce_roles(mark) if mark.audience is Audience.ROLES else None


def _enforce_roles(mark: AccessMark) -> Response | None:
    if not mark.roles & current_user.roles:
        abort(403)
    if not current_user.second_factor_given:
        return redirect(url_for("accounts.second_factor", next=_return_path()))
    return None


def _on_loopback_example() -> bool:
    from_here = (request.remote_addr or "").startswith("127.") or request.remote_addr == "::1"
    forwarded = "X-Forwarded-For" in request.headers
    return bool(current_app.config["EXAMPLE"]) and from_here and not forwarded


def _return_path() -> str:
    """Where to come back to: the page itself for a read, the front page after a refused change."""
    if request.method != "GET":
        return "/"
    return request.full_path.rstrip("?")


def safe_next(path: str | None, otherwise: str) -> str:
    """The path if it leads to a page of this service, else the other one; never another host."""
    if not path or not path.startswith("/") or path.startswith("//") or len(path) > 2000:
        return otherwise
    if any(c in path for c in "\\\r\n\t") or any(ord(c) < 32 for c in path):
        return otherwise
    return path
