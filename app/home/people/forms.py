"""The forms of the pages about people and organisations."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField
from wtforms.validators import ValidationError

from app.accounts.forms import MOST_OF_A_NAME, OrganisationForm, WorkingEmail, email_field
from app.accounts.models import Capacity
from app.kernel.forms import (
    NOT_CHOSEN,
    DayField,
    LineField,
    PageForm,
    Required,
    choices_of,
    radios,
    select_one,
)

CAPACITIES = {
    Capacity.EMPLOYEE: "Employed or self-employed",
    Capacity.VOLUNTEER: "Volunteer",
    Capacity.GOVERNOR: "School or college governor",
    Capacity.STUDENT: "Student or on a placement",
    Capacity.CARER: "Foster carer or another carer",
}
NO_BODY = "none"
MOST_OF_A_POSTCODE = 10
# As the national schools register calls them; forums count reach by them.
PHASES = ("Nursery", "Primary", "Secondary", "All-through", "16 plus", "Not applicable")
TYPES = (
    "Academies",
    "Colleges",
    "Free Schools",
    "Independent schools",
    "Local authority maintained schools",
    "Special schools",
    "Other types",
)


class DetailsForm(PageForm):
    name = LineField("Full name", [Required("Enter the full name")], most=MOST_OF_A_NAME)
    capacity = select_one("Capacity", CAPACITIES.items())
    job_title = LineField("Job title (of employees only)", most=MOST_OF_A_NAME)


class AddressForm(PageForm):
    email = email_field("New email address")
    again = BooleanField("Send again what did not arrive")


class ReasonForm(PageForm):
    reason = LineField("Reason", [Required("Enter the reason")])


class PlaceForm(PageForm):
    organisation = radios("Which is theirs?", (), "Choose an organisation, or none")
    sector = select_one("Sector, if they are with none")

    def validate_sector(self, field: LineField) -> None:
        if self.organisation.data == NO_BODY and not field.data:
            raise ValidationError("Choose the sector of somebody who is with no organisation")


def _with(known: tuple[str, ...], value: str | None) -> list[Any]:
    more = () if value is None or value in known else (value,)
    return [NOT_CHOSEN, *choices_of((one, one) for one in (*known, *more))]


class BodyForm(OrganisationForm):
    trust_name = LineField("Trust (optional)")
    postcode = LineField("Postcode (optional)", most=MOST_OF_A_POSTCODE)
    contact_email = LineField("Mailbox to approach it by (optional)", [], most=254)
    phase = select_one("Phase of a school (optional)", ((one, one) for one in PHASES))
    establishment_type = select_one("Type of school (optional)", ((one, one) for one in TYPES))

    def keep_choosable(self, phase: str | None, type_: str | None) -> None:
        """Let what a body has now be chosen again, whatever register it came from."""
        self.phase.choices = _with(PHASES, phase)
        self.establishment_type.choices = _with(TYPES, type_)

    def validate_contact_email(self, field: LineField) -> None:
        if field.data:
            WorkingEmail()(self, field)


class NameForm(PageForm):
    name = LineField("Another or former name", [Required("Enter the name")])


class CloseForm(PageForm):
    closed_on = DayField("The day it closed or changed", [Required("Enter the day it closed")])
    successor = radios("What took its place?", (), "Choose what took its place, or nothing")
    with_people = BooleanField("Its people and posts go along")
