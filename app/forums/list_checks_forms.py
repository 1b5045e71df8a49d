"""What a school fills in about its own list."""

from __future__ import annotations

from wtforms import Field, SelectMultipleField
from wtforms.validators import ValidationError

from app.accounts.models import PostKind
from app.forums.establishment_rules import POST_WORDS
from app.forums.list_checks import Added, Said
from app.forums.schools_forms import EmailField
from app.kernel.forms import LineField, PageForm, Required, select_one


class OwnListForm(PageForm):
    """Who left, who is new, and who says so; nothing ticked means that all is right."""

    left = SelectMultipleField("Who has left this post?", validate_choice=False)
    name = LineField("Name", most=100)
    email = EmailField("Email address", most=254)
    post = select_one("Post", [(kind.value, words) for kind, words in POST_WORDS.items()])
    said_by = LineField("Your own name", [Required("Enter your own name")], most=100)

    def validate_name(self, field: LineField) -> None:
        """Somebody new has a name."""
        self._ask_for(field, "Enter the name of whoever is new")

    def validate_email(self, field: LineField) -> None:
        """And an address."""
        self._ask_for(field, "Enter the email address of whoever is new")

    def validate_post(self, field: Field) -> None:
        """And a post."""
        self._ask_for(field, "Choose the post of whoever is new")

    def _ask_for(self, field: Field, message: str) -> None:
        if not field.data and (self.name.data or self.email.data or self.post.data):
            raise ValidationError(message)

    @property
    def said(self) -> Said:
        """What was filled in; only when valid."""
        new = Added(self.name.text, self.email.address, PostKind(self.post.data or "dsl"))
        return Said(
            left=tuple(self.left.data or ()),
            added=(new,) if self.name.text else (),
            said_by=self.said_by.text,
        )
