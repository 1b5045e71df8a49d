"""The example's opinions: three rounds that are read and closed, and one that is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select

from app.demo.making.people import People
from app.demo.making.rows import Chance, add_all, read
from app.forums.establishments import Establishment, establishments_on
from app.forums.opinion_links import token_of
from app.forums.opinion_models import (
    ContactWish,
    Naming,
    Opinion,
    OpinionLink,
    OpinionQuote,
    OpinionRound,
    RoundState,
    Theme,
    ThemeClass,
    opinion_theme,
)
from app.forums.opinion_rules import FEWEST_TOGETHER
from app.forums.theme_rules import title_key
from app.kernel.db import db
from app.kernel.london import SURVEY_HOUR, day_start, from_london, london_date
from app.kernel.tokens import token_hash
from app.partnership.models import HalfTerm

ROUNDS_COUNT = 4
DAYS_OPEN = 21
# The open round is a short one, so that nobody is reminded while the example's time is moved on.
OPENED_DAYS_AGO, DAYS_LEFT = 6, 3
ANSWERED = (0.62, 0.69, 0.76, 0.45)
WISHES = (
    ("Kim Ashdown", "kim.ashdown@example.org", "Rang on the same day: has what was needed"),
    ("Lee Marsden", "01924 555 0142", ""),
    ("Office", "01924 555 0117", ""),
)
QUOTED = (
    ("Hearing back after a referral", "After a referral we often hear nothing until we ring."),
    ("Forums and their topics", "The forums keep us up to date"),
)


@dataclass
class Said:
    """One opinion before it is written, and the numbers of its themes."""

    row: dict[str, Any]
    themes: list[int]


def ask_for_opinions(people: People, *, now: datetime) -> None:
    """Rounds of the last half terms, what schools said, themes, quotations and wishes."""
    begun = select(HalfTerm).where(HalfTerm.starts_on <= london_date(now))
    newest = db.session.scalars(begun.order_by(HalfTerm.starts_on.desc()).limit(ROUNDS_COUNT)).all()
    if len(newest) < ROUNDS_COUNT:
        return
    chance, half_terms = people.chance, list(reversed(newest))
    schools = establishments_on(london_date(now))
    themes = read("opinions")["themes"]
    theme_ids = _add_themes(themes, chance, half_terms[0])
    for number, half_term in enumerate(half_terms):
        asked = _add_round(half_term, chance, now=now, is_last=number == ROUNDS_COUNT - 1)
        answered = _add_links(asked, schools, ANSWERED[number], chance)
        said = _say(themes, number, answered, chance)
        _write(asked, said, theme_ids)
        if number == ROUNDS_COUNT - 2:
            _quote(asked, said, themes, theme_ids, people)
    _wish(asked, schools, chance, now=now)


def _add_themes(themes: Sequence[Any], chance: Chance, first: HalfTerm) -> list[int]:
    rows = [
        {
            "reference": chance.reference(),
            "theme_class": ThemeClass(one["class"]),
            "title": one["title"],
            "title_key": title_key(one["title"]),
            "made_at": day_start(first.ends_on),
            "merged_into_id": None,
        }
        for one in themes
    ]
    add_all(Theme, rows)
    ids = {row.title: row.id for row in db.session.execute(select(Theme.id, Theme.title))}
    return [ids[one["title"]] for one in themes]


def _add_round(
    half_term: HalfTerm, chance: Chance, *, now: datetime, is_last: bool
) -> OpinionRound:
    """Of the half term under way it is open still; the others lasted three weeks."""
    today = london_date(now)
    opens_on = half_term.starts_on + timedelta(days=7)
    last_day = opens_on + timedelta(days=DAYS_OPEN)
    if is_last:
        opens_on, last_day = _days_of_last(today)
    opens_at = from_london(opens_on, SURVEY_HOUR)
    closes_at = day_start(last_day + timedelta(days=1))
    made = OpinionRound(
        reference=chance.reference(),
        half_term_id=half_term.id,
        naming=Naming.ANONYMOUS,
        several_per_school=False,
        introduction="What you said last half term went to the Executive: thank you.",
        opens_at=opens_at,
        closes_at=closes_at,
        state=RoundState.OPEN if is_last else RoundState.CLOSED,
        opened_at=opens_at,
        closed_at=None if is_last else closes_at,
        links_made_at=opens_at,
        asked_at=opens_at,
        reminded_at=None if is_last else closes_at - timedelta(days=8),
    )
    db.session.add(made)
    db.session.flush()
    return made


def _days_of_last(today: date) -> tuple[date, date]:
    return today - timedelta(days=OPENED_DAYS_AGO), today + timedelta(days=DAYS_LEFT)


def _add_links(
    asked: OpinionRound, schools: Sequence[Establishment], share: float, chance: Chance
) -> list[Establishment]:
    """Every school has its link; this share of them answered."""
    has_answered = chance.exactly(round(share * len(schools)), len(schools))
    rows = []
    for school, answered in zip(schools, has_answered, strict=True):
        reference = chance.reference(16)
        rows.append(
            {
                "reference": reference,
                "token_hash": token_hash(token_of(reference)),
                "round_id": asked.id,
                "organisation_id": school.id,
                "sent_at": asked.opened_at,
                "reminded_at": None if answered else asked.reminded_at,
                "answers_count": int(answered),
            }
        )
    add_all(OpinionLink, rows)
    return [one for one, answered in zip(schools, has_answered, strict=True) if answered]


def _say(
    themes: Sequence[Any], number: int, answered: Sequence[Establishment], chance: Chance
) -> list[Said]:
    """One opinion for each school that answered; each has up to two themes of each class."""
    said = [Said(_blank(chance), []) for _ in answered]
    for each, theme in enumerate(themes):
        for one in chance.sample(said, min(theme["counts"][number], len(said))):
            key = "working_well" if theme["class"] == "working_well" else "can_improve"
            words = chance.choice(theme["said"])
            one.row[key] = f"{one.row[key]} {words}".strip()
            one.themes.append(each)
    for one in said:
        if not one.themes:
            one.row["should_know"] = "Nothing new this half term, thank you."
    return said


def _blank(chance: Chance) -> dict[str, Any]:
    return {
        "id": f"{chance.getrandbits(128):032x}",
        "organisation_id": None,
        "working_well": "",
        "can_improve": "",
        "should_know": "",
        "may_be_quoted": chance.random() < 0.6,
    }


def _write(asked: OpinionRound, said: Sequence[Said], theme_ids: Sequence[int]) -> None:
    """Opinions and their themes; of the open round, ten at a time can be read."""
    can_be_read = len(said)
    if asked.state is RoundState.OPEN:
        can_be_read -= len(said) % FEWEST_TOGETHER
        asked.schools_shown = can_be_read
    rows, given = [], []
    for number, one in enumerate(said):
        is_shown = number < can_be_read
        is_read = asked.state is RoundState.CLOSED or number < can_be_read // 2
        rows.append({**one.row, "round_id": asked.id, "may_be_read": is_shown, "is_read": is_read})
        if is_read:
            given += [
                {"opinion_id": one.row["id"], "theme_id": theme_ids[each]} for each in one.themes
            ]
    add_all(Opinion, rows)
    if given:
        db.session.execute(insert(opinion_theme), given)


def _quote(
    asked: OpinionRound,
    said: Sequence[Said],
    themes: Sequence[Any],
    theme_ids: Sequence[int],
    people: People,
) -> None:
    """Words of two opinions that may be quoted are released."""
    rows = []
    for title, words in QUOTED:
        theme_id = theme_ids[[one["title"] for one in themes].index(title)]
        found = next(
            (
                one.row["id"]
                for one in said
                if one.row["may_be_quoted"]
                and words in f"{one.row['working_well']}{one.row['can_improve']}"
            ),
            None,
        )
        if found:
            rows.append(
                {
                    "reference": people.chance.reference(),
                    "opinion_id": found,
                    "theme_id": theme_id,
                    "words": f"{words.rstrip('.')} […]",
                    "proposed_by": people.personas["advisor"].reference,
                    "released_by": people.personas["delivery"].reference,
                }
            )
    add_all(OpinionQuote, rows)


def _wish(
    asked: OpinionRound, schools: Sequence[Establishment], chance: Chance, *, now: datetime
) -> None:
    """A few schools asked to be contacted; one of them has been."""
    rows = [
        {
            "reference": chance.reference(),
            "round_id": asked.id,
            "organisation_id": school.id,
            "name": name,
            "how": how,
            "asked_on": london_date(asked.opens_at),
            "done_at": from_london(london_date(now) - timedelta(days=4), time(11, 0))
            if outcome
            else None,
            "outcome": outcome,
        }
        for school, (name, how, outcome) in zip(
            chance.sample(list(schools), len(WISHES)), WISHES, strict=True
        )
    ]
    add_all(ContactWish, rows)
