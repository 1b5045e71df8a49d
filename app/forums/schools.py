"""The establishments as the Advisor sees them: who leads there, when they last took part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.accounts.models import Organisation, OrganisationAlias, Person, Post, PostKind
from app.accounts.people import id_of
from app.audit import operations as audit
from app.forums import coverage_rules
from app.forums.coverage import LastNote, Picture, held_until, last_notes, picture
from app.forums.coverage_rules import Body, Period, Standing
from app.forums.establishment_rules import phase_position
from app.forums.establishments import (
    LEADS,
    Establishment,
    PostHolder,
    establishments,
    is_establishment,
    post_holders,
)
from app.forums.models import ContactNote
from app.kernel.db import Base, db, insert_together
from app.kernel.errors import Refused
from app.kernel.london import london_date
from app.partnership.models import HalfTerm

MOST_AT_ONCE = 200


@dataclass(frozen=True)
class SchoolLine:
    """An establishment in a list: its leads, and since when it has not been represented."""

    establishment: Establishment
    absent_for: int  # half terms with a forum, in a row
    last_seen: tuple[Period, Standing] | None
    leads: tuple[PostHolder, ...]
    last_note: LastNote | None

    @property
    def has_dsl(self) -> bool:
        """Whether we know who leads on safeguarding there."""
        return any(one.kind is PostKind.DSL for one in self.leads)


@dataclass(frozen=True)
class Filters:
    """Which establishments are listed."""

    words: str = ""
    phase: str = ""
    type: str = ""
    absent_for: int = 0  # at least so many half terms
    without_dsl: bool = False


def lines(*, now: datetime) -> list[SchoolLine]:
    """Every establishment that is open, by name."""
    today = london_date(now)
    seen = picture(held_until(today, now=now), now=now)
    holders, notes = post_holders(None, LEADS), last_notes(seen.body_ids)
    return [_line(seen, body, holders, notes) for body in seen.bodies if body.was_open_on(today)]


def _line(
    seen: Picture,
    body: Body,
    holders: dict[int, list[PostHolder]],
    notes: dict[int, LastNote],
) -> SchoolLine:
    facts = (body, seen.periods, seen.presence)
    return SchoolLine(
        establishment=seen.establishments[body.id],
        absent_for=coverage_rules.absent_for(*facts),
        last_seen=coverage_rules.last_represented(*facts),
        leads=tuple(holders.get(body.id, ())),
        last_note=notes.get(body.id),
    )


def chosen(all_lines: Iterable[SchoolLine], filters: Filters) -> list[SchoolLine]:
    """Those that fit; words are looked for in the names of school and leads."""
    wanted = filters.words.lower().split()

    def fits(line: SchoolLine) -> bool:
        said = " ".join([line.establishment.name, *(one.name for one in line.leads)]).lower()
        return (
            all(word in said for word in wanted)
            and filters.phase in {"", line.establishment.phase}
            and filters.type in {"", line.establishment.type}
            and line.absent_for >= filters.absent_for
            and not (filters.without_dsl and line.has_dsl)
        )

    return [line for line in all_lines if fits(line)]


def phases_and_types(all_lines: Iterable[SchoolLine]) -> tuple[list[str], list[str]]:
    """The phases and the types there are, in their order."""
    found = [line.establishment for line in all_lines]
    return (
        sorted({one.phase for one in found}, key=phase_position),
        sorted({one.type for one in found}),
    )


@dataclass(frozen=True)
class HeldPost:
    """A post somebody holds or held at an establishment, or at one whose place it took."""

    id: int
    person_reference: str
    name: str
    email: str | None
    kind: PostKind
    from_on: date
    until_on: date | None


@dataclass(frozen=True)
class School:
    """One establishment: what it was called, who leads there, and its forums."""

    establishment: Establishment
    successor: Establishment | None
    predecessors: tuple[Establishment, ...]
    other_names: tuple[str, ...]
    posts: tuple[HeldPost, ...]
    former_posts: tuple[HeldPost, ...]
    history: tuple[tuple[Period, Standing], ...]  # the newest first
    absent_for: int
    notes: tuple[LastNote, ...]  # the newest first


def school(establishment: Establishment, *, now: datetime) -> School:
    """One establishment; a former one has its history at the one that stands for it today."""
    seen = picture(_begun(now), now=now)
    today_id = seen.body_ids.get(establishment.id, establishment.id)
    ids = [one for one, today in seen.body_ids.items() if today == today_id]
    body = next(one for one in seen.bodies if one.id == today_id)
    held = _posts(establishment.id)
    return School(
        establishment=establishment,
        successor=seen.establishments[today_id] if today_id != establishment.id else None,
        predecessors=_predecessors(ids, establishment.id) if today_id == establishment.id else (),
        other_names=_other_names(establishment.id),
        posts=tuple(one for one in held if one.until_on is None),
        former_posts=tuple(one for one in held if one.until_on is not None),
        history=tuple(zip(seen.periods, seen.row(body), strict=True))[::-1],
        absent_for=coverage_rules.absent_for(body, seen.periods, seen.presence),
        notes=_notes(ids),
    )


def _begun(now: datetime) -> list[HalfTerm]:
    """The half terms of the last two years that have begun, also those without a forum."""
    newest = select(HalfTerm).where(HalfTerm.starts_on <= london_date(now))
    return list(db.session.scalars(newest.order_by(HalfTerm.starts_on.desc()).limit(12)))


def _predecessors(ids: list[int], but: int) -> tuple[Establishment, ...]:
    former = establishments([one for one in ids if one != but]).values()
    return tuple(sorted(former, key=lambda one: (one.closed_on or date.max, one.name)))


def _other_names(organisation_id: int) -> tuple[str, ...]:
    found = select(OrganisationAlias.name).where(
        OrganisationAlias.organisation_id == organisation_id
    )
    return tuple(db.session.scalars(found.order_by(OrganisationAlias.name)))


def _posts(organisation_id: int) -> list[HeldPost]:
    order = list(PostKind)
    rows = db.session.execute(
        select(
            Post.id,
            Person.reference,
            Person.name,
            Person.email,
            Post.kind,
            Post.from_on,
            Post.until_on,
        )
        .join(Person, Person.id == Post.person_id)
        .where(Post.organisation_id == organisation_id)
        .order_by(Post.until_on.desc(), Person.name, Post.id)
        .limit(MOST_AT_ONCE)
    )
    return sorted((HeldPost(*row) for row in rows), key=lambda one: order.index(one.kind))


def _notes(organisation_ids: list[int]) -> tuple[LastNote, ...]:
    rows = db.session.execute(
        select(ContactNote.noted_at, Person.name, ContactNote.words)
        .join(Person, Person.id == ContactNote.noted_by_id)
        .where(ContactNote.organisation_id.in_(organisation_ids))
        .order_by(ContactNote.noted_at.desc(), ContactNote.id.desc())
        .limit(50)
    )
    return tuple(LastNote(*row) for row in rows)


def note_contact(references: list[str], words: str, *, actor: Person, now: datetime) -> int:
    """Note that somebody was in touch with these schools; with how many."""
    found = db.session.execute(
        select(Organisation.id, Organisation.reference).where(
            Organisation.reference.in_(references[:MOST_AT_ONCE]), is_establishment()
        )
    ).all()
    if not found:
        raise Refused("Choose at least one school")
    actor_id, by = id_of(actor), actor.reference
    notes: list[Base] = []
    trail: list[Base] = []
    for id_, reference in found:
        notes.append(
            ContactNote(organisation_id=id_, noted_at=now, noted_by_id=actor_id, words=words)
        )
        trail.append(audit.line(by, "was_in_touch_with", "organisation", reference, now=now))
    insert_together(notes)
    insert_together(trail)
    return len(found)
