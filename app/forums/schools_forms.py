"""What the Advisor fills in about schools: notes of contact, and who leads there."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import SelectMultipleField
from wtforms.validators import ValidationError

from app.accounts.models import PostKind
from app.accounts.rules import working_email
from app.forums.establishment_rules import POST_WORDS
from app.kernel.forms import DayField, LineField, PageForm, Required, TextField, radios
from app.kernel.refusals import Refused

MOST_OF_A_NOTE = 1000


class EmailField(LineField):
    """An email address; `address` is it in lower case."""

    address = ""

    def pre_validate(self, form: object) -> None:
        """Refuse what mail cannot be sent to."""
        if not self.text:
            return
        try:
            self.address = working_email(self.text)
        except Refused as refusal:
            raise ValidationError(str(refusal)) from None


class NoteForm(PageForm):
    """That somebody was in touch with a school, in a few words."""

    words = TextField(
        "What was said",
        [Required("Enter what was said, for example that you rang the office")],
        most=MOST_OF_A_NOTE,
    )


class ContactedForm(NoteForm):
    """The same note for several schools at once."""

    schools = SelectMultipleField(
        "Schools you were in touch with",
        validators=[Required("Choose at least one school")],
        validate_choice=False,
    )


class LeadForm(PageForm):
    """Somebody who leads on safeguarding at a school."""

    name = LineField("Name", [Required("Enter their name")], most=100)
    email = EmailField("Email address", [Required("Enter their email address")], most=254)
    post = radios(
        "Post",
        [(kind.value, words) for kind, words in POST_WORDS.items()],
        "Choose their post",
    )

    @property
    def kind(self) -> PostKind:
        """The post that was chosen; only when valid."""
        return PostKind(self.post.data)


class PostEndForm(PageForm):
    """The last day of a post."""

    until_on = DayField("Last day in this post", [Required("Enter the last day in this post")])

    @property
    def last_day(self) -> date:
        """The day that was entered; only when valid."""
        day: Any = self.until_on.day
        found: date = day
        return found
