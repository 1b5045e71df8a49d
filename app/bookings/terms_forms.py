"""What staff fill in about who may book, and people about their line manager."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import Field, SelectMultipleField
from wtforms.validators import ValidationError

from app.accounts.forms import MOST_OF_A_NAME, email_field
from app.bookings.models import ApprovedBy, Promotion
from app.bookings.requests import Manager
from app.bookings.terms import POST_CHOICES
from app.bookings.terms_rules import Terms
from app.kernel.forms import (
    FromList,
    LineField,
    PageForm,
    Required,
    TextField,
    choices_of,
    radios,
)

MOST_PLACES, LONGEST_HOLD_HOURS = 999, 168
MOST_OF_A_REASON = 500


def tick_boxes(label: str, words: Iterable[tuple[str, str]] = ()) -> SelectMultipleField:
    """Any of a few; none is an answer too."""
    return SelectMultipleField(
        label,
        choices=choices_of(words),
        validators=[FromList(f"Choose from the list: {label.lower()}")],
        validate_choice=False,
    )


class TermsForm(PageForm):
    """Who may book an offer's sessions, and how their places are given."""

    sectors = tick_boxes("Sectors")
    establishments = tick_boxes("Establishments")
    posts = tick_boxes("Posts", POST_CHOICES)
    most_per_organisation = LineField("Most places for one organisation (optional)", most=20)
    most_per_sector = LineField("Most places for one sector (optional)", most=20)
    approved_by = radios(
        "Who agrees before somebody gets a place?",
        (
            (ApprovedBy.NOBODY.value, "Nobody: whoever may book gets a place at once"),
            (ApprovedBy.DELIVERY.value, "We do"),
            (ApprovedBy.MANAGER.value, "A line manager, whom the person names"),
        ),
        "Say who agrees before somebody gets a place",
    )
    promotion = radios(
        "When a place becomes free, the person who waits longest",
        (
            (Promotion.AT_ONCE.value, "is booked at once"),
            (Promotion.HELD.value, "is asked, and the place is kept for them"),
        ),
        "Say what happens when a place becomes free",
    )
    hold_hours = LineField("Hours for which the place is kept", most=20)

    def offer_lists(
        self, sectors: Iterable[tuple[str, str]], establishments: Iterable[tuple[str, str]]
    ) -> None:
        """Fill the lists that are data; where there is nothing to choose, nothing is chosen."""
        self.sectors.choices = choices_of(sectors)
        self.establishments.choices = choices_of(establishments)
        self.sectors.data = self.sectors.data if self.sectors.choices else []
        self.establishments.data = self.establishments.data if self.establishments.choices else []

    def show(self, terms: Terms) -> None:
        """Show the terms as they are, to be changed."""
        self.sectors.data = sorted(terms.sectors)
        self.establishments.data = sorted(terms.establishments)
        self.posts.data = sorted(terms.posts)
        self.most_per_organisation.data = str(terms.most_per_organisation or "")
        self.most_per_sector.data = str(terms.most_per_sector or "")
        self.approved_by.data = terms.approved_by.value
        self.promotion.data = terms.promotion.value
        self.hold_hours.data = str(terms.hold_hours)

    def validate_most_per_organisation(self, field: Field) -> None:
        """A whole number, if anything."""
        if field.data:
            _whole_number(field, "Most places for one organisation", MOST_PLACES)

    def validate_most_per_sector(self, field: Field) -> None:
        """A whole number, if anything."""
        if field.data:
            _whole_number(field, "Most places for one sector", MOST_PLACES)

    def validate_hold_hours(self, field: Field) -> None:
        """A whole number, where places are kept."""
        if self.promotion.data == Promotion.HELD:
            _whole_number(field, "Hours for which the place is kept", LONGEST_HOLD_HOURS)

    @property
    def terms(self) -> Terms:
        """The terms as they were filled in; only after they were found valid."""
        is_held = self.promotion.data == Promotion.HELD
        return Terms(
            sectors=_ticked(self.sectors),
            establishments=_ticked(self.establishments),
            posts=_ticked(self.posts),
            most_per_organisation=_count(self.most_per_organisation),
            most_per_sector=_count(self.most_per_sector),
            approved_by=ApprovedBy(self.approved_by.data),
            promotion=Promotion(self.promotion.data),
            hold_hours=int(self.hold_hours.text) if is_held else Terms.hold_hours,
        )


def _whole_number(field: Field, name: str, most: int) -> None:
    typed = field.data or ""
    if not (typed.isascii() and typed.isdecimal() and 1 <= int(typed) <= most):
        raise ValidationError(f"{name} must be a whole number from 1 to {most}")


def _ticked(field: SelectMultipleField) -> frozenset[str]:
    return frozenset(value for value in field.data or () if value)


def _count(field: LineField) -> int | None:
    return int(field.text) if field.text else None


class ManagerForm(PageForm):
    """The line manager who is asked."""

    manager_name = LineField(
        "Name of your line manager",
        [Required("Enter the name of your line manager")],
        most=MOST_OF_A_NAME,
    )
    manager_email = email_field("Work email address of your line manager")

    @property
    def manager(self) -> Manager:
        """The line manager named; only after the form was found valid."""
        return Manager(self.manager_name.text, self.manager_email.text)


class DecisionForm(PageForm):
    """The answer to a request; which button was pressed says what it is."""

    reason = TextField("Reason, if you decline (optional)", most=MOST_OF_A_REASON)
