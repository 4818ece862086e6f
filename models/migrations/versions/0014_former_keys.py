"""Keys that were changed for another: shut away with the present one, they prove what came before."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "former_key",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("box", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["plan.id"], name=op.f("fk_former_key_plan")),
        sa.PrimaryKeyConstraint("plan", "mark", name=op.f("pk_former_key")),
    )
