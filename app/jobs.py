"""What runs, how often: each job looks for what is due and does it, one transaction per item."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import current_app

from app import forum_jobs
from app.accounts.imports import leads, organisations, schools, staging
from app.accounts.imports.models import ImportOf
from app.accounts.personal import purge_expired_sign_ins
from app.attendance import history, meeting_files
from app.bookings import approvals, held_places, new_dates, retitled, waiting_list
from app.bookings.personal import erase_adjustments
from app.forums import contact_wishes, executive_links, list_checks, opinions
from app.impact import keeping
from app.impact.words import reading
from app.impact.words.duty import remind_reader
from app.job_steps import found_by, one_by_one
from app.kernel import clock
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.kernel.london import to_london
from app.notices import operations as notices
from app.outbox import delivery
from app.outbox.models import MessageState
from app.outbox.rules import pause_seconds
from app.outbox.transports import transport
from app.partnership import queries as partnership
from app.record import operations as record
from app.record.queries import people_to_nudge
from app.surveys import operations as surveys
from app.surveys.planning import MOST_AT_ONCE

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One thing to look for.

    `run` takes the instant and yields, after each transaction, how many things that did: between
    two of them the worker may be stopped, or lose its lease.
    """

    name: str
    every_seconds: int
    run: Callable[[datetime], Iterator[int]]


class Pace:
    """Keeps a shortest time from one message to the next."""

    def __init__(self) -> None:
        """Start without having waited."""
        self._last = float("-inf")

    def wait(self, seconds: float) -> None:
        """Return once that many seconds have passed since the last return."""
        time.sleep(max(0.0, self._last + seconds - time.monotonic()))
        self._last = time.monotonic()


_pace = Pace()
NIGHT_BEGINS = timedelta(hours=3)
_nights_done: set[date] = set()


def deliver_mail(_now: datetime) -> Iterator[int]:
    """Send every message that is due, as fast as the mail server may be asked."""
    facts = partnership.current()
    sender = delivery.Sender(facts.organiser_name, facts.organiser_email)
    send_by = transport(current_app.config["MAIL_URL"])
    lasts = timedelta(seconds=current_app.config["MAIL_LEASE_SECONDS"])
    pause = pause_seconds(current_app.config["MAIL_PER_MINUTE"]) if _is_limited() else 0.0
    owner = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
    while delivery.is_anything_due(now=clock.real_now()):
        # Waiting comes before claiming, so that a code asked for meanwhile still leaves first.
        _pace.wait(pause)
        with transaction():
            claim = delivery.claim_next(owner=owner, lasts=lasts, now=clock.real_now())
        if claim is None:
            return
        outcome = delivery.send(claim, sender, send_by, now=clock.real_now())
        with transaction():
            state = delivery.finish(claim, outcome, now=clock.real_now())
        yield int(state is MessageState.SENT)


def _is_limited() -> bool:
    """Only a real mail server has a limit to keep."""
    return not current_app.config["MAIL_URL"].startswith("file:")


def plan_surveys(now: datetime) -> Iterator[int]:
    """Give every offer its evaluation, and make the planned invitations true to registers."""
    with transaction():
        surveys.ensure_default_evaluations(now=now)
        surveys.follow_sessions()
    yield 0
    planned = MOST_AT_ONCE
    while planned >= MOST_AT_ONCE:
        with transaction():
            planned = surveys.plan_invitations(now=now)
        yield planned


def send_surveys(now: datetime) -> Iterator[int]:
    """Queue what people are to be asked now, one message and one transaction each."""
    yield from one_by_one(found_by(surveys.people_due, now), surveys.send_to, now)
    yield from one_by_one(found_by(surveys.links_to_pass_on, now), surveys.pass_on, now)


def remind_of_surveys(now: datetime) -> Iterator[int]:
    """Queue reminders for those who have not answered, one message and one transaction each."""
    yield from one_by_one(found_by(surveys.people_to_remind, now), surveys.remind, now)


def close_surveys(now: datetime) -> Iterator[int]:
    """Close what can no longer be answered; leave out of the rate what was never delivered."""
    with transaction():
        closed = surveys.close_due(now=now)
    yield closed
    with transaction():
        undelivered = surveys.note_undelivered(now=now)
    yield undelivered


def import_answers(now: datetime) -> Iterator[int]:
    """Bring in the files of answers that staff have confirmed, one transaction each."""
    yield from one_by_one(found_by(surveys.files_to_import, now), surveys.import_file, now)


def take_in_files(now: datetime) -> Iterator[int]:
    """Take in the files that staff have confirmed, by steps; a file is in whole or not at all."""
    for reference, kind in _files_to_take_in():
        yield from take_in(reference, kind, now)


def take_in(reference: str, kind: ImportOf, now: datetime) -> Iterator[int]:
    """Take one file in, a transaction for each step; what is refused is taken out whole."""
    do, rows = STEPS[kind]
    done = 1
    while done:
        try:
            with transaction():
                done = staging.take_step(reference, do, now=now, rows=rows)
        except Refused as refusal:
            with transaction():
                staging.fail(reference, str(refusal), now=now)
            return
        yield done


def _files_to_take_in() -> list[tuple[str, ImportOf]]:
    found = staging.files_to_take_in()
    db.session.rollback()
    return found


def tell_of_new_dates(now: datetime) -> Iterator[int]:
    """Tell whoever waits for an offer that can be booked again, one message each."""
    yield from one_by_one(found_by(new_dates.people_to_tell, now), new_dates.tell_new_dates, now)


def queue_comments(now: datetime) -> Iterator[int]:
    """Put what people wrote before its readers, and tell them once a day if it waits too long."""
    with transaction():
        noted = reading.note_comments(now=now)
    yield noted
    with transaction():
        told = remind_reader(now=now)
    yield told


def remind_of_refreshers(now: datetime) -> Iterator[int]:
    """Tell people what falls due for renewal, one transaction each."""
    yield from one_by_one(found_by(people_to_nudge, now), record.nudge, now)


def keep_figures(now: datetime) -> Iterator[int]:
    """Count large evaluations ahead, so that their pages open at once; one transaction each."""
    with transaction():
        large = keeping.large_evaluations()
    for evaluation_id in large:
        with transaction():
            keeping.keep_counts(evaluation_id, now=now)
        yield 1


def move_waiting_lists(now: datetime) -> Iterator[int]:
    """End held places whose time is over; give on every place that is free to somebody waiting."""
    yield from one_by_one(
        found_by(held_places.events_with_ended_holds, now), held_places.expire, now
    )
    yield from one_by_one(
        found_by(waiting_list.events_to_promote, now), waiting_list.promote_in, now
    )


def let_requests_lapse(now: datetime) -> Iterator[int]:
    """End the requests that nobody answered in time, and tell the people, one transaction each."""
    yield from one_by_one(found_by(approvals.requests_to_lapse, now), approvals.lapse, now)


def correct_titles(now: datetime) -> Iterator[int]:
    """Bring calendars up to date after an offer got another title, one transaction each event."""
    events = found_by(retitled.events_with_old_titles, now)
    yield from one_by_one(events, retitled.correct_calendars, now)


def send_notices(now: datetime) -> Iterator[int]:
    """Make the rounds of notices true to rules and events, and send what is due."""
    with transaction():
        notices.ensure_default_rules(now=now)
        planned = notices.plan_rounds(now=now)
    yield planned
    done = 1
    while done:
        done = 0
        for count in one_by_one(found_by(notices.rounds_due, now), notices.send_round, now):
            done += count
            yield count


def erase_what_has_served(now: datetime) -> Iterator[int]:
    """Erase what is kept for a time only: wishes, sign-ins, the words of secret messages."""
    with transaction():
        erased = erase_adjustments(now=now) + meeting_files.erase_old_files(now=now)
    yield erased
    with transaction():
        erased = surveys.erase_pairings(now=now)
        erased += surveys.forget_old_files(now=now)
        erased += staging.forget_old_files(now=now)
        erased += contact_wishes.forget_old_wishes(now=now)
        erased += list_checks.forget_old_names(now=now)
        erased += executive_links.forget_old_addresses(now=now)
    yield erased
    with transaction():
        erased = purge_expired_sign_ins(now=clock.real_now())
        erased += delivery.erase_ended(now=clock.real_now())
    yield erased


def blur_orders(now: datetime) -> Iterator[int]:
    """Once a night, leave no order of answering and reading in the files of the database.

    Whole tables are written anew meanwhile, and nobody can answer: not by day, but for the first
    look of a process, since the nights before may have passed without one.
    """
    night = (to_london(now) - NIGHT_BEGINS).date()
    if night in _nights_done:
        return
    with transaction():
        blurred = surveys.blur_order(now=now)
    yield blurred
    with transaction():
        blurred = reading.blur_order(now=now)
    yield blurred
    with transaction():
        blurred = opinions.blur_order(now=now)
    yield blurred
    _nights_done.add(night)


ALL_ROWS = 1_000_000
# How each kind of file is taken in, and how many rows at once.
STEPS: dict[ImportOf, tuple[staging.Step, int]] = {
    ImportOf.SCHOOLS: (schools.take_in, ALL_ROWS),
    ImportOf.ORGANISATIONS: (organisations.take_in, organisations.STEP_ROWS),
    ImportOf.ATTENDANCE: (history.take_in, history.STEP_ROWS),
    ImportOf.LEADS: (leads.take_in, leads.STEP_ROWS),
}

# What falls due on a day; an example whose clock is moved on lives through each of them.
OF_EACH_DAY = {
    *(
        "requests",
        "waiting lists",
        "plan surveys",
        "send surveys",
        "remind",
        "school lists",
        "forums",
        "close surveys",
        "opinions",
    ),
}
# In this order one round of `worker --once` does all that follows from each other.
JOBS = (
    Job("requests", 60, let_requests_lapse),
    Job("waiting lists", 30, move_waiting_lists),
    Job("tell of new dates", 300, tell_of_new_dates),
    Job("titles", 300, correct_titles),
    Job("plan surveys", 300, plan_surveys),
    Job("send surveys", 60, send_surveys),
    Job("remind", 300, remind_of_surveys),
    Job("close surveys", 300, close_surveys),
    Job("import answers", 3, import_answers),
    Job("take in files", 3, take_in_files),
    Job("keep figures", 300, keep_figures),
    Job("comments", 300, queue_comments),
    Job("refreshers", 3600, remind_of_refreshers),
    Job("missed forums", 900, forum_jobs.tell_of_missed_forums),
    Job("invite to training", 60, forum_jobs.invite_to_training),
    Job("notices", 60, send_notices),
    Job("school lists", 300, forum_jobs.ask_schools_to_check_lists),
    Job("forums", 60, forum_jobs.bring_schools_to_forums),
    Job("opinions", 60, forum_jobs.ask_for_opinions),
    Job("erase", 3600, erase_what_has_served),
    Job("blur orders", 3600, blur_orders),
    Job("deliver mail", 2, deliver_mail),
)
DAILY_JOBS = tuple(job for job in JOBS if job.name in OF_EACH_DAY)
EVENING_JOBS = tuple(job for job in JOBS if job.name == "remind")
