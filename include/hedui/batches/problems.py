"""What is wrong with a source's batches as of a night; a problem stands until it is put right or a person has decided about it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from hedui.batches.exchange import Exchange, ReceiptFact, StagedFact
from hedui.batches.facts import Decision
from hedui.batches.judge import Verdict
from hedui.site.models import Source
from hedui.workdays import Workdays


@dataclass(frozen=True, kw_only=True)
class Open:
    """An open problem: what becomes a finding.

    Attributes:
        rule: The rule.
        key: Packet number, file name, or what else it is about.
        date: Business date since which it stands.
        reason: In Chinese.
        kind: Kind of the finding.
        dataset: Canonical dataset.
        evidence: What else is known; no personal data.
    """

    rule: str
    key: str
    date: dt.date
    reason: str
    kind: str = "RULE"
    dataset: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


def of_packets(verdicts: Sequence[Verdict], decisions: Iterable[Decision]) -> list[Open]:
    """B01–B08, B14, B16 of the packets, the latest of each rule and batch, and R22."""
    decided = defaultdict(list)
    for decision in decisions:
        decided[decision.key].append(decision)
    found: dict[tuple[str, str], Open] = {}
    for place, verdict in enumerate(verdicts):
        fact = verdict.fact
        if verdict.state == "cancelled" or _put_right(verdict, verdicts[place + 1 :]):
            continue
        if any(decision.kind in ("confirm", "cancel") and decision.date >= fact.date for decision in decided[fact.key]):
            continue
        for problem in verdict.problems:
            evidence = {
                "file": fact.name, "state": verdict.state, "rows": fact.rows, "declared_rows": fact.declared_rows,
                "value": problem.value, "line": problem.line, "packet": f"{fact.dataset}/{fact.number}",
            }  # fmt: skip
            found[problem.rule, fact.key] = Open(
                rule=problem.rule, key=fact.key, date=fact.date, reason=problem.reason, dataset=fact.dataset,
                evidence={name: value for name, value in evidence.items() if value not in (None, "")},
            )  # fmt: skip
    return [*found.values(), *_closed(list(found.values()), decided)]


def _put_right(verdict: Verdict, later: Iterable[Verdict]) -> bool:
    """Whether a later version of the batch was taken; of a packet without a number, one with the same file number."""
    fact = verdict.fact
    for other in later:
        if other.state not in ("accepted", "replaced"):
            continue
        if (fact.id and other.fact.id == fact.id) or (fact.slot and other.fact.slot == fact.slot and not fact.id):
            return True
    return False


def _closed(found: Iterable[Open], decided: dict[str, list[Decision]]) -> list[Open]:
    """R22: batches that were closed while something is open about them."""
    rules = defaultdict(list)
    for problem in found:
        rules[problem.key].append(problem)
    return [
        Open(
            rule="R22", key=key, date=close.date, reason="批次已关闭但仍有未处理问题", dataset=open_[0].dataset,
            evidence={"rules": sorted({problem.rule for problem in open_})},
        )
        for key, open_ in sorted(rules.items())
        for close in [decision for decision in decided[key] if decision.kind == "close"][-1:]
    ]  # fmt: skip


def of_days(verdicts: Sequence[Verdict], source: Source, days: Iterable[dt.date], workdays: Workdays, timezone: str) -> list[Open]:
    """B11 (gaps), B12 (late files) and B13 (nobody said that there is nothing) of the days that were read."""
    settings = source.batches
    found = _gaps(verdicts) if settings.sequence else []
    if settings.late == "file_time":
        found += [problem for verdict in verdicts if (problem := late(verdict, source, timezone))]
    sent = {(verdict.fact.date, verdict.fact.agency) for verdict in verdicts}
    for day in days:
        if source.expected.days == "working" and not workdays.is_workday(day):
            continue
        for agency in settings.expect:
            if (day, agency) not in sent:
                reason = "应报机构本日既无数据也无零上报"
                found.append(Open(rule="B13", key=f"{agency}/{day.isoformat()}", date=day, reason=reason))
    return found


def _gaps(verdicts: Iterable[Verdict]) -> list[Open]:
    groups: dict[tuple[str, ...], dict[int, Verdict]] = defaultdict(dict)
    for verdict in verdicts:
        if verdict.fact.slot and verdict.fact.slot[3].isdecimal():
            groups[verdict.fact.slot[:3]].setdefault(int(verdict.fact.slot[3]), verdict)
    found = []
    for (kind, agency, day), present in sorted(groups.items()):
        missing = sorted(set(range(1, max(present) + 1)) - set(present))
        if missing:
            last = present[max(present)].fact
            numbers = "、".join(str(number) for number in missing[:20])
            found.append(
                Open(
                    rule="B11", key=f"{kind}/{agency}/{day}", date=last.date, dataset=last.dataset,
                    reason=f"批次序号缺 {numbers}", evidence={"missing": missing[:100], "last": max(present)},
                )
            )  # fmt: skip
    return found


def late(verdict: Verdict, source: Source, timezone: str) -> Open | None:
    """The problem of a packet whose file came after the hour by which it is expected; None where it did not, or nobody knows."""
    fact = verdict.fact
    if fact.modified is None:
        return None
    due = cut_off(source, fact.date, timezone)
    if dt.datetime.fromisoformat(fact.modified) <= due:
        return None
    return Open(
        rule="B12", key=fact.key, date=fact.date, reason="批次迟到", kind="ARRIVAL", dataset=fact.dataset,
        evidence={"file": fact.name, "arrived": fact.modified, "expected_by": due.isoformat()},
    )  # fmt: skip


def cut_off(source: Source, date: dt.date, timezone: str) -> dt.datetime:
    """By when the batches of a business date have to be there."""
    hour, minute = (int(part) for part in source.expected.by.split(":"))
    day = date + dt.timedelta(days=1)
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(timezone))


def of_exchange(exchange: Mapping[dt.date, Exchange], source: Source, night: dt.date, workdays: Workdays) -> list[Open]:
    """B09 and B10: batches that were sent on without a receipt, and failures that nobody has mended."""
    settings = source.batches.sent
    if settings is None:
        return []
    sent: dict[str, list[dt.date]] = defaultdict(list)
    receipts: dict[str, list[ReceiptFact]] = defaultdict(list)
    for day in sorted(exchange):
        for batch in exchange[day].sent:
            sent[batch.key].append(batch.date)
        for receipt in exchange[day].receipts:
            receipts[receipt.key].append(receipt)
    found = []
    for key, days in sorted(sent.items()):
        if not receipts[key] and workdays.age(days[-1], night) > settings.reply_days:
            found.append(Open(rule="B09", key=key, date=days[-1], reason="已发送批次超期未收到回执"))
    for key, answers in sorted(receipts.items()):
        failures = [answer for answer in answers if not answer.ok and not _mended(answer, answers, sent.get(key, ()))]
        if failures and workdays.age(failures[0].date, night) > settings.open_days:
            evidence = {
                "layers": sorted({failure.layer for failure in failures}),
                "codes": sorted({failure.code for failure in failures if failure.code}),
                "failures": len(failures),
            }
            found.append(Open(rule="B10", key=key, date=failures[0].date, reason="失败回执超期未处理", evidence=evidence))
    return found


def _mended(failure: ReceiptFact, answers: Sequence[ReceiptFact], sent: Iterable[dt.date]) -> bool:
    """Whether the same was answered with success later, or the batch was sent again."""
    later = answers[answers.index(failure) + 1 :]
    again = any(answer.ok and answer.layer == failure.layer and answer.record == failure.record for answer in later)
    return again or any(day > failure.date for day in sent)


def of_staging(facts: Iterable[StagedFact]) -> list[Open]:
    """B15 and B17 of one night."""
    reasons = {"B15": "中间库数据滞留未处理", "B17": "中间库已置处理标志但未曾收到"}
    return [
        Open(
            rule=fact.rule, key=fact.key or f"{fact.dataset}/{fact.arrived.isoformat()}", date=fact.arrived,
            reason=reasons[fact.rule], dataset=fact.dataset, evidence={"rows": fact.rows, "arrived": fact.arrived.isoformat()},
        )
        for fact in facts
    ]  # fmt: skip
