"""Every rule of the catalogue and where it is judged: as a check, by the site's comparisons and their linkage, elsewhere, or not."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from hedui import demo
from hedui.checks.entries import registry
from hedui.checks.registry import ShippedRule, shipped_rules
from hedui.compare import flow_plan, snapshot
from hedui.findings import SEVERITIES
from hedui.rules import rule, rules
from hedui.site import Site
from hedui.site.models import Comparison

By = Literal["check", "comparison", "linkage", "batches", "ledger", "regions", "none"]
BY: Final[dict[By, str]] = {
    "check": "规则检查",
    "comparison": "比对",
    "linkage": "关联",
    "batches": "批次",
    "ledger": "台账",
    "regions": "区划迁移",
    "none": "未实现",
}
"""Where a rule is judged, in Chinese."""

RUN: Final[dict[By, str]] = {
    "check": "hedui check -d 业务日期",
    "comparison": "hedui compare -d 业务日期",
    "linkage": "hedui link -d 业务日期",
    "batches": "hedui extract -d 业务日期；再用 hedui batches list、explain 查看",
    "ledger": "hedui run -d 业务日期（每夜各步骤依台账判定）",
    "regions": "hedui regions plan（预检与演练）、migrate（迁移与核验）",
}
"""The commands that judge a rule."""

BATCH_GROUP: Final = "B"
"""The catalogue's group that batches judge, whole; the checks among them judge the same between tables."""

UNUSED: Final = "本站点没有比对使用该规则。"
DEMO: Final = Path(demo.__file__).parent


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a rule is judged.

    Attributes:
        by: The part of Hedui that judges it; ``none`` where nothing does.
        scopes: Datasets of a check, ids of comparisons; empty elsewhere.
        how: What it is judged by, or why it is not judged; empty where the scopes say it.
    """

    by: By
    scopes: tuple[str, ...] = ()
    how: str = ""

    @property
    def text(self) -> str:
        """The place in one line, for users."""
        return f"{BY[self.by]}：{', '.join(self.scopes) or self.how}" if self.scopes or self.how else BY[self.by]


def places(site: Site) -> dict[str, tuple[Place, ...]]:
    """Where each rule of the catalogue is judged in a site, by rule id in the catalogue's order; every rule has a place."""
    found: dict[str, list[Place]] = defaultdict(list)
    for item in shipped_rules():
        found[item.rule].append(Place(by="check", scopes=item.datasets))
    for by, scopes in _compared(site).items():
        for name, ids in scopes.items():
            found[name].append(Place(by=by, scopes=tuple(ids)))
    for name in rules():
        if name.startswith(BATCH_GROUP):
            found[name].append(Place(by="batches"))
    for name, said in registry().elsewhere.items():
        found[name].append(Place(by=said.by, how=said.how))
    reasons = registry().not_judged
    return {name: tuple(found[name]) or (Place(by="none", how=reasons.get(name, UNUSED)),) for name in rules()}


def _compared(site: Site) -> dict[By, dict[str, list[str]]]:
    """Rules of comparisons and of their linkage, each with the comparisons' ids."""
    compared: dict[str, list[str]] = defaultdict(list)
    linked: dict[str, list[str]] = defaultdict(list)
    for comparison in site.comparisons:
        for name in dict.fromkeys(comparison_rules(comparison)):
            compared[name].append(comparison.id)
        if comparison.type == "snapshot" and comparison.linkage:
            linked[comparison.linkage.rule].append(comparison.id)
            if comparison.linkage.within:
                linked[comparison.linkage.within_rule].append(comparison.id)
    return {"comparison": compared, "linkage": linked}


def comparison_rules(comparison: Comparison) -> list[str]:
    """All rules that a comparison may raise."""
    return flow_plan.rule_ids(comparison) if comparison.type == "flow" else snapshot.rule_ids(comparison)


def planted(rule_id: str) -> tuple[str, ...]:
    """The demo world's files that plant a rule's hits and near misses, below ``include``."""
    named = re.compile(rf"\b{re.escape(rule(rule_id).id)}\b")
    files = [path for path in sorted(DEMO.rglob("*.py")) if named.search(path.read_text("utf-8"))]
    return tuple(str(path.relative_to(DEMO.parents[1])) for path in files)


def explain(rule_id: str, site: Site) -> str:
    """One rule in words, for people: where it is judged, and the SQL of one that ships as a check.

    Raises:
        HeduiError: The catalogue has no such rule.
    """
    entry = rule(rule_id)
    shipped = next((item for item in shipped_rules() if item.rule == entry.id), None)
    where = [f"判定：{place.text}" for place in places(site)[entry.id]]
    if shipped:
        return "\n".join([*_check(shipped, where)])
    return "\n".join([f"{entry.id} {entry.name} ({SEVERITIES[entry.severity]})", entry.check, f"依据：{entry.evidence}", *where])


def _check(item: ShippedRule, where: list[str]) -> list[str]:
    parameters = "，".join(f"{name} = {value}" for name, value in item.parameters.items()) or "无"
    return [
        f"{item.rule} {item.name} ({SEVERITIES[item.severity]}; {', '.join(item.datasets)})",
        item.zh,
        f"类型：{item.type_label}（{item.type or 'sql'}）",
        f"依据：{rule(item.rule).evidence}",
        *where,
        f"所需字段：{'，'.join(item.fields)}",
        f"检查范围：{item.denominator}",
        f"参数：{parameters}；可在 rules.yaml 中设置参数、级别（severity）、责任机构（agency）、启停（enabled）和阈值（threshold）",
        f"文本（include/{item.file}）：",
        item.text,
    ]


def how_to_test(rule_id: str, site: Site) -> str:
    """Where the planted hits of a rule without examples of its own are, and what runs it, for people.

    Raises:
        HeduiError: The catalogue has no such rule.
    """
    entry = rule(rule_id)
    found = [place for place in places(site)[entry.id] if place.by != "none"]
    lines = [f"{entry.id} {entry.name} 没有登记样例。", *(f"判定：{place.text}" for place in places(site)[entry.id])]
    if found and (files := planted(entry.id)):
        lines.append(f"应发现与不应发现的记录埋在演示数据中：{'，'.join(files)}")
        lines.append("演示数据：hedui demo build；真值在收件目录，列 rule、expect（hit 应发现，near 不应发现）：")
        lines.append("  夜间对账 truth.csv，修正之后 correction_truth.csv，上报省平台 upload_truth.csv")
    elif found:
        lines.append("演示数据中没有埋设。")
    return "\n".join([*lines, *dict.fromkeys(f"运行：{RUN[place.by]}" for place in found)])
