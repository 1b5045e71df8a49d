"""Figures from stored rows: what the annual report printed comes out again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from app.bookings.models import AttendanceOutcome, BookingOrigin, BookingState
from app.impact import queries, wording
from app.impact.disclosure import Audience
from app.impact.group_queries import group_summary
from app.impact.groups import GroupKind
from app.impact.summaries import DoorState, EvaluationSummary, Figure, MeasureLines
from app.kernel.db import db
from app.surveys.models import Evaluation, InvitationState
from app.surveys.response_models import Answer, Response
from tests.support.answers import (
    add_responses,
    exploitation_forms,
    make_evaluation,
    make_invitation,
    neglect_forms,
    wave_of,
)
from tests.support.factories import (
    NOW,
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_person,
    make_sector,
)

pytestmark = pytest.mark.usefixtures("app")
QUALITY = {"quality": "very_good"}


def summary_of(
    evaluation: Evaluation, audience: Audience = Audience.ELSEWHERE, **changes: Any
) -> EvaluationSummary:
    found = queries.evaluation_summary(
        evaluation.slug, audience=audience, **{"now": NOW, **changes}
    )
    assert found
    return found


def figure(measures: tuple[MeasureLines, ...], key: str, label: str | None = None) -> Figure:
    [measure] = [measure for measure in measures if measure.key == key]
    [found] = [one for one in measure.figures if label is None or one.door.label == label]
    return found


def printed(found: Figure) -> tuple[int, int, str]:
    assert found.share
    return found.share.count, found.share.base, str(found.share.percent)


# What the annual report printed


def test_neglect_as_the_annual_report_printed_it() -> None:
    evaluation = make_evaluation(open_link=True)
    add_responses(evaluation, neglect_forms())
    summary = summary_of(evaluation)
    lines = summary.open_measures
    assert printed(figure(lines, "awareness")) == (94, 104, "90")
    assert printed(figure(lines, "attendance")) == (97, 104, "93")
    assert printed(figure(lines, "use")) == (63, 104, "61")
    assert printed(figure(lines, "informed")) == (100, 104, "96")
    assert wording.how_sure(figure(lines, "awareness")) == ("94 of 104, likely between 83% and 95%")
    assert wording.how_sure(figure(lines, "use")).startswith(
        "63 of 104: 13 “Very frequently”, 21 “Frequently”, 29 “Occasionally”, likely between"
    )


def test_an_open_link_has_no_rate_and_is_no_wave() -> None:
    evaluation = make_evaluation(open_link=True)
    add_responses(evaluation, neglect_forms())
    summary = summary_of(evaluation)
    assert summary.doors == ()
    assert summary.measures == ()
    assert summary.open_door
    assert (summary.open_door.rate, summary.open_door.answered) == (None, 104)


def test_the_exploitation_hub_as_the_annual_report_printed_it() -> None:
    evaluation = make_evaluation(open_link=True)
    add_responses(evaluation, exploitation_forms())
    lines = summary_of(evaluation).open_measures
    assert printed(figure(lines, "access")) == (63, 90, "70")
    use = figure(lines, "use")
    counts = {option.label: option.count for option in use.options}
    often = counts["Very frequently"] + counts["Frequently"]
    assert (often, counts["Occasionally"]) == (33, 28)
    assert (round(100 * often / 63), round(100 * counts["Occasionally"] / 63)) == (52, 44)
    assert printed(figure(lines, "informed")) == (59, 63, "94")
    assert printed(figure(lines, "knowledge_change")) == (25, 63, "40")
    recommend = {o.label: o.share for o in figure(lines, "recommend").options if o.share}
    assert str(recommend["Very likely"].percent) == "84"
    assert str(recommend["Likely"].percent) == "16"


def test_a_routed_question_says_whom_it_was_asked_of() -> None:
    evaluation = make_evaluation(open_link=True)
    add_responses(evaluation, exploitation_forms())
    lines = summary_of(evaluation).open_measures
    assert figure(lines, "use").asked_of == "the 63 who have used or accessed it"
    assert wording.how_sure(figure(lines, "informed")).endswith(
        "; asked of the 63 who have used or accessed it"
    )
    assert figure(lines, "access").asked_of == ""


def test_ninety_seven_people_at_four_events_of_a_financial_year() -> None:
    offer = make_offer()
    starts = [datetime(2024, month, 10, 9, tzinfo=UTC) for month in (4, 7, 10)]
    starts.append(datetime(2025, 3, 31, 9, tzinfo=UTC))
    sectors = [make_sector() for _ in range(3)]
    people = [make_person(sector=sectors[n % 3], organisation=None) for n in range(97)]
    for place, start in enumerate(starts):
        event = make_event(offer, starts_at=start)
        came = people[place * 24 : place * 24 + 24] if place < 3 else people[72:]
        for person in came:
            make_attendance(make_booking(event, person))
        make_attendance(make_booking(event), AttendanceOutcome.DID_NOT_ATTEND)
    later = make_event(offer, starts_at=datetime(2025, 4, 1, 9, tzinfo=UTC))
    make_attendance(make_booking(later))
    found = group_summary(
        GroupKind.OFFER, offer.slug, period="2024-25", audience=Audience.ELSEWHERE, now=NOW
    )
    assert found
    assert (found.reach.people, found.reach.events, found.reach.attendances) == (97, 4, 97)
    assert sum(found.reach.people_by_sector.values()) == 97
    years = [slug for slug, words in found.periods if words.startswith("April 20")]
    assert years == ["2025-26", "2024-25"]
    ever = group_summary(GroupKind.OFFER, offer.slug, audience=Audience.ELSEWHERE, now=NOW)
    assert ever
    assert ever.reach.people == 98


def test_people_count_once_and_cancelled_bookings_not_at_all() -> None:
    offer = make_offer()
    evaluation = make_evaluation(0, offers=[offer])
    first, second = make_event(offer), make_event(offer)
    twice = make_person()
    make_attendance(make_booking(first, twice))
    make_attendance(make_booking(second, twice), AttendanceOutcome.ATTENDED_IN_PART)
    make_attendance(make_booking(second, origin=BookingOrigin.REGISTER))
    cancelled = make_booking(second, state=BookingState.CANCELLED, cancelled_at=NOW)
    make_attendance(cancelled)
    reach = summary_of(evaluation).reach
    assert (reach.people, reach.attendances, reach.events, reach.without_booking) == (2, 3, 2, 1)


def test_an_open_link_is_set_beside_those_who_had_come_before_it_closed() -> None:
    offer = make_offer()
    evaluation = make_evaluation(offers=[offer], open_link=True)
    for starts_at in (datetime(2025, 3, 4, 9, tzinfo=UTC), datetime(2025, 9, 4, 9, tzinfo=UTC)):
        make_attendance(make_booking(make_event(offer, starts_at=starts_at)))
    assert summary_of(evaluation).reach.events == 1
    [line] = queries.listed_evaluations(0, 25, audience=Audience.ELSEWHERE, now=NOW)
    assert line.next_words == "Nothing due"


# Bases


def test_every_question_has_its_own_base_without_those_it_does_not_apply_to() -> None:
    evaluation = make_evaluation(0)
    wave = wave_of(evaluation, 0)
    forms: list[dict[str, Any]] = [
        {"quality": "good", "confidence": "confident"} for _ in range(20)
    ]
    forms += [{"quality": "poor", "confidence": "does_not_apply"} for _ in range(5)]
    forms += [{"quality": "fair"} for _ in range(3)]
    add_responses(evaluation, forms, wave=wave)
    lines = summary_of(evaluation).measures
    assert printed(figure(lines, "quality")) == (20, 28, "71")
    assert printed(figure(lines, "confidence")) == (20, 20, "100")
    assert wording.outside_words(figure(lines, "confidence")) == (
        "5 more answered “It does not apply to my role”"
    )


def test_those_who_chose_several_answers_count_once_in_the_base() -> None:
    evaluation = make_evaluation(3)
    form = {"used": "yes", "changes": ["policy_checked", "staff_briefed"]}
    forms: list[dict[str, Any]] = [form] * 12 + [{"used": "yes", "changes": "nothing_yet"}] * 3
    add_responses(evaluation, forms, wave=wave_of(evaluation, 3))
    changes = figure(summary_of(evaluation).measures, "changes")
    shares = {option.label: option.share for option in changes.options}
    briefed = shares["I briefed colleagues"]
    assert briefed
    assert (briefed.count, briefed.base) == (12, 15)


def test_waves_stand_side_by_side_and_the_open_link_by_itself() -> None:
    evaluation = make_evaluation(3, 12, open_link=True)
    add_responses(evaluation, [{"aware": "yes"}] * 20, wave=wave_of(evaluation, 3))
    add_responses(evaluation, [{"aware": "no"}] * 11, wave=wave_of(evaluation, 12))
    add_responses(evaluation, [{"aware": "yes"}] * 30)
    summary = summary_of(evaluation)
    [aware] = summary.measures
    assert [one.door.label for one in aware.figures] == ["3 months later", "12 months later"]
    assert printed(aware.figures[0]) == (20, 20, "100")
    assert printed(aware.figures[1]) == (0, 11, "0")
    assert printed(figure(summary.open_measures, "awareness")) == (30, 30, "100")


# Before and after


def knowledge_forms(*pairs: tuple[int | None, int | None]) -> list[dict[str, Any]]:
    return [
        {
            key: value
            for key, value in (("knowledge_before", before), ("knowledge", after))
            if value is not None
        }
        for before, after in pairs
    ]


def test_recalled_knowledge_is_shown_of_those_who_gave_both() -> None:
    evaluation = make_evaluation(0)
    pairs = [(4, 7)] * 9 + [(6, 6)] * 2 + [(8, 7)]
    forms = knowledge_forms(*pairs, (None, 10), (None, 10), (0, None))
    add_responses(evaluation, forms, wave=wave_of(evaluation, 0))
    summary = summary_of(evaluation)
    [change] = summary.knowledge
    assert change.change
    assert (change.change.better, change.change.same, change.change.worse) == (9, 2, 1)
    assert change.before == {4: 9, 6: 2, 8: 1}
    assert change.after == {7: 10, 6: 2}
    assert figure(summary.measures, "knowledge").histogram == {7: 10, 6: 2}
    assert "knowledge_before" not in {measure.key for measure in summary.measures}
    assert wording.design_words(change) == (
        "Knowledge from 0 to 10, asked once, afterwards, looking back."
    )
    assert "9 gave a higher score, 2 the same and 1 a lower one" in wording.change_words(
        change.change
    )


def asked_twice(pairs: int, only_before: int, only_after: int = 0) -> EvaluationSummary:
    evaluation = make_evaluation(-1, 3)
    keys = [f"key{number}" for number in range(pairs)]
    before: list[dict[str, Any]] = [{"knowledge": 4}] * (pairs + only_before)
    add_responses(evaluation, before, wave=wave_of(evaluation, -1), pairing_keys=keys)
    after: list[dict[str, Any]] = [{"used": "yes", "knowledge": 8}] * (pairs + only_after)
    add_responses(evaluation, after, wave=wave_of(evaluation, 3), pairing_keys=keys)
    return summary_of(evaluation)


def test_people_asked_twice_are_matched_by_their_key() -> None:
    [change] = asked_twice(12, only_before=0).knowledge
    assert change.change
    assert (change.change.better, change.change.pairs) == (12, 12)
    assert (change.before, change.after) == ({4: 12}, {8: 12})
    assert change.heading == "Before and 3 months later"


def test_means_of_pairs_do_not_tell_what_a_few_others_answered() -> None:
    [change] = asked_twice(12, only_before=3).knowledge
    assert change.change
    assert change.change.better == 12
    assert (change.before, change.after) == (None, None)
    [safe] = asked_twice(12, only_before=10).knowledge
    assert safe.before == {4: 12}


def test_few_pairs_are_withheld() -> None:
    [change] = asked_twice(9, only_before=30, only_after=30).knowledge
    assert change.change is None


# Withholding


@pytest.mark.parametrize(
    ("audience", "answers", "state"),
    [
        (Audience.RUNNING_TEAM, 4, DoorState.TOO_FEW),
        (Audience.RUNNING_TEAM, 5, DoorState.SHOWN),
        (Audience.ELSEWHERE, 9, DoorState.TOO_FEW),
        (Audience.ELSEWHERE, 10, DoorState.SHOWN),
    ],
)
def test_totals_are_shown_from_the_readers_number_of_answers(
    audience: Audience, answers: int, state: DoorState
) -> None:
    evaluation = make_evaluation(0)
    add_responses(evaluation, [QUALITY] * answers, wave=wave_of(evaluation, 0))
    summary = summary_of(evaluation, audience)
    assert summary.doors[0].state is state
    assert summary.doors[0].answered == answers
    assert bool(summary.measures) is (state is DoorState.SHOWN)


def test_a_question_few_answered_is_withheld_inside_a_wave_that_is_shown() -> None:
    evaluation = make_evaluation(3)
    forms: list[dict[str, Any]] = [{"used": "yes", "frequency": "never"}] * 7
    forms += [{"used": "no"}] * 23
    add_responses(evaluation, forms, wave=wave_of(evaluation, 3))
    lines = summary_of(evaluation).measures
    assert printed(figure(lines, "access")) == (7, 30, "23")
    use = figure(lines, "use")
    assert use.is_withheld
    assert (use.options, use.sectors, use.asked_of) == ((), (), "")


def test_small_sectors_are_shown_together_so_that_no_subtraction_finds_them() -> None:
    evaluation = make_evaluation(0)
    wave = wave_of(evaluation, 0)
    health, police, housing = make_sector("Health"), make_sector("Police"), make_sector("Housing")
    for sector, number in ((health, 30), (police, 7), (housing, 4)):
        add_responses(evaluation, [QUALITY] * number, wave=wave, sector=sector)
    lines = figure(summary_of(evaluation).measures, "quality").sectors
    assert [(line.label, line.share and line.share.base) for line in lines] == [
        (health.name, 30),
        (f"{housing.name} and {police.name} together", 11),
    ]
    assert "are shown together: fewer than 10 answers" in wording.merged_words(lines, 10)


def test_a_breakdown_needs_ten_whoever_reads() -> None:
    evaluation = make_evaluation(0)
    wave = wave_of(evaluation, 0)
    for _ in range(2):
        add_responses(evaluation, [QUALITY] * 6, wave=wave, sector=make_sector())
    found = figure(summary_of(evaluation, Audience.RUNNING_TEAM).measures, "quality")
    assert printed(found) == (12, 12, "100")
    assert found.sectors == ()


def test_nothing_shown_stands_on_fewer_answers_than_the_reader_may_see() -> None:
    evaluation = make_evaluation(3, open_link=True)
    sectors = [make_sector() for _ in range(6)]
    for place, sector in enumerate(sectors):
        forms = neglect_forms()[place * 9 : place * 9 + 3 + 4 * place]
        add_responses(evaluation, forms, wave=wave_of(evaluation, 3), sector=sector)
        add_responses(evaluation, exploitation_forms()[place * 5 :: 7], sector=sector)
    for audience, fewest in ((Audience.RUNNING_TEAM, 5), (Audience.ELSEWHERE, 10)):
        summary = summary_of(evaluation, audience)
        shown = [one for m in summary.measures + summary.open_measures for one in m.figures]
        assert len(shown) == 9
        for one in shown:
            assert one.share is None or one.share.base >= fewest
            assert all(o.share.base >= fewest for o in one.options if o.share)
            assert all(line.share.base >= 10 for line in one.sectors if line.share)
            if one.sectors and one.share:
                assert sum(s.share.base for s in one.sectors if s.share) == one.share.base


def test_how_many_wrote_something_is_told_only_of_enough_who_were_asked() -> None:
    evaluation = make_evaluation(3)
    forms: list[dict[str, Any]] = [{"used": "yes", "example": "I rang them."}] * 9
    add_responses(evaluation, [*forms, *[{"used": "no"}] * 20], wave=wave_of(evaluation, 3))
    assert [comments.count for comments in summary_of(evaluation).comments] == [None]
    add_responses(evaluation, forms[:1], wave=wave_of(evaluation, 3))
    assert [comments.count for comments in summary_of(evaluation).comments] == [10]


# Closing


def test_answers_appear_when_nobody_asked_with_them_can_still_answer() -> None:
    evaluation = make_evaluation(0)
    wave = wave_of(evaluation, 0)
    event = make_event()
    add_responses(evaluation, [QUALITY] * 12, wave=wave, event=event, answered_on=date(2025, 2, 1))
    asked = make_invitation(wave, make_person(), InvitationState.SENT)
    early = summary_of(evaluation, now=asked.closes_at - timedelta(days=1))
    assert early.doors[0].state is DoorState.STILL_OPEN
    assert early.doors[0].answered == 12
    assert early.measures == ()
    assert wording.state_words(early.doors[0]) == (
        "Figures appear when asking closes, on 3 March 2025."
    )
    late = summary_of(evaluation, now=asked.closes_at)
    assert printed(figure(late.measures, "quality")) == (12, 12, "100")


def test_earlier_months_stay_while_a_later_one_is_asked() -> None:
    evaluation = make_evaluation(0)
    wave = wave_of(evaluation, 0)
    event = make_event()
    for answered_on, number in ((date(2024, 11, 1), 15), (date(2025, 2, 1), 12)):
        add_responses(
            evaluation, [QUALITY] * number, wave=wave, event=event, answered_on=answered_on
        )
    asked = make_invitation(wave, make_person(), InvitationState.SENT)
    [door] = summary_of(evaluation, now=asked.closes_at - timedelta(days=1)).doors
    assert (door.answered, door.in_figures, door.waiting) == (27, 15, 12)
    assert "The other 12 follow when asking has closed" in wording.state_words(door)


def test_answers_without_an_event_wait_for_their_year() -> None:
    evaluation = make_evaluation(0)
    wave = wave_of(evaluation, 0)
    add_responses(evaluation, [QUALITY] * 10, wave=wave, answered_on=date(2025, 1, 1))
    asked = make_invitation(wave, make_person(), InvitationState.SENT)
    before = summary_of(evaluation, now=asked.closes_at - timedelta(days=1))
    assert before.doors[0].in_figures == 0
    assert summary_of(evaluation, now=asked.closes_at).doors[0].in_figures == 10


def test_open_link_answers_appear_when_the_month_is_over_or_the_link_has_ended() -> None:
    evaluation = make_evaluation(open_link=True, open_until=datetime(2025, 4, 20, tzinfo=UTC))
    add_responses(evaluation, neglect_forms(), answered_on=date(2025, 3, 5))
    add_responses(evaluation, neglect_forms(), answered_on=date(2025, 4, 5))
    shown = [
        summary_of(evaluation, now=datetime(2025, month, day, tzinfo=UTC)).open_door
        for month, day in ((3, 31), (4, 19), (4, 20))
    ]
    assert [door.in_figures for door in shown if door] == [0, 104, 208]


# How many answered


def test_the_rate_is_of_those_the_message_reached() -> None:
    evaluation = make_evaluation(0)
    wave = wave_of(evaluation, 0)
    person = make_person()
    states = [InvitationState.ANSWERED] * 3 + [InvitationState.CLOSED] * 4
    for state in states:
        make_invitation(wave, person, state)
    make_invitation(wave, person, bounced_at=NOW)
    make_invitation(wave, person, InvitationState.MISSED)
    add_responses(evaluation, [QUALITY] * 3, wave=wave)
    [door] = summary_of(evaluation).doors
    assert (door.asked, door.delivered, door.answered) == (8, 7, 3)
    assert door.rate
    assert str(door.rate.percent) == "43"
    assert wording.answered_words(door) == ("3 of 7 who were asked; 1 more could not be delivered")


def test_nobody_answered_and_nobody_asked_yet_say_what_happens_next() -> None:
    evaluation = make_evaluation(0, 3)
    make_invitation(wave_of(evaluation, 0), make_person())
    planned = make_invitation(
        wave_of(evaluation, 3),
        make_person(),
        InvitationState.PLANNED,
        due_at=NOW + timedelta(days=30),
        closes_at=NOW + timedelta(days=58),
    )
    after, later = summary_of(evaluation).doors
    assert (after.state, later.state) == (DoorState.NOBODY, DoorState.NOT_ASKED)
    assert "two-minute survey" in wording.state_words(after)
    assert wording.state_words(later) == "1 person is due to be asked from 2 December 2026."
    assert planned.due_at.day == 2


def test_figures_kept_from_before_are_not_shown_of_other_answers() -> None:
    evaluation = make_evaluation(0)
    wave = wave_of(evaluation, 0)
    for quality, percent in (("very_good", "100"), ("poor", "0")):
        db.session.execute(delete(Answer))
        db.session.execute(delete(Response))
        add_responses(evaluation, [{"quality": quality}] * 10, wave=wave)
        for _ in range(2):
            assert printed(figure(summary_of(evaluation).measures, "quality"))[2] == percent


def test_an_unknown_evaluation_is_none() -> None:
    assert queries.evaluation_summary("none", audience=Audience.ELSEWHERE, now=NOW) is None


def test_the_chain_always_has_five_steps() -> None:
    empty = summary_of(make_evaluation(0))
    assert [step.name for step in empty.chain] == [
        "Reach",
        "Reaction",
        "Learning",
        "Behaviour",
        "Evidence",
    ]
    assert [step.number for step in empty.chain] == ["–", "–", "–", "–", "None"]
    evaluation = make_evaluation(open_link=True)
    add_responses(evaluation, neglect_forms())
    steps = {step.name: step for step in summary_of(evaluation).chain}
    assert steps["Behaviour"].number == "61%"
    assert steps["Behaviour"].words == "use it at least occasionally (63 of 104, open link)"
