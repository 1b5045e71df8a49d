"""What an Advisor types to plan a term's training."""

from __future__ import annotations

from wtforms import Field
from wtforms.validators import ValidationError

from app.forums.training_plan import USUAL_CAPACITY
from app.kernel.forms import LineField, PageForm

MOST_PLACES = 500


class PlanForm(PageForm):
    """How many places a session has; the rest of the plan is chosen from lists."""

    capacity = LineField("Places in a session", most=10)

    def read(self) -> None:
        """Look at what the address says; nothing at all means the usual number."""
        self.validate()
        self.capacity.data = self.capacity.data or str(USUAL_CAPACITY)

    @property
    def places(self) -> int:
        """The number of places to plan with; the usual one while it cannot be read."""
        return USUAL_CAPACITY if self.capacity.errors else int(self.capacity.text)

    def validate_capacity(self, field: Field) -> None:
        """A number of people that one session can hold."""
        typed = field.data or str(USUAL_CAPACITY)
        is_number = typed.isascii() and typed.isdecimal() and len(typed) <= len(str(MOST_PLACES))
        if not (is_number and 1 <= int(typed) <= MOST_PLACES):
            raise ValidationError(f"Places in a session must be between 1 and {MOST_PLACES}")
