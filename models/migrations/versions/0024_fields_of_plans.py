"""What plans ask beside the core lies in one column: another plan asks for other things."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0022"

TEXTS = (
    *("site_source", "site_owner", "tenure", "renewal_project", "purchase_basis", "settlement"),
    *("visited_by", "visit_finding", "letter_issuer", "letter_number", "operator_code"),
    *("operator_registrar", "operator_filing"),
)
DAYS = (
    *("agreement_signed_on", "agreement_from", "agreement_to", "visited_on", "county_civil_on"),
    *("county_finance_on", "city_civil_on", "city_finance_on", "letter_on"),
    *("operator_registered_on", "operator_filed_on", "operator_since"),
)
COUNTS = ("households", "elderly")
MONEY = ("annual_rent",)
TRUTHS = ("old_community", "operator_third_party")
WORDS = ("functions", "commitments")
COLUMNS = (*TEXTS, *DAYS, *COUNTS, *MONEY, *TRUTHS, *WORDS)
CHECKED = (*COUNTS, *MONEY)


def upgrade() -> None:
    added = sa.Column("further", sa.JSON(), nullable=False, server_default="{}")
    op.add_column("project", added)
    project = _project()
    connection = op.get_bind()
    kept = [*(project.c[name] for name in COLUMNS), project.c.plan, project.c.code]
    for row in connection.execute(sa.select(*kept)).mappings().all():
        its = (project.c.plan == row["plan"], project.c.code == row["code"])
        connection.execute(sa.update(project).where(*its).values(further=_further(dict(row))))
    with op.batch_alter_table("project") as batch:
        for name in CHECKED:
            batch.drop_constraint(op.f(f"ck_project_{name}"), type_="check")
        for name in COLUMNS:
            batch.drop_column(name)


def _project() -> sa.TableClause:
    """The table, as far as it is read and written here."""
    types: dict[str, Any] = {
        **dict.fromkeys(TEXTS, sa.String),
        **dict.fromkeys(DAYS, sa.Date),
        **dict.fromkeys(COUNTS, sa.Integer),
        **dict.fromkeys(MONEY, sa.BigInteger),
        **dict.fromkeys(TRUTHS, sa.Boolean),
        **dict.fromkeys((*WORDS, "further"), sa.JSON),
        **dict.fromkeys(("plan", "code"), sa.String),
    }
    return sa.table("project", *(sa.column(name, kind) for name, kind in types.items()))


def _further(row: Mapping[str, Any]) -> dict[str, Any]:
    """What was stated: days and money, which was kept in 分, as text."""
    said: dict[str, Any] = {name: row[name] for name in (*TEXTS, *COUNTS, *TRUTHS)}
    said |= {name: row[name] and row[name].isoformat() for name in DAYS}
    for name in MONEY:
        said[name] = None if row[name] is None else f"{Decimal(row[name]).scaleb(-2):.2f}"
    for name in WORDS:
        said[name] = sorted(row[name]) if row[name] else None
    return {name: value for name, value in said.items() if value is not None}
