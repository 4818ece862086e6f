"""Money of which several funds are told apart: which one a line is of, and what each has released.

What was recorded before is of the one fund that its plan had, and stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("ledger", sa.Column("fund", sa.String(), nullable=False, server_default=""))
    released = sa.Column("released_funds", sa.JSON(), nullable=False, server_default="{}")
    op.add_column("project", released)
