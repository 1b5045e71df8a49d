"""What staff fill in about needs, actions and what an offer will be judged by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from wtforms import SelectMultipleField

from app.catalogue.models import SourceOfNeed
from app.catalogue.rules import SOURCE_WORDS
from app.improvement.actions import ActionDetails
from app.improvement.need_models import Action, JudgedBy, Need, NeedState
from app.improvement.need_rules import (
    JUDGED_BY_WORDS,
    MAY_BECOME,
    MOST_DETAILS,
    MOST_NAME,
    MOST_WORDS,
    NEED_WORDS,
)
from app.improvement.needs import NeedDetails
from app.kernel.forms import (
    DayField,
    FromList,
    LineField,
    PageForm,
    Required,
    TextField,
    choices_of,
    radios,
    select_one,
)

NO_PRIORITY = ("", "Not tied to one priority")
NO_NEED = ("", "Not tied to one need")
DONE, DROPPED = "done", "dropped"


class NeedForm(PageForm):
    """What people must be able to do, and where that was found."""

    title = LineField(
        "What people need to be able to do",
        [Required("Enter what people need to be able to do")],
        most=MOST_WORDS,
    )
    source = radios("Where it was seen", SOURCE_WORDS.items(), "Choose where it was seen")
    found_in = LineField(
        "Which review, audit, report or meeting",
        [Required("Enter which review, audit, report or meeting found it")],
        most=MOST_WORDS,
    )
    found_on = DayField("Its day (optional)")
    details = TextField("More about it (optional)", most=MOST_DETAILS)
    raised_for = LineField("Group you raise it for (optional)", most=MOST_NAME)
    priority = select_one("Priority")

    def offer_priorities(self, priorities: Sequence[tuple[int, str]]) -> None:
        """Which priorities it can serve."""
        known = [(str(number), words) for number, words in priorities]
        self.priority.choices = choices_of([NO_PRIORITY, *known])

    def show(self, need: Need) -> None:
        """Show a need as it is, to be put right."""
        self.title.data, self.details.data = need.title, need.details
        self.source.data, self.found_in.data = need.source.value, need.found_in
        self.found_on.process_data(need.found_on)
        self.raised_for.data = need.raised_for
        self.priority.data = str(need.priority_id or "")

    @property
    def need_details(self) -> NeedDetails:
        """The need as it was filled in; only after it was found valid."""
        return NeedDetails(
            title=self.title.text,
            source=SourceOfNeed(self.source.data),
            found_in=self.found_in.text,
            details=self.details.text,
            found_on=self.found_on.day,
            raised_for=self.raised_for.text,
            priority_id=int(self.priority.data) if self.priority.data else None,
        )


class DecideForm(PageForm):
    """What becomes of a need, for whoever raised it."""

    becomes = radios("What becomes of it", (), "Choose what becomes of it")
    answer = TextField(
        "What was decided, and why", [Required("Enter what was decided and why")], most=MOST_DETAILS
    )

    def offer_ways(self, state: NeedState) -> None:
        """Only what may follow."""
        self.becomes.choices = choices_of((one.value, NEED_WORDS[one]) for one in MAY_BECOME[state])


class OffersForm(PageForm):
    """Which offers answer a need."""

    offers = SelectMultipleField(
        "Offers that answer it",
        validators=[FromList("Choose offers from the list")],
        validate_choice=False,
    )

    def offer_list(self, offers: Sequence[tuple[str, str]]) -> None:
        """What can be chosen."""
        self.offers.choices = choices_of(offers)
        self.offers.data = self.offers.data if offers else []


class ActionForm(PageForm):
    """Who does what by when, and for which need and offers."""

    what = LineField("What is to be done", [Required("Enter what is to be done")], most=MOST_WORDS)
    owner = LineField("Who does it", [Required("Enter the post that does it")], most=MOST_NAME)
    due_on = DayField("By when", [Required("Enter the day by which it is to be done")])
    need = select_one("Need it serves")
    offers = SelectMultipleField(
        "Offers it is about (optional)",
        validators=[FromList("Choose offers from the list")],
        validate_choice=False,
    )

    def offer_lists(
        self, needs: Sequence[tuple[str, str]], offers: Sequence[tuple[str, str]]
    ) -> None:
        """What it can serve and be about."""
        self.need.choices = choices_of([NO_NEED, *needs])
        self.offers.choices = choices_of(offers)
        self.offers.data = self.offers.data if offers else []

    def show(self, action: Action) -> None:
        """Show an action as it is, to be changed."""
        self.what.data, self.owner.data = action.what, action.owner
        self.due_on.process_data(action.due_on)
        self.need.data = action.need.reference if action.need else ""
        self.offers.data = [offer.slug for offer in action.offers]

    @property
    def details(self) -> ActionDetails:
        """The action as it was filled in; only after it was found valid."""
        due_on: Any = self.due_on.day
        return ActionDetails(
            what=self.what.text,
            owner=self.owner.text,
            due_on=due_on,
            need_reference=self.need.data or None,
            offer_slugs=tuple(self.offers.data or ()),
        )


class CloseActionForm(PageForm):
    """Whether an action is done or dropped, and what came of it."""

    end = radios("How it ends", ((DONE, "Done"), (DROPPED, "Dropped")), "Choose how it ends")
    outcome = TextField("What came of it", [Required("Enter what came of it")], most=MOST_DETAILS)


class MeasureForm(PageForm):
    """What an offer will be judged by (R48)."""

    judged_by = radios("Kind", JUDGED_BY_WORDS.items(), "Choose the kind of measure")
    words = LineField(
        "What it will be judged by",
        [Required("Enter what the offer will be judged by")],
        most=MOST_WORDS,
    )
    agreed_on = DayField("Agreed on", [Required("Enter the day it was agreed")])
    agreed_by = LineField("Agreed by", [Required("Enter the group that agreed it")], most=MOST_NAME)

    @property
    def kind(self) -> JudgedBy:
        """The kind chosen; only after it was found valid."""
        return JudgedBy(self.judged_by.data)

    @property
    def day(self) -> date:
        """The day it was agreed; only after it was found valid."""
        agreed_on: Any = self.agreed_on.day
        day: date = agreed_on
        return day


class RetireForm(PageForm):
    """Why an offer is judged by this no longer."""

    reason = LineField("Why", [Required("Enter why it is given up")], most=MOST_WORDS)
