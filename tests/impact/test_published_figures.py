"""The annual report's figures: rebuilt from records through the real path, or shown impossible.

F1, F2 … are the numbers of the published figures in the project's requirements.
"""

from __future__ import annotations

import re

import pytest

from app.catalogue.models import Topic
from app.demo.making.evidence import published_findings
from app.impact import queries
from app.impact.disclosure import Audience
from app.impact.reports import sentences
from app.impact.rules import share, share_at_least, share_at_most, wilson_interval
from app.impact.summaries import EvaluationSummary, Figure
from app.improvement import rules as evidence_rules
from app.improvement.models import EvidenceKind
from app.improvement.operations import add_evidence
from app.improvement.queries import evidence_of
from app.kernel.access import Role
from tests.support.answers import (
    add_responses,
    exploitation_forms,
    make_evaluation,
    neglect_forms,
    wave_of,
)
from tests.support.factories import NOW, make_offer, make_person

pytestmark = pytest.mark.usefixtures("app")


def by_link(forms: list[dict[str, str]], subject: str) -> EvaluationSummary:
    evaluation = make_evaluation(open_link=True, subject_words=subject)
    add_responses(evaluation, forms)
    return summary_of(evaluation.slug, Audience.ELSEWHERE)


def summary_of(slug: str, audience: Audience) -> EvaluationSummary:
    found = queries.evaluation_summary(slug, audience=audience, now=NOW)
    assert found is not None
    return found


def told(summary: EvaluationSummary, key: str) -> tuple[str, str]:
    """The percentage with its count and base, and the first sentence for an annual report."""
    measures = (*summary.measures, *summary.open_measures)
    [measure] = [one for one in measures if one.key == key]
    [figure] = measure.figures
    assert figure.share is not None
    number = f"{figure.share.percent}% ({figure.share.count} of {figure.share.base})"
    return number, sentences.of_figure(measure, figure, subject=summary.subject_words)[0]


NEGLECT = {  # F3: 104 people
    "awareness": "90% (94 of 104)",
    "attendance": "93% (97 of 104)",
    "use": "61% (63 of 104)",  # printed as "over 60%"
    "informed": "96% (100 of 104)",
}


@pytest.mark.parametrize("key", NEGLECT)
def test_f3_the_neglect_toolkit(key: str) -> None:
    number, sentence = told(by_link(neglect_forms(), "the neglect toolkit"), key)
    assert number == NEGLECT[key]
    assert number in sentence


def test_f3_in_the_words_of_the_annual_report() -> None:
    _, sentence = told(by_link(neglect_forms(), "the neglect toolkit"), "informed")
    assert "96% (100 of 104) shared feeling more informed and confident" in sentence


HUB = {  # F6: 90 people; F7: those 63 of them who have used the hub
    "access": "70% (63 of 90)",
    "informed": "94% (59 of 63)",
    "knowledge_change": "40% (25 of 63)",
}


@pytest.mark.parametrize("key", HUB)
def test_f6_and_f7_the_exploitation_hub(key: str) -> None:
    number, sentence = told(by_link(exploitation_forms(), "the hub"), key)
    assert number == HUB[key]
    assert number in sentence


def test_f7_every_answer_of_those_who_were_routed() -> None:
    summary = by_link(exploitation_forms(), "the hub")
    figures = {measure.key: measure.figures[0] for measure in summary.open_measures}
    use, recommend = percentages(figures["use"]), percentages(figures["recommend"])
    frequently = share(33, 63)  # very frequently or frequently
    assert str(frequently.percent) == "52"
    assert figures["use"].asked_of == "the 63 who have used or accessed it"
    assert use["Occasionally"] == "44"
    assert (recommend["Very likely"], recommend["Likely"]) == ("84", "16")


def percentages(figure: Figure) -> dict[str, str]:
    return {option.label: str(option.share.percent) for option in figure.options if option.share}


def test_f15_everybody_at_the_workshop() -> None:
    evaluation = make_evaluation(0)
    add_responses(evaluation, [{"quality": "very_good"}] * 18, wave=wave_of(evaluation, 0))
    number, sentence = told(summary_of(evaluation.slug, Audience.ELSEWHERE), "quality")
    assert number == "100% (18 of 18)"
    assert number in sentence
    assert round(wilson_interval(18, 18).low * 100, 1) == 82.4


@pytest.mark.parametrize(
    ("percent", "base", "nearest"),
    [
        pytest.param(82, 63, (81, 83), id="F4 frequently or occasionally, of 63"),
        pytest.param(91, 63, (90, 92), id="F4 improvement, of 63"),
        pytest.param(86, 16, (81, 88), id="F14 good or very good, of the 16 who came"),
    ],
)
def test_f4_and_f14_cannot_come_from_the_printed_base(
    percent: int, base: int, nearest: tuple[int, int]
) -> None:
    """No whole number of people gives them: the counts on both sides round to others."""
    possible = [int(share(count, base).percent) for count in range(base + 1)]
    assert percent not in possible
    below = max(value for value in possible if value < percent)
    above = min(value for value in possible if value > percent)
    assert (below, above) == nearest


def test_f14_fits_if_two_of_the_sixteen_did_not_answer() -> None:
    fits = [
        (count, base)
        for base in range(1, 17)
        for count in range(base + 1)
        if int(share(count, base).percent) == 86
    ]
    assert fits == [(6, 7), (12, 14)]


def test_f9_needs_different_bases_before_and_after() -> None:
    """51.4% at 6 or less before; 97.4% at 7 or more after, "of which" 47.8% at 9."""

    def counts(tenths: int, base: int) -> list[int]:
        return [n for n in range(base + 1) if (2000 * n + base) // (2 * base) == tenths]

    def of_which(base: int) -> bool:
        return any(counts(478, high) for high in counts(974, base) if high)

    fitting = [base for base in range(1, 400) if counts(514, base) and of_which(base)]
    assert min(fitting) == 346, "no session had so many people"
    of_all = [b for b in range(1, 400) if all(counts(tenths, b) for tenths in (514, 974, 478))]
    assert min(of_all) == 381
    assert (counts(974, 115), counts(478, 115)) == ([112], [55]), "115 after: 47.8% of all"
    assert (counts(974, 116), counts(478, 113)) == ([113], [54]), "116 after: 47.8% of the 113"
    assert share_at_most({6: 18, 7: 17}, 6) == share(18, 35)
    assert share_at_least({6: 3, 7: 57, 9: 55}, 7) == share(112, 115)


SOURCED = [  # nobody's answers: counted by others, without a base
    pytest.param("F2", ("over 3,900 times", "over 500 people"), "at least 3,900", 241, id="F2"),
    pytest.param("F5", ("over 1,400 times", "400 practitioners"), "at least 1,400", 1240, id="F5"),
    pytest.param("F11", ("over 470 practitioners",), "at least 470", 991, id="F11"),
]


@pytest.mark.parametrize(("number", "words", "figure", "line"), SOURCED)
def test_figures_of_use_stand_as_sourced_evidence(
    number: str, words: tuple[str, ...], figure: str, line: int
) -> None:
    details = published_findings()[number]
    offers = {slug: make_offer(slug=slug) for slug in details.offer_slugs}
    add_evidence(details, actor=make_person(Role.DELIVERY), now=NOW)
    for offer in offers.values():
        [shown] = evidence_of([offer.id])
        assert all(part in shown.title for part in words)
        assert (shown.kind, shown.figure) == (EvidenceKind.PUBLISHED_FIGURE, figure)
        assert "%" not in shown.figure, "it has no base"
        assert shown.source.startswith("WSCP Annual Report 2024-25")
        assert shown.source.endswith(f", line {line} of its text")
        assert shown.when == "1 April 2024 to 31 March 2025"


def test_subscribers_by_sector_are_dated_evidence_and_add_up() -> None:
    details = published_findings()["F13"]
    topic = Topic(slug=details.topic_slugs[0], name="Working together")
    offer = make_offer(topics=[topic])
    add_evidence(details, actor=make_person(Role.DELIVERY), now=NOW)
    [shown] = evidence_of([offer.id])
    total, *parts = (
        int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", shown.title)
    )
    assert (total, sum(parts)) == (1349, 1349)
    assert min(parts) >= 10, "sectors of fewer stand together"
    assert (shown.figure, shown.when) == ("1,349", "31 March 2025")


def test_nothing_else_stands_as_published_evidence() -> None:
    found = published_findings()
    assert list(found) == ["F2", "F5", "F11", "F13"]
    assert {evidence_rules.KIND_WORDS[one.kind] for one in found.values()} == {"Published figure"}


INVENTED_BASES = [  # F8, F9, F10, F16: the report printed no base; the example invents one
    pytest.param(98, 100, id="F8 met expectations"),
    pytest.param(97, 115, id="F9 at 7 or more after"),
    pytest.param(85, 60, id="F10 confident to apply it"),
    pytest.param(92, 60, id="F10 intend to change practice"),
    pytest.param(92, 50, id="F16 extremely useful"),
]


@pytest.mark.parametrize(("percent", "base"), INVENTED_BASES)
def test_figures_without_a_base_fit_the_invented_one(percent: int, base: int) -> None:
    assert base >= 10
    assert percent in {int(share(count, base).percent) for count in range(base + 1)}
