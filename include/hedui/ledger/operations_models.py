"""The ledger's tables of operations: inspections, faults, maintenance tasks, knowledge, samples of the bank channels."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Identity, Index, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hedui.ledger.models import Base


class InspectionRecord(Base):
    """One system's inspection of a day. Grain: system × day."""

    __tablename__ = "inspection"
    __table_args__ = (Index(None, "inspected_on"), {"comment": "巡检台账：每个系统每天一份，重检替换"})

    number: Mapped[str] = mapped_column(primary_key=True, comment="巡检报告单编号")
    system: Mapped[str] = mapped_column(comment="系统")
    name: Mapped[str] = mapped_column(comment="系统名称")
    inspected_on: Mapped[dt.date] = mapped_column(comment="巡检日期")
    kinds: Mapped[list[str]] = mapped_column(JSONB, comment="巡检类型：daily 日常、weekly 每周、holiday 节假日前、quarterly 季度")
    inspected_at: Mapped[dt.datetime] = mapped_column(comment="巡检时间")
    inspector: Mapped[str] = mapped_column(comment="巡检人")
    items: Mapped[int] = mapped_column(comment="检查项数")
    abnormal: Mapped[int] = mapped_column(comment="异常项数")
    unmeasured: Mapped[int] = mapped_column(comment="未检出项数")
    report: Mapped[str] = mapped_column(comment="报告单文件")


class InspectionItem(Base):
    """An item of an inspection. Grain: inspection × position."""

    __tablename__ = "inspection_item"
    __table_args__ = ({"comment": "巡检项目：标准、实测、结论、处理"},)

    number: Mapped[str] = mapped_column(
        ForeignKey(InspectionRecord.number, ondelete="CASCADE"), primary_key=True, comment="巡检报告单编号"
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="序号，从 1 起")
    check: Mapped[str] = mapped_column(comment="检查代码")
    part: Mapped[str] = mapped_column(comment="部位：连接、页面、磁盘等")
    target: Mapped[str] = mapped_column(comment="对象：表空间、作业等；空为整体")
    standard: Mapped[str] = mapped_column(comment="标准")
    measured: Mapped[str] = mapped_column(comment="实测")
    verdict: Mapped[str] = mapped_column(comment="结论：normal 正常、abnormal 异常、unmeasured 未检出")
    handling: Mapped[str] = mapped_column(comment="处理")


class Fault(Base):
    """A fault. Grain: fault."""

    __tablename__ = "fault"
    __table_args__ = (
        CheckConstraint("level IN (1, 2, 3)", name="level"),
        CheckConstraint("responded_at >= occurred_at", name="responded"),
        CheckConstraint("diagnosed_at >= occurred_at", name="diagnosed"),
        CheckConstraint("repaired_at >= occurred_at", name="repaired"),
        UniqueConstraint("origin"),
        Index(None, "occurred_at"),
        {"comment": "故障台账：故障修复情况报告单的内容"},
    )

    number: Mapped[str] = mapped_column(primary_key=True, comment="故障编号")
    level: Mapped[int] = mapped_column(comment="级别：1 一级、2 二级、3 三级")
    system: Mapped[str] = mapped_column(comment="系统")
    summary: Mapped[str] = mapped_column(comment="故障概要（不含个人信息）")
    occurred_at: Mapped[dt.datetime] = mapped_column(comment="故障发生时间")
    reported_at: Mapped[dt.datetime] = mapped_column(comment="报告时间，服务时限自此起算")
    found_by: Mapped[str] = mapped_column(comment="发现方式：run 运行失败、inspection 巡检、user 用户报告、monitor 监控")
    service: Mapped[str] = mapped_column(comment="服务方式：hotline 热线、onsite 现场")
    scope: Mapped[str] = mapped_column(server_default="", comment="影响范围")
    responded_at: Mapped[dt.datetime | None] = mapped_column(comment="响应时间")
    diagnosed_at: Mapped[dt.datetime | None] = mapped_column(comment="诊断时间")
    repaired_at: Mapped[dt.datetime | None] = mapped_column(comment="故障修复时间")
    solved: Mapped[bool | None] = mapped_column(Boolean, comment="处理是否成功")
    result: Mapped[str] = mapped_column(server_default="", comment="处理结果")
    cause: Mapped[str] = mapped_column(server_default="", comment="原因分析")
    process: Mapped[str] = mapped_column(server_default="", comment="处理过程")
    prevention: Mapped[str] = mapped_column(server_default="", comment="预防措施")
    reporter: Mapped[str] = mapped_column(comment="报告人")
    confirmer: Mapped[str] = mapped_column(server_default="", comment="确认人")
    origin: Mapped[str | None] = mapped_column(comment="来源运行：流程/运行/任务，同一运行只登记一次；手工登记为空")
    closed_at: Mapped[dt.datetime | None] = mapped_column(comment="确认关闭时间")


class MaintenanceTask(Base):
    """A maintenance task. Grain: task."""

    __tablename__ = "maintenance_task"
    __table_args__ = (
        CheckConstraint("kind IN ('routine', 'corrective', 'perfective')", name="kind"),
        CheckConstraint("finished_at IS NULL OR (btrim(cause) <> '' AND btrim(solution) <> '')", name="cause_and_solution"),
        Index(None, "due_on"),
        {"comment": "维护任务处理单：办结须有问题原因分析和解决方案说明"},
    )

    number: Mapped[str] = mapped_column(primary_key=True, comment="任务编号")
    kind: Mapped[str] = mapped_column(comment="类别：routine 日常性、corrective 改正性、perfective 完善性")
    code_change: Mapped[bool] = mapped_column(Boolean, comment="是否代码修改")
    system: Mapped[str] = mapped_column(comment="系统")
    title: Mapped[str] = mapped_column(comment="任务内容（不含个人信息）")
    asked_by: Mapped[str] = mapped_column(comment="提出人")
    opened_at: Mapped[dt.datetime] = mapped_column(comment="受理时间")
    due_on: Mapped[dt.date] = mapped_column(comment="办结期限")
    assignee: Mapped[str] = mapped_column(comment="承办人")
    fault: Mapped[str | None] = mapped_column(ForeignKey(Fault.number), comment="所属故障")
    cause: Mapped[str] = mapped_column(server_default="", comment="问题原因分析")
    solution: Mapped[str] = mapped_column(server_default="", comment="解决方案说明")
    finished_at: Mapped[dt.datetime | None] = mapped_column(comment="办结时间")
    finished_by: Mapped[str] = mapped_column(server_default="", comment="办结人")


class Knowledge(Base):
    """An entry of the knowledge base. Grain: entry."""

    __tablename__ = "knowledge"
    __table_args__ = (
        Index("ix_knowledge_terms", "terms", postgresql_using="gin"),
        {"comment": "知识库：问题、原因、办法，关联规则、案件与故障"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    title: Mapped[str] = mapped_column(comment="标题")
    body: Mapped[str] = mapped_column(comment="内容（不含个人信息）")
    rules: Mapped[list[str]] = mapped_column(JSONB, comment="关联规则编号")
    cases: Mapped[list[str]] = mapped_column(JSONB, comment="关联案件指纹")
    fault: Mapped[str | None] = mapped_column(ForeignKey(Fault.number), comment="来自的故障")
    author: Mapped[str] = mapped_column(comment="作者")
    written_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="时间")
    terms: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="检索词：汉字二元组与单词，由标题和内容生成")


class ChannelSample(Base):
    """What a channel showed at a moment. Grain: channel × moment."""

    __tablename__ = "channel_sample"
    __table_args__ = (Index(None, "channel", "at"), {"comment": "渠道监控采样：每次监控每个渠道一行，阈值由往周同一时段学得"})

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    channel: Mapped[str] = mapped_column(comment="渠道")
    at: Mapped[dt.datetime] = mapped_column(comment="采样时间")
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="笔数、金额（分）、拒绝、各环节时延、静默时长")
