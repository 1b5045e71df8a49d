"""What a journey asks about whoever is signed in."""

from __future__ import annotations

from flask import request, url_for
from flask_login import current_user

from app.kernel.access import safe_next

AT_HOME = "/bookings"
NOT_WORTH_RETURNING_TO = ("/sign-in", "/sign-out", "/welcome")


def needs_profile() -> bool:
    """Whether somebody is signed in who has not yet said who they are."""
    return bool(current_user.is_authenticated and current_user.profile_completed_at is None)


def next_path() -> str:
    """Where the address says to go on to; a page of this service, My learning if none is named."""
    path = safe_next(request.args.get("next"), AT_HOME)
    return AT_HOME if path.startswith(NOT_WORTH_RETURNING_TO) else path


def onward_path(path: str) -> str:
    """The path, or first the page that asks a newcomer who they are.

    Staff are not asked for their second step here: the first staff page does that.
    """
    return url_for("profile.welcome", next=path) if needs_profile() else path
