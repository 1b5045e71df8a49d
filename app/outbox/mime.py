"""Messages as mail programs want them: one recipient, safe headers, the right calendar part."""

from __future__ import annotations

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP  # the default policy would lose the calendar's CRLF

SUBJECT_LENGTH = 200
NAME_LENGTH = 100
UNFOLDED_LENGTH = 60  # of name and address together; with the longest header name a line of 78

_CONTROL_OR_SPACE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]+")
_NEEDS_QUOTES = re.compile(r'[()<>\[\]:;@\\,."]+')
_NOT_IN_BODY = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_EMAIL = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
_MESSAGE_ID = re.compile(r"<[\w.+-]+@[\w.-]+>", re.ASCII)
_METHOD = re.compile(r"^METHOD:(.*?)\r?$", re.MULTILINE)


def build_message(
    *,
    to_name: str,
    to_email: str,
    from_name: str,
    from_email: str,
    reply_to: str | None,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    sent_at: datetime,
    calendar_text: str | None = None,
    calendar_method: str | None = None,
) -> EmailMessage:
    """The message ready to send; ValueError if an address, the time or the METHOD is wrong."""
    if sent_at.tzinfo is None:
        raise ValueError("a message needs an aware time")
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(from_name, from_email)
    message["To"] = _address(to_name, to_email)
    if reply_to:
        message["Reply-To"] = _address("", reply_to)
    message["Subject"] = header_text(subject, SUBJECT_LENGTH)
    message["Date"] = sent_at
    message["Message-ID"] = _checked_message_id(message_id)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies, please
    message.set_content(_body(text), cte="quoted-printable")
    message.add_alternative(_body(html), subtype="html", cte="quoted-printable")
    if calendar_text is not None or calendar_method is not None:
        _add_calendar(message, calendar_text or "", calendar_method or "")
    return message


def header_text(text: str, length: int) -> str:
    """One line that can become neither a second header nor an encoded word (CVE-2024-6923)."""
    line = _CONTROL_OR_SPACE.sub(" ", text).strip()
    return line[:length].replace("=?", "= ?")


def _address(name: str, email: str) -> Address:
    local, _, domain = email.rpartition("@")
    if not domain.isascii():
        email = f"{local}@{domain.encode('idna').decode()}"
    if len(local) > 64 or len(email) > 254 or "=?" in email or not _EMAIL.fullmatch(email):
        raise ValueError("not an address that mail can be sent to")
    return Address(_display_name(name, email), addr_spec=email)


def _display_name(name: str, email: str) -> str:
    """The name; without marks that need quotes where Python would lose the quotes in folding."""
    line = header_text(name, NAME_LENGTH)
    marks_escaped = line.count('"') + line.count("\\")
    if line.isascii() and len(line) + marks_escaped + len(email) <= UNFOLDED_LENGTH:
        return line
    return " ".join(_NEEDS_QUOTES.sub(" ", line).split())


def _checked_message_id(message_id: str) -> str:
    bracketed = message_id if message_id.startswith("<") else f"<{message_id}>"
    if not _MESSAGE_ID.fullmatch(bracketed):
        raise ValueError("not a Message-ID")
    return bracketed


def _body(text: str) -> str:
    return _NOT_IN_BODY.sub("", text)


def _add_calendar(message: EmailMessage, calendar_text: str, method: str) -> None:
    """Twice, as Google does: a part that shows Accept buttons and a file for everything else."""
    if _METHOD.findall(calendar_text) != [method]:
        raise ValueError("METHOD in the calendar text must be the message's own")  # Outlook's rule
    # Base64, since some relays repair line endings.
    message.add_alternative(
        calendar_text, subtype="calendar", params={"method": method}, cte="base64"
    )
    message.add_attachment(
        calendar_text.encode(),
        maintype="application",
        subtype="ics",
        filename="invite.ics",
        params={"name": "invite.ics"},
    )
