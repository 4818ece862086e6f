"""The rules in full: reviews, money, relative and extended deadlines, a chained audit trail."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from models.audits import link
from models.columns import Instant

Column = sa.Column[Any]

revision = "0002"
down_revision = "0001"

DISPOSITIONS = "'active', 'held', 'reserve', 'rejected', 'withdrawn'"
AUDIT_KINDS = (
    "'transition', 'record', 'import', 'overdue', 'opinion', 'ledger', 'evidence', 'extension', "
    "'amendment', 'reversal'"
)
STANDINGS = (
    "'waiting', 'on_track', 'due_soon', 'overdue', 'coordinating', 'met', 'met_late', "
    "'suspended', 'void'"
)
CHANGED = {
    "project": {"disposition": f"disposition IN ({DISPOSITIONS})"},
    "audit": {"kind": f"kind IN ({AUDIT_KINDS})"},
    "deadline": {
        "closed": "(next_look_on IS NULL) = "
        "(standing IN ('met', 'met_late', 'suspended', 'void', 'waiting'))",
        "standing": f"standing IN ({STANDINGS})",
    },
}
"""Checks that said something else before."""
NEW = {
    "project": {
        name: f"{name} >= 0"
        for name in ("elderly", "annual_rent", "city_share", "county_share", "released")
    },
    "audit": {},
    "deadline": {
        "dated": "(remind_by IS NULL) = (overdue_after IS NULL)"
        " AND (remind_by IS NOT NULL OR next_look_on IS NULL)",
    },
}
TEXTS = (
    "kind", "site_owner", "renewal_project", "purchase_basis", "settlement", "visited_by",
    "visit_finding", "operator_code", "operator_registrar", "operator_filing", "operator_manager",
    "operator_phone", "explanation",
)  # fmt: skip
DAYS = (
    "agreement_signed_on", "agreement_from", "agreement_to", "county_civil_on", "county_finance_on",
    "city_civil_on", "city_finance_on", "operator_registered_on", "operator_filed_on",
    "operator_since",
)  # fmt: skip
MONEY = ("annual_rent", "city_share", "county_share", "released")
TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()",
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()",
    ],
}


def upgrade() -> None:
    op.add_column("plan", sa.Column("head", sa.String(), nullable=False, server_default=""))
    _open_audit()
    _change("project", _project_columns())
    _change("audit", [_text("previous", ""), _text("hash", "")])
    _change(
        "deadline", [sa.Column("extended_to", sa.Date())], loosen=("remind_by", "overdue_after")
    )
    _new_tables()
    _chain()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def _open_audit() -> None:
    """Until the trail is chained, its rows may be changed; SQLite drops triggers with the table."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_append_only ON audit")
        op.execute("DROP TRIGGER audit_no_truncate ON audit")


def _change(table: str, columns: list[Column], loosen: tuple[str, ...] = ()) -> None:
    """Add columns and bring the checks up to date; SQLite can only do so by copying the table."""
    with op.batch_alter_table(table) as batch:
        for column in columns:
            batch.add_column(column)
        for name in loosen:
            batch.alter_column(name, existing_type=sa.Date(), nullable=True)
        for name in CHANGED[table]:
            batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        for name, said in {**CHANGED[table], **NEW[table]}.items():
            batch.create_check_constraint(op.f(f"ck_{table}_{name}"), said)


def _project_columns() -> list[Column]:
    return [
        *(sa.Column(name, sa.String()) for name in TEXTS),
        *(sa.Column(name, sa.Date()) for name in DAYS),
        *(sa.Column(name, sa.BigInteger()) for name in MONEY),
        *(sa.Column(name, sa.Boolean()) for name in ("old_community", "operator_third_party")),
        sa.Column("elderly", sa.Integer()),
        sa.Column("findings", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("checks", sa.JSON(), nullable=False, server_default="{}"),
    ]


def _text(name: str, default: str) -> Column:
    return sa.Column(name, sa.String(), nullable=False, server_default=default)


def _new_tables() -> None:
    op.create_table(
        "opinion",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("expert", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        *_about("opinion"),
        sa.UniqueConstraint(
            "plan", "subject", "expert", name=op.f("uq_opinion_plan_subject_expert")
        ),
    )
    op.create_table(
        "ledger",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("voucher", sa.String(), nullable=False),
        sa.Column("to_holder", sa.String(), nullable=True),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("payee", sa.String(), nullable=True),
        sa.CheckConstraint(
            "entry IN ('receipt', 'transfer', 'expense')", name=op.f("ck_ledger_entry")
        ),
        sa.CheckConstraint(
            "source IN ('province', 'city', 'county', 'other')", name=op.f("ck_ledger_source")
        ),
        sa.CheckConstraint(
            "holder IN ('city', 'county', 'project')", name=op.f("ck_ledger_holder")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_ledger_amount")),
        sa.CheckConstraint(
            "(to_holder IS NOT NULL) = (entry = 'transfer')", name=op.f("ck_ledger_to_holder")
        ),
        sa.CheckConstraint(
            "(category IS NOT NULL) = (entry = 'expense')", name=op.f("ck_ledger_category")
        ),
        *_about("ledger"),
        sa.UniqueConstraint("plan", "voucher", name=op.f("uq_ledger_plan_voucher")),
    )


def _about(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["plan", "subject"],
            ["subject.plan", "subject.code"],
            name=op.f(f"fk_{table}_plan_subject"),
        ),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name=op.f(f"fk_{table}_audit_id")),
        sa.PrimaryKeyConstraint("audit_id", name=op.f(f"pk_{table}")),
    ]


def _chain() -> None:
    """Chain what was recorded before, plan by plan, in the order of its ids."""
    names = ("subject", "kind", "action", "from_stage", "to_stage", "actor", "clause", "evidence")
    audit = sa.table(
        "audit",
        sa.column("id", sa.Integer),
        sa.column("plan", sa.String),
        *(sa.column(name, sa.String) for name in names),
        sa.column("effective_on", sa.Date),
        sa.column("recorded_at", Instant),
        sa.column("detail", sa.JSON),
        sa.column("previous", sa.String),
        sa.column("hash", sa.String),
    )
    plan = sa.table("plan", sa.column("id", sa.String), sa.column("head", sa.String))
    connection = op.get_bind()
    heads: dict[str, str] = {}
    for row in connection.execute(sa.select(audit).order_by(audit.c.id)).mappings().all():
        previous = heads.get(row["plan"], "")
        heads[row["plan"]] = link(previous, dict(row))
        linked = {"previous": previous, "hash": heads[row["plan"]]}
        connection.execute(sa.update(audit).where(audit.c.id == row["id"]).values(**linked))
    for id, head in heads.items():
        connection.execute(sa.update(plan).where(plan.c.id == id).values(head=head))
