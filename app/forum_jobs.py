"""What runs for forums: opinions, invitations and reminders, what was missed, training."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from app.forums import (
    catching_up_letters,
    invitations,
    list_checks_sending,
    opinion_asking,
    opinion_rounds,
    reminders,
    training_invitations,
    withholding,
)
from app.forums.opinion_emails import Kind
from app.job_steps import found_by, in_steps, one_by_one, repeated
from app.kernel.db import db, transaction

log = logging.getLogger(__name__)


def tell_of_missed_forums(now: datetime) -> Iterator[int]:
    """Note recordings of forums; tell the leads of schools that missed them, a hundred a step."""
    with transaction():
        catching_up_letters.note_recordings(now=now)
    done = 1
    while done:
        with transaction():
            done = catching_up_letters.tell_step(now=now)
        yield done


def invite_to_training(now: datetime) -> Iterator[int]:
    """Invite those for whom training falls due, as an Advisor asked; a hundred a transaction."""
    yield from in_steps(
        found_by(training_invitations.rounds_to_send, now), training_invitations.send_step, now
    )


def ask_for_opinions(now: datetime) -> Iterator[int]:
    """Open and close rounds of opinions, give schools their links, ask and remind, by steps."""
    turned = one_by_one(
        found_by(opinion_rounds.rounds_to_turn, now), opinion_rounds.turn_round, now
    )
    yield from turned
    yield from in_steps(
        found_by(opinion_asking.rounds_without_links, now), opinion_asking.make_links, now
    )
    for kind, find in (
        (Kind.ASKING, opinion_asking.rounds_to_send),
        (Kind.REMINDER, opinion_asking.rounds_to_remind),
    ):
        for round_id in found_by(find, now):
            yield from write_to_schools(round_id, kind, now)


def write_to_schools(round_id: int, kind: Kind, now: datetime) -> Iterator[int]:
    """One message to each address of a round, a transaction for each step; what fails is logged.

    The round is done with only if every step was: what failed is tried again at the next look.
    """
    steps, is_whole = opinion_asking.steps(round_id, kind), True
    db.session.rollback()
    for step in steps:
        try:
            with transaction():
                sent = opinion_asking.send_step(step, round_id, kind, now=now)
        except Exception:  # not with the step itself: it holds addresses
            log.exception("a step of %s of round %s failed, and is tried again", kind, round_id)
            sent, is_whole = 0, False
        yield sent
    if is_whole:
        with transaction():
            opinion_asking.finish(round_id, kind, now=now)


def ask_schools_to_check_lists(now: datetime) -> Iterator[int]:
    """Ask schools to check who leads there, and remind them once, each step in a transaction."""
    yield from repeated(list_checks_sending.send_step, now)


def bring_schools_to_forums(now: datetime) -> Iterator[int]:
    """Invite schools to a forum; remind those that were not represented, a week before."""
    yield from one_by_one(["letters of what was called off"], _withhold, now)
    yield from repeated(invitations.send_step, now)
    yield from repeated(reminders.send_step, now)


def _withhold(_what: str, *, now: datetime) -> int:
    """Hold back what is about a cancelled forum or a closed round."""
    return withholding.withhold(now=now)
