"""Reading the schools register: one row at a time, by name of column, nothing more than is used."""

from __future__ import annotations

import csv
import io
import random
import time
import zipfile
from datetime import date

import pytest

from app.accounts.imports.readers import schools_register as reader
from app.accounts.imports.readers.schools_register import BadLines, Register, read_register
from app.kernel.refusals import Refused
from tests.support.register_files import (
    HEAD,
    OWN,
    closed,
    packed,
    register,
    school,
    three_authorities,
)


def read(content: bytes, authority: str = OWN, **more: object) -> Register:
    return read_register(io.BytesIO(content), authority=authority, **more)  # type: ignore[arg-type]


CONTENT = register(three_authorities())


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(CONTENT, id="as Windows writes it"),
        pytest.param(register(three_authorities(), encoding="utf-8"), id="UTF-8"),
        pytest.param(register(three_authorities(), encoding="utf-8-sig"), id="UTF-8 with a mark"),
        pytest.param(packed(CONTENT), id="Results.zip"),
        pytest.param(
            packed(CONTENT, beside={"edubaseallstatefunded.csv": b"a,b\n"}), id="beside another"
        ),
    ],
)
def test_the_rows_of_one_authority_are_read(content: bytes) -> None:
    found = read(content)
    assert found.rows_count == 352
    assert len(found.schools) == 192
    assert {one.authority for one in found.schools} == {OWN}
    assert found.schools[0].name == "Saint Birché’s Mill 1"
    assert found.schools[0].opened_on == date(1999, 9, 1)


def test_a_school_that_we_know_is_read_whichever_authority_it_is_in() -> None:
    found = read(CONTENT, known_urns={"100205"})
    assert [one.urn for one in found.schools if one.authority != OWN] == ["100205"]


def test_no_head_teacher_is_kept() -> None:
    assert HEAD[2].encode() in CONTENT
    kept = repr(read(CONTENT))
    assert not [name for name in HEAD[1:] if name in kept]


def test_columns_are_found_by_name_in_any_order() -> None:
    rows = list(csv.reader(io.StringIO(CONTENT.decode("cp1252"), newline="")))
    turned = io.StringIO(newline="")
    csv.writer(turned).writerows(list(reversed(row)) for row in rows)
    assert read(turned.getvalue().encode("cp1252")) == read(CONTENT)


def test_progress_is_told_every_thousand_rows() -> None:
    told: list[int] = []
    read(
        register([school(number % 900 + 1, "926") for number in range(2_500)] + [school(1)]),
        tell=told.append,
    )
    assert told == [1_000, 2_000]


BAD = {
    "empty": (b"", "This file is empty"),
    "another table": (b"Name,Phone\nA,B\n", "no column “URN”"),
    "nobody's authority": (register([school(1, "926")]), "No school of the local authority 384"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", "no column “URN”"),
    "nothing but zeros": (b"URN\n\x00\x00", "no column"),
    "zeros in a row": (CONTENT + b"\x00\x00", "not the schools register"),
    "a school twice": (register([school(1), school(1)]), "is in this file twice"),
    "one endless line": (b"URN," + b"x" * 200_000, "not the schools register"),
    "an open quotation": (CONTENT[:-3], "is damaged"),
    "a broken archive": (packed(CONTENT)[:-400], "damaged"),
    "an archive of something else": (packed(b"x", "letter.txt"), "does not hold one CSV file"),
    "neither encoding": (register([school(1)]).replace("’".encode("cp1252"), b"\x81"), "neither"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_not_the_register_is_refused_with_what_to_do(what: str) -> None:
    content, words = BAD[what]
    with pytest.raises(Refused, match=words):
        read(content)


def test_each_bad_line_is_told_by_line_and_column() -> None:
    rows = [
        school(1),
        school(2, OpenDate="31-02-2020"),
        school(3, **{"EstablishmentStatus (name)": "Ajar"}),
        school(4, URN="seven"),
        school(5, EstablishmentName=" "),
        school(6, "926", OpenDate="never"),  # not ours: nobody's business
    ]
    content = register(rows) + b'"100007","384"\r\n'
    with pytest.raises(BadLines) as refused:
        read(content)
    assert refused.value.lines == [
        "Line 3, column OpenDate: “31-02-2020” is not a day, as 31-08-2026",
        "Line 4, column EstablishmentStatus (name): “Ajar” is not a status of the register",
        "Line 5, column URN: “seven” is not the number of a school",
        "Line 6, column EstablishmentName: “” must be 1 to 200 characters",
        "Line 8 has 2 cells where the headings have 25",
    ]


def with_size(content: bytes, size: int) -> bytes:
    """An archive that says its one file has this size."""
    made = bytearray(content)
    place = made.rfind(b"PK\x01\x02") + 24
    made[place : place + 4] = size.to_bytes(4, "little")
    return bytes(made)


HEADER = CONTENT.split(b"\r\n")[0] + b"\r\n"
BOMBS = {
    "says it is too large": lambda: with_size(packed(b"x"), reader.MOST_BYTES + 1),
    "one endless line": lambda: packed(bytes(20_000_000)),
    "endless rows": lambda: packed(HEADER + b",\r\n" * 300_000),
    "endless empty rows": lambda: packed(HEADER + b"\r\n" * 300_000),
    "says it is small": lambda: with_size(packed(bytes(5_000_000)), 100),
}


@pytest.mark.parametrize("which", BOMBS)
def test_a_bomb_is_refused_within_a_second(which: str) -> None:
    content = BOMBS[which]()
    begun = time.process_time()
    with pytest.raises(Refused):
        read(content)
    assert time.process_time() - begun < 1


def test_a_password_is_refused() -> None:
    made = bytearray(packed(CONTENT))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        made[made.find(mark) + flags] |= 1
    with pytest.raises(Refused, match="damaged"):
        read(bytes(made))


def spoilt(content: bytes, chance: random.Random) -> bytes:
    """The file with a few bytes changed, cut, doubled or put in."""
    made = bytearray(content)
    for _time in range(chance.randint(1, 4)):
        place = chance.randrange(len(made) or 1)
        what = chance.randrange(5)
        if what == 0:
            made[place : place + 1] = chance.randbytes(1)
        elif what == 1:
            del made[place : place + chance.randint(1, 60)]
        elif what == 2:
            made[place:place] = made[place : place + chance.randint(1, 200)]
        elif what == 3:
            made[place:place] = chance.choice([b'"', b",", b"\r", b"\n", b"\x00", b"\xff", b"\x81"])
        else:
            del made[place:]
    return bytes(made)


def test_500_damaged_registers_are_read_or_refused_and_nothing_else() -> None:
    chance = random.Random(1)
    plain = register([school(number) for number in range(1, 8)] + [closed(8), school(9, "926")])
    whole = [plain, packed(plain), register([school(1), school(2)], encoding="utf-8")]
    refused = 0
    for number in range(500):
        try:
            found = read(spoilt(whole[number % 3], chance))
        except Refused:
            refused += 1
        else:
            assert all(len(one.name) <= 200 for one in found.schools)
    assert 150 < refused < 500


def test_only_a_zip_that_holds_the_csv_is_opened() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("one.csv", "a")
        file.writestr("two.csv", "b")
    with pytest.raises(Refused, match="does not hold one CSV file"):
        read(made.getvalue())
