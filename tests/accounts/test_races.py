"""Many at once: limits hold exactly, a code is used once, one person is made, one second code."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts import operations, second_step
from app.accounts.models import Person, RoleGrant
from app.accounts.sign_in_models import Attempt, SignInSession
from app.accounts.throttle import TooOften
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.outbox.models import OutboxMessage
from tests.support.factories import make_person

pytestmark = pytest.mark.slow

ADDRESS = "sam.reed@example.org"
NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
AT_ONCE = 8
Result = TypeVar("Result")


def at_once(app: Flask, times: int, act: Callable[[int], Result]) -> list[Result]:
    """Do it that many times, eight at once, each in an application context of its own."""

    def in_context(number: int) -> Result:
        with app.app_context():
            return act(number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(in_context, range(times)))


def count(app: Flask, table: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def code_for(app: Flask) -> str:
    with app.app_context():
        with transaction():
            operations.request_code(ADDRESS, client="192.0.2.1", now_real=NOW)
        text = db.session.scalars(
            select(OutboxMessage.text_body).order_by(OutboxMessage.id.desc())
        ).first()
    found = re.search(r"^(\d{6})$", text or "", re.MULTILINE)
    assert found
    return found[1]


def test_of_sixty_wrong_codes_at_once_exactly_ten_are_looked_at(file_app: Flask) -> None:
    def attempt(number: int) -> bool:
        try:
            with transaction():
                # Another address each time: only the client's limit can stop them.
                email = f"person{number}@example.org"
                operations.sign_in_with_code(
                    email, "000000", client="192.0.2.1", now=NOW, now_real=NOW
                )
        except TooOften:
            return False
        return True

    looked_at = at_once(file_app, 60, attempt)
    assert sum(looked_at) == 10
    assert count(file_app, Attempt) == 30  # each by address, by client, by everybody


def test_of_twenty_requests_at_once_three_send_a_code(file_app: Flask) -> None:
    def ask(_number: int) -> bool:
        try:
            with transaction():
                operations.request_code(ADDRESS, client="192.0.2.1", now_real=NOW)
        except TooOften:
            return False
        return True

    assert sum(at_once(file_app, 20, ask)) == 3
    assert count(file_app, OutboxMessage) == 3


def test_one_code_entered_twenty_times_at_once_signs_in_once(file_app: Flask) -> None:
    code = code_for(file_app)

    def enter(number: int) -> bool:
        try:
            with transaction():
                client = f"198.51.100.{number}"
                return bool(
                    operations.sign_in_with_code(
                        ADDRESS, code, client=client, now=NOW, now_real=NOW
                    )
                )
        except TooOften:
            return False

    assert sum(at_once(file_app, 20, enter)) == 1
    assert count(file_app, SignInSession) == 1


def test_the_same_newcomer_at_once_becomes_one_person(file_app: Flask) -> None:
    def arrive(_number: int) -> int:
        with transaction():
            return operations.find_or_add_person(ADDRESS, now=NOW).id

    assert len(set(at_once(file_app, 16, arrive))) == 1
    assert count(file_app, Person) == 1


def test_one_authenticator_code_at_once_is_taken_once(file_app: Flask) -> None:
    with file_app.app_context():
        person = make_person(Role.DELIVERY)
        db.session.commit()
        person_id, nonce = person.id, second_step.new_nonce()
        totp = pyotp.TOTP(second_step.secret_of(person, nonce))
        with transaction():
            second_step.enrol(person, nonce, totp.at(NOW), may_replace=False, now=NOW, now_real=NOW)
    later = datetime(2026, 11, 10, 9, 5, tzinfo=UTC)
    code = totp.at(later)

    def take(_number: int) -> bool:
        person = db.session.get_one(Person, person_id)
        try:
            with transaction():
                return second_step.take_code(person, code, now=later, now_real=later)
        except TooOften:
            return False

    assert sum(at_once(file_app, 16, take)) == 1


def test_two_administrators_who_remove_each_other_leave_one(file_app: Flask) -> None:
    with file_app.app_context():
        ids = [make_person(Role.ADMINISTRATOR).id for _ in range(2)]
        db.session.commit()

    def remove(number: int) -> bool:
        person = db.session.get_one(Person, ids[number])
        try:
            with transaction():
                return operations.revoke_role(person, Role.ADMINISTRATOR, actor="x", now=NOW)
        except Refused:
            return False

    assert sum(at_once(file_app, 2, remove)) == 1
    with file_app.app_context():
        held = select(func.count()).where(RoleGrant.revoked_at.is_(None))
        assert db.session.scalar(held) == 1
