"""The spine: plans, subjects, projects, deadlines, facts, audit trail, outbox, contacts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$",
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()",
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()",
    ],
}


def upgrade() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    op.create_table(
        "office",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.CheckConstraint(
            "level IN ('county', 'city', 'city_leader', 'province')", name=op.f("ck_office_level")
        ),
        sa.ForeignKeyConstraint(["plan"], ["plan.id"], name=op.f("fk_office_plan")),
        sa.PrimaryKeyConstraint("plan", "level", "city", "county", name=op.f("pk_office")),
        sa.UniqueConstraint("plan", "name", name=op.f("uq_office_plan_name")),
    )
    op.create_table(
        "subject",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("county", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('project', 'city', 'province')", name=op.f("ck_subject_kind")),
        sa.ForeignKeyConstraint(["plan"], ["plan.id"], name=op.f("fk_subject_plan")),
        sa.PrimaryKeyConstraint("plan", "code", name=op.f("pk_subject")),
    )
    op.create_index("ix_subject_plan_kind_city", "subject", ["plan", "kind", "city"], unique=False)

    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("from_stage", sa.String(), nullable=True),
        sa.Column("to_stage", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clause", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('transition', 'record', 'import', 'overdue')", name=op.f("ck_audit_kind")
        ),
        sa.ForeignKeyConstraint(
            ["plan", "subject"],
            ["subject.plan", "subject.code"],
            name=op.f("fk_audit_plan_subject"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_plan_subject", "audit", ["plan", "subject"], unique=False)

    op.create_table(
        "contact",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan", "office"], ["office.plan", "office.name"], name=op.f("fk_contact_plan_office")
        ),
        sa.PrimaryKeyConstraint("plan", "office", "name", name=op.f("pk_contact")),
    )
    op.create_table(
        "deadline",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("remind_by", sa.Date(), nullable=False),
        sa.Column("overdue_after", sa.Date(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("fulfilled_on", sa.Date(), nullable=True),
        sa.Column("fired", sa.Integer(), nullable=False),
        sa.Column("next_look_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(fulfilled_on IS NULL) = (standing NOT IN ('met', 'met_late'))",
            name=op.f("ck_deadline_fulfilled"),
        ),
        sa.CheckConstraint(
            "(next_look_on IS NULL) = (standing IN ('met', 'met_late', 'suspended', 'void'))",
            name=op.f("ck_deadline_closed"),
        ),
        sa.CheckConstraint(
            "standing IN ('on_track', 'due_soon', 'overdue', 'coordinating', 'met', 'met_late', 'suspended', 'void')",
            name=op.f("ck_deadline_standing"),
        ),
        sa.CheckConstraint("fired >= 0", name=op.f("ck_deadline_fired")),
        sa.CheckConstraint("visit >= 1", name=op.f("ck_deadline_visit")),
        sa.ForeignKeyConstraint(
            ["plan", "subject"],
            ["subject.plan", "subject.code"],
            name=op.f("fk_deadline_plan_subject"),
        ),
        sa.PrimaryKeyConstraint("plan", "subject", "rule", name=op.f("pk_deadline")),
    )
    op.create_index(
        "ix_deadline_look",
        "deadline",
        ["plan", "next_look_on"],
        unique=False,
        sqlite_where=sa.text("next_look_on IS NOT NULL"),
        postgresql_where=sa.text("next_look_on IS NOT NULL"),
    )

    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("rung", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("rung_kind", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(status = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_outbox_sent")
        ),
        sa.CheckConstraint(
            "decision IN ('remind', 'escalate', 'mark_overdue')", name=op.f("ck_outbox_decision")
        ),
        sa.CheckConstraint(
            "rung_kind IN ('remind', 'urge', 'escalate', 'draft_letter', 'coordinate')",
            name=op.f("ck_outbox_rung_kind"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'sent', 'failed', 'cancelled')", name=op.f("ck_outbox_status")
        ),
        sa.ForeignKeyConstraint(
            ["plan", "subject"],
            ["subject.plan", "subject.code"],
            name=op.f("fk_outbox_plan_subject"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint(
            "plan", "subject", "rule", "visit", "due", "rung", "recipient", name="uq_outbox_key"
        ),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["plan", "recipient"],
        unique=False,
        sqlite_where=sa.text("status IN ('pending', 'failed')"),
        postgresql_where=sa.text("status IN ('pending', 'failed')"),
    )

    op.create_table(
        "project",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("county_code", sa.String(), nullable=False),
        sa.Column("county_type", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("disposition", sa.String(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("street", sa.String(), nullable=True),
        sa.Column("community", sa.String(), nullable=True),
        sa.Column("operator", sa.String(), nullable=True),
        sa.Column("building_kind", sa.String(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=True),
        sa.Column("investment", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("site_source", sa.String(), nullable=True),
        sa.Column("tenure", sa.String(), nullable=True),
        sa.Column("beds", sa.Integer(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("functions", sa.JSON(), nullable=False),
        sa.Column("commitments", sa.JSON(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=True),
        sa.Column("letter_issuer", sa.String(), nullable=True),
        sa.Column("letter_number", sa.String(), nullable=True),
        sa.Column("letter_on", sa.Date(), nullable=True),
        sa.Column("responsible_person", sa.String(), nullable=True),
        sa.Column("responsible_phone", sa.String(), nullable=True),
        sa.CheckConstraint(
            "disposition IN ('active', 'held', 'rejected', 'withdrawn')",
            name=op.f("ck_project_disposition"),
        ),
        sa.CheckConstraint("area >= 0", name=op.f("ck_project_area")),
        sa.CheckConstraint("beds >= 0", name=op.f("ck_project_beds")),
        sa.CheckConstraint("households >= 0", name=op.f("ck_project_households")),
        sa.CheckConstraint("investment >= 0", name=op.f("ck_project_investment")),
        sa.ForeignKeyConstraint(
            ["plan", "code"], ["subject.plan", "subject.code"], name=op.f("fk_project_plan_code")
        ),
        sa.PrimaryKeyConstraint("plan", "code", name=op.f("pk_project")),
        sa.UniqueConstraint(
            "plan",
            "county_code",
            "street",
            "community",
            name=op.f("uq_project_plan_county_code_street_community"),
        ),
    )
    op.create_table(
        "fact",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("audit_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name=op.f("fk_fact_audit_id")),
        sa.ForeignKeyConstraint(
            ["plan", "subject"], ["subject.plan", "subject.code"], name=op.f("fk_fact_plan_subject")
        ),
        sa.PrimaryKeyConstraint("plan", "subject", "name", name=op.f("pk_fact")),
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
