"""``hedui doctor``: is everything there that a night needs?"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from hedui.context import Context, context_from_environment
from hedui.errors import HeduiError

FREE_DISK_BYTES = 2 * 1024**3
CONNECT_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Examination:
    """One thing that was looked at.

    Attributes:
        subject: What, in Chinese.
        ok: Whether it is as it should be.
        measured: What was found.
        cure: What to do where it is not.
    """

    subject: str
    ok: bool
    measured: str
    cure: str = ""


def examine() -> list[Examination]:
    """Looks at versions, settings, disk, calendar, connections and the ledger; never raises for what it finds."""
    found = [_python(), *_packages()]
    try:
        context = context_from_environment()
    except HeduiError as error:
        return [*found, Examination(subject="环境变量与站点配置", ok=False, measured=str(error), cure="见 docs/operations.md")]
    found.append(Examination(subject="站点配置", ok=True, measured=context.site.name))
    found += [_disk("数据湖磁盘", context.lake.root), _disk("报表磁盘", str(context.reports)), _calendar(context)]
    found += _connections(context)
    found.append(_guard("台账库", lambda: _ledger(context), cure="运行 hedui ledger upgrade，或检查连接 hedui_ledger"))
    return found


def _python() -> Examination:
    version = ".".join(map(str, sys.version_info[:3]))
    return Examination(subject="Python", ok=sys.version_info >= (3, 11), measured=version, cure="需要 Python 3.11 以上")


def _packages() -> Iterator[Examination]:
    for name in ("duckdb", "great-expectations", "SQLAlchemy", "pyarrow", "openpyxl", "oracledb"):
        try:
            yield Examination(subject=name, ok=True, measured=importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Examination(subject=name, ok=False, measured="未安装", cure="pip install -r requirements.txt")


def _disk(subject: str, path: str) -> Examination:
    if "://" in path:
        return Examination(subject=subject, ok=True, measured=f"对象存储 {path.split('://')[0]}")
    folder = Path(path).resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    writable = os.access(folder, os.W_OK)
    measured = f"可用 {free / 1024**3:.1f} GB" + ("" if writable else "，不可写")
    return Examination(
        subject=subject,
        ok=writable and free >= FREE_DISK_BYTES,
        measured=measured,
        cure=f"{folder} 至少需要 {FREE_DISK_BYTES // 1024**3} GB 可用空间并可写",
    )


def _calendar(context: Context) -> Examination:
    last = dt.date.today() + dt.timedelta(days=31)

    def look() -> str:
        context.workdays.is_workday(last)
        return f"已知至 {last}"

    return _guard("工作日历", look, cure="升级 chinesecalendar，或在 site.yaml 的 calendar 中补充")


def _connections(context: Context) -> Iterator[Examination]:
    for source in context.site.sources:
        if source.reader.type == "sql":
            name = source.reader.connection
            yield _guard(f"连接 {name}（{source.name}）", lambda name=name: _connect(context, name), cure="检查地址、口令与网络")  # type: ignore[misc]


def _connect(context: Context, name: str) -> str:
    engine = sa.create_engine(context.connection(name))
    try:
        with engine.connect() as connection:
            return f"{engine.dialect.name} {'.'.join(map(str, connection.dialect.server_version_info or ()))}"
    finally:
        engine.dispose()


def _ledger(context: Context) -> str:
    from hedui.ledger.schema import check

    check(context.ledger_url)
    return "版本一致"


def _guard(subject: str, look: Callable[[], str], *, cure: str) -> Examination:
    try:
        return Examination(subject=subject, ok=True, measured=look())
    except (HeduiError, sa.exc.SQLAlchemyError, OSError) as error:
        # The first line only: drivers put addresses and statements below it.
        return Examination(subject=subject, ok=False, measured=str(error).splitlines()[0][:200], cure=cure)
