"""Who was asked what came of it until today, who answered, and what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.bookings.models import BookingOrigin, BookingState
from app.catalogue.models import EventState, Offer
from app.demo.making.answers import Fixed, Knowledge, Respondents
from app.demo.making.plan import PlannedBooking, PlannedEvent
from app.demo.making.responses import ResponseRows
from app.demo.making.rows import Chance, add_all, read
from app.kernel.db import db
from app.kernel.london import SURVEY_HOUR, from_london, london_date
from app.kernel.tokens import token_hash
from app.surveys import rules
from app.surveys.answer_rules import AskedQuestion
from app.surveys.evaluations import kind_of_wave
from app.surveys.models import (
    Evaluation,
    InvitationState,
    MissedBecause,
    SurveyInvitation,
    SurveyStop,
    Wave,
)
from app.surveys.planning import REFERENCE_LENGTH, link_token
from app.surveys.queries import asked_questions
from app.surveys.response_models import Pairing

NOT_DELIVERED = 0.015
PEOPLE_WHO_STOPPED = 3
LEFT_ALONE = timedelta(days=28)  # after an impact survey nobody is asked for another
STOPPED_BEFORE = timedelta(days=3)
ENDED = set(InvitationState) - {InvitationState.PLANNED, InvitationState.SENT}


@dataclass(frozen=True)
class Asking:
    """One point of an evaluation's plan."""

    wave_id: int
    evaluation_id: int
    version_id: int
    months_later: int
    once_per_person: bool
    subject_words: str
    offer_id: int | None
    series_id: int | None


@dataclass(frozen=True)
class Due:
    """One person who falls due to be asked."""

    due_at: datetime
    send_by: datetime
    asking: Asking
    event: PlannedEvent
    booking: PlannedBooking

    @property
    def addressee_key(self) -> str:
        """Whom the invitation is to, as surveys names them."""
        if self.asking.once_per_person:
            return f"person:{self.booking.person.id}"
        return f"booking:{self.booking.id}"


class Asker:
    """Goes through everything that fell due, oldest first, as the worker would have."""

    def __init__(
        self, events: Sequence[PlannedEvent], respondents: Respondents, *, now: datetime
    ) -> None:
        """Know the plans and the registers."""
        self.now = now
        self.events = events
        self.respondents = respondents
        self.chance: Chance = respondents.chance
        self.responses = ResponseRows(self.chance)
        self.plans = _plans()
        self.offer_ids = {
            slug: (id_, series_id)
            for slug, id_, series_id in db.session.execute(
                select(Offer.slug, Offer.id, Offer.series_id)
            )
        }
        self.invitations: list[dict[str, Any]] = []
        self.last_impact_at: dict[int, datetime] = {}
        self.known: dict[tuple[int, str], Knowledge] = {}
        self.keys: dict[tuple[int, str], str] = {}
        self.forms: dict[int, list[AskedQuestion]] = {}
        self.fixed = _FixedAnswers(self.chance)

    def ask(self, *, not_answering: set[int]) -> None:
        """Write invitations, responses and pairings; these people leave open surveys open."""
        seen: set[tuple[int, str]] = set()
        for due in sorted(self._due(), key=lambda due: due.due_at):
            if (due.asking.wave_id, due.addressee_key) not in seen:
                seen.add((due.asking.wave_id, due.addressee_key))
                self._ask_one(due, may_answer=due.booking.person.id not in not_answering)
        self._let_some_stop(not_answering)
        add_all(SurveyInvitation, self.invitations)
        add_all(Pairing, self._pairings())

    def _due(self) -> Iterator[Due]:
        for event in self.events:
            if event.state is not EventState.PUBLISHED:
                continue
            for asking in self._askings_of(event):
                window = rules.window(
                    asking.months_later, starts_at=event.starts_at, ends_at=event.ends_at
                )
                if window.due_at > self.now:
                    continue
                for booking in _asked(event, asking.months_later):
                    if booking.person.has_address:
                        yield Due(window.due_at, window.send_by, asking, event, booking)

    def _askings_of(self, event: PlannedEvent) -> list[Asking]:
        offer_id, series_id = self.offer_ids[event.offer]
        own = [plan for plan in self.plans if plan.offer_id == offer_id]
        if event.is_history:
            return [plan for plan in own if plan.months_later == rules.AFTER]
        own_months = {plan.months_later for plan in own}
        return own + [
            plan
            for plan in self.plans
            if series_id and plan.series_id == series_id and plan.months_later not in own_months
        ]

    def _ask_one(self, due: Due, *, may_answer: bool) -> None:
        sent_at = self._sending_time(due)
        if sent_at is not None and sent_at > self.now:
            return  # the worker's turn
        row = self._row(due)
        if sent_at is None:
            self.invitations.append(
                row | {"state": InvitationState.MISSED, "missed_because": MissedBecause.LATE}
            )
            return
        if due.asking.months_later > rules.AFTER:
            self.last_impact_at[due.booking.person.id] = sent_at
        closes_at = rules.closes_at(
            due.asking.months_later, sent_at=sent_at, starts_at=due.event.starts_at
        )
        row |= {"sent_at": sent_at, "closes_at": closes_at}
        until = min(closes_at, self.now)
        open_share = 1.0 if closes_at <= self.now else 0.6
        if may_answer and self.fixed.answers(due, self.respondents.facts, open_share):
            answered_on = self._day_between(sent_at, until)
            row |= {"state": InvitationState.ANSWERED, "answered_on": answered_on}
            row |= _reminders(sent_at, from_london(answered_on, SURVEY_HOUR))
            self._answer(due)
        else:
            over = closes_at <= self.now
            row["state"] = InvitationState.CLOSED if over else InvitationState.SENT
            row |= _reminders(sent_at, until)
            if may_answer and self.chance.random() < NOT_DELIVERED:
                row |= {"bounced_at": sent_at + timedelta(minutes=2)}
                row |= {"reminders_count": 0, "reminded_at": None}
        self.invitations.append(row)

    def _sending_time(self, due: Due) -> datetime | None:
        """When it was sent: later while the person is left alone, None if that is too late."""
        if (
            due.asking.months_later == rules.AFTER
            and due.event.ends_at + due.event.register_taken_later > due.send_by
        ):
            return None
        if due.asking.months_later <= rules.AFTER:
            return due.due_at
        last = self.last_impact_at.get(due.booking.person.id)
        rested_on = london_date(last) + LEFT_ALONE if last else None
        rest_ends_at = from_london(rested_on, SURVEY_HOUR) if rested_on else due.due_at
        sent_at = max(due.due_at, rest_ends_at)
        return sent_at if sent_at <= due.send_by else None

    def _row(self, due: Due) -> dict[str, Any]:
        reference = self.chance.reference(REFERENCE_LENGTH)
        return {
            "reference": reference,
            "evaluation_id": due.asking.evaluation_id,
            "wave_id": due.asking.wave_id,
            "addressee_key": due.addressee_key,
            "person_id": due.booking.person.id,
            "event_id": due.event.id,
            "booking_id": due.booking.id,
            "sector_id": due.booking.person.sector_id,
            "token_hash": token_hash(link_token(reference)),
            "due_at": due.due_at,
            "closes_at": due.send_by,
            "sent_at": None,
            "reminders_count": 0,
            "reminded_at": None,
            "bounced_at": None,
            "missed_because": None,
            "answered_on": None,
        }

    def _day_between(self, sent_at: datetime, until: datetime) -> date:
        first, last = london_date(sent_at), london_date(until)
        days = min((last - first).days, self.chance.choice((0, 0, 0, 1, 1, 2, 4, 7, 8, 11, 15, 20)))
        return first + timedelta(days=max(days, 0))

    def _answer(self, due: Due) -> None:
        asking, person = due.asking, due.booking.person
        who = (asking.evaluation_id, due.addressee_key)
        if who not in self.known:
            self.known[who] = self.respondents.knowledge()
            self.keys[who] = f"{self.chance.getrandbits(128):032x}"
        of_sector = sum(other.person.sector == person.sector for other in due.event.attended)
        kept = rules.event_is_kept(of_sector, once_per_person=asking.once_per_person)
        if asking.months_later == rules.BEFORE:
            kept = kept and due.event.ends_at <= self.now
        questions = self._form(asking)
        answers = self.respondents.fill_in(
            kind_of_wave(asking.months_later).value,
            questions,
            self.known[who],
            self.fixed.of(due.event),
        )
        self.responses.add(
            questions,
            answers,
            evaluation_id=asking.evaluation_id,
            version_id=asking.version_id,
            wave_id=asking.wave_id,
            event_id=due.event.id if kept else None,
            sector_id=person.sector_id,
            pairing_key=self.keys[who],
            answered_on=rules.month_of_asking(due.due_at, event_is_kept=kept),
        )

    def _form(self, asking: Asking) -> list[AskedQuestion]:
        if asking.wave_id not in self.forms:
            questions = asked_questions(asking.version_id, asking.subject_words)
            self.forms[asking.wave_id] = questions
        return self.forms[asking.wave_id]

    def _let_some_stop(self, not_answering: set[int]) -> None:
        since = self.now - STOPPED_BEFORE
        open_rows = [
            row
            for row in self.invitations
            if row["state"] is InvitationState.SENT
            and row["person_id"] not in not_answering
            and row["sent_at"] < since
        ]
        for row in open_rows[:PEOPLE_WHO_STOPPED]:
            row["state"] = InvitationState.STOPPED
            db.session.add(SurveyStop(person_id=row["person_id"], stopped_at=since))
        db.session.flush()

    def _pairings(self) -> list[dict[str, Any]]:
        """The keys that still have a wave to come; the others were erased with the last one."""
        waves = Counter(plan.evaluation_id for plan in self.plans)
        ended = Counter(
            (row["evaluation_id"], row["addressee_key"])
            for row in self.invitations
            if row["state"] in ENDED
        )
        history = {
            f"booking:{booking.id}"
            for event in self.events
            if event.is_history
            for booking in event.bookings
        }
        return [
            {"pairing_key": key, "evaluation_id": who[0], "addressee_key": who[1]}
            for who, key in self.keys.items()
            if who[1] not in history and ended[who] < waves[who[0]]
        ]


class _FixedAnswers:
    """The sessions whose answers the annual report prints: how many answered, and what."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.facts = {(one["offer"], one["on"]): one for one in read("answers")["fixed"]}
        self.made: dict[int, Fixed] = {}
        self.answering: dict[int, set[int]] = {}

    def answers(self, due: Due, facts: dict[str, Any], open_share: float) -> bool:
        """Whether this person answers."""
        printed = self._printed(due.event)
        if printed is None:
            rate = facts["response_rate"][str(due.asking.months_later)] / 100
            return self.chance.random() < rate * open_share
        if due.event.id not in self.answering:
            came = sorted(booking.id for booking in due.event.attended)
            self.answering[due.event.id] = set(self.chance.sample(came, printed["responses"]))
        return due.booking.id in self.answering[due.event.id]

    def of(self, event: PlannedEvent) -> Fixed | None:
        """What those who answer say."""
        printed = self._printed(event)
        if printed is None:
            return None
        if event.id not in self.made:
            self.made[event.id] = Fixed.from_counts(
                printed, self.chance, responses=printed["responses"], routed=False
            )
        return self.made[event.id]

    def _printed(self, event: PlannedEvent) -> dict[str, Any] | None:
        return self.facts.get((event.offer, london_date(event.starts_at)))


def _plans() -> list[Asking]:
    rows = db.session.execute(
        select(
            Wave.id,
            Wave.evaluation_id,
            Wave.version_id,
            Wave.months_later,
            Wave.once_per_person,
            Evaluation.subject_words,
            Evaluation.is_default_for_id,
            Evaluation.series_id,
        )
        .join(Evaluation, Evaluation.id == Wave.evaluation_id)
        .order_by(Wave.id)
    )
    return [Asking(*row) for row in rows]


def _asked(event: PlannedEvent, months_later: int) -> list[PlannedBooking]:
    if months_later != rules.BEFORE:
        return event.attended
    return [
        booking
        for booking in event.bookings
        if booking.state is BookingState.CONFIRMED and booking.origin is not BookingOrigin.REGISTER
    ]


def _reminders(sent_at: datetime, until: datetime) -> dict[str, Any]:
    sent_on = london_date(sent_at)
    times = [
        from_london(sent_on + timedelta(days=days), SURVEY_HOUR) for days in rules.REMINDER_DAYS
    ]
    past = [time for time in times if time < until]
    return {"reminders_count": len(past), "reminded_at": past[-1] if past else None}
