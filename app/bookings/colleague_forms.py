"""What a booker fills in: whom to book, typed in rows, pasted or ticked, and how they take part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from wtforms import Field, SelectMultipleField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from app.accounts.forms import WorkingEmail
from app.bookings.colleague_queries import EarlierPerson
from app.bookings.colleague_rules import (
    MOST_OF_A_NAME,
    MOST_OF_AN_EMAIL,
    Faults,
    Line,
    faults_of,
    with_plain_email,
    without_booker,
)
from app.bookings.forms import BookForm
from app.bookings.readers.pasted_people import MOST_PEOPLE, read_pasted
from app.bookings.requests import Manager
from app.catalogue.models import EventMode
from app.kernel.errors import Refused
from app.kernel.forms import LineField, Required, TextField, choices_of, one_line, radios

ROWS_AT_FIRST, ROWS_MORE, MOST_ROWS = 6, 6, MOST_PEOPLE
MOST_PASTED = 100_000
MOST_FAULTS_SHOWN = 20
REFERENCE = re.compile(r"[a-z0-9]{1,20}")


@dataclass
class Row:
    """A name and an address as typed, with what is wrong with them."""

    name: str = ""
    email: str = ""
    faults: Faults = Faults()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.name or self.email)


class RowsField(Field):
    """Names and addresses typed in rows: `name` and `email`, as often as there are rows."""

    data: list[Row]

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Take each name with the address beside it."""
        self.process_errors, self.raw_data = [], []
        names, emails = (formdata.getlist(what) if formdata else [] for what in ("name", "email"))
        pairs = list(zip_longest(names, emails, fillvalue=""))
        self.too_many = sum(1 for pair in pairs if any(pair)) > MOST_ROWS
        self.data = [Row(one_line(name), one_line(email)) for name, email in pairs[:MOST_ROWS]]

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse more rows than the page can have."""
        if self.too_many:
            raise ValidationError(f"Type {MOST_ROWS} people at most, and paste longer lists")

    def add_rows(self, count: int) -> None:
        """Have so many empty rows more, as far as the page goes."""
        count = min(count, MOST_ROWS - len(self.data))
        self.data += [Row() for _ in range(count)]


class EarlierField(SelectMultipleField):
    """People booked before; also those who are not shown any more, for a form that comes again."""

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what is no reference of a booking; whose it is, the booking of it says."""
        given = self.data or []
        if len(given) > MOST_PEOPLE or not all(REFERENCE.fullmatch(one) for one in given):
            raise ValidationError("Choose from the list: people you booked before")


@dataclass(frozen=True)
class Listed:
    """Somebody on the list, and what must be mended before they can be booked."""

    line: Line
    faults: Faults


class ColleaguesForm(BookForm):
    """Whom to book; the rest of it is as when somebody books for themselves."""

    earlier = EarlierField("People you booked before", validate_choice=False)
    people = RowsField("People")
    pasted = TextField("Names and email addresses", most=MOST_PASTED)
    mode = radios(
        "How will they take part?",
        ((EventMode.FACE_TO_FACE.value, "In person"), (EventMode.ONLINE.value, "Online")),
        "Say whether they will come in person or join online",
    )
    manager_name = LineField("Name of the line manager", most=MOST_OF_A_NAME)
    manager_email = LineField("Work email address of the line manager", most=MOST_OF_AN_EMAIL)
    asks_manager = False
    booker_name = booker_email = ""
    leaves_out = False  # those who cannot be booked as they are typed
    listed: Sequence[Listed] = ()

    def validate_manager_name(self, field: Field) -> None:
        """A name, where a line manager must agree."""
        if self.asks_manager:
            Required("Enter the name of the line manager")(self, field)

    def validate_manager_email(self, field: Field) -> None:
        """An address, where a line manager must agree."""
        if self.asks_manager:
            Required("Enter the work email address of the line manager")(self, field)
            WorkingEmail()(self, field)

    @property
    def manager(self) -> Manager | None:
        """The line manager of all of them, if one was asked for; only of a valid form."""
        if not self.asks_manager:
            return None
        return Manager(self.manager_name.text, self.manager_email.text)

    def offer(self, people: Sequence[EarlierPerson]) -> None:
        """Show the people whom the booker has booked before, to tick."""
        self.earlier.choices = choices_of(
            (one.reference, f"{one.name}, {one.email}" if one.email else one.name) for one in people
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether there is somebody to book and nothing to mend, or it is to be left out."""
        is_valid = super().validate(extra_validators)
        try:
            pasted = read_pasted(self.pasted.text) if not self.pasted.errors else []
        except Refused as refusal:
            self.pasted.errors = [str(refusal)]
            return False
        rows = [row for row in self.people.data if not row.is_empty]
        ticked = [
            Line("", earlier=reference) for reference in dict.fromkeys(self.earlier.data or [])
        ]
        typed = [Line(row.name, row.email.lower()) for row in rows]
        rest = [Line(one_line(one.name), one_line(one.email).lower()) for one in pasted]
        self._list([*ticked, *typed, *rest])
        for row, one in zip(rows, self.listed[len(ticked) :], strict=False):
            row.faults = one.faults
        return self._is_list_fit(self.listed[len(ticked) + len(rows) :]) and is_valid

    def _list(self, lines: Sequence[Line]) -> None:
        own = [
            without_booker(line, name=self.booker_name, email=self.booker_email) for line in lines
        ]
        self.listed = [
            Listed(line if faults else with_plain_email(line), faults)
            for line, faults in zip(own, faults_of(own), strict=True)
        ]

    def _is_list_fit(self, pasted: Sequence[Listed]) -> bool:
        """Whether the list can be booked; what is wrong is put where it was typed or pasted."""
        if len(self.listed) > MOST_PEOPLE:
            self.people.errors = [f"Book {MOST_PEOPLE} people at a time at most"]
        elif not self.listed:
            self.people.errors = ["Enter the name of at least one person"]
        elif not self.has_faults or self.leaves_out and self.to_book:
            return True
        else:
            self._show_faults(pasted)
        return False

    def _show_faults(self, pasted: Sequence[Listed]) -> None:
        if any(row.faults for row in self.people.data):
            self.people.errors = ["Mend the rows that are marked"]
        wrong = [one for one in pasted if one.faults]
        self.pasted.errors = [
            f"{one.line.name or 'No name'}, {one.line.email or 'no address'}: "
            f"{one.faults.name or one.faults.email}"
            for one in wrong[:MOST_FAULTS_SHOWN]
        ]
        if len(wrong) > MOST_FAULTS_SHOWN:
            self.pasted.errors += [f"{len(wrong) - MOST_FAULTS_SHOWN} more lines like these"]

    @property
    def has_faults(self) -> bool:
        """Whether somebody on the list cannot be booked as they are typed."""
        return any(one.faults for one in self.listed)

    @property
    def to_book(self) -> list[Line]:
        """Those who can be booked as they are typed."""
        return [one.line for one in self.listed if not one.faults]

    @property
    def can_leave_out(self) -> bool:
        """Whether somebody would be left to book without those who have faults."""
        return self.has_faults and bool(self.to_book)

    def all_errors(self) -> Iterator[tuple[str, str]]:
        """Each error with where to mend it; those of rows lead to the row."""
        rows = list(self._errors_of_rows())
        for place, text in super().all_errors():
            if place == self.people.id and rows:
                yield from rows
            else:
                yield ("name-1" if place == self.people.id else place), text

    def _errors_of_rows(self) -> Iterator[tuple[str, str]]:
        for number, row in enumerate(self.people.data, start=1):
            if row.faults.name:
                yield f"name-{number}", f"Person {number}: {row.faults.name}"
            if row.faults.email:
                yield f"email-{number}", f"Person {number}: {row.faults.email}"
