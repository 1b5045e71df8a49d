"""What staff fill in to bring a file in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import IO, Any, TypeVar, cast

from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, Field, SelectField
from wtforms.validators import ValidationError

from app.accounts.imports.column_rules import Field as KnownField
from app.accounts.imports.column_rules import columns_chosen
from app.accounts.imports.organisations_rules import KIND_NAMES
from app.accounts.imports.readers.schools_register import BadLines
from app.kernel.errors import Refused
from app.kernel.forms import FromList, LineField, PageForm, choices_of, one_line, select_one


class FileForm(PageForm):
    """A file."""

    file = FileField("File")

    def validate_file(self, field: Field) -> None:
        """There must be one."""
        if not isinstance(field.data, FileStorage) or not field.data.filename:
            raise ValidationError("Choose a file")

    @property
    def file_name(self) -> str:
        """The name it had, without folders."""
        return one_line(PurePath(self.file.data.filename.replace("\\", "/")).name)[:200] or "File"

    @property
    def stream(self) -> IO[bytes]:
        """The file, from its beginning."""
        opened = cast("IO[bytes]", self.file.data.stream)
        opened.seek(0)
        return opened

    def sha256(self) -> str:
        """The file's fingerprint."""
        # An upload is typed as IO[bytes]; what file_digest asks of it, it has.
        return hashlib.file_digest(self.stream, "sha256").hexdigest()  # type: ignore[arg-type]

    def refuse_file(self, refusal: Refused) -> None:
        """Say beside the file what is wrong with it, line by line where that is known."""
        lines = refusal.lines if isinstance(refusal, BadLines) else []
        self.file.errors = [str(refusal), *lines]


class RegisterForm(FileForm):
    """The schools register, and whose schools are wanted."""

    authority = LineField("Number of the local authority", most=10)

    def validate_authority(self, field: Field) -> None:
        """Three digits, as the register has them."""
        if not re.fullmatch(r"[0-9]{3}", field.data or ""):
            raise ValidationError("The number of the local authority has three digits, as 384")


class RegisterChoices(PageForm):
    """What becomes of schools that are not simply open or closed; links are read by name."""

    with_future = BooleanField("Also add schools that are proposed to open")


Form = TypeVar("Form", bound=PageForm)


def with_selects(
    base: type[Form], questions: Mapping[str, tuple[str, Iterable[tuple[str, str]], str]]
) -> Form:
    """A form with one list for each question: its name, label, choices, and what is chosen."""
    asked = {
        name: SelectField(
            label,
            choices=choices_of(choices),
            default=chosen,
            validators=[FromList("Choose from the list")],
            validate_choice=False,
        )
        for name, (label, choices, chosen) in questions.items()
    }
    made = type(f"{base.__name__}OfFile", (base,), asked)
    return made()


class ColumnsForm(PageForm):
    """Which column holds what; the lists are named column0, column1 and so on."""

    headings: Sequence[str] = ()
    fields_known: Sequence[KnownField] = ()
    places: dict[str, int]

    def validate(self, extra_validators: Any = None) -> bool:
        """Each thing stands in one column at most, and what is needed in one."""
        valid = super().validate(extra_validators)
        chosen = [self[f"column{place}"].data or "" for place in range(len(self.headings))]
        self.places, wrong = columns_chosen(chosen, self.fields_known)
        for place, words in wrong:
            self[f"column{place}"].errors = [words]
        return valid and not wrong

    @property
    def columns(self) -> list[Field]:
        """The lists, in the order of the columns."""
        return [self[f"column{place}"] for place in range(len(self.headings))]


class OrganisationColumns(ColumnsForm):
    """Which column holds what, and what is true of every row that does not say."""

    kind = select_one(
        "Kind of organisation", [(kind.value, name) for kind, name in KIND_NAMES.items()]
    )
    sector = select_one("Sector")

    def validate(self, extra_validators: Any = None) -> bool:
        """What no column holds is said for the whole file."""
        valid = super().validate(extra_validators)
        for name in ("kind", "sector"):
            if name not in self.places and not self[name].data:
                self[name].errors = [f"Choose the {self[name].label.text.lower()} of all rows"]
                valid = False
        return valid


Columns = TypeVar("Columns", bound=ColumnsForm)


def columns_form(
    base: type[Columns],
    headings: Sequence[str],
    fields: Sequence[KnownField],
    suggested: Sequence[str],
) -> Columns:
    """The form that asks what each column holds."""
    choices = [("", "Leave this column out"), *((one.name, one.words) for one in fields)]
    asked = {
        f"column{place}": (heading, choices, suggested[place])
        for place, heading in enumerate(headings)
    }
    form = with_selects(base, asked)
    form.headings, form.fields_known = headings, fields
    return form


class OneButton(PageForm):
    """A form with nothing to fill in."""
