"""The ledger's tables of the exchange with other agencies and provinces: requests for help (协查, 通报) and outbound pushes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hedui.ledger.models import Base


class Assist(Base):
    """A request for help (协查) or a notice (通报). Grain: direction × number."""

    __tablename__ = "assist"
    __table_args__ = (
        UniqueConstraint("direction", "number"),
        Index(None, "state", "due"),
        {"comment": "协查与通报台账：发出和收到的各一行"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    number: Mapped[str] = mapped_column(comment="协查号或通报号，由发起方编定")
    direction: Mapped[str] = mapped_column(comment="方向：out 发出、in 收到")
    form: Mapped[str] = mapped_column(comment="形式：request 协查、notice 通报")
    topic: Mapped[str] = mapped_column(comment="事项代码，见 assist.yaml")
    sender: Mapped[str] = mapped_column(comment="发送地区划")
    receiver: Mapped[str] = mapped_column(comment="接收地区划")
    subject: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="协查对象：姓名、证件等（个人信息）")
    content: Mapped[str] = mapped_column(comment="协查或通报内容（可能含个人信息）")
    opened_on: Mapped[dt.date] = mapped_column(comment="发出或收到日期")
    due: Mapped[dt.date] = mapped_column(comment="反馈期限")
    state: Mapped[str] = mapped_column(comment="状态：DRAFT、SENT、RECEIVED、PAIRED、UNPAIRED、ANSWERED、CLOSED、READ、CANCELLED")
    state_at: Mapped[dt.datetime] = mapped_column(comment="状态时间")
    pairing: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="配对结果：one、none、several 及来源；不含身份信息")
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="反馈：结果、说明、日期")


class AssistEvent(Base):
    """Something that happened to a request. Grain: event; only appended."""

    __tablename__ = "assist_event"
    __table_args__ = (Index(None, "assist_id", "id"), {"comment": "协查日志：登记、发出、配对、反馈、催办等，只能追加"})

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    assist_id: Mapped[int] = mapped_column(ForeignKey(Assist.id), comment="协查")
    at: Mapped[dt.datetime] = mapped_column(comment="时间")
    operator: Mapped[str] = mapped_column(comment="操作人或任务")
    event: Mapped[str] = mapped_column(comment="动作")
    state: Mapped[str] = mapped_column(comment="动作后的状态")
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="详情（不含个人信息）")


class AssistReminder(Base):
    """A reminder that went out. Grain: request × day."""

    __tablename__ = "assist_reminder"
    __table_args__ = ({"comment": "协查催办：每件每天至多一次"},)

    assist_id: Mapped[int] = mapped_column(ForeignKey(Assist.id), primary_key=True, autoincrement=False, comment="协查")
    day: Mapped[dt.date] = mapped_column(primary_key=True, comment="日期")


class Push(Base):
    """A file that was pushed to another agency. Grain: push × business date × region × revision."""

    __tablename__ = "push"
    __table_args__ = (
        UniqueConstraint("push", "business_date", "region", "revision"),
        Index(None, "state"),
        {"comment": "对外推送台账：何时向谁送出哪些列、多少行，及其回执"},
    )

    id: Mapped[str] = mapped_column(primary_key=True, comment="推送批次号")
    push: Mapped[str] = mapped_column(comment="推送项目，见 pushes.yaml")
    receiver: Mapped[str] = mapped_column(comment="接收单位")
    business_date: Mapped[dt.date] = mapped_column(comment="数据的业务日期")
    region: Mapped[str] = mapped_column(comment="区划；统计表为空串")
    revision: Mapped[int] = mapped_column(comment="第几次，从1起；内容有变才有下一次")
    rows: Mapped[int] = mapped_column(comment="行数")
    suppressed: Mapped[int] = mapped_column(comment="隐去的小数格数")
    columns: Mapped[list[str]] = mapped_column(JSONB, comment="送出的列")
    masks: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="各列的脱敏方式")
    name: Mapped[str] = mapped_column(comment="文件名")
    bytes: Mapped[int] = mapped_column(comment="文件字节数")
    sha256: Mapped[str] = mapped_column(comment="文件摘要 SHA-256")
    sm3: Mapped[str] = mapped_column(comment="文件摘要 SM3")
    state: Mapped[str] = mapped_column(
        comment="状态：WRITTEN 已生成、SENT 已送出、ACCEPTED 已确认、REFUSED 被退回、DIFFERS 回执不符"
    )
    state_at: Mapped[dt.datetime] = mapped_column(comment="状态时间")
    made_at: Mapped[dt.datetime] = mapped_column(comment="生成时间")
    made_by: Mapped[str] = mapped_column(comment="生成人或任务")


class PushReceipt(Base):
    """A receipt of a push as it came. Grain: receipt."""

    __tablename__ = "push_receipt"
    __table_args__ = (
        UniqueConstraint("name", "sha256"),
        {"comment": "对外推送回执原件：先入账后改状态"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    push_id: Mapped[str | None] = mapped_column(comment="所答推送批次；空为无此批次")
    name: Mapped[str] = mapped_column(comment="文件名")
    received_at: Mapped[dt.datetime] = mapped_column(comment="收到时间")
    sha256: Mapped[str] = mapped_column(comment="内容摘要 SHA-256")
    content: Mapped[bytes] = mapped_column(LargeBinary, comment="回执内容")
    outcome: Mapped[str] = mapped_column(comment="处理结果：accepted、refused、differs、stray、unreadable、duplicate")
    note: Mapped[str] = mapped_column(comment="说明（不含个人信息）")
