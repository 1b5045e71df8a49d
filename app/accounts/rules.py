"""Who may sign in, how often one may try, what is asked of whom: values in, values out."""

from __future__ import annotations

import difflib
import enum
import hmac
import ipaddress
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

from app.accounts.models import Capacity
from app.kernel.refusals import Refused

CODE_LENGTH = 6
CODE_LIFE = timedelta(minutes=15)
TRIES_PER_CODE = 5
RECOVERY_CODE_COUNT = 10
STEP_SECONDS = 30  # of an authenticator app (RFC 6238)
STEPS_EITHER_WAY = 1  # a telephone's clock may be half a minute out
SEEN_AGAIN_SHARE = 12  # of the time after which idle staff are signed out: five minutes of an hour


class Act(enum.StrEnum):
    """What may be tried only so often."""

    ASK_CODE = "ask_code"
    TRY_CODE = "try_code"
    SECOND_STEP = "second_step"
    PROPOSE_ORGANISATION = "propose_organisation"
    ANSWER_OPEN_SURVEY = "answer_open_survey"
    BOOK_FOR_OTHERS = "book_for_others"
    CHECK_CERTIFICATE = "check_certificate"


class CountedBy(enum.StrEnum):
    """Whose tries are counted together."""

    ADDRESS = "address"
    ADDRESS_FROM_CLIENT = "address_from_client"
    CLIENT = "client"
    PERSON = "person"
    EVERYBODY = "everybody"


@dataclass(frozen=True)
class Limit:
    """At most so many within so long, counted back from now."""

    counted_by: CountedBy
    most: int
    within: timedelta


MINUTES_5 = timedelta(minutes=5)
# From one network three codes reach an address in six hours; others can still ask for theirs, so
# that nobody is locked out by a stranger who knows the address. A sign-in sets the count back.
LIMITS: Mapping[Act, tuple[Limit, ...]] = {
    Act.ASK_CODE: (
        Limit(CountedBy.ADDRESS_FROM_CLIENT, 3, timedelta(hours=6)),
        Limit(CountedBy.ADDRESS, 6, timedelta(hours=6)),
        Limit(CountedBy.CLIENT, 60, timedelta(hours=1)),
        Limit(CountedBy.EVERYBODY, 1000, MINUTES_5),
    ),
    Act.TRY_CODE: (
        Limit(CountedBy.ADDRESS, 10, MINUTES_5),
        Limit(CountedBy.CLIENT, 10, MINUTES_5),
        Limit(CountedBy.EVERYBODY, 1000, MINUTES_5),
    ),
    Act.SECOND_STEP: (
        Limit(CountedBy.PERSON, 5, MINUTES_5),
        Limit(CountedBy.PERSON, 20, timedelta(hours=1)),
        Limit(CountedBy.PERSON, 50, timedelta(days=1)),
    ),
    Act.PROPOSE_ORGANISATION: (Limit(CountedBy.PERSON, 5, timedelta(days=1)),),
    # Each of them gets mail: more than the whole staff of a large school is nobody's day's work.
    Act.BOOK_FOR_OTHERS: (Limit(CountedBy.PERSON, 600, timedelta(days=1)),),
    # A whole school answers from one address on a training day.
    Act.ANSWER_OPEN_SURVEY: (Limit(CountedBy.CLIENT, 120, timedelta(hours=1)),),
    # Only codes that were never given out count: an office may check a whole folder of them.
    Act.CHECK_CERTIFICATE: (Limit(CountedBy.CLIENT, 30, timedelta(hours=1)),),
}


def may_try_again_at(tried_at: datetime | None, limit: Limit, now: datetime) -> datetime | None:
    """When a limit lets in the next try, None if now; given the `most`-th newest try, if any."""
    if tried_at is None or tried_at <= now - limit.within:
        return None
    return tried_at + limit.within


def client_network(address: str | None) -> str:
    """What tries from one place share: an IPv4 address, or the /64 that one IPv6 customer has."""
    try:
        given = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(given, ipaddress.IPv6Address):
        if given.ipv4_mapped:
            return str(given.ipv4_mapped)
        return str(ipaddress.ip_network((given, 64), strict=False))
    return str(given)


def code_counts(
    *, expires_at: datetime, tries_count: int, used_at: datetime | None, now: datetime
) -> bool:
    """Whether an e-mailed code may still be tried."""
    return used_at is None and tries_count < TRIES_PER_CODE and now < expires_at


def digits_typed(text: str) -> str:
    """The digits of a code as somebody typed or pasted it; empty unless there are six."""
    plain = unicodedata.normalize("NFKC", text[:100])
    kept = "".join(c for c in plain if not (c.isspace() or c in "-–—.·"))
    return kept if len(kept) == CODE_LENGTH and kept.isascii() and kept.isdecimal() else ""


def recovery_code_typed(text: str) -> str:
    """A recovery code as it was shown, whatever the spaces, hyphens and capitals typed."""
    return "".join(c for c in text[:100].lower() if c.isascii() and c.isalnum())


def working_email(text: str) -> str:
    """The address in lower case; Refused if it is none that mail can be sent to."""
    from email_validator import EmailNotValidError, validate_email  # brings tables of its own

    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise Refused(
            "Enter an email address in the correct format, like name@example.com"
        ) from error
    return (found.ascii_email or found.normalized).lower()


COMMON_MAIL_HOSTS = (
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "hotmail.co.uk",
    "outlook.com",
    "live.co.uk",
    "icloud.com",
    "yahoo.com",
    "yahoo.co.uk",
    "btinternet.com",
    "nhs.net",
)
OTHER_REAL_HOSTS = frozenset({"mail.com", "email.com", "ymail.com", "live.com", "nhs.uk"})
ALIKE = 0.88  # one slip in nine letters; less would doubt schools beside their council


def likely_meant(email: str, known_hosts: Sequence[str] = ()) -> str | None:
    """The address that was probably meant, if its host looks like a slip for a common one."""
    mailbox, _, host = email.rpartition("@")
    hosts = [*known_hosts, *COMMON_MAIL_HOSTS]
    if host in hosts or host in OTHER_REAL_HOSTS:
        return None
    close = difflib.get_close_matches(host, hosts, n=1, cutoff=ALIKE)
    if not close or host.endswith("." + close[0]):
        return None
    return f"{mailbox}@{close[0]}"


def accepted_step(secret: str, code: str, *, last_step: int, now: datetime) -> int | None:
    """The time step an authenticator's code belongs to; None if wrong or taken before."""
    current = int(now.timestamp()) // STEP_SECONDS
    generator = pyotp.HOTP(secret)
    for step in range(current - STEPS_EITHER_WAY, current + STEPS_EITHER_WAY + 1):
        if step > last_step and hmac.compare_digest(generator.at(step), code):
            return step
    return None


def is_asked_for_job(capacity: Capacity | None) -> bool:
    """Only somebody employed is asked for a job title (R8, R26)."""
    return capacity is Capacity.EMPLOYEE


def refuse_to_leave_nobody(administrators: Sequence[int], leaving: int) -> None:
    """Refused if the last administrator who can sign in would go."""
    if set(administrators) <= {leaving}:
        raise Refused(
            "This is the last administrator. Give the role to somebody else first, then remove it"
        )
