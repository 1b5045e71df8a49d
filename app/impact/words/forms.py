"""What readers of comments fill in."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import Field, IntegerField, SelectMultipleField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from app.kernel.forms import (
    FromList,
    LineField,
    PageForm,
    Required,
    TextField,
    choices_of,
    select_one,
)

LONGEST_COMMENT = 20_000
THEME_LENGTH = 60
READ_AGAIN = "Read the quotation again"


class OneButton(PageForm):
    """A page that asks only whether to go on."""


class ThemesForm(PageForm):
    """What a comment says."""

    themes = SelectMultipleField(
        "Themes", validators=[FromList("Choose from the themes")], validate_choice=False
    )
    new_theme = LineField("A new theme (optional)", most=THEME_LENGTH)

    def offer(self, themes: Sequence[tuple[str, str]]) -> None:
        """Offer these themes."""
        self.themes.choices = choices_of(themes)


class KeepForm(PageForm):
    """The words of a comment that stay when others are taken out for good."""

    kept = TextField(
        "The comment",
        [Required("Leave some words, or take out the whole comment")],
        most=LONGEST_COMMENT,
    )


class QuoteForm(PageForm):
    """The words of a comment that are quoted."""

    kept = TextField(
        "Words to quote", [Required("Leave some of the words to quote")], most=LONGEST_COMMENT
    )


class SeenForm(PageForm):
    """A quotation as somebody has read it."""

    revision = IntegerField(
        validators=[InputRequired(READ_AGAIN), NumberRange(1, 10**6, READ_AGAIN)]
    )


class ReasonForm(SeenForm):
    """Why a quotation goes back, or is withdrawn."""

    reason = LineField("Reason", [Required("Say why, in a few words")])


class ThemeForm(PageForm):
    """The name of a theme."""

    name = LineField("Name", [Required("Enter a name")], most=THEME_LENGTH)


class MergeForm(PageForm):
    """The theme that another one goes into."""

    into = select_one("Merge it into")

    def validate_into(self, field: Field) -> None:
        """Ask for a choice."""
        if not field.data:
            raise ValidationError("Choose another theme to merge this one into")


class DutyForm(PageForm):
    """Which post reads new comments."""

    post = LineField("Post", [Required("Enter the post, for example Learning Officer")], most=80)
    reader = select_one("Who holds it now")

    def offer(self, people: Sequence[tuple[str, str]]) -> None:
        """Offer whoever may read comments."""
        self.reader.choices = [("", "Everyone of the delivery group"), *choices_of(people)]
