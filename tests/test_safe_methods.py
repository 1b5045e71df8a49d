"""Reading changes nothing, whoever reads: scanners of mail open every link, some with HEAD."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.kernel.db import transaction
from app.surveys.responses import hash_of_draft, save_draft
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_out
from tests.support.world import World, contents, make_world, sign_in_as

EXAMPLE = "/dev"  # absent everywhere but in the example, which has tests of its own
# Pages that one is led to in the middle of signing in, and led away from otherwise.
WITHIN_SIGNING_IN = {"/sign-in", "/sign-in/code", "/sign-in/second-step"}
WHO = ("nobody", "ana", "new", "delivery", "evaluator", "administrator")
ASKING = {"/welcome/organisation": "?q=Organisation"}  # without which it leads elsewhere
BEYOND = (
    "/learning?q=%25_%27&kind=course&topic=neglect&when=2026-11&mode=online&places=yes&page=2",
    "/learning?page=999999999999&month=2026-13&kind=%00",
    "/bookings?page=-1",
    "/record?page=abc",
    "/manage/offers?state=nothing&q=%00%27&page=0",
    "/manage/surveys?show=coming&page=2",
    "/manage/surveys?show=ended",
    "/admin/trail?about=%27&before=999999999999",
    "/admin/trail?before=-1",
    "/admin?page=٣",
)


def is_read(rule: Rule) -> bool:
    """Whether the rule answers to GET on every installation."""
    return "GET" in (rule.methods or set()) and not rule.rule.startswith(EXAMPLE)


def reads_of(app: Flask, world: World) -> list[str]:
    """The address of everything that can be read."""
    plain = [world.address(rule, app) for rule in app.url_map.iter_rules() if is_read(rule)]
    return [address + ASKING.get(address, "") for address in plain]


@pytest.mark.parametrize("who", WHO)
def test_reading_every_page_changes_nothing(
    app: Flask, client: PageClient, now: datetime, who: str
) -> None:
    world = make_world(now)
    if who != "nobody":
        sign_in_as(client, world, who)
    before = contents()
    for address in [*reads_of(app, world), *BEYOND]:
        with client.get(address) as answer:
            assert answer.status_code < 500, address
    assert contents() == before


@pytest.mark.one_database  # how a view is told the method; what it then does is read above
@pytest.mark.parametrize("who", WHO)
def test_asking_for_the_head_of_every_page_changes_nothing(
    app: Flask, client: PageClient, now: datetime, who: str
) -> None:
    world = make_world(now)
    if who != "nobody":
        sign_in_as(client, world, who)
    before = contents()
    for address in [*reads_of(app, world), *BEYOND]:
        with client.open(address, method="HEAD") as answer:
            assert answer.status_code < 500, address
    assert contents() == before


@pytest.mark.one_database  # who may read what; that each page answers on both is held above
def test_every_page_is_read_by_somebody_who_may(
    app: Flask, client: PageClient, now: datetime
) -> None:
    world = make_world(now)
    unread = set(reads_of(app, world)) - WITHIN_SIGNING_IN
    unread.discard(world.address("/s/<slug>", app))  # as typed from a poster: leads to the survey
    # These lead elsewhere while no meeting file waits, and while no register came from one.
    for page in ("check", "undo"):
        rule = f"/manage/events/<reference>/register/meeting/{page}"
        unread.discard(world.address(rule, app))
    for who in ("nobody", "ana", "delivery", "advisor", "evaluator", "administrator"):
        sign_out(client)
        if who != "nobody":
            sign_in_as(client, world, who)
        for address in sorted(unread):
            with client.get(address) as answer:
                if answer.status_code == 200:
                    unread.discard(address)
    assert unread == set()


@pytest.mark.parametrize("step", ["", "?step=1", "?step=2", "?step=99"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_opens_the_link_of_a_begun_survey_sends_nothing_in(
    app: Flask, client: PageClient, now: datetime, method: str, step: str
) -> None:
    world = make_world(now)
    answered = {"quality": ["good"], "relevance": ["very"]}
    with transaction():
        save_draft(hash_of_draft(world.token), answered, now=now)
    before = contents()
    for address in ("/surveys/<token>", "/surveys/<token>/stop", "/surveys/open/<slug>"):
        client.open(world.address(address, app) + step, method=method)
    assert contents() == before
