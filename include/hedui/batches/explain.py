"""What is wrong with a batch and what puts it right, in Chinese sentences for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hedui.batches.events import EVENTS, events_of, latest
from hedui.context import Context
from hedui.errors import HeduiError
from hedui.rules import rule
from hedui.site.models import Source

CURES: Final = {
    "B01": "请发送方补齐包头，以原编号、SFCF=1 重发。",
    "B02": "请发送方核对记录数，以原编号、SFCF=1 重发。",
    "B03": "确需更正的请发送方以 SFCF=1 重发；误发的在批次处理清单中“确认”或“撤销”。",
    "B04": "核对差异（新增、删除、修改行数见事件详情）后，在批次处理清单中“确认”。",
    "B05": "请发送方核对明细与总额，以原编号、SFCF=1 重发。",
    "B06": "请发送方按约定命名文件，并与包头一致后重发。",
    "B07": "请发送方按约定的编码和格式重新生成并重发。",
    "B08": "请发送方按接口规范补齐字段后重发；规范已变更的，调整来源配置。",
    "B14": "现用版本未变。应以较早版本为准的，请发送方以新的生成时间重发。",
    "B16": "请核实发送权限；属于许可范围的，调整来源配置 batches.agencies 或 regions。",
}
"""What to do, by rule."""


def explain(context: Context, source: Source, batch: str) -> Iterator[str]:
    """Where a batch stands, every problem that it had, and the cure of those that are open.

    Raises:
        HeduiError: The source has no such batch.
    """
    life = events_of(context, source).get(batch)
    if life is None:
        raise HeduiError(f'Source {source.id} has no batch "{batch}"; `hedui batches list {source.id}` lists them.')
    [last] = latest([life])
    yield f"{source.name} 批次 {batch}：{EVENTS[last.event]}（{last.date.isoformat()}），归属业务日期 {last.belongs.isoformat()}。"
    for event in life:
        counts = [f"{label} {event.detail[name]} 行" for name, label in CHANGES.items() if name in event.detail]
        if counts:
            yield f"{event.date.isoformat()} 与上一版本相比：{'，'.join(counts)}。"
        for problem in event.detail.get("problems", []):
            value = f"（{problem['value']}）" if problem["value"] else ""
            yield f"{event.date.isoformat()} {problem['rule']} {rule(problem['rule']).name}：{problem['reason']}{value}"
            yield f"  处理：{CURES.get(problem['rule'], '请与发送方核实。')}"


CHANGES: Final = {"added": "新增", "removed": "删除", "changed": "修改"}
"""Figures of a resend with their Chinese names."""
