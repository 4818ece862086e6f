"""An index: the money of a project, for which a plan's whole ledger was gone through."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_index(op.f("ix_ledger_plan_subject"), "ledger", ["plan", "subject"])
