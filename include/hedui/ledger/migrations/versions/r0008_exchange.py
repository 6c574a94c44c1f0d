"""PADIS: deliveries taken and monthly tables; requests for help (协查, 通报); outbound pushes with receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hedui.ledger.models import SCHEMA

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("push_receipt", "push", "assist_reminder", "assist_event", "assist", "padis_monthly", "padis_collection")

APPEND_ONLY = """
CREATE FUNCTION hedui.assist_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'hedui.assist_event is append-only';
END $$
"""


def _text(name: str, comment: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, comment=comment)


def _number(name: str, comment: str, **more: bool) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, comment=comment, **more)  # type: ignore[arg-type]


def _date(name: str, comment: str) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=False, comment=comment)


def _time(name: str, comment: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, comment=comment)


def _json(name: str, comment: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), nullable=False, comment=comment)


def _identity() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="编号")


def upgrade() -> None:
    """Creates the tables."""
    _padis()
    _assist()
    _pushes()


def _padis() -> None:
    op.create_table(
        "padis_collection",
        _text("sender", "上报区划"),
        _text("kind", "类别"),
        _text("source", "来源"),
        _date("business_date", "业务日期"),
        _time("taken_at", "采集时间"),
        _json("facts", "采集数字"),
        sa.PrimaryKeyConstraint("sender", "kind", "source", "business_date", name=op.f("pk_padis_collection")),
        schema=SCHEMA,
        comment="上报采集：每个来源每个业务日期一行；旧日期补采只取未知记录",
    )
    op.create_table(
        "padis_monthly",
        _text("sender", "上报区划"),
        _text("region", "监测点区划"),
        _text("period", "月份 YYYYMM"),
        _number("revision", "第几次出具，从1起", autoincrement=False),
        _text("state", "结论：issued 已出具、refused 不予出具"),
        _number("details", "明细出生数"),
        _number("acknowledged", "已接收出生数"),
        _json("cells", "各格：区划、性别、出生地点类别、孩次、明细数、已接收数"),
        _text("digest", "各格摘要（SHA-256）"),
        _time("made_at", "出具时间"),
        _text("made_by", "出具人或任务"),
        sa.PrimaryKeyConstraint("sender", "region", "period", "revision", name=op.f("pk_padis_monthly")),
        schema=SCHEMA,
        comment="出生月报表：逐次出具的合计及与明细、回执的核对",
    )


def _assist() -> None:
    op.create_table(
        "assist",
        _identity(),
        _text("number", "协查号或通报号，由发起方编定"),
        _text("direction", "方向：out 发出、in 收到"),
        _text("form", "形式：request 协查、notice 通报"),
        _text("topic", "事项代码，见 assist.yaml"),
        _text("sender", "发送地区划"),
        _text("receiver", "接收地区划"),
        _json("subject", "协查对象：姓名、证件等（个人信息）"),
        _text("content", "协查或通报内容（可能含个人信息）"),
        _date("opened_on", "发出或收到日期"),
        _date("due", "反馈期限"),
        _text("state", "状态：DRAFT、SENT、RECEIVED、PAIRED、UNPAIRED、ANSWERED、CLOSED、READ、CANCELLED"),
        _time("state_at", "状态时间"),
        _json("pairing", "配对结果：one、none、several 及来源；不含身份信息"),
        _json("answer", "反馈：结果、说明、日期"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assist")),
        sa.UniqueConstraint("direction", "number", name=op.f("uq_assist_direction_number")),
        schema=SCHEMA,
        comment="协查与通报台账：发出和收到的各一行",
    )
    op.create_index(op.f("ix_assist_state_due"), "assist", ["state", "due"], schema=SCHEMA)
    op.create_table(
        "assist_event",
        _identity(),
        _number("assist_id", "协查"),
        _time("at", "时间"),
        _text("operator", "操作人或任务"),
        _text("event", "动作"),
        _text("state", "动作后的状态"),
        _json("detail", "详情（不含个人信息）"),
        sa.ForeignKeyConstraint(["assist_id"], ["hedui.assist.id"], name=op.f("fk_assist_event_assist_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assist_event")),
        schema=SCHEMA,
        comment="协查日志：登记、发出、配对、反馈、催办等，只能追加",
    )
    op.create_index(op.f("ix_assist_event_assist_id_id"), "assist_event", ["assist_id", "id"], schema=SCHEMA)
    op.execute(APPEND_ONLY)
    op.execute(
        "CREATE TRIGGER assist_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hedui.assist_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION hedui.assist_event_is_append_only()"
    )
    op.create_table(
        "assist_reminder",
        _number("assist_id", "协查", autoincrement=False),
        _date("day", "日期"),
        sa.ForeignKeyConstraint(["assist_id"], ["hedui.assist.id"], name=op.f("fk_assist_reminder_assist_id")),
        sa.PrimaryKeyConstraint("assist_id", "day", name=op.f("pk_assist_reminder")),
        schema=SCHEMA,
        comment="协查催办：每件每天至多一次",
    )


def _pushes() -> None:
    op.create_table(
        "push",
        _text("id", "推送批次号"),
        _text("push", "推送项目，见 pushes.yaml"),
        _text("receiver", "接收单位"),
        _date("business_date", "数据的业务日期"),
        _text("region", "区划；统计表为空串"),
        _number("revision", "第几次，从1起；内容有变才有下一次"),
        _number("rows", "行数"),
        _number("suppressed", "隐去的小数格数"),
        _json("columns", "送出的列"),
        _json("masks", "各列的脱敏方式"),
        _text("name", "文件名"),
        _number("bytes", "文件字节数"),
        _text("sha256", "文件摘要 SHA-256"),
        _text("sm3", "文件摘要 SM3"),
        _text("state", "状态：WRITTEN 已生成、SENT 已送出、ACCEPTED 已确认、REFUSED 被退回、DIFFERS 回执不符"),
        _time("state_at", "状态时间"),
        _time("made_at", "生成时间"),
        _text("made_by", "生成人或任务"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push")),
        sa.UniqueConstraint("push", "business_date", "region", "revision", name=op.f("uq_push_push_business_date_region_revision")),
        schema=SCHEMA,
        comment="对外推送台账：何时向谁送出哪些列、多少行，及其回执",
    )
    op.create_index(op.f("ix_push_state"), "push", ["state"], schema=SCHEMA)
    op.create_table(
        "push_receipt",
        _identity(),
        _text("push_id", "所答推送批次；空为无此批次", nullable=True),
        _text("name", "文件名"),
        _time("received_at", "收到时间"),
        _text("sha256", "内容摘要 SHA-256"),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="回执内容"),
        _text("outcome", "处理结果：accepted、refused、differs、stray、unreadable、duplicate"),
        _text("note", "说明（不含个人信息）"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_receipt")),
        sa.UniqueConstraint("name", "sha256", name=op.f("uq_push_receipt_name_sha256")),
        schema=SCHEMA,
        comment="对外推送回执原件：先入账后改状态",
    )


def downgrade() -> None:
    """Removes the tables."""
    for name in TABLES:
        op.drop_table(name, schema=SCHEMA)
    op.execute("DROP FUNCTION hedui.assist_event_is_append_only")
