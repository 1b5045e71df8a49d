"""A Microsoft Forms export: which columns are Forms' own, which are questions, who answered what.

Addresses and names are read over and never leave this file. Which columns there are differs with
the year, the language and the kind of form, so columns are known by name and not by place.
"""

from __future__ import annotations

import enum
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.kernel.refusals import Refused
from app.kernel.sheet import Row, read_rows
from app.surveys.readers.forms_times import read_times


class Standard(enum.StrEnum):
    """The columns that Forms itself puts into every file, or into some."""

    ID = "id"
    STARTED = "started"
    COMPLETED = "completed"
    EMAIL = "email"
    NAME = "name"
    MODIFIED = "modified"
    LANGUAGE = "language"
    QUIZ = "quiz"  # points and feedback: of no use here


# As `plain` writes them: small letters, no accents, single spaces. English, German, French,
# Spanish, Welsh, Italian, Dutch, Polish, Portuguese.
SYNONYMS: dict[Standard, str] = {
    Standard.ID: "id",
    Standard.STARTED: "start time|startzeit|heure de debut|hora de inicio|amser dechrau"
    "|ora di inizio|begintijd|godzina rozpoczecia",
    Standard.COMPLETED: "completion time|fertigstellungszeit|zeit der fertigstellung"
    "|heure de fin|hora de finalizacion|amser cwblhau|amser gorffen|ora di completamento"
    "|tijd van voltooien|voltooiingstijd|godzina ukonczenia|hora de conclusao",
    Standard.EMAIL: "email|e-mail|e-mail-adresse|adresse de messagerie|courrier|courriel"
    "|correo electronico|e-bost|ebost|cyfeiriad e-bost|posta elettronica|adres e-mail",
    Standard.NAME: "name|nom|nombre|enw|nome|naam|nazwa",
    Standard.MODIFIED: "last modified time|uhrzeit der letzten anderung"
    "|zeitpunkt der letzten anderung|letzte anderung|heure de la derniere modification"
    "|hora de la ultima modificacion|amser addasu diwethaf|amser newid diwethaf"
    "|ora ultima modifica|tijd van laatste wijziging|godzina ostatniej modyfikacji"
    "|hora da ultima modificacao",
    Standard.LANGUAGE: "language|sprache|langue|idioma|iaith|lingua|taal|jezyk",
    Standard.QUIZ: "total points|quiz feedback|grade posted time|gesamtpunktzahl|quizfeedback"
    "|total de points|puntos totales|cyfanswm pwyntiau",
}
STANDARD_OF = {word: column for column, words in SYNONYMS.items() for word in words.split("|")}
OF_A_QUESTION = re.compile(
    r"(points|feedback|punkte|commentaires|puntos|comentarios|pwyntiau|adborth) [-–] (.+)"
)
NOT_FORMS = (
    "This is not a file of answers from Microsoft Forms: it has no columns for the ID and the "
    "completion time. In Forms choose “Open results in Excel”, and import that file"
)


@dataclass(frozen=True, slots=True)
class FormsRow:
    """One person's answers, in the order of the questions; never who it was."""

    row_id: str
    completed: str  # as the file says it, or by the minute where that can be read
    completed_on: date | None
    modified: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FormsFile:
    """What is in a file: the words of each question, and one row for each person."""

    questions: tuple[str, ...]
    rows: tuple[FormsRow, ...]
    ignored: tuple[str, ...]  # columns read over
    has_names: bool  # an address or a name stood in it

    @property
    def fingerprint(self) -> str:
        """What a form is known by: its questions, in any order."""
        words = "\n".join(sorted(plain(question) for question in self.questions))
        return hashlib.sha256(words.encode()).hexdigest()

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and the last day on which somebody answered; None if no time can be read."""
        days = [row.completed_on for row in self.rows if row.completed_on]
        return (min(days), max(days)) if days else None

    def column(self, place: int) -> tuple[str, ...]:
        """Everybody's answer to the question at this place."""
        return tuple(row.cells[place] for row in self.rows)


def read_forms_file(content: bytes) -> FormsFile:
    """The answers in an Excel or CSV file from Microsoft Forms; Refused says what is wrong."""
    header, *rows = read_rows(content, _standard_columns_count) or [()]
    if not {Standard.ID, Standard.COMPLETED} <= set(_columns_of(header)):
        raise Refused(NOT_FORMS)
    if not rows:
        raise Refused("Nobody has answered in this file: there are headings and no rows")
    columns = _columns_of(header)
    is_question = _are_questions(header, columns)
    places = [place for place, asked in enumerate(is_question) if asked]
    if not places:
        raise Refused("There is no question in this file, only Microsoft Forms' own columns")
    return FormsFile(
        questions=_told_apart([tidy(header[place]) for place in places]),
        rows=_rows(rows, columns, places),
        ignored=tuple(
            tidy(words)
            for words, asked in zip(header, is_question, strict=True)
            if words and not asked
        ),
        has_names=_has_names(rows, columns),
    )


def plain(words: str) -> str:
    """Words for comparing: small letters, no accents, single spaces."""
    if words.isascii():
        return " ".join(words.lower().split())
    apart = unicodedata.normalize("NFKD", words).casefold()
    letters = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return " ".join(letters.split())


def tidy(words: str) -> str:
    """Words for showing: on one line, no-break spaces as spaces, nothing around them."""
    kept = "".join(sign for sign in words if sign >= " " or sign in "\n\t")
    return " ".join(unicodedata.normalize("NFC", kept).split())


def _columns_of(header: Row) -> dict[Standard, int]:
    """Where Forms' own columns stand: the first of each name, as later ones are questions."""
    found: dict[Standard, int] = {}
    for place, words in enumerate(header):
        column = STANDARD_OF.get(plain(words))
        if column and column is not Standard.QUIZ:
            found.setdefault(column, place)
    return found


def _standard_columns_count(header: Row) -> int:
    return len(_columns_of(header))


def _are_questions(header: Row, columns: dict[Standard, int]) -> list[bool]:
    words = [plain(text) for text in header]
    own = set(columns.values())

    def is_question(place: int) -> bool:
        if place in own or not words[place] or STANDARD_OF.get(words[place]) is Standard.QUIZ:
            return False
        about = OF_A_QUESTION.fullmatch(words[place])
        return not (about and about[2] in words)

    return [is_question(place) for place in range(len(header))]


def _told_apart(questions: Sequence[str]) -> tuple[str, ...]:
    """Questions with the same words get a number, as Excel would have given them."""
    found: dict[str, str] = {}
    for words in questions:
        named, number = words, 2
        while plain(named) in found:
            named, number = f"{words}{number}", number + 1
        found[plain(named)] = named
    return tuple(found.values())


def _rows(
    rows: Sequence[Row], columns: dict[Standard, int], places: Sequence[int]
) -> tuple[FormsRow, ...]:
    ids, raw, modified = (
        [row[columns[column]].strip() if column in columns else "" for row in rows]
        for column in (Standard.ID, Standard.COMPLETED, Standard.MODIFIED)
    )
    read: list[FormsRow] = []
    seen: dict[tuple[str, str], int] = {}
    moments = read_times(raw)
    changes = read_times(modified)
    for number, row in enumerate(rows):
        moment, change = moments[number], changes[number]
        one = FormsRow(
            row_id=ids[number],
            completed=f"{moment:%Y-%m-%d %H:%M}" if moment else raw[number],
            completed_on=moment.date() if moment else None,
            modified=f"{change:%Y-%m-%d %H:%M:%S}" if change else modified[number],
            cells=tuple(row[place].replace("\xa0", " ").strip() for place in places),
        )
        if not one.row_id or not one.completed:
            raise Refused(f"Row {number + 2} has no ID or no completion time: mend or remove it")
        key = one.row_id, one.completed
        if key in seen:
            raise Refused(f"Rows {seen[key]} and {number + 2} are the same answer: remove one")
        seen[key] = number + 2
        read.append(one)
    return tuple(read)


def _has_names(rows: Sequence[Row], columns: dict[Standard, int]) -> bool:
    own = [columns[column] for column in (Standard.EMAIL, Standard.NAME) if column in columns]
    return any(plain(row[place]) not in {"", "anonymous"} for row in rows for place in own)
