"""What several migrations do alike: let the trail take more kinds of row."""

import re

import sqlalchemy as sa
from alembic import op


def add_audit_kinds(*kinds: str) -> None:
    """Let `audit` take these kinds beside those that it takes; what guards it stays."""
    connection = op.get_bind()
    (known,) = (
        found["sqltext"]
        for found in sa.inspect(connection).get_check_constraints("audit")
        if found["name"] == "ck_audit_kind"
    )
    words = dict.fromkeys((*re.findall(r"'(\w+)'", known), *kinds))
    listed = ", ".join(f"'{kind}'" for kind in words)
    triggers = _triggers(connection)
    with op.batch_alter_table("audit") as batch:
        batch.drop_constraint(op.f("ck_audit_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_audit_kind"), f"kind IN ({listed})")
    for statement in triggers:
        op.execute(statement)


def _triggers(connection: sa.Connection) -> list[str]:
    """Those of the trail: SQLite copies the table, and would lose them with the old one."""
    if connection.dialect.name != "sqlite":
        return []
    query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
    return list(connection.exec_driver_sql(query).scalars())
