"""Quotations: only with consent, only after a second person has read them."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.audit.models import AuditLine
from app.impact.words import queries, quotes, themes
from app.impact.words.models import QuoteConsent, QuoteRow, QuoteState
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from tests.support.answers import make_evaluation
from tests.support.comments import add_comments, comment, commented, proposed, released
from tests.support.factories import NOW, make_partnership, make_person

TEXT = "The sheet for wishes helped me, with a girl at Oak School."


def test_a_released_quotation_has_its_words_themes_and_door(app: Flask) -> None:
    evaluation = commented(TEXT, title="Neglect toolkit")
    actor = make_person(Role.DELIVERY)
    themes.give_themes(comment(TEXT).id, [], new_name="Listening", actor=actor, now=NOW)
    quote = released(TEXT, "The sheet for wishes helped me.")
    [found] = queries.released_quotes(evaluation.id, public=True)
    assert found == queries.Quote(
        words="The sheet for wishes helped me […].",
        themes=("Listening",),
        evaluation_slug=evaluation.slug,
        evaluation_title="Neglect toolkit",
        door_label="3 months later",
        consent=QuoteConsent.PUBLIC,
        reference=quote.reference,
    )
    assert queries.quotes_by_reference([quote.reference, "other"], public=True) == {
        quote.reference: found
    }


def test_consent_for_inside_is_for_inside(app: Flask) -> None:
    evaluation = commented(TEXT, consent="inside")
    quote = released(TEXT)
    assert queries.released_quotes(evaluation.id, public=True) == ()
    assert queries.quotes_by_reference([quote.reference], public=True) == {}
    assert len(queries.released_quotes(evaluation.id, public=False)) == 1


@pytest.mark.parametrize("consent", ["no", ""])
def test_without_consent_nothing_is_quoted(app: Flask, consent: str) -> None:
    commented(TEXT, consent=consent)
    with pytest.raises(Refused, match="has not agreed to be quoted"):
        proposed(TEXT)


def test_consent_is_that_of_the_same_form(app: Flask) -> None:
    make_partnership()
    evaluation = make_evaluation(3)
    add_comments(evaluation, "Mine", consent="no")
    add_comments(evaluation, "Theirs", consent="public")
    assert quotes.consent_of(comment("Mine").response_id) is None
    assert quotes.consent_of(comment("Theirs").response_id) is QuoteConsent.PUBLIC


def test_nobody_releases_words_they_chose(app: Flask) -> None:
    commented(TEXT)
    author, second = make_person(Role.DELIVERY), make_person(Role.ADVISOR)
    quote = quotes.propose_quote(comment(TEXT).id, TEXT, actor=author, now=NOW)
    with pytest.raises(Refused, match="Somebody else must release it"):
        quotes.release_quote(quote.reference, 1, actor=author, now=NOW)
    # Who changes the words is the first person from then on.
    quotes.change_quote(quote.reference, 1, "The sheet helped me", actor=second, now=NOW)
    with pytest.raises(Refused, match="Somebody else must release it"):
        quotes.release_quote(quote.reference, 2, actor=second, now=NOW)
    quotes.release_quote(quote.reference, 2, actor=author, now=NOW)
    db.session.refresh(quote)
    assert (quote.state, quote.words) == (QuoteState.RELEASED, "The sheet […] helped me […]")


def test_the_database_refuses_it_too(app: Flask) -> None:
    commented(TEXT)
    quote = released(TEXT)
    quote.released_by = quote.proposed_by
    with pytest.raises(IntegrityError):
        db.session.flush()


def test_words_that_changed_meanwhile_are_not_released_unread(app: Flask) -> None:
    commented(TEXT)
    quote = proposed(TEXT)
    author = make_person(Role.DELIVERY)
    quotes.change_quote(quote.reference, 1, "The sheet helped me", actor=author, now=NOW)
    with pytest.raises(Refused, match="changed this quotation meanwhile"):
        quotes.release_quote(quote.reference, 1, actor=make_person(Role.ADVISOR), now=NOW)


def test_a_quotation_is_sent_back_with_a_reason_and_chosen_anew(app: Flask) -> None:
    commented(TEXT)
    quote = proposed(TEXT)
    second = make_person(Role.ADVISOR)
    quotes.send_quote_back(quote.reference, 1, "It names a school", actor=second, now=NOW)
    db.session.refresh(quote)
    assert (quote.state, quote.reason) == (QuoteState.SENT_BACK, "It names a school")
    with pytest.raises(Refused):
        quotes.release_quote(quote.reference, 1, actor=second, now=NOW)
    author = make_person(Role.DELIVERY)
    quotes.change_quote(quote.reference, 1, "The sheet helped me", actor=author, now=NOW)
    db.session.refresh(quote)
    assert (quote.state, quote.reason) == (QuoteState.PROPOSED, "")


def test_a_withdrawn_quotation_is_shown_no_longer(app: Flask) -> None:
    evaluation = commented(TEXT)
    quote = released(TEXT)
    actor = make_person(Role.DELIVERY)
    quotes.withdraw_quote(quote.reference, 1, "They asked us to", actor=actor, now=NOW)
    db.session.commit()
    assert queries.released_quotes(evaluation.id, public=False) == ()
    with pytest.raises(Refused):
        quotes.withdraw_quote(quote.reference, 1, "Again", actor=actor, now=NOW)


def test_a_released_quotation_is_not_changed_under_its_readers(app: Flask) -> None:
    commented(TEXT)
    quote = released(TEXT)
    with pytest.raises(Refused, match="changed this quotation meanwhile"):
        quotes.change_quote(
            quote.reference, 1, "The sheet", actor=make_person(Role.DELIVERY), now=NOW
        )


@pytest.mark.parametrize("kept", ["", "[…]", "."])
def test_a_quotation_has_words(app: Flask, kept: str) -> None:
    commented(TEXT)
    with pytest.raises(Refused, match="Leave some of the words"):
        quotes.propose_quote(comment(TEXT).id, kept, actor=make_person(Role.DELIVERY), now=NOW)


def test_the_trail_names_quotations_and_never_words(app: Flask) -> None:
    commented(TEXT)
    quote = released(TEXT)
    lines = db.session.scalars(
        select(AuditLine).where(AuditLine.subject_kind == "quotation").order_by(AuditLine.id)
    ).all()
    assert [(line.verb, line.subject_reference, line.facts) for line in lines] == [
        ("proposed a quotation", quote.reference, {}),
        ("released a quotation", quote.reference, {}),
    ]


def test_quotations_go_with_their_answer(app: Flask) -> None:
    commented(TEXT)
    released(TEXT)
    db.session.delete(comment(TEXT))
    db.session.commit()
    assert db.session.scalars(select(QuoteRow)).all() == []
