"""The grouped statements about who was asked and who answered: everything but the answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Integer,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    null,
    or_,
    select,
    union_all,
)

from app.impact.counts import Counted
from app.impact.imports_counted import import_rows
from app.impact.kept import Row, find_counted
from app.kernel.db import rows_of
from app.partnership.models import Sector
from app.surveys.models import InvitationState, SurveyInvitation, Wave
from app.surveys.response_models import Response

# Made once: putting a statement together takes longer than the database takes to answer it.
_IDS: Any = bindparam("ids", expanding=True)
# Waves by when they ask, and the partnership's sectors in their order: a page has few statements.
_PLAN = union_all(
    select(
        Wave.evaluation_id,
        Wave.id.label("id"),
        Wave.months_later.label("place"),
        cast(null(), String).label("name"),
    ).where(Wave.evaluation_id.in_(_IDS)),
    select(cast(null(), Integer), Sector.id, Sector.position, Sector.name),
).order_by("place")
_GROUPED = (
    Response.evaluation_id,
    Response.wave_id,
    Response.answered_on,
    case((Response.event_id.is_(None), 1), else_=0),
    Response.import_run_id,
    Response.sector_id,
    Response.version_id,
)
_RESPONSES = (
    select(*_GROUPED, func.count(), func.max(Response.id))
    .where(Response.evaluation_id.in_(_IDS))
    .group_by(*_GROUPED)
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Everything that was read of some evaluations but the answers; with the same rows, the same
    answers are in the figures."""

    kept: Mapping[int, Counted]
    asked: Sequence[Row]
    answered: Sequence[Row]
    plan: PlanRows


@dataclass(frozen=True, slots=True)
class PlanRows:
    """When people are asked, into which sectors they are counted, which files were brought in."""

    waves: Sequence[Row]
    sectors: Sequence[Row]
    files: Sequence[Row]


def read_rows(evaluation_ids: Collection[int], *, now: datetime) -> Rows:
    """Ask the database all but what was answered; what the worker has counted is not asked."""
    if not evaluation_ids:
        return Rows({}, (), (), PlanRows((), (), ()))
    kept = find_counted(evaluation_ids, now=now)
    live = [evaluation_id for evaluation_id in evaluation_ids if evaluation_id not in kept]
    asked = [*asked_rows(live, now=now), *(row for one in kept.values() for row in one.asked)]
    answered = [*response_rows(live), *(row for one in kept.values() for row in one.responses)]
    return Rows(kept, asked, answered, read_plan(evaluation_ids))


def read_plan(evaluation_ids: Collection[int]) -> PlanRows:
    """The waves and the imported files of these evaluations, and the partnership's sectors."""
    rows = rows_of(_PLAN, {"ids": list(evaluation_ids)})
    return PlanRows(
        [(row.evaluation_id, row.id, row.place) for row in rows if row.name is None],
        [(row.id, row.name) for row in rows if row.name is not None],
        import_rows(evaluation_ids),
    )


def asked_rows(evaluation_ids: Collection[int], *, now: datetime) -> Sequence[Row]:
    """Invitations to these evaluations, counted by wave and by where they stand."""
    if not evaluation_ids:
        return ()
    return rows_of(_asked(), {"ids": list(evaluation_ids), "now": now})


@cache
def _asked() -> Any:
    invitation, now = SurveyInvitation, bindparam("now", type_=SurveyInvitation.due_at.type)
    is_planned = invitation.state == InvitationState.PLANNED
    can_answer = or_(
        and_(invitation.state == InvitationState.SENT, invitation.closes_at > now),
        and_(is_planned, invitation.due_at <= now, invitation.closes_at > now),
    )
    was_sent = invitation.sent_at.is_not(None)
    reached = or_(
        and_(was_sent, invitation.bounced_at.is_(None)),
        invitation.state == InvitationState.ANSWERED,
    )
    grouped = (
        invitation.evaluation_id,
        invitation.wave_id,
        invitation.state,
        case((can_answer, 1), else_=0),
        case((or_(can_answer, is_planned), invitation.due_at)),
    )
    return (
        select(
            *grouped,
            func.count(),
            func.sum(case((was_sent, 1), else_=0)),
            func.sum(case((reached, 1), else_=0)),
            func.max(invitation.closes_at),
        )
        .where(invitation.evaluation_id.in_(_IDS))
        .group_by(*grouped)
    )


def response_rows(evaluation_ids: Collection[int]) -> Sequence[Row]:
    """Responses to these evaluations, counted by all that they say besides answers."""
    if not evaluation_ids:
        return ()
    return rows_of(_RESPONSES, {"ids": list(evaluation_ids)})
