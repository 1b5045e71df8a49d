"""What staff fill in about a questionnaire and its questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import Field, SelectMultipleField
from wtforms.validators import ValidationError

from app.kernel.forms import (
    FromList,
    LineField,
    PageForm,
    Required,
    TextField,
    choices_of,
    one_line,
    radios,
    select_one,
)
from app.surveys.answer_rules import AskedQuestion, Condition
from app.surveys.building_queries import BankQuestion
from app.surveys.models import QuestionKind, QuestionnaireKind
from app.surveys.option_rules import NONE_OF_THEM, NOT_MY_ROLE, QuestionDetails
from app.surveys.questionnaire_rules import (
    FEWEST_ANSWERS,
    MOST_CONDITIONS,
    SCALE_OF_KIND,
    TOO_MANY_CONDITIONS,
    WrittenQuestion,
)

MOST_ANSWERS = 20
LABEL_LENGTH = 120
YES_OR_NO = (("yes", "Yes"), ("no", "No"))
HIGHEST = (3, 4, 5, 6, 7, 10)
NOT_FOR_ALL = (
    *("labels", "highest", "lowest_words", "highest_words", "none_label"),
    *("may_not_apply", "measure", "counted"),
)
KIND_WORDS = {
    QuestionKind.SINGLE: "One answer of several",
    QuestionKind.MULTIPLE: "Several answers of a list",
    QuestionKind.YES_NO: "Yes or no",
    QuestionKind.SCALE: "A scale with labelled ends",
    QuestionKind.SCORE: "A number from 0 to 10",
    QuestionKind.SHORT_TEXT: "A short answer in own words",
    QuestionKind.LONG_TEXT: "A longer answer in own words",
    QuestionKind.QUOTE_CONSENT: "May we quote",
}
TO_ADD = [kind for kind in KIND_WORDS if kind is not QuestionKind.QUOTE_CONSENT]
TIME_WORDS = (
    (QuestionnaireKind.BEFORE, "Before, of people with a place"),
    (QuestionnaireKind.AFTER, "Straight after"),
    (QuestionnaireKind.IMPACT, "Months later, or by an open link"),
)


class TitleForm(PageForm):
    """A questionnaire's title."""

    title = LineField("Title", [Required("Enter a title")], most=120)


class HeadingForm(PageForm):
    """The heading of a section."""

    title = LineField("Heading", [Required("Enter a heading")], most=60)


class NewQuestionnaireForm(TitleForm):
    """A questionnaire of one's own."""

    kind = radios("When is it asked?", TIME_WORDS, "Choose when it is asked")


class QuestionForm(PageForm):
    """One question; `question_form` leaves out what its kind has no use for."""

    words = LineField("Question", [Required("Enter the question")])
    hint = LineField("Hint below the question (optional)")
    section = LineField("Heading", [Required("Enter a heading")], most=60)
    labels = TextField("Answers, one on each line", most=3000)
    highest = radios("From 1 to", [(n, str(n)) for n in HIGHEST], "Choose the highest number")
    lowest_words = LineField(
        "What 1 stands for", [Required("Enter what 1 stands for")], most=LABEL_LENGTH
    )
    highest_words = LineField(
        "What the highest number stands for",
        [Required("Enter what the highest number stands for")],
        most=LABEL_LENGTH,
    )
    none_label = LineField("An answer that excludes the others (optional)", most=LABEL_LENGTH)
    may_not_apply = radios(
        "Offer “It does not apply to my role”?", YES_OR_NO, "Choose whether it may not apply"
    )
    measure = select_one("What it measures (optional)")
    counted = LineField("How many of the answers count (optional)", most=2)
    is_required = radios("Must it be answered?", YES_OR_NO, "Choose whether it must be answered")

    def validate_labels(self, field: Field) -> None:
        """Some answers, all different."""
        labels = _lines(field.data)
        if len(labels) < FEWEST_ANSWERS:
            raise ValidationError(f"Enter at least {FEWEST_ANSWERS} answers, one on each line")
        if len(labels) > MOST_ANSWERS:
            raise ValidationError(f"Enter at most {MOST_ANSWERS} answers")
        if any(len(label) > LABEL_LENGTH for label in labels):
            raise ValidationError(f"Each answer must be {LABEL_LENGTH} characters or fewer")
        if len({label.casefold() for label in labels}) < len(labels):
            raise ValidationError("Enter each answer once: two of them are the same")

    def validate_none_label(self, field: Field) -> None:
        """The answer that excludes the others is not one of them."""
        labels = _lines(self.labels.data)
        if field.data and field.data.casefold() in {label.casefold() for label in labels}:
            raise ValidationError("The answer that excludes the others is one of them: change it")

    def validate_counted(self, field: Field) -> None:
        """Some answers count and some do not, if the question measures something."""
        most = self._answers_count() - 1
        if field.data and not (field.data.isascii() and field.data.isdecimal()):
            raise ValidationError("How many of the answers count must be a whole number")
        if self.measure.data and not 1 <= int(field.data or 0) <= most:
            raise ValidationError(f"Enter how many of the answers count, from 1 to {max(most, 1)}")

    def _answers_count(self) -> int:
        if "labels" in self:
            return len(_lines(self.labels.data))
        return int(self.highest.data) if str(self.highest.data).isdecimal() else FEWEST_ANSWERS

    @property
    def details(self) -> QuestionDetails:
        """What was filled in; only when valid."""
        typed = {name: self[name].data if name in self else None for name in NOT_FOR_ALL}
        return QuestionDetails(
            words=self.words.text,
            section=self.section.text,
            hint=self.hint.text,
            is_required=self.is_required.data == "yes",
            measure_key=typed["measure"] or None,
            labels=tuple(_lines(typed["labels"])),
            counted=int(typed["counted"] or 0),
            none_label=typed["none_label"] or "",
            highest=int(typed["highest"] or HIGHEST[0]),
            lowest_words=typed["lowest_words"] or "",
            highest_words=typed["highest_words"] or "",
            may_not_apply=typed["may_not_apply"] == "yes",
        )


OF_KIND = {
    QuestionKind.SINGLE: {"labels", "may_not_apply", "measure", "counted"},
    QuestionKind.MULTIPLE: {"labels", "none_label", "may_not_apply", "measure"},
    QuestionKind.YES_NO: {"may_not_apply", "measure"},
    QuestionKind.SCALE: {
        *("highest", "lowest_words", "highest_words"),
        *("may_not_apply", "measure", "counted"),
    },
    QuestionKind.SCORE: {"lowest_words", "highest_words", "may_not_apply", "measure"},
}


def question_form(
    kind: QuestionKind, measures: Sequence[tuple[str, str]], *, is_asked: bool = False, **data: Any
) -> QuestionForm:
    """The form for a question of this kind; once people were asked it, its answers are fixed."""
    form = QuestionForm(data=data)
    wanted = set() if is_asked else OF_KIND.get(kind, set())
    for name in NOT_FOR_ALL:
        if name not in wanted:
            del form[name]
    if kind is QuestionKind.SCORE and not is_asked:
        _of_ten(form)
    if "measure" in form:
        form.measure.choices = [("", "Nothing that is compared"), *choices_of(measures)]
    return form


def _of_ten(form: QuestionForm) -> None:
    """From 0 to 10 the ends speak for themselves unless somebody says more."""
    for field, number in ((form.lowest_words, 0), (form.highest_words, 10)):
        field.label.text = f"What {number} stands for (optional)"
        field.validators = [one for one in field.validators if not isinstance(one, Required)]


def typed_of(question: WrittenQuestion) -> dict[str, Any]:
    """A question as somebody would type it."""
    asked = question.asked
    listed = [o for o in asked.options if o.value not in {NOT_MY_ROLE, NONE_OF_THEM}]
    has_ends = asked.kind in {QuestionKind.SCALE, QuestionKind.SCORE}
    ends = [words for _, words in asked.steps] if has_ends else []
    counted = sum(option.counts for option in listed)
    return {
        "words": asked.words,
        "hint": asked.hint,
        "section": asked.section,
        "is_required": "yes" if asked.is_required else "no",
        "measure": question.measure_key,
        "labels": "\n".join(option.label for option in listed),
        "counted": str(counted) if counted else "",
        "none_label": next((o.label for o in asked.options if o.value == NONE_OF_THEM), ""),
        "highest": str(len(ends)),
        "lowest_words": ends[0] if ends else "",
        "highest_words": ends[-1] if ends else "",
        "may_not_apply": "yes" if len(asked.options) > len(listed) and _may_not(asked) else "no",
    }


class WhenForm(PageForm):
    """The answers to one or two earlier questions after which this one is asked."""

    answers = SelectMultipleField(
        "Ask it only after these answers",
        validators=[FromList("Choose from the answers shown")],
        validate_choice=False,
    )

    def offer(self, routers: Sequence[AskedQuestion]) -> None:
        """Offer every answer to these questions."""
        self.answers.choices = choices_of(
            (f"{router.key} {value}", value) for router in routers for value in router.choices
        )

    def validate_answers(self, field: Field) -> None:
        """They are answers to no more questions than one can depend on."""
        if len(self.conditions) > MOST_CONDITIONS:
            raise ValidationError(TOO_MANY_CONDITIONS)

    @property
    def conditions(self) -> list[Condition]:
        """The questions it depends on, each with the answers after which it is asked."""
        chosen: dict[str, list[str]] = {}
        for answer in self.answers.data or ():
            router, _, value = answer.partition(" ")
            chosen.setdefault(router, []).append(value)
        return [(router, tuple(values)) for router, values in chosen.items()]


class BankForm(PageForm):
    """Standard questions to add."""

    questions = SelectMultipleField(
        "Standard questions",
        validators=[FromList("Choose from the list")],
        validate_choice=False,
    )

    def offer(self, bank: Sequence[BankQuestion]) -> None:
        """Offer these."""
        self.questions.choices = choices_of((one.id, one.words) for one in bank)

    def validate_questions(self, field: Field) -> None:
        """Something is chosen."""
        if not any(field.data or ()):
            raise ValidationError("Choose at least one question")

    @property
    def chosen(self) -> list[int]:
        """The ids of the questions chosen; only when valid."""
        return [int(one) for one in self.questions.data or () if one]


class PublishForm(PageForm):
    """Whether plans that ask an earlier version go over to the new one."""

    plans = radios(
        "Who is asked the new version?",
        (
            ("move", "Everybody asked from now on, in every plan and open link that has it"),
            ("leave", "Only plans made from now on: the others go on with what they have"),
        ),
        "Choose who is asked the new version",
    )


def scale_of(kind: QuestionKind) -> Any:
    """How answers of this kind add up, if they do."""
    return SCALE_OF_KIND.get(kind)


def _may_not(asked: AskedQuestion) -> bool:
    return any(option.value == NOT_MY_ROLE for option in asked.options)


def _lines(text: str | None) -> list[str]:
    return [line for line in map(one_line, (text or "").splitlines()) if line]
