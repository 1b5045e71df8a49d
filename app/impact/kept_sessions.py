"""The lines of sessions of a large evaluation, put together ahead by the worker.

Nearly every answer is a row of its own there; a page that read them took as many seconds as there
are ten thousands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import select

from app.impact import figures, kept
from app.impact.counts import EvaluationCounts, sorted_doors
from app.impact.models import KeptAnswers
from app.impact.session_figures import WaveOfSessions
from app.impact.session_lines import WaveLines, from_plain, lines_of_wave
from app.impact.sessions_counted import SessionCounts, WaveKey, read_sessions
from app.kernel.db import db

FORMAT = "sessions 1"  # of what is stored: another makes what was kept before be put together anew


def lines_of_waves(
    found: Collection[EvaluationCounts],
    offer_of: Mapping[int, int],
    event_ids: Collection[int],
    *,
    threshold: int,
) -> dict[WaveKey, WaveLines]:
    """The lines of these evaluations' waves, at least those within these sessions."""
    of = {fingerprint_of(counts, threshold=threshold): counts for counts in found if counts.kept}
    stored = _stored(of)
    lines = {
        (of[fingerprint].facts.id, int(wave_id)): from_plain(own, event_ids)
        for fingerprint, waves in stored.items()
        for wave_id, own in waves.items()
    }
    known = {of[fingerprint].facts.id for fingerprint in stored}
    live = [counts for counts in found if counts.facts.id not in known]
    return lines | put_together(live, offer_of, threshold=threshold)


def put_together(
    found: Collection[EvaluationCounts], offer_of: Mapping[int, int], *, threshold: int
) -> dict[WaveKey, WaveLines]:
    """The lines of these evaluations' waves, from their answers."""
    by_session = read_sessions(found, offer_of)
    return {
        key: lines
        for counts in found
        for key, lines in _put_together(counts, by_session, threshold=threshold)
    }


def _put_together(
    counts: EvaluationCounts, by_session: Mapping[WaveKey, SessionCounts], *, threshold: int
) -> Iterator[tuple[WaveKey, WaveLines]]:
    pairs = figures.doors_of(counts, threshold=threshold)
    for wave_id, (door, door_counts) in zip(sorted_doors(counts), pairs, strict=True):
        if not isinstance(wave_id, int):
            continue
        key = counts.facts.id, wave_id
        if key in by_session:
            yield key, lines_of_wave(WaveOfSessions(door, door_counts, by_session[key]))


def keep_lines(
    as_read: Mapping[int, EvaluationCounts], offer_of: Mapping[int, int]
) -> Collection[str]:
    """Keep the lines of one evaluation's waves, as counted for readers of each threshold.

    Read once for all of them, and only if they are not kept already; under which fingerprints.
    """
    named = {
        fingerprint_of(counts, threshold=threshold): (threshold, counts)
        for threshold, counts in as_read.items()
    }
    missing = {name: named[name] for name in named.keys() - _stored(named).keys()}
    by_session = read_sessions([counts for _, counts in missing.values()][:1], offer_of)
    for name, (threshold, counts) in missing.items():
        waves = _put_together(counts, by_session, threshold=threshold)
        rows = {str(wave_id): lines.as_plain() for (_, wave_id), lines in waves}
        db.session.add(KeptAnswers(fingerprint=name, evaluation_id=counts.facts.id, rows=rows))
    db.session.flush()
    return named.keys()


def fingerprint_of(counts: EvaluationCounts, *, threshold: int) -> str:
    """The same for the same responses, let in by the same steps."""
    responses = [tuple(row) for row in counts.kept.responses] if counts.kept else []
    steps = [
        (wave_id, [sorted(step) for step in door.steps], [sorted(s) for s in door.smaller_steps])
        for wave_id, door in counts.doors.items()
        if isinstance(wave_id, int)
    ]
    return kept.fingerprint_of([FORMAT, threshold, *steps, *responses])


def _stored(fingerprints: Collection[str]) -> dict[str, dict[str, Any]]:
    if not fingerprints:
        return {}
    rows = db.session.execute(
        select(KeptAnswers.fingerprint, KeptAnswers.rows).where(
            KeptAnswers.fingerprint.in_(fingerprints)
        )
    )
    return {row.fingerprint: row.rows for row in rows}
