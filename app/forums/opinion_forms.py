"""What staff set before a round opens, what a school answers, and what came of a wish."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import BooleanField, Field, HiddenField
from wtforms.validators import ValidationError

from app.forums.opinion_models import Naming, OpinionRound
from app.forums.opinion_rounds import Wanted
from app.forums.opinion_rules import last_day
from app.forums.opinions import Said
from app.kernel.forms import (
    NOT_CHOSEN,
    DayField,
    LineField,
    PageForm,
    Required,
    TextField,
    choices_of,
    one_line,
    radios,
    select_one,
)
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference

LONGEST_ANSWER = 3000
LONGEST_INTRODUCTION = 1000
KEY_LENGTH = 32
NAMING_WORDS = {
    Naming.ANONYMOUS: "Anonymous",
    Naming.NAMED_BY_CHOICE: "Each school chooses whether it is named",
}
SEVERAL_WORDS = {"one": "One answer for each school", "several": "Several answers from a school"}


class OneButton(PageForm):
    """A page that asks only whether to go on."""


class RoundForm(PageForm):
    """How schools are asked in one half term; fixed once the round opens."""

    half_term = select_one("Half term")
    naming = radios("Are schools named?", NAMING_WORDS.items(), "Choose whether schools are named")
    several = radios(
        "How many can answer?", SEVERAL_WORDS.items(), "Choose how many of a school can answer"
    )
    introduction = TextField("Introduction (optional)", most=LONGEST_INTRODUCTION)
    first_day = DayField("First day", [Required("Enter the first day")])
    last = DayField("Last day", [Required("Enter the last day on which they can answer")])

    def offer(self, half_terms: Sequence[tuple[int, str]]) -> None:
        """The half terms without a round."""
        self.half_term.choices = [NOT_CHOSEN, *choices_of(half_terms)]

    def validate_half_term(self, field: Field) -> None:
        """Ask for a choice."""
        if not field.data:
            raise ValidationError("Choose the half term that schools are asked about")

    def show(self, found: OpinionRound) -> None:
        """What was set so far."""
        self.naming.data = found.naming.value
        self.several.data = "several" if found.several_per_school else "one"
        self.introduction.data = found.introduction
        self.first_day.process_data(london_date(found.opens_at))
        self.last.process_data(last_day(found.closes_at))

    @property
    def wanted(self) -> Wanted:
        """What was set; only when valid."""
        if self.first_day.day is None or self.last.day is None:
            raise Refused("Enter the first and the last day")
        return Wanted(
            naming=Naming(self.naming.data),
            several_per_school=self.several.data == "several",
            introduction=self.introduction.text,
            opens_on=self.first_day.day,
            closes_on=self.last.day,
        )


class OpinionForm(PageForm):
    """What a school says."""

    working_well = TextField("What is working well?", most=LONGEST_ANSWER)
    can_improve = TextField("What can be improved?", most=LONGEST_ANSWER)
    should_know = TextField("What else should the partnership know?", most=LONGEST_ANSWER)
    may_be_quoted = BooleanField("You may quote our words, without the name of our school")
    may_be_named = BooleanField("You may see that this comes from our school")
    contact_name = LineField("Who should we contact?", most=120)
    contact_how = LineField("How? A telephone number or an email address", most=200)
    form_key = HiddenField()

    def begin(self) -> None:
        """Give an empty form a key of its own: sent twice, it counts once."""
        self.form_key.data = new_reference(KEY_LENGTH)

    @property
    def key(self) -> str:
        """The form's key; another one for whatever no page of ours gave."""
        given = one_line(self.form_key.data)
        return given if len(given) == KEY_LENGTH else new_reference(KEY_LENGTH)

    def validate_working_well(self, field: Field) -> None:
        """Something must be said."""
        if not (field.data or self.can_improve.data or self.should_know.data):
            raise ValidationError("Write something in at least one of the three answers")

    def validate_contact_how(self, field: Field) -> None:
        """A name and a way to reach them belong together."""
        if self.contact_name.data and not field.data:
            raise ValidationError("Enter a telephone number or an email address, or leave out who")

    def validate_contact_name(self, field: Field) -> None:
        """A name and a way to reach them belong together."""
        if self.contact_how.data and not field.data:
            raise ValidationError("Enter who we should contact, or leave out how")

    @property
    def said(self) -> Said:
        """What was said; only when valid."""
        return Said(
            working_well=self.working_well.text,
            can_improve=self.can_improve.text,
            should_know=self.should_know.text,
            may_be_quoted=bool(self.may_be_quoted.data),
            may_be_named="may_be_named" in self and bool(self.may_be_named.data),
            contact_name=self.contact_name.text,
            contact_how=self.contact_how.text,
        )


class WishForm(PageForm):
    """What came of a school's wish to be contacted."""

    outcome = TextField("What came of it", [Required("Enter what came of it")], most=1000)
