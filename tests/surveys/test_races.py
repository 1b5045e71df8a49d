"""One link, opened by many at once: the answers are kept once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from flask import Flask
from sqlalchemy import func, select

from app.kernel import clock
from app.kernel.db import db
from app.surveys.models import InvitationState
from app.surveys.response_models import Response
from tests.support.surveys import a_course_attended, invitations, links_in, messages, round_of_work

AT_ONCE = 12
LAST = 9  # the last screen of the questions straight after


def test_many_sending_the_same_form_at_once_are_counted_once(file_app: Flask) -> None:
    with file_app.app_context():
        now = clock.now().replace(hour=12)
        a_course_attended(now - timedelta(days=1, hours=3))
        round_of_work(now)
        link = links_in(messages()[0])[0]
    file_app.config["WTF_CSRF_ENABLED"] = False
    first = file_app.test_client()
    for step in range(1, LAST):
        values = {"quality": "good"}
        assert first.post(f"{link}?step={step}", data=values, judge=False).status_code == 303
    gate = Barrier(AT_ONCE)

    def send_in(_number: int) -> int:
        client = file_app.test_client()
        gate.wait()
        return client.post(f"{link}?step={LAST}", data={"change": "No"}, judge=False).status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = list(pool.map(send_in, range(AT_ONCE)))
    with file_app.app_context():
        assert db.session.scalar(select(func.count(Response.id))) == 1
        assert invitations(0)[0].state is InvitationState.ANSWERED
    assert set(statuses) <= {200, 303}  # thanks at once, or on the page one is led to
