"""Pages about training that falls due: the district, a school, a term's plan, invitations."""

from __future__ import annotations

from datetime import datetime
from typing import cast
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.forums import training, training_invitations, training_plan, training_statement
from app.forums.establishment_rules import POST_WORDS
from app.forums.establishments import find_establishment
from app.forums.training import HolderLine, Wanted
from app.forums.training_forms import PlanForm
from app.forums.training_plan import Window
from app.forums.training_rules import DSL_TRAINING, Renewal, Standing
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.forms import PageForm, one_line
from app.kernel.london import london_date, short_date_words
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused
from app.kernel.spreadsheet import BYTE_ORDER_MARK, csv_text

bp = Blueprint("training", __name__, url_prefix="/forums/training")

staff = for_roles(Role.ADVISOR, Role.DELIVERY)
CSV_COLUMNS = (
    "School",
    "Phase",
    "Name",
    "Post",
    "Email",
    "What",
    "Last done",
    "As told by",
    "Due by",
    "Where they stand",
)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def standing_words(terms: training.Terms) -> dict[Standing, str]:
    """Each standing as a list names it."""
    return {
        Standing.THIS_TERM: f"Due in {terms.this_term.name}",
        Standing.NEXT_TERM: f"Due in {terms.next_term.name}",
        Standing.NO_RECORD_SINCE: "No newer record with us",
        Standing.NO_RECORD: "No record with us",
        Standing.CURRENT: "Current",
    }


def _wanted(whole: training.District) -> Wanted:
    """What the address asks to see; what it names wrongly is not asked for."""
    slugs = [rule.slug for rule in whole.rules]
    usual = DSL_TRAINING if DSL_TRAINING in slugs else next(iter(slugs), "")
    slug = request.args.get("what", usual)
    standing = request.args.get("standing", "")
    phase = one_line(request.args.get("phase"))
    return Wanted(
        slug=slug if slug in slugs else usual,
        standing=Standing(standing) if standing in set(Standing) else None,
        phase=phase if phase in training.phases_of(whole) else "",
    )


@bp.get("")
@staff
def due() -> str:
    """Where everybody stands, by phase, and the list of people."""
    now = clock.now()
    whole = training.district(now=now)
    wanted = _wanted(whole)
    lines = training.chosen(whole, wanted)
    shown = pages(page_number(request.args.get("page")), length=len(lines))
    words = standing_words(whole.terms)
    query = {
        "what": wanted.slug,
        "standing": wanted.standing.value if wanted.standing else "",
        "phase": wanted.phase,
    }
    asked = urlencode({name: value for name, value in query.items() if value})
    return render_template(
        "forums/training.html",
        whole=whole,
        wanted=wanted,
        standing_words=words,
        counts=training.counts_by_phase(whole.of(wanted.slug)),
        phases=training.phases_of(whole),
        people_count=len({line.person_id for line, _ in lines}),
        schools_count=len({line.establishment.id for line, _ in lines}),
        lines=lines[shown.first : shown.last],
        pages=shown,
        address=lambda number: f"{url_for('.due')}?{asked}&page={number}",
        asked=asked,
        post_words=POST_WORDS,
    )


@bp.get("/people.csv")
@staff
def download() -> Response:
    """The same list for a spreadsheet, whole."""
    now = clock.now()
    whole = training.district(now=now)
    found = training.chosen(whole, _wanted(whole))
    example = clock.example_words()
    rows = [[example]] if example else []
    rows += [["As of", short_date_words(london_date(now))], list(CSV_COLUMNS)]
    rows += [_cells(line, renewal) for line, renewal in found]
    return Response(
        BYTE_ORDER_MARK + csv_text(rows),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="training-due.csv"'},
    )


def _cells(line: HolderLine, renewal: Renewal) -> list[str]:
    return [
        line.establishment.name,
        line.establishment.phase,
        line.name,
        ", ".join(POST_WORDS[kind] for kind in line.kinds),
        line.email or "",
        renewal.rule.name,
        short_date_words(renewal.done_on) if renewal.done_on else "",
        "" if not renewal.done_on else "the person" if renewal.is_elsewhere else "our registers",
        short_date_words(renewal.due_on) if renewal.due_on else "",
        renewal.words,
    ]


def _window() -> Window | None:
    """What the address asks about; None if nothing of that name must be renewed."""
    return training_plan.window(
        request.values.get("what", DSL_TRAINING),
        request.values.get("term", ""),
        with_unknown=request.values.get("unknown") == "yes",
        now=clock.now(),
    )


def _asked(window: Window) -> dict[str, str]:
    """The same as an address says it."""
    asked = {"what": window.rule.slug, "term": window.span.key}
    return asked | ({"unknown": "yes"} if window.with_unknown else {})


@bp.get("/plan")
@staff
def plan() -> ResponseReturnValue:
    """What a term needs: people, places planned, places missing, sessions that would do."""
    form = PlanForm(request.args)
    form.read()
    window = _window()
    if window is None:
        return redirect(url_for(".due"))
    found = training_plan.plan(window, now=clock.now())
    return render_template(
        "forums/training_plan.html",
        form=form,
        window=window,
        plan=found,
        capacity=form.places,
        needed=found.sessions_needed(form.places),
        last_rounds=training_invitations.last_rounds(window.rule.id),
        asked=urlencode(_asked(window)),
    )


@bp.route("/invite", methods=["GET", "POST"])
@staff
def invite() -> ResponseReturnValue:
    """Look who would be invited to what; a button asks the worker to write to them."""
    form, now, window = PageForm(), clock.now(), _window()
    if window is None:
        return redirect(url_for(".due"))
    if not form.submitted_and_valid():
        return _invite_page(window, now)
    try:
        with transaction():
            training_invitations.ask_to_invite(window, actor=_me(), now=now)
    except Refused as refusal:
        flash(f"{refusal}.", "notice")
    else:
        flash("The invitations are on their way: the worker writes to one after the other.")
    return redirect(f"{url_for('.plan')}?{urlencode(_asked(window))}")


def _invite_page(window: Window, now: datetime) -> str:
    return render_template(
        "forums/training_invite.html",
        form=PageForm(formdata=None),
        window=window,
        invited=training_invitations.foresee(window, now=now),
        sessions=training_invitations.open_sessions(window.rule.id, now=now),
        fields=_asked(window),
        asked=urlencode(_asked(window)),
    )


@bp.get("/<reference>")
@staff
def school(reference: str) -> ResponseReturnValue:
    """One school as its own statement shows it; of a converted one, what stands for it today."""
    found, now = find_establishment(reference) or abort(404), clock.now()
    today = training_statement.as_of_today(found)
    if today.reference != reference:
        return redirect(url_for(".school", reference=today.reference))
    return render_template(
        "forums/training_school.html",
        statement=training_statement.statement_of(today, now=now),
        today=now,
        post_words=POST_WORDS,
    )
