"""The event and the date that the address of a register names, and who may take it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, request
from flask_login import current_user

from app.attendance.rules import default_date
from app.bookings.queries import event_by_reference
from app.catalogue.models import Event, EventState
from app.catalogue.trainers import runs, sees_own_events_only
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.paging import page_number


def may_take_register(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a page for those who plan, and for trainers where event_and_date finds theirs."""
    return for_roles(Role.DELIVERY, Role.ADVISOR, Role.TRAINER)(view)


def event_and_date(reference: str) -> tuple[Event, int]:
    """The event, and the index of the date that the address asks for; a trainer's own only."""
    event = event_by_reference(reference)
    if event is None or event.state is EventState.DRAFT:
        abort(404)
    if sees_own_events_only(current_user.roles) and not runs(current_user.id, event.id):
        abort(403)
    if "date" not in request.args:
        return event, default_date([date.starts_at for date in event.dates], clock.now())
    number = page_number(request.args["date"])
    if number > len(event.dates):
        abort(404)
    return event, number - 1
