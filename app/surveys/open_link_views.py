"""Staff pages of open links: made, put on screens and paper, closed; counts and no answers."""

from __future__ import annotations

from typing import cast

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.models import OrganisationKind, Person
from app.bookings.queries import event_by_reference
from app.catalogue.models import Event
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.forms import one_line
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused
from app.kernel.spreadsheet import BYTE_ORDER_MARK, csv_text
from app.surveys import (
    building_queries,
    manage_queries,
    open_link_queries,
    open_link_rules,
    open_links,
    qr_codes,
    rules,
)
from app.surveys.evaluation_forms import OneButton
from app.surveys.models import Evaluation, QuestionnaireKind
from app.surveys.open_link_emails import address_of, short_address
from app.surveys.open_link_forms import KIND_WORDS, ContactForm, LinksForm
from app.surveys.open_link_queries import LinkFacts

bp = Blueprint("open_links", __name__, url_prefix="/manage")

planners_only = for_roles(Role.DELIVERY, Role.ADVISOR)
LINKS_ON_A_PAGE = 50


@bp.route("/events/<reference>/survey-links", methods=["GET", "POST"])
@planners_only
def of_event(reference: str) -> ResponseReturnValue:
    """A session's links; a POST makes the one for the day, or plans the later one."""
    event = _event(reference)
    form = ContactForm()
    if request.form.get("what") == "day":
        return _open_for_the_day(event, form)
    if not form.is_submitted():
        form.months.data = "3"
    elif form.submitted_and_valid():
        months = int(form.months.data)
        try:
            with transaction():
                open_links.plan_passing_on(
                    event.id, form.contact, months, actor=_me(), now=clock.now()
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(f"{rules.wave_words(months)}, {form.name.text} is sent a link to pass on.")
            return redirect(url_for(".of_event", reference=reference))
    return _event_page(event, form)


def _open_for_the_day(event: Event, form: ContactForm) -> ResponseReturnValue:
    form.months.data = form.months.data or "3"
    button = OneButton()
    if not button.submitted_and_valid():
        form.refuse("This page was open for too long: press the button again")
        return _event_page(event, form)
    try:
        with transaction():
            link = open_links.open_for_the_day(event.id, actor=_me(), now=clock.now())
            slug = link.slug
    except Refused as refusal:
        form.refuse(refusal)
        return _event_page(event, form)
    return redirect(url_for(".show", slug=slug))


def _event_page(event: Event, form: ContactForm) -> str:
    now = clock.now()
    return render_template(
        "surveys/event_links.html",
        event=event,
        form=form,
        links=open_link_queries.links_of_event(event.id),
        to_pass_on=open_link_queries.to_pass_on(event.id),
        is_set_up=open_link_queries.has_evaluation(event.offer_id),
        day_is_over=open_link_rules.on_the_day(event.starts_at, event.ends_at).until_at <= now,
        now=now,
    )


@bp.route("/events/<reference>/survey-links/later/<int:months>/withdraw", methods=["GET", "POST"])
@planners_only
def withdraw(reference: str, months: int) -> ResponseReturnValue:
    """Asks whether not to write to a session's contact after all; a POST does not."""
    event = _event(reference)
    planned = [one for one in open_link_queries.to_pass_on(event.id) if one.months_later == months]
    if not planned:
        abort(404)
    form = OneButton()
    if form.submitted_and_valid():
        try:
            with transaction():
                open_links.withdraw_passing_on(event.id, months, actor=_me(), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The contact will not be written to.")
            return redirect(url_for(".of_event", reference=reference))
    return render_template(
        "surveys/withdraw_passing_on.html", event=event, planned=planned[0], form=form
    )


@bp.get("/evaluations/<slug>/links")
@planners_only
def of_evaluation(slug: str) -> str:
    """The links of an evaluation's sessions and organisations, to copy one by one."""
    found = _evaluation(slug)
    shown = pages(
        page_number(request.args.get("page")),
        length=open_link_queries.links_count(found.id),
        size=LINKS_ON_A_PAGE,
    )
    return render_template(
        "surveys/evaluation_links.html",
        evaluation=found,
        lines=open_link_queries.links_of_evaluation(found.id, shown.first, shown.last),
        pages=shown,
        address_of=address_of,
        address_of_page=lambda number: url_for(".of_evaluation", slug=slug, page=number),
        now=clock.now(),
    )


@bp.get("/evaluations/<slug>/links.csv")
@planners_only
def as_csv(slug: str) -> Response:
    """The links of an evaluation for a mail merge."""
    found = _evaluation(slug)
    now = clock.now()
    rows = [["For", "Address", "State", "Open until the end of", "Answers"]]
    for link in open_link_queries.links_of_evaluation(found.id):
        last = link.last_day.isoformat() if link.last_day else ""
        facts = [link.for_words, address_of(link.slug), link.state_words(now), last]
        rows.append([*facts, str(link.answers_count)])
    answer = make_response(BYTE_ORDER_MARK + csv_text(rows))
    answer.content_type = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="links-{found.slug}.csv"'
    return answer


@bp.route("/evaluations/<slug>/links/new", methods=["GET", "POST"])
@planners_only
def new_links(slug: str) -> ResponseReturnValue:
    """Choose organisations; a POST gives each a link of its own."""
    found = _evaluation(slug)
    chosen = request.args.get("kind", OrganisationKind.SCHOOL.value)
    kind = OrganisationKind(chosen) if chosen in KIND_WORDS else OrganisationKind.SCHOOL
    phases = open_link_queries.phases()
    phase = request.args.get("phase", "")
    phase = phase if phase in phases and kind is OrganisationKind.SCHOOL else ""
    words = one_line(request.args.get("words"))[:100]
    organisations = open_link_queries.organisations_to_choose(kind, phase, words.split()[:6])
    form = LinksForm()
    form.offer(organisations, building_queries.questionnaires_to_choose([QuestionnaireKind.IMPACT]))
    if not form.is_submitted():
        form.organisations.data = [reference for reference, _ in organisations]
    elif form.submitted_and_valid():
        try:
            count = _open_for_organisations(found, form)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            left = len(form.organisations.data or ()) - count
            flash(_made_words(count, left))
            return redirect(url_for(".of_evaluation", slug=slug))
    return render_template(
        "surveys/new_links.html",
        evaluation=found,
        form=form,
        found_count=len(organisations),
        most=open_link_queries.MOST_TO_CHOOSE,
        kinds=KIND_WORDS,
        kind=kind,
        phases=phases,
        phase=phase,
        words=words,
        action=request.full_path if request.query_string else request.path,
    )


def _open_for_organisations(found: Evaluation, form: LinksForm) -> int:
    last = form.last.day
    if last is None:
        raise Refused("Enter the last day on which they can answer")
    with transaction():
        return open_links.open_for_organisations(
            found.id,
            form.organisations.data or (),
            first=form.first.day,
            last=last,
            questionnaire_slug=form.questionnaire.data or None,
            actor=_me(),
            now=clock.now(),
        )


def _made_words(count: int, left: int) -> str:
    made = f"{count} {'link is' if count == 1 else 'links are'} made."
    return f"{made} {left} had one already and keep it." if left else made


@bp.get("/survey-links/<slug>")
@planners_only
def show(slug: str) -> str:
    """One link: its address, its QR code, its poster, how many answered."""
    link = _link(slug)
    return render_template(
        "surveys/open_link.html", link=link, address=address_of(slug), now=clock.now()
    )


@bp.get("/survey-links/<slug>/qr.svg")
@planners_only
def qr_svg(slug: str) -> Response:
    """The QR code of a link as a drawing."""
    return _picture(qr_codes.svg(address_of(_link(slug).slug)), "image/svg+xml")


@bp.get("/survey-links/<slug>/qr.png")
@planners_only
def qr_png(slug: str) -> Response:
    """The QR code of a link as a picture."""
    return _picture(qr_codes.png(address_of(_link(slug).slug)), "image/png")


@bp.get("/survey-links/<slug>/poster")
@planners_only
def poster(slug: str) -> str:
    """A sheet of A4 to put up or to show on a screen."""
    link = _link(slug)
    return render_template("surveys/poster.html", link=link, short_address=short_address())


@bp.route("/survey-links/<slug>/close", methods=["GET", "POST"])
@planners_only
def close(slug: str) -> ResponseReturnValue:
    """Asks whether to close a link; a POST does."""
    link = _link(slug)
    if link.id is None:
        abort(404)
    form = OneButton()
    if form.submitted_and_valid():
        try:
            with transaction():
                open_links.close_link(link.id, actor=_me(), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The link is closed.")
            return redirect(url_for(".show", slug=slug))
    return render_template("surveys/close_link.html", link=link, form=form, now=clock.now())


def _picture(content: bytes, kind: str) -> Response:
    answer = make_response(content)
    answer.content_type = kind
    return answer


def _event(reference: str) -> Event:
    return event_by_reference(reference) or abort(404)


def _evaluation(slug: str) -> Evaluation:
    return manage_queries.find_evaluation(slug) or abort(404)


def _link(slug: str) -> LinkFacts:
    return open_link_queries.find_link(slug) or abort(404)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())
