"""The forms of signing in, of a person's details and of administration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectField
from wtforms.validators import ValidationError

from app.accounts.models import Capacity, OrganisationKind
from app.accounts.rules import digits_typed, working_email
from app.kernel.access import Role
from app.kernel.errors import Refused
from app.kernel.forms import FromList, LineField, PageForm, Required, choices_of, radios

MOST_OF_AN_EMAIL = 254  # RFC 5321, 4.5.3.1.3
MOST_OF_A_NAME = 100

CAPACITY_WORDS = {
    Capacity.EMPLOYEE: "I am employed or self-employed",
    Capacity.VOLUNTEER: "I am a volunteer",
    Capacity.GOVERNOR: "I am a school or college governor",
    Capacity.STUDENT: "I am a student or on a placement",
    Capacity.CARER: "I am a foster carer or another carer",
}
KIND_WORDS = {
    OrganisationKind.SCHOOL: "School",
    OrganisationKind.COLLEGE: "College",
    OrganisationKind.EARLY_YEARS: "Nursery, childminder or other early years setting",
    OrganisationKind.AGENCY: "Council, health, police or other public body",
    OrganisationKind.VOLUNTARY: "Charity, voluntary or community group",
    OrganisationKind.SPORTS_CLUB: "Sports club",
    OrganisationKind.FAITH: "Faith group",
    OrganisationKind.OUT_OF_AREA: "Any organisation outside the district",
}
ROLE_WORDS = {
    Role.DELIVERY: "Delivery",
    Role.ADVISOR: "Safeguarding education advisor",
    Role.TRAINER: "Trainer",
    Role.EVALUATOR: "Evaluator",
    Role.ADMINISTRATOR: "Administrator",
}


class WorkingEmail:
    """An address that mail can be sent to; what was typed is put in lower case."""

    field_flags: dict[str, Any] = {}

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Refuse what is no address, with an example of one."""
        if len(field.data or "") > MOST_OF_AN_EMAIL:
            return  # its length is what is wrong with it
        try:
            field.data = working_email(field.data or "")
        except Refused as refusal:
            raise ValidationError(str(refusal)) from refusal


def email_field(label: str) -> LineField:
    """A field for one email address."""
    validators = [Required("Enter an email address"), WorkingEmail()]
    return LineField(label, validators, most=MOST_OF_AN_EMAIL)


class SignInForm(PageForm):
    email = email_field("Email address")
    checked = HiddenField()  # an address we have warned about once already


class CodeForm(PageForm):
    code = LineField("Code from the email", [Required("Enter the code from the email")], most=60)

    def validate_code(self, field: Field) -> None:
        digits = digits_typed(field.data)
        if not digits:
            raise ValidationError("Enter the 6 digits of the code, such as 402817")
        field.data = digits


class SecondStepForm(PageForm):
    code = LineField(
        "Code", [Required("Enter the code from your app, or a recovery code")], most=60
    )


class SetUpForm(PageForm):
    code = LineField("Code from the app", [Required("Enter the code that the app shows")], most=60)

    def validate_code(self, field: Field) -> None:
        digits = digits_typed(field.data)
        if not digits:
            raise ValidationError("Enter the 6 digits that the app shows")
        field.data = digits


def one_of(label: str, words: Iterable[tuple[Any, str]], message: str) -> SelectField:
    """A list of which one must be chosen."""
    return SelectField(
        label,
        [Required(message), FromList(message)],
        choices=choices_of(words),
        validate_choice=False,
    )


class AboutYouForm(PageForm):
    name = LineField("Full name", [Required("Enter your full name")], most=MOST_OF_A_NAME)
    capacity = radios(
        "In which capacity do you work with children or families?",
        CAPACITY_WORDS.items(),
        "Choose the capacity you work with children or families in",
    )
    organisation = LineField("Where do you work or volunteer?")


class JobForm(PageForm):
    """A last step, with a job title for those who are asked for one."""

    job_title = LineField("Your job title (optional)", most=MOST_OF_A_NAME)


UNLISTED = "unlisted"
NOT_WITH_ONE = "none"


class ChooseOrganisationForm(JobForm):
    organisation = radios(
        "Which is yours?", (), "Choose your organisation, or say that it is not listed"
    )


class SectorForm(JobForm):
    sector = radios("Which sector is closest to what you do?", (), "Choose a sector")


class OrganisationForm(PageForm):
    name = LineField("Name of the organisation", [Required("Enter the name of the organisation")])
    kind = radios("What kind is it?", KIND_WORDS.items(), "Choose what kind of organisation it is")
    sector = one_of("Sector", (), "Choose a sector")


class NewOrganisationForm(OrganisationForm, JobForm):
    """What somebody says of an organisation that is not in the list."""


class GrantRoleForm(PageForm):
    email = email_field("Email address of the person")
    role = one_of("Role", [("", "Choose a role"), *ROLE_WORDS.items()], "Choose a role")


class MergeForm(PageForm):
    into = radios("Merge it into", (), "Choose the organisation that it is the same as")
