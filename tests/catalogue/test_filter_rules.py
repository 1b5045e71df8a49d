from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from app.catalogue.filter_rules import (
    CatalogueFilter,
    Choices,
    applied_filters,
    chips,
    read_filter,
)
from app.catalogue.models import OfferKind

CHOICES = Choices(
    kinds=[OfferKind.COURSE, OfferKind.DSL_FORUM],
    topics={"neglect": "Neglect", "send": "SEND"},
    audiences={"schools": "Schools and colleges"},
    series={"exploitation": "Exploitation"},
    offers={"neglect-basics": "Neglect: the basics"},
    months=["2026-11", "2026-12"],
)
EVERYTHING = CatalogueFilter(
    words="early help",
    kind=OfferKind.COURSE,
    topic="neglect",
    audience="schools",
    series="exploitation",
    offer="neglect-basics",
    month="2026-12",
    where="in_person",
    places_left=True,
    page=3,
)


def read(query: str) -> tuple[CatalogueFilter, list[str]]:
    found = read_filter(parse_qs(query, keep_blank_values=True), CHOICES)
    return found.filter, found.notes


def test_a_filter_written_into_an_address_is_read_from_it() -> None:
    assert read(EVERYTHING.query.removeprefix("?")) == (EVERYTHING, [])


def test_no_filter_leaves_the_address_clean() -> None:
    assert CatalogueFilter().address == "/learning"


def test_changing_a_filter_goes_back_to_the_first_page() -> None:
    assert EVERYTHING.but(topic="").page == 1


@pytest.mark.parametrize(
    ("query", "notes_count"),
    [
        pytest.param("q=&kind=&topic=&for=&month=&where=", 0, id="empty fields of the form"),
        pytest.param("kind=opera", 1, id="a kind there is not"),
        pytest.param("topic=no-such", 1, id="a topic there is not"),
        pytest.param("for=<script>", 1, id="markup for a group"),
        pytest.param("series=no-such", 1, id="a series there is not"),
        pytest.param("offer=no-such", 1, id="an offer there is not"),
        pytest.param("month=2026-13", 1, id="a month there is not"),
        pytest.param("month=" + "9" * 5000, 1, id="a huge month"),
        pytest.param("where=moon", 1, id="a place there is not"),
        pytest.param("page=0", 0, id="page nought"),
        pytest.param("page=-1", 0, id="page below nought"),
        pytest.param("page=" + "9" * 5000, 0, id="a huge page"),
        pytest.param("page=²", 0, id="a page that is a digit but no number"),
        pytest.param("page=two", 0, id="a page in words"),
        pytest.param("places=all&dates=some", 0, id="flags with other values"),
        pytest.param("unknown=1&q[]=x", 0, id="parameters we do not have"),
    ],
)
def test_what_cannot_be_used_is_left_out_with_a_note(query: str, notes_count: int) -> None:
    found, notes = read(query)

    assert found == CatalogueFilter()
    assert len(notes) == notes_count


@pytest.mark.parametrize(
    ("query", "is_wider"),
    [("topic=no-such", True), ("month=2020-01", True), ("q=" + "x" * 300, False), ("", False)],
)
def test_it_is_known_whether_more_is_found_than_was_asked_for(query: str, is_wider: bool) -> None:
    assert read_filter(parse_qs(query), CHOICES).is_wider is is_wider


def test_of_doubled_filters_the_first_counts_and_is_said() -> None:
    found, notes = read("kind=dsl_forum&kind=course&q=&q=neglect")

    assert found.kind is OfferKind.DSL_FORUM
    assert found.words == "neglect"
    assert notes == ["Each filter can be used once at a time: the first one counts."]


@pytest.mark.parametrize(
    ("typed", "searched"),
    [
        ("  online \n safety ", "online safety"),
        ("a\x00b\x07", "ab"),
        ("x" * 500, "x" * 100),
        (
            "one two three four five six seven eight nine ten",
            "one two three four five six seven eight",
        ),
    ],
)
def test_what_is_searched_for_is_tidied_and_has_an_end(typed: str, searched: str) -> None:
    found = read_filter({"q": [typed]}, CHOICES).filter

    assert found.words == searched


def test_each_filter_that_is_on_can_be_taken_off_alone() -> None:
    taken_off = {item.words: item.address_without for item in applied_filters(EVERYTHING, CHOICES)}

    assert list(taken_off) == [
        "“early help”",
        "Courses",
        "Neglect",
        "For Schools and colleges",
        "Exploitation",
        "Neglect: the basics",
        "December 2026",
        "In person",
        "Places left",
    ]
    assert taken_off["Neglect"] == EVERYTHING.but(topic="").address
    assert "topic" not in taken_off["Neglect"]


def test_a_chip_keeps_the_other_filters_and_turns_off_what_is_on() -> None:
    made = {chip.words: chip for chip in chips(CatalogueFilter(where="online"), CHOICES)}

    assert made["All"].is_on
    assert made["Courses"].address == "/learning?kind=course&where=online"
    assert made["Online"].is_on
    assert made["Online"].address == "/learning"
