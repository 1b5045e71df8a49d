"""Files brought in, for the tests that look at every page."""

from __future__ import annotations

from datetime import datetime

from app.accounts.imports import leads_columns_rules, organisations_rules, schools, staging
from app.accounts.imports.column_rules import read_table
from app.accounts.imports.models import FileImport, ImportOf
from app.accounts.imports.readers.schools_register import Register, SchoolRow, Status
from app.accounts.models import OrganisationKind, Person
from app.attendance import history_rules
from app.kernel.db import db
from app.kernel.tokens import new_reference
from app.partnership.models import Sector
from tests.support.factories import make_organisation


def some_imports(
    actor: Person, sector: Sector, *, now: datetime, name: str = "Saint Ash’s"
) -> dict[str, str]:
    """A file of each kind to be checked, by kind, and one that is done; their references."""
    known = make_organisation(
        sector, kind=OrganisationKind.SCHOOL, urn="100001", name="Saint Elm’s", postcode="ZZ1 1ZZ"
    )
    made = staged_files(actor, sector, now=now, name=name, urn=known.urn or "")
    done = FileImport(
        reference="doneimport",
        kind=ImportOf.SCHOOLS,
        state="done",
        file_name=f"{name}.csv"[:200],
        file_sha256="0" * 64,
        made_by=actor.reference,
        made_at=now,
        confirmed_by=actor.reference,
        confirmed_at=now,
        finished_at=now,
        rows_total=2,
        rows_done=2,
        counts='{"new schools": 2}',
    )
    db.session.add(done)
    db.session.flush()
    return made | {"done": done.reference}


def staged_files(
    actor: Person, sector: Sector, *, now: datetime, name: str = "Saint Ash’s", urn: str = "100001"
) -> dict[str, str]:
    """A file of each kind to be checked; their references by kind."""
    return {
        "schools": _register(name, urn, actor, now),
        "organisations": an_organisations_file(name, actor, sector, now=now),
        "attendance": a_history_file(name, actor, sector, now=now),
        "leads": a_leads_file(name, actor, now=now),
    }


def _register(name: str, urn: str, actor: Person, now: datetime) -> str:
    ended = now.date()
    rows = [
        ("100002", Status.OPEN, name, None),
        (urn, Status.CLOSED, "Saint Elm’s", ended),
        ("100003", Status.PROPOSED, f"{name} Infants", None),
    ]
    found = tuple(
        SchoolRow(number, "384", words, status, "2001", "Academies", "Primary", ended, day, "", "")
        for number, status, words, day in rows
    )
    return schools.keep_register(
        Register(found, 3),
        authority="384",
        file_name=f"{name}.csv",
        file_sha256="0" * 64,
        actor=actor.reference,
        now=now,
    )


def a_history_file(name: str, actor: Person, sector: Sector, *, now: datetime) -> str:
    """A spreadsheet of past attendance whose columns were said; its offer is unknown."""
    quoted = name.replace(chr(34), chr(34) * 2)
    text = f'Course,Date,Name,School\n"{quoted} {new_reference()}",14/03/2025,Dee Park,"{quoted}"\n'
    reference = staging.keep_file(
        ImportOf.ATTENDANCE,
        read_table(text.encode(), history_rules.FIELDS),
        rows_count=1,
        file_name=f"{name}.csv",
        file_sha256="0" * 64,
        actor=actor.reference,
        now=now,
    )
    columns = {"offer": 0, "date": 1, "name": 2, "organisation": 3}
    more = {"hours": 3.0, "mode": "online", "sector": sector.slug}
    staging.choose(reference, columns=columns, **more)
    return reference


def an_organisations_file(name: str, actor: Person, sector: Sector, *, now: datetime) -> str:
    """A spreadsheet of organisations whose columns were said; one word of it is unknown."""
    quoted = name.replace(chr(34), chr(34) * 2)
    text = f'Name,Type,Email\n"{quoted}",Den {new_reference()},den@example.org\n'
    content = read_table(text.encode(), organisations_rules.FIELDS)
    reference = staging.keep_file(
        ImportOf.ORGANISATIONS,
        content,
        rows_count=1,
        file_name="Groups.csv",
        file_sha256="0" * 64,
        actor=actor.reference,
        now=now,
    )
    columns = {"name": 0, "kind": 1, "contact_email": 2}
    staging.choose(reference, columns=columns, kind="agency", sector=sector.slug)
    return reference


def a_leads_file(name: str, actor: Person, *, now: datetime) -> str:
    """A list of safeguarding leads whose columns were said; one of its two schools is unknown."""
    quoted = name.replace(chr(34), chr(34) * 2)
    text = (
        f'School,Name,Post,Email\n100001,"{quoted}",DSL,lead@elm.example.org\n'
        f'"{quoted}",Dee Park,Head,\n'
    )
    reference = staging.keep_file(
        ImportOf.LEADS,
        read_table(text.encode(), leads_columns_rules.FIELDS),
        rows_count=2,
        file_name=f"{name}.csv",
        file_sha256="0" * 64,
        actor=actor.reference,
        now=now,
    )
    staging.choose(reference, columns={"school": 0, "name": 1, "post": 2, "email": 3})
    return reference
