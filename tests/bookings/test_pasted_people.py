"""Lists of colleagues as people paste them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bookings.readers.pasted_people import MOST_PEOPLE, PastedPerson, read_pasted
from app.kernel.refusals import Refused

SAM, JO = ("Sam Ali", "sam@school.example"), ("Jo Bell", "jo@school.example")
PASTED: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "tabs": ("Sam Ali\tsam@school.example\nJo Bell\tjo@school.example", [SAM, JO]),
    "commas": ("Sam Ali,sam@school.example\nJo Bell , jo@school.example", [SAM, JO]),
    "semicolons": ("Sam Ali; sam@school.example\nJo Bell;jo@school.example;", [SAM, JO]),
    "address first": ("sam@school.example\tSam Ali\njo@school.example,Jo Bell", [SAM, JO]),
    "Windows line ends": (
        "Sam Ali\tsam@school.example\r\nJo Bell\tjo@school.example\r\n",
        [SAM, JO],
    ),
    "headings": ("Name\tE-mail address\nSam Ali\tsam@school.example", [SAM]),
    "headings in the other order": ("Email,Full name\nsam@school.example,Sam Ali", [SAM]),
    "headings and more columns": (
        "No,Surname,First name,Job title,Email\n1,Ali,Sam,Head of Year,sam@school.example",
        [SAM],
    ),
    "a mark at the start of the file": ("\ufeffName,Email\nSam Ali,sam@school.example", [SAM]),
    "first and last name in two cells": ("Sam\tAli\tsam@school.example", [SAM]),
    "a job title beside the name": ("Sam Ali\tTeacher\tsam@school.example", [SAM]),
    "numbered": ("1\tSam Ali\tsam@school.example\n2. Jo Bell, jo@school.example", [SAM, JO]),
    "name and address in angle brackets": ("Sam Ali <sam@school.example>", [SAM]),
    "an address line": (
        "Sam Ali <sam@school.example>; Jo Bell <mailto:jo@school.example>;",
        [SAM, JO],
    ),
    "last name first in an address line": ('"Ali, Sam" <sam@school.example>', [SAM]),
    "in quotes": ('"Sam Ali","sam@school.example"', [SAM]),
    "a comma in quotes": ('"Ali, Sam",sam@school.example', [("Ali, Sam", "sam@school.example")]),
    "parted by a space": ("Sam Ali sam@school.example", [SAM]),
    "name and address in lines of their own": (
        "Sam Ali\nsam@school.example\nJo Bell\njo@school.example",
        [SAM, JO],
    ),
    "address above name": ("sam@school.example\nSam Ali", [SAM]),
    "a stray line above an address": (
        "Team A <a@school.example>\nSam Ali\njo@school.example",
        [("Team A", "a@school.example"), (SAM[0], ""), ("", JO[1])],
    ),
    "a stray name among addresses": (
        "sam@school.example\nTeam A\njo@school.example\na@school.example",
        [("", SAM[1]), ("Team A", ""), ("", JO[1]), ("", "a@school.example")],
    ),
    "a heading above names and addresses in lines of their own": (
        "Team A\nSam Ali\nsam@school.example\n\nJo Bell\njo@school.example",
        [("Team A", ""), SAM, JO],
    ),
    "a last name without an address": (
        "sam@school.example\nSam Ali\njo@school.example\nJo Bell\nTeam A",
        [SAM, JO, ("Team A", "")],
    ),
    "empty lines": (
        "\n\nSam Ali\tsam@school.example\n\n  \n\nJo Bell,jo@school.example\n",
        [SAM, JO],
    ),
    "an empty line parts": ("Sam Ali\n\njo@school.example", [(SAM[0], ""), ("", JO[1])]),
    "no address": ("Sam Ali\nJo Bell", [(SAM[0], ""), (JO[0], "")]),
    "no address beside somebody with one": (
        "Sam Ali\nJo Bell, jo@school.example",
        [(SAM[0], ""), JO],
    ),
    "no name": ("sam@school.example; jo@school.example", [("", SAM[1]), ("", JO[1])]),
    "no @": ("Sam Ali\tsam.school.example", [("Sam Ali", "sam.school.example")]),
    "letters of all kinds": (
        "Zoë O’Néill-Łuczak\tzoe@school.example",
        [("Zoë O’Néill-Łuczak", "zoe@school.example")],
    ),
    "no-break and no-width space": ("Sam\u00a0Ali\t\u200bsam@school.example", [SAM]),
    "nothing": ("", []),
    "nothing but marks": (" ,;\t\n,,,\n\t\t", []),
    "headings alone": ("Name\tEmail", []),
    "a number within a name stays": (
        "Ward 5 Manager\tward@hospital.example",
        [("Ward 5 Manager", "ward@hospital.example")],
    ),
}


@pytest.mark.parametrize(("text", "people"), PASTED.values(), ids=PASTED)
def test_a_list_is_read_however_it_was_pasted(text: str, people: list[tuple[str, str]]) -> None:
    assert read_pasted(text) == [PastedPerson(*one) for one in people]


def test_five_hundred_people_are_read_and_one_more_is_too_many() -> None:
    lines = [f"Person Number{n}\tp{n}@school.example" for n in range(MOST_PEOPLE)]
    assert len(read_pasted("\n".join(lines))) == MOST_PEOPLE
    with pytest.raises(Refused, match="501 people. Add 500 at a time"):
        read_pasted("\n".join([*lines, "One More\tone@school.example"]))


@given(st.text(alphabet=st.sampled_from("aB é<>@.,;\t\n\r\"'\u200b0123456789"), max_size=300))
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    for one in read_pasted(text):
        assert one.name or one.email
        assert "\n" not in one.name + one.email
