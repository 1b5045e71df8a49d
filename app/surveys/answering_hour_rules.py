"""At which hour of the day people are reminded: the one at which they mostly answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.kernel.london import SURVEY_HOUR, to_london

USUAL_HOUR = SURVEY_HOUR.hour
# Reminders fall due at 9am; nobody is written to about work in the evening.
HOURS = range(USUAL_HOUR, 18)
# Below so many answers the hours say nothing; half as many again must come at another hour,
# since whoever is written to at 9am answers at 9am.
FEWEST_ANSWERS = 100
CLEARLY_MORE = 1.5
# Old habits fade: when one hour has so many, every count is halved.
MOST_OF_AN_HOUR = 1000


def hour_counted(now: datetime) -> int | None:
    """The hour in London under which an answer is counted; None in the evening and at night."""
    hour = to_london(now).hour
    return hour if hour in HOURS else None


def reminder_hour(counts: Mapping[int, int]) -> int:
    """The hour from which reminders leave, in London."""
    if sum(counts.values()) < FEWEST_ANSWERS:
        return USUAL_HOUR
    best = max(HOURS, key=lambda hour: (counts.get(hour, 0), -hour))
    is_clear = counts.get(best, 0) >= CLEARLY_MORE * counts.get(USUAL_HOUR, 0)
    return best if is_clear else USUAL_HOUR


def is_time_to_remind(counts: Mapping[int, int], now: datetime) -> bool:
    """Whether the hour has come; later that day is not too late."""
    return to_london(now).hour >= reminder_hour(counts)
