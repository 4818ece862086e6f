"""What digests ask, so that an answer by mail is known for what it answers."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "asked_item",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("fact", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["plan.id"], name=op.f("fk_asked_item_plan_plan")),
        sa.PrimaryKeyConstraint("plan", "digest", "number", name=op.f("pk_asked_item")),
    )
    op.create_index(op.f("ix_asked_item_code"), "asked_item", ["code"])
