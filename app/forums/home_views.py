"""Where the Advisor begins: what the coming forum still needs, and what waits."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.forums.forums import coming_forum
from app.forums.year import current_half_term
from app.kernel import clock
from app.kernel.access import Role, for_roles

bp = Blueprint("forums", __name__)


@bp.get("/forums")
@for_roles(Role.ADVISOR, Role.DELIVERY)
def home() -> str:
    """The coming forum, and what waits."""
    now = clock.now()
    return render_template(
        "forums/home.html", coming=coming_forum(now=now), half_term=current_half_term(now), now=now
    )
