"""The tests' mail server does as it is told."""

from __future__ import annotations

import smtplib

import pytest

from tests.support.smtp import MailServer

LETTER = b"Subject: Your place\r\n\r\nSee you on Tuesday\r\n"


def _send(server: MailServer, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.port) as connection:
        connection.sendmail("from@example.org", recipients, LETTER)


def test_a_message_is_kept_as_it_came(mail_server: MailServer) -> None:
    _send(mail_server, "ana@example.org")
    (kept,) = mail_server.received
    assert kept.recipients == ["ana@example.org"]
    assert kept.content == LETTER
    assert kept.message["Subject"] == "Your place"


def test_one_recipient_can_be_refused(mail_server: MailServer) -> None:
    mail_server.answers["bo@example.org"] = "450 4.2.1 Try later"
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        _send(mail_server, "bo@example.org")
    assert refusal.value.recipients["bo@example.org"][0] == 450
    assert mail_server.received == []


def test_content_can_be_refused(mail_server: MailServer) -> None:
    mail_server.data_answer = "554 5.7.1 Not wanted"
    with pytest.raises(smtplib.SMTPDataError):
        _send(mail_server, "ana@example.org")
    assert mail_server.received == []


def test_it_can_be_away(mail_server: MailServer) -> None:
    mail_server.stop()
    with pytest.raises(ConnectionRefusedError):
        _send(mail_server, "ana@example.org")
