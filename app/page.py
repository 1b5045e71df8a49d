"""What every page shows around its own content: navigation, contacts, wording of dates."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Flask, current_app, g, request
from flask_login import current_user

from app.forums import catching_up, establishments, public_parts
from app.forums.catching_up import OwnWatching
from app.kernel import london, markdown
from app.kernel.access import Role
from app.partnership import queries as partnership


class NavigationItem(NamedTuple):
    """One entry of the bar under the header."""

    words: str
    path: str
    is_current: bool


PUBLIC_ITEMS = (("Find learning", "/learning"), ("My learning", "/bookings"))
STAFF_ITEMS = (
    ("Manage", "/manage", frozenset({Role.DELIVERY, Role.ADVISOR, Role.TRAINER})),
    ("Forums", "/forums", frozenset({Role.DELIVERY, Role.ADVISOR})),
    ("Impact", "/impact", frozenset({Role.DELIVERY, Role.ADVISOR, Role.EVALUATOR})),
    ("Administration", "/admin", frozenset({Role.ADMINISTRATOR})),
)
ALSO_UNDER = {
    "/learning": ("/events",),
    "/bookings": ("/record", "/profile"),
}


def init_app(app: Flask) -> None:
    """Give templates the partnership, the navigation and the words for dates."""
    app.context_processor(_context)
    app.jinja_env.filters.update(
        date_words=london.date_words,
        short_date_words=london.short_date_words,
        clock_words=london.clock_words,
        london=london.to_london,
        markdown=markdown.to_html,
    )
    app.jinja_env.globals.update(
        period_words=london.period_words,
        time_span_words=london.time_span_words,
        plans_programme=plans_programme,
        is_in_education=is_in_education,
        recordings_watched=recordings_watched,
        forum_parts=public_parts.forum_parts,
    )


def _context() -> dict[str, Any]:
    if g.get("failed"):
        return {"partnership": partnership.last_known()}
    return {
        "partnership": partnership.current(),
        "navigation": navigation,
        "is_example": current_app.config.get("EXAMPLE", False),
    }


def plans_programme() -> bool:
    """Whether whoever is looking plans the programme; a trainer only runs sessions of it."""
    return bool(current_user.roles & {Role.DELIVERY, Role.ADVISOR})


def is_in_education() -> bool:
    """Whether forums are for whoever is signed in."""
    return establishments.is_in_education(current_user._get_current_object())


def recordings_watched() -> list[OwnWatching]:
    """The forums that whoever is signed in says they caught up with."""
    return catching_up.watched_by(current_user._get_current_object())


def navigation() -> list[NavigationItem]:
    """The entries for whoever is looking, the current one marked."""
    items = [*PUBLIC_ITEMS]
    roles = current_user.roles
    items += [(words, path) for words, path, allowed in STAFF_ITEMS if allowed & roles]
    return [NavigationItem(words, path, _is_under(path)) for words, path in items]


def _is_under(path: str) -> bool:
    return any(request.path.startswith(start) for start in (path, *ALSO_UNDER.get(path, ())))
