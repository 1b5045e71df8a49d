"""Who may book, how many places one body may have, and until when a request can be answered."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bookings.models import ApprovalDecision
from app.bookings.terms_rules import (
    Answerable,
    Applicant,
    Bar,
    Limit,
    Taken,
    Terms,
    WaitingPerson,
    answerable,
    bar,
    establishments_of,
    limit_reached,
    request_expires_at,
    walk,
)
from tests.support.factories import NOW

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

SECONDARY = establishments_of("school", "Secondary", "Academies")
PRIMARY = establishments_of("school", "Primary", "Local authority maintained schools")
INDEPENDENT = establishments_of("school", "Primary", "Independent schools")
COLLEGE = establishments_of("college", "16 plus", "Colleges")
NURSERY = establishments_of("early_years", None, None)
# R24: secondary schools, colleges and independent schools.
PEER_SUPPORT = frozenset({"phase:Secondary", "kind:college", "type:Independent schools"})
FORUM = frozenset({"kind:school", "kind:college", "kind:early_years"})  # R20
SECTORS, DSL = frozenset({"education"}), frozenset({"dsl"})


@pytest.mark.parametrize(
    ("terms", "applicant", "expected"),
    [
        pytest.param(Terms(), Applicant("police"), None, id="no rule"),
        pytest.param(Terms(), Applicant(""), None, id="no rule, nobody's sector known"),
        pytest.param(Terms(sectors=SECTORS), Applicant("education"), None, id="their sector"),
        pytest.param(Terms(sectors=SECTORS), Applicant("police"), Bar.SECTOR, id="another sector"),
        pytest.param(Terms(sectors=SECTORS), Applicant(""), Bar.SECTOR, id="sector not known"),
        pytest.param(
            Terms(establishments=PEER_SUPPORT), Applicant("", SECONDARY), None, id="secondary"
        ),
        pytest.param(
            Terms(establishments=PEER_SUPPORT), Applicant("", COLLEGE), None, id="college"
        ),
        pytest.param(
            Terms(establishments=PEER_SUPPORT),
            Applicant("", INDEPENDENT),
            None,
            id="independent primary",
        ),
        pytest.param(
            Terms(establishments=PEER_SUPPORT),
            Applicant("", PRIMARY),
            Bar.ESTABLISHMENT,
            id="maintained primary",
        ),
        pytest.param(
            Terms(establishments=PEER_SUPPORT),
            Applicant("education"),
            Bar.ESTABLISHMENT,
            id="no organisation",
        ),
        pytest.param(Terms(establishments=FORUM), Applicant("", NURSERY), None, id="nursery"),
        pytest.param(Terms(posts=DSL), Applicant("", posts=DSL), None, id="the post"),
        pytest.param(
            Terms(posts=DSL),
            Applicant("", posts=frozenset({"headteacher"})),
            Bar.POST,
            id="another post",
        ),
        pytest.param(
            Terms(sectors=SECTORS, establishments=PEER_SUPPORT, posts=DSL),
            Applicant("education", SECONDARY, DSL),
            None,
            id="all three",
        ),
        pytest.param(
            Terms(sectors=SECTORS, establishments=PEER_SUPPORT, posts=DSL),
            Applicant("education", SECONDARY),
            Bar.POST,
            id="two of three",
        ),
        pytest.param(
            Terms(sectors=SECTORS, establishments=PEER_SUPPORT),
            Applicant("police"),
            Bar.SECTOR,
            id="the first rule is the one that is said",
        ),
    ],
)
def test_who_may_book(terms: Terms, applicant: Applicant, expected: Bar | None) -> None:
    assert bar(terms, applicant) is expected


@pytest.mark.parametrize(
    ("terms", "organisation_id", "expected"),
    [
        pytest.param(Terms(), 1, None, id="no limit"),
        pytest.param(Terms(most_per_organisation=3), 1, None, id="one below"),
        pytest.param(Terms(most_per_organisation=2), 1, Limit.ORGANISATION, id="reached"),
        pytest.param(Terms(most_per_organisation=1), 1, Limit.ORGANISATION, id="passed"),
        pytest.param(Terms(most_per_organisation=2), 2, None, id="another organisation"),
        pytest.param(Terms(most_per_organisation=2), None, None, id="nobody's organisation"),
        pytest.param(Terms(most_per_sector=4), 1, None, id="sector one below"),
        pytest.param(Terms(most_per_sector=3), 1, Limit.SECTOR, id="sector reached"),
        pytest.param(
            Terms(most_per_organisation=2, most_per_sector=3), 1, Limit.ORGANISATION, id="both"
        ),
    ],
)
def test_which_limit_one_more_place_would_break(
    terms: Terms, organisation_id: int | None, expected: Limit | None
) -> None:
    taken = Taken(Counter({1: 2}), Counter({7: 3}))
    assert limit_reached(terms, taken, organisation_id, 7) is expected


limits = st.none() | st.integers(1, 4)
bodies = st.none() | st.integers(1, 3)


@given(
    most_per_organisation=limits,
    most_per_sector=limits,
    free=st.none() | st.integers(0, 8),
    people=st.lists(st.tuples(bodies, st.integers(1, 3)), max_size=14),
    before=st.lists(st.tuples(bodies, st.integers(1, 3)), max_size=6),
)
def test_the_walk_keeps_every_limit_and_passes_over_only_whom_one_bars(
    most_per_organisation: int | None,
    most_per_sector: int | None,
    free: int | None,
    people: list[tuple[int | None, int]],
    before: list[tuple[int | None, int]],
) -> None:
    terms = Terms(most_per_organisation=most_per_organisation, most_per_sector=most_per_sector)
    taken = Taken()
    for body, sector in before:
        taken = taken.with_one_more(body, sector)
    waiting = [
        WaitingPerson(number, NOW + number * SECOND, body, sector)
        for number, (body, sector) in enumerate(people, start=1)
    ]
    found = walk(waiting, free, terms, taken)
    assert found.chosen == sorted(found.chosen)
    assert free is None or len(found.chosen) <= free
    by_id = {person.booking_id: person for person in waiting}
    now_taken = taken
    for person in waiting:
        limit = limit_reached(terms, now_taken, person.organisation_id, person.sector_id)
        if person.booking_id in found.chosen:
            assert limit is None, "a limit was broken"
            now_taken = now_taken.with_one_more(person.organisation_id, person.sector_id)
        elif person.booking_id in found.passed_over:
            assert limit is found.passed_over[person.booking_id]
        else:  # not looked at: every free place was given to somebody before them
            assert free is not None
            assert len(found.chosen) == free
            assert all(by_id[chosen].joined_at < person.joined_at for chosen in found.chosen)


@pytest.mark.parametrize(
    ("decision", "is_requested", "after", "expected"),
    [
        pytest.param(None, True, -SECOND, Answerable.YES, id="a second before"),
        pytest.param(None, True, 0 * SECOND, Answerable.LAPSED, id="on the second"),
        pytest.param(None, True, SECOND, Answerable.LAPSED, id="a second after"),
        pytest.param(None, True, DAY, Answerable.STARTED, id="at the start"),
        pytest.param(None, False, -SECOND, Answerable.WITHDRAWN, id="withdrawn"),
        pytest.param(ApprovalDecision.APPROVED, False, -SECOND, Answerable.APPROVED, id="approved"),
        pytest.param(
            ApprovalDecision.DECLINED, False, 2 * DAY, Answerable.DECLINED, id="declined long ago"
        ),
        pytest.param(ApprovalDecision.LAPSED, False, SECOND, Answerable.LAPSED, id="lapsed"),
    ],
)
def test_whether_a_request_can_be_answered(
    decision: ApprovalDecision | None,
    is_requested: bool,
    after: timedelta,
    expected: Answerable,
) -> None:
    found = answerable(
        decision=decision,
        is_requested=is_requested,
        expires_at=NOW,
        starts_at=NOW + DAY,
        now=NOW + after,
    )
    assert found is expected


def test_a_request_lapses_after_two_weeks_or_when_booking_closes() -> None:
    assert request_expires_at(closes_at=NOW + 30 * DAY, now=NOW) == NOW + 14 * DAY
    assert request_expires_at(closes_at=NOW + DAY, now=NOW) == NOW + DAY
