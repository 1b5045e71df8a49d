"""Every table there is, so that migrations and checks see the whole schema."""

from __future__ import annotations

import app.accounts.imports.models
import app.accounts.models
import app.accounts.sign_in_models
import app.attendance.models
import app.audit.models
import app.bookings.in_house_models
import app.bookings.models
import app.catalogue.models
import app.forums.models
import app.forums.opinion_models
import app.forums.training_models
import app.impact.models
import app.impact.reports.models
import app.impact.words.models
import app.improvement.models
import app.improvement.need_models
import app.kernel.clock
import app.kernel.leases
import app.notices.models
import app.notices.written_models
import app.outbox.models
import app.partnership.models
import app.record.models
import app.surveys.answering_hour_models
import app.surveys.import_models
import app.surveys.models
import app.surveys.open_link_models
import app.surveys.plan_models
import app.surveys.response_models
from app.kernel.db import Base

MODULES = (
    app.accounts.imports.models,
    app.accounts.models,
    app.accounts.sign_in_models,
    app.attendance.models,
    app.audit.models,
    app.bookings.models,
    app.bookings.in_house_models,
    app.catalogue.models,
    app.forums.models,
    app.forums.opinion_models,
    app.forums.training_models,
    app.impact.models,
    app.impact.reports.models,
    app.impact.words.models,
    app.improvement.models,
    app.improvement.need_models,
    app.kernel.clock,
    app.kernel.leases,
    app.notices.models,
    app.notices.written_models,
    app.outbox.models,
    app.partnership.models,
    app.record.models,
    app.surveys.answering_hour_models,
    app.surveys.import_models,
    app.surveys.models,
    app.surveys.plan_models,
    app.surveys.open_link_models,
    app.surveys.response_models,
)
TABLES = Base.metadata.sorted_tables
