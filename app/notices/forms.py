"""What staff fill in about the messages around an event."""

from __future__ import annotations

from datetime import time
from typing import Any

from wtforms import Field
from wtforms.validators import ValidationError

from app.bookings.forms import OneButton
from app.kernel.forms import (
    LineField,
    PageForm,
    Required,
    TextField,
    TimeOfDayField,
    choices_of,
    radios,
    select_one,
)
from app.notices.models import NoticeKind, NoticeRule
from app.notices.operations import RuleDetails
from app.notices.rules import MOST_DAYS
from app.outbox.wording_rules import MOST_IN_BODY, MOST_IN_SUBJECT, Words

__all__ = ["OneButton", "RuleForm", "WordingForm"]

KIND_WORDS = {
    NoticeKind.REMINDER: "Reminder",
    NoticeKind.JOINING_INSTRUCTIONS: "Joining instructions",
    NoticeKind.MISSED_YOU: "Sorry we missed you",
}


class RuleForm(PageForm):
    """What is sent by itself, about what, and when."""

    kind = radios(
        "What to send",
        [(kind.value, words) for kind, words in KIND_WORDS.items()],
        "Choose what to send",
    )
    offer = select_one("About sessions of")
    days = LineField("Number of days", [Required("Enter the number of days")], most=20)
    at_time = TimeOfDayField("Time of day", [Required("Enter the time of day")])
    each_date = radios(
        "Sessions with several dates",
        (("first", "Once, before the first date"), ("each", "Before each date")),
        "Choose how often to remind of a session with several dates",
    )

    def offer_choices(self, offers: list[tuple[str, str]]) -> None:
        """Offer all learning, or one of these."""
        self.offer.choices = choices_of([("", "All learning"), *offers])

    def validate_days(self, field: Field) -> None:
        """A whole number."""
        typed = field.data or ""
        if not (typed.isascii() and typed.isdecimal() and int(typed[:9]) <= MOST_DAYS):
            raise ValidationError(f"Number of days must be between 0 and {MOST_DAYS}")

    def show(self, rule: NoticeRule) -> None:
        """Fill in a rule as it is."""
        self.days.data = str(rule.days)
        self.at_time.process_data(rule.at_time)
        if "each_date" in self:
            self.each_date.data = "each" if rule.each_date else "first"

    def details(self, kind: NoticeKind, offer_id: int | None) -> RuleDetails:
        """The rule that was filled in; the form must be valid."""
        clock: Any = self.at_time.clock
        at_time: time = clock
        is_each = "each_date" in self and self.each_date.data == "each"
        return RuleDetails(
            kind=kind,
            offer_id=offer_id,
            days=int(self.days.text),
            at_time=at_time,
            each_date=is_each and kind is NoticeKind.REMINDER,
        )


class WordingForm(PageForm):
    """A letter's words, and the session to see them with."""

    subject = LineField("Subject", most=MOST_IN_SUBJECT)
    body = TextField("Message", most=MOST_IN_BODY)
    preview_of = select_one("See it with the facts of")

    def show(self, words: Words) -> None:
        """Fill in the words in use."""
        self.body.data = words.body
        if "subject" in self:
            self.subject.data = words.subject

    @property
    def words(self) -> Words:
        """The words that were filled in."""
        return Words(self.subject.text if "subject" in self else "", self.body.text)
