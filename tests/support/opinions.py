"""Rounds of opinions in tests: opened, asked and answered as the service does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app import jobs
from app.accounts.models import Organisation, Person
from app.forums import opinion_reading, opinion_rounds, opinions, quotes, themes
from app.forums.opinion_links import token_of
from app.forums.opinion_models import (
    ContactWish,
    Naming,
    Opinion,
    OpinionLink,
    OpinionRound,
    ThemeClass,
)
from app.forums.opinion_rounds import Wanted
from app.forums.opinions import Said
from app.kernel.db import db, transaction
from app.kernel.london import london_date
from app.kernel.tokens import new_reference, token_hash
from app.partnership.models import HalfTerm

SAID = Said(
    working_well="Early help answers within a day.",
    can_improve="Thresholds are hard to understand.",
    should_know="",
    may_be_quoted=True,
    may_be_named=False,
)


def plan(half_term: HalfTerm, actor: Person, *, now: datetime, **changes: Any) -> OpinionRound:
    """A planned round of this half term, from tomorrow on for three weeks."""
    today = london_date(now)
    facts: dict[str, Any] = {
        "naming": Naming.ANONYMOUS,
        "several_per_school": False,
        "introduction": "",
        "opens_on": today + timedelta(days=1),
        "closes_on": today + timedelta(days=21),
    }
    wanted = Wanted(**facts | changes)
    with transaction():
        made = opinion_rounds.plan_round(half_term.id, wanted, actor=actor, now=now)
        reference = made.reference
    return round_called(reference)


def open_now(reference: str, actor: Person, *, now: datetime) -> OpinionRound:
    """Open a planned round; the worker has not looked yet."""
    with transaction():
        opinion_rounds.open_round(reference, actor=actor, now=now)
    return round_called(reference)


def round_called(reference: str) -> OpinionRound:
    """A round as the database has it."""
    found = select(OpinionRound).where(OpinionRound.reference == reference)
    return db.session.scalars(found.execution_options(populate_existing=True)).one()


def work(now: datetime) -> int:
    """The worker's part of a round; how much it did."""
    return sum(jobs.ask_for_opinions(now))


def link_of(asked: OpinionRound, school: Organisation) -> OpinionLink:
    """A school's link in a round."""
    found = select(OpinionLink).where(
        OpinionLink.round_id == asked.id, OpinionLink.organisation_id == school.id
    )
    return db.session.scalars(found.execution_options(populate_existing=True)).one()


def token_for(asked: OpinionRound, school: Organisation) -> str:
    """The token of a school's link."""
    return token_of(link_of(asked, school).reference)


def say(
    asked: OpinionRound,
    school: Organisation,
    said: Said = SAID,
    *,
    now: datetime,
    form_key: str = "",
) -> None:
    """Answer for a school."""
    link_id = link_of(asked, school).id
    with transaction():
        opinions.give_opinion(link_id, said, form_key=form_key or new_reference(32), now=now)


def opinions_of(asked: OpinionRound) -> list[Opinion]:
    """What was said in a round, all of it."""
    found = select(Opinion).where(Opinion.round_id == asked.id).order_by(Opinion.id)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


@dataclass(frozen=True)
class OpinionThings:
    """One of everything about opinions, by what addresses need."""

    round: str
    planned: str
    token: str
    opinion: str
    quote: str
    wish: str
    theme: str


def some_opinions(
    half_terms: list[HalfTerm],
    school: Organisation,
    actor: Person,
    *,
    now: datetime,
    words: str = "What we say",
) -> OpinionThings:
    """An open round with one named opinion that has a theme, a quotation, and a wish."""
    first, second = half_terms
    named = {"naming": Naming.NAMED_BY_CHOICE, "several_per_school": True, "introduction": words}
    asked = plan(first, actor, now=now, **named)
    asked = open_now(asked.reference, actor, now=now)
    opinion_link(asked, school)
    said = Said(words, words, words, True, True, contact_name=words[:100], contact_how=words[:100])
    say(asked, school, said, now=now)
    [one] = opinions_of(asked)
    with transaction():
        theme = themes.add_theme(ThemeClass.WORKING_WELL, words[:90], actor=actor, now=now)
        opinion_reading.give_themes(one.id, [theme.id], [], round_id=asked.id)
        themes.add_theme(ThemeClass.WORKING_WELL, "Another theme", actor=actor, now=now)
        read = opinion_reading.find_opinion(asked.id, one.id)
        assert read
        quote = quotes.propose_quote(read, words, theme.id, round_id=asked.id, actor=actor, now=now)
    planned = plan(second, actor, now=now, introduction=words)
    wish = db.session.scalars(select(ContactWish.reference)).one()
    return OpinionThings(
        round=asked.reference,
        planned=planned.reference,
        token=token_for(asked, school),
        opinion=one.id,
        quote=quote,
        wish=wish,
        theme=theme.reference,
    )


def opinion_link(asked: OpinionRound, school: Organisation) -> None:
    """Give one school its link, without a worker."""
    reference = new_reference(16)
    with transaction():
        db.session.add(
            OpinionLink(
                reference=reference,
                token_hash=token_hash(token_of(reference)),
                round_id=asked.id,
                organisation_id=school.id,
                answers_count=0,
            )
        )
