"""The judging client judges: every kind of bad page fails, a good page passes."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from flask import Blueprint, Flask, redirect, request
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.db import db
from tests.support import page
from tests.support.judge import faults_of
from tests.support.page import Page
from tests.support.page_client import PageClient

GOOD = """<!doctype html><html lang="en"><head><title>Book a place - Ripple</title></head><body>
<h1 class="big  heading">Book a <b>place</b></h1>
<svg><title>A picture</title></svg>
<a href="#name">Name</a> <img src="/logo.svg" alt="">
<form method="post" action="/done">
  <input type="hidden" name="csrf_token" value="t0k3n">
  <label for="name">Name</label><input id="name" name="name" value="Ana">
  <label>Notes <textarea name="notes">two
lines</textarea></label>
  <label><input type="checkbox" name="diet" value="vegan" checked> Vegan</label>
  <label><input type="checkbox" name="diet" value="halal"> Halal</label>
  <select name="sector" aria-label="Sector">
    <option value="a">A</option><option value="b" selected>B</option></select>
  <button name="verb" value="book">Book</button><button>Cancel</button>
</form>
<script type="application/ld+json">{}</script><script src="/static/x.js"></script>
</body></html>"""


def test_a_good_page_has_no_faults() -> None:
    assert faults_of(GOOD) == []


def test_an_error_page_may_say_so_before_its_title() -> None:
    assert faults_of(GOOD.replace("<title>", "<title>Error: ")) == []


BAD_PAGES = {
    "no heading": ("h1", "h2", "0 h1"),
    "two headings": ("<svg>", "<h1>Book</h1><svg>", "2 h1"),
    "another title": ("<title>Book", "<title>Ripple: Book", "does not start with"),
    "an id twice": ("<svg>", '<svg id="name">', "'name' is there 2 times"),
    "a link to nowhere": ('href="#name"', 'href="#nam"', "not on the page"),
    "a field without a label": ('for="name"', 'for="other"', "no label for the field 'name'"),
    "an empty label": (">Name</label>", "></label>", "no label for the field 'name'"),
    "a choice without a label": (' aria-label="Sector"', "", "no label for the field 'sector'"),
    "a form without a token": ('name="csrf_token"', 'name="token"', "no csrf_token"),
    "a form with an empty token": ("t0k3n", "", "no csrf_token"),
    "a picture without words": (' alt=""', "", "has no alt"),
    "an inline script": ('script src="/static/x.js"', "script", "inline <script>"),
    "an inline style": ("<svg>", '<svg style="color:red">', "a style attribute"),
    "a style element": ("<svg>", "<style>p {}</style><svg>", "a <style> element"),
    "an inline handler": ("<svg>", '<svg onclick="x()">', "inline handler onclick"),
    "a script in a link": ('href="#name"', 'href=" javascript:x"', "a javascript: link"),
}


@pytest.mark.parametrize(("old", "new", "fault"), BAD_PAGES.values(), ids=BAD_PAGES)
def test_a_bad_page_is_found_out(old: str, new: str, fault: str) -> None:
    assert old in GOOD
    assert fault in "; ".join(faults_of(GOOD.replace(old, new)))


@pytest.mark.parametrize(
    "html",
    [
        GOOD,
        *(GOOD.replace(old, new) for old, new, _fault in BAD_PAGES.values()),
        "<p class=plain id='x' hidden>1 < 2 &amp; 3 &lt; 4<br/><input value='\"'></p >",
        '<P Title="A &amp; B" data-a="<b>">a<textarea>&lt;b></textarea></P><title>a<b></title>',
        '<script>if (a < b) "</p>"</script><style>a>b{}</style><p a="1"b="2" c = "3">x</p',
        '<p><b>never closed<i>nor this</b></p><!-- <h1>no</h1> --><h1\n  id="x"\n>y</h1><a',
    ],
)
def test_plain_tags_are_read_as_the_librarys_reader_reads_them(
    html: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = Page(html).root
    monkeypatch.setattr(page, "PLAIN_START", re.compile("(?!)"))
    monkeypatch.setattr(page, "PLAIN_END", re.compile("(?!)"))
    page.read.cache_clear()
    slow = Page(html).root
    page.read.cache_clear()
    assert repr(slow) == repr(quick)


def test_a_form_is_read_as_a_browser_would_send_it() -> None:
    assert Page(GOOD).form().filled_in({"name": "Bo"}, "Book") == {
        "csrf_token": ["t0k3n"],
        "name": "Bo",
        "notes": ["two\nlines"],
        "diet": ["vegan"],
        "sector": ["b"],
        "verb": "book",
    }


def test_a_field_that_the_form_does_not_have_is_a_mistake_of_the_test() -> None:
    with pytest.raises(AssertionError, match="not on the form: \\['nmae'\\]"):
        Page(GOOD).form().filled_in({"nmae": "Bo"}, None)


def test_a_button_that_the_form_does_not_have_is_a_mistake_of_the_test() -> None:
    with pytest.raises(AssertionError, match="0 forms with fields"):
        Page(GOOD).form(button="Delete")


# What follows needs an application: a small one of its own, with one table.


@pytest.fixture
def pages() -> Flask:
    made = Flask(__name__)
    made.config.update(
        SECRET_KEY="tests", TESTING=True, SQLALCHEMY_DATABASE_URI="sqlite:///:memory:"
    )
    made.test_client_class = PageClient
    db.init_app(made)
    with made.app_context():
        db.session.execute(text("CREATE TABLE attempt (n INTEGER)"))
        db.session.execute(text("CREATE TABLE thing (n INTEGER)"))
        db.session.commit()
    return made


def _client(pages: Flask, view: Callable[[], object], path: str = "/page") -> PageClient:
    blueprint = Blueprint("pages", __name__)
    blueprint.add_url_rule(path, "view", view, methods=["GET", "POST"])  # type: ignore[arg-type]
    pages.register_blueprint(blueprint)
    client = pages.test_client()
    assert isinstance(client, PageClient)
    return client


def _execute(statement: str, times: int = 1) -> str:
    for _ in range(times):
        db.session.execute(text(statement))
    db.session.commit()
    return GOOD


def test_the_client_passes_a_good_page_and_sends_its_form(pages: Flask) -> None:
    def view() -> object:
        if request.method == "POST":
            return redirect("/page?" + urlencode(request.form))
        return GOOD.replace("/done", "/page")

    client = _client(pages, view)
    page = client.get("/page")
    assert page.h1 == "Book a place"
    assert page.page.title == "Book a place - Ripple"
    sent = client.post_form(page, {"name": "Bo"}, button="Cancel", extra={"role": "chief"})
    assert "name=Bo" in sent.location
    assert "role=chief" in sent.location
    assert "verb" not in sent.location
    assert client.follow(sent).h1 == "Book a place"


def test_the_client_fails_a_bad_page(pages: Flask) -> None:
    client = _client(pages, lambda: GOOD.replace("h1", "h2"))
    with pytest.raises(AssertionError, match=r"GET /page \(200\): 0 h1"):
        client.get("/page")


def test_the_client_leaves_alone_what_is_not_to_be_judged(pages: Flask) -> None:
    client = _client(pages, lambda: "<p>A letter</p>")
    assert client.get("/page", judge=False).words == "A letter"


def test_the_client_fails_an_error_page_that_is_bad(pages: Flask) -> None:
    client = _client(pages, lambda: ("<p>Sorry</p>", 500))
    with pytest.raises(AssertionError, match="0 h1"):
        client.get("/page")


@pytest.mark.parametrize(
    ("path", "count", "fails"),
    [
        ("/page", 15, False),
        ("/page", 16, True),
        ("/impact/1", 20, False),
        ("/impact/1", 21, True),
        ("/impact/reports/1", 30, False),
        ("/impact/reports/1", 31, True),
    ],
)
def test_the_client_fails_a_page_of_many_statements(
    pages: Flask, path: str, count: int, fails: bool
) -> None:
    client = _client(pages, lambda: _execute("SELECT 1", count), path)
    if fails:
        with pytest.raises(AssertionError, match=f"{count} SQL statements"):
            client.get(path)
    else:
        client.get(path)


@pytest.mark.parametrize(
    "statement", ["INSERT INTO thing VALUES (1)", "UPDATE thing SET n = 2", "DELETE FROM thing"]
)
def test_the_client_fails_a_read_that_writes(pages: Flask, statement: str) -> None:
    client = _client(pages, lambda: _execute(statement))
    with pytest.raises(AssertionError, match="a read wrote to the table thing"):
        client.get("/page")
    client.post("/page")


def test_a_read_may_count_how_often_somebody_asks(pages: Flask) -> None:
    _client(pages, lambda: _execute("INSERT INTO attempt VALUES (1)")).get("/page")


def test_the_client_fails_a_page_that_leaves_changes_behind(
    pages: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A session with something unsaved, without a table of the service having to exist for it.
    monkeypatch.setattr(Session, "new", [object()])
    client = _client(pages, lambda: GOOD)
    with pytest.raises(AssertionError, match="changes outside a transaction: object"):
        client.get("/page")


def test_a_request_does_not_see_what_the_test_has_in_hand(pages: Flask) -> None:
    client = _client(pages, lambda: GOOD)
    with pages.app_context():
        session = db.session()
        client.get("/page")
        assert db.session() is session
