"""The keyed chain: rows to come are hashed with the installation's key, the plan's row is sealed."""

import sqlalchemy as sa
from alembic import op

from models.seals import installation_key, seal_of

revision = "0007"
down_revision = "0006"
AUDIT = sa.table("audit", sa.column("plan", sa.String))
PLAN = sa.table(
    "plan",
    *(sa.column(name, sa.String) for name in ("id", "head", "key", "seal")),
    *(sa.column(name, sa.Integer) for name in ("rows", "unkeyed")),
)


def upgrade() -> None:
    for name, kind, default in (
        ("rows", sa.Integer(), "0"),
        ("unkeyed", sa.Integer(), "0"),
        ("unproved", sa.Integer(), "0"),
        ("key", sa.String(), ""),
        ("seal", sa.String(), ""),
    ):
        op.add_column("plan", sa.Column(name, kind, nullable=False, server_default=default))
    connection = op.get_bind()
    for row in connection.execute(sa.select(PLAN.c.id, PLAN.c.head)).all():
        query = sa.select(sa.func.count()).select_from(AUDIT).where(AUDIT.c.plan == row.id)
        rows = connection.execute(query).scalar_one()
        key = installation_key(connection)
        said = {"rows": rows, "unkeyed": rows, "key": key.mark}
        said["seal"] = seal_of(key, row.id, row.head, (rows, rows, 0))
        connection.execute(sa.update(PLAN).where(PLAN.c.id == row.id).values(said))
