"""Evidence as pages show it: beside an impact summary, and in the list that staff keep."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, literal, or_, select, union_all

from app.catalogue.models import Offer, OfferState, Topic, offer_topic
from app.improvement import rules
from app.improvement.models import Evidence, EvidenceKind, evidence_offer, evidence_topic
from app.kernel.db import db

_NAMES = union_all(
    select(evidence_offer.c.evidence_id, Offer.title.label("name"), literal(0).label("place")).join(
        Offer, Offer.id == evidence_offer.c.offer_id
    ),
    select(evidence_topic.c.evidence_id, Topic.name.label("name"), literal(1).label("place")).join(
        Topic, Topic.id == evidence_topic.c.topic_id
    ),
).subquery()


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One finding as a page prints it."""

    reference: str
    title: str
    kind: EvidenceKind
    figure: str  # as printed, empty if there is none
    source: str
    web_address: str | None
    when: str
    about: tuple[str, ...]  # the offers, then the topics
    withdrawn_reason: str = ""

    @property
    def kind_words(self) -> str:
        """The kind as pages call it."""
        return rules.KIND_WORDS[self.kind]

    @property
    def cells(self) -> tuple[str, ...]:
        """As a row of a table: finding, figure, kind, time, source, what it is about."""
        source = f"{self.source} {self.web_address or ''}".strip()
        figure = self.figure or "no figure"
        return (self.title, figure, self.kind_words, self.when, source, "; ".join(self.about))


def evidence_of(
    offer_ids: Collection[int],
    *,
    topic: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> tuple[EvidenceLine, ...]:
    """What stands beside these offers, the newest first: about them, or about their topics.

    With a topic, by its slug, what is about that one stands there and not about others of theirs.
    """
    of_offers = select(evidence_offer.c.evidence_id).where(evidence_offer.c.offer_id.in_(offer_ids))
    of_topics = select(evidence_topic.c.evidence_id)
    if topic is None:
        theirs = select(offer_topic.c.topic_id).where(offer_topic.c.offer_id.in_(offer_ids))
        of_topics = of_topics.where(evidence_topic.c.topic_id.in_(theirs))
    else:
        of_topics = of_topics.join(Topic, Topic.id == evidence_topic.c.topic_id)
        of_topics = of_topics.where(Topic.slug == topic)
    return _lines(
        Evidence.withdrawn_at.is_(None),
        or_(Evidence.id.in_(of_offers), Evidence.id.in_(of_topics)),
        *([Evidence.until_on >= since] if since else []),
        *([func.coalesce(Evidence.from_on, Evidence.until_on) < until] if until else []),
    )


def number_of_evidence() -> int:
    """How many findings there are, those withdrawn among them."""
    return db.session.scalar(select(func.count(Evidence.id))) or 0


def listed_evidence(first: int, last: int) -> tuple[EvidenceLine, ...]:
    """Findings from first to last, the newest first, those withdrawn among them."""
    order = select(Evidence.id).order_by(Evidence.until_on.desc(), Evidence.id.desc())
    ids = db.session.scalars(order.offset(first).limit(last - first)).all()
    return _lines(Evidence.id.in_(ids))


def find_evidence(reference: str) -> Evidence | None:
    """The finding with this reference."""
    return db.session.scalars(select(Evidence).where(Evidence.reference == reference)).one_or_none()


def offers_to_choose(chosen: Iterable[int] = ()) -> Sequence[tuple[str, str]]:
    """Slug and title of all offers that are shown, and of those chosen before."""
    is_shown = or_(Offer.state != OfferState.ARCHIVED, Offer.id.in_(list(chosen)))
    found = select(Offer.slug, Offer.title).where(is_shown).order_by(Offer.title)
    return [(slug, title) for slug, title in db.session.execute(found)]


def topics_to_choose() -> Sequence[tuple[str, str]]:
    """Slug and name of all topics."""
    found = select(Topic.slug, Topic.name).order_by(Topic.name)
    return [(slug, name) for slug, name in db.session.execute(found)]


def _lines(*which: Any) -> tuple[EvidenceLine, ...]:
    rows = db.session.execute(
        select(Evidence, _NAMES.c.name)
        .join(_NAMES, _NAMES.c.evidence_id == Evidence.id)
        .where(*which)
        .order_by(Evidence.until_on.desc(), Evidence.id.desc(), _NAMES.c.place, _NAMES.c.name)
    )
    about: dict[Evidence, list[str]] = {}
    for evidence, name in rows:
        about.setdefault(evidence, []).append(name)
    return tuple(_line(evidence, names) for evidence, names in about.items())


def _line(evidence: Evidence, about: Iterable[str]) -> EvidenceLine:
    return EvidenceLine(
        reference=evidence.reference,
        title=evidence.title,
        kind=evidence.kind,
        figure=rules.figure_words(
            evidence.figure_count, evidence.figure_base, is_lower_bound=evidence.is_lower_bound
        ),
        source=evidence.source,
        web_address=evidence.web_address,
        when=rules.when_words(evidence.from_on, evidence.until_on),
        about=tuple(about),
        withdrawn_reason=evidence.withdrawn_reason,
    )
