"""The ledger's tables of dispatched bundles: what was sent where, which receipts came, of what people were reminded."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Identity, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hedui.ledger.models import Base


class BundleDispatch(Base):
    """A bundle that was put into an outbox. Grain: bundle."""

    __tablename__ = "bundle_dispatch"
    __table_args__ = ({"comment": "处理方案上报：每个上报的处理方案一行"},)

    bundle_id: Mapped[str] = mapped_column(primary_key=True, comment="处理方案编号")
    target: Mapped[str] = mapped_column(comment="目标系统")
    file: Mapped[str] = mapped_column(comment="上报文件名")
    size: Mapped[int] = mapped_column(comment="文件字节数")
    pack_digest: Mapped[str] = mapped_column(comment="上报文件摘要（SHA-256）")
    manifest_digest: Mapped[str] = mapped_column(comment="清单摘要（SHA-256）")
    changes: Mapped[int] = mapped_column(comment="修改行数")
    due: Mapped[dt.date] = mapped_column(comment="回执到期日")
    dispatched_by: Mapped[str] = mapped_column(comment="上报人")
    dispatched_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="上报时间")


class BundleReceipt(Base):
    """A receipt as it came, with what it counted for. Grain: receipt document and bundle."""

    __tablename__ = "bundle_receipt"
    __table_args__ = (
        Index(None, "bundle_id", "digest", unique=True),
        {"comment": "处理方案回执：收到的每份回执及其认定"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    bundle_id: Mapped[str] = mapped_column(comment="处理方案编号")
    digest: Mapped[str] = mapped_column(comment="回执内容摘要（SHA-256）")
    channel: Mapped[str] = mapped_column(comment="渠道：file 文件、form 人工登记")
    name: Mapped[str] = mapped_column(comment="文件名或来文号")
    received_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="收到时间")
    entered_by: Mapped[str] = mapped_column(comment="登记人")
    content: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="回执内容（已脱敏）；无法识别或签名不符时为空"
    )
    verdict: Mapped[str] = mapped_column(comment="认定代码")
    late: Mapped[bool] = mapped_column(comment="是否逾期")
    reason: Mapped[str] = mapped_column(comment="认定说明")


class BundleReminder(Base):
    """A reminder that was sent. Grain: bundle × what it waits for × day."""

    __tablename__ = "bundle_reminder"
    __table_args__ = ({"comment": "处理方案催办：每个环节每日至多一次"},)

    bundle_id: Mapped[str] = mapped_column(primary_key=True, comment="处理方案编号")
    step: Mapped[str] = mapped_column(primary_key=True, comment="环节：approve、execute、receipt、review")
    day: Mapped[dt.date] = mapped_column(primary_key=True, comment="催办日期")
    due: Mapped[dt.date] = mapped_column(comment="到期日")
    reminded_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="催办时间")
