"""Bank holidays of England and Wales, as published; a year that is not here is not known."""

from __future__ import annotations

from datetime import date

_NEW_YEAR, _GOOD_FRIDAY, _EASTER_MONDAY = "New Year's Day", "Good Friday", "Easter Monday"
_MAY, _SPRING, _SUMMER = "Early May bank holiday", "Spring bank holiday", "Summer bank holiday"
_CHRISTMAS, _BOXING = "Christmas Day", "Boxing Day"
_NAMES = (_NEW_YEAR, _GOOD_FRIDAY, _EASTER_MONDAY, _MAY, _SPRING, _SUMMER, _CHRISTMAS, _BOXING)

# Month and day of each, in the order of the names; substitute days stand for those on a weekend.
_DAYS = {
    2024: ((1, 1), (3, 29), (4, 1), (5, 6), (5, 27), (8, 26), (12, 25), (12, 26)),
    2025: ((1, 1), (4, 18), (4, 21), (5, 5), (5, 26), (8, 25), (12, 25), (12, 26)),
    2026: ((1, 1), (4, 3), (4, 6), (5, 4), (5, 25), (8, 31), (12, 25), (12, 28)),
    2027: ((1, 1), (3, 26), (3, 29), (5, 3), (5, 31), (8, 30), (12, 27), (12, 28)),
    2028: ((1, 3), (4, 14), (4, 17), (5, 1), (5, 29), (8, 28), (12, 25), (12, 26)),
}
BANK_HOLIDAYS = {
    date(year, month, day): name
    for year, days in _DAYS.items()
    for name, (month, day) in zip(_NAMES, days, strict=True)
}


def bank_holiday(day: date) -> str:
    """The name of the bank holiday on this day; empty if it is none, or its year is not known."""
    return BANK_HOLIDAYS.get(day, "")


def are_known_for(year: int) -> bool:
    """Whether the bank holidays of this year are here."""
    return year in _DAYS
