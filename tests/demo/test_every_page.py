"""Every kind of page of the example keeps the promises of a page, its few statements included."""

from __future__ import annotations

import re
from collections import Counter, deque

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person, RoleGrant
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

BEGINNINGS = ("/", "/learning", "/bookings", "/manage", "/impact", "/admin", "/dev", "/dev/mail")
MOST_OF_A_KIND = 2
A_LETTER = re.compile(r"/dev/mail/[^/]+/html")  # as its reader sees it: no page of ours
NAME_OF_A_THING = re.compile(r"(?<=/)(?=[a-z-]*\d|[a-z]+-)[a-z0-9.-]{8,}")


def somebody(role: Role | None) -> Person:
    """A person in that role, or one who has been here without any."""
    held = select(RoleGrant.person_id).where(RoleGrant.revoked_at.is_(None))
    chosen = Person.id.in_(held.where(RoleGrant.role == role)) if role else ~Person.id.in_(held)
    found = select(Person).where(chosen, Person.email.is_not(None)).order_by(Person.id)
    return db.session.scalars(found).first() or pytest.fail(f"nobody is {role}")


@pytest.mark.slow
@pytest.mark.strictest_database  # test_safe_methods.py reads a page of every kind on both
@pytest.mark.parametrize("role", [None, *Role], ids=str)
def test_every_kind_of_page_met_on_the_way_is_sound(example: Flask, role: Role | None) -> None:
    client = example.test_client()
    assert isinstance(client, PageClient)
    with example.app_context():
        sign_in(client, somebody(role))
    waiting, kinds, seen = deque(BEGINNINGS), Counter[str](), set[str]()
    while waiting:
        address = waiting.popleft().partition("#")[0]
        kind = NAME_OF_A_THING.sub("*", address.partition("?")[0])
        is_page = address.startswith("/") and not A_LETTER.fullmatch(address)
        if address in seen or not is_page or kinds[kind] >= MOST_OF_A_KIND:
            continue
        seen.add(address)
        kinds[kind] += 1
        with client.get(address) as answer:
            assert answer.status_code in {200, 302, 403, 410}, address
            if answer.mimetype == "text/html":
                waiting.extend(link["href"] for link in answer.select("a", href=True))
            if answer.location:
                waiting.append(answer.location)
    assert len(seen) > 20
