"""The standard questionnaires: data beside this file, loaded as versions that never change."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.kernel.db import db
from app.surveys.models import (
    Measure,
    MeasureScale,
    OutcomeLevel,
    Question,
    QuestionKind,
    Questionnaire,
    QuestionnaireKind,
    QuestionnaireVersion,
    QuestionOption,
)

STANDARD = Path(__file__).parent / "standard"
STANDARD_SLUGS = ("before", "after", "impact")
YES_AND_NO = (
    {"value": "yes", "label": "Yes", "counts": True},
    {"value": "no", "label": "No"},
)


def load_standard_questionnaires(*, now: datetime, folder: Path = STANDARD) -> None:
    """Bring measures and questionnaires up to the data; words that differ make a new version."""
    measures = _load_measures(_read(folder / "measures.toml"))
    for slug in STANDARD_SLUGS:
        _load_questionnaire(_read(folder / f"{slug}.toml"), measures, now=now)
    db.session.flush()


def current_version(kind: QuestionnaireKind) -> QuestionnaireVersion:
    """The newest published version of the standard questionnaire of this kind; it must exist."""
    found = newest_version(kind.value, kind)
    if found is None:
        raise LookupError(kind.value)
    return found


def newest_version(slug: str, kind: QuestionnaireKind) -> QuestionnaireVersion | None:
    """The newest published version of a questionnaire; None without one for that time."""
    return db.session.scalar(
        select(QuestionnaireVersion)
        .join(QuestionnaireVersion.questionnaire)
        .where(Questionnaire.slug == slug, Questionnaire.kind == kind)
        .where(QuestionnaireVersion.published_at.is_not(None))
        .order_by(QuestionnaireVersion.number.desc())
        .limit(1)
    )


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)


def _load_measures(data: dict[str, Any]) -> dict[str, Measure]:
    known = {measure.key: measure for measure in db.session.scalars(select(Measure))}
    for position, facts in enumerate(data["measures"], start=1):
        measure = known.get(facts["key"])
        if measure is None:
            measure = known[facts["key"]] = Measure(key=facts["key"])
            db.session.add(measure)
        measure.title = facts["title"]
        measure.level = OutcomeLevel(facts["level"])
        measure.scale = MeasureScale(facts["scale"])
        measure.position = position
    return known


def _load_questionnaire(
    form: dict[str, Any], measures: dict[str, Measure], *, now: datetime
) -> None:
    found = db.session.scalar(
        select(Questionnaire)
        .where(Questionnaire.slug == form["slug"])
        .options(
            selectinload(Questionnaire.versions)
            .selectinload(QuestionnaireVersion.questions)
            .options(selectinload(Question.options), selectinload(Question.measure))
        )
    )
    if found is None:
        found = Questionnaire(slug=form["slug"], kind=QuestionnaireKind(form["kind"]))
        db.session.add(found)
    if any(version.is_ours for version in found.versions):
        return  # staff have gone on from it
    found.title = form["title"]
    wanted = _as_written(form)
    published = [version for version in found.versions if version.published_at]
    if published and _as_stored(published[-1]) == wanted:
        return
    found.versions.append(
        QuestionnaireVersion(
            number=1 + max((version.number for version in found.versions), default=0),
            published_at=now,
            questions=[_question(facts, position, measures) for position, facts in wanted],
        )
    )


def _as_written(form: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """Each question's position and everything about it, as the data file says it."""
    questions = [
        _complete(question, section["title"])
        for section in form["sections"]
        for question in section["questions"]
    ]
    return list(enumerate(questions, start=1))


def _complete(question: dict[str, Any], section: str) -> dict[str, Any]:
    routing, also = question.get("shown_if"), question.get("also_if")
    options = YES_AND_NO if question["kind"] == "yes_no" else question.get("options", [])
    return {
        "key": question["key"],
        "section": section,
        "words": question["words"],
        "hint": question.get("hint", ""),
        "lowest_words": question.get("lowest", ""),
        "highest_words": question.get("highest", ""),
        "kind": question["kind"],
        "measure": question.get("measure"),
        "is_required": question.get("required", False),
        "shown_if_key": routing["key"] if routing else None,
        "shown_if_values": " ".join(routing["values"]) if routing else None,
        "also_if_key": also["key"] if also else None,
        "also_if_values": " ".join(also["values"]) if also else None,
        "options": [
            {
                "value": option["value"],
                "label": option["label"],
                "counts": option.get("counts", False),
                "is_outside_base": option.get("outside_base", False),
            }
            for option in options
        ],
    }


def _as_stored(version: QuestionnaireVersion) -> list[tuple[int, dict[str, Any]]]:
    names = (
        *("key", "section", "words", "hint", "is_required", "shown_if_key", "shown_if_values"),
        *("also_if_key", "also_if_values", "lowest_words", "highest_words"),
    )
    return [
        (
            question.position,
            {name: getattr(question, name) for name in names}
            | {
                "kind": question.kind.value,
                "measure": question.measure.key if question.measure else None,
                "options": [
                    {
                        "value": option.value,
                        "label": option.label,
                        "counts": option.counts,
                        "is_outside_base": option.is_outside_base,
                    }
                    for option in question.options
                ],
            },
        )
        for question in version.questions
    ]


def _question(facts: dict[str, Any], position: int, measures: dict[str, Measure]) -> Question:
    made_into_rows = {"kind", "measure", "options"}
    return Question(
        **{name: value for name, value in facts.items() if name not in made_into_rows},
        kind=QuestionKind(facts["kind"]),
        position=position,
        measure=measures[facts["measure"]] if facts["measure"] else None,
        options=[
            QuestionOption(position=place, **option)
            for place, option in enumerate(facts["options"], start=1)
        ],
    )
