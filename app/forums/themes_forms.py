"""What Advisors fill in about themes and quotations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wtforms import Field, RadioField, SelectMultipleField
from wtforms.validators import ValidationError

from app.accounts.models import Person
from app.forums import opinion_reading, themes
from app.forums.opinion_models import Theme, ThemeClass
from app.forums.opinion_reading import RoundKey
from app.forums.theme_rules import title_key
from app.forums.themes import CLASS_WORDS, HeldTheme, KnownTheme
from app.kernel.forms import (
    NOT_CHOSEN,
    FromList,
    LineField,
    PageForm,
    Required,
    TextField,
    choices_of,
    radios,
    select_one,
)

LONGEST_TITLE = 100
MAKE_IT = "new"


class CodingForm(PageForm):
    """The themes of one opinion: some chosen or typed, some taken off.

    Only what is added and what is taken off is sent, so that two people at once lose nothing.
    """

    working_well = LineField("A theme of what is working well", most=LONGEST_TITLE)
    which_working_well = RadioField(
        "Is it one of these?", validators=[FromList("Choose one of these")], validate_choice=False
    )
    can_improve = LineField("A theme of what can be improved", most=LONGEST_TITLE)
    which_can_improve = RadioField(
        "Is it one of these?", validators=[FromList("Choose one of these")], validate_choice=False
    )
    remove = SelectMultipleField(
        "Take off", validators=[FromList("Choose from the list")], validate_choice=False
    )

    def offer(self, known: Sequence[KnownTheme], held: Sequence[HeldTheme]) -> None:
        """The titles that can be chosen while typing, and the themes that can be taken off."""
        self.known = {(one.theme_class, one.title_key): one.id for one in known}
        self.titles = {
            each: [one.title for one in known if one.theme_class is each and not one.is_merged]
            for each in ThemeClass
        }
        words = [(one.id, f"{CLASS_WORDS[one.theme_class]}: {one.title}") for one in held]
        self.remove.choices = choices_of(words)
        self.asks_which: list[ThemeClass] = []
        for each in ThemeClass:
            typed, which = self.fields_of(each)
            similar = themes.similar_themes(each, typed.text, known) if typed.text else []
            offered = [(str(one.id), one.title) for one in similar]
            another = [(MAKE_IT, f"None: make the new theme “{typed.text}”")]
            which.choices = choices_of(offered + another if offered else [])

    def fields_of(self, theme_class: ThemeClass) -> tuple[LineField, RadioField]:
        """Where a theme of this class is typed, and where one like it is chosen."""
        if theme_class is ThemeClass.WORKING_WELL:
            return self.working_well, self.which_working_well
        return self.can_improve, self.which_can_improve

    def look_for_similar(self) -> None:
        """Offer themes that may mean the same, before another is made."""
        for each in ThemeClass:
            typed, which = self.fields_of(each)
            if which.choices and not which.data:
                self.asks_which.append(each)
                which.errors = ["Choose whether it is one of the themes there are"]

    def keep(self, opinion_id: str, asked: RoundKey, *, actor: Person, now: datetime) -> None:
        """Attach and take off, and mark the opinion as read."""
        ids, titles = self._given()
        if titles:
            ids += [one.id for one in themes.make_themes(titles, actor=actor, now=now)]
        off = [int(one) for one in self.remove.data or () if one]
        opinion_reading.give_themes(opinion_id, ids, off, round_id=asked.id)
        opinion_reading.mark_read(asked, [opinion_id], actor=actor, now=now)

    def _given(self) -> tuple[list[int], dict[ThemeClass, str]]:
        """The ids of themes that were chosen or are known, and the titles of new ones."""
        ids: list[int] = []
        titles: dict[ThemeClass, str] = {}
        for each in ThemeClass:
            typed, which = self.fields_of(each)
            known = self.known.get((each, title_key(typed.text)))
            if not typed.text:
                continue
            if which.data and which.data != MAKE_IT:
                ids.append(int(which.data))
            elif known is not None:
                ids.append(known)
            else:
                titles[each] = typed.text
        return ids, titles


class ThemeForm(PageForm):
    """A theme by itself, before any opinion has it."""

    theme_class = radios("What is it about?", CLASS_WORDS.items(), "Choose what it is about")
    title = LineField("Title", [Required("Enter a title")], most=LONGEST_TITLE)


class RenameForm(PageForm):
    """Another title for a theme."""

    title = LineField("Title", [Required("Enter a title")], most=LONGEST_TITLE)


class MergeForm(PageForm):
    """The theme that another is merged into."""

    into = select_one("Merge it into")

    def offer(self, others: Sequence[Theme]) -> None:
        """The other themes of the class."""
        words = [(one.reference, one.title) for one in others]
        self.into.choices = [NOT_CHOSEN, *choices_of(words)]

    def validate_into(self, field: Field) -> None:
        """Ask for a choice."""
        if not field.data:
            raise ValidationError("Choose the theme to merge this one into")


class QuoteForm(PageForm):
    """Words to be quoted, and the theme they stand for."""

    kept = TextField(
        "The words to quote", [Required("Leave some of the words to quote")], most=9500
    )
    theme = select_one("The theme they stand for (optional)")

    def offer(self, held: Sequence[HeldTheme]) -> None:
        """The themes of the opinion."""
        words = [(one.id, f"{CLASS_WORDS[one.theme_class]}: {one.title}") for one in held]
        self.theme.choices = [NOT_CHOSEN, *choices_of(words)]

    @property
    def theme_id(self) -> int | None:
        """The theme chosen, if any."""
        return int(self.theme.data) if self.theme.data else None
