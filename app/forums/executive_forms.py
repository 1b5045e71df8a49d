"""What is filled in about the Executive's answers: by staff, and by its respondents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from wtforms import HiddenField

from app.accounts.forms import email_field
from app.forums import executive_rules as rules
from app.forums.executive_queries import AnswerLine
from app.forums.executive_rules import Answer
from app.forums.opinion_models import AnswerState
from app.forums.themes import ThemeCount
from app.kernel.forms import DayField, LineField, PageForm, Required, TextField, radios

STATES = (
    (AnswerState.ANSWERED.value, "No, it is still to be done"),
    (AnswerState.DONE.value, "Yes, or there is nothing to do"),
)


class OneButton(PageForm):
    """A form that is nothing but its button."""


class AnswerForm(PageForm):
    """What the Executive answered to one theme."""

    answer = TextField(
        "What the Executive answers",
        [Required("Enter what the Executive answered")],
        most=rules.MOST_ANSWER,
    )
    owner = LineField(
        "Post that sees to it",
        [Required("Enter the post that sees to it, for example Head of Education")],
        most=rules.MOST_POST,
    )
    state = radios("Is it done?", STATES, "Choose whether it is done")
    due_on = DayField("To be done by (optional)")
    revision = HiddenField()

    def show(self, line: AnswerLine) -> None:
        """Show the answer as it stands, to be changed."""
        self.answer.data, self.owner.data = line.answer, line.owner
        self.state.data = None if line.state is AnswerState.OPEN else line.state.value
        self.due_on.process_data(line.due_on)
        self.revision.data = str(line.revision)

    def given(self, answered_on: date) -> Answer:
        """The answer as it was filled in; only after it was found valid."""
        typed = self.revision.data or ""
        return Answer(
            words=self.answer.text,
            owner=self.owner.text,
            due_on=self.due_on.day,
            is_done=self.state.data == AnswerState.DONE.value,
            answered_on=answered_on,
            revision=int(typed) if typed.isascii() and typed.isdecimal() else -1,
        )


class MinutesForm(AnswerForm):
    """The same, as staff take it from the minutes."""

    answered_on = DayField(
        "Day of the meeting", [Required("Enter the day of the meeting, for example 12 June 2026")]
    )

    def show(self, line: AnswerLine) -> None:
        """Show the answer as it stands, with its day."""
        super().show(line)
        self.answered_on.process_data(line.answered_on)

    def given(self, answered_on: date) -> Answer:
        """The answer as it was filled in, of the day that staff gave."""
        return super().given(self.answered_on.day or answered_on)


class PublicWordsForm(PageForm):
    """What everyone reads: you said, we did."""

    said = TextField("You said", [Required("Enter what schools said")], most=rules.MOST_PUBLIC)
    did = TextField("We did", [Required("Enter what was done")], most=rules.MOST_PUBLIC)

    def show(self, line: AnswerLine) -> None:
        """Show the words there are, or those to begin with."""
        self.said.data, self.did.data = line.said or line.title, line.did or line.answer


class LinkForm(PageForm):
    """Who is to answer for the Executive, and until when."""

    post = LineField(
        "Post that answers",
        [Required("Enter the post that answers, for example Chair of the Executive")],
        most=rules.MOST_POST,
    )
    email = email_field("Email address")
    ends_on = DayField("Last day of the link", [Required("Enter the last day of the link")])


def questions_form(themes: Sequence[ThemeCount], asked: dict[int, str]) -> PageForm:
    """A question to the Executive for each theme, all of them optional."""
    fields = {
        question_field(theme): TextField(
            f"Question about “{theme.title}” (optional)", most=rules.MOST_QUESTION
        )
        for theme in themes
    }
    form: PageForm = type("QuestionsForm", (PageForm,), fields)()
    if not form.is_submitted():
        for theme in themes:
            form[question_field(theme)].data = asked.get(theme.theme_id, "")
    return form


def question_field(theme: ThemeCount) -> str:
    """The name of the field for a theme's question."""
    return f"question_{theme.reference}"
