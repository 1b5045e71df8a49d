"""Schools keep their own lists of leads: asked each year by a link, and what they said of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import joinedload

from app.accounts.models import Organisation, Person, Post, PostKind
from app.audit import operations as audit
from app.forums import list_changes_letters as letters
from app.forums import list_checks_rules as rules
from app.forums import list_confirming, schools_posts
from app.forums.establishments import establishments_on
from app.forums.models import ListChange, ListChangeKind, ListCheck
from app.kernel.db import Base, db, insert_together, rows_changed
from app.kernel.errors import Refused
from app.kernel.london import london_date
from app.kernel.tokens import derived_check, derived_token, new_reference, same

NAMES_KEPT = timedelta(days=730)
TOLD = (PostKind.DSL, PostKind.DEPUTY_DSL, PostKind.HEADTEACHER)
NOT_BY_LINK = "This address cannot be added here. Write to us, and we will put it right"
BY_LINK = "link"  # in the audit trail: whoever held the link of the school


def link(check: ListCheck) -> str:
    """The full address at which a school sees and corrects its list."""
    return f"{current_app.config['BASE_URL']}/school-list/{token_of(check.reference)}"


def token_of(reference: str) -> str:
    """What stands in that address; nothing of it is stored."""
    return f"{reference}-{derived_token('school-list', reference)}"


def find(token: str) -> ListCheck | None:
    """The list that this link is for; None if no such link was ever sent."""
    reference, _, _ = token.partition("-")
    if not same(token, token_of(reference)):
        return None
    return db.session.scalars(
        select(ListCheck)
        .where(ListCheck.reference == reference)
        .options(joinedload(ListCheck.organisation))
    ).one_or_none()


def ask_all(school_year: str, *, actor: Person, now: datetime) -> int:
    """Every open establishment is to check its list this year; how many are new to it.

    The letters are the worker's; whoever was asked already is not asked again.
    """
    if rules.is_over(school_year, now):
        raise Refused(f"The school year {school_year} is over")
    known = set(
        db.session.scalars(
            select(ListCheck.organisation_id).where(ListCheck.school_year == school_year)
        )
    )
    new: list[Base] = [
        ListCheck(reference=new_reference(), organisation_id=one.id, school_year=school_year)
        for one in establishments_on(london_date(now))
        if one.id not in known
    ]
    insert_together(new)
    if new:
        about = ("school_lists", school_year)
        audit.record(actor.reference, "asked_to_check", *about, now=now, count=len(new))
    return len(new)


@dataclass(frozen=True)
class Listed:
    """Somebody on a school's list, as whoever holds its link may see them."""

    key: str  # says who, on the page of this school only
    name: str
    email: str  # masked
    kind: PostKind
    post_id: int
    person_id: int
    person_reference: str
    address: str | None  # for writing to them; never shown
    is_confirmed: bool


def on_list(check: ListCheck, *, now: datetime) -> list[Listed]:
    """Who holds a post at the school, by post and name; addresses are masked.

    Whoever was added by the link has the name that was typed there: the link must not tell the
    name that belongs to an address.
    """
    rows = db.session.execute(
        select(
            Post.id,
            Post.kind,
            Person.id,
            Person.reference,
            _name_shown(check),
            Person.email,
            list_confirming.is_unconfirmed(now=now),
        )
        .join(Person, Person.id == Post.person_id)
        .where(
            Post.organisation_id == check.organisation_id,
            Post.until_on.is_(None),
            Person.deactivated_at.is_(None),
        )
        .order_by(Person.name, Post.id)
    )
    order = list(PostKind)
    found = [
        Listed(
            key=derived_check("school-list-post", f"{check.reference}:{post_id}", 12),
            name=name or "Somebody without a name",
            email=rules.masked(email),
            kind=kind,
            post_id=post_id,
            person_id=person_id,
            person_reference=reference,
            address=email,
            is_confirmed=not is_unconfirmed,
        )
        for post_id, kind, person_id, reference, name, email, is_unconfirmed in rows
    ]
    return sorted(found, key=lambda one: order.index(one.kind))


def _name_shown(check: ListCheck) -> ColumnElement[str]:
    """The name that was typed by the school's link, if any was, else the person's own."""
    given = (
        select(ListChange.name_given)
        .join(ListChange.list_check)
        .where(
            ListChange.person_id == Person.id,
            ListCheck.organisation_id == check.organisation_id,
            ListChange.kind == ListChangeKind.ADDED,
            ListChange.taken_back_at.is_(None),
            ListChange.name_given != "",
        )
        .order_by(ListChange.id.desc())
        .limit(1)
    )
    return func.coalesce(given.correlate(Person).scalar_subquery(), Person.name)


@dataclass(frozen=True)
class Added:
    """Somebody whom the school adds to its list."""

    name: str
    email: str
    kind: PostKind


@dataclass(frozen=True)
class Said:
    """What a school says of its list: who left, who began, and who says so."""

    left: tuple[str, ...]  # keys
    added: tuple[Added, ...]
    said_by: str


def leaving(listed: list[Listed], said: Said) -> list[Listed]:
    """Those on the list who left; Refused if one of them is not on it any more."""
    by_key = {one.key: one for one in listed}
    if any(key not in by_key for key in said.left):
        raise Refused("The list was changed in the meantime. Look at it again")
    return [by_key[key] for key in dict.fromkeys(said.left)]


def save(check_id: int, said: Said, *, now: datetime) -> None:
    """What a school said comes true, is noted, and can be taken back; nobody is deleted."""
    count = select(func.count(ListChange.id)).where(ListChange.list_check_id == check_id)
    check, changes_count = db.session.execute(
        select(ListCheck, count.scalar_subquery())
        .where(ListCheck.id == check_id)
        .options(joinedload(ListCheck.organisation))
        .with_for_update(of=ListCheck)
        .execution_options(populate_existing=True)
    ).one()
    _check_open(check, now)
    listed = on_list(check, now=now)  # as it was before
    left = leaving(listed, said)
    rules.check_may_change(changes_count, len(left) + len(said.added))
    _end([one.post_id for one in left], now)
    made = _Made([], [], [])
    for one in left:
        change = _change(check, ListChangeKind.LEFT, one.person_id, one.kind, said, now)
        made.changes.append(change)
        made.told.append(letters.Told(change.reference, one.name, one.kind, has_left=True))
    for new in said.added:
        _add(check, new, made, said, now)
    check.checked_at, check.checked_by = now, said.said_by
    insert_together(made.changes)
    insert_together(_trail(check, left, len(said.added), now))
    insert_together(_messages(check, said, made, _leads(listed)))


@dataclass(frozen=True)
class _Made:
    """What one saving came to: what is noted, what is said of it, who is new."""

    changes: list[Base]
    told: list[letters.Told]
    named: list[letters.Named]


def _add(check: ListCheck, new: Added, made: _Made, said: Said, now: datetime) -> None:
    person = _begin(check, new, now)
    change = _change(check, ListChangeKind.ADDED, person.id, new.kind, said, now)
    change.name_given = new.name
    told = letters.Told(change.reference, new.name, new.kind, has_left=False)
    made.changes.append(change)
    made.told.append(told)
    made.named.append(letters.Named(told, person.name, new.email, person.reference))


def _leads(listed: list[Listed]) -> list[letters.Lead]:
    """Who leads at the school, without whoever was added by a link and is not confirmed."""
    return [
        letters.Lead(one.name, one.address, one.person_reference)
        for one in listed
        if one.kind in TOLD and one.address and one.is_confirmed
    ]


def _messages(check: ListCheck, said: Said, made: _Made, leads: list[letters.Lead]) -> list[Base]:
    if not made.told:
        return []
    body = check.organisation
    facts = (body.name, body.reference, body.contact_email, said.said_by, tuple(made.told))
    return [*letters.messages(letters.Saying(*facts), leads, made.named)]


def _trail(check: ListCheck, left: list[Listed], added: int, now: datetime) -> list[Base]:
    """What the audit trail says of one saving; who began is in it already."""
    reference = check.organisation.reference
    facts = {"left": len(left), "added": added}
    ended = [
        audit.line(
            BY_LINK, "ended_post", "person", one.person_reference, now=now, post=one.kind.value
        )
        for one in left
    ]
    return [
        audit.line(BY_LINK, "checked_list", "organisation", reference, now=now, **facts),
        *ended,
    ]


def _check_open(check: ListCheck, now: datetime) -> None:
    if check.organisation.closed_on is not None or rules.is_over(check.school_year, now):
        raise Refused("This list cannot be changed by this link any more")


def _end(post_ids: list[int], now: datetime) -> None:
    """These posts end today; one that began later ends as it began."""
    if not post_ids:
        return
    today = london_date(now)
    db.session.execute(
        update(Post)
        .where(Post.id.in_(post_ids))
        .values(until_on=case((Post.from_on > today, Post.from_on), else_=today)),
        execution_options={"synchronize_session": False},
    )


def _begin(check: ListCheck, new: Added, now: datetime) -> Person:
    """Whoever is new holds the post from today; why not, if not, is nothing for a link to tell."""
    try:
        return schools_posts.name_lead(
            check.organisation,
            name=new.name,
            email=new.email,
            kind=new.kind,
            actor=BY_LINK,
            now=now,
        )
    except Refused as refusal:
        raise Refused(NOT_BY_LINK) from refusal


def _change(
    check: ListCheck,
    kind: ListChangeKind,
    person_id: int,
    post_kind: PostKind,
    said: Said,
    now: datetime,
) -> ListChange:
    return ListChange(
        reference=new_reference(),
        list_check_id=check.id,
        kind=kind,
        person_id=person_id,
        name_given="",
        post_kind=post_kind,
        said_by=said.said_by,
        said_at=now,
    )


def take_back(reference: str, *, actor: Person, now: datetime) -> None:
    """What a school said was wrong: who left holds the post again, who was added never did."""
    by = actor.reference
    change = db.session.scalars(
        select(ListChange)
        .where(ListChange.reference == reference)
        .options(joinedload(ListChange.list_check).joinedload(ListCheck.organisation))
        .with_for_update(of=ListChange)
    ).one()
    if change.taken_back_at is not None:
        raise Refused("This was taken back already")
    body = change.list_check.organisation
    if body.closed_on is not None:
        raise Refused(f"{body.name} is closed. Correct the list of what took its place by hand")
    posts = list(
        db.session.scalars(
            select(Post)
            .where(
                Post.person_id == change.person_id,
                Post.organisation_id == body.id,
                Post.kind == change.post_kind,
            )
            .order_by(Post.id.desc())
        )
    )
    held = next((post for post in posts if post.until_on is None), None)
    if change.kind is ListChangeKind.ADDED and held is not None:
        db.session.delete(held)
    elif change.kind is ListChangeKind.LEFT and held is None and posts:
        posts[0].until_on = None
    change.taken_back_at = now
    facts = {"post": change.post_kind.value, "kind": change.kind.value}
    audit.record(by, "took_back_change_of_list", "organisation", body.reference, now=now, **facts)


def organisation_today(organisation: Organisation) -> Organisation | None:
    """The body that took the place of a closed school; None if none did."""
    seen: set[int] = set()
    one = organisation
    while one.successor_id is not None and one.id not in seen:
        seen.add(one.id)
        one = db.session.get_one(Organisation, one.successor_id)
    return one if one.id != organisation.id else None


def forget_old_names(*, now: datetime) -> int:
    """Forget, two years later, the names typed by whoever held a link; how many.

    Nobody else's erasing could find who typed them: they are tied to no person. Whoever still
    holds the post keeps the name that the school's list shows.
    """
    before = now - NAMES_KEPT
    checks = update(ListCheck).where(ListCheck.checked_at < before, ListCheck.checked_by != "")
    changes = update(ListChange).where(ListChange.said_at < before, ListChange.said_by != "")
    still_held = (
        select(Post.id)
        .join(ListCheck, ListCheck.organisation_id == Post.organisation_id)
        .where(
            ListCheck.id == ListChange.list_check_id,
            Post.person_id == ListChange.person_id,
            Post.kind == ListChange.post_kind,
            Post.until_on.is_(None),
        )
        .exists()
    )
    names = update(ListChange).where(
        ListChange.said_at < before, ListChange.name_given != "", ~still_held
    )
    unsynchronized = {"synchronize_session": False}
    forgetting = (
        checks.values(checked_by=""),
        changes.values(said_by=""),
        names.values(name_given=""),
    )
    return sum(
        rows_changed(db.session.execute(one, execution_options=unsynchronized))
        for one in forgetting
    )
