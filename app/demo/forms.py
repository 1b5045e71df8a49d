"""What can be sent from the example's own pages."""

from __future__ import annotations

from app.kernel.forms import LineField, PageForm, Required


class WhoForm(PageForm):
    who = LineField("Who to be", [Required("Choose who to be")], most=40)


class MoveForm(PageForm):
    distance = LineField("How far", [Required("Choose how far to move time on")], most=10)
