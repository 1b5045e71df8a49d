"""Letters that staff write to the people of an event: whom, and which words can be used."""

from __future__ import annotations

from app.kernel.refusals import Refused
from app.notices.written_models import WhomTo
from app.outbox.wording_rules import (
    CONTACTS,
    EVERYWHERE,
    MOST_IN_BODY,
    MOST_IN_SUBJECT,
    NOT_IN_SUBJECT,
    Words,
    check_placeholders,
)

WHOM_WORDS = {
    WhomTo.BOOKED: "People with a place",
    WhomTo.WAITING: "People on the waiting list",
    WhomTo.ATTENDED: "People who came, by the register",
    WhomTo.DID_NOT_ATTEND: "People who had a place and did not come, by the register",
}
PLACEHOLDERS = (*EVERYWHERE, "joining_link", *CONTACTS)
IN_SUBJECT = tuple(name for name in PLACEHOLDERS if name not in NOT_IN_SUBJECT)
STANDARD = Words("{session}, {when}", "")


def check_words(words: Words) -> None:
    """Refused with what to mend if a letter cannot be sent in these words."""
    if not words.subject.strip():
        raise Refused("Enter a subject")
    if not words.body.strip():
        raise Refused("Enter the words of the message")
    if len(words.subject) > MOST_IN_SUBJECT:
        raise Refused(f"The subject must be {MOST_IN_SUBJECT} characters or fewer")
    if len(words.body) > MOST_IN_BODY:
        raise Refused(f"The message must be {MOST_IN_BODY:,} characters or fewer")
    check_placeholders(words.subject, IN_SUBJECT, "the subject")
    check_placeholders(words.body, PLACEHOLDERS, "this message")


def check_recipients(whom_to: WhomTo, *, with_address: int, without: int) -> None:
    """Refused where nobody would read it."""
    if with_address:
        return
    if without:
        raise Refused("Nobody of them has an e-mail address: ring them instead")
    raise Refused(f"There is nobody to write to: {WHOM_WORDS[whom_to].lower()}, none")
