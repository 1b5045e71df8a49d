"""Words with placeholders: which there are, what is wrong with a text, and how one is filled in.

Filling in is plain replacement in one pass: what a placeholder stands for is never read again, so
that a person called "{booking_link}" stays just that (reliability S16).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from app.kernel.refusals import Refused
from app.outbox.models import WordingKind

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
WEB_ADDRESS = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]]")
MOST_IN_SUBJECT, MOST_IN_BODY = 150, 3000

# What each placeholder stands for, as staff read it.
PLACEHOLDERS = {
    "name": "whom the message is to",
    "person": "who has the place: the same, or the colleague they booked for",
    "session": "the session's title",
    "when": "its date and times",
    "where": "the place, or Online",
    "booking_link": "their booking page, where they can cancel",
    "joining_link": "their own joining page, for an online session",
    "next_dates": "the next dates of the same learning, with links",
    "partnership": "the partnership's name",
    "phone": "the partnership's telephone number",
    "email": "the partnership's email address",
}
NOT_IN_SUBJECT = {"booking_link", "joining_link", "next_dates"}
EVERYWHERE = ("name", "person", "session", "when", "where", "booking_link")
CONTACTS = ("partnership", "phone", "email")


@dataclass(frozen=True)
class Words:
    """The subject, empty for an opening, and the body of a letter, placeholders and all."""

    subject: str
    body: str


@dataclass(frozen=True)
class KindFacts:
    """What a kind is called, which placeholders it knows, and its words unless changed."""

    title: str
    standard: Words
    placeholders: tuple[str, ...]

    @property
    def has_subject(self) -> bool:
        """Whether the subject can be worded too; a letter about a change words its own."""
        return bool(self.standard.subject)


KINDS = {
    WordingKind.REMINDER: KindFacts(
        "Reminder",
        Words(
            "Reminder: {session}, {when}",
            "This is a reminder: {session} is coming up.",
        ),
        (*EVERYWHERE, "joining_link", *CONTACTS),
    ),
    WordingKind.JOINING_INSTRUCTIONS: KindFacts(
        "Joining instructions",
        Words(
            "Joining instructions: {session}, {when}",
            "Here is what you need for {session}.\n\n"
            "Please come, or join, five minutes before the start.",
        ),
        (*EVERYWHERE, "joining_link", *CONTACTS),
    ),
    WordingKind.MISSED_YOU: KindFacts(
        "Sorry we missed you",
        Words(
            "Sorry we missed you: {session}",
            "According to our register, {person} had a place on {session} and could not come. "
            "We are sorry that it did not work out.\n\n{next_dates}\n\n"
            "Is the register wrong? Tell us: {email}, {phone}.",
        ),
        (*EVERYWHERE, "next_dates", *CONTACTS),
    ),
    WordingKind.BOOKING_CHANGED: KindFacts(
        "Session changed: how the message begins",
        Words("", "{session} has changed."),
        (*EVERYWHERE, *CONTACTS),
    ),
    WordingKind.BOOKING_CANCELLED_BY_US: KindFacts(
        "Session cancelled: how the message begins",
        Words("", "We are sorry: {session} does not take place."),
        (*EVERYWHERE, *CONTACTS),
    ),
}


def check(kind: WordingKind, words: Words) -> None:
    """Refused with what to mend if a text cannot be used."""
    facts = KINDS[kind]
    if facts.has_subject and not words.subject.strip():
        raise Refused("Enter a subject")
    if not words.body.strip():
        raise Refused("Enter the words of the message")
    if len(words.subject) > MOST_IN_SUBJECT:
        raise Refused(f"The subject must be {MOST_IN_SUBJECT} characters or fewer")
    if len(words.body) > MOST_IN_BODY:
        raise Refused(f"The message must be {MOST_IN_BODY:,} characters or fewer")
    in_subject = [name for name in facts.placeholders if name not in NOT_IN_SUBJECT]
    check_placeholders(words.subject, in_subject, "the subject")
    check_placeholders(words.body, facts.placeholders, "this message")


def check_placeholders(text: str, known: tuple[str, ...] | list[str], where: str) -> None:
    """Refused where braces hold anything but a placeholder that is known there."""
    for written in re.findall(r"\{[^{}]*\}", text):
        if written[1:-1] not in known:
            listed = ", ".join(f"{{{name}}}" for name in known)
            raise Refused(f"{written[:40]} cannot be used in {where}. Use one of {listed}")
    if "{" in (rest := PLACEHOLDER.sub("", text)) or "}" in rest:
        raise Refused("Write { and } only around a placeholder, as in {session}")


def fill_line(text: str, values: Mapping[str, str]) -> str:
    """One line with its placeholders replaced, once; what is not known stays as it is written."""
    filled = PLACEHOLDER.sub(lambda match: str(values.get(match[1], match[0])), text)
    return " ".join(filled.split())


def fill_paragraphs(text: str, values: Mapping[str, str]) -> list[Markup]:
    """The paragraphs of a text as HTML: web addresses are links, placeholders replaced, once.

    A value is escaped, unless it is Markup; only addresses that staff wrote become links.
    """
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return [_paragraph(paragraph, values) for paragraph in paragraphs if paragraph.strip()]


def link(address: str) -> Markup:
    """An address that shows itself."""
    return Markup('<a href="{0}">{0}</a>').format(address)


def _paragraph(text: str, values: Mapping[str, str]) -> Markup:
    made, end = Markup(""), 0
    for match in PLACEHOLDER.finditer(text):
        made += _as_written(text[end : match.start()])
        made += escape(values.get(match[1], match[0]))
        end = match.end()
    return made + _as_written(text[end:])


def _as_written(text: str) -> Markup:
    made, end = Markup(""), 0
    for match in WEB_ADDRESS.finditer(text):
        made += _with_breaks(text[end : match.start()]) + link(match[0])
        end = match.end()
    return made + _with_breaks(text[end:])


def _with_breaks(text: str) -> Markup:
    return Markup("<br>").join(text.split("\n"))
