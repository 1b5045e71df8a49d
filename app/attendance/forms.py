"""The register as a form: an outcome for each person, and people who came without booking."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import StringField

from app.accounts.forms import WorkingEmail
from app.accounts.people import NamedPerson
from app.bookings.models import AttendanceOutcome
from app.kernel.forms import LineField, PageForm

EMAIL_LENGTH = 254
ROWS = (1, 2, 3)
FIELD_START = "came_"  # and then the reference of a booking
CHOICES = (
    (AttendanceOutcome.ATTENDED, "Came", "a"),
    (AttendanceOutcome.ATTENDED_IN_PART, "Part", "p"),
    (AttendanceOutcome.DID_NOT_ATTEND, "Did not", "n"),
)
SAVED_WORDS = {
    AttendanceOutcome.ATTENDED: "came",
    AttendanceOutcome.ATTENDED_IN_PART: "came for a part",
    AttendanceOutcome.DID_NOT_ATTEND: "did not come",
}


class WorkingEmailIfAny(WorkingEmail):
    """An address that mail can be sent to, or none."""

    def __call__(self, form: Any, field: Any) -> None:
        """Refuse what is no address."""
        if field.data:
            super().__call__(form, field)


def _email_field() -> LineField:
    return LineField("Email address", [WorkingEmailIfAny()], most=EMAIL_LENGTH)


class RegisterForm(PageForm):
    """Outcomes are read from the request as they stand: a row of radios per person."""

    name_1 = LineField("Full name", most=100)
    email_1 = _email_field()
    organisation_1 = LineField("Organisation (optional)")
    name_2 = LineField("Full name", most=100)
    email_2 = _email_field()
    organisation_2 = LineField("Organisation (optional)")
    name_3 = LineField("Full name", most=100)
    email_3 = _email_field()
    organisation_3 = LineField("Organisation (optional)")

    def rows(self) -> list[tuple[StringField, StringField, StringField]]:
        """The three fields of each row for somebody who came without booking."""
        return [(self[f"name_{n}"], self[f"email_{n}"], self[f"organisation_{n}"]) for n in ROWS]

    def validate(self, extra_validators: Any = None) -> bool:
        """A row that was begun needs a name and an address, and nobody is written twice."""
        is_valid = bool(super().validate(extra_validators))
        seen: set[str] = set()
        for name, email, organisation in self.rows():
            if not (name.data or email.data or organisation.data):
                continue
            if not name.data:
                name.errors = [*name.errors, "Enter the person's full name"]
            if not email.data:
                email.errors = [*email.errors, "Enter the person's email address"]
            elif email.data in seen:
                email.errors = [*email.errors, "This person is on the list twice"]
            seen.add(email.data or "")
            is_valid = is_valid and not (name.errors or email.errors)
        return is_valid

    def unbooked(self) -> list[NamedPerson]:
        """The people written into the rows."""
        return [
            NamedPerson(name.data or "", email.data, organisation.data or "")
            for name, email, organisation in self.rows()
            if email.data
        ]

    def read_outcomes(self, sent: MultiDict[str, str]) -> dict[str, AttendanceOutcome]:
        """What was chosen, by booking reference; anything else becomes an error of the form."""
        given = {
            name.removeprefix(FIELD_START): value
            for name, value in sent.items()
            if name.startswith(FIELD_START)
        }
        if any(value not in set(AttendanceOutcome) for value in given.values()):
            self.refuse("Choose one of the three answers for each person")
        return {
            reference: AttendanceOutcome(value)
            for reference, value in given.items()
            if value in set(AttendanceOutcome)
        }
