"""The catalogue of checks: what each is called, what is allowed, and what to do where it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hedui.inspection.model import Item, Verdict


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check.

    Attributes:
        code: Its code; of checks in a database also the name of the SQL file.
        label: 检查项.
        limit: Field of :class:`hedui.inspection.settings.Standards` with what is allowed.
        allowed: The standard in words, with ``{}`` for the limit.
        found: The measured value in words, with ``{}``.
        handling: What to do where it is not normal.
        least: Whether the limit is what must be exceeded rather than what may be reached.
        nothing: What stands there where nothing was found, for checks that list what is wrong; empty: a value has to be there.
    """

    code: str
    label: str
    limit: str
    allowed: str
    found: str
    handling: str
    least: bool = False
    nothing: str = ""

    def item(self, *, part: str, target: str, value: float | None, limit: float, note: str = "") -> Item:
        """The item of a measured value; None: there is no value where one has to be."""
        good = value is not None and (value > limit if self.least else value <= limit)
        verdict: Verdict = "normal" if good else "abnormal"
        measured = "无记录" if value is None else self.found.format(_plain(value))
        return Item(
            check=self.code,
            part=part,
            target=target,
            standard=self.allowed.format(_plain(limit)),
            measured=measured + note,
            verdict=verdict,
            handling="" if good else self.handling,
        )

    def none_found(self, *, part: str, limit: float) -> Item:
        """The item of a check that found nothing."""
        return Item(
            check=self.code,
            part=part,
            target="",
            standard=self.allowed.format(_plain(limit)),
            measured=self.nothing,
            verdict="normal",
        )

    def unmeasured(self, *, part: str, limit: float, why: str, target: str = "") -> Item:
        """The item where no value could be had."""
        return Item(
            check=self.code,
            part=part,
            target=target,
            standard=self.allowed.format(_plain(limit)),
            measured=why,
            verdict="unmeasured",
            handling="查明未能检测的原因后补检",
        )


def _plain(value: float) -> str:
    number = round(float(value), 1)
    return f"{int(number):,}" if number == int(number) else f"{number:,}"


def _check(code: str, label: str, limit: str, allowed: str, found: str, handling: str, **more: object) -> Check:
    return Check(code=code, label=label, limit=limit, allowed=allowed, found=found, handling=handling, **more)  # type: ignore[arg-type]


_ALL: Final = (
    _check("latency", "连通与响应", "latency_ms", "{} 毫秒内应答", "{} 毫秒", "检查网络、监听与数据库状态"),
    _check(
        "tablespaces",
        "表空间使用率",
        "tablespace_percent",
        "不超过 {}%",
        "{}%",
        "扩表空间或清理；PostgreSQL 事务号须执行 VACUUM FREEZE",
    ),
    _check("sessions", "会话数", "sessions_percent", "不超过上限的 {}%", "{}%", "查明会话来源，调整连接池或上限"),
    _check(
        "locks", "锁等待", "lock_seconds", "等待不超过 {} 秒", "等待 {} 秒", "查明持锁会话，与业务确认后处理", nothing="无锁等待"
    ),
    _check(
        "invalid_objects",
        "失效对象",
        "invalid_objects",
        "不多于 {} 个",
        "{} 个",
        "重新编译或重建，不能恢复的查明变更",
        nothing="无失效对象",
    ),
    _check(
        "failed_jobs",
        "失败作业",
        "failed_jobs",
        "一天内失败不多于 {} 次",
        "失败 {} 次",
        "查看作业日志，修复后补跑",
        nothing="无失败作业",
    ),
    _check("backup", "最近备份", "backup_hours", "{} 小时以内", "{} 小时前", "检查备份作业与介质，补做备份"),
    _check("disk", "磁盘使用率", "disk_percent", "不超过 {}%", "{}%", "清理或扩容"),
    _check(
        "logs",
        "日志清理",
        "log_days",
        "最早的日志不超过 {} 天",
        "最早 {} 天前",
        "按规定归档、清理",
        nothing="无日志文件",
    ),
    _check("page", "中间件健康", "url_ms", "{} 毫秒内正常应答", "{} 毫秒", "检查中间件，必要时重启并登记"),
    _check("certificate", "证书有效期", "certificate_days", "剩余超过 {} 天", "剩余 {} 天", "换发证书", least=True),
    _check("clock", "时间同步", "clock_seconds", "相差不超过 {} 秒", "相差 {} 秒", "检查 NTP"),
    _check(
        "backlog", "中间库积压", "backlog_rows", "超时未处理不多于 {} 条", "{} 条", "查明接收方停顿原因，催办", nothing="无积压"
    ),
    _check("receipts", "回执超时", "receipts_overdue", "不多于 {} 件", "{} 件", "向接收方催要回执"),
    _check("batches", "批次未到", "batches_missing", "不多于 {} 批", "{} 批", "联系报送单位补报"),
    _check(
        "airflow", "调度平台", "heartbeat_seconds", "各组件健康，心跳 {} 秒以内", "心跳 {} 秒前", "重启不健康的组件，查看其日志"
    ),
)
CHECKS: Final[dict[str, Check]] = {check.code: check for check in _ALL}
"""Checks by code, in the order of the report."""

Measure = Callable[[], list[Item]]
