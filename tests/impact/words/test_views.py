"""The pages of comments and quotations: who sees what, and that each step does what it says."""

from __future__ import annotations

from collections.abc import Iterable

from app.impact.words.models import CommentReading, QuoteRow, QuoteState
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.answers import wave_of
from tests.support.comments import add_comments, comment, commented, proposed, released
from tests.support.factories import make_event, make_person, make_sector
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

TEXT = "Since then Zebediah tells me when he is hungry."
KEPT = "Since then tells me when he is hungry."
CUT = "Since then [removed] tells me when he is hungry."
TEN = tuple(f"Example number {number}" for number in range(10))


def as_(client: PageClient, role: Role) -> str:
    """Be somebody new in this role; their reference."""
    with client.session_transaction() as session:
        session.clear()
    person = make_person(role, name=f"The {role.value}")
    reference = person.reference
    sign_in(client, person)
    return reference


def mark_all_read() -> None:
    for one in db.session.query(CommentReading):
        one.is_read = True
    db.session.commit()


def test_the_queue_leads_to_the_comments_and_they_are_marked_as_read(client: PageClient) -> None:
    slug = commented("One", "Two", title="Neglect toolkit").slug
    as_(client, Role.DELIVERY)
    page = client.get("/impact/words")
    assert "2 new comments, waiting" in page.words
    page = client.click(page, "Neglect toolkit")
    assert "One" in page.words
    assert "Quote: publicly" in page.words
    page = client.submit(page, button="I have read these 2 comments")
    assert "2 comments are marked as read" in page.words
    assert "You have read everything that people wrote here" in page.words
    assert "Everything that people wrote has been read" in client.get("/impact/words").words
    assert client.get(f"/impact/words/read/{slug}x", judge=False).status_code == 404


def test_what_came_while_somebody_read_stays_in_the_queue(client: PageClient) -> None:
    evaluation = commented("One")
    as_(client, Role.ADVISOR)
    page = client.get(f"/impact/words/read/{evaluation.slug}")
    add_comments(evaluation, "Two")
    db.session.add(CommentReading(answer_id=comment("Two").id, evaluation_id=evaluation.id))
    db.session.commit()
    page = client.submit(page, button="I have read this comment")
    assert "Two" in page.words


def test_a_comment_gets_themes_and_is_read_with_that(client: PageClient) -> None:
    commented(TEXT, "Another")
    answer_id = comment(TEXT).id
    as_(client, Role.DELIVERY)
    page = client.get(f"/impact/words/comments/{answer_id}")
    page = client.submit(page, {"new_theme": "Listening"}, button="Keep, and mark as read")
    assert "Another" in page.words
    assert TEXT not in page.words
    page = client.get(f"/impact/words/comments/{answer_id}")
    [box] = page.select("input", type="checkbox")
    assert "checked" in box
    page = client.get("/impact/words/themes")
    page = client.click(page, "Listening")
    assert TEXT in page.words


def test_words_are_taken_out_and_the_page_never_says_them_again(client: PageClient) -> None:
    commented(TEXT)
    answer_id = comment(TEXT).id
    as_(client, Role.DELIVERY)
    page = client.get(f"/impact/words/comments/{answer_id}/take-out")
    page = client.submit(page, {"kept": TEXT}, button="Take the words out")
    assert page.errors == ["Nothing is cut yet: delete the words that could identify a child"]
    page = client.submit(page, {"kept": KEPT}, button="Take the words out")
    assert CUT in page.words
    assert "Zebediah" not in page.text
    with client.session_transaction() as session:
        assert "Zebediah" not in str(dict(session))


def test_a_whole_comment_is_taken_out_with_one_button(client: PageClient) -> None:
    commented(TEXT)
    answer_id = comment(TEXT).id
    as_(client, Role.ADVISOR)
    page = client.get(f"/impact/words/comments/{answer_id}/take-out")
    page = client.submit(page, button="Take out the whole comment")
    assert page.page.one("blockquote").words == "[removed]"


def test_a_quotation_goes_from_one_person_to_another_to_the_bank(client: PageClient) -> None:
    commented(TEXT)
    answer_id = comment(TEXT).id
    as_(client, Role.DELIVERY)
    page = client.get(f"/impact/words/comments/{answer_id}/quote")
    page = client.submit(page, {"kept": "Since then Leo tells me."}, button="Propose these words")
    assert page.errors[0].startswith("“Leo” is not in the comment at that place")
    page = client.submit(page, {"kept": KEPT}, button="Propose these words")
    page = client.click(page, "Read and decide : “Since then […] tells me when he is hungry.”")
    assert "You chose these words, so somebody else must release them." in page.words
    address = page.request.path
    [token] = page.page.form(button="Send it back").values["csrf_token"]
    refused = client.post(f"{address}/release", data={"revision": 1, "csrf_token": token})
    assert refused.errors == ["Somebody else must release it: you chose these words"]

    as_(client, Role.ADVISOR)
    page = client.submit(client.get(address), button="Release it")
    assert "Released by The advisor" in page.words

    as_(client, Role.EVALUATOR)
    page = client.get("/impact/quotes?words=HUNGRY")
    assert "“Since then […] tells me when he is hungry.”" in page.words
    assert "May be shown publicly" in page.words
    assert client.get(address, judge=False).status_code == 403


def test_a_quotation_is_sent_back_or_withdrawn_only_with_a_reason(client: PageClient) -> None:
    commented(TEXT)
    reference = proposed(TEXT).reference
    as_(client, Role.ADVISOR)
    page = client.get(f"/impact/quotes/{reference}")
    page = client.submit(page, {"reason": ""}, button="Send it back")
    assert page.errors == ["Say why, in a few words"]
    page = client.submit(page, {"reason": "It names a child"}, button="Send it back")
    assert "Sent back because It names a child" in page.words
    page = client.click(page, "Choose other words")
    page = client.submit(page, {"kept": KEPT}, button="Propose these words")
    assert db.session.get_one(QuoteRow, reference).state is QuoteState.PROPOSED
    as_(client, Role.DELIVERY)
    page = client.submit(client.get(f"/impact/quotes/{reference}"), button="Release it")
    page = client.submit(page, {"reason": "They asked us to"}, button="Withdraw it")
    assert "Withdrawn because They asked us to" in page.words


def test_the_bank_shows_evaluators_what_is_released_and_readers_the_rest(
    client: PageClient,
) -> None:
    commented("One is good", "Two is good")
    proposed("One is good")
    released("Two is good")
    as_(client, Role.EVALUATOR)
    page = client.get("/impact/quotes")
    assert ("One is good" in page.words, "Two is good" in page.words) == (False, True)
    as_(client, Role.DELIVERY)
    page = client.get("/impact/quotes")
    assert ("One is good" in page.words, "Two is good" in page.words) == (True, True)
    page = client.get("/impact/quotes?state=proposed&consent=public&offer=none")
    assert "No quotation fits" in page.words


def found(page_words: str, texts: Iterable[str]) -> list[str]:
    return [text for text in texts if text in page_words]


def test_evaluators_see_comments_that_were_read_among_ten_people_and_never_whence(
    client: PageClient,
) -> None:
    event, sector = make_event(), make_sector("Housing")
    few = commented("One of nine", title="Few", sector=sector)
    add_comments(few, *TEN[:8])
    many = commented(*TEN, title="Many", sector=sector, event=event)
    mark_all_read()
    add_comments(many, "Not read yet", sector=sector, event=event)
    db.session.commit()
    as_(client, Role.EVALUATOR)
    page = client.get("/impact/words/comments")
    assert "10 comments" in page.words
    assert found(page.words, TEN) == list(TEN)
    assert not found(page.words, ["One of nine", "Not read yet", "Housing", "session of"])
    assert "/impact/words/comments/" not in page.text
    as_(client, Role.DELIVERY)
    page = client.get("/impact/words/comments?state=unread")
    assert "Not read yet" in page.words
    page = client.get("/impact/words/comments?evaluation=" + many.slug)
    assert "session of" in page.words
    assert "Housing" in page.words


def test_small_groups_are_not_named_to_readers_either(client: PageClient) -> None:
    evaluation = commented(*TEN, sector=make_sector("Health"))
    add_comments(evaluation, "By one of two", "And the other", sector=make_sector("Police"))
    db.session.commit()
    as_(client, Role.DELIVERY)
    page = client.get("/impact/words/comments")
    assert "By one of two" in page.words
    # The two would be known by what is not said of them, so the ten are not named either.
    assert not found(page.words, ["Health", "Police"])


def test_comments_are_found_by_words_whatever_their_case_and_never_by_patterns(
    client: PageClient,
) -> None:
    commented("It was 100% useful", "It was 100 times useful")
    as_(client, Role.DELIVERY)
    page = client.get("/impact/words/comments?words=USEFUL")
    assert "2 comments" in page.words
    page = client.get("/impact/words/comments?words=100%25")
    assert "One comment" in page.words
    assert client.get("/impact/words/comments?words=_&theme=x&page=9").status_code == 200


def test_how_often_a_theme_comes_up_is_said_of_ten_people(client: PageClient) -> None:
    evaluation = commented(*TEN[:9])
    wave_of(evaluation, 3)
    as_(client, Role.DELIVERY)
    address = f"/impact/words/read/{evaluation.slug}"
    answer_id = comment(TEN[0]).id
    page = client.get(f"/impact/words/comments/{answer_id}")
    client.submit(page, {"new_theme": "Listening"}, button="Keep, and mark as read")
    assert "how often each theme comes up is withheld" in client.get(address).words
    add_comments(evaluation, "The tenth")
    db.session.commit()
    page = client.get(address)
    assert "10 people wrote something" in page.words
    assert "Listening 1 comment" in page.words


def test_themes_are_kept_in_order(client: PageClient) -> None:
    commented("One")
    as_(client, Role.DELIVERY)
    page = client.get("/impact/words/themes")
    page = client.submit(page, {"name": "Wishes"}, button="Add it")
    page = client.submit(page, {"name": "Time"}, button="Add it")
    page = client.click(page, "Rename Wishes")
    refused = client.submit(page, {"name": "time"}, button="Rename it")
    assert refused.errors == ["There is a theme “Time” already: merge this one into it instead"]
    page = client.submit(page, {"name": "Wishes and feelings"}, button="Rename it")
    page = client.click(page, "Merge Time")
    assert client.submit(page, {"into": ""}, button="Merge them").errors
    [target] = [one.get("value") for one in page.select("option") if "Wishes" in one.words]
    page = client.submit(page, {"into": target}, button="Merge them")
    assert "Wishes and feelings" in page.words
    page = client.submit(page, button="Retire Wishes and feelings")
    assert "Retired" in page.words
    page = client.submit(page, button="Offer again Wishes and feelings")
    assert "Retired" not in page.words


def test_who_reads_is_named_by_post(client: PageClient) -> None:
    commented("One")
    reference = as_(client, Role.DELIVERY)
    page = client.get("/impact/words")
    assert "Read by: The delivery group" in page.words
    page = client.get("/impact/words/reader")
    typed = {"post": "Learning Officer", "reader": reference}
    page = client.submit(page, typed, button="Save")
    assert "Read by: Learning Officer" in page.words


def test_a_comment_that_cannot_be_is_not_found(client: PageClient) -> None:
    commented("One")
    as_(client, Role.DELIVERY)
    for number in (1, 2**63, 10**40):
        address = f"/impact/words/comments/{number}"
        assert client.get(address, judge=False).status_code == 404
