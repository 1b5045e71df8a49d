"""What staff answer about a list of safeguarding leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.accounts.imports.forms import ColumnsForm, OneButton, with_selects
from app.accounts.imports.leads_columns_rules import wrong_with_columns
from app.accounts.imports.leads_schools_rules import Schools
from app.accounts.imports.leads_words_rules import LEFT_OUT, POST_NAMES
from app.kernel.errors import Refused
from app.kernel.forms import LineField, PageForm, radios

LEAVE, END = "leave", "end"


class LeadsColumns(ColumnsForm):
    """Which column holds what: a row for each person, or for each school."""

    def validate(self, extra_validators: Any = None) -> bool:
        """The columns must make one list, of one kind or the other."""
        valid = super().validate(extra_validators)
        wrong = wrong_with_columns(self.places) if valid else []
        for place, words in wrong:
            self[f"column{place}"].errors = [words]
        return valid and not wrong


class LeadsChoices(PageForm):
    """What becomes of those who are on our list and not in the file."""

    others = radios(
        "People on our list who are not in the file",
        [(LEAVE, "Leave them as they are"), (END, "Mark them as left")],
        "Choose what becomes of people who are not in the file",
    )


class SchoolsMeant(PageForm):
    """Which school each unclear name means; the fields are named school0, school1 and so on."""

    names: Sequence[str] = ()
    schools: Schools
    meant: dict[str, int]

    def validate(self, extra_validators: Any = None) -> bool:
        """What was typed must be a school of ours."""
        valid = super().validate(extra_validators)
        self.meant = {}
        for place, name in enumerate(self.names):
            field = self[f"school{place}"]
            if not field.data or field.errors:
                continue
            try:
                self.meant[name] = self.schools.find(field.data, "").id
            except Refused as refusal:
                words = str(refusal)
                field.errors = [words[0].upper() + words[1:]]
                valid = False
        return valid


def ask_for_schools(names: Sequence[str], schools: Schools) -> SchoolsMeant:
    """The form that asks which school each of these names means."""
    asked = {f"school{place}": LineField(f"“{name}”") for place, name in enumerate(names)}
    form: SchoolsMeant = type("SchoolsOfFile", (SchoolsMeant,), asked)()
    form.names, form.schools = names, schools
    return form


def ask_for_posts(unknown: Mapping[str, str]) -> Any:
    """One list for each word that is no post we know."""
    choices = [
        ("", "Not chosen"),
        *((kind.value, name) for kind, name in POST_NAMES.items()),
        (LEFT_OUT, "None of these posts: leave it out"),
    ]
    return with_selects(
        OneButton,
        {
            f"post{place}": (f"“{words}” as a post", choices, "")
            for place, words in enumerate(unknown.values())
        },
    )
