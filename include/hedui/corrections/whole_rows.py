"""Who is right about a whole record: one that a side lacks is added there, one that a side has twice is deleted.

A record is added where the authority matrix (a row without a field) or a person calls a side right that has it. What the right side
lacks is never deleted elsewhere by the machine: that goes to people.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.corrections.model import Decision, Operation
from hedui.corrections.right import Right, Undecided, is_local
from hedui.corrections.select import CaseRow
from hedui.findings import KINDS
from hedui.site import Site
from hedui.site.corrections import CorrectionSettings, Target, TargetTable

MISSING: Final = frozenset({"MISSING_TIER", "ONLY_LEFT", "ONLY_RIGHT"})
"""Kinds of findings about a record that a side lacks; their source is that side."""
TWICE: Final = "DUP"
"""Kind of a finding about a record that a side has more than once."""


def key_fields(case: CaseRow, site: Site, settings: CorrectionSettings, target: Target, dataset: str) -> set[str]:
    """The key fields that a target's record carries beside the comparison's key, by which the sides agree who it is about."""
    mapped = site.source(target.source).datasets.get(dataset)
    carried = {name for name, column in mapped.columns.items() if column.column is not None} if mapped is not None else set()
    return carried.intersection(settings.key_fields.get(dataset, ())) - set(site.comparison(case.scope).key)


def right(case: CaseRow, *, site: Site, target: Target, date: dt.date, dataset: str) -> Right | None:
    """What is to become of a whole record in a target; None where the target has it rightly.

    Raises:
        Undecided: It goes to people.
    """
    table = next((table for table in target.tables if table.dataset == dataset), None)
    if case.kind == TWICE:
        return _twice(case, site, target, table)
    if case.kind not in MISSING:
        raise Undecided(f"{KINDS[case.kind]}：整条记录的补录或注销须人工核查")
    source, basis = _right_side(case, site, date)
    if source == case.source:
        raise Undecided(f"{basis}，而该来源没有该记录；他方多出的记录须人工核查")
    if source not in case.rows:
        raise Undecided(f"{basis}，而该来源没有该记录")
    if target.source != case.source:
        return None
    if table is not None and not table.inserts:
        raise Undecided("站点未允许在该表补录记录，须人工办理")
    human = case.human
    return Right(
        decision=Decision.LOCAL_RIGHT if is_local(site, source) else Decision.UPPER_RIGHT,
        basis=human.basis if human is not None else f"{basis}；{site.source(target.source).name}缺该记录，予以补录",
        decided_by=human.decided_by if human is not None else "",
        evidence=human.evidence if human is not None else "",
        operation=Operation.INSERT,
        source=source,
    )


def _twice(case: CaseRow, site: Site, target: Target, table: TargetTable | None) -> Right | None:
    if case.source != target.source:
        return None
    if table is None or not table.deletes:
        raise Undecided("重复的记录：站点未允许在该表删除记录，须人工核查")
    human = case.human
    return Right(
        # The target is wrong; the other side is right to have it once.
        decision=Decision.UPPER_RIGHT if is_local(site, target.source) else Decision.LOCAL_RIGHT,
        basis=human.basis if human is not None else "同一记录重复登记且内容完全一致，删除后登记的记录",
        decided_by=human.decided_by if human is not None else "",
        evidence=human.evidence if human is not None else "",
        operation=Operation.DELETE,
    )


def _right_side(case: CaseRow, site: Site, date: dt.date) -> tuple[str, str]:
    """The source that is right about the record, and what says so."""
    human = case.human
    if human is None:
        source = authority(site, case, date, among={*case.rows, case.source or ""})
        if source is None:
            raise Undecided(f"{KINDS[case.kind]}：权威矩阵没有规定整条记录以哪一方为准")
        label = canonical_dataset(case.dataset).label if case.dataset else "记录"
        return source, f"权威矩阵：“{label}”整条记录以“{site.source(source).name}”为准"
    if human.decision is Decision.BOTH_WRONG or case.source is None:
        raise Undecided(f"{human.decided_by}的判定没有给出可据以补录的一方")
    local = human.decision is Decision.LOCAL_RIGHT
    if is_local(site, case.source) is local:
        return case.source, f"{human.decided_by}判定“{site.source(case.source).name}”正确"
    sides = {source for source in case.rows if is_local(site, source) is local}
    source = authority(site, case, date, among=sides) or (sides.pop() if len(sides) == 1 else None)
    if source is None:
        raise Undecided(f"{human.decided_by}的判定没有给出唯一的一方")
    return source, f"{human.decided_by}判定“{site.source(source).name}”正确"


def authority(site: Site, case: CaseRow, date: dt.date, *, among: Collection[str], field: str = "") -> str | None:
    """The first source among some that the authority matrix calls right about whole records, or about one field of them."""
    for row in site.authority:
        if (
            row.source in among
            and row.dataset in ("", case.dataset)
            and row.field in ("", field)
            and row.insurance in ("", case.insurance or "")
            and row.valid_from <= date <= row.valid_to
        ):
            return row.source
    return None
