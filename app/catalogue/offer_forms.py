"""What staff fill in about offers and series."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from wtforms import Field, SelectMultipleField
from wtforms.validators import ValidationError

from app.catalogue.models import Level, Offer, OfferKind, SourceOfNeed
from app.catalogue.operations import OfferDetails
from app.catalogue.rules import KIND_WORDS, LEVEL_WORDS, SOURCE_WORDS, outcome_lines
from app.kernel.forms import (
    NOT_CHOSEN,
    DayField,
    FromList,
    LineField,
    PageForm,
    Required,
    TextField,
    WebAddress,
    choices_of,
    select_one,
)

MOST_DESCRIPTION = 20_000
MOST_URL = 1000
MOST_NEW_TOPICS = 5
MOST_OUTCOMES, MOST_OUTCOME_LENGTH = 10, 200


SHOWN_AS_THEY_ARE = (
    "title",
    "summary",
    "description",
    "who_for",
    "learning_outcomes",
    "length_words",
    "why",
)


class OfferLists(NamedTuple):
    """Values and words of the lists on an offer's form that are data."""

    audiences: Sequence[tuple[str, str]]
    topics: Sequence[tuple[str, str]]
    priorities: Sequence[tuple[str, str]]
    refreshers: Sequence[tuple[str, str]]
    series: Sequence[tuple[str, str]]
    linked: Sequence[tuple[str, str]]


class OfferForm(PageForm):
    """An offer, with everything its page says."""

    title = LineField("Title", [Required("Enter a title")], most=120)
    kind = select_one("Kind of learning", ((k.value, w.one) for k, w in KIND_WORDS.items()))
    summary = LineField("Summary", [Required("Enter a summary, one sentence for lists")], most=300)
    description = TextField("Description", [Required("Enter a description")], most=MOST_DESCRIPTION)
    who_for = LineField("Who it is for", [Required("Enter who it is for")], most=300)
    audiences = SelectMultipleField(
        "Groups people can filter by",
        validators=[FromList("Choose groups from the list")],
        validate_choice=False,
    )
    topics = SelectMultipleField(
        "Topics", validators=[FromList("Choose topics from the list")], validate_choice=False
    )
    new_topics = LineField("Other topics (optional)", most=200)
    learning_outcomes = TextField("What people can do afterwards (optional)", most=2000)
    length_words = LineField("How long it takes (optional)", most=80)
    level = select_one(
        "Core or subject-specific (optional)", ((k.value, w) for k, w in LEVEL_WORDS.items())
    )
    provider = LineField("Delivered by, if not by the partnership (optional)", most=200)
    resource_url = LineField(
        "Address of the resource or material (optional)", [WebAddress()], most=MOST_URL
    )
    refresher = select_one("What attending it renews (optional)")
    why = TextField("Why it exists (optional)", most=1000)
    source_of_need = select_one(
        "Where the need was seen (optional)", ((k.value, w) for k, w in SOURCE_WORDS.items())
    )
    priority = select_one("Priority of the delivery plan (optional)")
    series = select_one("Series or themed week (optional)")
    linked = SelectMultipleField(
        "Offers and resources that belong with it (optional)",
        validators=[FromList("Choose offers from the list")],
        validate_choice=False,
    )
    attended_percent = LineField(
        "Percent of an online meeting from which somebody counts as attended (optional)", most=10
    )

    def offer_lists(self, lists: OfferLists, *, itself: str = "") -> None:
        """Fill the lists that are data; where there is nothing to choose, nothing is chosen."""
        others = [(slug, title) for slug, title in lists.linked if slug != itself]
        self.linked.data = self.linked.data if others else []
        self.linked.choices = choices_of(others)
        self.audiences.data = self.audiences.data if lists.audiences else []
        self.topics.data = self.topics.data if lists.topics else []
        self.audiences.choices = choices_of(lists.audiences)
        self.topics.choices = choices_of(lists.topics)
        self.priority.choices = [NOT_CHOSEN, *choices_of(lists.priorities)]
        self.refresher.choices = [NOT_CHOSEN, *choices_of(lists.refreshers)]
        self.series.choices = [NOT_CHOSEN, *choices_of(lists.series)]

    def show(self, offer: Offer) -> None:
        """Show an offer as it is, to be changed."""
        for name in SHOWN_AS_THEY_ARE:
            self[name].data = getattr(offer, name)
        for name in ("kind", "level", "source_of_need"):
            value = getattr(offer, name)
            self[name].data = value.value if value else ""
        self.provider.data = offer.provider or ""
        self.resource_url.data = offer.resource_url or ""
        self.priority.data = str(offer.priority_id or "")
        self.series.data = str(offer.series_id or "")
        self.refresher.data = str(offer.refresher_id or "")
        self.audiences.data = [audience.slug for audience in offer.audiences]
        self.topics.data = [topic.slug for topic in offer.topics]
        self.linked.data = [other.slug for other in offer.linked]
        self.attended_percent.data = str(offer.attended_percent)

    def validate_kind(self, field: Field) -> None:
        """A kind must be chosen."""
        if not field.data:
            raise ValidationError("Choose the kind of learning")

    def validate_attended_percent(self, field: Field) -> None:
        """A whole number; without one the usual share counts."""
        typed = (field.data or "").removesuffix("%").strip()
        if typed and not (typed.isascii() and typed.isdecimal() and 1 <= int(typed) <= 100):
            raise ValidationError("Percent of an online meeting must be between 1 and 100")

    def validate_new_topics(self, field: Field) -> None:
        """A few short names."""
        names = self.new_topic_names
        if len(names) > MOST_NEW_TOPICS or any(len(name) > 60 for name in names):
            raise ValidationError(
                f"Enter up to {MOST_NEW_TOPICS} short topics, with commas between"
            )

    def validate_learning_outcomes(self, field: Field) -> None:
        """A few short lines."""
        lines = outcome_lines(field.data or "")
        if len(lines) > MOST_OUTCOMES:
            raise ValidationError(
                f"Enter up to {MOST_OUTCOMES} lines, each something people can do"
            )
        if any(len(line) > MOST_OUTCOME_LENGTH for line in lines):
            raise ValidationError(f"Each line must be {MOST_OUTCOME_LENGTH} characters or fewer")

    @property
    def new_topic_names(self) -> tuple[str, ...]:
        """The names typed, each once, in order."""
        typed = (part.strip() for part in (self.new_topics.data or "").split(","))
        return tuple(dict.fromkeys(name for name in typed if re.search(r"[A-Za-z0-9]", name)))

    @property
    def details(self) -> OfferDetails:
        """The offer as it was filled in; only after it was found valid."""
        return OfferDetails(
            title=self.title.text,
            kind=OfferKind(self.kind.data),
            summary=self.summary.text,
            description=self.description.text,
            who_for=self.who_for.text,
            level=Level(self.level.data) if self.level.data else None,
            length_words=self.length_words.text,
            provider=self.provider.data or None,
            resource_url=self.resource_url.data or None,
            learning_outcomes="\n".join(outcome_lines(self.learning_outcomes.text)),
            refresher_id=int(self.refresher.data) if self.refresher.data else None,
            why=self.why.text,
            source_of_need=SourceOfNeed(self.source_of_need.data)
            if self.source_of_need.data
            else None,
            priority_id=int(self.priority.data) if self.priority.data else None,
            series_id=int(self.series.data) if self.series.data else None,
            topic_slugs=tuple(self.topics.data or ()),
            new_topics=self.new_topic_names,
            audience_slugs=tuple(self.audiences.data or ()),
            linked_slugs=tuple(self.linked.data or ()),
            attended_percent=int(self.attended_percent.text.removesuffix("%") or 75),
        )


class SeriesForm(PageForm):
    """A series of offers on one theme."""

    title = LineField("Title", [Required("Enter a title")], most=120)
    summary = TextField(
        "What ties it together", [Required("Enter what ties it together")], most=600
    )
    first_day = DayField("First day of the week (optional)")
    last_day = DayField("Last day of the week (optional)")

    def validate_last_day(self, field: Field) -> None:
        """Both days or none, in their order."""
        if bool(self.first_day.data) != bool(field.data):
            raise ValidationError("Enter both the first and the last day, or neither")
        if self.first_day.day and self.last_day.day and self.last_day.day < self.first_day.day:
            raise ValidationError("The last day must not be before the first")

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The days of a themed week; only after the form was found valid."""
        return self.first_day.day, self.last_day.day
