"""A letter's plain text says what its page says."""

from __future__ import annotations

import pytest

from app.outbox.letters import to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<p>One</p>\n<p>Two<br>lines</p>", "One\n\nTwo\nlines\n", id="paragraphs"),
        pytest.param("<ul><li>One</li>\n<li>Two</li></ul>", "- One\n- Two\n", id="list"),
        pytest.param(
            "<table><tr><th>When</th><td>Monday</td></tr></table>", "When: Monday\n", id="row"
        ),
        pytest.param("<p>O&#39;Hara &amp; &lt;b&gt;</p>", "O'Hara & <b>\n", id="signs"),
        pytest.param(
            '<p><a href="/b?x=1&amp;y=2">Your <b>booking</b></a>.</p>',
            "Your booking: /b?x=1&y=2.\n",
            id="link",
        ),
        pytest.param(
            '<p><a class="a > b" href="https://a.example/b">https://a.example/b</a></p>',
            "https://a.example/b\n",
            id="link that shows its address",
        ),
        pytest.param(
            '<p><a href="mailto:us@a.example">us@a.example</a> or <a>nowhere</a></p>',
            "us@a.example or nowhere\n",
            id="mail address",
        ),
        pytest.param(
            "<head><title>Subject</title><style>p { margin: 0 }</style></head><body>\n<p>Said</p>",
            "Said\n",
            id="head is not said",
        ),
        pytest.param("<p>1 < 2 and \n\n 3 > 2</p>", "1 < 2 and 3 > 2\n", id="no tag at all"),
    ],
)
def test_the_words_of_a_letter(html: str, text: str) -> None:
    assert to_text(html) == text
