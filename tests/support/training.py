"""People of schools who were trained, and a district of two schools: rows only."""

from __future__ import annotations

from datetime import UTC, date, datetime

from app.accounts.models import Organisation, Person, PostKind
from app.catalogue.models import Event
from app.kernel.access import Role
from app.kernel.db import db
from app.partnership.models import Refresher
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
    make_refresher,
)
from tests.support.forums import make_half_terms, make_lead, make_school
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in


def make_dsl_training() -> Refresher:
    """What leads renew every two years, in a partnership with half terms."""
    make_partnership()
    make_half_terms()
    return make_refresher(slug="dsl-training", name="DSL training", months=24)


def trained(person: Person, refresher: Refresher, day: date) -> Event:
    """A session of ours that somebody attended in full."""
    offer = make_offer(title="DSL training", refresher_id=refresher.id, at_once=False)
    event = make_event(offer, starts_at=datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
    make_attendance(make_booking(event, person))
    return event


def a_district(refresher: Refresher) -> Organisation:
    """Two schools: one lead due this term, one without any record, a deputy without an address."""
    school = make_school("Ash Lane")
    trained(make_lead(school, name="Ada Due"), refresher, date(2024, 12, 1))
    make_lead(school, PostKind.DEPUTY_DSL, name="Bo Unknown", email=None)
    make_lead(make_school("Beck Side", phase="Secondary"), name="Cy Unknown")
    return school


def come_as_advisor(client: PageClient) -> PageClient:
    """Sign in somebody who plans training for schools."""
    advisor = make_person(Role.ADVISOR)
    db.session.commit()
    sign_in(client, advisor)
    return client
