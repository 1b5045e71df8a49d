"""The letter with the link by which a post of the Executive answers the themes of a report."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app

from app.forums.executive_queries import half_term_words
from app.forums.opinion_models import ExecutiveReport, RespondentLink
from app.kernel.london import day_start
from app.outbox import letters
from app.outbox.operations import NOTICE_PRIORITY, queue

KIND = "forums_executive_link"


def queue_link(link: RespondentLink, report: ExecutiveReport, token: str) -> None:
    """One message for each link; its words are erased once it has left."""
    half_term = half_term_words(report.round.half_term)
    letter = letters.write(
        KIND,
        subject=f"What schools ask the Executive: {half_term}",
        post=link.post,
        half_term=half_term,
        ends_on=link.ends_on,
        address=f"{current_app.config['BASE_URL']}/executive-answers/{token}",
    )
    queue(
        letter,
        dedupe_key=f"{KIND}:{link.reference}",
        kind=KIND,
        about=("executive link", link.reference),
        to_name=link.post,
        to_email=link.email,
        priority=NOTICE_PRIORITY,
        not_after=day_start(link.ends_on + timedelta(days=1)),
        erase_when_sent=True,
    )
