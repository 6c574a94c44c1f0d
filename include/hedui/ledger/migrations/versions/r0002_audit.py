"""The audit chain: who decided or did what, each entry bound to the one before it; PostgreSQL itself refuses to change or remove one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hedui.ledger.models import SCHEMA

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GUARD = """
CREATE FUNCTION hedui.audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'hedui.audit_entry is append-only';
END $$
"""


def upgrade() -> None:
    """Creates the chain."""
    op.create_table(
        "audit_entry",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="序号，从 1 起连续"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="时间"),
        sa.Column("actor", sa.Text(), nullable=False, comment="操作人"),
        sa.Column("action", sa.Text(), nullable=False, comment="操作代码，如 exemption.add"),
        sa.Column("subject", sa.Text(), nullable=False, comment="操作对象，如 豁免 12；不含个人信息"),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="操作内容，不含个人信息"),
        sa.Column("previous", sa.Text(), nullable=False, comment="上一条的摘要；首条为 64 个 0"),
        sa.Column("digest", sa.Text(), nullable=False, comment="本条的摘要（SHA-256），含上一条的摘要"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("digest", name=op.f("uq_audit_entry_digest")),
        schema=SCHEMA,
        comment="审计链：逐条相扣，只能追加",
    )
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hedui.audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION hedui.audit_is_append_only()"
    )


def downgrade() -> None:
    """Drops the chain."""
    op.drop_table("audit_entry", schema=SCHEMA)
    op.execute("DROP FUNCTION hedui.audit_is_append_only")
