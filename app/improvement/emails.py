"""The letter to whoever raised a need: what was decided about it."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import select

from app.accounts.models import Person
from app.improvement.need_models import Need, NeedState
from app.kernel.db import db
from app.outbox import letters
from app.outbox.operations import NOTICE_PRIORITY, queue

KIND = "need_decided"
SUBJECTS = {
    NeedState.AGREED: "A need you raised is being worked on",
    NeedState.MET: "A need you raised has been met",
    NeedState.DECLINED: "About a need you raised",
}


def queue_need_decided(need: Need) -> None:
    """One message for each decision; none to somebody who has no address any more."""
    raiser = whoever_raised(need)
    if raiser is None or not raiser.email or raiser.deactivated_at or need.decided_at is None:
        return
    letter = letters.write(
        KIND,
        subject=SUBJECTS[need.state],
        name=raiser.name,
        need=need,
        offers=[offer.title for offer in need.offers],
        address=f"{current_app.config['BASE_URL']}/manage/needs/{need.reference}",
    )
    queue(
        letter,
        dedupe_key=f"{KIND}:{need.reference}:{need.state}:{need.decided_at.isoformat()}",
        kind=KIND,
        about=("need", need.reference),
        person_reference=raiser.reference,
        to_name=raiser.name,
        to_email=raiser.email,
        priority=NOTICE_PRIORITY,
    )


def whoever_raised(need: Need) -> Person | None:
    """The person who raised a need, or whom they have been merged into."""
    found = db.session.scalars(select(Person).where(Person.reference == need.raised_by)).first()
    while found is not None and found.merged_into_id is not None:
        found = db.session.get_one(Person, found.merged_into_id)
    return found
