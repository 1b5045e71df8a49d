"""Needs and actions as pages show them: lists, what an offer is for, what waits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.models import Person
from app.catalogue.models import Offer
from app.catalogue.rules import SOURCE_WORDS
from app.improvement import need_rules
from app.improvement.need_models import (
    Action,
    ActionState,
    KeyImpactMeasure,
    Need,
    NeedState,
    need_offer,
)
from app.kernel.db import db
from app.kernel.london import short_date_words
from app.partnership.models import Priority

# What waits for a decision first, what is over last.
_STATE_ORDER = case({state.value: place for place, state in enumerate(NeedState)}, value=Need.state)


@dataclass(frozen=True, slots=True)
class NeedLine:
    """One need in a list."""

    reference: str
    title: str
    state: NeedState
    source: str
    found_in: str
    raised_for: str
    raised_at: datetime
    offer_count: int
    open_actions: int
    late_actions: int

    @property
    def state_words(self) -> str:
        """How far it has come, as pages say it."""
        return need_rules.NEED_WORDS[self.state]


def number_of_needs(state: NeedState | None = None, *, raised_by: str = "") -> int:
    """How many needs there are, of a state, raised by somebody."""
    return db.session.scalar(select(func.count(Need.id)).where(*_which(state, raised_by))) or 0


def listed_needs(
    state: NeedState | None = None, *, raised_by: str = "", first: int, last: int, today: date
) -> list[NeedLine]:
    """Needs from first to last: those that wait first, then the newest."""
    is_open = (Action.need_id == Need.id) & (Action.state == ActionState.OPEN)
    of_need = select(func.count(Action.id)).where(is_open).correlate(Need)
    offers = select(func.count()).where(need_offer.c.need_id == Need.id).correlate(Need)
    rows = db.session.execute(
        select(
            Need.reference,
            Need.title,
            Need.state,
            Need.source,
            Need.found_in,
            Need.raised_for,
            Need.raised_at,
            offers.scalar_subquery().label("offer_count"),
            of_need.scalar_subquery().label("open_actions"),
            of_need.where(Action.due_on < today).scalar_subquery().label("late_actions"),
        )
        .where(*_which(state, raised_by))
        .order_by(_STATE_ORDER, Need.raised_at.desc(), Need.id.desc())
        .offset(first)
        .limit(last - first)
    )
    return [NeedLine(**(row._asdict() | {"source": SOURCE_WORDS[row.source]})) for row in rows]


def _which(state: NeedState | None, raised_by: str) -> list[ColumnElement[bool]]:
    chosen = [Need.state == state] if state else []
    return [*chosen, Need.raised_by == raised_by] if raised_by else chosen


_WHOLE = (
    selectinload(Need.offers),
    selectinload(Need.actions).selectinload(Action.offers),
    joinedload(Need.priority),
)


def find_need(reference: str) -> Need | None:
    """The need with this reference."""
    found = select(Need).where(Need.reference == reference).options(*_WHOLE)
    return db.session.scalars(found).one_or_none()


def need_and_raiser(reference: str) -> tuple[Need, str] | None:
    """The need with this reference, and the name of whoever raised it; empty if they are gone."""
    row = db.session.execute(
        select(Need, Person.name)
        .outerjoin(Person, Person.reference == Need.raised_by)
        .where(Need.reference == reference)
        .options(*_WHOLE)
    ).one_or_none()
    return (row[0], row[1] or "") if row else None


def needs_to_choose(chosen: str = "") -> Sequence[tuple[str, str]]:
    """Reference and title of needs that are being worked on, and of the one chosen before."""
    which = Need.state.in_((NeedState.RAISED, NeedState.AGREED)) | (Need.reference == chosen)
    found = select(Need.reference, Need.title).where(which).order_by(Need.title)
    return [(reference, title) for reference, title in db.session.execute(found)]


def priorities_to_choose() -> Sequence[tuple[int, str]]:
    """Id and words of the priorities, the newest plan first."""
    found = select(Priority).order_by(Priority.plan.desc(), Priority.number)
    return [(one.id, f"{one.plan}, {one.number}: {one.title}") for one in db.session.scalars(found)]


@dataclass(frozen=True, slots=True)
class Why:
    """A need as the reason of an offer."""

    reference: str
    title: str
    source: str
    found_in: str
    when: str


def needs_of_offers(slugs: Collection[str]) -> tuple[Why, ...]:
    """Why these offers exist: the needs they answer, but for those not taken on."""
    if not slugs:
        return ()
    answered = (
        select(need_offer.c.need_id)
        .join(Offer, Offer.id == need_offer.c.offer_id)
        .where(Offer.slug.in_(slugs))
    )
    rows = db.session.scalars(
        select(Need)
        .where(Need.id.in_(answered), Need.state != NeedState.DECLINED)
        .order_by(Need.id)
    )
    return tuple(
        Why(
            need.reference,
            need.title,
            SOURCE_WORDS[need.source],
            need.found_in,
            short_date_words(need.found_on) if need.found_on else "",
        )
        for need in rows
    )


@dataclass(frozen=True, slots=True)
class ActionLine:
    """One line of the action log."""

    reference: str
    what: str
    owner: str
    due_on: date
    state: ActionState
    late: str
    outcome: str
    closed_on: date | None
    need: Need | None
    offers: tuple[tuple[str, str], ...]

    @property
    def state_words(self) -> str:
        """How it stands, as pages say it."""
        return need_rules.ACTION_WORDS[self.state]


def number_of_actions(*, is_open: bool) -> int:
    """How many lines the action log has."""
    return db.session.scalar(select(func.count(Action.id)).where(_open(is_open))) or 0


def listed_actions(*, is_open: bool, first: int, last: int, today: date) -> list[ActionLine]:
    """Actions from first to last: open ones by their day, closed ones the newest first."""
    order = (Action.due_on, Action.id) if is_open else (Action.closed_on.desc(), Action.id.desc())
    rows = db.session.scalars(
        select(Action)
        .where(_open(is_open))
        .options(selectinload(Action.need), selectinload(Action.offers))
        .order_by(*order)
        .offset(first)
        .limit(last - first)
    )
    return [action_line(one, today=today) for one in rows]


def action_line(action: Action, *, today: date) -> ActionLine:
    """An action as pages show it."""
    return ActionLine(
        reference=action.reference,
        what=action.what,
        owner=action.owner,
        due_on=action.due_on,
        state=action.state,
        late=need_rules.due_words(action.state, action.due_on, today=today),
        outcome=action.outcome,
        closed_on=action.closed_on,
        need=action.need,
        offers=tuple((offer.slug, offer.title) for offer in action.offers),
    )


def find_action(reference: str) -> Action | None:
    """The action with this reference."""
    return db.session.scalars(select(Action).where(Action.reference == reference)).one_or_none()


def _open(is_open: bool) -> ColumnElement[bool]:
    return Action.state == ActionState.OPEN if is_open else Action.state != ActionState.OPEN


def measures_of(offer: Offer) -> list[KeyImpactMeasure]:
    """What an offer is or was judged by, those still standing first."""
    return list(
        db.session.scalars(
            select(KeyImpactMeasure)
            .where(KeyImpactMeasure.offer_id == offer.id)
            .order_by(
                KeyImpactMeasure.retired_on.is_not(None),
                KeyImpactMeasure.judged_by,
                KeyImpactMeasure.id,
            )
        )
    )


def find_measure(reference: str) -> KeyImpactMeasure | None:
    """The measure with this reference."""
    found = select(KeyImpactMeasure).where(KeyImpactMeasure.reference == reference)
    return db.session.scalars(found).one_or_none()
