"""The statement that a school can show an inspector, for those who hold a post there."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, render_template, request
from flask_login import current_user

from app.accounts.models import Person
from app.forums import training_statement
from app.forums.establishment_rules import POST_WORDS
from app.kernel import clock
from app.kernel.access import signed_in

bp = Blueprint("training_statement", __name__)


@bp.get("/training-statement")
@signed_in
def statement() -> str:
    """The statement of one's school; who has posts at several chooses one."""
    now = clock.now()
    me = cast(Person, current_user._get_current_object())
    schools = training_statement.schools_of(me, now=now)
    wanted = request.args.get("school")
    chosen = [one for one in schools if one.reference == wanted] if wanted else schools
    if len(chosen) != 1:
        return render_template("forums/training_statements.html", schools=schools)
    return render_template(
        "forums/training_statement.html",
        statement=training_statement.statement_of(chosen[0], now=now),
        has_others=len(schools) > 1,
        today=now,
        post_words=POST_WORDS,
    )
