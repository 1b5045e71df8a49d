"""What staff ask somebody who rings."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import BooleanField, Field, HiddenField, RadioField
from wtforms.validators import ValidationError

from app.accounts import queries as accounts
from app.accounts.callers import Caller
from app.accounts.forms import MOST_OF_A_NAME, MOST_OF_AN_EMAIL, WorkingEmail
from app.accounts.models import Capacity, Person, PostKind
from app.accounts.queries import FoundOrganisation
from app.bookings.by_phone import Call
from app.bookings.forms import ADJUSTMENTS_LENGTH, FormKey
from app.bookings.terms import POST_CHOICES
from app.catalogue.models import Event, EventMode
from app.kernel.forms import (
    NOT_CHOSEN,
    FromList,
    LineField,
    PageForm,
    Required,
    TextField,
    choices_of,
    select_one,
)
from app.partnership.models import Sector

CAPACITY_WORDS = {
    Capacity.EMPLOYEE: "Employed or self-employed",
    Capacity.VOLUNTEER: "Volunteer",
    Capacity.GOVERNOR: "School or college governor",
    Capacity.STUDENT: "Student or on a placement",
    Capacity.CARER: "Foster carer or another carer",
}
UNLISTED = "unlisted"
WAYS = ((EventMode.FACE_TO_FACE.value, "In person"), (EventMode.ONLINE.value, "Online"))
SAY_HOW = "Say whether they will come in person or join online"
SENT_ON = (
    *("name", "email", "no_email", "organisation", "which", "sector", "capacity", "post"),
    *("mode", "adjustments", "form_key"),
)


class PhoneForm(PageForm):
    """Who rings, where they work, and what they need."""

    name = LineField("Full name", [Required("Enter the person's full name")], most=MOST_OF_A_NAME)
    email = LineField("Email address", most=MOST_OF_AN_EMAIL)
    no_email = BooleanField("They have no email")
    organisation = LineField("Organisation")
    which = RadioField("Which organisation is it?", choices=[], validate_choice=False)
    sector = select_one("Sector, if they work for no organisation in our list")
    capacity = select_one("In which capacity (optional)", CAPACITY_WORDS.items())
    post = select_one("Post at that organisation (optional)", POST_CHOICES)
    mode = RadioField(
        "How will they take part?",
        choices=choices_of(WAYS),
        validators=[FromList(SAY_HOW)],
        validate_choice=False,
    )
    adjustments = TextField(
        "Is there anything they need to take part? (optional)", most=ADJUSTMENTS_LENGTH
    )
    set_aside = HiddenField()
    seen = HiddenField()
    form_key = FormKey()

    def offer(self, sectors: Iterable[Sector]) -> None:
        """The sectors there are."""
        named = choices_of((one.slug, one.name) for one in sectors)
        self.sector.choices = [NOT_CHOSEN, *named]

    @property
    def sector_words(self) -> str:
        """The name of the sector that was chosen; empty if none was."""
        names = {one[0]: str(one[1]) for one in self.sector.iter_choices() if one[0]}
        return names.get(self.sector.data, "")

    def validate_email(self, field: Field) -> None:
        """An address, or the word that there is none."""
        if self.no_email.data and field.data:
            raise ValidationError("Enter an email address, or say that they have none: not both")
        if not self.no_email.data and not field.data:
            raise ValidationError("Enter an email address, or say that they have none")
        if field.data:
            WorkingEmail()(self, field)

    @property
    def address(self) -> str | None:
        """The address, in lower case; None for somebody who has none."""
        return None if self.no_email.data else self.email.data

    def knows_where(self, known: Person | None) -> bool:
        """Whether it is clear where they work, if need be by asking which of several it is.

        Of somebody who is known it is known already.
        """
        if known is not None and (known.organisation_id or known.sector_id):
            return True
        name = self.organisation.text
        found = accounts.find_organisations(name)
        same = [one for one in found if one.name.lower() == name.lower()]
        self._offer_organisations([] if same else found)
        if same:
            self.which.data = same[0].reference
            self.organisation.data = same[0].name
        elif not found:
            self.which.data = ""
        elif self.which.data not in {UNLISTED, *(one.reference for one in found)}:
            self._complain(self.which, "Choose the organisation, or say that it is not in the list")
            return False
        elif self.chosen:
            self.organisation.data = next(o.name for o in found if o.reference == self.chosen)
        if not self.chosen and not self.sector.data:
            why = "No organisation of that name is in our list: choose" if name else "Choose"
            self._complain(self.sector, f"{why} the sector they work or volunteer in")
            return False
        return True

    def knows_how(self, event: Event) -> bool:
        """Whether it is clear how they take part, where there is a choice."""
        if event.mode is EventMode.HYBRID and not self.way:
            self._complain(self.mode, SAY_HOW)
            return False
        return True

    def _offer_organisations(self, found: list[FoundOrganisation]) -> None:
        listed = [(one.reference, f"{one.name} ({one.sector})") for one in found]
        unlisted = [(UNLISTED, "It is not in this list")] if found else []
        self.which.choices = choices_of([*listed, *unlisted])

    def _complain(self, field: Field, words: str) -> None:
        field.errors = [*field.errors, words]

    @property
    def chosen(self) -> str:
        """The reference of the organisation, if it is one of our list."""
        which = self.which.data or ""
        return "" if which in {"None", UNLISTED} else which

    @property
    def way(self) -> EventMode | None:
        """How they take part, if they said so."""
        data = self.mode.data or ""
        return EventMode(data) if data in dict(WAYS) else None

    @property
    def sent_on(self) -> list[tuple[str, str]]:
        """All that the page which asks once more sends on."""
        named = [(name, self[name].data) for name in SENT_ON]
        return [(name, "y" if data is True else data) for name, data in named if data]

    def call(self) -> Call:
        """What the form asks for; only once it is valid and knows where they work."""
        return Call(
            Caller(
                name=self.name.text,
                email=self.address,
                organisation=self.chosen,
                sector="" if self.chosen else self.sector.data or "",
                capacity=Capacity(self.capacity.data) if self.capacity.data else None,
            ),
            mode=self.way or EventMode.HYBRID,
            form_key=self.form_key.data or "",
            organisation_name="" if self.chosen else self.organisation.text,
            post=PostKind(self.post.data) if self.post.data else None,
            adjustments=self.adjustments.text,
            seen=self.seen.data or "",
            set_aside=self.set_aside.data or "",
        )
