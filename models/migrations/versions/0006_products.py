"""What the duties of the year make, kept as it was made."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
KINDS = (
    "reports",
    "snapshot",
    "bulletin",
    "feedback",
    "visits",
    "inspection",
    "schedule",
    "results",
    "evaluation",
    "curves",
    "risks",
)
TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER product_no_{verb} BEFORE {verb} ON product "
        "BEGIN SELECT RAISE(ABORT, 'product is append-only'); END"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        "CREATE FUNCTION product_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'product is append-only'; END $$",
        "CREATE TRIGGER product_append_only BEFORE UPDATE OR DELETE ON product "
        "FOR EACH ROW EXECUTE FUNCTION product_is_append_only()",
        "CREATE TRIGGER product_no_truncate BEFORE TRUNCATE ON product "
        "FOR EACH STATEMENT EXECUTE FUNCTION product_is_append_only()",
    ],
}


def upgrade() -> None:
    listed = ", ".join(f"'{kind}'" for kind in KINDS)
    op.create_table(
        "product",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trail", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.CheckConstraint(f"kind IN ({listed})", name=op.f("ck_product_kind")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_product_version")),
        sa.ForeignKeyConstraint(
            ["plan", "subject"],
            ["subject.plan", "subject.code"],
            name=op.f("fk_product_plan_subject"),
        ),
        sa.PrimaryKeyConstraint(
            "plan", "kind", "period", "subject", "version", name=op.f("pk_product")
        ),
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
