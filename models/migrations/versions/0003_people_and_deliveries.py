"""Who is told of each intent, person by person; acknowledgements; people who stand in."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

AUDIT_KINDS = (
    "'transition', 'record', 'import', 'overdue', 'opinion', 'ledger', 'evidence', 'extension', "
    "'acknowledgement', 'amendment', 'reversal'"
)
CHANNELS = "'mail', 'wecom', 'dingtalk', 'feishu', 'webhook', 'list', 'folder'"
TRIGGERS = [
    f"CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit "
    "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
    for verb in ("update", "delete")
]


def upgrade() -> None:
    _new_tables()
    _move_deliveries()
    _change_outbox()
    _change_audit()
    op.add_column("deadline", sa.Column("quiet_until", sa.Date()))
    with op.batch_alter_table("contact") as batch:
        batch.alter_column("duty", new_column_name="role")
        batch.alter_column("address", new_column_name="channels")
        batch.add_column(sa.Column("divisions", sa.JSON(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("substitute", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("away_from", sa.Date()))
        batch.add_column(sa.Column("away_to", sa.Date()))


def _new_tables() -> None:
    op.create_table(
        "delivery",
        sa.Column("outbox_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.CheckConstraint(
            "because IN ('post', 'substitute', 'vacant')", name=op.f("ck_delivery_because")
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'sending', 'sent', 'dead', 'cancelled')",
            name=op.f("ck_delivery_status"),
        ),
        sa.CheckConstraint(f"channel IN ({CHANNELS})", name=op.f("ck_delivery_channel")),
        sa.CheckConstraint(
            "(status = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_delivery_sent")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_delivery_attempts")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_delivery_outbox_id")),
        sa.PrimaryKeyConstraint("outbox_id", "person", name=op.f("pk_delivery")),
    )
    waiting = sa.text("status IN ('pending', 'sending')")
    op.create_index(
        "ix_delivery_waiting",
        "delivery",
        ["plan", "person"],
        unique=False,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "addressee",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=True),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_addressee_failures")),
        sa.ForeignKeyConstraint(["plan"], ["plan.id"], name=op.f("fk_addressee_plan")),
        sa.PrimaryKeyConstraint("plan", "person", name=op.f("pk_addressee")),
    )
    op.create_table(
        "pace",
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_pace")),
    )


def _move_deliveries() -> None:
    """What was sent before went to the office as a whole."""
    op.execute(
        "INSERT INTO delivery (outbox_id, person, plan, because, status, attempts, ambiguous, "
        "digest, sent_at, error) SELECT id, recipient, plan, 'post', 'sent', attempts, "
        "attempts > 1, digest, sent_at, error FROM outbox WHERE status = 'sent'"
    )


def _change_outbox() -> None:
    op.execute("UPDATE outbox SET status = 'pending' WHERE status = 'failed'")
    op.drop_index("ix_outbox_waiting", "outbox")
    with op.batch_alter_table("outbox") as batch:
        for name in ("attempts", "claimed_until", "digest", "error"):
            batch.drop_column(name)
        batch.drop_constraint(op.f("ck_outbox_status"), type_="check")
        batch.create_check_constraint(
            op.f("ck_outbox_status"), "status IN ('pending', 'sent', 'cancelled')"
        )
    pending = sa.text("status = 'pending'")
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["plan", "id"],
        unique=False,
        sqlite_where=pending,
        postgresql_where=pending,
    )


def _change_audit() -> None:
    """One more kind of row; SQLite copies the table and drops its triggers with the old one."""
    with op.batch_alter_table("audit") as batch:
        batch.drop_constraint(op.f("ck_audit_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_audit_kind"), f"kind IN ({AUDIT_KINDS})")
    if op.get_bind().dialect.name == "sqlite":
        for statement in TRIGGERS:
            op.execute(statement)
