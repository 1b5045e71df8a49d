"""Pages about the schools: a list to act on, one school, and the picture over a year."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.forums import coverage, schools, schools_posts, year
from app.forums.coverage_rules import Standing
from app.forums.establishment_rules import POST_WORDS
from app.forums.establishments import Establishment, find_establishment
from app.forums.schools import Filters, SchoolLine
from app.forums.schools_forms import ContactedForm, LeadForm, NoteForm, PostEndForm
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.forms import SHORT_TEXT_LENGTH, one_line
from app.kernel.london import london_date, short_date_words
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused
from app.kernel.spreadsheet import BYTE_ORDER_MARK, csv_text

bp = Blueprint("schools", __name__)
advisors_only = for_roles(Role.ADVISOR, Role.DELIVERY)

STANDING_WORDS = {
    Standing.ATTENDED: "Attended",
    Standing.WATCHED: "Watched the recording",
    Standing.NOT_REPRESENTED: "Not represented",
    Standing.NO_FORUM: "No forum, or not open then",
}
# After so many half terms in a row a school is rung up, unless the page is asked for another.
CONTACT_AFTER = 2
SEVERAL = (1, 2, 3)


@bp.get("/forums/schools")
@advisors_only
def list_schools() -> str:
    """Every open school with its leads and when it last took part; to filter and to act on."""
    filters = _filters()
    every = schools.lines(now=clock.now())
    found = schools.chosen(every, filters)
    phases, types = schools.phases_and_types(every)
    shown = pages(page_number(request.args.get("page")), length=len(found))
    return render_template(
        "forums/schools.html",
        lines=found[shown.first : shown.last],
        length=len(found),
        pages=shown,
        filters=filters,
        phases=phases,
        types=types,
        standing_words=STANDING_WORDS,
        address=lambda number: url_for(".list_schools", **_given(filters), page=number),
        csv_address=url_for(".download", **_given(filters)),
    )


@bp.get("/forums/schools.csv")
@advisors_only
def download() -> Response:
    """The same list, all of it, for a spreadsheet."""
    found = schools.chosen(schools.lines(now=clock.now()), _filters())
    heading = (
        *("School", "Reference", "Phase", "Type", "Leads", "Email addresses"),
        *("Half terms not represented", "Last represented", "Last contact"),
    )
    return Response(
        BYTE_ORDER_MARK + csv_text([heading, *(_csv_row(line) for line in found)]),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="schools.csv"'},
    )


def _csv_row(line: SchoolLine) -> tuple[str, ...]:
    seen, note = line.last_seen, line.last_note
    return (
        line.establishment.name,
        line.establishment.reference,
        line.establishment.phase,
        line.establishment.type,
        "; ".join(f"{one.name} ({POST_WORDS[one.kind]})" for one in line.leads),
        "; ".join(one.email for one in line.leads if one.email),
        str(line.absent_for),
        f"{STANDING_WORDS[seen[1]]}, {seen[0].name}" if seen else "",
        f"{short_date_words(note.noted_at)}: {note.words}" if note else "",
    )


def _filters() -> Filters:
    wanted, absent = request.args, request.args.get("absent", "")
    return Filters(
        words=one_line(wanted.get("q"))[:SHORT_TEXT_LENGTH],
        phase=one_line(wanted.get("phase"))[:SHORT_TEXT_LENGTH],
        type=one_line(wanted.get("type"))[:SHORT_TEXT_LENGTH],
        absent_for=int(absent) if absent in {str(one) for one in SEVERAL} else 0,
        without_dsl=wanted.get("without_dsl") == "yes",
    )


def _given(filters: Filters) -> dict[str, Any]:
    """The filters as an address has them."""
    given = {
        "q": filters.words,
        "phase": filters.phase,
        "type": filters.type,
        "absent": str(filters.absent_for or ""),
        "without_dsl": "yes" if filters.without_dsl else "",
    }
    return {name: value for name, value in given.items() if value}


@bp.get("/forums/schools/year")
@advisors_only
def over_the_year() -> str:
    """How many schools attended and watched, half term by half term, by phase."""
    now = clock.now()
    school_year = one_line(request.args.get("of"))[:7] or year.school_year_now(now)
    found = coverage.coverage_of_year(year.half_terms_of(school_year), now=now)
    return render_template("forums/schools_year.html", school_year=school_year, found=found)


@bp.route("/forums/schools/to-contact", methods=["GET", "POST"])
@advisors_only
def to_contact() -> ResponseReturnValue:
    """Schools that were not represented for long; noting that one was in touch with some."""
    form, now = ContactedForm(), clock.now()
    wanted = request.args.get("absent", "")
    if form.submitted_and_valid() and _contacted(form):
        return redirect(url_for(".to_contact", absent=wanted or None))
    absent_for = int(wanted) if wanted in {str(one) for one in SEVERAL} else CONTACT_AFTER
    found = schools.chosen(schools.lines(now=now), Filters(absent_for=absent_for))
    found.sort(key=lambda line: (-line.absent_for, line.establishment.name))
    shown = pages(page_number(request.args.get("page")), length=len(found))
    return render_template(
        "forums/schools_to_contact.html",
        form=form,
        lines=found[shown.first : shown.last],
        length=len(found),
        pages=shown,
        absent_for=absent_for,
        several=SEVERAL,
        standing_words=STANDING_WORDS,
        post_words=POST_WORDS,
        address=lambda number: url_for(".to_contact", absent=wanted or None, page=number),
    )


def _contacted(form: ContactedForm) -> bool:
    """Whether the note was made; if not, the form says why."""
    chosen = list(form.schools.data or ())
    try:
        with transaction():
            count = schools.note_contact(chosen, form.words.text, actor=_actor(), now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return False
    flash(f"The note is kept with {count} school{'s' if count != 1 else ''}.")
    return True


@bp.get("/forums/schools/<reference>")
@advisors_only
def one_school(reference: str) -> str:
    """One school: its leads, its forums, and what was noted."""
    return render_template(
        "forums/school.html",
        school=schools.school(_found_or_404(reference), now=clock.now()),
        standing_words=STANDING_WORDS,
        post_words=POST_WORDS,
    )


@bp.route("/forums/schools/<reference>/contact", methods=["GET", "POST"])
@advisors_only
def note(reference: str) -> ResponseReturnValue:
    """Asks what was said; a POST notes that one was in touch."""
    found, form = _found_or_404(reference), NoteForm()
    if form.submitted_and_valid():
        try:
            with transaction():
                schools.note_contact([reference], form.words.text, actor=_actor(), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _back(reference, "The note is kept.")
    return render_template("forums/school_note.html", form=form, establishment=found)


@bp.route("/forums/schools/<reference>/leads/new", methods=["GET", "POST"])
@advisors_only
def add_lead(reference: str) -> ResponseReturnValue:
    """Name somebody who leads on safeguarding there."""
    found, form = _found_or_404(reference), LeadForm()
    if form.submitted_and_valid():
        try:
            with transaction():
                schools_posts.name_lead(
                    schools_posts.body_called(reference),
                    name=form.name.text,
                    email=form.email.address,
                    kind=form.kind,
                    actor=current_user.reference,
                    now=clock.now(),
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _back(reference, f"{form.name.text} is on the list.")
    return render_template("forums/school_lead.html", form=form, establishment=found)


@bp.route("/forums/schools/<reference>/leads/<int:post_id>/end", methods=["GET", "POST"])
@advisors_only
def end_lead(reference: str, post_id: int) -> ResponseReturnValue:
    """Asks for the last day somebody holds a post; a POST ends it."""
    found = _found_or_404(reference)
    post, person = schools_posts.find_post(post_id, found.id) or abort(404)
    form = PostEndForm(data={"until_on": london_date(clock.now())})
    name = person.name
    if form.submitted_and_valid():
        try:
            with transaction():
                schools_posts.end_post(
                    post_id,
                    found.id,
                    until_on=form.last_day,
                    actor=current_user.reference,
                    now=clock.now(),
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _back(reference, f"{name} is marked as having left this post.")
    return render_template(
        "forums/school_lead_end.html",
        form=form,
        establishment=found,
        person=person,
        post=post,
        post_words=POST_WORDS,
    )


def _found_or_404(reference: str) -> Establishment:
    return find_establishment(reference) or abort(404)


def _back(reference: str, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for(".one_school", reference=reference))


def _actor() -> Person:
    found: Person = current_user._get_current_object()
    return found
