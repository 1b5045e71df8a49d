"""Rounds of asking: planned for a half term, opened, closed; what was promised stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.audit import operations as audit
from app.forums import opinion_rules
from app.forums.opinion_models import Naming, Opinion, OpinionRound, RoundState
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference
from app.partnership.models import HalfTerm

FIXED = (
    "This round has been opened: what schools were told about names, answers and dates stays "
    "as it is. Close it, or choose differently for the next half term"
)
WORKER = "opinions"


@dataclass(frozen=True)
class Wanted:
    """What the Advisor sets before a round opens."""

    naming: Naming
    several_per_school: bool
    introduction: str
    opens_on: date
    closes_on: date


def plan_round(half_term_id: int, wanted: Wanted, *, actor: Person, now: datetime) -> OpinionRound:
    """A round for a half term; Refused if it has one."""
    span = opinion_rules.span(wanted.opens_on, wanted.closes_on, now=now)
    planned = OpinionRound(
        reference=new_reference(),
        half_term_id=half_term_id,
        naming=wanted.naming,
        several_per_school=wanted.several_per_school,
        introduction=wanted.introduction,
        opens_at=span.opens_at,
        closes_at=span.closes_at,
        state=RoundState.PLANNED,
    )
    try:
        with db.session.begin_nested():
            db.session.add(planned)
    except IntegrityError as error:
        half_term = db.session.get_one(HalfTerm, half_term_id)
        raise Refused(
            f"{half_term.name} {half_term.school_year} has a round already: change that one"
        ) from error
    _note("planned", planned, actor.reference, now=now)
    return planned


def change_round(reference: str, wanted: Wanted, *, actor: Person, now: datetime) -> None:
    """Set a planned round differently; Refused once it has been opened."""
    found = _locked(reference)
    if found.state is not RoundState.PLANNED:
        raise Refused(FIXED)
    span = opinion_rules.span(wanted.opens_on, wanted.closes_on, now=now)
    found.naming = wanted.naming
    found.several_per_school = wanted.several_per_school
    found.introduction = wanted.introduction
    found.opens_at, found.closes_at = span.opens_at, span.closes_at
    _note("changed", found, actor.reference, now=now)


def remove_round(reference: str, *, actor: Person, now: datetime) -> None:
    """Take a planned round away; Refused once it has been opened."""
    found = _locked(reference)
    if found.state is not RoundState.PLANNED:
        raise Refused(FIXED)
    _note("removed", found, actor.reference, now=now)
    db.session.delete(found)


def open_round(reference: str, *, actor: Person, now: datetime) -> None:
    """Open a planned round now; the worker makes the links and sends them."""
    found = _locked(reference)
    if found.state is not RoundState.PLANNED:
        raise Refused("This round has been opened already")
    if found.closes_at <= now:
        raise Refused("The last day of this round is over: choose other days first")
    _open(found, actor.reference, now=now)


def close_round(reference: str, *, actor: Person, now: datetime) -> None:
    """Close an open round before its time; links say so from now on."""
    found = _locked(reference)
    if found.state is not RoundState.OPEN:
        raise Refused("Only an open round can be closed")
    _close(found, actor.reference, now=now)


def rounds_to_turn(*, now: datetime) -> list[int]:
    """The rounds whose first day has come, or whose last day is over."""
    due = (
        (OpinionRound.state == RoundState.PLANNED) & (OpinionRound.opens_at <= now)
        | (OpinionRound.state == RoundState.OPEN) & (OpinionRound.closes_at <= now)
    )  # fmt: skip
    return list(db.session.scalars(select(OpinionRound.id).where(due).order_by(OpinionRound.id)))


def turn_round(round_id: int, *, now: datetime) -> int:
    """Open or close a round whose time has come; 1 if it was."""
    found = db.session.get_one(OpinionRound, round_id, with_for_update=True, populate_existing=True)
    if found.state is RoundState.PLANNED and found.opens_at <= now < found.closes_at:
        _open(found, WORKER, now=now)
        return 1
    if found.state is RoundState.OPEN and found.closes_at <= now:
        _close(found, WORKER, now=now)
        return 1
    return 0


def _open(found: OpinionRound, actor: str, *, now: datetime) -> None:
    found.state, found.opened_at = RoundState.OPEN, now
    _note("opened", found, actor, now=now)


def _close(found: OpinionRound, actor: str, *, now: datetime) -> None:
    found.state, found.closed_at = RoundState.CLOSED, now
    # From now on readers see which schools answered, but not when: all that waited come at once.
    db.session.execute(
        update(Opinion).where(Opinion.round_id == found.id).values(may_be_read=True),
        execution_options={"synchronize_session": False},
    )
    _note("closed", found, actor, now=now)


def _locked(reference: str) -> OpinionRound:
    found = db.session.scalars(
        select(OpinionRound)
        .where(OpinionRound.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise Refused("This round is gone: somebody has removed it")
    return found


def _note(verb: str, found: OpinionRound, actor: str, *, now: datetime) -> None:
    audit.record(actor, verb, "opinion_round", found.reference, now=now)
