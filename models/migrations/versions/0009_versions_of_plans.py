"""Versions of plans, kept as they were installed, and the audit row that tells of a change."""

import sqlalchemy as sa
from alembic import op

from models.migrations.kinds import add_audit_kinds

revision = "0009"
down_revision = "0008"
TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER plan_version_no_{verb} BEFORE {verb} ON plan_version "
        "BEGIN SELECT RAISE(ABORT, 'plan_version is append-only'); END"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        "CREATE FUNCTION plan_version_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'plan_version is append-only'; END $$",
        "CREATE TRIGGER plan_version_append_only BEFORE UPDATE OR DELETE ON plan_version "
        "FOR EACH ROW EXECUTE FUNCTION plan_version_is_append_only()",
        "CREATE TRIGGER plan_version_no_truncate BEFORE TRUNCATE ON plan_version "
        "FOR EACH STATEMENT EXECUTE FUNCTION plan_version_is_append_only()",
    ],
}


def upgrade() -> None:
    op.create_table(
        "plan_version",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=True),
        sa.Column("workdays", sa.JSON(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_plan_version_number")),
        sa.ForeignKeyConstraint(["plan"], ["plan.id"], name=op.f("fk_plan_version_plan")),
        sa.PrimaryKeyConstraint("plan", "number", name=op.f("pk_plan_version")),
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
    add_audit_kinds("plan")
