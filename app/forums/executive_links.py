"""Links by which a post of the Executive answers one report without signing in."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select, update

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.forums import executive_rules as rules
from app.forums.executive_emails import queue_link
from app.forums.opinion_models import ExecutiveReport, RespondentLink
from app.kernel.db import db, rows_changed
from app.kernel.london import london_date, short_date_words
from app.kernel.refusals import Refused
from app.kernel.tokens import derived_token, new_reference, token_hash
from app.outbox.personal import NOBODY

LINK_DAYS = 28
ADDRESS_KEPT = timedelta(days=365)  # after the link has ended


def make_link(
    report: ExecutiveReport,
    post: str,
    email: str,
    ends_on: date,
    *,
    actor: Person,
    now: datetime,
) -> RespondentLink:
    """Send a post of the Executive the link by which it answers one report."""
    actor = read_again(actor)
    rules.check_end(ends_on, today=london_date(now))
    reference = new_reference()
    link = RespondentLink(
        reference=reference,
        token_hash=token_hash(token_of(reference)),
        report_id=report.id,
        post=post,
        email=email,
        made_by=actor.reference,
        made_at=now,
        ends_on=ends_on,
    )
    db.session.add(link)
    db.session.flush()
    queue_link(link, report, token_of(reference))
    audit.record(actor.reference, "made", "executive link", reference, now=now)
    return link


def withdraw_link(reference: str, *, actor: Person, now: datetime) -> None:
    """End a link at once."""
    actor = read_again(actor)
    link = db.session.scalars(
        select(RespondentLink).where(RespondentLink.reference == reference).with_for_update()
    ).one()
    if link.withdrawn_at is not None:
        raise Refused(f"This link was withdrawn on {short_date_words(link.withdrawn_at)}")
    link.withdrawn_at = now
    audit.record(actor.reference, "withdrew", "executive link", reference, now=now)


def token_of(reference: str) -> str:
    """The token of a respondent's link."""
    return derived_token("executive-answers", reference)


def usual_end(today: date) -> date:
    """The last day of a link unless somebody says otherwise."""
    return today + timedelta(days=LINK_DAYS)


def follow_address(old: str | None, new: str | None) -> None:
    """Somebody is known by another address now: links sent to the old one are found by it."""
    if old and new:
        db.session.execute(
            update(RespondentLink)
            .where(func.lower(RespondentLink.email) == old.lower())
            .values(email=new)
            .execution_options(synchronize_session=False)
        )


def forget_old_addresses(*, now: datetime) -> int:
    """Forget to whom links went that ended a year ago; how many. Which post it was stays."""
    ended = or_(
        RespondentLink.ends_on < london_date(now - ADDRESS_KEPT),
        RespondentLink.withdrawn_at < now - ADDRESS_KEPT,
    )
    forgotten = db.session.execute(
        update(RespondentLink).where(ended, RespondentLink.email != NOBODY).values(email=NOBODY),
        execution_options={"synchronize_session": False},
    )
    return rows_changed(forgotten)
