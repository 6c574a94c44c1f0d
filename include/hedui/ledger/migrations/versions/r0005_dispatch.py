"""Dispatched correction bundles: what was sent, receipts, reminders."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hedui.ledger.models import SCHEMA

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _text(name: str, comment: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, comment=comment)


def _number(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, comment=comment)


def _day(name: str, comment: str) -> sa.Column[dt.date]:
    return sa.Column(name, sa.Date(), nullable=False, comment=comment)


def _now(name: str, comment: str) -> sa.Column[dt.datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment=comment)


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "bundle_dispatch",
        _text("bundle_id", "处理方案编号"),
        _text("target", "目标系统"),
        _text("file", "上报文件名"),
        _number("size", "文件字节数"),
        _text("pack_digest", "上报文件摘要（SHA-256）"),
        _text("manifest_digest", "清单摘要（SHA-256）"),
        _number("changes", "修改行数"),
        _day("due", "回执到期日"),
        _text("dispatched_by", "上报人"),
        _now("dispatched_at", "上报时间"),
        sa.PrimaryKeyConstraint("bundle_id", name=op.f("pk_bundle_dispatch")),
        schema=SCHEMA,
        comment="处理方案上报：每个上报的处理方案一行",
    )
    op.create_table(
        "bundle_receipt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="编号"),
        _text("bundle_id", "处理方案编号"),
        _text("digest", "回执内容摘要（SHA-256）"),
        _text("channel", "渠道：file 文件、form 人工登记"),
        _text("name", "文件名或来文号"),
        _now("received_at", "收到时间"),
        _text("entered_by", "登记人"),
        sa.Column("content", postgresql.JSONB(), nullable=True, comment="回执内容（已脱敏）；无法识别或签名不符时为空"),
        _text("verdict", "认定代码"),
        sa.Column("late", sa.Boolean(), nullable=False, comment="是否逾期"),
        _text("reason", "认定说明"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle_receipt")),
        schema=SCHEMA,
        comment="处理方案回执：收到的每份回执及其认定",
    )
    op.create_index(
        op.f("ix_bundle_receipt_bundle_id_digest"), "bundle_receipt", ["bundle_id", "digest"], unique=True, schema=SCHEMA
    )
    op.create_table(
        "bundle_reminder",
        _text("bundle_id", "处理方案编号"),
        _text("step", "环节：approve、execute、receipt、review"),
        _day("day", "催办日期"),
        _day("due", "到期日"),
        _now("reminded_at", "催办时间"),
        sa.PrimaryKeyConstraint("bundle_id", "step", "day", name=op.f("pk_bundle_reminder")),
        schema=SCHEMA,
        comment="处理方案催办：每个环节每日至多一次",
    )


def downgrade() -> None:
    """Removes the tables."""
    for name in ("bundle_reminder", "bundle_receipt", "bundle_dispatch"):
        op.drop_table(name, schema=SCHEMA)
