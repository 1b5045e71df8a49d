"""What the report of a half term says to the Executive, as plain values that are kept as they are.

No group below the threshold is in it, and no school's name beside an opinion unless that school
chose to be named: whoever shows it need not think of either again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.forums import executive_queries as queries
from app.forums import executive_rules as rules
from app.forums.coverage import picture
from app.forums.coverage_rules import Coverage
from app.forums.executive_queries import AnswerLine
from app.forums.executive_rules import (
    MOST_SHOWN,
    MOST_SHOWN_BRIEFLY,
    MOST_TITLE,
    Group,
    SchoolNames,
    shortened,
)
from app.forums.opinion_facts import answers_of
from app.forums.opinion_models import OpinionRound, ThemeClass
from app.forums.opinion_queries import Response, response
from app.forums.opinion_rules import Answers
from app.forums.quotes import Quote, released_quotes
from app.forums.theme_rules import change_words
from app.forums.themes import ThemeCount, theme_counts
from app.kernel.clock import example_words
from app.kernel.london import london_date, short_date_words
from app.partnership import queries as partnership

Content = dict[str, Any]
CLASS_WORDS = {
    ThemeClass.CAN_IMPROVE: "What can be improved",
    ThemeClass.WORKING_WELL: "What is working well",
}


@dataclass(frozen=True)
class Sources:
    """Everything that one report is made of."""

    opinion_round: OpinionRound
    before: OpinionRound | None
    coverage: Coverage
    coverage_before: Coverage | None
    given: Answers
    given_before: Answers | None
    response: Response
    themes: list[ThemeCount]
    quotes: list[Quote]
    questions: dict[int, str]
    answered: list[AnswerLine]
    waiting: list[AnswerLine]
    names: SchoolNames

    @property
    def is_large_enough(self) -> bool:
        """Whether enough schools gave opinions for their counts to be told."""
        return self.given.may_be_counted

    @property
    def is_comparable(self) -> bool:
        """Whether the counts may stand beside those of the round before."""
        return bool(self.is_large_enough and self.given_before and self.given_before.may_be_counted)


def read_sources(opinion_round: OpinionRound, *, now: datetime) -> Sources:
    """Read what the report of a round would say now."""
    earlier = queries.earlier_rounds(opinion_round)
    before = earlier[0][0] if earlier else None
    last_given_at = next((made_at for _, made_at in earlier if made_at), None)
    answered, waiting = queries.since_last_report(opinion_round.id, last_given_at)
    rounds = [one for one in (before, opinion_round) if one]
    seen = picture([one.half_term for one in rounds], now=now)
    *coverage_before, coverage = seen.coverage()
    given = answers_of([one.id for one in rounds])
    return Sources(
        opinion_round=opinion_round,
        before=before,
        coverage=coverage,
        coverage_before=coverage_before[0] if coverage_before else None,
        given=given[opinion_round.id],
        given_before=given[before.id] if before else None,
        response=response(opinion_round),
        themes=theme_counts(opinion_round) if opinion_round.opened_at else [],
        quotes=released_quotes(opinion_round),
        questions=queries.questions_of(opinion_round.id),
        answered=answered,
        waiting=waiting,
        names=SchoolNames.of(seen.names),
    )


def compose(sources: Sources, *, now: datetime) -> Content:
    """The report as plain values."""
    quotes, more_quotes = rules.cut(_quotes(sources), rules.MOST_QUOTES)
    answered, more_answered = rules.cut(sources.answered, rules.MOST_ANSWERS)
    waiting, more_waiting = rules.cut(sources.waiting, rules.MOST_ANSWERS)
    today = london_date(now)
    return {
        "partnership": partnership.current().name,
        "half_term": queries.half_term_words(sources.opinion_round.half_term),
        "made_on": short_date_words(today),
        "example": example_words(),
        "reach": _reach(sources),
        "response": _response(sources),
        "classes": [_theme_class(sources, one) for one in CLASS_WORDS],
        "quotes": quotes,
        "more_quotes": rules.more_words(more_quotes, "quote", "quotes"),
        "answered": [_answered(line) for line in answered],
        "more_answered": rules.more_words(more_answered, "answer", "answers"),
        "waiting": [_waiting(line, now) for line in waiting],
        "more_waiting": rules.more_words(more_waiting, "theme", "themes"),
    }


def faults(sources: Sources) -> list[str]:
    """What must be mended before the report may be given: sentences for the Advisor."""
    named = [
        f"The theme “{theme.title}” or its question names a school ({school}): change its words"
        for theme in sources.themes
        if (school := sources.names.in_text(theme.title, sources.questions.get(theme.theme_id, "")))
    ]
    earlier = [
        f"The answer about “{line.title}” names a school ({school}): change its words"
        for line in (*sources.answered, *sources.waiting)
        if (school := sources.names.in_text(line.title, line.question, line.answer))
    ]
    return named + earlier


def left_out(sources: Sources) -> int:
    """How many released quotes are not in the report, because they name a school."""
    return sum(1 for quote in sources.quotes if sources.names.in_text(quote.words))


def _reach(sources: Sources) -> Content:
    now, before = sources.coverage, sources.coverage_before
    groups = [Group(one.name, one.establishments, _counts(one)) for one in now.by_phase]
    return {
        "is_held": now.is_held,
        "establishments": now.establishments,
        "attended": now.attended,
        "watched": now.watched,
        "not_represented": now.not_represented,
        "attended_before": before.attended if before and before.is_held else None,
        "establishments_before": before.establishments if before and before.is_held else None,
        "groups": [
            {
                "name": one.name,
                "base": one.base,
                "attended": one.counts[0],
                "watched": one.counts[1],
            }
            for one in rules.shown_groups(groups, total=now.establishments)
            for attended, watched in [one.counts]
        ],
    }


def _counts(one: Any) -> tuple[int, int]:
    return one.attended, one.watched


def _response(sources: Sources) -> Content:
    found = sources.response
    return {
        "asked": found.asked,
        "answered": found.answered,
        "opinions": sources.given.opinions if sources.is_large_enough else None,
        "groups": [
            {"name": one.label, "base": one.asked, "answered": one.answered}
            for one in found.by_phase
        ],
    }


def _theme_class(sources: Sources, theme_class: ThemeClass) -> Content:
    found = [one for one in sources.themes if one.theme_class is theme_class]
    shown, more = rules.cut([one for one in found if one.count], rules.MOST_THEMES)
    gone, more_gone = rules.cut([one for one in found if not one.count], rules.MOST_GONE)
    if not sources.is_large_enough:
        shown = sorted(shown, key=lambda one: one.title)  # their order would tell their counts
    return {
        "heading": CLASS_WORDS[theme_class],
        "themes": [_theme(sources, one) for one in shown],
        "more": rules.more_words(more, "theme", "themes"),
        "gone": [shortened(one.title, MOST_TITLE) for one in gone],
        "more_gone": rules.more_words(more_gone, "theme", "themes"),
    }


def _theme(sources: Sources, theme: ThemeCount) -> Content:
    is_new = theme.first_seen == queries.half_term_words(sources.opinion_round.half_term)
    returns = not is_new and not theme.before
    compared = sources.is_comparable and not is_new and not returns
    return {
        "reference": theme.reference,
        "title": shortened(theme.title, MOST_TITLE),
        "count": theme.count if sources.is_large_enough else None,
        "change": change_words(theme.count, theme.before) if compared else "",
        "mark": "New" if is_new and sources.before else "Returns" if returns else "",
        "first_seen": "" if is_new else theme.first_seen,
        "question": sources.questions.get(theme.theme_id, ""),
    }


def _quotes(sources: Sources) -> list[Content]:
    return [
        {"words": shortened(quote.words, MOST_SHOWN), "theme": shortened(quote.theme, MOST_TITLE)}
        for quote in sources.quotes
        if not sources.names.in_text(quote.words)
    ]


def _answered(line: AnswerLine) -> Content:
    return {
        "theme": shortened(line.title, MOST_TITLE),
        "half_term": line.half_term,
        "answer": shortened(line.answer, MOST_SHOWN),
        "owner": shortened(line.owner, MOST_TITLE),
        "due_on": short_date_words(line.due_on) if line.due_on else "",
        "state": line.state_words,
    }


def _waiting(line: AnswerLine, now: datetime) -> Content:
    return {
        "theme": shortened(line.title, MOST_TITLE),
        "half_term": line.half_term,
        "question": shortened(line.question, MOST_SHOWN_BRIEFLY),
        "waited": line.waited(london_date(now)),
    }
