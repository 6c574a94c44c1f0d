"""A bundle's whole story from the ledger: what, why, who did what when, what became of its cases. Without personal data."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from hedui.context import Context
from hedui.corrections.ledger import Bundle, Event, bundle_of, cases_of
from hedui.corrections.site import target_of
from hedui.corrections.states import ACT_LABELS, CASE_STATE_LABELS, STATE_LABELS, CaseState
from hedui.ledger import corrections_models as models
from hedui.ledger.database import begin
from hedui.rules import rules

ListedTable = tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]


@dataclass(frozen=True, kw_only=True)
class CaseLine:
    """Cases of a bundle that are alike: rule, basis, state and reason, and how many."""

    rule: str
    basis: str
    decided_by: str
    state: CaseState
    reason: str
    cases: int


@dataclass(frozen=True, kw_only=True)
class Story:
    """What there is to tell.

    Attributes:
        bundle: The bundle with its events.
        system: Chinese name of the target.
        zone: The site's time zone.
        cases: Its cases, those alike together.
        effects: New findings that it brought about: rule, first seen, how many.
        rounds: The bundles of the same cases, from the first round on.
    """

    bundle: Bundle
    system: str
    zone: ZoneInfo
    cases: tuple[CaseLine, ...]
    effects: tuple[tuple[str, dt.date, int], ...]
    rounds: tuple[Bundle, ...]

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Names and values."""
        bundle, figures = self.bundle, self.bundle.figures
        return (
            ("方案编号", bundle.id),
            ("轮次", f"第 {bundle.round} 轮" + (f"，上一轮 {bundle.parent}" if bundle.parent else "")),
            ("被修改系统", f"{self.system}（{'本级执行' if bundle.mode == 'execute' else '上报执行'}）"),
            ("状态", bundle.label + (f"：{bundle.note}" if bundle.note else "")),
            ("处置决定", bundle.decision_label + ("（关键字段，逐人办理）" if bundle.key_field else "")),
            ("依据的业务日期", f"{bundle.business_date:%Y-%m-%d}"),
            ("规则", "、".join(f"{name} {rules()[name].name}" for name in bundle.rules)),
            ("案件、行、人", f"{figures['cases']}、{figures['rows']}、{figures['people']}"),
            ("修改前后金额（元）", f"{figures['before_fen'] / 100:,.2f} → {figures['after_fen'] / 100:,.2f}"),
            ("涉及金额（元）", f"{figures['moved_fen'] / 100:,.2f}"),
            ("申请人", bundle.proposer),
            ("冻结摘要（SHA-256）", bundle.digest or "尚未冻结"),
            ("文件目录", bundle.folder or ""),
        )

    @property
    def tables(self) -> tuple[ListedTable, ...]:
        """Title, headings and rows of each table."""
        return (
            ("经过", ("时间", "操作人", "行为", "状态", "说明"), tuple(self._event(event) for event in self.bundle.events)),
            (
                "案件",
                ("规则", "依据", "判定人", "状态", "再打开理由", "案件数"),
                tuple(
                    (
                        line.rule,
                        line.basis,
                        line.decided_by or "权威矩阵",
                        CASE_STATE_LABELS[line.state],
                        line.reason,
                        str(line.cases),
                    )
                    for line in self.cases
                ),
            ),
            (
                "引起的新差异",
                ("规则", "首次出现", "案件数"),
                tuple((rule, f"{day}", str(count)) for rule, day, count in self.effects),
            ),
            ("各轮次", ("方案编号", "轮次", "状态"), tuple((each.id, str(each.round), each.label) for each in self.rounds)),
        )

    def _event(self, event: Event) -> tuple[str, ...]:
        at = f"{event.at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"
        return at, event.actor, ACT_LABELS[event.act] if event.act else "", STATE_LABELS[event.to_state], event.note

    def to_json(self) -> Mapping[str, Any]:
        """The same as JSON."""
        return {
            "facts": dict(self.facts),
            **{title: [dict(zip(columns, row, strict=True)) for row in rows] for title, columns, rows in self.tables},
        }


def story(context: Context, bundle_id: str) -> Story:
    """Reads a bundle's story.

    Raises:
        LedgerError: The ledger has no such bundle.
    """
    effect = models.BundleEffect
    with begin(context.ledger_url) as connection:
        bundle = bundle_of(connection, bundle_id)
        cases = Counter(
            (row.rule, row.basis, row.decided_by, CaseState(row.state), row.reason)
            for row in cases_of(connection, bundle_id).values()
        )
        effects = connection.execute(select(effect.rule, effect.seen_on).where(effect.bundle_id == bundle_id)).all()
        rounds = [bundle_of(connection, each) for each in _rounds(connection, bundle_id)]
    return Story(
        bundle=bundle,
        system=target_of(context, bundle.target).name,
        zone=ZoneInfo(context.site.timezone),
        cases=tuple(
            CaseLine(rule=rule, basis=basis, decided_by=by, state=state, reason=reason, cases=count)
            for (rule, basis, by, state, reason), count in sorted(cases.items())
        ),
        effects=tuple(
            (rule, day, count) for (rule, day), count in sorted(Counter((row.rule, row.seen_on) for row in effects).items())
        ),
        rounds=tuple(rounds),
    )


def _rounds(connection: Any, bundle_id: str) -> list[str]:
    """The bundle's ancestors, itself and its descendants, by round."""
    bundle = models.Bundle
    first = bundle_id
    while (parent := connection.execute(select(bundle.parent).where(bundle.id == first)).scalar_one()) is not None:
        first = parent
    found, open_ends = [first], [first]
    while open_ends:
        children = connection.execute(select(bundle.id).where(bundle.parent.in_(open_ends)).order_by(bundle.id)).scalars().all()
        open_ends = [child for child in children if child not in found]
        found += open_ends
    return found
