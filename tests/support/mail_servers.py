"""Mail servers for tests: one that takes everything, one that misbehaves as it is told."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Mailbox:
    """What a server has taken: for each message its sender, its recipients and its bytes."""

    port: int
    senders: list[str] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Called by aiosmtpd with a whole message."""
        self.senders.append(envelope.mail_from)
        self.recipients.append(envelope.rcpt_tos)
        self.messages.append(envelope.original_content)
        self.encrypted.append(session.ssl is not None)
        return "250 taken"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def receiving_server(certificate: str | None = None) -> Iterator[Mailbox]:
    """A real mail server on this machine; with a certificate it offers STARTTLS."""
    mailbox = Mailbox(free_port())
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, tls_context=context)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


DROP, STALL = "drop", "stall"
USUAL = {
    "CONNECT": "220 ready",
    "EHLO": "250 8BITMIME",
    "HELO": "250 hello",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    ".": "250 taken",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


@dataclass
class ScriptedServer:
    """Answers each command with its line of the script; drops or stalls where that says so."""

    script: dict[str, str]
    port: int = 0
    heard: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def talk(self, connection: socket.socket) -> None:
        """One conversation."""
        with connection, connection.makefile("rb") as lines:
            if not self.answer(connection, "CONNECT"):
                return
            in_data = False
            for line in lines:
                words = line.decode("utf-8", "replace").strip()
                if in_data and words != ".":
                    continue
                command = words.split(" ")[0].upper()
                self.heard.append(command)
                if not self.answer(connection, command):
                    return
                in_data = command == "DATA" and self.script.get("DATA", "354").startswith("354")

    def answer(self, connection: socket.socket, command: str) -> bool:
        """False when the conversation is over."""
        reply = self.script.get(command, USUAL.get(command, "502 not known"))
        if reply == STALL:
            self.over.wait(30)
        if reply in {DROP, STALL}:
            return False
        connection.sendall(reply.encode() + b"\r\n")
        return True


@contextmanager
def scripted_server(**script: str) -> Iterator[ScriptedServer]:
    """A server that answers as the script says (commands in capitals; END is the final dot)."""
    if "END" in script:
        script["."] = script.pop("END")
    server = ScriptedServer(script)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with suppress(OSError):
                        server.talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
