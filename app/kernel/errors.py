"""What can go wrong on purpose, and the pages that say so."""

from __future__ import annotations

import logging

from flask import Flask, g, render_template, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import (
    HTTPException,
    InternalServerError,
    SecurityError,
    ServiceUnavailable,
)
from werkzeug.wrappers import Response

from app.kernel.db import db
from app.kernel.refusals import Refused as Refused  # the name that views and operations import

log = logging.getLogger(__name__)

PAGES = {400, 401, 403, 404, 405, 410, 413, 414, 429, 500, 503}


def init_app(app: Flask) -> None:
    """Give every error that can be raised a page of its own."""
    app.register_error_handler(HTTPException, _show)
    app.register_error_handler(OperationalError, _database_busy)


def _show(error: HTTPException) -> tuple[str, int] | HTTPException | Response:
    if isinstance(error, SecurityError):
        # Asked for by a name that is not ours: no address can be built, so there is no page.
        return Response("This service has another address\n", 400, mimetype="text/plain")
    code = error.code or 500
    if code < 400:
        return error
    if code >= 500:
        log.error("error %s on %s", code, request.endpoint)
        g.failed = True  # the page must not need what may have failed
    else:
        db.session.rollback()
    template = f"errors/{code}.html" if code in PAGES else "errors/other.html"
    return render_template(template, error=error), code


def _database_busy(error: OperationalError) -> tuple[str, int] | HTTPException | Response:
    """Somebody else holds the lock for too long, or the database is away: say so, keep nothing."""
    log.error("database not available: %s", type(error.orig).__name__)
    text = str(error.orig).lower()
    busy = ("locked", "lock timeout", "deadlock", "connect", "closed")
    waited = any(words in text for words in busy)
    return _show(ServiceUnavailable() if waited else InternalServerError(original_exception=error))
