"""Files as damage and malice leave them: known ones changed at random, and bombs."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Iterator, Sequence

ODD_BYTES = (
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"\t", b",", b";", b"\r", b"\n\n", b"\x1a"),
    *(b"\xed\xa0\x80", b"=1+1", b"9" * 400, b"-1", b"\xe2\x80\xaf", b"\x0b", b"\xe2\x80\xa8"),
)
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "cp1252", "utf-16-be", "utf-8-sig")
BOMB_BYTES = 80 * 1024 * 1024
MOST_GROWN = 2_000_000
A_LITTLE_GROWN = 100_000  # for the suite, which has little time

Change = Callable[[random.Random, bytes], bytes]


def _place(chance: random.Random, content: bytes) -> int:
    return chance.randrange(len(content) + 1)


def _flip(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 20) if content else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(chance: random.Random, content: bytes) -> bytes:
    first, last = sorted((_place(chance, content), _place(chance, content)))
    return content[:first] + content[last:]


def _end(chance: random.Random, content: bytes) -> bytes:
    return content[: _place(chance, content)]


def _insert(chance: random.Random, content: bytes) -> bytes:
    for _ in range(chance.randint(1, 8)):
        at = _place(chance, content)
        content = content[:at] + chance.choice(ODD_BYTES) + content[at:]
    return content


def _repeat(chance: random.Random, content: bytes) -> bytes:
    first, last = sorted((_place(chance, content), _place(chance, content)))
    piece = content[first:last]
    times = min(chance.choice((2, 30, 3_000)), MOST_GROWN // max(1, len(piece)))
    return content[:first] + piece * times + content[last:]


def _swap_lines(chance: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


def _encode_again(chance: random.Random, content: bytes) -> bytes:
    text = content.decode(chance.choice(ENCODINGS), errors="replace")
    return text.encode(chance.choice(ENCODINGS), errors="replace")


def _swap_delimiters(chance: random.Random, content: bytes) -> bytes:
    one, other = chance.sample((b"\t", b",", b";", b"|", b'"', b" ", b"/", b":"), 2)
    return content.replace(one, other)


def _widen(chance: random.Random, content: bytes) -> bytes:
    at, sign = _place(chance, content), chance.choice((b",", b"\t", b'"', b"\n", b"\x00,"))
    return content[:at] + sign * chance.choice((10, 1_000, 300_000)) + content[at:]


CHANGES: tuple[Change, ...] = (
    *(_flip, _cut, _end, _insert, _repeat, _swap_lines, _encode_again, _swap_delimiters, _widen),
)


def mutated(
    samples: Sequence[bytes], *, count: int, seed: int, most: int = MOST_GROWN
) -> Iterator[bytes]:
    """`count` files, each a known one with one to three changes; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - the same files for the same seed
    for _ in range(count):
        content = chance.choice(samples)
        for change in chance.choices(CHANGES, k=chance.randint(1, 3)):
            content = change(chance, content)
        yield content[:most]


def bombs() -> dict[str, bytes]:
    """Small files that would grow past all bounds if they were trusted."""
    laughs = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))
    entities = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l9;</x>'
    outside = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    )
    return {
        "zip bomb": _workbook({"xl/worksheets/sheet1.xml": b"0" * BOMB_BYTES}),
        "many entries": _workbook({f"xl/{number}.xml": b"<x/>" for number in range(3_000)}),
        "entities": _workbook({"xl/worksheets/sheet1.xml": entities.encode()}),
        "entity of a file": _workbook({"xl/sharedStrings.xml": outside.encode()}),
        "not packed": b"PK\x03\x04" + b"\x00" * 500_000,
        "one line": b"," * 5_000_000,
        "one quotation": b'"' * 5_000_000,
        "quotation never closed": b'Name,Duration,Guest\n"' + b"a,b\n" * 1_000_000,
    }


def _workbook(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ({"xl/workbook.xml": b"<workbook/>"} | parts).items():
            archive.writestr(name, content)
    return packed.getvalue()
