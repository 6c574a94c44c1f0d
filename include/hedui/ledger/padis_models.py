"""The ledger's tables of the upload to PADIS: versions of records, batches with their files, what happened, receipts, closed months."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hedui.ledger.models import Base


class PadisRecord(Base):
    """A version of a record. Grain: sender × kind × business key × version."""

    __tablename__ = "padis_record"
    __table_args__ = (
        UniqueConstraint("sender", "kind", "business_key", "version"),
        Index(None, "kind", "state", "period", "id"),
        Index(None, "batch_id", "line"),
        {"comment": "上报记录：每条业务记录的每个版本一行；打包后的状态随批次，见 padis_record_view"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    key: Mapped[str] = mapped_column(unique=True, comment="幂等键：上报区划、类别、业务主键、版本的 SHA-256")
    sender: Mapped[str] = mapped_column(comment="上报区划")
    kind: Mapped[str] = mapped_column(comment="类别：birth 出生、registration 生育登记")
    business_key: Mapped[str] = mapped_column(comment="业务主键：出生医学证明编号或登记表号（个人信息）")
    version: Mapped[int] = mapped_column(comment="版本号，从1起")
    intent: Mapped[str] = mapped_column(comment="意图：report 上报、withdraw 撤销")
    event_date: Mapped[dt.date | None] = mapped_column(comment="事件日期")
    period: Mapped[str] = mapped_column(comment="所属月份 YYYYMM；事件日期为空时为空串")
    region: Mapped[str] = mapped_column(comment="行政区划（数据中的代码）")
    content: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="规范字段（个人信息）")
    content_digest: Mapped[str] = mapped_column(comment="内容摘要（SHA-256）")
    reason: Mapped[str] = mapped_column(comment="变更或撤销原因")
    state: Mapped[str] = mapped_column(comment="状态：READY、VALIDATED、PACKED、ACCEPTED、REJECTED、FIXING、WITHDRAWN、SUPERSEDED")
    state_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="状态时间")
    action: Mapped[str | None] = mapped_column(comment="报告类型：new 新增、change 变更、withdraw 撤销；打包时定")
    batch_id: Mapped[str | None] = mapped_column(comment="批次；最近一次打包")
    line: Mapped[int | None] = mapped_column(comment="在文件中的行号，从1起")
    wire_digest: Mapped[str | None] = mapped_column(comment="上报字段值摘要（SHA-256）")
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, comment="校验问题或拒收原因（不含值）")
    collected_on: Mapped[dt.date] = mapped_column(comment="采集业务日期")


class PadisBatch(Base):
    """A file. Grain: sender × kind × period × running number."""

    __tablename__ = "padis_batch"
    __table_args__ = (
        UniqueConstraint("sender", "kind", "period", "seq"),
        Index(None, "state"),
        {"comment": "上报批次：每个文件一行"},
    )

    id: Mapped[str] = mapped_column(primary_key=True, comment="批次号")
    sender: Mapped[str] = mapped_column(comment="上报区划")
    kind: Mapped[str] = mapped_column(comment="类别")
    period: Mapped[str] = mapped_column(comment="所属月份 YYYYMM")
    seq: Mapped[int] = mapped_column(comment="当月序号，从1起")
    region: Mapped[str] = mapped_column(comment="文件所属区划")
    purpose: Mapped[str] = mapped_column(comment="用途：records 记录、zero 零报告")
    profile: Mapped[str] = mapped_column(comment="配置名")
    rows: Mapped[int] = mapped_column(comment="记录数")
    name: Mapped[str] = mapped_column(comment="文件名")
    bytes: Mapped[int] = mapped_column(comment="文件字节数")
    sha256: Mapped[str] = mapped_column(comment="文件摘要 SHA-256")
    sm3: Mapped[str] = mapped_column(comment="文件摘要 SM3")
    state: Mapped[str] = mapped_column(comment="状态：PACKED、SENDING、SENT、UNKNOWN、QUERY、PARKED、ACCEPTED、PARTIAL、REJECTED")
    state_at: Mapped[dt.datetime] = mapped_column(comment="状态时间")
    tries: Mapped[int] = mapped_column(comment="发送次数")
    asks: Mapped[int] = mapped_column(comment="自上次发送后的查询次数")
    next_at: Mapped[dt.datetime | None] = mapped_column(comment="下一步不早于；空为随时")
    created_at: Mapped[dt.datetime] = mapped_column(comment="打包时间")
    created_by: Mapped[str] = mapped_column(comment="打包人")


class PadisParcel(Base):
    """A batch's bytes, exactly as they go out each time. Grain: batch."""

    __tablename__ = "padis_parcel"
    __table_args__ = ({"comment": "上报文件：逐字节保存，重发即此（个人信息）"},)

    batch_id: Mapped[str] = mapped_column(ForeignKey(PadisBatch.id), primary_key=True, comment="批次")
    content: Mapped[bytes] = mapped_column(LargeBinary, comment="文件内容")
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="模板取值、附属文件、列名")


class PadisEvent(Base):
    """Something that happened to a batch. Grain: event; only appended."""

    __tablename__ = "padis_event"
    __table_args__ = (Index(None, "batch_id", "id"), {"comment": "上报台账：打包、发送、查询、回执等每次动作，只能追加"})

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    batch_id: Mapped[str] = mapped_column(comment="批次")
    at: Mapped[dt.datetime] = mapped_column(comment="时间")
    operator: Mapped[str] = mapped_column(comment="操作人或任务")
    event: Mapped[str] = mapped_column(comment="动作")
    state: Mapped[str] = mapped_column(comment="动作后的批次状态")
    sha256: Mapped[str] = mapped_column(comment="所发文件摘要 SHA-256")
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="详情（不含个人信息）")


class PadisReceipt(Base):
    """A receipt as it came. Grain: receipt; stored before any state moves."""

    __tablename__ = "padis_receipt"
    __table_args__ = (
        Index(None, "sha256"),
        Index(None, "applied_at", postgresql_where=text("applied_at IS NULL")),
        {"comment": "上报回执原件：先入账后改状态；重复收到的也留痕"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    batch_id: Mapped[str | None] = mapped_column(comment="所答批次；随文件收到的由内容判定")
    way: Mapped[str] = mapped_column(comment="途径：answer 即时应答、query 查询、file 文件、form 人工录入")
    name: Mapped[str] = mapped_column(comment="文件名")
    received_at: Mapped[dt.datetime] = mapped_column(comment="收到时间")
    operator: Mapped[str] = mapped_column(comment="操作人或任务")
    sha256: Mapped[str] = mapped_column(comment="内容摘要 SHA-256")
    content: Mapped[bytes] = mapped_column(LargeBinary, comment="回执内容（可能含个人信息）")
    applied_at: Mapped[dt.datetime | None] = mapped_column(comment="处理时间；空为未处理")
    outcome: Mapped[str | None] = mapped_column(comment="处理结果：applied、duplicate、unreadable、stray、conflict")
    note: Mapped[str | None] = mapped_column(comment="说明（不含个人信息）")


class PadisReceiptLine(Base):
    """What a receipt said about a record that is not simply accepted with its batch. Grain: receipt × number."""

    __tablename__ = "padis_receipt_line"
    __table_args__ = (Index(None, "record_id"), {"comment": "回执明细：逐条结果与原因"})

    receipt_id: Mapped[int] = mapped_column(ForeignKey(PadisReceipt.id), primary_key=True, comment="回执")
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="序号，从1起")
    batch_id: Mapped[str] = mapped_column(comment="批次")
    record_id: Mapped[int | None] = mapped_column(comment="记录；空为无此记录")
    line: Mapped[int | None] = mapped_column(comment="行号")
    status: Mapped[str] = mapped_column(comment="结果：accepted、rejected、pending、duplicate")
    code: Mapped[str] = mapped_column(comment="代码")
    reason: Mapped[str] = mapped_column(comment="原因（已脱敏）")


class PadisPeriod(Base):
    """A month that was closed. Grain: sender × kind × period."""

    __tablename__ = "padis_period"
    __table_args__ = ({"comment": "上报月结"},)

    sender: Mapped[str] = mapped_column(primary_key=True, comment="上报区划")
    kind: Mapped[str] = mapped_column(primary_key=True, comment="类别")
    period: Mapped[str] = mapped_column(primary_key=True, comment="月份 YYYYMM")
    closed_at: Mapped[dt.datetime] = mapped_column(comment="月结时间")
    closed_by: Mapped[str] = mapped_column(comment="月结人")
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="月结数字")


class PadisCollection(Base):
    """A delivery that was taken. Grain: sender × kind × source × business date."""

    __tablename__ = "padis_collection"
    __table_args__ = ({"comment": "上报采集：每个来源每个业务日期一行；旧日期补采只取未知记录"},)

    sender: Mapped[str] = mapped_column(primary_key=True, comment="上报区划")
    kind: Mapped[str] = mapped_column(primary_key=True, comment="类别")
    source: Mapped[str] = mapped_column(primary_key=True, comment="来源")
    business_date: Mapped[dt.date] = mapped_column(primary_key=True, comment="业务日期")
    taken_at: Mapped[dt.datetime] = mapped_column(comment="采集时间")
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="采集数字")


class PadisMonthly(Base):
    """A monthly table of a monitored place. Grain: sender × region × period × revision."""

    __tablename__ = "padis_monthly"
    __table_args__ = ({"comment": "出生月报表：逐次出具的合计及与明细、回执的核对"},)

    sender: Mapped[str] = mapped_column(primary_key=True, comment="上报区划")
    region: Mapped[str] = mapped_column(primary_key=True, comment="监测点区划")
    period: Mapped[str] = mapped_column(primary_key=True, comment="月份 YYYYMM")
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="第几次出具，从1起")
    state: Mapped[str] = mapped_column(comment="结论：issued 已出具、refused 不予出具")
    details: Mapped[int] = mapped_column(comment="明细出生数")
    acknowledged: Mapped[int] = mapped_column(comment="已接收出生数")
    cells: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, comment="各格：区划、性别、出生地点类别、孩次、明细数、已接收数")
    digest: Mapped[str] = mapped_column(comment="各格摘要（SHA-256）")
    made_at: Mapped[dt.datetime] = mapped_column(comment="出具时间")
    made_by: Mapped[str] = mapped_column(comment="出具人或任务")
