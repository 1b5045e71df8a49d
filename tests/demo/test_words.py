"""A newcomer finds comments to read and quotations to use."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from app.impact.words import comment_queries, quote_queries
from app.impact.words.models import CommentReading
from app.impact.words.quote_queries import Searched
from app.kernel.db import db


def test_there_are_new_comments_and_others_that_were_read_and_two_released_quotations(
    example: Flask,
) -> None:
    with example.app_context():
        [batch] = comment_queries.batches()
        assert (batch.slug, batch.count) == ("multi-agency-neglect", 5)
        read = select(func.count()).where(CommentReading.is_read)
        assert (db.session.scalar(read) or 0) > 300
        assert quote_queries.quotes_count(Searched(), for_readers=False) == 2
        assert quote_queries.to_release_count() == 1
