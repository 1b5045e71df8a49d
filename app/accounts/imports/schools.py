"""The schools register, taken over for one local authority."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from app.accounts.imports import schools_rules as rules
from app.accounts.imports import staging, undoing
from app.accounts.imports.models import FileImport, ImportOf
from app.accounts.imports.readers.schools_register import OPEN_NOW, Register, SchoolRow, Status
from app.accounts.imports.schools_rules import Closing, Comparison, KnownSchool
from app.accounts.models import Organisation, OrganisationAlias, OrganisationKind
from app.kernel.db import db
from app.kernel.errors import Refused
from app.kernel.london import london_date
from app.kernel.tokens import new_reference
from app.partnership import queries as partnership
from app.partnership.models import Sector

KINDS = (OrganisationKind.SCHOOL, OrganisationKind.COLLEGE)
DAYS = ("opened_on", "closed_on")


def known_schools() -> list[KnownSchool]:
    """Schools and colleges as we have them, and whatever else has a number in the register."""
    columns = [getattr(Organisation, name) for name in KnownSchool.__dataclass_fields__]
    found = db.session.execute(
        select(*columns)
        .where(or_(Organisation.urn.is_not(None), Organisation.kind.in_(KINDS)))
        .where(Organisation.proposed_at.is_(None))
        .order_by(Organisation.id)
    )
    return [KnownSchool(*row) for row in found]


def known_urns() -> set[str]:
    """The numbers of the schools we have."""
    return {one.urn for one in known_schools() if one.urn}


def keep_register(
    found: Register, *, authority: str, file_name: str, file_sha256: str, actor: str, now: datetime
) -> str:
    """Keep what matters of a register until somebody has looked at it; its reference."""
    known = known_urns()
    # Closed schools that nobody here ever knew stay out; those that took a place are open.
    wanted = [one for one in found.schools if one.status is not Status.CLOSED or one.urn in known]
    return staging.keep_file(
        ImportOf.SCHOOLS,
        {"authority": authority, "schools": [_packed(one) for one in wanted]},
        rows_count=len(wanted),
        file_name=file_name,
        file_sha256=file_sha256,
        actor=actor,
        now=now,
    )


def read_back(content: Mapping[str, Any]) -> list[SchoolRow]:
    """The rows as they were read."""
    return [_unpacked(row) for row in content["schools"]]


def compare_now(content: Mapping[str, Any], *, today: date, with_future: bool) -> Comparison:
    """What taking the file in would do as things stand."""
    return rules.compare(
        read_back(content),
        known_schools(),
        authority=content["authority"],
        today=today,
        with_future=with_future,
    )


def counts_now(reference: str, *, today: date) -> dict[str, int]:
    """What taking a kept register in would give, by word."""
    file = db.session.scalars(select(FileImport).where(FileImport.reference == reference)).one()
    return _counts(compare_now(staging.content_of(file), today=today, with_future=False))


def _counts(found: Comparison) -> dict[str, int]:
    return {
        "new schools": len(found.new),
        "changed": len(found.changed),
        "closed": len(found.closing),
        "unchanged": found.unchanged_count,
    }


def take_in(
    file: FileImport, content: Mapping[str, Any], _first: int, _last: int, now: datetime
) -> dict[str, int]:
    """Make the list of schools say what the register says; how many of each kind of change."""
    choices = staging.choices_of(file)
    found = compare_now(
        content, today=london_date(now), with_future=bool(choices.get("with_future"))
    )
    _add(file, found.new)
    for change in found.changed:
        _change(file, change.known.id, change.values)
    db.session.flush()
    linked = _close(file, found.closing, choices.get("links", {}))
    return {**_counts(found), "linked to what took their place": linked}


def _add(file: FileImport, schools: Sequence[SchoolRow]) -> None:
    if not schools:
        return
    sector_id = schools_sector_id()
    rows = [
        Organisation(
            reference=new_reference(),
            name=school.name,
            kind=rules.kind_of(school),
            sector_id=sector_id,
            urn=school.urn,
            phase=school.phase or None,
            establishment_type=school.type_group or None,
            trust_name=school.trust,
            postcode=school.postcode,
            opened_on=school.opened_on,
        )
        for school in schools
    ]
    db.session.add_all(rows)
    db.session.flush()
    undoing.note_made(file.id, "organisation", [row.id for row in rows])


def schools_sector_id() -> int:
    """The sector that schools are counted in; Refused if the partnership's file names none."""
    slug = partnership.current().schools_sector
    found = db.session.scalar(select(Sector.id).where(Sector.slug == slug))
    if found is None:
        raise Refused("The partnership's file must name schools_sector, one of its sectors")
    return found


def _change(file: FileImport, organisation_id: int, values: Mapping[str, Any]) -> None:
    organisation = db.session.get_one(Organisation, organisation_id)
    was = {name: getattr(organisation, name) for name in values}
    for name, value in values.items():
        setattr(organisation, name, value)
    undoing.note_changed(file.id, "organisation", organisation.id, was=was, became=values)
    if "name" in values:
        _remember_name(file, organisation.id, was["name"])


def _remember_name(file: FileImport, organisation_id: int, name: str) -> None:
    """People will look for it under the name they know."""
    known = select(OrganisationAlias.id).where(
        OrganisationAlias.organisation_id == organisation_id, OrganisationAlias.name == name
    )
    if db.session.scalar(known) is None:
        alias = OrganisationAlias(organisation_id=organisation_id, name=name)
        db.session.add(alias)
        db.session.flush()
        undoing.note_made(file.id, "organisation_alias", [alias.id])


def _close(file: FileImport, closings: Sequence[Closing], chosen: Mapping[str, str]) -> int:
    """Close schools; how many of them were linked to what took their place."""
    links = rules.links_to_make(closings, chosen)
    followers = select(Organisation.urn, Organisation.id).where(
        Organisation.urn.in_(set(links.values()))
    )
    by_urn = {row.urn: row.id for row in db.session.execute(followers)}
    linked = 0
    for closing in closings:
        successor_id = by_urn.get(links.get(closing.known.id, ""))
        linked += successor_id is not None
        values = {"closed_on": closing.closed_on, "successor_id": successor_id}
        _change(file, closing.known.id, values)
    db.session.flush()
    return linked


def opening_later(found: Comparison) -> bool:
    """Whether there are schools that a person may add before they open."""
    return any(one.status not in OPEN_NOW for one in found.future)


def _packed(school: SchoolRow) -> dict[str, Any]:
    facts = asdict(school)
    for name in DAYS:
        facts[name] = facts[name].isoformat() if facts[name] else None
    return facts


def _unpacked(facts: Mapping[str, Any]) -> SchoolRow:
    days = {name: date.fromisoformat(facts[name]) if facts[name] else None for name in DAYS}
    return SchoolRow(**{**facts, **days, "status": Status(facts["status"])})
