"""Comments for whoever reads them: the queue, the search, one comment. Never a name beside one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, distinct, func, select

from app.catalogue.models import Event
from app.impact.disclosure import ELSEWHERE_THRESHOLD
from app.impact.words import queries, rules
from app.impact.words.models import (
    CommentReading,
    CommentsWaiting,
    CommentTheme,
    QuoteConsent,
    ThemeOfComment,
)
from app.impact.words.rules import Cell, Origin
from app.kernel.db import db
from app.kernel.london import short_date_words
from app.partnership.models import Sector
from app.surveys.import_models import ImportedForm, ImportRun
from app.surveys.models import Evaluation, Question, QuestionKind, QuestionOption, Wave
from app.surveys.response_models import Answer, Response, ResponseSource

HIGHEST_ID = 2**63 - 1
WRITTEN = (Answer.text.is_not(None), Answer.text != "")
DoorKey = tuple[int, int | None, ResponseSource]  # evaluation, wave, source
COLUMNS = (
    Answer.id,
    Answer.text,
    Answer.response_id,
    Answer.evaluation_id,
    Answer.wave_id,
    Question.words.label("question"),
    Evaluation.slug,
    Evaluation.title,
    Evaluation.subject_words,
    Response.source,
    Response.event_id,
    Sector.name.label("sector"),
    Wave.months_later.label("wave_months"),
    ImportedForm.months_later.label("imported_months"),
    func.coalesce(CommentReading.is_read, False).label("is_read"),
    func.coalesce(CommentReading.is_cut, False).label("is_cut"),
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Comments of one evaluation that nobody has read, and since when there are some."""

    slug: str
    title: str
    count: int
    since: date


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote: never who, and where they came from only among ten or more."""

    id: int
    text: str
    question: str
    evaluation_id: int
    slug: str
    title: str
    door: str
    origin: str
    consent: QuoteConsent | None
    themes: tuple[str, ...]
    is_read: bool
    is_cut: bool


@dataclass(frozen=True, slots=True)
class ThemeCounts:
    """How many comments of an evaluation say what; None while fewer than ten people wrote."""

    people: int
    counts: tuple[tuple[str, int], ...] | None


@dataclass(frozen=True, slots=True)
class Commented:
    """An evaluation that a search can be narrowed to."""

    id: int
    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search of comments asks for; empty means all."""

    words: str = ""
    evaluation: str = ""
    theme: str = ""
    state: str = ""


def batches() -> list[Batch]:
    """What nobody has read yet, the longest waiting first."""
    count = func.count(CommentReading.answer_id)
    rows = db.session.execute(
        select(Evaluation.slug, Evaluation.title, count, CommentsWaiting.since)
        .join(CommentsWaiting, CommentsWaiting.evaluation_id == Evaluation.id)
        .join(CommentReading, CommentReading.evaluation_id == Evaluation.id)
        .where(~CommentReading.is_read)
        .group_by(Evaluation.slug, Evaluation.title, CommentsWaiting.since)
        .order_by(CommentsWaiting.since, Evaluation.title)
    )
    return [Batch(*row) for row in rows]


def late_batches(*, today: date) -> list[Batch]:
    """Those that have waited for longer than a working day."""
    return [batch for batch in batches() if rules.is_late(batch.since, today=today)]


def unread_of(evaluation_id: int, *, most: int) -> list[Comment]:
    """Comments to read, by their random ids: the order says nothing of when they came."""
    unread = (CommentReading.evaluation_id == evaluation_id, ~CommentReading.is_read)
    statement = _select(*COLUMNS).where(*WRITTEN, *unread).order_by(Answer.id).limit(most)
    return _comments(statement, with_origin=True)


def comments_count(wanted: Wanted, *, among: Collection[int] | None) -> int:
    """How many comments a search finds."""
    return db.session.scalar(_narrowed(wanted, func.count(), among=among)) or 0


def found_comments(
    wanted: Wanted, first: int, last: int, *, among: Collection[int] | None
) -> list[Comment]:
    """A page of what a search finds.

    Readers see all (`among` is None), and where one came from. Others see what has been read, among
    evaluations in which ten people wrote something, and never where it came from.
    """
    ids = db.session.scalars(
        _narrowed(wanted, Answer.id, among=among)
        .order_by(Answer.id)
        .offset(first)
        .limit(last - first)
    ).all()
    if not ids:
        return []
    statement = _select(*COLUMNS).where(Answer.id.in_(ids)).order_by(Answer.id)
    return _comments(statement, with_origin=among is None)


def _narrowed(wanted: Wanted, what: Any, *, among: Collection[int] | None) -> Any:
    """What of the comments that a search finds, with no more tables than it asks about.

    Words are few beside choices: SQLite is told to go through them alone.
    """
    found = select(what).select_from(Answer).where(*_conditions(wanted, among=among))
    if wanted.evaluation:
        found = found.join(Evaluation, Evaluation.id == Answer.evaluation_id)
    if wanted.state or among is not None:
        found = found.outerjoin(CommentReading, CommentReading.answer_id == Answer.id)
    return found.with_hint(Answer, "INDEXED BY ix_answer_text", "sqlite")


def find_comment(answer_id: int) -> Comment | None:
    """One comment for its reader; None if there is none."""
    if answer_id > HIGHEST_ID:
        return None
    found = _comments(_select(*COLUMNS).where(Answer.id == answer_id, *WRITTEN), with_origin=True)
    return found[0] if found else None


def commented_evaluations() -> list[Commented]:
    """The evaluations in which anybody has written something that is in the queue, or was read."""
    known = select(CommentReading.answer_id).join(Answer, Answer.id == CommentReading.answer_id)
    of_it = known.where(*WRITTEN, Answer.evaluation_id == Evaluation.id)
    return _commented(of_it.correlate(Evaluation).exists())


def widely_commented_evaluations() -> list[Commented]:
    """Those in which ten people have written something."""
    people = func.count(distinct(Answer.response_id))
    many = (
        select(Answer.evaluation_id)
        .where(*WRITTEN)
        .group_by(Answer.evaluation_id)
        .having(people >= ELSEWHERE_THRESHOLD)
    )
    return _commented(Evaluation.id.in_(many))


def _commented(which: ColumnElement[bool]) -> list[Commented]:
    rows = db.session.execute(
        select(Evaluation.id, Evaluation.slug, Evaluation.title)
        .where(which)
        .order_by(Evaluation.title, Evaluation.slug)
    )
    return [Commented(*row) for row in rows]


def offered_themes() -> list[tuple[str, str]]:
    """Reference and name of the themes that can be given, by name."""
    found = select(CommentTheme.reference, CommentTheme.name)
    rows = db.session.execute(
        found.where(CommentTheme.retired_on.is_(None)).order_by(CommentTheme.name_key)
    )
    return [(reference, name) for reference, name in rows]


def theme_counts(evaluation_id: int) -> ThemeCounts:
    """What comments of an evaluation say, the most frequent first."""
    wrote = select(func.count(distinct(Answer.response_id)))
    people = db.session.scalar(wrote.where(*WRITTEN, Answer.evaluation_id == evaluation_id)) or 0
    if people < ELSEWHERE_THRESHOLD:
        return ThemeCounts(people, None)
    count = func.count(ThemeOfComment.answer_id)
    rows = db.session.execute(
        select(CommentTheme.name, count)
        .join(ThemeOfComment, ThemeOfComment.theme_id == CommentTheme.id)
        .join(Answer, Answer.id == ThemeOfComment.answer_id)
        .where(Answer.evaluation_id == evaluation_id)
        .group_by(CommentTheme.name)
        .order_by(count.desc(), CommentTheme.name)
    )
    return ThemeCounts(people, tuple((name, number) for name, number in rows))


def contains(column: Any, words: str) -> ColumnElement[bool]:
    """Whether a text has these words in it, in capitals or not; what is typed is no pattern."""
    found: ColumnElement[bool] = func.lower(column).contains(words.lower(), autoescape=True)
    return found


def _conditions(wanted: Wanted, *, among: Collection[int] | None) -> list[Any]:
    conditions: list[Any] = [*WRITTEN]
    if wanted.words:
        conditions.append(contains(Answer.text, wanted.words))
    if wanted.evaluation:
        conditions.append(Evaluation.slug == wanted.evaluation)
    if wanted.theme:
        has_it = (
            select(ThemeOfComment.answer_id)
            .join(CommentTheme, CommentTheme.id == ThemeOfComment.theme_id)
            .where(ThemeOfComment.answer_id == Answer.id, CommentTheme.reference == wanted.theme)
        )
        conditions.append(has_it.exists())
    if wanted.state == "unread":
        conditions.append(func.coalesce(CommentReading.is_read, False).is_(False))
    if wanted.state == "cut":
        conditions.append(CommentReading.is_cut)
    if among is not None:
        conditions += [CommentReading.is_read, Answer.evaluation_id.in_(among)]
    return conditions


def _select(*columns: Any) -> Any:
    return (
        select(*columns)
        .select_from(Answer)
        .join(Response, Response.id == Answer.response_id)
        .join(Question, Question.id == Answer.question_id)
        .join(Evaluation, Evaluation.id == Answer.evaluation_id)
        .outerjoin(Sector, Sector.id == Response.sector_id)
        .outerjoin(Wave, Wave.id == Response.wave_id)
        .outerjoin(ImportRun, ImportRun.id == Response.import_run_id)
        .outerjoin(ImportedForm, ImportedForm.id == ImportRun.form_id)
        .outerjoin(CommentReading, CommentReading.answer_id == Answer.id)
    )


def _comments(statement: Any, *, with_origin: bool) -> list[Comment]:
    rows = db.session.execute(statement).all()
    themes = queries.themes_of({row.id for row in rows})
    consents = _consents({row.response_id for row in rows})
    origins = _origins({row.evaluation_id for row in rows}) if with_origin and rows else {}
    events = _event_words({one.event_id for door in origins.values() for one in door.values()})
    return [
        Comment(
            id=row.id,
            text=row.text,
            question=row.question.replace("{subject}", row.subject_words),
            evaluation_id=row.evaluation_id,
            slug=row.slug,
            title=row.title,
            door=rules.door_words(
                wave_months=row.wave_months,
                is_imported=row.source is ResponseSource.IMPORTED,
                imported_months=row.imported_months,
            ),
            origin=_origin_words(row, origins, events),
            consent=rules.consent_of(consents.get(row.response_id, ())),
            themes=themes[row.id],
            is_read=row.is_read,
            is_cut=row.is_cut,
        )
        for row in rows
    ]


def _consents(response_ids: Collection[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for response_id, value in db.session.execute(
        select(Answer.response_id, QuestionOption.value)
        .join(Question, Question.id == Answer.question_id)
        .join(QuestionOption, QuestionOption.id == Answer.option_id)
        .where(Answer.response_id.in_(response_ids), Question.kind == QuestionKind.QUOTE_CONSENT)
    ):
        found.setdefault(response_id, []).append(value)
    return found


def _origins(evaluation_ids: Collection[int]) -> dict[DoorKey, dict[Cell, Origin]]:
    """What may be said of where answers came from, door by door."""
    cells: dict[DoorKey, Counter[Cell]] = {}
    for evaluation_id, wave_id, source, event_id, sector, count in db.session.execute(
        select(
            Response.evaluation_id,
            Response.wave_id,
            Response.source,
            Response.event_id,
            Sector.name,
            func.count(),
        )
        .outerjoin(Sector, Sector.id == Response.sector_id)
        .where(Response.evaluation_id.in_(evaluation_ids))
        .group_by(
            Response.evaluation_id,
            Response.wave_id,
            Response.source,
            Response.event_id,
            Sector.name,
        )
    ):
        door = cells.setdefault((evaluation_id, wave_id, source), Counter())
        door[event_id, sector] += count
    return {door: rules.origins(counts) for door, counts in cells.items()}


def _event_words(event_ids: Collection[int | None]) -> dict[int, str]:
    ids = [one for one in event_ids if one is not None]
    if not ids:
        return {}
    found: list[tuple[int, datetime]] = [
        (event_id, starts_at)
        for event_id, starts_at in db.session.execute(
            select(Event.id, Event.starts_at).where(Event.id.in_(ids))
        )
    ]
    return {event_id: f"session of {short_date_words(starts)}" for event_id, starts in found}


def _origin_words(
    row: Any, origins: Mapping[DoorKey, Mapping[Cell, Origin]], events: Mapping[int, str]
) -> str:
    """As in: session of 9 November 2026, Health; empty where that cannot be said."""
    door = origins.get((row.evaluation_id, row.wave_id, row.source), {})
    origin = door.get((row.event_id, row.sector), Origin())
    parts: Sequence[str] = (events.get(origin.event_id or 0, ""), origin.sectors)
    return ", ".join(part for part in parts if part)
