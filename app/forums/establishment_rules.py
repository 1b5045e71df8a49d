"""How establishments are grouped by phase and by type: values in, words out."""

from __future__ import annotations

from app.accounts.models import OrganisationKind, PostKind

ESTABLISHMENT_KINDS = (
    OrganisationKind.SCHOOL,
    OrganisationKind.COLLEGE,
    OrganisationKind.EARLY_YEARS,
)
NOT_KNOWN = "Not known"
# In this order wherever phases are listed; any other phase of the register follows, by name.
PHASES = ("Early years", "Primary", "Secondary", "All-through", "Colleges and 16 plus")
POST_WORDS = {
    PostKind.DSL: "Designated safeguarding lead",
    PostKind.DEPUTY_DSL: "Deputy designated safeguarding lead",
    PostKind.HEADTEACHER: "Headteacher",
    PostKind.SAFEGUARDING_GOVERNOR: "Safeguarding governor",
}
_COLLEGE, _EARLY_YEARS = "Colleges and 16 plus", "Early years"
_AS_ONE = {
    "Nursery": _EARLY_YEARS,
    "Middle deemed primary": "Primary",
    "Middle deemed secondary": "Secondary",
    "16 plus": _COLLEGE,
    "Special": "Special schools",
}


def phase_of(kind: OrganisationKind, phase: str | None, type_: str | None) -> str:
    """The phase an establishment is counted in; special schools have none in the register."""
    if kind is OrganisationKind.COLLEGE:
        return _COLLEGE
    if kind is OrganisationKind.EARLY_YEARS:
        return _EARLY_YEARS
    if not phase or phase == "Not applicable":
        return type_ or NOT_KNOWN
    return _AS_ONE.get(phase, phase)


def type_of(kind: OrganisationKind, type_: str | None) -> str:
    """The type an establishment is counted in: its type group in the register, or its kind."""
    if kind is OrganisationKind.COLLEGE:
        return "Colleges"
    if kind is OrganisationKind.EARLY_YEARS:
        return "Early years settings"
    return type_ or NOT_KNOWN


def phase_position(phase: str) -> tuple[int, str]:
    """Where a phase stands in lists; for `sorted`."""
    if phase == NOT_KNOWN:
        return len(PHASES) + 1, phase
    return (PHASES.index(phase), "") if phase in PHASES else (len(PHASES), phase)
