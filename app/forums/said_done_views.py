"""The public page of what schools said and what was done."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, render_template, request, url_for

from app.forums import said_done
from app.kernel.access import public
from app.kernel.paging import page_number, pages

bp = Blueprint("said_done", __name__)


@bp.get("/you-said-we-did")
@public
def you_said_we_did() -> str:
    """Every released answer by half term, the newest first."""
    shown = pages(page_number(request.args.get("page")), length=said_done.released_count())
    answers = said_done.released(shown.first, shown.last)
    return render_template(
        "forums/you_said_we_did.html",
        half_terms=[(name, list(some)) for name, some in groupby(answers, _half_term)],
        pages=shown,
        address_of_page=lambda number: url_for(".you_said_we_did", page=number),
    )


def _half_term(one: said_done.PublicAnswer) -> str:
    return one.half_term
