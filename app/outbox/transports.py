"""Ways for a message to leave: into a folder, or to a mail server."""

from __future__ import annotations

import os
import re
import smtplib
import ssl
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from time import monotonic
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

STEP_SECONDS = 20.0
ATTEMPT_SECONDS = 100.0
GOODBYE_SECONDS = 2.0
MUST_BE = "MAIL_URL must be file:FOLDER, smtp://user:pass@host:587 or smtps://host:465"

REASONS: dict[type[Exception], str] = {
    TimeoutError: "the mail server took too long",
    ssl.SSLError: "no safe connection to the mail server",
    smtplib.SMTPServerDisconnected: "the mail server hung up or took too long",
    smtplib.SMTPException: "the mail server does not offer what MAIL_URL asks for",
}

Transport = Callable[[EmailMessage], None]


class DeliveryDelayed(Exception):
    """Not delivered now, but later perhaps; the text says why without naming an address."""


class DeliveryRefused(Exception):
    """This message will not be taken for this recipient; the text says why without an address."""


def transport(mail_url: str, *, step_seconds: float = STEP_SECONDS) -> Transport:
    """What delivers one message or raises one of the two above; ValueError if MAIL_URL is wrong."""
    if mail_url.startswith("file:") and len(mail_url) > len("file:"):
        return FolderTransport(Path(mail_url.removeprefix("file:")))
    try:
        parts = urlsplit(mail_url)
        port = parts.port
    except ValueError as error:
        raise ValueError(MUST_BE) from error
    options = parse_qs(parts.query)
    tls = options.pop("tls", ["offered"])[0]
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or options:
        raise ValueError(MUST_BE)
    if tls not in {"offered", "required", "never"}:
        raise ValueError("MAIL_URL: tls is required or never, or left out for when it is offered")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (user + password).isascii():
        raise ValueError("MAIL_URL: only ASCII can be used in the user and the password")
    implicit = parts.scheme == "smtps"
    return SmtpTransport(
        host=parts.hostname,
        port=port or (465 if implicit else 587),
        user=user,
        password=password,
        implicit_tls=implicit,
        tls=tls,
        step_seconds=step_seconds,
    )


@dataclass(frozen=True)
class FolderTransport:
    """Writes each message as an .eml file; the same Message-ID and date is the same file."""

    folder: Path

    def __call__(self, message: EmailMessage) -> None:
        """Write the whole file or nothing."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._write(self.folder / _file_name(message), message.as_bytes(policy=SMTP))
        except OSError as error:
            raise DeliveryDelayed(f"the mail folder: {error.strerror or 'not writable'}") from error

    def _write(self, path: Path, content: bytes) -> None:
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise


def _file_name(message: EmailMessage) -> str:
    sent_at = cast(datetime, message["Date"].datetime).astimezone(UTC)
    reference = re.sub(r"[^A-Za-z0-9@._-]", "", str(message["Message-ID"]))[:150]
    return f"{sent_at:%Y%m%dT%H%M%SZ}-{reference}.eml"


class _Patient:
    """Limits every step and the whole conversation; smtplib alone limits single reads."""

    sock: Any
    timeout: Any

    def __init__(self, *args: Any, ends_in: float, **kwargs: Any) -> None:
        self.ends_at = monotonic() + ends_in
        super().__init__(*args, **kwargs)

    def getreply(self) -> tuple[int, bytes]:
        left = self.ends_at - monotonic()
        if left <= 0:
            # Mixed into smtplib.SMTP, which has this; the mixin alone does not.
            self.close()  # type: ignore[attr-defined]
            raise TimeoutError
        if self.sock:
            self.sock.settimeout(min(self.timeout, left))
        # Likewise.
        reply: tuple[int, bytes] = super().getreply()  # type: ignore[misc]
        return reply


class _Conversation(_Patient, smtplib.SMTP):
    pass


class _TlsConversation(_Patient, smtplib.SMTP_SSL):
    pass


@dataclass(frozen=True)
class SmtpTransport:
    """Hands each message to a mail server over a connection of its own."""

    host: str
    port: int
    user: str
    password: str
    implicit_tls: bool
    tls: str
    step_seconds: float = STEP_SECONDS

    def __call__(self, message: EmailMessage) -> None:
        """Return once the server has taken the message; else DeliveryDelayed or DeliveryRefused."""
        sender, recipient = _only_address(message, "From"), _only_address(message, "To")
        try:
            client = self._connected(domain=sender.rpartition("@")[2])
            try:
                self._encrypt_and_sign_in(client)
                client.sendmail(sender, [recipient], message.as_bytes(policy=SMTP))
            finally:
                _say_goodbye(client)
        except (smtplib.SMTPException, OSError) as error:
            raise _as_delivery_error(error) from error

    def _connected(self, domain: str) -> smtplib.SMTP:
        # We greet with the sender's domain: to find this machine's name may take a slow DNS.
        common: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "local_hostname": domain,
            "timeout": self.step_seconds,
            "ends_in": ATTEMPT_SECONDS,
        }
        if self.implicit_tls:
            return _TlsConversation(context=ssl.create_default_context(), **common)
        return _Conversation(**common)

    def _encrypt_and_sign_in(self, client: smtplib.SMTP) -> None:
        client.ehlo_or_helo_if_needed()
        encrypted = self.implicit_tls
        if not encrypted and self.tls != "never" and client.has_extn("starttls"):
            client.starttls(context=ssl.create_default_context())
            client.ehlo_or_helo_if_needed()
            encrypted = True
        if self.tls == "required" and not encrypted:
            raise DeliveryDelayed("the mail server offers no encryption")
        if self.user:
            if not encrypted and self.tls != "never" and not self._on_this_machine():
                raise DeliveryDelayed("the mail server offers no encryption for the password")
            client.login(self.user, self.password)

    def _on_this_machine(self) -> bool:
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")


def _only_address(message: EmailMessage, header: str) -> str:
    [address] = message[header].addresses
    return str(address.addr_spec)


def _say_goodbye(client: smtplib.SMTP) -> None:
    """Once taken, a message is sent: a server that stalls on QUIT must not get it again."""
    assert isinstance(client, _Patient)  # noqa: S101 - tells the type checker what _connected made
    client.ends_at = monotonic() + GOODBYE_SECONDS
    with suppress(smtplib.SMTPException, OSError):
        client.quit()
    client.close()


def _as_delivery_error(error: Exception) -> DeliveryDelayed | DeliveryRefused:
    """What the error means; a 5xx about us, not about the recipient, can be put right and waits."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        [(code, reply)] = error.recipients.values()
        return _answered(code, reply, "the recipient", final=code not in {530, 535})
    if isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
        if isinstance(error, smtplib.SMTPDataError):
            return _answered(code, error.smtp_error, "the message", final=True)
        if isinstance(error, smtplib.SMTPSenderRefused):
            return _answered(code, error.smtp_error, "the sender", final=code == 552)
        return _answered(code, error.smtp_error, "our connection", final=False)
    for kind, words in REASONS.items():
        if isinstance(error, kind):
            return DeliveryDelayed(words)
    return DeliveryDelayed("the mail server cannot be reached")


def _answered(
    code: int, reply: bytes | str, what: str, *, final: bool
) -> DeliveryDelayed | DeliveryRefused:
    """Names codes alone (RFC 5321, RFC 3463): what servers write around them names people."""
    words = reply.decode("ascii", "replace") if isinstance(reply, bytes) else reply
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)", words)
    codes = f"{code} {enhanced[0]}" if enhanced else str(code)
    if final and 500 <= code < 600:
        return DeliveryRefused(f"the mail server refused {what} ({codes})")
    return DeliveryDelayed(f"the mail server did not take {what} ({codes})")
