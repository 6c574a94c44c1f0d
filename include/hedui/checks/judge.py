"""Judging again: states of rules from the figures that nights have recorded, with today's thresholds, without a query."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hedui.checks.cross import cross_rules, sources_of
from hedui.checks.model import State
from hedui.checks.run import scope_of
from hedui.context import Context
from hedui.site import Site


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A rule's state then and now.

    Attributes:
        rule: Rule id.
        name: Chinese name.
        dataset: Canonical dataset.
        source: Source id.
        examined: Rows that it looked at that night.
        violations: Of these the breaking ones.
        threshold: The share that may break it, as the site's rules.yaml says now.
        before: Its state as that night recorded it.
        state: Its state with today's threshold.
        reason: Why it has no data or did not run; else empty.
    """

    rule: str
    name: str
    dataset: str
    source: str
    examined: int
    violations: int
    threshold: float
    before: State
    state: State
    reason: str

    @property
    def changed(self) -> bool:
        """Whether today's threshold makes a difference."""
        return self.state != self.before


def judge(context: Context, date: dt.date) -> list[Judgement]:
    """The rules that ran on ``date``, judged again; a scope that left no findings partition said nothing and is not judged."""
    return [_again(context.site, record) for scope in _scopes(context.site) for record in _records(context, scope, date)]


def _scopes(site: Site) -> Iterator[str]:
    for source in site.sources:
        yield from (scope_of(dataset, source.id) for dataset in source.datasets)
    for spec in cross_rules():
        yield from (spec.scope(source) for source in sources_of(site, spec))


def _records(context: Context, scope: str, date: dt.date) -> list[dict[str, Any]]:
    manifest = context.lake.manifest(context.findings(scope, date))
    return list(manifest.meta.get("rules", [])) if manifest else []


def _again(site: Site, record: dict[str, Any]) -> Judgement:
    setting = site.rule_setting(record["rule"])
    threshold = float(setting.parameters.get("threshold", 0.0))  # type: ignore[arg-type]  # a number, as the site's check saw to
    before: State = record["state"]
    state, reason = before, record["reason"]
    if not setting.enabled:
        state, reason = "disabled", "本地配置停用"
    elif before == "disabled":
        state, reason = "no_data", "当夜已停用，没有记录数，需重新执行检查"
    elif before in ("passed", "failed"):
        state = "failed" if record["violations"] > threshold * record["examined"] else "passed"
    return Judgement(
        rule=record["rule"],
        name=record["name"],
        dataset=record["dataset"],
        source=record["source"],
        examined=record["examined"],
        violations=record["violations"],
        threshold=threshold,
        before=before,
        state=state,
        reason=reason,
    )
