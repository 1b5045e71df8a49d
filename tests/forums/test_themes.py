"""Reading opinions, coding them into themes, quoting them, and the schools to contact."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.forums import contact_wishes, opinion_reading, personal, quotes, themes
from app.forums.opinion_models import ContactWish, OpinionRound, Theme, ThemeAnswer, ThemeClass
from app.forums.opinion_queries import did_not_answer, response
from app.forums.opinions import Said
from app.forums.themes import ThemeCount, theme_counts
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.refusals import Refused
from app.partnership.models import HalfTerm
from tests.forums.test_opinion_rounds import NOW
from tests.support.factories import make_partnership, make_person
from tests.support.forums import make_half_terms, make_school
from tests.support.hostile import MARKUP
from tests.support.opinions import open_now, opinions_of, plan, round_called, say, work
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

GOOD, BETTER = ThemeClass.WORKING_WELL, ThemeClass.CAN_IMPROVE
CONCERN = "Worried about a child? Ring 0345 8 503 503."


@pytest.fixture
def half_terms(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[HalfTerm]:
    monkeypatch.setattr("app.kernel.clock.now", lambda: NOW)
    make_partnership(concern_words=CONCERN)
    parts = make_half_terms()
    db.session.commit()
    return parts


@pytest.fixture
def advisor(half_terms: list[HalfTerm]) -> Person:
    person = make_person(Role.ADVISOR, name="Jo Park")
    db.session.commit()
    return person


def answered(half_term: HalfTerm, advisor: Person, count: int = 10, **changes: Any) -> OpinionRound:
    """A round of this half term that so many schools answered, closed."""
    asked = plan(half_term, advisor, now=NOW, **changes)
    open_now(asked.reference, advisor, now=NOW)
    schools = [make_school(f"{asked.reference} {number}") for number in range(count)]
    db.session.commit()
    work(NOW)
    for school in schools:
        say(asked, school, now=NOW)
    work(asked.closes_at)
    for school in schools:
        school.closed_on = NOW.date() - timedelta(days=1)  # not asked again by another round
    db.session.commit()
    return round_called(asked.reference)


def give(
    asked: OpinionRound, theme_class: ThemeClass, title: str, count: int, actor: Person
) -> Theme:
    """Attach a theme to so many opinions of a round."""
    with transaction():
        theme = themes.add_theme(theme_class, title, actor=actor, now=NOW)
        for one in opinions_of(asked)[:count]:
            opinion_reading.give_themes(one.id, [theme.id], [], round_id=asked.id)
    return theme


def test_an_advisor_reads_one_by_one_and_knows_a_theme_again(
    client: PageClient, half_terms: list[HalfTerm], advisor: Person
) -> None:
    asked = answered(half_terms[1], advisor, 2)
    give(asked, BETTER, "Early help thresholds", 0, advisor)
    sign_in(client, advisor)
    page = client.get(f"/forums/opinions/{asked.reference}/read")
    assert "2 can be read, 2 nobody has read yet" in page.words
    first = client.click(page, "Read one by one")
    assert first.select("datalist", id="can_improve-known")

    asks = client.post_form(first, {"can_improve": "Help threshold"}, button="Keep, and add more")
    assert "themes that may mean the same" in asks.words
    assert len(themes.all_themes()) == 1
    [known] = [one for one in asks.select("input", type="radio") if one["value"] != "new"]
    kept = client.submit(
        asks, {"which_can_improve": known["value"]}, button="Keep, and read the next"
    )
    assert kept.h1 == "One opinion"
    assert len(themes.all_themes()) == 1
    last = client.submit(
        kept,
        {"working_well": "Quick replies", "can_improve": "early HELP thresholds"},
        button="Keep, mark as read",
    )
    assert "All that can be read has been read." in last.words
    counts = theme_counts(asked)
    assert [(one.theme_class, one.title, one.count) for one in counts] == [
        (GOOD, "Quick replies", 1),
        (BETTER, "Early help thresholds", 2),
    ]
    once_more = client.get(f"/forums/opinions/{asked.reference}/read/{opinions_of(asked)[0].id}")
    held = next(iter(once_more.select("input", type="checkbox")))["value"]
    off = client.submit(once_more, {"remove": [held]}, button="Keep, and add more")
    assert "Kept." in off.words
    assert sum(one.count for one in theme_counts(asked)) == 2


def test_two_advisors_at_once_lose_nothing(half_terms: list[HalfTerm], advisor: Person) -> None:
    asked = answered(half_terms[1], advisor, 1)
    [one] = opinions_of(asked)
    with transaction():
        first = themes.add_theme(GOOD, "One", actor=advisor, now=NOW).id
        second = themes.add_theme(GOOD, "Two", actor=advisor, now=NOW).id
        opinion_reading.give_themes(one.id, [first], [], round_id=asked.id)
        opinion_reading.give_themes(one.id, [second, first], [], round_id=asked.id)
    assert [one.count for one in theme_counts(asked)] == [1, 1]


def test_what_needs_action_now_leads_to_the_right_contact(
    client: PageClient, half_terms: list[HalfTerm], advisor: Person
) -> None:
    asked = answered(half_terms[1], advisor, 1)
    sign_in(client, advisor)
    [one] = opinions_of(asked)
    page = client.get(f"/forums/opinions/{asked.reference}/read/{one.id}")
    now = client.click(page, "This needs action now")
    assert CONCERN in now.words
    assert "Nobody can tell which school wrote this" in now.words


def test_counts_compare_with_the_half_term_before_and_tell_when_a_theme_was_first_seen(
    half_terms: list[HalfTerm], advisor: Person
) -> None:
    rounds = [answered(half_terms[number], advisor, 4) for number in range(3)]
    theme = give(rounds[0], BETTER, "Thresholds", 2, advisor)
    give(rounds[1], BETTER, "Thresholds", 4, advisor)
    give(rounds[1], GOOD, "Quick replies", 1, advisor)
    give(rounds[2], BETTER, "Thresholds", 1, advisor)
    found = {one.title: one for one in theme_counts(rounds[2])}
    facts = (theme.id, theme.reference, BETTER, "Thresholds")
    assert found["Thresholds"] == ThemeCount(*facts, 1, 4, "Autumn 1 2026/27")
    assert (found["Quick replies"].count, found["Quick replies"].before) == (0, 1)
    assert [one.before for one in theme_counts(rounds[0])] == [None]
    assert [(one.count, one.opinions) for one in themes.trend(theme.id)] == [(2, 4), (4, 4), (1, 4)]


def test_merging_takes_the_history_along(
    client: PageClient, half_terms: list[HalfTerm], advisor: Person
) -> None:
    rounds = [answered(half_terms[number], advisor, 3) for number in range(2)]
    old = give(rounds[0], BETTER, "Front door", 2, advisor).reference
    stays = give(rounds[1], BETTER, "Response of the front door", 1, advisor)
    give(rounds[0], BETTER, "Response of the front door", 3, advisor)
    sign_in(client, advisor)
    page = client.click(client.get(f"/forums/themes/{old}"), "Merge it into another")
    merged = client.submit(page, {"into": stays.reference})
    assert merged.h1 == "Response of the front door"
    assert [one.count for one in themes.trend(stays.id)] == [3, 1]
    assert client.follow(client.get(f"/forums/themes/{old}")).h1 == merged.h1
    with transaction():  # whoever types the old title gets the theme that stands for it
        assert themes.add_theme(BETTER, "FRONT door", actor=advisor, now=NOW).id == stays.id


def test_two_answers_of_one_half_term_are_not_merged(
    half_terms: list[HalfTerm], advisor: Person
) -> None:
    asked = answered(half_terms[0], advisor, 1)
    both = [give(asked, GOOD, title, 1, advisor) for title in ("One", "Other")]
    with transaction():
        for number, theme in enumerate(both):
            db.session.add(
                ThemeAnswer(
                    reference=f"answer{number}", theme_id=theme.id, round_id=asked.id, state="open"
                )
            )
    with pytest.raises(Refused, match="Autumn 1 2026/27"), transaction():
        themes.merge_themes(both[0].reference, both[1].reference, actor=advisor, now=NOW)


def test_words_are_quoted_only_as_written_and_released_by_somebody_else(
    client: PageClient, half_terms: list[HalfTerm], advisor: Person
) -> None:
    asked = answered(half_terms[0], advisor, 1)
    other = make_person(Role.DELIVERY, name="Sam Hill")
    db.session.commit()
    [one] = opinions_of(asked)
    address = f"/forums/opinions/{asked.reference}/read/{one.id}/quote"
    sign_in(client, advisor)
    page = client.get(address)
    refused = client.post_form(page, {"kept": "Early help answers at once."})
    assert "is not in the comment at that place" in refused.errors[0]
    proposed = client.submit(page, {"kept": "Early help answers"})
    assert "somebody else must release them" in proposed.words
    assert quotes.released_quotes(asked) == []
    [quote] = quotes.proposed_quotes(asked)
    with pytest.raises(Refused, match="Somebody else"), transaction():
        quotes.release_quote(quote.reference, actor=advisor, now=NOW)
    sign_in(client, other)
    read = client.get(f"/forums/opinions/{asked.reference}/quotes/{quote.reference}")
    client.submit(read, button="Release it")
    assert [one.words for one in quotes.released_quotes(asked)] == ["Early help answers […]"]
    with pytest.raises(Refused, match="taken this quotation back"), transaction():
        quotes.take_back("nosuch", actor=other, now=NOW)


def test_whoever_did_not_agree_is_not_quoted(half_terms: list[HalfTerm], advisor: Person) -> None:
    asked = open_now(plan(half_terms[0], advisor, now=NOW).reference, advisor, now=NOW)
    school = make_school("Ash Primary")
    db.session.commit()
    work(NOW)
    say(asked, school, Said("Fine.", "", "", False, False), now=NOW)
    work(asked.closes_at)
    [one] = opinions_of(asked)
    read = opinion_reading.find_opinion(asked.id, one.id)
    assert read
    with pytest.raises(Refused, match="not agreed to be quoted"), transaction():
        quotes.propose_quote(read, "Fine.", None, round_id=asked.id, actor=advisor, now=NOW)


def test_a_wish_is_dealt_with_once_and_forgotten_after_a_year(
    client: PageClient, half_terms: list[HalfTerm], advisor: Person
) -> None:
    asked = open_now(plan(half_terms[0], advisor, now=NOW).reference, advisor, now=NOW)
    school = make_school("Ash Primary")
    db.session.commit()
    work(NOW)
    wish = Said("Fine.", "", "", False, False, "Kim Lee", "01924 111111")
    say(asked, school, wish, now=NOW)
    sign_in(client, advisor)
    page = client.click(client.get("/forums/opinions"), "Schools to contact (1 waiting)")
    one = client.click(page, "Ash Primary")
    assert "01924 111111" in one.words
    done = client.submit(one, {"outcome": "Rang them"})
    assert "Rang them" in done.words
    [found] = contact_wishes.wishes(0, 9)
    with pytest.raises(Refused, match="already"), transaction():
        contact_wishes.deal_with(found.reference, "Again", actor=advisor, now=NOW)
    with transaction():
        assert contact_wishes.forget_old_wishes(now=NOW + timedelta(days=365)) == 0
        assert contact_wishes.forget_old_wishes(now=NOW + timedelta(days=366)) == 1


def test_a_wish_nobody_dealt_with_is_forgotten_a_year_after_its_round_closed(
    half_terms: list[HalfTerm], advisor: Person
) -> None:
    asked = open_now(plan(half_terms[0], advisor, now=NOW).reference, advisor, now=NOW)
    school = make_school("Ash Primary")
    db.session.commit()
    work(NOW)
    say(asked, school, Said("Fine.", "", "", False, False, "Kim Lee", "01924 111111"), now=NOW)
    closed_at = asked.closes_at
    with transaction():
        assert contact_wishes.forget_old_wishes(now=closed_at + timedelta(days=366)) == 0
    work(closed_at)
    with transaction():
        assert contact_wishes.forget_old_wishes(now=closed_at + timedelta(days=365)) == 0
        assert contact_wishes.forget_old_wishes(now=closed_at + timedelta(days=366)) == 1


def test_a_wish_is_told_and_forgotten_with_the_person_whose_address_it_holds(
    half_terms: list[HalfTerm], advisor: Person
) -> None:
    asked = open_now(plan(half_terms[0], advisor, now=NOW).reference, advisor, now=NOW)
    ways = ("Ring, or write to ANN@x.uk.", "joann@x.uk", "01924 111111")
    schools = [make_school(f"School {number}") for number in range(len(ways))]
    ann = make_person(email="ann@x.uk")
    db.session.commit()
    work(NOW)
    for school, way in zip(schools, ways, strict=True):
        say(asked, school, Said("Fine.", "", "", False, False, "Ann Lee", way), now=NOW)
    told = personal.export(ann.id)["asked_to_be_contacted"]
    assert [one["how"] for one in told] == [ways[0]]
    with transaction():
        personal.erase(ann.id)
    left = set(db.session.scalars(select(ContactWish.how)))
    assert left == set(ways[1:])
    assert len(opinions_of(asked)) == len(ways)


def test_who_answered_is_told_by_group_once_the_round_has_closed(
    client: PageClient, half_terms: list[HalfTerm], advisor: Person
) -> None:
    made = [make_school(f"Primary {number}") for number in range(12)]
    made += [
        make_school(f"High {number}", phase="Secondary", establishment_type="Academies")
        for number in range(11)
    ]
    made.append(make_school("College", kind="college"))
    db.session.commit()
    asked = open_now(plan(half_terms[1], advisor, now=NOW).reference, advisor, now=NOW)
    work(NOW)
    for school in [*made[:7], *made[12:15]]:
        say(asked, school, now=NOW)
    open_ = response(asked)
    assert (open_.asked, open_.answered, open_.by_phase, open_.by_type) == (24, 10, [], [])
    sign_in(client, advisor)
    address = f"/forums/opinions/{asked.reference}"
    page = client.get(address)
    assert "10 of 24 schools answered" in page.words
    assert "did not answer" not in page.words
    work(asked.closes_at)
    closed = response(round_called(asked.reference))
    assert {(one.asked, one.answered) for one in closed.by_phase} == {(12, 7), (12, 3)}
    page = client.get(address)
    assert "14 schools did not answer" in page.words
    assert "Primary 11" in page.words


def test_of_a_few_that_answered_nobody_is_told_which_they_are(
    client: PageClient, half_terms: list[HalfTerm], advisor: Person
) -> None:
    asked = answered(half_terms[1], advisor, 9)
    assert did_not_answer(asked) is None
    sign_in(client, advisor)
    page = client.get(f"/forums/opinions/{asked.reference}")
    assert "which schools did not answer is withheld" in page.words


def test_hostile_words_are_shown_as_they_were_typed(
    client: PageClient, half_terms: list[HalfTerm], advisor: Person
) -> None:
    school = make_school("Ash Primary")
    db.session.commit()
    asked = open_now(plan(half_terms[0], advisor, now=NOW).reference, advisor, now=NOW)
    work(NOW)
    say(asked, school, Said(MARKUP, MARKUP, MARKUP, True, False), now=NOW)
    work(asked.closes_at)
    give(asked, GOOD, MARKUP[:90], 1, advisor)
    sign_in(client, advisor)
    address = f"/forums/opinions/{asked.reference}/read"
    one = f"{address}/{opinions_of(asked)[0].id}"
    for path in (address, one, f"{one}/act-now", f"{one}/quote", "/forums/themes"):
        page = client.get(path)
        assert MARKUP[:20] in page.text.replace("&lt;", "<").replace("&#34;", '"')
        assert not page.select("img", src="x")
