"""Messages as they are read again from the bytes that leave."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.outbox.mime import build_message
from app.outbox.transports import transport
from tests.support.mail_servers import receiving_server

CALENDAR = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Ripple//Ripple//EN\r\nMETHOD:REQUEST\r\n"
    "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Neglect – what we learned\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
HEADERS = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
    "Content-Type",
]  # fmt: skip


def make_message(**changes: Any) -> EmailMessage:
    parts: dict[str, Any] = {
        "to_name": "Sam Example",
        "to_email": "sam@school.example",
        "from_name": "Wakefield learning",
        "from_email": "learning@example.org",
        "reply_to": "team@example.org",
        "subject": "Your place is confirmed: Neglect",
        "text": "Hello Sam\n\nYour place is confirmed – see you there.\n",
        "html": "<p>Hello Sam</p>\n<p>Your place is confirmed – see you there.</p>\n",
        "message_id": "<booking-1.confirmed@learning.example.org>",
        "sent_at": datetime(2026, 11, 10, 9, 30, tzinfo=UTC),
    }
    return build_message(**{**parts, **changes})


def as_read(message: EmailMessage) -> Any:
    """The message read again from its bytes; untyped, since a header may be anything."""
    return message_from_bytes(message.as_bytes(), policy=SMTP)


def tree(part: Any) -> Any:
    kind = part.get_content_type()
    return (kind, [tree(child) for child in part.iter_parts()]) if part.is_multipart() else kind


def test_a_message_is_text_and_html_with_its_own_headers() -> None:
    message = as_read(make_message())
    assert tree(message) == ("multipart/alternative", ["text/plain", "text/html"])
    assert sorted(message.keys()) == sorted(HEADERS)
    assert message["To"] == "Sam Example <sam@school.example>"
    assert message["From"] == "Wakefield learning <learning@example.org>"
    assert message["Reply-To"] == "team@example.org"
    assert message["Message-ID"] == "<booking-1.confirmed@learning.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == datetime(2026, 11, 10, 9, 30, tzinfo=UTC)
    text, html = message.iter_parts()
    assert "confirmed – see you there." in text.get_content()
    assert "<p>Hello Sam</p>" in html.get_content()


def test_every_octet_survives_relays_of_seven_bits_and_short_lines() -> None:
    message = make_message(
        text="ä" * 3000 + "\n.\nFrom here\n", html="<p>" + "x" * 5000 + "</p>",
        calendar_text=CALENDAR, calendar_method="REQUEST",
    )  # fmt: skip
    content = message.as_bytes()
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 78
    text = as_read(message).get_body(("plain",)).get_content()
    assert text.replace("\r\n", "\n") == "ä" * 3000 + "\n.\nFrom here\n"


def test_the_calendar_part_arrives_beside_text_and_html_and_as_a_file() -> None:
    with receiving_server() as mailbox:
        transport(f"smtp://127.0.0.1:{mailbox.port}")(
            make_message(calendar_text=CALENDAR, calendar_method="REQUEST")
        )
    [content] = mailbox.messages
    assert mailbox.recipients == [["sam@school.example"]]
    message: Any = message_from_bytes(content, policy=SMTP)
    assert tree(message) == (
        "multipart/mixed",
        [
            ("multipart/alternative", ["text/plain", "text/html", "text/calendar"]),
            "application/ics",
        ],
    )
    alternative, file = message.iter_parts()
    invite = list(alternative.iter_parts())[2]
    assert dict(invite["Content-Type"].params) == {"charset": "utf-8", "method": "REQUEST"}
    assert invite["Content-Disposition"] is None
    assert invite.get_payload(decode=True) == CALENDAR.encode()
    assert file["Content-Type"].params["name"] == "invite.ics"
    assert file.get_filename() == "invite.ics"
    assert file.get_content_disposition() == "attachment"
    assert file.get_payload(decode=True) == CALENDAR.encode()


@pytest.mark.parametrize(
    ("text", "method"),
    [
        (CALENDAR, "CANCEL"),
        (CALENDAR, None),
        (None, "REQUEST"),
        (CALENDAR.replace("METHOD:REQUEST\r\n", ""), "REQUEST"),
        (CALENDAR.replace("METHOD:REQUEST", "METHOD:REQUEST\r\nMETHOD:CANCEL"), "REQUEST"),
        (CALENDAR.replace("METHOD:REQUEST", "METHOD:REQUESTED"), "REQUEST"),
    ],
    ids=["another method", "none given", "no text", "none inside", "two inside", "longer inside"],
)
def test_a_method_that_differs_from_the_calendar_text_is_refused(
    text: str | None, method: str | None
) -> None:
    with pytest.raises(ValueError, match="METHOD"):
        make_message(calendar_text=text, calendar_method=method)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "sam",
        "@school.example",
        "sam@school.example, eve@example.net",
        "sam@school.example\r\nBcc: eve@example.net",
        "sam@school.example\n",
        "<sam@school.example>",
        "sam eve@example.net",
        "sam@school@example.net",
        "=?utf-8?q?sam?=@school.example",
        "säm@school.example",
        "sam\0@school.example",
        "a" * 65 + "@school.example",
    ],
)
@pytest.mark.parametrize("field", ["to_email", "from_email", "reply_to"])
def test_what_is_not_exactly_one_address_is_refused(field: str, email: str) -> None:
    if field == "reply_to" and not email:
        assert make_message(reply_to=email)["Reply-To"] is None
        return
    with pytest.raises(ValueError, match="."):
        make_message(**{field: email})


def test_an_address_beyond_ascii_in_its_domain_is_written_as_mail_servers_know_it() -> None:
    assert make_message(to_email="sam@schüle.example")["To"].addresses[0].addr_spec == (
        "sam@xn--schle-mva.example"
    )


@pytest.mark.parametrize("message_id", ["", "<>", "x", "<a@b>\r\nBcc: <c@d>", "<a b@c>", "<a@b"])
def test_only_a_message_id_is_taken_for_one(message_id: str) -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        make_message(message_id=message_id)


def test_a_message_id_without_brackets_gets_them() -> None:
    assert make_message(message_id="a.1@b.example")["Message-ID"] == "<a.1@b.example>"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        make_message(sent_at=datetime(2026, 11, 10, 9, 30))  # noqa: DTZ001


HOSTILE = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="\r\n\0\t =?UTF8QqBb_:,;<>@\"'\\()\u2028\x85ä💩", max_size=300),
    st.builds(
        "{}{}{}".format,
        st.text(max_size=80),
        st.sampled_from(
            [
                "\r\nBcc: eve@example.net",
                "\n\nbody",
                "\rCc: eve@example.net",
                "=?UTF-8?Q?=0A?=Bcc: eve@example.net",
                "=\0?utf-8?b?CkJjYzogZXZlQGV4YW1wbGUubmV0?=",
                '"sam" <eve@example.net>, ',
                "\u2028Bcc: eve@example.net",
                "x" * 10_000,
                "💩" * 10_000,
                "\ud800",
            ]
        ),
        st.text(max_size=80),
    ),
)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(to_name=HOSTILE, from_name=HOSTILE, subject=HOSTILE, text=HOSTILE, html=HOSTILE)
@example(
    to_name="A",
    from_name="B",
    subject="A 💩 subject=?UTF-8?Q?=0A?=Bcc: injected@example.com",
    text="",
    html="",
)
@example(to_name=":" + "x" * 100, from_name="a, b" + "ä" * 90, subject="x", text="", html="")
def test_hostile_texts_make_no_header_and_no_recipient(**texts: str) -> None:
    content = make_message(**texts).as_bytes()
    head = content.partition(b"\r\n\r\n")[0].decode("ascii")
    names = [line.partition(":")[0] for line in head.split("\r\n") if line[0] not in " \t"]
    assert sorted(names) == sorted(HEADERS)
    assert "\n" not in head.replace("\r\n", "")
    message: Any = message_from_bytes(content, policy=SMTP)
    assert sorted(message.keys()) == sorted(HEADERS)
    for header, email in (
        ("To", "sam@school.example"),
        ("From", "learning@example.org"),
        ("Reply-To", "team@example.org"),
    ):
        assert [address.addr_spec for address in message[header].addresses] == [email]
    assert tree(message) == ("multipart/alternative", ["text/plain", "text/html"])


@settings(max_examples=300, deadline=None)
@given(
    email=st.one_of(
        st.text(max_size=80),
        st.from_regex(r"[\w.=?+'\"<>, -]{1,20}@[\w.,@-]{1,20}", fullmatch=True),
        st.from_regex(r"[a-z.=?+'&/%]{1,20}@[a-z.-]{1,20}\n?", fullmatch=True),
    )
)
def test_an_address_is_written_as_it_was_given_or_refused(email: str) -> None:
    try:
        message = make_message(to_email=email)
    except ValueError:
        return
    [address] = as_read(message)["To"].addresses
    assert address.username == email.rpartition("@")[0]
    assert address.domain.isascii()


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ('Sam "Sammy" Example', None),
        ("Example, Sam", None),
        ("O'Neil-Żółć", None),
        ("Sam <sam>", None),
        ("Sam \\", None),
        ("Żółć, Sam (DSL)", "Żółć Sam DSL"),
        ("Dr. " + "x" * 60, "Dr " + "x" * 60),
    ],
)
def test_a_name_is_kept_unless_folding_would_lose_its_quotes(name: str, read: str | None) -> None:
    [address] = as_read(make_message(to_name=name))["To"].addresses
    assert (address.display_name, address.addr_spec) == (read or name, "sam@school.example")
