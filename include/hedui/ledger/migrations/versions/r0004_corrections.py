"""Corrections: bundles, their cases and cells, events, effects, decisions on cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hedui.ledger.models import SCHEMA

revision = "0004"
down_revision = "0010"
branch_labels = None
depends_on = None


def _text(name: str, comment: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=default, comment=comment)


def _time(name: str, comment: str, *, nullable: bool = False, default: str | None = "now()") -> sa.Column[object]:
    server_default = sa.text(default) if default and not nullable else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=server_default, comment=comment)


def _json(name: str, comment: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), nullable=False, comment=comment)


def _fingerprint(name: str = "fingerprint", comment: str = "案件指纹", *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.UUID(), nullable=nullable, comment=comment)


def _bundle(table: str) -> list[sa.schema.SchemaItem]:
    return [
        _text("bundle_id", "方案编号"),
        sa.ForeignKeyConstraint(["bundle_id"], ["hedui.bundle.id"], name=op.f(f"fk_{table}_bundle_id"), ondelete="CASCADE"),
    ]


def upgrade() -> None:
    """Creates the tables."""
    _bundles()
    _cases()
    _followers()


def _bundles() -> None:
    op.create_table(
        "bundle",
        _text("id", "方案编号"),
        _text("parent", "上一轮方案", nullable=True),
        sa.Column("round", sa.BigInteger(), nullable=False, comment="轮次，从 1 起"),
        _text("run", "产生它的运行编号"),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="在该次运行中的序号"),
        _text("target", "被修改系统"),
        _text("tier", "层级：local、city、province、nation"),
        _text("mode", "方式：execute 本级执行、dispatch 上报"),
        sa.Column("business_date", sa.Date(), nullable=False, comment="依据的业务日期"),
        _text("decision", "处置决定"),
        sa.Column("key_field", sa.Boolean(), nullable=False, comment="是否关键字段"),
        _text("state", "状态"),
        _json("figures", "案件数、行数、人数、修改前后金额（分）、涉及金额（分）"),
        _json("rules", "规则编号"),
        _json("selection", "选择条件"),
        _text("proposer", "申请人"),
        _time("created_at", "建立时间"),
        _time("state_since", "进入现状态的时间"),
        _time("executed_at", "执行时间", nullable=True),
        _text("digest", "冻结文件的摘要（SHA-256）", nullable=True),
        _text("folder", "冻结文件所在目录", nullable=True),
        _text("note", "最近一步的说明", default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle")),
        sa.ForeignKeyConstraint(["parent"], ["hedui.bundle.id"], name=op.f("fk_bundle_parent")),
        sa.UniqueConstraint("run", "number", name=op.f("uq_bundle_run_number")),
        sa.CheckConstraint("(parent IS NULL) = (round = 1)", name=op.f("ck_bundle_parent_of_round")),
        schema=SCHEMA,
        comment="处理方案：对一个系统的一次数据修改",
    )
    op.create_index(op.f("ix_bundle_state"), "bundle", ["state"], schema=SCHEMA)


def _cases() -> None:
    op.create_table(
        "bundle_case",
        *_bundle("bundle_case"),
        _fingerprint(),
        _text("rule", "规则编号"),
        _text("kind", "差异类型代码"),
        _text("basis", "决定的依据"),
        _text("decided_by", "决定人；空为按权威矩阵"),
        _text("state", "状态：TREATING 处置、SOLVED 解决、VERIFIED 验证、CLOSED 关闭、REOPENED 再打开"),
        _text("reason", "再打开的理由", default=""),
        _time("changed_at", "状态变更时间"),
        sa.PrimaryKeyConstraint("bundle_id", "fingerprint", name=op.f("pk_bundle_case")),
        schema=SCHEMA,
        comment="处理方案的案件：一个案件同时只在一个有效方案中",
    )
    op.create_index(
        "uq_bundle_case_live",
        "bundle_case",
        ["fingerprint"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("state IN ('TREATING', 'SOLVED', 'VERIFIED')"),
    )
    op.create_index(op.f("ix_bundle_case_fingerprint"), "bundle_case", ["fingerprint"], schema=SCHEMA)
    op.create_table(
        "bundle_cell",
        _fingerprint("cell", "系统、表、主键、列的摘要"),
        *_bundle("bundle_cell"),
        _fingerprint(),
        sa.PrimaryKeyConstraint("cell", name=op.f("pk_bundle_cell")),
        schema=SCHEMA,
        comment="未结束的方案所修改的单元格：同一单元格同时只能由一个方案修改",
    )
    op.create_index(op.f("ix_bundle_cell_bundle_id"), "bundle_cell", ["bundle_id"], schema=SCHEMA)


def _followers() -> None:
    op.create_table(
        "bundle_event",
        *_bundle("bundle_event"),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="序号，从 1 起"),
        _time("at", "时间", default="clock_timestamp()"),
        _text("actor", "操作人；system 为系统"),
        _text("act", "行为：申请、审批、执行、复核等；空为系统动作", nullable=True),
        _text("from_state", "原状态", nullable=True),
        _text("to_state", "新状态"),
        _text("note", "说明或理由"),
        _json("details", "数字与依据，不含个人信息"),
        sa.PrimaryKeyConstraint("bundle_id", "number", name=op.f("pk_bundle_event")),
        schema=SCHEMA,
        comment="处理方案的经过：谁在何时做了什么",
    )
    op.create_table(
        "bundle_effect",
        *_bundle("bundle_effect"),
        _fingerprint(),
        sa.Column("seen_on", sa.Date(), nullable=False, comment="首次出现的业务日期"),
        _text("rule", "规则编号"),
        sa.PrimaryKeyConstraint("bundle_id", "fingerprint", name=op.f("pk_bundle_effect")),
        schema=SCHEMA,
        comment="方案引起的新差异：修改过的行在其后的夜次新出现的案件",
    )
    op.create_table(
        "case_decision",
        _fingerprint(),
        _text("decision", "决定：LOCAL_RIGHT、UPPER_RIGHT、BOTH_WRONG、EXPLAINED、MANUAL"),
        _text("basis", "理由"),
        _text("value", "人工认定的正确值（规范化，可能含个人信息）", nullable=True),
        _text("evidence", "证据编号（档案号、文号）", default=""),
        _text("decided_by", "判定人；空为按权威矩阵", default=""),
        _time("decided_at", "判定时间"),
        _fingerprint("values_digest", "判定时案件属性的摘要：案件变化后判定失效", nullable=True),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_case_decision")),
        sa.CheckConstraint("decided_by = '' OR btrim(basis) <> ''", name=op.f("ck_case_decision_reason")),
        schema=SCHEMA,
        comment="案件处置决定：权威矩阵的结论或人工判定，均留理由",
    )


def downgrade() -> None:
    """Removes the tables."""
    for table in ("case_decision", "bundle_effect", "bundle_event", "bundle_cell", "bundle_case", "bundle"):
        op.drop_table(table, schema=SCHEMA)
