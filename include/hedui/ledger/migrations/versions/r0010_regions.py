"""Migrations of region codes: runs, mapping rows, measures, predicted moves, checks, decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hedui.ledger.models import SCHEMA

revision = "0010"
down_revision = "0003"
branch_labels = None
depends_on = None

RUN = "hedui.region_run.id"


def _run_id(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("run_id", sa.Text(), nullable=False, comment="迁移编号"),
        sa.ForeignKeyConstraint(["run_id"], [RUN], name=op.f(f"fk_{table}_run_id"), ondelete="CASCADE"),
    ]


def _text(name: str, comment: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, comment=comment)


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "region_run",
        _text("id", "迁移编号"),
        sa.Column("from_date", sa.Date(), nullable=False, comment="旧版区划日期"),
        sa.Column("to_date", sa.Date(), nullable=False, comment="新版区划日期"),
        _text("mapping_digest", "映射摘要（SHA-256）：批准的与执行的须一致"),
        _text("state", "状态：已载入、已建立基线、已演练、已批准、已驳回、迁移中、已迁移、已核验、已回退"),
        sa.Column("facts", postgresql.JSONB(), nullable=False, comment="各步骤的数字与时间"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="建立时间"),
        _text("approved_by", "批准人", nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True, comment="批准时间"),
        _text("approval_note", "批准意见", nullable=True),
        _text("page_digest", "所批准页面的摘要", nullable=True),
        _text("report_path", "核验报告文件", nullable=True),
        _text("report_digest", "核验报告内容摘要（SHA-256）", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region_run")),
        schema=SCHEMA,
        comment="区划迁移：一次由旧版到新版的代码迁移",
    )
    op.create_table(
        "region_mapping",
        *_run_id("region_mapping"),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False, comment="行号"),
        sa.Column("row", postgresql.JSONB(), nullable=False, comment="变更内容：代码、名称、类型、范围、生效日、文号"),
        sa.PrimaryKeyConstraint("run_id", "line", name=op.f("pk_region_mapping")),
        schema=SCHEMA,
        comment="区划映射：本次迁移所依据的变更，逐条带文号",
    )
    op.create_table(
        "region_measure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="编号"),
        *_run_id("region_measure"),
        _text("target", "迁移对象"),
        _text("phase", "阶段：before、rehearsed、rehearsal_undone、after、undone"),
        sa.Column("closed", sa.Boolean(), nullable=False, comment="是否已结账期间"),
        _text("grp", "守恒组；空为不涉及"),
        _text("code", "代码；空为整组合计", nullable=True),
        sa.Column("figures", postgresql.JSONB(), nullable=False, comment="行数、人数、单位数、金额（分）、起止日期、内容摘要"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region_measure")),
        sa.UniqueConstraint(
            *("run_id", "target", "phase", "closed", "grp", "code"),
            name=op.f("uq_region_measure_run_id_target_phase_closed_grp_code"),
            postgresql_nulls_not_distinct=True,
        ),
        schema=SCHEMA,
        comment="区划迁移度量：迁移前后各代码的行数、人数、单位数、金额和内容摘要",
    )
    op.create_table(
        "region_move",
        *_run_id("region_move"),
        _text("target", "迁移对象"),
        _text("old_code", "原代码"),
        _text("new_code", "现代码；空为待人工判定"),
        _text("method", "分配方式"),
        sa.Column("rows", sa.BigInteger(), nullable=False, comment="行数"),
        sa.PrimaryKeyConstraint("run_id", "target", "old_code", "new_code", "method", name=op.f("pk_region_move")),
        schema=SCHEMA,
        comment="区划迁移预估：每个对象每条映射涉及的行数",
    )
    op.create_table(
        "region_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="编号"),
        *_run_id("region_check"),
        _text("stage", "阶段：preflight、rehearsal、proof、rollback"),
        sa.Column("check", postgresql.JSONB(), nullable=False, comment="检查内容：编号、名称、对象、前、后、差异、结论、说明"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region_check")),
        schema=SCHEMA,
        comment="区划迁移核验：每项检查的前、后、差异和结论",
    )
    op.create_table(
        "region_decision",
        *_run_id("region_decision"),
        _text("target", "迁移对象"),
        _text("row_key", "行主键（可能含个人信息）"),
        _text("old_code", "原代码"),
        _text("new_code", "判定的现代码"),
        _text("decided_by", "判定人"),
        _text("basis", "判定依据"),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="导入时间"),
        sa.PrimaryKeyConstraint("run_id", "target", "row_key", "old_code", name=op.f("pk_region_decision")),
        schema=SCHEMA,
        comment="区划人工判定：拆分代码下由人逐行判定的去向",
    )


def downgrade() -> None:
    """Removes the tables."""
    for name in ("region_decision", "region_check", "region_move", "region_measure", "region_mapping", "region_run"):
        op.drop_table(name, schema=SCHEMA)
