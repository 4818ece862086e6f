"""Mails that have come, with what each says of a reminder's items."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

KINDS = "kind IN ('person', 'automatic', 'bulk', 'bounce', 'own')"
STATES = "state IN ('registered', 'held', 'filed', 'returned', 'unreadable')"


def upgrade() -> None:
    op.create_table(
        "mail",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("sender_name", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("reminder", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("written", sa.String(), nullable=False),
        sa.Column("beside", sa.String(), nullable=False),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("settled_by", sa.String(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(KINDS, name=op.f("ck_mail_kind")),
        sa.CheckConstraint(STATES, name=op.f("ck_mail_state")),
        sa.ForeignKeyConstraint(["plan"], ["plan.id"], name=op.f("fk_mail_plan")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_mail")),
    )
    op.create_index(op.f("ix_mail_plan_state"), "mail", ["plan", "state"])
    op.create_table(
        "mail_item",
        sa.Column("mail", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("fact", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("rests_until", sa.Date(), nullable=True),
        sa.CheckConstraint("kind IN ('done', 'expected')", name=op.f("ck_mail_item_kind")),
        sa.CheckConstraint(STATES, name=op.f("ck_mail_item_state")),
        sa.ForeignKeyConstraint(["mail"], ["mail.digest"], name=op.f("fk_mail_item_mail")),
        sa.PrimaryKeyConstraint("mail", "position", name=op.f("pk_mail_item")),
    )
