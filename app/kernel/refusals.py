"""What a rule says when it says no; pure, so that rules can raise it."""

from __future__ import annotations


class Refused(Exception):
    """A rule said no; the text is for the person and says what to do instead."""
