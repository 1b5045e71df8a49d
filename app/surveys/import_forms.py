"""What staff fill in to bring answers in: the file, and what each of its questions is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms import Field
from wtforms.validators import ValidationError

from app.kernel.forms import PageForm, choices_of, one_line, select_one
from app.surveys import rules
from app.surveys.evaluation_forms import MONTH_CHOICES
from app.surveys.import_row_rules import objection
from app.surveys.import_rules import (
    MOST_OPTIONS,
    WITH_ANSWERS,
    ImportKind,
    ImportOption,
    KnownMeasure,
    QuestionPlan,
    counted,
    planned_as,
    suggest,
)
from app.surveys.import_sector_rules import (
    KnownSector,
    asks_for_sector,
    planned_as_sector,
    with_sectors,
)
from app.surveys.models import MeasureScale
from app.surveys.readers.forms_file import FormsFile, plain

EVERYONE = "everyone"
KIND_WORDS = {
    ImportKind.SCALE: "One answer of several, in an order",
    ImportKind.SINGLE: "One answer of several",
    ImportKind.MULTIPLE: "Several answers",
    ImportKind.YES_NO: "Yes or no",
    ImportKind.SCORE: "A score from 0 to 10",
    ImportKind.TEXT: "Their own words",
    ImportKind.SECTOR: "The sector of whoever answered",
    ImportKind.SKIP: "Do not import this question",
}
WHAT_TO_SAY = {False: "say which count, and their order", True: "say the sector of each"}
USES = {"counts": "Counts", "other": "Does not count", "outside": "Left out"}
SCALE_WORDS = {
    MeasureScale.SHARE: "share",
    MeasureScale.SCORE: "score from 0 to 10",
    MeasureScale.CHOICES: "several answers",
}


class UploadForm(PageForm):
    """A file, and what it is about."""

    evaluation = select_one("What it asked about")
    months = select_one("When people were asked")
    file = FileField("File from Microsoft Forms")

    def offer_choices(self, evaluations: Sequence[tuple[str, str]]) -> None:
        """Offer the evaluations there are, and the times at which people may have been asked."""
        later = [(months, words) for months, words in MONTH_CHOICES]
        self.evaluation.choices = [("", "Choose what"), *choices_of(evaluations)]
        self.months.choices = choices_of(
            [
                ("", "Choose when"),
                (EVERYONE, "A link for everyone, whether or not they attended"),
                *later,
            ]
        )

    def validate_evaluation(self, field: Field) -> None:
        """Answers belong to something."""
        if not field.data:
            raise ValidationError("Choose what it asked about")

    def validate_months(self, field: Field) -> None:
        """Answers of different times never add up."""
        if not field.data:
            raise ValidationError("Choose when people were asked")

    def validate_file(self, field: Field) -> None:
        """Ask for a file."""
        if not isinstance(field.data, FileStorage) or not field.data.filename:
            raise ValidationError("Choose the file with the answers")

    @property
    def months_later(self) -> int | None:
        """As of a wave; None where everyone had the link. Only when valid."""
        return None if self.months.data == EVERYONE else int(self.months.data)

    @property
    def file_name(self) -> str:
        """What the file is called, without folders."""
        name = one_line(str(self.file.data.filename)).replace("\\", "/")
        return name.rpartition("/")[2][-120:]


@dataclass
class OptionLine:
    """One answer that was chosen, as the page shows it."""

    label: str
    count: int
    place: str
    use: str
    sector: str = ""


@dataclass
class QuestionLine:
    """One question of the file, as the page shows it."""

    number: int
    plan: QuestionPlan
    origin: str
    answered: int
    examples: tuple[str, ...]
    options: list[OptionLine] = field(default_factory=list)
    error: str = ""

    @property
    def name(self) -> str:
        """What the names of its fields begin with."""
        return f"q{self.number}"

    @property
    def is_sector(self) -> bool:
        """Whether its answers say whose answers they are."""
        return self.plan.kind is ImportKind.SECTOR

    @property
    def shown(self) -> str:
        """For what its answers were shown: with another choice they must be looked at again."""
        return f"{self.plan.kind}:{self.plan.measure_key}"


@dataclass
class PreviewForm:
    """Every question of a file with what becomes of it; templates read it as any other form."""

    lines: list[QuestionLine]
    form_errors: list[str] = field(default_factory=list)

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong, by field."""
        return {f"{line.name}-kind": line.error for line in self.lines if line.error}

    @property
    def plans(self) -> list[QuestionPlan]:
        """What becomes of each question."""
        return [line.plan for line in self.lines]

    def all_errors(self) -> Iterator[tuple[str, str]]:
        """Each error with the id of the control to mend."""
        for text in self.form_errors:
            yield "", text
        yield from self.errors.items()


def preview(
    found: FormsFile,
    measures: Sequence[KnownMeasure],
    remembered: Mapping[str, QuestionPlan],
    sectors: Sequence[KnownSector] = (),
    sent: MultiDict[str, str] | None = None,
) -> PreviewForm:
    """The questions as suggested; or as they were sent, with what is wrong about them."""
    lines: list[QuestionLine] = []
    for number, words in enumerate(found.questions):
        cells = found.column(number)
        last = remembered.get(words)
        plan = suggest(words, cells, measures=measures, remembered=last)
        if last is None and asks_for_sector(words, cells, sectors):
            plan = planned_as_sector(words, cells, sectors)
        elif plan.kind is ImportKind.SECTOR:
            plan = with_sectors(plan, sectors)
        line = _line(number, plan, cells, "As last time" if last else "Suggested")
        if sent is not None:
            _read(line, cells, measures, sectors, sent)
            if line.plan.kind is ImportKind.SECTOR and _asks_already(lines):
                line.error = f"Only one question can say the sector: choose for “{words}” again"
        lines.append(line)
    return PreviewForm(lines)


def _asks_already(lines: Sequence[QuestionLine]) -> bool:
    return any(line.plan.kind is ImportKind.SECTOR for line in lines)


def _line(number: int, plan: QuestionPlan, cells: Sequence[str], origin: str) -> QuestionLine:
    given = [cell for cell in cells if cell]
    line = QuestionLine(number, plan, origin, len(given), tuple(dict.fromkeys(given))[:2])
    _show_options(line, cells)
    return line


def _show_options(line: QuestionLine, cells: Sequence[str]) -> None:
    plan = line.plan
    line.options = []
    if plan.kind not in WITH_ANSWERS or len(plan.options) > MOST_OPTIONS:
        return
    counts = counted(plan.kind, cells, [option.label for option in plan.options])
    by_words = {plain(label): count for label, count in counts.items()}
    line.options = [
        OptionLine(
            option.label,
            by_words.get(plain(option.label), 0),
            str(place),
            _use(option),
            option.sector,
        )
        for place, option in enumerate(plan.options, start=1)
    ]


def _use(option: ImportOption) -> str:
    if option.is_outside_base:
        return "outside"
    return "counts" if option.counts else "other"


def _read(
    line: QuestionLine,
    cells: Sequence[str],
    measures: Sequence[KnownMeasure],
    sectors: Sequence[KnownSector],
    sent: MultiDict[str, str],
) -> None:
    """Put what was sent into the line, or what is wrong with it."""
    words = line.plan.words
    kind, key = sent.get(f"{line.name}-kind"), sent.get(f"{line.name}-measure", "")
    measure = next((known for known in measures if known.key == key), None)
    if kind not in {one.value for one in ImportKind} or (key and measure is None):
        line.error = f"Choose from the lists for “{words}”"
        return
    if (kind, key) != (line.plan.kind, line.plan.measure_key):
        line.plan = (
            planned_as_sector(words, cells, sectors)  # whose answer it is measures nothing
            if kind == ImportKind.SECTOR
            else planned_as(words, cells, kind=ImportKind(kind), measure=measure)
        )
        _show_options(line, cells)
    is_as_shown = not line.options or sent.get(f"{line.name}-shown") == line.shown
    if is_as_shown:
        _read_options(line, sectors, sent)
    if not line.error and (wrong := objection(line.plan, cells, measures)):
        line.error = f"“{words}” {wrong}"
    elif not is_as_shown:
        line.error = f"Look at the answers to “{words}” again: {WHAT_TO_SAY[line.is_sector]}"


def _read_sectors(line: QuestionLine, slugs: set[str], sent: MultiDict[str, str]) -> None:
    for number, option in enumerate(line.options):
        sector = sent.get(f"{line.name}-{number}-sector", option.sector)
        if sector and sector not in slugs:
            line.error = f"Choose from the lists for “{line.plan.words}”"
            return
        option.sector = sector
    options = tuple(ImportOption(one.label, sector=one.sector) for one in line.options)
    line.plan = replace(line.plan, options=options)


def _read_options(
    line: QuestionLine, sectors: Sequence[KnownSector], sent: MultiDict[str, str]
) -> None:
    if line.is_sector:
        _read_sectors(line, {sector.slug for sector in sectors}, sent)
        return
    places: list[int] = []
    for number, option in enumerate(line.options):
        option.place = one_line(sent.get(f"{line.name}-{number}-place", option.place))[:100_000]
        use = sent.get(f"{line.name}-{number}-use", option.use)
        if not (option.place.isascii() and option.place.isdecimal() and len(option.place) < 4):
            line.error = f"Number the answers to “{line.plan.words}” from the best to the worst"
        elif use not in USES:
            line.error = f"Choose from the lists for “{line.plan.words}”"
        else:
            option.use = use
            places.append(int(option.place))
    if line.error or not line.options:
        return
    in_order = sorted(zip(places, range(len(places)), strict=True))
    line.plan = replace(
        line.plan,
        options=tuple(
            ImportOption(one.label, one.use == "counts", one.use == "outside")
            for one in (line.options[number] for _, number in in_order)
        ),
    )


def when_words(months_later: int | None) -> str:
    """When people were asked, for the pages."""
    return "A link for everyone" if months_later is None else rules.wave_words(months_later)
