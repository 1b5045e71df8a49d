"""Which rule decides who gets the next free place, in sentences for whoever waits."""

from __future__ import annotations

from datetime import datetime

from app.bookings.models import Promotion
from app.bookings.terms_rules import Terms
from app.kernel.london import clock_words, date_words


def rules_in_words(
    terms: Terms,
    *,
    passed_over_reason: str,
    closes_at: datetime,
    starts_at: datetime,
    now: datetime,
    name: str = "",
) -> list[str]:
    """How places go on this list; `name` is who waits, if that is not who reads it."""
    who = name or "you"
    sentences = ["A place that becomes free goes to whoever joined the list first."]
    if passed_over_reason:
        keeps = f"{name} keeps their" if name else "You keep your"
        sentences.append(
            f"{passed_over_reason}, and that many are taken: the list passes over {who} until one "
            f"of them is free. {keeps} place in the order."
        )
    else:
        sentences += _limits(terms)
    if terms.promotion is Promotion.AT_ONCE or now >= closes_at:
        sentences.append(f"When it is {_possessive(name)} turn, the place is booked at once.")
        return sentences
    sentences.append(
        f"When it is {_possessive(name)} turn, the place is kept for {who} for {_hours(terms)}, "
        "less when booking closes soon. Whoever does not take it in that time loses it, and it "
        "goes to the next person."
    )
    if closes_at < starts_at:
        closes = f"{date_words(closes_at)}, {clock_words(closes_at)}"
        sentences.append(f"From {closes}, places are booked at once.")
    return sentences


def rules_for_staff(terms: Terms, *, closes_at: datetime, now: datetime) -> list[str]:
    """The same in short, for those who run the event."""
    sentences = ["Places go by the time of joining, and nothing else.", *_limits(terms)]
    if terms.promotion is Promotion.AT_ONCE or now >= closes_at:
        return [*sentences, "A free place is booked at once for whoever is next."]
    kept = f"A free place is kept for whoever is next for {_hours(terms)}, less near the session."
    return [*sentences, kept]


def _limits(terms: Terms) -> list[str]:
    found = []
    if terms.most_per_organisation is not None:
        found.append(f"One organisation may have {_places(terms.most_per_organisation)}.")
    if terms.most_per_sector is not None:
        found.append(f"One sector may have {_places(terms.most_per_sector)}.")
    if found:
        found.append("Whoever is over a limit is passed over until it no longer applies.")
    return found


def ahead_in_words(position: int) -> str:
    """Who is counted ahead of somebody on the list."""
    if position == 1:
        return "Nobody joined the list before."
    if position == 2:
        return "One person joined the list before."
    return f"{position - 1} people joined the list before."


def _hours(terms: Terms) -> str:
    return "an hour" if terms.hold_hours == 1 else f"{terms.hold_hours} hours"


def _places(count: int) -> str:
    return "1 place" if count == 1 else f"{count} places"


def _possessive(name: str) -> str:
    return f"{name}'s" if name else "your"
