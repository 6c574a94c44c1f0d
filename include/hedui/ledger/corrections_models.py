"""The ledger's tables of corrections: bundles, their cases and cells, what happened to them, what they caused, decisions on cases."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hedui.ledger.models import Base

LIVE_SQL: Final = "state IN ('TREATING', 'SOLVED', 'VERIFIED')"
"""SQL condition: the case belongs to the bundle and to no other."""


class Bundle(Base):
    """A correction bundle. Grain: bundle."""

    __tablename__ = "bundle"
    __table_args__ = (
        CheckConstraint("(parent IS NULL) = (round = 1)", name="parent_of_round"),
        UniqueConstraint("run", "number"),
        {"comment": "处理方案：对一个系统的一次数据修改"},
    )

    id: Mapped[str] = mapped_column(primary_key=True, comment="方案编号")
    parent: Mapped[str | None] = mapped_column(ForeignKey("hedui.bundle.id"), comment="上一轮方案")
    round: Mapped[int] = mapped_column(comment="轮次，从 1 起")
    run: Mapped[str] = mapped_column(comment="产生它的运行编号")
    number: Mapped[int] = mapped_column(comment="在该次运行中的序号")
    target: Mapped[str] = mapped_column(comment="被修改系统")
    tier: Mapped[str] = mapped_column(comment="层级：local、city、province、nation")
    mode: Mapped[str] = mapped_column(comment="方式：execute 本级执行、dispatch 上报")
    business_date: Mapped[dt.date] = mapped_column(comment="依据的业务日期")
    decision: Mapped[str] = mapped_column(comment="处置决定")
    key_field: Mapped[bool] = mapped_column(comment="是否关键字段")
    state: Mapped[str] = mapped_column(index=True, comment="状态")
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="案件数、行数、人数、修改前后金额（分）、涉及金额（分）")
    rules: Mapped[list[str]] = mapped_column(JSONB, comment="规则编号")
    selection: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="选择条件")
    proposer: Mapped[str] = mapped_column(comment="申请人")
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="建立时间")
    state_since: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="进入现状态的时间")
    executed_at: Mapped[dt.datetime | None] = mapped_column(comment="执行时间")
    digest: Mapped[str | None] = mapped_column(comment="冻结文件的摘要（SHA-256）")
    folder: Mapped[str | None] = mapped_column(comment="冻结文件所在目录")
    note: Mapped[str] = mapped_column(server_default="", comment="最近一步的说明")


class BundleCase(Base):
    """A case of a bundle, with the decision on it. Grain: bundle × case."""

    __tablename__ = "bundle_case"
    __table_args__ = (
        Index("uq_bundle_case_live", "fingerprint", unique=True, postgresql_where=text(LIVE_SQL)),
        Index(None, "fingerprint"),
        {"comment": "处理方案的案件：一个案件同时只在一个有效方案中"},
    )

    bundle_id: Mapped[str] = mapped_column(ForeignKey(Bundle.id, ondelete="CASCADE"), primary_key=True, comment="方案编号")
    fingerprint: Mapped[uuid.UUID] = mapped_column(primary_key=True, comment="案件指纹")
    rule: Mapped[str] = mapped_column(comment="规则编号")
    kind: Mapped[str] = mapped_column(comment="差异类型代码")
    basis: Mapped[str] = mapped_column(comment="决定的依据")
    decided_by: Mapped[str] = mapped_column(comment="决定人；空为按权威矩阵")
    state: Mapped[str] = mapped_column(comment="状态：TREATING 处置、SOLVED 解决、VERIFIED 验证、CLOSED 关闭、REOPENED 再打开")
    reason: Mapped[str] = mapped_column(server_default="", comment="再打开的理由")
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="状态变更时间")


class BundleCell(Base):
    """A cell that an unfinished bundle changes: nobody else may. Grain: cell."""

    __tablename__ = "bundle_cell"
    __table_args__ = ({"comment": "未结束的方案所修改的单元格：同一单元格同时只能由一个方案修改"},)

    cell: Mapped[uuid.UUID] = mapped_column(primary_key=True, comment="系统、表、主键、列的摘要")
    bundle_id: Mapped[str] = mapped_column(ForeignKey(Bundle.id, ondelete="CASCADE"), index=True, comment="方案编号")
    fingerprint: Mapped[uuid.UUID] = mapped_column(comment="案件指纹")


class BundleEvent(Base):
    """Something happened to a bundle. Grain: event."""

    __tablename__ = "bundle_event"
    __table_args__ = ({"comment": "处理方案的经过：谁在何时做了什么"},)

    bundle_id: Mapped[str] = mapped_column(ForeignKey(Bundle.id, ondelete="CASCADE"), primary_key=True, comment="方案编号")
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="序号，从 1 起")
    at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp(), comment="时间")
    actor: Mapped[str] = mapped_column(comment="操作人；system 为系统")
    act: Mapped[str | None] = mapped_column(comment="行为：申请、审批、执行、复核等；空为系统动作")
    from_state: Mapped[str | None] = mapped_column(comment="原状态")
    to_state: Mapped[str] = mapped_column(comment="新状态")
    note: Mapped[str] = mapped_column(comment="说明或理由")
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="数字与依据，不含个人信息")


class BundleEffect(Base):
    """A finding that a night brought about the rows a bundle changed and that was not there before. Grain: bundle × case."""

    __tablename__ = "bundle_effect"
    __table_args__ = ({"comment": "方案引起的新差异：修改过的行在其后的夜次新出现的案件"},)

    bundle_id: Mapped[str] = mapped_column(ForeignKey(Bundle.id, ondelete="CASCADE"), primary_key=True, comment="方案编号")
    fingerprint: Mapped[uuid.UUID] = mapped_column(primary_key=True, comment="案件指纹")
    seen_on: Mapped[dt.date] = mapped_column(comment="首次出现的业务日期")
    rule: Mapped[str] = mapped_column(comment="规则编号")


class CaseDecision(Base):
    """What is to become of a case: a person's word, or what the matrix said when somebody last asked. Grain: case."""

    __tablename__ = "case_decision"
    __table_args__ = (
        CheckConstraint("decided_by = '' OR btrim(basis) <> ''", name="reason"),
        {"comment": "案件处置决定：权威矩阵的结论或人工判定，均留理由"},
    )

    fingerprint: Mapped[uuid.UUID] = mapped_column(primary_key=True, comment="案件指纹")
    decision: Mapped[str] = mapped_column(comment="决定：LOCAL_RIGHT、UPPER_RIGHT、BOTH_WRONG、EXPLAINED、MANUAL")
    basis: Mapped[str] = mapped_column(comment="理由")
    value: Mapped[str | None] = mapped_column(comment="人工认定的正确值（规范化，可能含个人信息）")
    evidence: Mapped[str] = mapped_column(server_default="", comment="证据编号（档案号、文号）")
    decided_by: Mapped[str] = mapped_column(server_default="", comment="判定人；空为按权威矩阵")
    decided_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="判定时间")
    values_digest: Mapped[uuid.UUID | None] = mapped_column(comment="判定时案件属性的摘要：案件变化后判定失效")
