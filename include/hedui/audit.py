"""The audit chain: who decided or did what, and proof that nothing was changed, removed or slipped in afterwards.

Each entry's digest covers the entry and the digest before it. Whoever keeps one digest (a printed report, another machine) can prove the
chain up to it; without one kept elsewhere, somebody who owns the database could write the whole chain anew.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select, text

from hedui.errors import LedgerError
from hedui.ledger.database import begin, session
from hedui.ledger.models import AuditEntry

LOCK_AUDIT: Final = 0x6865647503
"""Advisory lock: one entry at a time, so that each knows the one before it."""
ORIGIN: Final = "0" * 64
"""What stands for the digest before the first entry."""

ACTIONS: Final[dict[str, str]] = {
    "exemption.add": "登记豁免",
    "exemption.withdraw": "撤销豁免",
    "bundle.propose": "提出处理方案",
    "bundle.advance": "处理方案状态变更",
    "bundle.release": "处理方案退出案件",
    "bundle.verify": "处理方案复读验证",
    "bundle.refused_decision": "不予采信的审批决定",
    "bundle.dispatch": "上报处理方案",
    "bundle.receipt": "登记处理方案回执",
    "case.decide": "案件人工判定",
    "regions.approve": "批准区划迁移",
    "regions.reject": "驳回区划迁移",
    "regions.decide": "区划人工判定",
    "regions.migrate": "执行区划迁移",
    "regions.rollback": "回退区划迁移",
    "regions.report": "出具区划迁移核验报告",
    "padis.receipt": "录入上报回执",
    "padis.resubmit": "重新上报被拒记录",
    "padis.release": "放行挂起批次",
    "padis.close": "上报月结",
    "statistics.begin": "着手分发统计报表",
    "statistics.send": "分发统计报表",
    "statistics.fail": "统计报表未能送出",
    "statistics.expire": "清理到期统计报表",
    "inspection.record": "登记巡检",
    "inspection.delete_logs": "按规定清理日志",
    "fault.open": "登记故障",
    "fault.update": "故障处理",
    "fault.close": "确认故障修复",
    "task.open": "登记维护任务",
    "task.finish": "办结维护任务",
    "knowledge.add": "登记知识",
    "padis.table": "出具出生月报表",
    "assist.open": "登记协查或通报",
    "assist.send": "发出协查、通报或反馈",
    "assist.pair": "协查配对",
    "assist.answer": "协查反馈",
    "assist.close": "办结协查或通报",
    "push.write": "备妥对外推送文件",
    "push.send": "对外推送数据",
    "push.receipt": "登记推送回执",
}
"""Actions by code, with what users read."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the chain proves.

    Attributes:
        entries: Entries that were read.
        head: Digest of the last one; :data:`ORIGIN` where there is none.
        broken: Number of the first entry that does not fit, None where all do.
        reason: What does not fit.
    """

    entries: int
    head: str
    broken: int | None = None
    reason: str = ""


def append(connection: Connection, *, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> str:
    """Adds an entry in the caller's transaction: the deed and its record stand or fall together.

    Args:
        connection: A transaction on the ledger; other appends wait until it ends.
        actor: Who.
        action: A key of :data:`ACTIONS`.
        subject: What it was done to, without personal data.
        details: What was done: text, numbers, booleans, null, lists and objects of them; no personal data.

    Returns:
        The entry's digest.

    Raises:
        LedgerError: The actor is missing, or there is no such action.
    """
    if not actor.strip():
        raise LedgerError("An entry of the audit chain needs an actor; it is empty.")
    if action not in ACTIONS:
        raise LedgerError(f'The audit chain knows no action "{action}"; known are {", ".join(ACTIONS)}.')
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK_AUDIT})
    last = connection.execute(
        select(AuditEntry.number, AuditEntry.digest).order_by(AuditEntry.number.desc()).limit(1)
    ).one_or_none()
    entry: dict[str, Any] = {
        "number": last.number + 1 if last else 1,
        "at": dt.datetime.now(dt.UTC),
        "actor": actor.strip(),
        "action": action,
        "subject": subject,
        "details": dict(details),
        "previous": last.digest if last else ORIGIN,
    }
    entry["digest"] = digest_of(entry)
    connection.execute(insert(AuditEntry).values(entry))
    return str(entry["digest"])


def digest_of(entry: Mapping[str, Any]) -> str:
    """SHA-256 over an entry without its own digest: canonical JSON, times in UTC with microseconds."""
    content = {name: entry[name] for name in ("number", "actor", "action", "subject", "details", "previous")}
    content["at"] = entry["at"].astimezone(dt.UTC).isoformat(timespec="microseconds")
    text_form = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text_form.encode()).hexdigest()


def verify(ledger_url: str, *, known: str | None = None) -> Verdict:
    """Reads the whole chain and says whether every entry fits.

    Args:
        ledger_url: The ledger.
        known: A digest that was kept elsewhere; the chain must have it.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    head, count, met = ORIGIN, 0, known is None
    with begin(ledger_url) as connection:
        query = select(*AuditEntry.__table__.columns).order_by(AuditEntry.number)
        for row in connection.execution_options(yield_per=1000).execute(query).mappings():
            reason = _misfit(dict(row), number=count + 1, previous=head)
            if reason:
                return Verdict(entries=count, head=head, broken=count + 1, reason=reason)
            head, count = row["digest"], count + 1
            met = met or head == known
    if not met:
        return Verdict(entries=count, head=head, broken=count + 1, reason="链中没有给定的摘要：其后的记录被删除，或整链被重写")
    return Verdict(entries=count, head=head)


def _misfit(row: Mapping[str, Any], *, number: int, previous: str) -> str:
    if row["number"] != number:
        return f"缺少第 {number} 条"
    if row["previous"] != previous:
        return "与上一条不相扣"
    return "" if digest_of(row) == row["digest"] else "内容与摘要不符"


def entries(ledger_url: str, *, since: dt.datetime | None = None, actions: Sequence[str] = ()) -> list[AuditEntry]:
    """Entries in order: all of them, or those from a time on and of some actions."""
    query = select(AuditEntry).order_by(AuditEntry.number)
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    if actions:
        query = query.where(AuditEntry.action.in_(actions))
    with session(ledger_url) as orm:
        return list(orm.scalars(query))
