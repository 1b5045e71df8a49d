"""A month without a worker: every survey is asked exactly once, or marked missed with a reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.kernel.db import db
from app.surveys import rules
from app.surveys.models import InvitationState, MissedBecause, SurveyInvitation
from tests.support.downtime_play import (
    MERGED,
    OF_LIST,
    OF_SESSIONS,
    Line,
    Play,
    asked_words,
    expected,
    played,
    written,
)
from tests.support.surveys import links_in, messages

WORDS = {
    MissedBecause.LATE: "late",
    MissedBecause.SKIPPED: "skipped",
    MissedBecause.EVENT_CANCELLED: "session cancelled",
    MissedBecause.UNREACHABLE: "gone",
}


def faults(play: Play) -> list[str]:
    """Where what was asked is not what the model says."""
    links = Counter(link for message in messages("survey_invitation") for link in links_in(message))
    found = [f"{link} was sent {count} times" for link, count in links.items() if count > 1]
    told: defaultdict[tuple[Line, int, int], list[str]] = defaultdict(list)
    for one in db.session.scalars(select(SurveyInvitation)):
        told[one.event_id, one.person_id, one.wave.months_later].append(words_of(one))
    for event in (*play.events, None):
        line = event.id if event else None
        for months in OF_SESSIONS if event else OF_LIST:
            wanted: defaultdict[int, list[str]] = defaultdict(list)
            for asked in play.people[line]:
                wanted[asked.person_id].append(expected(play, event, asked, months))
            for person_id, words in wanted.items():
                place = f"{event.ends_at:%d %b %Y}" if event else "the list"
                got = told.pop((line, person_id, months), [])
                if without_nothing(words) != without_nothing(got):
                    found.append(f"{place}, {months} months: {got}, not {words}")
    return found + [f"nobody expected {left}" for left in told.items()]


def words_of(one: SurveyInvitation) -> str:
    if one.missed_because:
        return WORDS[one.missed_because]
    if one.sent_at:
        return asked_words(one.sent_at)
    return "gone" if one.state is InvitationState.STOPPED else f"left {one.state}"


def without_nothing(words: list[str]) -> list[str]:
    """Of somebody who is gone it is as well that nothing was planned at all."""
    return sorted(word for word in words if word not in {"nothing", "gone", MERGED})


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 21])
def test_every_survey_is_asked_once_or_missed_with_a_reason(app: Flask, seed: int) -> None:
    play = played(written(seed))
    assert faults(play) == []
    asked = select(func.count(SurveyInvitation.id)).where(SurveyInvitation.sent_at.is_not(None))
    assert (db.session.scalar(asked) or 0) >= 10


@pytest.mark.slow
def test_a_planner_that_counts_months_in_days_is_found_out(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_days(day: date, months: int) -> date:
        return day + timedelta(days=40 * months)

    monkeypatch.setattr(rules, "add_months", in_days)
    assert faults(played(written(0))) != []
