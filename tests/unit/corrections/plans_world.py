"""Cases, judgements and targets of the demo site, made by hand."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

from hedui.corrections.cells import CellDraft
from hedui.corrections.decide import Judgement
from hedui.corrections.model import Cell, Decision, Reason
from hedui.corrections.reverse import Reverse
from hedui.corrections.select import CaseRow
from hedui.site import load_site
from hedui.site.check_corrections import load_corrections

FOLDER = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"
SITE = load_site(FOLDER)
SETTINGS = load_corrections(FOLDER, SITE)
assert SETTINGS is not None
LOCAL, PROVINCE = SETTINGS.target("shebao"), SETTINGS.target("sheng")
NIGHT = dt.date(2026, 6, 5)


def case(name: str = "a", **values: Any) -> CaseRow:
    """A case of accounts: the nation is right about months, the city is not."""
    given: dict[str, Any] = {
        "fingerprint": hashlib.md5(name.encode()).hexdigest(),
        "scope": "accounts_tiers",
        "rule": "T06",
        "kind": "ATTR",
        "dataset": "pension_account",
        "source": "shebao",
        "subject_type": "person",
        "subject_key": f"99{name:0>16}/2025",
        "region": "990101",
        "insurance": "110",
        "period": None,
        "field": "months_paid",
        "values": {"shebao": "120", "sheng": "132", "guotong": "132"},
        "right_source": "guotong",
        "amount_diff_fen": None,
        "age": 3,
        "exempt_reason": None,
        "rows": {"shebao": 7, "sheng": 9, "guotong": 4},
    }
    return CaseRow(**{**given, **values})


def judgement(name: str = "a", *, decision: Decision = Decision.UPPER_RIGHT, value: str = "132", **values: Any) -> Judgement:
    """A judgement on :func:`case`."""
    key_field, evidence = bool(values.pop("key_field", False)), str(values.pop("evidence", ""))
    row = case(name, **values)
    reason = Reason(case=row.fingerprint, rule=row.rule, kind=row.kind, decision=decision, basis="依据")
    return Judgement(case=row, reason=reason, value=value, evidence=evidence, key_field=key_field)


def cell(key: str, judged: Judgement, *, column: str = "aae201", moved_fen: int | None = None) -> CellDraft:
    """A cell of the city's accounts."""
    table = next(table for table in LOCAL.tables if table.dataset == "pension_account")
    reverse = Reverse(site=SITE, target=LOCAL, table=table, date=NIGHT)
    amount = (0, moved_fen) if moved_fen is not None else None
    return CellDraft(
        reverse=reverse,
        key=(key, "110", "2025"),
        cell=Cell(column=column, old=120, new=132, amount_fen=amount),
        judgements=(judged,),
    )
