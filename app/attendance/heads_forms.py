"""What is filled in where heads are counted."""

from __future__ import annotations

from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from app.attendance.heads import Counted
from app.bookings.models import HeadCount
from app.kernel.forms import LineField, PageForm, Required

MOST_HEADS, MOST_NOTE = 10_000, 300


class HeadsField(LineField):
    """A number of people; `number` is it, 0 if nothing was typed."""

    number = 0

    def pre_validate(self, form: BaseForm) -> None:
        """Read a whole number."""
        typed = self.text.replace(",", "")
        if not typed:
            return
        is_number = typed.isascii() and typed.isdecimal() and len(typed) <= len(str(MOST_HEADS))
        if not is_number or int(typed) > MOST_HEADS:
            raise ValidationError(f"{self.label.text} must be a whole number up to {MOST_HEADS:,}")
        self.number = int(typed)


class HeadsForm(PageForm):
    """How many were there on one date."""

    head_count = HeadsField("How many were there", [Required("Enter how many were there")], most=7)
    out_of_area_count = HeadsField("Of these, from another area (optional)", most=7)
    note = LineField("Note (optional)", most=MOST_NOTE)

    def show(self, known: HeadCount) -> None:
        """Show a count as it is, to be corrected."""
        self.head_count.data = str(known.head_count)
        self.out_of_area_count.data = str(known.out_of_area_count or "")
        self.note.data = known.note

    @property
    def counted(self) -> Counted:
        """The count as it was filled in; only after it was found valid."""
        return Counted(self.head_count.number, self.out_of_area_count.number, self.note.text)
