"""Deadlines: whose turn it is, and since when; the rules fill it in when they are installed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("deadline", sa.Column("body", sa.String(), nullable=False, server_default=""))
    op.add_column("deadline", sa.Column("turn_on", sa.Date(), nullable=True))
    op.add_column(
        "deadline", sa.Column("fits", sa.Boolean(), nullable=False, server_default=sa.true())
    )
