"""The link of one school in one round: derived from its reference, nothing of it is stored."""

from __future__ import annotations

from flask import current_app

from app.kernel.tokens import derived_token

TOKEN_LENGTH = 64


def token_of(reference: str) -> str:
    """The token of a school's link."""
    return derived_token("opinion link", reference)


def address_of(reference: str) -> str:
    """The whole address of a school's link."""
    return f"{current_app.config['BASE_URL']}/opinions/{token_of(reference)}"
