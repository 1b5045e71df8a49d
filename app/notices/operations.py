"""The verbs of notices: rules and wordings as staff set them; planning and sending, by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.catalogue.models import Offer
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference
from app.notices.models import NoticeKind, NoticeRule
from app.notices.planning import REFERENCE_LENGTH, plan_rounds
from app.notices.rules import check_rule, when_words
from app.notices.sending import rounds_due, send_due, send_round
from app.outbox import wording
from app.outbox.models import WordingKind
from app.outbox.wording_rules import Words

__all__ = [
    "add_rule",
    "change_rule",
    "change_wording",
    "ensure_default_rules",
    "plan_rounds",
    "rounds_due",
    "send_due",
    "send_round",
    "switch_rule",
    "use_standard_wording",
]

NINE, TEN = time(9, 0), time(10, 0)


@dataclass(frozen=True)
class RuleDetails:
    """A rule as staff describe it; without an offer it is for all."""

    kind: NoticeKind
    offer_id: int | None
    days: int
    at_time: time
    each_date: bool = False


# Their references are words, so that they are made once and never again.
DEFAULTS = {
    "reminder": RuleDetails(NoticeKind.REMINDER, None, 7, NINE),
    "joining-instructions": RuleDetails(NoticeKind.JOINING_INSTRUCTIONS, None, 1, NINE),
    "missed-you": RuleDetails(NoticeKind.MISSED_YOU, None, 2, TEN),
}


def ensure_default_rules(*, now: datetime) -> int:
    """Make the rules that a new service starts with, if it has none at all; how many."""
    if db.session.scalar(select(NoticeRule.id).limit(1)) is not None:
        return 0
    for reference, details in DEFAULTS.items():
        db.session.add(_rule(reference, details, now=now))
    db.session.flush()
    return len(DEFAULTS)


def add_rule(details: RuleDetails, *, actor: Person, now: datetime) -> NoticeRule:
    """Send something more by itself from now on; Refused if there is such a rule already."""
    actor = read_again(actor)
    _check(details, but=None)
    rule = _rule(new_reference(REFERENCE_LENGTH), details, now=now)
    db.session.add(rule)
    db.session.flush()
    _record(actor, "added", rule, now=now)
    return rule


def change_rule(rule_id: int, details: RuleDetails, *, actor: Person, now: datetime) -> NoticeRule:
    """Send at another distance or time from now on; the kind and the offer stay as they are."""
    actor = read_again(actor)
    rule = _locked(rule_id)
    if (details.kind, details.offer_id) != (rule.kind, rule.offer_id):
        raise Refused("What a rule sends cannot be changed: add another rule, switch this one off")
    _check(details, but=rule.id)
    rule.days, rule.at_time, rule.each_date = details.days, details.at_time, details.each_date
    rule.switched_on_at = now
    _record(actor, "changed", rule, now=now)
    return rule


def switch_rule(rule_id: int, *, is_on: bool, actor: Person, now: datetime) -> NoticeRule:
    """Switch a rule on or off; what was due before it was switched on is never sent."""
    actor = read_again(actor)
    rule = _locked(rule_id)
    if rule.is_on == is_on:
        return rule
    rule.is_on = is_on
    if is_on:
        rule.switched_on_at = now
    _record(actor, "switched on" if is_on else "switched off", rule, now=now)
    return rule


def change_wording(kind: WordingKind, words: Words, *, actor: Person, now: datetime) -> None:
    """Use these words from now on; Refused if they cannot be used."""
    wording.change_wording(kind, words, now=now)
    audit.record(read_again(actor).reference, "worded anew", "wording", kind.value, now=now)


def use_standard_wording(kind: WordingKind, *, actor: Person, now: datetime) -> None:
    """Go back to the words that came with the service."""
    wording.use_standard_wording(kind)
    actor = read_again(actor)
    audit.record(actor.reference, "put back to the standard", "wording", kind.value, now=now)


def _locked(rule_id: int) -> NoticeRule:
    return db.session.get_one(NoticeRule, rule_id, with_for_update=True, populate_existing=True)


def _check(details: RuleDetails, *, but: int | None) -> None:
    check_rule(details.kind, days=details.days, at_time=details.at_time)
    alike = select(NoticeRule.id).where(
        NoticeRule.kind == details.kind,
        NoticeRule.offer_id == details.offer_id,
        NoticeRule.id != (but or 0),
    )
    if details.kind is NoticeKind.REMINDER:  # of which there may be several; the others go once
        alike = alike.where(NoticeRule.days == details.days, NoticeRule.at_time == details.at_time)
    if db.session.scalar(alike.limit(1)) is not None:
        raise Refused("There is such a rule already: change that one, or switch it on")
    if details.offer_id is not None and db.session.get(Offer, details.offer_id) is None:
        raise Refused("That learning is not there any more: choose another")


def _rule(reference: str, details: RuleDetails, *, now: datetime) -> NoticeRule:
    return NoticeRule(
        reference=reference,
        kind=details.kind,
        offer_id=details.offer_id,
        days=details.days,
        at_time=details.at_time,
        each_date=details.each_date and details.kind is NoticeKind.REMINDER,
        is_on=True,
        switched_on_at=now,
    )


def _record(actor: Person, verb: str, rule: NoticeRule, *, now: datetime) -> None:
    audit.record(
        actor.reference,
        verb,
        "notice rule",
        rule.reference,
        now=now,
        kind=rule.kind.value,
        when=when_words(rule.kind, rule.days, rule.at_time),
    )
