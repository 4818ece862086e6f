"""Subjects that were renamed: of a former name only its trail is left."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column(
        "subject", sa.Column("renamed_to", sa.String(), nullable=False, server_default="")
    )
