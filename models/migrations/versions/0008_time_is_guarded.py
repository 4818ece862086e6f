"""Days that were confirmed or taken back, and messages that were wrong."""

import sqlalchemy as sa
from alembic import op

from models.migrations.kinds import add_audit_kinds

revision = "0008"
down_revision = "0007"

WORDS = {
    "decision": "'remind', 'escalate', 'mark_overdue', 'receipt', 'correction'",
    "rung_kind": (
        "'receipt', 'correction', 'remind', 'urge', 'escalate', 'draft_letter', 'coordinate'"
    ),
    "status": "'pending', 'sent', 'cancelled', 'retracted'",
}
KEY = ["plan", "subject", "rule", "visit", "due", "rung", "recipient"]


def upgrade() -> None:
    add_audit_kinds("confirmation", "rewind")
    _change_outbox()


def _change_outbox() -> None:
    """A key is held only by what was not taken back."""
    op.drop_index("ix_outbox_waiting", "outbox")  # a copy would lose its condition
    with op.batch_alter_table("outbox") as batch:
        for column, words in WORDS.items():
            batch.drop_constraint(op.f(f"ck_outbox_{column}"), type_="check")
            batch.create_check_constraint(op.f(f"ck_outbox_{column}"), f"{column} IN ({words})")
        batch.drop_constraint("uq_outbox_key", type_="unique")
    _index("ix_outbox_waiting", ["plan", "id"], "status = 'pending'", unique=False)
    _index("uq_outbox_key", KEY, "status != 'retracted'", unique=True)


def _index(name: str, columns: list[str], of: str, *, unique: bool) -> None:
    where = sa.text(of)
    op.create_index(
        name, "outbox", columns, unique=unique, sqlite_where=where, postgresql_where=where
    )
