"""Taking an opinion in: what was said on one side, that the school answered on the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text, update

from app.forums import opinion_rules
from app.forums.establishments import Establishment, establishments, today_of
from app.forums.opinion_facts import answers_of
from app.forums.opinion_links import TOKEN_LENGTH
from app.forums.opinion_models import (
    ContactWish,
    Naming,
    Opinion,
    OpinionLink,
    OpinionRound,
    RoundState,
)
from app.kernel.db import db, rows_changed
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.kernel.tokens import derived_token, new_reference, token_hash
from app.partnership.models import HalfTerm

ID_LENGTH = 32
UNSYNCHRONISED = {"synchronize_session": False}
# A round that closed so long ago was written anew in a night since then.
KEPT_BLURRED = timedelta(days=35)
BLURRED = ("opinion_link", "contact_wish", "opinion")


class Over(Refused):
    """There is nothing to answer any more; the page behind the link says why."""


@dataclass(frozen=True)
class LinkFacts:
    """What the page behind a link needs to know."""

    link_id: int
    round_id: int
    school: str  # as it is called today
    was: str  # another name it had when it was asked; empty if it is the same
    is_closed: bool  # the school, with nobody in its place
    half_term: str
    naming: Naming
    several_per_school: bool
    introduction: str
    state: RoundState
    closes_at: datetime
    answers_count: int

    def is_open(self, now: datetime) -> bool:
        """Whether an answer can be given now."""
        return self.state is RoundState.OPEN and now < self.closes_at and not self.is_closed

    @property
    def is_anonymous(self) -> bool:
        """Whether no school is named beside what it says."""
        return self.naming is Naming.ANONYMOUS

    @property
    def is_answered(self) -> bool:
        """Whether no further answer is taken."""
        return self.answers_count > 0 and not self.several_per_school


@dataclass(frozen=True)
class Said:
    """What somebody wrote for their school."""

    working_well: str
    can_improve: str
    should_know: str
    may_be_quoted: bool
    may_be_named: bool
    contact_name: str = ""  # both empty: nobody wishes to be contacted
    contact_how: str = ""


def find_link(token: str, *, now: datetime) -> LinkFacts | None:
    """What a link leads to; None if nowhere."""
    if len(token) != TOKEN_LENGTH:
        return None
    row = db.session.execute(
        select(OpinionLink, OpinionRound, HalfTerm)
        .join(OpinionRound, OpinionRound.id == OpinionLink.round_id)
        .join(HalfTerm, HalfTerm.id == OpinionRound.half_term_id)
        .where(OpinionLink.token_hash == token_hash(token))
    ).one_or_none()
    if row is None:
        return None
    link, asked, half_term = row
    asked_school, school = _schools(link.organisation_id)
    return LinkFacts(
        link_id=link.id,
        round_id=asked.id,
        school=school.name,
        was=asked_school.name if asked_school.name != school.name else "",
        is_closed=school.closed_on is not None and school.closed_on <= london_date(now),
        half_term=f"{half_term.name} {half_term.school_year}",
        naming=asked.naming,
        several_per_school=asked.several_per_school,
        introduction=asked.introduction,
        state=asked.state,
        closes_at=asked.closes_at,
        answers_count=link.answers_count,
    )


def _schools(organisation_id: int) -> tuple[Establishment, Establishment]:
    """The school that was asked, and the one that stands for it today."""
    today = today_of([organisation_id])[organisation_id]
    found = establishments({organisation_id, today})
    asked = found[organisation_id]
    return asked, found.get(today, asked)


def give_opinion(link_id: int, said: Said, *, form_key: str, now: datetime) -> None:
    """Keep what a school says, once for each form; Over if it is too late or was answered.

    Nothing is noted of the moment: no instant, no line of the audit trail.
    """
    opinion_id = derived_token("opinion", form_key)[:ID_LENGTH]
    _lock_round_of(link_id)
    db.session.get_one(OpinionLink, link_id, with_for_update=True)
    if db.session.get(Opinion, opinion_id) is not None:
        return  # the same form, sent twice
    link, asked = _take_link(link_id, now=now)
    is_named = asked.naming is Naming.NAMED_BY_CHOICE and said.may_be_named
    # The name of a school that chose to be named is no secret; others wait for ten schools.
    opinion = Opinion(
        id=opinion_id,
        round_id=asked.id,
        organisation_id=link.organisation_id if is_named else None,
        working_well=said.working_well,
        can_improve=said.can_improve,
        should_know=said.should_know,
        may_be_quoted=said.may_be_quoted,
        may_be_read=is_named,
        is_read=False,
    )
    db.session.add(opinion)
    if said.contact_name and said.contact_how:
        db.session.add(
            ContactWish(
                reference=new_reference(),
                round_id=asked.id,
                organisation_id=link.organisation_id,
                name=said.contact_name,
                how=said.contact_how,
                # The day would tell which of the opinions that came on it is theirs.
                asked_on=london_date(now if is_named else asked.opened_at or now),
            )
        )
    db.session.flush()
    _show_if_enough(asked)


def _lock_round_of(link_id: int) -> None:
    """Nobody closes the round, nor shows what waits in it, until this answer is kept or not.

    Always the round before its links, as whoever asks and reminds does. Exclusive, since the answer
    that makes ten writes in the round: two that only shared it would wait for each other for ever.
    """
    round_id = select(OpinionLink.round_id).where(OpinionLink.id == link_id).scalar_subquery()
    db.session.scalars(
        select(OpinionRound.id).where(OpinionRound.id == round_id).with_for_update()
    ).one()


def _take_link(link_id: int, *, now: datetime) -> tuple[OpinionLink, OpinionRound]:
    """Count one answer of a school; one statement, so that of two at once only one is first."""
    is_open = select(OpinionRound.id).where(
        OpinionRound.state == RoundState.OPEN, OpinionRound.closes_at > now
    )
    several = select(OpinionRound.id).where(OpinionRound.several_per_school)
    taken = db.session.execute(
        update(OpinionLink)
        .where(
            OpinionLink.id == link_id,
            OpinionLink.round_id.in_(is_open),
            (OpinionLink.answers_count == 0) | OpinionLink.round_id.in_(several),
        )
        .values(answers_count=OpinionLink.answers_count + 1),
        execution_options=UNSYNCHRONISED,
    )
    if rows_changed(taken) != 1:
        raise Over("Your school has answered already, or the round has closed: nothing was sent")
    link, asked = db.session.execute(
        select(OpinionLink, OpinionRound)
        .join(OpinionRound, OpinionRound.id == OpinionLink.round_id)
        .where(OpinionLink.id == link_id)
        .execution_options(populate_existing=True)
    ).one()
    return link, asked


def _show_if_enough(asked: OpinionRound) -> None:
    """Put what waits before readers once ten further schools answered without a name."""
    schools = answers_of([asked.id])[asked.id].unnamed_schools
    if opinion_rules.may_be_read_now(schools, shown=asked.schools_shown):
        waits = (Opinion.round_id == asked.id, ~Opinion.may_be_read)
        shown = update(Opinion).where(*waits).values(may_be_read=True)
        db.session.execute(shown, execution_options=UNSYNCHRONISED)
        asked.schools_shown = schools


def blur_order(*, now: datetime) -> int:
    """Leave no order of answering in the files of PostgreSQL; how many tables were written anew.

    There, rows stand where they were written, each with the mark of the transaction that did it:
    it would lead from a school's link, or its wish, to what it said. SQLite keeps no such mark, and
    opinions by their random keys.
    """
    if db.session.get_bind().dialect.name != "postgresql":
        return 0
    lately = select(OpinionRound.id).where(
        OpinionRound.opened_at.is_not(None),
        (OpinionRound.closed_at.is_(None)) | (OpinionRound.closed_at > now - KEPT_BLURRED),
    )
    if db.session.scalar(lately.limit(1)) is None:
        return 0
    # All at once, before the first row: whoever answers meanwhile waits, and neither for the other.
    tables = ", ".join(BLURRED)
    db.session.execute(text(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))
    for rewritten in (
        update(OpinionLink)
        .where(OpinionLink.round_id.in_(lately))
        .values(round_id=OpinionLink.round_id),
        update(ContactWish)
        .where(ContactWish.round_id.in_(lately))
        .values(round_id=ContactWish.round_id),
        update(Opinion).where(Opinion.round_id.in_(lately)).values(round_id=Opinion.round_id),
    ):
        db.session.execute(rewritten, execution_options=UNSYNCHRONISED)
    for table in BLURRED:
        db.session.execute(text(f"CLUSTER {table} USING pk_{table}"))
    return len(BLURRED)
