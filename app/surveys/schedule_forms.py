"""What staff fill in to change a line of the schedule."""

from __future__ import annotations

from app.kernel.forms import DayField, LineField, PageForm, Required

MOST_OF_A_REASON = 200


class SkipForm(PageForm):
    """Why nobody is asked."""

    reason = LineField("Reason", [Required("Enter the reason")], most=MOST_OF_A_REASON)


class MoveForm(SkipForm):
    """Another day, and why."""

    moved_to = DayField("Ask on", [Required("Enter the day on which to ask")])
