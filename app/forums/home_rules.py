"""What the coming forum, and the last one, still need: values in, lines of a checklist out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from app.catalogue.rules import count_words

# By how many days before a forum something should be done.
DAYS_BEFORE = {
    "publish": 42,
    "topics": 28,
    "invitation": 21,
    "opinions": 14,
    "answers": 7,
    "link": 7,
    "slides": 2,
}
DAYS_AFTER = {"register": 3, "recording": 7}


@dataclass(frozen=True)
class Step:
    """One line of a checklist: what, how it stands, where it is done, and by when."""

    words: str
    detail: str
    path: str
    is_done: bool
    due_on: date
    is_late: bool


@dataclass(frozen=True)
class ComingFacts:
    """What is known of the coming forum."""

    reference: str
    day: date
    is_draft: bool
    is_online: bool
    has_link: bool
    half_term: str  # empty if it is in none
    topics: int
    topics_with_speaker: int
    topics_with_slides: int  # of those with a speaker
    is_invited: bool  # all schools are, or are being, written to
    rounds: int  # of opinions in its half term
    answers_unreleased: int  # of the Executive, that schools cannot read yet
    answers_released: int


@dataclass(frozen=True)
class LastFacts:
    """What is known of the last forum."""

    reference: str
    day: date
    unmarked: int  # people with a place of whom the register says nothing
    marked: int
    has_recording: bool


def countdown_words(day: date, today: date) -> str:
    """How far off a day is."""
    days = (day - today).days
    if days < 0:
        return f"{count_words(-days, 'day')} ago"
    return {0: "today", 1: "tomorrow"}.get(days, f"in {count_words(days, 'day')}")


def coming_steps(facts: ComingFacts, today: date) -> list[Step]:
    """What the coming forum needs, in the order in which it falls due."""
    here, manage = f"/forums/events/{facts.reference}", f"/manage/events/{facts.reference}"
    steps = [
        _before(facts, today, "publish", *_published(facts), manage, not facts.is_draft),
        _before(facts, today, "topics", *_topics(facts), here, facts.topics > 0),
        _before(
            facts,
            today,
            "invitation",
            "Invitation",
            "Sent to all schools" if facts.is_invited else "Not sent",
            f"{here}/invitations",
            facts.is_invited,
        ),
        _before(
            facts,
            today,
            "opinions",
            "Opinion round",
            _round_words(facts),
            "/forums/opinions",
            facts.rounds > 0,
        ),
        _before(
            facts,
            today,
            "answers",
            "Answers of the Executive",
            _answers_words(facts),
            "/forums/executive",
            not facts.answers_unreleased,
        ),
    ]
    return [*_without_half_term(facts, today), *steps, *_where_they_apply(facts, today)]


def _without_half_term(facts: ComingFacts, today: date) -> list[Step]:
    """What comes before all else for a forum in the holidays."""
    if facts.half_term:
        return []
    words, path = "None: its date is in the holidays", f"/forums/events/{facts.reference}/half-term"
    return [_before(facts, today, "publish", "Half term", words, path, False)]


def _where_they_apply(facts: ComingFacts, today: date) -> list[Step]:
    """What only forums online, or with speakers, need."""
    here, manage = f"/forums/events/{facts.reference}", f"/manage/events/{facts.reference}"
    steps = []
    if facts.is_online:
        words = "Set" if facts.has_link else "Not set: nobody could join"
        steps.append(
            _before(facts, today, "link", "Joining link", words, f"{manage}/change", facts.has_link)
        )
    if facts.topics_with_speaker:
        slides = (
            f"{facts.topics_with_slides} of {count_words(facts.topics_with_speaker, 'speaker')}"
        )
        is_complete = facts.topics_with_slides == facts.topics_with_speaker
        steps.append(_before(facts, today, "slides", "Slides", slides, here, is_complete))
    return steps


def _before(
    facts: ComingFacts, today: date, what: str, words: str, detail: str, path: str, is_done: bool
) -> Step:
    due_on = facts.day - timedelta(days=DAYS_BEFORE[what])
    return Step(words, detail, path, is_done, due_on, not is_done and due_on < today)


def _published(facts: ComingFacts) -> tuple[str, str]:
    return "Published", "A draft: nobody can book" if facts.is_draft else "People can book"


def _topics(facts: ComingFacts) -> tuple[str, str]:
    return "Topics", count_words(facts.topics, "topic") if facts.topics else "None set"


def _round_words(facts: ComingFacts) -> str:
    if not facts.half_term:
        return "It needs a half term first"
    return f"{'Prepared' if facts.rounds else 'Not prepared'} for {facts.half_term}"


def _answers_words(facts: ComingFacts) -> str:
    if facts.answers_unreleased:
        return f"{count_words(facts.answers_unreleased, 'answer')} not shown to schools yet"
    if facts.answers_released:
        return f"{count_words(facts.answers_released, 'answer')} shown to schools"
    return "None to show"


def last_steps(facts: LastFacts, today: date) -> Iterator[Step]:
    """What is still to do after the last forum."""
    manage = f"/manage/events/{facts.reference}"
    is_closed = facts.marked > 0 and not facts.unmarked
    if is_closed:
        words = f"{count_words(facts.marked, 'person', 'people')} on it"
    else:
        words = f"{count_words(facts.unmarked, 'person', 'people')} not marked"
    yield _after(facts, today, "register", words, f"{manage}/register", is_closed)
    words = "Shared" if facts.has_recording else "Not shared"
    yield _after(facts, today, "recording", words, f"{manage}/recording", facts.has_recording)


def _after(facts: LastFacts, today: date, what: str, detail: str, path: str, is_done: bool) -> Step:
    due_on = facts.day + timedelta(days=DAYS_AFTER[what])
    return Step(what.capitalize(), detail, path, is_done, due_on, not is_done and due_on < today)
