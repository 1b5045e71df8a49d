"""The flask commands."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

import click
from flask import Flask, current_app

from app import jobs, persons, worker
from app.accounts import operations, rules
from app.accounts.imports import schools, staging
from app.accounts.imports.models import ImportOf
from app.accounts.imports.readers.schools_register import BadLines, read_register
from app.accounts.models import Person
from app.audit import operations as audit
from app.catalogue.events import count_by_date
from app.checks.bench.command import bench_command
from app.checks.drills import drill_command
from app.checks.verify import verify_command
from app.demo.commands import demo_command
from app.kernel import clock, london
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.partnership import queries as partnership
from app.partnership.operations import load_partnership
from app.partnership.rules import PartnershipFileError


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(worker_command)
    app.cli.add_command(verify_command)
    app.cli.add_command(drill_command)
    app.cli.add_command(bench_command)
    app.cli.add_command(demo_command)
    app.cli.add_command(load_partnership_command)
    app.cli.add_command(grant_role_command)
    app.cli.add_command(export_person_command)
    app.cli.add_command(erase_person_command)
    app.cli.add_command(import_schools_command)


@click.command("load-partnership")
@click.argument("file", type=click.Path(path_type=Path))
def load_partnership_command(file: Path) -> None:
    """Take over what a partnership's own FILE says (partnerships/*.toml)."""
    try:
        with transaction():
            content = load_partnership(file)
            count_by_date(partnership.half_terms(), actor="command line", now=clock.now())
    except PartnershipFileError as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{content.facts['name']}: {len(content.sectors)} sectors")
    for year in content.years_to_be_confirmed:
        click.echo(f"The half terms of {year} are examples: confirm them in {file}")
    for year in content.years_kept:
        click.echo(f"The half terms of {year} were set by staff and stay as they are")


@click.command("grant-role")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
def grant_role_command(email: str, role: str) -> None:
    """Give the person with this EMAIL a ROLE; how the first administrator comes to be."""
    try:
        address = rules.working_email(email)
    except Refused as refusal:
        raise click.UsageError(str(refusal)) from refusal
    with transaction():
        person = operations.find_or_add_person(address, now=clock.now())
        is_new = operations.grant_role(person, Role(role), actor="command line", now=clock.now())
    click.echo(f"{address} {'now has' if is_new else 'already has'} the role {role}")


def _person(address_or_reference: str) -> Person:
    found = persons.find(address_or_reference)
    if found is None:
        raise click.UsageError(f"Nobody here has the address or reference {address_or_reference}")
    return found


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


@click.command("export-person")
@click.argument("who", metavar="ADDRESS")
@click.option("--to", type=click.Path(path_type=Path), help="The file; person-REFERENCE.zip.")
def export_person_command(who: str, to: Path | None) -> None:
    """Write all that is held about the person with this ADDRESS, or reference, to a zip file.

    It holds everything as JSON, and each list as a spreadsheet. Answers to surveys are kept apart
    from names and are not in it: nothing leads from a person to them.
    """
    now = clock.now()
    with transaction():
        person = _person(who)
        content = persons.export(person, now=now)
        audit.record(persons.ACTOR, "exported", "person", person.reference, now=now)
        file = to or Path(f"person-{person.reference}.zip")
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as made:
            persons.write_zip(content, made)
    except FileExistsError as error:
        raise click.UsageError(f"{file} is there already: name another with --to") from error
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"{file}: {', '.join(name for name, rows in content.items() if rows)}")


@click.command("erase-person")
@click.argument("who", metavar="ADDRESS")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--even-unsent", is_flag=True, help="Even if cancellations cannot be sent to them.")
def erase_person_command(who: str, yes: bool, even_unsent: bool) -> None:
    """Erase the person with this ADDRESS, or reference; what is over stays without a name.

    Their account is closed, bookings to come are cancelled, calendars are told, places go to
    whoever waits. Then their name, address and own entries are erased, and every message to them or
    about them. It cannot be undone.
    """
    person = _person(who)
    person_id, reference = person.id, person.reference
    if persons.is_erased(person):
        click.echo(f"{reference} has been erased already")
        return
    words = f"Erase {person.name or 'the person without a name'}, {person.email or 'no address'}?"
    db.session.rollback()
    if not yes:
        click.confirm(f"{words} This cannot be undone.", abort=True)
    try:
        done = persons.erase(person_id, now=clock.now(), even_unsent=even_unsent)
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    if not done.is_whole:
        bookings = _counted(done.ended_count, "booking")
        messages = _counted(done.unsent_count, "message")
        raise click.ClickException(
            f"The account {reference} is closed and {bookings} to come cancelled. But {messages} "
            "about that must leave before the address goes: do this again when mail leaves, or now "
            "with --even-unsent"
        )
    click.echo(
        f"{reference} is erased: {_counted(done.ended_count, 'booking')} to come cancelled, "
        f"{_counted(done.messages_count, 'message')} erased"
    )


@click.command("import-schools")
@click.argument("file", type=click.File("rb"))
@click.option("--authority", help="Three digits; the partnership's own if left out.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
def import_schools_command(file: BinaryIO, authority: str | None, dry_run: bool) -> None:
    """Make the list of schools say what FILE, the national register, says of one authority.

    FILE is Results.zip of Get Information About Schools, or the CSV file in it. Which school took a
    closed one's place is for a person to say, on the page of the import.
    """
    now = clock.now()
    code = authority or partnership.current().local_authority
    try:
        found = read_register(file, authority=code, known_urns=schools.known_urns(), tell=_told)
        with transaction():
            reference = schools.keep_register(
                found,
                authority=code,
                file_name=Path(file.name).name,
                file_sha256=_fingerprint(file),
                actor="command line",
                now=now,
            )
            counts = schools.counts_now(reference, today=london.london_date(now))
            if dry_run:
                staging.give_up(reference)
            else:
                staging.confirm(reference, actor="command line", now=now)
        if not dry_run:
            for _count in jobs.take_in(reference, ImportOf.SCHOOLS, now):
                pass
    except Refused as refusal:
        lines = refusal.lines if isinstance(refusal, BadLines) else []
        raise click.ClickException("\n".join([str(refusal), *lines])) from refusal
    refused = staging.refusal_of(reference)
    if refused:
        raise click.ClickException(refused)
    click.echo(f"{found.rows_count:,} rows read, authority {code}")
    for words, count in counts.items():
        click.echo(f"{words}: {count:,}")
    click.echo("Nothing was changed" if dry_run else f"Taken in as {reference}")


def _told(rows: int) -> None:
    if rows % 10_000 == 0:
        click.echo(f"{rows:,} rows read", err=True)


def _fingerprint(file: BinaryIO) -> str:
    file.seek(0)
    return hashlib.file_digest(cast("BufferedReader", file), "sha256").hexdigest()


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@click.option("--at", help="Example only: move its clock on to this time first (London).")
def worker_command(once: bool, at: str | None) -> None:
    """Send mail and surveys as they fall due, until stopped."""
    if at is not None:
        _move_clock_to(at)
    if not once:
        # Behind the proxy stands the application; the proxy is typed as if it were it.
        worker.Worker(current_app._get_current_object()).run()  # type: ignore[attr-defined]
        return
    worker.catch_up(clock.now())
    try:
        done = worker.run_once(clock.now())
    except worker.JobsFailed as error:
        raise click.ClickException(f"Some jobs failed, see the log: {error}") from error
    for name, count in done.items():
        click.echo(f"{name}: {count}")


def _move_clock_to(at: str) -> None:
    if not current_app.config["EXAMPLE"]:
        raise click.UsageError("--at works only in a database made by `flask demo`")
    try:
        wanted = datetime.fromisoformat(at)
    except ValueError as error:
        raise click.UsageError("Write --at as 2027-03-01T09:00") from error
    if wanted.tzinfo is None:
        wanted = london.from_london(wanted.date(), wanted.time())
    now = clock.now()
    if wanted < now:
        raise click.UsageError(f"The example's clock already stands at {now:%Y-%m-%dT%H:%M} UTC")
    with transaction():
        clock.move_on(wanted - now)
