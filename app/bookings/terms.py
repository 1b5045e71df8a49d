"""Who may book an offer's events: checking one person, and the rules in words."""

from __future__ import annotations

from sqlalchemy import select

from app.accounts.models import Person, Post, PostKind
from app.bookings.models import ApprovedBy, Promotion
from app.bookings.terms_rules import Applicant, Bar, Limit, Terms, bar, establishments_of
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
POST_CHOICES = tuple(
    (kind.value, words[0].upper() + words[1:]) for kind, words in POST_WORDS.items()
)
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


PHASE_WORDS = {"16 plus": "schools and colleges for people of 16 and over"}
ASKED_WORDS = {
    ApprovedBy.DELIVERY: "You ask for a place, and we write to you when we have decided.",
    ApprovedBy.MANAGER: "Your line manager is asked before you get a place.",
}
APPROVED_WORDS = {
    ApprovedBy.NOBODY: "Whoever may book gets a place at once.",
    ApprovedBy.DELIVERY: "We approve each request before it gets a place.",
    ApprovedBy.MANAGER: "A line manager approves each request before it gets a place.",
}
PROMOTION_WORDS = {
    Promotion.AT_ONCE: "A place that becomes free is booked at once for whoever waits longest.",
    Promotion.HELD: "A place that becomes free is kept {hours} hours for whoever waits longest, and"
    " less long near the session.",
}


def check_may_book(terms: Terms, person: Person) -> None:
    """Refused with the rule that keeps this person from booking, and what to do instead."""
    words = barred_words(terms, person)
    if words:
        raise Refused(words)


def barred_words(terms: Terms, person: Person) -> str:
    """The rule that keeps this person from booking, and what to do instead; empty if none does."""
    rule = bar(terms, applicant_of(person, terms))
    return f"{rule_words(rule, terms)} {WAY_ON[rule]}" if rule else ""


WAY_ON = {
    Bar.SECTOR: "If you work in one of them, correct your sector in your profile. Otherwise look "
    "for a session that is open to you.",
    Bar.ESTABLISHMENT: "If your organisation is one of them, ask us to correct our list. Otherwise "
    "look for a session that is open to you.",
    Bar.POST: "If you hold such a post, tell us, and we will note it. Otherwise look for a session "
    "that is open to you.",
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


def rules_in_words(terms: Terms) -> list[str]:
    """Each rule about who may book, a sentence each; none where everybody may."""
    rules = {
        Bar.SECTOR: terms.sectors,
        Bar.ESTABLISHMENT: terms.establishments,
        Bar.POST: terms.posts,
    }
    return [rule_words(rule, terms) for rule, values in rules.items() if values]


def told_beforehand(terms: Terms) -> list[str]:
    """What somebody should know before they ask for a place, a sentence each."""
    said = [*rules_in_words(terms), *(f"{words}." for words in limits_in_words(terms))]
    return [*said, ASKED_WORDS[terms.approved_by]] if terms.approved_by in ASKED_WORDS else said


def terms_in_words(terms: Terms) -> list[str]:
    """The whole of the terms, for staff, a sentence each."""
    who = rules_in_words(terms) or ["Anybody may book."]
    limits = limits_in_words(terms) or ["There is no limit for one organisation or one sector"]
    return [
        *who,
        *(f"{words}." for words in limits),
        APPROVED_WORDS[terms.approved_by],
        PROMOTION_WORDS[terms.promotion].format(hours=terms.hold_hours),
    ]


def limits_in_words(terms: Terms) -> list[str]:
    """Each limit of places, without a full stop."""
    limits = {
        Limit.ORGANISATION: terms.most_per_organisation,
        Limit.SECTOR: terms.most_per_sector,
    }
    return [limit_words(limit, terms) for limit, most in limits.items() if most is not None]


def establishments_in_words(terms: Terms) -> list[str]:
    """The establishments that the terms name, in words."""
    return sorted(establishment_words(token) for token in terms.establishments)


def establishment_words(token: str) -> str:
    """Establishments of one kind, phase or type in words: colleges, secondary schools."""
    what, _, value = token.partition(":")
    if what == "kind":
        return KIND_WORDS.get(value, value)
    if what == "phase" and value in PHASE_WORDS:
        return PHASE_WORDS[value]
    return f"{value.lower()} schools" if what == "phase" else value.lower()


def limit_words(limit: Limit, terms: Terms) -> str:
    """Why somebody is passed over, for them and for staff."""
    if limit is Limit.ORGANISATION:
        return f"One organisation may have {_at_most(terms.most_per_organisation)}"
    return f"One sector may have {_at_most(terms.most_per_sector)}"


def _at_most(count: int | None) -> str:
    return "1 place" if count == 1 else f"at most {count} places"


def applicant_of(person: Person, terms: Terms) -> Applicant:
    """The person as the rules see them; nothing is read that these terms do not look at."""
    body = person.organisation
    establishments: frozenset[str] = frozenset()
    if body is not None:
        establishments = establishments_of(body.kind.value, body.phase, body.establishment_type)
    return Applicant(
        sector=_sector_slug(person) if terms.sectors else "",
        establishments=establishments,
        posts=frozenset(k.value for k in posts_of(person)) if terms.posts else frozenset(),
    )


def _sector_slug(person: Person) -> str:
    if person.sector is not None:
        return person.sector.slug
    return person.organisation.sector.slug if person.organisation else ""


def posts_of(person: Person) -> frozenset[PostKind]:
    """The posts that somebody holds now."""
    held = select(Post.kind).where(Post.person_id == person.id, Post.until_on.is_(None))
    return frozenset(db.session.scalars(held))
