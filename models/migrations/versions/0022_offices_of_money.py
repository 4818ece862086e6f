"""Offices that are known by their body, not by a level: those that keep the money."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    with op.batch_alter_table("office") as batch:
        batch.drop_constraint(op.f("ck_office_level"), type_="check")
