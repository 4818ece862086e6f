"""Addresses at which somebody is not reached, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

CHANNELS = ("mail", "wecom", "dingtalk", "feishu", "webhook", "list", "folder")


def upgrade() -> None:
    listed = ", ".join(f"'{kind}'" for kind in CHANNELS)
    op.create_table(
        "unreachable",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint(f"channel IN ({listed})", name=op.f("ck_unreachable_channel")),
        sa.ForeignKeyConstraint(["plan"], ["plan.id"], name=op.f("fk_unreachable_plan")),
        sa.PrimaryKeyConstraint("plan", "person", "mark", name=op.f("pk_unreachable")),
    )
