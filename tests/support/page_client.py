"""A client that judges every page it meets, so that any test of a page keeps all our promises."""

from __future__ import annotations

import contextvars
import re
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, has_app_context, request_finished
from flask.testing import FlaskClient
from sqlalchemy import Connection, event
from werkzeug.test import TestResponse

from app.kernel.db import db
from tests.support.judge import faults_of
from tests.support.page import Element, Form, Page

MOST_STATEMENTS = 15
MOST_STATEMENTS_OF_A_REPORT = 20
# Publishing reads a report whole and freezes it; the report of a priority holds a whole summary.
MOST_STATEMENTS_OF_PUBLISHING = 30
# Reads files, the list and what was decided, then writes people, bookings and a register.
MOST_STATEMENTS_OF_A_MEETING = 24
# Merging two people moves what every feature keeps of them; another address is told to calendars.
MOST_STATEMENTS_OF_MOVING = 100
# Undoing an import looks for what stands on it, then puts back each table that it changed.
MOST_STATEMENTS_OF_UNDOING = 24
UNDOES_AN_IMPORT = re.compile(r"/manage/import/files/\w+/undo")
MOVES_A_PERSON = re.compile(r"/manage/people/\w+/(?:merge/\w+|address)")
GIVES_A_REPORT = re.compile(r"/forums/executive/\w+")
WHOLE_REPORTS = ("/impact/reports/", "/impact/priority-reports/")
# A read may note that somebody is still there, or that an address asks too often; nothing else.
MAY_BE_WRITTEN_BY_A_READ = {"sign_in_session", "attempt"}
WRITES = re.compile(r'\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)', re.IGNORECASE)
WRITTEN = "ripple_written"  # the tables a connection has written to since its transaction began
# The partnership's facts are kept by the process for seconds: which page reads them is chance.
# The clock that can be moved on is there in the example alone.
NOT_COUNTED = re.compile(
    r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|"
    r"SELECT partnership\.name|SELECT example_clock)\b",
    re.IGNORECASE,
)


@dataclass
class Watch:
    """What one application did to its database during the request under way."""

    statements: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # tables written to by what was committed

    @classmethod
    def over(cls, app: Flask) -> Watch:
        """The watch of this application, set up once."""
        if "ripple_watch" not in app.extensions:
            app.extensions["ripple_watch"] = watch = cls()
            with app.app_context():
                event.listen(db.engine, "before_cursor_execute", watch._note_statement)
                event.listen(db.engine, "commit", watch._note_commit)
                event.listen(db.engine, "rollback", watch._note_rollback)
            request_finished.connect(watch._note_unfinished, app, weak=False)
        found: Watch = app.extensions["ripple_watch"]
        return found

    def begin(self) -> None:
        """Forget the request before."""
        self.statements.clear()
        self.unfinished.clear()
        self.kept.clear()

    def _note_statement(self, connection: Connection, *arguments: Any) -> None:
        statement = arguments[1]
        if not NOT_COUNTED.match(statement):
            self.statements.append(statement)
        if found := WRITES.match(statement):
            connection.info.setdefault(WRITTEN, []).append(found[1])
            if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
                self._note_commit(connection)

    def _note_commit(self, connection: Connection) -> None:
        self.kept += connection.info.pop(WRITTEN, [])

    def _note_rollback(self, connection: Connection) -> None:
        connection.info.pop(WRITTEN, None)

    def _note_unfinished(self, _app: Flask, **_ignored: Any) -> None:
        session = db.session
        changed = [*session.new, *session.dirty, *session.deleted]
        self.unfinished += [type(thing).__name__ for thing in changed]


class PageResponse(TestResponse):
    """A response with its page read: `.page`, and short cuts to what tests look at most."""

    def __enter__(self) -> PageResponse:
        """Itself; a file it holds is closed at the end."""
        return self

    @property
    def page(self) -> Page:
        """The page, parsed."""
        return Page(self.text)

    def select(self, tag: str | None = None, **attributes: str | bool) -> list[Element]:
        """Elements of the page; see Element.select."""
        return self.page.select(tag, **attributes)

    @property
    def words(self) -> str:
        """All text shown on the page, white space made single."""
        return self.page.words

    @property
    def h1(self) -> str:
        """The words of the main heading."""
        return self.page.h1

    @property
    def errors(self) -> list[str]:
        """The lines of the error summary."""
        return self.page.errors


class PageClient(FlaskClient):
    """Flask's test client, which fails the test when a page breaks a promise of the house.

    Each request runs apart from the test's own application context, as it does in production:
    it has its own database session and its own current_user.
    """

    application: Flask

    def __init__(self, application: Flask, *arguments: Any, **options: Any) -> None:
        """Watch the application's database."""
        super().__init__(application, PageResponse, *arguments[1:], **options)
        self.watch = Watch.over(application)
        self.sent: Any = None

    def open(self, *arguments: Any, judge: bool = True, **options: Any) -> PageResponse:
        """Make a request and judge the answer; AssertionError lists what is wrong with it."""
        _let_go_of_what_the_test_has_read()
        self.watch.begin()
        response = contextvars.Context().run(super().open, *arguments, **options)
        assert isinstance(response, PageResponse)
        if judge:
            self._judge(response)
        return response

    def get(self, *arguments: Any, **options: Any) -> PageResponse:
        """Read a page."""
        return self.open(*arguments, method="GET", **options)

    def post(self, *arguments: Any, **options: Any) -> PageResponse:
        """Send something as it is, without a form's hidden fields: mostly you want post_form."""
        self.sent = options.get("data")
        return self.open(*arguments, method="POST", **options)

    def post_form(
        self,
        response: PageResponse,
        values: dict[str, Any] | None = None,
        *,
        button: str | None = None,
        extra: dict[str, Any] | None = None,
    ) -> PageResponse:
        """Fill in the form on this page and send it, hidden fields and all; redirects not followed.

        `button` picks the form and is pressed; None as a value leaves a field out; `extra` adds
        what no field of the form offers, as a hostile client would.
        """
        changes = values or {}
        form = response.page.form(names=set(changes), button=button)
        sent = {**form.filled_in(changes, button), **(extra or {})}
        return self.post(self._target(form, response), data=sent)

    def submit(self, response: PageResponse, *arguments: Any, **options: Any) -> PageResponse:
        """post_form, and on to the page it leads to."""
        return self.follow(self.post_form(response, *arguments, **options))

    def follow(self, response: PageResponse) -> PageResponse:
        """The page that a redirect leads to at last; the response itself if it is none."""
        for _ in range(10):
            if response.location is None or not 300 <= response.status_code < 400:
                return response
            sends_again = response.status_code in {307, 308} and response.request.method == "POST"
            response = (
                self.post(response.location, data=self.sent)
                if sends_again
                else self.get(response.location)
            )
        raise AssertionError(f"redirected more than ten times, at last to {response.location}")

    def click(self, response: PageResponse, words: str) -> PageResponse:
        """Follow the link with these words."""
        return self.follow(self.get(response.page.link(words)))

    @staticmethod
    def _target(form: Form, response: PageResponse) -> str:
        return form.action or response.request.full_path.rstrip("?")

    def _judge(self, response: PageResponse) -> None:
        faults = self._database_faults(response)
        has_page = response.request.method != "HEAD" and not 300 <= response.status_code < 400
        if has_page and response.mimetype == "text/html":
            faults += faults_of(response.text)
        address = f"{response.request.method} {response.request.full_path.rstrip('?')}"
        assert not faults, f"{address} ({response.status_code}): " + "; ".join(faults)

    def _database_faults(self, response: PageResponse) -> list[str]:
        faults = []
        if self.watch.unfinished:
            faults.append(f"changes outside a transaction: {', '.join(self.watch.unfinished)}")
        count = len(self.watch.statements)
        is_report = response.request.path.startswith(
            ("/impact/", "/manage/report", "/forums/executive/")
        )
        most = MOST_STATEMENTS_OF_A_REPORT if is_report else MOST_STATEMENTS
        gives = response.request.method == "POST" and GIVES_A_REPORT.fullmatch(
            response.request.path
        )
        if gives or response.request.path.startswith(WHOLE_REPORTS):
            most = MOST_STATEMENTS_OF_PUBLISHING
        if "/register/meeting/" in response.request.path:
            most = MOST_STATEMENTS_OF_A_MEETING
        if response.request.method == "POST" and MOVES_A_PERSON.fullmatch(response.request.path):
            most = MOST_STATEMENTS_OF_MOVING
        if response.request.method == "POST" and UNDOES_AN_IMPORT.fullmatch(response.request.path):
            most = MOST_STATEMENTS_OF_UNDOING
        if count > most:
            listed = "\n  ".join([" ".join(s.split())[:200] for s in self.watch.statements])
            faults.append(f"{count} SQL statements, more than {most}:\n  {listed}\n")
        if response.request.method in {"GET", "HEAD"}:
            written = [match[1] for s in self.watch.statements if (match := WRITES.match(s))]
            faults += [
                f"a read wrote to the table {table}"
                for table in written
                if table not in MAY_BE_WRITTEN_BY_A_READ
            ]
        return faults


def _let_go_of_what_the_test_has_read() -> None:
    """End the test's own transaction, so that it holds no lock and sees what the request did."""
    if not has_app_context():
        return
    session = db.session
    changed = [*session.new, *session.dirty, *session.deleted]
    assert not changed, f"the test has not committed {changed} before asking for a page"
    session.rollback()
