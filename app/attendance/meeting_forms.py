"""What staff fill in to take a register from meeting files: the files, then a decision per line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import Field
from wtforms.validators import ValidationError

from app.accounts.people import NamedPerson
from app.accounts.rules import working_email
from app.attendance.matching_rules import Booked
from app.attendance.meeting_files import MOST_FILES, Chosen
from app.attendance.meeting_preview import (
    Preview,
    PreviewLine,
    combined_minutes,
    people_to_choose,
)
from app.attendance.meeting_queries import OnList
from app.attendance.meeting_registers import Said
from app.attendance.models import DayOrder, MeetingFile
from app.bookings.models import AttendanceOutcome
from app.kernel.forms import PageForm, choices_of, one_line, radios
from app.kernel.london import date_words
from app.kernel.refusals import Refused
from app.kernel.sheet import MOST_BYTES

LEAVE, WITHOUT_BOOKING = "leave", "new"
MOST_CHARACTERS = 200
OUTCOMES = tuple(outcome.value for outcome in AttendanceOutcome)
# What can be said of somebody: value, words, and the key that says it.
SAID = tuple(zip(OUTCOMES, ("Came", "Part", "Did not"), "apn", strict=True))


class MeetingFilesForm(PageForm):
    """The attendance files of one date."""

    files = MultipleFileField("Attendance files")

    def validate_files(self, field: Field) -> None:
        """Ask for at least one file, and not for a folder of them."""
        chosen = [one for one in field.data or () if isinstance(one, FileStorage) and one.filename]
        if not chosen:
            raise ValidationError("Choose the attendance file of the meeting")
        if len(chosen) > MOST_FILES:
            raise ValidationError(f"Choose at most {MOST_FILES} files")

    @property
    def chosen_names(self) -> list[str]:
        """What the files are called."""
        return [_file_name(one) for one in self.files.data if one.filename]

    def chosen(self) -> list[Chosen]:
        """The files, without the folders they were in; no more of each than may be."""
        return [_read(one) for one in self.files.data if one.filename]


def _read(file: FileStorage) -> Chosen:
    try:
        return Chosen(_file_name(file), file.stream.read(MOST_BYTES + 1))
    finally:
        file.close()


def _file_name(file: FileStorage) -> str:
    return one_line(str(file.filename)).replace("\\", "/").rpartition("/")[2][-120:] or "The file"


class DayOrderForm(PageForm):
    """Which way round a file writes its dates."""

    day_order = radios("When was the meeting?", (), "Choose when the meeting was")

    def offer(self, readings: Mapping[DayOrder, date]) -> None:
        """Offer the days that the dates can mean."""
        self.day_order.choices = choices_of(
            [(order.value, date_words(day)) for order, day in readings.items()]
        )


@dataclass
class DecisionLine:
    """What is decided about one attendee, as it stands in the form."""

    line: PreviewLine
    pile: str
    people: Sequence[Booked]
    choice: str
    who: str = ""
    email: str = ""
    organisation: str = ""
    is_remembered: bool = False
    error: str = ""
    error_at: str = ""

    @property
    def name(self) -> str:
        """Begins the names of its controls."""
        return f"line_{self.line.key}"

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """What can be said: value, words, and the key that says it."""
        if self.pile == "matched":
            return [*SAID, (LEAVE, "Leave open", "o")]
        return [*SAID[:2], (LEAVE, "Leave out", "o")]

    def refuse(self, at: str, words: str) -> None:
        """Say what is wrong, at the control to mend."""
        if not self.error:
            self.error, self.error_at = words, f"{self.name}{at}"


@dataclass
class NotSeenLine:
    """What is decided about somebody booked whom no file names."""

    known: OnList
    choice: str

    @property
    def name(self) -> str:
        """The name of its controls."""
        return f"booked_{self.known.booked.reference}"

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """What can be said: value, words, and the key that says it."""
        return [*SAID, ("", "Leave open", "o")]


@dataclass
class DecisionForm:
    """A decision for each line of the four piles."""

    matched: list[DecisionLine]
    unbooked: list[DecisionLine]
    ambiguous: list[DecisionLine]
    not_seen: list[NotSeenLine]
    form_errors: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[DecisionLine]:
        """Everybody in the meeting."""
        return [*self.matched, *self.unbooked, *self.ambiguous]

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong, by the id of the control to mend."""
        return {line.error_at: line.error for line in self.lines if line.error}

    def all_errors(self) -> Iterator[tuple[str, str]]:
        """Each error with the id of the control to mend."""
        for text in self.form_errors:
            yield "", text
        yield from self.errors.items()


def decisions(found: Preview, sent: Mapping[str, str] | None) -> DecisionForm:
    """The form over a preview: as the minutes suggest, or as somebody has filled it in."""
    form = DecisionForm(
        matched=[_line(found, line, "matched", sent) for line in found.matched],
        unbooked=[_line(found, line, "unbooked", sent) for line in found.unbooked],
        ambiguous=[_line(found, line, "ambiguous", sent) for line in found.ambiguous],
        not_seen=[_not_seen(known, sent) for known in found.not_seen],
    )
    if sent is not None:
        for line in form.lines:
            _check(line)
    return form


def _line(
    found: Preview, line: PreviewLine, pile: str, sent: Mapping[str, str] | None
) -> DecisionLine:
    is_matched = pile == "matched"
    people = [] if is_matched else people_to_choose(found, line)
    made = DecisionLine(line, pile, people, _suggested(line, is_matched=is_matched))
    if is_matched and line.line.booked:
        made.who = line.line.booked.reference
    elif pile == "unbooked":
        made.who, made.email = WITHOUT_BOOKING, line.known_email
    else:
        made.email = line.known_email
    if sent is not None:
        _fill_in(made, sent)
    return made


def _suggested(line: PreviewLine, *, is_matched: bool) -> str:
    """What is chosen before anybody has: nobody gets a booking by silence."""
    if not is_matched:
        return LEAVE if line.attendee.is_host or line.attendee.is_phone else ""
    by_hand = line.known and line.known.minutes is None and line.register_says
    return str(by_hand or line.proposed or "")


def _fill_in(made: DecisionLine, sent: Mapping[str, str]) -> None:
    name = made.name
    made.choice = sent.get(name, "")
    if made.pile != "matched":
        made.who = sent.get(f"{name}_who", "")
        made.email = one_line(sent.get(f"{name}_email", ""))
        made.organisation = one_line(sent.get(f"{name}_organisation", ""))
        made.is_remembered = bool(sent.get(f"{name}_remember"))


def _not_seen(known: OnList, sent: Mapping[str, str] | None) -> NotSeenLine:
    line = NotSeenLine(known, known.outcome.value if known.outcome else "")
    if sent is not None:
        choice = sent.get(line.name, "")
        line.choice = choice if choice in OUTCOMES else ""
    return line


def _check(line: DecisionLine) -> None:
    """Say what is missing of a line; what is left out needs nothing more."""
    name = line.line.name
    if line.choice not in {value for value, _, _ in line.choices}:
        line.refuse(f"_{line.choices[0][2]}", f"Say whether {name} came")
    if line.choice in {"", LEAVE} or line.pile == "matched":
        return
    known = {one.reference for one in line.people}
    if line.who not in known | {WITHOUT_BOOKING}:
        line.refuse("_who", f"Choose who {name} is, or leave them out")
    elif line.who == WITHOUT_BOOKING:
        _check_address(line)


def _check_address(line: DecisionLine) -> None:
    if not line.email:
        line.refuse("_email", f"Enter the email address of {line.line.name}, or leave them out")
        return
    try:
        line.email = working_email(line.email)
    except Refused as refusal:
        line.refuse("_email", f"{line.line.name}: {refusal}")
    if len(line.organisation) > MOST_CHARACTERS:
        words = (
            f"The organisation of {line.line.name} must be {MOST_CHARACTERS} characters or fewer"
        )
        line.refuse("_organisation", words)


def said_of(form: DecisionForm) -> list[Said]:
    """What the register is to say; only of a form without errors."""
    together: dict[str, list[DecisionLine]] = {}
    for line in form.lines:
        if line.choice != LEAVE:
            whose = line.email if line.who == WITHOUT_BOOKING else line.who
            together.setdefault(whose, []).append(line)
    seen = [_said(lines) for lines in together.values()]
    taken = {one.reference for one in seen}
    return seen + [
        Said(AttendanceOutcome(line.choice), line.known.booked.reference)
        for line in form.not_seen
        if line.choice and line.known.booked.reference not in taken
    ]


def _said(lines: Sequence[DecisionLine]) -> Said:
    """One person's lines as one: the better outcome, their time together."""
    first = lines[0]
    is_new = first.who == WITHOUT_BOOKING
    name = first.line.attendee.name
    return Said(
        outcome=AttendanceOutcome(min((one.choice for one in lines), key=OUTCOMES.index)),
        reference=None if is_new else first.who,
        person=NamedPerson(name[:100], first.email, first.organisation) if is_new else None,
        minutes=combined_minutes([one.line.attendee for one in lines]),
        remember=tuple(_word(one) for one in lines if one.is_remembered and not is_new),
    )


def _word(line: DecisionLine) -> str:
    """By what somebody is known next time."""
    attendee = line.line.attendee
    return attendee.email or min(attendee.names, default=attendee.name.lower())


def file_references(files: Sequence[MeetingFile]) -> list[str]:
    """The files from which no register was saved yet."""
    return [file.reference for file in files if file.register_id is None]
