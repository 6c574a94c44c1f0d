"""The ledger's tables of batches.

What is stored are events: what happened to which batch as of which business date. They follow from the facts in the lake by one pure
function (:mod:`hedui.batches.events`) and are replaced whole per source, so no order of nights leaves another ledger. Where a batch
stands is its last event that is not marked ``aside`` (a packet that does not count beside one that does); see ``batch_view``.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Identity, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hedui.ledger.models import Base


class BatchSource(Base):
    """A source whose events have been recorded. Grain: source."""

    __tablename__ = "batch_source"
    __table_args__ = ({"comment": "批次台账的来源：每个来源一行，其事件整体替换"},)

    source: Mapped[str] = mapped_column(primary_key=True, comment="来源")
    digest: Mapped[str] = mapped_column(comment="已入账事件的摘要（SHA-256）")
    recorded_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="入账时间")


class BatchEvent(Base):
    """Something that happened to a batch. Grain: source × batch × position."""

    __tablename__ = "batch_event"
    __table_args__ = (Index(None, "source", "business_date"), {"comment": "批次事件：应到、到达、核验、装载、回执、对账、关闭等"})

    source: Mapped[str] = mapped_column(primary_key=True, comment="来源")
    batch: Mapped[str] = mapped_column(primary_key=True, comment="数据包编号；无编号的为文件名，整日批次为业务日期")
    position: Mapped[int] = mapped_column(primary_key=True, comment="序次，从1起；最后一个即现状")
    business_date: Mapped[dt.date] = mapped_column(comment="发生的业务日期")
    belongs: Mapped[dt.date] = mapped_column(comment="批次归属的业务日期")
    event: Mapped[str] = mapped_column(comment="事件代码")
    dataset: Mapped[str | None] = mapped_column(comment="数据集")
    name: Mapped[str | None] = mapped_column(comment="文件")
    rows: Mapped[int | None] = mapped_column(comment="记录数")
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="详情（不含个人信息）")


class Receipt(Base):
    """A receipt, given or received. Grain: receipt record."""

    __tablename__ = "receipt"
    __table_args__ = (Index(None, "source", "batch"), {"comment": "回执：报文、字段、业务三层，发出与收到"})

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    source: Mapped[str] = mapped_column(comment="来源")
    batch: Mapped[str] = mapped_column(comment="数据包编号")
    business_date: Mapped[dt.date] = mapped_column(comment="业务日期")
    direction: Mapped[str] = mapped_column(comment="方向：given 发出、received 收到")
    layer: Mapped[str] = mapped_column(comment="层次：packet 报文、field 字段、row 业务")
    record: Mapped[str] = mapped_column(comment="记录序号或业务序号")
    item: Mapped[str] = mapped_column(comment="数据项")
    ok: Mapped[bool] = mapped_column(comment="是否成功")
    code: Mapped[str] = mapped_column(comment="结果或失败原因代码")
    reason: Mapped[str] = mapped_column(comment="失败原因（已脱敏）")


class FeedAlert(Base):
    """Something that a monitor found amiss, from when to when. Grain: subject × beginning."""

    __tablename__ = "feed_alert"
    __table_args__ = (
        Index(None, "subject", unique=True, postgresql_where=text("recovered_at IS NULL")),
        {"comment": "监控告警：同一对象只告警一次，恢复时再通知"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    monitor: Mapped[str] = mapped_column(server_default="feed", comment="监控：feed 接收监控、channel 渠道监控")
    subject: Mapped[str] = mapped_column(comment="对象，如 missing:来源:业务日期")
    message: Mapped[str] = mapped_column(comment="告警内容")
    raised_at: Mapped[dt.datetime] = mapped_column(comment="发现时间")
    notified_at: Mapped[dt.datetime | None] = mapped_column(comment="通知时间")
    recovered_at: Mapped[dt.datetime | None] = mapped_column(comment="恢复时间")
    recovery_notified_at: Mapped[dt.datetime | None] = mapped_column(comment="恢复通知时间")
