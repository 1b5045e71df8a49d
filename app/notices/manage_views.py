"""Staff pages of the messages around an event: rules, what they would send, what became of it."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.bookings.queries import event_by_reference
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.paging import page_number
from app.kernel.refusals import Refused
from app.notices import dry_run, operations, queries
from app.notices.forms import KIND_WORDS, OneButton, RuleForm
from app.notices.models import NoticeKind, NoticeRule
from app.notices.operations import RuleDetails
from app.notices.planning import facts_of
from app.notices.rules import RuleFacts, check_rule, when_words

bp = Blueprint("manage_notices", __name__, url_prefix="/manage")

staff = for_roles(Role.DELIVERY, Role.ADVISOR)
NEW_RULE_ID = 0


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _rule_or_404(reference: str) -> NoticeRule:
    return queries.find_rule(reference) or abort(404)


@bp.get("/notices")
@staff
def list_rules() -> str:
    """What is sent by itself around a session, and what each rule would do next."""
    return render_template("notices/list_rules.html", lines=queries.rule_lines(), kinds=KIND_WORDS)


@bp.route("/notices/new", methods=["GET", "POST"])
@staff
def new_rule() -> ResponseReturnValue:
    """Add a rule: fill in, see whom it would mail, switch on."""
    form = RuleForm()
    form.offer_choices(queries.offers_to_choose())
    if not form.is_submitted():
        form.each_date.data = "first"
    elif request.form.get("step") != "fill_in" and form.submitted_and_valid():
        details = form.details(NoticeKind(form.kind.data), queries.offer_id_of(form.offer.data))
        answer = _check_or_save(form, details, None)
        if answer is not None:
            return answer
    return render_template("notices/rule_form.html", form=form, rule=None)


@bp.route("/notices/<reference>", methods=["GET", "POST"])
@staff
def change_rule(reference: str) -> ResponseReturnValue:
    """Change when a rule sends: fill in, see whom it would mail, save."""
    rule, form = _rule_or_404(reference), RuleForm()
    del form.kind, form.offer
    if rule.kind is not NoticeKind.REMINDER:
        del form.each_date
    if not form.is_submitted():
        form.show(rule)
    elif request.form.get("step") != "fill_in" and form.submitted_and_valid():
        answer = _check_or_save(form, form.details(rule.kind, rule.offer_id), rule)
        if answer is not None:
            return answer
        rule = _rule_or_404(reference)
    return render_template("notices/rule_form.html", form=form, rule=rule, kinds=KIND_WORDS)


def _check_or_save(
    form: RuleForm, details: RuleDetails, rule: NoticeRule | None
) -> ResponseReturnValue | None:
    """The page that says whom it would mail, or the list once it is saved; None if refused."""
    try:
        check_rule(details.kind, days=details.days, at_time=details.at_time)
        if request.form.get("step") != "save":
            return _check_page(details, rule)
        with transaction():
            if rule is None:
                operations.add_rule(details, actor=_me(), now=clock.now())
            else:
                operations.change_rule(rule.id, details, actor=_me(), now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return None
    is_off = rule is not None and not rule.is_on
    flash("The rule is changed and stays off." if is_off else "The rule is on.", "success")
    return redirect(url_for(".list_rules"))


def _check_page(details: RuleDetails, rule: NoticeRule | None) -> str:
    tried = RuleFacts(
        id=rule.id if rule else NEW_RULE_ID,
        is_on=True,
        switched_on_at=clock.now(),
        **vars(details),
    )
    sent = [
        (name, value)
        for name in request.form
        if name not in {"csrf_token", "step"}
        for value in request.form.getlist(name)
    ]
    return render_template(
        "notices/check_rule.html",
        form=OneButton(),
        kind=details.kind,
        kinds=KIND_WORDS,
        when=when_words(details.kind, details.days, details.at_time),
        found=dry_run.dry_run(tried, now=clock.now()),
        is_off=rule is not None and not rule.is_on,
        sent=sent,
    )


@bp.route("/notices/<reference>/switch", methods=["GET", "POST"])
@staff
def switch_rule(reference: str) -> ResponseReturnValue:
    """Switch a rule on, after seeing whom it would mail, or off."""
    rule, form = _rule_or_404(reference), OneButton()
    if form.submitted_and_valid():
        # What the page showed is what is wanted, however often the button is pressed.
        wanted = request.form.get("wanted") == "on"
        with transaction():
            operations.switch_rule(rule.id, is_on=wanted, actor=_me(), now=clock.now())
        flash(f"The rule is {'on' if wanted else 'off'}.", "success")
        return redirect(url_for(".list_rules"))
    return render_template(
        "notices/switch_rule.html",
        form=form,
        rule=rule,
        kinds=KIND_WORDS,
        when=when_words(rule.kind, rule.days, rule.at_time),
        found=None if rule.is_on else dry_run.dry_run(facts_of(rule), now=clock.now()),
    )


@bp.get("/events/<reference>/notices")
@staff
def event_rounds(reference: str) -> str:
    """What is planned around a session, what was sent, and what was not."""
    event = event_by_reference(reference) or abort(404)
    return render_template(
        "notices/event_rounds.html",
        event=event,
        rounds=queries.rounds_of_event(event.id),
        kinds=KIND_WORDS,
    )


@bp.get("/events/<reference>/notices/<round_reference>")
@staff
def event_round(reference: str, round_reference: str) -> str:
    """Whom one message about a session went to, and why not to the others."""
    event = event_by_reference(reference) or abort(404)
    one = queries.find_round(event.id, round_reference) or abort(404)
    lines, shown = queries.notice_lines(one.id, page_number(request.args.get("page")))
    return render_template(
        "notices/event_round.html",
        event=event,
        round=one,
        kind_words=KIND_WORDS[one.rule.kind],
        lines=lines,
        list_pages=shown,
        address=lambda number: url_for(
            ".event_round", reference=reference, round_reference=round_reference, page=number
        ),
    )
