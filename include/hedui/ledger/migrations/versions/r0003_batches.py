"""Events of batches with the view of where each stands, receipts, alerts of the feeds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hedui.ledger.models import SCHEMA

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BATCH_VIEW = """
CREATE VIEW hedui.batch_view AS
SELECT DISTINCT ON (source, batch) source, batch, belongs, event AS state, business_date AS since, dataset, name, rows, detail,
       count(*) OVER (PARTITION BY source, batch) AS events
FROM hedui.batch_event
WHERE NOT detail ? 'aside'
ORDER BY source, batch, position DESC
"""


def upgrade() -> None:
    """Creates the tables of batches."""
    op.create_table(
        "batch_event",
        sa.Column("source", sa.Text(), nullable=False, comment="来源"),
        sa.Column("batch", sa.Text(), nullable=False, comment="数据包编号；无编号的为文件名，整日批次为业务日期"),
        sa.Column("position", sa.BigInteger(), nullable=False, comment="序次，从1起；最后一个即现状"),
        sa.Column("business_date", sa.Date(), nullable=False, comment="发生的业务日期"),
        sa.Column("belongs", sa.Date(), nullable=False, comment="批次归属的业务日期"),
        sa.Column("event", sa.Text(), nullable=False, comment="事件代码"),
        sa.Column("dataset", sa.Text(), nullable=True, comment="数据集"),
        sa.Column("name", sa.Text(), nullable=True, comment="文件"),
        sa.Column("rows", sa.BigInteger(), nullable=True, comment="记录数"),
        sa.Column("detail", postgresql.JSONB(), nullable=False, comment="详情（不含个人信息）"),
        sa.PrimaryKeyConstraint("source", "batch", "position", name=op.f("pk_batch_event")),
        schema=SCHEMA,
        comment="批次事件：应到、到达、核验、装载、回执、对账、关闭等",
    )
    op.create_index(
        op.f("ix_batch_event_source_business_date"), "batch_event", ["source", "business_date"], unique=False, schema=SCHEMA
    )
    op.create_table(
        "batch_source",
        sa.Column("source", sa.Text(), nullable=False, comment="来源"),
        sa.Column("digest", sa.Text(), nullable=False, comment="已入账事件的摘要（SHA-256）"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="入账时间"),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_batch_source")),
        schema=SCHEMA,
        comment="批次台账的来源：每个来源一行，其事件整体替换",
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="编号"),
        sa.Column("source", sa.Text(), nullable=False, comment="来源"),
        sa.Column("batch", sa.Text(), nullable=False, comment="数据包编号"),
        sa.Column("business_date", sa.Date(), nullable=False, comment="业务日期"),
        sa.Column("direction", sa.Text(), nullable=False, comment="方向：given 发出、received 收到"),
        sa.Column("layer", sa.Text(), nullable=False, comment="层次：packet 报文、field 字段、row 业务"),
        sa.Column("record", sa.Text(), nullable=False, comment="记录序号或业务序号"),
        sa.Column("item", sa.Text(), nullable=False, comment="数据项"),
        sa.Column("ok", sa.Boolean(), nullable=False, comment="是否成功"),
        sa.Column("code", sa.Text(), nullable=False, comment="结果或失败原因代码"),
        sa.Column("reason", sa.Text(), nullable=False, comment="失败原因（已脱敏）"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        schema=SCHEMA,
        comment="回执：报文、字段、业务三层，发出与收到",
    )
    op.create_index(op.f("ix_receipt_source_batch"), "receipt", ["source", "batch"], unique=False, schema=SCHEMA)
    op.create_table(
        "feed_alert",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="编号"),
        sa.Column("subject", sa.Text(), nullable=False, comment="对象，如 missing:来源:业务日期"),
        sa.Column("message", sa.Text(), nullable=False, comment="告警内容"),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False, comment="发现时间"),
        sa.Column("notified_at", sa.DateTime(timezone=True), nullable=True, comment="通知时间"),
        sa.Column("recovered_at", sa.DateTime(timezone=True), nullable=True, comment="恢复时间"),
        sa.Column("recovery_notified_at", sa.DateTime(timezone=True), nullable=True, comment="恢复通知时间"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_alert")),
        schema=SCHEMA,
        comment="接收监控告警：同一对象只告警一次，恢复时再通知",
    )
    op.create_index(
        op.f("ix_feed_alert_subject"), "feed_alert", ["subject"], unique=True, schema=SCHEMA,
        postgresql_where=sa.text("recovered_at IS NULL"),
    )  # fmt: skip
    op.execute(BATCH_VIEW)
    op.execute("COMMENT ON VIEW hedui.batch_view IS '批次现状：由批次事件推导，取仍有效版本的最后一个事件'")


def downgrade() -> None:
    """Drops the tables of batches."""
    op.execute("DROP VIEW hedui.batch_view")
    for table in ("feed_alert", "receipt", "batch_source", "batch_event"):
        op.drop_table(table, schema=SCHEMA)
