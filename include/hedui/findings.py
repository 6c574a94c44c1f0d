"""The one shape of findings: comparisons, total checks, expectations and SQL rules all yield these columns.

A finding says that on one business date one rule did not hold for one subject. Its fingerprint is the same from night to night as
long as the same rule fails for the same subject, field and period, whatever the values: it makes the case in the ledger.
"""

from __future__ import annotations

from typing import Final

FINDING_COLUMNS: Final[dict[str, str]] = {
    "business_date": "DATE",  # the night's business date
    "scope": "VARCHAR",  # re-run as a whole: comparison id, link:<id>, check:<dataset>:<source>, rule:<id>:<source>, arrival:<source>
    "rule": "VARCHAR",  # id of rules.tsv, for example T03
    "kind": "VARCHAR",  # taxonomy code (handbook §1.9): ONLY_LEFT, AMT, IN_TRANSIT …, or RULE for data-quality rules
    "severity": "VARCHAR",  # block, error, warning, info
    "dataset": "VARCHAR",  # canonical dataset
    "source": "VARCHAR",  # the source the finding is about (for comparisons: the side that should act)
    "agency": "VARCHAR",  # responsible agency's id, the case's owner
    "subject_type": "VARCHAR",  # person, unit, group, batch
    "subject_key": "VARCHAR",  # id number, unit number, group key … : personal data, masked at every exit
    "region": "VARCHAR",  # region code or NULL
    "insurance": "VARCHAR",  # canonical insurance code or NULL
    "period": "VARCHAR",  # YYYYMM or NULL
    "field": "VARCHAR",  # canonical field that deviates or NULL
    "side_values": "VARCHAR",  # JSON object {source: normalised value}
    "raw_values": "VARCHAR",  # JSON object {source: value as received} or NULL
    "right_source": "VARCHAR",  # the side the authority matrix calls right, or NULL
    "amount_diff_fen": "BIGINT",  # money at stake: left minus right, or the amount of a one-sided row; NULL where there is no money
    "origin_date": "DATE",  # flows: the business date on which the row was delivered (age counts from it); snapshots: NULL
    "evidence": "VARCHAR",  # JSON object: source_row per side, match rule, limits used …
    "fingerprint": "VARCHAR",  # 32 hex digits, see fingerprint_sql
}
"""Columns of a findings partition in order, with their DuckDB types. Grain: rule × subject × insurance × period × field × scope × date."""

SEVERITIES: Final[dict[str, str]] = {"block": "阻断", "error": "错误", "warning": "警告", "info": "提示"}
"""Severity codes with their Chinese names, the heaviest first."""

KINDS: Final[dict[str, str]] = {
    "RULE": "数据质量",
    "MISSING_TIER": "层级缺失",
    "ATTR": "登记要素不符",
    "STATUS": "状态不符",
    "ONLY_LEFT": "单边账-甲有乙无",
    "ONLY_RIGHT": "单边账-乙有甲无",
    "AMT": "金额不符",
    "PERIOD": "所属期不符",
    "CUTOFF": "跨期/日切",
    "IN_TRANSIT": "在途",
    "LATE": "未到账/超期",
    "LONG": "长款",
    "SHORT": "短款",
    "REFUND": "退费未同步",
    "REV_ORPHAN": "冲正孤单",
    "BUNDLE": "合并分拆待查",
    "DUP": "重复",
    "KEY": "键值不可用",
    "KEYMAP": "键映射失败",
    "CODE": "代码不一致",
    "LINK": "疑似同一人",
    "TOTAL": "总额不符",
    "COUNT": "总笔数不符",
    "ARRIVAL": "批次未到",
}
"""Kinds of findings with their Chinese names (handbook §1.9, with our own codes for what it does not name)."""


def fingerprint_sql(*, scope: str, rule: str, subject_key: str, insurance: str, period: str, field: str) -> str:
    """SQL text that computes a finding's fingerprint; each argument is a SQL expression.

    Every producer uses this, in DuckDB and through sqlglot in Spark, so that a case keeps its identity across engines and nights.
    """
    parts = ", ".join(f"coalesce(cast({part} AS VARCHAR), '')" for part in (scope, rule, subject_key, insurance, period, field))
    return f"md5(concat_ws('|', {parts}))"
