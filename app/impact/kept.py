"""Counts that the worker keeps of large evaluations: written, found, and how they are stored."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select

from app.impact.counts import Counted, Reach
from app.impact.models import KeptAnswers, KeptCounts
from app.kernel.db import db, rows_of
from app.surveys.models import InvitationState

FRESH = timedelta(minutes=15)  # the worker counts again every five
FORMAT = "3"  # of what is stored: another number makes what was kept before be counted again

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class AnswerRows:
    """What the grouped statements about answers said; numbers only."""

    answers: Sequence[Row] = ()
    choosers: Sequence[Row] = ()
    recalled: Sequence[Row] = ()
    twice: Sequence[Row] = ()

    def as_lists(self) -> dict[str, list[list[int | None]]]:
        """As they are stored, in an order of their own."""
        return {
            part.name: sorted(map(list, getattr(self, part.name)), key=repr)
            for part in fields(self)
        }


_FRESH = select(KeptCounts.evaluation_id, KeptCounts.counted_at, KeptCounts.rows).where(
    KeptCounts.evaluation_id.in_(bindparam("ids", expanding=True)),
    KeptCounts.counted_at > bindparam("since"),
    KeptCounts.counted_at <= bindparam("now"),
)


def find_counted(evaluation_ids: Collection[int], *, now: datetime) -> dict[int, Counted]:
    """What is kept of these evaluations and still fresh."""
    rows = rows_of(_FRESH, {"ids": list(evaluation_ids), "since": now - FRESH, "now": now})
    return {row.evaluation_id: _read(row.rows, row.counted_at) for row in rows}


def find_answers(fingerprints: Collection[str]) -> dict[int, AnswerRows]:
    """The answers kept under these fingerprints, by evaluation."""
    if not fingerprints:
        return {}
    rows = db.session.execute(
        select(KeptAnswers.evaluation_id, KeptAnswers.rows).where(
            KeptAnswers.fingerprint.in_(fingerprints)
        )
    )
    return {evaluation_id: AnswerRows(**kept) for evaluation_id, kept in rows}


def answers_under(fingerprint: str) -> AnswerRows | None:
    """The answers kept under it, if any are."""
    found = db.session.get(KeptAnswers, fingerprint)
    return AnswerRows(**found.rows) if found else None


def keep_counted(evaluation_id: int, counted: Counted) -> None:
    """Put this in the place of what was kept of the evaluation."""
    db.session.execute(delete(KeptCounts).where(KeptCounts.evaluation_id == evaluation_id))
    db.session.add(
        KeptCounts(
            evaluation_id=evaluation_id, counted_at=counted.counted_at, rows=_written(counted)
        )
    )
    db.session.flush()


def keep_answers(evaluation_id: int, fingerprint: str, rows: AnswerRows) -> None:
    """Keep the answers in the figures under their fingerprint."""
    written = {name: [list(row) for row in part] for name, part in asdict(rows).items()}
    db.session.add(KeptAnswers(fingerprint=fingerprint, evaluation_id=evaluation_id, rows=written))
    db.session.flush()


def forget_answers(evaluation_id: int, *, but: Collection[str]) -> None:
    """Drop what was kept of answers under other fingerprints: more have come in since."""
    others = KeptAnswers.fingerprint.not_in(but)
    db.session.execute(
        delete(KeptAnswers).where(KeptAnswers.evaluation_id == evaluation_id, others)
    )


def fingerprint_of(groups: Iterable[object]) -> str:
    """The same for the same groups of responses, in whatever order."""
    written = "\n".join(sorted(map(repr, groups)))
    return hashlib.sha256(f"{FORMAT}\n{written}".encode()).hexdigest()


def _written(counted: Counted) -> dict[str, Any]:
    reach = asdict(counted.reach)
    reach["first_on"], reach["last_on"] = map(_iso, (counted.reach.first_on, counted.reach.last_on))
    return {
        "asked": [
            [*row[:2], InvitationState(row[2]).value, row[3], _iso(row[4]), *row[5:8], _iso(row[8])]
            for row in counted.asked
        ],
        "responses": [[*row[:2], _iso(row[2]), *row[3:]] for row in counted.responses],
        "reach": reach,
    }


def _read(kept: dict[str, Any], counted_at: datetime) -> Counted:
    def instant(written: str | None) -> datetime | None:
        return datetime.fromisoformat(written) if written else None

    def day(written: str | None) -> date | None:
        return date.fromisoformat(written) if written else None

    reach = kept["reach"]
    return Counted(
        asked=[
            (*row[:2], InvitationState(row[2]), row[3], instant(row[4]), *row[5:8], instant(row[8]))
            for row in kept["asked"]
        ],
        responses=[(*row[:2], day(row[2]), *row[3:]) for row in kept["responses"]],
        reach=Reach(
            **{**reach, "first_on": day(reach["first_on"]), "last_on": day(reach["last_on"])}
        ),
        counted_at=counted_at,
    )


def _iso(moment: date | None) -> str | None:
    return moment.isoformat() if moment else None
