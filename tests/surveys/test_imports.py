"""Answers from Microsoft Forms: taken in once, brought up to date, counted, undone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Person
from app.audit.models import AuditLine
from app.impact.disclosure import Audience
from app.impact.queries import evaluation_summary
from app.impact.summaries import EvaluationSummary, Figure
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.surveys import import_drafts, imports
from app.surveys.import_models import ImportDraft, ImportedForm, ImportedRow, ImportRun
from app.surveys.import_rules import ImportKind, QuestionPlan
from app.surveys.models import Evaluation, Question, QuestionnaireVersion
from app.surveys.readers.forms_file import read_forms_file
from app.surveys.response_models import Answer, Response, ResponseSource
from tests.support.answers import add_responses, make_evaluation, wave_of
from tests.support.factories import make_partnership, make_person
from tests.support.forms_files import (
    OWN,
    TOOLKIT_QUESTIONS,
    excel,
    suggested_plans,
    toolkit_answers,
)

pytestmark = pytest.mark.usefixtures("app")
NEWER = (*OWN, "Last modified time")
NEXT_DAY = timedelta(days=1, seconds=1)


@pytest.fixture
def evaluation(app: Flask) -> Evaluation:
    make_partnership()
    return make_evaluation(3, open_link=True)


@pytest.fixture
def actor(app: Flask) -> Person:
    return make_person(Role.DELIVERY)


def toolkit(count: int, *, first: int = 1) -> bytes:
    return excel(TOOLKIT_QUESTIONS, toolkit_answers(count, first=first))


def draft_of(
    content: bytes, evaluation: Evaluation, actor: Person, now: datetime, months: int | None = None
) -> str:
    return import_drafts.keep_draft(
        read_forms_file(content),
        evaluation_id=evaluation.id,
        months_later=months,
        file_name="Toolkit.xlsx",
        file_sha256="0" * 64,
        actor=actor,
        now=now,
    )


def suggested(reference: str) -> list[QuestionPlan]:
    return suggested_plans(import_drafts.read_draft(db.session.get_one(ImportDraft, reference)))


def bring_in(
    content: bytes,
    evaluation: Evaluation,
    actor: Person,
    now: datetime,
    *,
    months: int | None = None,
    plans: Sequence[QuestionPlan] | None = None,
) -> ImportRun:
    reference = draft_of(content, evaluation, actor, now, months)
    run = imports.import_answers(reference, plans or suggested(reference), actor=actor, now=now)
    db.session.commit()
    return run


def counts(run: ImportRun) -> tuple[int, int, int]:
    return run.new_count, run.changed_count, run.unchanged_count


def summary_of(
    evaluation: Evaluation, now: datetime, audience: Audience = Audience.ELSEWHERE
) -> EvaluationSummary:
    found = evaluation_summary(evaluation.slug, audience=audience, now=now)
    assert found
    return found


def figure(lines: Sequence[Any], key: str) -> Figure:
    [measure] = [line for line in lines if line.key == key]
    found: Figure = measure.figures[-1]
    return found


def test_imported_answers_are_answers_like_any_other(
    evaluation: Evaluation, actor: Person, now: datetime
) -> None:
    run = bring_in(toolkit(50), evaluation, actor, now)
    assert counts(run) == (50, 0, 0)
    responses = db.session.scalars(select(Response)).all()
    assert {response.source for response in responses} == {ResponseSource.IMPORTED}
    assert {response.answered_on for response in responses} == {date(2025, 3, 1)}
    assert {(r.wave_id, r.event_id, r.sector_id, r.pairing_key) for r in responses} == {
        (None, None, None, None)
    }
    by_kind = dict(
        db.session.execute(
            select(Question.kind, func.count(Answer.id))
            .join(Answer, Answer.question_id == Question.id)
            .group_by(Question.kind)
        ).all()
    )
    assert {kind.value: count for kind, count in by_kind.items()} == {
        "yes_no": 50,
        "single": 100,
        "score": 50,
        "multiple": 75,
        "long_text": 16,
    }


def test_figures_of_imported_answers_stand_beside_our_own_under_the_same_measures(
    evaluation: Evaluation, actor: Person, now: datetime
) -> None:
    own = [{"used": "yes", "frequency": "rarely"}] * 12
    add_responses(evaluation, own, wave=wave_of(evaluation, 3))
    bring_in(toolkit(50), evaluation, actor, now, months=3)
    bring_in(excel(("How often do you use it?",), everyone("Often", 20)), evaluation, actor, now)
    found = summary_of(evaluation, now)
    [use] = [line for line in found.measures if line.key == "use"]
    assert [one.door.label for one in use.figures] == [
        "3 months later",
        "3 months later, Microsoft Forms March 2025",
    ]
    assert [(f.share.count, f.share.base) for f in use.figures if f.share] == [(0, 12), (30, 50)]
    assert figure(found.measures, "knowledge").mean is not None
    assert figure(found.open_measures, "use").share
    [door] = found.open_imports
    assert door.imported_words == (
        "20 answers imported from a Microsoft Forms file, 10 November 2026"
    )
    assert found.chain[3].words.startswith("use it at least occasionally (0 of 12")


def everyone(answer: str, count: int) -> list[list[Any]]:
    return [[*row[:5], answer] for row in toolkit_answers(count)]


def past_evaluation() -> bytes:
    """As one was asked in Microsoft Forms: 94 of 104 aware, 63 using it, 100 more informed (F3)."""
    use = ["Very frequently"] * 13 + ["Frequently"] * 21 + ["Occasionally"] * 29
    use += ["Rarely"] * 30 + ["Never"] * 11
    informed = ["Yes, much more"] * 70 + ["Yes, a little more"] * 30 + ["No change"] * 4
    rows = [
        [*row[:5], "Yes" if place < 94 else "No", use[place], informed[place]]
        for place, row in enumerate(toolkit_answers(104))
    ]
    questions = (
        "Are you aware of the Neglect Toolkit?",
        "How often do you use the toolkit?",
        "Do you feel more informed and confident in identifying neglect?",
    )
    return excel(questions, rows)


def test_a_past_evaluation_gives_the_figures_that_were_published(
    evaluation: Evaluation, actor: Person, now: datetime
) -> None:
    """90% aware, over 60% using it, 96% more informed: with every suggestion as it stands."""
    bring_in(past_evaluation(), evaluation, actor, now)
    found = summary_of(evaluation, now)
    shares = {
        line.key: (share.count, share.base, share.percent)
        for line in found.open_measures
        if (share := line.figures[-1].share)
    }
    assert {key: (count, base) for key, (count, base, _) in shares.items()} == {
        "awareness": (94, 104),
        "use": (63, 104),
        "informed": (100, 104),
    }
    assert [str(percent) for _, _, percent in shares.values()] == ["90", "96", "61"]


def test_the_same_file_again_adds_nothing(
    evaluation: Evaluation, actor: Person, now: datetime
) -> None:
    bring_in(toolkit(30), evaluation, actor, now)
    ids = set(db.session.scalars(select(Answer.id)))
    assert counts(bring_in(toolkit(30), evaluation, actor, now)) == (0, 0, 30)
    assert set(db.session.scalars(select(Answer.id))) == ids
    assert counts(bring_in(toolkit(45), evaluation, actor, now)) == (15, 0, 30)
    assert db.session.scalar(select(func.count(ImportedForm.id))) == 1
    assert db.session.scalar(select(func.count(QuestionnaireVersion.id))) == 4


def modified(answers: dict[int, str], at: dict[int, str]) -> bytes:
    rows = [
        [*row[:5], at.get(number, ""), answers.get(number, "Good")]
        for number, row in enumerate(toolkit_answers(12), start=1)
    ]
    return excel(("Rate the session overall",), rows, own=NEWER)


def quality(evaluation: Evaluation, now: datetime) -> dict[str, int]:
    options = figure(summary_of(evaluation, now).open_measures, "quality").options
    return {option.label: option.count for option in options if option.count}


def test_who_answered_otherwise_since_is_brought_up_to_date_and_put_back(
    evaluation: Evaluation, actor: Person, now: datetime
) -> None:
    later, earlier = "2025-04-02 09:00:00", "2025-04-01 09:00:00"
    first = modified({5: "Poor"}, {5: earlier})
    bring_in(first, evaluation, actor, now)
    assert quality(evaluation, now) == {"Good": 11, "Poor": 1}
    run = bring_in(modified({5: "Good", 6: "Fair"}, {5: later}), evaluation, actor, now)
    assert counts(run) == (0, 2, 10)
    assert quality(evaluation, now) == {"Good": 11, "Fair": 1}
    # The first file again is older than what is known of 5, and says no time for 6.
    assert counts(bring_in(first, evaluation, actor, now)) == (0, 1, 11)
    assert quality(evaluation, now) == {"Good": 12}
    imports.undo_import(latest().reference, actor=actor, now=now)
    imports.undo_import(run.reference, actor=actor, now=now)
    db.session.commit()
    assert quality(evaluation, now) == {"Good": 11, "Poor": 1}


def latest() -> ImportRun:
    found = select(ImportRun).where(ImportRun.undone_at.is_(None)).order_by(ImportRun.id.desc())
    return db.session.scalars(found).first()  # type: ignore[return-value]


def test_a_few_more_answers_wait_until_they_are_enough(
    evaluation: Evaluation, actor: Person, now: datetime
) -> None:
    """Else the figures before and after would tell what those few answered."""
    bring_in(toolkit(30), evaluation, actor, now)
    bring_in(toolkit(34), evaluation, actor, now)
    found = summary_of(evaluation, now)
    assert [(door.answered, door.in_figures) for door in found.open_imports] == [(34, 30)]
    assert figure(found.open_measures, "use").share.base == 30  # type: ignore[union-attr]
    bring_in(toolkit(40), evaluation, actor, now)
    found = summary_of(evaluation, now)
    assert [(door.answered, door.in_figures) for door in found.open_imports] == [(40, 40)]
    few = make_evaluation(3)
    bring_in(excel(("Overall?",), everyone("Good", 9)), few, actor, now, months=0)
    assert summary_of(few, now).measures == ()
    assert summary_of(few, now, Audience.RUNNING_TEAM).measures != ()


def test_an_import_can_be_undone_for_a_day_the_latest_first(
    evaluation: Evaluation, actor: Person, now: datetime
) -> None:
    first = bring_in(toolkit(30), evaluation, actor, now)
    second = bring_in(toolkit(41), evaluation, actor, now)
    with pytest.raises(Refused, match="later file"):
        imports.undo_import(first.reference, actor=actor, now=now)
    with pytest.raises(Refused, match="that day is over"):
        imports.undo_import(second.reference, actor=actor, now=now + NEXT_DAY)
    imports.undo_import(second.reference, actor=actor, now=now)
    assert db.session.scalar(select(func.count(Response.id))) == 30
    with pytest.raises(Refused, match="undone already"):
        imports.undo_import(second.reference, actor=actor, now=now)
    imports.undo_import(first.reference, actor=actor, now=now)
    db.session.commit()
    for model in (Response, Answer, ImportedRow):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0
    assert summary_of(evaluation, now).open_imports == ()
    verbs = db.session.scalars(select(AuditLine.verb).order_by(AuditLine.id)).all()
    assert verbs[-4:] == ["imported answers"] * 2 + ["undid an import"] * 2
    assert counts(bring_in(toolkit(30), evaluation, actor, now)) == (30, 0, 0)


def test_answers_are_not_counted_for_two_evaluations_or_times(
    evaluation: Evaluation, actor: Person, now: datetime
) -> None:
    bring_in(toolkit(30), evaluation, actor, now)
    for other, months in ((evaluation, 3), (make_evaluation(3), None)):
        reference = draft_of(toolkit(31), other, actor, now, months)
        with pytest.raises(Refused, match="imported already"):
            imports.import_answers(reference, suggested(reference), actor=actor, now=now)


def test_what_was_said_of_a_question_is_remembered_for_the_next_form(
    evaluation: Evaluation, actor: Person, now: datetime
) -> None:
    content = excel(("Overall?", "Which group?"), [[*r[:5], "Good", "A"] for r in FEW])
    reference = draft_of(content, evaluation, actor, now)
    plans = [
        QuestionPlan("Overall?", ImportKind.TEXT),
        QuestionPlan("Which group?", ImportKind.SKIP),
    ]
    imports.import_answers(reference, plans, actor=actor, now=now)
    next_year = excel(("overall? ", "Another"), [[*r[:5], "Good", "B"] for r in FEW])
    kinds = [plan.kind for plan in suggested(draft_of(next_year, evaluation, actor, now))]
    assert kinds[0] is ImportKind.TEXT
    assert db.session.scalars(select(Answer.text)).all() == ["Good"] * 12


FEW = toolkit_answers(12)


def test_the_next_file_with_other_words_makes_a_version_and_adds_up(
    evaluation: Evaluation, actor: Person, now: datetime
) -> None:
    question = ("How often do you use it?",)
    bring_in(excel(question, everyone("Often", 12)), evaluation, actor, now)
    more = [[*row[:5], "Often" if row[0] <= 12 else "Never"] for row in toolkit_answers(24)]
    assert counts(bring_in(excel(question, more), evaluation, actor, now)) == (12, 0, 12)
    share = figure(summary_of(evaluation, now).open_measures, "use").share
    assert share
    assert (share.count, share.base) == (12, 24)


def test_a_file_that_nobody_confirmed_is_erased_after_a_day(
    evaluation: Evaluation, actor: Person, now: datetime
) -> None:
    draft_of(toolkit(3), evaluation, actor, now)
    bring_in(modified({}, {}), evaluation, actor, now)
    bring_in(modified({1: "Poor"}, {}), evaluation, actor, now)
    assert import_drafts.forget_old_files(now=now + timedelta(hours=23)) == 0
    assert import_drafts.forget_old_files(now=now + NEXT_DAY) == 2
    assert db.session.scalar(select(func.count()).select_from(ImportDraft)) == 0
    assert latest().replaced is None


def test_no_column_of_the_database_holds_who_answered(
    evaluation: Evaluation, actor: Person, now: datetime
) -> None:
    rows = [[*r[:3], f"dee{r[0]}@example.org", "Dee Park", "Good"] for r in FEW]
    reference = draft_of(excel(("Overall?",), rows), evaluation, actor, now)
    draft = import_drafts.read_draft(db.session.get_one(ImportDraft, reference))
    assert draft.has_names
    assert "Dee" not in repr(draft)
    assert "example.org" not in repr(draft)


def test_many_rows_are_taken_in_quickly(
    evaluation: Evaluation, actor: Person, now: datetime
) -> None:
    """1,000 rows in a fifth of the time that 5,000 may take."""
    reference = draft_of(toolkit(1_000), evaluation, actor, now)
    plans = suggested(reference)
    begun = time.process_time()
    imports.import_answers(reference, plans, actor=actor, now=now)
    assert time.process_time() - begun < 1.5
