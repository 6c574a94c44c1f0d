"""The upload to PADIS: versions of records, batches with their files, an append-only log, receipts, closed months."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hedui.ledger.models import SCHEMA

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

RECORD_VIEW = """
CREATE VIEW hedui.padis_record_view AS
SELECT r.id, r.key, r.sender, r.kind, r.business_key, r.version, r.intent, r.action, r.event_date, r.period, r.region, r.batch_id,
       r.line, r.wire_digest, r.problems, r.collected_on,
       CASE WHEN r.state <> 'PACKED' THEN r.state
            WHEN b.state IN ('PACKED', 'PARKED') THEN 'PACKED'
            WHEN b.state = 'SENDING' THEN 'UNKNOWN'
            ELSE b.state END AS state,
       CASE WHEN r.state = 'PACKED' THEN greatest(r.state_at, b.state_at) ELSE r.state_at END AS state_at
FROM hedui.padis_record AS r LEFT JOIN hedui.padis_batch AS b ON b.id = r.batch_id
"""

STEPS = """
CREATE FUNCTION hedui.padis_record_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.state || '>' || NEW.state) NOT IN (
    'READY>VALIDATED', 'READY>FIXING', 'READY>SUPERSEDED',
    'VALIDATED>PACKED', 'VALIDATED>FIXING', 'VALIDATED>READY', 'VALIDATED>SUPERSEDED',
    'PACKED>ACCEPTED', 'PACKED>REJECTED', 'PACKED>VALIDATED',
    'REJECTED>FIXING', 'REJECTED>SUPERSEDED', 'FIXING>READY', 'FIXING>SUPERSEDED',
    'ACCEPTED>WITHDRAWN', 'ACCEPTED>SUPERSEDED') THEN
    RAISE EXCEPTION 'padis_record %: % does not follow %', OLD.id, NEW.state, OLD.state;
  END IF;
  RETURN NEW;
END $$
"""

APPEND_ONLY = """
CREATE FUNCTION hedui.padis_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'hedui.padis_event is append-only';
END $$
"""


def _text(name: str, comment: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, comment=comment)


def _number(name: str, comment: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable, comment=comment)


def _time(name: str, comment: str, *, nullable: bool = False, now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable, comment=comment)


def _identity() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="编号")


def upgrade() -> None:
    """Creates the tables, the view, and what keeps states and the log honest."""
    _records()
    _batches()
    _receipts()
    op.create_table(
        "padis_period",
        _text("sender", "上报区划"),
        _text("kind", "类别"),
        _text("period", "月份 YYYYMM"),
        _time("closed_at", "月结时间"),
        _text("closed_by", "月结人"),
        sa.Column("facts", postgresql.JSONB(), nullable=False, comment="月结数字"),
        sa.PrimaryKeyConstraint("sender", "kind", "period", name=op.f("pk_padis_period")),
        schema=SCHEMA,
        comment="上报月结",
    )
    op.execute(RECORD_VIEW)
    op.execute("COMMENT ON VIEW hedui.padis_record_view IS '上报记录现状：打包后的状态由批次推导'")
    op.execute(STEPS)
    op.execute(
        "CREATE TRIGGER padis_record_step BEFORE UPDATE OF state ON hedui.padis_record FOR EACH ROW "
        "WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION hedui.padis_record_step()"
    )
    op.execute(APPEND_ONLY)
    op.execute(
        "CREATE TRIGGER padis_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hedui.padis_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION hedui.padis_event_is_append_only()"
    )


def _records() -> None:
    op.create_table(
        "padis_record",
        _identity(),
        _text("key", "幂等键：上报区划、类别、业务主键、版本的 SHA-256"),
        _text("sender", "上报区划"),
        _text("kind", "类别：birth 出生、registration 生育登记"),
        _text("business_key", "业务主键：出生医学证明编号或登记表号（个人信息）"),
        _number("version", "版本号，从1起"),
        _text("intent", "意图：report 上报、withdraw 撤销"),
        sa.Column("event_date", sa.Date(), nullable=True, comment="事件日期"),
        _text("period", "所属月份 YYYYMM；事件日期为空时为空串"),
        _text("region", "行政区划（数据中的代码）"),
        sa.Column("content", postgresql.JSONB(), nullable=False, comment="规范字段（个人信息）"),
        _text("content_digest", "内容摘要（SHA-256）"),
        _text("reason", "变更或撤销原因"),
        _text("state", "状态：READY、VALIDATED、PACKED、ACCEPTED、REJECTED、FIXING、WITHDRAWN、SUPERSEDED"),
        _time("state_at", "状态时间", now=True),
        _text("action", "报告类型：new 新增、change 变更、withdraw 撤销；打包时定", nullable=True),
        _text("batch_id", "批次；最近一次打包", nullable=True),
        _number("line", "在文件中的行号，从1起", nullable=True),
        _text("wire_digest", "上报字段值摘要（SHA-256）", nullable=True),
        sa.Column("problems", postgresql.JSONB(), nullable=False, comment="校验问题或拒收原因（不含值）"),
        sa.Column("collected_on", sa.Date(), nullable=False, comment="采集业务日期"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_padis_record")),
        sa.UniqueConstraint("key", name=op.f("uq_padis_record_key")),
        sa.UniqueConstraint(
            *("sender", "kind", "business_key", "version"), name=op.f("uq_padis_record_sender_kind_business_key_version")
        ),
        schema=SCHEMA,
        comment="上报记录：每条业务记录的每个版本一行；打包后的状态随批次，见 padis_record_view",
    )
    op.create_index(op.f("ix_padis_record_kind_state_period_id"), "padis_record", ["kind", "state", "period", "id"], schema=SCHEMA)
    op.create_index(op.f("ix_padis_record_batch_id_line"), "padis_record", ["batch_id", "line"], schema=SCHEMA)


def _batches() -> None:
    op.create_table(
        "padis_batch",
        _text("id", "批次号"),
        _text("sender", "上报区划"),
        _text("kind", "类别"),
        _text("period", "所属月份 YYYYMM"),
        _number("seq", "当月序号，从1起"),
        _text("region", "文件所属区划"),
        _text("purpose", "用途：records 记录、zero 零报告"),
        _text("profile", "配置名"),
        _number("rows", "记录数"),
        _text("name", "文件名"),
        _number("bytes", "文件字节数"),
        _text("sha256", "文件摘要 SHA-256"),
        _text("sm3", "文件摘要 SM3"),
        _text("state", "状态：PACKED、SENDING、SENT、UNKNOWN、QUERY、PARKED、ACCEPTED、PARTIAL、REJECTED"),
        _time("state_at", "状态时间"),
        _number("tries", "发送次数"),
        _number("asks", "自上次发送后的查询次数"),
        _time("next_at", "下一步不早于；空为随时", nullable=True),
        _time("created_at", "打包时间"),
        _text("created_by", "打包人"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_padis_batch")),
        sa.UniqueConstraint("sender", "kind", "period", "seq", name=op.f("uq_padis_batch_sender_kind_period_seq")),
        schema=SCHEMA,
        comment="上报批次：每个文件一行",
    )
    op.create_index(op.f("ix_padis_batch_state"), "padis_batch", ["state"], schema=SCHEMA)
    op.create_table(
        "padis_parcel",
        _text("batch_id", "批次"),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="文件内容"),
        sa.Column("facts", postgresql.JSONB(), nullable=False, comment="模板取值、附属文件、列名"),
        sa.ForeignKeyConstraint(["batch_id"], ["hedui.padis_batch.id"], name=op.f("fk_padis_parcel_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_padis_parcel")),
        schema=SCHEMA,
        comment="上报文件：逐字节保存，重发即此（个人信息）",
    )
    op.create_table(
        "padis_event",
        _identity(),
        _text("batch_id", "批次"),
        _time("at", "时间"),
        _text("operator", "操作人或任务"),
        _text("event", "动作"),
        _text("state", "动作后的批次状态"),
        _text("sha256", "所发文件摘要 SHA-256"),
        sa.Column("detail", postgresql.JSONB(), nullable=False, comment="详情（不含个人信息）"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_padis_event")),
        schema=SCHEMA,
        comment="上报台账：打包、发送、查询、回执等每次动作，只能追加",
    )
    op.create_index(op.f("ix_padis_event_batch_id_id"), "padis_event", ["batch_id", "id"], schema=SCHEMA)


def _receipts() -> None:
    op.create_table(
        "padis_receipt",
        _identity(),
        _text("batch_id", "所答批次；随文件收到的由内容判定", nullable=True),
        _text("way", "途径：answer 即时应答、query 查询、file 文件、form 人工录入"),
        _text("name", "文件名"),
        _time("received_at", "收到时间"),
        _text("operator", "操作人或任务"),
        _text("sha256", "内容摘要 SHA-256"),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="回执内容（可能含个人信息）"),
        _time("applied_at", "处理时间；空为未处理", nullable=True),
        _text("outcome", "处理结果：applied、duplicate、unreadable、stray、conflict", nullable=True),
        _text("note", "说明（不含个人信息）", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_padis_receipt")),
        schema=SCHEMA,
        comment="上报回执原件：先入账后改状态；重复收到的也留痕",
    )
    op.create_index(op.f("ix_padis_receipt_sha256"), "padis_receipt", ["sha256"], schema=SCHEMA)
    op.create_index(
        op.f("ix_padis_receipt_applied_at"), "padis_receipt", ["applied_at"], schema=SCHEMA,
        postgresql_where=sa.text("applied_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "padis_receipt_line",
        _number("receipt_id", "回执"),
        _number("number", "序号，从1起"),
        _text("batch_id", "批次"),
        _number("record_id", "记录；空为无此记录", nullable=True),
        _number("line", "行号", nullable=True),
        _text("status", "结果：accepted、rejected、pending、duplicate"),
        _text("code", "代码"),
        _text("reason", "原因（已脱敏）"),
        sa.ForeignKeyConstraint(["receipt_id"], ["hedui.padis_receipt.id"], name=op.f("fk_padis_receipt_line_receipt_id")),
        sa.PrimaryKeyConstraint("receipt_id", "number", name=op.f("pk_padis_receipt_line")),
        schema=SCHEMA,
        comment="回执明细：逐条结果与原因",
    )
    op.create_index(op.f("ix_padis_receipt_line_record_id"), "padis_receipt_line", ["record_id"], schema=SCHEMA)


def downgrade() -> None:
    """Removes the tables."""
    op.execute("DROP VIEW hedui.padis_record_view")
    for name in ("receipt_line", "receipt", "event", "parcel", "period", "batch", "record"):
        op.drop_table(f"padis_{name}", schema=SCHEMA)
    op.execute("DROP FUNCTION hedui.padis_record_step")
    op.execute("DROP FUNCTION hedui.padis_event_is_append_only")
