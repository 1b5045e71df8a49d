"""What staff fill in to write to the people of an event."""

from __future__ import annotations

from wtforms import HiddenField

from app.kernel.forms import LineField, PageForm, Required, TextField, radios
from app.kernel.tokens import new_reference
from app.notices.written_models import WhomTo
from app.notices.written_rules import WHOM_WORDS
from app.outbox.wording_rules import MOST_IN_BODY, MOST_IN_SUBJECT, Words


class WriteForm(PageForm):
    """Whom to write to, and what."""

    whom_to = radios("Whom to write to", WHOM_WORDS.items(), "Choose whom to write to")
    subject = LineField("Subject", [Required("Enter a subject")], most=MOST_IN_SUBJECT)
    body = TextField("Message", [Required("Enter the words of the message")], most=MOST_IN_BODY)
    form_key = HiddenField(default=new_reference)

    @property
    def whom(self) -> WhomTo:
        """Whom it is for; only after it was found valid."""
        return WhomTo(self.whom_to.data)

    @property
    def words(self) -> Words:
        """The letter as written."""
        return Words(self.subject.text, self.body.text)
