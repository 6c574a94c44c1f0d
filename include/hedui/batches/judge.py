"""Judges packets: a pure function of all that is known of a source's packets and of what people decided.

A batch is what has one packet number. It belongs to the business date on which the number was first received; a resend of a later date
replaces its rows there, so that the night of the batch is made anew on what is now right, and no other night sees the rows twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from hedui.batches.facts import HEAD, Decision, PacketFact, Problem
from hedui.site.batches import Batches

State = Literal["accepted", "replaced", "duplicate", "outdated", "rejected", "cancelled"]
STATES: Final[dict[State, str]] = {
    "accepted": "已接收",
    "replaced": "已被重发替换",
    "duplicate": "重复，已忽略",
    "outdated": "乱序，未采用",
    "rejected": "已退回",
    "cancelled": "已撤销",
}
"""What became of a packet, with its Chinese names. Only the rows of accepted packets count."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of a packet.

    Attributes:
        fact: The packet.
        state: What becomes of it.
        belongs: The business date that its rows count for.
        problems: Why it was rejected, or what is to be known about it (B04, B14).
        previous: The version of the batch that counted before.
    """

    fact: PacketFact
    state: State
    belongs: dt.date
    problems: tuple[Problem, ...] = ()
    previous: PacketFact | None = None


def judge(
    facts: Iterable[PacketFact], decisions: Iterable[Decision], settings: Batches, *, disabled: Collection[str] = ()
) -> list[Verdict]:
    """What becomes of each packet, in the order in which they count.

    Args:
        facts: Packets of one source, in any order.
        decisions: What people decided, in any order.
        settings: The site's settings of the source.
        disabled: Rules that the site has switched off.
    """
    cancelled: dict[str, dt.date] = {}
    for decision in decisions:
        if decision.kind == "cancel":
            cancelled[decision.key] = max(decision.date, cancelled.get(decision.key, dt.date.min))
    verdicts: list[Verdict] = []
    chains: dict[str, list[int]] = {}
    for fact in sorted(facts, key=lambda fact: fact.order):
        chain = chains.setdefault(fact.id, []) if fact.id else []
        belongs = verdicts[chain[0]].belongs if chain else fact.date
        problems = tuple(problem for problem in own_problems(fact, settings) if problem.rule not in disabled)
        verdict = Verdict(fact=fact, state="accepted", belongs=belongs, problems=problems)
        if cancelled.get(fact.key, dt.date.min) >= fact.date:
            verdict = replace(verdict, state="cancelled")
        elif problems:
            verdict = replace(verdict, state="rejected")
        elif fact.id:
            verdict = _version(verdict, [verdicts[index] for index in chain], disabled)
            if verdict.state == "accepted":
                for index in chain:
                    if verdicts[index].state == "accepted":
                        verdicts[index] = replace(verdicts[index], state="replaced")
        chain.append(len(verdicts))
        verdicts.append(verdict)
    return verdicts


def _version(verdict: Verdict, chain: list[Verdict], disabled: Collection[str]) -> Verdict:
    """A sound packet beside the earlier versions of its batch."""
    fact = verdict.fact
    live = next((earlier.fact for earlier in chain if earlier.state == "accepted"), None)
    known = [earlier.fact.content for earlier in chain if earlier.state in ("accepted", "replaced", "outdated")]
    if live is None:
        return verdict
    if fact.content == live.content or (not fact.resend and fact.content in known):
        return replace(verdict, state="duplicate", previous=live)
    if not fact.resend or fact.dataset != live.dataset:
        reason = "同一数据包编号再次收到且内容不同，但未标明重发" if not fact.resend else "重发包与原包的数据包类型不同"
        return replace(verdict, state="rejected", previous=live, problems=_known(Problem(rule="B03", reason=reason), disabled))
    if fact.made and live.made and _older(fact.made, live.made):
        problem = Problem(
            rule="B14", reason="生成时间早于现用版本，未采用", value=f"{fact.head['SCRQ']} < {live.head['SCRQ']}"[:80]
        )
        return replace(verdict, state="outdated", previous=live, problems=_known(problem, disabled))
    problem = Problem(rule="B04", reason="重发包内容与上一版本不同，须确认", value=f"{live.rows} → {fact.rows} 条")
    return replace(verdict, previous=live, problems=_known(problem, disabled))


def _known(problem: Problem, disabled: Collection[str]) -> tuple[Problem, ...]:
    return () if problem.rule in disabled else (problem,)


def _older(one: str, other: str) -> bool:
    """Whether a point in time is before another; where one has only the day, days are compared."""
    length = min(len(one), len(other))
    return one[:length] < other[:length]


def own_problems(fact: PacketFact, settings: Batches) -> list[Problem]:
    """What is wrong with a packet by itself; one problem per rule."""
    problems = {problem.rule: problem for problem in reversed(fact.problems)}
    for problem in (_head(fact), _count(fact), _name(fact), _sender(fact, settings)):
        if problem is not None:
            problems.setdefault(problem.rule, problem)
    return [problems[rule] for rule in sorted(problems)]


def _head(fact: PacketFact) -> Problem | None:
    """B01, of packets with an envelope; one that could not be read has none to complain about."""
    missing = [name for name in HEAD if not fact.head.get(name, "").strip()]
    enveloped = any(name in fact.head for name in HEAD)
    if not missing or not enveloped or any(problem.rule == "B07" for problem in fact.problems):
        return None
    return Problem(rule="B01", reason=f"包头缺少{'、'.join(missing)}")


def _count(fact: PacketFact) -> Problem | None:
    """B02; a count that is no number is none."""
    text = fact.head.get("JLS", "").strip()
    if any(problem.rule in ("B07", "B08") for problem in fact.problems):
        return None
    if fact.declared_rows is None and text:
        return Problem(rule="B02", reason="包头记录数不是数字", value=text[:20])
    if fact.declared_rows is None or fact.declared_rows == fact.rows:
        return None
    return Problem(rule="B02", reason="记录数不符", value=f"声明 {fact.declared_rows} 条，实收 {fact.rows} 条")


def _name(fact: PacketFact) -> Problem | None:
    """B06: each part of the name that the head says, too."""
    said = {
        "type": fact.head.get("SJBLX", "").strip(),
        "agency": fact.head.get("JGBS", "").strip(),
        "batch": fact.id,
        "date": fact.made[:8],
    }
    labels = {"type": "类型", "agency": "机构", "batch": "编号", "date": "日期"}
    wrong = []
    for part, label in labels.items():
        named, inside = fact.name_parts.get(part, ""), said[part]
        if named and inside and not (inside.startswith(named) if part == "batch" else inside == named):
            wrong.append(f"{label} {named} ≠ {inside}")
    return Problem(rule="B06", reason="文件名与包头不符", value="；".join(wrong)[:120]) if wrong else None


def _sender(fact: PacketFact, settings: Batches) -> Problem | None:
    """B16 by the agency; by the records' regions it is a fact that was found when they were read."""
    if not settings.agencies or not fact.agency or fact.agency in settings.agencies:
        return None
    return Problem(rule="B16", reason="机构标识不在该来源的许可范围内", value=fact.agency[:40])
