"""How one wave of a plan asks: which questionnaire, when it reminds, how long it stays open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import contains_eager, joinedload

from app.accounts.models import Person
from app.audit import operations as audit
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.surveys import schedule_rules
from app.surveys.evaluations import kind_of_wave, version_of
from app.surveys.models import Evaluation, QuestionnaireVersion, SurveyInvitation, Wave
from app.surveys.response_models import Response


@dataclass(frozen=True)
class WaveSettings:
    """What staff say of a wave; None leaves the questionnaire as it is."""

    questionnaire_slug: str | None
    open_days: int
    reminder_days: tuple[int, ...]


def change_settings(
    evaluation_id: int,
    months_later: int,
    settings: WaveSettings,
    *,
    actor: Person,
    now: datetime,
) -> None:
    """Ask so from now on; Refused for another questionnaire once anybody was asked.

    What has been sent stays open as long as its message said; reminders follow at once.
    """
    evaluation = db.session.get_one(Evaluation, evaluation_id, with_for_update=True)
    wave = find_wave(evaluation.slug, months_later)
    if wave is None:
        raise Refused("This is not in the plan any more")
    schedule_rules.check_settings(months_later, settings.open_days, settings.reminder_days)
    if settings.questionnaire_slug and settings.questionnaire_slug != slug_asked(wave):
        if is_asked(wave):
            raise Refused(
                "People have been asked already, so this survey keeps its questionnaire: "
                "answers to different questions cannot be added up"
            )
        kind = kind_of_wave(months_later, of_list=evaluation.counted_from_on is not None)
        wave.version = version_of(settings.questionnaire_slug, kind)
    wave.open_days = settings.open_days
    first, second, *_ = (*settings.reminder_days, None, None)
    wave.first_reminder_days, wave.second_reminder_days = first, second
    audit.record(
        actor.reference,
        "changed a survey of",
        "evaluation",
        evaluation.slug,
        now=now,
        months=months_later,
        questionnaire=slug_asked(wave),
        open_days=settings.open_days,
        reminders=" and ".join(str(days) for days in settings.reminder_days) or "none",
    )
    db.session.flush()


def find_wave(slug: str, months_later: int) -> Wave | None:
    """One point in time of an evaluation's plan, with the questionnaire it asks."""
    return db.session.scalar(
        select(Wave)
        .join(Wave.evaluation)
        .where(Evaluation.slug == slug, Wave.months_later == months_later)
        .options(
            contains_eager(Wave.evaluation),
            joinedload(Wave.version).joinedload(QuestionnaireVersion.questionnaire),
        )
    )


def slug_asked(wave: Wave) -> str:
    """The address of the questionnaire that a wave asks."""
    return wave.version.questionnaire.slug


def is_asked(wave: Wave) -> bool:
    """Whether anybody was asked in this wave, or has answered."""
    asked = select(SurveyInvitation.id).where(
        SurveyInvitation.wave_id == wave.id, SurveyInvitation.sent_at.is_not(None)
    )
    answered = select(Response.id).where(Response.wave_id == wave.id)
    return bool(db.session.scalar(select(or_(asked.exists(), answered.exists()))))
