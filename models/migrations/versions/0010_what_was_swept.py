"""Each run over all deadlines, so that what it did can be done again."""

import sqlalchemy as sa
from alembic import op

from models.migrations.kinds import add_audit_kinds

revision = "0010"
down_revision = "0009"
KNOWN = """
INSERT INTO sweep (plan, day, at, trail)
SELECT e.plan, e.day, e.decided_at, coalesce(
    (SELECT max(a.id) FROM audit a WHERE a.plan = e.plan AND a.recorded_at <= e.decided_at), 0)
FROM enforced e ORDER BY e.decided_at, e.day
"""


def upgrade() -> None:
    add_audit_kinds("repair")
    op.create_table(
        "sweep",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trail", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["plan.id"], name=op.f("fk_sweep_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep")),
    )
    op.create_index(op.f("ix_sweep_plan_trail"), "sweep", ["plan", "trail"])
    op.execute(KNOWN)
    op.execute("UPDATE plan SET digest = ''")  # what follows from the ledger is computed anew
