"""Signing in as a browser does it: whole journeys, wrong and hostile input, limits, endings."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pyotp
import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Capacity, Organisation, Person
from app.accounts.sign_in_models import SignInCode, SignInSession
from app.audit.models import AuditLine
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in

ADDRESS = "sam.reed@example.org"
WRONG_CODE = (
    "That code did not work. Check it, or send another: "
    "a code works once, for 15 minutes and 5 tries"
)


@pytest.fixture(autouse=True)
def partnership(app: Flask) -> None:
    make_partnership()
    db.session.commit()


def codes_sent() -> list[str]:
    """The codes in the outbox, the oldest first."""
    texts = db.session.scalars(select(OutboxMessage.text_body).order_by(OutboxMessage.id)).all()
    db.session.rollback()
    return [found[1] for text in texts if (found := re.search(r"^(\d{6})$", text, re.MULTILINE))]


def ask(client: PageClient, email: str = ADDRESS, path: str = "/sign-in") -> PageResponse:
    """The page that asks for the code."""
    return client.submit(client.get(path), {"email": email})


def enter(client: PageClient, email: str = ADDRESS, path: str = "/sign-in") -> PageResponse:
    """Where the right code leads."""
    return client.submit(ask(client, email, path), {"code": codes_sent()[-1]}, button="Sign in")


def known_person(*roles: Role) -> Person:
    person = make_person(*roles, email=ADDRESS, name="Sam Reed")
    db.session.commit()
    return person


def location(response: PageResponse) -> str:
    """Path and query of a redirect, which must stay on this host."""
    assert response.location is not None
    parts = urlsplit(response.location)
    assert parts.netloc in {"", "localhost"}, response.location
    return parts.path + (f"?{parts.query}" if parts.query else "")


class TestSigningIn:
    def test_somebody_known_signs_in_and_goes_on_to_where_they_were(
        self, client: PageClient
    ) -> None:
        known_person()
        page = enter(client, path="/sign-in?next=/cookies%3Fa%3Db")
        assert page.request.full_path == "/cookies?a=b"
        assert "Sign out" in client.get("/").words

    def test_the_address_is_in_no_url_and_no_link(self, client: PageClient) -> None:
        page = ask(client)
        assert ADDRESS in page.words
        assert "sam" not in page.request.full_path
        assert not [link for link in page.select("a", href=True) if "sam" in link["href"]]

    def test_spaces_and_capitals_in_the_address_do_not_matter(self, client: PageClient) -> None:
        ask(client, "  Sam.Reed@Example.ORG ")
        assert db.session.scalars(select(OutboxMessage.to_email)).one() == ADDRESS

    def test_the_first_code_still_works_after_asking_again(self, client: PageClient) -> None:
        page = ask(client)
        page = client.submit(page, button="Send another code")
        assert "We have sent another code" in page.words
        first, _second = codes_sent()
        page = client.submit(page, {"code": first}, button="Sign in")
        assert page.h1 == "Tell us who you are"

    def test_the_code_page_without_an_address_asks_for_one(self, client: PageClient) -> None:
        assert location(client.get("/sign-in/code")) == "/sign-in"
        token = client.get("/sign-in").page.one("input", name="csrf_token")["value"]
        for address in ("/sign-in/code", "/sign-in/again"):
            response = client.post(address, data={"csrf_token": token, "code": "000000"})
            assert location(response) == "/sign-in"

    def test_a_new_token_is_made_at_each_sign_in(self, client: PageClient) -> None:
        known_person()
        tokens = set()
        for _ in range(3):
            enter(client)
            with client.session_transaction() as session:
                tokens.add(session["sign_in"])
            client.submit(client.get("/cookies"), button="Sign out")
        assert len(tokens) == 3

    def test_signing_in_keeps_nothing_of_what_the_browser_had_before(
        self, client: PageClient
    ) -> None:
        known_person()
        with client.session_transaction() as session:
            session["planted"] = "by somebody else"
        page = ask(client)
        client.post_form(page, {"code": codes_sent()[-1]}, button="Sign in")
        with client.session_transaction() as session:
            assert set(session) == {"sign_in"}

    def test_somebody_signed_in_is_not_asked_again(self, client: PageClient) -> None:
        person = known_person()
        sign_in(client, person)
        assert location(client.get("/sign-in?next=/privacy")) == "/privacy"

    def test_signing_in_is_on_the_trail_without_an_address(self, client: PageClient) -> None:
        person = known_person()
        enter(client)
        line = db.session.scalars(select(AuditLine)).one()
        assert (line.actor, line.verb) == (person.reference, "signed_in")
        assert line.facts == {}

    def test_a_booking_under_way_is_named_on_the_way_through(self, client: PageClient) -> None:
        words = "You are booking: Multi-Agency Neglect, Tuesday 10 November 2026"
        client.get("/sign-in")
        with client.session_transaction() as session:
            session["journey"] = words
        path = "/sign-in?next=/events/abc/book"
        assert words in client.get(path).words
        page = ask(client, path=path)
        assert words in page.words
        page = client.submit(page, {"code": codes_sent()[-1]}, button="Sign in")
        assert page.h1 == "Tell us who you are"
        assert words in page.words

    def test_a_booking_given_up_is_not_named_later(self, client: PageClient) -> None:
        with client.session_transaction() as session:
            session["journey"] = "You are booking: Old Course"
        assert "Old Course" not in client.get("/sign-in?next=/cookies").words


class TestWrongAddresses:
    @pytest.mark.parametrize(
        ("typed", "error"),
        [
            pytest.param("", "Enter an email address", id="nothing"),
            pytest.param("   ", "Enter an email address", id="spaces"),
            pytest.param("sam", "like name@example.com", id="no host"),
            pytest.param("<script>alert(1)</script>@x.org", "like name@example.com", id="script"),
            pytest.param("a@example.org\nBcc: b@example.org", "like name@example.com", id="header"),
            pytest.param("a@example.org\x00", None, id="control character is dropped"),
            pytest.param("a" * 5000 + "@example.org", "254 characters or fewer", id="huge"),
            pytest.param("{{7*7}}@example.org", None, id="template characters are allowed"),
            pytest.param("';DROP TABLE person;--@x.org", "like name@example.com", id="SQL"),
        ],
    )
    def test_a_wrong_address_is_explained_and_kept(
        self, client: PageClient, typed: str, error: str | None
    ) -> None:
        page = client.submit(client.get("/sign-in"), {"email": typed})
        if error is None:
            assert page.h1 == "Enter the code we sent"
            return
        assert page.status_code == 200
        assert page.page.title.startswith("Error: ")
        assert len(page.errors) >= 1
        assert error in " ".join(page.errors)
        kept = page.page.one("input", name="email")["value"]
        assert kept == " ".join(typed.replace("\x00", "").split())
        assert db.session.scalar(select(func.count()).select_from(OutboxMessage)) == 0

    def test_a_doubled_field_is_read_once(self, client: PageClient) -> None:
        page = client.get("/sign-in")
        client.post_form(page, {"email": [ADDRESS, "other@example.org"]})
        assert db.session.scalars(select(OutboxMessage.to_email)).all() == [ADDRESS]

    def test_a_missing_field_is_an_error_like_an_empty_one(self, client: PageClient) -> None:
        page = client.submit(client.get("/sign-in"), {"email": None, "checked": None})
        assert page.errors == ["Enter an email address"]

    def test_a_form_without_its_token_is_refused(self, client: PageClient) -> None:
        assert client.post("/sign-in", data={"email": ADDRESS}).status_code == 400
        assert codes_sent() == []

    def test_a_likely_slip_is_asked_about_once_and_not_forbidden(self, client: PageClient) -> None:
        page = client.submit(client.get("/sign-in"), {"email": "sam@gmial.com"})
        assert "It looks a little like sam@gmail.com" in page.words
        assert page.errors == []
        assert codes_sent() == []
        page = client.submit(page)
        assert page.h1 == "Enter the code we sent"
        assert len(codes_sent()) == 1

    def test_another_slip_after_the_first_is_asked_about_too(self, client: PageClient) -> None:
        page = client.submit(client.get("/sign-in"), {"email": "sam@gmial.com"})
        page = client.submit(page, {"email": "sam@gmal.com"})
        assert "It looks a little like sam@gmail.com" in page.words


class TestWrongCodes:
    @pytest.mark.parametrize(
        "typed",
        ["", "12345", "1234567", "abcdef", "1" * 59, "<b>1</b>", "' OR 1=1"],
    )
    def test_what_is_not_six_digits_is_no_try(self, client: PageClient, typed: str) -> None:
        page = client.submit(ask(client), {"code": typed}, button="Sign in")
        assert len(page.errors) == 1
        assert db.session.scalars(select(SignInCode.tries_count)).all() == [0]

    def test_a_wrong_an_old_a_used_and_a_tried_out_code_get_the_same_answer(
        self, app: Flask, client: PageClient
    ) -> None:
        answers = []
        with time_machine.travel("2026-11-10 09:00Z", tick=False) as travel:
            page = ask(client)
            right = codes_sent()[-1]
            wrong = f"{(int(right) + 1) % 10**6:06}"
            answers.append(client.submit(page, {"code": wrong}, button="Sign in"))
            travel.shift(timedelta(minutes=16))
            answers.append(client.submit(page, {"code": right}, button="Sign in"))
            page = ask(client)
            right = codes_sent()[-1]
            other = app.test_client()
            assert isinstance(other, PageClient)
            for _ in range(5):
                page = client.submit(page, {"code": wrong}, button="Sign in")
            answers.append(client.submit(page, {"code": right}, button="Sign in"))
        assert [answer.errors for answer in answers] == [[WRONG_CODE]] * 3
        assert {answer.status_code for answer in answers} == {200}

    def test_a_used_code_does_not_sign_in_again(self, client: PageClient) -> None:
        known_person()
        page = ask(client)
        code = codes_sent()[-1]
        client.post_form(page, {"code": code}, button="Sign in")
        client.submit(client.get("/cookies"), button="Sign out")
        page = client.submit(ask(client), {"code": code}, button="Sign in")
        assert page.errors == [WRONG_CODE]

    def test_somebody_deactivated_gets_the_same_words_and_does_not_get_in(
        self, client: PageClient
    ) -> None:
        make_person(email=ADDRESS, deactivated_at=clock.real_now())
        db.session.commit()
        page = enter(client)
        assert page.errors == [WRONG_CODE]
        assert "Sign out" not in page.words


class TestEnumeration:
    def answers_to(self, app: Flask, email: str) -> list[tuple[int, str, str | None]]:
        """What a browser sees when it asks, asks again, tries a wrong code, and is throttled."""
        client = app.test_client()
        assert isinstance(client, PageClient)
        seen = []
        asked = client.post_form(client.get("/sign-in"), {"email": email})
        seen.append(asked)
        page = client.follow(asked)
        seen.append(page)
        seen.append(client.post_form(page, button="Send another code"))
        seen.append(client.submit(page, {"code": "000000"}, button="Sign in"))
        seen.append(client.submit(page, button="Send another code"))
        seen.append(client.submit(page, button="Send another code"))
        return [
            (
                response.status_code,
                re.sub(r'name="csrf_token" value="[^"]*"', "", response.text).replace(email, "E"),
                response.location,
            )
            for response in seen
        ]

    def test_known_unknown_and_deactivated_addresses_get_the_same_answers(self, app: Flask) -> None:
        make_person(email="known@example.org")
        make_person(Role.ADMINISTRATOR, email="staff@example.org")
        make_person(email="gone@example.org", deactivated_at=clock.real_now())
        db.session.commit()
        with time_machine.travel("2026-11-10 09:00Z", tick=False):
            expected = self.answers_to(app, "nobody@example.org")
            assert [status for status, _, _ in expected] == [302, 200, 302, 200, 200, 429]
            for email in ("known@example.org", "staff@example.org", "gone@example.org"):
                assert self.answers_to(app, email) == expected


class TestThrottles:
    def test_the_fourth_code_is_not_sent_and_the_newest_can_still_be_entered(
        self, client: PageClient
    ) -> None:
        known_person()
        for _ in range(3):
            ask(client)
        page = client.submit(client.get("/sign-in"), {"email": ADDRESS})
        assert page.status_code == 429
        assert "Use the newest one. You can try again at" in page.errors[0]
        assert len(codes_sent()) == 3
        page = client.click(page, f"Enter a code we have sent to {ADDRESS}")
        page = client.submit(page, {"code": codes_sent()[-1]}, button="Sign in")
        assert "Sign out" in page.words

    def test_a_forwarded_address_that_no_proxy_vouches_for_changes_nothing(
        self, client: PageClient
    ) -> None:
        for number in range(4):
            values = (
                client.get("/sign-in")
                .page.form(names={"email"})
                .filled_in({"email": ADDRESS}, None)
            )
            headers = {"X-Forwarded-For": f"198.51.100.{number}"}
            response = client.post("/sign-in", data=values, headers=headers)
        assert response.status_code == 429
        assert len(codes_sent()) == 3

    def test_ten_wrong_codes_from_one_client_are_enough(self, client: PageClient) -> None:
        for number in range(2):
            page = ask(client, f"person{number}@example.org")
            for _ in range(5):
                page = client.submit(page, {"code": "000000"}, button="Sign in")
        page = ask(client, "another@example.org")
        page = client.submit(page, {"code": codes_sent()[-1]}, button="Sign in")
        assert page.status_code == 429
        assert "Too many wrong codes" in page.errors[0]


FOREIGN = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "/%0d%0aSet-Cookie:x=y",
    "/\r\nLocation: https://evil.example",
    "http:evil.example",
    "/\t/evil.example",
    "evil",
    "",
    "/sign-in?next=/sign-in",
    "/" + "a" * 3000,
]


class TestGoingOn:
    @pytest.mark.parametrize("path", FOREIGN)
    def test_a_foreign_next_leads_to_a_page_of_ours(self, client: PageClient, path: str) -> None:
        known_person()
        page = client.get("/sign-in", query_string={"next": path})
        client.post_form(page, {"email": ADDRESS})
        page = client.get("/sign-in/code")
        response = client.post_form(page, {"code": codes_sent()[-1]}, button="Sign in")
        assert location(response).startswith("/")
        assert "evil" not in location(response) or location(response).startswith("/%")

    @pytest.mark.parametrize(
        "address", ["/sign-in", "/welcome", "/welcome/sector", "/sign-in/second-step"]
    )
    def test_every_page_on_the_way_refuses_a_foreign_next(
        self, client: PageClient, address: str
    ) -> None:
        sign_in(client, make_person(Role.DELIVERY), second_factor=address != "/welcome")
        response = client.get(address, query_string={"next": "//evil.example"})
        assert "evil.example" not in (response.location or "") + response.text


class TestSessions:
    def test_signing_out_ends_the_sign_in_in_the_database_too(self, client: PageClient) -> None:
        person = known_person()
        token = sign_in(client, person)
        page = client.submit(client.get("/profile"), button="Sign out")
        assert "You have signed out" in page.words
        with client.session_transaction() as session:
            session["sign_in"] = token
        assert location(client.get("/profile")).startswith("/sign-in")

    def test_signing_out_twice_is_no_error(self, client: PageClient) -> None:
        person = known_person()
        sign_in(client, person)
        page = client.get("/cookies")
        for _ in range(2):
            assert client.post_form(page, button="Sign out").status_code in {302, 400}

    def test_a_sign_in_revoked_elsewhere_has_ended_on_the_next_page(
        self, app: Flask, client: PageClient
    ) -> None:
        person = known_person()
        phone = app.test_client()
        assert isinstance(phone, PageClient)
        sign_in(phone, person)
        sign_in(client, person)
        page = client.get("/profile")
        assert "Another device or browser" in page.words
        form = next(f for f in page.page.forms if "/end" in f.action)
        page = client.follow(client.post(form.action, data=form.filled_in({}, None)))
        assert "That device is signed out" in page.words
        assert location(phone.get("/profile")).startswith("/sign-in")
        assert client.get("/profile").status_code == 200

    def test_nobody_ends_somebody_elses_sign_in(self, app: Flask, client: PageClient) -> None:
        victim = app.test_client()
        assert isinstance(victim, PageClient)
        sign_in(victim, make_person())
        name = db.session.scalars(select(SignInSession.token_hash)).one()[:16]
        sign_in(client, known_person())
        token = client.get("/profile").select("input", name="csrf_token")[0]["value"]
        for given in (name, "%" * 16, "_" * 16, "short", "x" * 16):
            response = client.post(f"/profile/sign-ins/{given}/end", data={"csrf_token": token})
            assert response.status_code == 404
        assert victim.get("/profile").status_code == 200

    def test_any_sign_in_ends_after_twelve_hours(self, client: PageClient) -> None:
        with time_machine.travel("2026-11-10 09:00Z", tick=False) as travel:
            sign_in(client, known_person())
            travel.shift(timedelta(hours=11, minutes=59))
            assert client.get("/profile").status_code == 200
            travel.shift(timedelta(minutes=1))
            assert client.get("/profile").status_code == 302

    def test_an_idle_staff_sign_in_ends_after_an_hour_and_one_in_use_does_not(
        self, client: PageClient
    ) -> None:
        with time_machine.travel("2026-11-10 09:00Z", tick=False) as travel:
            sign_in(client, known_person(Role.DELIVERY))
            for _ in range(3):
                travel.shift(timedelta(minutes=59))
                assert client.get("/profile").status_code == 200
            travel.shift(timedelta(minutes=61))
            assert client.get("/profile").status_code == 302

    def test_being_seen_is_written_once_in_five_minutes_at_most(self, client: PageClient) -> None:
        def writes() -> int:
            return sum("UPDATE sign_in_session" in s for s in client.watch.statements)

        with time_machine.travel("2026-11-10 09:00Z", tick=False) as travel:
            sign_in(client, known_person())
            client.get("/profile")
            travel.shift(timedelta(minutes=4, seconds=59))
            client.get("/profile")
            assert writes() == 0
            travel.shift(timedelta(seconds=2))
            client.get("/profile")
            assert writes() == 1
            client.get("/profile")
            assert writes() == 0

    def test_somebody_deactivated_is_out_on_the_next_page(self, client: PageClient) -> None:
        person = known_person()
        sign_in(client, person)
        db.session.get_one(Person, person.id).deactivated_at = clock.real_now()
        db.session.commit()
        assert client.get("/profile").status_code == 302

    @pytest.mark.parametrize("token", ["", "x" * 5000, 7, None, ["a"], {"a": 1}])
    def test_a_token_nobody_gave_out_is_nobody(self, client: PageClient, token: object) -> None:
        with client.session_transaction() as session:
            session["sign_in"] = token
        assert client.get("/profile").status_code == 302


class TestSecondStep:
    def set_up(self, client: PageClient) -> tuple[str, list[str]]:
        """Set up an authenticator as a person does; its secret and the recovery codes."""
        page = client.get("/sign-in/set-up?next=/cookies")
        secret = page.page.one("span", class_="key").words.replace(" ", "")
        page = client.submit(page, {"code": pyotp.TOTP(secret).now()})
        assert page.h1 == "Keep your recovery codes"
        return secret, [item.words for item in page.select("li", class_="key")]

    def test_staff_set_up_the_second_step_and_may_then_see_staff_pages(
        self, client: PageClient
    ) -> None:
        known_person(Role.ADMINISTRATOR)
        page = enter(client, path="/sign-in?next=/admin")
        assert page.h1 == "Set up an authenticator app"
        assert page.select("img")[0]["src"].startswith("data:image/svg+xml")
        _secret, codes = self.set_up(client)
        assert len(codes) == 10
        assert client.get("/admin").status_code == 200

    def test_without_the_second_step_staff_are_practitioners(self, client: PageClient) -> None:
        sign_in(client, known_person(Role.ADMINISTRATOR), second_factor=False)
        assert location(client.get("/admin")).startswith("/sign-in/second-step")
        assert client.get("/profile").status_code == 200

    def test_the_next_sign_in_asks_for_a_code_and_takes_it_once(
        self, app: Flask, client: PageClient
    ) -> None:
        person = known_person(Role.ADMINISTRATOR)
        with time_machine.travel("2026-11-10 09:00Z", tick=False) as travel:
            sign_in(client, person, second_factor=False)
            secret, _codes = self.set_up(client)
            travel.shift(timedelta(minutes=2))
            code = pyotp.TOTP(secret).now()
            for expected in (302, 200):
                again = app.test_client()
                assert isinstance(again, PageClient)
                sign_in(again, person, second_factor=False)
                page = again.get("/sign-in/second-step?next=/admin")
                assert page.h1 == "Enter the code from your authenticator app"
                response = again.post_form(page, {"code": code})
                assert response.status_code == expected
            assert "That code did not work" in response.errors[0]
            assert response.page.one("input", name="code")["value"] == ""

    def test_a_recovery_code_lets_in_once(self, app: Flask, client: PageClient) -> None:
        person = known_person(Role.ADMINISTRATOR)
        sign_in(client, person, second_factor=False)
        _secret, codes = self.set_up(client)
        for expected in (302, 200):
            again = app.test_client()
            assert isinstance(again, PageClient)
            sign_in(again, person, second_factor=False)
            page = again.get("/sign-in/second-step?next=/admin")
            assert again.post_form(page, {"code": codes[3]}).status_code == expected
        assert "9 of your recovery codes have not been used" in client.get("/profile").words

    def test_the_step_up_gives_the_sign_in_a_new_token(self, client: PageClient) -> None:
        old = sign_in(client, known_person(Role.ADMINISTRATOR), second_factor=False)
        self.set_up(client)
        with client.session_transaction() as session:
            assert session["sign_in"] != old
            session["sign_in"] = old
        assert client.get("/profile").status_code == 302

    def test_the_sixth_wrong_code_meets_the_limit(self, client: PageClient) -> None:
        sign_in(client, known_person(Role.ADMINISTRATOR), second_factor=False)
        page = client.get("/sign-in/set-up")
        for _ in range(5):
            page = client.submit(page, {"code": "000000"})
            assert page.errors == ["That code did not work. Enter the code that the app shows now"]
        page = client.submit(page, {"code": "000000"})
        assert page.status_code == 429

    @pytest.mark.parametrize("typed", ["", "12", "x" * 59, "x" * 5000, "\u0000\u0000", "' --"])
    def test_wrong_second_codes_are_explained(self, client: PageClient, typed: str) -> None:
        person = known_person(Role.ADMINISTRATOR)
        sign_in(client, person, second_factor=False)
        self.set_up(client)
        sign_in(client, person, second_factor=False)
        page = client.submit(client.get("/sign-in/second-step"), {"code": typed})
        assert page.status_code == 200
        assert len(page.errors) == 1

    def test_the_app_cannot_be_replaced_without_its_code(self, client: PageClient) -> None:
        person = known_person(Role.ADMINISTRATOR)
        sign_in(client, person, second_factor=False)
        self.set_up(client)
        sign_in(client, person, second_factor=False)
        assert location(client.get("/sign-in/set-up")).startswith("/sign-in/second-step")
        page = client.get("/profile")
        token = page.select("input", name="csrf_token")[0]["value"]
        response = client.post("/sign-in/recovery-codes", data={"csrf_token": token})
        assert location(response).startswith("/sign-in/second-step")

    def test_new_recovery_codes_and_another_app_are_made_from_the_profile(
        self, client: PageClient
    ) -> None:
        sign_in(client, known_person(Role.ADMINISTRATOR), second_factor=False)
        secret, codes = self.set_up(client)
        page = client.submit(client.get("/profile"), button="Make new recovery codes")
        assert not set(codes) & {item.words for item in page.select("li", class_="key")}
        page = client.click(client.get("/profile"), "Set up another authenticator app")
        assert page.h1 == "Set up another authenticator app"
        other, _codes = self.set_up(client)
        assert other != secret

    def test_practitioners_have_no_second_step(self, client: PageClient) -> None:
        sign_in(client, known_person())
        assert location(client.get("/sign-in/second-step?next=/cookies")) == "/cookies"
        assert location(client.get("/sign-in/set-up?next=/cookies")) == "/cookies"
        assert "Second step" not in client.get("/profile").words

    def test_a_role_taken_away_is_gone_on_the_next_page(self, client: PageClient) -> None:
        person = known_person(Role.ADMINISTRATOR)
        sign_in(client, person)
        assert client.get("/admin").status_code == 200
        db.session.get_one(Person, person.id).role_grants[0].revoked_at = clock.real_now()
        db.session.commit()
        assert client.get("/admin").status_code == 403


class TestWelcome:
    @pytest.fixture
    def newcomer(self, client: PageClient) -> PageClient:
        make_sector()
        db.session.commit()
        enter(client, path="/sign-in?next=/cookies")
        return client

    def about(self, client: PageClient, **values: str | None) -> PageResponse:
        given = {"name": "Sam Reed", "capacity": "employee", "organisation": "", **values}
        return client.submit(client.get("/welcome?next=/cookies"), given)

    def person(self) -> Person:
        db.session.rollback()
        return db.session.scalars(select(Person).where(Person.email == ADDRESS)).one()

    def test_an_employee_finds_their_school_and_gives_a_job_title(
        self, newcomer: PageClient
    ) -> None:
        school = make_organisation(name="Eastmoor Primary School")
        make_organisation(name="Eastmoor Nursery")
        db.session.commit()
        page = self.about(newcomer, organisation="eastmoor")
        assert page.h1 == "Choose your organisation"
        page = newcomer.submit(
            page, {"organisation": school.reference, "job_title": "Class teacher"}
        )
        assert page.request.path == "/cookies"
        person = self.person()
        assert (person.name, person.capacity) == ("Sam Reed", Capacity.EMPLOYEE)
        assert (person.organisation_id, person.sector_id) == (school.id, school.sector_id)
        assert person.job_title == "Class teacher"
        assert person.profile_completed_at is not None

    @pytest.mark.parametrize("capacity", ["volunteer", "governor", "student", "carer"])
    def test_a_volunteer_or_governor_is_not_asked_for_a_job(
        self, newcomer: PageClient, capacity: str
    ) -> None:
        make_organisation(name="Eastmoor Primary School")
        db.session.commit()
        for typed in ("eastmoor", "", "Nowhere"):
            page = self.about(newcomer, capacity=capacity, organisation=typed)
            assert not page.select("input", name="job_title")

    def test_somebody_without_an_organisation_gives_the_sector(self, newcomer: PageClient) -> None:
        sector = make_sector("Housing")
        db.session.commit()
        page = self.about(newcomer, capacity="volunteer")
        assert page.h1 == "Choose a sector"
        newcomer.submit(page, {"sector": sector.slug})
        person = self.person()
        assert (person.organisation_id, person.sector_id) == (None, sector.id)

    def test_an_organisation_that_is_not_listed_is_added(self, newcomer: PageClient) -> None:
        sector = make_sector("Sport")
        db.session.commit()
        page = self.about(newcomer, capacity="volunteer", organisation="Ossett Rovers")
        assert page.h1 == "Tell us about your organisation"
        assert page.page.one("input", name="name")["value"] == "Ossett Rovers"
        newcomer.submit(page, {"kind": "sports_club", "sector": sector.slug})
        organisation = db.session.scalars(select(Organisation)).one()
        assert (organisation.name, organisation.kind) == ("Ossett Rovers", "sports_club")
        assert organisation.proposed_at is not None
        assert self.person().organisation_id == organisation.id

    def test_none_of_those_found_leads_on(self, newcomer: PageClient) -> None:
        make_organisation(name="Eastmoor Primary School")
        db.session.commit()
        page = self.about(newcomer, organisation="Eastmoor")
        assert newcomer.submit(page, {"organisation": "none"}).h1 == "Choose a sector"
        unlisted = newcomer.submit(page, {"organisation": "unlisted"})
        assert unlisted.h1 == "Tell us about your organisation"

    @pytest.mark.parametrize(
        ("values", "errors"),
        [
            pytest.param({"name": ""}, ["Enter your full name"], id="no name"),
            pytest.param(
                {"name": "x" * 101}, ["Full name must be 100 characters or fewer"], id="huge"
            ),
            pytest.param(
                {"capacity": None},
                ["Choose the capacity you work with children or families in"],
                id="no capacity",
            ),
            pytest.param(
                {"capacity": "minister"},
                ["Choose the capacity you work with children or families in"],
                id="invented capacity",
            ),
            pytest.param(
                {"organisation": "x" * 300},
                ["Where do you work or volunteer? must be 200 characters or fewer"],
                id="huge organisation",
            ),
        ],
    )
    def test_a_wrong_answer_is_explained_and_the_others_are_kept(
        self, newcomer: PageClient, values: dict[str, str | None], errors: list[str]
    ) -> None:
        page = self.about(newcomer, **values)
        assert page.errors == errors
        if "name" not in values:
            assert page.page.one("input", name="name")["value"] == "Sam Reed"
        assert self.person().profile_completed_at is None
        assert self.person().name == ""

    def test_hostile_names_are_shown_as_they_are(self, newcomer: PageClient) -> None:
        name = "<img src=x onerror=alert(1)> {{7*7}} \u202e"
        self.about(newcomer, name=name)
        page = newcomer.get("/profile")
        assert "<img src=x" not in page.text
        assert "{{7*7}}" in page.words

    def test_an_organisation_nobody_offered_is_refused(self, newcomer: PageClient) -> None:
        hidden = make_organisation(name="Secret", proposed_at=clock.real_now())
        make_organisation(name="Eastmoor Primary School")
        db.session.commit()
        page = self.about(newcomer, organisation="eastmoor")
        page = newcomer.submit(page, {"organisation": hidden.reference})
        assert page.errors == ["Choose your organisation, or say that it is not listed"]

    @pytest.mark.parametrize(
        ("address", "values", "error"),
        [
            ("/welcome/sector", {"sector": "invented"}, "Choose a sector"),
            ("/welcome/sector", {}, "Choose a sector"),
            ("/welcome/new-organisation", {"name": ""}, "Enter the name of the organisation"),
            ("/welcome/new-organisation", {"kind": "secret"}, "Choose what kind of organisation"),
            ("/welcome/new-organisation", {"name": "x" * 201}, "200 characters or fewer"),
        ],
    )
    def test_the_last_step_explains_what_is_wrong_and_changes_nothing(
        self, newcomer: PageClient, address: str, values: dict[str, str], error: str
    ) -> None:
        page = newcomer.submit(newcomer.get(address), values, button="Continue")
        assert any(error in line for line in page.errors)
        assert self.person().profile_completed_at is None
        assert db.session.scalar(select(func.count()).select_from(Organisation)) == 0

    def test_what_somebody_searches_for_may_be_anything(self, newcomer: PageClient) -> None:
        for wanted in ("%", "_", "' OR 1=1 --", "<script>", "x" * 4000, "", "\u0000", "a " * 500):
            page = newcomer.follow(
                newcomer.get("/welcome/organisation", query_string={"q": wanted})
            )
            assert page.status_code == 200

    def test_the_profile_shows_and_changes_the_same(self, client: PageClient) -> None:
        person = known_person()
        person_id = person.id
        sector = make_sector("Police")
        db.session.commit()
        sign_in(client, person)
        page = client.click(client.get("/profile"), "Change your details")
        assert page.h1 == "Change your details"
        assert page.page.one("input", name="name")["value"] == "Sam Reed"
        page = client.submit(page, {"name": "Samira Reed", "organisation": ""})
        page = client.submit(page, {"sector": sector.slug, "job_title": ""})
        assert page.request.path == "/profile"
        assert "Samira Reed" in page.words
        assert "Your details are saved" in page.words
        assert db.session.get_one(Person, person_id).sector_id == sector.id
