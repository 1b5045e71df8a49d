"""Needs and actions: what may become of them, and the words for how far they are."""

from __future__ import annotations

from datetime import date

from app.improvement.need_models import ActionState, JudgedBy, NeedState
from app.kernel.refusals import Refused

MOST_WORDS, MOST_DETAILS, MOST_NAME = 300, 4_000, 150

NEED_WORDS = {
    NeedState.RAISED: "Waiting to be looked at",
    NeedState.AGREED: "Being worked on",
    NeedState.MET: "Met",
    NeedState.DECLINED: "Not taken on",
}
ACTION_WORDS = {
    ActionState.OPEN: "To do",
    ActionState.DONE: "Done",
    ActionState.DROPPED: "Dropped",
}
JUDGED_BY_WORDS = {
    JudgedBy.ANALYTICS: "Figures of use",
    JudgedBy.QUALITY_ASSURANCE: "Audit and quality assurance",
    JudgedBy.IMPACT_EVALUATION: "What people say months later",
}
# A decision may be thought over, but nobody has raised twice what was raised once.
MAY_BECOME = {
    NeedState.RAISED: (NeedState.AGREED, NeedState.DECLINED),
    NeedState.AGREED: (NeedState.MET, NeedState.DECLINED),
    NeedState.MET: (NeedState.AGREED,),
    NeedState.DECLINED: (NeedState.AGREED,),
}


def check_found_on(found_on: date | None, *, today: date) -> None:
    """Refused for a finding that has not been made yet."""
    if found_on and found_on > today:
        raise Refused("The day it was found must not be in the future")


def check_decision(
    was: NeedState, becomes: NeedState, answer: str, *, offers: int, open_actions: int
) -> None:
    """Refused for a decision that does not follow, says nothing, or leaves something undone."""
    if becomes not in MAY_BECOME[was]:
        raise Refused(
            f"This need is “{NEED_WORDS[was].lower()}” already: read the page again, then decide"
        )
    if not answer:
        raise Refused("Enter what was decided and why: whoever raised it reads this")
    if becomes is NeedState.MET and not offers:
        raise Refused("Link the offer that meets this need first, then say that it is met")
    if becomes is NeedState.MET and open_actions:
        still = "1 action is" if open_actions == 1 else f"{open_actions} actions are"
        raise Refused(f"{still} still to be done: close them first, then say that the need is met")


def check_closing(state: ActionState, outcome: str) -> None:
    """Refused for closing an action twice, or without a word of what came of it."""
    if state is not ActionState.OPEN:
        raise Refused("This action is closed already: add a new one if there is more to do")
    if not outcome:
        raise Refused("Enter what came of it")


def is_late(state: ActionState, due_on: date, *, today: date) -> bool:
    """Whether an action should have been done by now (London date)."""
    return state is ActionState.OPEN and due_on < today


def due_words(state: ActionState, due_on: date, *, today: date) -> str:
    """How an action stands to its day."""
    if not is_late(state, due_on, today=today):
        return ""
    days = (today - due_on).days
    return "1 day late" if days == 1 else f"{days:,} days late"
