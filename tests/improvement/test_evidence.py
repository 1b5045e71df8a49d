"""Evidence: what may be recorded, what stands beside which offers, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.audit.models import AuditLine
from app.catalogue.models import Offer, Topic
from app.improvement import operations, queries, rules
from app.improvement.models import Counted, Evidence, EvidenceKind
from app.improvement.operations import EvidenceDetails
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from tests.support.factories import make_offer, make_person

VISITS = EvidenceDetails(
    title="The toolkit's web page was visited 380 times",
    kind=EvidenceKind.ANALYTICS,
    source="Counted by the council's web team, report of October 2026",
    from_on=date(2026, 10, 1),
    until_on=date(2026, 10, 31),
    counted=Counted.THINGS,
    count=380,
    offer_slugs=("toolkit",),
)


@pytest.fixture
def dee(app: Flask) -> Person:
    return make_person(Role.DELIVERY, name="Dee Park")


@pytest.fixture
def toolkit(app: Flask) -> Offer:
    neglect = Topic(slug="neglect", name="Neglect")
    return make_offer(slug="toolkit", title="Neglect Toolkit", topics=[neglect])


@pytest.mark.parametrize(
    ("count", "base", "is_lower_bound", "words"),
    [
        (None, None, False, ""),
        (380, None, False, "380"),
        (3900, None, True, "at least 3,900"),
        (31, 50, False, "62% (31 of 50)"),
        (1, 200, False, "1% (1 of 200)"),
    ],
)
def test_a_percentage_never_stands_without_its_base(
    count: int | None, base: int | None, is_lower_bound: bool, words: str
) -> None:
    assert rules.figure_words(count, base, is_lower_bound=is_lower_bound) == words


@pytest.mark.parametrize(
    ("counted", "count", "base", "is_lower_bound", "says"),
    [
        (Counted.PEOPLE, 6, 9, False, "fewer than 10 people"),
        (Counted.PEOPLE, 9, None, False, "fewer than 10 people"),
        (Counted.THINGS, 12, 11, False, "must not be smaller"),
        (Counted.THINGS, 0, 0, False, "must not be smaller"),
        (Counted.THINGS, 5, 10, True, "A part of a whole is exact"),
        (Counted.THINGS, None, None, False, "Enter the figure"),
        (None, 5, None, False, "Say what the figure counts"),
    ],
)
def test_figures_that_are_refused(
    counted: Counted | None, count: int | None, base: int | None, is_lower_bound: bool, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        rules.check_figure(counted, count, base, is_lower_bound=is_lower_bound)


@pytest.mark.parametrize(
    ("counted", "count", "base"),
    [
        (Counted.PEOPLE, 3, 10),
        (Counted.PEOPLE, 10, None),
        (Counted.THINGS, 3, 4),
        (None, None, None),
    ],
)
def test_figures_that_may_stand(
    counted: Counted | None, count: int | None, base: int | None
) -> None:
    rules.check_figure(counted, count, base, is_lower_bound=False)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"source": ""}, "Enter the source"),
        ({"until_on": date(2026, 11, 11)}, "must not be in the future"),
        ({"from_on": date(2026, 11, 1)}, "must not be before the first day"),
        ({"offer_slugs": ("nonsense",)}, "at least one offer or topic"),
        ({"counted": Counted.PEOPLE, "count": 3, "base": 4}, "fewer than 10 people"),
    ],
)
def test_what_is_refused_is_not_recorded(
    toolkit: Offer, dee: Person, now: datetime, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(Refused, match=says):
        operations.add_evidence(replace(VISITS, **changes), actor=dee, now=now)
    assert queries.number_of_evidence() == 0


def test_it_stands_beside_its_offer_with_its_source(
    toolkit: Offer, dee: Person, now: datetime
) -> None:
    operations.add_evidence(VISITS, actor=dee, now=now)
    [line] = queries.evidence_of([toolkit.id])
    assert line.title == "The toolkit's web page was visited 380 times"
    assert (line.figure, line.when) == ("380", "1 October 2026 to 31 October 2026")
    assert line.source == "Counted by the council's web team, report of October 2026"
    assert (line.kind_words, line.about) == ("Figure of use", ("Neglect Toolkit",))
    assert queries.evidence_of([make_offer().id]) == ()
    assert queries.evidence_of([]) == ()


def test_what_is_about_a_topic_stands_beside_every_offer_of_it(
    toolkit: Offer, dee: Person, now: datetime
) -> None:
    course = make_offer(topics=[*toolkit.topics, Topic(slug="babies", name="Babies")])
    details = replace(VISITS, offer_slugs=(), topic_slugs=("neglect",))
    operations.add_evidence(details, actor=dee, now=now)
    for offer in (toolkit, course):
        [line] = queries.evidence_of([offer.id])
        assert line.about == ("Neglect",)
    assert len(queries.evidence_of([], topic="neglect")) == 1
    assert queries.evidence_of([course.id], topic="babies") == ()


def test_the_newest_comes_first_and_a_time_can_be_asked_for(
    toolkit: Offer, dee: Person, now: datetime
) -> None:
    day = replace(VISITS, from_on=None, until_on=date(2026, 11, 5), title="An audit")
    for details in (day, VISITS):
        operations.add_evidence(details, actor=dee, now=now)

    def titles(*, since: date | None = None, until: date | None = None) -> list[str]:
        found = queries.evidence_of([toolkit.id], since=since, until=until)
        return [line.title for line in found]

    assert titles() == ["An audit", VISITS.title]
    assert titles(since=date(2026, 11, 1)) == ["An audit"]
    assert titles(since=date(2026, 10, 31)) == ["An audit", VISITS.title]
    assert titles(until=date(2026, 10, 1)) == []
    assert titles(until=date(2026, 10, 2)) == [VISITS.title]


def test_a_change_puts_it_right_and_the_trail_says_who(
    toolkit: Offer, dee: Person, now: datetime
) -> None:
    evidence = operations.add_evidence(VISITS, actor=dee, now=now)
    changed = replace(VISITS, count=390, offer_slugs=(), topic_slugs=("neglect",))
    operations.change_evidence(evidence.reference, changed, actor=dee, now=now)
    [line] = queries.evidence_of([toolkit.id])
    assert (line.figure, line.about) == ("390", ("Neglect",))
    trail = db.session.scalars(select(AuditLine).order_by(AuditLine.id)).all()
    assert [(one.actor, one.verb) for one in trail] == [
        (dee.reference, "added"),
        (dee.reference, "changed"),
    ]


def test_what_is_withdrawn_stands_in_the_list_alone_and_says_why(
    toolkit: Offer, dee: Person, now: datetime
) -> None:
    reference = operations.add_evidence(VISITS, actor=dee, now=now).reference
    with pytest.raises(Refused, match="Enter why"):
        operations.withdraw_evidence(reference, "", actor=dee, now=now)
    operations.withdraw_evidence(reference, "Counted twice", actor=dee, now=now)
    assert queries.evidence_of([toolkit.id]) == ()
    [line] = queries.listed_evidence(0, 20)
    assert line.withdrawn_reason == "Counted twice"
    with pytest.raises(Refused, match="withdrawn already"):
        operations.withdraw_evidence(reference, "Again", actor=dee, now=now)
    with pytest.raises(Refused, match="withdrawn already"):
        operations.change_evidence(reference, VISITS, actor=dee, now=now)


@pytest.mark.parametrize(
    "changes",
    [
        {"source": ""},
        {"counted": Counted.PEOPLE, "figure_count": 3, "figure_base": None},
        {"counted": Counted.PEOPLE, "figure_count": 3, "figure_base": 9},
        {"figure_base": 100},
        {"counted": None},
        {"withdrawn_reason": "A reason"},
        {"from_on": date(2026, 11, 2)},
    ],
    ids=str,
)
def test_the_database_refuses_it_too(
    toolkit: Offer, dee: Person, now: datetime, changes: dict[str, Any]
) -> None:
    evidence = operations.add_evidence(VISITS, actor=dee, now=now)
    assert isinstance(evidence, Evidence)
    for name, value in changes.items():
        setattr(evidence, name, value)
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()
