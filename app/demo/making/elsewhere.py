"""What some of the people of the example added to their own record."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.models import Person
from app.demo.making.people import People
from app.demo.making.rows import read
from app.kernel.db import db
from app.kernel.london import add_months, london_date
from app.partnership.models import Refresher
from app.record.operations import ElsewhereDetails, add_elsewhere

MINUTES_AN_HOUR = 60


def add_learning_elsewhere(people: People, *, now: datetime) -> None:
    """Write the entries of the data file, counted back from today."""
    refreshers = dict(db.session.execute(select(Refresher.slug, Refresher.id)).all())
    for facts in read("this_year")["elsewhere"]:
        day = add_months(london_date(now), -facts["months_ago"])
        details = ElsewhereDetails(
            title=facts["title"],
            provider=facts["provider"],
            learned_on=day - timedelta(days=facts["days_ago"]),
            minutes=round(facts["hours"] * MINUTES_AN_HOUR),
            refresher_id=refreshers[facts["renews"]] if "renews" in facts else None,
        )
        person = db.session.get_one(Person, people.personas[facts["persona"]].id)
        add_elsewhere(details, actor=person, now=now)
