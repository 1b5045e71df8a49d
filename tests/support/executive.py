"""Rounds of opinions that are read and closed, reports that were given, answers: rows only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from app.accounts.models import Organisation, Person
from app.forums import executive, executive_links
from app.forums import executive_queries as queries
from app.forums.executive_rules import Answer
from app.forums.opinion_models import (
    Naming,
    Opinion,
    OpinionLink,
    OpinionQuote,
    OpinionRound,
    RoundState,
    Theme,
    ThemeAnswer,
    ThemeClass,
    opinion_theme,
)
from app.forums.theme_rules import title_key
from app.kernel.db import db
from app.kernel.london import london_date
from app.kernel.tokens import new_reference
from app.partnership.models import HalfTerm


def make_round(
    half_term: HalfTerm, *, state: RoundState = RoundState.CLOSED, **changes: Any
) -> OpinionRound:
    """A round that was open for three weeks from the beginning of its half term, and is closed."""
    opens_at = datetime.fromisoformat(f"{half_term.starts_on}T08:00:00+00:00")
    closes_at = opens_at + timedelta(days=21)
    facts: dict[str, Any] = {
        "reference": new_reference(),
        "half_term_id": half_term.id,
        "naming": Naming.ANONYMOUS,
        "opens_at": opens_at,
        "closes_at": closes_at,
        "state": state,
        "opened_at": opens_at,
        "closed_at": closes_at if state is RoundState.CLOSED else None,
    }
    made = OpinionRound(**facts | changes)
    db.session.add(made)
    db.session.flush()
    return made


def make_theme(title: str, theme_class: ThemeClass = ThemeClass.CAN_IMPROVE) -> Theme:
    """A theme that no opinion has yet."""
    theme = Theme(
        reference=new_reference(),
        theme_class=theme_class,
        title=title,
        title_key=title_key(title),
        made_at=datetime.fromisoformat("2026-06-08T08:00:00+00:00"),
    )
    db.session.add(theme)
    db.session.flush()
    return theme


def make_opinions(
    opinion_round: OpinionRound, count: int, *, words: str = "It took weeks", **changes: Any
) -> list[Opinion]:
    """So many opinions that have been read, each with words of its own."""
    facts = {"may_be_read": True, "is_read": True, **changes}
    made = [
        Opinion(
            id=new_reference(20),
            round_id=opinion_round.id,
            can_improve=f"{words} {number}",
            **facts,
        )
        for number in range(count)
    ]
    db.session.add_all(made)
    db.session.flush()
    return made


def code(opinions: list[Opinion], theme: Theme) -> None:
    """Say that these opinions have this theme."""
    db.session.execute(
        insert(opinion_theme), [{"opinion_id": one.id, "theme_id": theme.id} for one in opinions]
    )


def make_quote(opinion: Opinion, words: str, theme: Theme | None = None) -> None:
    """Words that a second person released."""
    db.session.add(
        OpinionQuote(
            reference=new_reference(),
            opinion_id=opinion.id,
            theme_id=theme.id if theme else None,
            words=words,
            proposed_by="first",
            released_by="second",
        )
    )
    db.session.flush()


def ask_schools(opinion_round: OpinionRound, schools: list[Organisation], *, answered: int) -> None:
    """Links of these schools, of which so many answered."""
    db.session.add_all(
        OpinionLink(
            reference=new_reference(),
            token_hash=new_reference(20),
            round_id=opinion_round.id,
            organisation_id=school.id,
            sent_at=opinion_round.opens_at,
            answers_count=int(number < answered),
        )
        for number, school in enumerate(schools)
    )
    db.session.flush()


def make_answer(words: str, now: datetime, revision: int = 0, **changes: Any) -> Answer:
    """An answer of today that is still to be carried out; changes say otherwise."""
    facts: dict[str, Any] = {
        "words": words,
        "owner": "Head of Education",
        "due_on": None,
        "is_done": False,
        "answered_on": london_date(now),
        "revision": revision,
    }
    return Answer(**facts | changes)


@dataclass(frozen=True)
class WithExecutive:
    """The references of a report that was given, and of one that is being prepared."""

    given: str
    prepared: str
    answer: str
    link: str
    token: str


def with_the_executive(
    actor: Person,
    *,
    now: datetime,
    title: str = "Waiting times for early help",
    half_term: HalfTerm | None = None,
    before: HalfTerm | None = None,
) -> WithExecutive:
    """A report with one theme, given and answered, and the round after it; not committed."""
    before, half_term = before or _half_term(4), half_term or _half_term(5)
    theme = make_theme(title)
    earlier, later = make_round(before), make_round(half_term)
    for one in (earlier, later):
        code(make_opinions(one, 12), theme)
    executive.give(earlier.reference, actor=actor, now=now)
    report = queries.report_of(earlier.id)
    assert report
    answer = db.session.scalars(select(ThemeAnswer).where(ThemeAnswer.round_id == earlier.id)).one()
    executive.record_answer(
        answer.reference, make_answer(f"About {title}", now), by=actor.reference, now=now
    )
    link = executive_links.make_link(
        report,
        "Chair of the Executive",
        "chair@example.org",
        london_date(now) + timedelta(days=28),
        actor=actor,
        now=now,
    )
    return WithExecutive(
        given=earlier.reference,
        prepared=later.reference,
        answer=answer.reference,
        link=link.reference,
        token=executive_links.token_of(link.reference),
    )


def _half_term(number: int) -> HalfTerm:
    """One of the school year before last, which nothing else in tests uses."""
    first = date(2025, 1, 6) + timedelta(days=49 * (number - 4))
    half_term = HalfTerm(
        school_year="2024/25",
        number=number,
        name=f"Spring {number - 3}",
        starts_on=first,
        ends_on=first + timedelta(days=40),
    )
    db.session.add(half_term)
    db.session.flush()
    return half_term
