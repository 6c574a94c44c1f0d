"""The ledger's tables of region-code migrations: runs, their mapping rows, measures, predicted moves, checks and decisions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Identity, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hedui.ledger.models import Base


class RegionRun(Base):
    """A migration from one region table to another. Grain: run."""

    __tablename__ = "region_run"
    __table_args__ = ({"comment": "区划迁移：一次由旧版到新版的代码迁移"},)

    id: Mapped[str] = mapped_column(primary_key=True, comment="迁移编号")
    from_date: Mapped[dt.date] = mapped_column(comment="旧版区划日期")
    to_date: Mapped[dt.date] = mapped_column(comment="新版区划日期")
    mapping_digest: Mapped[str] = mapped_column(comment="映射摘要（SHA-256）：批准的与执行的须一致")
    state: Mapped[str] = mapped_column(comment="状态：已载入、已建立基线、已演练、已批准、已驳回、迁移中、已迁移、已核验、已回退")
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="各步骤的数字与时间")
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="建立时间")
    approved_by: Mapped[str | None] = mapped_column(comment="批准人")
    approved_at: Mapped[dt.datetime | None] = mapped_column(comment="批准时间")
    approval_note: Mapped[str | None] = mapped_column(comment="批准意见")
    page_digest: Mapped[str | None] = mapped_column(comment="所批准页面的摘要")
    report_path: Mapped[str | None] = mapped_column(comment="核验报告文件")
    report_digest: Mapped[str | None] = mapped_column(comment="核验报告内容摘要（SHA-256）")


class RegionMapping(Base):
    """A change row that a run rests on. Grain: run × line."""

    __tablename__ = "region_mapping"
    __table_args__ = ({"comment": "区划映射：本次迁移所依据的变更，逐条带文号"},)

    run_id: Mapped[str] = mapped_column(ForeignKey(RegionRun.id, ondelete="CASCADE"), primary_key=True, comment="迁移编号")
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="行号")
    row: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="变更内容：代码、名称、类型、范围、生效日、文号")


class RegionMeasure(Base):
    """What a code or group of a target held at a phase. Grain: run × target × phase × closed × group × code."""

    __tablename__ = "region_measure"
    __table_args__ = (
        UniqueConstraint("run_id", "target", "phase", "closed", "grp", "code", postgresql_nulls_not_distinct=True),
        {"comment": "区划迁移度量：迁移前后各代码的行数、人数、单位数、金额和内容摘要"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    run_id: Mapped[str] = mapped_column(ForeignKey(RegionRun.id, ondelete="CASCADE"), comment="迁移编号")
    target: Mapped[str] = mapped_column(comment="迁移对象")
    phase: Mapped[str] = mapped_column(comment="阶段：before、rehearsed、rehearsal_undone、after、undone")
    closed: Mapped[bool] = mapped_column(comment="是否已结账期间")
    grp: Mapped[str] = mapped_column(comment="守恒组；空为不涉及")
    code: Mapped[str | None] = mapped_column(comment="代码；空为整组合计")
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="行数、人数、单位数、金额（分）、起止日期、内容摘要")


class RegionMove(Base):
    """How many rows of a target a mapping row was predicted to move. Grain: run × target × old × new × method."""

    __tablename__ = "region_move"
    __table_args__ = ({"comment": "区划迁移预估：每个对象每条映射涉及的行数"},)

    run_id: Mapped[str] = mapped_column(ForeignKey(RegionRun.id, ondelete="CASCADE"), primary_key=True, comment="迁移编号")
    target: Mapped[str] = mapped_column(primary_key=True, comment="迁移对象")
    old_code: Mapped[str] = mapped_column(primary_key=True, comment="原代码")
    new_code: Mapped[str] = mapped_column(primary_key=True, comment="现代码；空为待人工判定")
    method: Mapped[str] = mapped_column(primary_key=True, comment="分配方式")
    rows: Mapped[int] = mapped_column(comment="行数")


class RegionCheck(Base):
    """A check of a run with its verdict. Grain: run × check line."""

    __tablename__ = "region_check"
    __table_args__ = ({"comment": "区划迁移核验：每项检查的前、后、差异和结论"},)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    run_id: Mapped[str] = mapped_column(ForeignKey(RegionRun.id, ondelete="CASCADE"), comment="迁移编号")
    stage: Mapped[str] = mapped_column(comment="阶段：preflight、rehearsal、proof、rollback")
    check: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="检查内容：编号、名称、对象、前、后、差异、结论、说明")


class RegionDecision(Base):
    """What a person decided for a row of a split code. Grain: run × target × row."""

    __tablename__ = "region_decision"
    __table_args__ = ({"comment": "区划人工判定：拆分代码下由人逐行判定的去向"},)

    run_id: Mapped[str] = mapped_column(ForeignKey(RegionRun.id, ondelete="CASCADE"), primary_key=True, comment="迁移编号")
    target: Mapped[str] = mapped_column(primary_key=True, comment="迁移对象")
    row_key: Mapped[str] = mapped_column(primary_key=True, comment="行主键（可能含个人信息）")
    old_code: Mapped[str] = mapped_column(primary_key=True, comment="原代码")
    new_code: Mapped[str] = mapped_column(comment="判定的现代码")
    decided_by: Mapped[str] = mapped_column(comment="判定人")
    basis: Mapped[str] = mapped_column(comment="判定依据")
    decided_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="导入时间")
