"""Staff pages of evidence: the list, and a form for those who plan the programme."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.improvement import operations, queries
from app.improvement.forms import EXACTLY, NO_FIGURE, EvidenceForm, WithdrawForm
from app.improvement.models import Evidence
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.forms import PageForm
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused

bp = Blueprint("manage_evidence", __name__)

planners_only = for_roles(Role.DELIVERY, Role.ADVISOR)
readers = for_roles(Role.DELIVERY, Role.ADVISOR, Role.EVALUATOR)


@bp.get("/manage/evidence")
@readers
def list_evidence() -> str:
    """All findings, the newest first, each with its source."""
    shown = pages(page_number(request.args.get("page")), length=queries.number_of_evidence())
    return render_template(
        "improvement/list_evidence.html",
        lines=queries.listed_evidence(shown.first, shown.last),
        pages=shown,
        address_of_page=lambda number: url_for(".list_evidence", page=number),
    )


@bp.route("/manage/evidence/new", methods=["GET", "POST"])
@planners_only
def new_evidence() -> ResponseReturnValue:
    """Record a finding."""
    form = EvidenceForm()
    form.offer_lists(queries.offers_to_choose(), queries.topics_to_choose())
    if not form.is_submitted():
        form.counted.data, form.exactness.data = NO_FIGURE, EXACTLY
        form.offers.data = [request.args.get("offer", "")]
    if form.submitted_and_valid() and _done(
        form,
        lambda: operations.add_evidence(form.details, actor=current_user, now=clock.now()),
    ):
        flash("It stands beside the answers from now on.", "success")
        return redirect(url_for(".list_evidence"))
    return render_template("improvement/evidence_form.html", form=form, evidence=None)


@bp.route("/manage/evidence/<reference>", methods=["GET", "POST"])
@planners_only
def change_evidence(reference: str) -> ResponseReturnValue:
    """Put a finding right."""
    evidence = _standing(reference)
    form = EvidenceForm()
    about = [offer.id for offer in evidence.offers]
    form.offer_lists(queries.offers_to_choose(about), queries.topics_to_choose())
    if not form.is_submitted():
        form.show(evidence)
    if form.submitted_and_valid() and _done(
        form,
        lambda: operations.change_evidence(
            reference, form.details, actor=current_user, now=clock.now()
        ),
    ):
        flash("It is changed.", "success")
        return redirect(url_for(".list_evidence"))
    return render_template("improvement/evidence_form.html", form=form, evidence=evidence)


@bp.route("/manage/evidence/<reference>/withdraw", methods=["GET", "POST"])
@planners_only
def withdraw_evidence(reference: str) -> ResponseReturnValue:
    """Show a finding no more, with the reason."""
    evidence, form = _standing(reference), WithdrawForm()
    if form.submitted_and_valid() and _done(
        form,
        lambda: operations.withdraw_evidence(
            reference, form.reason.text, actor=current_user, now=clock.now()
        ),
    ):
        flash("It is withdrawn.", "success")
        return redirect(url_for(".list_evidence"))
    return render_template("improvement/withdraw_evidence.html", form=form, evidence=evidence)


def _standing(reference: str) -> Evidence:
    evidence = queries.find_evidence(reference)
    return evidence if evidence and not evidence.withdrawn_at else abort(404)


def _done(form: PageForm, change: Callable[[], object]) -> bool:
    try:
        with transaction():
            change()
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True
