"""Invented lists of schools, organisations and past attendance, small and large."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence

AUTHORITY = "384"
REGISTER_HEADINGS = (
    *("URN", "LA (code)", "EstablishmentNumber", "EstablishmentName", "EstablishmentStatus (name)"),
    *("EstablishmentTypeGroup (name)", "PhaseOfEducation (name)", "OpenDate", "CloseDate"),
    *("Postcode", "HeadTitle (name)", "HeadFirstName", "HeadLastName", "Trusts (name)"),
    *(f"Unused column {number}" for number in range(120)),
)
PAST_HEADINGS = ("Course", "Date attended", "Full name", "Email address", "School", "Attended")
LEAD_HEADINGS = ("School", "Name", "Email address", "Role", "Since")
LEADS_OF_SCHOOL_HEADINGS = ("School name", "DSL name", "DSL email", "Deputy DSL", "DDSL email")
BODY_HEADINGS = ("Name", "Also known as", "Type", "Postcode", "Email")
AUTHORITIES = 300
MONTHS = 60


def _written(headings: Sequence[str], rows: Iterable[Sequence[str]], encoding: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(headings)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def register(count: int, *, encoding: str = "cp1252") -> bytes:
    """A schools register of `count` rows, the columns and their length as in life."""
    return _written(REGISTER_HEADINGS, _schools(count), encoding)


def _schools(count: int) -> Iterator[Sequence[str]]:
    filler = ["Words of a column"[: 4 + number % 12] for number in range(120)]
    for number in range(count):
        place = str(number % AUTHORITIES)
        status = "Closed" if number % 9 == 1 else "Open"
        yield (
            str(100_000 + number),
            AUTHORITY if place == "0" else place.zfill(3),
            str(2_000 + number % 5_000),
            f"Saint Invented’s School {number}",
            status,
            "Academies" if number % 2 else "Local authority maintained schools",
            "Secondary" if number % 5 == 0 else "Primary",
            "01-09-1999",
            "31-08-2026" if status == "Closed" else "",
            f"ZZ{number % 90} {number % 9}ZZ",
            *("Ms", "Invented", "Headteacher"),
            f"Trust {number % 400}" if number % 2 else "",
            *filler,
        )


def packed(content: bytes) -> bytes:
    """Results.zip with this register."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("edubasealldata20261101.csv", content)
    return made.getvalue()


def past(count: int) -> bytes:
    """Past attendance: a row for each of a tenth as many people and some of their days."""
    rows = (
        (
            f"Course {number % 40}",
            f"{number // 7 % 28 + 1:02}/{number % 12 + 1:02}/{2019 + number % MONTHS // 12}",
            f"Person Number{number % (count // 10 or 1)}",
            f"person{number % (count // 10 or 1)}@example.org" if number % 11 else "",
            f"School {number % (count // 10 or 1) % 300}",
            ("Yes", "in part", "No")[number % 20 % 3],
        )
        for number in range(count)
    )
    return _written(PAST_HEADINGS, rows, "utf-8")


def bodies(count: int) -> bytes:
    """A list of organisations."""
    rows = (
        (
            f"Body {number}",
            f"Other {number}" if number % 3 == 0 else "",
            ("Nursery", "Charity", "Sports club")[number % 3],
            "ZZ1 1ZZ",
            f"office{number}@example.org" if number % 2 else "",
        )
        for number in range(count)
    )
    return _written(BODY_HEADINGS, rows, "utf-8")


def leads(count: int) -> bytes:
    """Safeguarding leads: a row for each person and post."""
    posts = ("DSL", "Dep. DSL", "Head Teacher & D.S.L.", "Link Governor")
    rows = (
        (
            f"St. Invented’s School {number // 4}",
            f"Person Number{number}",
            f"lead{number}@school{number // 4}.example.org" if number % 9 else "",
            posts[number % 4],
            f"{number % 28 + 1}/9/2025" if number % 3 == 0 else "",
        )
        for number in range(count)
    )
    return _written(LEAD_HEADINGS, rows, "utf-8")


def leads_of_schools(count: int) -> bytes:
    """The same with a row for each school, and two deputies in one cell."""
    rows = (
        (
            f"Saint Invented’s School {number}",
            f"Person Lead{number}",
            f"lead{number}@school.example.org",
            f"Person A{number}; Person B{number}",
            f"a{number}@school.example.org\nb{number}@school.example.org",
        )
        for number in range(count)
    )
    return _written(LEADS_OF_SCHOOL_HEADINGS, rows, "utf-8")


SCHOOL_FILES = (register(600), packed(register(600)), register(300, encoding="utf-8"))
BODY_FILES = (bodies(12), bodies(3).replace(b",", b";"), bodies(5).decode().encode("utf-16"))
PAST_FILES = (past(20), past(8).replace(b'","', b'"\t"'), past(8).decode().encode("cp1252"))
LEAD_FILES = (leads(20), leads_of_schools(6), leads(8).decode().encode("utf-16"))
