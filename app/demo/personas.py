"""The people a newcomer can be with one click."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.accounts.models import Person
from app.demo.making.rows import read
from app.kernel.db import db


@dataclass(frozen=True)
class Persona:
    """Somebody to be, what to try as them, and where to begin."""

    key: str
    name: str
    title: str
    tries: str
    start: str

    @property
    def email(self) -> str:
        """The address their messages go to."""
        return f"{self.key}@example.org"


def all_personas() -> list[Persona]:
    """Everybody the data file names, in its order."""
    return [
        Persona(one["key"], one["name"], one["title"], one["tries"], one["start"])
        for one in read("people")["personas"]
    ]


def find_persona(key: str) -> tuple[Persona, Person] | None:
    """Who it is and their row; None for a key that nobody has."""
    persona = next((one for one in all_personas() if one.key == key), None)
    if persona is None:
        return None
    person = db.session.scalar(select(Person).where(Person.email == persona.email))
    return (persona, person) if person else None
