"""Files that prove what is recorded: which row of the trail names which."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

MEDIA = ("pdf", "ofd", "jpg", "png", "tif", "heic", "webp", "bmp", "docx")


def upgrade() -> None:
    listed = ", ".join(f"'{kind}'" for kind in MEDIA)
    op.create_table(
        "evidence",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media", sa.String(), nullable=False),
        sa.CheckConstraint(f"media IN ({listed})", name=op.f("ck_evidence_media")),
        sa.CheckConstraint("size > 0", name=op.f("ck_evidence_size")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_evidence_sha256")),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name=op.f("fk_evidence_audit_id")),
        sa.PrimaryKeyConstraint("audit_id", "sha256", name=op.f("pk_evidence")),
    )
    op.create_index(op.f("ix_evidence_sha256"), "evidence", ["sha256"])
