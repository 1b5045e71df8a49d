"""What the Executive answers: from the minutes or by a link, kept version by version."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app import persons
from app.accounts.models import Person
from app.audit.models import AuditLine
from app.forums import executive, executive_links, personal, said_done
from app.forums import executive_queries as queries
from app.forums.opinion_models import (
    AnswerState,
    AnswerVersion,
    RespondentLink,
    RoundState,
    ThemeClass,
)
from app.improvement.need_models import Need
from app.kernel.db import db, transaction
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.outbox.models import OutboxMessage
from app.outbox.personal import NOBODY
from app.partnership.models import HalfTerm
from tests.forums.test_executive_report import NOW, advisor, half_terms
from tests.support.executive import (
    WithExecutive,
    code,
    make_answer,
    make_opinions,
    make_quote,
    make_round,
    make_theme,
    with_the_executive,
)
from tests.support.factories import make_person
from tests.support.forums import make_forum, make_school
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

__all__ = ["advisor", "half_terms"]  # fixtures

TODAY = london_date(NOW)
LETTER = Path(__file__).parent / "letters" / "executive_link.txt"
pytestmark = pytest.mark.one_database


@pytest.fixture
def there(half_terms: list[HalfTerm], advisor: Person) -> WithExecutive:
    """A report that was given and answered, and the round after it."""
    made = with_the_executive(advisor, now=NOW)
    db.session.commit()
    return made


def state_of(reference: str) -> tuple[AnswerState, str, int]:
    db.session.expire_all()
    line = queries.find_answer(reference)
    assert line
    return line.state, line.answer, line.revision


def versions(reference: str) -> list[str]:
    found = db.session.scalars(select(AnswerVersion).order_by(AnswerVersion.number))
    return [one.answer for one in found]


def test_themes_to_improve_and_those_with_a_question_are_put_to_the_executive(
    half_terms: list[HalfTerm], advisor: Person
) -> None:
    opinion_round = make_round(half_terms[0])
    kinds = (ThemeClass.CAN_IMPROVE, ThemeClass.WORKING_WELL, ThemeClass.WORKING_WELL)
    titles = ("Waiting", "Training", "Contact")
    made = [make_theme(*one) for one in zip(titles, kinds, strict=True)]
    for theme in made:
        code(make_opinions(opinion_round, 12), theme)
    asked = {made[1].id: "Can it go on?", made[2].id: "And this?", made[0].id: ""}
    executive.ask(opinion_round.reference, asked, actor=advisor, now=NOW)
    executive.ask(opinion_round.reference, {made[2].id: ""}, actor=advisor, now=NOW)
    assert queries.with_executive(today=TODAY) == []  # nothing was given yet
    executive.give(opinion_round.reference, actor=advisor, now=NOW)
    put = {one.title: one.question for one in queries.with_executive(today=TODAY)}
    assert put == {"Waiting": "", "Training": "Can it go on?"}
    with pytest.raises(Refused, match="was given to the Executive on 30 March 2027"):
        executive.ask(opinion_round.reference, asked, actor=advisor, now=NOW)


def test_a_report_is_not_given_while_schools_can_answer(
    half_terms: list[HalfTerm], advisor: Person
) -> None:
    opinion_round = make_round(half_terms[0], state=RoundState.OPEN)
    with pytest.raises(Refused, match="when the round is closed"):
        executive.give(opinion_round.reference, actor=advisor, now=NOW)
    assert queries.report_of(opinion_round.id) is None


def test_a_second_answer_needs_to_have_read_the_first_and_both_are_kept(
    there: WithExecutive, advisor: Person
) -> None:
    late = make_answer("Mine", NOW)
    with pytest.raises(Refused, match="Somebody else has answered this meanwhile"):
        executive.record_answer(there.answer, late, by="Chair", now=NOW)
    first = "About Waiting times for early help"
    assert state_of(there.answer) == (AnswerState.ANSWERED, first, 1)
    executive.record_answer(there.answer, make_answer("Mine", NOW, 1), by="Chair", now=NOW)
    db.session.flush()
    assert state_of(there.answer) == (AnswerState.ANSWERED, "Mine", 2)
    assert versions(there.answer) == [first, "Mine"]
    lines = db.session.scalars(select(AuditLine).where(AuditLine.verb == "answered")).all()
    assert [one.actor for one in lines] == [advisor.reference, "Chair"]


def test_done_is_said_once_and_only_of_an_answer(there: WithExecutive, advisor: Person) -> None:
    executive.mark_done(there.answer, actor=advisor, now=NOW)
    db.session.flush()
    assert state_of(there.answer)[0] is AnswerState.DONE
    assert queries.with_executive(today=TODAY) == []
    with pytest.raises(Refused, match="marked as done already"):
        executive.mark_done(there.answer, actor=advisor, now=NOW)
    executive.give(there.prepared, actor=advisor, now=NOW)
    db.session.flush()
    [line] = queries.with_executive(today=TODAY)
    with pytest.raises(Refused, match="Record the Executive's answer first"):
        executive.mark_done(line.reference, actor=advisor, now=NOW)


def test_late_themes_come_first(there: WithExecutive, advisor: Person) -> None:
    executive.give(there.prepared, actor=advisor, now=NOW)
    db.session.flush()
    [answered, waiting] = queries.with_executive(today=TODAY)
    assert [answered.state, waiting.state] == [AnswerState.ANSWERED, AnswerState.OPEN]
    later = TODAY + timedelta(days=62)
    first = queries.with_executive(today=later)[0]
    assert (first.reference, first.is_late(later)) == (waiting.reference, True)
    assert waiting.waited(later) == "for 62 days"


@pytest.mark.parametrize(
    ("said", "did", "refusal"),
    [
        ("Waiting times", "A second team", None),
        ("", "A second team", "Enter both"),
        ("Waiting at Saint Ash’s", "A second team", "name a school"),
        ("It took nine long weeks to hear", "A second team", "words of an opinion"),
        ("They said: we were never rung back", "A second team", None),  # released
    ],
)
def test_only_own_words_are_put_before_everyone(
    there: WithExecutive, advisor: Person, said: str, did: str, refusal: str | None
) -> None:
    make_school("Saint Ash's Catholic Primary School")
    found = queries.find_round(there.given)
    assert found
    words = "It took nine long weeks to hear. And we were never rung back at all."
    [opinion] = make_opinions(found[0], 1, words=words)
    make_quote(opinion, "we were never rung back at all")

    def release() -> None:
        executive.release(there.answer, said, did, actor=advisor, now=NOW)
        db.session.flush()

    if refusal is None:
        release()
        [answer] = said_done.newest_answers()
        assert (answer.said, answer.did, answer.answered_on) == (said, did, TODAY)
        executive.take_back(there.answer, actor=advisor, now=NOW)
        db.session.flush()
    else:
        with pytest.raises(Refused, match=refusal):
            release()
    assert said_done.newest_answers() == []
    assert said_done.released_count() == 0


def released_now(there: WithExecutive, advisor: Person) -> list[tuple[str, Any]]:
    db.session.commit()
    with transaction():
        executive.release(there.answer, "You wait", "A team starts", actor=advisor, now=NOW)
    return everyone_reads()


def everyone_reads() -> list[tuple[str, Any]]:
    db.session.expire_all()
    public = [*said_done.newest_answers(), *said_done.released(0, 10)]
    return [(one.owner, one.answered_on) for one in public]


def test_everyone_reads_what_was_released_until_it_is_released_anew(
    there: WithExecutive, advisor: Person, client: PageClient
) -> None:
    before = [("Head of Education", TODAY)] * 2
    assert released_now(there, advisor) == before
    sign_in(client, advisor)
    address = f"/forums/executive/themes/{there.answer}"
    changed = "The answer was changed after this was put on the page"
    assert changed not in client.get(address).text
    with transaction():
        executive.mark_done(there.answer, actor=advisor, now=NOW)
    assert changed not in client.get(address).text  # done as it was promised
    later = NOW + timedelta(days=1)
    for revision, words, changes in (
        (2, "Otherwise", {}),
        (3, "About Waiting times for early help", {"owner": "Head of Elsewhere"}),
    ):
        answer = make_answer(words, later, revision, answered_on=TODAY, **changes)
        with transaction():
            executive.record_answer(there.answer, answer, by="Chair", now=later)
        assert changed in client.get(address).text
    assert everyone_reads() == before
    assert "Head of Elsewhere" not in client.get("/you-said-we-did").text
    assert released_now(there, advisor) == [("Head of Elsewhere", TODAY)] * 2
    assert changed not in client.get(address).text


def test_the_post_that_sees_to_it_names_no_school(there: WithExecutive, advisor: Person) -> None:
    make_school("Oakwood Primary School")
    answer = make_answer("Yes", NOW, 1, owner="Head of Oakwood School")
    executive.record_answer(there.answer, answer, by="Chair", now=NOW)
    with pytest.raises(Refused, match=r"names a school \(Oakwood Primary School\)"):
        executive.release(there.answer, "You wait", "A team starts", actor=advisor, now=NOW)
    assert said_done.released_count() == 0


def test_the_public_page_of_a_forum_shows_the_newest_answers(
    there: WithExecutive, advisor: Person, client: PageClient, half_terms: list[HalfTerm]
) -> None:
    forum = make_forum(half_terms[5])
    db.session.commit()
    with transaction():
        executive.release(there.answer, "You wait", "A team starts", actor=advisor, now=NOW)
    page = client.get(f"/events/{forum.reference}")
    assert [page.text.count(words) for words in ("You wait", "A team starts")] == [1, 1]


def test_an_open_theme_is_not_put_before_everyone(there: WithExecutive, advisor: Person) -> None:
    executive.give(there.prepared, actor=advisor, now=NOW)
    db.session.flush()
    line = queries.with_executive(today=TODAY)[1]
    with pytest.raises(Refused, match="has not answered yet"):
        executive.release(line.reference, "said", "did", actor=advisor, now=NOW)


def test_the_newest_answers_are_few_and_the_last_released_first(
    half_terms: list[HalfTerm], advisor: Person
) -> None:
    opinion_round = make_round(half_terms[0])
    for number in range(4):
        code(make_opinions(opinion_round, 12), make_theme(f"Theme {number}"))
    executive.give(opinion_round.reference, actor=advisor, now=NOW)
    db.session.flush()
    for number, line in enumerate(queries.with_executive(today=TODAY)):
        executive.record_answer(line.reference, make_answer("Done", NOW), by="x", now=NOW)
        day = NOW + timedelta(days=number)
        executive.release(line.reference, f"said {number}", "did", actor=advisor, now=day)
    db.session.flush()
    assert [one.said for one in said_done.newest_answers(2)] == ["said 3", "said 2"]
    assert len(said_done.newest_answers()) == 3


def test_whose_address_a_link_went_to_is_told_and_forgotten(there: WithExecutive) -> None:
    chair = make_person(email="chair@example.org")
    [link] = personal.export(chair.id)["links_to_answer_for_the_executive"]
    assert link["post"] == "Chair of the Executive"
    personal.erase(chair.id)
    db.session.expire_all()
    found = queries.find_link(there.link)
    assert found
    assert (found.post, found.email) == ("Chair of the Executive", NOBODY)


@pytest.mark.parametrize("how", ["merged", "corrected"])
def test_a_link_is_found_when_its_address_is_no_longer_used(
    there: WithExecutive, advisor: Person, how: str
) -> None:
    chair, other = make_person(email="chair@example.org"), make_person(email="ada@example.org")
    stays = chair if how == "corrected" else other
    db.session.commit()
    with transaction():
        if how == "merged":
            persons.merge(chair, other, actor=advisor, now=NOW)
        else:
            persons.correct_address(
                chair, "new@example.org", with_failed=False, actor=advisor, now=NOW
            )
    assert len(personal.export(stays.id)["links_to_answer_for_the_executive"]) == 1
    personal.erase(stays.id)
    assert db.session.scalars(select(RespondentLink.email)).all() == [NOBODY]


@pytest.mark.parametrize(("is_withdrawn", "days"), [(False, 28 + 366), (True, 366)])
def test_where_a_link_was_sent_is_forgotten_a_year_after_it_ended(
    there: WithExecutive, advisor: Person, is_withdrawn: bool, days: int
) -> None:
    if is_withdrawn:
        executive_links.withdraw_link(there.link, actor=advisor, now=NOW)
    counts = [
        executive_links.forget_old_addresses(now=NOW + timedelta(days=later))
        for later in (days - 1, days, days)
    ]
    assert counts == [0, 1, 0]
    found = db.session.execute(select(RespondentLink.post, RespondentLink.email)).all()
    assert found == [("Chair of the Executive", NOBODY)]


def test_the_link_is_sent_as_it_stands_in_its_letter(there: WithExecutive) -> None:
    [letter] = db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.kind == "forums_executive_link")
    )
    rows = db.session.execute(select(*RespondentLink.__table__.columns)).all()
    assert there.link in str(rows)
    assert there.token in letter.text_body
    assert there.token not in str(rows)
    text = f"Subject: {letter.subject}\n\n{letter.text_body}".replace(there.token, "TOKEN")
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        LETTER.write_text(text, encoding="utf-8")
    assert text == LETTER.read_text(encoding="utf-8")


def test_a_respondent_answers_without_signing_in(
    there: WithExecutive, advisor: Person, client: PageClient
) -> None:
    with transaction():
        executive.give(there.prepared, actor=advisor, now=NOW)
    address = f"/executive-answers/{there.token}"
    page = client.get(address)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.text.count(f"{address}/") == 1  # its own report's theme, not the other's
    form = client.get(f"{address}/{there.answer}")
    filled = {"answer": "A third team", "due_on": "29 March 2027", "state": "answered"}
    refused = client.submit(form, filled, button="Continue")
    assert "must be today or later" in refused.text
    assert "A third team" in refused.text
    check = client.submit(refused, {"due_on": "1 May 2027"}, button="Continue")
    assert "Check the answer" in check.text
    assert "Saturday 1 May 2027" in check.text
    assert state_of(there.answer)[2] == 1  # nothing yet
    saved = client.submit(check, button="Save the answer")
    assert "is saved" in saved.text
    assert state_of(there.answer)[1:] == ("A third team", 2)
    db.session.rollback()
    line = queries.find_answer(there.answer)
    assert line
    assert line.answered_by == "Chair of the Executive"


def test_the_second_of_two_sees_what_the_first_wrote(
    there: WithExecutive, advisor: Person, client: PageClient
) -> None:
    form = client.get(f"/executive-answers/{there.token}/{there.answer}")
    filled = {"answer": "The second", "state": "done"}
    check = client.submit(form, filled, button="Continue")
    with transaction():
        executive.record_answer(
            there.answer, make_answer("The first", NOW, 1), by=advisor.reference, now=NOW
        )
    refused = client.submit(check, button="Save the answer")
    assert "Somebody else has answered this meanwhile" in refused.text
    assert "The first" in refused.text
    assert "The second" in refused.text
    assert state_of(there.answer)[1] == "The first"
    again = client.submit(refused, button="Continue")
    client.submit(again, button="Save the answer")
    assert state_of(there.answer) == (AnswerState.DONE, "The second", 3)
    assert versions(there.answer)[1:] == ["The first", "The second"]


@pytest.mark.parametrize("how", ["ended", "withdrawn"])
def test_a_link_that_has_ended_says_so_and_changes_nothing(
    there: WithExecutive,
    advisor: Person,
    client: PageClient,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    if how == "ended":
        monkeypatch.setattr("app.kernel.clock.now", lambda: NOW + timedelta(days=29))
    else:
        with transaction():
            executive_links.withdraw_link(there.link, actor=advisor, now=NOW)
    for address in ("", f"/{there.answer}"):
        answer = client.get(f"/executive-answers/{there.token}{address}")
        assert answer.status_code == 410
        expected = "Its last day was" if how == "ended" else "It was withdrawn on"
        assert expected in answer.text
        assert "Waiting times" not in answer.text
    assert client.get(f"/executive-answers/{'0' * 64}").status_code == 404


def test_a_link_opens_the_themes_of_its_report_alone(
    there: WithExecutive, advisor: Person, client: PageClient
) -> None:
    with transaction():
        executive.mark_done(there.answer, actor=advisor, now=NOW)
        executive.give(there.prepared, actor=advisor, now=NOW)
    [other] = queries.with_executive(today=TODAY)
    answer = client.get(f"/executive-answers/{there.token}/{other.reference}")
    assert answer.status_code == 404


def test_an_advisor_prepares_gives_and_publishes(
    there: WithExecutive, advisor: Person, client: PageClient
) -> None:
    sign_in(client, advisor)
    address = f"/forums/executive/{there.prepared}"
    form = client.get(f"{address}/questions")
    [name] = re.findall(r'name="(question_\w+)"', form.text)
    client.submit(form, {name: "Who sees to it?"}, button="Save the questions")
    preview = client.get(address)
    assert "Who sees to it?" in preview.text
    assert "as often" not in preview.text
    client.submit(preview, button="Give to the Executive")
    given = client.get(address)
    assert "given on Tuesday 30 March 2027" in given.text
    again = client.submit(preview, button="Give to the Executive")
    assert "was given to the Executive on 30 March 2027" in again.text
    theme = f"/forums/executive/themes/{there.answer}"
    form = client.get(f"{theme}/publish")
    client.submit(
        form, {"said": "You wait", "did": "A team starts"}, button="Put it on the public page"
    )
    page = client.get("/you-said-we-did")
    assert [page.text.count(words) for words in ("You wait", "A team starts")] == [1, 1]


def test_a_need_is_raised_from_a_theme_once(
    there: WithExecutive, advisor: Person, client: PageClient
) -> None:
    sign_in(client, advisor)
    address = f"/forums/executive/themes/{there.answer}"
    form = client.get(f"{address}/need")
    assert "DSL opinion forms, Spring 1 2024/25" in form.text
    client.submit(form, button="Raise the need")
    [need] = db.session.scalars(select(Need))
    assert need.title == "Waiting times for early help"
    shown = client.get(address)
    assert f"/manage/needs/{need.reference}" in shown.text
    assert "waiting to be looked at" in shown.text
    refused = client.submit(form, button="Raise the need")
    assert "A need was raised from this theme already" in refused.text
    db.session.rollback()
    assert len(db.session.scalars(select(Need)).all()) == 1
