"""Which mail a receipt answers, so that a mail program shows the two together."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("inbox", sa.Column("mail", sa.String(), server_default="", nullable=False))
