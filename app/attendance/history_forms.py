"""What staff fill in to bring past attendance in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import Field
from wtforms.validators import ValidationError

from app.accounts.imports.forms import ColumnsForm, OneButton, with_selects
from app.attendance.history_plan_rules import LEAVE_OUT, NEW, Plan
from app.attendance.history_rules import MOST_HOURS
from app.attendance.listed_day_rules import Order
from app.catalogue.models import EventMode
from app.kernel.forms import LineField, Required, select_one

ORDER_WORDS = {
    Order.DAY_FIRST: "The day, as 4/3 for 4 March",
    Order.MONTH_FIRST: "The month, as 3/4 for 4 March",
}
MODE_WORDS = {EventMode.FACE_TO_FACE: "Face to face", EventMode.ONLINE: "Online"}


class HistoryColumns(ColumnsForm):
    """Which column holds what, and what is true of all rows."""

    hours = LineField(
        "Hours a session lasted",
        [Required("Enter how many hours a session lasted, where the file does not say")],
        most=10,
    )
    mode = select_one("How people took part", [(m.value, w) for m, w in MODE_WORDS.items()])
    sector = select_one("Sector of people whose organisation is not in the list")

    def validate_hours(self, field: Field) -> None:
        """A number of hours, of a day at most."""
        if self.hours_number is None:
            raise ValidationError("Hours a session lasted must be a number, as 3 or 1.5")

    def validate_mode(self, field: Field) -> None:
        """There is no likely answer."""
        if not field.data:
            raise ValidationError("Choose how people took part")

    def validate_sector(self, field: Field) -> None:
        """Everybody is counted in a sector."""
        if not field.data:
            raise ValidationError("Choose a sector for those whose organisation is not in the list")

    @property
    def hours_number(self) -> float | None:
        """What was typed, None if it is no number of hours."""
        try:
            number = float(self.hours.text)
        except ValueError:
            return None
        return number if 0 < number <= MOST_HOURS else None


def questions(
    plan: Plan, *, asks_order: bool, offers: Iterable[tuple[str, str]], people: dict[int, str]
) -> Any:
    """The form of what somebody must decide: dates, then offers, then people."""
    if asks_order:
        order = [("", "Not chosen"), *((one.value, words) for one, words in ORDER_WORDS.items())]
        return with_selects(OneButton, {"order": ("What comes first in the dates", order, "")})
    asked: dict[str, tuple[str, Iterable[tuple[str, str]], str]] = {}
    others = [
        ("", "Not chosen"),
        (NEW, "Not in the list: add it as an archived offer"),
        (LEAVE_OUT, "Leave its rows out"),
        *offers,
    ]
    for place, words in enumerate(plan.unknown_offers.values()):
        asked[f"offer{place}"] = (f"“{words}”", others, "")
    for place, (came, candidates) in enumerate(plan.ambiguous_people.values()):
        likely = [(str(one), people[one]) for one in candidates]
        words = f"{came.name}, {came.organisation} (row {came.number})"
        choices = [("", "Not chosen"), *likely, (LEAVE_OUT, "Leave these rows out")]
        asked[f"person{place}"] = (words, choices, "")
    return with_selects(OneButton, asked)


def answers(form: Any, plan: Plan, *, asks_order: bool) -> tuple[dict[str, dict[str, str]], bool]:
    """What was decided, by what it is about, and whether that is everything."""
    if asks_order:
        given = {"order": form.order.data}
        return {"order": given}, bool(form.order.data)
    offers = {key: form[f"offer{place}"].data for place, key in enumerate(plan.unknown_offers)}
    people = {key: form[f"person{place}"].data for place, key in enumerate(plan.ambiguous_people)}
    chosen = {
        "offers": {key: value for key, value in offers.items() if value},
        "people": {key: value for key, value in people.items() if value},
    }
    return chosen, all(offers.values()) and all(people.values())
