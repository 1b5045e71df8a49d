"""Surveys of the whole workforce by an open link, with the figures the annual report prints."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import select

from app.catalogue.models import Offer, Series
from app.demo.making.answers import Fixed, Respondents
from app.demo.making.people import People
from app.demo.making.responses import ResponseRows
from app.demo.making.rows import read
from app.kernel.db import db
from app.kernel.london import from_london, london_date
from app.surveys.models import (
    Evaluation,
    Measure,
    Question,
    QuestionKind,
    Questionnaire,
    QuestionnaireKind,
    QuestionnaireVersion,
    QuestionOption,
)
from app.surveys.queries import asked_questions
from app.surveys.questionnaires import current_version


def make_open_surveys(
    people: People, respondents: Respondents, responses: ResponseRows, *, now: datetime
) -> None:
    """The evaluations of the data file, with everybody who answered them."""
    for facts in respondents.facts["open"]:
        evaluation = _evaluation(facts, now=now)
        db.session.add(evaluation)
        db.session.flush()
        _answer(evaluation, facts, people, respondents, responses, now=now)


def _evaluation(facts: dict[str, Any], *, now: datetime) -> Evaluation:
    if "from" in facts:
        open_from = from_london(facts["from"], time(9))
        open_until = from_london(facts["until"], time(17))
    else:
        open_from = now - timedelta(days=facts["days_ago"])
        open_until = now + timedelta(days=facts["days_left"])
    name = facts["questionnaire"]
    if name == QuestionnaireKind.IMPACT.value:
        version = current_version(QuestionnaireKind.IMPACT)
    else:
        version = _own_questionnaire(read(name), published_at=open_from)
    series = facts.get("series")
    offers = select(Offer).where(Offer.slug.in_(facts["offers"]))
    return Evaluation(
        slug=facts["slug"] if "from" in facts else f"{facts['slug']}-{now.year}",
        title=facts["title"],
        subject_words=facts["subject"],
        offers=list(db.session.scalars(offers)),
        series=db.session.scalar(select(Series).where(Series.slug == series)) if series else None,
        open_version=version,
        open_from=open_from,
        open_until=open_until,
        created_at=open_from - timedelta(days=7),
    )


def _own_questionnaire(form: dict[str, Any], *, published_at: datetime) -> QuestionnaireVersion:
    measures = {measure.key: measure for measure in db.session.scalars(select(Measure))}
    questions = [
        Question(
            key=facts["key"],
            position=position,
            section=facts["section"],
            words=facts["words"],
            kind=QuestionKind(facts["kind"]),
            measure=measures[facts["measure"]] if "measure" in facts else None,
            options=[
                QuestionOption(position=place, **option)
                for place, option in enumerate(facts.get("options", ()), start=1)
            ],
        )
        for position, facts in enumerate(form["questions"], start=1)
    ]
    version = QuestionnaireVersion(number=1, published_at=published_at, questions=questions)
    kind = QuestionnaireKind(form["kind"])
    db.session.add(
        Questionnaire(slug=form["slug"], title=form["title"], kind=kind, versions=[version])
    )
    return version


def _answer(
    evaluation: Evaluation,
    facts: dict[str, Any],
    people: People,
    respondents: Respondents,
    responses: ResponseRows,
    *,
    now: datetime,
) -> None:
    chance, count = respondents.chance, facts["responses"]
    version_id = cast(int, evaluation.open_version_id)
    questions = asked_questions(version_id, evaluation.subject_words)
    routed = any(question.conditions for question in questions)
    fixed = Fixed.from_counts(facts, chance, responses=count, routed=routed)
    first = london_date(cast(datetime, evaluation.open_from))
    last = london_date(min(cast(datetime, evaluation.open_until), now))
    days = (last - first).days
    # An open link knows nobody: only the sectors are those of the workforce.
    for person in chance.sample(people.everybody, count):
        answers = respondents.fill_in("impact", questions, respondents.knowledge(), fixed)
        responses.add(
            questions,
            answers,
            evaluation_id=evaluation.id,
            version_id=version_id,
            sector_id=person.sector_id,
            answered_on=first + timedelta(days=chance.randint(0, max(days - 1, 0))),
        )
