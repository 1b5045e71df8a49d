"""Codes, sign-ins, second steps, profiles, organisations, roles and posts, on a real database."""

from __future__ import annotations

import os
import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts import emails, operations, organisations, queries, second_step, succession
from app.accounts.models import Capacity, OrganisationKind, Person, PostKind, RoleGrant
from app.accounts.sign_in_models import (
    Attempt,
    Authenticator,
    RecoveryCode,
    SignInCode,
    SignInSession,
)
from app.accounts.throttle import TooOften
from app.audit.models import AuditLine
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
)

LETTERS = Path(__file__).parent / "letters"
ADDRESS = "sam.reed@example.org"
HERE = "192.0.2.7"


def ask(now: datetime, email: str = ADDRESS, client: str = HERE) -> str:
    """Ask for a code and read it in the letter."""
    with transaction():
        operations.request_code(email, client=client, now_real=now)
    letter = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert letter is not None
    return code_in(letter.text_body)


def code_in(text: str) -> str:
    found = re.search(r"^(\d{6})$", text, re.MULTILINE)
    assert found, text
    return found[1]


def enter(code: str, now: datetime, email: str = ADDRESS, client: str = HERE) -> str | None:
    with transaction():
        return operations.sign_in_with_code(email, code, client=client, now=now, now_real=now)


def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


class TestCodes:
    def test_a_code_signs_in_once(self, app: Flask, now: datetime) -> None:
        code = ask(now)
        assert enter(code, now)
        assert enter(code, now) is None
        assert count(SignInSession) == 1

    def test_a_person_is_made_only_when_the_code_was_right(self, app: Flask, now: datetime) -> None:
        code = ask(now)
        enter(wrong(code), now)
        assert count(Person) == 0
        enter(code, now)
        person = db.session.scalars(select(Person)).one()
        assert (person.email, person.name, person.profile_completed_at) == (ADDRESS, "", None)

    def test_asking_again_does_not_cancel_the_code_before(self, app: Flask, now: datetime) -> None:
        first, second = ask(now), ask(now)
        assert enter(first, now)
        assert enter(second, now)

    @pytest.mark.parametrize(("minutes", "signs_in"), [(14.9, True), (15, False), (60 * 24, False)])
    def test_a_code_lives_for_fifteen_minutes(
        self, app: Flask, now: datetime, minutes: float, signs_in: bool
    ) -> None:
        code = ask(now)
        assert bool(enter(code, now + timedelta(minutes=minutes))) is signs_in

    def test_five_wrong_tries_use_a_code_up(self, app: Flask, now: datetime) -> None:
        code = ask(now)
        for _ in range(5):
            assert enter(wrong(code), now) is None
        assert enter(code, now) is None

    def test_four_wrong_tries_do_not(self, app: Flask, now: datetime) -> None:
        code = ask(now)
        for _ in range(4):
            enter(wrong(code), now)
        assert enter(code, now)

    def test_a_code_is_of_no_use_for_another_address(self, app: Flask, now: datetime) -> None:
        code = ask(now)
        ask(now, "kim@example.org")
        assert enter(code, now, "kim@example.org") is None

    def test_neither_code_nor_address_is_stored(self, app: Flask, now: datetime) -> None:
        code = ask(now)
        row = db.session.scalars(select(SignInCode)).one()
        kept = f"{row.address_hash} {row.code_hash}"
        assert code not in kept
        assert ADDRESS not in kept
        keys = db.session.scalars(select(Attempt.key_hash)).all()
        assert not [key for key in keys if ADDRESS in key or HERE in key]

    def test_somebody_deactivated_does_not_get_in(self, app: Flask, now: datetime) -> None:
        make_person(email=ADDRESS, deactivated_at=now)
        db.session.commit()
        assert enter(ask(now), now) is None
        assert count(SignInSession) == 0

    def test_the_letter_leaves_first_and_is_emptied_when_sent(
        self, app: Flask, now: datetime
    ) -> None:
        ask(now)
        letter = db.session.scalars(select(OutboxMessage)).one()
        assert (letter.priority, letter.erase_when_sent) == (1, True)
        assert letter.not_after == now + timedelta(minutes=15)
        assert not re.search(r"\d{6}", letter.subject)
        assert (letter.to_email, letter.person_reference) == (ADDRESS, None)

    def test_the_letter_is_the_same_for_the_known_and_the_unknown(
        self, app: Flask, now: datetime
    ) -> None:
        make_person(email=ADDRESS)
        db.session.commit()
        ask(now)
        ask(now, "nobody@example.org")
        known, unknown = (
            re.sub(r"\d{6}", "CODE", letter.subject + letter.text_body + letter.html_body)
            for letter in db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        )
        assert known == unknown


class TestThrottles:
    def test_three_codes_in_six_hours_reach_an_address_from_one_network(
        self, app: Flask, now: datetime
    ) -> None:
        for minute in range(3):
            ask(now + timedelta(minutes=minute))
        with pytest.raises(TooOften, match=r"Use the newest one.*try again at 3pm"):
            ask(now + timedelta(minutes=10))
        assert count(OutboxMessage) == 3
        ask(now + timedelta(hours=6))

    def test_a_stranger_elsewhere_does_not_keep_the_owner_out(
        self, app: Flask, now: datetime
    ) -> None:
        for _ in range(3):
            ask(now, client="198.51.100.9")
        with pytest.raises(TooOften):
            ask(now, client="198.51.100.9")
        assert enter(ask(now), now)

    def test_many_networks_together_reach_an_address_six_times(
        self, app: Flask, now: datetime
    ) -> None:
        for number in range(6):
            ask(now, client=f"198.51.100.{number}")
        with pytest.raises(TooOften):
            ask(now, client="198.51.100.77")

    def test_signing_in_sets_the_count_of_codes_back(self, app: Flask, now: datetime) -> None:
        for _ in range(7):
            assert enter(ask(now), now)

    def test_a_refused_try_leaves_nothing_behind(self, app: Flask, now: datetime) -> None:
        for _ in range(3):
            ask(now)
        before = count(Attempt)
        for _ in range(5):
            with pytest.raises(TooOften):
                ask(now)
        assert count(Attempt) == before

    def test_ten_wrong_codes_in_five_minutes_are_tried_for_an_address(
        self, app: Flask, now: datetime
    ) -> None:
        code = ""
        for number in range(10):
            if number % 5 == 0:
                code = ask(now)
            enter(wrong(code), now, client=f"198.51.100.{number}")
        code = ask(now)
        with pytest.raises(TooOften, match="Too many wrong codes"):
            enter(code, now)
        assert enter(code, now + timedelta(minutes=5))

    def test_ten_wrong_codes_in_five_minutes_are_tried_from_a_client(
        self, app: Flask, now: datetime
    ) -> None:
        for number in range(10):
            enter("000000", now, f"person{number}@example.org")
        with pytest.raises(TooOften):
            enter("000000", now, "person99@example.org")
        enter("000000", now, "person99@example.org", client="198.51.100.1")

    def test_codes_typed_right_do_not_use_up_a_shared_client(
        self, app: Flask, now: datetime
    ) -> None:
        for number in range(12):
            address = f"person{number}@example.org"
            assert enter(ask(now, address), now, address)


class TestSessions:
    def test_all_sign_ins_of_a_person_end_at_once_and_nobody_elses(
        self, app: Flask, now: datetime
    ) -> None:
        kim, sam = make_person(), make_person()
        db.session.commit()
        with transaction():
            for person in (kim, kim, sam):
                operations.start_session(person, now_real=now)
            ended = operations.end_all_sessions(kim, actor="admin", now=now, now_real=now)
        assert ended == 2
        open_now = select(SignInSession.person_id).where(SignInSession.ended_at.is_(None))
        assert db.session.scalars(open_now).all() == [sam.id]

    def test_only_ones_own_sign_in_can_be_ended_by_name(self, app: Flask, now: datetime) -> None:
        kim, sam = make_person(), make_person()
        db.session.commit()
        with transaction():
            operations.start_session(sam, now_real=now)
        name = queries.open_sessions(sam, here="", now_real=now)[0].name
        with transaction():
            assert (
                operations.end_session_named(kim, name, actor=kim.reference, now=now, now_real=now)
                == 0
            )
            assert (
                operations.end_session_named(sam, name, actor=sam.reference, now=now, now_real=now)
                == 1
            )

    def test_the_token_itself_is_not_stored(self, app: Flask, now: datetime) -> None:
        person = make_person()
        db.session.commit()
        with transaction():
            token = operations.start_session(person, now_real=now)
        row = db.session.scalars(select(SignInSession)).one()
        assert len(token) >= 43
        assert row.token_hash != token
        assert row.expires_at == now + timedelta(hours=12)


def enrolled(person: Person, now: datetime) -> tuple[str, list[str]]:
    """The secret of a fresh authenticator and its recovery codes."""
    nonce = second_step.new_nonce()
    secret = second_step.secret_of(person, nonce)
    code = pyotp.TOTP(secret).at(now)
    with transaction():
        codes = second_step.enrol(person, nonce, code, may_replace=False, now=now, now_real=now)
    assert codes
    return secret, codes


def take(person: Person, typed: str, now: datetime) -> bool:
    with transaction():
        return second_step.take_code(person, typed, now=now, now_real=now)


class TestSecondStep:
    @pytest.fixture
    def person(self, app: Flask, now: datetime) -> Person:
        person = make_person(Role.DELIVERY)
        db.session.commit()
        return person

    def test_a_code_is_not_taken_twice(self, person: Person, now: datetime) -> None:
        secret, _codes = enrolled(person, now)
        later = now + timedelta(minutes=1)
        code = pyotp.TOTP(secret).at(later)
        assert take(person, pyotp.TOTP(secret).at(now), now) is False
        assert take(person, code, later) is True
        assert take(person, code, later) is False

    def test_a_recovery_code_works_once_however_it_is_typed(
        self, person: Person, now: datetime
    ) -> None:
        _secret, codes = enrolled(person, now)
        assert len(set(codes)) == 10
        assert take(person, codes[0].upper().replace("-", " "), now) is True
        assert take(person, codes[0], now) is False
        assert second_step.recovery_codes_left(person) == 9

    def test_a_recovery_code_is_of_no_use_to_somebody_else(
        self, person: Person, now: datetime
    ) -> None:
        _secret, codes = enrolled(person, now)
        other = make_person(Role.DELIVERY)
        db.session.commit()
        assert take(other, codes[0], now) is False
        assert take(person, codes[0], now) is True

    def test_new_recovery_codes_end_the_old_ones(self, person: Person, now: datetime) -> None:
        _secret, old = enrolled(person, now)
        with transaction():
            new = second_step.new_recovery_codes(person, now=now)
        assert take(person, old[0], now) is False
        assert take(person, new[0], now) is True

    def test_the_sixth_wrong_code_in_five_minutes_is_not_looked_at(
        self, person: Person, now: datetime
    ) -> None:
        secret, _codes = enrolled(person, now)
        for _ in range(5):
            assert take(person, "000000", now) is False
        later = now + timedelta(minutes=4, seconds=59)
        with pytest.raises(TooOften):
            take(person, pyotp.TOTP(secret).at(later), later)
        later = now + timedelta(minutes=5)
        assert take(person, pyotp.TOTP(secret).at(later), later) is True

    def test_an_authenticator_cannot_be_replaced_by_somebody_who_does_not_have_it(
        self, person: Person, now: datetime
    ) -> None:
        enrolled(person, now)
        nonce = second_step.new_nonce()
        code = pyotp.TOTP(second_step.secret_of(person, nonce)).at(now)
        with pytest.raises(Refused, match="already set up"), transaction():
            second_step.enrol(person, nonce, code, may_replace=False, now=now, now_real=now)

    def test_no_secret_is_stored(self, person: Person, now: datetime) -> None:
        secret, codes = enrolled(person, now)
        row = db.session.scalars(select(Authenticator)).one()
        assert secret not in row.nonce
        hashes = set(db.session.scalars(select(RecoveryCode.code_hash)))
        assert not hashes & {code.replace("-", "") for code in codes}

    def test_the_secret_is_another_under_another_key(self, app: Flask, person: Person) -> None:
        nonce = second_step.new_nonce()
        before = second_step.secret_of(person, nonce)
        app.config["SECRET_KEY"] = "quite another key, and long enough too"
        assert second_step.secret_of(person, nonce) != before
        assert len(before) == 32

    def test_a_reset_asks_for_a_new_set_up_and_ends_the_second_step_everywhere(
        self, person: Person, now: datetime
    ) -> None:
        enrolled(person, now)
        with transaction():
            operations.start_session(person, now_real=now, second_step=True)
            second_step.remove(person, actor="admin", now=now)
        assert second_step.is_enrolled(person) is False
        assert second_step.recovery_codes_left(person) == 0
        assert db.session.scalars(select(SignInSession.second_factor_at)).all() == [None]

    def test_the_person_is_told_of_a_new_authenticator(self, person: Person, now: datetime) -> None:
        enrolled(person, now)
        letter = db.session.scalars(select(OutboxMessage)).one()
        assert (letter.kind, letter.to_email) == ("second_step_set_up", person.email)


class TestProfiles:
    def test_a_volunteer_keeps_no_job_title(self, app: Flask, now: datetime) -> None:
        person, sector = make_person(job_title="Teacher"), make_sector()
        db.session.commit()
        with transaction():
            operations.describe_person(
                person, name="Sam Reed", capacity=Capacity.VOLUNTEER, now=now
            )
        assert person.job_title is None
        with transaction():
            operations.complete_profile(
                person, organisation=None, sector=sector, job_title="Teacher", now=now
            )
        assert (person.job_title, person.sector_id) == (None, sector.id)

    def test_the_sector_is_the_organisations(self, app: Flask, now: datetime) -> None:
        person, organisation, sector = make_person(), make_organisation(), make_sector()
        db.session.commit()
        with transaction():
            operations.complete_profile(
                person, organisation=organisation, sector=sector, job_title="", now=now
            )
        assert person.sector_id == organisation.sector_id
        assert person.job_title is None

    def test_neither_organisation_nor_sector_is_refused(self, app: Flask, now: datetime) -> None:
        person = make_person()
        db.session.commit()
        with pytest.raises(Refused, match="Choose your organisation"), transaction():
            operations.complete_profile(
                person, organisation=None, sector=None, job_title=None, now=now
            )

    def test_the_trail_says_what_changed_and_not_to_what(self, app: Flask, now: datetime) -> None:
        person = make_person(name="Old Name")
        db.session.commit()
        with transaction():
            operations.describe_person(person, name="New Name", capacity=Capacity.GOVERNOR, now=now)
        line = db.session.scalars(select(AuditLine)).one()
        assert (line.verb, line.facts) == ("changed_profile", {"parts": "name, capacity"})

    def test_saving_the_same_again_leaves_no_trace(self, app: Flask, now: datetime) -> None:
        person = make_person(name="Sam Reed", capacity=Capacity.EMPLOYEE)
        db.session.commit()
        with transaction():
            operations.describe_person(person, name="Sam Reed", capacity=Capacity.EMPLOYEE, now=now)
        assert count(AuditLine) == 0


class TestOrganisations:
    def test_people_find_an_organisation_by_any_part_of_any_of_its_names(
        self, app: Flask, now: datetime
    ) -> None:
        school = make_organisation(name="St Anne's Primary School, Eastmoor")
        make_organisation(name="Eastmoor Sports Club", proposed_at=now)
        make_organisation(name="Eastmoor Old School", closed_on=date(2020, 1, 1))
        kept = make_organisation(name="Hilltop 100% Nursery_")
        with_alias = make_organisation(name="Fieldhead Trust")
        succession.remember_name(with_alias, "Eastmoor Health")
        db.session.commit()

        def found(text: str) -> set[str]:
            return {line.reference for line in queries.find_organisations(text)}

        assert found("eastmoor") == {school.reference, with_alias.reference}
        assert found("PRIMARY anne") == {school.reference}
        assert found("eastmoor health") == {with_alias.reference}
        assert found("100%") == {kept.reference}
        assert found("%") == {kept.reference}
        assert found("_") == {kept.reference}
        assert found("") == set()
        assert found("eastmoor nowhere") == set()

    def test_a_list_of_what_was_found_is_short(self, app: Flask) -> None:
        sector = make_sector()
        for number in range(20):
            make_organisation(sector, name=f"Park School {number}")
        assert len(queries.find_organisations("park")) == 15

    def propose(self, person: Person, name: str, now: datetime) -> str:
        sector = make_sector()
        db.session.commit()
        with transaction():
            return organisations.propose_organisation(
                name,
                OrganisationKind.SPORTS_CLUB,
                sector,
                proposer=person,
                now=now,
                now_real=now,
            ).reference

    def test_two_people_who_add_the_same_name_belong_together(
        self, app: Flask, now: datetime
    ) -> None:
        kim, sam = make_person(), make_person()
        assert self.propose(kim, "Ossett Rovers", now) == self.propose(sam, "ossett rovers", now)

    def test_five_new_organisations_a_day_are_enough(self, app: Flask, now: datetime) -> None:
        person = make_person()
        for number in range(5):
            self.propose(person, f"Club {number}", now)
        with pytest.raises(TooOften, match="try again at 9am tomorrow"):
            self.propose(person, "Club 6", now)

    def test_accepting_corrects_the_organisation_and_moves_its_people_to_its_sector(
        self, app: Flask, now: datetime
    ) -> None:
        proposed = make_organisation(name="rovers", proposed_at=now)
        person, right = make_person(organisation=proposed), make_sector()
        db.session.commit()
        with transaction():
            organisations.accept_organisation(
                proposed,
                name="Ossett Rovers",
                kind=OrganisationKind.SPORTS_CLUB,
                sector=right,
                actor="admin",
                now=now,
            )
        assert (proposed.name, proposed.proposed_at) == ("Ossett Rovers", None)
        db.session.refresh(person)
        assert person.sector_id == right.id

    def test_merging_moves_people_and_posts_and_remembers_the_name(
        self, app: Flask, now: datetime
    ) -> None:
        known = make_organisation(name="Ossett Rovers")
        proposed = make_organisation(name="The Rovers", proposed_at=now)
        person = make_person(organisation=proposed)
        db.session.commit()
        with transaction():
            post = organisations.appoint(
                person, proposed, PostKind.DSL, from_on=date(2026, 9, 1), actor="x", now=now
            )
            moved = organisations.merge_organisation(proposed, known, actor="admin", now=now)
        db.session.expire_all()
        assert moved == 1
        assert (person.organisation_id, person.sector_id) == (known.id, known.sector_id)
        assert post.organisation_id == known.id
        assert proposed.closed_on == date(2026, 11, 10)
        found = queries.find_organisations("the rovers")
        assert [line.reference for line in found] == [known.reference]

    def test_what_somebody_else_has_dealt_with_is_left_alone(
        self, app: Flask, now: datetime
    ) -> None:
        known, other = make_organisation(), make_organisation()
        db.session.commit()
        with pytest.raises(Refused, match="has dealt with"), transaction():
            organisations.merge_organisation(known, other, actor="admin", now=now)

    def test_a_proposed_organisation_is_not_merged_into_itself_or_another_proposed_one(
        self, app: Flask, now: datetime
    ) -> None:
        first = make_organisation(proposed_at=now)
        second = make_organisation(proposed_at=now)
        db.session.commit()
        for into in (first, second):
            with pytest.raises(Refused, match="from the list"), transaction():
                organisations.merge_organisation(first, into, actor="admin", now=now)


class TestRoles:
    def test_a_role_is_held_once(self, app: Flask, now: datetime) -> None:
        person = make_person()
        db.session.commit()
        with transaction():
            assert operations.grant_role(person, Role.TRAINER, actor="admin", now=now) is True
            assert operations.grant_role(person, Role.TRAINER, actor="admin", now=now) is False
        db.session.refresh(person)
        assert person.roles == {Role.TRAINER}
        assert count(RoleGrant) == 1

    def test_a_role_taken_away_stays_on_record_and_can_be_given_again(
        self, app: Flask, now: datetime
    ) -> None:
        person = make_person(Role.TRAINER)
        db.session.commit()
        with transaction():
            assert operations.revoke_role(person, Role.TRAINER, actor="admin", now=now) is True
            assert operations.revoke_role(person, Role.TRAINER, actor="admin", now=now) is False
            assert operations.grant_role(person, Role.TRAINER, actor="admin", now=now) is True
        assert count(RoleGrant) == 2
        verbs = db.session.scalars(select(AuditLine.verb).order_by(AuditLine.id)).all()
        assert verbs == ["revoked_role", "granted_role"]

    def test_the_last_administrator_cannot_be_removed(self, app: Flask, now: datetime) -> None:
        last = make_person(Role.ADMINISTRATOR)
        make_person(Role.ADMINISTRATOR, deactivated_at=now)
        db.session.commit()
        with pytest.raises(Refused, match="last administrator"), transaction():
            operations.revoke_role(last, Role.ADMINISTRATOR, actor="admin", now=now)
        db.session.refresh(last)
        assert last.roles == {Role.ADMINISTRATOR}

    def test_one_of_two_administrators_can(self, app: Flask, now: datetime) -> None:
        first, second = make_person(Role.ADMINISTRATOR), make_person(Role.ADMINISTRATOR)
        db.session.commit()
        with transaction():
            operations.revoke_role(first, Role.ADMINISTRATOR, actor="admin", now=now)
        with pytest.raises(Refused), transaction():
            operations.revoke_role(second, Role.ADMINISTRATOR, actor="admin", now=now)


class TestPosts:
    def test_a_post_is_held_once_at_a_time_and_ends(self, app: Flask, now: datetime) -> None:
        person, school = make_person(), make_organisation()
        db.session.commit()
        with transaction():
            post = organisations.appoint(
                person, school, PostKind.DSL, from_on=date(2026, 9, 1), actor="x", now=now
            )
        with pytest.raises(Refused, match="already"), transaction():
            organisations.appoint(
                person, school, PostKind.DSL, from_on=date(2026, 10, 1), actor="x", now=now
            )
        with pytest.raises(Refused, match="before the first"), transaction():
            organisations.end_post(post, until_on=date(2026, 8, 1), actor="x", now=now)
        with transaction():
            organisations.end_post(post, until_on=date(2026, 12, 1), actor="x", now=now)
        with pytest.raises(Refused, match="ended already"), transaction():
            organisations.end_post(post, until_on=date(2026, 12, 2), actor="x", now=now)


class TestLetters:
    @pytest.mark.parametrize(
        "kind", ["sign_in_code", "second_step_set_up", "address_in_use", "address_given_up"]
    )
    def test_the_letter_reads_as_reviewed(self, app: Flask, now: datetime, kind: str) -> None:
        make_partnership()
        person = make_person(Role.DELIVERY, name="Sam Reed", email=ADDRESS)
        db.session.commit()
        ask(now)
        enrolled(person, now)
        emails.queue_address_changed(person, "sam@home.example.org", now=now)
        letter = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)).one()
        text = re.sub(r"^\d{6}$", "402817", letter.text_body, flags=re.MULTILINE)
        shown = f"Subject: {letter.subject}\n\n{text}"
        expected = LETTERS / f"{kind}.txt"
        if os.environ.get("RIPPLE_WRITE_LETTERS"):
            expected.write_text(shown, encoding="utf-8")
        assert shown == expected.read_text(encoding="utf-8"), f"compare with {expected}"
