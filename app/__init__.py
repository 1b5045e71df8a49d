"""Ripple: learning, bookings and what came of them, for a safeguarding partnership."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import app.accounts.imports.leads_views
import app.accounts.imports.organisations_views
import app.accounts.imports.schools_views
import app.accounts.imports.views
import app.accounts.manage_views
import app.accounts.profile_views
import app.accounts.views
import app.attendance.heads_views
import app.attendance.history_views
import app.attendance.manage_views
import app.attendance.meeting_views
import app.bookings.adjustment_views
import app.bookings.approval_views
import app.bookings.cant_come_views
import app.bookings.colleague_views
import app.bookings.held_views
import app.bookings.in_house_views
import app.bookings.manage_views
import app.bookings.moving_views
import app.bookings.new_dates_views
import app.bookings.phone_views
import app.bookings.running_views
import app.bookings.terms_views
import app.bookings.views
import app.bookings.waiting_views
import app.catalogue.bulletin_views
import app.catalogue.feed_views
import app.catalogue.manage_views
import app.catalogue.run_views
import app.catalogue.views
import app.demo.views
import app.forums.catching_up_views
import app.forums.executive_answer_views
import app.forums.executive_theme_views
import app.forums.executive_views
import app.forums.forum_views
import app.forums.home_views
import app.forums.invitations_views
import app.forums.list_checks_link_views
import app.forums.list_checks_views
import app.forums.opinion_reading_views
import app.forums.opinion_round_views
import app.forums.opinion_views
import app.forums.quotes_views
import app.forums.said_done_views
import app.forums.schools_views
import app.forums.themes_views
import app.forums.training_statement_views
import app.forums.training_views
import app.forums.year_plan_views
import app.forums.year_views
import app.home.closing.views
import app.home.people.organisation_views
import app.home.people.views
import app.home.report.views
import app.home.views
import app.impact.group_views
import app.impact.manage_views
import app.impact.need_views
import app.impact.reports.figures_views
import app.impact.reports.priority_views
import app.impact.reports.public_views
import app.impact.reports.views
import app.impact.words.quote_views
import app.impact.words.theme_views
import app.impact.words.views
import app.improvement.manage_views
import app.improvement.need_views
import app.notices.manage_views
import app.notices.wording_views
import app.notices.written_views
import app.partnership.views
import app.record.views
import app.surveys.building_views
import app.surveys.import_views
import app.surveys.list_views
import app.surveys.manage_views
import app.surveys.open_link_views
import app.surveys.question_views
import app.surveys.schedule_views
import app.surveys.views
import config
from app import commands, page, schema
from app.accounts import signed_in
from app.kernel import access, clock, db, errors, headers, migrating, page_cache, templates

csrf = CSRFProtect()
TABLE_NAMES = tuple(table.name for table in schema.TABLES)

BLUEPRINTS = (
    app.home.closing.views.bp,
    app.home.views.bp,
    app.home.people.views.bp,
    app.home.people.organisation_views.bp,
    app.home.report.views.bp,
    app.catalogue.views.bp,
    app.catalogue.feed_views.bp,
    app.bookings.views.bp,
    app.bookings.colleague_views.bp,
    app.bookings.approval_views.bp,
    app.bookings.held_views.bp,
    app.bookings.cant_come_views.bp,
    app.bookings.new_dates_views.bp,
    app.bookings.moving_views.bp,
    app.bookings.adjustment_views.bp,
    app.record.views.bp,
    app.surveys.views.bp,
    app.accounts.views.bp,
    app.accounts.profile_views.bp,
    app.partnership.views.bp,
    app.demo.views.bp,
    app.forums.catching_up_views.bp,
    app.forums.home_views.bp,
    app.forums.executive_views.bp,
    app.forums.executive_theme_views.bp,
    app.forums.executive_answer_views.bp,
    app.forums.said_done_views.bp,
    app.forums.opinion_reading_views.bp,
    app.forums.opinion_round_views.bp,
    app.forums.opinion_views.bp,
    app.forums.quotes_views.bp,
    app.forums.themes_views.bp,
    app.forums.training_statement_views.bp,
    app.forums.training_views.bp,
    app.forums.year_views.bp,
    app.forums.year_plan_views.bp,
    app.forums.forum_views.bp,
    app.catalogue.manage_views.bp,
    app.catalogue.run_views.bp,
    app.catalogue.bulletin_views.bp,
    app.bookings.manage_views.bp,
    app.bookings.in_house_views.bp,
    app.bookings.running_views.bp,
    app.bookings.phone_views.bp,
    app.bookings.waiting_views.bp,
    app.bookings.terms_views.bp,
    app.attendance.manage_views.bp,
    app.attendance.heads_views.bp,
    app.attendance.meeting_views.bp,
    app.notices.manage_views.bp,
    app.notices.wording_views.bp,
    app.notices.written_views.bp,
    app.surveys.manage_views.bp,
    app.surveys.open_link_views.bp,
    app.surveys.schedule_views.bp,
    app.surveys.list_views.bp,
    app.surveys.import_views.bp,
    app.surveys.building_views.bp,
    app.surveys.question_views.bp,
    app.impact.manage_views.bp,
    app.impact.reports.views.bp,
    app.impact.reports.figures_views.bp,
    app.impact.reports.priority_views.bp,
    app.impact.reports.public_views.bp,
    app.impact.words.views.bp,
    app.impact.words.theme_views.bp,
    app.impact.words.quote_views.bp,
    app.impact.group_views.bp,
    app.improvement.manage_views.bp,
    app.improvement.need_views.bp,
    app.impact.need_views.bp,
    app.accounts.manage_views.bp,
    app.accounts.imports.views.bp,
    app.accounts.imports.schools_views.bp,
    app.accounts.imports.organisations_views.bp,
    app.accounts.imports.leads_views.bp,
    app.attendance.history_views.bp,
    app.forums.schools_views.bp,
    app.forums.list_checks_views.bp,
    app.forums.invitations_views.bp,
    app.forums.list_checks_link_views.bp,
)


def create_app(settings: dict[str, Any] | None = None) -> Flask:
    """The application; SettingError if a setting is missing or an example is served to others."""
    flask_app = Flask(__name__)
    flask_app.config.update(config.load() if settings is None else settings)
    if flask_app.config.get("PROXY_HOPS"):
        hops = flask_app.config["PROXY_HOPS"]
        # Flask's documented way to wrap an application; typed as if it were a plain method.
        flask_app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            flask_app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    templates.init_app(flask_app)
    db.init_app(flask_app)
    migrating.init_app(flask_app)
    csrf.init_app(flask_app)
    signed_in.init_app(flask_app)
    errors.init_app(flask_app)
    headers.init_app(flask_app)
    page_cache.init_app(flask_app)
    for blueprint in BLUEPRINTS:
        flask_app.register_blueprint(blueprint)
    page.init_app(flask_app)
    access.init_app(flask_app)
    commands.init_app(flask_app)
    _find_out_whether_example(flask_app)
    return flask_app


def _find_out_whether_example(flask_app: Flask) -> None:
    """Note whether the database is an example; refuse to serve one to others."""
    with flask_app.app_context():
        flask_app.config["EXAMPLE"] = clock.is_example_database()
        if flask_app.config["EXAMPLE"] and not config.is_loopback(flask_app.config["BASE_URL"]):
            db.db.engine.dispose()
            raise config.SettingError(
                "This database holds the example programme, which is served on this machine only: "
                "set BASE_URL to http://127.0.0.1:5000 or use another database"
            )
