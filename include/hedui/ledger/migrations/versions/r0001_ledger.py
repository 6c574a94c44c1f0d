"""Scopes, recorded nights, cases with their spells, exemptions, the log of nights, and the view that derives a case's state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hedui.ledger.models import SCHEMA

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CASE_VIEW = """
CREATE VIEW hedui.case_view AS
WITH nights AS (
    SELECT scope_id, business_date, lead(business_date) OVER (PARTITION BY scope_id ORDER BY business_date) AS next_night
    FROM hedui.recorded_night
), latest AS (
    SELECT scope_id, max(business_date) AS latest_night FROM hedui.recorded_night GROUP BY scope_id
), seen AS (
    SELECT case_id, min(first_seen) AS first_seen, max(first_seen) AS opened_on, max(last_seen) AS last_closed,
           bool_or(last_seen IS NULL) AS open, count(*) - 1 AS reopened_count
    FROM hedui.spell
    GROUP BY case_id
)
SELECT c.id, s.name AS scope, c.fingerprint, c.rule, c.kind, c.severity, c.dataset, c.source, c.agency, c.subject_type, c.subject_key,
       c.region, c.insurance, c.period, c.field, c.side_values, c.raw_values, c.right_source, c.amount_diff_fen, c.origin_date,
       seen.first_seen, seen.opened_on,
       CASE WHEN seen.open THEN latest.latest_night ELSE seen.last_closed END AS last_seen,
       CASE WHEN NOT seen.open THEN nights.next_night END AS cleared_on,
       seen.reopened_count,
       CASE WHEN seen.open THEN 'open' ELSE 'cleared' END AS state
FROM hedui.reconciliation_case AS c
JOIN seen ON seen.case_id = c.id
JOIN hedui.scope AS s ON s.id = c.scope_id
JOIN latest ON latest.scope_id = c.scope_id
LEFT JOIN nights ON nights.scope_id = c.scope_id AND nights.business_date = seen.last_closed
"""


def upgrade() -> None:
    """Creates the ledger."""
    op.create_table(
        "exemption",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="编号"),
        sa.Column("fingerprint", sa.UUID(), nullable=True, comment="豁免单个案件：指纹"),
        sa.Column("rule", sa.Text(), nullable=True, comment="豁免一类：规则编号"),
        sa.Column("region", sa.Text(), nullable=True, comment="限定行政区划；空为不限"),
        sa.Column("agency", sa.Text(), nullable=True, comment="限定责任单位；空为不限"),
        sa.Column("subject_key", sa.Text(), nullable=True, comment="限定对象（个人信息）；空为不限"),
        sa.Column("reason", sa.Text(), nullable=False, comment="理由"),
        sa.Column("approver", sa.Text(), nullable=False, comment="批准人"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="生效业务日期"),
        sa.Column("expires_on", sa.Date(), nullable=False, comment="到期业务日期（含当日）"),
        sa.Column("created_by", sa.Text(), nullable=False, comment="登记人"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("withdrawn_on", sa.Date(), nullable=True, comment="撤销业务日期（自当日起不再有效）"),
        sa.Column("withdrawn_by", sa.Text(), nullable=True, comment="撤销人"),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True, comment="撤销理由"),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True, comment="撤销时间"),
        sa.CheckConstraint("btrim(reason) <> '' AND btrim(approver) <> ''", name=op.f("ck_exemption_reason_and_approver")),
        sa.CheckConstraint("(withdrawn_on IS NULL) = (withdrawn_by IS NULL)", name=op.f("ck_exemption_withdrawal")),
        sa.CheckConstraint("expires_on >= valid_from", name=op.f("ck_exemption_validity")),
        sa.CheckConstraint("fingerprint IS NOT NULL OR rule IS NOT NULL", name=op.f("ck_exemption_matches_something")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exemption")),
        schema=SCHEMA,
        comment="豁免：须有理由、批准人和到期日，案件仍列示并单独计数",
    )
    op.create_table(
        "night",
        sa.Column("business_date", sa.Date(), nullable=False, comment="业务日期"),
        sa.Column("source_states", postgresql.JSONB(), nullable=False, comment="各来源状态：arrived、missing、unknown"),
        sa.Column("summary", postgresql.JSONB(), nullable=False, comment="入账汇总数字"),
        sa.Column("code_version", sa.Text(), nullable=False, comment="程序版本"),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="最近入账时间"
        ),
        sa.PrimaryKeyConstraint("business_date", name=op.f("pk_night")),
        schema=SCHEMA,
        comment="夜次日志：每个业务日期最近一次入账的概况",
    )
    op.create_table(
        "reconciliation_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="编号"),
        sa.Column("scope_id", sa.BigInteger(), nullable=False, comment="检查范围"),
        sa.Column("fingerprint", sa.UUID(), nullable=False, comment="指纹（32位十六进制）"),
        sa.Column("rule", sa.Text(), nullable=False, comment="规则编号"),
        sa.Column("kind", sa.Text(), nullable=False, comment="差异类型代码"),
        sa.Column("severity", sa.Text(), nullable=False, comment="严重程度代码"),
        sa.Column("dataset", sa.Text(), nullable=True, comment="数据集"),
        sa.Column("source", sa.Text(), nullable=True, comment="差异所在来源"),
        sa.Column("agency", sa.Text(), nullable=True, comment="责任单位"),
        sa.Column("subject_type", sa.Text(), nullable=False, comment="对象类型：person、unit、group、batch"),
        sa.Column("subject_key", sa.Text(), nullable=False, comment="对象键（个人信息，出口必须脱敏）"),
        sa.Column("region", sa.Text(), nullable=True, comment="行政区划"),
        sa.Column("insurance", sa.Text(), nullable=True, comment="险种"),
        sa.Column("period", sa.Text(), nullable=True, comment="费款所属期"),
        sa.Column("field", sa.Text(), nullable=True, comment="不一致的字段"),
        sa.Column("side_values", sa.Text(), nullable=True, comment="各方规范化值（JSON，可能含个人信息）"),
        sa.Column("raw_values", sa.Text(), nullable=True, comment="各方原值（JSON，可能含个人信息）"),
        sa.Column("right_source", sa.Text(), nullable=True, comment="权威来源认定正确的一方"),
        sa.Column("amount_diff_fen", sa.BigInteger(), nullable=True, comment="涉及金额（分）"),
        sa.Column("origin_date", sa.Date(), nullable=True, comment="流水送达的业务日期（账龄起点）"),
        sa.Column("values_digest", sa.UUID(), nullable=False, comment="属性摘要，用于判断属性是否变化"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_case")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_reconciliation_case_fingerprint")),
        schema=SCHEMA,
        comment="差异案件：同一差异跨夜只有一个案件，属性取最近一次出现的夜次",
    )
    op.create_table(
        "scope",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="编号"),
        sa.Column("name", sa.Text(), nullable=False, comment="范围名，如比对编号、check:数据集:来源"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope")),
        sa.UniqueConstraint("name", name=op.f("uq_scope_name")),
        schema=SCHEMA,
        comment="检查范围：比对、质量检查、规则、批次到达，整体重跑的单位",
    )
    op.create_table(
        "spell",
        sa.Column("case_id", sa.BigInteger(), nullable=False, comment="案件"),
        sa.Column("first_seen", sa.Date(), nullable=False, comment="区间首夜"),
        sa.Column("last_seen", sa.Date(), nullable=True, comment="区间末夜；空表示到该范围最近一夜仍在"),
        sa.Column("scope_id", sa.BigInteger(), nullable=False, comment="检查范围"),
        sa.PrimaryKeyConstraint("case_id", "first_seen", name=op.f("pk_spell")),
        schema=SCHEMA,
        comment="案件的连续出现区间：按检查范围已入账的夜次连续计",
    )
    op.create_index(op.f("ix_spell_scope_id_last_seen"), "spell", ["scope_id", "last_seen"], unique=False, schema=SCHEMA)
    op.create_table(
        "recorded_night",
        sa.Column("scope_id", sa.BigInteger(), nullable=False, comment="检查范围"),
        sa.Column("business_date", sa.Date(), nullable=False, comment="业务日期"),
        sa.Column("digest", sa.Text(), nullable=False, comment="已入账的差异分区摘要（SHA-256）"),
        sa.Column("findings", sa.BigInteger(), nullable=False, comment="差异条数"),
        sa.Column("code_version", sa.Text(), nullable=False, comment="产生分区的程序版本"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="入账时间"),
        sa.ForeignKeyConstraint(["scope_id"], ["hedui.scope.id"], name=op.f("fk_recorded_night_scope_id")),
        sa.PrimaryKeyConstraint("scope_id", "business_date", name=op.f("pk_recorded_night")),
        schema=SCHEMA,
        comment="已入账的夜次：每个检查范围每个业务日期一行",
    )
    op.execute(CASE_VIEW)
    op.execute("COMMENT ON VIEW hedui.case_view IS '案件现状：由连续出现区间和已入账夜次推导'")


def downgrade() -> None:
    """Drops the ledger."""
    op.execute("DROP VIEW hedui.case_view")
    for table in ("night", "exemption", "spell", "reconciliation_case", "recorded_night", "scope"):
        op.drop_table(table, schema=SCHEMA)
