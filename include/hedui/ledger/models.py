"""The ledger's tables.

What is stored is what was observed; what follows from it (open or cleared, since when, how often reopened) is derived by the view
``case_view`` from the spells and the recorded nights, so that it cannot contradict them and no order of nights leads to another
answer.

A *night* of a scope is a business date whose findings partition has been merged. A *spell* is a longest run of consecutive nights of
the scope on which a case was seen; its end is NULL while that is the scope's latest night, so that a case that is still there
tomorrow costs no write.

The bulk tables ``reconciliation_case`` and ``spell`` carry no foreign keys: PostgreSQL would check them row by row, which takes
longer than the merge of a million findings. The merge is their only writer and keeps them whole.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, ForeignKey, Identity, Index, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA: Final = "hedui"


class Base(DeclarativeBase):
    """Base of the ledger's tables: schema ``hedui``, text is unlimited, timestamps carry their zone."""

    metadata = MetaData(
        schema=SCHEMA,
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        },
    )
    type_annotation_map = {str: Text, int: BigInteger, dt.datetime: DateTime(timezone=True), dt.date: Date, uuid.UUID: UUID}  # noqa: RUF012


class Scope(Base):
    """What produces findings and is re-run as a whole: a comparison, a check, a rule, the arrival of a source."""

    __tablename__ = "scope"
    __table_args__ = ({"comment": "检查范围：比对、质量检查、规则、批次到达，整体重跑的单位"},)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    name: Mapped[str] = mapped_column(unique=True, comment="范围名，如比对编号、check:数据集:来源")


class RecordedNight(Base):
    """A findings partition that has been merged. Grain: scope × business date."""

    __tablename__ = "recorded_night"
    __table_args__ = ({"comment": "已入账的夜次：每个检查范围每个业务日期一行"},)

    scope_id: Mapped[int] = mapped_column(ForeignKey(Scope.id), primary_key=True, comment="检查范围")
    business_date: Mapped[dt.date] = mapped_column(primary_key=True, comment="业务日期")
    digest: Mapped[str] = mapped_column(comment="已入账的差异分区摘要（SHA-256）")
    findings: Mapped[int] = mapped_column(comment="差异条数")
    code_version: Mapped[str] = mapped_column(comment="产生分区的程序版本")
    recorded_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="入账时间")


class Case(Base):
    """One difference through time. Attributes are those of the latest night on which it was seen. Grain: fingerprint."""

    __tablename__ = "reconciliation_case"
    __table_args__ = ({"comment": "差异案件：同一差异跨夜只有一个案件，属性取最近一次出现的夜次"},)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    scope_id: Mapped[int] = mapped_column(comment="检查范围")
    fingerprint: Mapped[uuid.UUID] = mapped_column(unique=True, comment="指纹（32位十六进制）")
    rule: Mapped[str] = mapped_column(comment="规则编号")
    kind: Mapped[str] = mapped_column(comment="差异类型代码")
    severity: Mapped[str] = mapped_column(comment="严重程度代码")
    dataset: Mapped[str | None] = mapped_column(comment="数据集")
    source: Mapped[str | None] = mapped_column(comment="差异所在来源")
    agency: Mapped[str | None] = mapped_column(comment="责任单位")
    subject_type: Mapped[str] = mapped_column(comment="对象类型：person、unit、group、batch")
    subject_key: Mapped[str] = mapped_column(comment="对象键（个人信息，出口必须脱敏）")
    region: Mapped[str | None] = mapped_column(comment="行政区划")
    insurance: Mapped[str | None] = mapped_column(comment="险种")
    period: Mapped[str | None] = mapped_column(comment="费款所属期")
    field: Mapped[str | None] = mapped_column(comment="不一致的字段")
    side_values: Mapped[str | None] = mapped_column(comment="各方规范化值（JSON，可能含个人信息）")
    raw_values: Mapped[str | None] = mapped_column(comment="各方原值（JSON，可能含个人信息）")
    right_source: Mapped[str | None] = mapped_column(comment="权威来源认定正确的一方")
    amount_diff_fen: Mapped[int | None] = mapped_column(comment="涉及金额（分）")
    origin_date: Mapped[dt.date | None] = mapped_column(comment="流水送达的业务日期（账龄起点）")
    values_digest: Mapped[uuid.UUID] = mapped_column(comment="属性摘要，用于判断属性是否变化")


class Spell(Base):
    """A longest run of consecutive nights of the scope on which the case was seen. Grain: case × first night of the run."""

    __tablename__ = "spell"
    __table_args__ = (
        # Serves "open now" (last_seen IS NULL) and "ended on that night"; equal keys are deduplicated, so it stays small.
        Index(None, "scope_id", "last_seen"),
        {"comment": "案件的连续出现区间：按检查范围已入账的夜次连续计"},
    )

    case_id: Mapped[int] = mapped_column(primary_key=True, comment="案件")
    first_seen: Mapped[dt.date] = mapped_column(primary_key=True, comment="区间首夜")
    last_seen: Mapped[dt.date | None] = mapped_column(comment="区间末夜；空表示到该范围最近一夜仍在")
    scope_id: Mapped[int] = mapped_column(comment="检查范围")


class Exemption(Base):
    """A decision that matching cases need no action for a time. They stay visible and are counted apart. Grain: decision."""

    __tablename__ = "exemption"
    __table_args__ = (
        CheckConstraint("fingerprint IS NOT NULL OR rule IS NOT NULL", name="matches_something"),
        CheckConstraint("btrim(reason) <> '' AND btrim(approver) <> ''", name="reason_and_approver"),
        CheckConstraint("expires_on >= valid_from", name="validity"),
        CheckConstraint("(withdrawn_on IS NULL) = (withdrawn_by IS NULL)", name="withdrawal"),
        {"comment": "豁免：须有理由、批准人和到期日，案件仍列示并单独计数"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="编号")
    fingerprint: Mapped[uuid.UUID | None] = mapped_column(comment="豁免单个案件：指纹")
    rule: Mapped[str | None] = mapped_column(comment="豁免一类：规则编号")
    region: Mapped[str | None] = mapped_column(comment="限定行政区划；空为不限")
    agency: Mapped[str | None] = mapped_column(comment="限定责任单位；空为不限")
    subject_key: Mapped[str | None] = mapped_column(comment="限定对象（个人信息）；空为不限")
    reason: Mapped[str] = mapped_column(comment="理由")
    approver: Mapped[str] = mapped_column(comment="批准人")
    valid_from: Mapped[dt.date] = mapped_column(comment="生效业务日期")
    expires_on: Mapped[dt.date] = mapped_column(comment="到期业务日期（含当日）")
    created_by: Mapped[str] = mapped_column(comment="登记人")
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="登记时间")
    withdrawn_on: Mapped[dt.date | None] = mapped_column(comment="撤销业务日期（自当日起不再有效）")
    withdrawn_by: Mapped[str | None] = mapped_column(comment="撤销人")
    withdrawn_reason: Mapped[str | None] = mapped_column(comment="撤销理由")
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(comment="撤销时间")


class Night(Base):
    """The log of recorded business dates. Grain: business date."""

    __tablename__ = "night"
    __table_args__ = ({"comment": "夜次日志：每个业务日期最近一次入账的概况"},)

    business_date: Mapped[dt.date] = mapped_column(primary_key=True, comment="业务日期")
    source_states: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="各来源状态：arrived、missing、unknown")
    summary: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="入账汇总数字")
    code_version: Mapped[str] = mapped_column(comment="程序版本")
    recorded_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), comment="最近入账时间")


class AuditEntry(Base):
    """Somebody decided or did something. Grain: deed. Written by :func:`hedui.audit.append` alone."""

    __tablename__ = "audit_entry"
    __table_args__ = ({"comment": "审计链：逐条相扣，只能追加"},)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="序号，从 1 起连续")
    at: Mapped[dt.datetime] = mapped_column(comment="时间")
    actor: Mapped[str] = mapped_column(comment="操作人")
    action: Mapped[str] = mapped_column(comment="操作代码，如 exemption.add")
    subject: Mapped[str] = mapped_column(comment="操作对象，如 豁免 12；不含个人信息")
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="操作内容，不含个人信息")
    previous: Mapped[str] = mapped_column(comment="上一条的摘要；首条为 64 个 0")
    digest: Mapped[str] = mapped_column(unique=True, comment="本条的摘要（SHA-256），含上一条的摘要")
