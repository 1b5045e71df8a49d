"""References people can read out, and link tokens that are derived, never stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from flask import current_app

# No letters or digits that look alike when read out over the telephone.
REFERENCE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def new_reference(length: int = 8) -> str:
    """A random public reference; 8 characters are 39 bits, enough to name, not to guard."""
    return _in_alphabet(secrets.randbelow(len(REFERENCE_ALPHABET) ** length), length)


def derived_token(purpose: str, subject: str) -> str:
    """The link token (256 bits) for one purpose and one thing: HMAC with the secret key."""
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, f"{purpose}:{subject}".encode(), hashlib.sha256).hexdigest()


def derived_check(purpose: str, subject: str, length: int = 4) -> str:
    """A few characters that only this service can derive: against slips and guesses, not secret."""
    return _in_alphabet(int(derived_token(purpose, subject), 16), length)


def _in_alphabet(number: int, length: int) -> str:
    size, written = len(REFERENCE_ALPHABET), []
    for _ in range(length):
        number, place = divmod(number, size)
        written.append(REFERENCE_ALPHABET[place])
    return "".join(written)


def token_hash(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two secrets without telling by the time taken where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())
