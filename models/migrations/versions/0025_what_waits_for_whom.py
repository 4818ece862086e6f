"""Indexes: what waits for a body, and the last day on which something of a kind came about.

The first pages of province and finance offices went through all open deadlines for the one, every
page through the whole trail for the other.
"""

from alembic import op

revision = "0025"
down_revision = "0024"

KINDS = ["plan", "kind", "effective_on"]


def upgrade() -> None:
    op.create_index("ix_deadline_body", "deadline", ["plan", "body", "rule"])
    op.create_index(op.f("ix_audit_plan_kind_effective_on"), "audit", KINDS)
