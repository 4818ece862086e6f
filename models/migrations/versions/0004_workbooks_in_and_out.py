"""What projects report each month, the files of the inbox, and receipts among the messages."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

AUDIT_KINDS = (
    "'transition', 'record', 'import', 'overdue', 'opinion', 'ledger', 'progress', 'evidence', "
    "'extension', 'acknowledgement', 'amendment', 'reversal'"
)
DECISIONS = "'remind', 'escalate', 'mark_overdue', 'receipt'"
RUNG_KINDS = "'receipt', 'remind', 'urge', 'escalate', 'draft_letter', 'coordinate'"
TRIGGERS = [
    f"CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit "
    "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
    for verb in ("update", "delete")
]


def upgrade() -> None:
    _change_audit()
    _change_outbox()
    _add_progress()
    _add_inbox()


def _change_audit() -> None:
    """One more kind of row; SQLite copies the table and drops its triggers with the old one."""
    with op.batch_alter_table("audit") as batch:
        batch.drop_constraint(op.f("ck_audit_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_audit_kind"), f"kind IN ({AUDIT_KINDS})")
    if op.get_bind().dialect.name == "sqlite":
        for statement in TRIGGERS:
            op.execute(statement)


def _change_outbox() -> None:
    op.drop_index("ix_outbox_waiting", "outbox")  # a copy would lose its condition
    with op.batch_alter_table("outbox") as batch:
        for column, words in (("decision", DECISIONS), ("rung_kind", RUNG_KINDS)):
            batch.drop_constraint(op.f(f"ck_outbox_{column}"), type_="check")
            batch.create_check_constraint(op.f(f"ck_outbox_{column}"), f"{column} IN ({words})")
    pending = sa.text("status = 'pending'")
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["plan", "id"],
        unique=False,
        sqlite_where=pending,
        postgresql_where=pending,
    )


def _add_progress() -> None:
    op.create_table(
        "progress",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("invested", sa.BigInteger(), nullable=True),
        sa.Column("on_schedule", sa.Boolean(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("next_step", sa.String(), nullable=True),
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name=op.f("ck_progress_percent")),
        sa.CheckConstraint("invested >= 0", name=op.f("ck_progress_invested")),
        sa.CheckConstraint("length(period) = 7", name=op.f("ck_progress_period")),
        sa.ForeignKeyConstraint(
            ["plan", "subject"],
            ["subject.plan", "subject.code"],
            name=op.f("fk_progress_plan_subject"),
        ),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name=op.f("fk_progress_audit_id")),
        sa.PrimaryKeyConstraint("plan", "subject", "period", name=op.f("pk_progress")),
    )


def _add_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reply", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'returned')", name=op.f("ck_inbox_outcome")),
        sa.ForeignKeyConstraint(["plan"], ["plan.id"], name=op.f("fk_inbox_plan")),
        sa.PrimaryKeyConstraint("plan", "place", "digest", name=op.f("pk_inbox")),
    )
