"""The impact pages: who may see them, and that page and spreadsheet say the same."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from app.kernel.access import Role
from app.kernel.db import db
from app.surveys.models import Evaluation, InvitationState
from tests.support.answers import (
    add_responses,
    exploitation_forms,
    make_evaluation,
    make_invitation,
    neglect_forms,
    wave_of,
)
from tests.support.comments import commented, proposed, released
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.forms_files import (
    TOOLKIT_QUESTIONS,
    excel,
    import_suggested,
    toolkit_answers,
)
from tests.support.page import Element
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in

READERS = (Role.DELIVERY, Role.ADVISOR, Role.EVALUATOR)
OTHERS = (Role.TRAINER, Role.ADMINISTRATOR)
AFTER = {"quality": "very_good", "knowledge_before": 4, "knowledge": 7, "skills": "slightly"}


def a_whole_evaluation() -> Evaluation:
    """Every kind of table: waves, both designs of before and after, sectors, the open link."""
    make_partnership()
    offer = make_offer(title="Multi-Agency Neglect")
    evaluation = make_evaluation(-1, 0, 3, 12, offers=[offer], open_link=True)
    sectors = [make_sector(name) for name in ("Health", "Police", "Housing")]
    event = make_event(offer)
    keys = [f"key{number}" for number in range(30)]
    for place, sector in enumerate(sectors):
        own, count = keys[place * 10 : place * 10 + 10], 12 - 4 * place
        person = make_person(sector=sector, organisation=None)
        make_attendance(make_booking(event, person))
        for months, form in (
            (-1, {"knowledge": 4}),
            (0, {**AFTER, "good": "The examples"}),
            (3, {"used": "yes", "frequency": "rarely", "knowledge": 8, "changes": ["supervision"]}),
        ):
            wave = wave_of(evaluation, months)
            add_responses(evaluation, [form] * count, wave=wave, sector=sector, pairing_keys=own)
            make_invitation(wave, person, InvitationState.CLOSED)
    add_responses(evaluation, [{"used": "no"}] * 3, wave=wave_of(evaluation, 12))
    add_responses(evaluation, exploitation_forms(), sector=sectors[0])
    return evaluation


def signed_in(client: PageClient, *roles: Role) -> None:
    sign_in(client, make_person(*roles))


def addresses(evaluation: Evaluation) -> list[str]:
    offer = evaluation.offers[0].slug
    slug = evaluation.slug
    return [
        "/impact",
        f"/impact/evaluations/{slug}",
        f"/impact/evaluations/{slug}.csv",
        f"/impact/offers/{offer}",
        f"/impact/offers/{offer}.csv",
    ]


def tables_on(page: PageResponse) -> list[list[list[str]]]:
    """Each table as lines of cells, its caption first and its note, if any, last."""
    found = []
    for region in page.select("div", class_="table-scroll"):
        [table] = region.select("table")
        lines = [[table.select("caption")[0].words]]
        lines += [
            [cell.words for cell in row.everything if cell.tag in {"th", "td"}]
            for row in table.select("tr")
        ]
        note = _next(region)
        if note is not None and note.get("class") == "numbers__note":
            lines.append([note.words])
        found.append(lines)
    return found


def _next(element: Element) -> Element | None:
    assert element.parent
    siblings = [child for child in element.parent.children if isinstance(child, Element)]
    after = siblings[siblings.index(element) + 1 :]
    return after[0] if after else None


def tables_in(response: PageResponse) -> list[list[list[str]]]:
    """The same of a spreadsheet, without its first lines."""
    blocks: list[list[list[str]]] = [[]]
    for line in csv.reader(io.StringIO(response.text.removeprefix("\ufeff"))):
        if line:
            blocks[-1].append(line)
        else:
            blocks.append([])
    return blocks[1:]


def test_only_those_who_may_read_figures_see_them(client: PageClient) -> None:
    evaluation = a_whole_evaluation()
    paths = addresses(evaluation)
    db.session.commit()
    assert [client.get(path).status_code for path in paths] == [302] * 5
    people = {role: make_person(role) for role in (*READERS, *OTHERS)}
    practitioner = make_person()
    for role, person in people.items():
        sign_in(client, person)
        expected = 200 if role in READERS else 403
        assert [client.get(path).status_code for path in paths] == [expected] * 5, role
    sign_in(client, practitioner)
    assert [client.get(path).status_code for path in paths] == [403] * 5


@pytest.mark.parametrize("role", READERS)
def test_the_spreadsheet_holds_exactly_the_tables_of_the_page(
    client: PageClient, role: Role
) -> None:
    evaluation = a_whole_evaluation()
    signed_in(client, role)
    _, page, sheet, offer_page, offer_sheet = [client.get(p) for p in addresses(evaluation)]
    assert len(tables_on(page)) > 15
    assert sorted(tables_on(page)) == sorted(tables_in(sheet))
    assert sorted(tables_on(offer_page)) == sorted(tables_in(offer_sheet))
    assert sheet.mimetype == "text/csv"
    titles = [table[0][0] for table in tables_in(sheet)]
    assert len(titles) == len(set(titles))


def test_page_and_spreadsheet_agree_when_only_some_tables_are_there(client: PageClient) -> None:
    make_partnership()
    shapes: list[tuple[Evaluation, int, dict[str, Any]]] = [
        (make_evaluation(-1), -1, {"knowledge": 4}),
        (make_evaluation(-1, 3), 3, {"used": "yes", "knowledge": 4}),
        (make_evaluation(0), 0, {"knowledge_before": 4}),
        (make_evaluation(0), 0, {"knowledge": 4}),
        (make_evaluation(3), 3, {"used": "no", "barriers": "nothing"}),
        (make_evaluation(3), 3, {"example": "I rang them."}),
    ]
    for evaluation, months, form in shapes:
        add_responses(evaluation, [form] * 12, wave=wave_of(evaluation, months))
    reader = make_person(Role.EVALUATOR)
    for evaluation, _, form in [*shapes, (make_evaluation(), 0, {})]:
        sign_in(client, reader)
        page = client.get(f"/impact/evaluations/{evaluation.slug}")
        sheet = client.get(f"/impact/evaluations/{evaluation.slug}.csv")
        assert sorted(tables_on(page)) == sorted(tables_in(sheet)), form


def test_imported_answers_have_tables_of_their_own_beside_the_others(client: PageClient) -> None:
    evaluation = a_whole_evaluation()
    staff = make_person(Role.DELIVERY)
    for months, first in ((3, 1), (None, 101)):
        rows = toolkit_answers(40, first=first)
        import_suggested(excel(TOOLKIT_QUESTIONS, rows), evaluation.id, staff, months=months)
    sign_in(client, make_person(Role.EVALUATOR))
    page, sheet = [client.get(path) for path in addresses(evaluation)[1:3]]
    assert sorted(tables_on(page)) == sorted(tables_in(sheet))
    titles = [table[0][0] for table in tables_in(sheet)]
    assert len(titles) == len(set(titles))
    assert page.page.words.count("40 answers imported from a Microsoft Forms file") >= 2
    assert "not on record" in sheet.text
    assert sheet.text.count("40 answers imported from a Microsoft Forms file") == 2
    assert "never added to them" in page.page.words


def test_the_big_figures_are_those_of_the_tables(client: PageClient) -> None:
    evaluation = a_whole_evaluation()
    signed_in(client, Role.EVALUATOR)
    page = client.get(f"/impact/evaluations/{evaluation.slug}")
    in_tables = {cell for table in tables_on(page) for line in table for cell in line}
    big = [number.words for number in page.select(class_="measure__number")]
    assert len(big) > 15
    assert {words for words in big if words not in {"–", "no rate"}} <= in_tables


def test_every_chart_says_what_it_shows_and_has_its_table(client: PageClient) -> None:
    evaluation = a_whole_evaluation()
    signed_in(client, Role.EVALUATOR)
    page = client.get(f"/impact/evaluations/{evaluation.slug}")
    charts = page.select("svg", class_="chart")
    assert len(charts) > 15
    for chart in charts:
        assert chart.get("role") == "img"
        assert chart.select("title")[0].words
    words = {line.words for line in page.select("summary")}
    assert words == {"The same numbers in a table", "The same numbers in a table, and by sector"}


def test_few_answers_are_withheld_on_page_and_spreadsheet_alike(client: PageClient) -> None:
    make_partnership()
    evaluation = make_evaluation(0)
    forms: list[dict[str, Any]] = [{"quality": "very_good", "expectations": "partly"}] * 7
    add_responses(evaluation, forms, wave=wave_of(evaluation, 0))
    delivery, evaluator = make_person(Role.DELIVERY), make_person(Role.EVALUATOR)
    for person, is_shown in ((evaluator, False), (delivery, True)):
        sign_in(client, person)
        page = client.get(f"/impact/evaluations/{evaluation.slug}")
        sheet = client.get(f"/impact/evaluations/{evaluation.slug}.csv")
        assert ("7 of 7" in page.words) is is_shown
        assert ("Rated it good or very good" in sheet.text) is is_shown
        assert ("do not pass on figures of few answers" in sheet.text) is is_shown
        assert "7 answered; how many were asked is not on record" in page.words
        listed = client.get("/impact")
        assert ("100%" in listed.words) is is_shown
        assert "7 answered in all" in listed.words
    assert "Figures are shown from 10 answers on" in _as(client, evaluator, evaluation).words


def _as(client: PageClient, person: Any, evaluation: Evaluation) -> PageResponse:
    sign_in(client, person)
    return client.get(f"/impact/evaluations/{evaluation.slug}")


def test_a_withheld_question_says_so_without_its_number(client: PageClient) -> None:
    make_partnership()
    evaluation = make_evaluation(3)
    forms: list[dict[str, Any]] = [{"used": "yes", "frequency": "never"}] * 7
    add_responses(evaluation, [*forms, *[{"used": "no"}] * 23], wave=wave_of(evaluation, 3))
    signed_in(client, Role.EVALUATOR)
    page = client.get(f"/impact/evaluations/{evaluation.slug}")
    assert "Fewer than 10 answers: withheld" in page.words
    assert "7 of 30, likely between" in page.words
    assert "asked of the 7" not in page.words


def test_a_page_takes_as_many_statements_for_2000_answers_as_for_10(client: PageClient) -> None:
    make_partnership()
    small, large = make_evaluation(0, 3, open_link=True), make_evaluation(0, 3, open_link=True)
    sectors = [make_sector() for _ in range(3)]
    for evaluation, number in ((small, 4), (large, 700)):
        for sector in sectors:
            for months in (0, 3):
                forms = [AFTER if months == 0 else {"used": "yes", "changes": ["supervision"]}]
                wave = wave_of(evaluation, months)
                add_responses(evaluation, forms * number, wave=wave, sector=sector)
            add_responses(evaluation, [{"aware": "yes"}] * number, sector=sector)
    reader = make_person(Role.EVALUATOR)
    counts = set()
    for evaluation in (small, large):
        sign_in(client, reader)
        page = client.get(f"/impact/evaluations/{evaluation.slug}")
        assert "Rated it good or very good" in page.words
        counts.add(len(client.watch.statements))
    assert len(counts) == 1
    assert counts.pop() <= 20


def test_the_list_takes_as_many_statements_for_many_evaluations_as_for_one(
    client: PageClient,
) -> None:
    make_partnership()
    reader = make_person(Role.EVALUATOR)
    counts = []
    for _ in range(2):
        for _ in range(11):
            evaluation = make_evaluation(0)
            add_responses(evaluation, [AFTER] * 10, wave=wave_of(evaluation, 0))
        sign_in(client, reader)
        page = client.get("/impact")
        assert "rated it good or very good (10 of 10, straight after)" in page.words
        counts.append(len(client.watch.statements))
    assert counts[0] == counts[1] <= 15
    second = client.click(page, "2")
    assert len(second.select("li", class_="measure")) == 2


def test_a_hostile_name_is_text_in_the_spreadsheet(client: PageClient) -> None:
    make_partnership()
    offer = make_offer()
    evaluation = make_evaluation(0, offers=[offer], title="=1+1")
    sector = make_sector()
    sector.name = '=HYPERLINK("https://evil.example","Health")'
    person = make_person(sector=sector, organisation=None, name="Quiet Person")
    make_attendance(make_booking(make_event(offer), person))
    add_responses(evaluation, [AFTER] * 10, wave=wave_of(evaluation, 0), sector=sector)
    signed_in(client, Role.EVALUATOR)
    rows = list(
        csv.reader(io.StringIO(client.get(f"/impact/evaluations/{evaluation.slug}.csv").text))
    )
    cells = [cell for row in rows for cell in row]
    assert f"'{sector.name}" in cells
    assert "'=1+1" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "@")) or cell == "-"]


def test_no_name_of_a_person_is_on_any_page(client: PageClient) -> None:
    evaluation = a_whole_evaluation()
    signed_in(client, Role.DELIVERY)
    for path in addresses(evaluation):
        assert "Person Number" not in client.get(path).text


def test_the_spreadsheet_says_where_it_comes_from_and_that_an_example_is_one(
    client: PageClient,
) -> None:
    evaluation = a_whole_evaluation()
    signed_in(client, Role.EVALUATOR)
    real = client.get(f"/impact/evaluations/{evaluation.slug}.csv").text
    assert "Source,Registers and survey answers of the Wakefield" in real
    assert "Made on," in real
    assert "invented" not in real
    client.application.config["EXAMPLE"] = True
    for path in addresses(evaluation)[2::2]:
        assert "Example data: people and answers are invented" in client.get(path).text


def test_an_evaluation_nobody_was_asked_about_says_what_happens_next(client: PageClient) -> None:
    make_partnership()
    evaluation, bare = make_evaluation(0), make_evaluation()
    signed_in(client, Role.EVALUATOR)
    page = client.get(f"/impact/evaluations/{evaluation.slug}")
    assert "Nobody has been asked yet" in page.words
    assert "The survey schedule says when people are asked" in page.words
    assert "Nobody is on a register yet" in page.words
    assert "no plan of when to ask" in client.get(f"/impact/evaluations/{bare.slug}").words


def test_an_empty_list_says_where_evaluations_come_from(client: PageClient) -> None:
    make_partnership()
    signed_in(client, Role.EVALUATOR)
    assert "There is no evaluation yet" in client.get("/impact").words


def test_an_offer_can_be_narrowed_to_a_year_and_a_wrong_year_shows_all(client: PageClient) -> None:
    evaluation = a_whole_evaluation()
    slug = evaluation.offers[0].slug
    signed_in(client, Role.ADVISOR)
    page = client.get(f"/impact/offers/{slug}")
    assert "3 people at 1 session" in page.words
    assert "April 2026 to March 2027" in page.words
    chosen = client.get(f"/impact/offers/{slug}?period=2026-27").select("option", selected=True)
    assert [option.get("value") for option in chosen] == ["2026-27"]
    assert (
        "Nobody is on a register in this time"
        in client.get(f"/impact/offers/{slug}?period=2019-20").words
    )
    wrong = client.get(f"/impact/offers/{slug}?period=%27--")
    assert "3 people at 1 session" in wrong.words


@pytest.mark.parametrize(
    "path",
    ["/impact/evaluations/none", "/impact/offers/none.csv", "/impact/none", "/impact/none/none"],
)
def test_an_unknown_address_is_a_helpful_404(client: PageClient, path: str) -> None:
    make_partnership()
    signed_in(client, Role.EVALUATOR)
    assert client.get(path).status_code == 404


def test_every_answer_of_a_question_stands_in_its_table_with_its_percentage(
    client: PageClient,
) -> None:
    make_partnership()
    evaluation = make_evaluation(open_link=True)
    add_responses(evaluation, exploitation_forms())
    signed_in(client, Role.EVALUATOR)
    tables = tables_on(client.get(f"/impact/evaluations/{evaluation.slug}"))
    [answers] = [
        table for table in tables if "recommend it (open link): all answers" in table[0][0]
    ]
    assert answers[2:4] == [["Very likely", "53 (84%)"], ["Likely", "10 (16%)"]]


def test_the_report_of_neglect_reads_as_the_sketch(client: PageClient) -> None:
    make_partnership()
    evaluation = make_evaluation(open_link=True)
    add_responses(evaluation, neglect_forms())
    db.session.commit()
    signed_in(client, Role.EVALUATOR)
    words = client.get(f"/impact/evaluations/{evaluation.slug}").words
    assert "96% " in words
    assert "94 of 104, likely between 83% and 95%" in words
    assert "104 answered; anyone with the link could, so there is no rate" in words
    assert "None recorded yet" in words


def test_released_quotations_stand_on_the_page_and_what_is_not_released_does_not(
    client: PageClient,
) -> None:
    evaluation = commented("We changed supervision.", "I asked for the files.")
    proposed("I asked for the files.")
    released("We changed supervision.")
    slug = evaluation.slug
    signed_in(client, Role.EVALUATOR)
    page = client.get(f"/impact/evaluations/{slug}")
    assert [quote.words for quote in page.select("blockquote")] == [
        "We changed supervision. 3 months later"
    ]
    assert "I asked for the files." not in page.words
