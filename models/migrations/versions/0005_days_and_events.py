"""Which days the daily job has decided, and which events are still to be emitted."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index(op.f("ix_audit_plan_id"), "audit", ["plan", "id"])
    op.add_column("plan", sa.Column("emitted", sa.Integer(), nullable=False, server_default="0"))
    op.execute(  # what happened before is no news
        "UPDATE plan SET emitted = "
        "COALESCE((SELECT MAX(audit.id) FROM audit WHERE audit.plan = plan.id), 0)"
    )
    op.create_table(
        "enforced",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["plan"], ["plan.id"], name=op.f("fk_enforced_plan")),
        sa.PrimaryKeyConstraint("plan", "day", name=op.f("pk_enforced")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["plan.id"], name=op.f("fk_event_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_plan_at"), "event", ["plan", "at"])
