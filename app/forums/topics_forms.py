"""What staff fill in about a topic of a forum."""

from __future__ import annotations

from wtforms import Field
from wtforms.validators import ValidationError

from app.forums.models import ForumTopic
from app.forums.topics import HTTPS, TopicFacts
from app.kernel.forms import LineField, PageForm, Required, WebAddress

MOST_URL = 1000
FIELDS = ("title", "speaker", "speaker_organisation", "slides_url", "link_url")


class TopicForm(PageForm):
    """One topic: what, who speaks, where the slides are."""

    title = LineField("Topic", [Required("Enter what the topic is")], most=120)
    speaker = LineField("Speaker (optional)", most=120)
    speaker_organisation = LineField("Organisation of the speaker (optional)", most=120)
    slides_url = LineField("Address of the slides (optional)", [WebAddress()], most=MOST_URL)
    link_url = LineField(
        "Address where people find out more (optional)", [WebAddress()], most=MOST_URL
    )

    def validate_slides_url(self, field: Field) -> None:
        """Only addresses that nobody on the way can read or change."""
        _check_https(field, "Address of the slides")

    def validate_link_url(self, field: Field) -> None:
        """Likewise."""
        _check_https(field, "Address where people find out more")

    def show(self, topic: ForumTopic) -> None:
        """Show a topic as it is."""
        for name in FIELDS:
            self[name].data = getattr(topic, name)

    @property
    def facts(self) -> TopicFacts:
        """What was filled in; only after it was found valid."""
        return TopicFacts(**{name: self[name].text for name in FIELDS})


def _check_https(field: Field, what: str) -> None:
    if field.data and not field.data.lower().startswith(HTTPS):
        raise ValidationError(f"{what} must begin with https://")
