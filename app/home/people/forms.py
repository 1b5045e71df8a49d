"""The forms of the pages about people and organisations."""

from __future__ import annotations

from wtforms import BooleanField
from wtforms.validators import ValidationError

from app.accounts.forms import MOST_OF_A_NAME, OrganisationForm, WorkingEmail, email_field
from app.accounts.models import Capacity
from app.kernel.forms import (
    DayField,
    LineField,
    PageForm,
    Required,
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


class BodyForm(OrganisationForm):
    trust_name = LineField("Trust (optional)")
    postcode = LineField("Postcode (optional)", most=MOST_OF_A_POSTCODE)
    contact_email = LineField("Mailbox to approach it by (optional)", [], most=254)

    def validate_contact_email(self, field: LineField) -> None:
        if field.data:
            WorkingEmail()(self, field)


class NameForm(PageForm):
    name = LineField("Another or former name", [Required("Enter the name")])


class CloseForm(PageForm):
    closed_on = DayField("The day it closed or changed", [Required("Enter the day it closed")])
    successor = radios("What took its place?", (), "Choose what took its place, or nothing")
    with_people = BooleanField("Its people and posts go along")
