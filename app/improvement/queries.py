"""Evidence as pages show it: beside an impact summary, and in the list that staff keep."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, literal, or_, select, union_all

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


COLUMNS = (
    Evidence.reference,
    Evidence.title,
    Evidence.kind,
    Evidence.figure_count,
    Evidence.figure_base,
    Evidence.is_lower_bound,
    Evidence.source,
    Evidence.web_address,
    Evidence.from_on,
    Evidence.until_on,
    Evidence.withdrawn_reason,
)


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
    given = {"offer_ids": sorted(offer_ids), "topic": topic, "since": since, "until": until}
    values = {name: value for name, value in given.items() if value is not None}
    return _as_lines(db.session.execute(_standing(frozenset(values)), values))


@cache
def _standing(filters: frozenset[str]) -> Any:
    offers: Any = bindparam("offer_ids", expanding=True)
    of_offers = select(evidence_offer.c.evidence_id).where(evidence_offer.c.offer_id.in_(offers))
    of_topics = select(evidence_topic.c.evidence_id)
    if "topic" in filters:
        of_topics = of_topics.join(Topic, Topic.id == evidence_topic.c.topic_id)
        of_topics = of_topics.where(Topic.slug == bindparam("topic"))
    else:
        theirs = select(offer_topic.c.topic_id).where(offer_topic.c.offer_id.in_(offers))
        of_topics = of_topics.where(evidence_topic.c.topic_id.in_(theirs))
    in_time = {
        "since": Evidence.until_on >= bindparam("since"),
        "until": func.coalesce(Evidence.from_on, Evidence.until_on) < bindparam("until"),
    }
    return _select(
        Evidence.withdrawn_at.is_(None),
        or_(Evidence.id.in_(of_offers), Evidence.id.in_(of_topics)),
        *(condition for name, condition in in_time.items() if name in filters),
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
    return _as_lines(db.session.execute(_select(*which)))


def _select(*which: Any) -> Any:
    """Findings, once for each thing they are about."""
    return (
        select(*COLUMNS, _NAMES.c.name)
        .join(_NAMES, _NAMES.c.evidence_id == Evidence.id)
        .where(*which)
        .order_by(Evidence.until_on.desc(), Evidence.id.desc(), _NAMES.c.place, _NAMES.c.name)
    )


def _as_lines(rows: Iterable[Any]) -> tuple[EvidenceLine, ...]:
    found: dict[str, tuple[Any, list[str]]] = {}
    for row in rows:
        found.setdefault(row.reference, (row, []))[1].append(row.name)
    return tuple(_line(row, names) for row, names in found.values())


def _line(row: Any, about: Iterable[str]) -> EvidenceLine:
    return EvidenceLine(
        reference=row.reference,
        title=row.title,
        kind=row.kind,
        figure=rules.figure_words(
            row.figure_count, row.figure_base, is_lower_bound=row.is_lower_bound
        ),
        source=row.source,
        web_address=row.web_address,
        when=rules.when_words(row.from_on, row.until_on),
        about=tuple(about),
        withdrawn_reason=row.withdrawn_reason,
    )
