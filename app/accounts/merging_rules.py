"""Who may say that two people are one, and of whom it can be said; values in, values out."""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel.access import Role
from app.kernel.errors import Refused


@dataclass(frozen=True)
class Candidate:
    """One of the two as the decision sees them."""

    person_id: int
    is_empty: bool  # erased, or merged into somebody before
    is_active: bool
    is_staff: bool


def check_may_merge(
    duplicate: Candidate, into: Candidate, *, actor_id: int, actor_roles: frozenset[Role]
) -> None:
    """Refused with the sentence that says why these two cannot become one now."""
    if duplicate.person_id == into.person_id:
        raise Refused("Choose two different people")
    if duplicate.is_empty:
        raise Refused("The duplicate was merged or erased already. Nothing is left to move")
    if into.is_empty:
        raise Refused("The person to keep was merged or erased already. Choose somebody else")
    if actor_id in {duplicate.person_id, into.person_id}:
        raise Refused("You cannot merge yourself with somebody. Ask a colleague to do it")
    if not into.is_active:
        raise Refused("The person to keep is deactivated. Activate them first, or keep the other")
    has_roles = duplicate.is_staff or into.is_staff
    if has_roles and Role.ADMINISTRATOR not in actor_roles:
        raise Refused("One of them has a staff role. Only an administrator can merge them")
