"""What staff fill in to make open links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import Field, SelectMultipleField
from wtforms.validators import ValidationError

from app.accounts.forms import email_field
from app.accounts.models import OrganisationKind
from app.kernel.forms import (
    DayField,
    FromList,
    LineField,
    PageForm,
    Required,
    choices_of,
    select_one,
)
from app.surveys import rules
from app.surveys.open_links import Contact

MONTHS = (3, 6, 9, 12)
KIND_WORDS = {
    OrganisationKind.SCHOOL: "Schools",
    OrganisationKind.COLLEGE: "Colleges",
    OrganisationKind.EARLY_YEARS: "Early years settings",
    OrganisationKind.AGENCY: "Agencies",
    OrganisationKind.VOLUNTARY: "Voluntary organisations",
    OrganisationKind.SPORTS_CLUB: "Sports clubs",
    OrganisationKind.FAITH: "Faith groups",
}


class ContactForm(PageForm):
    """Who passes the link on, and when they are written to."""

    name = LineField("Name of the contact", [Required("Enter the contact’s name")], most=120)
    email = email_field("Their email address")
    months = select_one("When to write to them", [(m, rules.wave_words(m)) for m in MONTHS])

    def validate_months(self, field: Field) -> None:
        """Ask for a choice."""
        if not field.data:
            raise ValidationError("Choose when to write to them")

    @property
    def contact(self) -> Contact:
        """Who was named; only when valid."""
        return Contact(self.name.text, self.email.text)


class LinksForm(PageForm):
    """Which organisations get a link of their own, and for how long."""

    organisations = SelectMultipleField(
        "Who gets a link of their own",
        validators=[FromList("Choose from the list")],
        validate_choice=False,
    )
    questionnaire = select_one("What they are asked")
    first = DayField("First day (optional)")
    last = DayField("Last day", [Required("Enter the last day on which they can answer")])

    def offer(
        self, organisations: Sequence[tuple[str, str]], own: Sequence[tuple[str, str]]
    ) -> None:
        """The organisations found, and the questionnaires that staff have made."""
        self.organisations.choices = choices_of(organisations)
        standard = ("", "The standard questions of months later")
        self.questionnaire.choices = choices_of([standard, *own])

    def validate_organisations(self, field: Any) -> None:
        """Somebody must get one."""
        if not field.data:
            raise ValidationError("Choose at least one")
