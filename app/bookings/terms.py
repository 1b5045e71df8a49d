"""Who may book an offer's events: checking one person, and the rules in words."""

from __future__ import annotations

from sqlalchemy import select

from app.accounts.models import Person, Post, PostKind
from app.bookings.terms_rules import Applicant, Bar, Limit, Terms, bar
from app.kernel.db import db
from app.kernel.errors import Refused
from app.kernel.words import one_of
from app.partnership.models import Sector

POST_WORDS = {
    PostKind.DSL: "Designated Safeguarding Leads",
    PostKind.DEPUTY_DSL: "deputy Designated Safeguarding Leads",
    PostKind.HEADTEACHER: "headteachers",
    PostKind.SAFEGUARDING_GOVERNOR: "safeguarding governors",
}
# Kinds of organisation as a rule names them; phases and types are put as the register does.
KIND_WORDS = {
    "school": "schools",
    "college": "colleges",
    "early_years": "early years settings",
    "agency": "public services",
    "voluntary": "voluntary and community bodies",
    "sports_club": "sports clubs",
    "faith": "faith bodies",
    "out_of_area": "organisations outside the district",
}


def check_may_book(terms: Terms, person: Person) -> None:
    """Refused with the rule that keeps this person from booking, and what to do instead."""
    rule = bar(terms, applicant_of(person, terms))
    if rule is not None:
        raise Refused(f"{rule_words(rule, terms)} {WAY_ON[rule]}")


WAY_ON = {
    Bar.SECTOR: "Look for a session that is open to you, or ask us about this one.",
    Bar.ESTABLISHMENT: "If your organisation is one of them, ask us to correct our list.",
    Bar.POST: "If you hold this post, tell us, and we will note it.",
}


def rule_words(rule: Bar, terms: Terms) -> str:
    """Whom a rule lets book, in a sentence."""
    match rule:
        case Bar.SECTOR:
            names = db.session.scalars(
                select(Sector.name).where(Sector.slug.in_(terms.sectors)).order_by(Sector.position)
            )
            return f"This session is for people who work or volunteer in {one_of(names)}."
        case Bar.ESTABLISHMENT:
            return f"This session is for {one_of(establishments_in_words(terms))}."
        case Bar.POST:
            held = [words for kind, words in POST_WORDS.items() if kind in terms.posts]
            return f"This session is for {one_of(held)}."


def establishments_in_words(terms: Terms) -> list[str]:
    """The establishments that the terms name, in words."""
    return sorted(establishment_words(token) for token in terms.establishments)


def establishment_words(token: str) -> str:
    """Establishments of one kind, phase or type in words: colleges, secondary schools."""
    what, _, value = token.partition(":")
    if what == "kind":
        return KIND_WORDS.get(value, value)
    return f"{value.lower()} schools" if what == "phase" else value.lower()


def limit_words(limit: Limit, terms: Terms) -> str:
    """Why somebody is passed over, for them and for staff."""
    if limit is Limit.ORGANISATION:
        return f"One organisation may have {terms.most_per_organisation} of these places"
    return f"One sector may have {terms.most_per_sector} of these places"


def applicant_of(person: Person, terms: Terms) -> Applicant:
    """The person as the rules see them; nothing is read that these terms do not look at."""
    organisation = person.organisation
    establishments = set()
    if organisation is not None:
        facts = {
            "kind": organisation.kind.value,
            "phase": organisation.phase,
            "type": organisation.establishment_type,
        }
        establishments = {f"{what}:{value}" for what, value in facts.items() if value}
    return Applicant(
        sector=_sector_slug(person) if terms.sectors else "",
        establishments=frozenset(establishments),
        posts=_posts(person) if terms.posts else frozenset(),
    )


def _sector_slug(person: Person) -> str:
    if person.sector is not None:
        return person.sector.slug
    return person.organisation.sector.slug if person.organisation else ""


def _posts(person: Person) -> frozenset[str]:
    held = select(Post.kind).where(Post.person_id == person.id, Post.until_on.is_(None))
    return frozenset(kind.value for kind in db.session.scalars(held))
