"""Forms as GOV.UK has them: errors in a summary and beside the field, what was typed is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from typing import Any, TypeVar

from flask_wtf import FlaskForm
from wtforms import Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # new, not in stubs
from wtforms.form import BaseForm
from wtforms.validators import Length, StopValidation, ValidationError

from app.kernel.london import from_london, is_real_time
from app.kernel.typed_times import read_day, read_time_of_day

SHORT_TEXT_LENGTH = 200
LONG_TEXT_LENGTH = 5000
WEB_ADDRESS = re.compile(r"https?://[^\s/]+\.[^\s]+|https?://localhost[^\s]*", re.IGNORECASE)
NOT_CHOSEN = SelectChoice("", "Not chosen")
Read = TypeVar("Read", date, time)


def tidy(text: str | None) -> str:
    """What somebody typed, without space around it and without control characters."""
    if not text:
        return ""
    kept = (c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c in "\n\t" or c >= " ")
    return "".join(kept).strip()


def one_line(text: str | None) -> str:
    """What somebody typed in a one-line field; any line breaks pasted into it become spaces."""
    return " ".join(tidy(text).split())


class Required:
    """An answer must be given; the message says what to do."""

    field_flags: dict[str, Any] = {}  # no `required` attribute: the server answers

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Refuse an empty answer."""
        if field.data in (None, "", [], "None"):
            raise StopValidation(self.message)  # nothing else is wrong with what is not there


class FromList:
    """The answer must be one of the choices, or none; a hostile value gets the message."""

    field_flags: dict[str, Any] = {}

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, form: FlaskForm, field: Any) -> None:
        """Refuse what the page did not offer."""
        offered = {str(choice.value) for choice in field.iter_choices()}
        given = field.data if isinstance(field.data, list) else [field.data or ""]
        if any(str(value) not in offered | {""} for value in given):
            raise ValidationError(self.message)


class WebAddress:
    """A web address, if anything."""

    field_flags: dict[str, Any] = {}

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Refuse other schemes and words that are no address."""
        if field.data and not WEB_ADDRESS.fullmatch(field.data):
            raise ValidationError(f"{field.label.text} must begin with https://")


def choices_of(words: Iterable[tuple[Any, str]]) -> list[Any]:
    """Choices from pairs of value and words."""
    return [SelectChoice(str(value), text) for value, text in words]


def radios(label: str, words: Iterable[tuple[Any, str]], message: str) -> RadioField:
    """A question with one answer out of a few; the message asks for it."""
    return RadioField(
        label,
        choices=choices_of(words),
        validators=[Required(message), FromList(message)],
        validate_choice=False,
    )


def select_one(label: str, words: Iterable[tuple[Any, str]] = ()) -> SelectField:
    """A list with one answer or none."""
    return SelectField(
        label,
        choices=[NOT_CHOSEN, *choices_of(words)],
        validators=[FromList(f"Choose from the list: {label.lower()}")],
        validate_choice=False,
    )


class LineField(StringField):
    """One line of text, tidied, with a greatest length."""

    def __init__(
        self, label: str, validators: Any = (), *, most: int = SHORT_TEXT_LENGTH, **more: Any
    ) -> None:
        length = Length(max=most, message=f"{label} must be {most} characters or fewer")
        super().__init__(label, [*validators, length], filters=[one_line], **more)

    @property
    def text(self) -> str:
        """What was typed, empty rather than None."""
        return self.data or ""


class DayField(LineField):
    """A day as people type it; `data` keeps what was typed, `day` is the date or None."""

    day: date | None = None

    def __init__(self, label: str, validators: Any = (), **more: Any) -> None:
        super().__init__(label, validators, most=40, **more)

    def process_data(self, value: Any) -> None:
        """Show a date as one would type it."""
        self.data = f"{value.day} {value:%B} {value.year}" if isinstance(value, date) else value

    def pre_validate(self, form: BaseForm) -> None:
        """Read the day; the error says which part is missing."""
        self.day = _read(read_day, self)


class TimeOfDayField(LineField):
    """A time of day as people type it; `data` keeps what was typed, `clock` is the time or None."""

    clock: time | None = None

    def __init__(self, label: str, validators: Any = (), **more: Any) -> None:
        super().__init__(label, validators, most=20, **more)

    def process_data(self, value: Any) -> None:
        """Show a time as one would type it."""
        self.data = f"{value:%H:%M}" if isinstance(value, time) else value

    def pre_validate(self, form: BaseForm) -> None:
        """Read the time; the error says what is unclear."""
        self.clock = _read(read_time_of_day, self)


def _read(reader: Callable[[str], Read], field: LineField) -> Read | None:
    """What was typed, read; ValidationError with the field's name and what is wrong."""
    if not field.data:
        return None
    try:
        return reader(field.data)
    except ValueError as error:
        raise ValidationError(f"{field.label.text} {error}") from None


def read_instant(day: DayField, clock: TimeOfDayField) -> datetime | None:
    """The UTC instant of a typed London day and time; an error on the time if there is none."""
    if day.day is None or clock.clock is None:
        return None
    if not is_real_time(day.day, clock.clock):
        words = "does not exist on that day: the clocks go forward at 1am"
        clock.errors = [*clock.errors, f"{clock.label.text} {words}"]
        return None
    return from_london(day.day, clock.clock)


class TextField(TextAreaField):
    """Several lines of text, tidied, with a greatest length."""

    def __init__(
        self, label: str, validators: Any = (), *, most: int = LONG_TEXT_LENGTH, **more: Any
    ) -> None:
        length = Length(max=most, message=f"{label} must be {most:,} characters or fewer")
        super().__init__(label, [*validators, length], filters=[tidy], **more)

    @property
    def text(self) -> str:
        """What was typed, empty rather than None."""
        return self.data or ""


class PageForm(FlaskForm):
    """A form on a page; `refuse()` puts a rule's refusal where the other errors stand."""

    class Meta(FlaskForm.Meta):
        """The token against forged requests is looked at once, before any view, for every form."""

        csrf = False

    def submitted_and_valid(self) -> bool:
        """Whether this is a filled-in form that can be acted on."""
        return bool(self.validate_on_submit())

    def refuse(self, refusal: Exception | str) -> None:
        """Show a sentence that belongs to no single field."""
        self.form_errors.append(str(refusal))

    def all_errors(self) -> Iterator[tuple[str, str]]:
        """Each error with the id of the first control to mend, in the order of the fields."""
        for text in self.form_errors:
            yield "", str(text)
        for field in self:
            for text in _flattened(field.errors):
                yield first_control_id(field), text


def first_control_id(field: Field) -> str:
    """The id that a link in the error summary must reach."""
    custom = getattr(field, "first_control_id", None)
    return str(custom) if custom else str(field.id)


def _flattened(errors: Any) -> Iterator[str]:
    if isinstance(errors, dict):
        for part in errors.values():
            yield from _flattened(part)
    elif isinstance(errors, list | tuple):
        for part in errors:
            yield from _flattened(part)
    else:
        yield str(errors)
