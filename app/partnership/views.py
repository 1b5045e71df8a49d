"""Pages about the service itself, and its colours."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from sqlalchemy import text
from werkzeug.wrappers import Response

from app.kernel.access import public
from app.kernel.db import db
from app.partnership import queries
from app.partnership.models import Policy, PolicyKind

bp = Blueprint("partnership", __name__)


@bp.get("/brand.css")
@public
def brand_css() -> Response:
    """The partnership's two colours, laid over the common look."""
    facts = queries.current()
    css = f":root{{--brand:{facts.brand_colour};--ink:{facts.ink_colour}}}\n"
    response = Response(css, mimetype="text/css")
    response.cache_control.public = True
    response.cache_control.max_age = 300
    response.add_etag()
    return response.make_conditional(request)


def _policy(kind: PolicyKind) -> str:
    policy = db.session.get(Policy, kind) or abort(404)
    return render_template("partnership/policy.html", policy=policy)


@bp.get("/accessibility")
@public
def accessibility() -> str:
    """The accessibility statement."""
    return _policy(PolicyKind.ACCESSIBILITY)


@bp.get("/privacy")
@public
def privacy() -> str:
    """What is kept about people, why, and for how long."""
    return _policy(PolicyKind.PRIVACY)


@bp.get("/cookies")
@public
def cookies() -> str:
    """The one cookie there is."""
    return _policy(PolicyKind.COOKIES)


@bp.get("/booking-policy")
@public
def booking_policy() -> str:
    """Who may book, and what happens when somebody cannot come."""
    return _policy(PolicyKind.BOOKING)


@bp.get("/healthz")
@public
def healthz() -> Response:
    """Whether the process answers."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@public
def readyz() -> Response:
    """Whether the database answers too."""
    db.session.execute(text("SELECT 1"))
    return Response("ready\n", mimetype="text/plain")
