"""What staff ask in their own questionnaires is counted as the standard questions are."""

from __future__ import annotations

import pytest

from app.impact import queries
from app.impact.disclosure import Audience
from app.impact.summaries import EvaluationSummary
from app.kernel.db import db
from app.surveys import building, question_building
from app.surveys.models import QuestionKind, QuestionnaireKind, Wave
from app.surveys.option_rules import QuestionDetails
from app.surveys.questionnaires import load_standard_questionnaires
from tests.support.answers import add_responses, make_evaluation, wave_of
from tests.support.factories import NOW, make_person, make_sector

pytestmark = pytest.mark.usefixtures("app")

SURE = QuestionDetails(
    "How sure?",
    "One",
    measure_key="confidence",
    counted=2,
    lowest_words="Not at all",
    highest_words="Very",
    may_not_apply=True,
)


def test_the_numbers_of_a_scale_that_count_are_the_share_of_its_measure() -> None:
    load_standard_questionnaires(now=NOW)
    actor = make_person()
    draft = building.create_questionnaire("Own", QuestionnaireKind.IMPACT, actor=actor, now=NOW)
    for kind, details in (
        (QuestionKind.SCALE, SURE),
        (QuestionKind.SHORT_TEXT, QuestionDetails("What helped?", "Two")),
    ):
        question_building.add_question(draft.id, kind, details, actor=actor, now=NOW)
    building.publish(draft.id, moves_plans=False, actor=actor, now=NOW)
    evaluation = make_evaluation()
    evaluation.waves.append(Wave(months_later=3, version_id=draft.id))
    db.session.flush()
    given = ["5"] * 4 + ["4"] * 5 + ["3"] * 2 + ["1"] * 1 + ["does_not_apply"] * 3
    forms = [
        {"q_how_sure": value} | ({"q_what_helped": "The toolkit"} if number < 7 else {})
        for number, value in enumerate(given)
    ]
    add_responses(evaluation, forms, wave=wave_of(evaluation, 3))
    summary = queries.evaluation_summary(evaluation.slug, audience=Audience.ELSEWHERE, now=NOW)
    assert summary
    [measure] = summary.measures
    [figure] = measure.figures
    assert figure.share
    assert (measure.key, figure.share.count, figure.share.base) == ("confidence", 9, 12)
    assert [(line.label, line.count) for line in figure.options] == [
        ("1: Not at all", 1),
        ("2", 0),
        ("3", 2),
        ("4", 5),
        ("5: Very", 4),
        ("It does not apply to my role", 3),
    ]
    assert [(one.words, one.count) for one in summary.comments] == [("What helped?", 7)]


def summary_of_two_conditions(both: int) -> EvaluationSummary:
    """So many who used it and did often, 8 who used it and never did, 9 who never used it."""
    load_standard_questionnaires(now=NOW)
    actor = make_person()
    draft = building.create_questionnaire("Own", QuestionnaireKind.IMPACT, actor=actor, now=NOW)
    often = QuestionDetails("How often?", "One", labels=("Often", "Never"), counted=1)
    for kind, details in (
        (QuestionKind.YES_NO, QuestionDetails("Used it?", "One")),
        (QuestionKind.SINGLE, often),
        (QuestionKind.SCALE, SURE),
        (QuestionKind.SHORT_TEXT, QuestionDetails("What helped?", "Two")),
    ):
        question_building.add_question(draft.id, kind, details, actor=actor, now=NOW)
    conditions = [("q_used_it", ("yes",)), ("q_how_often", ("often",))]
    for key in ("q_how_sure", "q_what_helped"):
        question_building.route_question(draft.id, key, conditions, actor=actor, now=NOW)
    building.publish(draft.id, moves_plans=False, actor=actor, now=NOW)
    evaluation = make_evaluation()
    evaluation.waves.append(Wave(months_later=3, version_id=draft.id))
    db.session.flush()
    used = {"q_used_it": "yes"}
    asked = used | {"q_how_often": "often", "q_how_sure": "5", "q_what_helped": "The toolkit"}
    for sector in (make_sector(), make_sector()):
        add_responses(evaluation, [asked] * both, wave=wave_of(evaluation, 3), sector=sector)
        others = [used | {"q_how_often": "never"}] * 8 + [{"q_used_it": "no"}] * 9
        add_responses(evaluation, others, wave=wave_of(evaluation, 3), sector=sector)
    found = queries.evaluation_summary(evaluation.slug, audience=Audience.ELSEWHERE, now=NOW)
    assert found
    return found


def test_the_base_of_a_question_of_two_conditions_is_those_who_met_both() -> None:
    summary = summary_of_two_conditions(both=12)
    [measure] = summary.measures
    [figure] = measure.figures
    assert figure.share
    assert (figure.share.count, figure.share.base) == (24, 24)
    assert figure.asked_of == "those who answered “Yes” and answered “Often”"
    assert figure.sectors == ()  # how many met both in each is no count of any answer
    assert [(one.words, one.count) for one in summary.comments] == [("What helped?", 24)]


def test_what_few_were_asked_by_two_conditions_is_withheld() -> None:
    summary = summary_of_two_conditions(both=4)
    [measure] = summary.measures
    assert [figure.is_withheld for figure in measure.figures] == [True]
    assert [one.count for one in summary.comments] == [None]
