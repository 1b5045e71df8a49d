from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from app import create_app, worker
from app.accounts.models import Person
from app.accounts.sign_in_models import SignInSession
from app.demo.personas import Persona, all_personas
from app.jobs import JOBS
from app.kernel import clock
from app.kernel.db import db, transaction
from config import SettingError
from tests.conftest import make_app
from tests.support import databases, factories
from tests.support.page_client import PageClient, PageResponse

DEV_PAGES = ("/dev", "/dev/mail", "/dev/mail/x.eml", "/dev/mail/x.eml/html")


@pytest.fixture
def client(example: Flask) -> PageClient:
    """A browser on the example."""
    made = example.test_client()
    assert isinstance(made, PageClient)
    return made


@pytest.fixture(scope="module")
def mail_folder(example: Flask, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the example's messages are, once those it is made with have been sent."""
    folder = tmp_path_factory.mktemp("mail")
    example.config["MAIL_URL"] = f"file:{folder}"
    deliver(example)
    return folder


def deliver(app: Flask) -> None:
    with app.app_context():
        worker.run_once(clock.now(), [job for job in JOBS if job.name == "deliver mail"])


def button_of(persona: Persona) -> str:
    return f"Be {persona.name}"


def become(client: PageClient, persona: Persona) -> PageResponse:
    return client.post_form(client.get("/dev"), button=button_of(persona))


def test_one_click_makes_a_newcomer_each_of_the_people(example: Flask, client: PageClient) -> None:
    for persona in all_personas():
        assert persona.tries in client.get("/dev").words
        began = become(client, persona)
        assert began.location == persona.start
        with example.app_context():
            sessions = db.session.execute(
                select(SignInSession, Person)
                .join(Person, Person.id == SignInSession.person_id)
                .where(SignInSession.ended_at.is_(None))
            ).all()
            [(session, person)] = sessions  # the one before has ended
            assert person.name == persona.name
            assert person.is_staff == (session.second_factor_at is not None)


def test_staff_open_their_own_pages_without_an_authenticator(client: PageClient) -> None:
    for key, address in (
        ("delivery", "/manage"),
        ("evaluator", "/impact"),
        ("administrator", "/admin"),
    ):
        become(client, next(one for one in all_personas() if one.key == key))
        assert client.get(address, judge=False).status_code == 200, key


def test_nobody_else_can_be_signed_in(client: PageClient) -> None:
    page, button = client.get("/dev"), button_of(all_personas()[0])
    unknown = client.post_form(page, button=button, extra={"who": "somebody"})
    assert unknown.status_code == 404
    nobody = client.post_form(page, button=button, extra={"who": ""})
    assert nobody.errors == ["Choose who to be"]


def test_time_is_moved_on_with_one_click_and_never_back(example: Flask, client: PageClient) -> None:
    with example.app_context():
        before = clock.now()
    page = client.post_form(client.get("/dev"), button="by 1 week")
    assert page.location == "/dev"
    assert "In the example it is now" in client.get("/dev").words
    with example.app_context():
        assert clock.now() - before > timedelta(days=6)
    back = client.post_form(client.get("/dev"), button="by 1 week", extra={"distance": "-1w"})
    assert back.errors == ["Write how far as 10d, 2w or 4m: days, weeks or months, up to 3 years"]


def test_the_sent_mail_shows_a_confirmation_with_its_calendar_part(
    client: PageClient, mail_folder: Path
) -> None:
    page = client.get("/dev/mail?to=practitioner@example.org")
    [line, *_] = [link for link in page.select("a") if link.words.startswith("Booked: ")]
    shown = client.get(str(line["href"]))
    assert shown.h1 == line.words
    assert "METHOD:REQUEST" in shown.words
    calendar = client.get(f"{line['href']}/calendar", judge=False)
    assert calendar.mimetype == "text/calendar"
    assert calendar.data.startswith(b"BEGIN:VCALENDAR\r\n")
    source = client.get(f"{line['href']}/download", judge=False)
    assert source.mimetype == "message/rfc822"


def test_a_sign_in_code_can_be_read_though_the_outbox_forgot_it(
    example: Flask, client: PageClient, mail_folder: Path
) -> None:
    client.post_form(client.get("/sign-in"), {"email": "newcomer@example.org"})
    deliver(example)
    page = client.get("/dev/mail?to=newcomer@example.org")
    line = next(link for link in page.select("a") if "code" in link.words)
    shown = client.get(str(line["href"]))
    assert any(word.isdecimal() and len(word) == 6 for word in shown.words.split())
    with example.app_context():
        erased = db.session.execute(
            text("SELECT text_body FROM outbox_message WHERE to_email = 'newcomer@example.org'")
        ).scalars()
        assert set(erased) == {""}


def test_a_messages_own_page_can_neither_run_nor_load_anything(
    client: PageClient, mail_folder: Path
) -> None:
    page = client.get("/dev/mail")
    name = next(
        str(link["href"]) for link in page.select("a") if str(link["href"]).endswith(".eml")
    )
    shown = client.get(f"{name}/html", judge=False)
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert policy.endswith("sandbox")


@pytest.mark.parametrize(
    "name", ["..%2f..%2fsecret.eml", "none.eml", "x", "a" * 300 + ".eml", "%00.eml"]
)
def test_no_other_file_can_be_read_through_the_sent_mail(client: PageClient, name: str) -> None:
    assert client.get(f"/dev/mail/{name}").status_code == 404


def test_elsewhere_these_pages_do_not_exist(app: Flask) -> None:
    with transaction():
        factories.make_partnership()
    outside = app.test_client()
    assert isinstance(outside, PageClient)
    for address in DEV_PAGES:
        assert outside.get(address).status_code == 404
    app.config["WTF_CSRF_ENABLED"] = False
    for address in ("/dev/sign-in", "/dev/time"):
        assert outside.post(address, data={"who": "delivery", "distance": "1w"}).status_code == 404


def test_from_elsewhere_the_example_pages_do_not_exist_either(client: PageClient) -> None:
    for address in DEV_PAGES:
        forwarded = client.get(address, headers={"X-Forwarded-For": "203.0.113.7"})
        assert forwarded.status_code == 404
        distant = client.get(address, environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
        assert distant.status_code == 404


def test_the_application_does_not_start_with_an_example_that_others_could_reach(
    example: Flask, example_url: str
) -> None:
    settings = {**example.config, "BASE_URL": "https://learning.example.org"}
    with pytest.raises(SettingError, match="this machine only"):
        create_app(settings)


def test_every_page_of_the_example_says_that_it_is_one(client: PageClient) -> None:
    for address in ("/", "/learning", "/dev", "/nowhere"):
        assert "people and answers are invented" in client.get(address).words


class TestCommand:
    def test_makes_the_example_once_and_says_what_is_in_it(
        self, template: databases.Template, tmp_path: Path
    ) -> None:
        url = template.fresh(tmp_path)
        made = make_app(url)
        try:
            runner = made.test_cli_runner()
            first = runner.invoke(args=["demo"])
            assert first.exit_code == 0, first.output
            assert "The Wakefield example: 969 invented people" in first.output
            again = runner.invoke(args=["demo"])
            assert again.exit_code == 1
            assert "has something in it" in again.output
        finally:
            databases.let_go(made)
            template.drop(url)

    def test_moves_the_time_of_an_example_on(self, example: Flask) -> None:
        runner = example.test_cli_runner()
        with example.app_context():
            before = clock.now()
        moved = runner.invoke(args=["demo", "--fast-forward", "10d"])
        assert moved.exit_code == 0, moved.output
        assert "In the example it is now" in moved.output
        with example.app_context():
            assert clock.now() - before > timedelta(days=9)
        refused = runner.invoke(args=["demo", "--fast-forward", "yesterday"])
        assert (refused.exit_code, "10d, 2w or 4m" in refused.output) == (1, True)

    def test_moves_no_other_databases_time(self, app: Flask) -> None:
        refused = app.test_cli_runner().invoke(args=["demo", "--fast-forward", "4m"])
        assert refused.exit_code == 1
        assert "only in a database made by `flask demo`" in refused.output
