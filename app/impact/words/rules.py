"""Decisions about comments and quotations: values in, values out."""

from __future__ import annotations

from app.surveys.rules import wave_words

OPEN_LINK = "Open link"
IMPORTED = "Microsoft Forms"


def door_words(*, wave_months: int | None, is_imported: bool, imported_months: int | None) -> str:
    """By which door a comment came, as in: 3 months later."""
    months = imported_months if is_imported else wave_months
    words = OPEN_LINK if months is None else wave_words(months)
    return f"{words}, {IMPORTED}" if is_imported else words
