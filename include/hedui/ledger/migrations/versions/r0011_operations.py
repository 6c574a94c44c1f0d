"""Operations: inspections, faults, maintenance tasks, knowledge, samples of the bank channels; alerts say which monitor told them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hedui.ledger.models import SCHEMA

revision = "0011"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("maintenance_task", "knowledge", "inspection_item", "inspection", "fault", "channel_sample")


def _text(name: str, comment: str, *, nullable: bool = False, **more: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, comment=comment, **more)


def _time(name: str, comment: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def _number(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, comment=comment)


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "channel_sample",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="编号"),
        _text("channel", "渠道"),
        _time("at", "采样时间"),
        sa.Column("figures", postgresql.JSONB(), nullable=False, comment="笔数、金额（分）、拒绝、各环节时延、静默时长"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_sample")),
        schema=SCHEMA,
        comment="渠道监控采样：每次监控每个渠道一行，阈值由往周同一时段学得",
    )
    op.create_index(op.f("ix_channel_sample_channel_at"), "channel_sample", ["channel", "at"], unique=False, schema=SCHEMA)
    op.create_table(
        "fault",
        _text("number", "故障编号"),
        _number("level", "级别：1 一级、2 二级、3 三级"),
        _text("system", "系统"),
        _text("summary", "故障概要（不含个人信息）"),
        _time("occurred_at", "故障发生时间"),
        _time("reported_at", "报告时间，服务时限自此起算"),
        _text("found_by", "发现方式：run 运行失败、inspection 巡检、user 用户报告、monitor 监控"),
        _text("service", "服务方式：hotline 热线、onsite 现场"),
        _text("scope", "影响范围", server_default=""),
        _time("responded_at", "响应时间", nullable=True),
        _time("diagnosed_at", "诊断时间", nullable=True),
        _time("repaired_at", "故障修复时间", nullable=True),
        sa.Column("solved", sa.Boolean(), nullable=True, comment="处理是否成功"),
        _text("result", "处理结果", server_default=""),
        _text("cause", "原因分析", server_default=""),
        _text("process", "处理过程", server_default=""),
        _text("prevention", "预防措施", server_default=""),
        _text("reporter", "报告人"),
        _text("confirmer", "确认人", server_default=""),
        _text("origin", "来源运行：流程/运行/任务，同一运行只登记一次；手工登记为空", nullable=True),
        _time("closed_at", "确认关闭时间", nullable=True),
        sa.CheckConstraint("diagnosed_at >= occurred_at", name=op.f("ck_fault_diagnosed")),
        sa.CheckConstraint("level IN (1, 2, 3)", name=op.f("ck_fault_level")),
        sa.CheckConstraint("repaired_at >= occurred_at", name=op.f("ck_fault_repaired")),
        sa.CheckConstraint("responded_at >= occurred_at", name=op.f("ck_fault_responded")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_fault")),
        sa.UniqueConstraint("origin", name=op.f("uq_fault_origin")),
        schema=SCHEMA,
        comment="故障台账：故障修复情况报告单的内容",
    )
    op.create_index(op.f("ix_fault_occurred_at"), "fault", ["occurred_at"], unique=False, schema=SCHEMA)
    op.create_table(
        "inspection",
        _text("number", "巡检报告单编号"),
        _text("system", "系统"),
        _text("name", "系统名称"),
        sa.Column("inspected_on", sa.Date(), nullable=False, comment="巡检日期"),
        sa.Column(
            "kinds",
            postgresql.JSONB(),
            nullable=False,
            comment="巡检类型：daily 日常、weekly 每周、holiday 节假日前、quarterly 季度",
        ),
        _time("inspected_at", "巡检时间"),
        _text("inspector", "巡检人"),
        _number("items", "检查项数"),
        _number("abnormal", "异常项数"),
        _number("unmeasured", "未检出项数"),
        _text("report", "报告单文件"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_inspection")),
        schema=SCHEMA,
        comment="巡检台账：每个系统每天一份，重检替换",
    )
    op.create_index(op.f("ix_inspection_inspected_on"), "inspection", ["inspected_on"], unique=False, schema=SCHEMA)
    op.create_table(
        "inspection_item",
        _text("number", "巡检报告单编号"),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False, comment="序号，从 1 起"),
        _text("check", "检查代码"),
        _text("part", "部位：连接、页面、磁盘等"),
        _text("target", "对象：表空间、作业等；空为整体"),
        _text("standard", "标准"),
        _text("measured", "实测"),
        _text("verdict", "结论：normal 正常、abnormal 异常、unmeasured 未检出"),
        _text("handling", "处理"),
        sa.ForeignKeyConstraint(
            ["number"], ["hedui.inspection.number"], name=op.f("fk_inspection_item_number"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", "position", name=op.f("pk_inspection_item")),
        schema=SCHEMA,
        comment="巡检项目：标准、实测、结论、处理",
    )
    op.create_table(
        "knowledge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="编号"),
        _text("title", "标题"),
        _text("body", "内容（不含个人信息）"),
        sa.Column("rules", postgresql.JSONB(), nullable=False, comment="关联规则编号"),
        sa.Column("cases", postgresql.JSONB(), nullable=False, comment="关联案件指纹"),
        _text("fault", "来自的故障", nullable=True),
        _text("author", "作者"),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="时间"),
        sa.Column("terms", postgresql.ARRAY(sa.Text()), nullable=False, comment="检索词：汉字二元组与单词，由标题和内容生成"),
        sa.ForeignKeyConstraint(["fault"], ["hedui.fault.number"], name=op.f("fk_knowledge_fault")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge")),
        schema=SCHEMA,
        comment="知识库：问题、原因、办法，关联规则、案件与故障",
    )
    op.create_index("ix_knowledge_terms", "knowledge", ["terms"], unique=False, schema=SCHEMA, postgresql_using="gin")
    op.create_table(
        "maintenance_task",
        _text("number", "任务编号"),
        _text("kind", "类别：routine 日常性、corrective 改正性、perfective 完善性"),
        sa.Column("code_change", sa.Boolean(), nullable=False, comment="是否代码修改"),
        _text("system", "系统"),
        _text("title", "任务内容（不含个人信息）"),
        _text("asked_by", "提出人"),
        _time("opened_at", "受理时间"),
        sa.Column("due_on", sa.Date(), nullable=False, comment="办结期限"),
        _text("assignee", "承办人"),
        _text("fault", "所属故障", nullable=True),
        _text("cause", "问题原因分析", server_default=""),
        _text("solution", "解决方案说明", server_default=""),
        _time("finished_at", "办结时间", nullable=True),
        _text("finished_by", "办结人", server_default=""),
        sa.CheckConstraint(
            "finished_at IS NULL OR (btrim(cause) <> '' AND btrim(solution) <> '')",
            name=op.f("ck_maintenance_task_cause_and_solution"),
        ),
        sa.CheckConstraint("kind IN ('routine', 'corrective', 'perfective')", name=op.f("ck_maintenance_task_kind")),
        sa.ForeignKeyConstraint(["fault"], ["hedui.fault.number"], name=op.f("fk_maintenance_task_fault")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_maintenance_task")),
        schema=SCHEMA,
        comment="维护任务处理单：办结须有问题原因分析和解决方案说明",
    )
    op.create_index(op.f("ix_maintenance_task_due_on"), "maintenance_task", ["due_on"], unique=False, schema=SCHEMA)
    op.add_column(
        "feed_alert",
        sa.Column("monitor", sa.Text(), server_default="feed", nullable=False, comment="监控：feed 接收监控、channel 渠道监控"),
        schema=SCHEMA,
    )
    op.create_table_comment(
        "feed_alert",
        "监控告警：同一对象只告警一次，恢复时再通知",
        existing_comment="接收监控告警：同一对象只告警一次，恢复时再通知",
        schema=SCHEMA,
    )


def downgrade() -> None:
    """Removes the tables."""
    op.drop_column("feed_alert", "monitor", schema=SCHEMA)
    for name in TABLES:
        op.drop_table(name, schema=SCHEMA)
