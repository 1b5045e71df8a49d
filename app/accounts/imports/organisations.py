"""Agencies, settings, clubs and groups from somebody's spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.accounts.imports import organisations_rules as rules
from app.accounts.imports import staging, undoing
from app.accounts.imports.column_rules import plain
from app.accounts.imports.models import FileImport, ImportOf
from app.accounts.imports.organisations_rules import Comparison, Completion, Given, KnownBody
from app.accounts.models import Organisation, OrganisationAlias
from app.kernel.db import db, insert_together
from app.kernel.errors import Refused
from app.kernel.tokens import new_reference
from app.partnership.models import Sector

IDS_AT_ONCE = 500
STEP_ROWS = 10_000  # each step reads the file from its beginning


def known_bodies() -> list[KnownBody]:
    """Every organisation with its other names."""
    aliases: dict[int, list[str]] = {}
    for row in db.session.execute(
        select(OrganisationAlias.organisation_id, OrganisationAlias.name)
    ):
        aliases.setdefault(row.organisation_id, []).append(row.name)
    found = db.session.execute(
        select(
            Organisation.id,
            Organisation.name,
            Organisation.postcode,
            Organisation.contact_email,
            Organisation.closed_on.is_(None).label("is_open"),
        )
    )
    return [KnownBody(*row, tuple(aliases.get(row.id, ()))) for row in found]


def sectors() -> dict[str, tuple[int, str]]:
    """Each sector's id and name by its slug, in their order."""
    found = db.session.execute(
        select(Sector.slug, Sector.id, Sector.name).order_by(Sector.position)
    )
    return {row.slug: (row.id, row.name) for row in found}


def meanings_of(
    choices: Mapping[str, Any], known_sectors: Mapping[str, tuple[int, str]]
) -> rules.Meanings:
    """How the words of a file are read: as usual, as last time, as somebody chose for this one."""
    words = choices.get("words", {})
    named = {plain(name): slug for slug, (_id, name) in known_sectors.items()}
    kinds = {
        **rules.USUAL_KINDS,
        **staging.remembered(ImportOf.ORGANISATIONS, "kind"),
        **words.get("kind", {}),
    }
    of_sectors = {
        **{plain(slug): slug for slug in known_sectors},
        **named,
        **staging.remembered(ImportOf.ORGANISATIONS, "sector"),
        **words.get("sector", {}),
    }
    return rules.Meanings(
        kinds={word: str(kind) for word, kind in kinds.items()},
        sectors={word: slug for word, slug in of_sectors.items() if slug in known_sectors},
        kind=choices.get("kind", ""),
        sector=choices.get("sector", ""),
    )


def read_again(
    content: Mapping[str, Any], choices: Mapping[str, Any], *, last: int | None = None
) -> rules.Reading:
    """What the file says under the choices made, to before a row."""
    rows = content["rows"][:last]
    return rules.read_rows(rows, choices["columns"], meanings_of(choices, sectors()))


def take_in(
    file: FileImport, content: Mapping[str, Any], first: int, last: int, now: datetime
) -> dict[str, int]:
    """Add the organisations of some rows, complete those we have; how many of each."""
    reading = read_again(content, staging.choices_of(file), last=last)
    if reading.problems or reading.unknown:
        raise Refused("Some rows of this file cannot be used any more: check it again")
    wanted = [one for one in reading.given if first <= one.place < last]
    found = rules.compare(wanted, known_bodies())
    _add(file, found.new)
    for one in found.completed:
        _complete(file, one)
    db.session.flush()
    return _counts(found)


def _counts(found: Comparison) -> dict[str, int]:
    return {
        "new organisations": len(found.new),
        "completed": len(found.completed),
        "unchanged": found.unchanged_count,
        "closed, left as they are": len(found.closed),
    }


def _add(file: FileImport, given: Sequence[Given]) -> None:
    if not given:
        return
    of_slug = sectors()
    by_reference = {new_reference(): one for one in given}
    insert_together(
        [
            Organisation(
                reference=reference,
                name=one.name,
                kind=one.kind,
                sector_id=of_slug[one.sector][0],
                postcode=one.postcode,
                trust_name="",
                contact_email=one.contact_email or None,
            )
            for reference, one in by_reference.items()
        ]
    )
    ids = _ids_of(list(by_reference))
    undoing.note_made(file.id, "organisation", ids.values())
    aliases = [
        (ids[reference], alias)
        for reference, one in by_reference.items()
        for alias in one.aliases
        if plain(alias) != plain(one.name)
    ]
    _add_aliases(file, aliases)


def _ids_of(references: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(references), IDS_AT_ONCE):
        some = references[start : start + IDS_AT_ONCE]
        rows = db.session.execute(
            select(Organisation.reference, Organisation.id).where(Organisation.reference.in_(some))
        )
        found |= {row.reference: row.id for row in rows}
    return found


def _add_aliases(file: FileImport, aliases: Iterable[tuple[int, str]]) -> None:
    rows = [OrganisationAlias(organisation_id=id_, name=name) for id_, name in aliases]
    db.session.add_all(rows)
    db.session.flush()
    undoing.note_made(file.id, "organisation_alias", [row.id for row in rows])


def _complete(file: FileImport, one: Completion) -> None:
    """Fill what was empty; what somebody wrote here is never overwritten."""
    organisation = db.session.get_one(Organisation, one.known.id)
    was = {name: getattr(organisation, name) for name in one.values}
    for name, value in one.values.items():
        setattr(organisation, name, value)
    if one.values:
        undoing.note_changed(file.id, "organisation", organisation.id, was=was, became=one.values)
    _add_aliases(file, [(organisation.id, alias) for alias in one.aliases])
