"""Rounds of opinions in tests: opened, asked and answered as the service does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app import forum_jobs
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
from tests.support.forums import make_school

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
    return sum(forum_jobs.ask_for_opinions(now))


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


def some_opinions(actor: Person, *, now: datetime, name: str, words: str) -> OpinionThings:
    """An open round with one named opinion that has a theme, a quotation, and a wish; flushed.

    It is of a year of its own, so that it stands in nobody's way.
    """
    parts = [
        HalfTerm(school_year="2024/25", number=number, name=name, starts_on=first, ends_on=last)
        for number, name, first, last in (
            (1, "Autumn 1", date(2024, 9, 2), date(2024, 10, 25)),
            (2, "Autumn 2", date(2024, 11, 4), date(2024, 12, 20)),
        )
    ]
    school = make_school(name)
    db.session.add_all(parts)
    db.session.flush()
    wanted = Wanted(
        naming=Naming.NAMED_BY_CHOICE,
        several_per_school=True,
        introduction=words,
        opens_on=london_date(now) + timedelta(days=1),
        closes_on=london_date(now) + timedelta(days=21),
    )
    asked, planned = (
        opinion_rounds.plan_round(part.id, wanted, actor=actor, now=now) for part in parts
    )
    opinion_rounds.open_round(asked.reference, actor=actor, now=now)
    link = add_link(asked, school)
    said = Said(words, words, words, True, True, contact_name=words[:100], contact_how=words[:100])
    opinions.give_opinion(link.id, said, form_key=new_reference(32), now=now)
    [one] = opinions_of(asked)
    theme, other = themes.make_themes(
        {ThemeClass.WORKING_WELL: words[:90], ThemeClass.CAN_IMPROVE: "Another"},
        actor=actor,
        now=now,
    )
    themes.add_theme(ThemeClass.WORKING_WELL, "A theme to merge into", actor=actor, now=now)
    opinion_reading.give_themes(one.id, [theme.id, other.id], [], round_id=asked.id)
    read = opinion_reading.find_opinion(asked.id, one.id)
    assert read
    kept = read.words.partition("\n")[0]
    quote = quotes.propose_quote(read, kept, theme.id, round_id=asked.id, actor=actor, now=now)
    return OpinionThings(
        round=asked.reference,
        planned=planned.reference,
        token=token_of(link.reference),
        opinion=one.id,
        quote=quote,
        wish=db.session.scalars(select(ContactWish.reference)).one(),
        theme=theme.reference,
    )


def add_link(asked: OpinionRound, school: Organisation) -> OpinionLink:
    """Give one school its link, without a worker."""
    reference = new_reference(16)
    link = OpinionLink(
        reference=reference,
        token_hash=token_hash(token_of(reference)),
        round_id=asked.id,
        organisation_id=school.id,
        answers_count=0,
    )
    db.session.add(link)
    db.session.flush()
    return link


def some_wish(asked: str, *, now: datetime) -> str:
    """A school of this round that waits to be contacted; its reference."""
    wish = ContactWish(
        reference=new_reference(),
        round_id=round_called(asked).id,
        organisation_id=db.session.scalars(select(OpinionLink.organisation_id)).first(),
        name="Kim Lee",
        how="01924 111111",
        asked_on=london_date(now),
    )
    db.session.add(wish)
    db.session.commit()
    return wish.reference
