"""Delivery into folders and to servers that work, refuse, stall and hang up."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from app.outbox.transports import DeliveryDelayed, DeliveryRefused, transport
from tests.outbox.test_mime import CALENDAR, make_message
from tests.support.mail_servers import (
    DROP,
    STALL,
    free_port,
    receiving_server,
    scripted_server,
)

CERTIFICATE = str(Path(__file__).with_name("localhost.pem"))
GREETING_WITH_TLS = "250-hello\r\n250 STARTTLS"


# Folder


def test_a_folder_gets_the_message_as_a_file_with_its_date_and_id(tmp_path: Path) -> None:
    message = make_message(calendar_text=CALENDAR, calendar_method="REQUEST")
    transport(f"file:{tmp_path / 'new' / 'mail'}")(message)
    [file] = (tmp_path / "new" / "mail").iterdir()
    assert file.name == "20261110T093000Z-booking-1.confirmed@learning.example.org.eml"
    assert file.read_bytes() == message.as_bytes()
    assert b"\n" not in file.read_bytes().replace(b"\r\n", b"")


def test_a_message_delivered_twice_is_one_file(tmp_path: Path) -> None:
    deliver = transport(f"file:{tmp_path}")
    deliver(make_message())
    deliver(make_message())
    deliver(make_message(message_id="<other@learning.example.org>"))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_written_delays_and_leaves_nothing(tmp_path: Path) -> None:
    in_the_way = tmp_path / "mail"
    in_the_way.write_text("a file")
    with pytest.raises(DeliveryDelayed, match="mail folder"):
        transport(f"file:{in_the_way}")(make_message())
    name = "20261110T093000Z-booking-1.confirmed@learning.example.org.eml"
    (tmp_path / "box" / name).mkdir(parents=True)
    with pytest.raises(DeliveryDelayed, match="mail folder"):
        transport(f"file:{tmp_path / 'box'}")(make_message())
    assert [path.name for path in (tmp_path / "box").iterdir()] == [name]


# Settings


@pytest.mark.parametrize(
    "mail_url",
    [
        "", "file:", "http://mail.example", "smtp://", "smtp://:25", "smtp://host:port",
        "smtp://host:99999", "smtp://host?tls=perhaps", "smtp://host?verify=no",
        "smtp://user:p%C3%A4ss@host",
    ],
)  # fmt: skip
def test_a_mail_url_that_cannot_be_used_is_refused_at_once(mail_url: str) -> None:
    with pytest.raises(ValueError, match="MAIL_URL"):
        transport(mail_url)


def test_user_and_password_may_hold_encoded_marks() -> None:
    made = transport("smtps://sam%40example.org:p%3Ass%2F@mail.example")
    assert (made.user, made.password) == ("sam@example.org", "p:ss/")  # type: ignore[attr-defined]
    assert (made.port, made.implicit_tls) == (465, True)  # type: ignore[attr-defined]


# Servers


def test_a_server_takes_one_message_for_one_recipient() -> None:
    message = make_message(text=".\n..\nFrom x\n")
    with receiving_server() as mailbox:
        transport(f"smtp://127.0.0.1:{mailbox.port}")(message)
    assert mailbox.senders == ["learning@example.org"]
    assert mailbox.recipients == [["sam@school.example"]]
    assert mailbox.messages == [message.as_bytes()]


FAULTS: dict[str, tuple[dict[str, str], type[Exception], str]] = {
    "greeting 421": ({"CONNECT": "421 busy"}, DeliveryDelayed, "421"),
    "greeting 554": ({"CONNECT": "554 no service"}, DeliveryDelayed, "554"),
    "greeting is garbage": ({"CONNECT": "hello?"}, DeliveryDelayed, "connection"),
    "greeting drop": ({"CONNECT": DROP}, DeliveryDelayed, "hung up"),
    "hello refused": ({"EHLO": "550 no", "HELO": "550 no"}, DeliveryDelayed, "550"),
    "sender 421": ({"MAIL": "421 closing"}, DeliveryDelayed, "421"),
    "sender 451": ({"MAIL": "451 later"}, DeliveryDelayed, "451"),
    "sender 550": ({"MAIL": "550 not you"}, DeliveryDelayed, "550"),
    "sender 530": ({"MAIL": "530 5.7.0 sign in"}, DeliveryDelayed, "530 5.7.0"),
    "too large": ({"MAIL": "552 5.3.4 too large"}, DeliveryRefused, "552 5.3.4"),
    "recipient 421": ({"RCPT": "421 closing"}, DeliveryDelayed, "421"),
    "recipient 450": ({"RCPT": "450 greylisted"}, DeliveryDelayed, "450"),
    "recipient 452": ({"RCPT": "452 4.2.2 full"}, DeliveryDelayed, "452 4.2.2"),
    "recipient 530": ({"RCPT": "530 sign in"}, DeliveryDelayed, "530"),
    "recipient 550": ({"RCPT": "550 5.1.1 no such"}, DeliveryRefused, "550 5.1.1"),
    "recipient 553": ({"RCPT": "553 not allowed"}, DeliveryRefused, "553"),
    "data 451": ({"DATA": "451 later"}, DeliveryDelayed, "451"),
    "data 554": ({"DATA": "554 no"}, DeliveryRefused, "554"),
    "content 432": ({"END": "432 later"}, DeliveryDelayed, "432"),
    "content 452": ({"END": "452 later"}, DeliveryDelayed, "452"),
    "content 552": ({"END": "552 too large"}, DeliveryRefused, "552"),
    "content 554": ({"END": "554 5.7.1 spam"}, DeliveryRefused, "554 5.7.1"),
    "drop at sender": ({"MAIL": DROP}, DeliveryDelayed, "hung up"),
    "drop at content": ({"DATA": DROP}, DeliveryDelayed, "hung up"),
    "drop after the final dot": ({"END": DROP}, DeliveryDelayed, "hung up"),
    "garbage after the final dot": ({"END": "what?"}, DeliveryDelayed, "message"),
    "encryption breaks": (
        {"EHLO": GREETING_WITH_TLS, "STARTTLS": "220 go on"}, DeliveryDelayed, "."
    ),
    "encryption refused": (
        {"EHLO": GREETING_WITH_TLS, "STARTTLS": "454 not now"}, DeliveryDelayed, "454"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("script", "kind", "words"), FAULTS.values(), ids=FAULTS)
def test_a_fault_delays_unless_it_is_this_recipients_or_this_messages(
    script: dict[str, str], kind: type[Exception], words: str
) -> None:
    script = {
        command: f"{reply} <sam@school.example>" if reply not in {DROP, STALL} else reply
        for command, reply in script.items()
        if command != "EHLO"
    } | {command: reply for command, reply in script.items() if command == "EHLO"}
    with (
        scripted_server(**script) as server,
        pytest.raises((DeliveryDelayed, DeliveryRefused), match=words) as raised,
    ):
        transport(f"smtp://127.0.0.1:{server.port}", step_seconds=2)(make_message())
    assert raised.type is kind
    assert "@" not in str(raised.value)
    assert len(str(raised.value)) < 100


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"])
def test_a_server_that_stalls_delays_within_the_limit_of_a_step(step: str) -> None:
    with scripted_server(**{step: STALL}) as server:
        start = time.monotonic()
        with pytest.raises(DeliveryDelayed, match="too long"):
            transport(f"smtp://127.0.0.1:{server.port}", step_seconds=0.3)(make_message())
        assert time.monotonic() - start < 3


@pytest.mark.parametrize("goodbye", [STALL, DROP, "500 no", "421 no"])
def test_what_the_server_took_is_delivered_however_it_says_goodbye(goodbye: str) -> None:
    with scripted_server(QUIT=goodbye) as server:
        start = time.monotonic()
        transport(f"smtp://127.0.0.1:{server.port}")(make_message())
        assert time.monotonic() - start < 5
    assert server.heard[-2:] == [".", "QUIT"]


def test_a_server_that_is_not_there_delays() -> None:
    with pytest.raises(DeliveryDelayed, match="cannot be reached"):
        transport(f"smtp://127.0.0.1:{free_port()}")(make_message())


def test_a_server_whose_name_is_not_known_delays() -> None:
    with pytest.raises(DeliveryDelayed, match="cannot be reached"):
        transport("smtp://mail.invalid:25")(make_message())


# Encryption


def test_offered_encryption_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", CERTIFICATE)
    with receiving_server(CERTIFICATE) as mailbox:
        transport(f"smtp://localhost:{mailbox.port}?tls=required")(make_message())
        transport(f"smtp://localhost:{mailbox.port}")(make_message())
    assert mailbox.encrypted == [True, True]


def test_a_certificate_that_nobody_vouches_for_delays_and_nothing_leaves() -> None:
    with receiving_server(CERTIFICATE) as mailbox:
        with pytest.raises(DeliveryDelayed, match="no safe connection"):
            transport(f"smtp://localhost:{mailbox.port}")(make_message())
        transport(f"smtp://localhost:{mailbox.port}?tls=never")(make_message())
    assert mailbox.encrypted == [False]


def test_required_encryption_that_is_not_offered_delays_and_nothing_leaves() -> None:
    with (
        receiving_server() as mailbox,
        pytest.raises(DeliveryDelayed, match="no encryption"),
    ):
        transport(f"smtp://127.0.0.1:{mailbox.port}?tls=required")(make_message())
    assert mailbox.messages == []


def test_a_plain_server_where_an_encrypted_one_is_expected_delays() -> None:
    with scripted_server() as server, pytest.raises(DeliveryDelayed):
        transport(f"smtps://127.0.0.1:{server.port}", step_seconds=1)(make_message())


def test_a_refused_sign_in_delays() -> None:
    with scripted_server(EHLO="250-hello\r\n250 AUTH PLAIN", AUTH="535 5.7.8 no") as server:
        deliver = transport(f"smtp://sam:secret@127.0.0.1:{server.port}")
        with pytest.raises(DeliveryDelayed, match="535 5.7.8"):
            deliver(make_message())
    assert "MAIL" not in server.heard


def test_a_sign_in_that_the_server_does_not_offer_delays() -> None:
    with scripted_server() as server:
        deliver = transport(f"smtp://sam:secret@127.0.0.1:{server.port}")
        with pytest.raises(DeliveryDelayed, match="does not offer"):
            deliver(make_message())
