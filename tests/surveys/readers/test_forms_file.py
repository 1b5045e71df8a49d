"""Files of answers in every shape known (formats 1), and files that are none."""

from __future__ import annotations

import io
import random
import re
import time
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.refusals import Refused
from app.surveys.readers.forms_file import FormsFile, read_forms_file
from app.surveys.readers.forms_times import read_times
from tests.support.forms_files import OWN, comma_separated, excel, person

Q = ("How was it?",)
TWO = (person(1, "Good"), person(2, "Poor"))
GERMAN = ("ID", "Startzeit", "Fertigstellungszeit", "E-Mail", "Name")
FRENCH = ("ID", "Heure de début", "Heure de fin", "Adresse de messagerie", "Nom")
SPANISH = ("Id", "Hora de inicio", "Hora de finalización", "Correo electrónico", "Nombre")
WELSH = ("ID", "Amser dechrau", "Amser cwblhau", "E-bost", "Enw")
NEWER = (*OWN, "Last modified time")
MOVED = ("Completion time", "ID")


def with_more(*more: Any) -> list[list[Any]]:
    return [[*row[:5], *more, *row[5:]] for row in TWO]


def shuffled() -> list[list[Any]]:
    return [[row[2], row[0], row[5]] for row in TWO]


# The line of formats.md that it tests, the file, the questions to find, and the first answers.
VARIANTS: dict[str, tuple[bytes, tuple[str, ...], tuple[str, ...]]] = {
    "1.1 a plain export": (excel(Q, TWO), Q, ("Good",)),
    "1.1 Id spelt so": (excel(Q, TWO, own=("Id", *OWN[1:])), Q, ("Good",)),
    "1.1 with last modified time": (excel(Q, with_more(None), own=NEWER), Q, ("Good",)),
    "1.1 with language": (excel(Q, with_more("en-GB"), own=(*OWN, "Language")), Q, ("Good",)),
    "1.1 a quiz": (
        excel(
            ("Total points", "Quiz feedback", *Q, "Points - How was it?", "Feedback - How was it?"),
            [[*row[:5], 3, None, row[5], 1, "Well done"] for row in TWO],
        ),
        Q,
        ("Good",),
    ),
    "1.1 a question called feedback": (excel(("Feedback - on the day",), TWO),)
    + (
        ("Feedback - on the day",),
        ("Good",),
    ),
    "1.1 a header with a line break, commas and quotes": (
        comma_separated(('Rate it,\n"honestly"',), TWO),
        ('Rate it, "honestly"',),
        ("Good",),
    ),
    "1.1 no-break and trailing spaces": (
        excel(("\xa0How was\xa0it? ",), TWO, own=("ID ", "Start\xa0time", *OWN[2:])),
        Q,
        ("Good",),
    ),
    "1.1 in German": (excel(Q, TWO, own=GERMAN), Q, ("Good",)),
    "1.1 in French": (comma_separated(Q, TWO, own=FRENCH, encoding="cp1252"), Q, ("Good",)),
    "1.1 in Spanish": (comma_separated(Q, TWO, own=SPANISH, delimiter=";"), Q, ("Good",)),
    "1.1 in Welsh": (excel(Q, TWO, own=WELSH), Q, ("Good",)),
    "1.1 two questions with the same words, in a table": (
        excel(("Why?", "Why?2"), [person(1, "a", "b")]),
        ("Why?", "Why?2"),
        ("a", "b"),
    ),
    "1.1 two questions with the same words, told apart by nobody": (
        comma_separated(("Why?", "Why?"), [person(1, "a", "b")]),
        ("Why?", "Why?2"),
        ("a", "b"),
    ),
    "1.1 another name of the sheet": (excel(Q, TWO, sheet="Form1"), Q, ("Good",)),
    "1.1 a question that asks for the name": (
        excel(("Name2",), [person(1, "Dee Park")]),
        ("Name2",),
        ("Dee Park",),
    ),
    "1.2 several answers end in a semicolon": (
        excel(("Which?",), [person(1, "AGOL;Cartography;")]),
        ("Which?",),
        ("AGOL;Cartography;",),
    ),
    "1.2 a rating is a whole number": (excel(Q, [person(1, 3.0)]), Q, ("3",)),
    "1.2 a grid is a column for each statement": (
        excel(("The room", "The trainer"), [person(1, "Good", "Very good")]),
        ("The room", "The trainer"),
        ("Good", "Very good"),
    ),
    "1.2 a date": (
        excel(("When?",), [person(1, datetime(2025, 1, 31))]),  # noqa: DTZ001 - as Excel has it
        ("When?",),
        ("2025-01-31",),
    ),
    "1.2 not shown or skipped": (excel((*Q, "Why?"), [person(1, None, "x")]),)
    + (
        (*Q, "Why?"),
        ("", "x"),
    ),
    "1.3 the times as text, months first": (
        comma_separated(Q, TWO, times="%m/%d/%y %H:%M:%S"),
        Q,
        ("Good",),
    ),
    "1.4 columns in another order": (excel(Q, shuffled(), own=MOVED), Q, ("Good",)),
    "1.4 UTF-8 with a mark": (comma_separated(Q, TWO, encoding="utf-8-sig"), Q, ("Good",)),
    "1.4 UTF-16 with tabs": (
        comma_separated(Q, TWO, encoding="utf-16", delimiter="\t"),
        Q,
        ("Good",),
    ),
    "1.4 UTF-16 without a mark": (comma_separated(Q, TWO, encoding="utf-16-le"), Q, ("Good",)),
    "1.4 Excel names the delimiter": (
        b"sep=|\r\n" + comma_separated(Q, TWO, delimiter="|"),
        Q,
        ("Good",),
    ),
    "1.4 nothing is calculated": (excel(Q, [person(1, "=1+1"), person(2, "x")]), Q, ("",)),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_known_shape_of_a_file_is_read(variant: str) -> None:
    content, questions, first = VARIANTS[variant]
    found = read_forms_file(content)
    assert found.questions == questions
    assert found.rows[0].cells == first
    assert found.rows[0].row_id == "1"
    assert found.days == (date(2025, 3, 3), date(2025, 3, 3))


def test_addresses_and_names_leave_no_trace() -> None:
    rows = [[*row[:3], "dee.park@example.org", "Dee Park", row[5]] for row in TWO]
    found = read_forms_file(excel(Q, rows))
    assert found.has_names
    assert "ee" not in repr(found).replace("Sheet", "")
    assert not read_forms_file(excel(Q, TWO)).has_names


def test_a_form_is_known_by_its_questions_in_any_order_and_any_file() -> None:
    forms = [
        excel(("First?", "Second?"), [person(1, "a", "b")]),
        comma_separated(("Second?", "First? "), [person(9, "x", "y")], own=WELSH),
        excel(("First?", "Another?"), [person(1, "a", "b")]),
    ]
    one, same, other = [read_forms_file(form).fingerprint for form in forms]
    assert one == same != other


def test_the_same_answer_has_the_same_key_in_excel_and_in_csv() -> None:
    def key(content: bytes) -> tuple[str, str]:
        row = read_forms_file(content).rows[0]
        return row.row_id, row.completed

    assert key(excel(Q, TWO)) == key(comma_separated(Q, TWO)) == ("1", "2025-03-03 10:01")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param(["8/20/25 12:51:45"], ["2025-08-20 12:51"], id="1.3 seen"),
        pytest.param(["10/9/2024 11:02", "10/13/2024 9:00"], ["2024-10-09 11:02"], id="1.3 US"),
        pytest.param(["7/2/20 11:00:22", "8/2/20 11:00"], ["2020-02-07 11:00"], id="1.3 in order"),
        pytest.param(["3/4/2025 1:05 PM"], ["2025-04-03 13:05"], id="day first where open"),
        pytest.param(["31.12.2024 23:59"], ["2024-12-31 23:59"], id="German"),
        pytest.param(["45719.4236"], ["2025-03-03 10:09"], id="Excel's own number"),
        pytest.param(["31/31/2025 10:00"], [None], id="no such day"),
        pytest.param(["yesterday"], [None], id="no time at all"),
        pytest.param(["3/4/2025 13:05 PM"], [None], id="no such hour"),
    ],
)
def test_times_are_read_as_people_write_them(texts: list[str], expected: list[Any]) -> None:
    moment = read_times(texts)[0]
    assert [f"{moment:%Y-%m-%d %H:%M}" if moment else None] == expected


def packed(**entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return file.getvalue()


def changed(content: bytes, part: str, change: Any) -> bytes:
    """An Excel file with one of its parts rewritten."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", 8) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == part else data)
    return file.getvalue()


SHEET, BOOK = "xl/worksheets/sheet1.xml", "xl/workbook.xml"
SHARED, TYPES, RELATIONS = (
    "xl/sharedStrings.xml",
    "[Content_Types].xml",
    "xl/_rels/workbook.xml.rels",
)
KIND = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def with_shared_texts(content: bytes, more: bytes = b"") -> bytes:
    """The same file as Excel itself writes it: all texts in a part of their own, one in colours."""
    texts: list[bytes] = []

    def share(found: re.Match[bytes]) -> bytes:
        texts.append(found[2])
        return b'%s t="s"><v>%d</v></c>' % (found[1], len(texts) - 1)

    cell = rb'(<c r="[A-Z]+\d+")[^>]* t="inlineStr"><is><t[^>]*>([^<]*)</t></is></c>'
    shared = changed(content, SHEET, lambda data: re.sub(cell, share, data))
    part = b'<Override PartName="/%s" ContentType="%s"/></Types>' % (SHARED.encode(), TYPE)
    shared = changed(shared, TYPES, lambda data: data.replace(b"</Types>", part))
    link = b'<Relationship Id="rId99" Type="%s" Target="sharedStrings.xml"/></Relationships>' % KIND
    shared = changed(shared, RELATIONS, lambda data: data.replace(b"</Relationships>", link))
    plain = b"".join(b"<si><t>%s</t></si>" % text for text in texts[:-1])
    coloured = b"<si><r><t>%s</t></r><r><t>%s</t></r></si>" % (texts[-1][:1], texts[-1][1:])
    file = io.BytesIO(shared)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(SHARED, b'<sst xmlns="%s">%s%s%s</sst>' % (MAIN, plain, coloured, more))
    return file.getvalue()


ENTITY = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "blanks": (b"\r\n \n\x00", "empty"),
    "a letter": (b"Dear all,\nplease find attached.", "not a file of answers"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x01\x02\x03" * 20, "neither"),
    "an old Excel file": (b"\xd0\xcf\x11\xe0" * 50, "without a password"),
    "another zip": (packed(**{"letter.txt": b"Hello"}), "neither"),
    "too large": (b"ID,Completion time,Q\n" + b"x" * (10 << 20), "10 MB"),
    "unpacks to a lot": (packed(**{BOOK: b"0" * (61 << 20)}), "unpacks to more"),
    "many entries": (packed(**{BOOK: b"", **{f"x{n}": b"" for n in range(201)}}), "unpacks"),
    "an entity": (packed(**{BOOK: ENTITY}), "damaged"),
    "another table": (comma_separated(("Town",), [["x"]], own=("School",)), "ID and the compl"),
    "no rows": (excel(Q, []), "Nobody has answered"),
    "no questions": (excel((), [person(1)]), "no question"),
    "no ID": (excel(Q, [[None, *person(1, "x")[1:]]]), "Row 2 has no ID"),
    "twice the same": (excel(Q, [person(1, "x"), person(1, "y")]), "Rows 2 and 3"),
    "more cells than headings": (comma_separated(Q, [person(1, "x", "y")]), "Row 2 has more"),
    "a cell too long": (comma_separated(Q, [person(1, "x" * 40_000)]), "32,767"),
    "cut short": (excel(Q, TWO)[:-300], "damaged"),
    "no XML": (changed(excel(Q, TWO), SHEET, lambda data: data[:200]), "damaged"),
    "many rows": (
        comma_separated(Q, ([n, "3/3/25 10:00", "", "", "", "x"] for n in range(50_002))),
        "50,000 rows",
    ),
    "many rows in Excel": (
        changed(excel(Q, TWO), SHEET, lambda data: data.replace(b"<row", b"<row" * 60_000, 1)),
        "50,000 rows",
    ),
    "a million texts": (with_shared_texts(excel(Q, TWO), b"<si/>" * 1_000_000), "unpacks to more"),
    "millions of cells": (
        changed(excel(Q, TWO), SHEET, lambda data: data + b"<c/>" * 3_000_000),
        "unpacks to more",
    ),
    "a million columns": (b"ID,Completion time" + b",x" * 1_000_000, "1,000 columns"),
    "a sheet said to be endless": (
        changed(excel(Q, TWO), SHEET, lambda data: data.replace(b'r="3"', b'r="1048576"')),
        "50,000 rows",
    ),
}


def test_a_file_as_excel_itself_writes_it_is_read_alike() -> None:
    ours = excel(("How was it?", "Why?"), [person(1, "Good", "It helped"), person(2, None, "So")])
    theirs = with_shared_texts(ours)
    assert b"inlineStr" not in zipfile.ZipFile(io.BytesIO(theirs)).read(SHEET)
    assert read_forms_file(theirs) == read_forms_file(ours)


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_file_of_answers_is_refused_at_once_with_what_to_do(what: str) -> None:
    content, words = REFUSED[what]
    begun = time.process_time()
    with pytest.raises(Refused, match=words):
        read_forms_file(content)
    assert time.process_time() - begun < 1


def test_a_sheet_that_lies_about_its_size_is_read_by_its_cells() -> None:
    lying = changed(
        excel(Q, TWO),
        SHEET,
        lambda data: data.replace(b'<dimension ref="A1:F3"', b'<dimension ref="A1:XFD1048576"'),
    )
    assert len(read_forms_file(lying).rows) == 2


def damaged_files(count: int) -> list[bytes]:
    """Good files with bytes changed, cut out, doubled, or parts of the sheet exchanged."""
    chance = random.Random(4)
    good = [content for content, _, _ in VARIANTS.values()]
    made = []
    for number in range(count):
        content = bytearray(good[number % len(good)])
        if number % 3 == 0 and content.startswith(b"PK"):
            content = bytearray(changed(bytes(content), SHEET, lambda d: spoilt(d, chance)))
        else:
            content = bytearray(spoilt(bytes(content), chance))
        made.append(bytes(content))
    return made


def spoilt(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.randint(1, 2)):
        place, length = chance.randrange(len(data)), chance.randint(1, 30)
        way = chance.randrange(4)
        if way == 0:
            data[place] = chance.randrange(256)
        elif way == 1:
            del data[place : place + length]
        elif way == 2:
            data[place:place] = data[place : place + length] * chance.randint(1, 5)
        else:
            data[place:place] = chance.randbytes(length)
    return bytes(data)


def test_500_damaged_files_are_read_or_refused_and_nothing_else() -> None:
    outcomes = {FormsFile: 0, Refused: 0}
    for content in damaged_files(500):
        begun = time.process_time()
        try:
            outcomes[type(read_forms_file(content))] += 1
        except Refused:
            outcomes[Refused] += 1
        assert time.process_time() - begun < 2
    assert min(outcomes.values()) > 40, outcomes


@given(
    st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=2), min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_people_type_comes_out_as_they_typed_it(
    answers: list[list[str]], delimiter: str, encoding: str
) -> None:
    kept = [
        ["".join(c for c in text if c >= " " and not "\ud800" <= c <= "\udfff") for text in row]
        for row in answers
    ]
    rows = [person(number, *row) for number, row in enumerate(kept, start=1)]
    content = comma_separated(("First?", "Second?"), rows, delimiter=delimiter, encoding=encoding)
    found = read_forms_file(content)
    expected = [tuple(text.replace("\xa0", " ").strip() for text in row) for row in kept]
    errors = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"}
    assert [row.cells for row in found.rows] == [
        tuple("" if text in errors else text for text in row) for row in expected
    ]
