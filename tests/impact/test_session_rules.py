"""Lines of sessions, and an attack on them: all subtractions between totals, sectors, sessions."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable

from app.checks.small_groups import small_group
from app.impact.disclosure import (
    ELSEWHERE_THRESHOLD,
    ShownGroup,
    crossed_breakdowns_are_safe,
    lines_over_time,
    merge_small_groups,
)
from app.impact.session_rules import (
    Line,
    Places,
    Session,
    beside_sectors,
    lines_of,
    lines_of_question,
    may_cross,
)

TEN = ELSEWHERE_THRESHOLD
People = frozenset[int]
Invented = dict[int, tuple[Session, str]]  # who: about which session, of which sector


def invented(seed: int) -> Invented:
    """30 to 120 people at up to six sessions of two offers, let in in up to three steps of ten."""
    dice = random.Random(seed)
    steps = dice.randint(1, 3)
    sessions = [Session(n % steps, n % 2 + 1, n + 1, n % steps) for n in range(dice.randint(2, 6))]
    chosen = dice.choices(sessions, [dice.random() for _ in sessions], k=dice.randint(30, 120))
    first = {session.step: session for session in sessions}
    chosen += [session for session in first.values() for _ in range(TEN)]
    # Most of a sector come to one session, as when it was held in their building.
    return {
        n: (session, "ABCDEF"[session.event_id - 1] if dice.random() < 0.85 else dice.choice("AB"))
        for n, session in enumerate(chosen)
    }


def of_sessions(people: Invented, sessions: Iterable[Session]) -> People:
    wanted = set(sessions)
    return frozenset(n for n, (session, _) in people.items() if session in wanted)


Breakdowns = list[tuple[int, list[ShownGroup]]]


def breakdowns_of(people: Invented) -> Breakdowns:
    """Every breakdown by sector that there was, as the steps came in."""
    steps = sorted({session.step for session, _ in people.values()})
    by_step = [
        [Counter(sector for session, sector in people.values() if session.step == step)]
        for step in steps
    ]
    return lines_over_time(by_step, threshold=TEN)


def sector_lines(people: Invented) -> list[ShownGroup]:
    counted = Counter(sector for _, sector in people.values())
    return merge_small_groups(counted, threshold=TEN, total=len(people))


Policy = Callable[[Invented], list[frozenset[Session]]]


def as_shown(people: Invented) -> list[frozenset[Session]]:
    bases = Counter(session for session, _ in people.values())
    forms = [line.sessions for line in lines_of(bases, threshold=TEN)]
    places = places_of(bases)
    lines = lines_of_question(forms, bases, places, threshold=TEN)
    crossed = Counter(people.values())
    return beside_sectors(lines, breakdowns_of(people), crossed, places, threshold=TEN)


def places_of(sessions: Iterable[Session]) -> Places:
    """A step is one part here, unless a test says otherwise."""
    return {session.part: (session.step, session.part) for session in sessions}


def without_crossing(people: Invented) -> list[frozenset[Session]]:
    bases = Counter(session for session, _ in people.values())
    return [line.sessions for line in lines_of(bases, threshold=TEN)]


def without_steps(people: Invented) -> list[frozenset[Session]]:
    bases = Counter(session._replace(step=0, part=0) for session, _ in people.values())
    step_of = {session.event_id: session.step for session, _ in people.values()}
    return [
        frozenset(
            session._replace(step=step_of[session.event_id], part=step_of[session.event_id])
            for session in line.sessions
        )
        for line in lines_of(bases, threshold=TEN)
    ]


def breaches(policy: Policy, seeds: Iterable[int]) -> list[int]:
    """Seeds whose lines, beside all that is shown or was shown before, tell of fewer than ten."""
    found = []
    for seed in seeds:
        people = invented(seed)
        steps = sorted({session.step for session, _ in people.values()})
        views = {
            frozenset(n for n, (session, _) in people.items() if session.step <= step)
            for step in steps
        }
        for count, lines in breakdowns_of(people):
            views |= {
                frozenset(
                    n
                    for n, (session, sector) in people.items()
                    if session.step < count and sector in line.members
                )
                for line in lines
            }
        views |= {of_sessions(people, line) for line in policy(people)}
        if small_group(views, TEN):
            found.append(seed)
    return found


ATTACKED = range(150)


def test_no_line_of_sessions_gives_away_fewer_people_than_the_threshold() -> None:
    assert breaches(as_shown, ATTACKED) == []
    with_lines = [seed for seed in ATTACKED if len(as_shown(invented(seed))) > 1]
    assert len(with_lines) >= 25, "the attack must have something to attack"


def test_lines_that_do_not_look_at_sectors_are_broken_by_the_same_attack() -> None:
    assert breaches(without_crossing, ATTACKED)


def test_lines_across_steps_are_broken_by_the_same_attack() -> None:
    assert breaches(without_steps, ATTACKED)


def test_sessions_of_one_offer_are_put_together_first() -> None:
    bases = {Session(0, 1, 1): 6, Session(0, 1, 2): 7, Session(0, 2, 3): 12}
    lines = {
        frozenset(s.event_id for s in line.sessions) for line in lines_of(bases, threshold=TEN)
    }
    assert lines == {frozenset({1, 2}), frozenset({3})}


def test_no_line_lies_across_two_steps() -> None:
    bases = {Session(0, 1, 1, 0): 20, Session(1, 1, 2, 1): 4, Session(1, 1, 3, 1): 9}
    lines = {
        frozenset(s.event_id for s in line.sessions) for line in lines_of(bases, threshold=TEN)
    }
    assert lines == {frozenset({1}), frozenset({2, 3})}


def test_no_line_holds_a_total_of_the_running_team_and_a_few_others() -> None:
    """It saw the seven of the first session; a line of ten would tell of the three beside them."""
    bases = {Session(0, 1, 1, 0): 7, Session(0, 1, 2, 1): 3, Session(0, 1, 3, 1): 10}
    assert [line.base for line in lines_of(bases, threshold=TEN)] == [20]
    in_one_part = {session._replace(part=0): base for session, base in bases.items()}
    assert sorted(line.base for line in lines_of(in_one_part, threshold=TEN)) == [10, 10]


def test_sectors_and_sessions_leave_nothing_of_a_total_of_the_running_team() -> None:
    lines = [
        frozenset({Session(0, 1, 1, 0), Session(0, 1, 2, 1)}),
        frozenset({Session(0, 1, 3, 1)}),
    ]
    sectors = [ShownGroup(("Health",), 12), ShownGroup(("Police",), 22)]
    places = {0: (0, 0), 1: (0, 1)}
    bases = {
        (Session(0, 1, 1, 0), "Health"): 9,
        (Session(0, 1, 2, 1), "Health"): 3,
        (Session(0, 1, 2, 1), "Police"): 10,
        (Session(0, 1, 3, 1), "Police"): 12,
    }
    assert not may_cross(lines, sectors, bases, places, TEN)
    of_one_part = [frozenset(session._replace(part=0) for session in line) for line in lines]
    in_one_part = Counter[tuple[Session, str]]()
    for (session, sector), base in bases.items():
        in_one_part[session._replace(part=0), sector] += base
    assert may_cross(of_one_part, sectors, in_one_part, places, TEN)


def test_sessions_of_the_same_sectors_are_crossed_as_one_with_the_same_answer() -> None:
    for seed in range(60):
        people = invented(seed)
        bases = Counter(session for session, _ in people.values())
        shown = [line.sessions for line in lines_of(bases, threshold=TEN)]
        line_of = {session: str(n) for n, line in enumerate(shown) for session in line}
        column_of = {name: line.label for line in sector_lines(people) for name in line.members}
        cells = Counter(
            (line_of[session], column_of.get(sector, "")) for session, sector in people.values()
        )
        crossed = may_cross(
            shown, sector_lines(people), Counter(people.values()), places_of(bases), TEN
        )
        assert crossed is crossed_breakdowns_are_safe(cells, threshold=TEN), seed


def test_two_thousand_sessions_are_crossed_in_a_moment() -> None:
    bases = {
        (Session(n % 24, 1, n, n % 24), "ABCDEFGH"[(n + m) % 8]): 3
        for n in range(2000)
        for m in range(5)
    }
    by_session = Counter({session: 15 for session, _ in bases})
    places = places_of(by_session)
    forms = [line.sessions for line in lines_of(by_session, threshold=TEN)]
    sectors = [(99, [ShownGroup((name,), 3750) for name in "ABCDEFGH"])]
    began = time.process_time()
    lines = lines_of_question(forms, by_session, places, threshold=TEN)
    beside_sectors(lines, sectors, bases, places, threshold=TEN)
    assert time.process_time() - began < 2


ONE, TWO, THREE = (Session(0, 1, event, 0) for event in (1, 2, 3))


def test_a_step_in_no_breakdown_yet_stands_as_a_whole() -> None:
    """Sectors that come later would lie across its sessions."""
    lines = {0: [Line(frozenset({ONE}), 12), Line(frozenset({TWO}), 14)]}
    bases = {(ONE, "Health"): 12, (TWO, "Police"): 14}
    places = {0: (0, 0)}
    assert beside_sectors(lines, [], bases, places, threshold=TEN) == []
    sectors = [(1, [ShownGroup(("Health",), 12), ShownGroup(("Police",), 14)])]
    shown = beside_sectors(lines, sectors, bases, places, threshold=TEN)
    assert shown == [frozenset({ONE}), frozenset({TWO})]
    whole = {0: [Line(frozenset({ONE, TWO}), 26)]}
    assert beside_sectors(whole, [], bases, places, threshold=TEN) == [frozenset({ONE, TWO})]


def test_lines_of_a_routed_question_are_sums_of_those_that_are_shown_before_it() -> None:
    outer = [frozenset({ONE}), frozenset({TWO}), frozenset({THREE})]
    places = {0: (0, 0)}
    found = lines_of_question(outer, {ONE: 11, TWO: 6, THREE: 7}, places, threshold=TEN)
    assert {line.sessions for line in found[0]} == {frozenset({ONE}), frozenset({TWO, THREE})}
    shown = lines_of_question(outer[:2], {ONE: 11, TWO: 6, THREE: 7}, places, threshold=TEN)
    assert shown == {}, "the seven of the third would be left"
