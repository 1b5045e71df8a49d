"""Signing in with an e-mailed code, the second step of staff, and signing out."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts import operations, rules, second_step, signed_in
from app.accounts.access import next_path, onward_path
from app.accounts.forms import CodeForm, SecondStepForm, SetUpForm, SignInForm
from app.accounts.throttle import TooOften
from app.kernel import access, clock
from app.kernel.access import public
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.partnership import queries as partnership

bp = Blueprint("accounts", __name__)

ADDRESS_KEY = "signing_in_as"
NEXT_KEY = "sign_in_next"
NONCE_KEY = "second_step_nonce"
TOO_MANY_REQUESTS = 429
WRONG_CODE = (
    "That code did not work. Check it, or send another: "
    "a code works once, for 15 minutes and 5 tries"
)
WRONG_SECOND_CODE = (
    "That code did not work. Enter the code that the app shows now, "
    "or a recovery code you have not used"
)

Answer = str | Response | tuple[str, int]


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Answer:
    """Ask for an email address; the answer is the same whether or not we know it."""
    path = next_path()
    if current_user.is_authenticated:
        return redirect(onward_path(path))
    form = SignInForm()
    status, meant = 200, None
    if form.submitted_and_valid():
        email = form.email.text
        meant = _warning_about(form)
        if not meant:
            session[ADDRESS_KEY], session[NEXT_KEY] = email, path
            try:
                _send_code(email)
            except TooOften as refusal:
                form.refuse(refusal)
                status = TOO_MANY_REQUESTS
            else:
                return redirect(url_for("accounts.code"))
        form.checked.data = email
    page = render_template(
        "accounts/sign_in.html", form=form, meant=meant, journey=_journey(path), path=path
    )
    return page, status


def _warning_about(form: SignInForm) -> str | None:
    """The address that was probably meant, unless we have asked about this one already."""
    if form.checked.data == form.email.data:
        return None
    host = partnership.current().email.rpartition("@")[2]
    return rules.likely_meant(form.email.text, [host] if host else [])


def _send_code(email: str) -> None:
    with transaction():
        operations.request_code(email, client=_client(), now_real=clock.real_now())


@bp.route("/sign-in/code", methods=["GET", "POST"])
@public
def code() -> Answer:
    """Ask for the code; it signs in whoever can read mail sent to the address."""
    email = session.get(ADDRESS_KEY)
    if not isinstance(email, str):
        return redirect(url_for("accounts.sign_in"))
    form = CodeForm()
    status = 200
    if form.submitted_and_valid():
        try:
            with transaction():
                token = operations.sign_in_with_code(
                    email,
                    form.code.text,
                    client=_client(),
                    now=clock.now(),
                    now_real=clock.real_now(),
                )
        except TooOften as refusal:
            form.refuse(refusal)
            status = TOO_MANY_REQUESTS
        else:
            if token:
                return _enter(token)
            form.code.errors = [WRONG_CODE]
    return _code_page(form, email), status


def _code_page(form: CodeForm, email: str) -> str:
    journey = _journey(session.get(NEXT_KEY, ""))
    return render_template("accounts/code.html", form=form, email=email, journey=journey)


@bp.post("/sign-in/again")
@public
def send_again() -> Answer:
    """Send another code; the ones before go on working."""
    email = session.get(ADDRESS_KEY)
    if not isinstance(email, str):
        return redirect(url_for("accounts.sign_in"))
    try:
        _send_code(email)
    except TooOften as refusal:
        form = CodeForm(formdata=None)
        form.refuse(refusal)
        return _code_page(form, email), TOO_MANY_REQUESTS
    flash("We have sent another code. The ones before still work")
    return redirect(url_for("accounts.code"))


def _enter(token: str) -> Response:
    """Go on to where somebody was, by way of what is still to be asked."""
    path = session.get(NEXT_KEY, "")
    signed_in.begin(token)
    g._login_user = signed_in.person_signed_in()  # read before there was somebody
    return redirect(onward_path(access.safe_next(path, "/bookings")))


def _journey(path: str) -> str:
    """What is being booked, if that is what somebody signs in for."""
    return (
        str(session.get(signed_in.JOURNEY_KEY, "")) if path.startswith(signed_in.JOURNEYS) else ""
    )


def _client() -> str:
    return rules.client_network(request.remote_addr)


@bp.post("/sign-out")
@public
def sign_out() -> Response:
    """End this sign-in, here and in the database."""
    token = signed_in.current_token()
    if token:
        with transaction():
            operations.end_session(token, now_real=clock.real_now())
    g.pop("sign_in", None)
    session.clear()
    flash("You have signed out")
    return redirect("/")


@bp.route("/sign-in/second-step", methods=["GET", "POST"])
@access.signed_in
def second_factor() -> Answer:
    """Ask staff for the code of their authenticator app, or a recovery code."""
    path = next_path()
    if not current_user.is_staff or current_user.second_factor_given:
        return redirect(path)
    if not second_step.is_enrolled(current_user):
        return redirect(url_for("accounts.set_up_second_step", next=path))
    form = SecondStepForm()
    status = 200
    if form.submitted_and_valid():
        try:
            with transaction():
                token = _confirmed(form.code.text)
        except TooOften as refusal:
            form.refuse(refusal)
            status = TOO_MANY_REQUESTS
        else:
            if token:
                signed_in.begin(token)
                return redirect(path)
            form.code.errors = [WRONG_SECOND_CODE]
            form.code.data = ""
    return render_template("accounts/second_step.html", form=form, path=path), status


def _confirmed(typed: str) -> str | None:
    """The new token of this sign-in if the second code is right."""
    now_real = clock.real_now()
    if not second_step.take_code(current_user, typed, now=clock.now(), now_real=now_real):
        return None
    return second_step.confirm_session(signed_in.current_token() or "", now_real=now_real)


@bp.route("/sign-in/set-up", methods=["GET", "POST"])
@access.signed_in
def set_up_second_step() -> Answer:
    """Set up an authenticator app, the first one or another in its place."""
    path = next_path()
    if not current_user.is_staff:
        return redirect(path)
    may_set_up = current_user.second_factor_given or request.method == "POST"  # which looks again
    if not may_set_up and second_step.is_enrolled(current_user):
        return redirect(url_for("accounts.second_factor", next=path))
    # Kept in the cookie alone until the first code proves that the app has it; see decision 4.
    nonce = session.setdefault(NONCE_KEY, second_step.new_nonce())
    form = SetUpForm()
    status = 200
    if form.submitted_and_valid():
        try:
            codes = _enrolled(nonce, form.code.text)
        except Refused as refusal:
            form.refuse(refusal)
            status = TOO_MANY_REQUESTS if isinstance(refusal, TooOften) else 200
        else:
            if codes:
                return render_template("accounts/recovery_codes.html", codes=codes, path=path)
            form.code.errors = ["That code did not work. Enter the code that the app shows now"]
            form.code.data = ""
    return _set_up_page(form, nonce, path), status


def _enrolled(nonce: str, digits: str) -> list[str] | None:
    """Recovery codes if the first code is right; this sign-in then counts as confirmed."""
    now_real = clock.real_now()
    with transaction():
        codes = second_step.enrol(
            current_user,
            nonce,
            digits,
            may_replace=current_user.second_factor_given,
            now=clock.now(),
            now_real=now_real,
        )
        if codes is None:
            return None
        token = second_step.confirm_session(signed_in.current_token() or "", now_real=now_real)
    signed_in.begin(token)
    return codes


def _set_up_page(form: SetUpForm, nonce: str, path: str) -> str:
    secret = second_step.secret_of(current_user, nonce)
    return render_template(
        "accounts/set_up_second_step.html",
        form=form,
        path=path,
        is_replacing=current_user.second_factor_given,
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        picture=second_step.picture(current_user, secret),
    )


@bp.post("/sign-in/recovery-codes")
@access.signed_in
def new_recovery_codes() -> Answer:
    """Make new recovery codes; the old ones stop working."""
    if not current_user.second_factor_given:
        return redirect(url_for("accounts.second_factor", next="/profile"))
    with transaction():
        codes = second_step.new_recovery_codes(current_user, now=clock.now())
    return render_template("accounts/recovery_codes.html", codes=codes, path="/profile")
