"""What many tests begin with: made by the first of a process, put back as rows for the others."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar

from flask import current_app
from sqlalchemy import inspect

from app.kernel.db import Base, db
from tests.support.databases import Template

EXTENSION = "ripple_template"  # where the application of ordinary tests keeps its database's copies
Made = TypeVar("Made")


@dataclass(frozen=True)
class Kept:
    """The rows of a scene, and what its maker returned, with rows named instead of held."""

    rows: Any
    returned: Any


@dataclass(frozen=True)
class _Row:
    kind: type[Base]
    identity: tuple[Any, ...]


def scene(key: Hashable, make: Callable[[], Made]) -> Made:
    """What make() makes and commits in an empty database; it is called once in each process."""
    template: Template | None = current_app.extensions.get(EXTENSION)
    if template is None or not template.is_empty():
        return make()
    if key not in template.scenes:
        made = make()
        db.session.commit()
        template.scenes[key] = Kept(template.copy(), _packed(made))
        db.session.expunge_all()  # so that the first test finds it as all later ones do
        db.session.rollback()
    else:
        db.session.rollback()
        template.put_back(template.scenes[key].rows)
    unpacked: Made = _unpacked(template.scenes[key].returned)
    return unpacked


def _packed(value: Any) -> Any:
    if isinstance(value, Base):
        identity = inspect(value).identity
        assert identity is not None
        return _Row(type(value), identity)
    if isinstance(value, dict):
        return {key: _packed(one) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{f.name: _packed(getattr(value, f.name)) for f in fields(value)})
    return value


def _unpacked(value: Any) -> Any:
    if isinstance(value, _Row):
        return db.session.get_one(value.kind, value.identity)
    if isinstance(value, dict):
        return {key: _unpacked(one) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{f.name: _unpacked(getattr(value, f.name)) for f in fields(value)})
    return value
