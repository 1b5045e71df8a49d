"""The report that the example has published, with the figures of its day."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.models import Person
from app.demo.making.rows import read
from app.impact.disclosure import Audience
from app.impact.queries import evaluation_summary
from app.impact.reports import composing, operations, queries
from app.impact.reports.codebook import codebook_of
from app.impact.reports.operations import SectionDetails
from app.kernel import clock
from app.kernel.db import db
from app.partnership import queries as partnership


def publish_example_report(by: str, *, now: datetime) -> None:
    """Write and publish the report of the data file; `by` is a person's reference."""
    actor = db.session.scalars(select(Person).where(Person.reference == by)).one()
    facts = read("report")
    at = now - timedelta(days=facts["days_ago"])
    evaluation = facts["evaluation"]
    summary = evaluation_summary(evaluation, audience=Audience.ELSEWHERE, now=at)
    if summary is None:
        raise LookupError(evaluation)
    slug = operations.begin_report(
        queries.evaluation_id_of(evaluation),
        facts["title"],
        facts["summary"],
        [
            SectionDetails(one["heading"], one["words"].strip(), one.get("figures", ()))
            for one in facts["sections"]
        ],
        actor=actor,
        now=at,
    )
    db.session.flush()
    draft = queries.working_report(slug)
    if draft is None:
        raise LookupError(slug)
    document = composing.compose(
        draft,
        composing.live_source(summary, codebook_of(evaluation)),
        quotes=(),
        partnership=partnership.current(),
        example=clock.example_words(),
    )
    operations.publish(slug, document, actor=actor, now=at)
