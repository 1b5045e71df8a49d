"""Every table of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index("ix_attempt_key_at", ["key_hash", "at"], unique=False)

    op.create_table(
        "audience",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience")),
        sa.UniqueConstraint("name", name=op.f("uq_audience_name")),
        sa.UniqueConstraint("slug", name=op.f("uq_audience_slug")),
    )
    op.create_table(
        "audit_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "actor",
            sa.String(),
            nullable=False,
            comment="A person's reference, or the name of a job",
        ),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_reference", sa.String(), nullable=False),
        sa.Column(
            "facts",
            sa.JSON(),
            nullable=False,
            comment="Old and new values of fields; never names or free text",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_line")),
    )
    with op.batch_alter_table("audit_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_line_at"), ["at"], unique=False)
        batch_op.create_index(
            "ix_audit_line_subject", ["subject_kind", "subject_reference"], unique=False
        )

    op.create_table(
        "example_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offset_seconds", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_example_clock_one_row")),
        sa.CheckConstraint("offset_seconds >= 0", name=op.f("ck_example_clock_only_raised")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_example_clock")),
    )
    op.create_table(
        "half_term",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("school_year", sa.String(), nullable=False, comment="As 2026/27"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False, comment="As Autumn 2"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("number BETWEEN 1 AND 6", name=op.f("ck_half_term_six_a_year")),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_half_term_starts_before_it_ends")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_half_term")),
        sa.UniqueConstraint("school_year", "number", name=op.f("uq_half_term_school_year_number")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "measure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "title", sa.String(), nullable=False, comment="What the counted share says, for readers"
        ),
        sa.Column(
            "level",
            sa.Enum(
                "reaction",
                "learning",
                "behaviour",
                name="outcome_level",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "scale",
            sa.Enum(
                "share",
                "score",
                "choices",
                name="measure_scale",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure")),
        sa.UniqueConstraint("key", name=op.f("uq_measure_key")),
    )
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "dedupe_key",
            sa.String(),
            nullable=False,
            comment="What happened, to whom, which time: the same thing is told once",
        ),
        sa.Column(
            "kind",
            sa.String(),
            nullable=False,
            comment="As booking_confirmed; for filters and the trail",
        ),
        sa.Column("about_kind", sa.String(), nullable=False),
        sa.Column("about_reference", sa.String(), nullable=False),
        sa.Column("person_reference", sa.String(), nullable=True),
        sa.Column("to_name", sa.String(), nullable=False),
        sa.Column("to_email", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text_body", sa.Text(), nullable=False),
        sa.Column("html_body", sa.Text(), nullable=False),
        sa.Column("calendar_text", sa.Text(), nullable=True),
        sa.Column(
            "calendar_method",
            sa.Enum(
                "REQUEST",
                "CANCEL",
                name="calendar_method",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column(
            "priority",
            sa.Integer(),
            nullable=False,
            comment="Lower leaves first: 1 code, 5 booking, 9 survey",
        ),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "not_after",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Too late to be of use after this, then withheld (real clock, like all retrying)",
        ),
        sa.Column(
            "erase_when_sent",
            sa.Boolean(),
            nullable=False,
            comment="Sign-in codes and survey links do not stay in the database",
        ),
        sa.Column("body_erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "sending",
                "sent",
                "failed",
                "withheld",
                name="message_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("attempts_count", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(state = 'sending') = (lease_until IS NOT NULL)",
            name=op.f("ck_outbox_message_sending_has_lease"),
        ),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_outbox_message_sent_has_time")
        ),
        sa.CheckConstraint(
            "(calendar_text IS NULL) = (calendar_method IS NULL) OR body_erased_at IS NOT NULL",
            name=op.f("ck_outbox_message_calendar_with_method"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_message_dedupe_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_message_id")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_message_about", ["about_kind", "about_reference"], unique=False
        )
        batch_op.create_index(
            "ix_outbox_message_due",
            ["priority", "next_attempt_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('queued', 'sending')"),
            postgresql_where=sa.text("state IN ('queued', 'sending')"),
        )
        batch_op.create_index(
            batch_op.f("ix_outbox_message_person_reference"), ["person_reference"], unique=False
        )

    op.create_table(
        "partnership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("short_name", sa.String(), nullable=False),
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("service_name", sa.String(), nullable=False),
        sa.Column("strapline", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("website", sa.String(), nullable=False),
        sa.Column("organiser_name", sa.String(), nullable=False),
        sa.Column(
            "organiser_email",
            sa.String(),
            nullable=False,
            comment="Monitored mailbox: sender of every message and organiser of every calendar entry",
        ),
        sa.Column(
            "brand_colour",
            sa.String(),
            nullable=False,
            comment="#rrggbb; white text on it must be readable",
        ),
        sa.Column(
            "ink_colour",
            sa.String(),
            nullable=False,
            comment="#rrggbb of the header and of headings",
        ),
        sa.Column(
            "cancellation_notice_days",
            sa.Integer(),
            nullable=False,
            comment="Working days of notice asked for; nobody is charged (R14)",
        ),
        sa.Column(
            "concern_words",
            sa.Text(),
            nullable=False,
            comment="Where to report a worry about a child; this service is not watched for it",
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_partnership_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partnership")),
    )
    op.create_table(
        "policy",
        sa.Column(
            "kind",
            sa.Enum(
                "accessibility",
                "privacy",
                "cookies",
                "booking",
                name="policy_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_policy")),
    )
    op.create_table(
        "priority",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "plan", sa.String(), nullable=False, comment="The years the plan runs, as 2022-25"
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column(
            "is_adopted",
            sa.Boolean(),
            nullable=False,
            comment="False while the plan is anticipated but not finalised",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_priority")),
        sa.UniqueConstraint("plan", "number", name=op.f("uq_priority_plan_number")),
    )
    op.create_table(
        "questionnaire",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "before",
                "after",
                "impact",
                name="questionnaire_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire")),
        sa.UniqueConstraint("slug", name=op.f("uq_questionnaire_slug")),
    )
    op.create_table(
        "sector",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sector")),
        sa.UniqueConstraint("name", name=op.f("uq_sector_name")),
        sa.UniqueConstraint("slug", name=op.f("uq_sector_slug")),
    )
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("slug", name=op.f("uq_series_slug")),
    )
    op.create_table(
        "sign_in_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_hash", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries_count", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("tries_count BETWEEN 0 AND 5", name=op.f("ck_sign_in_code_five_tries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_code")),
    )
    with op.batch_alter_table("sign_in_code", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sign_in_code_address_hash"), ["address_hash"], unique=False
        )

    op.create_table(
        "survey_draft",
        sa.Column("draft_hash", sa.String(), nullable=False),
        sa.Column(
            "answers", sa.Text(), nullable=False, comment="JSON of fields and values as typed"
        ),
        sa.Column("saved_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("draft_hash", name=op.f("pk_survey_draft")),
    )
    op.create_table(
        "topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("name", name=op.f("uq_topic_name")),
        sa.UniqueConstraint("slug", name=op.f("uq_topic_slug")),
    )
    op.create_table(
        "offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "course",
                "learning_exchange",
                "dsl_forum",
                "safer_sleep",
                "masterclass",
                "conference",
                "briefing",
                "workshop",
                "peer_support",
                "resource",
                name="offer_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "in_development",
                "published",
                "archived",
                name="offer_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "level",
            sa.Enum(
                "core",
                "subject_specific",
                name="level",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("summary", sa.String(), nullable=False, comment="One sentence for lists"),
        sa.Column("description", sa.Text(), nullable=False, comment="Markdown"),
        sa.Column(
            "who_for",
            sa.String(),
            nullable=False,
            comment="One sentence; the filter is the audiences",
        ),
        sa.Column("length_words", sa.String(), nullable=False, comment="As half a day"),
        sa.Column("provider", sa.String(), nullable=True, comment="Who delivers it if not we (R6)"),
        sa.Column(
            "resource_url", sa.String(), nullable=True, comment="Where a resource is to be found"
        ),
        sa.Column("why", sa.Text(), nullable=False, comment="Why it exists, for readers (R12)"),
        sa.Column(
            "source_of_need",
            sa.Enum(
                "practice_review",
                "multi_agency_audit",
                "child_death_review",
                "national_report",
                "workforce_request",
                "statutory_guidance",
                name="source_of_need",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("priority_id", sa.Integer(), nullable=True),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column(
            "revision",
            sa.Integer(),
            nullable=False,
            comment="Raised by every change, so that kept pages know they are old",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state = 'in_development' OR published_at IS NOT NULL",
            name=op.f("ck_offer_published_has_time"),
        ),
        sa.ForeignKeyConstraint(
            ["priority_id"], ["priority.id"], name=op.f("fk_offer_priority_id_priority")
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_offer_series_id_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("slug", name=op.f("uq_offer_slug")),
    )
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_priority_id"), ["priority_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_offer_series_id"), ["series_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_offer_state"), ["state"], unique=False)

    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "school",
                "college",
                "early_years",
                "agency",
                "voluntary",
                "sports_club",
                "faith",
                "out_of_area",
                name="organisation_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("sector_id", sa.Integer(), nullable=False),
        sa.Column(
            "urn", sa.String(), nullable=True, comment="Number in the national schools register"
        ),
        sa.Column(
            "phase", sa.String(), nullable=True, comment="Of a school: Primary, Secondary, …"
        ),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column(
            "proposed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Typed by somebody who did not find theirs; staff have not looked at it yet",
        ),
        sa.ForeignKeyConstraint(
            ["sector_id"], ["sector.id"], name=op.f("fk_organisation_sector_id_sector")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("reference", name=op.f("uq_organisation_reference")),
        sa.UniqueConstraint("urn", name=op.f("uq_organisation_urn")),
    )
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.create_index("ix_organisation_name", ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_organisation_sector_id"), ["sector_id"], unique=False)

    op.create_table(
        "questionnaire_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("questionnaire_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["questionnaire_id"],
            ["questionnaire.id"],
            name=op.f("fk_questionnaire_version_questionnaire_id_questionnaire"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_version")),
        sa.UniqueConstraint(
            "questionnaire_id",
            "number",
            name=op.f("uq_questionnaire_version_questionnaire_id_number"),
        ),
    )
    op.create_table(
        "evaluation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False, comment="Also the address of its open link"),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column(
            "subject_words",
            sa.String(),
            nullable=False,
            comment="What the questions name, as the toolkit",
        ),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column(
            "is_default_for_id",
            sa.Integer(),
            nullable=True,
            comment="The offer whose default plan this is",
        ),
        sa.Column(
            "open_version_id",
            sa.Integer(),
            nullable=True,
            comment="What the open link asks; None without one",
        ),
        sa.Column("open_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["is_default_for_id"], ["offer.id"], name=op.f("fk_evaluation_is_default_for_id_offer")
        ),
        sa.ForeignKeyConstraint(
            ["open_version_id"],
            ["questionnaire_version.id"],
            name=op.f("fk_evaluation_open_version_id_questionnaire_version"),
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_evaluation_series_id_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
        sa.UniqueConstraint("is_default_for_id", name=op.f("uq_evaluation_is_default_for_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_evaluation_slug")),
    )
    with op.batch_alter_table("evaluation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evaluation_series_id"), ["series_id"], unique=False)

    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column(
            "subtitle", sa.String(), nullable=False, comment="As Autumn 2; tells two events apart"
        ),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "published",
                "cancelled",
                name="event_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "mode",
            sa.Enum(
                "online",
                "face_to_face",
                "hybrid",
                name="event_mode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "venue", sa.String(), nullable=False, comment="Name of the place, empty if online"
        ),
        sa.Column("venue_address", sa.String(), nullable=False),
        sa.Column(
            "joining_url",
            sa.String(),
            nullable=False,
            comment="The real meeting link; shown on the personal joining page only",
        ),
        sa.Column("joining_notes", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True, comment="None means open to all"),
        sa.Column("booking_opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booking_closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "starts_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Start of the first event date",
        ),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="End of the last event date",
        ),
        sa.Column(
            "places_taken",
            sa.Integer(),
            nullable=False,
            comment="Confirmed and held places; kept by bookings, recounted by verify",
        ),
        sa.Column(
            "waiting_count",
            sa.Integer(),
            nullable=False,
            comment="Waiting bookings; kept by bookings, recounted by verify",
        ),
        sa.Column(
            "revision",
            sa.Integer(),
            nullable=False,
            comment="Its raise is the event's write lock, and tells kept pages they are old",
        ),
        sa.Column("half_term_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancellation_reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_at IS NOT NULL)",
            name=op.f("ck_event_cancelled_has_time"),
        ),
        sa.CheckConstraint(
            "booking_opens_at < booking_closes_at", name=op.f("ck_event_opens_before_it_closes")
        ),
        sa.CheckConstraint(
            "capacity IS NULL OR capacity > 0", name=op.f("ck_event_capacity_positive")
        ),
        sa.CheckConstraint(
            "places_taken >= 0 AND waiting_count >= 0", name=op.f("ck_event_counts_not_negative")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_event_starts_before_it_ends")),
        sa.ForeignKeyConstraint(
            ["half_term_id"], ["half_term.id"], name=op.f("fk_event_half_term_id_half_term")
        ),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_event_offer_id_offer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("reference", name=op.f("uq_event_reference")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_half_term_id"), ["half_term_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_offer_id"), ["offer_id"], unique=False)
        batch_op.create_index("ix_event_state_starts_at", ["state", "starts_at"], unique=False)

    op.create_table(
        "offer_audience",
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("audience_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"], ["audience.id"], name=op.f("fk_offer_audience_audience_id_audience")
        ),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["offer.id"], name=op.f("fk_offer_audience_offer_id_offer")
        ),
        sa.PrimaryKeyConstraint("offer_id", "audience_id", name=op.f("pk_offer_audience")),
    )
    with op.batch_alter_table("offer_audience", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_offer_audience_audience_id"), ["audience_id"], unique=False
        )

    op.create_table(
        "offer_topic",
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["offer.id"], name=op.f("fk_offer_topic_offer_id_offer")
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topic.id"], name=op.f("fk_offer_topic_topic_id_topic")
        ),
        sa.PrimaryKeyConstraint("offer_id", "topic_id", name=op.f("pk_offer_topic")),
    )
    with op.batch_alter_table("offer_topic", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_topic_topic_id"), ["topic_id"], unique=False)

    op.create_table(
        "organisation_alias",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_organisation_alias_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_alias")),
        sa.UniqueConstraint(
            "organisation_id", "name", name=op.f("uq_organisation_alias_organisation_id_name")
        ),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False, comment="Empty until first asked"),
        sa.Column(
            "email",
            sa.String(),
            nullable=True,
            comment="None for a colleague who is reached through the one who booked them",
        ),
        sa.Column(
            "capacity",
            sa.Enum(
                "employee",
                "volunteer",
                "governor",
                "student",
                "carer",
                name="capacity",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "job_title",
            sa.String(),
            nullable=True,
            comment="Never asked of a volunteer or governor",
        ),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("sector_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("profile_completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_person_email_in_lower_case")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_person_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["sector_id"], ["sector.id"], name=op.f("fk_person_sector_id_sector")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
        sa.UniqueConstraint("reference", name=op.f("uq_person_reference")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_person_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_person_sector_id"), ["sector_id"], unique=False)

    op.create_table(
        "question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column(
            "key",
            sa.String(),
            nullable=False,
            comment="Name of its field; the same across versions",
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "section",
            sa.String(),
            nullable=False,
            comment="Questions of one section share a screen",
        ),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "single",
                "multiple",
                "score",
                "yes_no",
                "long_text",
                "quote_consent",
                name="question_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("measure_id", sa.Integer(), nullable=True),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column(
            "shown_if_key",
            sa.String(),
            nullable=True,
            comment="Key of an earlier question; asked only if its answer is one of the values",
        ),
        sa.Column(
            "shown_if_values", sa.String(), nullable=True, comment="Option values, space between"
        ),
        sa.CheckConstraint(
            "(shown_if_key IS NULL) = (shown_if_values IS NULL)",
            name=op.f("ck_question_routing_is_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["measure_id"], ["measure.id"], name=op.f("fk_question_measure_id_measure")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["questionnaire_version.id"],
            name=op.f("fk_question_version_id_questionnaire_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("version_id", "key", name=op.f("uq_question_version_id_key")),
        sa.UniqueConstraint("version_id", "position", name=op.f("uq_question_version_id_position")),
    )
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_question_measure_id"), ["measure_id"], unique=False)

    op.create_table(
        "authenticator",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False, comment="No code is taken twice"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_authenticator_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_authenticator")),
    )
    op.create_table(
        "booking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("booked_by_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "confirmed",
                "waiting",
                "held",
                "cancelled",
                name="booking_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "origin",
            sa.Enum(
                "self",
                "colleague",
                "staff",
                "register",
                "history",
                name="booking_origin",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "mode",
            sa.Enum(
                "online",
                "face_to_face",
                "hybrid",
                name="event_mode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
            comment="How this person takes part; never hybrid",
        ),
        sa.Column("sector_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("organisation_name", sa.String(), nullable=False, comment="As it was that day"),
        sa.Column(
            "capacity",
            sa.Enum(
                "employee",
                "volunteer",
                "governor",
                "student",
                "carer",
                name="capacity",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "adjustments",
            sa.Text(),
            nullable=False,
            comment="Access and dietary wishes; erased 30 days after the event",
        ),
        sa.Column(
            "form_key",
            sa.String(),
            nullable=True,
            comment="One-use key of the form, so that a double click books once",
        ),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "joined_waiting_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="The order of the waiting list, and nothing else is",
        ),
        sa.Column("passed_over_reason", sa.String(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "cancelled_late",
            sa.Boolean(),
            nullable=False,
            comment="With less notice than the partnership asks for; no charge (R14)",
        ),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_at IS NOT NULL)",
            name=op.f("ck_booking_cancelled_has_time"),
        ),
        sa.CheckConstraint(
            "(state = 'held') = (held_until IS NOT NULL)", name=op.f("ck_booking_held_has_deadline")
        ),
        sa.CheckConstraint(
            "state <> 'confirmed' OR confirmed_at IS NOT NULL",
            name=op.f("ck_booking_confirmed_has_time"),
        ),
        sa.CheckConstraint(
            "state <> 'waiting' OR joined_waiting_at IS NOT NULL",
            name=op.f("ck_booking_waiting_has_time"),
        ),
        sa.ForeignKeyConstraint(
            ["booked_by_id"], ["person.id"], name=op.f("fk_booking_booked_by_id_person")
        ),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_booking_event_id_event")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_booking_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_booking_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["sector_id"], ["sector.id"], name=op.f("fk_booking_sector_id_sector")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
        sa.UniqueConstraint("form_key", name=op.f("uq_booking_form_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_booking_reference")),
    )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_booking_booked_by_id"), ["booked_by_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_booking_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_booking_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_booking_sector_id"), ["sector_id"], unique=False)
        batch_op.create_index(
            "ix_booking_waiting_list",
            ["event_id", "state", "joined_waiting_at", "id"],
            unique=False,
        )
        batch_op.create_index(
            "uq_booking_live",
            ["event_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("state <> 'cancelled'"),
            postgresql_where=sa.text("state <> 'cancelled'"),
        )

    op.create_table(
        "evaluation_offer",
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluation.id"],
            name=op.f("fk_evaluation_offer_evaluation_id_evaluation"),
        ),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["offer.id"], name=op.f("fk_evaluation_offer_offer_id_offer")
        ),
        sa.PrimaryKeyConstraint("evaluation_id", "offer_id", name=op.f("pk_evaluation_offer")),
    )
    with op.batch_alter_table("evaluation_offer", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_evaluation_offer_offer_id"), ["offer_id"], unique=False
        )

    op.create_table(
        "event_date",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_event_date_starts_before_it_ends")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_date_event_id_event")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_date")),
        sa.UniqueConstraint("event_id", "starts_at", name=op.f("uq_event_date_event_id_starts_at")),
    )
    with op.batch_alter_table("event_date", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_date_starts_at"), ["starts_at"], unique=False)

    op.create_table(
        "pairing",
        sa.Column("pairing_key", sa.String(), nullable=False),
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("addressee_key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluation.id"], name=op.f("fk_pairing_evaluation_id_evaluation")
        ),
        sa.PrimaryKeyConstraint("pairing_key", name=op.f("pk_pairing")),
        sa.UniqueConstraint(
            "evaluation_id", "addressee_key", name=op.f("uq_pairing_evaluation_id_addressee_key")
        ),
    )
    op.create_table(
        "post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "dsl",
                "deputy_dsl",
                "headteacher",
                "safeguarding_governor",
                name="post_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "until_on IS NULL OR from_on <= until_on", name=op.f("ck_post_from_before_until")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_post_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_post_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
    )
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_post_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_post_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_post_held_now",
            ["person_id", "organisation_id", "kind"],
            unique=True,
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        )

    op.create_table(
        "question_option",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column(
            "counts",
            sa.Boolean(),
            nullable=False,
            comment="Belongs to the share that the measure's title names",
        ),
        sa.Column(
            "is_outside_base",
            sa.Boolean(),
            nullable=False,
            comment="Does not apply to my role: left out of the question's base",
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_question_option_question_id_question")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_option")),
        sa.UniqueConstraint(
            "question_id", "position", name=op.f("uq_question_option_question_id_position")
        ),
        sa.UniqueConstraint(
            "question_id", "value", name=op.f("uq_question_option_question_id_value")
        ),
    )
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_recovery_code_person_id_person")
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_code_person_id"), ["person_id"], unique=False)

    op.create_table(
        "role_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "delivery",
                "advisor",
                "trainer",
                "evaluator",
                "administrator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_role_grant_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_grant_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_role_grant_held_now",
            ["person_id", "role"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )

    op.create_table(
        "sign_in_session",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_sign_in_session_person_id_person")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_session")),
    )
    with op.batch_alter_table("sign_in_session", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sign_in_session_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "survey_stop",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_survey_stop_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_survey_stop")),
    )
    op.create_table(
        "wave",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("months_later", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column(
            "once_per_person",
            sa.Boolean(),
            nullable=False,
            comment="A series is asked once, not once per exchange",
        ),
        sa.CheckConstraint("months_later BETWEEN -1 AND 24", name=op.f("ck_wave_months_in_range")),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluation.id"], name=op.f("fk_wave_evaluation_id_evaluation")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["questionnaire_version.id"],
            name=op.f("fk_wave_version_id_questionnaire_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave")),
        sa.UniqueConstraint(
            "evaluation_id", "months_later", name=op.f("uq_wave_evaluation_id_months_later")
        ),
    )
    op.create_table(
        "attendance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("event_date_id", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "attended",
                "attended_in_part",
                "did_not_attend",
                name="attendance_outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_attendance_booking_id_booking")
        ),
        sa.ForeignKeyConstraint(
            ["event_date_id"],
            ["event_date.id"],
            name=op.f("fk_attendance_event_date_id_event_date"),
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["person.id"], name=op.f("fk_attendance_recorded_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
        sa.UniqueConstraint(
            "booking_id", "event_date_id", name=op.f("uq_attendance_booking_id_event_date_id")
        ),
    )
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_attendance_event_date_id"), ["event_date_id"], unique=False
        )

    op.create_table(
        "calendar_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column(
            "event_date_id",
            sa.Integer(),
            nullable=True,
            comment="None once the date was taken out of the event and its entry cancelled",
        ),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column(
            "starts_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="As last told to the calendar",
        ),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the last message was queued",
        ),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sequence >= 0", name=op.f("ck_calendar_entry_sequence_not_negative")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_calendar_entry_booking_id_booking")
        ),
        sa.ForeignKeyConstraint(
            ["event_date_id"],
            ["event_date.id"],
            name=op.f("fk_calendar_entry_event_date_id_event_date"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_entry")),
        sa.UniqueConstraint(
            "booking_id", "event_date_id", name=op.f("uq_calendar_entry_booking_id_event_date_id")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_calendar_entry_uid")),
    )
    with op.batch_alter_table("calendar_entry", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_calendar_entry_event_date_id"), ["event_date_id"], unique=False
        )

    op.create_table(
        "response",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=True),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "personal",
                "open",
                name="response_source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "event_id",
            sa.Integer(),
            nullable=True,
            comment="None where fewer than 3 of its sector came",
        ),
        sa.Column("sector_id", sa.Integer(), nullable=True),
        sa.Column("pairing_key", sa.String(), nullable=True),
        sa.Column(
            "answered_on",
            sa.Date(),
            nullable=False,
            comment="Personal: month of the asking, or its year where the event was forgotten, so that no date matches a response to an invitation; open: the day",
        ),
        sa.CheckConstraint(
            "(source = 'personal') = (wave_id IS NOT NULL)",
            name=op.f("ck_response_personal_has_wave"),
        ),
        sa.CheckConstraint(
            "source = 'personal' OR pairing_key IS NULL",
            name=op.f("ck_response_open_is_never_paired"),
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluation.id"], name=op.f("fk_response_evaluation_id_evaluation")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_response_event_id_event")
        ),
        sa.ForeignKeyConstraint(
            ["sector_id"], ["sector.id"], name=op.f("fk_response_sector_id_sector")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["questionnaire_version.id"],
            name=op.f("fk_response_version_id_questionnaire_version"),
        ),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_response_wave_id_wave")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
        sa.UniqueConstraint("id", "evaluation_id", name=op.f("uq_response_id_evaluation_id")),
    )
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.create_index(
            "ix_response_evaluation", ["evaluation_id", "source", "wave_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_response_event_id"), ["event_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_response_pairing_key"), ["pairing_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_response_sector_id"), ["sector_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_response_wave_id"), ["wave_id"], unique=False)

    op.create_table(
        "survey_invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column(
            "addressee_key",
            sa.String(),
            nullable=False,
            comment="booking:ID, or person:ID where a series is asked once",
        ),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("sector_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "sent",
                "answered",
                "closed",
                "missed",
                "stopped",
                name="invitation_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "closes_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When its link ends; of a planned one, the last moment at which it may be sent",
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders_count", sa.Integer(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "bounced_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Not delivered: out of the rate",
        ),
        sa.Column(
            "answered_on",
            sa.Date(),
            nullable=True,
            comment="A date, no finer, so that answers cannot be matched to people by time",
        ),
        sa.CheckConstraint(
            "(state = 'answered') = (answered_on IS NOT NULL)",
            name=op.f("ck_survey_invitation_answered_has_date"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('sent', 'answered', 'closed') OR sent_at IS NOT NULL",
            name=op.f("ck_survey_invitation_sent_has_time"),
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_survey_invitation_booking_id_booking")
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluation.id"],
            name=op.f("fk_survey_invitation_evaluation_id_evaluation"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_survey_invitation_event_id_event")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_survey_invitation_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["sector_id"], ["sector.id"], name=op.f("fk_survey_invitation_sector_id_sector")
        ),
        sa.ForeignKeyConstraint(
            ["wave_id"], ["wave.id"], name=op.f("fk_survey_invitation_wave_id_wave")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_invitation")),
        sa.UniqueConstraint("reference", name=op.f("uq_survey_invitation_reference")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_survey_invitation_token_hash")),
        sa.UniqueConstraint(
            "wave_id", "addressee_key", name=op.f("uq_survey_invitation_wave_id_addressee_key")
        ),
    )
    with op.batch_alter_table("survey_invitation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_survey_invitation_booking_id"), ["booking_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_survey_invitation_evaluation_id"), ["evaluation_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_survey_invitation_event_id"), ["event_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_survey_invitation_person_id"), ["person_id"], unique=False
        )
        batch_op.create_index(
            "ix_survey_invitation_state_due_at", ["state", "due_at"], unique=False
        )

    op.create_table(
        "answer",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("response_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "evaluation_id",
            sa.Integer(),
            nullable=False,
            comment="As its response's, for the results' index",
        ),
        sa.Column(
            "wave_id",
            sa.Integer(),
            nullable=True,
            comment="As its response's; None by the open link",
        ),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("option_id", sa.Integer(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "option_id IS NOT NULL OR score IS NOT NULL OR text IS NOT NULL",
            name=op.f("ck_answer_has_a_value"),
        ),
        sa.CheckConstraint(
            "score IS NULL OR score BETWEEN 0 AND 10", name=op.f("ck_answer_score_0_to_10")
        ),
        sa.ForeignKeyConstraint(
            ["option_id"], ["question_option.id"], name=op.f("fk_answer_option_id_question_option")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_answer_question_id_question")
        ),
        sa.ForeignKeyConstraint(
            ["response_id", "evaluation_id"],
            ["response.id", "response.evaluation_id"],
            name=op.f("fk_answer_response_id_response"),
        ),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_answer_wave_id_wave")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
    )
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.create_index(
            "ix_answer_results",
            ["evaluation_id", "wave_id", "question_id", "option_id", "score"],
            unique=False,
        )
        batch_op.create_index(
            "uq_answer_response_question_option",
            ["response_id", "question_id", "option_id"],
            unique=True,
        )


def downgrade() -> None:
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.drop_index("uq_answer_response_question_option")
        batch_op.drop_index("ix_answer_results")

    op.drop_table("answer")
    with op.batch_alter_table("survey_invitation", schema=None) as batch_op:
        batch_op.drop_index("ix_survey_invitation_state_due_at")
        batch_op.drop_index(batch_op.f("ix_survey_invitation_person_id"))
        batch_op.drop_index(batch_op.f("ix_survey_invitation_event_id"))
        batch_op.drop_index(batch_op.f("ix_survey_invitation_evaluation_id"))
        batch_op.drop_index(batch_op.f("ix_survey_invitation_booking_id"))

    op.drop_table("survey_invitation")
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_response_wave_id"))
        batch_op.drop_index(batch_op.f("ix_response_sector_id"))
        batch_op.drop_index(batch_op.f("ix_response_pairing_key"))
        batch_op.drop_index(batch_op.f("ix_response_event_id"))
        batch_op.drop_index("ix_response_evaluation")

    op.drop_table("response")
    with op.batch_alter_table("calendar_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calendar_entry_event_date_id"))

    op.drop_table("calendar_entry")
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attendance_event_date_id"))

    op.drop_table("attendance")
    op.drop_table("wave")
    op.drop_table("survey_stop")
    with op.batch_alter_table("sign_in_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_session_person_id"))

    op.drop_table("sign_in_session")
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_role_grant_held_now",
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_role_grant_person_id"))

    op.drop_table("role_grant")
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_code_person_id"))

    op.drop_table("recovery_code")
    op.drop_table("question_option")
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_post_held_now",
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_post_person_id"))
        batch_op.drop_index(batch_op.f("ix_post_organisation_id"))

    op.drop_table("post")
    op.drop_table("pairing")
    with op.batch_alter_table("event_date", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_date_starts_at"))

    op.drop_table("event_date")
    with op.batch_alter_table("evaluation_offer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evaluation_offer_offer_id"))

    op.drop_table("evaluation_offer")
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_booking_live",
            sqlite_where=sa.text("state <> 'cancelled'"),
            postgresql_where=sa.text("state <> 'cancelled'"),
        )
        batch_op.drop_index("ix_booking_waiting_list")
        batch_op.drop_index(batch_op.f("ix_booking_sector_id"))
        batch_op.drop_index(batch_op.f("ix_booking_person_id"))
        batch_op.drop_index(batch_op.f("ix_booking_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_booking_booked_by_id"))

    op.drop_table("booking")
    op.drop_table("authenticator")
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_question_measure_id"))

    op.drop_table("question")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_sector_id"))
        batch_op.drop_index(batch_op.f("ix_person_organisation_id"))

    op.drop_table("person")
    op.drop_table("organisation_alias")
    with op.batch_alter_table("offer_topic", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_topic_topic_id"))

    op.drop_table("offer_topic")
    with op.batch_alter_table("offer_audience", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_audience_audience_id"))

    op.drop_table("offer_audience")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("ix_event_state_starts_at")
        batch_op.drop_index(batch_op.f("ix_event_offer_id"))
        batch_op.drop_index(batch_op.f("ix_event_half_term_id"))
        batch_op.drop_index(batch_op.f("ix_event_ends_at"))

    op.drop_table("event")
    with op.batch_alter_table("evaluation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evaluation_series_id"))

    op.drop_table("evaluation")
    op.drop_table("questionnaire_version")
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organisation_sector_id"))
        batch_op.drop_index("ix_organisation_name")

    op.drop_table("organisation")
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_state"))
        batch_op.drop_index(batch_op.f("ix_offer_series_id"))
        batch_op.drop_index(batch_op.f("ix_offer_priority_id"))

    op.drop_table("offer")
    op.drop_table("topic")
    op.drop_table("survey_draft")
    with op.batch_alter_table("sign_in_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_code_address_hash"))

    op.drop_table("sign_in_code")
    op.drop_table("series")
    op.drop_table("sector")
    op.drop_table("questionnaire")
    op.drop_table("priority")
    op.drop_table("policy")
    op.drop_table("partnership")
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_message_person_reference"))
        batch_op.drop_index(
            "ix_outbox_message_due",
            sqlite_where=sa.text("state IN ('queued', 'sending')"),
            postgresql_where=sa.text("state IN ('queued', 'sending')"),
        )
        batch_op.drop_index("ix_outbox_message_about")

    op.drop_table("outbox_message")
    op.drop_table("measure")
    op.drop_table("lease")
    op.drop_table("half_term")
    op.drop_table("example_clock")
    with op.batch_alter_table("audit_line", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_line_subject")
        batch_op.drop_index(batch_op.f("ix_audit_line_at"))

    op.drop_table("audit_line")
    op.drop_table("audience")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_attempt_key_at")

    op.drop_table("attempt")
